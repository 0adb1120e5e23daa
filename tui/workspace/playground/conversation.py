"""A conversation in memory, which can be formatted as Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tui.providers.events import ToolCalls
from tui.providers.requests import Message, Tool
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


@dataclass(frozen=True)
class ToolRound:
    """The tools that an answer asked for, and their results.

    Attributes:
        text: The text of the answer beside its calls.
        tool_calls: The calls.
        results: The result of each, by the ID of the call.
        tools: All tools that were offered.
    """

    text: str
    tool_calls: ToolCalls
    results: Mapping[str, str]
    tools: tuple[Tool, ...] = ()

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages that go on after the answer."""
        answer = Message("assistant", self.text, tool_calls=self.tool_calls)
        results = (Message("tool", self.results[call.id], call_id=call.id) for call in self.tool_calls.calls)
        return (answer, *results)

    @property
    def words(self) -> tuple[str, ...]:
        """Each call with its result, such as `weather {"city": "Oslo"} → 12 degrees`."""
        calls = self.tool_calls.calls
        return tuple(f"{call.name} {call.arguments or '{}'} → {self.results[call.id]}" for call in calls)


@dataclass
class Turn:
    """A question and its answers; asking again adds one, and the last is the one that counts unless chosen.

    `rounds` are the tools that were asked for before the answer.
    """

    question: str
    answers: list[Answer] = field(default_factory=list)
    shown: int = -1
    files: tuple[AttachedFile, ...] = ()
    rounds: list[ToolRound] = field(default_factory=list)

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
                sent.append(user_message(turn.question, turn.files))
                sent += [message for tool_round in turn.rounds for message in tool_round.messages]
                sent.append(Message("assistant", turn.answer.text))
        return (*sent, user_message(question, files)) if question else tuple(sent)

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools that were offered last: a provider wants them again with their results."""
        rounds = [tool_round for turn in self.turns for tool_round in turn.rounds]
        return rounds[-1].tools if rounds else ()

    def as_markdown(self) -> str:
        """Format the conversation as Markdown; an incomplete answer says so."""
        blocks = [f"> System prompt: {line}" for line in self.system.splitlines()]
        for turn in self.turns:
            blocks += ["## You", turn.question.strip(), *(f"*Attached: {file.words}.*" for file in turn.files)]
            blocks += [f"*Tool: {words}*" for tool_round in turn.rounds for words in tool_round.words]
            if turn.answer:
                blocks += [f"## {turn.answer.model}", turn.answer.text.strip(), *_mark(turn.answer)]
        return "\n\n".join(block for block in blocks if block) + "\n"


def _mark(answer: Answer) -> Sequence[str]:
    marks = {
        AnswerState.STOPPED: "*Stopped; the answer is incomplete.*",
        AnswerState.BROKEN: "*Connection lost; the answer is incomplete.*",
    }
    return [marks[answer.state]] if answer.state in marks else [f"*{answer.note}*"] if answer.note else []
