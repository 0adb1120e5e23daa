"""Suggestions for mistyped names, and which words an error may repeat."""

import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[a-z]{1,12}|--?[a-z]{1,12}(-[a-z]{1,12})?")


def nearest(word: str, names: Iterable[str]) -> str:
    """Return the name that was probably meant by the word, or '' if none is near."""
    import difflib  # only a wrong word waits for it

    by_lower = {name.lower(): name for name in names}
    matches = difflib.get_close_matches(word.lower()[:100], by_lower, n=1)
    return by_lower[matches[0]] if matches else ""


def did_you_mean(word: str, names: Iterable[str], before: str = "") -> str:
    """Return `Did you mean NAME? `, with `before` ahead of the name, or '' if no name is near."""
    near = nearest(word, names)
    return f"Did you mean {before}{near}? " if near else ""


def quotable(word: str, names: Iterable[str] = ()) -> bool:
    """Return True if an error may repeat the word: it is near a known name, or plain letters too short for a key.

    Anything else could be a secret that was typed in the wrong place.
    """
    return bool(_PLAIN.fullmatch(word) or (len(word) <= 40 and nearest(word, names)))
