"""One question under way: the answer as it comes, and its figures in words."""

from collections.abc import Sequence
from time import monotonic

from tui.console.playground.call_status import CallStatus
from tui.console.playground.chat.blocks import AnswerBlock
from tui.console.widgets.symbols import WORKING
from tui.domain import Model
from tui.providers.events import Event, Finish, TextDelta, ThinkingDelta, Usage
from tui.sanitize import printable
from tui.workspace.playground.conversation import Answer, AnswerState

_CHARACTERS_A_TOKEN = 4


class RunningAnswer:
    """Takes the events of a call. Nothing here draws; `fresh` tells that there is something to draw."""

    def __init__(self, model: Model, reply: AnswerBlock) -> None:
        self.model, self.reply = model, reply
        self.under_way = CallStatus(model.provider, f"waiting for {model.provider}")
        self.began = monotonic()
        self.first = 0.0
        self.fresh = False
        self.finish: Finish | None = None
        self._usage: Usage | None = None
        self._pieces = 0
        self._thinking_until = 0.0
        reply.begin()

    def take(self, event: Event) -> None:
        """One event of the call."""
        self.fresh = True
        if self.under_way.tell(event):
            return
        match event:
            case TextDelta(text) if text:
                self._come()
                self.reply.add(printable(text))
            case ThinkingDelta(text) if text:
                self._come()
                self._thinking_until = self.seconds
                self.reply.think(printable(text))
            case Usage():
                self._usage = event
            case Finish():
                self.finish = event

    def _come(self) -> None:
        self._pieces += 1
        if not self.first:
            self.first = self.seconds

    @property
    def seconds(self) -> float:
        """How long it has been under way."""
        return monotonic() - self.began

    def gather(self) -> None:
        """Bring the reply up to what has come, before it is drawn."""
        self.fresh = False
        self.reply.gather()
        thinking = self.reply.thoughts and not self.reply.text
        self.reply.seconds_thought = (self.seconds if thinking else self._thinking_until) - self.first

    @property
    def tokens(self) -> int:
        """Tokens of the answer: as the provider counts them, else about."""
        if self._usage is not None and self._usage.output:
            return self._usage.output
        return max(self._pieces, (len(self.reply.text) + len(self.reply.thoughts)) // _CHARACTERS_A_TOKEN)

    @property
    def words(self) -> str:
        """What it does now."""
        if not self.first:
            return self.under_way.words
        return f"{WORKING} {'answering' if self.reply.text else 'thinking'} {seconds_words(self.seconds)}"

    @property
    def figures(self) -> str:
        """Its figures so far."""
        if not self.first:
            return ""
        speed = _speed(self.tokens, self.seconds - self.first)
        return _joined(
            f"first token {self.first:.2f} s", f"{self.tokens:,} tokens", f"{speed} a second" if speed else ""
        )

    def ended(self, state: AnswerState, note: str = "") -> Answer:
        """The answer as it is kept."""
        self.gather()
        used = self._usage or Usage(output=self.tokens if self.reply.text else 0)
        self.reply.gather()
        return Answer(
            self.reply.text,
            self.model.ref,
            state,
            note,
            self.first,
            self.seconds,
            used.input or 0,
            used.output or 0,
            reported=self._usage is not None,
        )


def seconds_words(seconds: float) -> str:
    """`3.2 s`; whole seconds from ten on."""
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def speed_of(answer: Answer) -> str:
    """Tokens a second after the first, '' where that means nothing."""
    return _speed(answer.output, answer.total - answer.first) if answer.first else ""


def tokens_words(answers: Sequence[Answer]) -> str:
    """Return the tokens in and out of answers: `12, 340`; `–, about 340` where the provider reported none."""
    reported = all(answer.reported for answer in answers)
    known = reported or any(answer.input for answer in answers)
    about = "" if reported else "about "
    read = f"{about}{sum(answer.input for answer in answers):,}" if known else "–"
    return f"{read}, {about}{sum(answer.output for answer in answers):,}"


def summary(answer: Answer, *, wide: bool) -> tuple[str, str]:
    """The left and right words of the rule under an answer that is over."""
    first = f"first token {answer.first:.2f} s" if answer.first else ""
    total = seconds_words(answer.total)
    about = "" if answer.reported else "about "
    charged = f"{about}{answer.output:,} tokens, may be charged" if answer.output else ""
    if answer.state is AnswerState.STOPPED:
        return f"stopped after {total}", _joined(first, charged)
    if answer.state is AnswerState.BROKEN:
        return f"broken after {total}", charged
    speed = f"{speed_of(answer)} tokens a second" if speed_of(answer) else ""
    used = f"{answer.input:,} in, {answer.output:,} out" if answer.input else ""
    if wide:
        return total, _joined(first, speed, used)
    return "", _joined(first, total, speed, used)


def _speed(tokens: int, seconds: float) -> str:
    return f"{tokens / seconds:.0f}" if tokens and seconds > 0.05 else ""


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))
