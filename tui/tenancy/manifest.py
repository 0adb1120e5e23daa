"""The manifest: a tenant's credentials under an HMAC of its private key. Pure functions.

Sealing needs only the public key, so whoever can write the settings can put an envelope there that opens. The manifest
tells theirs apart:

    table manifest   an entry for each credential: all that its envelope is bound to, and the envelope's SHA-256
    table proof      one record: a counter, and the HMAC over tenant, key pair, counter and all entries

The key of the HMAC is derived from the private key. What was changed without it is in the settings, but not in the
manifest; that difference is a `CredentialChange`. The active credential and the result of a check are not covered.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tui.domain import Credential, VerificationResult
from tui.storage.settings_file import CorruptSettings
from tui.storage.store import Tables
from tui.tenancy.serialization import from_record, to_record

CredentialRef = tuple[str, str]
"""Provider id and name of a credential."""

Entries = Mapping[CredentialRef, Credential]


class ChangeKind(StrEnum):
    """How a credential differs from its entry. The values are the words of lists and of `--json`."""

    ADDED = "added while locked"
    REPLACED = "replaced while locked"
    REMOVED = "removed while locked"
    EDITED = "edited"
    REPOINTED = "repointed"
    SWAPPED = "swapped"

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


def read(tables: Tables) -> Manifest:
    """Read the manifest of a settings file; an unreadable one counts as one without HMAC."""
    try:
        entries = {
            _place(entry): entry for entry in (from_record(Credential, record) for record in tables.table("manifest"))
        }
        counter, mac = next(((int(entry["counter"]), str(entry["mac"])) for entry in tables.table("proof")), (0, ""))
    except (CorruptSettings, KeyError, TypeError, ValueError):
        return Manifest(counter=-1)
    return Manifest(counter, mac, entries)


def write(tables: Tables, manifest: Manifest) -> None:
    """Write the manifest into the tables of a transaction."""
    for name in ("manifest", "proof"):
        tables.table(name).truncate()
    tables.table("manifest").insert_multiple(to_record(manifest.entries[entry]) for entry in sorted(manifest.entries))
    tables.table("proof").insert({"counter": manifest.counter, "mac": manifest.mac})


def content(tenant_id: str, key_id: str, manifest: Manifest) -> bytes:
    """Return the bytes that the HMAC covers."""
    entries = [to_record(manifest.entries[entry]) for entry in sorted(manifest.entries)]
    whole = ["modeldeck manifest 1", tenant_id, key_id, manifest.counter, entries]
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")


def entry(credential: Credential) -> Credential:
    """Return a credential as the manifest lists it: no volatile fields, the SHA-256 of its envelope."""
    digest = hashlib.sha256(credential.envelope.encode("utf-8", "replace")).hexdigest() if credential.envelope else ""
    return replace(
        credential, envelope=digest, active=True, created="", changed="", check=VerificationResult(), listed_at=""
    )


def credentials_by_ref(tables: Tables) -> dict[CredentialRef, Credential]:
    """Return the credentials by reference. Of two with one reference, neither counts."""
    credentials: dict[CredentialRef, Credential] = {}
    for entry in (from_record(Credential, record) for record in tables.table("credentials")):
        twice = _place(entry) in credentials
        credentials[_place(entry)] = replace(entry, envelope=f"twice {entry.envelope}") if twice else entry
    return credentials


def compare(entries: Entries, credentials: Mapping[CredentialRef, Credential]) -> tuple[CredentialChange, ...]:
    """Return every credential that differs from its entry, and every entry without a credential."""
    return tuple(_compared(entries, credentials))


def carried(
    entries: Entries, before: Mapping[CredentialRef, Credential], after: Mapping[CredentialRef, Credential]
) -> Entries:
    """Return the entries after a change that was made with the private key open.

    What the change touched is listed as it is now; what it did not touch keeps its entry, or stays without one.
    """
    touched = {place for place, item in after.items() if place not in before or entry(before[place]) != entry(item)}
    removed = set(before) - set(after)
    kept = {place: entry for place, entry in entries.items() if place not in touched | removed}
    return kept | {place: entry(after[place]) for place in touched}


def _compared(entries: Entries, credentials: Mapping[CredentialRef, Credential]) -> Iterator[CredentialChange]:
    for place, now in credentials.items():
        was, present = entries.get(place), entry(now)
        if was == present:
            continue
        if was is not None and was.envelope and was.envelope == present.envelope:
            change = CredentialChange(ChangeKind.EDITED, place, now, was)
            yield replace(change, mark=ChangeKind.REPOINTED) if _elsewhere(change, was, present) else change
        elif other := _owner(entries, present.envelope):
            yield CredentialChange(ChangeKind.SWAPPED, place, now, was, other)
        else:
            yield CredentialChange(ChangeKind.ADDED if was is None else ChangeKind.REPLACED, place, now, was)
    for place in sorted(set(entries) - set(credentials)):
        yield CredentialChange(ChangeKind.REMOVED, place, None, entries[place])


def _elsewhere(finding: CredentialChange, was: Credential, now: Credential) -> bool:
    """Return True if an origin is among the changes."""
    addresses = (entry.clear.get(name, "") for entry in (was, now) for name in finding.changed)
    return (was.origins, was.plain_http) != (now.origins, now.plain_http) or any(
        "://" in address for address in addresses
    )


def _owner(entries: Entries, digest: str) -> CredentialRef | None:
    """Return the reference under which the manifest lists that envelope."""
    return next((place for place, entry in entries.items() if digest and entry.envelope == digest), None)


def _place(credential: Credential) -> CredentialRef:
    return credential.provider, credential.name
