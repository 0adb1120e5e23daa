"""The filter field above a list: enter and down go to the list, or choose and move in it from the field."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from tui.console.keys import bind, key_of
from tui.console.widgets.input import LineField
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import CURSOR, MUTED

_FIELD = 49


def matching(texts: Sequence[str], typed: str) -> Sequence[int]:
    """Return the indexes of case-folded texts with all typed words; fast for thousands at each key."""
    matches: Sequence[int] = range(len(texts))
    for word in typed.casefold().split():
        matches = [n for n in matches if word in texts[n]]
    return matches


class Filter(Horizontal):
    """The row of a filter. `Changed` tells each new text, `Done` that the list is to have the focus.

    Args:
        opened_by: The binding that leads to it.
        keeps_focus: Whether the screen moves in the list while the field has the focus. `Done` then means a choice.
    """

    DEFAULT_CSS = f"""
    Filter {{ height: 1; }}
    Filter .start {{ width: auto; }}
    Filter LineField, Filter LineField:focus {{ width: 1fr; max-width: {_FIELD}; }}
    Filter .end {{ width: auto; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [bind("filter.done", "done")]

    class Changed(Message):
        """The text is another one."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Done(Message):
        """The list is to have the focus."""

    def __init__(self, opened_by: str, *, keeps_focus: bool = False, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._keeps_focus = keeps_focus
        self.field = LineField()
        self._label = f" {key_of(opened_by)} ["
        self._start = Plain(f"  {self._label}", classes="start")
        self._end = Plain(("]", MUTED), classes="end")

    def compose(self) -> ComposeResult:
        yield self._start
        yield self.field
        yield self._end

    @property
    def text(self) -> str:
        """The text to filter by."""
        return self.field.value.strip()

    def show_note(self, text: str) -> None:
        """Show a text after the field."""
        self._end.show(line(("]", MUTED), f"   {text}" if text else ""))

    def clear(self) -> None:
        """Look for nothing."""
        self.field.value = ""

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self.text))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_done()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (action == "done" and self._keeps_focus)

    def action_done(self) -> None:
        self.post_message(self.Done())

    def on_descendant_focus(self) -> None:
        if not self._keeps_focus:
            self._start.show(f" {CURSOR}{self._label}")

    def on_descendant_blur(self) -> None:
        self._start.show(f"  {self._label}")
