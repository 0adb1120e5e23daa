"""Transcription requests (OpenAI API reference, audio/transcriptions; guide, speech to text)."""

from collections.abc import Iterator, Mapping
from typing import Any

from tui.domain import Model
from tui.providers.dialects import values
from tui.providers.dialects.openai.api import endpoint, error_in
from tui.providers.dialects.openai.usage import usage_of
from tui.providers.dialects.transcripts import TranscriptReader
from tui.providers.dialects.values import seconds, time_or_nan
from tui.providers.events import Event, Segment, Transcript
from tui.providers.requests import Call, Reader, TimestampGranularity, TranscriptionRequest, Upload
from tui.providers.spec import AudioLimits, FieldValues

ENDINGS = ("flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm")
SIZE = 25 * 1024 * 1024


def audio(model: Model) -> AudioLimits:
    """Return what a model takes and which timestamps it gives.

    Whisper models give timestamps of every kind, diarizing models give segments.
    """
    if "whisper" in model.id.lower():
        return AudioLimits(
            ENDINGS, SIZE, (TimestampGranularity.NONE, TimestampGranularity.SENTENCE, TimestampGranularity.WORD)
        )
    if "diarize" in model.id.lower():
        return AudioLimits(ENDINGS, SIZE, (TimestampGranularity.NONE, TimestampGranularity.SENTENCE))
    return AudioLimits(ENDINGS, SIZE)


def transcribe(fields: FieldValues, request: TranscriptionRequest) -> Call:
    """Return the transcription request."""
    parts = [("model", request.model.id), *_format(request)]
    if request.language:
        # gpt-transcribe takes several languages, and only in that form.
        parts.append(("languages[]" if request.model.id.startswith("gpt-transcribe") else "language", request.language))
    upload = Upload(tuple(parts), request.path, request.media, request.size, filename=request.name)
    url = endpoint(fields, "/audio/transcriptions")
    return Call("POST", url, _reader, upload=upload, accepts_text=True)


def _format(request: TranscriptionRequest) -> list[tuple[str, str]]:
    if "diarize" in request.model.id.lower():
        # Recordings over 30 s need a chunking strategy there.
        return [("response_format", "diarized_json" if request.times else "json"), ("chunking_strategy", "auto")]
    if TimestampGranularity.WORD in audio(request.model).times and request.times:
        return [("response_format", "verbose_json"), ("timestamp_granularities[]", request.times.value)]
    return [("response_format", "json")]


def _reader() -> Reader:
    return TranscriptReader(_transcript, error_in).read


def _transcript(data: Mapping[str, Any]) -> Iterator[Event]:
    """Yield the transcript of a document, and its usage; nothing of a document without one."""
    sentences = _segments(data.get("segments"), "text")
    text = data.get("text")
    if not isinstance(text, str) and not sentences:
        return
    if not isinstance(text, str):
        text = " ".join(segment.text for segment in sentences if segment.text)
    language = values.text(data.get("language"))
    words = _segments(data.get("words"), "word")
    yield Transcript(text, words or sentences, language, seconds(data.get("duration")) or 0.0)
    if used := usage_of(data):
        yield used


def _segments(entries: Any, text: str) -> tuple[Segment, ...]:
    entries = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return tuple(
        Segment(time_or_nan(entry.get("start")), time_or_nan(entry.get("end")), _speaker(entry, text))
        for entry in entries
    )


def _speaker(entry: Mapping[str, Any], text: str) -> str:
    spoken = values.text(entry.get(text)).strip()
    speaker = entry.get("speaker")
    return f"{speaker}: {spoken}" if isinstance(speaker, str) and speaker else spoken
