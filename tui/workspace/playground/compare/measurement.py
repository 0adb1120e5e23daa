"""One measured answer: its text, when its pieces came, what it used, and how it ended."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from tui.domain import Model
from tui.errors import Problem
from tui.providers.client.wire_log import WireLog
from tui.providers.events import Event, Finish, Notice, Retrying, TextDelta, ThinkingDelta, Usage
from tui.providers.requests import Message
from tui.sanitize import printable
from tui.tenancy.session import TenantSession
from tui.workspace.playground import calls
from tui.workspace.playground.answer_schema import Schema, SchemaResult, check
from tui.workspace.playground.conversation import AnswerState
from tui.workspace.pricing.cost import Cost, cost_of
from tui.workspace.pricing.table import price_of

_CHARACTERS_PER_TOKEN = 4
_MIN_DURATION = 0.02
"""Seconds below which a speed is not computed."""


@dataclass(eq=False)
class MeasuredAnswer:
    """An answer and its times, in seconds since the request.

    Attributes:
        model: Who answers.
        first: When the first piece came, thinking or text; 0.0 before it.
        first_answer: When the first piece of the answer itself came; it is later than `first` if the model thinks.
        last: When the last piece of the answer came.
        total: When it ended, however it ended; 0.0 while it runs.
        usage: What the provider reports, None if it does not.
        fresh_connection: True if a connection was opened for it, None if that is unknown.
        cost: Its estimated cost, None if no price is known.
        retries: How often the request was sent again before it was answered.
        wire_log: What was sent and received; off unless the caller wants it.
        fit: Whether it fits the JSON Schema that was asked for, None without one or if it is not complete.
        correction: Whether it was asked for because the one before did not fit the schema.
    """

    model: Model
    text: str = ""
    thinking: str = ""
    first: float = 0.0
    first_answer: float = 0.0
    last: float = 0.0
    total: float = 0.0
    usage: Usage | None = None
    finish: Finish | None = None
    problem: Problem | None = None
    state: AnswerState | None = None
    cost: Cost | None = None
    fresh_connection: bool | None = None
    retries: int = 0
    wire_log: WireLog = field(default_factory=WireLog.off, repr=False)
    fit: SchemaResult | None = None
    correction: bool = False
    notices: list[str] = field(default_factory=list)
    began: float = field(default_factory=monotonic)
    _pieces: list[str] = field(default_factory=list, repr=False)
    _thoughts: list[str] = field(default_factory=list, repr=False)

    def take(self, event: Event) -> None:
        """Apply an event of the request."""
        match event:
            case TextDelta(text) if text:
                self.last = monotonic() - self.began
                self.first = self.first or self.last
                self.first_answer = self.first_answer or self.last
                self._pieces.append(printable(text))
            case ThinkingDelta(text) if text:
                self.first = self.first or monotonic() - self.began
                self._thoughts.append(printable(text))
            case Usage():
                self.usage = event
            case Finish():
                self.finish = event
            case Notice(text):
                self.notices.append(printable(text))
            case Retrying():
                self.retries += 1

    def gather(self) -> None:
        """Join the pieces received so far."""
        if self._pieces or self._thoughts:
            self.text += "".join(self._pieces)
            self.thinking += "".join(self._thoughts)
            self._pieces.clear()
            self._thoughts.clear()

    def end(self, state: AnswerState, problem: Problem | None = None) -> None:
        """End the answer; the first end counts."""
        if self.state is None:
            self.gather()
            self.state, self.problem, self.total = state, problem, monotonic() - self.began

    @property
    def complete(self) -> bool:
        """Whether the answer ended normally and whole."""
        return self.state is AnswerState.COMPLETE and (self.finish is None or self.finish.complete)

    @property
    def answer_tokens(self) -> tuple[int, bool] | None:
        """Tokens of the answer without thinking, and whether they are the provider's count; None before any text.

        Where the model thought and the provider counts that as output without saying how much, it is an estimate.
        """
        usage = self.usage
        if not (self.text or self._pieces):
            return None
        thought = bool(self.thinking or self._thoughts)
        if usage and usage.output and (usage.reasoning is not None or not thought):
            return max(0, usage.output - (usage.reasoning or 0)), True
        size = len(self.text) + sum(map(len, self._pieces))
        return max(1, size // _CHARACTERS_PER_TOKEN), False

    @property
    def speed(self) -> float | None:
        """Tokens per second from the first piece of the answer to its last; None if that means nothing."""
        tokens, seconds = self.answer_tokens, self.last - self.first_answer
        return tokens[0] / seconds if tokens and tokens[0] and seconds > _MIN_DURATION else None

    def as_json(self) -> dict[str, Any]:
        """Return the answer as `--json` prints it."""
        usage, tokens = self.usage, self.answer_tokens
        return {
            "text": self.text,
            "thinking": self.thinking,
            "state": str(self.state) if self.state else None,
            "finish": self.finish.reason if self.finish else None,
            "complete": self.complete,
            "problem": problem_json(self.problem),
            "usage": usage.as_json() if usage else None,
            "cost": self.cost.as_json() if self.cost else None,
            "answer_tokens": {"count": tokens[0], "reported": tokens[1]} if tokens else None,
            "timings": {
                "first_token": round_seconds(self.first),
                "first_answer_token": round_seconds(self.first_answer),
                "total": round_seconds(self.total),
                "tokens_per_second": round(self.speed, 2) if self.speed else None,
            },
            "fresh_connection": self.fresh_connection,
            "retries": self.retries,
            "notices": self.notices,
            "schema": self.fit.as_json() if self.fit else None,
            "correction": self.correction,
        }


def problem_json(problem: Problem | None) -> dict[str, Any] | None:
    """Return a problem as `--json` prints it."""
    if problem is None:
        return None
    return {"code": int(problem.code), "message": problem.message, "hint": problem.hint, "detail": problem.detail}


def round_seconds(seconds: float) -> float | None:
    """Return seconds to the tenth of a millisecond; None for 0.0, what did not happen."""
    return round(seconds, 4) if seconds else None


async def measure(
    session: TenantSession,
    answer: MeasuredAnswer,
    messages: tuple[Message, ...],
    parameters: dict[str, Any],
    on_event: Callable[[MeasuredAnswer, Event], object] = lambda answer, event: None,
    schema: Schema | None = None,
) -> None:
    """Send a request and record its answer; a Problem ends the answer and is not raised.

    With a `schema` the answer is checked. A cancelled task leaves it stopped, with what came.
    """
    at, wire_log = session.now(), answer.wire_log
    answer.began = monotonic()
    try:
        prepared = calls.chat_call(session, answer.model, messages, parameters, schema=schema)
        call = calls.send(session, answer.model, *prepared, wire_log)
        async with aclosing(call) as events:
            async for event in events:
                answer.fresh_connection = wire_log.opened
                answer.take(event)
                on_event(answer, event)
        answer.end(AnswerState.COMPLETE)
        if schema is not None and answer.complete:
            answer.fit = await asyncio.to_thread(check, schema, answer.text)
        # In a thread: the first time, the table of prices is read, and other answers stream meanwhile.
        answer.cost = await asyncio.to_thread(lambda: cost_of(price_of(session, answer.model, at), answer.usage))
    except Problem as problem:
        answer.end(AnswerState.BROKEN, problem)
    finally:
        answer.fresh_connection = wire_log.opened
        answer.end(AnswerState.STOPPED)
