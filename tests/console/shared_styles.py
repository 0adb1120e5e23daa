"""One reading of the style sheets for all consoles of a test process: a fifth of the time that one takes to start.

What is read depends on the text, its place and the theme's variables only, and nothing changes a rule afterwards.
"""

from functools import cache
from importlib import import_module
from typing import Any

from textual.css.model import RuleSet
from textual.css.parse import parse
from textual.css.tokenize import tokenize_values
from textual.css.tokenizer import Token


class _Variables(dict[str, list[Token]]):
    """The variables of a theme, told apart by identity, as there is one object for equal ones."""

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other


@cache
def _variables(*items: tuple[str, str]) -> _Variables:
    return _Variables(tokenize_values(dict(items)))


@cache
def _rules(*args: Any, **options: Any) -> list[RuleSet]:
    return list(parse(*args, **options))


def share() -> None:
    """Read each style sheet once from now on."""
    stylesheet: Any = import_module("textual.css.stylesheet")
    stylesheet.tokenize_values = lambda values: _variables(*values.items())
    stylesheet.parse = _rules
