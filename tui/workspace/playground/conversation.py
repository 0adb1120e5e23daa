"""A conversation in memory, which can be formatted as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tui.providers.requests import Message
from tui.workspace.playground.attachments.files import AttachedFile, user_message

if TYPE_CHECKING:
    from tui.workspace.pricing.cost import Cost


class AnswerState(StrEnum):
    """How an answer ended."""

    COMPLETE = "complete"
    STOPPED = "stopped"
    BROKEN = "broken"


@dataclass(frozen=True)
class Answer:
    """One answer: its text, who gave it (`provider/model`), how it ended, and its figures (seconds, tokens).

    Unless the tokens are `reported` by the provider, `output` is an estimate and `input` is unknown. `cost` is an
    estimate in every case; None is unknown.
    """

    text: str
    model: str
    state: AnswerState = AnswerState.COMPLETE
    note: str = ""
    first: float = 0.0
    total: float = 0.0
    input: int = 0
    output: int = 0
    reported: bool = True
    cost: "Cost | None" = None
    thoughts: str = ""


@dataclass
class Turn:
    """A question and its answers; asking again adds one, and the last is the one that counts unless chosen."""

    question: str
    answers: list[Answer] = field(default_factory=list)
    shown: int = -1
    files: tuple[AttachedFile, ...] = ()

    @property
    def answer(self) -> Answer | None:
        """The answer that is shown."""
        return self.answers[self.shown] if self.answers else None


@dataclass
class Conversation:
    """Turns in order, and the system prompt they were asked with."""

    turns: list[Turn] = field(default_factory=list)
    system: str = ""

    def messages(self, question: str = "", files: tuple[AttachedFile, ...] = ()) -> tuple[Message, ...]:
        """Return the messages to send: system prompt, answered turns (stopped ones too), next question."""
        sent = [Message("system", self.system)] if self.system else []
        for turn in self.turns:
            if turn.answer and turn.answer.text:
                sent += [user_message(turn.question, turn.files), Message("assistant", turn.answer.text)]
        return (*sent, user_message(question, files)) if question else tuple(sent)

    def as_markdown(self) -> str:
        """Format the conversation as Markdown; an incomplete answer says so."""
        blocks = [f"> System prompt: {line}" for line in self.system.splitlines()]
        for turn in self.turns:
            blocks += ["## You", turn.question.strip(), *(f"*Attached: {file.words}.*" for file in turn.files)]
            if turn.answer:
                blocks += [f"## {turn.answer.model}", turn.answer.text.strip(), *_mark(turn.answer)]
        return "\n\n".join(block for block in blocks if block) + "\n"


def _mark(answer: Answer) -> Sequence[str]:
    marks = {
        AnswerState.STOPPED: "*Stopped; the answer is incomplete.*",
        AnswerState.BROKEN: "*Connection lost; the answer is incomplete.*",
    }
    return [marks[answer.state]] if answer.state in marks else [f"*{answer.note}*"] if answer.note else []
