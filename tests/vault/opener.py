"""Opens what Modeldeck writes, by `tui/vault/FORMAT.md` alone: with `cryptography`, and nothing of tui.

Everything that is not as that page has it is a `Refused`.
"""

import base64
import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAX_COST = 2**21
"""The largest N × r × p that is computed."""

VOLATILE = ("created", "changed", "check", "listed_at")


class Refused(Exception):
    """Something is not as the format has it."""


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def base64url(text: str) -> bytes:
    if not re.fullmatch(r"[\w-]*", text, re.ASCII):
        raise Refused("not base64url")
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Refused("not base64url") from None
    if base64.urlsafe_b64encode(content).rstrip(b"=").decode() != text:
        raise Refused("not the canonical spelling")
    return content


def normalize(passphrase: str) -> bytes:
    return unicodedata.normalize("NFC", passphrase).encode()


@cache
def private_key(pem: bytes, passphrase: str = "") -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, normalize(passphrase) if passphrase else None)
    except (ValueError, TypeError):
        raise Refused("the key file does not open") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.public_key().public_numbers().e != 65537:
        raise Refused("not an RSA key of Modeldeck")
    return key


def public_pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def key_id(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_key().public_bytes(serialization.Encoding.DER, form)).hexdigest()[:8]


def associated_data(tenant: str, record: Mapping[str, Any]) -> bytes:
    provider = f"{record['provider']} like {record['kind']}" if record.get("kind") else record["provider"]
    items = [
        *("md1", tenant, provider, record["name"], record["key_id"]),
        *(canonical(sorted(record.get(name, []))) for name in ("origins", "plain_http")),
        canonical(record["clear"]),
    ]
    return b"".join(len(item).to_bytes(4, "big") + item for item in (text.encode() for text in items))


def secrets(key: rsa.RSAPrivateKey, tenant: str, record: Mapping[str, Any]) -> dict[str, str]:
    """Open the envelope of a credential's record."""
    parts = str(record["envelope"]).split(".")
    if len(parts) != 4 or parts[0] != "md1" or not parts[1] == record["key_id"] == key_id(key):
        raise Refused("not an envelope of this key")
    wrapped, sealed = map(base64url, parts[2:])
    if len(sealed) < 12 + 256 + 16 or (len(sealed) - 28) % 256:
        raise Refused("not the length of an envelope")
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), b"modeldeck md1")
    try:
        aes = key.decrypt(wrapped, oaep)
        if len(aes) != 32:
            raise Refused("not the length of a key")
        opened = json.loads(AESGCM(aes).decrypt(sealed[:12], sealed[12:], associated_data(tenant, record)))
    except (ValueError, InvalidTag):
        raise Refused("it does not open") from None
    if not isinstance(opened, dict) or not all(isinstance(text, str) for text in opened.values()):
        raise Refused("not an object of texts")
    return opened


def manifest_record(credential: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record that a manifest has of a credential."""
    digest = hashlib.sha256(credential["envelope"].encode()).hexdigest() if credential["envelope"] else ""
    entries = {name: value for name, value in credential.items() if name not in VOLATILE}
    return entries | {"envelope": digest, "active": True}


def connection_record(connection: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record that a manifest has of a connection."""
    empty = {"name": "", "clear": {}, "envelope": "", "key_id": "", "origins": [], "active": True}
    return empty | {"provider": connection["id"], "kind": connection["kind"]}


def check_manifest(key: rsa.RSAPrivateKey, tenant: str, data: Mapping[str, Any]) -> None:
    """Refuse tables whose manifest is not the key's, or does not have every credential as it is."""
    records = sorted(data.get("manifest", {}).values(), key=lambda record: (record["provider"], record["name"]))
    (proof,) = data["proof"].values()
    content = canonical(["modeldeck manifest 1", tenant, key_id(key), proof["counter"], records])
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    vouching = hmac.digest(b"modeldeck manifest 1", der, "sha256")
    if not hmac.compare_digest(hmac.digest(vouching, content.encode(), "sha256").hex(), proof["mac"]):
        raise Refused("the manifest is not the key's")
    here = [manifest_record(record) for record in data.get("credentials", {}).values()]
    here += [connection_record(record) for record in data.get("connections", {}).values()]
    if sorted(map(canonical, here)) != sorted(map(canonical, records)):
        raise Refused("the manifest has other credentials")


def check_log(lines: Sequence[bytes], tenant: str, head: Mapping[str, Any], mac_key: bytes) -> int:
    """Return the number of entries of a log, its lines without their ends; refuse one that is not whole."""
    before = hashlib.sha256(f"modeldeck audit log of {tenant}".encode()).hexdigest()
    for number, line in enumerate(lines, 1):
        entry = json.loads(line)
        if (entry["n"], entry["prev"]) != (number, before):
            raise Refused(f"entry {number} does not follow")
        if 0 < head["macs_from"] <= number:
            mac = str(entry.get("mac", ""))
            rest = line.replace(f'"mac": "{mac}", '.encode(), b"", 1)
            if not hmac.compare_digest(hmac.digest(mac_key, rest, "sha256").hex(), mac):
                raise Refused(f"entry {number} has a wrong HMAC")
        before = hashlib.sha256(line).hexdigest()
    if (head["n"], head["hash"]) != (len(lines), before):
        raise Refused("the head is another entry")
    return len(lines)


def open_export(file: Mapping[str, Any], passphrase: str) -> Any:
    """Open an exported file with secrets."""
    fixed = {"modeldeck": "protected settings", "version": 1, "kdf": "scrypt", "cipher": "AES-256-GCM"}
    if set(file) != {*fixed, "n", "r", "p", "salt", "nonce", "data"} or fixed.items() - file.items():
        raise Refused("not an exported file")
    if (
        not all(type(file[name]) is int and file[name] > 0 for name in "nrp")
        or file["n"] * file["r"] * file["p"] > MAX_COST
    ):
        raise Refused("it asks for too much")
    salt, nonce, data = (base64url(file[name]) for name in ("salt", "nonce", "data"))
    if (len(salt), len(nonce)) != (16, 12) or len(data) < 4096 + 16:
        raise Refused("not the lengths of an exported file")
    bound = canonical({name: value for name, value in file.items() if name != "data"}).encode()
    try:
        key = Scrypt(salt, 32, file["n"], file["r"], file["p"]).derive(normalize(passphrase))
        return json.loads(AESGCM(key).decrypt(nonce, data, bound))
    except (ValueError, InvalidTag):
        raise Refused("it does not open") from None
