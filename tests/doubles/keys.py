"""Small key pairs of fixed primes: generating one takes longer than most tests. They protect nothing."""

from functools import cache
from math import lcm
from pathlib import Path

from tui.practice.tenants import BITS
from tui.vault import key_pair
from tui.vault.pkcs8 import RsaNumbers

EXPONENT = 65537
PAIRS = 40
"""How many numbered pairs have fixed primes; the pairs of practice mode come after them."""
generate = key_pair.generate_key_pair


@cache
def cached_pair(number: int) -> key_pair.NewKeyPair:
    """The key pair of that number."""
    return _pair(number) if number < PAIRS else generate(BITS)


def practice_pairs() -> tuple[key_pair.NewKeyPair, ...]:
    """Two pairs that no tenant of a test has: what practice mode begins with."""
    return _pair(PAIRS), _pair(PAIRS + 1)


def make(bits: int, number: int) -> key_pair.NewKeyPair:
    """A small pair from the set, a large one made anew."""
    return cached_pair(number) if bits == BITS else generate(bits)


@cache
def _primes() -> tuple[int, ...]:
    """Primes of 512 bits, two for each pair; each product of two has 1,024."""
    return tuple(int(line, 16) for line in Path(__file__).with_name("primes.txt").read_text().split())


def _pair(number: int) -> key_pair.NewKeyPair:
    p, q = _primes()[2 * number : 2 * number + 2]
    numbers = RsaNumbers(p * q, EXPONENT, pow(EXPONENT, -1, lcm(p - 1, q - 1)), p, q)
    private = key_pair.PrivateKey(numbers)
    return key_pair.NewKeyPair(private, private.public_pem, private.key_id)
