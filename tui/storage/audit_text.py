"""Texts of audit entries: printable, and so short that an entry stays readable."""

from collections.abc import Mapping
from typing import Any

from tui.sanitize import one_line

_LONGEST = 200
_MOST = 40


def shorten(about: Mapping[str, Any]) -> dict[str, Any]:
    """Cut long texts and lists, so that an entry stays readable."""
    return {printable(name, 40): _value(value) for name, value in about.items()}


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    return value if isinstance(value, bool | int) else [printable(str(entry)) for entry in list(value)[:_MOST]]


def printable(text: str, limit: int = _LONGEST) -> str:
    """Return a text as one line that is printable and not too long."""
    # Nearly all are plain, and a log is long.
    plain = len(text) <= limit and text.isascii() and text.isprintable() and "  " not in text
    return text if plain else one_line(text, limit)
