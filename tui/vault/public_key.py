"""RSA public keys in PEM: read them, and name them by a digest."""

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from tui.errors import Locked

if TYPE_CHECKING:
    from Crypto.PublicKey.RSA import RsaKey

EXPONENT = 65537


@lru_cache(64)
def rsa_public_key(pem: str) -> "RsaKey":
    """Read a public key in PEM, once for many credentials; raise Locked if it cannot be read."""
    from Crypto.PublicKey import RSA  # lazy: start-up time

    try:
        key = RSA.import_key(pem).public_key()
        if int(key.e) != EXPONENT:
            raise ValueError
        return key
    except (ValueError, IndexError, TypeError):
        raise Locked("This tenant's public key cannot be read.", "Restore its settings from a backup.") from None


def key_id(public_pem: str) -> str:
    """Return the first 8 hex digits of SHA-256 over the public key."""
    return key_id_of(rsa_public_key(public_pem).export_key(format="DER"))


def key_id_of(public_der: bytes) -> str:
    """Return the first 8 hex digits of SHA-256 over a public key in DER."""
    return hashlib.sha256(public_der).hexdigest()[:8]
