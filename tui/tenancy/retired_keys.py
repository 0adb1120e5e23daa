"""Replaced key pairs, kept in `retired/` while an earlier state needs them.

$KEYS/<tenant>/<key id>.pem            the present pair
$KEYS/<tenant>/retired/<key id>.pem    those before it
"""

from contextlib import suppress

from tui.errors import Locked, Problem
from tui.secret import Secret
from tui.storage.folder import Folder
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.vault import key_pair

_END = ".pem"
_PUBLIC = ".pub"


def folder(session: TenantSession) -> Folder:
    """Return the folder of a tenant's retired key files."""
    return session.keys.folder("retired")


def key_ids(session: TenantSession) -> list[str]:
    """Return the key IDs of the retired key pairs."""
    return _key_ids(folder(session))


def pem(session: TenantSession, key_id: str) -> bytes | None:
    """Return the private key file of an earlier key pair, or of one that was the present one; None without one."""
    return next((pem for place in (folder(session), session.keys) if (pem := place.read(key_id + _END))), None)


def retire(session: TenantSession, key_id: str) -> None:
    """Move a key file to the retired ones; if the process is killed meanwhile, it is in both places."""
    present, name = session.keys, key_id + _END
    if (pem := present.read(name)) is not None:
        with folder(session).lock():
            folder(session).write(name, pem)
            if (public := present.read(key_id + _PUBLIC)) is not None:
                folder(session).write(key_id + _PUBLIC, public)
        present.remove(name)
        present.remove(key_id + _PUBLIC)


def bring_back(session: TenantSession, key_id: str) -> None:
    """Make a retired key pair a present one again; `prune` deletes what stays among the retired ones."""
    retired, present = folder(session), session.keys
    with present.lock():
        for name in (key_id + _PUBLIC, key_id + _END):
            if (content := retired.read(name)) is not None:
                present.write(name, content)


def protect(session: TenantSession, new: Secret, old: Secret | None) -> None:
    """Encrypt retired key files with a new passphrase: those without one, and those that open with the old one."""
    retired = folder(session)
    for key_id in _key_ids(retired):
        pem = retired.read(key_id + _END) or b""
        if key_pair.is_protected(pem) and not old:
            continue
        with suppress(Locked):  # it has a passphrase of its own
            private = key_pair.load(pem, old)
            retired.write(key_id + _END, key_pair.export(private, new, session.process.key_cost))


def other_passphrase(session: TenantSession, passphrase: Secret) -> list[str]:
    """Return the key IDs of retired key files that a passphrase does not open."""
    return [key_id for key_id in key_ids(session) if not _opens(folder(session).read(key_id + _END), passphrase)]


def _opens(pem: bytes | None, passphrase: Secret) -> bool:
    try:
        return key_pair.load(pem or b"", passphrase) is not None
    except Locked:
        return False


def prune(session: TenantSession) -> None:
    """Delete key files that neither the settings nor an earlier state needs.

    If a state cannot be read, every key stays. A failure is ignored: the next call tries again.
    """
    with suppress(Problem):
        present, retired, store = session.keys, folder(session), session.store
        if set(_key_ids(present)) <= {tenant_of(session).key_id} and not _key_ids(retired):
            return
        with store.folder.lock(), retired.lock():
            # Who makes a new pair holds the lock of the settings from the key file on until they name it.
            now = tenant_of(session).key_id
            if (
                any(".damaged-" in name for name in store.folder.names())
                or (needed := _needed_key_ids(session)) is None
            ):
                return
            for key_id in set(_key_ids(present)) - {now}:
                if key_id in needed:
                    retired.write(key_id + _END, present.read(key_id + _END) or b"")
                present.remove(key_id + _END)
                present.remove(key_id + _PUBLIC)
            for key_id in _key_ids(retired):
                if key_id not in needed | {now} or key_id in _key_ids(present):
                    retired.remove(key_id + _END)
                    retired.remove(key_id + _PUBLIC)


def _needed_key_ids(session: TenantSession) -> set[str] | None:
    """Return the key IDs that earlier states and chats were sealed with; None if one of them cannot be read."""
    needed = set((session.history.read("key-ids") or b"").decode("ascii", "replace").split() if session.history else ())
    for state in session.store.earlier():
        if state.document is None:
            return None
        tables = state.document.data
        records = (record for name in ("meta", "credentials") for record in tables.get(name, {}).values())
        needed |= {str(record.get("key_id", "")) for record in records}
    return needed


def _key_ids(folder: Folder) -> list[str]:
    return [name.removesuffix(_END) for name in folder.names() if name.endswith(_END)]
