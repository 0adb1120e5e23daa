"""A field of several lines: enter sends, ctrl+j makes a new line, a paste only adds text."""

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import TextArea

from tui.console.actions import bind
from tui.sanitize import printable

LIMIT = 1_000_000
"""Characters that a paste may have."""


class TextsField(TextArea):
    """One text a line. Long lines scroll sideways, so that a line on the screen is a text."""

    DEFAULT_CSS = """
    TextsField, TextsField:focus {
        border: none; padding: 0; height: 6; width: 1fr; background: transparent; scrollbar-size: 0 0;
    }
    TextsField .text-area--cursor { text-style: reverse; background: transparent; color: $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("field.backspace", "delete_left"),
        bind("app.tenants", "app.tenants"),
    ]

    class Sent(Message):
        """Enter was pressed."""

    class TooLong(Message):
        """A paste of `size` characters was left out."""

        def __init__(self, size: int) -> None:
            super().__init__()
            self.size = size

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id, soft_wrap=False, compact=True, highlight_cursor_line=False, tab_behavior="focus")
        self.cursor_blink = False

    @property
    def texts(self) -> list[str]:
        """The lines that hold something."""
        return [each.strip() for each in self.text.split("\n") if each.strip()]

    async def _on_key(self, event: events.Key) -> None:
        # The field's own handler would take enter as a new line.
        if event.key in ("enter", "ctrl+j"):
            event.stop()
            event.prevent_default()
            if event.key == "enter":
                self.post_message(self.Sent())
            else:
                self.insert("\n")

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        if len(event.text) > LIMIT:
            self.post_message(self.TooLong(len(event.text)))
            return
        start, end = self.selection
        result = self.replace(printable(event.text), start, end)
        self.move_cursor(result.end_location)
