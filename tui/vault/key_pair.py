"""RSA key pairs: generate, load, export, and authenticate with the private key.

Importing pycryptodome takes as long as half a first screen, so each function imports the part it needs.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from secrets import token_bytes
from typing import TYPE_CHECKING, NoReturn

from tui.errors import Action, Locked, Remedy
from tui.secret import MASK, Secret
from tui.vault import envelope, key_derivation, pkcs8
from tui.vault.pkcs8 import RsaNumbers
from tui.vault.public_key import key_id_of

if TYPE_CHECKING:
    from Crypto.PublicKey.RSA import RsaKey

BITS = 3072
_MANIFEST_CONTEXT = b"modeldeck manifest 1"
_SCRYPT = "1.3.6.1.4.1.11591.4.11"
_RESTORE_REMEDY = "Restore it from a backup, or set the providers up again."
_PROTECTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


class PrivateKey:
    """A private key that does not show itself."""

    __slots__ = ("_manifest_key", "_numbers", "_rsa", "key_id", "public_pem")

    def __init__(self, numbers: RsaNumbers) -> None:
        self._numbers = numbers
        self._rsa: RsaKey | None = None
        self._manifest_key = hmac.new(_MANIFEST_CONTEXT, numbers.private_der(), hashlib.sha256).digest()
        self.public_pem = numbers.public_pem()
        self.key_id = key_id_of(numbers.public_der())

    def rsa(self) -> "RsaKey":
        """Return the key as pycryptodome uses it; the numbers were checked when they were read."""
        from Crypto.PublicKey import RSA  # lazy: start-up time

        if self._rsa is None:
            numbers = self._numbers
            self._rsa = RSA.construct((numbers.n, numbers.e, numbers.d, numbers.p, numbers.q), consistency_check=False)
        return self._rsa

    def authenticate(self, content: bytes) -> str:
        """Return an HMAC-SHA-256 of the content, keyed by this key, as 64 hex digits. A new passphrase keeps it."""
        return hmac.new(self._manifest_key, content, hashlib.sha256).hexdigest()

    def unseal(self, text: str, binding: envelope.Binding) -> dict[str, Secret]:
        """Return the secrets of an envelope. See `envelope.unseal`."""
        return envelope.unseal(self, text, binding)

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


def generate_key_pair(bits: int = BITS) -> NewKeyPair:
    """Generate a key pair. This takes a second or two: run it in a thread."""
    from Crypto.PublicKey import RSA  # lazy: start-up time

    private = PrivateKey(_numbers(RSA.generate(bits)))
    return NewKeyPair(private, private.public_pem, private.key_id)


def export(private: PrivateKey, passphrase: Secret | None, cost: int = key_derivation.COST) -> bytes:
    """Return the private key as PEM, encrypted if there is a passphrase."""
    if not passphrase:
        return private.rsa().export_key(format="PEM", pkcs=8) + b"\n"
    pem = private.rsa().export_key(
        format="PEM",
        pkcs=8,
        passphrase=key_derivation.passphrase_bytes(passphrase),
        protection="scryptAndAES256-CBC",
        prot_params={"iteration_count": cost, "block_size": 8, "parallelization": 1, "salt_size": 16},
    )
    return pem + b"\n"


def is_protected(pem: bytes) -> bool:
    """Return True if the private key file has a passphrase."""
    return pem.lstrip().startswith(_PROTECTED)


def load(pem: bytes, passphrase: Secret | None = None) -> PrivateKey:
    """Open a private key file. With a passphrase this takes a third of a second.

    Without one, pycryptodome is imported only if another program wrote the file.

    Raises:
        Locked: if the passphrase is missing or wrong, or the file cannot be read.
    """
    if (numbers := pkcs8.read(pem)) is not None:
        return PrivateKey(numbers)
    from Crypto.PublicKey import RSA  # lazy: start-up time

    if not is_protected(pem):
        try:
            key = RSA.import_key(pem)
        except (ValueError, IndexError, TypeError):
            raise _unreadable() from None
    else:
        _check_cost(pem)
        if not passphrase:
            raise Locked("This tenant is locked with a passphrase.", remedy=Remedy(Action.UNLOCK))
        try:
            key = RSA.import_key(pem, passphrase=key_derivation.passphrase_bytes(passphrase))
        except (ValueError, IndexError, TypeError):
            raise Locked("Wrong passphrase.", "Try again; nothing was changed.") from None
    if not key.has_private():
        raise _unreadable()
    return PrivateKey(_numbers(key))


def fingerprint(key_hex: str, secret: Secret) -> str:
    """Return 8 hex digits that tell two secrets of a tenant apart; `key_hex` is from `fingerprint_key`."""
    return hmac.new(bytes.fromhex(key_hex), secret.reveal().encode(), hashlib.sha256).hexdigest()[:8]


def fingerprint_key() -> str:
    """Generate a key for `fingerprint`, as hex."""
    return token_bytes(32).hex()


def _numbers(key: "RsaKey") -> RsaNumbers:
    return RsaNumbers(int(key.n), int(key.e), int(key.d), int(key.p), int(key.q))


def _unreadable() -> Locked:
    return Locked("This tenant's private key file cannot be read.", _RESTORE_REMEDY)


def _check_cost(pem: bytes) -> None:
    """Refuse a key file that would take gigabytes or hours to open, before anything is computed."""
    from Crypto.Util.asn1 import DerObjectId, DerOctetString, DerSequence  # lazy: start-up time

    try:
        body = base64.b64decode(b"".join(pem.strip().splitlines()[1:-1]), validate=True)
        scheme = DerSequence().decode(DerSequence().decode(body)[0])
        derivation = DerSequence().decode(DerSequence().decode(scheme[1])[0])
        if DerObjectId().decode(derivation[0]).value != _SCRYPT:
            raise Locked("This tenant's private key is not protected by scrypt.", _RESTORE_REMEDY)
        scrypt = DerSequence().decode(derivation[1])
        cost, block, parallelization = int(scrypt[1]), int(scrypt[2]), int(scrypt[3])
        fits = key_derivation.scrypt_within_limits(cost, block, parallelization)
        DerOctetString().decode(DerSequence().decode(body)[1])
    except (ValueError, IndexError, TypeError, binascii.Error):
        raise _unreadable() from None
    if not fits:
        raise Locked("This tenant's private key file needs more memory or time than Modeldeck allows.", _RESTORE_REMEDY)
