"""Decode a response body by its bytes, not by its content type.

Servers and gateways mislabel: JSON as an event stream, events as JSON, either as text/html, gzip without a word. So the
label is only asked where the bytes leave a choice.

    bytes ──inflate──> first bytes ──> event stream | one document ──> frames
"""

import asyncio
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tui.providers.client.limits import MAX_BROKEN_FRAMES, PARSE_IN_THREAD, Limits
from tui.providers.client.sse import Events, Lines
from tui.providers.error_messages import ErrorContext, is_page, page, redact, too_large, unusable_response
from tui.providers.requests import Call, Frame, Framing
from tui.sanitize import one_line

_GZIP = b"\x1f\x8b"
_ZLIB_FORMATS = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""Content codings (RFC 9110, 8.4.1) and the `wbits` of zlib for each; 47 detects the header."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_EVENT_FIELD = re.compile(rb"(?:data|event|id|retry)\s*(?::|$)|:")
"""How a line of an event stream begins (HTML standard, 9.2.5)."""

_FIELD_NAMES = (b"data", b"event", b"id", b"retry")
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
_from_json = json.JSONDecoder().decode
"""What `json.loads` does with a text, without its look at options that are not used here."""

_KEEP_ALIVE = frozenset({"ping", "pong", "heartbeat", "keepalive", "keep-alive", "connected"})
_END_MARK = "[DONE]"


def decode_text(data: bytes, content_type: str = "") -> str:
    """Decode a text by its byte order mark, as UTF-8, or else by the charset of its label."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        charset = _CHARSET.search(content_type)
    try:
        return data.decode(charset[1] if charset else "utf-8", "replace")
    except (LookupError, UnicodeError):
        return data.decode("utf-8", "replace")


class Inflater:
    """Unpacks a body that is compressed with gzip or deflate, labelled or not; passes any other on."""

    def __init__(self, context: ErrorContext, encoding: str, limit: int) -> None:
        """Raise Problem for a content coding that was not asked for and cannot be unpacked."""
        self._context = context
        self._limit = limit
        self._size = 0
        self._first = True
        self._zlib: Any = None
        encoding = encoding.strip().lower()
        if encoding in _ZLIB_FORMATS:
            self._zlib = zlib.decompressobj(_ZLIB_FORMATS[encoding])
        elif encoding not in ("", "identity"):
            sent = f"its answer compressed as {one_line(encoding, 20)}, which was not asked for"
            raise unusable_response(context, sent)

    def feed(self, chunk: bytes) -> bytes:
        """Return the next bytes of the body. Raises Problem if they are too many, or damaged."""
        if self._first and chunk:
            self._first = False
            packed = chunk.startswith(_GZIP)
            if packed and self._zlib is None:
                self._zlib = zlib.decompressobj(_ZLIB_FORMATS["gzip"])
            elif self._zlib is not None and not packed and chunk.lstrip()[:1] in (b"{", b"[", b"d", b":", b"<"):
                self._zlib = None  # labelled as compressed, and plain
        if self._zlib is None:
            return chunk
        try:
            data: bytes = self._zlib.decompress(chunk, self._limit - self._size + 1)
        except zlib.error:
            raise unusable_response(self._context, "a compressed answer that is damaged") from None
        self._size += len(data)
        if self._size > self._limit:
            raise too_large(self._context, self._limit)
        return data


class FrameDecoder:
    """Frames out of the bytes of a stream, or out of messages.

    What should be JSON and is not is counted in `skipped`; three in a row end the answer.
    """

    def __init__(self, context: ErrorContext, framing: Framing, limits: Limits, plain: bool = False) -> None:
        self._context = context
        self._plain = plain
        self._events = Events(limits.line, limits.event, strict=plain) if framing is Framing.SSE else None
        self._lines = Lines(limits.event)
        self._in_a_row = 0
        self.skipped = 0

    def message(self, text: str) -> Iterator[Frame]:
        """Yield the frame of one WebSocket message."""
        return self._read([(text, "")])

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """Yield the frames that this chunk completes."""
        if self._events:
            return self._read(self._events.feed(chunk))
        return self._read((line.decode("utf-8", "replace"), "") for line in self._lines.feed(chunk))

    def rest(self) -> Iterator[Frame]:
        """Yield the last frame where its end is missing but it is whole."""
        if self._events:
            return self._read(self._events.rest())
        return self._read([(self._lines.rest().decode("utf-8", "replace"), "")])

    def _read(self, pieces: Iterable[tuple[str, str]]) -> Iterator[Frame]:
        """Yield the frames of pieces of data with their event names."""
        for data, name in pieces:
            if self._plain:
                yield Frame(data, name)
                continue
            try:
                frame: Frame | None = Frame(_from_json(data), name)
                self._in_a_row = 0
            except (ValueError, RecursionError):
                frame = self._text(data.strip(), name)
            if frame:
                yield frame

    def _text(self, text: str, name: str) -> Frame | None:
        """Return the frame of data that is not JSON; None if it says nothing or is broken."""
        if not text or text.lower() in _KEEP_ALIVE:
            return None
        if text.startswith(_END_MARK) or (name and not text.startswith("{")):
            return Frame(text, name)
        self.skipped += 1
        self._in_a_row += 1
        if self._in_a_row >= MAX_BROKEN_FRAMES:
            raise unusable_response(
                self._context, f"{self._in_a_row} broken pieces in a row", redact(self._context, text)
            )
        return None


class BodyDecoder:
    """Frames out of the body of one answer, whatever its label says.

    Attributes:
        streamed: Whether frames come before the end of the body.
        whole: Whether the body was one JSON document, read to its end.
    """

    def __init__(self, context: ErrorContext, call: Call, limits: Limits, headers: Mapping[str, str]) -> None:
        self._context = context
        self._call = call
        self._limits = limits
        self._label = headers.get("content-type", "").lower()
        self._inflater = Inflater(context, headers.get("content-encoding", ""), limits.answer)
        self._head = bytearray()
        self._decided = call.framing is Framing.TEXT
        self._frames: FrameDecoder | None = None
        self.whole = False

    @property
    def streamed(self) -> bool:
        """Return True if the body is a stream of frames."""
        return self._frames is not None

    @property
    def skipped(self) -> int:
        """How many frames could not be read."""
        return self._frames.skipped if self._frames else 0

    def feed(self, chunk: bytes) -> Iterable[Frame]:
        """Return the frames that this chunk completes; none before the end where the body is one document."""
        chunk = self._inflater.feed(chunk)
        if self._frames is not None:
            return self._frames.feed(chunk)
        self._head += chunk
        if len(self._head) > self._limits.body:
            raise too_large(self._context, self._limits.body)
        if self._decided or not self._decide() or self._frames is None:
            return ()
        head, self._head = bytes(self._head), bytearray()
        return self._frames.feed(head)

    async def finish(self) -> list[Frame]:
        """Return the frames that the end of the body completes. Raises Problem if it is nothing that can be read."""
        if self._frames is not None:
            return list(self._frames.rest())
        text = decode_text(bytes(self._head), self._label)
        if self._call.framing is Framing.TEXT:
            if is_page(text, self._label):
                raise page(self._context, text)
            return [Frame(text)]
        if not text.strip():
            raise unusable_response(self._context, "an empty answer")
        data, parsed, cut = await self._parse(text)
        if parsed:
            self.whole = True
            return [Frame(data)]
        if is_page(text) or ("html" in self._label and not cut):
            raise page(self._context, text[: self._limits.error_body])
        if frames := self._as_lines(text):
            return frames
        if self._call.accepts_text and not cut:
            self.whole = True
            return [Frame(text)]
        raise unusable_response(
            self._context,
            "JSON that ends too early" if cut else "text that is not JSON",
            "" if cut else redact(self._context, text),
        )

    def _decide(self) -> bool:
        """Tell an event stream from a document by the first bytes; False if more of them are needed."""
        head = bytes(self._head[:64]).removeprefix(b"\xef\xbb\xbf").lstrip()
        line = head.split(b"\n", 1)[0].split(b"\r", 1)[0]
        if not head or (line == head and any(name.startswith(line) and line != name for name in _FIELD_NAMES)):
            return False
        self._decided = True
        framing = self._call.framing
        if framing is Framing.NDJSON and not _EVENT_FIELD.match(line):
            self._frames = FrameDecoder(self._context, Framing.NDJSON, self._limits, self._call.plain)
        elif _EVENT_FIELD.match(line) or (framing is Framing.SSE and head[:1] not in b'{["<\x00\xff\xfe'):
            self._frames = FrameDecoder(self._context, Framing.SSE, self._limits, self._call.plain)
        return True

    async def _parse(self, text: str) -> tuple[Any, bool, bool]:
        """Return the parsed JSON, whether it is some, and whether it is some that was cut."""
        try:
            text = text.removeprefix("\ufeff")
            data = await asyncio.to_thread(json.loads, text) if len(text) > PARSE_IN_THREAD else json.loads(text)
            return data, True, False
        except json.JSONDecodeError as error:
            is_json = text.lstrip()[:1] in ("{", "[")
            return None, False, is_json and error.pos >= len(text.rstrip()) - 1
        except (ValueError, RecursionError):
            return None, False, False

    def _as_lines(self, text: str) -> list[Frame]:
        """Return the frames of several JSON documents or events one after another; none if it is not that."""
        frames = FrameDecoder(self._context, Framing.SSE, self._limits)
        lines = [*frames.feed(text.encode("utf-8", "replace") + b"\n"), *frames.rest()]
        return [] if frames.skipped or not any(isinstance(frame.data, dict) for frame in lines) else lines
