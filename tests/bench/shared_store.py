"""Saves, trials and notices of a shared store beside the least program that writes the same rows.

Needs PostgreSQL, else all is 0.
"""

import asyncio
from collections.abc import Callable, Mapping
from hashlib import sha256
from statistics import median
from threading import Event
from time import perf_counter
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import psycopg

from tests.bench.rows import Row
from tests.bench.sessions import Figures, Session
from tests.bench.terminals import Line
from tests.doubles.postgres_server import SharedStore, programs, shared_store
from tests.doubles.practice import practice_session
from tests.storage.postgres.cut_proxy import CutProxy
from tui.practice.tenants import COST
from tui.storage.audit_log import AuditEvent, Log
from tui.storage.memory_folder import MemoryFolder
from tui.storage.postgres import trials
from tui.storage.postgres import watcher as watcher_module
from tui.storage.postgres.address import parse
from tui.storage.postgres.connection import Link
from tui.storage.postgres.database import Database
from tui.storage.postgres.folder import RootFolder
from tui.storage.postgres.transaction import SAVE
from tui.storage.settings_file import Document, encode
from tui.storage.store import Store
from tui.tenancy.session import Session as Workspace
from tui.tenancy.verification import credential_transaction
from tui.workspace import tenants
from tui.workspace.credentials.save import save as save_credential
from tui.workspace.key_pairs import rotation

_ALL, _TENANTS, _SAVES = 1_000, 10, 60
"""Tenants that there are, those that are saved, and how often."""
_READ = "SELECT version FROM modeldeck.tenant WHERE id = %s AND NOT removed FOR UPDATE"
_LOG = "INSERT INTO modeldeck.audit (tenant, n, hash, line) VALUES (%s, %s, %s, %s)"
_DOCUMENT = b"{}" * 200
BARE = "a bare psycopg script"
_FIGURES = (
    *("save", "bare save", "rate", "bare rate", "trials", "bare trials"),
    *("notice", "notice 99", "deaf", "trips", "idle", "rekey"),
)
TIME = "2026-11-22T13:51:00Z"
_ENTRY = b'{"n": 1}' + b" " * 300


def shared(line: Line) -> Figures:
    """The seconds of a save on one tenant, on each of several in turn, and of a request of a trial; ours and bare ones.

    Then of a save until another session knows it, the middle one and the 99th of 100.
    """
    if programs() is None:
        return dict.fromkeys(_FIGURES, 0.0)
    with shared_store() as created, psycopg.connect(created.text()) as connection:
        _others(connection)
        modeldeck, bare = _saves_of_modeldeck(created), _bare_saves(connection)
        one: Mapping[str, Callable[[int], None]] = {"save": lambda _: modeldeck(0), "bare save": lambda _: bare(0)}
        several = {"rate": modeldeck, "bare rate": bare}
        trial = {"trials": _trials_of_modeldeck(created), "bare trials": _bare_trials(connection)}
        saves, times = _seconds(one), _seconds(several)
        connection.autocommit = True
        rates = {name: 1 / seconds for name, seconds in {**times, **_seconds(trial)}.items()}
        return {**saves, **rates, **_notices(created, modeldeck), **_console(created, modeldeck), **_rekey(created)}


def _others(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Create the other tenants, and a trial of everybody's."""
    tenants = "SELECT modeldeck.save('t' || n, NULL, gen_random_uuid(), %s, 5) FROM generate_series(1, %s) n"
    connection.execute(
        tenants, (encode(Document(1, TIME, {"meta": {"1": {"id": "t", "name": "T"}}})), _ALL - 2 * _TENANTS)
    )
    terms = {str(n): {"provider": name, "calls": 10**6} for n, name in enumerate(("openai", "x"))}
    connection.execute(SAVE, ("operator", None, uuid4(), encode(Document(1, TIME, {"trials": terms})), 5))
    connection.commit()


def _seconds(saves: Mapping[str, Callable[[int], None]]) -> dict[str, float]:
    """The middle one of some saves, which are made in turn."""
    times: dict[str, list[float]] = {name: [] for name in saves}
    for number in range(_SAVES):
        for name, save in saves.items():
            began = perf_counter()
            save(number % _TENANTS)
            times[name].append(perf_counter() - began)
    return {name: median(values) for name, values in times.items()}


def _saves_of_modeldeck(created: SharedStore) -> Callable[[int], None]:
    """A function that saves a tenant by its number, with an entry of the audit log."""
    root = created.root()

    def store(tenant: str) -> Store:
        folder = root.folder(tenant)
        log = Log(tenant, folder, MemoryFolder())

        def saved(before: Document | None, after: Document, restored: str) -> None:
            log.append(TIME, {"user": "ada"}, [AuditEvent("settings changed")])

        return Store(folder, saved=saved)

    stores = [store(f"tenant-{number}") for number in range(_TENANTS)]
    for number, tenant in enumerate(stores):
        tenant.create({"id": f"tenant-{number}"})

    def save(number: int) -> None:
        with stores[number].transaction() as tables:
            tables.table("sources").truncate()
            tables.table("sources").insert({"id": str(uuid4())})

    return save


def _bare_saves(connection: psycopg.Connection[tuple[Any, ...]]) -> Callable[[int], None]:
    """A function that writes the same rows of a tenant by its number: its state, an entry of the log, a notice."""
    entries = [0] * _TENANTS
    for number in range(_TENANTS):
        connection.execute(SAVE, (f"bare-{number}", None, uuid4(), _DOCUMENT, 5))
    connection.commit()

    def save(number: int) -> None:
        tenant = f"bare-{number}"
        entries[number] += 1
        row = connection.execute(_READ, (tenant,)).fetchone()
        assert row is not None
        connection.execute(SAVE, (tenant, row[0], uuid4(), _DOCUMENT, 5))
        connection.execute(_LOG, (tenant, entries[number], sha256(_ENTRY).hexdigest(), _ENTRY))
        connection.commit()

    return save


def _trials_of_modeldeck(created: SharedStore) -> Callable[[int], None]:
    """A function that reserves a request of a tenant's trial and settles it."""
    database = created.database()

    def request(number: int) -> None:
        tenant, token = f"tenant-{number}", uuid4().hex
        trials.reserve(database, tenant, "openai", token, allowed=1_000_000, initial=0)
        trials.end(database, tenant, "openai", token, used=True)

    return request


def _bare_trials(connection: psycopg.Connection[tuple[Any, ...]]) -> Callable[[int], None]:
    """A function that calls the same functions of the database and does nothing else."""

    def request(number: int) -> None:
        tenant, token = f"bare-{number}", uuid4().hex
        connection.execute("SELECT * FROM modeldeck.reserve_trial(%s, 'x', 1000000, 0, %s, 60)", (tenant, token))
        connection.execute("SELECT * FROM modeldeck.end_trial(%s, 'x', %s, 'used')", (tenant, token))

    return request


def _notices(created: SharedStore, save: Callable[[int], None]) -> dict[str, float]:
    """The seconds from the end of a save until another session knows it."""
    root, changed, times = created.root(), Event(), list[float]()
    watcher = root.watch()
    watcher.on_change = changed.set
    for number in range(100):
        changed.clear()
        save(number % _TENANTS)
        began = perf_counter()
        changed.wait(10)
        times.append(perf_counter() - began)
    watcher.stop()
    root.close()
    times.sort()
    return {"notice": times[50], "notice 99": times[98]}


def _console(created: SharedStore, save: Callable[[int], None]) -> dict[str, float]:
    """Bytes a second of an idle console, trips for a list, and the longest of two saves that a deaf console learns."""
    proxy, changed, longest = CutProxy(created.server.folder), Event(), 0.0
    address = created.text().replace(str(created.server.folder), str(proxy.folder))
    root = RootFolder(Database(Link(parse(address, {}), {})))
    with patch.object(watcher_module, "_CHANNEL", "another_channel"):
        watcher = root.watch()
        proxy.sent, began = 0, perf_counter()
        Event().wait(30)
        idle = proxy.sent / (perf_counter() - began)
        watcher.on_change = changed.set
        for number in range(2):
            changed.clear()
            save(number)
            began = perf_counter()
            changed.wait(20)
            longest = max(longest, perf_counter() - began)
        watcher.stop()
    root.close()
    proxy.close()
    fresh = created.root()
    fresh.write_blocker()
    with patch.object(Link, "call", autospec=True, side_effect=Link.call) as trips:
        assert (
            len([tenant for tenant in fresh.folders() if fresh.folder(tenant).read("settings.json")]) >= _ALL - _TENANTS
        )
    fresh.close()
    return {"idle": idle, "deaf": longest, "trips": trips.call_count}


def _rekey(created: SharedStore) -> dict[str, float]:
    """The seconds to seal 100 credentials and the key for 50 operators anew; finding the primes is not counted."""
    client = practice_session(pace=0.0).client_factory
    session = Workspace(created.root(), MemoryFolder(), client, {"USER": "ada"}, key_bits=3072, key_cost=COST)
    tenant = session.tenant(asyncio.run(tenants.create(session, "Rekeyed")).id)
    for number in range(100):
        values = {"api_key": f"sk-test-not-real-{number}-0123456789"}
        asyncio.run(save_credential(tenant, "openai", values, name=f"key-{number}"))
    pair = session.new_key_pair(3072)
    with credential_transaction(tenant) as tables:
        rows = ({"login": f"p{n}", "key_id": pair.key_id, "public_key": pair.public_pem} for n in range(50))
        tables.table("operators").insert_multiple(rows)
    new = session.new_key_pair(3072)
    session.new_key_pair = lambda bits: new
    began = perf_counter()
    assert asyncio.run(rotation.rotate(tenant)).resealed == 100
    seconds = perf_counter() - began
    with created.administrator() as connection:
        assert connection.execute("SELECT count(*) FROM modeldeck.wrap").fetchone() == (50,)
    session.data.close()
    return {"rekey": seconds}


SESSIONS: Mapping[str, Session] = {"shared": shared}

ROWS = (
    Row("shared-save", "a save", "shared.save", "shared.bare save", BARE, most=3),
    Row("shared-tenants", "saves a second, ten tenants in turn", "shared.rate", "shared.bare rate", BARE, least=0.5),
    Row("shared-trial", "a trial's requests a second", "shared.trials", "shared.bare trials", BARE, least=0.5),
    Row("shared-notice", "a save known to another console, p50", "shared.notice", 0.05, "50 ms", most=1),
    Row("shared-notice99", "the same, p99", "shared.notice 99", 0.25, "250 ms", most=1),
    Row("shared-deaf", "the same with LISTEN dead, the longest", "shared.deaf", 13, "13 s", most=1),
    Row("shared-list", "trips for a list of 1,000 tenants", "shared.trips", 2, "2", most=1),
    Row("shared-idle", "bytes a second of an idle console", "shared.idle", 100, "100", most=1),
    Row("shared-rekey", "a tenant re-keyed: 100 credentials, 50 operators", "shared.rekey", 3, "3 s", most=1),
)
