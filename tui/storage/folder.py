"""Private folders: modes, owners and links checked, a lock between processes, atomic writes, earlier states.

A write is a temporary file, fsync, a hard link for each earlier state, one rename, and fsync of the folder. `lock()`
also removes the temporary files of a killed process. Links and files that others can read or own are refused.
"""

import contextlib
import errno
import os
import stat
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Protocol

from tui.errors import Problem
from tui.storage import file_errors, filesystem, folder_safety
from tui.storage import lock as file_lock
from tui.storage.generations import earlier_names, generation, rotation_renames, safe_name
from tui.storage.lock import LEASE, LOCK, TIMEOUT

_TEMPORARY, _LEAVING = ".tmp-", ".leaving-"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
MAX_SIZE = 128 * 2**20
"""Bytes that a file may have to be read as a whole."""
MAX_LINE = 2**20
"""Bytes of a line of a file that is read line by line."""


class Folder(Protocol):
    """A private folder of named files. `path` is None in memory."""

    @property
    def path(self) -> Path | None:
        """Return the path on disk, or None for a folder in memory."""

    @property
    def shared(self) -> str:
        """The kind of file system, where other machines may write to it as well; '' where not."""

    def write_blocker(self) -> Problem | None:
        """Return why nothing can be written here, or None."""

    def names(self) -> list[str]:
        """Return the file names, sorted, without the lock and temporary files."""

    def sizes(self) -> dict[str, int]:
        """Return the file names, as `names` does, each with its size in bytes."""

    def read(self, name: str, last: int = 0) -> bytes | None:
        """Read a file, or at most `last` bytes of its end; return None if there is no such file."""

    def lines(self, name: str) -> Iterator[bytes]:
        r"""Yield the lines of a file without their ends, as `split(b"\n")` would; nothing without a file."""

    def write(self, name: str, data: bytes, keep: int = 0) -> None:
        """Replace the content atomically, and keep `keep` earlier states as `name.1` (the newest) and so on."""

    def append(self, name: str, data: bytes) -> None:
        """Append to a file. If the process is killed meanwhile, a part of the data may stay."""

    def remove(self, name: str) -> None:
        """Remove a file, if there is one."""

    def version_token(self, name: str) -> Hashable | None:
        """Return a value that differs whenever the file was replaced; None without a file."""

    def lock(self, wait: float = TIMEOUT) -> AbstractContextManager[None]:
        """Keep other writers out, in this process and in others; not re-entrant. `wait` is in seconds."""

    def folder(self, name: str) -> "Folder":
        """Return the subfolder of that name; it is created when it is first locked or written to."""

    def folders(self) -> list[str]:
        """Return the names of the subfolders, sorted."""

    def destroy(self) -> None:
        """Remove the folder with its content. A rename makes it disappear for others at once."""

    def generations(self, name: str) -> list[str]:
        """Return the names of the earlier states of a file, newest first."""

    def close(self) -> None:
        """End what is open between two calls, such as a connection."""


class DiskFolder:
    """A folder of the file system, private to one user: 0700, its files 0600 from birth."""

    def __init__(
        self, path: Path, parent: "DiskFolder | None" = None, kind: Callable[[Path], str] = filesystem.shared
    ) -> None:
        self._path = path
        self._parent = parent
        self._kind = kind
        self._lock_file: int | None = None
        self._parents_checked = False

    @property
    def path(self) -> Path:
        """Return the path on disk."""
        return self._path

    @cached_property
    def shared(self) -> str:
        """Return the type of the network file system that holds this folder, or ''."""
        return self._parent.shared if self._parent else self._kind(self._path)

    def write_blocker(self) -> Problem | None:
        """Return the problem that a write would meet now (no permission, read-only disk), or None."""
        return file_errors.write_blocker(self._path)

    def names(self) -> list[str]:
        """Return the file names, sorted, without the lock and temporary files."""
        return sorted(self.sizes())

    def folders(self) -> list[str]:
        """Return the names of the subfolders, sorted, without those that are being removed."""
        return sorted(name for name, size in self._entries() if size is None and not name.startswith("."))

    def sizes(self) -> dict[str, int]:
        """Return the sizes of the files in bytes, by name."""
        return {name: size for name, size in self._entries() if size is not None and not _is_private_file(name)}

    def generations(self, name: str) -> list[str]:
        """Return the names of the earlier states of a file, newest first."""
        return earlier_names(self.names(), name)

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def folder(self, name: str) -> "DiskFolder":
        """Return the subfolder of that name, whether it exists or not."""
        return DiskFolder(self._path / safe_name(name), self, self._kind)

    def read(self, name: str, last: int = 0) -> bytes | None:
        """Read a private file; raise a Problem if it cannot be read or others could have written it."""
        with self._open_descriptor() as at:
            if at is None:
                return None
            try:
                file = os.open(safe_name(name), _READ, dir_fd=at)
            except FileNotFoundError:
                return None
            except OSError as error:
                raise file_errors.unreadable(self._path / name, error) from None
            try:
                file_errors.check_file(status := os.fstat(file), self._path / name)
                if not last and status.st_size > MAX_SIZE:
                    raise file_errors.too_large(self._path / name, MAX_SIZE)
                with os.fdopen(file, "rb", closefd=False) as content:
                    content.seek(max(0, status.st_size - last) if last else 0)
                    return content.read(last or -1)
            except OSError as error:
                raise file_errors.unreadable(self._path / name, error) from None
            finally:
                _close(file)

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a private file, one at a time; those longer than `MAX_LINE` cut one byte behind it."""
        with self._open_descriptor() as at:
            if at is None:
                return
            try:
                with os.fdopen(os.open(safe_name(name), _READ, dir_fd=at), "rb") as file:
                    file_errors.check_file(os.fstat(file.fileno()), self._path / name)
                    yield from filesystem.lines(file, MAX_LINE)
            except FileNotFoundError:
                return
            except OSError as error:
                raise file_errors.unreadable(self._path / name, error) from None

    def version_token(self, name: str) -> Hashable | None:
        """Return inode, mtime, size, mode and owner: they differ when the content may differ."""
        try:
            status = os.stat(f"{self._path}/{safe_name(name)}", follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise file_errors.unreadable(self._path / name, error) from None
        return (status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode, status.st_uid)

    def write(self, name: str, data: bytes, keep: int = 0) -> None:
        """Replace a file: temporary file, fsync, rotation, rename, fsync of the folder."""
        safe_name(name)
        temporary = f"{_TEMPORARY}{name}-{os.getpid()}-{threading.get_ident()}"
        self._make()
        with self._open_descriptor() as at:
            assert at is not None
            if full := file_errors.check_free_space(self._path, at, len(data)):
                raise full
            if len(data) > MAX_SIZE:
                raise file_errors.too_large(self._path / name, MAX_SIZE)
            replaced = False
            try:
                self._fill(temporary, data, at)
                file_lock.require_current(at, self._lock_file, self._path)
                if keep:
                    self._age(name, keep, at)
                file_lock.require_current(at, self._lock_file, self._path)
                os.replace(temporary, name, src_dir_fd=at, dst_dir_fd=at)
                replaced = True
                os.fsync(at)
            except OSError as error:
                problem = file_errors.unsure if replaced else file_errors.unwritable
                raise problem(self._path, error) from None
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(temporary, dir_fd=at)

    def append(self, name: str, data: bytes) -> None:
        """Append to a private file, and fsync it."""
        self._make()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        with self._open_descriptor() as at:
            assert at is not None
            if full := file_errors.check_free_space(self._path, at, len(data)):
                raise full
            file_lock.require_current(at, self._lock_file, self._path)
            try:
                with os.fdopen(os.open(safe_name(name), flags, 0o600, dir_fd=at), "ab") as file:
                    file_errors.check_file(os.fstat(file.fileno()), self._path / name)
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.fsync(at)
            except OSError as error:
                raise file_errors.unwritable(self._path, error) from None

    def remove(self, name: str) -> None:
        """Remove a file, and fsync the folder."""
        with self._open_descriptor() as at:
            if at is None:
                return
            file_lock.require_current(at, self._lock_file, self._path)
            try:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(safe_name(name), dir_fd=at)
                    os.fsync(at)
            except OSError as error:
                raise file_errors.unwritable(self._path, error) from None

    @contextmanager
    def lock(self, wait: float = TIMEOUT) -> Iterator[None]:
        """Hold `flock` on the folder's lock file for the duration of the block."""
        self._make()
        with self._open_descriptor() as at:
            assert at is not None
            with self._lock(at, wait):
                yield

    def destroy(self) -> None:
        """Rename the folder away under its lock, then delete its files."""
        above = self._path.parent
        leaving = above / f"{_LEAVING}{self._path.name}-{os.getpid()}-{time.monotonic_ns()}"
        with self._open_descriptor() as at:
            if at is None:
                return
            with self.lock():
                try:
                    os.rename(self._path, leaving)
                except OSError as error:
                    raise file_errors.unwritable(self._path, error) from None
        try:
            filesystem.sync(above)
            # One that was killed here before left its folder behind; it is nobody's any more.
            for path in above.iterdir():
                if path.name.startswith(_LEAVING) and not path.is_symlink():
                    filesystem.erase(path)
            filesystem.sync(above)
        except OSError as error:
            raise file_errors.left(leaving, error) from None

    def _make(self) -> None:
        """Create the folder with mode 0700, and missing folders above it."""
        try:
            if self._path.is_dir() and not self._path.is_symlink():
                return
            if self._parent is not None:
                self._parent._make()
            self._check_parents()
            missing = [parent for parent in (self._path, *self._path.parents) if not os.path.lexists(parent)]
            for entry in reversed(missing):
                with contextlib.suppress(FileExistsError):
                    entry.mkdir(mode=0o700)
                    filesystem.sync(entry.parent)
        except OSError as error:
            raise file_errors.unwritable(self._path, error) from None

    def _check_parents(self) -> None:
        """Raise a Problem if a folder above this one is not private, or if everybody can replace the topmost one."""
        if self._parent is not None:
            with self._parent._open_descriptor():
                pass
        elif not self._parents_checked:
            folder_safety.check_parents(self._path)
            self._parents_checked = True

    @contextmanager
    def _open_descriptor(self) -> Iterator[int | None]:
        """Open a descriptor of the folder, proved to be private like those above it; None without a folder."""
        self._check_parents()
        try:
            at = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            raise file_errors.unreadable(self._path, error) from None
        try:
            try:
                file_errors.check(os.fstat(at), self._path, stat.S_ISDIR, "chmod 700")
            except OSError as error:
                raise file_errors.unreadable(self._path, error) from None
            yield at
        finally:
            _close(at)

    def _entries(self) -> list[tuple[str, int | None]]:
        with self._open_descriptor() as at:
            try:
                return filesystem.entries(at) if at is not None else []
            except OSError as error:
                raise file_errors.unreadable(self._path, error) from None

    def _fill(self, name: str, data: bytes, at: int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, 0o600, dir_fd=at), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def _age(self, name: str, keep: int, at: int) -> None:
        """Keep the present state as `name.1`. If the process is killed here, no state is lost."""

        def inode(candidate: str) -> int | None:
            try:
                return os.stat(candidate, dir_fd=at, follow_symlinks=False).st_ino
            except FileNotFoundError:
                return None

        present = inode(name)
        if present is None or present == inode(generation(name, 1)):
            return
        for old, new in rotation_renames(lambda candidate: inode(candidate) is not None, name, keep):
            os.replace(old, new, src_dir_fd=at, dst_dir_fd=at)
        first = generation(name, 1)
        try:
            if inode(first) is not None:
                os.unlink(first, dir_fd=at)
            os.link(name, first, src_dir_fd=at, dst_dir_fd=at, follow_symlinks=False)
        except OSError as error:
            if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}:
                raise
            self._fill(first, self.read(name) or b"", at)  # a file system without hard links

    @contextmanager
    def _lock(self, at: int, wait: float) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(file_lock.hold(at, self._path, wait, bool(self.shared)))
                file_errors.check_file(os.fstat(file), self._path / LOCK)
                if not self._is(at):
                    raise file_errors.folder_replaced(self._path)
                self._clean_up(at)
            except FileNotFoundError:
                raise file_errors.folder_replaced(self._path) from None
            except OSError as error:
                raise file_errors.unwritable(self._path, error, LOCK) from None
            self._lock_file = file
            try:
                yield
            finally:
                self._lock_file = None

    def _is(self, at: int) -> bool:
        """Return True if the open folder is still the one at this path."""
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(at))
        except FileNotFoundError:
            return False

    def _clean_up(self, at: int) -> None:
        for name in os.listdir(at):
            if name.startswith(_TEMPORARY):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=at)


def _is_private_file(name: str) -> bool:
    return name in (LOCK, LEASE) or name.startswith((_TEMPORARY, _LEAVING))


def _close(file: int) -> None:
    """Close a descriptor that was only read; an error here changes nothing."""
    with contextlib.suppress(OSError):
        os.close(file)
