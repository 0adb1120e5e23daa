"""The parts of a form: labelled fields with lines of help, buttons, choices and check marks.

A form is a column of parts. Enter in a field goes on to the next part, enter on a button presses it, and nothing else
submits anything. What is typed on a button or a choice goes into the first field that nobody has typed into.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from tui.console.keys import bind
from tui.console.widgets.input import LineField, SecretField
from tui.console.widgets.static_text import Plain, Words, line
from tui.console.widgets.symbols import (
    ACCENT,
    BUTTON,
    BUTTON_FOCUSED,
    BUTTON_PRIMARY,
    CURSOR,
    HEADING,
    MORE_ABOVE,
    MORE_BELOW,
    MUTED,
    OPTION_FOCUSED,
    WORKING,
)
from tui.console.widgets.truncate import fit, width

LABEL = 17
"""Cells of a label; fields begin three cells and a label from the left."""

FIELD = 52
"""Cells between the brackets of a field."""


def marker(here: bool) -> Words:
    """Return the beginning of a part's row, with the cursor while the part has the focus."""
    return (f" {CURSOR} ", ACCENT) if here else "   "


def label_style(here: bool) -> str:
    """Return the style of a label, of the part with the focus or another one."""
    return HEADING if here else ""


class Form(VerticalScroll, can_focus=False):
    """A column of parts. `tab`, `shift+tab`, and `up` and `down` outside of fields, move through them as a ring."""

    DEFAULT_CSS = "Form { height: 1fr; scrollbar-size: 0 0; background: transparent; }"

    class Moved(Message):
        """The form was scrolled."""

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Moved())

    def watch_virtual_size(self) -> None:
        self.post_message(self.Moved())

    def on_resize(self) -> None:
        self.post_message(self.Moved())

    @property
    def hidden_below(self) -> str:
        """What of the form is out of sight: `↓ more below`, or ''."""
        last = self._rows - self.size.height
        above = f"{MORE_ABOVE} more above" if self.scroll_offset.y > 0 else ""
        below = f"{MORE_BELOW} more below" if self.scroll_offset.y < last else ""
        return "  ".join(filter(None, (above, below)))

    @property
    def _rows(self) -> int:
        """The rows from the first to the last that shows something: blank ones at the end are nothing to scroll to."""
        rows = self.virtual_size.height
        for part in reversed(self.displayed_children):
            if not isinstance(part, Plain) or part.text.strip():
                break
            rows -= part.outer_size.height
        return rows

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("focus.down", "app.focus_next"),
        bind("focus.up", "app.focus_previous"),
    ]


class FieldRow(Vertical):
    """A label, a field in brackets, and lines under it. The lines can change; the field keeps what was typed."""

    DEFAULT_CSS = f"""
    FieldRow {{ height: auto; }}
    FieldRow > Horizontal {{ height: 1; }}
    FieldRow .label {{ width: {LABEL + 4}; }}
    FieldRow LineField, FieldRow LineField:focus {{ max-width: {FIELD}; }}
    FieldRow .end {{ width: auto; }}
    FieldRow .under {{ height: auto; padding-left: {LABEL + 3}; }}
    FieldRow .under.-empty {{ display: none; }}
    """

    class Next(Message):
        """Enter was pressed in the field."""

        def __init__(self, row: "FieldRow") -> None:
            super().__init__()
            self.row = row

    def __init__(
        self,
        name: str,
        label: str,
        value: str = "",
        *,
        secret: bool = False,
        help: Sequence[str] = (),  # noqa: A002 - the word of the screens
        cells: int = FIELD,
    ) -> None:
        super().__init__(id=f"row-{name}")
        self.field_name, self.label, self.help, self.cells = name, label, tuple(help), cells
        self.field: LineField = SecretField() if secret else LineField(value)
        self._label = Plain(classes="label")
        self._end = Plain(("]", MUTED), classes="end")
        self._under = Plain(classes="under")

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self._label
            yield self.field
            yield self._end
        yield self._under

    def on_mount(self) -> None:
        self.field.styles.max_width = self.cells
        self._label.styles.width = (LABEL if self.label else 0) + 4
        self._mark(self.field.has_focus)
        self.show_lines()

    @property
    def value(self) -> str:
        return self.field.value

    def show_lines(self, *lines: Words) -> None:
        """Show lines under the field, or its help without any."""
        shown: Sequence[Words] = lines or [(entry, MUTED) for entry in self.help]
        self._under.show(Content("\n").join(line(entry) for entry in shown))
        self._under.set_class(not shown, "-empty")

    def show_note(self, text: Words) -> None:
        """Show a text after the field, for example the state of a search."""
        self._end.show(line(("] ", MUTED), text))

    def _mark(self, here: bool) -> None:
        label = fit(self.label, LABEL) if self.label else ""
        self._label.show(line(marker(here), (label, label_style(here)), ("[", MUTED)))

    def on_descendant_focus(self) -> None:
        self._mark(True)

    def on_descendant_blur(self) -> None:
        self._mark(False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Next(self))


class Part(Widget, can_focus=True):
    """Something of one row or more in a form that takes the focus but no text."""

    DEFAULT_CSS = "Part { height: auto; width: 1fr; }"

    activity = ""
    """What it is doing now; until it is done, it takes no keys."""

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        """Type into the first field of the page that nobody has typed into, so that nothing typed here is lost."""
        character = event.character or ""
        if (
            self.activity
            or not character.isprintable()
            or character.isspace()
            or event.key in self.screen.active_bindings
        ):
            return
        fields = (part for part in self.screen.focus_chain if isinstance(part, LineField) and part.is_untouched)
        if field := next(fields, None):
            field.focus()
            field.replace(character, 0, len(field.value))
            event.stop()

    @property
    def marker(self) -> Words:
        return marker(self.has_focus)


class Button(Part):
    """`[ Words that say what happens ]`, and a note after it. While it works, it shows what it does instead."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("form.press", "press")]

    class Pressed(Message):
        """The button was pressed."""

        def __init__(self, button: "Button") -> None:
            super().__init__()
            self.button = button

        @property
        def control(self) -> "Button":
            return self.button

    def __init__(
        self,
        label: str,
        *,
        id: str | None = None,  # noqa: A002 - textual's name
        note: str = "",
        indent: int = 0,
        primary: bool = False,
    ) -> None:
        super().__init__(id=id)
        self.label, self.note_text, self.indent, self.primary = label, note, indent, primary
        self.activity = ""

    def show_progress(self, activity: str = "") -> None:
        """Show what is being done in the button's place; '' brings the button back."""
        if activity != self.activity:
            self.activity = activity
            self.refresh(layout=True)

    def relabel(self, label: str, note: str = "") -> None:
        if (label, note) != (self.label, self.note_text):
            self.label, self.note_text = label, note
            self.refresh(layout=True)

    def render(self) -> Content:
        if self.activity:
            return line(self.marker, f"{WORKING} {self.activity}")
        style = BUTTON_FOCUSED if self.has_focus else BUTTON_PRIMARY if self.primary else BUTTON
        note = f"   {self.note_text}" if self.note_text else ""
        return line(self.marker, (f"[ {self.label} ]", style), (note, MUTED))

    def action_press(self) -> None:
        if not self.disabled and not self.activity:
            self.post_message(self.Pressed(self))

    def on_click(self) -> None:
        self.action_press()


class Choice(Part):
    """`(•) one  ( ) another`, in a row or a column. Left, right and space choose, in a column up and down, too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("choice.left", "step(-1)"),
        bind("choice.right", "step(1)", also="space"),
        bind("field.next", "next"),
    ]

    class Changed(Message):
        """Another value was chosen."""

        def __init__(self, choice: "Choice") -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> "Choice":
            return self.choice

    class Next(Changed):
        """Enter was pressed."""

    def __init__(
        self,
        label: str,
        options: Sequence[tuple[str, str | Content]],
        value: str = "",
        *,
        column: bool = False,
        id: str | None = None,  # noqa: A002 - textual's name
    ) -> None:
        super().__init__(id=id)
        self.label, self.options, self.column = label, list(options), column
        self.value = value or (self.options[0][0] if self.options else "")
        if column:
            self._bindings.bind("down", "move(1)", show=False)
            self._bindings.bind("up", "move(-1)", show=False)

    def render(self) -> Content:
        cells = max(20, self.size.width - LABEL - 4)
        parts = [self._option(key, text) for key, text in self.options]
        rows: list[Content] = []
        for part in parts:
            if rows and not self.column and rows[-1].cell_length + 3 + part.cell_length <= cells:
                rows[-1] = rows[-1].append("  ").append(part)
            else:
                rows.append(part)
        first = line(self.marker, (fit(self.label, LABEL), label_style(self.has_focus)))
        return Content("\n").join(
            first.append(row) if n == 0 else line(" " * (LABEL + 3), row) for n, row in enumerate(rows)
        )

    def _option(self, key: str, text: str | Content) -> Content:
        chosen = key == self.value
        option = line((f"({'•' if chosen else ' '}) ", ACCENT if chosen else ""), text)
        return line((option.plain, OPTION_FOCUSED)) if chosen and self.has_focus else option

    def set_options(self, options: Sequence[tuple[str, str | Content]]) -> None:
        """Offer other values; the one chosen stays if it is among them, else the first is."""
        if list(options) != self.options:
            self.options = list(options)
            if self.value not in dict(options):
                self.value = self.options[0][0] if self.options else ""
            self.refresh(layout=True)

    def choose(self, value: str) -> None:
        """Choose a value. Choosing the same value again posts no message."""
        if value != self.value and value in dict(self.options):
            self.value = value
            self.refresh(layout=True)
            self.post_message(self.Changed(self))

    def action_step(self, step: int) -> None:
        keys = [key for key, _ in self.options]
        self.choose(keys[(keys.index(self.value) + step) % len(keys)])

    def action_move(self, step: int) -> None:
        """Choose the option above or below; beyond the first and the last go to the part before or after."""
        place = [key for key, _ in self.options].index(self.value) + step
        if 0 <= place < len(self.options):
            self.choose(self.options[place][0])
        elif step < 0:
            self.screen.focus_previous()
        else:
            self.screen.focus_next()

    def action_next(self) -> None:
        self.post_message(self.Next(self))

    def on_click(self, event: events.Click) -> None:
        if self.column and 0 <= event.y < len(self.options):
            self.choose(self.options[event.y][0])
            return
        x = LABEL + 3
        for key, text in self.options:
            wide = 4 + width(line(text).plain)
            if x <= event.x < x + wide:
                self.choose(key)
            x += wide + 2
