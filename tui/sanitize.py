"""Make text safe for a terminal or a log.

Every text from outside (answers, model names, error bodies, pastes, file names, stored names) passes `printable` or
`one_line` where it enters the program. Both are idempotent, and both work code point by code point, so that a text cut
into pieces anywhere comes out the same.
"""

import re
from collections.abc import Sequence

from tui.secret import MASK

TAB = 4
_TAIL_FROM = 20
_TAIL = 4

# C0 but tab and line feed, DEL, C1, bidi marks, embeddings, overrides and isolates, line and paragraph separators,
# lone surrogates, interlinear annotation, and the byte order mark.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u206a-\u206f\ud800-\udfff\ufff9-\ufffb\ufeff]"
)
_BREAKS = re.compile("\r\n|[\r\u2028\u2029\x85]")


def printable(text: str) -> str:
    """Remove control, C1 and bidi characters; line ends become line feeds, tabs become spaces."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub("", _BREAKS.sub("\n", text)).replace("\t", " " * TAB)


def one_line(text: str, limit: int = 300) -> str:
    """Return printable text on one line of at most `limit` characters; a cut one ends in `…`."""
    line = " ".join(printable(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def in_words(parts: Sequence[str]) -> str:
    """Return `one`, `one and two`, `one, two and three`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def hint_of(secret: str) -> str:
    """Return the last four characters of a secret of twenty or more, else ''.

    They may be stored in clear beside it.
    """
    return secret[-_TAIL:] if len(secret) >= _TAIL_FROM else ""


def mask(hint: str = "") -> str:
    """Return dots of a fixed width and the stored hint; the secret's length never shows."""
    return MASK + hint


def grouped(fingerprint: str) -> str:
    """Return a fingerprint of 8 hex digits as people read it: `9c1e 04d2`."""
    return f"{fingerprint[:4]} {fingerprint[4:]}".strip()
