"""Replace a tenant's key pair, and re-encrypt every credential for the new one.

Killed at any point, the settings are as before or all new, and the key file that they name is there:

    1  the credentials are sealed for the new pair, opened again and compared, in memory
    2  under the lock of the settings: the new key file, opened once before it is in its place
    3  one replacement of the settings: credentials, manifest, and which pair is the present one
    4  the old key file goes to the retired ones, and from there when no earlier state and no chat needs it
    5  the keys of the history's chats are wrapped for the new pair; killed meanwhile, the next unlock goes on

A credential that does not open stays as it is. What a provider has accepted it goes on accepting: a key that leaked has
to be withdrawn there.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from tui.domain import Credential, Tenant
from tui.errors import Action, Locked, Problem, Remedy, UsageError
from tui.secret import Secret
from tui.storage.store import Tables
from tui.tenancy import credentials, keyring, manifest, operators, retired_keys, verification
from tui.tenancy.manifest import CredentialRef, Manifest, Record
from tui.tenancy.serialization import from_record, to_record
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import as_stored, tenant_of
from tui.vault import envelope, key_pair
from tui.workspace.history import rewrap

OnProgress = Callable[[int, int], None]
"""Called in the worker thread with the number of credentials sealed again, and of all; then the same with files of the
history."""


@dataclass(frozen=True)
class RotationResult:
    """The result: the tenant with its new key pair, and how many credentials were re-encrypted or not."""

    tenant: Tenant
    resealed: int
    left: int
    history_problem: Problem | None = None


async def rotate(
    session: TenantSession, passphrase: Secret | None = None, report: OnProgress = lambda done, of: None
) -> RotationResult:
    """Replace the key pair; the new one keeps the passphrase. If cancelled in time, nothing is changed.

    Raises:
        Locked: The passphrase is wrong.
        Problem: The manifest raises an alarm that is not confirmed.
    """
    tenant = tenant_of(session)
    present = passphrase if tenant.protected else None

    def work(stopped: threading.Event) -> RotationResult:
        old, new = keyring.load(session, tenant, present), session.process.new_key_pair(session.process.key_bits)
        resealed: dict[CredentialRef, tuple[Record, Credential]] = {}

        def reseal(stored: Credential) -> Credential:
            # Another session may have changed it since it was sealed in advance.
            place, as_it_is = (stored.provider, stored.name), manifest.entry(to_record(stored))
            if place not in resealed or resealed[place][0] != as_it_is:
                resealed[place] = as_it_is, _sealed_for(session.tenant_id, stored, old, new)
            return replace(stored, envelope=resealed[place][1].envelope, key_id=resealed[place][1].key_id)

        stored = credentials.stored(session)
        for number, entry in enumerate(stored):
            if stopped.is_set():
                raise _cancelled()
            report(number, len(stored))
            reseal(entry)
        report(len(stored), len(stored))
        if stopped.is_set():
            raise _cancelled()
        done = _replace(session, tenant, old, new, present, reseal)
        try:
            rewrap.wrap_again(session, present, (old, new.private), report)
        except Problem as problem:  # the key pair is a new one all the same
            return replace(done, history_problem=problem)
        return done

    return await _to_its_end(work)


async def reset_key_pair(session: TenantSession, passphrase: Secret | None = None) -> RotationResult:
    """Create a key pair for a tenant whose private key is lost.

    What was sealed for the old one cannot be decrypted and must be entered again.
    """
    tenant = tenant_of(session)
    if keyring.key_if_open(session) is not None:
        raise UsageError(f"The private key of {tenant.name} is there and opens.", remedy=Remedy(Action.ROTATE_KEY_PAIR))

    def work(stopped: threading.Event) -> RotationResult:
        new = session.process.new_key_pair(session.process.key_bits)
        if stopped.is_set():
            raise _cancelled()
        return _replace(session, tenant, None, new, passphrase, lambda credential: credential)

    return await _to_its_end(work)


def _sealed_for(
    tenant_id: str, credential: Credential, old: key_pair.PrivateKey, new: key_pair.NewKeyPair
) -> Credential:
    """Seal a credential for the new key pair and compare it; unchanged if it cannot be decrypted."""
    sealed = replace(credential, key_id=new.key_id)
    if not credential.envelope:
        return sealed
    try:
        secrets = envelope.unseal(old, credential.envelope, credentials.binding(tenant_id, credential))
    except Locked:
        return credential
    sealed = replace(sealed, envelope=envelope.seal(new.public_pem, secrets, credentials.binding(tenant_id, sealed)))
    if envelope.unseal(new.private, sealed.envelope, credentials.binding(tenant_id, sealed)) != secrets:
        raise Problem("A re-encrypted credential does not match the original.", "Nothing was changed.")
    return sealed


def _replace(
    session: TenantSession,
    tenant: Tenant,
    old: key_pair.PrivateKey | None,
    new: key_pair.NewKeyPair,
    passphrase: Secret | None,
    reseal: Callable[[Credential], Credential],
) -> RotationResult:
    """Run steps 2 to 4. Without the old private key, no manifest entry can be kept."""
    last = keyring.last_counter(session)
    with session.store.transaction() as tables:
        now = tenant_of(session)
        if now.key_id != tenant.key_id:
            raise Problem(f"Another session gave {tenant.name} a new key pair.", "Nothing was changed.")
        stored, before = manifest.read(tables), manifest.records_by_ref(tables)
        if old and verification.alarm(stored, tenant.id, old, last):
            raise Problem(
                f"The credentials of {tenant.name} were changed outside Modeldeck.",
                "Nothing was changed.",
                remedy=Remedy(Action.CONFIRM_CHANGES),
            )
        after = replace(now, key_id=new.key_id, public_key=new.public_pem, protected=bool(passphrase))
        keyring.write(session, after, new.private, passphrase)
        resealed, left = _rewrite(tables, as_stored(session.process, after), reseal)
        proved = {place for place, entry in before.items() if stored.entries.get(place) == manifest.entry(entry)}
        current = manifest.records_by_ref(tables)
        entries = {
            place: manifest.entry(current[place]) if place in proved else entry
            for place, entry in stored.entries.items()
        }
        counter = max(stored.counter, last) + 1
        renewed = Manifest(counter, entries=entries if old else {})
        digest = verification.write_manifest(tables, tenant.id, new.private, renewed)
        operators.share(session, tables, new.private, counter, only_present=True)
    keyring.store_counter(session, counter, digest)
    keyring.replace_open(session, new.private)
    retired_keys.retire(session, tenant.key_id)
    retired_keys.prune(session)
    return RotationResult(after, resealed, left)


def _rewrite(tables: Tables, tenant: Tenant, reseal: Callable[[Credential], Credential]) -> tuple[int, int]:
    """Write the tenant and its credentials; return how many were sealed again, and how many were not."""
    meta, table = tables.table("meta"), tables.table("credentials")
    meta.truncate()
    meta.insert(to_record(tenant))
    rewritten = {entry.doc_id: reseal(from_record(Credential, entry)) for entry in table.all()}
    for place, entry in rewritten.items():
        table.update({"envelope": entry.envelope, "key_id": entry.key_id}, doc_ids=[place])
    sealed_ones = [entry for entry in rewritten.values() if entry.envelope]
    resealed = sum(sealed_one.key_id == tenant.key_id for sealed_one in sealed_ones)
    return resealed, len(sealed_ones) - resealed


def _cancelled() -> Problem:
    return Problem("Stopped; the key pair is unchanged.", "Nothing was changed.")


async def _to_its_end(work: Callable[[threading.Event], RotationResult]) -> RotationResult:
    """Run `work` in a thread; if cancelled, tell the thread, and let it say if it was too late."""
    stopped = threading.Event()
    running = asyncio.ensure_future(asyncio.to_thread(work, stopped))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stopped.set()
        return await running
