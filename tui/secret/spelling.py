"""Reduces a text to its letters and digits, so that a secret is the same however it is spelled.

A server may repeat a key in capitals, spaced out, wrapped at the end of a line, or escaped once or twice.
"""

import re

_OTHER = bytes(code for code in range(128) if not chr(code).isalnum())
_LOWER = bytes(range(256)).lower()

_ESCAPE = re.compile(
    r"%([0-9a-f]{2})|\\+(?:u\{?([0-9a-f]{4,6})\}?|x([0-9a-f]{2}))|&#x([0-9a-f]{1,6});?|&#([0-9]{1,7});?", re.IGNORECASE
)
"""A character in a URL, in a string of JSON, JavaScript or Python, and in HTML."""

_DECIMAL = 5
"""The group of `_ESCAPE` whose number is not hexadecimal."""

_MAX_DEPTH = 3
"""How often one thing is escaped at most."""


def letters(text: str) -> str:
    """Return the letters and digits of ASCII in a text, in lower case."""
    return text.encode("ascii", "ignore").translate(_LOWER, _OTHER).decode("ascii")


def has_escapes(text: str) -> bool:
    """Return True if there may be an escape in a text."""
    return "%" in text or "\\" in text or "&#" in text


def unescape(text: str) -> tuple[str, list[int]]:
    """Return a text without escapes, and where each of its characters begins in the text, and where the last ends."""
    starts = list(range(len(text) + 1))
    for _ in range(_MAX_DEPTH):
        if not _ESCAPE.search(text):
            break
        parts: list[str] = []
        moved: list[int] = []
        at = 0
        for escape in _ESCAPE.finditer(text):
            code = int(escape[escape.lastindex or 0], 10 if escape.lastindex == _DECIMAL else 16)
            parts += [text[at : escape.start()], chr(code) if code < 0x110000 else "\ufffd"]
            moved += [*starts[at : escape.start()], starts[escape.start()]]
            at = escape.end()
        text, starts = "".join([*parts, text[at:]]), [*moved, *starts[at:]]
    return text, starts


def places_of_letters(text: str) -> list[int]:
    """Return the index of each character of `letters(text)` in the text."""
    return [index for index, character in enumerate(text) if character.isascii() and character.isalnum()]
