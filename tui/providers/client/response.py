"""Reading an answer: from bytes to frames to events, with limits on sizes and on silence."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Protocol

import httpx

from tui.errors import NetworkError, Problem
from tui.providers.client.access import Limits
from tui.providers.client.request import stopped
from tui.providers.client.sse import Events, Lines
from tui.providers.client.transport_errors import read_problem
from tui.providers.error_messages import AGAIN, ErrorContext, is_page, page, too_large, unusable_response
from tui.providers.events import (
    AccessToken,
    Event,
    Finish,
    ModelDetails,
    ModelsListed,
    NoResponseYet,
    Notice,
    SearchResults,
    TextDelta,
    ThinkingDelta,
    Transcript,
    Uploading,
)
from tui.providers.requests import ApiError, Call, Frame, Framing, RemoteJob
from tui.sanitize import one_line, printable

Result = Event | ApiError | Call | RemoteJob
"""What a reader makes of an answer: events, refusals, and what is about the call itself."""

_TICK = 0.25
_DRAIN = 0.05
_AHEAD = 256 << 10
_BROKEN_MOST = 3
_IN_THREAD = 256 << 10


class Sending(Protocol):
    """How much of a file went out, of `size`."""

    size: int
    sent: int


class ConnectionLost(NetworkError):
    """The connection of a call with patience brought no more. It is not told, as the reader knows another way."""


class SilenceMonitor:
    """Waits for the other side and tells of its silence, by what is of use and not by what keeps a line open."""

    def __init__(self, place: ErrorContext, limits: Limits, soon: bool, patience: float = 0.0) -> None:
        """`soon` says that something of use is to come soon; `patience` is a shorter limit that the call has."""
        self._place = place
        self._silence = limits.notice_after
        self._limit = limits.stream_timeout if soon else limits.response_timeout
        self._patience = patience
        if patience:
            self._limit = min(self._limit, patience)
        self._sent = 0
        self._told = 0
        self._heard = time.monotonic()

    def heard(self) -> None:
        """Something of use came, or went out."""
        self._heard = time.monotonic()
        self._told = 0

    async def wait(self, pending: "asyncio.Future[Any]", upload: "Sending | None" = None) -> Event | None:
        """Wait until it is done or something is to be told. Raises when it has been silent for too long."""
        due = min(self._silence * (self._told + 1), self._limit)
        timeout = self._heard + due - time.monotonic()
        if upload and upload.sent < upload.size:
            timeout = min(timeout, _TICK)
        if timeout > 0:
            await asyncio.wait([pending], timeout=timeout)
        if upload and upload.sent != self._sent:
            self._sent = upload.sent
            self.heard()
            return Uploading(upload.sent, upload.size)
        silent = time.monotonic() - self._heard
        if silent < due or pending.done():
            return None
        if silent >= self._limit:
            kind = ConnectionLost if self._patience else NetworkError
            label = self._place.label
            raise kind(f"{label} sent nothing of use for {self._limit:.0f} s. The call was given up.", AGAIN)
        self._told += 1
        return NoResponseYet(silent, self._limit)


async def read_response(
    place: ErrorContext, response: httpx.Response, call: Call, limits: Limits, watch: SilenceMonitor
) -> AsyncGenerator[Result, None]:
    """The events of an answer with a status of success; the reader's refusals and next steps are among them."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise unusable_response(place, f"its answer packed as {one_line(encoding, 20)}, which was not asked for")
    kind = response.headers.get("content-type", "").lower()
    framing = call.framing
    if framing in (Framing.SSE, Framing.NDJSON) and ("html" in kind or kind.startswith("application/json")):
        # A server that passes over "stream" answers in one piece.
        framing = Framing.JSON
    async with aclosing(_received(place, response, call, limits, watch)) as received:
        read = _whole if framing in (Framing.JSON, Framing.TEXT) else _pieces
        async with aclosing(read(place, received, replace(call, framing=framing), limits, watch, kind)) as results:
            async for result in results:
                yield result
                if isinstance(result, Finish) or (isinstance(result, Call) and read is _pieces):
                    # The body's end most often lies in the same packet; with it the connection can serve again.
                    await _drained(received)
                    return


async def read_error_body(place: ErrorContext, response: httpx.Response, limits: Limits) -> tuple[Any, Problem | None]:
    """The body of a refusal as far as it comes, parsed if it is JSON; and a Problem if it is a web page."""
    body = bytearray()
    try:
        async with asyncio.timeout(limits.refusal_time):
            async for chunk in response.stream:  # type: ignore[union-attr]
                body += chunk
                if len(body) > limits.refusal:
                    break
    except (httpx.HTTPError, OSError, TimeoutError):
        pass  # The status alone says enough.
    text = body.decode("utf-8", "replace")
    status = response.status_code
    if is_page(text, response.headers.get("content-type", "").lower()):
        # A gateway that fails sends a page, too; its status says more than the page does.
        return "", page(place, text, status) if status < 500 and status not in (407, 429) else None
    try:
        return json.loads(text), None
    except (ValueError, RecursionError):
        return text, None


def cleaned(event: Event) -> Event | None:
    """The event with its texts fit for a terminal; None if nothing is left of it."""
    match event:
        case AccessToken():
            return None
        case TextDelta(text) | ThinkingDelta(text):
            text = printable(text)
            return type(event)(text) if text else None
        case Transcript():
            segments = tuple(replace(each, text=printable(each.text)) for each in event.segments)
            language = one_line(event.language, 40)
            return replace(event, text=printable(event.text), segments=segments, language=language)
        case ModelsListed(models):
            # A changed id would name no model.
            return replace(event, models=tuple(each for each in models if each.id and each.id == one_line(each.id)))
        case SearchResults(hits):
            # Neither would a changed id that was found.
            kept = (each for each in hits if each.id and each.id == one_line(each.id))
            return SearchResults(
                tuple(replace(each, note=one_line(each.note), label=one_line(each.label)) for each in kept)
            )
        case ModelDetails():
            return replace(event, note=one_line(event.note))
        case Finish():
            return replace(event, reason=one_line(event.reason, 60), note=one_line(event.note))
    return event


async def _received(
    place: ErrorContext, response: httpx.Response, call: Call, limits: Limits, watch: SilenceMonitor
) -> AsyncGenerator[bytes | Event, None]:
    """The bytes of the body as they come, and what is to be told meanwhile."""
    arriving = _Arriving(response.stream)  # type: ignore[arg-type]
    size = 0
    try:
        while (pending := arriving.awaited()) is not None:
            while not pending.done():
                event = await watch.wait(pending)
                if event:
                    yield event
            for chunk in arriving.taken():
                size += len(chunk)
                if size > limits.answer:
                    raise too_large(place, limits.answer)
                if chunk:
                    yield chunk
    finally:
        await stopped(arriving.reading)
    fault = arriving.reading.exception()
    if isinstance(fault, Exception) and (size or 0 not in call.accepted_statuses):
        problem = read_problem(place)
        raise ConnectionLost(problem.message, problem.hint) if call.idle_timeout else problem


class _Arriving:
    """The chunks of a body, read by a task of its own, so that what comes at once is taken at once.

    What is read ahead is bounded; beyond it the other side waits.
    """

    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._chunks: list[bytes] = []
        self._held = 0
        self._came: asyncio.Future[None] | None = None
        self._room = asyncio.Event()
        self.reading = asyncio.ensure_future(self._read(stream))

    async def _read(self, stream: AsyncIterable[bytes]) -> None:
        try:
            async for chunk in stream:
                self._chunks.append(chunk)
                self._held += len(chunk)
                self._tell()
                if self._held > _AHEAD:
                    self._room.clear()
                    await self._room.wait()
        finally:
            self._tell()

    def _tell(self) -> None:
        if self._came is not None and not self._came.done():
            self._came.set_result(None)

    def awaited(self) -> "asyncio.Future[None] | None":
        """What is done as soon as something has come, or the end; None once all is taken."""
        if self.reading.done() and not self._chunks:
            return None
        self._came = asyncio.get_running_loop().create_future()
        if self._chunks:
            self._tell()
        return self._came

    def taken(self) -> list[bytes]:
        """All that has come, once."""
        chunks, self._chunks, self._held = self._chunks, [], 0
        self._room.set()
        return chunks


async def _whole(
    place: ErrorContext,
    received: AsyncIterator[bytes | Event],
    call: Call,
    limits: Limits,
    watch: SilenceMonitor,
    kind: str,
) -> AsyncGenerator[Result, None]:
    body = bytearray()
    async for item in received:
        if not isinstance(item, bytes):
            yield item
            continue
        watch.heard()
        body += item
        if len(body) > limits.body:
            raise too_large(place, limits.body)
    if is_page(body[:256].decode("utf-8", "replace"), kind):
        raise page(place, body[: limits.refusal].decode("utf-8", "replace"))
    if not body.strip() and call.framing is Framing.JSON:
        raise unusable_response(place, "an empty answer")
    read = call.reader()
    data = body.decode("utf-8", "replace") if call.framing is Framing.TEXT else await _parsed(place, body)
    for result in read(Frame(data)):
        yield result
    for result in read(None):
        yield result


async def _pieces(
    place: ErrorContext,
    received: AsyncIterator[bytes | Event],
    call: Call,
    limits: Limits,
    watch: SilenceMonitor,
    kind: str,
) -> AsyncGenerator[Result, None]:
    frames = FrameDecoder(place, call.framing, limits, call.plain)
    read = call.reader()
    first = True
    async for item in _to_its_end(received):
        if not isinstance(item, bytes):
            yield item
            continue
        if first and is_page(item[:256].decode("utf-8", "replace")):
            raise page(place, item.decode("utf-8", "replace"))
        first = False
        for frame in frames.feed(item):
            for result in read(frame):
                watch.heard()
                if isinstance(result, Finish) and frames.skipped:
                    yield frames.notice
                yield result
    for frame in frames.rest():
        for result in read(frame):
            yield result
    if frames.skipped:
        yield frames.notice
    for result in read(None):
        yield result


async def _to_its_end(received: AsyncIterator[bytes | Event]) -> AsyncGenerator[bytes | Event, None]:
    try:
        async for item in received:
            yield item
    except ConnectionLost:
        return


class FrameDecoder:
    """Frames out of bytes; what should be JSON and is not is skipped and counted, three in a row are refused."""

    def __init__(self, place: ErrorContext, framing: Framing, limits: Limits, plain: bool = False) -> None:
        self._place = place
        self._plain = plain
        self._events = Events(limits.line, limits.event) if framing is Framing.SSE else None
        self._lines = Lines(limits.event)
        self._in_a_row = 0
        self.skipped = 0

    @property
    def notice(self) -> Notice:
        one = self.skipped == 1
        return Notice(f"{self.skipped} {'piece' if one else 'pieces'} of the answer could not be read.")

    def message(self, text: str) -> Iterator[Frame]:
        """The frame of one message of a WebSocket."""
        yield from self._frame(text)

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        if self._events:
            for data, name in self._events.feed(chunk):
                yield from self._frame(data, name)
        else:
            for line in self._lines.feed(chunk):
                yield from self._frame(line.decode("utf-8", "replace"))

    def rest(self) -> Iterator[Frame]:
        """A last JSON line needs no line end; a last event does."""
        if not self._events:
            yield from self._frame(self._lines.rest().decode("utf-8", "replace"))

    def _frame(self, data: str, name: str = "") -> Iterator[Frame]:
        if self._plain:
            yield Frame(data, name)
            return
        if not data.strip():
            return
        try:
            frame = Frame(json.loads(data), name)
        except (ValueError, RecursionError):
            if not data.lstrip().startswith("{"):
                yield Frame(data, name)
                return
            self.skipped += 1
            self._in_a_row += 1
            if self._in_a_row >= _BROKEN_MOST:
                raise unusable_response(self._place, f"{self._in_a_row} broken pieces in a row") from None
            return
        self._in_a_row = 0
        yield frame


async def _parsed(place: ErrorContext, body: bytearray) -> Any:
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        # A long list of vectors takes most of a second to parse.
        return await asyncio.to_thread(json.loads, text) if len(text) > _IN_THREAD else json.loads(text)
    except (ValueError, RecursionError):
        pass
    raise unusable_response(place, "text that is not JSON")


async def _drained(received: AsyncIterator[bytes | Event]) -> None:
    pending = asyncio.ensure_future(anext(received, None))
    try:
        await asyncio.wait([pending], timeout=_DRAIN)
    finally:
        await stopped(pending)
