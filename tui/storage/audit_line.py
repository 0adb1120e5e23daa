"""Lines of the audit log: shorten the texts in them, and check them by their bytes.

Nothing is parsed for a check: a log may have a million lines.
Lines are JSON with sorted names, so each ends with `"mac": "…", "n": …, "prev": "…", "state": "…"}`. An HMAC over the
line proves that Modeldeck wrote it, and so that its end is what it looks like.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

from tui.sanitize import one_line

_MAC, _STATE, _END = b', "mac": "', b'", "state": "', b'"}'
_DIGITS = 64

_MAX_VALUE = 200
_MAX_FIELDS = 40

_EMPTY = hashlib.sha256()
"""A copy of it is begun sooner than another one."""


def sha256(text: bytes) -> str:
    """Return the SHA-256 of a text in hex."""
    digest = _EMPTY.copy()
    digest.update(text)
    return digest.hexdigest()


def sealed_lines(key: bytes) -> Callable[[bytes, int, str], str | None]:
    """Return a function that checks one line: (line, number, hash of the line before) -> digest of the settings.

    The digest is '' in a line without one. None means that it is not the line of that number behind that hash, that its
    HMAC is wrong, or that it is laid out in another way: parse it to say which.
    """
    # RFC 2104. What depends on the key alone is computed once; `hmac.digest` takes four times as long for a line.
    block = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def check(text: bytes, number: int, prev: str) -> str | None:
        start = text.rfind(_MAC)
        end = start + len(_MAC) + _DIGITS
        chained = f'", "n": {number}, "prev": "{prev}'.encode()
        if start < 0 or not text.startswith(chained, end):
            return None
        rest = text[end + len(chained) :]
        if rest == _END:
            state = ""
        elif rest.startswith(_STATE) and rest.endswith(_END) and rest[len(_STATE) : -2].isalnum():
            state = rest[len(_STATE) : -2].decode()
        else:
            return None
        content, mac = inner.copy(), outer.copy()
        content.update(text[: start + 2])
        content.update(text[end + 3 :])
        mac.update(content.digest())
        return state if hmac.compare_digest(mac.hexdigest().encode(), text[end - _DIGITS : end]) else None

    return check


def shorten(about: Mapping[str, Any]) -> dict[str, Any]:
    """Cut long texts and lists, so that an entry stays readable."""
    return {printable(name, 40): _value(value) for name, value in about.items()}


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    return value if isinstance(value, bool | int) else [printable(str(entry)) for entry in list(value)[:_MAX_FIELDS]]


def printable(text: str, limit: int = _MAX_VALUE) -> str:
    """Return a text as one line that is printable and not too long."""
    # Nearly all are plain, and a log is long.
    plain = len(text) <= limit and text.isascii() and text.isprintable() and "  " not in text
    return text if plain else one_line(text, limit)
