"""Key pairs: other tools agree on every byte, and what is no key file is refused in a sentence."""

import base64
import hashlib
import pickle

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.doubles.keys import cached_pair
from tui.errors import Locked
from tui.secret import Secret
from tui.vault import key_pair as pairs
from tui.vault.public_key import key_id

CHEAP = 2**10


def by_pyca(private: pairs.PrivateKey) -> rsa.RSAPrivateKey:
    loaded = serialization.load_pem_private_key(pairs.export(private, None), None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    return loaded


def test_the_key_id_is_the_hash_of_the_public_key() -> None:
    pair = cached_pair(0)
    public = serialization.load_pem_public_key(pair.public_pem.encode())
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert pair.key_id == hashlib.sha256(der).hexdigest()[:8] == pair.private.key_id == key_id(pair.public_pem)


@pytest.mark.slow
def test_other_tools_open_the_private_key_file() -> None:
    pair, passphrase = cached_pair(0), Secret("a FAKE passphrase")
    pem = pairs.export(pair.private, passphrase)
    assert pairs.is_protected(pem)
    loaded = serialization.load_pem_private_key(pem, passphrase.reveal().encode())
    assert isinstance(loaded, rsa.RSAPrivateKey)
    assert loaded.private_numbers() == by_pyca(pair.private).private_numbers()
    assert pairs.load(pem, passphrase).key_id == pair.key_id


def test_a_private_key_that_another_tool_wrote_opens() -> None:
    pem = by_pyca(cached_pair(0).private).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert not pairs.is_protected(pem)
    assert pairs.load(pem).key_id == cached_pair(0).key_id


def test_a_wrong_passphrase_and_a_missing_one_are_distinguished() -> None:
    pem = pairs.export(cached_pair(0).private, Secret("right"), CHEAP)
    with pytest.raises(Locked, match="Wrong passphrase"):
        pairs.load(pem, Secret("wrong"))
    with pytest.raises(Locked, match="locked with a passphrase"):
        pairs.load(pem)
    assert pairs.load(pem, Secret("right")).key_id == cached_pair(0).key_id


def test_one_passphrase_in_two_spellings_is_one_passphrase() -> None:
    pem = pairs.export(cached_pair(0).private, Secret("Schl\u00fcssel 鍵"), CHEAP)
    assert pairs.load(pem, Secret("Schlu\u0308ssel 鍵")).key_id == cached_pair(0).key_id


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n\xff\xfe\n-----END ENCRYPTED PRIVATE KEY-----\n",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----",
        cached_pair(0).public_pem.encode(),
    ],
    ids=["empty", "zeros", "no body", "no sequence", "no base64", "no end", "a public key"],
)
def test_what_is_no_private_key_is_a_sentence(content: bytes) -> None:
    with pytest.raises(Locked, match="key file"):
        pairs.load(content, Secret("x"))


def test_every_cut_of_a_key_file_is_a_sentence() -> None:
    for pem in (pairs.export(cached_pair(0).private, None), pairs.export(cached_pair(0).private, Secret("x"), CHEAP)):
        for length in range(0, len(pem) - 30, 7):
            with pytest.raises(Locked):
                pairs.load(pem[:length], Secret("x"))


@pytest.mark.parametrize("cost", [2**19, 2**24, 2**40])
def test_a_key_file_that_asks_for_too_much_memory_is_refused_at_once(cost: int) -> None:
    pem = pairs.export(cached_pair(0).private, Secret("x"), CHEAP)
    der = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    small = b"\x02\x02" + CHEAP.to_bytes(2, "big")
    length = (cost.bit_length() + 8) // 8
    grown = der.replace(small, bytes([2, length]) + cost.to_bytes(length, "big"), 1)
    # Lengths of the four sequences around it, and of the parameters themselves, grow by as many bytes.
    spoiled = _relengthened(grown, length - 2)
    with pytest.raises(Locked, match="more memory or time"):
        pairs.load(_pem(spoiled), Secret("x"))


def test_a_key_file_protected_by_something_weaker_is_refused() -> None:
    pem = by_pyca(cached_pair(0).private).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    with pytest.raises(Locked, match="scrypt"):
        pairs.load(pem, Secret("x"))


def test_nothing_shows_a_private_key() -> None:
    private = cached_pair(0).private
    shown = repr(private) + str(private) + f"{private}" + repr(cached_pair(0)) + repr(vars(pairs.NewKeyPair)["__doc__"])
    assert "RsaKey" not in shown and str(by_pyca(private).private_numbers().d)[:12] not in shown
    with pytest.raises(TypeError):
        pickle.dumps(private)


@pytest.mark.slow
def test_a_new_pair_has_the_size_that_is_promised() -> None:
    assert pairs.BITS == 3072
    pair = pairs.generate_key_pair()
    assert by_pyca(pair.private).key_size == 3072


def test_fingerprints_tell_secrets_apart_and_differ_between_tenants() -> None:
    one, other = "11" * 32, "22" * 32
    assert pairs.fingerprint(one, Secret("a")) == pairs.fingerprint(one, Secret("a"))
    assert pairs.fingerprint(one, Secret("a")) != pairs.fingerprint(one, Secret("b"))
    assert pairs.fingerprint(one, Secret("a")) != pairs.fingerprint(other, Secret("a"))
    assert len(pairs.fingerprint(one, Secret("a"))) == 8
    assert pairs.fingerprint_key() != pairs.fingerprint_key()


def _relengthened(der: bytes, by: int) -> bytes:
    """The PBES2 structure with longer scrypt parameters: the lengths on the way to them are mended."""
    content = bytearray(der)
    place, ends = 0, []
    for _ in range(5):
        start = place + 1
        size = content[start] & 0x7F if content[start] & 0x80 else 0
        ends.append((start, size))
        inside = start + 1 + size
        # Down into the first sequence that is inside: over an object id where one stands first.
        place = inside if content[inside] == 0x30 else inside + 2 + content[inside + 1]
    for start, size in ends:
        if size:
            value = int.from_bytes(content[start + 1 : start + 1 + size], "big") + by
            content[start + 1 : start + 1 + size] = value.to_bytes(size, "big")
        else:
            content[start] += by
    return bytes(content)


def _pem(der: bytes) -> bytes:
    lines = base64.encodebytes(der)
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + lines + b"-----END ENCRYPTED PRIVATE KEY-----\n"
