"""The screen as rows of cells, and Textual's updates applied to it."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len, split_graphemes
from rich.color import ColorSystem
from rich.segment import Segment
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate

from tui.console.terminal.cell_styles import PLAIN, CellStyle, cell_style_of, on_blank


class CellRow(NamedTuple):
    """A row of cells. A wide character is in its first cell and '' in its second. Never changed in place."""

    texts: list[str]
    looks: list[CellStyle]
    has_certain_width: bool = True
    """Whether every terminal agrees on the width of the text."""


Picture = Sequence[CellRow]


class Cells(NamedTuple):
    """A text by cells, without control characters. `lead` takes no cell: it goes with the character before."""

    texts: tuple[str, ...]
    lead: str = ""
    has_certain_width: bool = True


def blank(width: int) -> CellRow:
    """Return a row without text."""
    return CellRow([" "] * width, [PLAIN] * width)


@lru_cache(maxsize=4096)
def cells(text: str) -> Cells:
    """Split a text into cells, as many as Textual counts."""
    text = "".join(entry for entry in text if entry >= " " and not "\x7f" <= entry < "\xa0")
    lead, texts = "", []
    for start, end, width in split_graphemes(text)[0]:
        if width:
            texts += [text[start:end], *[""] * (width - 1)]
        else:
            lead = text[start:end]
    return Cells(tuple(texts), lead, not lead and all(map(has_certain_width, texts)))


@lru_cache(maxsize=4096)
def has_certain_width(text: str) -> bool:
    """Return True if terminals agree on a character's width: not for joined ones and emoji."""
    if len(text) != 1:
        return not text
    code = ord(text)
    if code < 0x1F000:
        return not 0x2300 <= code < 0x2E80 or cell_len(text) == 1
    return 0x20000 <= code < 0x40000


def apply_update(picture: Picture, update: CompositorUpdate, system: ColorSystem) -> list[CellRow]:
    """Apply an update of Textual's, a whole layout or spans of rows, to a picture."""
    rows = list(picture)
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips[: len(rows)]):
            rows[y] = write_segments(rows[y], 0, (segment for strip in strips for segment in strip), system)
    elif isinstance(update, ChopsUpdate):
        for y, x1, x2 in update.spans:
            if y >= len(rows):
                continue
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is None or x > x2 or end <= x1:
                    continue
                inside = x1 <= x < x2 and end <= x2
                rows[y] = write_segments(rows[y], x, strip if inside else strip.crop(0, min(end, x2) - x), system)
    return rows


def write_segments(row: CellRow, x: int, segments: Iterable[Segment], system: ColorSystem) -> CellRow:
    """Write segments over a row from a cell on; no half of a wide character stays."""
    texts: list[str] = []
    looks: list[CellStyle] = []
    certain = True
    for text, style, control in segments:
        if control:
            continue
        look = cell_style_of(style, system)
        start = len(texts)
        if text.isascii() and text.isprintable():
            texts += text
        else:
            result = cells(text)
            certain = certain and result.has_certain_width
            if result.lead and texts:
                last = -1 if texts[-1] else -2
                texts[last] += result.lead
            texts += result.texts
        bare = on_blank(look)
        if bare is look:
            looks += [look] * (len(texts) - start)
        else:
            looks += [bare if text == " " else look for text in texts[start:]]
    free = max(0, len(row.texts) - x)
    if len(texts) > free:
        if free and not texts[free]:
            texts[free - 1], looks[free - 1] = " ", on_blank(looks[free - 1])
        del texts[free:], looks[free:]
    if not texts:
        return row
    end = x + len(texts)
    all_texts, all_looks = row.texts.copy(), row.looks.copy()
    for cut, half in ((x, x - 1), (end, end)):
        if 0 < cut < len(all_texts) and not all_texts[cut]:
            all_texts[half], all_looks[half] = " ", on_blank(all_looks[half])
    all_texts[x:end], all_looks[x:end] = texts, looks
    return CellRow(all_texts, all_looks, certain and (row.has_certain_width or all(map(has_certain_width, all_texts))))
