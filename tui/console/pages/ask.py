"""The dialog of a question with a few answers, the safe one first and focused."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import Dialog
from tui.console.keys import bind
from tui.console.widgets.form import Button
from tui.console.widgets.static_text import Plain, Words, line

_NO = frozenset(("", "back", "keep", "off", "stay"))
"""Values of the answers that change nothing."""


class Ask(Dialog[str]):
    """Sentences and buttons. Answers with the value of the pressed button, None for escape.

    Where one of two answers changes nothing, y and n answer as well.
    """

    BINDINGS: ClassVar[list[BindingType]] = [bind("ask.yes", "answer(True)"), bind("ask.no", "answer(False)")]

    def __init__(self, title: str, lines: Sequence[Words], choices: dict[str, str]) -> None:
        super().__init__()
        self.BOX_TITLE = title
        self.lines, self.choices = lines, choices

    def parts(self) -> Iterable[Widget]:
        yield Plain(Content("\n").join(line(entry) for entry in [*self.lines, ""]), classes="said")
        for value, label in self.choices.items():
            yield Button(label, id=f"choice-{value}")

    def chrome(self) -> ScreenText:
        around = self.screen_below
        yes_no = ("ask.yes", "ask.no") if self._yes_or_no else ()
        return ScreenText(around.title, ("form.press", *yes_no, "focus.up focus.down: move", "page.back"), around.right)

    @property
    def _yes_or_no(self) -> dict[bool, str]:
        """The values of yes and no, nothing where the answers are others."""
        answers = {value not in _NO: value for value in self.choices}
        return answers if len(self.choices) == len(answers) == 2 else {}

    def action_answer(self, yes: bool) -> None:
        if self._yes_or_no:
            self.dismiss(self._yes_or_no[yes])

    def on_mount(self) -> None:
        self.query(Button).first().focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss((event.button.id or "").removeprefix("choice-"))
