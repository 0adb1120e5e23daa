"""S3, S4: servers that die or are replaced, and hosts that are cut off."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event
from typing import Any
from unittest.mock import patch

from tests.campaign.figures import Result
from tests.campaign.shared.hosts import acme, add, cut_proxy, root_at, through, values
from tests.doubles.postgres_server import OPERATORS, Server, SharedStore, shared_store
from tests.doubles.practice import practice_session
from tests.storage.postgres.cut_proxy import CutProxy
from tui.errors import Problem
from tui.practice.tenants import BITS, COST
from tui.storage.memory_folder import MemoryFolder
from tui.storage.postgres import watcher as watcher_module
from tui.storage.postgres.address import parse
from tui.storage.postgres.connection import StoreUnreachable
from tui.storage.postgres.schema import initialize
from tui.storage.postgres.watcher import Watcher
from tui.storage.store import Store
from tui.tenancy import credentials, keyring, verification
from tui.tenancy.session import Session, TenantSession
from tui.workspace import audit, tenants
from tui.workspace.credentials.save import save

TIMEOUT = 60.0
"""Seconds within which what is waited for has to happen."""


def until(condition: Callable[[], object]) -> float:
    """Wait for a condition, and return the seconds that passed."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < TIMEOUT
        Event().wait(0.01)
    return time.monotonic() - began


def failovers(count: int, seed: int) -> Result:
    """Servers that stop for a while, are killed and started again, or are replaced by a standby of either kind."""
    lost = unnamed = silent = missing = 0
    # One standby that is not synchronous; from two on, every other one is.
    for number in range(count):
        killed, absent, is_named, control = _replace(synchronous=bool(number % 2))
        lost += killed + (absent if number % 2 else 0)
        if not number % 2:
            missing += absent
            unnamed += absent > 0 and not is_named
            silent += not control
    words = f"killed, or replaced by a synchronous standby: {lost} acknowledged saves lost; by an asynchronous one: "
    words += f"{missing} lost, {unnamed} of them unnamed"
    without = f"a machine without marks is silent {silent} times"
    return Result(count, lost + unnamed, words, without, silent > 0 and missing > 0)


def _killed_and_started(server: Server) -> int:
    """How many acknowledged saves are missing after the server was stopped, went on, was killed and started again."""
    with server.administrator("postgres") as connection:
        connection.execute("CREATE DATABASE killed")
    initialize(parse(server.address("killed", "postgres"), {}), OPERATORS)
    store = acme(root := root_at(server.address("killed", "ada"), deadline=0.5))
    store.create({"id": "acme"})
    acknowledged = []
    for number in range(9):
        backend = root.database.link.connection().info.backend_pid
        if number == 3:
            os.kill(backend, signal.SIGSTOP)
        if number == 6:
            server.kill()
            server.start()
        try:
            add(store, number)
            acknowledged.append(number)
        except StoreUnreachable:
            continue
        finally:
            if number == 3:
                os.kill(backend, signal.SIGCONT)
    stored = values(acme(root_at(server.address("killed", "ada"))))
    root.close()
    return sum(stored.count(number) != 1 for number in acknowledged)


def _replace(synchronous: bool) -> tuple[int, int, bool, bool]:
    """Acknowledged saves lost by a kill, and by a standby; whether ada's machine and one without marks say so."""
    primary = Server()
    proxy = CutProxy(primary.folder)
    standby: Server | None = None
    try:
        killed = _killed_and_started(primary)
        initialize(parse(primary.address("postgres", "postgres"), {}), OPERATORS)
        for path in (proxy.folder, *proxy.folder.iterdir()):
            path.chmod(0o777)  # the servers may be another user's
        standby = Server(primary=proxy.folder)
        address = f"postgresql:///postgres?host={primary.folder},{standby.folder}&user=ada"
        ada, keys = _machine(address)
        tenant = ada.tenant(asyncio.run(tenants.create(ada, "North Lab")).id)
        acknowledged = _saves(tenant, 1)
        with primary.administrator("postgres") as connection:
            until(lambda: _replay(connection))
            if synchronous:
                connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                connection.execute("SELECT pg_reload_conf()")
                until(lambda: _synchronous(connection))
        acknowledged += _saves(tenant, 2)
        if not synchronous:
            with primary.administrator("postgres") as connection:
                until(lambda: _replay(connection))
        proxy.swallow()
        acknowledged += _saves(tenant, 3)
        primary.kill()
        proxy.refuse()
        with standby.administrator("postgres") as connection:
            connection.execute("SELECT pg_promote()")
        ada.data.close()
        ada.data.database.refresh()  # type: ignore[attr-defined]
        stored = [entry.name for entry in credentials.stored(tenant)]
        missing = sum(name not in stored for name in acknowledged)
        is_named = _says_so(tenant)
        without = _machine(address, keys)[0].tenant(tenant.tenant_id)
        for name in (keyring.COUNTER, keyring.MANIFEST):
            without.keys.remove(name)
        without.keys.folder("audit").destroy()
        return killed, missing, is_named, _says_so(without)
    finally:
        proxy.close()
        for server in filter(None, (primary, standby)):
            server.remove()


def _machine(address: str, keys: MemoryFolder | None = None) -> tuple[Session, MemoryFolder]:
    """Return Ada's session with the private keys of one of her machines."""
    keys = keys or MemoryFolder()
    environ = {"USER": "ada"}
    root = root_at(address, deadline=1.0)
    return Session(root, keys, practice_session(pace=0.0).client_factory, environ, key_bits=BITS, key_cost=COST), keys


def _saves(tenant: TenantSession, number: int) -> list[str]:
    """Save a credential; return its name if that was acknowledged."""
    name = f"key-{number}"
    try:
        asyncio.run(save(tenant, "openai", {"api_key": f"sk-test-not-real-{number}-0123456789"}, name=name))
    except Problem:
        return []
    return [name]


def _says_so(tenant: TenantSession) -> bool:
    keyring.private_key(tenant)
    findings = " ".join(finding.sentence for finding in audit.check(tenant).findings)
    older = verification.integrity_status(tenant).alarm is not None
    return older or "missing at the end" in findings or "is not the one written" in findings


def _replay(connection: Any) -> bool:
    rows = connection.execute("SELECT replay_lsn = pg_current_wal_lsn() FROM pg_stat_replication").fetchall()
    return bool(rows == [(True,)])


def _synchronous(connection: Any) -> bool:
    (state,) = connection.execute("SELECT sync_state FROM pg_stat_replication").fetchone()
    return state in ("sync", "quorum")


# --- S4 ---------------------------------------------------------------------------------------------------------------


def partition(count: int, seed: int) -> Result:
    """A console's host that reaches nothing for so many seconds, while another host saves."""
    with shared_store() as shared:
        here, seconds, busy, lost = _partition(shared, float(count))
    soon = patch.object(watcher_module, "BACK_OFF", (0.1, 0.2))
    with shared_store() as shared, soon, patch.object(Watcher, "_read_all", _read_once()):
        deaf, *_ = _partition(shared, 1.0, patience=2.0)
    words = f"{lost} lost; {count} s cut off with {busy:.1%} of a core, then others' saves known within {seconds:.2f} s"
    bad = (not here) + lost + (busy > 0.02)
    return Result(count, bad, words, "a listener that does not read again knows nothing of them", not deaf)


def _read_once() -> Callable[[Watcher, Any], None]:
    """Read everything, which only the first connection does."""
    read, watchers = Watcher._read_all, set[Watcher]()

    def first(self: Watcher, connection: Any) -> None:
        if self not in watchers:
            watchers.add(self)
            read(self, connection)

    return first


def _partition(shared: SharedStore, seconds: float, patience: float = TIMEOUT) -> tuple[bool, float, float, int]:
    """Whether a host knew of another's save after a partition, after how long, its CPU meanwhile, and updates lost."""
    with _watch(shared) as (root, watcher, proxy):
        store, other = acme(root), acme(shared.root())
        other.create({"id": "acme"})
        add(other, "before")
        until(lambda: "acme" in root.folders())
        proxy.swallow()
        watcher.retry()
        until(lambda: watcher.state.unreachable_since)
        add(other, "meanwhile")
        used = time.process_time()
        Event().wait(seconds)
        busy = (time.process_time() - used) / seconds
        proxy.heal()
        began = time.monotonic()
        while not (known := _is_known(store)) and time.monotonic() - began < patience:
            Event().wait(0.01)
        delay = time.monotonic() - began
        if known:
            until(lambda: not watcher.state.unreachable_since)
            add(store, "here")
            add(other, "there")
        lost = len({"before", "meanwhile", "here", "there"} - set(values(acme(shared.root())))) if known else 0
        return known, delay, busy, lost


def _is_known(store: Store) -> bool:
    """Whether both saves are known; while the store is out of reach they may not be."""
    with suppress(StoreUnreachable):
        return values(store) == ["before", "meanwhile"]
    return False


@contextmanager
def _watch(shared: SharedStore) -> Iterator[tuple[Any, Watcher, CutProxy]]:
    """A watched store behind a proxy; nobody looks by the clock, so that only a new connection tells."""
    with cut_proxy(shared) as proxy, patch.multiple(watcher_module, POLL=(3600.0, 3600.0), DEADLINE=0.5):
        root = through(shared, proxy, deadline=0.5)
        watcher = root.watch()
        try:
            yield root, watcher, proxy
        finally:
            watcher.stop()
            root.close()
