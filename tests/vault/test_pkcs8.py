"""The numbers of a key pair are read and written as pycryptodome does, and only if they belong together."""

import base64
from dataclasses import replace

import pytest
from Crypto.PublicKey import RSA

from tests.doubles.keys import cached_pair
from tui.vault import pkcs8
from tui.vault.pkcs8 import RsaNumbers

KEY = cached_pair(0).private.rsa()
NUMBERS = RsaNumbers(int(KEY.n), int(KEY.e), int(KEY.d), int(KEY.p), int(KEY.q))
PEM = KEY.export_key(format="PEM", pkcs=8)


def pem_of(der: bytes) -> bytes:
    return b"-----BEGIN PRIVATE KEY-----\n" + base64.encodebytes(der) + b"-----END PRIVATE KEY-----\n"


@pytest.mark.slow
@pytest.mark.parametrize("bits", [1024, 2048, 3072])
def test_both_halves_are_written_as_pycryptodome_writes_them(bits: int) -> None:
    key = RSA.generate(bits)
    numbers = RsaNumbers(int(key.n), int(key.e), int(key.d), int(key.p), int(key.q))

    assert numbers.private_der() == key.export_key(format="DER", pkcs=8)
    assert numbers.public_der() == key.public_key().export_key(format="DER")
    assert numbers.public_pem() == key.public_key().export_key().decode()


def test_what_was_written_is_read() -> None:
    assert pkcs8.read(PEM) == NUMBERS
    assert pkcs8.read(b"\r\n" + PEM.replace(b"\n", b"\r\n") + b"\n") == NUMBERS


@pytest.mark.parametrize("number", ["n", "e", "d", "p", "q"])
def test_numbers_that_do_not_belong_together_are_not_read(number: str) -> None:
    for by in (2, -2):
        other = replace(NUMBERS, **{number: getattr(NUMBERS, number) + by})
        assert pkcs8.read(pem_of(other.private_der())) is None


def test_an_exponent_that_undoes_nothing_is_not_read() -> None:
    assert pkcs8.read(pem_of(replace(NUMBERS, e=1, d=1).private_der())) is None
    assert pkcs8.read(pem_of(replace(NUMBERS, d=1).private_der())) is None


def test_no_change_of_a_byte_is_read_as_a_key() -> None:
    der = NUMBERS.private_der()

    for at in range(len(der)):
        changed = bytearray(der)
        changed[at] ^= 0x10
        assert pkcs8.read(pem_of(bytes(changed))) is None, at


def test_no_cut_is_read_as_a_key() -> None:
    der = NUMBERS.private_der()

    assert [at for at in range(len(der)) if pkcs8.read(pem_of(der[:at]))] == []
    assert [at for at in range(len(PEM)) if pkcs8.read(PEM[:at])] == []


@pytest.mark.parametrize(
    "content",
    [
        KEY.export_key(format="PEM", pkcs=1),
        KEY.export_key(format="PEM", pkcs=8, passphrase="a passphrase"),
        KEY.public_key().export_key(),
        pem_of(NUMBERS.private_der() + b"\0"),
        PEM + PEM,
        b"",
        b"\xff\x00",
    ],
    ids=["pkcs1", "protected", "public", "more after it", "twice", "empty", "bytes"],
)
def test_anything_else_is_left_to_pycryptodome(content: bytes) -> None:
    assert pkcs8.read(content) is None


def test_numbers_do_not_show_themselves() -> None:
    assert str(NUMBERS.d) not in repr(NUMBERS)
