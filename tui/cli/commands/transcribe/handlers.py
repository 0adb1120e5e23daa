"""`modeldeck transcribe`: print a transcript as text, subtitles or JSON."""

from contextlib import aclosing
from typing import Any

from tui.cli.context import CommandContext
from tui.cli.model_call import answering_model, begin, print_progress, print_request
from tui.domain import Model, ModelType
from tui.errors import Problem, UsageError
from tui.providers.events import TextDelta, Transcript
from tui.providers.requests import TimestampGranularity
from tui.providers.spec import Provider
from tui.storage.user_file import local_path
from tui.tenancy.connections import provider_of
from tui.workspace.playground import audio as recordings
from tui.workspace.playground import calls

_SUBTITLES = {"srt": recordings.as_srt, "vtt": recordings.as_vtt}


async def transcribe(call: CommandContext) -> None:
    """Transcribe the speech in a file."""
    model = answering_model(call, ModelType.SPEECH2TEXT)
    wanted = "json" if call.out.as_json else call.args.one("format", "text")
    path = local_path(call.args.one("FILE"))
    times = _times(provider_of(call.tenant_session, model.provider), model, wanted)
    recordings.audio_info(path)
    language = call.args.one("language")
    if call.args.has("print"):
        print_request(call, *calls.transcribe_call(call.tenant_session, model, path, language, times))
        return
    await begin(call, model)
    transcript, partial = Transcript(""), ""
    async with aclosing(calls.transcribe(call.tenant_session, model, path, language, times)) as events:
        try:
            async for event in events:
                if isinstance(event, Transcript):
                    transcript = event
                elif isinstance(event, TextDelta):
                    partial += event.text
                else:
                    print_progress(call.out, event)
        except Problem:
            if partial and wanted == "text":
                call.out.line(partial)
            raise
    _print(call, model, transcript, wanted)


def _times(provider: Provider, model: Model, wanted: str) -> TimestampGranularity:
    """Return which timestamps to request: those that the format needs and the model has.

    Raises:
        UsageError: if subtitles are wanted of a model without timestamps.
    """
    limits = (audio := provider.audio) and audio(model)
    if wanted == "text" or not limits:
        return TimestampGranularity.NONE
    if TimestampGranularity.SENTENCE in limits.times:
        return TimestampGranularity.SENTENCE
    if wanted in _SUBTITLES:
        raise UsageError(
            f"{model.ref} returns no timestamps, so there are no subtitles.",
            "Use --format text or json, or another model.",
        )
    return TimestampGranularity.NONE


def _print(call: CommandContext, model: Model, transcript: Transcript, wanted: str) -> None:
    if wanted == "json":
        call.out.json(_shape(model, transcript))
    elif wanted == "text":
        call.out.line(transcript.text)
    elif not transcript.segments:
        call.out.line(transcript.text)
        raise Problem("The transcript has no timestamps, so there are no subtitles.", "Its text is on standard output.")
    else:
        call.out.line(_SUBTITLES[wanted](transcript.segments).rstrip("\n"))


def _shape(model: Model, transcript: Transcript) -> dict[str, Any]:
    return {
        "model": model.ref,
        "text": transcript.text,
        "language": transcript.language,
        "duration": transcript.duration,
        "segments": [
            {"start": segment.start, "end": segment.end, "text": segment.text} for segment in transcript.segments
        ],
    }
