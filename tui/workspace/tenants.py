"""Create, rename, protect, remove and recover tenants."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from tui.domain import Credential, Default, Model, Origin, Tenant
from tui.errors import Action, Problem, Remedy, UsageError
from tui.providers import PROVIDERS
from tui.sanitize import one_line
from tui.secret import Secret
from tui.storage.store import SavedState
from tui.tenancy import changes, keyring, models, retired_keys, trials, verification
from tui.tenancy import credentials as stored_credentials
from tui.tenancy.connections import connections, find_provider
from tui.tenancy.keyring import is_open, private_key
from tui.tenancy.last_used import last_use
from tui.tenancy.serialization import from_record, to_record
from tui.tenancy.session import OPERATOR, Session, TenantSession
from tui.tenancy.tenants import (
    as_stored,
    check_id,
    check_name,
    ids,
    known_id,
    slug_for,
    tenant_of,
)
from tui.tenancy.trials import TrialBalance
from tui.vault import key_derivation
from tui.workspace.conflicts import Baseline, require_unchanged
from tui.workspace.credentials import status
from tui.workspace.models import catalog, defaults

MARKS = 6


@dataclass(frozen=True)
class TenantRow:
    """A tenant in a list. One whose settings cannot be read has no `tenant` but a `problem`."""

    tenant: Tenant | None
    id: str
    open: bool = False
    ready: int = 0
    connections: int = 0
    defaults: int = 0
    last_used: str = ""
    trial: TrialBalance | None = None
    problem: Problem | None = None


@dataclass(frozen=True)
class Removal:
    """What is deleted with a tenant."""

    tenant: Tenant
    credentials: tuple[Credential, ...]
    added: tuple[Model, ...]
    defaults: tuple[Default, ...]
    fingerprint: str
    chats: int = 0


@dataclass(frozen=True)
class State:
    """An earlier state of a tenant's settings: its file name, when it was saved and what it holds, or its problem.

    `digest` is that of `changes`, by which the audit log knows it, `generation` the number of the save that made it.
    """

    name: str
    saved: str = ""
    providers: int = 0
    added: int = 0
    defaults: int = 0
    digest: str = ""
    problem: Problem | None = None
    generation: int = 0


def rows(session: Session) -> list[TenantRow]:
    """Return all tenants by name; a damaged one is a row, too."""
    return sorted(
        (row(session.tenant(tenant_id)) for tenant_id in ids(session)),
        key=lambda row: (_name(row).casefold(), row.id),
    )


def row(session: TenantSession) -> TenantRow:
    """Return one tenant as a row."""
    try:
        tenant = tenant_of(session)
        # With a thousand tenants, look only at providers that can be usable.
        provider_ids = {credential.provider for credential in stored_credentials.stored(session)}.union(
            trials.trials(session.process)
        )
        usable = [
            entry for entry in provider_ids if find_provider(session, entry) and status.row(session, entry).usable
        ]
        chosen = defaults.ready(session, usable)
        last_used = last_use(session)
        balance = _least_left(session)
        added = len(connections(session))
        return TenantRow(tenant, session.tenant_id, is_open(session), len(usable), added, chosen, last_used, balance)
    except Problem as problem:
        return TenantRow(None, session.tenant_id, problem=problem)


async def create(
    session: Session,
    name: str,
    passphrase: Secret | None = None,
    *,
    id: str = "",  # noqa: A002
    mark: int = 0,
) -> Tenant:
    """Create a tenant with its key pair, open in this process. If cancelled, nothing is created."""
    check_name(session, name)
    if passphrase:
        key_derivation.check_new_passphrase(passphrase)
    tenant_id = id or slug_for(session, name)
    check_id(tenant_id)
    if tenant_id in ids(session):
        raise UsageError(f"A tenant with the ID {tenant_id} already exists.", "Choose another ID.")

    stopped = threading.Event()

    def work() -> Tenant:
        pair = session.new_key_pair(session.key_bits)
        if stopped.is_set():
            raise Problem("Stopped; no tenant was created.", "Nothing was written.")
        tenant = Tenant(
            id=tenant_id,
            name=name.strip(),
            created=session.now(),
            key_id=pair.key_id,
            public_key=pair.public_pem,
            protected=bool(passphrase),
            mark=mark % MARKS,
        )
        with session.tenants.lock():
            check_name(session, name)  # another session may have taken the name while the key pair was generated
            # The key first: killed in between, a key without settings is left, never settings without their key.
            keyring.write(session.tenant(tenant_id), tenant, pair.private, passphrase)
            try:
                session.store(tenant_id).create(to_record(as_stored(session, tenant)))
            except Problem:
                keyring.discard(session.tenant(tenant_id), tenant)
                raise
        session.open_keys[tenant_id] = pair.private
        return tenant

    try:
        return await asyncio.to_thread(work)
    except asyncio.CancelledError:
        # A thread cannot be interrupted; it looks at this before it writes anything.
        stopped.set()
        raise


async def rename(session: TenantSession, name: str, baseline: Baseline[str] | None = None) -> Tenant:
    """Rename a tenant; its ID stays.

    Raises:
        Conflict: Another session gave it a name that is neither the new one nor `baseline`.
    """
    check_name(session.process, name, except_id=session.tenant_id)
    new = name.strip()

    def check(tenant: Tenant) -> None:
        require_unchanged(session, baseline, tenant.name, new, f"renamed it to {one_line(tenant.name, 60)}")

    return await asyncio.to_thread(_change, session, check, name=new)


async def set_passphrase(session: TenantSession, new: Secret | None, old: Secret | None = None) -> Tenant:
    """Set, change or (with None) remove the passphrase of an unlocked tenant.

    Retired key files get the new one as well, as far as the `old` one opens them.
    """
    tenant = tenant_of(session)
    if new:
        key_derivation.check_new_passphrase(new)

    def work() -> Tenant:
        private = private_key(session, old)
        if new:
            retired_keys.protect(session, new, old)
        keyring.write(session, tenant, private, new)
        if tenant.protected and new:
            session.audit_best_effort("passphrase changed")
        if not session.process.shares:
            changed = _change(session, protected=bool(new))
        else:
            changed = tenant_of(session)
            if tenant.protected != bool(new):
                session.audit_best_effort("passphrase set" if new else "passphrase removed")
        if not new:
            keyring.forget_in_agent(session)
        verification.record_manifest(session)
        return changed

    return await asyncio.to_thread(work)


async def remove(session: TenantSession) -> None:
    """Delete a tenant. Its private key goes first, so that nothing left behind can be decrypted."""
    if known_id(session.tenant_id) not in ids(session.process):
        raise UsageError(f"There is no tenant {session.tenant_id}.", remedy=Remedy(Action.LIST_TENANTS))

    def work() -> None:
        keyring.forget_in_agent(session)
        session.keys.destroy()
        session.store.folder.destroy()
        session.process.evict(session.tenant_id)
        session.process.audit_best_effort(OPERATOR, "tenant removed", id=session.tenant_id)

    await asyncio.to_thread(work)


def removal(session: TenantSession) -> Removal:
    """Return what would be deleted with a tenant, for the question asked first."""
    from tui.workspace.history import chats  # lazy: start-up time

    tenant = tenant_of(session)
    added = tuple(model for model in catalog.listing(session) if model.origin is Origin.ADDED)
    defaults = tuple(models.defaults(session).values())
    credentials = tuple(stored_credentials.stored(session))
    return Removal(tenant, credentials, added, defaults, tenant.key_id, chats.count(session))


def saved_at(session: TenantSession) -> str:
    """Return when the settings were last saved, ISO 8601."""
    return session.store.document().saved


def earlier(session: TenantSession) -> list[State]:
    """Return the earlier states of a tenant's settings, newest first."""
    return [_state(state) for state in session.process.store(known_id(session.tenant_id)).earlier()]


async def restore(session: TenantSession, name: str, generation: int = 0) -> str:
    """Put an earlier state in place; return the name under which damaged settings are kept, '' for none.

    `name` and `generation` are those of the `State` that a person chose; another one that has its name by now is
    refused.
    """

    def work() -> str:
        copy_name = session.process.store(known_id(session.tenant_id)).restore(name, generation)
        with suppress(Problem):
            if keyring.key_if_open(session):
                verification.accept_restored(session)
            else:
                session.process.restored_while_locked.add(session.tenant_id)
        return copy_name

    return await asyncio.to_thread(work)


async def unlock(session: TenantSession, passphrase: Secret | None = None, *, here: bool = False) -> None:
    """Open a tenant's private key, and accept what was restored here while locked. See `keyring.unlock` for `here`."""
    from tui.workspace.history import rewrap  # lazy: start-up time

    await keyring.unlock(session, passphrase, here=here)
    await asyncio.to_thread(verification.record_manifest, session)
    await asyncio.to_thread(rewrap.wrap_again_if_possible, session, passphrase)
    if session.tenant_id in session.process.restored_while_locked:
        await asyncio.to_thread(verification.accept_restored, session)
        session.process.restored_while_locked.discard(session.tenant_id)


def hand_edited_state(session: TenantSession) -> State | None:
    """Return the state of settings that seem to be edited by hand; None if as saved, or unreadable."""
    store = session.process.store(known_id(session.tenant_id))
    document = store.hand_edited()
    return _state(SavedState(store.name, document)) if document else None


async def accept_edit(session: TenantSession) -> None:
    """Accept settings that were edited by hand; raise UsageError if they were not."""
    await asyncio.to_thread(session.process.store(known_id(session.tenant_id)).accept_edit)


def _least_left(session: TenantSession) -> TrialBalance | None:
    """Return the balance of the trial that ends first."""
    remaining = (trials.left(session, trial) for trial in trials.trials(session.process) if trial in PROVIDERS)
    return min((entry for entry in remaining if entry), key=lambda entry: entry.left / entry.calls, default=None)


def _change(session: TenantSession, check: Callable[[Tenant], None] = lambda tenant: None, **entries: Any) -> Tenant:
    with session.store.transaction() as tables:
        meta = tables.table("meta")
        stored = from_record(Tenant, meta.all()[0])
        check(stored)
        tenant = replace(stored, **entries)
        meta.truncate()
        meta.insert(to_record(tenant))
    return tenant


def _state(earlier: SavedState) -> State:
    if earlier.document is None:
        return State(earlier.name, problem=earlier.problem)
    data = earlier.document.data
    providers = {entry.get("provider") for entry in data.get("credentials", {}).values()}
    added = [entry for entry in data.get("models", {}).values() if entry.get("origin") == Origin.ADDED]
    chosen = len(data.get("defaults", {}))
    return State(
        earlier.name,
        earlier.document.saved,
        len(providers),
        len(added),
        chosen,
        changes.digest(earlier.document),
        None,
        earlier.document.generation,
    )


def _name(row: TenantRow) -> str:
    return row.tenant.name if row.tenant else row.id
