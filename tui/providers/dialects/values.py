"""Checked numbers and words of a response: invalid ones become None or '', never an error."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

_NO_WORD = frozenset({"", "null", "none", "undefined"})


def token_count(value: Any) -> int | None:
    """Return a count as servers send it; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        return None
    return int(value)


def total(*counts: int | None) -> int | None:
    """Return the sum of the counts that are known; None if none is."""
    known = [number for number in counts if number is not None]
    return sum(known) if known else None


def seconds(value: Any) -> float | None:
    """Return a time in seconds, which some servers send as a text; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) and number >= 0 else None


def word(value: Any) -> str:
    """Return a word such as a finish reason; '' where there is none, or the word for none."""
    return value if isinstance(value, str) and value.strip().lower() not in _NO_WORD else ""


def order(entries: Sequence[Any], name: str = "index") -> list[int] | None:
    """Return the position of each entry by the member of that name, or as they come where none has it.

    None if the members name no order of the entries.
    """
    positions: list[Any] = [entry.get(name) if isinstance(entry, dict) else None for entry in entries]
    if all(position is None for position in positions):
        return list(range(len(entries)))
    if not all(type(position) is int for position in positions) or sorted(positions) != list(range(len(entries))):
        return None
    return positions
