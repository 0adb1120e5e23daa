"""Cutting bytes into lines and server-sent events, by the HTML standard (9.2.6, interpreting an event stream).

Bytes are cut before they are decoded: `str.splitlines` would also cut at U+2028, U+2029 and U+0085, which JSON holds.
"""

from tui.errors import Problem

_BOM = b"\xef\xbb\xbf"


class TooLong(Problem):
    """One line or event is longer than any honest one."""

    def __init__(self, what: str, limit: int) -> None:
        message = f"The answer holds a {what} of more than {_size(limit)}, which no honest answer does."
        super().__init__(message, "Check that the address is that of an API, or pick another model.")


class Lines:
    """Lines out of chunks of bytes: ended by CR, LF or CRLF, each at most `limit` bytes. The work is linear."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._begun: list[bytes] = []
        self._length = 0
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes, without their ends."""
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\n" not in chunk and b"\r" not in chunk:
            self._hold(chunk)
            return []
        self._after_cr = chunk.endswith(b"\r")
        ended = self._after_cr or chunk.endswith(b"\n")
        lines = b"".join((*self._begun, chunk)).splitlines()
        self._begun.clear()
        self._length = 0
        if not ended:
            self._hold(lines.pop())
        if lines and max(map(len, lines)) > self._limit:
            raise self._too_long()
        return lines

    def rest(self) -> bytes:
        """What stands after the last line end; it is given once."""
        rest = b"".join(self._begun)
        self._begun.clear()
        self._length = 0
        return rest

    def _hold(self, piece: bytes) -> None:
        self._length += len(piece)
        if self._length > self._limit:
            raise self._too_long()
        if piece:
            self._begun.append(piece)

    def _too_long(self) -> TooLong:
        return TooLong("line", self._limit)


class Events:
    """Server-sent events out of chunks of bytes, as pairs of data and event name ('' where none is given).

    Comments, `id` and `retry` are passed over. An event that no blank line ends is dropped, as the standard says.
    """

    def __init__(self, line_limit: int = 1 << 20, event_limit: int = 8 << 20) -> None:
        self._lines = Lines(line_limit)
        self._limit = event_limit
        self._first = True
        self._name = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[tuple[str, str]]:
        """The events that this chunk completes."""
        lines = self._lines.feed(chunk)
        if not lines:
            return []
        if self._first:
            self._first = False
            lines[0] = lines[0].removeprefix(_BOM)
        events: list[tuple[str, str]] = []
        for line in lines:
            if not line:
                if self._data:
                    events.append(("\n".join(self._data), self._name))
                    self._data.clear()
                    self._size = 0
                self._name = ""
            elif line.startswith(b"data:"):
                self._add(line[6:] if line.startswith(b" ", 5) else line[5:])
            elif line == b"data":
                self._add(b"")
            elif line.startswith(b"event:"):
                self._name = line[6:].removeprefix(b" ").decode("utf-8", "replace")
            elif line == b"event":
                self._name = ""
        return events

    def _add(self, value: bytes) -> None:
        self._size += len(value) + 1
        if self._size > self._limit:
            raise TooLong("piece", self._limit)
        self._data.append(value.decode("utf-8", "replace"))


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count} bytes"
