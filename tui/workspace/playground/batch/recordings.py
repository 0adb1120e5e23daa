"""The requests of a batch of recordings: every audio file of a folder."""

from collections.abc import Callable
from pathlib import Path

from tui.errors import UsageError
from tui.providers.events import Event
from tui.sanitize import one_line
from tui.storage.user_file import read
from tui.tenancy.session import TenantSession
from tui.workspace.playground.batch.runner import Outcome, Perform
from tui.workspace.playground.batch.tasks import BatchTask, Prompt
from tui.workspace.playground.speech.audio import MEDIA, OTHER_MEDIA
from tui.workspace.playground.speech.transcription import MeasuredTranscript, measure_transcript
from tui.workspace.pricing.cost import cost_of
from tui.workspace.pricing.table import price_of

_REFERENCE = 1 << 20
"""Bytes of a reference text."""


def recordings(folder: Path) -> list[Prompt]:
    """Return the audio files of a folder by name; a row is identified by the name and the size of its file."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{one_line(folder.name)} cannot be read: {error.strerror}.", "Choose another.") from None
    files = [path for path in entries if path.suffix.lower()[1:] in {*MEDIA, *OTHER_MEDIA}]
    prompts = [Prompt(path.name, f"{path.stat().st_size} bytes") for path in files if path.is_file()]
    if not prompts:
        raise UsageError(
            f"{one_line(folder.name)} holds no recording.", "Choose a folder of audio files, or a file of prompts."
        )
    return prompts


def perform_function(session: TenantSession, folder: Path) -> Perform:
    """Return the function that transcribes a file of the folder.

    If the folder holds a text of the same name (`talk.txt` for `talk.mp3`), the row has the error rates against it.
    """

    async def perform(task: BatchTask, on_event: Callable[[Event], object]) -> Outcome:
        path, at = folder / task.prompt.text, session.now()
        text = path.with_suffix(".txt")
        reference = read(text, _REFERENCE).decode("utf-8", "replace") if text.is_file() else ""
        result = MeasuredTranscript(task.model)
        await measure_transcript(session, result, path, reference=reference, on_event=on_event)
        cost = cost_of(price_of(session, task.model, at), result.usage)
        row = {"at": at, **result.as_json(), "cost": cost.as_json() if cost else None}
        if cost is None:
            return Outcome(row, result.problem)
        return Outcome(row, result.problem, cost.amount, cost.price.currency)

    return perform
