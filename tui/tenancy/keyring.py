"""Private keys of tenants: their files, and which are open in this process."""

import re
from contextlib import suppress

from tui.domain import Tenant
from tui.errors import Action, Locked, Problem, Remedy
from tui.secret import Secret
from tui.storage.folder import Folder
from tui.tenancy import retired_keys
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import shared_name, tenant_of
from tui.vault import key_pair
from tui.vault.envelope import KeyHandle

COUNTER = "counter"
MANIFEST = "manifest.sha256"
FINGERPRINT_KEY = "fingerprint.key"
_HEX_KEY = re.compile(r"(?:[0-9a-f]{2})+")
_COUNTER = re.compile("[0-9]{1,18}")
_RECORDED = "public key recorded"
_AUDIT_TIMEOUT = 0.04
"""How long locking waits for the audit log, in seconds: it is done where nothing may wait."""


async def unlock(session: TenantSession, passphrase: Secret | None = None, *, here: bool = False) -> None:
    """Open a tenant's private key; check a passphrase even if it is open.

    Without a passphrase the agent is asked for it first. With one, an agent that runs gets the key, and this process
    keeps a handle of it. With `here` the key stays in this process, for what needs the key itself.

    Raises:
        Locked: The passphrase is missing or wrong, or the key file is missing or damaged.
    """
    import asyncio  # lazy: start-up time

    tenant = tenant_of(session)
    present = _cached_handle(session, tenant)
    if here and not isinstance(present, key_pair.PrivateKey):
        present = None
    elif present is None and not passphrase:
        present = await asyncio.to_thread(ask_agent, session)

    def work() -> key_pair.PrivateKey:
        try:
            private = load(session, tenant, passphrase)
        except Locked as problem:
            if passphrase:
                session.audit_best_effort("unlock failed", why=problem.message)
            raise
        records = session.store.read().table("meta")
        if not session.process.shares and any(bool(entry.get("protected")) != tenant.protected for entry in records):
            # What the settings say is for people; the key file is right, also after a kill between the two writes.
            # In a shared store they say nothing of it: every machine has a key file of its own.
            with session.store.transaction() as tables:
                tables.table("meta").update({"protected": tenant.protected})
        if tenant.protected and present is None:
            session.audit_best_effort("unlocked")
            _record_public_key(session, tenant, private)
        return private

    if present is None or (passphrase and tenant.protected):
        private = await asyncio.to_thread(work)
        session.process.open_keys[session.tenant_id] = private
        if tenant.protected and not here:
            await asyncio.to_thread(_hand_over, session, private)
    await asyncio.to_thread(move_fingerprint_key, session)


def lock(session: TenantSession) -> None:
    """Forget the opened keys, in this process and in the agent. A tenant without a passphrase cannot be locked.

    Raises:
        Problem: There is no passphrase, or the agent does not answer; this process has forgotten them then.
    """
    tenant = tenant_of(session)
    if not tenant.protected:
        raise Problem(f"{tenant.name} has no passphrase.", remedy=Remedy(Action.SET_PASSPHRASE))
    session.process.forget_resolved(session.tenant_id)
    was_open = session.process.open_keys.pop(session.tenant_id, None) is not None
    if (session.process.agent and session.process.agent.forget(session.tenant_id)) or was_open:
        session.audit_best_effort("locked", wait=_AUDIT_TIMEOUT)


def ask_agent(session: TenantSession) -> KeyHandle | None:
    """Open a tenant with a passphrase through the agent, if that has its private key; return the handle."""
    agent = session.process.agent
    if agent is None or not agent.in_reach or not (tenant := tenant_of(session)).protected:
        return None
    open_keys = session.process.open_keys
    key = agent.find(tenant.id, tenant.public_key, lambda: open_keys.pop(tenant.id, None))
    if key is None or key.key_id != tenant.key_id:
        return None
    open_keys[tenant.id] = key
    return key


def is_in_agent(session: TenantSession) -> bool:
    """Return True if the tenant is open in this process through the agent."""
    key = session.process.open_keys.get(session.tenant_id)
    return key is not None and not isinstance(key, key_pair.PrivateKey)


def replace_open(session: TenantSession, private: key_pair.PrivateKey) -> None:
    """Use a new key pair where the one before was open, and where no passphrase is needed."""
    tenant, before = tenant_of(session), session.process.open_keys.pop(session.tenant_id, None)
    in_agent = forget_in_agent(session)
    if before or not tenant.protected:
        session.process.open_keys[session.tenant_id] = private
    if tenant.protected and in_agent:
        _hand_over(session, private)


def forget_in_agent(session: TenantSession) -> bool:
    """Let the agent forget the tenant's keys, if it answers; return True if it had one."""
    agent = session.process.agent
    with suppress(Problem):
        return bool(agent and agent.forget(session.tenant_id))
    return False


def _hand_over(session: TenantSession, private: key_pair.PrivateKey) -> None:
    """Give a private key to the agent, and keep a handle in its place, if the agent runs."""
    agent = session.process.agent
    if agent is not None and agent.add(session.tenant_id, private):
        ask_agent(session)


def is_open(session: TenantSession) -> bool:
    """Return True if keys can be opened without asking: unlocked here, or no passphrase."""
    tenant = tenant_of(session)
    return not tenant.protected or _cached_handle(session, tenant) is not None


def key_handle(session: TenantSession) -> KeyHandle:
    """Return what the private key is used through; without a passphrase the key is opened now.

    Raises:
        Locked: It needs a passphrase, or its file is missing.
    """
    tenant = tenant_of(session)
    if (key := _cached_handle(session, tenant)) is not None:
        return key
    if tenant.protected:
        raise Locked(f"{tenant.name} is locked.", remedy=Remedy(Action.UNLOCK))
    key = session.process.open_keys[session.tenant_id] = load(session, tenant, None)
    return key


def private_key(session: TenantSession, passphrase: Secret | None = None) -> key_pair.PrivateKey:
    """Return the private key itself, to write it elsewhere. The passphrase is used if the key is in the agent.

    Raises:
        Locked: It is not in this process, and needs a passphrase, or its file is missing.
    """
    key = key_handle(session)
    if not isinstance(key, key_pair.PrivateKey):
        if passphrase:
            return load(session, tenant_of(session), passphrase)
        raise Locked(f"This needs the passphrase of {tenant_of(session).name}.", remedy=Remedy(Action.UNLOCK))
    return key


def public_key(session: TenantSession, tenant: Tenant) -> str:
    """Return the public key to seal with.

    While the tenant is unlocked, it is that of the private key. While it is locked, it is the one beside the private
    key, and the settings must hold the same, whole: a key that someone else wrote there would open for them alone.
    Nothing is sealed for a retired pair: it may have been replaced because it leaked.

    Raises:
        Locked: if the two differ, the pair is retired, or a version before wrote no public key beside the private one.
    """
    if is_retired(session):
        raise Locked(
            f"The settings of {tenant.name} name a key pair that was replaced.",
            "Nothing was encrypted with it.",
            remedy=Remedy(Action.CONFIRM_CHANGES),
        )
    if is_open(session):
        return key_handle(session).public_pem
    if not has_key(session, tenant):
        raise _not_the_one(session, tenant)
    recorded = session.keys.read(_public(tenant))
    if recorded is None:
        raise Locked(
            f"{tenant.name} must be unlocked once, so that its public key can be checked.",
            "Nothing was saved. From the next unlock on, keys can be saved while it is locked.",
        )
    if recorded.decode("ascii", "replace").split() != tenant.public_key.split():
        raise _public_key_replaced(tenant)
    return tenant.public_key


def fingerprint_key(session: TenantSession, tenant: Tenant) -> str:
    """Return the key of the tenant's fingerprints, as hex.

    It is a file beside the private key and has no passphrase, as fingerprints are computed while locked, too. Settings
    of versions before hold it themselves, until the next unlock.
    """
    return _stored_fingerprint_key(session) or tenant.fingerprint_key or _write_fingerprint_key(session, tenant)


def move_fingerprint_key(session: TenantSession) -> None:
    """Move the key of the fingerprints out of the settings, and out of their earlier states."""
    tenant = tenant_of(session)
    if tenant.fingerprint_key:
        with suppress(Problem):  # a folder that cannot be written to now is for the next unlock
            # The file first: killed in between, the key is in both places, and the next unlock goes on.
            _write_fingerprint_key(session, tenant)
            session.store.remove_field("meta", "fingerprint_key")


def open_handle(session: TenantSession) -> KeyHandle | None:
    """Return the key handle if the tenant is open in this process, else None."""
    return _cached_handle(session, tenant_of(session)) if session.tenant_id in session.process.open_keys else None


def key_if_open(session: TenantSession) -> KeyHandle | None:
    """Return the key handle if no passphrase is needed; None if the tenant is locked or its key file missing."""
    try:
        return key_handle(session)
    except Problem:
        return None


def last_counter(session: TenantSession) -> int:
    """Return the counter of the last manifest seen, which is stored beside the private key."""
    folder = session.keys
    stamp = folder.version_token(COUNTER)
    cached = session.process.counters.get(session.tenant_id)
    if cached is None or cached[0] != stamp:
        text = (folder.read(COUNTER) or b"").decode("ascii", "replace").strip()
        cached = session.process.counters[session.tenant_id] = (stamp, int(text) if _COUNTER.fullmatch(text) else 0)
    return cached[1]


def store_counter(session: TenantSession, counter: int, digest: str) -> None:
    """Store the counter of a manifest, and its digest if the tenant can be locked, unless a higher one is stored."""
    folder, protected = session.keys, tenant_of(session).protected
    with folder.lock():
        if counter > last_counter(session):
            folder.write(COUNTER, f"{counter}\n".encode())
            if protected:
                folder.write(MANIFEST, f"{digest}\n".encode())


def manifest_digest(session: TenantSession) -> str:
    """Return the digest of the last manifest that was written with the private key open, '' if none is stored."""
    return (session.keys.read(MANIFEST) or b"").decode("ascii", "replace").strip()


def store_manifest_digest(session: TenantSession, digest: str) -> None:
    """Store the digest of a manifest that the private key has proved, for checks while the tenant is locked."""
    with session.keys.lock():
        session.keys.write(MANIFEST, f"{digest}\n".encode())


def is_retired(session: TenantSession) -> bool:
    """Return True if the settings name a replaced key pair: they are an earlier state, or were pointed back to it."""
    name = _pem(tenant_of(session))
    return not session.keys.version_token(name) and bool(retired_keys.folder(session).version_token(name))


def bring_back(session: TenantSession) -> None:
    """Use a retired key pair again, after a person accepted the settings that name it."""
    if is_retired(session):
        retired_keys.bring_back(session, tenant_of(session).key_id)


def key_path(session: TenantSession, tenant: Tenant) -> str:
    """Return the path of the private key, for people."""
    folder = session.keys
    return str(folder.path / _pem(tenant)) if folder.path else _pem(tenant)


def has_key(session: TenantSession, tenant: Tenant) -> bool:
    """Return True if the private key file exists."""
    return _cached_handle(session, tenant) is not None or any(
        folder.version_token(_pem(tenant)) for folder in _folders(session)
    )


def has_other_key_pair(session: TenantSession) -> bool:
    """Return True if this machine has a key file of the tenant, of whichever key pair."""
    return any(name.endswith(".pem") for folder in _folders(session) for name in folder.names())


def write(session: TenantSession, tenant: Tenant, private: key_pair.PrivateKey, passphrase: Secret | None) -> None:
    """Write the private key to its file, encrypted if there is a passphrase."""
    pem = key_pair.export(private, passphrase, session.process.key_cost)
    # Opened once before it replaces anything: nothing sealed may depend on a file that does not open.
    if key_pair.load(pem, passphrase).key_id != tenant.key_id:
        raise _not_the_one(session, tenant)
    keys = session.keys
    with keys.lock():
        keys.write(_public(tenant), private.public_pem.encode())
        keys.write(_pem(tenant), pem)
    _write_fingerprint_key(session, tenant)


def discard(session: TenantSession, tenant: Tenant) -> None:
    """Remove a key file that nothing was sealed for yet."""
    session.keys.remove(_pem(tenant))
    session.keys.remove(_public(tenant))


def load(session: TenantSession, tenant: Tenant, passphrase: Secret | None) -> key_pair.PrivateKey:
    """Read the private key from its file, open already or not.

    Raises:
        Locked: The passphrase is missing or wrong, or the file is missing or damaged.
    """
    content = pem(session, tenant)
    if content is None and session.process.shares:
        raise no_key_here(tenant)
    if content is None:
        raise Locked(
            f"The private key file of {tenant.name} is missing.",
            f"Restore {key_path(session, tenant)}, or start over.",
            remedy=Remedy(Action.ROTATE_LOST_KEY),
        )
    private = key_pair.load(content, passphrase)
    if private.key_id != tenant.key_id:
        raise _not_the_one(session, tenant)
    if private.public_pem.split() != tenant.public_key.split():
        raise _public_key_replaced(tenant)
    return private


def pem(session: TenantSession, tenant: Tenant) -> bytes | None:
    """Return the content of the tenant's key file, or None without one."""
    return next((pem for folder in _folders(session) if (pem := folder.read(_pem(tenant))) is not None), None)


def _folders(session: TenantSession) -> tuple[Folder, Folder]:
    """Return where the key file can be: settings that were restored may name a pair that was retired since."""
    return session.keys, retired_keys.folder(session)


def _record_public_key(session: TenantSession, tenant: Tenant, private: key_pair.PrivateKey) -> None:
    """Write the public key beside a private key that a version before left alone, and note that in the audit log."""
    keys = session.keys
    if keys.version_token(_public(tenant)) is not None or keys.version_token(_pem(tenant)) is None:
        return
    with suppress(Problem):  # a folder that cannot be written to now is for the next unlock
        with keys.lock():
            keys.write(_public(tenant), private.public_pem.encode())
        session.audit_best_effort(_RECORDED, key_id=tenant.key_id)


def _stored_fingerprint_key(session: TenantSession) -> str:
    content = session.keys.read(FINGERPRINT_KEY) or b""
    key = content.decode("ascii", "replace").strip()
    return key if _HEX_KEY.fullmatch(key) else ""


def _write_fingerprint_key(session: TenantSession, tenant: Tenant) -> str:
    """Write the file with the key of the fingerprints unless it exists, and return the key."""
    with session.keys.lock():
        key = _stored_fingerprint_key(session)
        if not key:
            key = tenant.fingerprint_key or key_pair.fingerprint_key()
            session.keys.write(FINGERPRINT_KEY, f"{key}\n".encode())
    return key


def _cached_handle(session: TenantSession, tenant: Tenant) -> KeyHandle | None:
    """Return the key opened before, if another session has not replaced the key pair since."""
    key = session.process.open_keys.get(tenant.id)
    return key if key and key.key_id == tenant.key_id else None


def no_key_here(tenant: Tenant) -> Locked:
    """Return the problem of a tenant of a shared store whose private key other machines have."""
    message = f"This machine does not have the private key of {shared_name(tenant)}."
    return Locked(message, "Nothing was changed.", remedy=Remedy(Action.RECEIVE_KEY))


def _not_the_one(session: TenantSession, tenant: Tenant) -> Locked:
    return Locked(
        "The private key file does not match the settings of this tenant.",
        f"Restore {key_path(session, tenant)}, or start over.",
        remedy=Remedy(Action.ROTATE_LOST_KEY),
    )


def _public_key_replaced(tenant: Tenant) -> Locked:
    return Locked(
        f"The public key in the settings of {tenant.name} was replaced outside Modeldeck.",
        "Nothing was encrypted with it. Restore an earlier state of the settings.",
    )


def _pem(tenant: Tenant) -> str:
    return f"{tenant.key_id}.pem"


def _public(tenant: Tenant) -> str:
    return f"{tenant.key_id}.pub"
