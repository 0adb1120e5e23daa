"""Wrap text in terminal cells: at spaces, between wide characters, inside long words."""

import re

from rich.cells import cell_len, chop_cells
from textual.content import Content

_WIDE = (
    "\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f"
    "\uff00-\uff60\uffe0-\uffe6\U0001f300-\U0001faff\U00020000-\U0003fffd"
)
_CLOSING = "、。〉》」』】〕〗，．：；！？）］｝”’·…"
_WORD = rf"[{_WIDE}][{_CLOSING}]*\s*|[^\s{_WIDE}]+[{_CLOSING}]*\s*|\s+"


def wrap(content: Content, cells: int) -> list[Content]:
    """Wrap a text at that width, without trailing spaces. An empty line is an empty row."""
    return [row for part in content.split("\n", allow_blank=True) for row in _wrap_line(part, cells)]


def fold(content: Content, cells: int) -> list[Content]:
    """Break a text wherever a row is full, as code is."""
    return [row for part in content.split("\n", allow_blank=True) for row in _fold_line(part, cells)]


def _wrap_line(content: Content, cells: int) -> list[Content]:
    text = content.plain
    if len(text) * 2 <= cells or cell_len(text) <= cells:
        return [content.rstrip()]
    return [row.rstrip() for row in content.divide(_breaks(text, cells))]


def _fold_line(content: Content, cells: int) -> list[Content]:
    if cell_len(content.plain) <= cells:
        return [content]
    return content.divide(_offsets(chop_cells(content.plain, cells)))


def _breaks(text: str, cells: int) -> list[int]:
    """Return the positions where new rows begin."""
    breaks: list[int] = []
    used = 0
    for match in re.finditer(_WORD, text):
        word = match[0].rstrip()
        wide = cell_len(word)
        if used + wide > cells and used:
            breaks.append(match.start())
            used = 0
        if wide > cells:
            rows = chop_cells(word, cells)
            breaks += [match.start() + place for place in _offsets(rows)]
            used = cell_len(rows[-1])
            wide = 0
        used += wide + len(match[0]) - len(word)
    return breaks


def _offsets(rows: list[str]) -> list[int]:
    places: list[int] = []
    for row in rows[:-1]:
        places.append((places[-1] if places else 0) + len(row))
    return places
