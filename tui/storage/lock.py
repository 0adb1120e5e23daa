"""The lock of a folder: one writer among all processes, which others can name.

`flock` keeps out the processes of one machine, and goes with its process however that ends. On a file system that
machines share it may hold on one of them only. There a lease is taken as well: a file that can be made only once and
names its maker. One whose process has ended on this machine is taken away; one of another machine is never broken.
"""

import contextlib
import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tui.errors import SaveFailed
from tui.process import identity
from tui.sanitize import one_line
from tui.storage import file_errors

LOCK = ".lock"
LEASE = ".lease"
TIMEOUT = 5.0
_POLL = 0.01
_UNSIGNED = 60.0
"""Seconds after which a lease that says nothing is one whose maker ended before it could."""

_waiting_since: dict[int, float] = {}


def waiting_time() -> float:
    """Return for how many seconds this process has waited for another one; 0.0 if it does not."""
    return max((time.monotonic() - since for since in list(_waiting_since.values())), default=0.0)


@contextmanager
def hold(at: int, path: Path, wait: float, leased: bool) -> Iterator[int]:
    """Hold the lock of the folder open as `at`; yields the lock file. OSError where there can be none."""
    deadline = time.monotonic() + wait
    file = _open(at)
    try:
        _lock(file, deadline)
        while not is_current(at, file):
            # It was deleted meanwhile: another process may hold the one that is there now.
            os.close(file)
            file = _open(at)
            _lock(file, deadline)
        me = identity.process_record(time.time()) | identity.session()
        _sign(file, me)
        with _lease(at, path, me, deadline) if leased else contextlib.nullcontext():
            yield file
    finally:
        with contextlib.suppress(OSError):
            os.close(file)


def is_current(at: int, file: int) -> bool:
    """Return True if the lock file that is held still is the one in the folder open as `at`."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(LOCK, dir_fd=at, follow_symlinks=False))
    except FileNotFoundError:
        return False


def require_current(at: int, file: int | None, path: Path) -> None:
    """Raise SaveFailed if a lock is held by a file that was deleted: another process may be writing."""
    if file is not None and not is_current(at, file):
        raise file_errors.lock_deleted(path / LOCK)


def _open(at: int) -> int:
    return os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=at)


def _lock(file: int, deadline: float) -> None:
    with _waiting() as notify:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                by = _read_owner(file)
                if time.monotonic() >= deadline:
                    raise _lock_problem(by) from None
                notify(by)
                time.sleep(_POLL)


@contextmanager
def _lease(at: int, path: Path, me: Mapping[str, Any], deadline: float) -> Iterator[None]:
    """Hold the lease, too. Only who has the lock gets here, so that one machine asks for it once at a time."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with _waiting() as notify:
        while True:
            try:
                file = os.open(LEASE, flags, 0o600, dir_fd=at)
                break
            except FileExistsError:
                by = _read_lease(at)
                if identity.has_ended(by) or (not by and _age(at) > _UNSIGNED):
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(LEASE, dir_fd=at)
                elif time.monotonic() >= deadline:
                    hint = "Nothing was changed. If that machine is gone, remove this file:"
                    raise _lock_problem(by, f"{hint}\n{one_line(str(path / LEASE))}") from None
                else:
                    notify(by)
                    time.sleep(_POLL)
    try:
        _sign(file, me)
        os.fsync(file)
        yield
    finally:
        with contextlib.suppress(OSError):
            os.close(file)
        with contextlib.suppress(OSError):
            os.unlink(LEASE, dir_fd=at)


@contextmanager
def _waiting() -> Iterator[Any]:
    """Yield a function to call while another process holds the lock."""
    began, thread = time.monotonic(), threading.get_ident()

    def notify(by: Mapping[str, Any]) -> None:
        if by.get("pid") != os.getpid():
            _waiting_since.setdefault(thread, began)

    try:
        yield notify
    finally:
        _waiting_since.pop(thread, None)


def _sign(file: int, me: Mapping[str, Any]) -> None:
    """Write who holds it into the file, for the sentence that another session shows."""
    with contextlib.suppress(OSError):
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps(me).encode(), 0)


def _read_owner(file: int) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError, RecursionError):
        record = json.loads(os.pread(file, 1000, 0))
        if isinstance(record, dict):
            return record
    return {}


def _read_lease(at: int) -> dict[str, Any]:
    try:
        file = os.open(LEASE, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    except OSError:
        return {}
    try:
        return _read_owner(file)
    finally:
        os.close(file)


def _age(at: int) -> float:
    with contextlib.suppress(OSError):
        return time.time() - os.stat(LEASE, dir_fd=at, follow_symlinks=False).st_mtime
    return 0.0


def _lock_problem(by: Mapping[str, Any], hint: str = "Try again; nothing was changed.") -> SaveFailed:
    who, since, at = identity.describe(by), "", by.get("at")
    # What a lock file says is for people: anybody who can write the folder may have written it.
    with contextlib.suppress(OverflowError, ValueError, OSError):
        since = f" since {time.strftime('%H:%M', time.localtime(at))}" if isinstance(at, int | float) else ""
    return SaveFailed(f"Another session{f' ({who})' if who else ''} has been writing{since}.", hint)
