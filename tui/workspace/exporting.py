"""A tenant's settings as a file: without secrets to be read and compared, or with them under a passphrase."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tui import vault_file
from tui.domain import Credential, Source
from tui.errors import Locked, Problem, Usage
from tui.providers import provider as provider_of
from tui.secret import Secret
from tui.text import one_line
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
    """The settings of a tenant as a file: without secrets, or with them under a passphrase (the tenant is open then).

    Secrets are handed over only once that is in the audit log.
    """

    def work() -> Exported:
        held, without = _bundle(desk, tenant_id, passphrase is not None)
        protected = passphrase is not None
        tell = desk.record if protected else desk.note
        tell(tenant_id, "exported", secrets=protected, credentials=[called(each) for each in held.credentials])
        text = bundle.written(held)
        if passphrase is not None:
            text = vault_file.protect(text.encode(), passphrase, desk.key_cost)
        return Exported(text, tuple(without))

    return await asyncio.to_thread(work)


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


def keep(text: str, path: Path, force: bool = False) -> None:
    """Puts a file where a person wants it, readable for its owner alone from birth, at once or not at all.

    Usage if something is there already; with `force` that is replaced (a link itself, not what it leads to).
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    mine: list[Path] = []
    try:
        if not force:
            os.close(os.open(path, flags, 0o600))
            mine.append(path)
        with os.fdopen(os.open(temporary, flags, 0o600), "w", encoding="utf-8") as file:
            mine.append(temporary)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        for each in mine:
            each.unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            raise Usage(f"{one_line(str(path))} is there already.", "Name another file, or --force.") from None
        said = os.strerror(error.errno or 0).lower()
        raise Problem(f"{one_line(str(path))} cannot be written: {said}.", "Nothing was exported.") from None
