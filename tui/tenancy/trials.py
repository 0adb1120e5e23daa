"""The operator's store: trial keys, what each trial allows, and how much is used.

$DATA/operator/settings.json           trial keys, sealed; allowed models; quota; by tenant calls used, held and told
$KEYS/operator/<key id>.pem            the operator's own private key

It is a settings file like a tenant's, with its owner in the place of the tenant. Counts go by the tenant's ID and stay
when the tenant's own settings are restored, replaced or removed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tui.domain import KeySource, Model, Tenant
from tui.errors import Action, Problem, Remedy, UsageError
from tui.process import identity
from tui.providers import PROVIDERS
from tui.providers import provider as provider_of
from tui.storage.store import Tables
from tui.tenancy import keyring
from tui.tenancy.serialization import from_record, to_record
from tui.tenancy.session import OPERATOR, Session, TenantSession
from tui.tenancy.tenants import tenant_of

if TYPE_CHECKING:
    from tui.storage.postgres.database import Database

_LOW_DIVISOR = 10
"""A trial is low when less than one part in this many is left."""


@dataclass(frozen=True)
class Trial:
    """What the operator lends of a provider: requests per tenant, and the models they are for."""

    provider: str = field(metadata={"identity": True})
    calls: int
    models: tuple[str, ...]
    changed: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "models", tuple(self.models))


@dataclass(frozen=True)
class TrialBalance:
    """A tenant's balance of a trial."""

    left: int
    calls: int

    @property
    def low(self) -> bool:
        """Whether it will soon be used up."""
        return self.left * _LOW_DIVISOR <= self.calls

    @property
    def words(self) -> str:
        """`trial 88 of 100 left`."""
        return f"trial {self.left:,} of {self.calls:,} left"


class TrialExhausted(Problem):
    """Raised when no request of a trial is left. Nothing was sent."""

    def __init__(self, provider_id: str, used: int, calls: int) -> None:
        label = provider_of(provider_id).label
        if used >= calls:
            message = f"The trial of {label} is used up: {used:,} of {calls:,} requests."
            hint = "Nothing was sent. Use your own key, or ask the operator for more requests."
        else:
            message = f"The last requests of the trial of {label} are still running."
            hint = "Nothing was sent. A failed request does not count; retry then."
        super().__init__(message, hint)
        self.provider = provider_id


def trials(session: Session) -> Mapping[str, Trial]:
    """Return the trials by provider; none if the operator's store is missing or unreadable."""

    def read(tables: Tables) -> dict[str, Trial]:
        return {entry.provider: entry for entry in (from_record(Trial, record) for record in tables.table("trials"))}

    store = session.store(OPERATOR)
    try:
        return store.cached("trials", read, table="trials") if store.exists() else {}
    except Problem:
        return {}


def trial(session: Session, provider_id: str) -> Trial:
    """Return the trial of a provider.

    Raises:
        Problem: There is none, or the operator's store cannot be read.
    """
    label = provider_of(provider_id).label
    if session.store(OPERATOR).exists():
        session.store(OPERATOR).read()
    existing = trials(session).get(provider_id)
    if existing is None:
        raise UsageError(f"There is no trial of {label}.", "The operator can set one up; your own key needs none.")
    return existing


def left(session: TenantSession, provider_id: str) -> TrialBalance | None:
    """Return a tenant's balance of a trial, without requests under way; None without a trial."""
    return balances(session).get(provider_id)


def balances(session: TenantSession) -> dict[str, TrialBalance]:
    """Return a tenant's balance of each trial by provider, without requests under way."""
    existing = trials(session.process)
    if not existing:
        return {}
    used, running = _counts(session.process)
    return {
        name: TrialBalance(
            max(0, entry.calls - used.get((session.tenant_id, name), 0) - running.get((session.tenant_id, name), 0)),
            entry.calls,
        )
        for name, entry in existing.items()
    }


def chosen_sources(session: TenantSession) -> Mapping[str, KeySource]:
    """Return whose key a person chose for requests, by provider."""

    def read(tables: Tables) -> dict[str, KeySource]:
        own, trial_source = str(KeySource.OWN), str(KeySource.TRIAL)
        return {
            entry.get("provider", ""): KeySource(entry["source"])
            for entry in tables.table("sources")
            if entry.get("source") in (own, trial_source)
        }

    return session.store.cached("sources", read, table="sources")


def used_by(session: Session, provider_id: str) -> dict[str, int]:
    """Return the requests used of a trial, by tenant ID."""
    used, _ = _counts(session)
    return {tenant_id: calls for (tenant_id, of), calls in sorted(used.items()) if of == provider_id}


def trial_models(session: Session, provider_id: str) -> tuple[Model, ...]:
    """Return the models of a trial."""

    def read(tables: Tables) -> tuple[Model, ...]:
        return tuple(from_record(Model, entry) for entry in tables.table("models"))

    existing = trials(session).get(provider_id)
    if existing is None:
        return ()
    stored = session.store(OPERATOR).cached("models", read, table="models")
    return tuple(entry for entry in stored if entry.provider == provider_id and entry.id in existing.models)


def trial_models_of(session: TenantSession) -> tuple[Model, ...]:
    """Return a tenant's models of trials for providers that it has no credential of."""

    def read(tables: Tables) -> frozenset[str]:
        return frozenset(entry.get("provider", "") for entry in tables.table("credentials"))

    providers = [trial for trial in trials(session.process) if trial in PROVIDERS]
    if not providers or session.tenant_id == OPERATOR:
        return ()
    own = session.store.cached("providers", read, table="credentials")
    return tuple(model for entry in providers if entry not in own for model in trial_models(session.process, entry))


def opened_store(session: Session) -> Tenant:
    """Return the operator, the owner of the trials; created with its key pair when first needed."""
    store = session.store(OPERATOR)
    if store.exists():
        keyring.move_fingerprint_key(session.tenant(OPERATOR))
        return tenant_of(session.tenant(OPERATOR))
    new = session.new_key_pair(session.key_bits)
    owner = Tenant(OPERATOR, OPERATOR, session.now(), new.key_id, new.public_pem)
    keyring.write(session.tenant(OPERATOR), owner, new.private, None)
    try:
        store.create(to_record(owner))
    except Problem:
        # Another process was first: its key pair is the one.
        keyring.discard(session.tenant(OPERATOR), owner)
        if session.shares and not store.exists():
            what = "The trials of this store belong to other operators."
            raise Problem(what, "Nothing was changed.", remedy=Remedy(Action.RECEIVE_KEY)) from None
        return tenant_of(session.tenant(OPERATOR))
    return owner


Counts = Mapping[tuple[str, str], int]


def shared_counts(session: Session) -> "Database | None":
    """Return the database that counts the requests of trials; None where the operator's store does."""
    database: Database | None = getattr(session.data, "database", None)
    return database


def stored_uses(session: Session) -> Counts:
    """Return the requests used by tenant and provider, as the operator's store has them."""

    def read(tables: Tables) -> Counts:
        return {(entry["tenant"], entry["provider"]): int(entry["calls"]) for entry in tables.table("used")}

    store = session.store(OPERATOR)
    return store.cached("used", read, table="used") if store.exists() else {}


def _counts(session: Session) -> tuple[Counts, Counts]:
    """Return the requests used and those under way, by tenant and provider."""
    used, running = dict(stored_uses(session)), dict[tuple[str, str], int]()
    if (database := shared_counts(session)) is not None:
        for key, (calls, pending) in database.trial_counts().items():
            used[key], running[key] = calls, pending
        return used, running

    def read(tables: Tables) -> tuple[dict[str, Any], ...]:
        return tuple(dict(entry) for entry in tables.table("reservations"))

    store = session.store(OPERATOR)
    for entry in store.cached("reservations", read, table="reservations") if store.exists() else ():
        if identity.is_alive(entry, session.clock()):
            key = (entry["tenant"], entry["provider"])
            running[key] = running.get(key, 0) + 1
    return used, running
