"""A multi-line field: enter sends, ctrl+j inserts a line, a paste only adds text."""

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import TextArea

from tui.console.keys import bind
from tui.sanitize import printable

LIMIT = 100_000
"""Characters that a wrapped text may have; with more of them on one line, each key would be waited for."""


class LinesField(TextArea):
    """A field of several lines without a frame. Its owner decides what enter does.

    Args:
        text: What is in it at first.
        leaves_at_edge: Whether `up` in its first line and `down` in its last go to the fields before and after it.
        wraps: Whether long lines wrap; else they scroll sideways, so that a line on the screen is a line of the text.
        limit: The number of characters that it takes.
    """

    DEFAULT_CSS = """
    LinesField, LinesField:focus {
        border: none; padding: 0; height: auto; min-height: 1; max-height: 6; width: 1fr;
        background: transparent; background-tint: transparent; scrollbar-size: 0 0;
    }
    LinesField, LinesField:light, LinesField:dark, LinesField:ansi {
        .text-area--cursor { text-style: reverse; background: transparent; color: $foreground; }
    }
    LinesField .text-area--selection { text-style: reverse; background: transparent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("field.backspace", "delete_left"),
        bind("app.tenants", "app.tenants"),
        bind("question.new-line", "new_line"),
        bind("field.editor", "editor"),
    ]

    class EditorRequested(Message):
        """Posted when the text is to be edited in the person's own editor."""

        def __init__(self, field: "LinesField") -> None:
            super().__init__()
            self.field = field

    class Sent(Message):
        """Enter was pressed."""

        def __init__(self, field: "LinesField") -> None:
            super().__init__()
            self.field = field

        @property
        def control(self) -> "LinesField":
            return self.field

    class TooLong(Message):
        """A paste of `size` characters was left out."""

        def __init__(self, size: int) -> None:
            super().__init__()
            self.size = size

    def __init__(
        self,
        text: str = "",
        *,
        id: str | None = None,  # noqa: A002 - textual's name
        leaves_at_edge: bool = False,
        wraps: bool = True,
        limit: int = LIMIT,
    ) -> None:
        super().__init__(text, id=id, soft_wrap=wraps, compact=True, highlight_cursor_line=False, tab_behavior="focus")
        self._leaves_at_edge, self._limit = leaves_at_edge, limit
        self._chord = False
        """Whether ctrl+x was the last key: ctrl+e after it opens the editor, as in shells."""
        self.cursor_blink = False
        self.match_cursor_bracket = False

    async def _on_key(self, event: events.Key) -> None:
        # The field's own handler would take enter as a new line.
        chord, self._chord = self._chord, event.key == "ctrl+x" and not self.selected_text
        opens = chord and event.key == "ctrl+e"
        if event.key == "enter" or self._chord or opens:
            event.stop()
            event.prevent_default()
        if event.key == "enter":
            self.post_message(self.Sent(self))
        elif opens:
            self.action_editor()

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        if len(event.text) + len(self.text) > self._limit:
            self.post_message(self.TooLong(len(event.text)))
            return
        start, end = self.selection
        self.move_cursor(self.replace(printable(event.text), start, end).end_location)

    def action_editor(self) -> None:
        self.post_message(self.EditorRequested(self))

    def action_new_line(self) -> None:
        start, end = self.selection
        self.move_cursor(self.replace("\n", start, end).end_location)

    @property
    def at_first_row(self) -> bool:
        """Whether the cursor is in the first row of the text as it is wrapped."""
        return self.wrapped_document.location_to_offset(self.cursor_location).y == 0

    @property
    def at_last_row(self) -> bool:
        """Whether the cursor is in the last row of the text as it is wrapped."""
        return self.wrapped_document.location_to_offset(self.cursor_location).y >= self.wrapped_document.height - 1

    def action_cursor_up(self, select: bool = False) -> None:
        if select or not self.at_first_row:
            super().action_cursor_up(select)
        else:
            self.leave(-1)

    def action_cursor_down(self, select: bool = False) -> None:
        if select or not self.at_last_row:
            super().action_cursor_down(select)
        else:
            self.leave(1)

    def leave(self, step: int) -> None:
        """Handle a cursor that moves out of the text, up or down."""
        if self._leaves_at_edge:
            (self.screen.focus_next if step > 0 else self.screen.focus_previous)()

    def set_text(self, text: str) -> None:
        """Show a text, the cursor at its end."""
        self.text = text
        self.move_cursor(self.document.end)
