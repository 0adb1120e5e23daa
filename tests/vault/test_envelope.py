"""Envelopes open for what they were sealed for and for nothing else; other tools agree on every byte."""

import base64
import hashlib
import json
import pickle
import string
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.campaign.envelopes import OAEP, bound, pieces
from tests.doubles.keys import key_pair
from tui.errors import Locked
from tui.secret import Secret
from tui.vault import envelope as vault

BINDING = vault.Binding(
    tenant="acme",
    provider="openai",
    credential="default",
    key_id=key_pair(0).key_id,
    origins=("https://api.openai.com",),
    clear={"base_url": "https://api.openai.com/v1", "organization": "org-FAKE"},
)
SECRETS = {"api_key": Secret("sk-FAKE-key-of-a-test")}
CHEAP = 2**10


def sealed(binding: vault.Binding = BINDING) -> str:
    return vault.seal(key_pair(0).public_pem, SECRETS, binding)


def refused(envelope: str, binding: vault.Binding = BINDING, private: vault.PrivateKey | None = None) -> str:
    """The sentence with which an envelope is refused."""
    with pytest.raises(Locked) as caught:
        vault.unseal(private or key_pair(0).private, envelope, binding)
    return caught.value.message


THE_SENTENCE = refused("")


# --- an independent reading of the format; its vectors are in the campaign --------------------------------------------


def theirs(private: vault.PrivateKey) -> rsa.RSAPrivateKey:
    loaded = serialization.load_pem_private_key(vault.export(private, None), None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    return loaded


def test_another_implementation_opens_an_envelope_by_the_words_of_the_docstring() -> None:
    made = key_pair(0)
    version, key_id, wrapped, content = pieces(sealed())
    assert (version, key_id) == ("md1", made.key_id)
    key = theirs(made.private).decrypt(wrapped, OAEP)
    assert len(key) == 32
    clear = '{"base_url":"https://api.openai.com/v1","organization":"org-FAKE"}'
    data = bound("md1", "acme", "openai", "default", made.key_id, '["https://api.openai.com"]', "[]", clear)
    plain = AESGCM(key).decrypt(content[:12], content[12:], data)
    assert len(plain) == 256
    assert json.loads(plain) == {"api_key": "sk-FAKE-key-of-a-test"}


def test_an_envelope_of_another_implementation_is_opened() -> None:
    made = key_pair(0)
    key, nonce = b"K" * 32, b"N" * 12
    binding = replace(BINDING, clear={}, plain_http=("http://10.0.0.7:8000",), origins=("http://10.0.0.7:8000",))
    data = bound("md1", "acme", "openai", "default", made.key_id, *['["http://10.0.0.7:8000"]'] * 2, "{}")
    content = nonce + AESGCM(key).encrypt(nonce, b'{"api_key":"sk-FAKE"}'.ljust(512), data)
    wrapped = theirs(made.private).public_key().encrypt(key, OAEP)
    texts = [base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in (wrapped, content)]
    opened = vault.unseal(made.private, ".".join(["md1", made.key_id, *texts]), binding)
    assert opened["api_key"].reveal() == "sk-FAKE"


def test_the_associated_data_is_final() -> None:
    binding = vault.Binding("a", "p", "c", "0badcafe", ("https://b", "https://a"), {"z": "1", "a": "星"})
    assert binding.data().hex() == (
        "000000036d6431" "0000000161" "0000000170" "0000000163" "000000083062616463616665"
        "000000195b2268747470733a2f2f61222c2268747470733a2f2f62225d" "000000025b5d"
        "000000137b2261223a22e6989f222c227a223a2231227d"
    )  # fmt: skip


def test_the_key_id_is_the_hash_of_the_public_key() -> None:
    made = key_pair(0)
    public = serialization.load_pem_public_key(made.public_pem.encode())
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert made.key_id == hashlib.sha256(der).hexdigest()[:8] == made.private.key_id == vault.key_id(made.public_pem)


def test_other_tools_open_the_private_key_file() -> None:
    made, passphrase = key_pair(0), Secret("a FAKE passphrase")
    pem = vault.export(made.private, passphrase)
    assert vault.is_protected(pem)
    loaded = serialization.load_pem_private_key(pem, passphrase.reveal().encode())
    assert isinstance(loaded, rsa.RSAPrivateKey)
    assert loaded.private_numbers() == theirs(made.private).private_numbers()
    assert vault.load(pem, passphrase).key_id == made.key_id


def test_a_private_key_that_another_tool_wrote_opens() -> None:
    pem = theirs(key_pair(0).private).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert not vault.is_protected(pem)
    assert vault.load(pem).key_id == key_pair(0).key_id


# --- what is sealed ---------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.text(string.ascii_lowercase, min_size=1, max_size=12), st.text(max_size=600), max_size=4),
    st.dictionaries(st.text(max_size=9), st.text(max_size=40), max_size=3),
    st.lists(st.text(max_size=30), max_size=3),
)
def test_what_was_sealed_is_opened(secrets: dict[str, str], clear: dict[str, str], origins: list[str]) -> None:
    if any(
        "\ud800" <= mark <= "\udfff" for text in (*secrets.values(), *clear, *clear.values(), *origins) for mark in text
    ):
        return
    binding = replace(BINDING, clear=clear, origins=tuple(origins))
    boxes = {name: Secret(text) for name, text in secrets.items()}
    opened = vault.unseal(key_pair(0).private, vault.seal(key_pair(0).public_pem, boxes, binding), binding)
    assert opened == boxes


@pytest.mark.parametrize("length", [1, 255, 256, 257, 4_000, 20_000])
def test_a_secret_of_any_length_is_sealed_and_its_length_does_not_show(length: int) -> None:
    secrets = {"api_key": Secret("e" * length)}
    envelope = vault.seal(key_pair(0).public_pem, secrets, BINDING)
    assert vault.unseal(key_pair(0).private, envelope, BINDING) == secrets
    assert (len(pieces(envelope)[3]) - 28) % 256 == 0


def test_two_envelopes_of_the_same_secret_have_nothing_in_common() -> None:
    first, second = pieces(sealed()), pieces(sealed())
    assert first[2] != second[2]
    assert first[3][:12] != second[3][:12]


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text + "=",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text.replace("md1", "md2"),
        lambda text: text.replace("md1", "MD1"),
        lambda text: text + ".",
        lambda text: text + "A",
        lambda text: text[: len(text) // 2] + "\n" + text[len(text) // 2 :],
        lambda text: "sk-FAKE-key-in-clear",
        lambda text: "md1....",
        lambda text: "md1.星.星.星",
        lambda text: "." * 10_000,
    ],
)
def test_another_spelling_is_refused(spoil: object) -> None:
    assert refused(spoil(sealed())) == THE_SENTENCE  # type: ignore[operator]


def test_one_content_has_one_spelling() -> None:
    envelope = sealed()
    last = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    same = [each for each in last if pieces(envelope[:-1] + each)[3] == pieces(envelope)[3]]
    for each in same:
        if envelope[:-1] + each != envelope:
            assert refused(envelope[:-1] + each) == THE_SENTENCE


CHANGES = {
    "tenant": {"tenant": "other"},
    "provider": {"provider": "openai_compatible"},
    "credential": {"credential": "batch-jobs"},
    "origin": {"origins": ("https://evil.example",)},
    "another origin as well": {"origins": ("https://api.openai.com", "https://evil.example")},
    "no origin": {"origins": ()},
    "base url": {"clear": {**BINDING.clear, "base_url": "https://evil.example/v1"}},
    "another field": {"clear": {**BINDING.clear, "project": "proj_FAKE"}},
    "a field less": {"clear": {"base_url": BINDING.clear["base_url"]}},
    "plain http": {"plain_http": ("http://evil.example",)},
    "key id": {"key_id": "00000000"},
    "items shifted": {"tenant": "acmeopenai", "provider": ""},
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_envelope_does_not_open_for_anything_else(name: str) -> None:
    assert refused(sealed(), replace(BINDING, **CHANGES[name])) == THE_SENTENCE


def test_the_order_of_origins_and_fields_does_not_matter() -> None:
    one = replace(BINDING, origins=("https://a", "https://b"), clear={"a": "1", "b": "2"})
    other = replace(BINDING, origins=("https://b", "https://a"), clear={"b": "2", "a": "1"})
    assert vault.unseal(key_pair(0).private, sealed(one), other) == SECRETS


def test_a_broken_public_key_is_a_sentence() -> None:
    for pem in ("", "nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"):
        with pytest.raises(Locked, match="public key"):
            vault.seal(pem, SECRETS, BINDING)


# --- private keys -----------------------------------------------------------------------------------------------------


def test_a_wrong_passphrase_and_a_missing_one_are_told_apart() -> None:
    pem = vault.export(key_pair(0).private, Secret("right"), CHEAP)
    with pytest.raises(Locked, match="does not open"):
        vault.load(pem, Secret("wrong"))
    with pytest.raises(Locked, match="locked with a passphrase"):
        vault.load(pem)
    assert vault.load(pem, Secret("right")).key_id == key_pair(0).key_id


def test_one_passphrase_in_two_spellings_is_one_passphrase() -> None:
    pem = vault.export(key_pair(0).private, Secret("Schl\u00fcssel 鍵"), CHEAP)
    assert vault.load(pem, Secret("Schlu\u0308ssel 鍵")).key_id == key_pair(0).key_id


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n\xff\xfe\n-----END ENCRYPTED PRIVATE KEY-----\n",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----",
        key_pair(0).public_pem.encode(),
    ],
    ids=["empty", "zeros", "no body", "no sequence", "no base64", "no end", "a public key"],
)
def test_what_is_no_private_key_is_a_sentence(content: bytes) -> None:
    with pytest.raises(Locked, match="key file"):
        vault.load(content, Secret("x"))


def test_every_cut_of_a_key_file_is_a_sentence() -> None:
    for pem in (vault.export(key_pair(0).private, None), vault.export(key_pair(0).private, Secret("x"), CHEAP)):
        for length in range(0, len(pem) - 30, 7):
            with pytest.raises(Locked):
                vault.load(pem[:length], Secret("x"))


@pytest.mark.parametrize("cost", [2**19, 2**24, 2**40])
def test_a_key_file_that_asks_for_too_much_memory_is_refused_at_once(cost: int) -> None:
    pem = vault.export(key_pair(0).private, Secret("x"), CHEAP)
    der = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    small = b"\x02\x02" + CHEAP.to_bytes(2, "big")
    length = (cost.bit_length() + 8) // 8
    grown = der.replace(small, bytes([2, length]) + cost.to_bytes(length, "big"), 1)
    # Lengths of the four sequences around it, and of the parameters themselves, grow by as many bytes.
    spoiled = _relengthened(grown, length - 2)
    with pytest.raises(Locked, match="more memory or time"):
        vault.load(_pem(spoiled), Secret("x"))


def test_a_key_file_protected_by_something_weaker_is_refused() -> None:
    pem = theirs(key_pair(0).private).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    with pytest.raises(Locked, match="scrypt"):
        vault.load(pem, Secret("x"))


def test_nothing_shows_a_private_key() -> None:
    private = key_pair(0).private
    shown = repr(private) + str(private) + f"{private}" + repr(key_pair(0)) + repr(vars(vault.NewKeyPair)["__doc__"])
    assert "RsaKey" not in shown and str(theirs(private).private_numbers().d)[:12] not in shown
    with pytest.raises(TypeError):
        pickle.dumps(private)


def test_a_new_pair_has_the_size_that_is_promised() -> None:
    assert vault.BITS == 3072
    made = vault.generate_key_pair()
    assert theirs(made.private).key_size == 3072
    envelope = vault.seal(made.public_pem, SECRETS, replace(BINDING, key_id=made.key_id))
    assert vault.unseal(made.private, envelope, replace(BINDING, key_id=made.key_id)) == SECRETS


def test_fingerprints_tell_secrets_apart_and_differ_between_tenants() -> None:
    one, other = "11" * 32, "22" * 32
    assert vault.fingerprint(one, Secret("a")) == vault.fingerprint(one, Secret("a"))
    assert vault.fingerprint(one, Secret("a")) != vault.fingerprint(one, Secret("b"))
    assert vault.fingerprint(one, Secret("a")) != vault.fingerprint(other, Secret("a"))
    assert len(vault.fingerprint(one, Secret("a"))) == 8
    assert vault.fingerprint_key() != vault.fingerprint_key()


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
