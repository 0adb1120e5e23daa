"""The manifest: a tenant's credentials and connections under an HMAC of its private key. Pure functions.

Sealing needs only the public key, so whoever can write the settings can put an envelope there that opens. The manifest
tells theirs apart:

    table manifest   an entry for each credential: all that its envelope is bound to, and the envelope's SHA-256;
                     one for each connection, with its name as the provider, its kind and the name '';
                     and one for each operator who shares the tenant, with the login as the name
    table proof      one record: a counter, and the HMAC over tenant, key pair, counter and all entries

The key of the HMAC is derived from the private key. What was changed without it is in the settings, but not in the
manifest; that difference is a `CredentialChange`. The active credential and the result of a check are not covered.

Entries are compared and authenticated as they are stored; only what differs is converted to a `Credential`.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from typing import Any

from tui.domain import Credential
from tui.storage.settings_file import CorruptSettings, record_text
from tui.storage.store import Tables, records_with_text, stored_records
from tui.tenancy.serialization import from_record

CredentialRef = tuple[str, str]
"""Provider ID and name of a credential; a connection has the name ''."""

Record = Mapping[str, Any]
"""A credential as it is stored, or a connection as the manifest lists it."""

Entries = Mapping[CredentialRef, Record]

OPERATORS = "@operators"
"""The provider of an operator's entry, in place of an ID; no provider has it. An operator shares the tenant."""

_NOT_COVERED = frozenset(("created", "changed", "check", "listed_at"))
"""What changes without the private key."""


class ChangeKind(StrEnum):
    """How a credential differs from its entry. The values are the words of lists and of `--json`."""

    ADDED = "added while locked"
    REPLACED = "replaced while locked"
    REMOVED = "removed while locked"
    EDITED = "edited"
    REPOINTED = "repointed"
    SWAPPED = "swapped"
    PLANTED = "planted"

    @property
    def needs_confirmation(self) -> bool:
        """Whether a person can confirm it. The others do not open."""
        return self in (ChangeKind.ADDED, ChangeKind.REPLACED, ChangeKind.REMOVED)


@dataclass(frozen=True)
class CredentialChange:
    """A credential that differs from the manifest: as it is `now`, and as it `was`.

    `other` is the place that a swapped envelope belongs to.
    """

    mark: ChangeKind
    place: CredentialRef
    now: Credential | None = None
    was: Credential | None = None
    other: CredentialRef = ("", "")

    @property
    def changed(self) -> tuple[str, ...]:
        """The clear fields that differ."""
        now, was = (entry.clear if entry else {} for entry in (self.now, self.was))
        return tuple(name for name in sorted({*now, *was}) if now.get(name) != was.get(name))


@dataclass(frozen=True)
class Manifest:
    """The stored manifest: `counter` grows with every change; `mac` is in hex."""

    counter: int = 0
    mac: str = ""
    entries: Entries = field(default_factory=dict)
    texts: Mapping[CredentialRef, tuple[Record, str]] = field(default_factory=dict, compare=False, repr=False)
    """Entries that were read, each with its canonical JSON."""


def read(tables: Tables) -> Manifest:
    """Read the manifest of a settings file; an unreadable one counts as one without HMAC."""
    try:
        texts = {_place(record): (dict(record), text) for record, text in records_with_text(tables, "manifest")}
        counter, mac = next(((int(entry["counter"]), str(entry["mac"])) for entry in tables.table("proof")), (0, ""))
    except (KeyError, TypeError, ValueError):
        return Manifest(counter=-1)
    return Manifest(counter, mac, {place: entry for place, (entry, _) in texts.items()}, texts)


def write(tables: Tables, manifest: Manifest) -> None:
    """Write the manifest into the tables of a transaction. Records that are right already stay as they are."""
    right: set[CredentialRef] = set()
    wrong: list[int] = []
    for key, record in stored_records(tables, "manifest").items():
        try:
            place = _place(record)
        except (KeyError, TypeError):
            wrong.append(int(key))
            continue
        if place in right or manifest.entries.get(place) != record:
            wrong.append(int(key))
        else:
            right.add(place)
    table = tables.table("manifest")
    if wrong:
        table.remove(doc_ids=wrong)
    table.insert_multiple(manifest.entries[place] for place in sorted(manifest.entries.keys() - right))
    tables.table("proof").truncate()
    tables.table("proof").insert({"counter": manifest.counter, "mac": manifest.mac})


def content(tenant_id: str, key_id: str, manifest: Manifest) -> bytes:
    """Return the bytes that the HMAC covers."""
    about = ["modeldeck manifest 1", tenant_id, key_id, manifest.counter]
    head = json.dumps(about, ensure_ascii=False, separators=(",", ":"))[:-1]
    texts = [
        known[1] if (known := manifest.texts.get(place)) and known[0] is entry else record_text(entry)
        for place, entry in sorted(manifest.entries.items(), key=itemgetter(0))
    ]
    return f"{head},[{','.join(texts)}]]".encode("utf-8", "replace")


def digest(tenant_id: str, key_id: str, manifest: Manifest) -> str:
    """Return the SHA-256, in hex, of the bytes that the HMAC covers."""
    return digest_of(content(tenant_id, key_id, manifest))


def digest_of(content: bytes) -> str:
    """Return the SHA-256, in hex, of the bytes that the HMAC covers."""
    return hashlib.sha256(content).hexdigest()


def entry(record: Record) -> Record:
    """Return a stored credential as the manifest lists it: no volatile fields, the SHA-256 of its envelope."""
    listed = {name: value for name, value in record.items() if name not in _NOT_COVERED}
    return listed | {"envelope": _sha256(str(record.get("envelope", ""))), "active": True}


@lru_cache(maxsize=4096)
def _sha256(envelope: str) -> str:
    """Return the SHA-256 of an envelope, in hex; '' for none. Of those that stay the same it is computed once."""
    return hashlib.sha256(envelope.encode("utf-8", "replace")).hexdigest() if envelope else ""


def records_by_ref(tables: Tables) -> dict[CredentialRef, Record]:
    """Return what the manifest covers by reference. Of two with one reference, neither counts."""
    by_ref: dict[CredentialRef, Record] = {}
    credentials = [dict(record) for record in stored_records(tables, "credentials").values()]
    others = (*map(_connection, tables.table("connections")), *map(_operator, tables.table("operators")))
    for record in (*credentials, *others):
        try:
            place = _place(record)
        except (KeyError, TypeError):
            from_record(Credential, record)  # raises: it is none
            raise
        twice = place in by_ref
        by_ref[place] = {**record, "envelope": f"twice {record.get('envelope', '')}"} if twice else record
    return by_ref


def compare(entries: Entries, records: Mapping[CredentialRef, Record]) -> tuple[CredentialChange, ...]:
    """Return every credential and connection that differs from its entry, and every entry of one that is missing."""
    return tuple(_compare({**_add_unlisted(entries, records), **entries}, records))


def updated_entries(
    entries: Entries, before: Mapping[CredentialRef, Record], after: Mapping[CredentialRef, Record]
) -> Entries:
    """Return the entries after a change that was made with the private key open.

    What the change touched is listed as it is now; what it did not touch keeps its entry, or stays without one.
    """
    touched = {
        place
        for place, record in after.items()
        if place not in before or (record != before[place] and entry(before[place]) != entry(record))
    }
    changed = touched | (before.keys() - after.keys())
    known = {**_add_unlisted(entries, after), **entries}
    unchanged = {place: entry for place, entry in known.items() if place not in changed}
    return unchanged | {place: entry(after[place]) for place in touched}


def _add_unlisted(entries: Entries, records: Mapping[CredentialRef, Record]) -> Entries:
    """Return entries for connections that a version before did not list: a listed credential is sealed for the kind."""
    unlisted = [place for place in records if place not in entries and _is_connection(place, records[place])]
    if not unlisted:
        return {}
    kinds = {(place[0], str(listed.get("kind", ""))) for place, listed in entries.items()}
    return {place: entry(records[place]) for place in unlisted if (place[0], records[place]["kind"]) in kinds}


def _is_connection(place: CredentialRef, record: Record) -> bool:
    """Return True for what `_connection` makes, and not for a credential or an operator with a blank name."""
    return record == _connection({"id": place[0], "kind": record.get("kind", "")})


def _compare(entries: Entries, records: Mapping[CredentialRef, Record]) -> Iterator[CredentialChange]:
    for place, record in records.items():
        listed, present = entries.get(place), entry(record)
        if listed == present:
            continue
        was, now = _to_credential(listed), from_record(Credential, record)
        if place[0] == OPERATORS:
            yield CredentialChange(ChangeKind.PLANTED, place, now, was)
        elif was is not None and was.envelope and was.envelope == present["envelope"]:
            change = CredentialChange(ChangeKind.EDITED, place, now, was)
            yield replace(change, mark=ChangeKind.REPOINTED) if _elsewhere(change, was, now) else change
        elif other := _owner(entries, present["envelope"]):
            yield CredentialChange(ChangeKind.SWAPPED, place, now, was, other)
        else:
            yield CredentialChange(ChangeKind.ADDED if was is None else ChangeKind.REPLACED, place, now, was)
    for place in sorted(set(entries) - set(records)):
        yield CredentialChange(ChangeKind.REMOVED, place, None, _to_credential(entries[place]))


def _to_credential(record: Record | None) -> Credential | None:
    """Return an entry as a credential; None for one that is none, which only somebody without the key can write."""
    try:
        return from_record(Credential, record) if record is not None else None
    except CorruptSettings:
        return None


def _elsewhere(finding: CredentialChange, was: Credential, now: Credential) -> bool:
    """Return True if an origin is among the changes."""
    addresses = (entry.clear.get(name, "") for entry in (was, now) for name in finding.changed)
    return (was.origins, was.plain_http) != (now.origins, now.plain_http) or any(
        "://" in address for address in addresses
    )


def _owner(entries: Entries, sha256: str) -> CredentialRef | None:
    """Return the reference under which the manifest lists that envelope."""
    return next((place for place, listed in entries.items() if sha256 and listed.get("envelope") == sha256), None)


def _operator(record: Record) -> Record:
    """Return a stored operator as the manifest lists it: who wrote it without the private key is found out."""
    tested = {"tested": str(record["tested"])} if "tested" in record else {}
    clear = {"public_key": str(record.get("public_key", "")), **tested}
    about = {"clear": clear, "envelope": "", "key_id": str(record.get("key_id", "")), "origins": [], "active": True}
    return about | {"provider": OPERATORS, "name": str(record.get("login", ""))}


def _connection(record: Record) -> Record:
    """Return a stored connection as the manifest lists it."""
    empty = {"name": "", "clear": {}, "envelope": "", "key_id": "", "origins": [], "active": True}
    return empty | {"provider": str(record.get("id", "")), "kind": str(record.get("kind", ""))}


def _place(record: Record) -> CredentialRef:
    provider, name = record["provider"], record["name"]
    if not isinstance(provider, str) or not isinstance(name, str):
        raise TypeError
    return provider, name
