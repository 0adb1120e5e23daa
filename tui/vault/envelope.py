"""Seal secrets in an envelope that only the private key opens. The format is described in `tui.vault`."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import TYPE_CHECKING, Protocol

from tui.errors import Locked
from tui.secret import Secret
from tui.vault.public_key import rsa_public_key

if TYPE_CHECKING:
    from Crypto.PublicKey.RSA import RsaKey

# pycryptodome is imported where it is used.  lazy: start-up time

VERSION = "md1"
_LABEL = b"modeldeck md1"
_BLOCK = 256
_KEY = 32
_NONCE = 12
_TAG = 16


@dataclass(frozen=True)
class Parts:
    """The four parts of an envelope, decoded; whether it opens is another question.

    Attributes:
        key_id: The key pair that it names.
        wrapped: The AES key, wrapped under RSA.
        nonce: The nonce, 12 bytes.
        ciphertext: A multiple of 256 bytes.
        tag: The tag, 16 bytes.
    """

    key_id: str
    wrapped: bytes = field(repr=False)
    nonce: bytes
    ciphertext: bytes = field(repr=False)
    tag: bytes


def split(envelope: str) -> Parts:
    """Return the parts of an envelope; raise ValueError if it is not spelled as one. No key is needed."""
    version, key_id, wrapped, sealed = envelope.split(".")
    content = b64url_decode(sealed)
    if version != VERSION or len(content) < _NONCE + _BLOCK + _TAG or (len(content) - _NONCE - _TAG) % _BLOCK:
        raise ValueError
    return Parts(key_id, b64url_decode(wrapped), content[:_NONCE], content[_NONCE:-_TAG], content[-_TAG:])


@dataclass(frozen=True)
class Binding:
    """What an envelope belongs to. If any of it changes, the envelope does not open."""

    tenant: str
    provider: str
    credential: str
    key_id: str
    origins: tuple[str, ...]
    clear: Mapping[str, str]
    plain_http: tuple[str, ...] = field(default=())

    def items(self) -> tuple[tuple[str, str], ...]:
        """Return what is bound, in order, each item with its name."""
        return (
            ("version", VERSION),
            ("tenant", self.tenant),
            ("provider", self.provider),
            ("credential", self.credential),
            ("key id", self.key_id),
            ("origins", _canonical(sorted(self.origins))),
            ("plain http", _canonical(sorted(self.plain_http))),
            ("clear fields", _canonical(dict(self.clear))),
        )

    def data(self) -> bytes:
        """Return the associated data: every item after its length, so that no two bindings have the same bytes."""
        items = [item.encode() for _, item in self.items()]
        return b"".join(len(item).to_bytes(4, "big") + item for item in items)


class HandleLost(Locked):
    """A key handle cannot be used any more: the tenant was locked where the private key is."""


class RsaPrivateKey(Protocol):
    """The private key of a key pair, in this process."""

    @property
    def key_id(self) -> str:
        """The ID of the key pair."""

    def rsa(self) -> "RsaKey":
        """Return the key as pycryptodome uses it."""


class KeyHandle(Protocol):
    """What the private key of an unlocked tenant is used through, wherever the key itself is."""

    @property
    def key_id(self) -> str:
        """The ID of the key pair."""

    @property
    def public_pem(self) -> str:
        """The public key in PEM."""

    def authenticate(self, content: bytes) -> str:
        """Return an HMAC-SHA-256 of the content, keyed by the private key, as 64 hex digits."""

    def unseal(self, text: str, binding: Binding) -> dict[str, Secret]:
        """Return the secrets of an envelope; raise Locked for whatever is wrong with it."""


def seal(public_pem: str, secrets: Mapping[str, Secret], binding: Binding) -> str:
    """Return the secrets in one envelope that only the private key opens, and only for this binding."""
    from Crypto.Cipher import AES, PKCS1_OAEP  # lazy: start-up time
    from Crypto.Hash import SHA256

    key, nonce = token_bytes(_KEY), token_bytes(_NONCE)
    wrapped = PKCS1_OAEP.new(rsa_public_key(public_pem), hashAlgo=SHA256, label=_LABEL).encrypt(key)
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=_TAG)
    cipher.update(binding.data())
    sealed, tag = cipher.encrypt_and_digest(_pad({name: secret.reveal() for name, secret in secrets.items()}))
    return f"{VERSION}.{binding.key_id}.{b64url_encode(wrapped)}.{b64url_encode(nonce + sealed + tag)}"


def unseal(private: RsaPrivateKey, envelope: str, binding: Binding) -> dict[str, Secret]:
    """Return the secrets of an envelope.

    Raises:
        Locked: for whatever is wrong with it, always in the same words.
    """
    from Crypto.Cipher import AES, PKCS1_OAEP  # lazy: start-up time
    from Crypto.Hash import SHA256

    try:
        parts = split(envelope)
        if not parts.key_id == binding.key_id == private.key_id:
            raise ValueError
        key = PKCS1_OAEP.new(private.rsa(), hashAlgo=SHA256, label=_LABEL).decrypt(parts.wrapped)
        if len(key) != _KEY:
            raise ValueError
        cipher = AES.new(key, AES.MODE_GCM, nonce=parts.nonce, mac_len=_TAG)
        cipher.update(binding.data())
        secrets = json.loads(cipher.decrypt_and_verify(parts.ciphertext, parts.tag))
        if not all(isinstance(text, str) for text in secrets.values()):
            raise ValueError
        return {name: Secret(text) for name, text in secrets.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise undecryptable() from None


def undecryptable() -> Locked:
    """Return the problem of an envelope that does not open, in the same words whatever is wrong with it."""
    return Locked(
        "This credential cannot be decrypted: it was changed since it was sealed, or sealed for something else.",
        "Replace it or remove it.",
    )


def b64url_encode(content: bytes) -> str:
    """Encode as base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def b64url_decode(text: str) -> bytes:
    """Decode unpadded base64url; raise ValueError for any spelling but the one of `b64url_encode`."""
    content = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if b64url_encode(content) != text:
        raise ValueError("another spelling")
    return content


def _pad(secrets: Mapping[str, str]) -> bytes:
    text = _canonical(secrets).encode()
    return text + b" " * (-len(text) % _BLOCK)


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
