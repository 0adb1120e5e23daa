"""The private keys of tenants: where they are, and which are open in this process."""

import asyncio

from tui.domain import Tenant
from tui.errors import Locked, Problem
from tui.secret import Secret
from tui.storage.folder import Folder
from tui.tenancy import retired_keys
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import get
from tui.vault import key_pair

COUNTER = "counter"
_SOON = 0.04
"""How long locking waits for the audit log, in seconds: it is done where nothing may wait."""


async def unlock(session: TenantSession, passphrase: Secret | None = None) -> None:
    """Opens the keys of a tenant in this process."""
    tenant = get(session)

    def work() -> key_pair.PrivateKey:
        try:
            private = load(session, tenant, passphrase)
        except Locked as problem:
            if passphrase:
                session.audit_best_effort("unlock failed", why=problem.message)
            raise
        protected = key_pair.is_protected(pem(session, tenant) or b"")
        if protected != tenant.protected:
            # Killed between key file and settings when the passphrase was changed: the key file is right.
            with session.store.transaction() as tables:
                tables.table("meta").update({"protected": protected})
        if protected:
            session.audit_best_effort("unlocked")
        return private

    if _opened(session, tenant) is None:
        session.process.open_keys[session.tenant_id] = await asyncio.to_thread(work)


def lock(session: TenantSession) -> None:
    """Forgets the opened keys. A tenant without a passphrase cannot be locked."""
    tenant = get(session)
    if not tenant.protected:
        raise Problem(f"{tenant.name} has no passphrase.", "Set one to be able to lock it.")
    if session.process.open_keys.pop(session.tenant_id, None) is not None:
        session.audit_best_effort("locked", wait=_SOON)


def is_open(session: TenantSession) -> bool:
    """Whether keys can be opened without asking: unlocked in this process, or no passphrase."""
    tenant = get(session)
    return not tenant.protected or _opened(session, tenant) is not None


def private_key(session: TenantSession) -> key_pair.PrivateKey:
    """The opened private key; without a passphrase it opens by itself, else Locked."""
    tenant = get(session)
    if (private := _opened(session, tenant)) is not None:
        return private
    if tenant.protected:
        raise Locked(f"{tenant.name} is locked.", "Unlock it with its passphrase.")
    private = session.process.open_keys[session.tenant_id] = load(session, tenant, None)
    return private


def public_key(session: TenantSession, tenant: Tenant) -> str:
    """The public key to seal with. While the tenant is open it is known to fit the private one.

    One that was put into the settings by someone else would open for them alone.
    """
    if is_open(session):
        return private_key(session).public_pem
    if not has_key(session, tenant) or key_pair.key_id(tenant.public_key) != tenant.key_id:
        raise _not_the_one(session, tenant)
    return tenant.public_key


def opened(session: TenantSession) -> key_pair.PrivateKey | None:
    """The private key if it is open in this process already."""
    return _opened(session, get(session)) if session.tenant_id in session.process.open_keys else None


def key_if_open(session: TenantSession) -> key_pair.PrivateKey | None:
    """The private key if it opens without asking; None while the tenant is locked, or when its key file is gone."""
    try:
        return private_key(session)
    except Problem:
        return None


def last_counter(session: TenantSession) -> int:
    """The counter of the last manifest that was seen; it lies beside the private key, not beside the settings."""
    folder = session.keys
    stamp = folder.version_token(COUNTER)
    seen = session.process.counters.get(session.tenant_id)
    if seen is None or seen[0] != stamp:
        text = (folder.read(COUNTER) or b"").decode("ascii", "replace").strip()
        seen = session.process.counters[session.tenant_id] = (stamp, int(text) if text.isdecimal() else 0)
    return seen[1]


def store_counter(session: TenantSession, counter: int) -> None:
    """Notes the counter of a manifest that was written; an older one is not noted any more."""
    folder = session.keys
    with folder.lock():
        if counter > last_counter(session):
            folder.write(COUNTER, f"{counter}\n".encode())


def key_path(session: TenantSession, tenant: Tenant) -> str:
    """Where the private key is, for people."""
    folder = session.keys
    return str(folder.path / _pem(tenant)) if folder.path else _pem(tenant)


def has_key(session: TenantSession, tenant: Tenant) -> bool:
    """Whether the private key is where it should be."""
    return _opened(session, tenant) is not None or any(
        each.version_token(_pem(tenant)) for each in _places(session, tenant)
    )


def write(session: TenantSession, tenant: Tenant, private: key_pair.PrivateKey, passphrase: Secret | None) -> None:
    """Puts the private key into its file, protected if there is a passphrase."""
    pem = key_pair.export(private, passphrase, session.process.key_cost)
    # Opened once before it replaces anything: nothing sealed may depend on a file that does not open.
    if key_pair.load(pem, passphrase).key_id != tenant.key_id:
        raise _not_the_one(session, tenant)
    keys = session.keys
    with keys.lock():
        keys.write(_pem(tenant), pem)


def discard(session: TenantSession, tenant: Tenant) -> None:
    """Removes a key file that nothing was sealed for yet."""
    session.keys.remove(_pem(tenant))


def load(session: TenantSession, tenant: Tenant, passphrase: Secret | None) -> key_pair.PrivateKey:
    """The private key out of its file, whether it is open already or not; Locked says what stands in the way."""
    content = pem(session, tenant)
    if content is None:
        raise Locked(
            f"The key file of {tenant.name} is not there.",
            f"Put back {key_path(session, tenant)}, or start over: modeldeck vault rotate --lost.",
        )
    private = key_pair.load(content, passphrase)
    if private.key_id != tenant.key_id or private.public_pem.split() != tenant.public_key.split():
        raise _not_the_one(session, tenant)
    return private


def pem(session: TenantSession, tenant: Tenant) -> bytes | None:
    """The tenant's key file as it is; None if it is not there."""
    return next((pem for each in _places(session, tenant) if (pem := each.read(_pem(tenant))) is not None), None)


def _places(session: TenantSession, tenant: Tenant) -> tuple[Folder, Folder]:
    """Where the key file can be: settings that were put back may name a pair that was retired since."""
    return session.keys, retired_keys.folder(session)


def _opened(session: TenantSession, tenant: Tenant) -> key_pair.PrivateKey | None:
    """The key that was opened before, if it still is this tenant's: another session may have made it anew."""
    private = session.process.open_keys.get(tenant.id)
    return private if private and private.key_id == tenant.key_id else None


def _not_the_one(session: TenantSession, tenant: Tenant) -> Locked:
    return Locked(
        "The key file of this tenant is not the one its settings were sealed with.",
        f"Put back {key_path(session, tenant)}, or start over: modeldeck vault rotate --lost.",
    )


def _pem(tenant: Tenant) -> str:
    return f"{tenant.key_id}.pem"
