"""Type and free space of the file system that holds a path; lines of a file.

On a file system that several machines share, a lock of one machine may mean nothing to the others.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_SHARED = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "ceph", "lustre", "gpfs", "beegfs", "orangefs"),
    *("ocfs2", "gfs2", "glusterfs", "vboxsf", "vmhgfs", "virtiofs", "prl_fs"),
}
"""As the kernel names them; of those in user space (`fuse.sshfs`, …) nothing is known, so that all count."""
_CHUNK = 128 * 1024
"""Bytes that are read at once of a file that is read line by line."""


def shared(path: Path) -> str:
    """Return the type of a network file system that holds the path, or '' for a local one."""
    try:
        table = Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
    except OSError:
        return ""
    return shared_by(table, os.path.realpath(path))


def shared_by(table: str, path: str) -> str:
    """Return that type by a mount table (proc(5), mountinfo); of mounts at one place the last counts."""
    max_length, kind = "", ""
    for line in table.splitlines():
        before, _, after = line.partition(" - ")
        places, kinds = before.split(), after.split()
        if len(places) < 5 or not kinds:
            continue
        place = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), places[4])
        if len(place) >= len(max_length) and (path + "/").startswith(place.rstrip("/") + "/"):
            max_length, kind = place, kinds[0]
    return kind if kind in _SHARED or kind.startswith("fuse.") else ""


def warning(what: str, kind: str) -> str:
    """Return the warning to show if `what` is on a network file system of that type."""
    return f"Other machines may share the file system of the {what} ({kind}): change them from one only."


def free_space(at: int | Path) -> int | None:
    """Return the bytes that this user can still write there, or None if the file system does not say."""
    try:
        statistics = os.statvfs(at)
    except OSError:
        return None
    if not statistics.f_blocks:
        return None
    return statistics.f_frsize * (statistics.f_bfree if os.geteuid() == 0 else statistics.f_bavail)


def entries(at: int) -> list[tuple[str, int | None]]:
    """Return what an open folder holds: names, each with the size of the file in bytes, None for a folder."""
    listing: list[tuple[str, int | None]] = []
    with os.scandir(at) as scanned:
        for entry in scanned:
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                size = None if entry.is_dir(follow_symlinks=False) else entry.stat(follow_symlinks=False).st_size
                listing.append((entry.name, size))
    return listing


def erase(path: Path) -> None:
    """Delete a folder and its content; another process may be doing the same."""
    with contextlib.suppress(FileNotFoundError):
        for entry in path.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                erase(entry)
            else:
                entry.unlink(missing_ok=True)
        path.rmdir()


def sync(folder: Path) -> None:
    """Force the list of a folder's entries to the disk (fsync)."""
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(at)
    finally:
        os.close(at)


def lines(file: BinaryIO, max_length: int) -> Iterator[bytes]:
    r"""Yield the lines of a file as `split(b"\n")` would; those longer than `longest` are cut one byte behind it."""
    rest = b""
    # A chunk is no longer than a line may be: only the first line, which began in an earlier chunk, can be too long.
    while chunk := file.read(min(_CHUNK, max_length)):
        whole = (rest + chunk).split(b"\n")
        whole[0] = whole[0][: max_length + 1]
        rest = whole.pop()
        yield from whole
    yield rest
