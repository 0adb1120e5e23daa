"""Undo the last change of a tenant's settings, as a change of its own.

No earlier state is put in place as a file: each record that the change touched gets its earlier content, under the
rules of every other change. A sealed key comes back only to an unlocked tenant, and only from the state just before, of
which the private key vouches for that credential; the same holds for an address that a key may be sent to.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tui.domain import Credential
from tui.errors import Locked, Problem, UsageError
from tui.storage.audit_log import AuditEvent
from tui.storage.settings_file import Content, Document
from tui.storage.store import Tables, tables_of
from tui.tenancy import changes, credentials, keyring, manifest, verification
from tui.tenancy.changes import records_by_key
from tui.tenancy.serialization import from_record, to_record
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import check_name, tenant_of
from tui.workspace import audit
from tui.workspace.conflicts import is_own, other_session

_UNDOABLE = frozenset(
    (
        *("default set", "default cleared", "source chosen", "tenant renamed", "connection added"),
        *("model added", "model changed", "model removed", "credential used", "credential removed"),
        *("key lifetime set", "prompt saved", "prompt removed"),
    )
)
"""Events of a change that can be undone."""

_INCIDENTAL = frozenset(("credential verified", "models imported", "credential sealed again", "key expiry reported"))
"""Events that come with others; a change of these alone is not one that anybody would undo."""

_TABLES = ("models", "listings", "defaults", "sources", "connections", "lifetimes", "prompts")
_MAX_NAMES = 2

Ref = tuple[str, ...]


@dataclass(frozen=True)
class SettingsChange:
    """A change that can be undone: the states around it, what it did, and when it was saved (ISO 8601, UTC)."""

    before: Content
    after: Content
    events: tuple[AuditEvent, ...]
    saved: str = ""

    @property
    def words(self) -> str:
        """What it did, such as `default chat model cleared`."""
        return _words(self.events)

    @property
    def needs_key(self) -> bool:
        """Whether undoing it needs the private key: a sealed key or an address comes back."""
        return bool(_returning(self))


def last_change(session: TenantSession) -> SettingsChange:
    """Return the last change of a tenant that is in the earlier states.

    Raises:
        UsageError: There is none.
        Problem: The last one is of a kind that cannot be undone.
    """
    store = session.store
    later = store.document()
    for earlier in store.earlier():
        if earlier.document is None:
            break
        if earlier.document.generation != later.generation - 1:
            raise Problem(
                "The last change cannot be undone: something was deleted from every earlier state.",
                "A deleted credential is in no file; set it up again.",
            )
        events = changes.describe_changes(earlier.document.data, later.data)
        if all(event.done in _INCIDENTAL for event in events):
            later = earlier.document
            continue
        if change := _change(earlier.document, later):
            return change
        raise Problem(f"The last change cannot be undone: {_words(tuple(events))}.", "Nothing was changed.")
    raise UsageError("There is nothing to undo.", "Five earlier states are kept.")


def change_since(session: TenantSession, before: Document) -> SettingsChange | None:
    """Return the one change that this process saved since a state was read.

    Returns:
        None if there is no change or more than one, if it is another session's, or if it cannot be undone.
    """
    after = session.store.document()
    if after.generation <= before.generation or other_session(session):
        return None
    if after.generation > before.generation + 1:
        # What others saved meanwhile is not undone with it.
        states = [state.document for state in session.store.earlier() if state.document is not None]
        between = [state for state in states if state.generation > before.generation]
        if not between or between[0].generation != after.generation - 1:
            return None
        if any(is_own(session, state) for state in between):
            return None
        before = between[0]
    return _change(before, after)


def still_applies(session: TenantSession, change: SettingsChange) -> bool:
    """Return True if nothing that a change touched was changed again, so that it can still be undone."""
    now = session.store.document()
    for table in (*_TABLES, "credentials"):
        present = records_by_key(now.data, table)
        for ref, (_, new) in _differing(change, table).items():
            same = (ref in present) == (new is not None) if table == "credentials" else present.get(ref) == new
            if not same:
                return False
    return True


async def undo(session: TenantSession, change: SettingsChange) -> None:
    """Give every record that a change touched its earlier content.

    Raises:
        Problem: Something of it was changed again meanwhile.
        Locked: A sealed key or an address would come back, and the tenant is locked, or nothing vouches for it.
    """
    name = str(records_by_key(change.before, "meta")[()].get("name", ""))
    renamed = name != records_by_key(change.after, "meta")[()].get("name", "")

    def work() -> None:
        if renamed:
            check_name(session.process, name, except_id=session.tenant_id)
        _require_listed(session, change)
        with verification.credential_transaction(session) as tables:
            if renamed:
                _rename(tables, change, name)
            for table in _TABLES:
                _revert(tables, table, change)
            _revert_credentials(session, tables, change)
        session.audit_best_effort("change undone", change=change.words)

    await asyncio.to_thread(work)


def _change(before: Document, after: Document) -> SettingsChange | None:
    """Return the change between two states if all of it can be undone."""
    events = tuple(changes.describe_changes(before.data, after.data))
    kinds = {event.done for event in events if not _is_reseal(event)}
    if not kinds & _UNDOABLE or not kinds <= _UNDOABLE | _INCIDENTAL:
        return None
    return SettingsChange(before.data, after.data, events, after.saved)


def _is_reseal(event: AuditEvent) -> bool:
    """Return True if a credential got other origins and nothing else: its models or its use changed."""
    return event.done == "credential changed" and not event.about.get("fields")


def _words(events: tuple[AuditEvent, ...]) -> str:
    main = [event for event in events if event.done not in _INCIDENTAL and not _is_reseal(event)] or [*events]
    sentences = [audit.words(event) for event in main]
    more = f" and {len(sentences) - _MAX_NAMES} more" if len(sentences) > _MAX_NAMES else ""
    return "; ".join(sentences[:_MAX_NAMES]) + more


def _differing(
    change: SettingsChange, table: str
) -> dict[Ref, tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]]:
    """Return the records of a table that the change touched, before and after it."""
    old, new = records_by_key(change.before, table), records_by_key(change.after, table)
    refs = dict.fromkeys((*old, *new))
    return {ref: (old.get(ref), new.get(ref)) for ref in refs if old.get(ref) != new.get(ref)}


def _returning(change: SettingsChange) -> dict[Ref, Credential]:
    """Return the earlier credentials that were removed, or that could be sent to more origins than after the change."""
    returning = {}
    for ref, (old, new) in _differing(change, "credentials").items():
        if old is not None and (new is None or set(_addresses(old)) - set(_addresses(new))):
            returning[ref] = from_record(Credential, old)
    return returning


def _addresses(record: Mapping[str, Any]) -> tuple[str, ...]:
    return (*record.get("origins", ()), *(f"plain {origin}" for origin in record.get("plain_http", ())))


def _require_listed(session: TenantSession, change: SettingsChange) -> None:
    """Raise Locked unless the private key vouches for each credential of which something would come back."""
    returning = _returning(change)
    if not returning:
        return
    key, stored = keyring.key_handle(session), manifest.read(tables_of(change.before))
    recent = keyring.last_counter(session) - 1 <= stored.counter
    proved = recent and verification.alarm(stored, session.tenant_id, key, 0) is None
    for (provider_id, name), credential in returning.items():
        entry = stored.entries.get((provider_id, name))
        if (
            not proved
            or entry != manifest.entry(to_record(credential))
            or credential.key_id != tenant_of(session).key_id
        ):
            label = verification.credential_label((provider_id, name))
            raise Locked(f"The private key does not vouch for what {label} was before.", "Nothing was changed.")


def _rename(tables: Tables, change: SettingsChange, name: str) -> None:
    meta = tables.table("meta")
    (record,) = meta.all()
    if record.get("name") != records_by_key(change.after, "meta")[()].get("name"):
        raise _changed_again()
    meta.update({"name": name})


def _revert(tables: Tables, name: str, change: SettingsChange) -> None:
    table = tables.table(name)
    present = {next(iter(records_by_key({name: {"1": record}}, name))): record for record in table}
    stale, earlier = [], []
    for ref, (old, new) in _differing(change, name).items():
        if present.get(ref) != new:
            raise _changed_again()
        stale += [present[ref].doc_id] if ref in present else []
        earlier += [old] if old is not None else []
    table.remove(doc_ids=stale)
    table.insert_multiple(earlier)


def _revert_credentials(session: TenantSession, tables: Tables, change: SettingsChange) -> None:
    """Put back which credential is used, those that were removed, and where the key of the active one may go."""
    table = tables.table("credentials")
    present = {(record["provider"], record["name"]): record for record in table}
    for ref, (old, new) in _differing(change, "credentials").items():
        record = present.get((ref[0], ref[1]))
        if old is None or (record is None) != (new is None):
            raise _changed_again()
        if record is None:
            table.insert(old)
        else:
            table.update({"active": bool(old.get("active"))}, doc_ids=[record.doc_id])
    returning = {provider_id: credential for (provider_id, _), credential in _returning(change).items()}
    for provider_id in {ref[0] for ref in _differing(change, "models")} - set(returning):
        with suppress(Locked):  # while the tenant is locked, what the key was sealed for stays
            credentials.update_origins(session, tables, provider_id)
    for provider_id, credential in returning.items():
        credentials.update_origins(session, tables, provider_id, credential.origins, credential.plain_http)


def _changed_again() -> Problem:
    return Problem("It has been changed again since.", "Nothing was undone.")
