"""Whatever a test wrote and Modeldeck opens, the small opener opens as well: run when the fixture of the test ends."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.vault import opener
from tui.domain import Credential
from tui.errors import Problem
from tui.secret import Secret
from tui.storage import audit_log
from tui.storage.settings_file import decode
from tui.storage.store import Tables
from tui.tenancy import manifest, verification
from tui.tenancy.serialization import from_record
from tui.tenancy.session import Session
from tui.vault import envelope, key_pair

_checked: set[int] = set()
"""Hashes of what was looked at in this process: many tests write the same."""


def require_agreement(
    data: Path, keys: Path, passphrases: Iterable[str] = ("",), session: Session | None = None
) -> None:
    """Fail if Modeldeck opens something in these folders that the opener refuses, or reads it differently.

    Tenants are looked at whose key file opens with one of the passphrases, or whose key is open in the session.
    """
    for folder in sorted({*data.glob("tenants/*"), data / "operator"}):
        content, pem, log = (_read(path) for path in (folder / "settings.json", *_key_files(folder, keys)))
        if content is None or pem is None or (known := hash((content, pem, log))) in _checked:
            continue
        _checked.add(known)
        tables = _tables(content)
        opened = session.open_keys.get(folder.name) if session else None
        private = _private(pem, passphrases) or (opened if isinstance(opened, key_pair.PrivateKey) else None)
        if tables is not None and private is not None:
            key = opener.private_key(key_pair.export(private, None))
            assert opener.key_id(key) == private.key_id
            assert not list(_differences(folder.name, tables, private, key))
            _require_log(folder, keys / folder.name)


def _key_files(folder: Path, keys: Path) -> tuple[Path, Path]:
    names = sorted((keys / folder.name).glob("*.pem")) or [keys / "none"]
    return names[0], folder / audit_log.LOG


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _tables(content: bytes) -> dict[str, dict[Any, dict[str, Any]]] | None:
    with suppress(Problem, ValueError, KeyError, TypeError):
        return {name: dict(table) for name, table in decode(content).data.items()}
    return None


def _private(pem: bytes, passphrases: Iterable[str]) -> key_pair.PrivateKey | None:
    for passphrase in passphrases:
        with suppress(Problem):
            return key_pair.load(pem, Secret(passphrase))
    return None


def _differences(
    tenant_id: str, tables: Mapping[str, Mapping[Any, Mapping[str, Any]]], private: key_pair.PrivateKey, key: Any
) -> Iterator[str]:
    """Yield what the opener refuses of what Modeldeck opens."""
    for record in tables.get("credentials", {}).values():
        modeldeck = _open(tenant_id, record, private)
        try:
            opened = opener.secrets(key, tenant_id, record) if modeldeck is not None else None
        except opener.Refused:
            opened = {}
        if modeldeck != opened:
            yield f"{record['provider']} {record['name']}"
    try:
        opener.check_manifest(key, tenant_id, tables)
    except (opener.Refused, KeyError, ValueError):
        if tables.get("proof") and _is_whole(tenant_id, tables, private):
            yield "manifest"


def _open(tenant_id: str, record: Mapping[str, Any], private: key_pair.PrivateKey) -> dict[str, str] | None:
    with suppress(Problem, KeyError, ValueError, TypeError, AttributeError):
        stored = from_record(Credential, record)
        place = (tenant_id, stored.provider, stored.name, stored.key_id)
        binding = envelope.Binding(*place, stored.origins, stored.clear, stored.plain_http)
        return {name: secret.reveal() for name, secret in envelope.unseal(private, stored.envelope, binding).items()}
    return None


def _is_whole(tenant_id: str, tables: Mapping[str, Any], private: key_pair.PrivateKey) -> bool:
    """Return True if Modeldeck finds nothing wrong with the manifest, whatever the counter."""
    from tinydb import TinyDB
    from tinydb.storages import MemoryStorage

    database: Tables = TinyDB(storage=MemoryStorage)
    database.storage.write({name: dict(table) for name, table in tables.items()})
    stored = manifest.read(database)
    findings = manifest.compare(stored.entries, manifest.records_by_ref(database))
    return not findings and verification.alarm(stored, tenant_id, private, 0) is None


def _require_log(folder: Path, keys: Path) -> None:
    """Fail if Modeldeck calls a log whole that the opener refuses."""
    content, head, mac_key = (
        _read(path) for path in (folder / audit_log.LOG, keys / "audit/head.json", keys / "audit/mac.key")
    )
    with suppress(ValueError, TypeError, KeyError):
        values, key = json.loads(head or b""), bytes.fromhex((mac_key or b"").decode())
        if content and not audit_log.verify(content, audit_log.Head(**values), audit_log.start(folder.name), key):
            assert opener.check_log(content.splitlines(), folder.name, values, key)
