"""The find field under a text: finds while typing, enter for the next match, escape closes."""

from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from tui.console.keys import bind, key_of
from tui.console.widgets.input import LineField
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import MUTED


class Find(Horizontal):
    """Hidden until it is opened. `Wanted` asks its owner to look for a text."""

    DEFAULT_CSS = """
    Find { height: 1; display: none; }
    Find.-open { display: block; }
    Find Plain { width: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("find.close", "close"),
        bind("find.again", "again"),
    ]

    class Wanted(Message):
        """A text is looked for: from here on, or (`again`) after the place found last."""

        def __init__(self, text: str, again: bool) -> None:
            super().__init__()
            self.text, self.again = text, again

    def __init__(self, opened_by: str) -> None:
        super().__init__()
        self._label = line(f"   {key_of(opened_by)} ", ("[", MUTED))
        self.field = LineField()
        self._status = Plain(("]  ", MUTED))
        self._back: Widget | None = None

    def open(self) -> None:
        """Show the field and put the cursor into it."""
        self._back = self.screen.focused
        if not self.field.is_attached:
            self.mount(Plain(self._label), self.field, self._status)
        self.add_class("-open")
        self.field.focus()

    def say(self, matched: bool) -> None:
        """Show whether the text was found."""
        self._status.show(line(("]  ", MUTED), "" if matched or not self.field.value else "not found "))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Wanted(event.value, again=False))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_again()

    def action_again(self) -> None:
        self.post_message(self.Wanted(self.field.value, again=True))

    def action_close(self) -> None:
        self.remove_class("-open")
        if self._back is not None:
            self._back.focus()
