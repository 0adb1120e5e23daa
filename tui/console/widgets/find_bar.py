"""The find field under a text: finds while typing, enter and the arrows lead to other matches, escape closes."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from tui.console.keys import bind, key_of
from tui.console.widgets.input import LineField
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import MUTED


class Match(NamedTuple):
    """The match that is shown: which of how many, both 0 where there are too many to count."""

    number: int = 0
    total: int = 0


def nearest(matches: Sequence[int], present: int, step: int) -> int | None:
    """Return the index of the match in that direction from a place, round the end; with step 0 one at the place counts.

    `matches` are places in rising order. None if there are none.
    """
    if not matches:
        return None
    if step < 0:
        return (bisect_left(matches, present) - 1) % len(matches)
    return (bisect_right if step else bisect_left)(matches, present) % len(matches)


class Find(Horizontal):
    """Hidden until it is opened. `Requested` asks its owner to look for a text."""

    DEFAULT_CSS = """
    Find { height: 1; display: none; }
    Find.-open { display: block; }
    Find Plain { width: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("find.close", "close"),
        bind("find.again", "again(1)"),
        bind("find.previous", "again(-1)"),
    ]

    class Requested(Message):
        """A text is looked for: from the beginning (step 0), below the match shown (1) or above it (-1)."""

        def __init__(self, text: str, step: int) -> None:
            super().__init__()
            self.text, self.step = text, step

    def __init__(self, opened_by: str, onward: int = 1) -> None:
        super().__init__()
        self._onward = onward
        self._label = line(f"   {key_of(opened_by)} ", ("[", MUTED))
        self.field = LineField()
        self._status = Plain(("]  ", MUTED))
        self._back: Widget | None = None

    def open(self) -> None:
        """Show the field and put the cursor into it."""
        self.app.clear_notifications()  # they stand where the field opens
        self._back = self.screen.focused
        if not self.field.is_attached:
            self.mount(Plain(self._label), self.field, self._status)
        self.add_class("-open")
        self.field.focus()

    def show_match(self, match: Match | None) -> None:
        """Show which match of how many is shown, or that there is none."""
        words = "not found" if match is None else f"{match.number:,} of {match.total:,}" if match.total else ""
        self._status.show(line(("]  ", MUTED), f"{words} " if words and self.field.value else ""))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Requested(event.value, 0))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_again(self._onward)

    def action_again(self, step: int) -> None:
        self.post_message(self.Requested(self.field.value, step))

    def action_close(self) -> None:
        self.remove_class("-open")
        if self._back is not None:
            self._back.focus()
