"""Models that transcribe one recording at once: their texts, times and error rates."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from tui.domain import Model
from tui.errors import Problem, UsageError
from tui.providers.events import Event, TextDelta, Transcript, Usage
from tui.sanitize import printable
from tui.storage.user_file import read
from tui.tenancy.session import TenantSession
from tui.workspace.playground import calls
from tui.workspace.playground.compare.measurement import problem_json
from tui.workspace.playground.speech.audio import audio_info
from tui.workspace.playground.speech.error_rate import ErrorRates, error_rates
from tui.workspace.pricing.cost import UNKNOWN

HEADINGS = ("model", "seconds", "real time", "WER", "CER")
_MAX_REFERENCE_SIZE = 16 << 20
"""Bytes of a reference text."""


@dataclass(eq=False)
class MeasuredTranscript:
    """A transcript: its text, the seconds that it took, and how long the recording is (0.0 if unknown)."""

    model: Model
    text: str = ""
    seconds: float = 0.0
    duration: float = 0.0
    usage: Usage | None = None
    problem: Problem | None = None
    rates: ErrorRates | None = None

    @property
    def real_time_factor(self) -> float | None:
        """Seconds of work ÷ seconds of speech: below 1 is faster than speech."""
        return self.seconds / self.duration if self.seconds and self.duration else None

    def row(self) -> tuple[str, ...]:
        """Return the figures under `HEADINGS`."""
        factor, rates = self.real_time_factor, self.rates
        return (
            self.model.ref,
            f"{self.seconds:.1f} s",
            f"{factor:.2f} ×" if factor else UNKNOWN,
            *((f"{rates.words:.1%}", f"{rates.characters:.1%}") if rates else (UNKNOWN, UNKNOWN)),
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as `--json` prints it."""
        factor = self.real_time_factor
        return {
            "text": self.text,
            "problem": problem_json(self.problem),
            "timings": {"total": round(self.seconds, 4)},
            "duration": self.duration or None,
            "real_time_factor": round(factor, 4) if factor else None,
            "error_rates": self.rates.as_json() if self.rates else None,
            "usage": self.usage.as_json() if self.usage else None,
        }


async def measure_transcript(
    session: TenantSession,
    result: MeasuredTranscript,
    path: Path,
    language: str = "",
    reference: str = "",
    on_event: Callable[[Event], object] = lambda event: None,
) -> None:
    """Transcribe a recording and take in what comes; a Problem ends it and is not raised."""
    began = monotonic()
    partial = ""
    try:
        result.duration = audio_info(path).seconds or 0.0
        async with aclosing(calls.transcribe(session, result.model, path, language)) as events:
            async for event in events:
                on_event(event)
                if isinstance(event, Transcript):
                    result.text = printable(event.text)
                    result.duration = result.duration or event.duration
                elif isinstance(event, TextDelta):
                    partial += printable(event.text)
                elif isinstance(event, Usage):
                    result.usage = event
                    result.duration = result.duration or event.seconds
    except Problem as problem:
        result.problem = problem
    finally:
        result.seconds = monotonic() - began
        result.text = result.text or partial
        if reference and result.problem is None:
            result.rates = error_rates(reference, result.text)


async def transcribe_with(
    session: TenantSession,
    results: Sequence[MeasuredTranscript],
    path: Path,
    language: str = "",
    reference: str = "",
    on_event: Callable[[Event], object] = lambda event: None,
) -> None:
    """Let the model of each result transcribe the recording, all at once and independently of each other.

    What came of a text until it is cancelled stays in its result.
    """
    async with asyncio.TaskGroup() as group:
        for result in results:
            group.create_task(measure_transcript(session, result, path, language, reference, on_event))


def read_reference(path: Path) -> str:
    """Return the text that transcripts are measured against.

    Raises:
        UsageError: The file cannot be read, is blank or too large.
    """
    content = read(path, _MAX_REFERENCE_SIZE)
    if len(content) > _MAX_REFERENCE_SIZE:
        raise UsageError(f"The reference text is larger than {_MAX_REFERENCE_SIZE >> 20} MiB.")
    text = content.decode("utf-8", "replace")
    if not text.strip():
        raise UsageError("The reference text is blank.")
    return text
