"""Read and write RSA numbers: PKCS#1 (RFC 8017, A.1) inside PKCS#8 (RFC 5958), in DER.

Loading pycryptodome and testing the primes again takes longer than a whole command. Most commands want a private key
only to know that it is the tenant's and to prove a manifest, which needs its numbers and no RSA. That the primes give
the modulus and that the exponents undo each other is arithmetic, and is proved for every file that is read here. Only
the one spelling that Modeldeck writes is read; for another there is pycryptodome.
"""

import base64
import binascii
from dataclasses import dataclass
from math import lcm

_SEQUENCE, _INTEGER, _BITS, _OCTETS = 0x30, 0x02, 0x03, 0x04
_ALGORITHM = bytes.fromhex("300d06092a864886f70d0101010500")
"""rsaEncryption, with the NULL that belongs to it."""
_BEGIN, _END = b"-----BEGIN PRIVATE KEY-----", b"-----END PRIVATE KEY-----"
_LINE = 64


@dataclass(frozen=True, repr=False)
class RsaNumbers:
    """Modulus, public and private exponent, and the two primes. It does not show itself."""

    n: int
    e: int
    d: int
    p: int
    q: int

    def private_der(self) -> bytes:
        """Encode the private key as PKCS#8 in DER (RFC 5208)."""
        p, q, d = self.p, self.q, self.d
        numbers = (0, self.n, self.e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
        pkcs1 = _item(_SEQUENCE, b"".join(map(_integer, numbers)))
        return _item(_SEQUENCE, _integer(0) + _ALGORITHM + _item(_OCTETS, pkcs1))

    def public_der(self) -> bytes:
        """Encode the public key as SubjectPublicKeyInfo in DER (RFC 5280)."""
        pkcs1 = _item(_SEQUENCE, _integer(self.n) + _integer(self.e))
        return _item(_SEQUENCE, _ALGORITHM + _item(_BITS, b"\0" + pkcs1))

    def public_pem(self) -> str:
        """Encode the public key as SubjectPublicKeyInfo in PEM, without a line end after it."""
        text = base64.b64encode(self.public_der()).decode()
        lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
        return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----"])


def read(pem: bytes) -> RsaNumbers | None:
    """Read the numbers of an unprotected private key file, proved to belong together.

    Return None for any other content.
    """
    text = pem.strip()
    if not (text.startswith(_BEGIN) and text.endswith(_END)):
        return None
    try:
        der = base64.b64decode(b"".join(text[len(_BEGIN) : -len(_END)].split()), validate=True)
        numbers = _numbers(der)
        fits = _belong_together(numbers) and numbers.private_der() == der
    except (binascii.Error, ValueError, IndexError):
        return None
    return numbers if fits else None


def _belong_together(numbers: RsaNumbers) -> bool:
    return (
        min(numbers.p, numbers.q) > 1
        and 1 < numbers.e < numbers.n
        and 1 < numbers.d < numbers.n
        and numbers.p * numbers.q == numbers.n
        and numbers.e * numbers.d % lcm(numbers.p - 1, numbers.q - 1) == 1
    )


def _numbers(der: bytes) -> RsaNumbers:
    """Read the integers of an RSA private key at their places in the DER.

    Whether the encoding is canonical shows when it is encoded again.
    """
    outer, _ = _content(der, 0)
    _, after = _content(outer, 0)
    _, after = _content(outer, after)
    octets, _ = _content(outer, after)
    pkcs1, _ = _content(octets, 0)
    values, after = list[int](), 0
    for _ in range(6):
        content, after = _content(pkcs1, after)
        values.append(int.from_bytes(content, "big"))
    return RsaNumbers(*values[1:])


def _content(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the content of the DER item at an offset, and the offset of the next item."""
    length, begin = data[at + 1], at + 2
    if length >= 0x80:
        begin += length - 0x80
        length = int.from_bytes(data[at + 2 : begin], "big")
    return data[begin : begin + length], begin + length


def _item(tag: int, content: bytes) -> bytes:
    length = len(content)
    size = b"" if length < 0x80 else length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 + len(size)]) + size + content if size else bytes([tag, length]) + content


def _integer(value: int) -> bytes:
    return _item(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))
