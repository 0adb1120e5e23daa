"""Checked numbers and words of a response: invalid ones become None or '', never an error."""

import re
from collections.abc import Sequence
from math import isfinite, nan
from typing import Any

_DIGITS = re.compile(r"\d{1,15}", re.ASCII)
_MAX_DURATION = 1e7
"""Seconds; no recording lasts so long (116 days)."""

_NO_WORD = frozenset({"", "null", "none", "undefined"})


def token_count(value: Any) -> int | None:
    """Return a count, which some servers send as a text or with a decimal point; None for what is none."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53 or value % 1:
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
    return number if isfinite(number) and 0 <= number < _MAX_DURATION else None


def time_or_nan(value: Any) -> float:
    """Return a time in seconds; not a number for what is none, which the client puts in order."""
    time = seconds(value)
    return nan if time is None else time


def text(value: Any) -> str:
    """Return a text; '' for what is none."""
    return value if isinstance(value, str) else ""


def word(value: Any) -> str:
    """Return a word such as a finish reason; '' where there is none, or the word for none."""
    return value if isinstance(value, str) and value.strip().lower() not in _NO_WORD else ""


def order(entries: Sequence[Any], name: str = "index") -> list[int] | None:
    """Return the position of each entry by the member of that name, or as they come where none has it.

    One entry may lack it: some servers leave out a position of 0. Some count from 1. None if the members name no order
    of the entries.
    """
    positions: list[Any] = [_position(entry.get(name)) if isinstance(entry, dict) else None for entry in entries]
    if all(position is None for position in positions):
        return list(range(len(entries)))
    if positions.count(None) == 1:
        missing = set(range(len(entries))) - {position for position in positions if type(position) is int}
        positions[positions.index(None)] = next(iter(missing), None)
    if not all(type(position) is int for position in positions):
        return None
    first = min(positions)
    if first not in (0, 1) or sorted(positions) != list(range(first, first + len(entries))):
        return None
    return [position - first for position in positions]


def _position(value: Any) -> Any:
    """Return a position, which some servers send as a text or with a decimal point."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value
