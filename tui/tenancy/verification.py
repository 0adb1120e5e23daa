"""Integrity of credentials: compare them with the manifest, and prove the manifest.

Lists compare the settings with the manifest in them, which costs no key; what that shows can be trusted as far as the
file can. Whoever opens a key also proves the manifest: its HMAC, and that its counter is no older than the one beside
the private key. Nothing is opened for a call that does not pass.
"""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tui.domain import DEFAULT_NAME, Credential, ManifestState
from tui.errors import Action, Locked, Problem, Remedy
from tui.providers import PROVIDERS
from tui.providers.spec import Provider
from tui.storage.store import Forget, Tables
from tui.tenancy import keyring, manifest
from tui.tenancy.manifest import ChangeKind, CredentialChange, CredentialRef, Entries, Manifest
from tui.tenancy.serialization import to_record
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.vault.envelope import HandleLost, KeyHandle

TABLES = ("credentials", "manifest")
"""The tables that name a credential, for whoever deletes one: in both it is a record with provider and name."""


class ManifestAlarm(StrEnum):
    """What is wrong with a whole manifest."""

    CHANGED = ManifestState.CHANGED.value
    OLDER = ManifestState.OLDER.value


@dataclass(frozen=True)
class IntegrityStatus:
    """A tenant's credentials compared with the manifest; `proved`: its HMAC was verified.

    With an alarm the manifest vouches for nothing: every credential is a finding. `recorded`: while the tenant is
    locked, the manifest is the one that was last written with the key, as far as a digest beside the key says.
    """

    proved: bool
    alarm: ManifestAlarm | None
    findings: tuple[CredentialChange, ...]
    counter: int = 0
    entries: Entries = field(default_factory=dict)
    recorded: bool = True

    def covers(self, credential: Credential) -> bool:
        """Return True if the manifest lists exactly this credential."""
        listed = self.entries.get((credential.provider, credential.name))
        return self.recorded and listed == manifest.entry(to_record(credential))

    def of(self, credential: Credential) -> CredentialChange | None:
        """Return what changed in one credential, or None."""
        return self.at(credential.provider, credential.name)

    def at(self, provider_id: str, name: str = "") -> CredentialChange | None:
        """Return what changed in the credential of that name, or in the connection without one; or None."""
        return next((change for change in self.findings if change.place == (provider_id, name)), None)

    def word(self, finding: CredentialChange) -> str:
        """Return the word of a list for a change."""
        return str(self.alarm or finding.mark)

    @property
    def waiting(self) -> tuple[CredentialChange, ...]:
        """What a person can confirm."""
        return tuple(change for change in self.findings if change.mark.needs_confirmation)


def integrity_status(session: TenantSession) -> IntegrityStatus:
    """Compare the credentials with the manifest, without opening a key."""
    key = keyring.open_handle(session)
    # Before the settings: they are written first, so the counter that is read here is none of a later state.
    last = keyring.last_counter(session) if key else 0
    retired = key is not None and keyring.is_retired(session)
    token = None if key else session.keys.version_token(keyring.MANIFEST)

    def read(tables: Tables) -> IntegrityStatus:
        status = _compute_status(tables, session.tenant_id, key, last, retired)
        return replace(status, recorded=_is_recorded(session, tables)) if token else status

    try:
        return session.store.cached("standing", read, (key.key_id if key else "", last, retired, token))
    except HandleLost:
        return integrity_status(session)  # locked by now


def _is_recorded(session: TenantSession, tables: Tables) -> bool:
    digest = manifest.digest(session.tenant_id, tenant_of(session).key_id, manifest.read(tables))
    return digest == keyring.manifest_digest(session)


def record_manifest(session: TenantSession) -> None:
    """Store the digest of the manifest, if the open private key proves it and another one is stored or none."""
    key = keyring.open_handle(session)
    if key is None or not tenant_of(session).protected or _is_recorded(session, session.store.read()):
        return
    with suppress(Problem), session.store.folder.lock():  # a folder that cannot be written to is for the next unlock
        if not integrity_status(session).alarm:
            stored = manifest.read(session.store.read())
            keyring.store_manifest_digest(session, manifest.digest(session.tenant_id, key.key_id, stored))


def require_connection(session: TenantSession, provider: Provider) -> None:
    """Raise Locked for a connection that nothing vouches for: anybody can write one, and call it as they like.

    While the tenant is locked, what a person adds in this process can be set up in it.
    """
    if not provider.kind or (session.tenant_id, provider.id, provider.kind) in session.process.added_connections:
        return
    keyring.key_if_open(session)
    status = integrity_status(session)
    if (finding := status.at(provider.id)) is not None:
        raise Locked(words(session, finding, status.alarm), remedy=Remedy(Action.CONFIRM_CHANGES))
    if not status.recorded:
        tenant = tenant_of(session)
        raise Locked(
            f"{tenant.name} is locked, and {provider.label} was changed meanwhile.", remedy=Remedy(Action.UNLOCK)
        )


def require_verified(session: TenantSession, credential: Credential) -> None:
    """Raise Locked unless the private key vouches for the credential. The tenant is unlocked."""
    keyring.key_handle(session)
    status = integrity_status(session)
    if (finding := status.of(credential)) is not None:
        action = Action.CONFIRM_CHANGES if finding.mark.needs_confirmation else Action.REPLACE_CREDENTIAL
        raise Locked(words(session, finding, status.alarm), remedy=Remedy(action, credential.provider, credential.name))


@contextmanager
def credential_transaction(session: TenantSession, forget: Forget | None = None) -> Iterator[Tables]:
    """Yield the tables for a change of credentials, and update the manifest if the private key is open.

    While the tenant is locked or the manifest raises an alarm, it is not updated: only `confirm` ends an alarm.
    """
    counter, digest = 0, ""

    def renew_state(before: Tables, after: Tables) -> None:
        """Sign an earlier state without the removed records, if the key had signed it with them."""
        key, stored = keyring.key_if_open(session), manifest.read(before)
        if key and stored.mac and alarm(stored, session.tenant_id, key, 0) is None:
            write_manifest(after, session.tenant_id, key, replace(stored, entries=manifest.read(after).entries))

    with session.store.transaction(forget, renew_state) as tables:
        key, before = keyring.key_if_open(session), manifest.records_by_ref(tables)
        stored = manifest.read(tables)
        yield tables
        wrong = alarm(stored, session.tenant_id, key, keyring.last_counter(session)) if key else None
        if key and wrong is None and not keyring.is_retired(session):
            entries = manifest.updated_entries(stored.entries, before, manifest.records_by_ref(tables))
            if entries != stored.entries:
                counter = stored.counter + 1
                renewed = replace(stored, counter=counter, entries=entries)
                digest = write_manifest(tables, session.tenant_id, key, renewed)
    if counter:
        keyring.store_counter(session, counter, digest)


def alarm(stored: Manifest, tenant_id: str, key: KeyHandle, last: int) -> ManifestAlarm | None:
    """Return what is wrong with a manifest as a whole; `last` is the counter beside the private key."""
    if stored.counter or stored.mac or stored.entries:
        expected = key.authenticate(manifest.content(tenant_id, key.key_id, stored))
        if not hmac.compare_digest(expected.encode(), stored.mac.encode("utf-8", "replace")):
            return ManifestAlarm.CHANGED
    return ManifestAlarm.OLDER if stored.counter < last else None


def write_manifest(tables: Tables, tenant_id: str, key: KeyHandle, stored: Manifest) -> str:
    """Write a manifest with its HMAC into the tables of a transaction, and return its digest."""
    content = manifest.content(tenant_id, key.key_id, stored)
    manifest.write(tables, replace(stored, mac=key.authenticate(content)))
    return manifest.digest_of(content)


def accept_restored(session: TenantSession) -> None:
    """Accept a restored state as the present one, if the private key vouches for all of it."""
    counter, digest = 0, ""
    with session.store.transaction() as tables:
        key, stored = keyring.key_if_open(session), manifest.read(tables)
        last = keyring.last_counter(session)
        older = stored.counter < last or keyring.is_retired(session)
        if key and older and alarm(stored, session.tenant_id, key, 0) is None:
            counter = max(last, stored.counter) + 1
            digest = write_manifest(tables, session.tenant_id, key, replace(stored, counter=counter))
    if counter:
        keyring.store_counter(session, counter, digest)
        keyring.bring_back(session)


def words(session: TenantSession, finding: CredentialChange, wrong: ManifestAlarm | None = None) -> str:
    """Return a change as a sentence."""
    what, tenant = credential_label(finding.place), tenant_of(session).name
    if wrong is not None:
        return f"{what} is not confirmed. {alarm_words(session, wrong)}"
    if finding.mark is ChangeKind.SWAPPED:
        return f"{what} holds a key that was sealed for {credential_label(finding.other)}."
    if finding.mark is ChangeKind.PLANTED:
        return f"{what} was added or changed outside Modeldeck; no key is shared with them."
    if finding.mark in (ChangeKind.EDITED, ChangeKind.REPOINTED):
        return f"{what} was changed since it was sealed: {_change(finding)}."
    did = {ChangeKind.ADDED: "added", ChangeKind.REPLACED: "replaced", ChangeKind.REMOVED: "removed"}[finding.mark]
    return f"{what} was {did} while {tenant} was locked, or outside Modeldeck."


def alarm_words(session: TenantSession, wrong: ManifestAlarm) -> str:
    """Return an alarm as a sentence."""
    tenant = tenant_of(session).name
    if wrong is ManifestAlarm.OLDER:
        return f"The settings of {tenant} were restored from an earlier state."
    return f"The credentials of {tenant} were changed outside Modeldeck."


def credential_label(place: CredentialRef) -> str:
    """Return a credential's name for a sentence: the provider, and the name unless it is "default"."""
    provider, name = place
    label = PROVIDERS[provider].label if provider in PROVIDERS else provider
    if provider == manifest.OPERATORS:
        return f"The operator {name}"
    if not name:
        return f"The connection {label}"
    return label if name == DEFAULT_NAME else f"{label} {name}"


def _change(finding: CredentialChange) -> str:
    was, now = finding.was, finding.now
    assert was is not None and now is not None
    if was.origins != now.origins:
        return f"its key was meant for {', '.join(was.origins)}, not to {', '.join(now.origins) or 'nowhere'}"
    if was.plain_http != now.plain_http:
        return "what may be reached in plain http"
    if finding.changed:
        return "; ".join(f"{entry} was {was.clear.get(entry) or 'empty'}" for entry in finding.changed)
    return "what is shown of its key"


def _compute_status(tables: Tables, tenant_id: str, key: KeyHandle | None, last: int, retired: bool) -> IntegrityStatus:
    stored = manifest.read(tables)
    wrong = alarm(stored, tenant_id, key, last) if key else None
    if retired and wrong is None:
        # Whoever holds the replaced private key can make a manifest that it vouches for.
        wrong = ManifestAlarm.OLDER
    findings = manifest.compare({} if wrong else stored.entries, manifest.records_by_ref(tables))
    return IntegrityStatus(key is not None, wrong, findings, stored.counter, {} if wrong else stored.entries)
