"""Ask two to four models one prompt at once; none waits for another."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tui.domain import Model
from tui.errors import UsageError
from tui.providers.client.wire_log import WireLog
from tui.providers.events import Event
from tui.providers.requests import Message
from tui.tenancy.session import TenantSession
from tui.workspace.playground.answer_schema import Schema
from tui.workspace.playground.attachments.files import AttachedFile, user_message
from tui.workspace.playground.compare.measurement import MeasuredAnswer, measure
from tui.workspace.playground.conversation import AnswerState

MIN_MODELS, MAX_MODELS = 2, 4
"""How many models are compared."""
MAX_REPEATS = 100


@dataclass(frozen=True)
class Spread:
    """The median of repeated measurements, their least and greatest, and how many there are."""

    median: float
    low: float
    high: float
    count: int

    def as_json(self) -> dict[str, float]:
        """Return it as `--json` prints it."""
        values = {"median": self.median, "low": self.low, "high": self.high}
        return {**{name: round(value, 4) for name, value in values.items()}, "count": self.count}


def spread(values: Sequence[float]) -> Spread | None:
    """Return median and range of the values; None without any."""
    return Spread(median(values), min(values), max(values), len(values)) if values else None


@dataclass
class ComparedModel:
    """A model and its answers to the prompt, in the order in which it gave them."""

    model: Model
    parameters: dict[str, Any] = field(default_factory=dict)
    answers: list[MeasuredAnswer] = field(default_factory=list)

    @property
    def answer(self) -> MeasuredAnswer | None:
        """The last answer that has text, else the last one."""
        last = self.answers[-1] if self.answers else None
        return next((answer for answer in reversed(self.answers) if answer.text), last)

    @property
    def fits(self) -> tuple[int, int] | None:
        """How many of how many complete answers fit the schema at once; None without a schema or an answer."""
        checked = [answer.fit.valid for answer in self.answers if answer.fit is not None and not answer.correction]
        return (sum(checked), len(checked)) if checked else None

    @property
    def correction(self) -> str:
        """What the model is told if its last answer does not fit the schema, '' if it does or was not checked."""
        answer = self.answers[-1] if self.answers else None
        return answer.fit.correction if answer is not None and answer.fit is not None and not answer.fit.valid else ""

    def spread_of(self, figure: Callable[[MeasuredAnswer], float | None]) -> Spread | None:
        """Return median and range of a figure over the complete answers to the prompt that have it."""
        answers = (answer for answer in self.answers if answer.complete and not answer.correction)
        return spread([value for answer in answers if (value := figure(answer))])


@dataclass
class PromptComparison:
    """A prompt with its files, and each model with its answers; what is sent is kept if it is `logged`."""

    prompt: str
    models: list[ComparedModel]
    system: str = ""
    repeat: int = 1
    began: str = ""
    files: tuple[AttachedFile, ...] = ()
    schema: Schema | None = None
    logged: bool = False

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages that each model gets."""
        system = (Message("system", self.system),) if self.system else ()
        return (*system, user_message(self.prompt, self.files))

    @property
    def max_answers(self) -> int:
        """How often the model that answered most was asked the prompt."""
        return max((sum(not answer.correction for answer in entry.answers) for entry in self.models), default=0)


def check_models(models: Sequence[Model]) -> None:
    """Raise UsageError unless the models can be compared."""
    if not MIN_MODELS <= len(models) <= MAX_MODELS:
        raise UsageError(
            f"Compare takes {MIN_MODELS} to {MAX_MODELS} models, not {len(models)}.", "Choose other models."
        )
    refs = [model.ref for model in models]
    if twice := next((ref for ref in refs if refs.count(ref) > 1), ""):
        raise UsageError(f"{twice} is named twice.", "To ask it several times, use repeats.")


async def run(
    session: TenantSession,
    comparison: PromptComparison,
    on_event: Callable[[MeasuredAnswer, Event], object] = lambda answer, event: None,
    on_end: Callable[[MeasuredAnswer], object] = lambda answer: None,
) -> None:
    """Ask every model, all at once, and take their answers to the end; no Problem is raised.

    Repeats of one model follow one another, without waiting for the other models. After a Problem a model is not asked
    again, unless the same request may succeed later. Cancelling stops all of them; what came is kept.
    """

    async def ask(entry: ComparedModel) -> None:
        for _ in range(comparison.repeat):
            answer = await _ask(session, comparison, entry, comparison.messages, on_event, on_end)
            if answer.problem is not None and not answer.problem.transient:
                return

    async with asyncio.TaskGroup() as group:
        for entry in comparison.models:
            group.create_task(ask(entry))


async def correct(
    session: TenantSession,
    comparison: PromptComparison,
    on_event: Callable[[MeasuredAnswer, Event], object] = lambda answer, event: None,
    on_end: Callable[[MeasuredAnswer], object] = lambda answer: None,
) -> None:
    """Send each last answer that does not fit the schema back to its model, with what is wrong; as `run` does."""
    async with asyncio.TaskGroup() as group:
        for entry in comparison.models:
            if correction := entry.correction:
                messages = (Message("assistant", entry.answers[-1].text), Message("user", correction))
                every = (*comparison.messages, *messages)
                group.create_task(_ask(session, comparison, entry, every, on_event, on_end, correction=True))


async def _ask(
    session: TenantSession,
    comparison: PromptComparison,
    entry: ComparedModel,
    messages: tuple[Message, ...],
    on_event: Callable[[MeasuredAnswer, Event], object],
    on_end: Callable[[MeasuredAnswer], object],
    *,
    correction: bool = False,
) -> MeasuredAnswer:
    """Return one more answer of a model, which is added to its others."""
    log = WireLog() if comparison.logged else WireLog.off()
    answer = MeasuredAnswer(entry.model, wire_log=log, correction=correction)
    entry.answers.append(answer)
    try:
        await measure(session, answer, messages, entry.parameters, on_event, comparison.schema)
    finally:
        on_end(answer)
    return answer


def stop(comparison: PromptComparison) -> None:
    """Mark running answers as stopped; what was received stays."""
    for entry in comparison.models:
        for answer in entry.answers:
            answer.end(AnswerState.STOPPED)
