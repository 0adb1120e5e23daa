"""A folder in memory: what `DiskFolder` promises, but that of outliving the process. For practice."""

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tui.errors import Problem
from tui.storage.generations import generation, numbered, rotation_renames, safe_name
from tui.storage.lock import WAIT


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
        return None

    @property
    def shared(self) -> str:
        return ""

    def write_blocker(self) -> Problem | None:
        return None

    def names(self) -> list[str]:
        return sorted(self._files)

    def read(self, name: str, last: int = 0) -> bytes | None:
        content = self._files.get(safe_name(name), (None, 0))[0]
        return content[-last:] if content is not None and last else content

    def lines(self, name: str) -> Iterator[bytes]:
        if (content := self.read(name)) is not None:
            yield from content.split(b"\n")

    def write(self, name: str, data: bytes, keep: int = 0) -> None:
        if keep and name in self._files:
            for old, new in rotation_renames(self._files.__contains__, name, keep):
                self._files[new] = self._files.pop(old)
            self._files[generation(name, 1)] = self._files[name]
        self._writes += 1
        self._files[safe_name(name)] = (data, self._writes)

    def append(self, name: str, data: bytes) -> None:
        self.write(name, (self.read(name) or b"") + data)

    def remove(self, name: str) -> None:
        self._files.pop(name, None)

    def version_token(self, name: str) -> Hashable | None:
        return self._files.get(name, (b"", None))[1]

    @contextmanager
    def lock(self, wait: float = WAIT) -> Iterator[None]:
        if not self._lock.acquire(timeout=wait):
            raise Problem("Another part of Modeldeck is writing.", "Try again; nothing was changed.")
        try:
            yield
        finally:
            self._lock.release()

    def folder(self, name: str) -> "MemoryFolder":
        if name not in self._folders:
            self._folders[safe_name(name)] = MemoryFolder(self, name)
        return self._folders[name]

    def folders(self) -> list[str]:
        return sorted(name for name, folder in self._folders.items() if folder._files or folder.folders())

    def destroy(self) -> None:
        self._files.clear()
        self._folders.clear()

    def generations(self, name: str) -> list[str]:
        return numbered(self.names(), name)
