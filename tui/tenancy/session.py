"""Sessions: storage, network and open keys of a process; `TenantSession` binds one tenant.

$DATA/tenants/<id>/settings.json       one store for each tenant
$DATA/tenants/<id>/audit.log           what was done
$DATA/tenants/<id>/last-used           a time
$DATA/tenants/<id>/history/            chats that are kept, each line sealed
$KEYS/<id>/<key id>.pem                its private key
$KEYS/<id>/<key id>.pub                the public key that belongs to it
$KEYS/<id>/fingerprint.key             the key of the fingerprints of its secrets
$KEYS/<id>/counter, manifest.sha256    the counter and the digest of its last manifest
$KEYS/<id>/audit/                      the head of its audit log
$KEYS/_person/<key id>.pem             a person's own private key, for which shared tenants' keys are sealed
$DATA/operator, $KEYS/operator         the same for the operator, whose keys are lent as trials
"""

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from tui import config
from tui.config import Config
from tui.errors import Problem
from tui.paths import Paths, paths
from tui.process import identity
from tui.storage import folder_safety
from tui.storage.audit_log import AuditEvent, Log
from tui.storage.folder import DiskFolder, Folder
from tui.storage.lock import TIMEOUT
from tui.storage.settings_file import Document
from tui.storage.store import Store
from tui.storage.watch import FileWatch, StoreWatch
from tui.tenancy import changes
from tui.tenancy.actor import who
from tui.tenancy.serialization import invalid_record
from tui.vault import key_derivation, key_pair
from tui.vault.envelope import KeyHandle

if TYPE_CHECKING:
    from tui.process.references import ReferenceCache
    from tui.providers.client.client import Client
    from tui.vault.agent.client import Agent

OPERATOR = "operator"
"""The id that no tenant can have: what is kept under it is the operator's."""

_CACHE_KEYS = "_store-cache"
"""The folder of the key that seals what was read of a shared store."""


@dataclass
class Session:
    """One process's view of the workspace. `client_factory` creates the client at the first request."""

    data: Folder
    keys: Folder
    client_factory: Callable[[], "Client"]
    environ: Mapping[str, str] = field(default_factory=dict)
    config: Config = field(default_factory=Config)
    practice: bool = False
    key_bits: int = key_pair.BITS
    key_cost: int = key_derivation.COST
    clock: Callable[[], float] = time.time
    # A lambda, so that what tests put in its place counts.
    new_key_pair: Callable[[int], key_pair.NewKeyPair] = lambda bits: key_pair.generate_key_pair(bits)
    open_keys: dict[str, KeyHandle] = field(default_factory=dict, repr=False)
    """What the private key of each open tenant is used through, by tenant."""
    resolved: dict[str, "ReferenceCache"] = field(default_factory=dict, repr=False)
    """Values of references, by tenant."""
    closing: list[Callable[[], None]] = field(default_factory=list, repr=False)
    """What is called when the session closes."""
    undecryptable: dict[tuple[str, str, str], str] = field(default_factory=dict, repr=False)
    """Envelopes that turned out not to open, by tenant, provider and credential."""
    counters: dict[str, tuple[Hashable, int]] = field(default_factory=dict, repr=False)
    """The counter beside each private key, with the stamp of the file that it was read from."""
    protected_keys: dict[Hashable, tuple[Hashable, bool]] = field(default_factory=dict, repr=False)
    """Whether a key file has a passphrase, with the version token of the file that was read."""
    added_connections: set[tuple[str, str, str]] = field(default_factory=set, repr=False)
    """Connections that a person added in this process: tenant, name and kind."""
    restored_while_locked: set[str] = field(default_factory=set, repr=False)
    """Tenants of which an earlier state was put back here while they were locked."""
    audit_failure: Problem | None = None
    """Why something that was done could not be put into the audit log, if so."""
    cache: Folder | None = None
    """Where a console keeps what it read of a shared store."""
    _stores: dict[str, Store] = field(default_factory=dict, repr=False)

    @cached_property
    def watch(self) -> StoreWatch:
        """What tells of changes by others; begins when it is first asked for."""
        start = getattr(self.data, "watch", None)
        if start is None:
            return FileWatch()
        from tui.vault.sealed_bytes import SealedCache

        watch: StoreWatch = start(
            SealedCache(self.cache, self.keys.folder(_CACHE_KEYS)) if self.cache is not None else None
        )
        return watch

    @cached_property
    def client(self) -> "Client":
        """All network I/O; made on first use, as most commands need none."""
        return self.client_factory()

    @cached_property
    def agent(self) -> "Agent | None":
        """The unlock agent of the user, whether it runs or not; None in practice mode."""
        from tui.vault.agent.client import Agent

        return None if self.practice else Agent(self.environ)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What is to be minded about where things lie."""
        folders = {"settings": self.data, "keys": self.keys}
        return tuple(
            text
            for what, folder in folders.items()
            if folder.path
            for text in folder_safety.warnings(what, folder.path, folder.shared)
        )

    @cached_property
    def tenants(self) -> Folder:
        """The folder that holds one folder for each tenant."""
        self.data.names()  # one that others can open is refused, however private what lies in it
        return self.data.folder("tenants")

    def store(self, tenant_id: str) -> Store:
        """Return the settings of a tenant, or of the operator."""
        if tenant_id not in self._stores:
            # Named by `tenants` either way, so that a data folder which others can open is refused.
            folder = self.tenants.folder(tenant_id)
            folder = self.data.folder(OPERATOR) if tenant_id == OPERATOR else folder
            saved = partial(self._audit_save, tenant_id)
            self._stores[tenant_id] = Store(folder, "settings.json", self.clock, saved, invalid_record, self._writer)
        return self._stores[tenant_id]

    @property
    def shares(self) -> bool:
        """Whether the settings are in a shared store."""
        return hasattr(self.data, "database")

    def _writer(self) -> Mapping[str, Any]:
        """Return what others know this process by when it saves."""
        shared = getattr(self.data, "writer", identity.session)
        return dict(shared())

    def log(self, tenant_id: str) -> Log:
        """Return the audit log of a tenant, or of the operator."""
        folder = self.store(tenant_id).folder
        return Log(tenant_id, folder, self.keys.folder(tenant_id).folder("audit"), self.shares)

    def audit(self, tenant_id: str, done: str, *, wait: float = TIMEOUT, **about: Any) -> None:
        """Log an action that changes no settings (changes are logged by themselves).

        Nothing is logged for a removed tenant.

        Raises:
            Problem: The log cannot be written.
        """
        if tenant_id == OPERATOR or self.store(tenant_id).exists():
            with self.store(tenant_id).folder.lock(wait):
                self.log(tenant_id).append(self.now(), self.actor, [AuditEvent(done, about)])

    def audit_best_effort(self, tenant_id: str, done: str, *, wait: float = TIMEOUT, **about: Any) -> None:
        """Log an action, and set `audit_failure` instead of raising if the log cannot be written."""
        try:
            self.audit(tenant_id, done, wait=wait, **about)
        except Problem as problem:
            self.audit_failure = problem

    @cached_property
    def actor(self) -> Mapping[str, str]:
        """Who acts in this session."""
        return {"user": "practice"} if self.practice else who(self.environ)

    def _audit_save(self, tenant_id: str, before: Document | None, after: Document, restored: str) -> None:
        """Append a saved change to the audit log; a failure is reported, and nothing is rolled back."""
        if done := changes.describe_changes(before.data if before else None, after.data, restored):
            digest = changes.digest(before) if before else ""
            try:
                self.log(tenant_id).append(self.now(), self.actor, done, digest, changes.digest(after))
            except Problem as problem:
                self.audit_failure = problem

    def evict(self, tenant_id: str) -> None:
        """Forget the cached state and the opened key of a tenant."""
        self.open_keys.pop(tenant_id, None)
        self.forget_resolved(tenant_id)
        self.counters.pop(tenant_id, None)
        self._stores.pop(tenant_id, None)
        for place in [entry for entry in self.undecryptable if entry[0] == tenant_id]:
            del self.undecryptable[place]

    def forget_lost(self) -> list[str]:
        """Forget the handles whose private keys are in the agent no more; return the IDs of those tenants."""
        handles = [(place, key) for place, key in self.open_keys.items() if not isinstance(key, key_pair.PrivateKey)]
        if not handles or self.agent is None:
            return []
        present = {(entry.get("tenant"), entry.get("key_id")) for entry in self.agent.tenants()}
        lost = [place for place, key in handles if (place, key.key_id) not in present]
        for place in lost:
            self.open_keys.pop(place, None)
        return lost

    def forget_resolved(self, tenant_id: str) -> None:
        """Forget the values of a tenant's references."""
        self.resolved.pop(tenant_id, None)

    def now(self) -> str:
        """Return the time in UTC, ISO 8601."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.clock()))

    def today(self) -> str:
        """Return the date in UTC, YYYY-MM-DD."""
        return self.now()[:10]

    def tenant(self, tenant_id: str) -> "TenantSession":
        """Bind a tenant, or the operator, to this session. Nothing is read yet."""
        return TenantSession(self, tenant_id)

    async def aclose(self) -> None:
        """Close the connections, and forget the opened keys."""
        try:
            if "client" in self.__dict__:
                await self.client.aclose()
        finally:
            if "watch" in self.__dict__:
                import asyncio

                await asyncio.to_thread(self.__dict__.pop("watch").stop)
            # Stopping what runs at a provider needs its key.
            self.close()

    def close(self) -> None:
        """Do the same where no request was made."""
        if "watch" in self.__dict__:
            self.__dict__.pop("watch").stop()
        self.data.close()
        self.open_keys.clear()
        self.resolved.clear()
        for end in self.closing:
            end()


@dataclass(frozen=True)
class TenantSession:
    """One tenant of a session: its store, its keys, its log. Holds no state, so it sees what other processes write."""

    process: Session
    tenant_id: str

    @property
    def store(self) -> Store:
        """The settings of the tenant."""
        return self.process.store(self.tenant_id)

    @property
    def log(self) -> Log:
        """The audit log of the tenant."""
        return self.process.log(self.tenant_id)

    @property
    def keys(self) -> Folder:
        """The folder of the tenant's private keys."""
        return self.process.keys.folder(self.tenant_id)

    @property
    def history(self) -> Folder | None:
        """The folder of the tenant's chats; None where the settings are in a shared store."""
        return None if self.process.shares else self.store.folder.folder("history")

    @property
    def client(self) -> "Client":
        """The network client of the session."""
        return self.process.client

    @property
    def config(self) -> Config:
        """The preferences of the person at this session."""
        return self.process.config

    @property
    def practice(self) -> bool:
        """Whether this is practice mode."""
        return self.process.practice

    @property
    def clock(self) -> Callable[[], float]:
        """Seconds since the epoch."""
        return self.process.clock

    def now(self) -> str:
        """Return the time in UTC, ISO 8601."""
        return self.process.now()

    def today(self) -> str:
        """Return the date in UTC, YYYY-MM-DD."""
        return self.process.today()

    def audit(self, done: str, *, wait: float = TIMEOUT, **about: Any) -> None:
        """Append an event to the audit log. Raises Problem if it cannot be written."""
        self.process.audit(self.tenant_id, done, wait=wait, **about)

    def audit_best_effort(self, done: str, *, wait: float = TIMEOUT, **about: Any) -> None:
        """Append an event to the audit log; a failure is kept in `Session.audit_failure`."""
        self.process.audit_best_effort(self.tenant_id, done, wait=wait, **about)


def open_session(environ: Mapping[str, str]) -> Session:
    """Open the session of the user whose environment this is."""
    where = paths(environ)
    preferences = config.load(where)

    def client_factory() -> "Client":
        from tui.providers.client.client import Client
        from tui.providers.client.limits import limits_of

        return Client(environ, limits=limits_of(preferences))

    data = data_folder(environ, preferences, where)
    cache = DiskFolder(where.data).folder("store-cache")
    return Session(data, DiskFolder(where.keys), client_factory, environ, preferences, cache=cache)


def store_address(environ: Mapping[str, str], preferences: Config) -> str:
    """Return the address of the shared store; '' where the settings are files on this machine."""
    return environ.get("MODELDECK_STORE") or preferences.store


def data_folder(environ: Mapping[str, str], preferences: Config, where: Paths) -> Folder:
    """Return the folder of the settings: on this machine, or in the store that operators share.

    Raises:
        Problem: The address is not one that can be used, or what PostgreSQL needs is not installed.
    """
    address = store_address(environ, preferences)
    if not address:
        return DiskFolder(where.data)
    try:
        from tui.storage.postgres.folder import open_store
    except ImportError:
        raise Problem(
            "The packages for a shared store are not installed.", "Install modeldeck[postgres] in place of modeldeck."
        ) from None
    return open_store(address, environ)
