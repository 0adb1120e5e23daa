"""Envelopes that were changed, cut or moved; and vectors that another library reads by `tui.vault.envelope`."""

import base64
import json
import random
import string
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.campaign.figures import Result
from tests.doubles.keys import cached_pair
from tui.errors import Locked
from tui.secret import Secret
from tui.vault import envelope as vault
from tui.vault import key_pair as pairs

VECTORS = Path(__file__).with_name("vectors.json")
"""Written once by `python -m tests.campaign.envelopes`; it is the format, so it is not written again."""

TENANTS, PROVIDERS = 10, 10
LABEL = b"modeldeck md1"
BLOCK = 256

Vector = dict[str, Any]


# --- changed, cut, moved ----------------------------------------------------------------------------------------------


def change(count: int, seed: int) -> Result:
    """That many envelopes with every byte flipped, every character changed and every cut; and a grid of all swaps."""
    chance = random.Random(seed)
    tried = accepted = 0
    for n in range(count):
        binding, envelope = _seal(chance, n)
        private = cached_pair(n % TENANTS).private
        assert vault.unseal(private, envelope, binding)
        for spoiled in _spoil(envelope, chance):
            tried += 1
            accepted += _opens(private, spoiled, binding)
    places = [_place(tenant, provider) for tenant in range(TENANTS) for provider in range(PROVIDERS)]
    swaps, positions = _swap(places)
    with patch.object(vault.Binding, "data", lambda _: b""):
        _, unbound = _swap(places)
    words = f"{tried:,} changes of {count} envelopes, {swaps:,} swaps in a grid: {accepted + positions} accepted"
    control = f"sealed without a binding, {unbound:,} swaps are accepted"
    return Result(tried + swaps, accepted + positions, words, control, unbound > 0)


def _seal(chance: random.Random, n: int) -> tuple[vault.Binding, str]:
    pair = cached_pair(n % TENANTS)
    clear = {"base_url": f"https://{n}.example/v1", "organization": f"org-FAKE-{n}"}
    binding = vault.Binding(f"tenant-{n}", "openai", "default", pair.key_id, (f"https://{n}.example",), clear)
    secrets = {"api_key": Secret("sk-FAKE-" + "".join(chance.choices(string.ascii_letters, k=chance.randrange(500))))}
    return binding, vault.seal(pair.public_pem, secrets, binding)


def _spoil(envelope: str, chance: random.Random) -> Iterator[str]:
    version, key_id, wrapped, content = pieces(envelope)
    both = wrapped + content
    for place in range(len(both)):
        flipped = bytearray(both)
        flipped[place] ^= 1 << chance.randrange(8)
        yield joined(version, key_id, bytes(flipped[: len(wrapped)]), bytes(flipped[len(wrapped) :]))
    for place, mark in enumerate(envelope):
        other = chance.choice([letter for letter in string.ascii_letters + string.digits + "-_." if letter != mark])
        yield envelope[:place] + other + envelope[place + 1 :]
        yield envelope[:place]
        yield envelope[place + 1 :]
    yield from (envelope + letter for letter in "=\n A.")


def _place(tenant: int, provider: int) -> tuple[int, vault.Binding]:
    key_id = cached_pair(tenant).key_id
    return tenant, vault.Binding(f"tenant-{tenant}", f"provider-{provider}", "default", key_id, ("https://a",), {})


def _swap(places: list[tuple[int, vault.Binding]]) -> tuple[int, int]:
    """Envelopes put in each other's places: how many times, and how many were accepted."""
    secrets = {"api_key": Secret("sk-FAKE-key-of-the-grid")}
    sealed = [vault.seal(cached_pair(tenant).public_pem, secrets, binding) for tenant, binding in places]
    swaps = accepted = 0
    for here, (tenant, binding) in enumerate(places):
        for there, envelope in enumerate(sealed):
            opened = _opens(cached_pair(tenant).private, envelope, binding)
            if here == there:
                assert opened
            else:
                swaps += 1
                accepted += opened
    return swaps, accepted


def _opens(private: pairs.PrivateKey, envelope: str, binding: vault.Binding) -> bool:
    try:
        vault.unseal(private, envelope, binding)
    except Locked as refused:
        # Whatever is wrong with it, the sentence is the same.
        return refused.message != _SENTENCE
    return True


_SENTENCE = "This credential cannot be decrypted: it was changed since it was sealed, or sealed for something else."


# --- vectors ----------------------------------------------------------------------------------------------------------


def vectors(count: int, seed: int) -> Result:
    """Every vector is opened, or refused, by us and by `cryptography`; what we seal and export it opens, too."""
    data = json.loads(VECTORS.read_text())
    results = [_key_result(vector) for vector in data["keys"]]
    results += [_envelope_result(vector, data["keys"]) for vector in data["envelopes"]]
    good = next(vector for vector in data["envelopes"] if vector["secrets"])
    caught = bool(_envelope_result(good | {"secrets": {"api_key": "another"}}, data["keys"]))
    caught = caught and bool(_envelope_result(good | {"secrets": None}, data["keys"]))
    names = [row["name"] for row in data["keys"] + data["envelopes"]]
    bad = [f"{name}: {wrong}" for name, wrong in zip(names, results, strict=True) if wrong]
    refusals = sum(vector["secrets"] is None for vector in data["envelopes"])
    words = f"{len(data['keys'])} key files, {len(data['envelopes'])} envelopes, {refusals} of them to be refused"
    details = "".join(f"; {name}" for name in bad)
    return Result(len(results), len(bad), words + details, "a vector with a wrong expectation is noticed", caught)


def _key_result(vector: Vector) -> str:
    """What is wrong with a key file; '' if both libraries see the same key in it, written by either."""
    pem, passphrase = vector["pem"].encode(), vector["passphrase"]
    if vector["key_id"] is None:
        try:
            pairs.load(pem, Secret(passphrase) if passphrase else None)
        except Locked:
            return ""
        return "opened"
    modeldeck = pairs.load(pem, Secret(passphrase) if passphrase else None)
    opener = _peer(pem, passphrase)
    der = opener.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if not vector["key_id"] == modeldeck.key_id == _hash(der)[:8]:
        return "another key"
    exported = pairs.export(modeldeck, Secret(passphrase) if passphrase else None, 2**10)
    return (
        "" if _peer(exported, passphrase).private_numbers() == opener.private_numbers() else "exported as another key"
    )


def _envelope_result(vector: Vector, keys: list[Vector]) -> str:
    """What is wrong with an envelope; '' if both libraries open or refuse it as the vector says."""
    key = keys[vector["key"]]
    passphrase = Secret(key["passphrase"]) if key["passphrase"] else None
    private, opener = pairs.load(key["pem"].encode(), passphrase), _peer(key["pem"].encode(), key["passphrase"])
    binding = _binding(vector["binding"])
    try:
        opened = vault.unseal(private, vector["envelope"], binding)
        modeldeck: Any = {name: box.reveal() for name, box in opened.items()}
    except Locked:
        modeldeck = None
    if modeldeck != vector["secrets"]:
        return "opened" if vector["secrets"] is None else "not opened as it was sealed"
    if _open(opener, vector["envelope"], vector["binding"]) != vector["secrets"]:
        return "the other library sees something else"
    if modeldeck is not None:
        again = vault.seal(private.public_pem, {name: Secret(text) for name, text in modeldeck.items()}, binding)
        if _open(opener, again, vector["binding"]) != modeldeck:
            return "sealed anew, the other library sees something else"
    return ""


def pieces(envelope: str) -> tuple[str, str, bytes, bytes]:
    """Version, key id, wrapped key, and nonce with ciphertext and tag."""
    version, key_id, wrapped, content = envelope.split(".")
    decoded = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in (wrapped, content)]
    return version, key_id, decoded[0], decoded[1]


def joined(version: str, key_id: str, wrapped: bytes, content: bytes) -> str:
    """An envelope of its pieces."""
    texts = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (wrapped, content)]
    return ".".join([version, key_id, *texts])


def bound(*items: str) -> bytes:
    """Associated data: each item after its length in four bytes."""
    return b"".join(len(item.encode()).to_bytes(4, "big") + item.encode() for item in items)


OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), LABEL)


def _open(private: rsa.RSAPrivateKey, envelope: str, binding: Mapping[str, Any]) -> dict[str, str] | None:
    """An envelope read by `cryptography`, from the description of the format alone."""
    try:
        version, key_id, wrapped, content = pieces(envelope)
        if joined(version, key_id, wrapped, content) != envelope or version != "md1" or key_id != binding["key_id"]:
            return None
        if (len(content) - 28) % BLOCK or len(content) < 28 + BLOCK:
            return None
        names = ("tenant", "provider", "credential", "key_id")
        lists = (sorted(binding["origins"]), sorted(binding["plain_http"]), binding["clear"])
        data = bound("md1", *(binding[name] for name in names), *map(_canonical, lists))
        opened = AESGCM(private.decrypt(wrapped, OAEP)).decrypt(content[:12], content[12:], data)
    except (ValueError, InvalidTag):
        return None
    read: dict[str, str] = json.loads(opened)
    return read


def _peer(pem: bytes, passphrase: str) -> rsa.RSAPrivateKey:
    loaded = serialization.load_pem_private_key(pem, passphrase.encode() if passphrase else None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    return loaded


def _binding(read: Mapping[str, Any]) -> vault.Binding:
    lists = {name: tuple(read[name]) for name in ("origins", "plain_http")}
    return vault.Binding(**{**read, **lists})


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _hash(content: bytes) -> str:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(content)
    return digest.finalize().hex()


# --- how the vectors were made ----------------------------------------------------------------------------------------

_SECRETS: tuple[dict[str, str], ...] = (
    {"api_key": "sk-FAKE-key"},
    {"api_key": ""},
    {"app_key": "FAKE", "app_secret": "FAKE-0123456789"},
    {"api_key": "eyJ" + "FAKE" * 260},
    {"api_key": "FAKE" * 61 + "x"},
    {"api_key": 'a "quoted" \\ FAKE key'},
    {"api_password": "密钥-FAKE-🜁"},
    {},
)
_CLEAR: tuple[dict[str, str], ...] = (
    {},
    {"base_url": "https://api.example/v1"},
    {"base_url": "https://api.example/v1", "organization": "org-FAKE", "note": "星河 “x” \n"},
    {"b": "", "a": "1", "z": "|"},
)
_ORIGINS = ((), ("https://api.example",), ("https://b.example", "https://a.example:8443", "http://10.0.0.7:8000"))
_WRONG: Mapping[str, Vector] = {
    "for another tenant": {"tenant": "other"},
    "for another provider": {"provider": "openai_compatible"},
    "for another credential": {"credential": "batch-jobs"},
    "for another key": {"key_id": "00000000"},
    "for another origin": {"origins": ["https://evil.example"]},
    "for an origin more": {"origins": ["https://api.example", "https://evil.example"]},
    "for plain http": {"plain_http": ["http://evil.example"]},
    "for another base url": {"clear": {"base_url": "https://evil.example/v1"}},
    "with the items shifted": {"tenant": "acmeopenai", "provider": ""},
}


def _write() -> dict[str, list[Vector]]:
    key_pairs = [pairs.generate_key_pair(1024) for _ in range(3)]
    passphrases = ("", "a FAKE passphrase", "FAKE-密码-ü")
    keys = [
        _key(f"pair {n}{', ' + passphrase if passphrase else ''}", pair, passphrase)
        for n, pair in enumerate(key_pairs)
        for passphrase in passphrases
    ]
    lines = keys[0]["pem"].splitlines()
    spoiled = {
        "cut": "\n".join(lines[: len(lines) // 2]),
        "without its last line": "\n".join(lines[:-1]),
        "a public key": key_pairs[0].public_pem,
        "a key of another kind": _elliptic(),
    }
    no_key: Vector = {"passphrase": "", "key_id": None}
    refused: list[Vector] = [{"name": name, "pem": text} | no_key for name, text in spoiled.items()]
    refused.append(keys[1] | no_key | {"name": "a wrong passphrase", "passphrase": "another"})
    refused.append(keys[1] | no_key | {"name": "no passphrase"})
    return {"keys": keys + refused, "envelopes": list(_envelopes(key_pairs, len(passphrases)))}


def _key(name: str, pair: pairs.NewKeyPair, passphrase: str) -> Vector:
    pem = pairs.export(pair.private, Secret(passphrase) if passphrase else None, 2**10).decode()
    return {"name": name, "pem": pem, "passphrase": passphrase, "key_id": pair.key_id}


def _elliptic() -> str:
    from cryptography.hazmat.primitives.asymmetric import ec

    kind = serialization.PrivateFormat.PKCS8
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()


def _envelopes(key_pairs: list[pairs.NewKeyPair], files: int) -> Iterator[Vector]:
    for number, (secrets, clear, origins) in enumerate((s, c, o) for s in _SECRETS for c in _CLEAR for o in _ORIGINS):
        n = number % len(key_pairs)
        pair, plain = key_pairs[n], [origin for origin in origins if origin.startswith("http:")]
        read: Vector = {"tenant": f"tenant-{n}", "provider": "openai", "credential": "default", "key_id": pair.key_id}
        read |= {"origins": list(origins), "plain_http": plain, "clear": clear}
        sealed = vault.seal(pair.public_pem, {name: Secret(text) for name, text in secrets.items()}, _binding(read))
        vector: Vector = {
            "name": f"good {number}",
            "key": n * files,
            "binding": read,
            "envelope": sealed,
            "secrets": secrets,
        }
        yield vector
        if number == 1:
            refused: list[tuple[str, Vector]] = [(name, {"binding": read | other}) for name, other in _WRONG.items()]
            refused += [(name, {"envelope": text}) for name, text in _respell(sealed)]
            yield from (vector | other | {"name": name, "secrets": None} for name, other in refused)


def _respell(envelope: str) -> Iterator[tuple[str, str]]:
    version, key_id, wrapped, content = pieces(envelope)
    yield "of another version", joined("md2", key_id, wrapped, content)
    yield "padded", envelope + "="
    yield "with a line end", envelope + "\n"
    yield "in clear", "sk-FAKE-key-in-clear"
    yield "empty", ""
    yield "without its tag", joined(version, key_id, wrapped, content[:-16])
    yield "without its key", joined(version, key_id, b"", content)
    yield "a block less", joined(version, key_id, wrapped, content[:-BLOCK])
    yield "a block more", joined(version, key_id, wrapped, content + bytes(BLOCK))
    yield "its nonce changed", joined(version, key_id, wrapped, bytes(12) + content[12:])
    yield "its last bit changed", joined(version, key_id, wrapped, content[:-1] + bytes([content[-1] ^ 1]))
    yield from islice(((f"cut after {n}", envelope[:n]) for n in range(40, len(envelope), 80)), 5)


if __name__ == "__main__":
    with VECTORS.open("x") as file:
        json.dump(_write(), file, ensure_ascii=False, indent=1)
