"""Plain columns, measured in terminal cells: a wide character takes two, a combining one none."""

import unicodedata
from collections.abc import Sequence

_GAP = "  "


def counted(number: int, from_record: str, nouns: str = "") -> str:
    """`1 model`, `2 models`."""
    return f"{number:,} {from_record if number == 1 else nouns or f'{from_record}s'}"


def cells(text: str) -> int:
    """How many cells a terminal gives the text."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Each row as one line, its columns aligned; the last column is not padded."""
    if not rows:
        return []
    taken = [[cells(text) for text in row] for row in rows]
    widths = [max(column) for column in zip(*taken, strict=True)]
    return [
        _GAP.join(text + " " * (width - its) for text, its, width in zip(row, sizes, widths, strict=True)).rstrip()
        for row, sizes in zip(rows, taken, strict=True)
    ]
