"""Changes made without the private key that wait for confirmation."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from tui.domain import Credential
from tui.errors import Locked
from tui.sanitize import group_fingerprint, mask, one_line
from tui.tenancy import credentials, keyring, manifest, retired_keys, verification
from tui.tenancy.manifest import CredentialChange, Manifest, Record
from tui.tenancy.serialization import to_record
from tui.tenancy.session import TenantSession
from tui.tenancy.verification import IntegrityStatus


async def examine(session: TenantSession) -> IntegrityStatus:
    """Return the credentials' integrity for an unlocked tenant, the manifest proved.

    Key files that nothing needs are deleted only here, where the settings are proved to be the present ones.
    """

    def work() -> IntegrityStatus:
        keyring.key_handle(session)
        status = verification.integrity_status(session)
        for entry in status.waiting:
            if entry.now is not None and entry.now.envelope:
                with suppress(Locked):
                    credentials.decrypt_unverified(session, entry.now)
        if not status.alarm:
            retired_keys.prune(session)
        return status

    return await asyncio.to_thread(work)


def to_confirm(session: TenantSession, status: IntegrityStatus) -> tuple[CredentialChange, ...]:
    """Return the changes that can be confirmed: all but credentials that cannot be decrypted."""
    return tuple(
        entry for entry in status.waiting if entry.now is None or not credentials.is_undecryptable(session, entry.now)
    )


async def confirm(session: TenantSession, changes: Sequence[CredentialChange]) -> int:
    """Add the changes that a person has seen to the manifest, if they are still the same.

    This ends an alarm: changes not among `changes` wait for confirmation from then on. Return how many were confirmed.
    """

    def work() -> int:
        accepted = 0
        key = keyring.key_handle(session)
        last = keyring.last_counter(session)
        with session.store.transaction() as tables:
            stored, current = manifest.read(tables), manifest.records_by_ref(tables)
            wrong = verification.alarm(stored, session.tenant_id, key, last) or keyring.is_retired(session)
            entries = {} if wrong else dict(stored.entries)
            for entry in changes:
                now = current.get(entry.place)
                if now is None and entry.now is None:
                    entries.pop(entry.place, None)
                elif now is not None and entry.now is not None and _is_same(now, entry.now):
                    if entry.now.envelope:
                        credentials.decrypt_unverified(session, entry.now)
                    entries[entry.place] = manifest.entry(now)
                else:
                    continue
                accepted += 1
            counter = max(stored.counter, last) + 1
            manifest_now = Manifest(counter, entries=entries)
            digest = verification.write_manifest(tables, session.tenant_id, key, manifest_now)
        keyring.store_counter(session, counter, digest)
        keyring.bring_back(session)
        return accepted

    return await asyncio.to_thread(work)


def _is_same(record: Record, reviewed: Credential) -> bool:
    """Return True if what is stored is what a person has seen."""
    return manifest.entry(record) == manifest.entry(to_record(reviewed))


def about(finding: CredentialChange) -> list[str]:
    """Describe a change so that people know if it is theirs: which key, and its origin, before and now."""
    parts = ((finding.was, "was"), (finding.now, "now" if finding.was else ""))
    return [f"{when} {_describe(part)}".strip() for part, when in parts if part is not None]


def _describe(credential: Credential) -> str:
    if not credential.name:
        return f"a connection like {credential.kind}"
    descriptions = [
        (mask(hint), group_fingerprint(credential.fingerprints.get(name, "")))
        for name, hint in credential.hints.items()
        if name not in credential.references
    ]
    # All of it: to confirm a reference is to let it run.
    descriptions += [(one_line(text, 10_000), "") for _, text in sorted(credential.references.items())]
    key = ", ".join(f"{hint} {fingerprint}".strip() for hint, fingerprint in descriptions) or "no key"
    return f"{key}, sent to {', '.join(credential.origins) or 'nowhere'}"
