"""A scrolling text viewer without a cursor, with find."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.console.keys import bind
from tui.console.widgets.find_bar import Match, nearest
from tui.console.widgets.static_text import Words, draw_line, line

Build = Callable[[int], Sequence[Words]]
"""The lines of the text at a width in cells."""


class Reader(ScrollView, can_focus=True):
    """The text. `Scrolled` is posted when other lines become visible."""

    DEFAULT_CSS = "Reader { height: 1fr; width: 1fr; scrollbar-size: 0 0; background: transparent; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("list.down", "scroll_by(1)", also="enter"),
        bind("list.up", "scroll_by(-1)"),
        bind("list.page-down", "page(1)", also="space"),
        bind("list.page-up", "page(-1)"),
        bind("list.first", "end(False)"),
        bind("list.last", "end(True)"),
    ]

    class Scrolled(Message):
        """Other lines are in sight."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._build: Build = lambda _: ()
        self.lines: list[Content] = []
        self._match_line = -1

    def show(self, build: Build) -> None:
        """Show a text; it is rebuilt when the width changes."""
        self._build = build
        self._rebuild()

    def _rebuild(self) -> None:
        cells = self.size.width
        if not cells:
            return
        self.lines = [part for entry in self._build(cells) for part in _wrap(line(entry), cells)]
        self.virtual_size = Size(cells, len(self.lines))
        self.refresh()
        self.post_message(self.Scrolled())

    def on_resize(self) -> None:
        self._rebuild()

    @property
    def visible_range(self) -> str:
        """The visible lines and how many there are: `1 – 18 of 41`."""
        first, count = self.scroll_offset.y, len(self.lines)
        return f"{min(first + 1, count)} – {min(first + self.size.height, count)} of {count}"

    def find(self, text: str, step: int = 0) -> Match | None:
        """Bring a line with that text into sight: from the match shown on, below it (1) or above it (-1)."""
        query = text.casefold()
        matches = [n for n, entry in enumerate(self.lines) if query and query in entry.plain.casefold()]
        index = nearest(matches, self._match_line, step)
        self._match_line = -1 if index is None else matches[index]
        self.refresh()
        if index is None:
            return None
        if not self.scroll_offset.y <= self._match_line < self.scroll_offset.y + self.size.height:
            self._to(self._match_line - self.size.height // 3)
        return Match(index + 1, len(matches))

    def _to(self, top: int) -> None:
        self.scroll_to(y=max(0, min(top, self.max_scroll_y)), animate=False, immediate=True)
        self.post_message(self.Scrolled())

    def action_scroll_by(self, step: int) -> None:
        self._to(self.scroll_offset.y + step)

    def action_page(self, direction: int) -> None:
        self._to(self.scroll_offset.y + direction * max(1, self.size.height - 1))

    def action_end(self, last: bool) -> None:
        self._to(len(self.lines) if last else 0)

    def render_line(self, y: int) -> Strip:
        cells, index, style = self.size.width, y + self.scroll_offset.y, self.visual_style
        if not 0 <= index < len(self.lines):
            return Strip.blank(cells, style.rich_style)
        row = self.lines[index]
        if index == self._match_line:
            row = row.stylize("reverse")
        return draw_line(self, row, style)


def _wrap(text: Content, cells: int) -> list[Content]:
    """Wrap a text at that width with a hanging indent."""
    if text.cell_length <= cells:
        return [text]
    indent = min(len(text.plain) - len(text.plain.lstrip(" ")), cells // 2)
    parts = text[indent:].wrap(cells - indent)
    return [part.pad_left(indent) for part in parts]
