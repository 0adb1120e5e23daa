"""One-line text fields, hidden for secrets. A paste never submits; too long a paste is refused."""

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input

from tui.console.keys import bind
from tui.sanitize import printable

LIMIT = 16_000
"""Characters that a one-line field takes; the longest keys in use have a few thousand."""


class LineField(Input):
    """A field of one line without a frame. Enter goes on to the next field; its screen decides what that is.

    `cleaner` returns the part of a paste that goes in, or None to refuse it; a form may set its own.
    """

    DEFAULT_CSS = """
    LineField, LineField:focus {
        border: none; padding: 0; height: 1; width: 1fr; background: transparent; background-tint: transparent;
    }
    """

    class TooLong(Message):
        """Posted when a paste of `size` characters was refused."""

        def __init__(self, field: "LineField", size: int) -> None:
            super().__init__()
            self.field, self.size = field, size

    class Pasted(Message):
        """Posted when text was pasted; the field holds the part that its cleaner returned."""

        def __init__(self, field: "LineField", text: str) -> None:
            super().__init__()
            self.field, self.text = field, text

    BINDINGS: ClassVar[list[BindingType]] = [bind("field.backspace", "delete_left")]

    def __init__(self, value: str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(value, id=id, classes=classes, select_on_focus=False, compact=True)
        self.cursor_blink = False
        self.cleaner: Callable[[str], str | None] = self.clean
        self.proposal = ""
        """A value that nobody typed: it is selected with the focus, and what is typed replaces it."""

    def propose(self, value: str) -> None:
        """Put a value in for a person to accept or to type over."""
        self.value = self.proposal = value
        self.cursor_position = len(value)

    @property
    def is_untouched(self) -> bool:
        return self.value in ("", self.proposal)

    def on_focus(self) -> None:
        if self.proposal and self.is_untouched:
            self.select_all()

    def render_line(self, y: int) -> Strip:
        # As wide as the field, so that the line below it shows how much room there is.
        width = self.size.width
        return super().render_line(y).crop(0, width).extend_cell_length(width, self.rich_style)

    def clean(self, text: str) -> str:
        """Return the part of a paste that goes into the field."""
        return " ".join(printable(text).split("\n")).strip() if "\n" in text else printable(text)

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.insert_paste(event.text)

    def insert_paste(self, text: str) -> None:
        """Put pasted text where the cursor is."""
        if len(text) > LIMIT:
            self.post_message(self.TooLong(self, len(text)))
            return
        cleaned = self.cleaner(text)
        if cleaned is not None:
            start, end = self.selection
            self.replace(cleaned, start, end)
        self.post_message(self.Pasted(self, text))


class SecretField(LineField):
    """A field that shows dots. What it holds can be replaced, never copied or cut."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id, classes=classes)
        self.password = True

    def clean(self, text: str) -> str:
        # What is wrong with a pasted key is said by its screen, which sees the paste as it came.
        return "".join(character for character in text if character.isprintable())

    def action_copy(self) -> None:
        """Do nothing: a secret is never copied to the clipboard."""

    action_cut = action_copy

    @property
    def selected_text(self) -> str:
        return ""
