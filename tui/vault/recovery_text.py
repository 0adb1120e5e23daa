"""A private key as text that people print and type: one prime of the modulus in base32, RFC 4648.

A line holds 24 bytes of the prime and a check byte: 10 groups of 4 characters. The check byte is the first of SHA-256
over the number of the line, from 1 and in 4 bytes, and over its bytes, so that a mistyped, lost or swapped line is
named. The other prime and the exponents follow from the public key, which therefore needs no trust: only its own prime
divides the modulus.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from math import lcm

from tui.errors import UsageError
from tui.secret import Secret
from tui.vault import key_pair
from tui.vault.pkcs8 import RsaNumbers
from tui.vault.public_key import rsa_public_key

_BYTES = 24
_GROUP = 4
_LENGTH = (_BYTES + 1) * 8 // 5
_LETTERS = str.maketrans("018", "OIB")
"""Digits that base32 lacks, as the letters that they are taken for."""


def write(private: key_pair.PrivateKey) -> list[Secret]:
    """Return the lines of a private key."""
    rsa = private.rsa()
    number = int(rsa.p).to_bytes(line_count(private.public_pem) * _BYTES, "big")
    parts = [number[at : at + _BYTES] for at in range(0, len(number), _BYTES)]
    return [Secret(_line(place, part)) for place, part in enumerate(parts, 1)]


def line_count(public_pem: str) -> int:
    """Return how many lines the private key of a public key has."""
    prime_bytes = (rsa_public_key(public_pem).size_in_bits() + 15) // 16
    return -(-prime_bytes // _BYTES)


def lines_in(page: str) -> list[Secret]:
    """Return the lines of the text that a printed page has, without what else is on it."""
    words = ("".join(line.split()) for line in page.splitlines())
    return [Secret(word) for word in words if len(word) == _LENGTH and word.isascii() and word.isalnum()]


def check_line(number: int, line: Secret) -> None:
    """Raise UsageError for a line that was mistyped; `number` counts from 1."""
    _part(number, line)


def read(lines: Sequence[Secret], public_pem: str) -> key_pair.PrivateKey:
    """Return the private key that the lines and its public key make.

    Raises:
        UsageError: A line is missing or mistyped, or the text is of another key pair.
    """
    public, expected = rsa_public_key(public_pem), line_count(public_pem)
    if len(lines) != expected:
        raise UsageError(f"The recovery text has {expected} lines, not {len(lines)}.")
    p = int.from_bytes(b"".join(_part(place, line) for place, line in enumerate(lines, 1)), "big")
    n, e = int(public.n), int(public.e)
    if not 1 < p < n or n % p:
        raise UsageError("This is the recovery text of another key pair.", "Look for the one printed last.")
    q = n // p
    return key_pair.PrivateKey(RsaNumbers(n, e, pow(e, -1, lcm(p - 1, q - 1)), p, q))


def _line(number: int, part: bytes) -> str:
    text = base64.b32encode(part + _check(number, part)).decode()
    return " ".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def _part(number: int, line: Secret) -> bytes:
    try:
        content = base64.b32decode("".join(line.reveal().upper().translate(_LETTERS).split()))
    except (binascii.Error, ValueError):
        content = b""
    part, check = content[:_BYTES], content[_BYTES:]
    if len(content) != _BYTES + 1 or check != _check(number, part):
        raise UsageError(f"Line {number} of the recovery text is mistyped.", "Compare it with the print, and retry.")
    return part


def _check(number: int, part: bytes) -> bytes:
    return hashlib.sha256(number.to_bytes(4, "big") + part).digest()[:1]
