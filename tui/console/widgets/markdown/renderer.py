"""Render Markdown as rows without boxes, so that a selection copies only text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from markdown_it.tree import SyntaxTreeNode
from textual.content import Content

from tui.console.widgets.markdown.blocks import Piece, PieceSplitter, parser
from tui.console.widgets.markdown.code import highlight
from tui.console.widgets.markdown.table import Columns, columns_for, table_rows
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import MUTED
from tui.console.widgets.wrap import fold, wrap

_SPACED_BLOCKS = frozenset(("heading", "fence", "code_block", "table", "hr"))
"""Blocks with a blank row before and after them, whatever the source has."""

_STYLES = {"strong": "bold", "em": "italic", "s": "strike", "link": "underline"}
_MIN_TEXT_WIDTH = 8
"""Cells that nesting leaves to a text at least."""


@dataclass
class Document:
    """A text that may still grow, as rows. What is finished is drawn once for a width. `style` is laid under all."""

    text: PieceSplitter = field(default_factory=PieceSplitter)
    style: str = ""
    _cells: int = 0
    _rows: list[Content] = field(default_factory=list)
    _drawn: int = 0
    _last: "_Place | None" = None

    def rows(self, cells: int) -> list[Content]:
        """Return the rows at that width, in a new list."""
        self.text.split()
        if cells != self._cells:
            self._cells, self._rows, self._drawn, self._last = cells, [], 0, None
        for piece in self.text.done[self._drawn :]:
            rows, self._last = _draw(piece, cells, self._last, final=True)
            self._rows += self._style(rows)
        self._drawn = len(self.text.done)
        return self._rows + self._style(_draw(self.text.open, cells, self._last, final=False)[0])

    def _style(self, rows: list[Content]) -> list[Content]:
        return [row.stylize_before(self.style) for row in rows] if self.style else rows


def markdown_rows(text: str, cells: int, style: str = "") -> list[Content]:
    """Render a whole text as rows."""
    pieces = PieceSplitter(text)
    pieces.end()
    return Document(pieces, style).rows(cells)


@dataclass(frozen=True)
class _Place:
    """What stands above a piece: the kind of the last block, whether a blank line follows it, a table's columns."""

    kind: str
    blank: bool
    columns: Columns | None = None


def _draw(piece: Piece, cells: int, above: _Place | None, *, final: bool) -> tuple[list[Content], _Place | None]:
    if not piece.source.strip():
        return [], above
    drawing = _Drawing(piece, above.columns if above and piece.opening else None, final)
    blocks = drawing.root.children
    if not blocks:
        return [], above
    rows = drawing.blocks(blocks, cells)
    first, last = _kind(blocks[0]), _kind(blocks[-1])
    loose = above is not None and (above.blank or not piece.source.splitlines()[0].strip())
    if rows and above and not piece.opening and (loose or _SPACED_BLOCKS & {first, above.kind}):
        rows.insert(0, Content(""))
    ended_blank = not piece.source.splitlines()[-1].strip()
    return rows, _Place(last, ended_blank, drawing.columns)


def _kind(node: SyntaxTreeNode) -> str:
    return "list_item" if node.type in ("bullet_list", "ordered_list") else node.type


class _Drawing:
    """One piece being drawn."""

    def __init__(self, piece: Piece, columns: Columns | None, final: bool) -> None:
        source = piece.opening + piece.source
        self.root = SyntaxTreeNode(parser().parse(source))
        self.lines = source.split("\n")
        self.skip, self.columns, self.final = piece.opening.count("\n"), columns, final

    def blocks(self, nodes: Sequence[SyntaxTreeNode], cells: int) -> list[Content]:
        """Render blocks below each other, with a blank row between them where the text has one."""
        rows: list[Content] = []
        above: SyntaxTreeNode | None = None
        for node in nodes:
            drawn = self.block(node, max(cells, _MIN_TEXT_WIDTH))
            if above is not None and rows and drawn and self._has_gap(above, node):
                rows.append(Content(""))
            rows += drawn
            above = node
        return rows

    def _has_gap(self, above: SyntaxTreeNode, node: SyntaxTreeNode) -> bool:
        start = node.map[0] if node.map else 0
        # A line of a quote or list holds its sign; blank is what has nothing else.
        return not self.lines[start - 1].strip("> \t") or bool(_SPACED_BLOCKS & {above.type, node.type})

    def block(self, node: SyntaxTreeNode, cells: int) -> list[Content]:
        match node.type:
            case "heading":
                return wrap(_inline(node).stylize("bold"), cells)
            case "fence" | "code_block":
                return self._code(node, cells)
            case "table":
                return self._table(node, cells)
            case "hr":
                return [line(("─" * min(cells, 24), MUTED))]
            case "blockquote":
                return _prefix(("> ", MUTED), self.blocks(node.children, cells - 2))
            case "bullet_list" | "ordered_list":
                return self.blocks(node.children, cells)
            case "list_item":
                sign = f"{node.info}{node.markup} " if node.info else "• "
                rows = self.blocks(node.children, cells - len(sign)) or [Content("")]
                return _prefix(sign, rows)
            case _:
                return wrap(_inline(node), cells)

    def _code(self, node: SyntaxTreeNode, cells: int) -> list[Content]:
        text = node.content.removesuffix("\n")
        if not text and self.skip:
            return []
        language = node.info.split(" ")[0] if node.type == "fence" else ""
        # A line that may still grow is not lexed again with each of its characters.
        whole, end, rest = (text, "", "") if self.final else text.rpartition("\n")
        shown = highlight(whole, language).append(end + rest)
        return _prefix("  ", fold(shown, cells - 2))

    def _table(self, node: SyntaxTreeNode, cells: int) -> list[Content]:
        rows = [[_inline(cell) for cell in row.children] for part in node.children for row in part.children]
        ends = [cell.attrs.get("style") == "text-align:right" for cell in node.children[0].children[0].children]
        self.columns = self.columns or columns_for(rows, cells)
        return table_rows(rows, ends, self.columns, cells, head=not self.skip)


def _prefix(sign: Words, rows: Iterable[Content]) -> list[Content]:
    first = line(sign)
    blank = Content(" " * first.cell_length)
    again = first if first.plain == "> " else blank
    return [(again if number else first).append(row) if row else again.rstrip() for number, row in enumerate(rows)]


def _inline(block: SyntaxTreeNode) -> Content:
    parts: list[Words] = []
    for child in block.children:
        _span(child, "", parts)
    return line(*parts)


def _span(node: SyntaxTreeNode, style: str, parts: list[Words]) -> None:
    match node.type:
        case "text" | "text_special":
            parts.append((node.content, style))
        case "softbreak" | "hardbreak":
            parts.append("\n")
        case "code_inline":
            parts += [("`", MUTED), (node.content, style), ("`", MUTED)]
        case "image":
            parts += [(f"[{node.content}]", style), (f" ({node.attrs.get('src', '')})", MUTED)]
        case _:
            inner = f"{style} {_STYLES[node.type]}".strip() if node.type in _STYLES else style
            start = len(parts)
            for child in node.children:
                _span(child, inner, parts)
            if node.type == "link":
                _address(node, parts, start)


def _address(node: SyntaxTreeNode, parts: list[Words], start: int) -> None:
    address = str(node.attrs.get("href", ""))
    shown = line(*parts[start:]).plain
    if address not in (shown, f"mailto:{shown}"):
        parts.append((f" ({address})", MUTED))
