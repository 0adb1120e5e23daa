"""The dialog of a question with a few answers, the safe one first and focused."""

from collections.abc import Iterable, Sequence

from textual.content import Content
from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import Dialog
from tui.console.widgets.form import Button
from tui.console.widgets.static_text import Plain, Words, line


class Ask(Dialog[str]):
    """Sentences and buttons. Answers with the value of the pressed button, None for escape."""

    def __init__(self, title: str, lines: Sequence[Words], choices: dict[str, str]) -> None:
        super().__init__()
        self.BOX_TITLE = title
        self.lines, self.choices = lines, choices

    def parts(self) -> Iterable[Widget]:
        yield Plain(Content("\n").join(line(entry) for entry in [*self.lines, ""]), classes="said")
        for value, label in self.choices.items():
            yield Button(label, id=f"choice-{value}")

    def chrome(self) -> ScreenText:
        around = self.beneath
        return ScreenText(around.title, ("form.press", "focus.up focus.down: move", "page.back"), around.right)

    def on_mount(self) -> None:
        self.query(Button).first().focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss((event.button.id or "").removeprefix("choice-"))
