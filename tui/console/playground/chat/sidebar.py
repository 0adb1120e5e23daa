"""The sidebar of the chat, from 100 columns on: parameters, and figures of answer and chat."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from tui.console.playground.chat.messages import seconds_words, speed_of, tokens_words
from tui.console.playground.chat.session import RunningAnswer
from tui.console.playground.parameter_fields import ParameterFields
from tui.console.playground.parameter_row import Settings
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import HEADING, MUTED
from tui.providers.spec import Parameter
from tui.workspace.playground.conversation import Answer, AnswerState, Conversation

_LABEL = 16
_ENDED = {
    AnswerState.COMPLETE: "normally",
    AnswerState.STOPPED: "stopped by you",
    AnswerState.BROKEN: "connection lost",
}


class ChatSide(Vertical):
    """The column. Its fields are those of the parameter screen."""

    DEFAULT_CSS = """
    ChatSide { width: 38; border-left: solid $foreground 40%; padding-left: 1; }
    ChatSide ParameterFields { height: auto; max-height: 70%; }
    ChatSide Plain { height: auto; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._figures = Plain()

    def compose(self) -> ComposeResult:
        yield Plain(line(("Parameters", HEADING), "\n"))
        yield self._figures

    @property
    def fields(self) -> ParameterFields | None:
        """The fields, None before a model was shown."""
        return next((child for child in reversed(self.children) if isinstance(child, ParameterFields)), None)

    def show(self, conversation: Conversation, settings: Settings, parameters: Sequence[Parameter]) -> None:
        """Show the fields of a model."""
        fields = self.fields
        if fields is not None:
            if fields.conversation is conversation and fields.settings is settings and fields.parameters == parameters:
                return
            fields.remove()
        self.mount(ParameterFields(conversation, settings, parameters, narrow=True), before=self._figures)

    def show_figures(self, running: RunningAnswer | None, answer: Answer | None, conversation: Conversation) -> None:
        """Show the present figures."""
        answers = [turn.answer for turn in conversation.turns if turn.answer]
        figures: list[tuple[str, str]] = []
        if running is not None:
            figures += [
                ("first token", f"{running.first:.2f} s" if running.first else "–"),
                ("so far", running.status_text[2:]),
            ]
        elif answer is not None:
            figures += [("first token", f"{answer.first:.2f} s" if answer.first else "–")]
            figures += [("total", seconds_words(answer.total))]
            figures += [("speed", f"{speed_of(answer)} tokens a second")] if speed_of(answer) else []
            figures += [("in, out", tokens_words([answer])), *_cost([answer])]
            figures += [("ended", _ENDED[answer.state] if not answer.note else "cut off")]
        chat = [("questions", f"{len(conversation.turns)}")]
        chat += [("in, out", tokens_words(answers)), *_cost(answers)]
        parts = [*_section("This answer", figures), *_section("This chat", chat if answers else [])]
        self._figures.show(Content("\n").join(parts))


def _cost(answers: Sequence[Answer]) -> list[tuple[str, str]]:
    """Return the estimated cost of answers, and the date of its prices."""
    if not answers:
        return []
    from tui.workspace.pricing.cost import sum_words  # lazy: the end of an answer

    words, dates = sum_words([answer.cost for answer in answers])
    return [("cost, estimated", words), *([("price of", dates)] if dates else [])]


def _section(title: str, figures: list[tuple[str, str]]) -> list[Content]:
    if not figures:
        return []
    return [line(""), line((title, HEADING)), *(line((f"{name:<{_LABEL}}", MUTED), value) for name, value in figures)]
