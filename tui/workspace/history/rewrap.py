"""Wrap the keys of a history for the tenant's present key pair, after it was replaced.

Keys are wrapped again, and the lines stay as they are: whoever has the old private key and an old copy of the files
can read that copy anyway. Each file is replaced as a whole; killed at any point, every file opens with one of the key
pairs in `key-ids`, whose private keys are kept, and the next unlock goes on.
"""

from collections.abc import Callable
from contextlib import suppress

from tui.domain import Tenant
from tui.errors import Locked, Problem
from tui.secret import Secret
from tui.storage.folder import Folder
from tui.storage.line_file import lines_of
from tui.tenancy import keyring, retired_keys
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.vault import key_pair, sealed_lines
from tui.vault.envelope import KeyHandle
from tui.workspace.history.files import KEY_IDS, key_ids, owner_of

OnProgress = Callable[[int, int], None]
"""Called with the number of files that were wrapped again, and of all."""


def is_due(session: TenantSession) -> bool:
    """Return True if keys of the history are wrapped for another key pair than the present one."""
    return session.history is not None and bool(set(key_ids(session.history)) - {tenant_of(session).key_id})


def wrap_again(
    session: TenantSession,
    passphrase: Secret | None = None,
    handles: tuple[KeyHandle, ...] = (),
    report: OnProgress = lambda done, of: None,
) -> None:
    """Wrap every key that opens for the present key pair.

    Args:
        session: The tenant, unlocked.
        passphrase: That of the retired key files, where they have one.
        handles: Private keys that are open already.
        report: Hears of the progress.
    """
    folder = session.history
    if folder is None or not is_due(session):
        return
    keys: dict[str, KeyHandle] = {private.key_id: private for private in handles} | _open_earlier_keys(
        session, folder, passphrase
    )
    tenant = tenant_of(session)
    public = keyring.public_key(session, tenant)
    with folder.lock():
        names = [name for name in folder.names() if name != KEY_IDS]
        unopened: set[str] = set()
        for number, name in enumerate(names):
            report(number, len(names))
            unopened |= _wrap_file(folder, name, keys, public, tenant)
        report(len(names), len(names))
        folder.write(KEY_IDS, "".join(f"{key_id}\n" for key_id in sorted({tenant.key_id, *unopened})).encode())
    retired_keys.prune(session)


def wrap_again_if_possible(session: TenantSession, passphrase: Secret | None) -> None:
    """Do the same after an unlock; what fails is tried again at the next one."""
    with suppress(Problem):
        wrap_again(session, passphrase)


def _open_earlier_keys(session: TenantSession, folder: Folder, passphrase: Secret | None) -> dict[str, KeyHandle]:
    """Return the private keys of earlier key pairs that open, by key ID."""
    keys: dict[str, KeyHandle] = {}
    for key_id in key_ids(folder):
        pem = retired_keys.pem(session, key_id)
        for secret in (passphrase, None):
            with suppress(Locked):
                if pem is not None and key_id not in keys:
                    keys[key_id] = key_pair.load(pem, secret)
    return keys


def _wrap_file(folder: Folder, name: str, keys: dict[str, KeyHandle], public: str, tenant: Tenant) -> set[str]:
    """Replace a file by one with its keys wrapped again; return the key IDs of those that do not open."""
    content = folder.read(name) or b""
    unopened: set[str] = set()
    lines: list[bytes] = []
    for line in lines_of(content):
        key_id = sealed_lines.key_line(line)
        if key_id and key_id != tenant.key_id:
            try:
                owner = (tenant.id, owner_of(name))
                line = sealed_lines.wrapped_again(keys[key_id], line, public, tenant.key_id, owner)
            except (KeyError, Locked):
                unopened.add(key_id)
        lines.append(line)
    end = b"\n" if content.endswith(b"\n") else b""
    rewritten = b"\n".join(lines) + end
    if rewritten != content:
        folder.write(name, rewritten)
    return unopened
