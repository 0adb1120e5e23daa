"""The shortest text that turns one terminal picture into another.

It uses what every terminal knows: moves, colours, erasing to the end of a row, and scroll regions that are moved by a
line feed at the foot or an index at the head.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from tui.console.terminal.cell_styles import PLAIN, CellStyle, change, on_blank
from tui.console.terminal.cells import CellRow, Picture, blank, has_certain_width

FULL_RESET = "\x1b[m\x1b[r\x1b[?7l\x1b[?25l\x1b[H\x1b[2J"
"""No colour, no scroll region, no line wrap, no cursor, nothing on the screen: what all else stands on."""

_ERASE = "\x1b[K"
_GAP = 4
"""Cells that are as they should be and yet sent again, as that is shorter than a move over them."""

_MIN_SCROLL_COST = 64
"""Characters that no scroll makes fewer: its own take half of that."""

_MAX_RUN = 32
"""Cells of one run at most, so that a slow line can be given less than a row."""


class CursorState(NamedTuple):
    """Where the terminal writes next and how. `y` below 0 and `x` beyond the last cell are not known."""

    y: int = -1
    x: int = 0
    look: CellStyle = PLAIN


class Run(NamedTuple):
    """A text that makes the cells from `start` to `end` of row `y` what they should be, and the pen after it."""

    y: int
    start: int
    end: int
    text: str
    pen: CursorState


class ScreenState(NamedTuple):
    """What a terminal shows."""

    picture: Picture
    pen: CursorState

    @classmethod
    def blank(cls, width: int, height: int) -> "ScreenState":
        """Return the state of the screen after FULL_RESET."""
        return cls([blank(width)] * height, CursorState(0, 0))


def diff_step(shown: ScreenState, target: Picture, cursor: tuple[int, int], budget: int) -> tuple[str, ScreenState]:
    """Return text that turns the screen into the wanted picture, and the state after it.

    The cursor (x, y) is at its end. If the whole takes more bytes than `room`, the text is a part of it, from the
    cursor's row outwards, where the effect of a key is seen. The rest is the difference that is left.
    """
    rows, width = range(len(target)), len(target[0].texts)
    start, todo, scrolling = _shortest_scroll(shown, target, rows)
    pen = todo[-1].pen if todo else start.pen
    text = scrolling + "".join(run.text for run in todo) + move(pen, cursor[1], cursor[0], width)
    if len(text.encode()) <= budget:
        return text, ScreenState(target, CursorState(cursor[1], cursor[0], pen.look))
    picture, pen, text = list(start.picture), start.pen, scrolling
    for run in runs(*start, target, sorted(rows, key=lambda y: abs(y - cursor[1]))):
        if text and len(text.encode()) + len(run.text.encode()) > budget:
            break
        text, pen = text + run.text, run.pen
        picture[run.y] = _overlay(picture[run.y], target[run.y], run.start, run.end)
    return text, ScreenState(picture, pen)


def _overlay(row: CellRow, new: CellRow, start: int, end: int) -> CellRow:
    texts, looks = row.texts.copy(), row.looks.copy()
    texts[start:end], looks[start:end] = new.texts[start:end], new.looks[start:end]
    return CellRow(texts, looks, row.has_certain_width and new.has_certain_width)


# --- what is sent for a row ---


def runs(before: Picture, pen: CursorState, after: Picture, order: Iterable[int]) -> Iterator[Run]:
    """Yield what to send for rows, in that order; any first part of it makes no cell wrong."""
    for y in order:
        old, new = before[y], after[y]
        if old is new or old[:2] == new[:2]:
            continue
        for run in (
            _changed_runs(y, old, new, pen)
            if old.has_certain_width and new.has_certain_width
            else [_redraw_row(y, new, pen)]
        ):
            pen = run.pen
            yield run


def _changed_runs(y: int, old: CellRow, new: CellRow, pen: CursorState) -> Iterator[Run]:
    """Yield the runs of a row's cells that differ."""
    tail, width = _tail(new), len(new.texts)
    for start, end in _differing(old, new):
        erase = end - max(start, tail) > len(_ERASE)
        stop = max(start, tail) if erase else end
        while start < stop:
            last = min(stop, start + _MAX_RUN)
            while last < width and not new.texts[last]:
                last += 1
            text, pen = _write_run(new, y, start, last, pen)
            yield Run(y, start, last, text, pen)
            start = last
        if erase:
            text, pen = _erase_row_end(y, start, pen, width)
            yield Run(y, start, width, text, pen)
            return


def _redraw_row(y: int, new: CellRow, pen: CursorState) -> Run:
    """Return a row with characters of uncertain width: cleared, and each cell after one positioned."""
    width, tail = len(new.texts), _tail(new)
    text, pen = _erase_row_end(y, 0, pen, width)
    start = 0
    for end in [*(x + 1 for x, text in enumerate(new.texts) if not has_certain_width(text)), tail]:
        while end < width and not new.texts[end]:
            end += 1
        if start < end:
            more, pen = _write_run(new, y, start, end, pen)
            text, pen, start = text + more, CursorState(y, width, pen.look), end
    return Run(y, 0, width, text, pen)


def _differing(old: CellRow, new: CellRow) -> Iterator[tuple[int, int]]:
    """Yield the ranges of cells that differ, joined across small gaps of the same style."""
    cells = zip(old.texts, new.texts, old.looks, new.looks, strict=True)
    different = [x for x, (a, b, c, d) in enumerate(cells) if a != b or c is not d]
    start = different[0]
    for last, x in pairwise(different):
        gap, look = range(last + 1, x), new.looks[last]
        if gap and (len(gap) > _GAP or not all(_fits(new, between, look) for between in gap)):
            yield start, last + 1
            start = x
    yield start, different[-1] + 1


def _fits(row: CellRow, x: int, look: CellStyle) -> bool:
    """Whether a cell can be written in a look."""
    return row.looks[x] is look or (row.texts[x] == " " and on_blank(look) is row.looks[x])


def _tail(row: CellRow) -> int:
    """From where on a row is blank."""
    end = len(row.texts)
    while end and row.texts[end - 1] == " " and row.looks[end - 1] is PLAIN:
        end -= 1
    return end


def _write_run(row: CellRow, y: int, start: int, end: int, pen: CursorState) -> tuple[str, CursorState]:
    parts = [move(pen, y, start, len(row.texts))]
    look = pen.look
    for text, target in zip(row.texts[start:end], row.looks[start:end], strict=True):
        if target is not look and text and not (text == " " and on_blank(look) is target):
            parts.append(change(look, target))
            look = target
        parts.append(text)
    return "".join(parts), CursorState(y, end, look)


def _erase_row_end(y: int, x: int, pen: CursorState, width: int) -> tuple[str, CursorState]:
    """Erase to the end of a row, without color, as not every terminal erases in color."""
    plain, look = _reset_style(pen.look)
    return move(pen, y, x, width) + plain + _ERASE, CursorState(y, x, look)


def _reset_style(look: CellStyle) -> tuple[str, CellStyle]:
    """Return the sequence to a style that leaves blanks plain, and that style."""
    return ("", look) if on_blank(look) is PLAIN else (change(look, PLAIN), PLAIN)


def move(pen: CursorState, y: int, x: int, width: int) -> str:
    """Return the shortest sequence that moves the cursor to a cell."""
    sequences = [f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H" if y else "\x1b[H"]
    if pen.y == y and pen.x == x:
        return ""
    if pen.y == y and pen.x < width:
        step = x - pen.x
        sequences.append(f"\x1b[{abs(step) if abs(step) > 1 else ''}{'C' if step > 0 else 'D'}")
        sequences.append("\b" * -step if step < 0 else sequences[0])
    if 0 <= pen.y <= y and not x:
        sequences.append("\r" + "\n" * (y - pen.y))
    return min(sequences, key=len)


# --- rows that only moved ---


class Scroll(NamedTuple):
    """The rows from `top` to `bottom`, both included, move up `by` so many (down, if below 0)."""

    top: int
    bottom: int
    by: int


def _shortest_scroll(shown: ScreenState, target: Picture, rows: range) -> tuple[ScreenState, list[Run], str]:
    """Return what to send after a scroll if that is shorter: the state, the runs left, the text."""
    best, text = (shown, list(runs(*shown, target, rows))), ""
    if _length("", best[1]) > _MIN_SCROLL_COST:
        for scroll in _scrolls(shown.picture, target):
            after, scrolling = _scroll(shown, scroll)
            todo = list(runs(*after, target, rows))
            if _length(scrolling, todo) < _length(text, best[1]):
                best, text = (after, todo), scrolling
    return *best, text


def _length(text: str, todo: Iterable[Run]) -> int:
    return len(text) + sum(len(run.text) for run in todo)


def _scroll(shown: ScreenState, scroll: Scroll) -> tuple[ScreenState, str]:
    (top, bottom, by), picture = scroll, shown.picture
    gap = [blank(len(picture[0].texts))] * abs(by)
    part = [*gap, *picture[top : bottom + 1], *gap][abs(by) + by :][: bottom + 1 - top]
    plain, look = _reset_style(shown.pen.look)
    edge = f"\x1b[{bottom + 1}H" + "\n" * by if by > 0 else f"\x1b[{top + 1}H" + "\x1bM" * -by
    text = f"{plain}\x1b[{top + 1};{bottom + 1}r{edge}\x1b[r"
    return ScreenState([*picture[:top], *part, *picture[bottom + 1 :]], CursorState(look=look)), text


def _scrolls(before: Picture, after: Picture) -> Iterator[Scroll]:
    """Yield row ranges that may have scrolled, by the columns that changed and by whole rows."""
    changed = [y for y, (old, new) in enumerate(zip(before, after, strict=True)) if old[:2] != new[:2]]
    if len(changed) < 3:
        return
    width = len(before[0].texts)
    sides = [_changed_range(before[y].texts, after[y].texts) for y in changed]
    for start, end in {(min(start for start, _ in sides), max(end for _, end in sides)), (0, width)}:
        old_texts = ["".join(row.texts[start:end]) for row in before]
        counts = Counter(old_texts)
        places = {text: y for y, text in enumerate(old_texts) if counts[text] == 1}
        new_texts = {y: "".join(after[y].texts[start:end]) for y in changed}
        steps = Counter(places[text] - y for y, text in new_texts.items() if text in places)
        for by, _ in steps.most_common(1):
            if by:
                same = [y for y, text in new_texts.items() if places.get(text) == y + by]
                yield Scroll(min(same) + min(by, 0), max(same) + max(by, 0), by)


def _changed_range(old: list[str], new: list[str]) -> tuple[int, int]:
    """Return the cells between which two rows differ; an empty range if only styles do."""
    different = [x for x, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
    return (different[0], different[-1] + 1) if different else (len(new), 0)
