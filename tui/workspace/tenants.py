"""Tenants: who settings belong to."""

import asyncio
import re
import unicodedata
from dataclasses import dataclass, replace

from tui import vault
from tui.domain import Credential, Default, Model, Origin, Tenant
from tui.errors import Locked, Problem, Usage
from tui.secret import Secret
from tui.store import Damaged, Earlier
from tui.text import one_line
from tui.workspace.desk import Desk
from tui.workspace.records import noun, record

LONGEST = 60
MARKS = 6
_SLUG = re.compile(r"[a-z0-9-]{1,64}")
_LAST_USED = "last-used"


@dataclass(frozen=True)
class TenantRow:
    """A tenant in a list. One whose settings cannot be read has no `tenant` but a `problem`."""

    tenant: Tenant | None
    id: str
    open: bool = False
    ready: int = 0
    defaults: int = 0
    last_used: str = ""
    problem: Problem | None = None


@dataclass(frozen=True)
class Removal:
    """What goes when a tenant is removed."""

    tenant: Tenant
    credentials: tuple[Credential, ...]
    added: tuple[Model, ...]
    defaults: tuple[Default, ...]
    fingerprint: str


def get(desk: Desk, tenant_id: str) -> Tenant:
    """The tenant of that id; Damaged when its settings cannot be read, Usage when there is none."""
    store = desk.store(_checked(tenant_id))
    if not store.exists() and not store.folder.generations(store.name):
        raise Usage(f"There is no tenant {tenant_id}.", "modeldeck tenant list shows them.")

    def read(tables: object) -> Tenant:
        metas = store.read().table("meta").all()
        if len(metas) != 1:
            raise Damaged("shape", "the entry for the tenant is missing or there twice", store.where)
        tenant = noun(Tenant, metas[0])
        if tenant.id != tenant_id:
            raise Damaged("shape", f"it belongs to the tenant {one_line(tenant.id, 64)}", store.where)
        return tenant

    return store.derive("tenant", read)


def ids(desk: Desk) -> list[str]:
    """The ids of all tenants, readable or not."""
    found = []
    for each in desk.tenants.folders():
        if _SLUG.fullmatch(each):
            store = desk.store(each)
            if store.exists() or store.folder.generations(store.name):
                found.append(each)
    return found


def rows(desk: Desk) -> list[TenantRow]:
    """All tenants by name; a damaged one is a row like the others."""
    return sorted((row(desk, each) for each in ids(desk)), key=lambda each: (_name(each).casefold(), each.id))


def row(desk: Desk, tenant_id: str) -> TenantRow:
    """One tenant as a row."""
    from tui.workspace import credentials, defaults

    try:
        tenant = get(desk, tenant_id)
        ready = sum(each.usable for each in credentials.rows(desk, tenant_id))
        chosen = sum(each.state == "ready" for each in defaults.rows(desk, tenant_id))
        used = one_line((desk.store(tenant_id).folder.read(_LAST_USED) or b"").decode("ascii", "replace"), 20)
        return TenantRow(tenant, tenant_id, is_open(desk, tenant_id), ready, chosen, used)
    except Problem as problem:
        return TenantRow(None, tenant_id, problem=problem)


def find(desk: Desk, name_or_id: str) -> Tenant:
    """The tenant of that name (without regard to case) or id."""
    readable = [each.tenant for each in map(lambda each: _readable(desk, each), ids(desk)) if each.tenant]
    for tenant in readable:
        if tenant.id == name_or_id:
            return tenant
    for tenant in readable:
        if _same(tenant.name, name_or_id):
            return tenant
    if name_or_id in ids(desk):
        return get(desk, name_or_id)
    names = ", ".join(one_line(tenant.name, 40) for tenant in readable[:8])
    raise Usage(
        f"There is no tenant {one_line(name_or_id, 80)}.",
        f"There are: {names}." if names else "modeldeck tenant create NAME makes the first.",
    )


def slug_for(desk: Desk, name: str) -> str:
    """A free id made from the name: `North Lab` gives `north-lab`, a Chinese name `tenant-2`."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:64].strip("-")
    taken = set(desk.tenants.folders()) | set(desk.keys.folders()) | {"operator"}
    if slug and slug not in taken:
        return slug
    stem = slug[:58] or "tenant"
    return next(each for n in range(2, len(taken) + 3) if (each := f"{stem}-{n}") not in taken)


def check_name(desk: Desk, name: str, except_id: str = "") -> None:
    """Usage if no tenant can have that name."""
    if not one_line(name, 1000):
        raise Usage("A tenant needs a name.", f"Up to {LONGEST} characters, any script.")
    if len(name.strip()) > LONGEST:
        raise Usage(f"A tenant's name has up to {LONGEST} characters; this one has {len(name.strip())}.", "Shorten it.")
    if one_line(name, 1000) != name.strip():
        raise Usage("A tenant's name is one line of plain characters.", "Type it again.")
    for each in ids(desk):
        tenant = _readable(desk, each).tenant
        if tenant and each != except_id and (_same(tenant.name, name) or each == name.strip().lower()):
            raise Usage(f"There is a tenant {tenant.name} already.", "Choose another name.")


async def create(
    desk: Desk,
    name: str,
    passphrase: Secret | None = None,
    *,
    id: str = "",  # noqa: A002
    mark: int = 0,
) -> Tenant:
    """Makes a tenant with a key pair of its own, opened in this process."""
    check_name(desk, name)
    tenant_id = id or slug_for(desk, name)
    if tenant_id == "operator" or not _SLUG.fullmatch(tenant_id):
        raise Usage(f"{one_line(tenant_id, 80)} cannot be an id.", "An id has 1 to 64 of a-z, 0-9 and -.")
    if tenant_id in ids(desk):
        raise Usage(f"There is a tenant with the id {tenant_id} already.", "Choose another id.")

    def work() -> Tenant:
        made = vault.make(desk.key_bits)
        tenant = Tenant(
            id=tenant_id,
            name=name.strip(),
            created=desk.now(),
            key_id=made.key_id,
            public_key=made.public_pem,
            fingerprint_key=vault.fingerprint_key(),
            protected=bool(passphrase),
            mark=mark % MARKS,
        )
        # The key first: killed in between, a key without settings is left, never settings without their key.
        keys = desk.keys.folder(tenant_id)
        with keys.lock():
            keys.write(_pem(tenant), vault.export(made.private, passphrase, desk.key_cost))
        desk.store(tenant_id).create(record(tenant))
        desk.open_keys[tenant_id] = made.private
        return tenant

    return await asyncio.to_thread(work)


async def rename(desk: Desk, tenant_id: str, name: str) -> Tenant:
    """Gives a tenant another name; its id stays."""
    check_name(desk, name, except_id=tenant_id)
    return await asyncio.to_thread(_change, desk, replace(get(desk, tenant_id), name=name.strip()))


async def set_passphrase(desk: Desk, tenant_id: str, new: Secret | None) -> Tenant:
    """Sets, changes or (with None) removes the passphrase of an open tenant."""
    tenant = get(desk, tenant_id)
    private = private_key(desk, tenant_id)

    def work() -> Tenant:
        keys = desk.keys.folder(tenant_id)
        with keys.lock():
            keys.write(_pem(tenant), vault.export(private, new, desk.key_cost))
        return _change(desk, replace(tenant, protected=bool(new)))

    return await asyncio.to_thread(work)


async def remove(desk: Desk, tenant_id: str) -> None:
    """Removes a tenant for good: first its private key, so that whatever is left of it cannot be opened."""
    if _checked(tenant_id) not in ids(desk):
        raise Usage(f"There is no tenant {tenant_id}.", "modeldeck tenant list shows them.")

    def work() -> None:
        desk.keys.folder(tenant_id).destroy()
        desk.store(tenant_id).folder.destroy()
        desk.forget(tenant_id)

    await asyncio.to_thread(work)


async def unlock(desk: Desk, tenant_id: str, passphrase: Secret | None = None) -> None:
    """Opens the keys of a tenant in this process."""
    if tenant_id not in desk.open_keys:
        desk.open_keys[tenant_id] = await asyncio.to_thread(_load, desk, get(desk, tenant_id), passphrase)


def lock(desk: Desk, tenant_id: str) -> None:
    """Forgets the opened keys. A tenant without a passphrase cannot be locked."""
    tenant = get(desk, tenant_id)
    if not tenant.protected:
        raise Problem(f"{tenant.name} has no passphrase.", "Set one to be able to lock it.")
    desk.open_keys.pop(tenant_id, None)


def is_open(desk: Desk, tenant_id: str) -> bool:
    """Whether keys can be opened without asking: unlocked in this process, or no passphrase."""
    return tenant_id in desk.open_keys or not get(desk, tenant_id).protected


def private_key(desk: Desk, tenant_id: str) -> vault.PrivateKey:
    """The opened private key; without a passphrase it opens by itself, else Locked."""
    if tenant_id not in desk.open_keys:
        tenant = get(desk, tenant_id)
        if tenant.protected:
            raise Locked(f"{tenant.name} is locked.", "Unlock it with its passphrase.")
        desk.open_keys[tenant_id] = _load(desk, tenant, None)
    return desk.open_keys[tenant_id]


def removal(desk: Desk, tenant_id: str) -> Removal:
    """What would go with a tenant, for the question that is asked first."""
    from tui.workspace import models
    from tui.workspace.sealed import stored

    tenant = get(desk, tenant_id)
    added = tuple(each for each in models.listing(desk, tenant_id) if each.origin is Origin.ADDED)
    defaults = tuple(models.defaults(desk, tenant_id).values())
    return Removal(tenant, tuple(stored(desk, tenant_id)), added, defaults, tenant.key_id)


def touch(desk: Desk, tenant_id: str) -> None:
    """Notes that a tenant was used now; nothing depends on it."""
    folder = desk.store(tenant_id).folder
    try:
        if desk.store(tenant_id).exists():
            with folder.lock(wait=0.0):
                folder.write(_LAST_USED, desk.now().encode())
    except Problem:
        return


def last_used(desk: Desk) -> str:
    """The id of the tenant used last, or ''."""
    times = {each: desk.store(each).folder.read(_LAST_USED) or b"" for each in ids(desk)}
    return max(times, key=lambda each: times[each], default="")


def earlier(desk: Desk, tenant_id: str) -> list[Earlier]:
    """The earlier states of a tenant's settings, newest first."""
    return desk.store(_checked(tenant_id)).earlier()


async def restore(desk: Desk, tenant_id: str, name: str) -> str:
    """Puts an earlier state in place; answers under which name the settings that were there are kept ('' for none)."""
    return await asyncio.to_thread(desk.store(_checked(tenant_id)).restore, name)


def key_path(desk: Desk, tenant: Tenant) -> str:
    """Where the private key is, for people."""
    folder = desk.keys.folder(tenant.id)
    return str(folder.path / _pem(tenant)) if folder.path else _pem(tenant)


def has_key(desk: Desk, tenant: Tenant) -> bool:
    """Whether the private key is where it should be."""
    return tenant.id in desk.open_keys or desk.keys.folder(tenant.id).stamp(_pem(tenant)) is not None


def _load(desk: Desk, tenant: Tenant, passphrase: Secret | None) -> vault.PrivateKey:
    pem = desk.keys.folder(tenant.id).read(_pem(tenant))
    if pem is None:
        raise Locked(
            f"The key file of {tenant.name} is not there.",
            f"Put back {key_path(desk, tenant)}, or set the providers up again.",
        )
    private = vault.load(pem, passphrase)
    if private.key_id != tenant.key_id or private.public_pem.split() != tenant.public_key.split():
        raise Locked(
            "The key file of this tenant is not the one its settings were sealed with.",
            f"Put back {key_path(desk, tenant)}, or set the providers up again.",
        )
    return private


def _change(desk: Desk, tenant: Tenant) -> Tenant:
    with desk.store(tenant.id).transaction() as tables:
        tables.table("meta").truncate()
        tables.table("meta").insert(record(tenant))
    return tenant


def _readable(desk: Desk, tenant_id: str) -> TenantRow:
    try:
        return TenantRow(get(desk, tenant_id), tenant_id)
    except Problem as problem:
        return TenantRow(None, tenant_id, problem=problem)


def _pem(tenant: Tenant) -> str:
    return f"{tenant.key_id}.pem"


def _checked(tenant_id: str) -> str:
    if not _SLUG.fullmatch(tenant_id):
        raise Usage(f"There is no tenant {one_line(tenant_id, 80)}.", "modeldeck tenant list shows them.")
    return tenant_id


def _name(row: TenantRow) -> str:
    return row.tenant.name if row.tenant else row.id


def _same(one: str, other: str) -> bool:
    def folded(text: str) -> str:
        return unicodedata.normalize("NFKC", text).strip().casefold()

    return folded(one) == folded(other)
