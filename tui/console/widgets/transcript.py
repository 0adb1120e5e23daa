"""A long column of blocks that grows at its end while it is read.

A block is asked for its rows once for a width; only the rows in sight become strips, and those are kept. Rows of blocks
far from the part in sight are let go and asked for again when they come back, so that a long chat costs no more than
its text. The column scrolls by itself instead of leaving that to Textual, as a longer column would lay out the whole
screen anew.
"""

import re
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from typing import ClassVar, Protocol

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from tui.console.keys import bind
from tui.console.widgets.find_bar import Match
from tui.console.widgets.symbols import ACCENT, CURSOR, TURN

MAX_WIDTH = 80
"""Cells of the longest row."""

_OVERLAP = 2
"""Rows of the page before that stay in sight on the next one."""

_MAX_BLOCKS = 60
_MAX_STRIPS = 400


class Block(Protocol):
    """Something in the column."""

    def rows(self, cells: int) -> Sequence[Content]:
        """Return the rows at a width; the same objects while unchanged."""

    def contains(self, pattern: re.Pattern[str]) -> bool:
        """Return True if the rows may contain a text."""


class Transcript(Widget, can_focus=True):
    """The column. It follows its end until it is scrolled up, and again from when the end is reached."""

    DEFAULT_CSS = "Transcript { height: 1fr; width: 1fr; background: transparent; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("list.down", "move(1)"),
        bind("list.up", "move(-1)"),
        bind("list.page-down", "page(1)", also="space"),
        bind("list.page-up", "page(-1)"),
        bind("list.first", "end(False)"),
        bind("list.last", "end(True)"),
        bind("list.choose", "choose"),
    ]

    class Moved(Message):
        """Other rows are in sight."""

    class Chosen(Message):
        """Enter was pressed on a row of a block, or on none."""

        def __init__(self, block: Block | None, row: int) -> None:
            super().__init__()
            self.block, self.row = block, row

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self.blocks: list[Block] = []
        self.following = True
        self.by_page = False
        """Whether following moves on by a page, so that a row is drawn once and not with every row that comes."""
        self._heights: list[int] = []
        self._tops: list[int] = [0]
        self._top = 0
        self._cursor = 0
        self._rows: OrderedDict[int, Sequence[Content]] = OrderedDict()  # by the block's identity
        self._strips: OrderedDict[int, tuple[Content, int, Strip]] = OrderedDict()
        self._pattern: re.Pattern[str] | None = None

    # --- what is in it ---

    def show(self, blocks: Sequence[Block], *, follow: bool = True) -> None:
        """Show these blocks; with `follow` from their end, else from where the reader was."""
        known = {id(block): height for block, height in zip(self.blocks, self._heights, strict=True)}
        self.blocks = list(blocks)
        present = {id(block) for block in self.blocks}
        self._rows = OrderedDict((key, rows) for key, rows in self._rows.items() if key in present)
        # As good a guess as any: a block is measured when it comes into sight.
        self._heights = [known.get(id(block), 3) for block in self.blocks]
        if follow:
            self.following, self._cursor = True, self._tops[-1]
        self._lay_out()

    def refresh_block(self, block: Block) -> None:
        """Redraw the visible rows of a block whose rows have changed."""
        place = next((n for n in range(len(self.blocks) - 1, -1, -1) if self.blocks[n] is block), -1)
        if place < 0:
            return
        before = self._rows.pop(id(block), ())
        if not self.size.height:
            return
        after = self._measure(place)
        self._lay_out(first_changed=self._tops[place] + _same_beginning(before, after))

    @property
    def rows_below(self) -> int:
        """The number of rows below the visible ones."""
        return max(0, self._tops[-1] - self._top - self.size.height)

    @property
    def block_at_cursor(self) -> Block | None:
        """The block that the cursor is on, the last one while the end is followed."""
        if not self.blocks:
            return None
        return self.blocks[self._locate(self._cursor)[0]] if self.has_focus else self.blocks[-1]

    @property
    def cells(self) -> int:
        """How wide a row of a block may be; the cell at either side stays free."""
        return max(10, min(MAX_WIDTH, self.size.width - 2))

    # --- where rows are ---

    def _measure(self, place: int) -> Sequence[Content]:
        """Return a block's rows, and its height with the blank row above all but the first."""
        block = self.blocks[place]
        rows = self._rows.get(id(block))
        if rows is None:
            rows = self._rows[id(block)] = block.rows(self.cells)
            if len(self._rows) > _MAX_BLOCKS:
                self._rows.popitem(last=False)
        else:
            self._rows.move_to_end(id(block))
        self._heights[place] = len(rows) + (place > 0)
        return rows

    def _row(self, y: int) -> Content:
        """Return a row of the column."""
        place, number = self._locate(y)
        rows = self._measure(place)
        number -= place > 0
        return rows[number] if 0 <= number < len(rows) else _BLANK

    def _locate(self, y: int) -> tuple[int, int]:
        """Return the block at a row of the column, and the row in the block."""
        place = min(bisect_right(self._tops, y) - 1, len(self.blocks) - 1)
        return max(0, place), y - self._tops[max(0, place)]

    def _add_up(self) -> None:
        tops = [0]
        for height in self._heights:
            tops.append(tops[-1] + height)
        self._tops = tops

    def _lay_out(self, first_changed: int = 0) -> None:
        """Bring rows into sight; blocks that come into sight are measured, which may move others."""
        height, top, cursor = self.size.height, self._top, self._cursor
        at_end = self.following and cursor >= self._tops[-1] - 1
        self._add_up()
        if not height:
            return
        anchor = self._locate(self._top)
        while True:
            end = max(0, self._tops[-1] - height)
            if self.following and self.by_page:
                end = self._top if self._tops[-1] <= self._top + height else self._tops[-1] - min(_OVERLAP, height)
            if self.following:
                self._top = end
            self._top = max(0, min(self._top, end))
            first, last = self._locate(self._top)[0], self._locate(self._top + height - 1)[0]
            guessed = self._heights[first : last + 1]
            for place in range(first, last + 1) if self.blocks else ():
                self._measure(place)
            if guessed == self._heights[first : last + 1]:
                break
            self._add_up()
            if not self.following:
                self._top = self._tops[anchor[0]] + min(anchor[1], max(0, self._heights[anchor[0]] - 1))
        if at_end:
            self._cursor = self._tops[-1] - 1
        self._cursor = max(self._top, min(self._cursor, self._top + height - 1, self._tops[-1] - 1))
        if cursor != self._cursor and self.has_focus:
            first_changed = min(first_changed, cursor)
        if top != self._top or first_changed <= self._top:
            self.refresh()
        elif first_changed < self._top + height:
            y = first_changed - self._top
            self.refresh(Region(0, y, self.size.width, height - y))

    def on_resize(self) -> None:
        anchor = self._locate(self._cursor)
        self._rows.clear()
        self._strips.clear()
        self._lay_out()
        if self.blocks:
            self._cursor = min(self._tops[anchor[0]] + anchor[1], max(0, self._tops[-1] - 1))
            self._lay_out()

    def notify_style_update(self) -> None:
        # Another theme has other colors, which are in the rows that were drawn.
        self._strips.clear()
        super().notify_style_update()

    # --- moving ---

    def scroll_rows(self, rows: int) -> None:
        """Show rows further down, or up."""
        self.following = False
        self._top += rows
        self._lay_out()
        self.following = not self.rows_below
        self.post_message(self.Moved())

    def action_page(self, direction: int) -> None:
        self.scroll_rows(direction * max(1, self.size.height - 1))

    def action_move(self, step: int) -> None:
        row = max(0, min(self._cursor + step, self._tops[-1] - 1))
        self._scroll_to_row(row)

    def action_end(self, last: bool) -> None:
        self._scroll_to_row(self._tops[-1] - 1 if last else 0)
        self.following = last
        self._lay_out()
        self.post_message(self.Moved())

    def action_choose(self) -> None:
        place, row = self._locate(self._cursor)
        self.post_message(self.Chosen(self.blocks[place] if self.blocks else None, row - (place > 0)))

    def _scroll_to_row(self, y: int) -> None:
        old, self._cursor = self._cursor, y
        height = self.size.height
        if self._top <= y < self._top + height:
            for entry in {old, y}:
                self.refresh(Region(0, entry - self._top, self.size.width, 1))
        else:
            self.scroll_rows(y - self._top if y < self._top else y - self._top - height + 1)
            self._cursor = y
        self.post_message(self.Moved())

    def on_focus(self) -> None:
        # The cursor begins where reading ends.
        self._cursor = max(0, min(self._top + self.size.height, self._tops[-1]) - 1)
        self._scroll_to_row(self._cursor)

    def on_blur(self) -> None:
        self.refresh(Region(0, max(0, self._cursor - self._top), self.size.width, 1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_rows(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_rows(3)

    # --- finding ---

    def find(self, text: str, step: int = 0) -> Match | None:
        """Mark a row with that text and scroll to it: the last, or that below (1) or above (-1) the cursor."""
        if text or self._pattern is not None:
            self._pattern = re.compile(re.escape(text), re.IGNORECASE) if text else None
            self.refresh()
        matching = [place for place, block in enumerate(self.blocks) if self._pattern and block.contains(self._pattern)]
        if not matching:
            return None
        here, row = self._locate(self._cursor) if step else (len(self.blocks) - 1, MAX_WIDTH * len(self.blocks))
        row -= here > 0
        ahead = [place for place in matching if (place >= here if step > 0 else place <= here)]
        order = [*ahead, *(place for place in matching if place not in ahead), here]
        if step <= 0:
            order = [*reversed(ahead), *(place for place in reversed(matching) if place not in ahead), here]
        for turn, place in enumerate(order):
            rows = self._matching_rows(place)
            if place == here and not turn:
                rows = [index for index in rows if (index > row if step > 0 else index < row)]
            if rows:
                index = rows[0] if step > 0 else rows[-1]
                self._add_up()
                self._scroll_to_row(self._tops[place] + index + (place > 0))
                return self._counted(matching, place, index)
        return None

    def _matching_rows(self, place: int) -> list[int]:
        """Return which rows of a block hold the text that is looked for."""
        pattern = self._pattern
        return [index for index, row in enumerate(self._measure(place)) if pattern and pattern.search(row.plain)]

    def _counted(self, matching: Sequence[int], place: int, index: int) -> Match:
        if len(matching) > _MAX_SEARCHED_BLOCKS:
            return Match()
        before = sum(len(self._matching_rows(other)) for other in matching if other < place)
        rows = self._matching_rows(place)
        after = sum(len(self._matching_rows(other)) for other in matching if other > place)
        return Match(before + rows.index(index) + 1, before + len(rows) + after)

    # --- drawing ---

    def render_line(self, y: int) -> Strip:
        index = self._top + y
        if not self.blocks or index >= self._tops[-1]:
            return Strip.blank(self.size.width, self.visual_style.rich_style)
        row = self._row(index)
        here = index == self._cursor and (self.has_focus or self._pattern is not None)
        selection = self.text_selection
        span = selection.get_span(index) if selection is not None else None
        if here or span or self._pattern is not None:
            return self._draw_row(self._mark(row, span), CURSOR if here else " ", index)
        known = self._strips.get(id(row))
        if known is None or known[0] is not row or known[1] != index:
            known = (row, index, self._draw_row(row, " ", index))
            self._strips[id(row)] = known
            if len(self._strips) > _MAX_STRIPS:
                self._strips.popitem(last=False)
        return known[2]

    def _mark(self, row: Content, span: tuple[int, int] | None) -> Content:
        for match in self._pattern.finditer(row.plain) if self._pattern is not None else ():
            row = row.stylize("reverse", *match.span())
        if span is not None:
            style = Style.from_styles(self.screen.get_component_styles("screen--selection"))
            end = len(row.plain) if span[1] < 0 else span[1] - 1
            row = row.stylize(style, max(0, span[0] - 1), end)
        return row

    def _draw_row(self, row: Content, sign: str, index: int) -> Strip:
        # A row is wrapped by its block, so that nothing of what Textual does with other texts is needed.
        content, style = Content.assemble((sign, ACCENT), row), self.visual_style
        parts = content.render(style, "", parse_style=self._get_style)
        strip = Strip([Segment(text, look.rich_style) for text, look in parts])
        return strip.adjust_cell_length(self.size.width, style.rich_style).apply_offsets(0, index)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        first = selection.start.y if selection.start is not None else 0
        last = selection.end.y if selection.end is not None else self._tops[-1] - 1
        lines: list[str] = []
        for y in range(first, min(last, self._tops[-1] - 1) + 1):
            text = f" {self._row(y).plain}"
            start, end = selection.get_span(y) or (0, -1)
            part = text[start : len(text) if end < 0 else end].removeprefix(" " if not start else "")
            lines.append(part.removeprefix(f"{TURN} "))
        return "\n".join(lines), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()


_BLANK = Content("")
_MAX_SEARCHED_BLOCKS = 50
"""The most blocks in which matches are counted; each is laid out for it."""


def _same_beginning(before: Sequence[Content], after: Sequence[Content]) -> int:
    same = 0
    for old, new in zip(before, after, strict=False):
        if old is not new and not old.is_same(new):
            break
        same += 1
    return same
