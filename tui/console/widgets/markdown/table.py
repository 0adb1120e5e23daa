"""Render a table without lines: columns separated by spaces."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.content import Content

from tui.console.widgets.static_text import line
from tui.console.widgets.wrap import wrap

_INDENT = 2
_GAPS = (4, 2)
_MIN_COLUMN = 6
"""Cells below which a column is not worth having."""

Cells = Sequence[Content]


@dataclass(frozen=True)
class Columns:
    """How wide each column is, and the blanks between them. No widths: there is no room for columns."""

    widths: tuple[int, ...]
    gap: int


def columns_for(rows: Sequence[Cells], cells: int) -> Columns:
    """Return column widths that fit: as wide as the content, else narrowed evenly."""
    count = len(rows[0])
    natural = [max(1, *(row[n].cell_length for row in rows)) for n in range(count)]
    for gap in _GAPS:
        if sum(natural) + gap * (count - 1) <= cells - _INDENT:
            return Columns(tuple(natural), gap)
    left = cells - _INDENT - gap * (count - 1)
    if left < count * _MIN_COLUMN:
        return Columns((), 0)
    widths = [0] * count
    for rest, n in zip(range(count, 0, -1), sorted(range(count), key=natural.__getitem__), strict=True):
        widths[n] = min(natural[n], left // rest)
        left -= widths[n]
    return Columns(tuple(widths), gap)


def table_rows(
    rows: Sequence[Cells], ends: Sequence[bool], columns: Columns, cells: int, *, head: bool
) -> list[Content]:
    """Render a table, whose first row is its head; `ends` says which columns are aligned right."""
    if not columns.widths:
        return [entry for row in rows[1:] for entry in _as_list(rows[0], row, cells)]
    shown: Iterable[Cells] = ([[cell.stylize("bold") for cell in rows[0]]] if head else []) + list(rows[1:])
    return [entry for row in shown for entry in _row(row, ends, columns)]


def _row(row: Cells, ends: Sequence[bool], columns: Columns) -> list[Content]:
    cells = [wrap(cell, width) for cell, width in zip(row, columns.widths, strict=True)]
    drawn: list[Content] = []
    for number in range(max(map(len, cells))):
        parts = [Content(" " * _INDENT)]
        for place, (cell, width, end) in enumerate(zip(cells, columns.widths, ends, strict=True)):
            text = cell[number] if number < len(cell) else Content("")
            blanks = Content(" " * (width - text.cell_length))
            parts += [Content(" " * columns.gap if place else ""), *((blanks, text) if end else (text, blanks))]
        drawn.append(line(*parts).rstrip())
    return drawn


def _as_list(head: Cells, row: Cells, cells: int) -> list[Content]:
    """Render a row as lines of `head: cell`, with a blank row after it."""
    lines = [line(name.stylize("bold"), ": ", cell) for name, cell in zip(head, row, strict=True)]
    return [part for line in lines for part in wrap(line, cells)] + [Content("")]
