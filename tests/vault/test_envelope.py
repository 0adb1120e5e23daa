"""Envelopes open for what they were sealed for and for nothing else; other tools agree on every byte."""

import base64
import json
import string
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.campaign.envelopes import OAEP, bound, pieces
from tests.doubles.keys import cached_pair
from tui.errors import Locked
from tui.secret import Secret
from tui.vault import envelope as vault
from tui.vault import key_pair as pairs

BINDING = vault.Binding(
    tenant="acme",
    provider="openai",
    credential="default",
    key_id=cached_pair(0).key_id,
    origins=("https://api.openai.com",),
    clear={"base_url": "https://api.openai.com/v1", "organization": "org-FAKE"},
)
SECRETS = {"api_key": Secret("sk-FAKE-key-of-a-test")}
CHEAP = 2**10


def seal(binding: vault.Binding = BINDING) -> str:
    return vault.seal(cached_pair(0).public_pem, SECRETS, binding)


def refused(envelope: str, binding: vault.Binding = BINDING, private: pairs.PrivateKey | None = None) -> str:
    """The sentence with which an envelope is refused."""
    with pytest.raises(Locked) as caught:
        vault.unseal(private or cached_pair(0).private, envelope, binding)
    return caught.value.message


THE_SENTENCE = refused("")


# --- an independent reading of the format; its vectors are in the campaign --------------------------------------------


def by_pyca(private: pairs.PrivateKey) -> rsa.RSAPrivateKey:
    loaded = serialization.load_pem_private_key(pairs.export(private, None), None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    return loaded


def test_another_implementation_opens_an_envelope_by_the_words_of_the_docstring() -> None:
    pair = cached_pair(0)
    version, key_id, wrapped, content = pieces(seal())
    assert (version, key_id) == ("md1", pair.key_id)
    key = by_pyca(pair.private).decrypt(wrapped, OAEP)
    assert len(key) == 32
    clear = '{"base_url":"https://api.openai.com/v1","organization":"org-FAKE"}'
    data = bound("md1", "acme", "openai", "default", pair.key_id, '["https://api.openai.com"]', "[]", clear)
    plain = AESGCM(key).decrypt(content[:12], content[12:], data)
    assert len(plain) == 256
    assert json.loads(plain) == {"api_key": "sk-FAKE-key-of-a-test"}


def test_an_envelope_of_another_implementation_is_opened() -> None:
    pair = cached_pair(0)
    key, nonce = b"K" * 32, b"N" * 12
    binding = replace(BINDING, clear={}, plain_http=("http://10.0.0.7:8000",), origins=("http://10.0.0.7:8000",))
    data = bound("md1", "acme", "openai", "default", pair.key_id, *['["http://10.0.0.7:8000"]'] * 2, "{}")
    content = nonce + AESGCM(key).encrypt(nonce, b'{"api_key":"sk-FAKE"}'.ljust(512), data)
    wrapped = by_pyca(pair.private).public_key().encrypt(key, OAEP)
    texts = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (wrapped, content)]
    opened = vault.unseal(pair.private, ".".join(["md1", pair.key_id, *texts]), binding)
    assert opened["api_key"].reveal() == "sk-FAKE"


def test_the_associated_data_is_final() -> None:
    binding = vault.Binding("a", "p", "c", "0badcafe", ("https://b", "https://a"), {"z": "1", "a": "星"})
    assert binding.data().hex() == (
        "000000036d6431" "0000000161" "0000000170" "0000000163" "000000083062616463616665"
        "000000195b2268747470733a2f2f61222c2268747470733a2f2f62225d" "000000025b5d"
        "000000137b2261223a22e6989f222c227a223a2231227d"
    )  # fmt: skip


# --- what is sealed ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
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
    opened = vault.unseal(cached_pair(0).private, vault.seal(cached_pair(0).public_pem, boxes, binding), binding)
    assert opened == boxes


@pytest.mark.parametrize("length", [1, 255, 256, 257, 4_000, 20_000])
def test_a_secret_of_any_length_is_sealed_and_its_length_does_not_show(length: int) -> None:
    secrets = {"api_key": Secret("e" * length)}
    envelope = vault.seal(cached_pair(0).public_pem, secrets, BINDING)
    assert vault.unseal(cached_pair(0).private, envelope, BINDING) == secrets
    assert (len(pieces(envelope)[3]) - 28) % 256 == 0


def test_two_envelopes_of_the_same_secret_have_nothing_in_common() -> None:
    first, second = pieces(seal()), pieces(seal())
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
    assert refused(spoil(seal())) == THE_SENTENCE  # type: ignore[operator]


def test_one_content_has_one_spelling() -> None:
    envelope = seal()
    last = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    same = [letter for letter in last if pieces(envelope[:-1] + letter)[3] == pieces(envelope)[3]]
    for letter in same:
        if envelope[:-1] + letter != envelope:
            assert refused(envelope[:-1] + letter) == THE_SENTENCE


CHANGES: dict[str, dict[str, Any]] = {
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
    assert refused(seal(), replace(BINDING, **CHANGES[name])) == THE_SENTENCE


def test_the_order_of_origins_and_fields_does_not_matter() -> None:
    one = replace(BINDING, origins=("https://a", "https://b"), clear={"a": "1", "b": "2"})
    other = replace(BINDING, origins=("https://b", "https://a"), clear={"b": "2", "a": "1"})
    assert vault.unseal(cached_pair(0).private, seal(one), other) == SECRETS


def test_a_broken_public_key_is_a_sentence() -> None:
    for pem in ("", "nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"):
        with pytest.raises(Locked, match="public key"):
            vault.seal(pem, SECRETS, BINDING)
