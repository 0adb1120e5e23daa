"""Split bytes into lines and server-sent events (HTML standard, 9.2.6, interpreting an event stream).

Bytes are split before they are decoded: `str.splitlines` would also split at U+2028, U+2029 and U+0085, which JSON
holds. Servers that leave the standard in ways that would lose a whole answer are read all the same; see `Events`.
"""

import json
import re
from typing import Any

from tui.errors import Problem
from tui.providers.client.limits import MIB, format_size, setting_hint

_BOM = b"\xef\xbb\xbf"
END_MARK = "[DONE]"

_SEPARATOR = re.compile(r"\s*(?:data:\s*)*")
"""The separator of documents that follow each other in one body."""

first_json = json.JSONDecoder().raw_decode

_FIELD = re.compile(rb":|(?:id|retry|event)\s*(?::|$)")
"""Comments, and the fields that are passed over."""

_NONSTANDARD_FIELD = re.compile(rb"(?:\xef\xbb\xbf|[ \t])*(data|event)[ \t]*: ?", re.IGNORECASE)
"""A field in a form that the standard does not know: indented, in capitals, behind a byte order mark."""

_SPACE = b" \t\x1e"
"""What stands before JSON on a line of its own: blanks, and the separator of records (RFC 7464)."""

MAX_IGNORED = 400
"""Bytes of a line that is no field which are kept."""

MAX_LINES = 100_000
"""Lines of one event. A line takes some 60 bytes of memory beside its text."""


class TooLong(Problem):
    """A line or an event is longer than its limit."""

    def __init__(self, what: str, limit: str) -> None:
        message = f"The answer holds {what} of more than {limit}, the limit here."
        super().__init__(message, setting_hint("event_size"))


class Lines:
    """Splits chunks of bytes into lines that end with CR, LF or CRLF, each at most `limit` bytes, in linear time.

    Attributes:
        failure: What is wrong behind the lines that were returned last: a line that is too long.
    """

    def __init__(self, limit: int) -> None:
        self.failure: TooLong | None = None
        self._limit = limit
        self._pending: list[bytes] = []
        self._length = 0
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that this chunk completes, without their line ends."""
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\n" not in chunk and b"\r" not in chunk:
            self._buffer(chunk)
            return []
        self._after_cr = chunk.endswith(b"\r")
        ended = self._after_cr or chunk.endswith(b"\n")
        lines = b"".join((*self._pending, chunk)).splitlines()
        self._pending.clear()
        self._length = 0
        rest = b"" if ended else lines.pop()
        if max(map(len, (*lines, rest))) > self._limit:
            before = [len(line) > self._limit for line in (*lines, rest)].index(True)
            if not before:
                raise self._too_long()
            self.failure = self._too_long()
            return lines[:before]
        self._buffer(rest)
        return lines

    def rest(self) -> bytes:
        """Return what follows the last line end, once."""
        rest = b"".join(self._pending)
        self._pending.clear()
        self._length = 0
        return rest

    def _buffer(self, piece: bytes) -> None:
        self._length += len(piece)
        if self._length > self._limit:
            raise self._too_long()
        if piece:
            self._pending.append(piece)

    def _too_long(self) -> TooLong:
        return TooLong("a line", format_size(self._limit))


def decode_line(line: bytes, charset: str) -> str:
    """Decode a line as UTF-8, or else by the charset of its label."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode(charset, "replace")


class Events:
    """Splits chunks of bytes into server-sent events: pairs of data and event name ('' without one).

    Comments, `id` and `retry` are passed over. Unless `strict`, an event is also taken as ended where its data is whole
    (JSON, or an end mark) and the next field begins or the stream ends, since servers send one line end in place of
    two; and JSON on lines of its own, without `data:`, is an event: so come the errors of gateways.

    Attributes:
        ignored: The last line that is no field, '' without one: so come errors in plain words.
        failure: What is wrong behind the events that were returned last: something that is too long.
    """

    def __init__(
        self, line_limit: int = 8 * MIB, event_limit: int = 8 * MIB, strict: bool = False, charset: str = "utf-8"
    ) -> None:
        """Take the limits in bytes, and the encoding of lines that are not UTF-8, which the standard wants."""
        self._charset = charset
        self._lines = Lines(line_limit)
        self._limit = event_limit
        self._strict = strict
        self._first = True
        self._name = ""
        self._data: list[str] = []
        self._size = 0
        self._data_end = JsonEnd()
        self._bare: list[str] = []
        self._bare_end = JsonEnd()
        self.ignored = ""
        self.failure: TooLong | None = None

    def feed(self, chunk: bytes) -> list[tuple[str, str]]:
        """Return the events that this chunk completes."""
        lines = self._lines.feed(chunk)
        if not lines:
            return []
        if self._first:
            self._first = False
            lines[0] = lines[0].removeprefix(_BOM)
        events: list[tuple[str, str]] = []
        self.failure = self._lines.failure
        try:
            for line in lines:
                if not line and self._data:
                    events.append((self._data[0] if len(self._data) == 1 else "\n".join(self._data), self._name))
                    self._clear_data()
                elif line.startswith(b"data:") and not self._data:
                    self._add(line[6:] if line.startswith(b" ", 5) else line[5:])
                else:
                    self._feed_line(line, events)
        except TooLong as problem:
            if not events:
                raise
            self.failure = problem
        return events

    def rest(self) -> list[tuple[str, str]]:
        """Return the last event where only its line ends are missing; by the standard it would be dropped."""
        events: list[tuple[str, str]] = []
        if not self._strict:
            if last := self._lines.rest():
                events += self.feed(last + b"\n")
            self._end_early(events)
            if self._bare:
                events.append(("\n".join(self._bare), ""))
        return events

    def _feed_line(self, line: bytes, events: list[tuple[str, str]]) -> None:
        """Take a line that is neither the only data of an event nor its end."""
        if not line:
            if self._name and not self._strict:
                # An event without data, which the standard drops, may be an end mark.
                events.append(("", self._name))
            self._name = ""
        elif line.startswith(b"data:"):
            self._end_early(events)
            self._add(line[6:] if line.startswith(b" ", 5) else line[5:])
        elif line == b"data":
            self._add(b"")
        elif line.startswith(b"event:"):
            self._end_early(events)
            self._name = decode_line(line[6:].removeprefix(b" "), self._charset)
        elif line == b"event":
            self._name = ""
        elif not self._strict and (self._bare or line.lstrip(_SPACE).startswith((b"{", b"[DONE]"))):
            self._bare_json(line, events)
        elif not self._strict and (field := _NONSTANDARD_FIELD.match(line)):
            self._feed_line(field[1].lower() + b":" + line[field.end() :], events)
        elif not _FIELD.match(line):
            self.ignored = decode_line(line[:MAX_IGNORED], self._charset).strip()

    def _end_early(self, events: list[tuple[str, str]]) -> None:
        """End the event before a blank line ended it, where its data is whole."""
        if self._data and not self._strict and self._data_end.is_reached(self._data):
            events.append(("\n".join(self._data), self._name))
            self._clear_data()

    def _clear_data(self) -> None:
        self._data.clear()
        self._size, self._name = 0, ""
        if self._data_end.lines:
            self._data_end = JsonEnd()

    def _bare_json(self, line: bytes, events: list[tuple[str, str]]) -> None:
        self._count(len(line), self._bare)
        self._bare.append(decode_line(line if self._bare else line.lstrip(_SPACE), self._charset))
        if self._bare_end.is_reached(self._bare):
            events.append(("\n".join(self._bare), ""))
            self._bare.clear()
            self._bare_end = JsonEnd()
            self._size = 0

    def _add(self, value: bytes) -> None:
        self._count(len(value) + 1, self._data)
        self._data.append(decode_line(value, self._charset))

    def _count(self, size: int, lines: list[str]) -> None:
        self._size += size
        if self._size > self._limit:
            raise TooLong("an event", format_size(self._limit))
        if len(lines) == MAX_LINES:
            raise TooLong("an event", f"{MAX_LINES:,} lines")


class JsonEnd:
    """Finds the line that ends a JSON object, in a time that grows with the text and no faster.

    The text is parsed only where its brackets are balanced, and at most `ATTEMPTS` times: brackets within strings may
    mislead the count, and a server may send text without end.
    """

    ATTEMPTS = 8

    def __init__(self) -> None:
        self.lines = 0
        self._depth = 0
        self._attempts = 0

    def is_reached(self, lines: list[str]) -> bool:
        """Return True if `lines` are a JSON object or an end mark; between calls, lines are only added."""
        for line in lines[self.lines :]:
            self._depth += line.count("{") - line.count("}")
        self.lines = len(lines)
        if lines[0].lstrip().startswith("[DONE]"):
            return True
        if self._depth or self._attempts == self.ATTEMPTS:
            return False
        self._attempts += 1
        try:
            return isinstance(json.loads("\n".join(lines)), dict)
        except (ValueError, RecursionError):
            return False


def split_documents(text: str) -> list[Any]:
    """Return the JSON objects and end marks of a text that holds nothing else; [] for any other text."""
    documents: list[Any] = []
    position = end_of_gap(text, 0)
    while position < len(text):
        if text.startswith(END_MARK, position):
            documents.append(END_MARK)
            position += len(END_MARK)
        elif text[position] == "{":
            try:
                document, position = first_json(text, position)
            except (ValueError, RecursionError):
                return []
            documents.append(document)
        else:
            return []
        position = end_of_gap(text, position)
    return documents


def end_of_gap(text: str, position: int) -> int:
    """Return where the separator of documents at a position ends."""
    gap = _SEPARATOR.match(text, position)
    return gap.end() if gap else position
