"""A file encrypted with a passphrase, to move secrets to another machine.

    {"modeldeck": "protected settings", "version": 1,
     "kdf": "scrypt", "n": 131072, "r": 8, "p": 1, "salt": …, "cipher": "AES-256-GCM", "nonce": …, "data": …}

The key is scrypt over the passphrase (NFC, UTF-8), 32 bytes; N × r × p asks for 128 MiB, and a file that asks for much
more is refused before anything is computed. Everything but `data` is associated data, as canonical JSON. `data` is the
ciphertext with its 16-byte tag, the content filled up with blanks to a multiple of 4 KiB so that its length tells
little. Bytes are base64url, unpadded, in their one spelling.
"""

import hashlib
import json
from collections.abc import Mapping
from secrets import token_bytes
from typing import Any

from tui.errors import Locked, UsageError
from tui.secret import Secret
from tui.vault import envelope, key_derivation

KIND = "protected settings"
VERSION = 1
_SALT, _NONCE, _TAG, _KEY, _BLOCK = 16, 12, 16, 32, 4096
_NAMES = {"modeldeck", "version", "kdf", "n", "r", "p", "salt", "cipher", "nonce", "data"}


def protect(content: bytes, passphrase: Secret, cost: int = key_derivation.COST) -> str:
    """Encrypt content with a passphrase; return JSON with one entry a line.

    The key derivation takes about a third of a second: run it in a thread.
    """
    from Crypto.Cipher import AES

    if not passphrase:
        raise UsageError("The file needs a passphrase.", "It contains API keys in clear.")
    head: dict[str, Any] = {"modeldeck": KIND, "version": VERSION, "kdf": "scrypt", "n": cost, "r": 8, "p": 1}
    salt, nonce = token_bytes(_SALT), token_bytes(_NONCE)
    head |= {"salt": envelope.b64url_encode(salt), "cipher": "AES-256-GCM", "nonce": envelope.b64url_encode(nonce)}
    cipher = AES.new(_key(passphrase, salt, cost, 8, 1), AES.MODE_GCM, nonce=nonce, mac_len=_TAG)
    cipher.update(_bound(head))
    sealed, tag = cipher.encrypt_and_digest(content + b" " * (_BLOCK - len(content) % _BLOCK))
    return json.dumps(head | {"data": envelope.b64url_encode(sealed + tag)}, indent=1) + "\n"


def unprotect(file: Mapping[str, Any], passphrase: Secret) -> bytes:
    """Decrypt the content of a file made by `protect`; spaces may follow its end.

    Raises:
        UsageError: The file is damaged, or of a newer version.
        Locked: The passphrase is wrong.
    """
    from Crypto.Cipher import AES

    salt, nonce, sealed, costs = _parse(file)
    cipher = AES.new(_key(passphrase, salt, *costs), AES.MODE_GCM, nonce=nonce, mac_len=_TAG)
    cipher.update(_bound({name: value for name, value in file.items() if name != "data"}))
    try:
        return cipher.decrypt_and_verify(sealed[:-_TAG], sealed[-_TAG:])
    except ValueError:
        raise Locked("Wrong passphrase, or the file was changed.", "Try again; nothing was changed here.") from None


def _parse(file: Mapping[str, Any]) -> tuple[bytes, bytes, bytes, tuple[int, int, int]]:
    """Return salt, nonce, ciphertext with tag, and the cost of scrypt; raise UsageError if the file is damaged."""
    if type(file.get("version")) is int and file["version"] > VERSION:
        raise UsageError("The file was written by a newer Modeldeck.", "Use that version here too.")
    if (
        set(file) != _NAMES
        or [file[name] for name in ("modeldeck", "version", "kdf", "cipher")]
        != [KIND, VERSION, "scrypt", "AES-256-GCM"]
        or not all(type(file[name]) is int for name in ("n", "r", "p"))
    ):
        raise _damaged_file()
    n, r, p = (int(file[name]) for name in ("n", "r", "p"))
    if n < 2 or n & (n - 1) or not key_derivation.scrypt_within_limits(n, r, p):
        raise UsageError(
            "The file needs more memory or time than Modeldeck allows.", "Export it again from its source."
        )
    try:
        salt, nonce, sealed = (envelope.b64url_decode(file[name]) for name in ("salt", "nonce", "data"))
    except (ValueError, AttributeError):
        raise _damaged_file() from None
    if len(salt) != _SALT or len(nonce) != _NONCE or len(sealed) < _BLOCK + _TAG:
        raise _damaged_file()
    return salt, nonce, sealed, (n, r, p)


def _key(passphrase: Secret, salt: bytes, n: int, r: int, p: int) -> bytes:
    memory = 128 * r * (n + p + 2)
    return hashlib.scrypt(
        key_derivation.passphrase_bytes(passphrase), salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=_KEY
    )


def _bound(head: Mapping[str, Any]) -> bytes:
    return json.dumps(head, sort_keys=True, separators=(",", ":")).encode()


def _damaged_file() -> UsageError:
    return UsageError("The file is damaged.", "Export it again from its source.")
