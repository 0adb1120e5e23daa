"""Writes `vectors.json`: `python -m tests.vault.write_vectors`. Keys and salts are new each time."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.vault.opener import associated_data, canonical
from tui.secret import Secret
from tui.storage import audit_log
from tui.vault import encrypted_file, envelope, key_pair
from tui.vault.public_key import rsa_public_key

PATH = Path(__file__).with_name("vectors.json")
TENANT, PASSPHRASE = "acme", "a FAKE passphrase of vectors é"
SECRETS = {"api_key": "sk-FAKE-key-of-a-vector-0001", "api_secret": "例 FAKE"}


def main() -> None:
    """Write the file."""
    pair, other = key_pair.generate_key_pair(), key_pair.generate_key_pair()
    vectors = {
        "tenant": TENANT,
        "passphrase": PASSPHRASE,
        "private_key": key_pair.export(pair.private, None).decode(),
        "protected_key": key_pair.export(pair.private, Secret(PASSPHRASE), 2**14).decode(),
        "other_key": key_pair.export(other.private, None).decode(),
        "public_key": pair.public_pem,
        "key_id": pair.key_id,
        "envelopes": _envelopes(pair),
        "logs": _logs(),
        "exports": _exports(),
    }
    PATH.write_text(json.dumps(vectors, indent=1, ensure_ascii=False) + "\n")


def _record(pair: key_pair.NewKeyPair) -> dict[str, Any]:
    record: dict[str, Any] = {
        "provider": "spark",
        "name": "default",
        "clear": {"base_url": "https://one.example/v1", "app_id": "例"},
        "key_id": pair.key_id,
        "origins": ["https://two.example", "https://one.example"],
        "plain_http": ["http://10.0.0.7:8000"],
    }
    return record | {"envelope": _seal(pair, record, canonical(SECRETS).encode())}


def _seal(
    pair: key_pair.NewKeyPair, record: dict[str, Any], text: bytes, size: int = 32, block: int = 256, label: str = ""
) -> str:
    """Seal any bytes, with any size of key, block and label, which `envelope.seal` never would."""
    from Crypto.Cipher import AES, PKCS1_OAEP
    from Crypto.Hash import SHA256
    from Crypto.Random import get_random_bytes

    key, nonce = get_random_bytes(size), get_random_bytes(12)
    public = rsa_public_key(pair.public_pem)
    wrapped = PKCS1_OAEP.new(public, hashAlgo=SHA256, label=(label or "modeldeck md1").encode()).encrypt(key)
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=16)
    cipher.update(associated_data(TENANT, record))
    sealed, tag = cipher.encrypt_and_digest(text + b" " * (-len(text) % block))
    encode = envelope.b64url_encode
    return f"md1.{pair.key_id}.{encode(wrapped)}.{encode(nonce + sealed + tag)}"


def _envelopes(pair: key_pair.NewKeyPair) -> list[dict[str, Any]]:
    good = _record(pair)
    version, key_id, wrapped, sealed = good["envelope"].split(".")
    content = envelope.b64url_decode(sealed)
    text = canonical(SECRETS).encode()

    def parts(*changed: str) -> dict[str, Any]:
        return {"envelope": ".".join(changed)}

    def flipped(at: int) -> dict[str, Any]:
        changed = bytearray(content)
        changed[at] ^= 1
        return parts(version, key_id, wrapped, envelope.b64url_encode(bytes(changed)))

    spelling = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = spelling[spelling.index(sealed[-1]) ^ 1] if len(sealed) % 4 else "="
    bad: dict[str, dict[str, Any]] = {
        "another version": parts("md2", key_id, wrapped, sealed),
        "another key id in the envelope": parts(version, "00000000", wrapped, sealed),
        "another key id in the record": {"key_id": "00000000"},
        "three parts": parts(version, key_id, wrapped),
        "five parts": parts(version, key_id, wrapped, sealed, ""),
        "padded base64": parts(version, key_id, wrapped, sealed + "=" * (-len(sealed) % 4 or 4)),
        "another spelling of the last character": parts(version, key_id, wrapped, sealed[:-1] + last),
        "standard base64": parts(version, key_id, base64.b64encode(b"\xff" * 384).decode(), sealed),
        "a changed nonce": flipped(0),
        "a changed ciphertext": flipped(12),
        "a changed tag": flipped(-1),
        "a cut ciphertext": parts(version, key_id, wrapped, envelope.b64url_encode(content[:-256])),
        "an empty ciphertext": parts(version, key_id, wrapped, envelope.b64url_encode(content[:12] + content[-16:])),
        "a wrapped key of another envelope": parts(version, key_id, _record(pair)["envelope"].split(".")[2], sealed),
        "a wrapped key that is cut": parts(version, key_id, envelope.b64url_encode(b"\1" * 383), sealed),
        "a key of 16 bytes": {"envelope": _seal(pair, good, text, size=16)},
        "another label": {"envelope": _seal(pair, good, text, label="modeldeck md2")},
        "no filling": {"envelope": _seal(pair, good, text, block=1)},
        "not JSON": {"envelope": _seal(pair, good, b"sk-FAKE")},
        "a list": {"envelope": _seal(pair, good, b'["sk-FAKE"]')},
        "a number": {"envelope": _seal(pair, good, b'{"api_key": 5}')},
        "another provider": {"provider": "openai"},
        "another name": {"name": "other"},
        "another clear field": {"clear": good["clear"] | {"base_url": "https://evil.example/v1"}},
        "a clear field more": {"clear": good["clear"] | {"more": ""}},
        "another origin": {"origins": ["https://evil.example"]},
        "an origin more": {"origins": [*good["origins"], "https://evil.example"]},
        "another plain http origin": {"plain_http": ["http://evil.example"]},
        "no envelope": {"envelope": ""},
    }
    order = {"origins": good["origins"][::-1]}
    return [
        {"what": "as it is written", "record": good, "secrets": SECRETS},
        {"what": "origins in another order", "record": good | order, "secrets": SECRETS},
        *({"what": what, "record": good | changed, "secrets": None} for what, changed in bad.items()),
        {"what": "another tenant", "tenant": "other", "record": good, "secrets": None},
        {"what": "another private key", "key": "other_key", "record": good, "secrets": None},
    ]


def _logs() -> list[dict[str, Any]]:
    key, head, lines = bytes(range(32)), audit_log.start(TENANT), list[bytes]()
    for number in range(4):
        event = audit_log.AuditEvent("default set", {"type": "chat", "model": f"openai/m{number}"})
        text, head = audit_log.line(head, f"2026-11-2{number}T00:00:00Z", {"user": "ada"}, event, f"{number:064}", key)
        lines.append(text[:-1])
    texts = [line.decode() for line in lines]
    end = {"n": head.n, "hash": head.hash, "state": head.state, "macs_from": head.macs_from}
    changed: dict[str, Callable[[], dict[str, Any]]] = {
        "as it is written": dict,
        "an entry changed": lambda: {"lines": [texts[0].replace("m0", "m9"), *texts[1:]]},
        "an entry taken out": lambda: {"lines": [texts[0], *texts[2:]]},
        "two entries changed places": lambda: {"lines": [texts[1], texts[0], *texts[2:]]},
        "the end cut": lambda: {"lines": texts[:-1]},
        "an HMAC changed": lambda: {"lines": [*texts[:-1], texts[-1].replace('"mac": "', '"mac": "0', 1)]},
        "the HMAC of another key": lambda: {"mac_key": bytes(32).hex()},
        "the log of another tenant": lambda: {"tenant": "other"},
        "another head": lambda: {"head": end | {"hash": "0" * 64}},
    }
    whole = {"lines": texts, "head": end, "mac_key": key.hex(), "tenant": TENANT}
    return [
        {"what": what, **whole, **change(), "whole": what == "as it is written"} for what, change in changed.items()
    ]


def _exports() -> list[dict[str, Any]]:
    content = {"modeldeck": "settings", "version": 1}
    good = json.loads(encrypted_file.protect(canonical(content).encode(), Secret(PASSPHRASE), 2**12))
    data = good["data"]
    bad: dict[str, dict[str, Any]] = {
        "another version": {"version": 2},
        "another kind": {"modeldeck": "settings"},
        "an entry more": {"more": 1},
        "another cost": {"n": 2**13},
        "a cost that is too large": {"n": 2**30},
        "a cost that is a text": {"n": "4096"},
        "another block size": {"r": 4},
        "another salt": {"salt": "A" * 22},
        "a short salt": {"salt": "AAAA"},
        "another nonce": {"nonce": "A" * 16},
        "changed data": {"data": ("B" if data[0] == "A" else "A") + data[1:]},
        "cut data": {"data": data[:2000]},
        "another cipher": {"cipher": "AES-128-GCM"},
    }
    return [
        {"what": "as it is written", "file": good, "content": content},
        *({"what": what, "file": good | change, "content": None} for what, change in bad.items()),
        {"what": "another passphrase", "passphrase": "another", "file": good, "content": None},
    ]


if __name__ == "__main__":
    main()
