"""Transcription by Replicate models: a small recording as a data URL, others uploaded first.

Replicate HTTP API reference, predictions (input files) and files. Outputs differ from model to model.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from tui.domain import Model
from tui.providers.dialects.openai.api import endpoint, malformed
from tui.providers.dialects.values import time_or_nan
from tui.providers.events import Event, Finish, Segment, Transcript
from tui.providers.replicate import inputs as model_inputs
from tui.providers.replicate import predictions
from tui.providers.replicate.files import MAX_INLINE_SIZE, read_upload
from tui.providers.replicate.inputs import Inputs, ModelInput
from tui.providers.replicate.references import is_known
from tui.providers.requests import (
    ApiError,
    Base64File,
    Call,
    Frame,
    Framing,
    TimestampGranularity,
    TranscriptionRequest,
    Upload,
)
from tui.providers.spec import AudioLimits, FieldValues

_ENDINGS = ("aac", "flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "opus", "wav", "webm")
_SIZE = 100_000_000
_UNKNOWN = Inputs((ModelInput("audio", file=True),))
_TEXTS = ("transcription", "transcript", "translation")


def audio(model: Model) -> AudioLimits:
    """Return the parameters that a model takes; times are given by those whose output has them."""
    inputs = model_inputs.decode(model) or _UNKNOWN
    return AudioLimits(
        _ENDINGS,
        _SIZE,
        (TimestampGranularity.NONE, TimestampGranularity.SENTENCE) if inputs.times else (TimestampGranularity.NONE,),
    )


def transcribe(fields: FieldValues, request: TranscriptionRequest) -> Call:
    """Return the call that begins to turn a recording into text."""
    if request.size <= MAX_INLINE_SIZE:
        return _predict(fields, request, Base64File(request.path, f"data:{request.media};base64,"))
    upload = Upload((), request.path, request.media, request.size, "content", filename=request.name)
    reader = partial(read_upload, fields, partial(_predict, fields, request))
    return Call("POST", endpoint(fields, "/files"), lambda: reader, upload=upload)


def _predict(fields: FieldValues, request: TranscriptionRequest, sound: Base64File | str) -> Call:
    inputs = model_inputs.decode(request.model) or _UNKNOWN
    take = inputs.audio or _UNKNOWN.takes[0]
    values: dict[str, Any] = {take.name: sound}
    language = inputs.by_name("language")
    if request.language and language and (not language.choices or request.language in language.choices):
        values[language.name] = request.language
    return predictions.create(
        fields,
        request.model,
        values,
        predictions.PredictionFollower(fields, partial(_read_transcript, fields, request.times)),
    )


def _read_transcript(
    fields: FieldValues, times: TimestampGranularity, output: Any, prediction: Mapping[str, Any]
) -> Iterator[Event | ApiError | Call]:
    if isinstance(output, list) and output and isinstance(output[0], dict):
        output = output[0]
    data = output if isinstance(output, dict) else {}
    text = predictions.output_text(output)
    if text is None:
        text = next((data[name] for name in _TEXTS if isinstance(data.get(name), str)), None)
    segments = tuple(_segments(data)) if times else ()
    language = next((data[name] for name in ("detected_language", "language") if isinstance(data.get(name), str)), "")
    file = data.get("txt_file")
    if text is None and isinstance(file, str) and is_known(file, fields):
        yield Call("GET", file, lambda: _written, Framing.TEXT)
    elif text is None and not segments and not list(_segments(data)):
        yield malformed("It holds no text.")
    else:
        transcript_text = " ".join(segment.text for segment in _segments(data)) if text is None else text
        yield Transcript(transcript_text.strip(), segments, language)
        yield Finish("succeeded")


def _written(frame: Frame | None) -> Iterator[Event]:
    if frame is not None:
        yield Transcript(str(frame.data).strip())
        yield Finish("succeeded")


def _segments(data: Mapping[str, Any]) -> Iterator[Segment]:
    """Read segments with `start` and `end`, or both in `timestamp`."""
    entries: list[Any] = next((data[name] for name in ("segments", "chunks") if isinstance(data.get(name), list)), [])
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
            continue
        pair = entry.get("timestamp")
        both = pair if isinstance(pair, list) and len(pair) == 2 else (entry.get("start"), entry.get("end"))
        start, end = map(time_or_nan, both)
        yield Segment(start, end, entry["text"].strip())
