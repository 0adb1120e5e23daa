"""Key pairs and envelopes.

The security model, in one page.

What is protected. The secret fields of a credential, in the settings file, in its earlier states and in every backup of
either. Each tenant has an RSA key pair. The public key stands in the tenant's settings, so a key can be saved while the
tenant is locked; the private key is a file of its own, in another folder, and with a passphrase it is useless without.

    envelope    md1.<key id>.<wrapped key>.<nonce ‖ ciphertext ‖ tag>        base64url, unpadded, canonical
    wrapped     a fresh AES-256 key under RSA-OAEP: SHA-256, MGF1-SHA-256, label "modeldeck md1"
    ciphertext  AES-256-GCM, 12-byte random nonce, 16-byte tag, over the secrets as a JSON object by field name,
                filled up with blanks to a multiple of 256 bytes, so that the length of a key does not show
    bound       as associated data, each item after its length in four bytes, big endian: "md1", tenant id, provider
                id, credential name, key id, and as canonical JSON the allowed origins, those of them allowed in plain
                http, and the clear fields
    key id      the first 8 hex digits of SHA-256 over the public key (DER, SubjectPublicKeyInfo)
    private     PKCS#8 in PEM; with a passphrase PBES2: scrypt (N = 2^17, r = 8, p = 1, 128 MiB), AES-256-CBC, which
                OpenSSL reads as well

An AES key seals one message, so a nonce cannot repeat. Only what is written above is accepted: no other version, no
plain text, no second spelling of the same bytes. An envelope moved to another tenant, provider or credential, or one
whose base URL, origins or other clear fields were edited, does not open, and every such failure is the same sentence.
That is what keeps a key from being sent to a server that someone wrote into the file.

Sealing needs only the public key, so that an envelope opens does not say who made it. `authenticate` does: the private
key vouches for the list of a tenant's credentials and for its state (`tui.tenancy.manifest`).

What is not protected. Names, base URLs, sizes and times are in clear. A private key without a passphrase is as safe as
the folder it is in. While a tenant is open its key is in memory, and so is a secret while a call is being signed;
Python cannot wipe memory, so this module only opens late and keeps nothing. Root, and code that runs as the same user,
see everything.
"""

import base64
import binascii
import hashlib
import hmac
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import TYPE_CHECKING, NoReturn

from tui.errors import Locked
from tui.secret import MASK, Secret
from tui.vault import pkcs8
from tui.vault.pkcs8 import RsaNumbers

# Importing pycryptodome takes as long as half a first screen: each function that needs a part of it imports that part.
if TYPE_CHECKING:
    from Crypto.PublicKey.RSA import RsaKey

BITS = 3072
COST = 2**17
VERSION = "md1"
_LABEL = b"modeldeck md1"
_VOUCHING = b"modeldeck manifest 1"
_BLOCK = 256
_NONCE = 12
_TAG = 16
_COST_CAP = 2**18  # N × r / 8 × p; 256 MiB
_SCRYPT = "1.3.6.1.4.1.11591.4.11"
_PUT_BACK = "Put it back from a backup, or set the providers up again."
_PROTECTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


class PrivateKey:
    """A private key that does not show itself."""

    __slots__ = ("_numbers", "_rsa", "_vouching", "key_id", "public_pem")

    def __init__(self, numbers: RsaNumbers) -> None:
        self._numbers = numbers
        self._rsa: RsaKey | None = None
        self._vouching = hmac.new(_VOUCHING, numbers.private_der(), hashlib.sha256).digest()
        self.public_pem = numbers.public_pem()
        self.key_id = _key_id(numbers.public_der())

    def rsa(self) -> "RsaKey":
        """The key that pycryptodome works with; whoever made the numbers has proved that they belong together."""
        from Crypto.PublicKey import RSA

        if self._rsa is None:
            each = self._numbers
            self._rsa = RSA.construct((each.n, each.e, each.d, each.p, each.q), consistency_check=False)
        return self._rsa

    def __repr__(self) -> str:
        return f"PrivateKey({MASK})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key is not pickled")


@dataclass(frozen=True)
class NewKeyPair:
    """A new key pair."""

    private: PrivateKey
    public_pem: str
    key_id: str


@dataclass(frozen=True)
class Binding:
    """What an envelope belongs to. Change any of it and the envelope does not open."""

    tenant: str
    provider: str
    credential: str
    key_id: str
    origins: tuple[str, ...]
    clear: Mapping[str, str]
    plain_http: tuple[str, ...] = field(default=())

    def data(self) -> bytes:
        """The associated data: every item after its length, so that no two bindings have the same bytes."""
        items = [
            *(VERSION, self.tenant, self.provider, self.credential, self.key_id),
            *(_canonical(sorted(self.origins)), _canonical(sorted(self.plain_http)), _canonical(dict(self.clear))),
        ]
        return b"".join(len(item).to_bytes(4, "big") + item for item in map(str.encode, items))


def generate_key_pair(bits: int = BITS) -> NewKeyPair:
    """A new key pair. Takes a second or two: run it in a thread."""
    from Crypto.PublicKey import RSA

    private = PrivateKey(_numbers(RSA.generate(bits)))
    return NewKeyPair(private, private.public_pem, private.key_id)


def key_id(public_pem: str) -> str:
    """The first 8 hex digits of SHA-256 over the public key."""
    return _key_id(_public(public_pem).export_key(format="DER"))


def export(private: PrivateKey, passphrase: Secret | None, cost: int = COST) -> bytes:
    """The private key as PEM, protected if there is a passphrase."""
    if not passphrase:
        return private.rsa().export_key(format="PEM", pkcs=8) + b"\n"
    pem = private.rsa().export_key(
        format="PEM",
        pkcs=8,
        passphrase=passphrase_bytes(passphrase),
        protection="scryptAndAES256-CBC",
        prot_params={"iteration_count": cost, "block_size": 8, "parallelization": 1, "salt_size": 16},
    )
    return pem + b"\n"


def is_protected(pem: bytes) -> bool:
    """Whether the private key asks for a passphrase."""
    return pem.lstrip().startswith(_PROTECTED)


def load(pem: bytes, passphrase: Secret | None = None) -> PrivateKey:
    """Opens a private key file; takes a third of a second with a passphrase. `Locked` says what stands in the way.

    Without a passphrase pycryptodome is not even imported, unless the file was written by something else.
    """
    if (numbers := pkcs8.read(pem)) is not None:
        return PrivateKey(numbers)
    from Crypto.PublicKey import RSA

    if not is_protected(pem):
        try:
            key = RSA.import_key(pem)
        except (ValueError, IndexError, TypeError):
            raise _unreadable() from None
    else:
        _check_cost(pem)
        if not passphrase:
            raise Locked("The keys of this tenant are locked with a passphrase.", "Unlock it first.")
        try:
            key = RSA.import_key(pem, passphrase=passphrase_bytes(passphrase))
        except (ValueError, IndexError, TypeError):
            raise Locked("This passphrase does not open the keys.", "Try again; nothing was changed.") from None
    if not key.has_private():
        raise _unreadable()
    return PrivateKey(_numbers(key))


def seal(public_pem: str, secrets: Mapping[str, Secret], binding: Binding) -> str:
    """The secrets in one envelope that only the private key opens, and only for this binding."""
    from Crypto.Cipher import AES, PKCS1_OAEP
    from Crypto.Hash import SHA256

    key, nonce = token_bytes(32), token_bytes(_NONCE)
    wrapped = PKCS1_OAEP.new(_public(public_pem), hashAlgo=SHA256, label=_LABEL).encrypt(key)
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=_TAG)
    cipher.update(binding.data())
    sealed, tag = cipher.encrypt_and_digest(_pad({name: secret.reveal() for name, secret in secrets.items()}))
    return f"{VERSION}.{binding.key_id}.{b64url_encode(wrapped)}.{b64url_encode(nonce + sealed + tag)}"


def unseal(private: PrivateKey, envelope: str, binding: Binding) -> dict[str, Secret]:
    """The secrets of an envelope. Whatever is wrong with it, the answer is the same `Locked`."""
    from Crypto.Cipher import AES, PKCS1_OAEP
    from Crypto.Hash import SHA256

    try:
        version, key, wrapped, sealed = envelope.split(".")
        if version != VERSION or not key == binding.key_id == private.key_id:
            raise ValueError
        content = b64url_decode(sealed)
        if len(content) < _NONCE + _BLOCK + _TAG or (len(content) - _NONCE - _TAG) % _BLOCK:
            raise ValueError
        opened = PKCS1_OAEP.new(private.rsa(), hashAlgo=SHA256, label=_LABEL).decrypt(b64url_decode(wrapped))
        cipher = AES.new(opened, AES.MODE_GCM, nonce=content[:_NONCE], mac_len=_TAG)
        cipher.update(binding.data())
        secrets = json.loads(cipher.decrypt_and_verify(content[_NONCE:-_TAG], content[-_TAG:]))
        return {name: Secret(text) for name, text in secrets.items()}
    except (ValueError, TypeError, AttributeError):
        raise Locked(
            "This credential cannot be opened: it was changed since it was sealed, or sealed for something else.",
            "Replace it or forget it; the others are not touched.",
        ) from None


def authenticate(private: PrivateKey, content: bytes) -> str:
    """64 hex digits that only who has the private key can make for this content; a new passphrase changes nothing."""
    return hmac.new(private._vouching, content, hashlib.sha256).hexdigest()


def fingerprint(key_hex: str, secret: Secret) -> str:
    """8 hex digits that tell two secrets of a tenant apart and say nothing about either."""
    return hmac.new(bytes.fromhex(key_hex), secret.reveal().encode(), hashlib.sha256).hexdigest()[:8]


def fingerprint_key() -> str:
    """A new key for `fingerprint`, as hex."""
    return token_bytes(32).hex()


def _numbers(key: "RsaKey") -> RsaNumbers:
    return RsaNumbers(int(key.n), int(key.e), int(key.d), int(key.p), int(key.q))


def _key_id(public_der: bytes) -> str:
    return hashlib.sha256(public_der).hexdigest()[:8]


def _unreadable() -> Locked:
    return Locked("The key file of this tenant cannot be read.", _PUT_BACK)


def _public(pem: str) -> "RsaKey":
    from Crypto.PublicKey import RSA

    try:
        return RSA.import_key(pem).public_key()
    except (ValueError, IndexError, TypeError):
        raise Locked("The public key of this tenant cannot be read.", "Put its settings back from a backup.") from None


def passphrase_bytes(secret: Secret) -> bytes:
    """A passphrase as keys are derived from it."""
    # One spelling for one text: keyboards differ in how they compose an accent.
    return unicodedata.normalize("NFC", secret.reveal()).encode()


def _check_cost(pem: bytes) -> None:
    """Refuses a key file that would take gigabytes or hours to open, before anything is computed."""
    from Crypto.Util.asn1 import DerObjectId, DerOctetString, DerSequence

    try:
        body = base64.b64decode(b"".join(pem.strip().splitlines()[1:-1]), validate=True)
        scheme = DerSequence().decode(DerSequence().decode(body)[0])
        derivation = DerSequence().decode(DerSequence().decode(scheme[1])[0])
        if DerObjectId().decode(derivation[0]).value != _SCRYPT:
            raise Locked("The key file of this tenant is protected by something else than scrypt.", _PUT_BACK)
        scrypt = DerSequence().decode(derivation[1])
        cost, block, lanes = int(scrypt[1]), int(scrypt[2]), int(scrypt[3])
        fits = scrypt_within_limits(cost, block, lanes)
        DerOctetString().decode(DerSequence().decode(body)[1])
    except (ValueError, IndexError, TypeError, binascii.Error):
        raise _unreadable() from None
    if not fits:
        raise Locked("The key file of this tenant asks for more memory or time than Modeldeck gives.", _PUT_BACK)


def scrypt_within_limits(cost: int, block: int, lanes: int) -> bool:
    """Whether scrypt with N, r and p like these is within the memory and time that Modeldeck gives."""
    return 0 < block <= 64 and 0 < lanes <= 16 and 1 < cost * block // 8 * lanes <= _COST_CAP


def _pad(secrets: Mapping[str, str]) -> bytes:
    text = _canonical(secrets).encode()
    return text + b" " * (-len(text) % _BLOCK)


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def b64url_encode(content: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def b64url_decode(text: str) -> bytes:
    """What `b64url_encode` was made of; ValueError for any other spelling."""
    content = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if b64url_encode(content) != text:
        raise ValueError("another spelling")
    return content
