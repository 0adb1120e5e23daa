"""Small key pairs, made once for each test run: making one takes longer than most tests."""

from functools import cache

from tui.practice.tenants import BITS
from tui.vault import envelope

_make = envelope.generate_key_pair


@cache
def key_pair(number: int) -> envelope.NewKeyPair:
    """The key pair of that number."""
    return _make(BITS)


def make(bits: int, number: int) -> envelope.NewKeyPair:
    """A small pair from the set, a large one made anew."""
    return key_pair(number) if bits == BITS else _make(bits)
