"""Private folders for files that another program must open; what a killed process leaves is deleted by the next."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui.storage import filesystem

_PREFIX = "modeldeck-tmp-"


@contextmanager
def temporary_folder(within: str | None = None) -> Iterator[Path]:
    """Yield a folder that only this user can open, and delete it with its content at the end.

    It is locked while it is in use, so that one without a lock is known to be left over.

    Args:
        within: The folder to create it in; None for the system's folder of temporary files.
    """
    parent = Path(within or tempfile.gettempdir())
    _clean_up(parent)
    while True:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.is_dir():
            break
        os.close(lock)  # somebody else took it for left over in the moment before the lock
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            filesystem.erase(path)
        os.close(lock)


def _clean_up(parent: Path) -> None:
    """Delete this user's folders whose process has ended. What cannot be deleted stays."""
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(parent)):
            if not entry.name.startswith(_PREFIX) or not entry.is_dir(follow_symlinks=False):
                continue
            if entry.stat(follow_symlinks=False).st_uid == os.geteuid():
                _erase_unless_used(Path(entry.path))


def _erase_unless_used(path: Path) -> None:
    with contextlib.suppress(OSError):
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            filesystem.erase(path)
        finally:
            os.close(lock)
