"""The tenants' IDs and names."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from tui.domain import Tenant
from tui.errors import Action, Problem, Remedy, UsageError, did_you_mean
from tui.sanitize import has_invisible, is_confusable, one_line
from tui.storage.settings_file import CorruptSettings, Damage
from tui.storage.store import Tables
from tui.tenancy.serialization import from_record
from tui.tenancy.session import OPERATOR, Session, TenantSession
from tui.vault import key_pair

MAX_NAME = 60
_SLUG = re.compile(r"[a-z0-9-]{1,64}")
_KEY_ID = re.compile(r"[0-9a-f]{8,64}")
_FINGERPRINT_KEY = re.compile(r"(?:[0-9a-f]{2})*")


def tenant_of(session: TenantSession) -> Tenant:
    """Return the tenant. Whether it has a passphrase is read from its key file, not from its settings.

    Raises:
        CorruptSettings: if its settings cannot be read.
        UsageError: if there is no such tenant.
    """
    store = session.process.store(known_id(session.tenant_id))
    if not store.exists() and not store.folder.generations(store.name):
        raise UsageError(f"There is no tenant {session.tenant_id}.", remedy=Remedy(Action.LIST_TENANTS))

    def read(tables: Tables) -> Tenant:
        metas = tables.table("meta").all()
        if len(metas) != 1:
            raise CorruptSettings(Damage.SHAPE, "the entry for the tenant is missing or appears twice", store.where)
        tenant = from_record(Tenant, metas[0])
        if tenant.id != session.tenant_id:
            raise CorruptSettings(Damage.SHAPE, f"it belongs to the tenant {one_line(tenant.id, 64)}", store.where)
        if not _KEY_ID.fullmatch(tenant.key_id) or not _FINGERPRINT_KEY.fullmatch(tenant.fingerprint_key):
            raise CorruptSettings(Damage.SHAPE, "the entry for the tenant is not valid", store.where)
        return tenant

    tenant = store.cached("tenant", read)
    protected = _has_passphrase(session, tenant)
    return tenant if protected == tenant.protected else replace(tenant, protected=protected)


def _has_passphrase(session: TenantSession, tenant: Tenant) -> bool:
    """Return True if the key file is protected; what the settings say counts only where there is no key file."""
    name = f"{tenant.key_id}.pem"
    for folder in (session.keys, session.keys.folder("retired")):
        if (token := folder.version_token(name)) is not None:
            place = (session.tenant_id, name, folder.path)
            cached = session.process.protected_keys.get(place)
            if cached is None or cached[0] != token:
                cached = (token, key_pair.is_protected(folder.read(name) or b""))
                session.process.protected_keys[place] = cached
            return cached[1]
    return tenant.protected


def shared_name(tenant: Tenant) -> str:
    """Return what operators share, as people call it: a tenant, or the API keys of trials."""
    return "the trials" if tenant.id == OPERATOR else tenant.name


def as_stored(session: Session, tenant: Tenant) -> Tenant:
    """Return a tenant as it is stored: a shared store says nothing of passphrases, as each machine has its own."""
    return replace(tenant, protected=False) if session.shares else tenant


def ids(session: Session) -> list[str]:
    """Return the IDs of all tenants, readable or not."""
    return [
        folder
        for folder in session.tenants.folders()
        if _SLUG.fullmatch(folder) and folder != OPERATOR and _has_settings(session.tenant(folder))
    ]


def readable(session: Session) -> Iterator[Tenant]:
    """Yield the tenants whose settings can be read."""
    return (tenant for tenant_id in ids(session) if (tenant := _readable(session.tenant(tenant_id))))


def names(session: Session) -> list[str]:
    """Return the tenants' names, sorted; the ID in place of a name that cannot be read."""
    called = (
        tenant.name if (tenant := _readable(session.tenant(tenant_id))) else tenant_id for tenant_id in ids(session)
    )
    return sorted(called, key=str.casefold)


def find(session: Session, name_or_id: str) -> Tenant:
    """Return the tenant of that ID or name, ignoring case."""
    # By its id it is found without a look at the others.
    if name_or_id != OPERATOR and _SLUG.fullmatch(name_or_id) and (by_id := _readable(session.tenant(name_or_id))):
        return by_id
    tenants = list(readable(session))
    for tenant in tenants:
        if _same(tenant.name, name_or_id):
            return tenant
    if name_or_id in ids(session):
        return tenant_of(session.tenant(name_or_id))
    known = [one_line(tenant.name, 40) for tenant in tenants]
    names = ", ".join(known[:8]) + (f" and {len(known) - 8:,} more" if len(known) > 8 else "")
    near = did_you_mean(name_or_id, known)
    raise UsageError(
        f"There is no tenant {one_line(name_or_id, 80)}.",
        f"{near}There are: {names}." if names else "",
        remedy=None if names else Remedy(Action.CREATE_TENANT),
    )


def slug_for(session: Session, name: str) -> str:
    """Return an unused ID made from the name: `North Lab` gives `north-lab`, a Chinese name `tenant-2`."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:64].strip("-")
    existing = set(session.tenants.folders()) | set(session.keys.folders()) | {OPERATOR}
    if slug and slug not in existing:
        return slug
    stem = slug[:58] or "tenant"
    return next(candidate for n in range(2, len(existing) + 3) if (candidate := f"{stem}-{n}") not in existing)


def check_name(session: Session, name: str, except_id: str = "") -> None:
    """Raise UsageError if no tenant can have that name."""
    if not one_line(name, 1000):
        raise UsageError("A tenant needs a name.", f"Up to {MAX_NAME} characters, any script.")
    if len(name.strip()) > MAX_NAME:
        raise UsageError(
            f"A tenant's name has up to {MAX_NAME} characters; this one has {len(name.strip())}.", "Shorten it."
        )
    if one_line(name, 1000) != name.strip() or has_invisible(name):
        raise UsageError("A tenant's name is one line of printable characters.", "Type it again.")
    for tenant_id in ids(session):
        tenant = _readable(session.tenant(tenant_id))
        if tenant and tenant_id != except_id and (is_confusable(tenant.name, name) or is_confusable(tenant_id, name)):
            raise UsageError(f"A tenant named {tenant.name} already exists.", "Choose another name.")


def similar_names(session: TenantSession) -> tuple[str, ...]:
    """Return the names of tenants that look like this one's where they are cut."""
    name = tenant_of(session).name
    others = (
        _readable(session.process.tenant(tenant_id))
        for tenant_id in ids(session.process)
        if tenant_id != session.tenant_id
    )
    ends = (name[:1], name[-1:])
    return tuple(other.name for other in others if other and (other.name[:1], other.name[-1:]) == ends)


def check_id(tenant_id: str) -> None:
    """Raise UsageError if no tenant can have that ID."""
    if tenant_id == OPERATOR or not _SLUG.fullmatch(tenant_id):
        raise UsageError(f"{one_line(tenant_id, 80)} is not a valid ID.", "Use 1 to 64 of a-z, 0-9 and -.")


def _has_settings(session: TenantSession) -> bool:
    store = session.store
    try:
        return store.exists() or bool(store.folder.generations(store.name))
    except Problem:
        return True  # something is there that cannot be looked at: a row of its own says what


def known_id(tenant_id: str) -> str:
    """Return the ID if it is valid; it becomes the name of a folder."""
    if not _SLUG.fullmatch(tenant_id):
        raise UsageError(f"There is no tenant {one_line(tenant_id, 80)}.", remedy=Remedy(Action.LIST_TENANTS))
    return tenant_id


def _same(one: str, other: str) -> bool:
    def folded(text: str) -> str:
        return unicodedata.normalize("NFKC", text).strip().casefold()

    return folded(one) == folded(other)


def _readable(session: TenantSession) -> Tenant | None:
    try:
        return tenant_of(session)
    except Problem:
        return None
