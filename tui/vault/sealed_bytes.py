"""Bytes sealed with a random key that lies in the folder of private keys: AES-256-GCM, after a nonce of 12 bytes.

$DATA/store-cache/<store>.sealed       settings of a shared store's tenants, as a console read them
$KEYS/_store-cache/cache.key           the key that seals them
"""

from contextlib import AbstractContextManager
from secrets import token_bytes
from typing import Protocol

KEY = 32
"""Bytes of a key."""
_NONCE, _TAG = 12, 16

_KEY_FILE = "cache.key"


class Files(Protocol):
    """The folder that sealed files, or their key, lie in."""

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, or None."""

    def write(self, name: str, data: bytes) -> None:
        """Replace a file."""

    def lock(self) -> AbstractContextManager[None]:
        """Keep other writers out."""


class SealedCache:
    """Keeps contents in a folder, under a key of this machine."""

    def __init__(self, folder: Files, keys: Files) -> None:
        self._folder, self._keys = folder, keys

    def read(self, name: str) -> bytes | None:
        """Return what was written under that name; None if there is nothing, or somebody else wrote it."""
        key, sealed = self._keys.read(_KEY_FILE), self._folder.read(f"{name}.sealed")
        return unseal(key, sealed, name.encode()) if key and sealed else None

    def write(self, name: str, content: bytes) -> None:
        """Replace what is there under that name."""
        key = self._keys.read(_KEY_FILE)
        if key is None:
            with self._keys.lock():
                key = self._keys.read(_KEY_FILE) or new_key()
                self._keys.write(_KEY_FILE, key)
        with self._folder.lock():
            self._folder.write(f"{name}.sealed", seal(key, content, name.encode()))


def new_key() -> bytes:
    """Return a new key."""
    return token_bytes(KEY)


def seal(key: bytes, content: bytes, about: bytes) -> bytes:
    """Encrypt content, bound to what it is about."""
    from Crypto.Cipher import AES

    nonce = token_bytes(_NONCE)
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=_TAG)
    cipher.update(about)
    sealed, tag = cipher.encrypt_and_digest(content)
    return nonce + sealed + tag


def unseal(key: bytes, sealed: bytes, about: bytes) -> bytes | None:
    """Decrypt what `seal` made; None if it was changed, or is about something else."""
    from Crypto.Cipher import AES

    if len(key) != KEY or len(sealed) < _NONCE + _TAG:
        return None
    cipher = AES.new(key, AES.MODE_GCM, nonce=sealed[:_NONCE], mac_len=_TAG)
    cipher.update(about)
    try:
        return cipher.decrypt_and_verify(sealed[_NONCE:-_TAG], sealed[-_TAG:])
    except ValueError:
        return None
