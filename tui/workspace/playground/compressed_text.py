"""Long texts that are read seldom, such as the answers of a chat: half of their size or less until they are read."""

import zlib


class Packed:
    """A text, kept small. `str` gives it back; it is true if it holds any."""

    __slots__ = ("_bytes",)

    def __init__(self, text: str) -> None:
        self._bytes = zlib.compress(text.encode(), 1) if text else b""

    def __str__(self) -> str:
        return zlib.decompress(self._bytes).decode() if self._bytes else ""

    def __bool__(self) -> bool:
        return bool(self._bytes)
