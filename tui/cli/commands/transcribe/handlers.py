"""`modeldeck transcribe`: print a transcript as text, subtitles or JSON."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.cli.commands.transcribe import compare as comparing
from tui.cli.commands.transcribe.recording import recording
from tui.cli.context import CommandContext
from tui.cli.model_call import (
    answering_fallbacks,
    answering_model,
    print_progress,
    print_request,
    trace_option,
    unlock_for_call,
)
from tui.domain import Model, ModelType
from tui.errors import Problem, UsageError
from tui.providers.events import TextDelta, Transcript
from tui.providers.requests import TimestampGranularity
from tui.providers.spec import Provider
from tui.tenancy import models
from tui.tenancy.connections import provider_of
from tui.workspace.playground import calls, fallback
from tui.workspace.playground.compare.comparison import MAX_MODELS
from tui.workspace.playground.fallback import Fallback
from tui.workspace.playground.speech import audio as recordings

if TYPE_CHECKING:
    from tui.providers.client.wire_log import WireLog

_SUBTITLES = {"srt": recordings.as_srt, "vtt": recordings.as_vtt}


async def transcribe(call: CommandContext) -> int | None:
    """Transcribe the speech in a file."""
    named = list(dict.fromkeys(call.args.many("model")))
    if len(named) > 1 or call.args.has("reference"):
        return await _compare(call, named)
    model = answering_model(call, ModelType.SPEECH2TEXT)
    output_format = "json" if call.out.as_json else call.args.one("format", "text")
    provider = provider_of(call.tenant_session, model.provider)
    times = _times(provider, model, output_format)
    limits = provider.audio(model) if provider.audio else None
    with recording(call.args.one("FILE"), limits.size if limits else None) as path:
        recordings.audio_info(path)
        if call.args.has("print"):
            language = call.args.one("language")
            print_request(call, *calls.transcribe_call(call.tenant_session, model, path, language, times))
            return None
        await unlock_for_call(call, model)
        # Saved last: a file that cannot be written must cost no transcript.
        with trace_option(call) as log:
            transcript, instead = await _transcript(call, model, path, times, output_format, log)
            _print(call, model, transcript, output_format, instead)
    return None


async def _compare(call: CommandContext, named: list[str]) -> int:
    """Transcribe with every model named, and measure the transcripts against the reference text."""
    if call.args.one("format", "text") not in ("text", "json"):
        raise UsageError("Several models, or a reference text, go with --format text or json.")
    if call.args.has("trace"):
        raise UsageError("--trace saves the requests of one model.", "Leave --trace or the other models out.")
    chosen = [models.find(call.tenant_session, ref, ModelType.SPEECH2TEXT) for ref in named]
    chosen = chosen or [answering_model(call, ModelType.SPEECH2TEXT)]
    if len(chosen) > MAX_MODELS:
        raise UsageError(f"Up to {MAX_MODELS} models are compared.")
    with recording(call.args.one("FILE"), None) as path:
        recordings.audio_info(path)
        return await comparing.compare(call, chosen, path, comparing.reference_of(call))


async def _transcript(
    call: CommandContext,
    model: Model,
    path: Path,
    times: TimestampGranularity,
    output_format: str,
    log: "WireLog | None",
) -> tuple[Transcript, Fallback | None]:
    """Return the transcript, and what answered in place of the model; of one that fails, print what came of its text.

    Subtitles need timestamps, which a fallback may not have: then it is not asked.
    """
    language = call.args.one("language")
    transcript, partial, instead = Transcript(""), "", None
    fallbacks = () if output_format in _SUBTITLES else answering_fallbacks(call, model)
    try:
        request = fallback.transcribe(call.tenant_session, model, fallbacks, path, language, times, log)
        async with aclosing(request) as events:
            async for event in events:
                if isinstance(event, Transcript):
                    transcript = event
                elif isinstance(event, TextDelta):
                    partial += event.text
                elif isinstance(event, Fallback):
                    if event.answering:
                        instead = event
                        call.out.note(event.words)
                else:
                    print_progress(call.out, event)
    except (Problem, asyncio.CancelledError) as ended:
        if text := transcript.text or partial:
            if output_format == "json":
                call.out.json(_shape(model, replace(transcript, text=text), instead, complete=False))
            elif output_format == "text":
                call.out.line(text)
        if isinstance(ended, asyncio.CancelledError):
            call.out.note("■ Stopped; the text is incomplete." if text else "■ Stopped.")
        raise
    return transcript, instead


def _times(provider: Provider, model: Model, output_format: str) -> TimestampGranularity:
    """Return which timestamps to request: those that the format needs and the model has.

    Raises:
        UsageError: if subtitles are wanted of a model without timestamps.
    """
    limits = (audio := provider.audio) and audio(model)
    if output_format == "text" or not limits:
        return TimestampGranularity.NONE
    if TimestampGranularity.SENTENCE in limits.times:
        return TimestampGranularity.SENTENCE
    if output_format in _SUBTITLES:
        raise UsageError(
            f"{model.ref} returns no timestamps, so there are no subtitles.",
            "Use --format text or json, or another model.",
        )
    return TimestampGranularity.NONE


def _print(
    call: CommandContext, model: Model, transcript: Transcript, output_format: str, instead: Fallback | None
) -> None:
    if output_format == "json":
        call.out.json(_shape(model, transcript, instead, complete=True))
    elif output_format == "text":
        call.out.line(transcript.text)
    elif not transcript.segments:
        call.out.line(transcript.text)
        raise Problem("The transcript has no timestamps, so there are no subtitles.", "Its text is on standard output.")
    else:
        call.out.line(_SUBTITLES[output_format](transcript.segments).rstrip("\n"))


def _shape(model: Model, transcript: Transcript, instead: Fallback | None, *, complete: bool) -> dict[str, Any]:
    return {
        "model": (instead.model if instead else model).ref,
        "fallback": instead.as_json() if instead else None,
        "text": transcript.text,
        "complete": complete,
        "language": transcript.language,
        "duration": transcript.duration or None,
        "segments": [
            {"start": segment.start, "end": segment.end, "text": segment.text} for segment in transcript.segments
        ],
    }
