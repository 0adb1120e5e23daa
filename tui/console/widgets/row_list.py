"""A list of rows with a cursor. Draws only visible rows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, overload

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.console.keys import bind
from tui.console.widgets.static_text import draw_line, line
from tui.console.widgets.symbols import CURSOR, MARK

_BAR = RichStyle(reverse=True)
_UNFOCUSED_BAR = RichStyle(reverse=True, dim=True)

Draw = Callable[[int], Content]
"""A row's text at a width in cells, without the three cells of the cursor."""


@dataclass(frozen=True)
class Item:
    """One row. `key` is its identity for the cursor ('' for headings and other rows that cannot be chosen)."""

    key: str
    draw: Draw
    entry: str = ""
    """The key of the row above that it continues: the bar covers both."""

    @property
    def selectable(self) -> bool:
        return bool(self.key)


def text_item(key: str, content: Content | str) -> Item:
    """Return a row whose text does not depend on the width."""
    drawn = line(content)
    return Item(key, lambda _: drawn)


class Lazy(Sequence[Item]):
    """Rows that are made when they are looked at, for lists of thousands: their keys, and what draws the nth."""

    def __init__(self, keys: Sequence[str], draw: Callable[[int], Draw]) -> None:
        self.keys = keys
        self._draw = draw

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...

    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        return Item(self.keys[index], self._draw(index))


def _index(items: Sequence[Item], key: str) -> int:
    """Return the index of the row with that key, -1 if there is none."""
    if isinstance(items, Lazy):
        return items.keys.index(key) if key and key in items.keys else -1
    return next((n for n, item in enumerate(items) if item.key == key and key), -1)


class Rows(ScrollView, can_focus=True):
    """The list. `Moved` tells where the cursor is, `Chosen` that enter was pressed or the row clicked twice."""

    DEFAULT_CSS = """
    Rows { height: 1fr; width: 1fr; scrollbar-size: 0 0; background: transparent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("list.down", "move(1)"),
        bind("list.up", "move(-1)"),
        bind("list.page-down", "page(1)"),
        bind("list.page-up", "page(-1)"),
        bind("list.first", "end(False)"),
        bind("list.last", "end(True)"),
        bind("list.choose", "choose"),
    ]

    REVERSED: ClassVar[bool] = True
    """Whether a bar across the list marks the row under the cursor."""
    SHOWS_CURSOR_ALWAYS: ClassVar[bool] = True
    """Whether the cursor is drawn while something else has the focus."""

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, rows: "Rows", key: str) -> None:
            super().__init__()
            self.rows, self.key = rows, key

        @property
        def control(self) -> "Rows":
            return self.rows

    class Chosen(Moved):
        """The row under the cursor was chosen."""

    class Left(Message):
        """The cursor was moved up from the first row."""

    def __init__(self, *, id: str | None = None, classes: str | None = None, driven: bool = False) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id, classes=classes)
        self.items: Sequence[Item] = ()
        self.count = 0
        """The number of rows that can be chosen."""
        self.cursor = -1
        self.gutter_cells = 3
        self.marks: frozenset[str] = frozenset()
        """The keys of the rows that a person marked, in sight or not."""
        self.is_driven = driven
        """Whether a field beside the list moves its cursor, so that the bar is that of a focused list."""

    @property
    def key(self) -> str:
        """The key of the row under the cursor, '' if there is none."""
        return self.items[self.cursor].key if 0 <= self.cursor < len(self.items) else ""

    @property
    def keys(self) -> list[str]:
        """The keys of the rows that can be chosen; `count` is their number."""
        keys = self.items.keys if isinstance(self.items, Lazy) else (item.key for item in self.items)
        return [key for key in keys if key]

    def show(self, items: Sequence[Item], key: str | None = None) -> None:
        """Replace the rows. The cursor goes to `key`, else stays on its key, else near where it was."""
        target, before = (self.key if key is None else key), self.cursor
        self.items = items
        self.count = len(self.keys)
        index = _index(items, target)
        self.cursor = index if index >= 0 else self._nearest_selectable(max(before, 0))
        self.virtual_size = Size(self.size.width, len(items))
        self.refresh()
        self._reveal()
        self.post_message(self.Moved(self, self.key))

    def mark(self, keys: Iterable[str]) -> None:
        """Show these rows as marked, and no others."""
        self.marks = frozenset(keys)
        self.refresh()

    def select(self, key: str) -> None:
        """Put the cursor on a row."""
        index = _index(self.items, key)
        self._move_to(index if index >= 0 else self.cursor)

    def _nearest_selectable(self, index: int) -> int:
        """Return the selectable row nearest to an index, -1 if there is none."""
        last = len(self.items) - 1
        index = max(0, min(index, last))
        for distance in range(last + 1):
            for near in (index - distance, index + distance):
                if 0 <= near <= last and self.items[near].selectable:
                    return near
        return -1

    def _move_to(self, index: int) -> None:
        if index == self.cursor or not 0 <= index < len(self.items):
            return
        old, self.cursor = self.cursor, index
        self._redraw(old)
        self._redraw(index)
        self._reveal()
        self.post_message(self.Moved(self, self.key))

    def _redraw(self, index: int) -> None:
        y = index - self.scroll_offset.y
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1 + self._continuation_rows(index)))

    def _continuation_rows(self, index: int) -> int:
        """Return how many rows below belong to the one at an index."""
        if isinstance(self.items, Lazy) or not 0 <= index < len(self.items):
            return 0
        key, count = self.items[index].key, 0
        while key and index + count + 1 < len(self.items) and self.items[index + count + 1].entry == key:
            count += 1
        return count

    def _reveal(self) -> None:
        height, top = self.size.height, self.scroll_offset.y
        if height <= 0 or self.cursor < 0:
            return
        # The heading above the first row stays in sight with it.
        first = 0 if self._nearest_selectable(0) == self.cursor else self.cursor
        if first < top:
            self.scroll_to(y=first, animate=False, immediate=True)
        elif (last := self.cursor + min(self._continuation_rows(self.cursor), height - 1)) >= top + height:
            self.scroll_to(y=last - height + 1, animate=False, immediate=True)

    def action_move(self, step: int) -> None:
        index = self.cursor + step
        while 0 <= index < len(self.items) and not self.items[index].selectable:
            index += step
        if index < 0:
            self.post_message(self.Left())
        self._move_to(index)

    def action_page(self, direction: int) -> None:
        self._move_to(self._nearest_selectable(self.cursor + direction * max(1, self.size.height - 1)))

    def action_end(self, last: bool) -> None:
        self._move_to(self._nearest_selectable(len(self.items) - 1 if last else 0))

    def action_choose(self) -> None:
        if self.key:
            self.post_message(self.Chosen(self, self.key))

    def on_click(self, event: events.Click) -> None:
        index = int(event.y + self.scroll_offset.y)
        if 0 <= index < len(self.items) and self.items[index].selectable:
            self._move_to(index)
            if event.chain == 2:
                self.action_choose()

    def on_focus(self) -> None:
        self._redraw(self.cursor)

    def on_blur(self) -> None:
        self._redraw(self.cursor)

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self.items))
        self._reveal()
        # How many rows are in sight is known only now.
        self.post_message(self.Moved(self, self.key))

    def render_line(self, y: int) -> Strip:
        cells, index = self.size.width, y + self.scroll_offset.y
        style = self.visual_style
        if not 0 <= index < len(self.items):
            return Strip.blank(cells, style.rich_style)
        item = self.items[index]
        cursor = index == self.cursor
        here = cursor or bool(item.entry and item.entry == self.key)
        active = self.has_focus or self.is_driven
        # In a gutter of one cell the cursor shows only while the list has the focus.
        shown = here and (active or (self.SHOWS_CURSOR_ALWAYS and self.gutter_cells > 1))
        gutter = (CURSOR if shown and cursor else "").center(self.gutter_cells)
        if item.key in self.marks and self.gutter_cells > 1:
            gutter = MARK + gutter[1:]
        row = line(gutter, item.draw(cells - len(gutter))).truncate(cells, ellipsis=True)
        if shown and self.REVERSED:
            # One look for the whole line: dim and colored words would make blocks of other colors in it.
            bar = _BAR if active else _UNFOCUSED_BAR
            return Strip([Segment(row.plain + " " * (cells - row.cell_length), style.rich_style + bar)], cells)
        return draw_line(self, row, style)
