"""Small key pairs, made once for each test run: making one takes longer than most tests."""

from functools import cache

from tui import vault
from tui.practice.desk import BITS

_make = vault.make


@cache
def key_pair(number: int) -> vault.Made:
    """The key pair of that number."""
    return _make(BITS)


def make(bits: int, number: int) -> vault.Made:
    """A small pair from the set, a large one made anew."""
    return key_pair(number) if bits == BITS else _make(bits)
