"""A tenant's settings as a file: without secrets to be read and compared, or with them under a passphrase."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from tui import vault_file
from tui.domain import Credential, Source
from tui.errors import Locked
from tui.providers import provider as provider_of
from tui.secret import Secret
from tui.workspace import bundle, keys, sealed, shelf, sources
from tui.workspace.bundle import Bundle, Kept
from tui.workspace.desk import Desk
from tui.workspace.naming import get
from tui.workspace.trial_store import trials


@dataclass(frozen=True)
class Exported:
    """A file as text. `without` names credentials whose secrets could not be opened and are not in it."""

    text: str
    without: tuple[str, ...] = ()


async def export(desk: Desk, tenant_id: str, passphrase: Secret | None = None) -> Exported:
    """A tenant's settings as a file: without secrets, or with them under a passphrase (the tenant is open then)."""
    return await asyncio.to_thread(exported, desk, tenant_id, passphrase)


def exported(desk: Desk, tenant_id: str, passphrase: Secret | None = None) -> Exported:
    """The same where waiting is no matter. Secrets are handed over only once that is in the audit log."""
    held, without = _bundle(desk, tenant_id, passphrase is not None)
    tell = desk.note if passphrase is None else desk.record
    names = [called(each) for each in held.credentials]
    tell(tenant_id, "exported", secrets=passphrase is not None, credentials=names)
    text = bundle.written(held)
    if passphrase is not None:
        text = vault_file.protect(text.encode(), passphrase, desk.key_cost)
    return Exported(text, tuple(without))


def _bundle(desk: Desk, tenant_id: str, with_secrets: bool) -> tuple[Bundle, list[str]]:
    tenant, stored, without = get(desk, tenant_id), sealed.stored(desk, tenant_id), []
    if with_secrets:
        keys.private_key(desk, tenant_id)
    kept: list[Kept] = []
    for each in sorted(stored, key=lambda each: (each.provider, each.name)):
        opened: Mapping[str, Secret] = {}
        if with_secrets:
            try:
                opened = sealed.secrets(desk, tenant_id, each)
            except Locked:
                without.append(called(each))
        kept.append(Kept(each.provider, each.name, each.clear, tuple(each.hints), opened, each.plain_http))
    chosen = {each: Source.TRIAL for each in trials(desk) if sources.source(desk, tenant_id, each) is Source.TRIAL}
    own = {each.provider for each in stored}
    return Bundle(
        tenant.id,
        tenant.name,
        tuple(kept),
        {each.provider: each.name for each in stored if each.active},
        {each: source for each, source in chosen.items() if each in own},
        shelf.stored(desk, tenant_id),
        tuple(shelf.defaults(desk, tenant_id).values()),
    ), without


def called(each: Kept | Credential) -> str:
    """A credential in a sentence."""
    return f"{provider_of(each.provider).label} {each.name}"
