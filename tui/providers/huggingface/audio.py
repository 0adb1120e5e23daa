"""Transcription requests (hub-docs, automatic speech recognition; inference toolkit, handler.py)."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from tui.domain import Model
from tui.providers.dialects.transcripts import TranscriptReader
from tui.providers.dialects.values import text, time_or_nan
from tui.providers.events import Event, Segment, Transcript
from tui.providers.huggingface.tgi import OTHER_TASK, error_in
from tui.providers.requests import (
    ApiError,
    Base64File,
    Call,
    Reader,
    TimestampGranularity,
    TranscriptionRequest,
    Upload,
)
from tui.providers.spec import AudioLimits

LIMITS = AudioLimits(
    ("flac", "mp3", "wav", "ogg", "webm", "m4a"),
    25 * 1024 * 1024,
    (TimestampGranularity.NONE, TimestampGranularity.SENTENCE),
)
_MEDIA = {"audio/mp4": "audio/m4a"}
"""The toolkit compares content types letter by letter, and knows this one by another name."""


def audio(model: Model) -> AudioLimits:
    """Return what a model takes and which timestamps it gives."""
    return LIMITS


def transcribe(url: str, request: TranscriptionRequest) -> Call:
    """Return the transcription request: plain bytes, or JSON if timestamps are wanted."""
    if request.times:
        body = {"inputs": Base64File(request.path), "parameters": {"return_timestamps": True}}
        return Call("POST", url, _reader, json=body, accepts_text=True)
    upload = Upload((), request.path, _MEDIA.get(request.media, request.media), request.size, raw=True)
    return Call("POST", url, _reader, upload=upload, accepts_text=True)


def _reader() -> Reader:
    read = TranscriptReader(_transcript, lambda data, event: error_in(data)).read
    return lambda frame: [ApiError(400, code=OTHER_TASK)] if frame and isinstance(frame.data, list) else read(frame)


def _transcript(data: Mapping[str, Any]) -> Iterator[Event]:
    """Yield the transcript of a document; nothing of one without a text."""
    if not isinstance(data.get("text"), str):
        return
    segments = tuple(_segments(data.get("chunks")))
    ends = (end for segment in segments if isfinite(end := segment.end))
    yield Transcript(data["text"].strip(), segments, duration=max(ends, default=0.0))


def _segments(chunks: Any) -> Iterator[Segment]:
    for chunk in chunks if isinstance(chunks, list) else ():
        if isinstance(chunk, dict):
            yield _segment(chunk)


def _segment(chunk: Mapping[str, Any]) -> Segment:
    times = chunk.get("timestamp")
    start, end = times if isinstance(times, list) and len(times) == 2 else (None, None)
    # The last chunk may have no end; what is not a number is put in order by the client.
    return Segment(time_or_nan(start), time_or_nan(end), text(chunk.get("text")).strip())
