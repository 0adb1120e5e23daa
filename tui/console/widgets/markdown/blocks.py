"""Split a growing Markdown text into blocks, each rendered once.

A piece is one block of the text, or one item of a list. It is done when the next one has begun: nothing that follows
can change it any more, so it is never read again. Very long blocks are cut as well, so that the open piece, the only
one that is drawn again and again while an answer comes in, stays small whatever a model sends.

Where a text is cut depends on the text alone, never on the portions in which it came. To make that so, two rules of
CommonMark that reach back are left out: headings by underlining, and links by reference.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_MAX_LINE = 4_000
_MAX_CHARACTERS = 8_000
_MAX_LINES = {"fence": 50, "table": 50}
_MAX_OTHER_LINES = 200
_WINDOW = 200
"""Lines that are looked at together when a long text comes at once."""

_PUNCTUATION = re.compile(r"[-+*_=#>~`|:\d.)\[\]!\s]*")


@dataclass(frozen=True)
class Piece:
    """A stretch of a text. Where it goes on from a cut block, `opening` is to be read before it and not drawn."""

    source: str
    opening: str = ""


@cache
def parser() -> "MarkdownIt":
    """Create the Markdown parser: no HTML, a line end is a break, no references to earlier text."""
    from markdown_it import MarkdownIt  # lazy: an answer

    md = MarkdownIt("commonmark", {"html": False, "breaks": True})
    return md.enable(["table", "strikethrough"]).disable(["reference", "lheading", "html_block", "html_inline"])


class PieceSplitter:
    """Takes a text in portions; `done` holds its finished pieces in order, `open` the rest."""

    def __init__(self, text: str = "") -> None:
        self.done: list[Piece] = []
        self._fresh: list[str] = [text]
        self._lines: list[str] = []
        self._last = ""
        self._opening = ""

    def add(self, text: str) -> None:
        """Append text; `settle` parses it."""
        self._fresh.append(text)

    def split(self) -> None:
        """Split the text added since into pieces."""
        self._pop_lines()
        window = _WINDOW
        while True:
            cuts = _split_points(self._opening, self._lines[:window])
            if not cuts and window >= len(self._lines):
                return
            window = _WINDOW if cuts else window * 2
            start = 0
            for end, opening in cuts:
                self._add_piece(self._lines[start:end])
                start, self._opening = end, opening
            del self._lines[:start]

    def end(self) -> None:
        """Finish the text: every piece is complete."""
        self.split()
        self._add_piece([*self._lines, self._last])
        self._lines, self._last, self._opening = [], "", ""

    @property
    def open(self) -> Piece:
        """What more text may still change. A last line of signs only is left out, as it may become anything."""
        last = "" if _PUNCTUATION.fullmatch(self._last) else self._last
        return Piece("".join(self._lines) + last, self._opening)

    def _add_piece(self, lines: Sequence[str]) -> None:
        source = "".join(lines)
        if source.strip():
            self.done.append(Piece(source, self._opening))

    def _pop_lines(self) -> None:
        text, place = self._last + "".join(self._fresh), 0
        self._fresh.clear()
        while True:
            end = text.find("\n", place, place + _MAX_LINE + 1)
            if end >= 0:
                self._lines.append(text[place : end + 1])
                place = end + 1
            elif len(text) - place > _MAX_LINE:
                half = place + _MAX_LINE // 2
                end = text.rfind(" ", half, place + _MAX_LINE)
                end = end + 1 if end >= 0 else place + _MAX_LINE
                self._lines.append(f"{text[place:end]}\n")
                place = end
            else:
                break
        self._last = text[place:]


def _split_points(opening: str, lines: Sequence[str]) -> list[tuple[int, str]]:
    """Return the line at which each piece ends, and the opening of what follows."""
    skip = opening.count("\n")
    units = _units(opening + "".join(lines))
    starts = [max(0, unit.start - skip) for unit in units]
    cuts: list[tuple[int, str]] = []
    for unit, start, after in zip(units, starts, [*starts[1:], None], strict=False):
        if length := _split_length(unit.kind, lines[start : unit.end - skip]):
            head = opening if opening and unit is units[0] else "".join(lines[start : start + _HEADS.get(unit.kind, 0)])
            return [*cuts, (start + length, head)]
        if after is not None:
            cuts.append((after, ""))
    return cuts


_HEADS = {"fence": 1, "table": 2}
"""Lines at the beginning of a block without which the rest of it means something else."""


class _Unit(NamedTuple):
    """A block or a list item, and its lines."""

    kind: str
    start: int
    end: int


def _units(text: str) -> list[_Unit]:
    tokens: list[Token] = []
    parser().block.parse(text, parser(), {}, tokens)
    return [
        _Unit(token.type.removesuffix("_open"), *token.map) for token in tokens if token.map and _begins_unit(token)
    ]


def _begins_unit(token: "Token") -> bool:
    if token.level:
        return token.level == 1 and token.type == "list_item_open"
    return token.nesting >= 0 and token.type not in ("bullet_list_open", "ordered_list_open")


def _split_length(kind: str, lines: Sequence[str]) -> int:
    """Return after how many lines to cut a block; 0 if it is short enough."""
    last = next((n for n in range(len(lines), 0, -1) if lines[n - 1].strip()), 0)
    limit = min(last - 1, _MAX_LINES.get(kind, _MAX_OTHER_LINES))
    characters = 0
    for count in range(1, limit + 1):
        characters += len(lines[count - 1])
        if characters >= _MAX_CHARACTERS:
            return count
    return limit if limit < last - 1 else 0
