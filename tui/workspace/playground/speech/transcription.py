"""Models that transcribe one recording at once: their texts, times and error rates."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from tui.domain import Model
from tui.errors import Problem
from tui.providers.events import Event, TextDelta, Transcript, Usage
from tui.sanitize import printable
from tui.tenancy.session import TenantSession
from tui.workspace.playground import calls
from tui.workspace.playground.compare.measurement import problem_json
from tui.workspace.playground.speech.audio import audio_info
from tui.workspace.playground.speech.error_rate import ErrorRates, error_rates


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
    models: Sequence[Model],
    path: Path,
    language: str = "",
    reference: str = "",
    on_event: Callable[[Event], object] = lambda event: None,
) -> list[MeasuredTranscript]:
    """Let every model transcribe the recording at once, independently of the others."""
    results = [MeasuredTranscript(model) for model in models]
    async with asyncio.TaskGroup() as group:
        for result in results:
            group.create_task(measure_transcript(session, result, path, language, reference, on_event))
    return results
