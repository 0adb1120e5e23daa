"""Passphrases: which are taken, the cost of scrypt, which derives keys from them, and what a file may ask for."""

import unicodedata

from tui.errors import UsageError
from tui.sanitize import is_blank
from tui.secret import Secret

COST = 2**17
"""N of scrypt for new files; with r = 8 and p = 1 it takes 128 MiB and a third of a second."""

MAX_COST = 2**18
"""The largest N × r / 8 × p that a file may ask for: 256 MiB."""


def passphrase_bytes(secret: Secret) -> bytes:
    """Return a passphrase as the bytes from which a key is derived."""
    # NFC: keyboards differ in how they compose an accent.
    return unicodedata.normalize("NFC", secret.reveal()).encode()


def scrypt_within_limits(cost: int, block: int, parallelization: int) -> bool:
    """Return True if scrypt can run with N, r and p like these, within the memory and time that Modeldeck allows."""
    power_of_two = cost > 1 and not cost & (cost - 1)
    # RFC 7914: N is below 2^(128 r / 8).
    possible = power_of_two and 0 < block <= 64 and 0 < parallelization <= 16 and cost.bit_length() <= 16 * block
    return possible and cost * block * parallelization <= 8 * MAX_COST


def check_new_passphrase(passphrase: Secret) -> None:
    """Raise UsageError for a new passphrase that nobody sees or types, or that a file or a prompt would cut.

    One that is set already opens what it opens, whatever it is.
    """
    text = passphrase.reveal()
    if is_blank(text):
        raise UsageError("The new passphrase has no visible character.", "Choose one that you can see and type.")
    if text.startswith("\ufeff") or "\n" in text or text.endswith("\r"):
        raise UsageError(
            "The new passphrase has a line end or a byte order mark, which a file or a prompt would cut off.",
            "Remove it. Nothing was changed.",
        )
