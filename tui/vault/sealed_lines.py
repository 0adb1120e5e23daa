"""Lines of a file that only grows, such as a chat: each is sealed by itself, so that a kill damages the last one alone.

    mdc1.<envelope>.<check>                  a key in an envelope: the lines after it are sealed with it
    <n>.<nonce ‖ ciphertext ‖ tag>.<time>    line n, from 1 on; base64url, unpadded, canonical; time in UTC, ISO 8601

Whoever appends begins with a key of its own, in an envelope for the tenant's public key: nobody needs the private key
to write. Tenant, file, number and time are bound to a line, which therefore opens in its place alone; it holds the hash
of the line before, so that no line can be replaced unnoticed. `FORMAT.md` describes every byte.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from math import isfinite
from secrets import token_bytes
from typing import Any

from tui.errors import Locked
from tui.secret import Secret
from tui.vault import envelope
from tui.vault.envelope import Binding, HandleLost, KeyHandle, b64url_decode, b64url_encode

# pycryptodome is imported where it is used.  lazy: start-up time

VERSION = "mdc1"
_PROVIDER = "recorded chat"
"""What stands in an envelope's binding in place of a provider; no provider and no connection has such an ID."""
_FIELD = "key"
_KEY, _NONCE, _TAG, _BLOCK = 32, 12, 16, 256
_KEY_LINE = re.compile(rb"mdc1\.(md1\.([0-9a-f]{8,64})\.[\w-]+\.[\w-]+)\.([0-9a-f]{8})")
_SEALED_LINE = re.compile(rb"([1-9]\d{0,8})\.([\w-]+)\.(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")


@dataclass(frozen=True)
class LineKey:
    """A key of lines, and the key pair that its envelope is for."""

    key_id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class SealedLine:
    """A sealed line, not opened: its number, its bytes, and when it was written."""

    number: int
    content: bytes = field(repr=False)
    time: str
    hash: str


def new_key(public_pem: str, key_id: str, owner: tuple[str, str]) -> tuple[LineKey, bytes]:
    """Return a new key, and the line that holds it for a public key.

    Args:
        public_pem: The public key.
        key_id: Its ID.
        owner: Tenant ID and name of the file.
    """
    key = LineKey(key_id, token_bytes(_KEY))
    return key, _line_of(public_pem, key, owner)


def key_line(line: bytes) -> str:
    """Return the key ID of a line that holds a key, or '' for any other line, such as one that was cut off."""
    match = _KEY_LINE.fullmatch(line)
    return match[2].decode() if match and match[3] == _check(match[1]) else ""


def open_key(private: KeyHandle, line: bytes, owner: tuple[str, str]) -> LineKey:
    """Return the key in a line.

    Raises:
        Locked: It is for another key pair or another file, or the line was changed.
    """
    try:
        match = _KEY_LINE.fullmatch(line)
        if match is None:
            raise ValueError
        secrets = private.unseal(match[1].decode(), _binding(private.key_id, owner))
        secret = bytes.fromhex(secrets[_FIELD].reveal())
        if len(secret) != _KEY:
            raise ValueError
    except HandleLost:
        raise
    except (ValueError, KeyError, Locked):
        raise Locked("This key does not open: it was changed, or it is for another key pair.") from None
    return LineKey(private.key_id, secret)


def wrapped_again(private: KeyHandle, line: bytes, public_pem: str, key_id: str, owner: tuple[str, str]) -> bytes:
    """Return the line of the same key for another public key; raise Locked if it does not open."""
    return _line_of(public_pem, LineKey(key_id, open_key(private, line, owner).secret), owner)


def seal(key: LineKey, owner: tuple[str, str], number: int, time: str, before: str, record: Any) -> bytes:
    """Seal a record as a line.

    Args:
        key: The key whose line was the last one.
        owner: Tenant ID and name of the file.
        number: The number of the line, from 1.
        time: When, ISO 8601 in UTC, to the second.
        before: The hash of the sealed line before it, '' for the first one.
        record: What JSON can hold.
    """
    from Crypto.Cipher import AES  # lazy: start-up time

    text = _canonical({"before": before, "record": record}).encode("utf-8", "surrogatepass")
    nonce = token_bytes(_NONCE)
    cipher = AES.new(key.secret, AES.MODE_GCM, nonce=nonce, mac_len=_TAG)
    cipher.update(_bound(owner, number, time))
    sealed, tag = cipher.encrypt_and_digest(text + b" " * (-len(text) % _BLOCK))
    return f"{number}.{b64url_encode(nonce + sealed + tag)}.{time}".encode()


def hash_of(line: bytes) -> str:
    """Return the hash of a line, which the next sealed line holds."""
    return hashlib.sha256(line).hexdigest()


def split(line: bytes) -> SealedLine | None:
    """Return the parts of a sealed line, None for anything else, such as a line that was cut off."""
    match = _SEALED_LINE.fullmatch(line)
    if match is None:
        return None
    try:
        content = b64url_decode(match[2].decode())
    except ValueError:
        return None
    if len(content) < _NONCE + _BLOCK + _TAG or (len(content) - _NONCE - _TAG) % _BLOCK:
        return None
    return SealedLine(int(match[1]), content, match[3].decode(), hash_of(line))


def unseal(key: LineKey, owner: tuple[str, str], line: SealedLine) -> tuple[str, Any]:
    """Return the hash of the line before, and the record.

    Raises:
        Locked: The line was changed, or belongs to another place.
    """
    from Crypto.Cipher import AES  # lazy: start-up time

    try:
        cipher = AES.new(key.secret, AES.MODE_GCM, nonce=line.content[:_NONCE], mac_len=_TAG)
        cipher.update(_bound(owner, line.number, line.time))
        text = cipher.decrypt_and_verify(line.content[_NONCE:-_TAG], line.content[-_TAG:])
        opened = json.loads(text, parse_constant=_finite, parse_float=_finite)
        return str(opened["before"]), opened["record"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Locked("This line does not open: it was changed, or it belongs to another place.") from None


def _line_of(public_pem: str, key: LineKey, owner: tuple[str, str]) -> bytes:
    sealed = envelope.seal(public_pem, {_FIELD: Secret(key.secret.hex())}, _binding(key.key_id, owner))
    return f"{VERSION}.{sealed}.{_check(sealed.encode()).decode()}".encode()


def _binding(key_id: str, owner: tuple[str, str]) -> Binding:
    return Binding(owner[0], _PROVIDER, owner[1], key_id, (), {})


def _check(text: bytes) -> bytes:
    """Return what tells a whole key line from one that was cut off; it proves nothing."""
    return hashlib.sha256(text).hexdigest()[:8].encode()


def _bound(owner: tuple[str, str], number: int, time: str) -> bytes:
    """Return the associated data: each item after its length in four bytes, big endian."""
    items = [item.encode() for item in (VERSION, *owner, str(number), time)]
    return b"".join(len(item).to_bytes(4, "big") + item for item in items)


def _finite(text: str) -> float:
    """Return a number of JSON, which has none that are infinite or undefined: whoever reads it on could not."""
    if not isfinite(value := float(text)):
        raise ValueError(text)
    return value


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
