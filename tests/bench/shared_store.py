"""Saves in a shared store beside the least program that writes the same rows. Needs PostgreSQL, else all is 0."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

import psycopg

from tests.bench.sessions import Figures, Session
from tests.bench.terminals import Line
from tests.doubles.postgres_server import SharedStore, programs, shared_store
from tui.storage.audit_log import AuditEvent, Log
from tui.storage.memory_folder import MemoryFolder
from tui.storage.postgres.database import SAVE
from tui.storage.settings_file import Document
from tui.storage.store import Store

_TENANTS, _SAVES = 10, 60
_READ = "SELECT version FROM modeldeck.tenant WHERE id = %s AND NOT removed FOR UPDATE"
_LOG = "INSERT INTO modeldeck.audit (tenant, n, hash, line) VALUES (%s, %s, %s, %s)"
_DOCUMENT = b"{}" * 200
_ENTRY = b'{"n": 1}' + b" " * 300


def shared(line: Line) -> Figures:
    """The seconds of a save on one tenant, and of one on each of several tenants in turn; ours and the bare ones."""
    if programs() is None:
        return dict.fromkeys(("save", "bare save", "tenants", "bare tenants"), 0.0)
    with shared_store() as created, psycopg.connect(created.text()) as connection:
        ours, bare = _saves_of_modeldeck(created), _bare_saves(connection)
        one: Mapping[str, Callable[[int], None]] = {"save": lambda _: ours(0), "bare save": lambda _: bare(0)}
        return {**_seconds(one), **_seconds({"tenants": ours, "bare tenants": bare})}


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
            log.append("2026-11-22T13:51:00Z", {"user": "ada"}, [AuditEvent("settings changed")])

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


SESSIONS: Mapping[str, Session] = {"shared": shared}
