"""`modeldeck transcribe`: the speech in a file as text, subtitles or JSON."""

from pathlib import Path
from typing import Any

from tui.cli.answering import answering_model, begin, say_beside
from tui.cli.calling import Calling
from tui.domain import Model, ModelType
from tui.errors import Usage
from tui.providers.spec import Times, Transcript
from tui.workspace import playground


async def transcribe(call: Calling) -> None:
    """Write down the speech in a file."""
    model = answering_model(call, ModelType.SPEECH2TEXT)
    wanted = "json" if call.out.as_json else call.given.one("format", "text")
    path = Path(call.given.one("FILE")).expanduser()
    playground.audio_info(path)
    await begin(call)
    transcript: Transcript | None = None
    times = Times.NONE if wanted == "text" else Times.SENTENCE
    language = call.given.one("language")
    async for event in playground.transcribe(call.desk, call.tenant.id, model, path, language, times):
        if isinstance(event, Transcript):
            transcript = event
        else:
            say_beside(call.out, event)
    _print(call, model, transcript or Transcript(""), wanted)


def _print(call: Calling, model: Model, transcript: Transcript, wanted: str) -> None:
    if wanted == "json":
        call.out.json(_shape(model, transcript))
    elif wanted == "text":
        call.out.line(transcript.text)
    elif not transcript.segments:
        call.out.line(transcript.text)
        raise Usage(f"{model.ref} gives no times, so there are no subtitles; the text is printed.", "--format text")
    else:
        subtitles = playground.as_srt if wanted == "srt" else playground.as_vtt
        call.out.line(subtitles(transcript.segments).rstrip("\n"))


def _shape(model: Model, transcript: Transcript) -> dict[str, Any]:
    return {
        "model": model.ref,
        "text": transcript.text,
        "language": transcript.language,
        "duration": transcript.duration,
        "segments": [{"start": each.start, "end": each.end, "text": each.text} for each in transcript.segments],
    }
