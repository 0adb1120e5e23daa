"""The list of search results under a field. It never moves the cursor."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from tui.console.widgets.form import FieldRow
from tui.console.widgets.row_list import Item, Rows
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import MUTED, WORKING
from tui.console.widgets.truncate import clip_end, fit, width
from tui.providers.events import SearchResult

MAX_ROWS = 6
"""Results shown at once; the others are reached by scrolling."""

_NAME_CELLS = 44
"""Cells of a name before the notes, if all names are shorter and there is room."""

_NOTE = 24
"""Cells that the note about a hit keeps beside a long name."""


class ResultRows(Rows):
    """The list of results, as high as it needs to be; `tab` skips it while it is empty."""

    DEFAULT_CSS = f"ResultRows {{ height: auto; max-height: {MAX_ROWS}; }}"
    SHOWS_CURSOR_ALWAYS: ClassVar[bool] = False

    def get_content_height(self, *_: object) -> int:
        return len(self.items)


class SearchResults(Vertical):
    """A free text field with results under it; choosing one fills in the field and related ones.

    The list shows while the field or the list has the focus.
    """

    DEFAULT_CSS = "SearchResults { height: auto; } SearchResults ResultRows { display: none; }"

    class Chosen(Message):
        """Posted when a result was chosen."""

        def __init__(self, offered: "SearchResults", hit: SearchResult) -> None:
            super().__init__()
            self.offered, self.hit = offered, hit

    def __init__(self, row: FieldRow) -> None:
        super().__init__()
        self.row = row
        self.list = ResultRows()
        self.hits: Mapping[str, SearchResult] = {}
        self._here = self._has_message = False

    def compose(self) -> ComposeResult:
        yield self.row
        yield self.list

    @property
    def selected_result(self) -> SearchResult | None:
        """The result under the cursor, while the list has the focus."""
        return self.hits.get(self.list.key) if self.list.has_focus else None

    @property
    def has_results(self) -> bool:
        """Whether results are shown."""
        return bool(self.list.display)

    def searching(self, on: bool) -> None:
        """Show that a search is running."""
        self.row.show_note((f"{WORKING} searching", MUTED) if on else "")

    def show(self, hits: Sequence[SearchResult], *words: Words) -> None:
        """Replace the hits; `words` are shown under the field in place of its help."""
        self.hits = {result.id: result for result in hits}
        name_width = max((width(_name(result)) for result in self.hits.values()), default=0)
        self.list.show([_item(result, max(name_width, _NAME_CELLS)) for result in self.hits.values()])
        self.list.refresh(layout=True)
        # What else is said there, such as what is wrong with the field, is left alone.
        if words or self._has_message:
            self.row.show_lines(*words)
        self._has_message = bool(words)
        self._reveal()

    def _reveal(self) -> None:
        shown = self._here and bool(self.hits)
        if self.list.has_focus and not self.hits:
            self.row.field.focus()
        self.list.display = shown
        self.list.can_focus = shown
        if shown:
            # At the end of a long form they would come below the window.
            self.call_after_refresh(self.scroll_visible, animate=False)

    def on_descendant_focus(self) -> None:
        self._here = True
        self._reveal()

    def on_descendant_blur(self) -> None:
        # The focus may only be on its way from the field to the list.
        self.call_after_refresh(self._left)

    def _left(self) -> None:
        self._here = self.row.field.has_focus or self.list.has_focus
        self._reveal()

    def on_rows_left(self, event: Rows.Left) -> None:
        event.stop()
        self.row.field.focus()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.post_message(self.Chosen(self, self.hits[event.key]))


def _name(hit: SearchResult) -> str:
    return hit.label or hit.id


def _item(hit: SearchResult, name_width: int) -> Item:
    def draw(cells: int) -> Content:
        name, note = _name(hit), hit.note
        name_cells = max(min(width(name), cells - _NOTE - 4), cells - width(note) - 4) if note else cells - 2
        style = "" if hit.usable else MUTED
        shown = fit(name, min(name_cells, name_width), middle=True)
        return line("  ", (shown, style), "  " if note else "", (clip_end(note, cells - width(shown) - 4), MUTED))

    return Item(hit.id, draw)
