"""Decode a response body by its bytes, not by its content type.

Servers and gateways mislabel: JSON as an event stream, events as JSON, either as text/html, gzip without a word. So the
label is only asked where the bytes leave a choice.

    bytes ──inflate──> first bytes ──> event stream | one document ──> frames
"""

import asyncio
import codecs
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import httpx

from tui.errors import Problem
from tui.providers.client.compression import MAX_RATIO, Inflater
from tui.providers.client.limits import MAX_BROKEN_FRAMES, PARSE_IN_THREAD, Limits
from tui.providers.client.sse import END_MARK, Events, Lines, decode_line, end_of_gap, first_json, split_documents
from tui.providers.error_messages import (
    ErrorContext,
    is_page,
    is_xml,
    page,
    redact,
    too_large,
    unusable_response,
    words_of_page,
)
from tui.providers.requests import Call, Frame, Framing

_EVENT_FIELD = re.compile(rb"(?:data|event|id|retry)\s*(?::|$)|:")
"""How a line of an event stream begins (HTML standard, 9.2.5)."""

_FIELD_NAMES = (b"data", b"event", b"id", b"retry")
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
_from_json = json.JSONDecoder().decode
"""What `json.loads` does with a text, without its look at options that are not used here."""

_KEEP_ALIVE = frozenset({"ping", "pong", "heartbeat", "keepalive", "keep-alive", "connected"})
_END_WORD = re.compile(r"[\W_]{0,3}(?:done|end|eof|eos)[\W_]{0,3}", re.IGNORECASE)
"""An end mark as servers misspell it: in small letters, in quotes, without brackets."""

_END_NAMES = frozenset({"done", "end", "complete", "completed", "finish", "finished", "eof", "eos"})
"""Names of events that are an end mark where they bring nothing."""

MAX_ATTEMPTS = 8
"""How often the bytes that have come are parsed to see whether a document is whole before its body ends."""


def decode_text(data: bytes, content_type: str = "") -> str:
    """Decode a text by its first bytes (RFC 4627, 3), as UTF-8, or else by the charset of its label."""
    encoding = json.detect_encoding(data[:4])
    return decode_line(data, charset_of(content_type)) if encoding == "utf-8" else data.decode(encoding, "replace")


def charset_of(content_type: str) -> str:
    """Return the charset that a label names; UTF-8 for none, or one that is not known."""
    charset = _CHARSET.search(content_type)
    try:
        # Not every codec is one of texts.
        b"".decode(charset[1] if charset else "utf-8")
    except (LookupError, UnicodeError):
        return "utf-8"
    return charset[1] if charset else "utf-8"


class FrameDecoder:
    """Frames out of the bytes of a stream, or out of messages.

    What should be JSON and is not is counted in `skipped`; three in a row end the answer.
    """

    def __init__(
        self,
        context: ErrorContext,
        framing: Framing,
        limits: Limits,
        plain: bool = False,
        charset: str = "utf-8",
        accepts_text: bool = False,
    ) -> None:
        self._context = context
        self._plain = plain
        self._charset = charset
        self._accepts_text = accepts_text
        self._events = Events(limits.line, limits.event, plain, charset) if framing is Framing.SSE else None
        self._lines = Lines(limits.event)
        self._in_a_row = 0
        self._words = ""
        self.skipped = 0

    @property
    def unparsed_text(self) -> str:
        """Return text among the frames that was no part of them, such as a failure in plain words; '' for none."""
        return self._words or (self._events.ignored if self._events else "")

    def message(self, text: str) -> Iterator[Frame]:
        """Yield the frame of one WebSocket message."""
        return self._read([(text, "")])

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """Yield the frames that this chunk completes. Raises Problem behind them if it holds what is too long."""
        if self._events:
            yield from self._read(self._events.feed(chunk))
        else:
            yield from self._read((decode_line(line, self._charset), "") for line in self._lines.feed(chunk))
        if failure := (self._events or self._lines).failure:
            raise failure

    def rest(self) -> Iterator[Frame]:
        """Yield the last frame where its end is missing but it is whole."""
        if self._events:
            return self._read(self._events.rest())
        return self._read([(decode_line(self._lines.rest(), self._charset), "")])

    def _read(self, pieces: Iterable[tuple[str, str]]) -> Iterator[Frame]:
        """Yield the frames of pieces of data with their event names."""
        for data, name in pieces:
            if self._plain:
                yield Frame(data, name)
                continue
            try:
                frame = Frame(_from_json(data), name, data)
            except (ValueError, RecursionError):
                yield from self._text(data.strip(), name)
            else:
                if isinstance(frame.data, str):
                    yield from self._string(frame.data, name)
                    continue
                if name.lower() in _END_NAMES and not frame.data:
                    yield Frame(END_MARK, name)
                    continue
                self._in_a_row = 0
                yield frame

    def _string(self, text: str, name: str) -> Iterable[Frame]:
        """Return the frames of a JSON string: of the JSON or the mark in it, as some servers send, or else itself.

        Where the answer is a text, a string is a piece of it: somebody may have said "Done." or "the end".
        """
        if self._accepts_text and text.strip() and not text.lstrip().startswith((END_MARK, "{")):
            return [Frame(text, name)]
        packed = self._split_packed(text.strip(), name) if text.strip() or name else None
        if packed is not None:
            return packed
        if not name:
            self._words = text.strip() or self._words
        return [Frame(text, name)]

    def _split_packed(self, text: str, name: str) -> Sequence[Frame] | None:
        """Return the frames of an end mark, a heartbeat or documents in a row; None for any other text."""
        if text.startswith(END_MARK) or _END_WORD.fullmatch(text) or (not text and name.lower() in _END_NAMES):
            return [Frame(END_MARK, name)]
        if not text or text.lower() in _KEEP_ALIVE:
            return ()
        if documents := split_documents(text):
            self._in_a_row = 0
            return [Frame(document, name) for document in documents]
        return None

    def _text(self, text: str, name: str) -> Iterable[Frame]:
        """Return the frames of data that is not one JSON document; none if it says nothing or is broken."""
        if (frames := self._split_packed(text, name)) is not None:
            return frames
        if name and not text.startswith("{"):
            return [Frame(text, name)]
        self.skipped += 1
        self._in_a_row += 1
        if text[:1] not in "{[":
            self._words = text
        if self._in_a_row >= MAX_BROKEN_FRAMES:
            raise unusable_response(
                self._context, f"{self._in_a_row} broken pieces in a row", redact(self._context, text)
            )
        return ()


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
        self._is_lookup = call.method == "GET" and call.framing is Framing.JSON
        self._frames: FrameDecoder | None = None
        self._depth = self._attempts = 0
        self.whole = False

    @property
    def streamed(self) -> bool:
        """Return True if the body is a stream of frames."""
        return self._frames is not None

    @property
    def skipped_frames(self) -> int:
        """How many frames could not be read."""
        return self._frames.skipped if self._frames else 0

    @property
    def unparsed_text(self) -> str:
        """Return text among the frames that was no part of them."""
        return self._frames.unparsed_text if self._frames else ""

    def feed(self, chunk: bytes) -> Iterable[Frame]:
        """Yield the frames that this chunk completes; none before the end where the body is one document."""
        for piece in self._inflater.feed(chunk):
            if self.streamed and self._inflater.is_bomb:
                raise unusable_response(self._context, f"an answer that unpacks to over {MAX_RATIO} times its size")
            yield from self._feed(piece)

    def _feed(self, chunk: bytes) -> Iterable[Frame]:
        if self._frames is not None:
            return self._frames.feed(chunk)
        self._head += chunk
        if len(self._head) <= PARSE_IN_THREAD:  # a longer one is no document before its end
            self._depth += chunk.count(b"{") + chunk.count(b"[") - chunk.count(b"}") - chunk.count(b"]")
        if len(self._head) > self._limits.body:
            raise too_large(self._context, self._limits.body)
        if self._decided or not self._decide() or self._frames is None:
            return ()
        head, self._head = bytes(self._head), bytearray()
        return self._frames.feed(head)

    def document(self) -> Any:
        """Return the JSON object or list that has come whole, though its body has not ended; None without one."""
        if self._frames is not None or self._depth or len(self._head) > PARSE_IN_THREAD:
            return None
        if not self._head.rstrip().endswith((b"}", b"]")) or self._attempts == MAX_ATTEMPTS:
            return None
        self._attempts += 1
        try:
            return json.loads(decode_text(bytes(self._head), self._label).removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            return None

    async def complete(self) -> list[Frame]:
        """Return the frame of a JSON object or list that came whole before its connection broke; none without one."""
        self._head += self._inflater.rest()
        if self._frames is not None or self._call.framing is Framing.TEXT:
            return []
        frame, _ = await self._parse(decode_text(bytes(self._head), self._label))
        self.whole = frame is not None and isinstance(frame.data, dict | list)
        return [frame] if frame and self.whole else []

    async def finish(self) -> list[Frame]:
        """Return the frames that the end of the body completes. Raises Problem if it is nothing that can be read."""
        rest = self._inflater.rest()
        if self._frames is not None:
            return [*self._frames.feed(rest), *self._frames.rest()]
        self._head += rest
        text = decode_text(bytes(self._head), self._label)
        if self._call.framing is Framing.TEXT and not self._inflater.is_cut:
            if self._is_page(text):
                raise page(self._context, text)
            return [Frame(text)]
        if not text.strip():
            raise unusable_response(self._context, "an empty answer")
        frame, cut = await self._parse(text)
        if frame:
            self.whole = True
            return [frame]
        if self._inflater.is_cut:
            raise unusable_response(self._context, "a compressed answer that ends too early")
        if self._is_page(text) and not cut and not _EVENT_FIELD.match(text[:64].lstrip().encode("utf-8", "replace")):
            raise page(self._context, text[: self._limits.error_body])
        if frames := self._as_lines(text):
            return frames
        if self._call.accepts_text and not (cut or re.match(r"\s*(?:[{<]|data:|event:)", text)):
            self.whole = True
            return [Frame(text)]
        raise unusable_response(
            self._context,
            "JSON that ends too early" if cut else "text that is not JSON",
            "" if cut else redact(self._context, text),
        )

    def _is_page(self, text: str) -> bool:
        """Return True if the body is a web page; where text is wanted, its label alone does not make it one."""
        may_be_text = self._call.accepts_text or self._call.framing is Framing.TEXT
        return is_page(text, "" if may_be_text and not text.lstrip().startswith("<") else self._label)

    def _decide(self) -> bool:
        """Tell an event stream from a document by the first bytes; False if more of them are needed."""
        head = bytes(self._head[:64]).removeprefix(codecs.BOM_UTF8).lstrip()
        line = head.split(b"\n", 1)[0].split(b"\r", 1)[0]
        if codecs.BOM_UTF8.startswith(head) or (
            line == head and any(name.startswith(line) and line != name for name in _FIELD_NAMES)
        ):
            return False
        self._decided = True
        framing = self._call.framing
        if framing is Framing.NDJSON and not _EVENT_FIELD.match(line):
            self._frames = self._frames_of(Framing.NDJSON)
        elif not self._is_lookup and _may_be_events(head, framing):
            self._frames = self._frames_of(Framing.SSE)
        return True

    def _frames_of(self, framing: Framing) -> FrameDecoder:
        call, charset = self._call, charset_of(self._label)
        return FrameDecoder(self._context, framing, self._limits, call.plain, charset, call.accepts_text)

    async def _parse(self, text: str) -> tuple[Frame | None, bool]:
        """Return the frame of a text that is JSON, None for any other, and whether it is JSON that was cut."""
        try:
            text = text.removeprefix("\ufeff").strip("\0")
            data = await asyncio.to_thread(json.loads, text) if len(text) > PARSE_IN_THREAD else json.loads(text)
            if isinstance(data, str) and data.lstrip().startswith(("{", "[")):
                # Packed twice, as by a gateway that takes the body of another server for a text.
                inner, _ = await self._parse(data)
                return inner or Frame(data), False
            return Frame(data, json=text), False
        except json.JSONDecodeError as error:
            return None, text.lstrip()[:1] in ("{", "[") and error.pos >= len(text.rstrip()) - 1
        except (ValueError, RecursionError) as fault:
            what = "that is nested too deeply" if isinstance(fault, RecursionError) else "with a number too long"
            if text.lstrip()[:1] in ("{", "["):
                raise unusable_response(self._context, f"JSON {what}") from None
            return None, False

    def _as_lines(self, text: str) -> list[Frame]:
        """Return the frames of several JSON documents or events one after another; none if it is not that."""
        if documents := split_documents(text):
            return self._joined([Frame(document) for document in documents])
        frames = FrameDecoder(self._context, Framing.SSE, self._limits, accepts_text=self._call.accepts_text)
        lines = [*frames.feed(text.encode("utf-8", "replace") + b"\n"), *frames.rest()]
        unreadable = frames.skipped or not any(isinstance(frame.data, dict) for frame in lines)
        return [] if unreadable else self._joined(lines)

    def _joined(self, frames: list[Frame]) -> list[Frame]:
        """Return the frames of one answer: what a lookup brings in several, such as a list by lines, is one list."""
        documents = [frame.data for frame in frames if frame.data != END_MARK]
        return [Frame(documents)] if self._is_lookup and len(documents) > 1 else frames


def _may_be_events(head: bytes, framing: Framing) -> bool:
    """Return True unless bytes begin a document, or text in UTF-16 or UTF-32, which is decoded as a whole."""
    if 0 in head[:4]:
        return False
    return bool(_EVENT_FIELD.match(head)) or (framing is Framing.SSE and head[:1] not in b'{["<\xff\xfe')


def headers_of(context: ErrorContext, response: httpx.Response) -> dict[str, str]:
    """Return the headers of a response by names in lower case, without secrets."""
    return {name.lower(): context.redactor.text(value) for name, value in response.headers.items()}


async def read_error_body(
    context: ErrorContext, response: httpx.Response, limits: Limits
) -> tuple[Any, Problem | None]:
    """Return the body of an HTTP error, parsed if it is JSON, else as text; and a Problem if it is a web page."""
    body = bytearray()
    label = response.headers.get("content-type", "").lower()
    try:
        inflater = Inflater(context, response.headers.get("content-encoding", ""), limits.error_body)
        async with asyncio.timeout(limits.error_body_timeout):
            async for chunk in response.stream:  # type: ignore[union-attr]
                body += b"".join(inflater.feed(chunk))
                if len(body) > limits.error_body:
                    break
            body += inflater.rest()
    except (httpx.HTTPError, OSError, TimeoutError, Problem):
        pass  # The status alone says enough.
    text = decode_text(bytes(body), label).removeprefix("\ufeff")
    if (data := _document_in(context, text, limits)) is not None:
        return data, None
    text = context.redactor.text(text)
    status = response.status_code
    if is_xml(text):
        return words_of_page(text) or text, None
    if is_page(text, label):
        # A gateway that fails sends a page, too; its status says more than the page does.
        return "", page(context, text, status) if status < 500 and status not in (407, 429) else None
    return text, None


def _document_in(context: ErrorContext, text: str, limits: Limits) -> Any:
    """Return the JSON of an error body, redacted: all of it, its first document, or its first event; else None."""
    with suppress(ValueError, RecursionError):
        return context.redactor.json(json.loads(text))
    with suppress(ValueError, RecursionError):
        document, _ = first_json(text, end_of_gap(text, 0))
        return context.redactor.json(document) if isinstance(document, dict) else None
    with suppress(Problem, RecursionError):
        frames = FrameDecoder(context, Framing.SSE, limits).feed(text.encode("utf-8", "replace") + b"\n\n")
        return context.redactor.json(next((frame.data for frame in frames if isinstance(frame.data, dict)), None))
    return None
