"""Syntax highlighting in the theme's colors."""

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from textual.content import Content

from tui.console.widgets.static_text import line
from tui.console.widgets.symbols import ACCENT, ATTENTION, MUTED, SUCCESS
from tui.sanitize import printable

if TYPE_CHECKING:
    from pygments.lexer import Lexer  # type: ignore[import-untyped]


@lru_cache(maxsize=4)
def highlight(text: str, language: str) -> Content:
    """Highlight code; in an unknown language, return it as it is."""
    lexer = _lexer(language.lower()) if language else None
    if lexer is None:
        return line(text)
    # Pygments adds a line end and may change none of the text besides.
    parts = [(value, _role(str(kind))) for kind, value in lexer.get_tokens(printable(text))]
    return line(*parts).rstrip("\n") if not text.endswith("\n") else line(*parts)


@cache
def _lexer(language: str) -> "Lexer | None":
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]  # lazy: code in an answer
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]  # lazy: code in an answer

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


_ROLES = (
    ("Token.Keyword.Constant", ATTENTION),
    ("Token.Keyword", ACCENT),
    ("Token.Operator.Word", ACCENT),
    ("Token.Name.Tag", ACCENT),
    ("Token.Name.Decorator", ACCENT),
    ("Token.Literal.String", SUCCESS),
    ("Token.Literal.Number", ATTENTION),
    ("Token.Comment", MUTED),
    ("Token.Generic.Deleted", ATTENTION),
    ("Token.Generic.Inserted", SUCCESS),
)


@cache
def _role(kind: str) -> str:
    return next((role for beginning, role in _ROLES if kind.startswith(beginning)), "")
