"""Files that a user chooses, outside Modeldeck's folders."""

import errno
import fcntl
import os
import stat
from pathlib import Path

from tui.errors import Problem, UsageError
from tui.paths import open_file
from tui.sanitize import one_line


def local_path(text: str) -> Path:
    """Return the path that a person typed, `~` and `~user` resolved.

    Raises:
        UsageError: if it is blank, or there is no user of that name.
    """
    if not text.strip():
        raise UsageError("The path of the file is blank.", "Name a file.")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UsageError(
            f"Unknown user in {one_line(text, 200)}.", "Write ./~ for a name that begins with a tilde."
        ) from None


def write(path: Path, text: str) -> None:
    """Write a text for its owner alone (mode 0600), whole or not at all.

    A symbolic link to a file is replaced itself, not its target.

    Raises:
        UsageError: It is a folder, a device or a pipe.
        Problem: It cannot be written.
    """
    check_regular(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        opened = os.open(path=part, flags=os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode=0o600)
        try:
            with open(opened, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise unwritable(path, error) from None


def check_regular(path: Path) -> None:
    """Raise a UsageError if a path leads to something that is not a file, which must not be replaced."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode):
        what = "is a folder" if stat.S_ISDIR(mode) else "is not a regular file"
        raise UsageError(f"{one_line(str(path), 200)} {what}.", "Choose another file.")


def read(path: Path, max_size: int) -> bytes:
    """Read a file, up to one byte more than `largest`.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        with open_file(path) as file:
            return file.read(max_size + 1)
    except OSError as error:
        reason = (error.strerror or "no access").lower()
        raise UsageError(f"The file cannot be read: {reason}.", "Choose another file.") from None


def shred(path: Path, content: bytes) -> None:
    """Overwrite a file of this user's with random bytes and delete it, if it still has this content.

    What the file system, the disk or a backup keep of earlier bytes stays.

    Raises:
        UsageError: It is a link or has another name, is no regular file of this user's, or was changed.
        Problem: It cannot be written or deleted.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise _not_shredded(path, "is not a regular file") from None
        raise unwritable(path, error) from None
    with open(descriptor, "r+b", buffering=0) as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _not_shredded(path, "is not a regular file")
        if status.st_uid != os.geteuid():
            raise _not_shredded(path, "belongs to another user")
        if status.st_nlink != 1:
            raise _not_shredded(path, "has another name as well, a hard link")
        if status.st_size != len(content) or file.read(len(content) + 1) != content:
            raise _not_shredded(path, "was changed meanwhile")
        try:
            os.pwrite(descriptor, os.urandom(len(content)), 0)
            os.fsync(descriptor)
            path.unlink()
        except OSError as error:
            raise unwritable(path, error) from None


def _not_shredded(path: Path, why: str) -> UsageError:
    return UsageError(f"{one_line(path.name)} {why}; it was not shredded.", "Delete it yourself.")


def open_to_continue(path: Path, writer: str) -> int:
    """Open a file of this user's that is written bit by bit, or create it (mode 0600), and lock it.

    Args:
        path: The file; a symbolic link is not followed.
        writer: What may be writing it already, for the error: `Another batch`.

    Raises:
        UsageError: Another process is writing it, or it is no regular file of this user's.
        Problem: It cannot be written.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        # A symbolic link, or a pipe or socket that nobody reads.
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise _foreign_file(path, "is not a regular file") from None
        raise unwritable(path, error) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _foreign_file(path, "is not a regular file")
        if status.st_uid != os.geteuid():
            raise _foreign_file(path, "belongs to another user")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise UsageError(f"{writer} is writing {one_line(path.name)}.", "Wait for it, or stop it.") from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _foreign_file(path: Path, why: str) -> UsageError:
    return UsageError(f"{one_line(path.name)} {why}.", "Choose another file.")


def unwritable(path: Path, error: OSError) -> Problem:
    """Return why a file cannot be written there."""
    reason = error.strerror or str(error)
    return Problem(f"{one_line(str(path))} could not be written: {reason}.", "Choose another place.")
