"""Read a response as it arrives: bytes, frames, events, and how it ended.

One reader serves HTTP and WebSocket answers. A connection fills an `Inbox`; an `Answer` empties it:

    connection ──> Inbox ──> BodyDecoder ──frames──> Call.reader ──> results
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from math import isfinite
from typing import Any, Generic, Protocol, TypeVar

from tui.errors import IncompleteAnswer, Problem
from tui.providers.client.limits import Limits
from tui.providers.client.read_ahead import Inbox, T
from tui.providers.client.redaction import AnswerRedactor
from tui.providers.client.silence import ConnectionLost, SilenceMonitor, UploadProgress
from tui.providers.client.sse import END_MARK
from tui.providers.client.transport_errors import read_problem
from tui.providers.dialects.answer_text import join_pieces
from tui.providers.dialects.finish_reasons import end_reason, is_failure
from tui.providers.dialects.finish_reasons import finish as finish_with
from tui.providers.dialects.wrappers import inner_documents
from tui.providers.error_body import as_text, is_error, words_in
from tui.providers.error_messages import RESEND, ErrorContext, redact, too_large, unusable_response
from tui.providers.events import (
    DELTAS,
    AccessToken,
    Event,
    Finish,
    ModelDetails,
    ModelsListed,
    Retrying,
    SearchResults,
    Segment,
    Transcript,
    Vectors,
)
from tui.providers.requests import MALFORMED, ApiError, Call, EndFrame, Frame, Framing, RemoteJob, Result
from tui.sanitize import is_id, one_line, printable

AnswerResult = Event | ApiError | Call | RemoteJob
"""What an answer yields: the results of its reader but for `EndFrame`, which is about the answer itself."""

_MAX_FLOAT = 3.4028235e38
"""The largest 32-bit float. Models compute with those, and a larger number would become an infinite one in a file."""

T_contra = TypeVar("T_contra", bytes, str, contravariant=True)


class Decoder(Protocol[T_contra]):
    """Frames out of what arrives."""

    whole: bool

    @property
    def streamed(self) -> bool:
        """Return True if the body is a stream of frames."""

    @property
    def skipped_frames(self) -> int:
        """Return how many frames could not be read."""

    @property
    def unparsed_text(self) -> str:
        """Return text among the frames that was no part of them, '' for none."""

    def document(self) -> Any:
        """Return the JSON document that has come whole though its body has not ended; None without one."""

    async def complete(self) -> list[Frame]:
        """Return the frame of a JSON document that came whole before the connection broke."""

    def feed(self, chunk: T_contra) -> Iterable[Frame]:
        """Return the frames that a chunk completes."""

    async def finish(self) -> list[Frame]:
        """Return the frames left at the end of the body."""


class Answer(Generic[T]):
    """One answer as it arrives: what its call makes of it, and how it ended.

    Take turns: `wait` until something has arrived, then read `results`, until `over`.

    An answer is complete after a finish reason, an end mark, or a whole JSON document. Readers yield a `Finish` without
    a reason where they saw neither of the first two; the bytes tell the third.

    Attributes:
        over: Whether the answer has ended and all of its results were read.
    """

    def __init__(
        self,
        context: ErrorContext,
        inbox: Inbox[T],
        decoder: Decoder[T],
        call: Call,
        limits: Limits,
        monitor: SilenceMonitor,
        upload: UploadProgress | None = None,
    ) -> None:
        self._context = context
        self._inbox: Inbox[T] = inbox
        self._decoder: Decoder[T] = decoder
        self._call = call
        self._limits = limits
        self._monitor = monitor
        self._upload = upload
        self._reader = call.reader()
        self._size = 0
        self._text = self._has_end = self._marked = self._yielded = False
        self._skipped_before_end = self._unread = 0
        self._may_be_empty = call.idle_timeout > 0 or 0 in call.accepted_statuses
        self._unread_document = self._end_reason = ""
        self._tail: list[Frame | None] | None = None
        self.over = False

    async def wait(self) -> Event | None:
        """Wait until something has arrived or the end has come. Return an event if there is one to report before.

        Raises:
            NetworkError: Nothing useful was received in time, or the connection broke too early.
            Problem: The body is nothing that can be read.
        """
        try:
            pending = self._inbox.pending()
            while pending is not None and not pending.done():
                if event := await self._monitor.wait(pending, self._upload):
                    return event
        except ConnectionLost:
            self._tail = [*await self._finish(lost=True), None]
            return None
        if pending is None:
            self._tail = [*await self._finish(self._inbox.failure is not None), None]
        return None

    def results(self) -> Iterator[AnswerResult]:
        """Yield what the reader makes of all that has arrived; what was yielded before an error stays valid.

        Pieces of text that arrived together are one.

        Raises:
            IncompleteAnswer: The answer ended too early.
            Problem: The answer is too large, or nothing that can be read.
        """
        yield from join_pieces(self._results(), self._text)

    def _results(self) -> Iterator[AnswerResult]:
        if self._tail is not None:
            yield from self._read(self._tail)
            if not (self._yielded or self._may_be_empty or self._decoder.whole):
                # An answer that is no text has no end of its own at which this is told.
                what = "pieces that cannot be read" if self._skipped_frames else "an answer without content"
                raise unusable_response(self._context, what, redact(self._context, self._decoder.unparsed_text))
            self.over = True
        for chunk in self._inbox.take():
            first = chunk[: self._limits.answer - self._size]
            self._size += len(chunk)
            if not self._decoder.streamed and first.strip():
                self._monitor.receive(len(first))
            yield from self._read(self._frames(first))
            if self.over:
                return
            if self._size > self._limits.answer:
                raise too_large(self._context, self._limits.answer)
            if self._is_whole(self._decoder.document()):
                self._monitor.expect_end()

    async def drain(self) -> None:
        """Wait a moment for the end of the body, so that the connection can be used again."""
        if self._tail is None:
            await self._inbox.drain()

    def _frames(self, chunk: T) -> Iterator[Frame]:
        """Yield the frames that a chunk completes. Behind the end of an answer, what cannot be read is passed over."""
        try:
            yield from self._decoder.feed(chunk)
        except Problem:
            if not self._has_end:
                raise

    def _results_of(self, frame: Frame | None) -> Iterator[Result]:
        """Yield what the reader makes of a frame, or the failure that a frame tells of which no reader knows."""
        try:
            ignored = True
            for result in self._reader(frame):
                inner = self._unwrapped(frame) if frame is not None and _is_malformed(result) else []
                ignored = False
                yield from inner or (result,)
            if ignored and frame is not None and (inner := self._unwrapped(frame)):
                ignored = False
                yield from inner
            if ignored and frame is not None and not self._call.plain:
                if _is_failed(frame) or (self._decoder.whole and words_in(frame.data)):
                    yield self._context.provider.parse_error(0, {}, words_in(frame.data) or frame.data)
                elif reason := end_reason(frame.data):
                    self._end_reason = reason
                    yield EndFrame()
                # A body that is one JSON string is no answer at all, which its end tells.
                self._unread += self._decoder.streamed and _is_unread_text(frame)
                if self._decoder.whole:
                    self._unread_document = redact(self._context, as_text(frame.data))
        except RecursionError:
            raise unusable_response(self._context, "JSON that is nested too deeply") from None

    def _unwrapped(self, frame: Frame) -> list[Result]:
        """Return what the reader makes of the documents within a frame; nothing if they are no answer either."""
        results: list[Result] = []
        for document in () if self._call.plain else inner_documents(frame.data):
            inside = Frame(document, frame.event)
            results += list(self._reader(inside)) or self._unwrapped(inside)
        return [result for result in results if not _is_malformed(result)]

    @property
    def _skipped_frames(self) -> int:
        """Frames that could not be read so far, by the decoder or by the reader."""
        return self._decoder.skipped_frames + self._unread

    def _on_body_end(self) -> None:
        if not self._has_end:
            self._has_end = True
            self._skipped_before_end = self._skipped_frames
        self._monitor.expect_end()

    def _read(self, frames: Iterable[Frame | None]) -> Iterator[AnswerResult]:
        for frame in frames:
            if _is_end_mark(frame):
                self._marked = True
                self._on_body_end()
            for result in self._results_of(frame):
                self._monitor.reset()
                if isinstance(result, DELTAS):
                    self._yielded = True
                    # What told an end before was about something else.
                    self._end_reason = ""
                    if not self._text:
                        self._text = True
                        self._monitor.first_token()
                    yield result
                elif isinstance(result, EndFrame):
                    self._on_body_end()
                elif not (_is_end_mark(frame) and _is_malformed(result)):
                    self._yielded = True
                    yield self._check(frame, result)
                    if frame is not None and self._is_last(result):
                        self.over = True
                        return

    def _check(self, frame: Frame | None, result: AnswerResult) -> AnswerResult:
        """Return a result as it is to be yielded. Raises Problem for vectors or an end that cannot be used."""
        if isinstance(result, Finish):
            return self._check_finish(result)
        if isinstance(result, Vectors):
            return _vectors(self._context, result)
        if _is_malformed(result) and frame is not None and (_is_failed(frame) or " " in words_in(frame.data)):
            # The server's own account says more than that its answer is malformed.
            return self._context.provider.parse_error(0, {}, words_in(frame.data) or frame.data)
        return result

    def _check_finish(self, finish: Finish) -> Finish:
        """Return the end of an answer. Raises Problem if it is incomplete."""
        words = redact(self._context, self._decoder.unparsed_text)
        if count := self._skipped_before_end if self._has_end else self._skipped_frames:
            pieces = f"{count} piece" if count == 1 else f"{count} pieces"
            raise Problem(f"{pieces} of the answer could not be read. The answer is incomplete.", RESEND, words)
        if is_failure(finish.reason):
            reason = one_line(self._context.redactor.text(finish.reason), 60)
            raise Problem(
                f"{self._context.label} failed during its answer ({reason}). It is incomplete.", RESEND, words
            )
        if finish.reason:
            return finish
        if (self._decoder.whole or self._marked or self._end_reason) and self._text:
            return finish_with(self._end_reason or "stop")
        if self._decoder.whole or self._marked:
            raise unusable_response(self._context, "an answer without text", words or self._unread_document)
        message = f"The answer from {self._context.label} stopped before its end. It is incomplete."
        raise IncompleteAnswer(message, RESEND, words)

    def _is_whole(self, document: Any) -> bool:
        """Return True if a document is a whole answer, where it may also be the first line of a stream."""
        if document is None or self._call.framing not in (Framing.SSE, Framing.NDJSON):
            return document is not None
        # A reader of its own, which is asked for nothing but the end.
        results = () if self._call.plain else self._call.reader()(Frame(document))
        with suppress(RecursionError):
            return any(isinstance(end, EndFrame) or (isinstance(end, Finish) and end.reason) for end in results)
        return False

    def _is_last(self, result: AnswerResult) -> bool:
        """Return True if nothing more is to be read: the answer has finished, or a stream goes on in another call."""
        return isinstance(result, Finish) or (isinstance(result, Call) and self._decoder.streamed)

    async def _finish(self, lost: bool) -> list[Frame]:
        """Return the frames that the end of the body completes. Raises Problem where it must not end yet."""
        resumable, may_be_empty = self._call.idle_timeout > 0, self._may_be_empty
        if lost and not (self._has_end or resumable or (may_be_empty and not self._size)):
            if whole := await self._decoder.complete():
                return whole
            raise self._inbox.failure or read_problem(self._context)
        if lost or (may_be_empty and not self._size):
            return []
        return await self._decoder.finish()


def _is_failed(frame: Frame) -> bool:
    """Return True if a frame that no reader knows tells of a failure."""
    return frame.event == "error" or is_error(frame.data)


def _is_unread_text(frame: Frame) -> bool:
    """Return True if a frame that no reader knows is text of the answer, and no event with a name of its own."""
    return isinstance(frame.data, str) and bool(frame.data.strip()) and not (frame.event or _is_end_mark(frame))


def _is_end_mark(frame: Frame | None) -> bool:
    return frame is not None and frame.data == END_MARK


def _is_malformed(result: Result) -> bool:
    """Return True for what a reader says of data that it can make nothing of."""
    return isinstance(result, ApiError) and result.code == MALFORMED


def show(events: Iterable[Event], redactor: AnswerRedactor) -> Iterator[Event]:
    """Yield events as a person may see them: sanitized, and without secrets."""
    for event in events:
        if (clean := sanitize(event)) is not None:
            yield from redactor.events(clean)


def sanitize(event: Event) -> Event | None:
    """Return the event with its texts fit for a terminal and its times in order; None if nothing of it is left."""
    if isinstance(event, DELTAS):
        text = printable(event.text)
        if text == event.text:
            return event if text else None
        return type(event)(text) if text else None
    match event:
        case AccessToken():
            return None
        case Transcript():
            language = one_line(event.language, 40)
            duration = event.duration if isfinite(event.duration) and event.duration > 0 else 0.0
            segments = tuple(_order_segments(event.segments, duration))
            return replace(event, text=printable(event.text), segments=segments, language=language, duration=duration)
        case ModelsListed(models):
            # A changed id would name no model.
            usable = tuple(model for model in models if model.id and is_id(model.id))
            return replace(event, models=usable)
        case SearchResults(hits):
            # Neither would a changed id that a search returned.
            usable_hits = (hit for hit in hits if hit.id and is_id(hit.id))
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


def check_dimensions(context: ErrorContext, event: Vectors, dimensions: int) -> None:
    """Raise Problem unless each vector has that many numbers."""
    if any(len(vector) != dimensions for vector in event.vectors):
        raise unusable_response(context, "embeddings of different sizes")


def _vectors(context: ErrorContext, event: Vectors) -> Vectors:
    """Return vectors of one size whose numbers a 32-bit float can hold. Raises Problem for any other."""
    check_dimensions(context, event, len(next(iter(event.vectors), ())))
    if not all(_fits(vector) and all(map(isfinite, vector)) for vector in event.vectors):
        raise unusable_response(context, "an embedding with a value that is not a finite 32-bit number")
    return event


def _fits(vector: Sequence[float]) -> bool:
    return not vector or (min(vector) >= -_MAX_FLOAT and max(vector) <= _MAX_FLOAT)


def _order_segments(segments: Iterable[Segment], duration: float) -> Iterator[Segment]:
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
