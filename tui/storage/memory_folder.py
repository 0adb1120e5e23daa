"""A private folder in memory, for practice mode."""

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tui.errors import Problem
from tui.storage.generations import earlier_names, generation, rotation_renames, safe_name
from tui.storage.lock import TIMEOUT


class MemoryFolder:
    """A private folder of named files, in memory."""

    def __init__(self, parent: "MemoryFolder | None" = None, name: str = "") -> None:
        self._files: dict[str, tuple[bytes, int]] = {}
        self._folders: dict[str, MemoryFolder] = {}
        self._parent = parent
        self._name = name
        self._lock = threading.Lock()
        self._writes = 0

    @property
    def path(self) -> Path | None:
        """Return None: nothing is on disk."""
        return None

    @property
    def shared(self) -> str:
        """Return '': memory is never on a network file system."""
        return ""

    def write_blocker(self) -> Problem | None:
        """Return None: memory can always be written."""
        return None

    def names(self) -> list[str]:
        """Return the file names, sorted."""
        return sorted(self._files)

    def sizes(self) -> dict[str, int]:
        """Return the sizes of the files in bytes, by name."""
        return {name: len(content) for name, (content, _) in self._files.items()}

    def read(self, name: str, last: int = 0) -> bytes | None:
        """Return the content, or its last bytes, or None without such a file."""
        content = self._files.get(safe_name(name), (None, 0))[0]
        return content[-last:] if content is not None and last else content

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines without their ends."""
        if (content := self.read(name)) is not None:
            yield from content.split(b"\n")

    def write(self, name: str, data: bytes, keep: int = 0) -> None:
        """Replace the content and rotate the earlier states, as on disk."""
        if keep and name in self._files:
            for old, new in rotation_renames(self._files.__contains__, name, keep):
                self._files[new] = self._files.pop(old)
            self._files[generation(name, 1)] = self._files[name]
        self._writes += 1
        self._files[safe_name(name)] = (data, self._writes)

    def append(self, name: str, data: bytes) -> None:
        """Append to a file, or create it."""
        self.write(name, (self.read(name) or b"") + data)

    def remove(self, name: str) -> None:
        """Remove a file, if there is one."""
        self._files.pop(name, None)

    def version_token(self, name: str) -> Hashable | None:
        """Return the number of the write that made the content, or None without a file."""
        return self._files.get(name, (b"", None))[1]

    @contextmanager
    def lock(self, wait: float = TIMEOUT) -> Iterator[None]:
        """Hold a lock of this process for the duration of the block."""
        if not self._lock.acquire(timeout=wait):
            raise Problem("Another part of Modeldeck is writing.", "Try again; nothing was changed.")
        try:
            yield
        finally:
            self._lock.release()

    def close(self) -> None:
        """Do nothing: no file is open."""

    def folder(self, name: str) -> "MemoryFolder":
        """Return the subfolder of that name; the same object each time."""
        if name not in self._folders:
            self._folders[safe_name(name)] = MemoryFolder(self, name)
        return self._folders[name]

    def folders(self) -> list[str]:
        """Return the names of the subfolders with content, sorted."""
        return sorted(name for name, folder in self._folders.items() if folder._files or folder.folders())

    def destroy(self) -> None:
        """Remove all files and subfolders."""
        self._files.clear()
        self._folders.clear()

    def generations(self, name: str) -> list[str]:
        """Return the names of the earlier states of a file, newest first."""
        return earlier_names(self.names(), name)
