"""Small key pairs, made once for each test run: making one takes longer than most tests."""

from functools import cache

from tui.practice.tenants import BITS
from tui.vault import key_pair

generate = key_pair.generate_key_pair


@cache
def cached_pair(number: int) -> key_pair.NewKeyPair:
    """The key pair of that number."""
    return generate(BITS)


def make(bits: int, number: int) -> key_pair.NewKeyPair:
    """A small pair from the set, a large one made anew."""
    return cached_pair(number) if bits == BITS else generate(bits)
