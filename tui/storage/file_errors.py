"""Problems of folders and files that cannot be read or written, and their remedies."""

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

from tui.errors import Problem, SaveFailed
from tui.sanitize import one_line
from tui.storage import filesystem

_RESERVE = 64 * 1024
"""Bytes that must be free beside what is written: the folder grows, too."""

_FULL = {
    errno.ENOSPC: "The disk is full",
    errno.EDQUOT: "Your disk quota is full",
    errno.EFBIG: "The file would be larger than you may write",
}


def check(status: os.stat_result, path: Path, kind: Callable[[int], bool], command: str) -> None:
    """Raise a Problem unless the file is of that kind, belongs to this user and is private."""
    what = one_line(str(path))
    if not kind(status.st_mode):
        raise Problem(f"This is not what it should be: {what}.", "A regular file or folder of yours belongs there.")
    if status.st_uid != os.geteuid():
        raise _foreign(path)
    if status.st_mode & 0o077:
        raise Problem(f"Other users of this machine can open {what}.", f"Make it private:\n{command} {path}")


def check_file(status: os.stat_result, path: Path) -> None:
    """Raise a Problem unless this is a private regular file."""
    check(status, path, stat.S_ISREG, "chmod 600")


def unreadable(path: Path, error: OSError) -> Problem:
    """Return the problem of a file or folder that cannot be read."""
    return _link_or_foreign_file(path, error) or Problem(f"This cannot be read: {one_line(str(path))}.", _says(error))


def unwritable(folder: Path, error: OSError, name: str = "") -> Problem:
    """Return the problem of a folder, or a file in it, that cannot be written; nothing was changed."""
    if problem := _link_or_foreign_file(folder / name, error):
        return problem
    where = one_line(str(folder))
    if error.errno in _FULL:
        return SaveFailed(f"{_FULL[error.errno]}; nothing was changed in {where}.", "Free some space and try again.")
    if error.errno == errno.EROFS:
        return SaveFailed(f"This file system is read-only: {where}.", "You can view it, not change it.")
    return SaveFailed(
        f"This folder cannot be written: {where}.",
        f"Make it writable and try again; nothing was changed. {_says(error)}",
    )


def _link_or_foreign_file(path: Path, error: OSError) -> Problem | None:
    """Return the problem of a symbolic link, or of a file or folder that another user owns."""
    if error.errno in {errno.ELOOP, errno.ENOTDIR} and path.is_symlink():
        return Problem(f"This is a symbolic link: {one_line(str(path))}.", "Replace it with the file or folder itself.")
    if error.errno in {errno.EACCES, errno.EPERM}:
        for parent in (path, *path.parents):
            with contextlib.suppress(OSError):
                return _foreign(parent) if os.lstat(parent).st_uid != os.geteuid() else None
    return None


def _foreign(path: Path) -> Problem:
    return Problem(
        f"This belongs to another user: {one_line(str(path))}.", f"Take ownership:\nchown {os.geteuid()} {path}"
    )


def unsure(folder: Path, error: OSError) -> Problem:
    """Return the problem of a new file that the disk did not confirm to have stored."""
    why = f"{_FULL[error.errno]}." if error.errno in _FULL else _says(error)
    return Problem(
        f"It was saved, but may not outlast a power failure: {one_line(str(folder))}.",
        f"{why} Check the disk, then save again.",
    )


def left(leaving: Path, error: OSError) -> Problem:
    """Return the problem of a removed folder of which some files could not be deleted."""
    return Problem(
        f"It was removed, but some files are left: {one_line(str(leaving))}.", f"Delete them. {_says(error)}"
    )


def check_free_space(folder: Path, at: int | Path, size: int) -> Problem | None:
    """Return the problem if `size` bytes do not fit, before anything is written."""
    free, needed = filesystem.free_space(at), size + _RESERVE
    if free is None or free >= needed:
        return None
    return SaveFailed(
        f"The disk is full; nothing was changed in {one_line(str(folder))}.",
        f"This needs {needed / 1e6:.1f} MB, and {free / 1e6:.1f} MB are free. Free some space and try again.",
    )


def write_blocker(folder: Path) -> Problem | None:
    """Return why a folder, which need not exist, cannot be written; None if it can."""
    there = next(parent for parent in (folder, *folder.parents) if os.path.lexists(parent))
    if os.access(there, os.W_OK | os.X_OK):
        return check_free_space(folder, there, 0)
    try:
        read_only = bool(os.statvfs(there).f_flag & os.ST_RDONLY)
    except OSError as error:
        return unwritable(folder, error)
    return unwritable(folder, OSError(errno.EROFS if read_only else errno.EACCES, ""))


def too_large(path: Path, limit: int) -> SaveFailed:
    """Return the problem of a file that is too large to be read as a whole, or would be once written."""
    return SaveFailed(
        f"{one_line(str(path))} is larger than {limit // 2**20} MiB.",
        "Modeldeck does not read files of that size. Nothing was changed. Restore an earlier state or a backup.",
    )


def folder_replaced(folder: Path) -> Problem:
    """Return the problem of a folder that was replaced by another while it was in use."""
    return SaveFailed(f"{one_line(folder.name)} was removed in another session.", "Nothing was written.")


def _says(error: OSError) -> str:
    return f"The system says: {os.strerror(error.errno or 0)}."


def lock_deleted(path: Path) -> SaveFailed:
    """Return the problem of a deleted lock file: another process may be writing, so nothing was written."""
    return SaveFailed(f"{one_line(str(path))} was deleted while this session was writing.", "Nothing was saved. Retry.")
