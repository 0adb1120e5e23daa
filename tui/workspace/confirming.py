"""What waits for a person: credentials that came into the settings without the private key."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from tui.domain import Credential
from tui.errors import Locked
from tui.text import grouped, mask
from tui.workspace import keys, manifest, retired, sealed, trust
from tui.workspace.desk import Desk
from tui.workspace.manifest import Finding, Manifest
from tui.workspace.trust import Standing


async def examine(desk: Desk, tenant_id: str) -> Standing:
    """How the credentials of an open tenant stand, the manifest proved; what does not open is known afterwards.

    Key files that nothing needs any more go: only here, where it is proved that the settings are the present ones.
    """

    def work() -> Standing:
        keys.private_key(desk, tenant_id)
        found = trust.standing(desk, tenant_id)
        for each in found.waiting:
            if each.now is not None and each.now.envelope:
                with suppress(Locked):
                    sealed.unproved_secrets(desk, tenant_id, each.now)
        if not found.alarm:
            retired.prune(desk, tenant_id)
        return found

    return await asyncio.to_thread(work)


def to_confirm(desk: Desk, tenant_id: str, found: Standing) -> tuple[Finding, ...]:
    """What can be confirmed: not what is known not to open."""
    return tuple(each for each in found.waiting if each.now is None or not sealed.is_shut(desk, tenant_id, each.now))


async def confirm(desk: Desk, tenant_id: str, seen: Sequence[Finding]) -> int:
    """Takes what was seen into the manifest, as far as it still is so; answers how much that was.

    An alarm ends by it: what was not among `seen` waits from then on as any other.
    """

    def work() -> int:
        accepted = 0
        private = keys.private_key(desk, tenant_id)
        last = keys.last_counter(desk, tenant_id)
        with desk.store(tenant_id).transaction() as tables:
            found, held = manifest.read(tables), manifest.held(tables)
            entries = {} if trust.alarm(found, tenant_id, private, last) else dict(found.entries)
            for each in seen:
                now = held.get(each.place)
                if now is None and each.now is None:
                    entries.pop(each.place, None)
                elif now is not None and each.now is not None and manifest.entry(now) == manifest.entry(each.now):
                    if now.envelope:
                        sealed.unproved_secrets(desk, tenant_id, now)
                    entries[each.place] = manifest.entry(now)
                else:
                    continue
                accepted += 1
            counter = max(found.counter, last) + 1
            trust.enter(tables, tenant_id, private, Manifest(counter, entries=entries))
        keys.count_up(desk, tenant_id, counter)
        return accepted

    return await asyncio.to_thread(work)


def about(finding: Finding) -> list[str]:
    """What tells a person whether a change is theirs: which key, and where it goes; before and now."""
    parts = ((finding.was, "was"), (finding.now, "now" if finding.was else ""))
    return [f"{when} {_described(each)}".strip() for each, when in parts if each is not None]


def _described(credential: Credential) -> str:
    found = [(mask(hint), grouped(credential.fingerprints.get(name, ""))) for name, hint in credential.hints.items()]
    key = ", ".join(f"{hint} {fingerprint}".strip() for hint, fingerprint in found) or "no key"
    return f"{key}, sent to {', '.join(credential.origins) or 'nowhere'}"
