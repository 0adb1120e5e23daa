"""Read an answer: bytes as they arrive, frames, events; and decide how it ended.

One reader serves HTTP and WebSocket answers. A connection fills an `Inbox`; `read_answer` empties it:

    connection ──> Inbox ──> BodyDecoder ──frames──> Call.reader ──> results
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from dataclasses import replace
from math import isfinite
from typing import Any, Generic, Protocol, TypeVar

import httpx

from tui.errors import NetworkError, Problem
from tui.providers.client.body import Inflater, decode_text
from tui.providers.client.limits import DRAIN_TIMEOUT, READ_AHEAD, Limits
from tui.providers.client.request import stopped
from tui.providers.client.silence import ConnectionLost, SilenceMonitor, UploadProgress
from tui.providers.client.transport_errors import read_problem
from tui.providers.error_body import is_error
from tui.providers.error_messages import AGAIN, ErrorContext, is_page, page, too_large, unusable_response
from tui.providers.events import (
    AccessToken,
    Event,
    Finish,
    ModelDetails,
    ModelsListed,
    Retrying,
    SearchResults,
    Segment,
    TextDelta,
    ThinkingDelta,
    Transcript,
    Vectors,
)
from tui.providers.requests import MALFORMED, ApiError, Call, EndSeen, Frame, Result
from tui.sanitize import one_line, printable

_TEXT = (TextDelta, ThinkingDelta)

T = TypeVar("T", bytes, str)
T_contra = TypeVar("T_contra", bytes, str, contravariant=True)


class Decoder(Protocol[T_contra]):
    """Frames out of what arrives."""

    whole: bool

    @property
    def streamed(self) -> bool:
        """Return True if the body is a stream of frames."""

    @property
    def skipped(self) -> int:
        """Return how many frames could not be read."""

    def feed(self, chunk: T_contra) -> Iterator[Frame]:
        """Yield the frames that a chunk completes."""

    async def finish(self) -> list[Frame]:
        """Return the frames left at the end of the body."""


class Inbox(Generic[T]):
    """What has arrived over a connection, filled by a task of its own so that what comes at once is taken at once.

    It holds at most `READ_AHEAD`; beyond that the server has to wait.

    Attributes:
        failure: Why the connection ended, if not in the usual way.
    """

    def __init__(self) -> None:
        self.failure: Problem | None = None
        self._task: asyncio.Task[None] | None = None
        self._items: list[T] = []
        self._size = 0
        self._arrived: asyncio.Future[None] | None = None
        self._room = asyncio.Event()

    def fill(self, task: "asyncio.Task[None]") -> None:
        """Name the task that fills it; its end is the end of the answer."""
        self._task = task
        task.add_done_callback(lambda _: self._notify())

    async def put(self, item: T) -> None:
        """Add an item; wait if too much is here already."""
        self._items.append(item)
        self._size += len(item)
        self._notify()
        if self._size > READ_AHEAD:
            self._room.clear()
            await self._room.wait()

    def pending(self) -> "asyncio.Future[None] | None":
        """Return a future that is done once something is here or the end is; None once everything is taken."""
        assert self._task
        if self._task.done() and not self._items:
            return None
        self._arrived = asyncio.get_running_loop().create_future()
        if self._items or self._task.done():
            self._notify()
        return self._arrived

    def take(self) -> list[T]:
        """Return all that is here, once."""
        items, self._items, self._size = self._items, [], 0
        self._room.set()
        return items

    async def drain(self) -> None:
        """Wait a moment for the end, so that the connection can be used again."""
        assert self._task
        self._room.set()
        await asyncio.wait([self._task], timeout=DRAIN_TIMEOUT)

    def _notify(self) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)


@contextlib.asynccontextmanager
async def http_inbox(context: ErrorContext, response: httpx.Response) -> AsyncIterator[Inbox[bytes]]:
    """Read the body of a response in a task. Leaving the block stops it."""
    inbox: Inbox[bytes] = Inbox()

    async def read() -> None:
        try:
            async for chunk in response.stream:  # type: ignore[union-attr]
                if chunk:
                    await inbox.put(chunk)
        except Exception:
            inbox.failure = read_problem(context)

    task = asyncio.create_task(read())
    inbox.fill(task)
    try:
        yield inbox
    finally:
        await stopped(task)


async def read_answer(
    context: ErrorContext,
    inbox: Inbox[T],
    decoder: Decoder[T],
    call: Call,
    limits: Limits,
    monitor: SilenceMonitor,
    upload: UploadProgress | None = None,
) -> AsyncGenerator[Result, None]:
    """Yield what the reader of a call makes of its answer, and what is to be reported meanwhile.

    Raises:
        NetworkError: The connection or the answer ended too early; what was yielded stays valid.
        Problem: The answer is too large, or nothing that can be read.
    """
    ending = Ending(context, call, decoder)
    size = 0
    try:
        while (pending := inbox.pending()) is not None:
            while not pending.done():
                if event := await monitor.wait(pending, upload):
                    yield event
            for chunk in inbox.take():
                size += len(chunk)
                if size > limits.answer:
                    raise too_large(context, limits.answer)
                if not decoder.streamed:
                    monitor.reset()
                for frame in decoder.feed(chunk):
                    for result in ending.results(frame):
                        monitor.reset()
                        if isinstance(result, EndSeen):
                            ending.seen = True
                            monitor.expect_end()
                            continue
                        yield ending.checked(result)
                        if ending.reached(result):
                            await inbox.drain()
                            return
    except ConnectionLost:
        lost = True
    else:
        lost = inbox.failure is not None
    if lost and not ending.may_end(size):
        raise inbox.failure or read_problem(context)
    if not lost and (size or not ending.may_be_empty):
        for frame in await decoder.finish():
            for result in ending.results(frame):
                if not isinstance(result, EndSeen):
                    yield ending.checked(result)
                    if ending.reached(result):
                        return
    for result in ending.results(None):
        if not isinstance(result, EndSeen):
            yield ending.checked(result)


class Ending:
    """Decides how an answer ended, for all calls.

    It is complete after a finish reason, an end mark, or a whole JSON document. Readers yield a `Finish` without a
    reason where they saw neither of the first two; the bytes tell the third.

    Attributes:
        seen: Whether a finish reason has come, so that nothing but usage and an end mark is missing.
    """

    def __init__(self, context: ErrorContext, call: Call, decoder: Decoder[Any]) -> None:
        self._context = context
        self._call = call
        self._decoder = decoder
        self._read = call.reader()
        self._text = False
        self.seen = False

    def results(self, frame: Frame | None) -> Iterator[Result]:
        """Yield what the reader makes of a frame, or the server's own account of a failure where that is nothing."""
        ignored = frame is not None
        for result in self._read(frame):
            ignored = False
            if frame is not None and isinstance(result, ApiError) and result.code == MALFORMED and is_error(frame.data):
                yield self._context.provider.parse_error(0, {}, frame.data)
            else:
                yield result
        if ignored and frame is not None and not self._call.plain and is_error(frame.data):
            yield self._context.provider.parse_error(0, {}, frame.data)

    @property
    def may_be_empty(self) -> bool:
        """Whether the call takes an end before the first byte as an answer."""
        return self._call.idle_timeout > 0 or 0 in self._call.accepted_statuses

    def may_end(self, size: int) -> bool:
        """Return True if a connection that broke after `size` bytes is the end of an answer all the same."""
        return self.seen or self._call.idle_timeout > 0 or (not size and 0 in self._call.accepted_statuses)

    def checked(self, result: Result) -> Result:
        """Return the result as it is to be yielded. Raises Problem for the end of an answer that is incomplete."""
        if isinstance(result, _TEXT):
            self._text = True
            return result
        if not isinstance(result, Finish):
            return _vectors(self._context, result) if isinstance(result, Vectors) else result
        if count := self._decoder.skipped:
            pieces = f"{count} piece" if count == 1 else f"{count} pieces"
            raise Problem(f"{pieces} of the answer could not be read. The answer is incomplete.", AGAIN)
        if result.reason:
            return result
        if self._decoder.whole and self._text:
            return replace(result, reason="stop", complete=True)
        if self._decoder.whole:
            raise unusable_response(self._context, "an answer without text")
        raise NetworkError(f"The answer from {self._context.label} stopped before its end. It is incomplete.", AGAIN)

    def reached(self, result: Result) -> bool:
        """Return True if nothing more is to be read: the answer has finished, or a stream goes on in another call."""
        return isinstance(result, Finish) or (isinstance(result, Call) and self._decoder.streamed)


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
                body += inflater.feed(chunk)
                if len(body) > limits.error_body:
                    break
    except (httpx.HTTPError, OSError, TimeoutError, Problem):
        pass  # The status alone says enough.
    text = decode_text(bytes(body), label).removeprefix("\ufeff")
    try:
        return context.redactor.json(json.loads(text)), None
    except (ValueError, RecursionError):
        pass
    text = context.redactor.text(text)
    status = response.status_code
    if is_page(text, label):
        # A gateway that fails sends a page, too; its status says more than the page does.
        return "", page(context, text, status) if status < 500 and status not in (407, 429) else None
    return text, None


def sanitized(event: Event) -> Event | None:
    """Return the event with its texts fit for a terminal and its times in order; None if nothing of it is left."""
    match event:
        case TextDelta(text) | ThinkingDelta(text):
            text = printable(text)
            return type(event)(text) if text else None
        case AccessToken():
            return None
        case Transcript():
            language = one_line(event.language, 40)
            duration = event.duration if isfinite(event.duration) and event.duration > 0 else 0.0
            segments = tuple(_in_order(event.segments, duration))
            return replace(event, text=printable(event.text), segments=segments, language=language, duration=duration)
        case ModelsListed(models):
            # A changed id would name no model.
            usable = tuple(model for model in models if model.id and model.id == one_line(model.id))
            return replace(event, models=usable)
        case SearchResults(hits):
            # Neither would a changed id that a search returned.
            usable_hits = (hit for hit in hits if hit.id and hit.id == one_line(hit.id))
            return SearchResults(
                tuple(replace(hit, note=one_line(hit.note), label=one_line(hit.label)) for hit in usable_hits)
            )
        case ModelDetails():
            return replace(event, note=one_line(event.note))
        case Finish():
            return replace(event, reason=one_line(event.reason, 60), note=one_line(event.note))
        case Retrying():
            return replace(event, reason=one_line(event.reason, 60))
    return event


def _vectors(context: ErrorContext, event: Vectors) -> Vectors:
    """Return vectors of one size that hold finite numbers only. Raises Problem for any other."""
    if len({len(vector) for vector in event.vectors}) > 1:
        raise unusable_response(context, "embeddings of different sizes")
    if not all(isfinite(number) for vector in event.vectors for number in vector):
        raise unusable_response(context, "an embedding with a value that is not a finite number")
    return event


def _in_order(segments: Iterable[Segment], duration: float) -> Iterator[Segment]:
    """Yield the segments with times that hold: finite, none before its beginning.

    A missing start is the end before it; a missing end is the next start, else the duration, else the start.
    """
    listed = list(segments)
    last = 0.0
    for position, segment in enumerate(listed):
        start = segment.start if isfinite(segment.start) and segment.start >= 0 else last
        end = segment.end
        if not isfinite(end) or end < start:
            later = next((other.start for other in listed[position + 1 :] if isfinite(other.start)), duration)
            end = max(start, later)
        last = end
        yield replace(segment, start=start, end=end, text=printable(segment.text))
