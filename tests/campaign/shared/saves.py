"""S1, S2, S15: many writers, connections that are cut, and histories that one register could have."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from unittest.mock import patch

from tests.campaign.figures import Result
from tests.campaign.shared.hosts import acme, add, cut_proxy, process, result, through, values
from tests.doubles.postgres_server import SharedStore, shared_store
from tui.errors import Problem
from tui.storage.postgres import database as database_module
from tui.storage.postgres.connection import StoreUnreachable
from tui.storage.postgres.database import Database
from tui.storage.store import Store, Tables

HOSTS, CLIENTS = 2, 25
"""Hosts that save one tenant at once, and the clients of each."""
WITHOUT_GUARD = 50
"""Saves of the control."""


def at_once(count: int, seed: int) -> Result:
    """So many saves by all clients together: each counts up, and notes what was acknowledged."""
    with shared_store() as shared:
        acknowledged, refused, lost, gaps = _count(shared, max(1, count // (HOSTS * CLIENTS)))
    with shared_store() as shared:
        _weaken(shared)
        control, _, control_lost, _ = _count(shared, WITHOUT_GUARD // (HOSTS * CLIENTS))
    words = f"{lost} of {acknowledged:,} acknowledged saves lost or doubled, {gaps} gaps in versions and audit log"
    words += f"; {refused} refused and made again" if refused else ""
    without = f"without lock and version guard {control_lost} of {control} were lost"
    return Result(acknowledged, lost + gaps, words, without, control_lost > 0)


def _count(shared: SharedStore, saves: int) -> tuple[int, int, int, int]:
    """Saves acknowledged and refused, those that are not in the settings once, and gaps."""
    acme(shared.root()).create({"id": "acme"})
    hosts = [process(lambda host=host: _host(shared, host, saves)) for host in range(HOSTS)]  # type: ignore[misc]
    results = [result(host) for host in hosts]
    acknowledged, refused = (sum(numbers) for numbers in zip(*results, strict=True))
    root = shared.root()
    store = acme(root)
    counts = {row["who"]: row["n"] for row in store.read().table("counts")}
    versions = root.database.heads()["acme"].version
    entries = (store.folder.read("audit.log") or b"").count(b"\n")
    root.close()
    gaps = abs(versions - 1 - acknowledged) + abs(entries - versions)
    return acknowledged, refused, abs(acknowledged - sum(counts.values())), gaps


def _host(shared: SharedStore, host: int, saves: int) -> tuple[int, int]:
    """Save with all clients of a host; return how many saves were acknowledged, and how many refused."""
    acknowledged, refused = [0] * CLIENTS, [0] * CLIENTS

    def client(number: int) -> None:
        root = shared.root()
        store, who = acme(root), f"{host} {number}"
        while acknowledged[number] < saves:
            try:
                with store.transaction() as tables:
                    counts = tables.table("counts")
                    before = sum(row["n"] for row in counts if row["who"] == who)
                    counts.remove(lambda row: row["who"] == who)
                    counts.insert({"who": who, "n": before + 1})
                acknowledged[number] += 1
            except Problem:  # another one writes all the while, or the server takes no more connections at once
                refused[number] += 1
                assert refused[number] < 100
        root.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(acknowledged), sum(refused)


def _weaken(shared: SharedStore) -> None:
    """Neither lock the row nor ask for its version when it is saved; entries of the log go where there is room."""
    shared.weaken("lock_tenant", "FOR UPDATE")
    shared.weaken("save", "AND version = expected ")
    with shared.administrator() as connection:
        connection.execute("ALTER TABLE modeldeck.audit DISABLE TRIGGER check_entry, DROP CONSTRAINT audit_pkey")


# --- S2 ---------------------------------------------------------------------------------------------------------------


def cut(count: int, seed: int) -> Result:
    """So many saves, each cut after another byte that is sent, or when the answer to it comes."""
    with shared_store() as shared, cut_proxy(shared) as proxy, patch.object(database_module, "_PAUSE", 0.001):
        store = acme(through(shared, proxy))
        store.create({"id": "acme"})
        add(store, "measured")
        proxy.sent = 0
        add(store, "measured too")
        size, refused = proxy.sent, list[int]()
        for place in range(count):
            (proxy.cut_answer_after if place % 2 else proxy.cut_after)(place * (size - 1) // count)
            try:
                add(store, place)
            except StoreUnreachable:
                refused.append(place)
        fresh = acme(shared.root())
        stored = values(fresh)
        expected = [place for place in range(count) if place not in refused]
        wrong = sum(stored.count(place) != 1 for place in expected) + sum(place in stored for place in refused)
        entries = (fresh.folder.read("audit.log") or b"").count(b"settings changed")
        wrong += abs(entries - fresh.document().generation)
        control = _twice(shared, size)
    words = f"{count} places of {size:,} bytes: {len(refused)} refused and not there, the others there once"
    return Result(count, wrong, words, f"made again without its operation ID, it is there {control} times", control > 1)


def _twice(shared: SharedStore, size: int) -> int:
    """How often a save is there whose answer was cut, and that is made again by a client without operation IDs."""

    def give_up(self: Database, transaction: object) -> None:
        raise StoreUnreachable("lost")

    with cut_proxy(shared) as proxy, patch.object(Database, "_send_again", give_up):
        store = acme(through(shared, proxy))
        store.read()
        proxy.cut_answer_after(size - 100)
        for _ in range(3):
            try:
                add(store, "control")
                break
            except StoreUnreachable:
                continue
    return values(acme(shared.root())).count("control")


# --- S15 --------------------------------------------------------------------------------------------------------------

WRITERS, STEPS = 3, 4
FOREVER = float("inf")


@dataclass(frozen=True)
class Operation:
    """A read, or a write of a value that saw the one before; `end` is FOREVER if it is unknown whether it was done."""

    start: float
    end: float
    wrote: int | None
    saw: int | None


def histories(count: int, seed: int) -> Result:
    """So many histories of one register by clients at once, some of them cut, each with an order that explains it."""
    chance = random.Random(seed)
    with shared_store() as shared:
        acme(shared.root()).create({"id": "acme"})
        checked = [_history(shared, chance, first=number * 1_000) for number in range(count)]
        bad = sum(not explained(history, before) for before, history in checked)
        operations = sum(len(history) for _, history in checked)
        unknown = sum(operation.end == FOREVER for _, history in checked for operation in history)
        stale = [_history(shared, chance, 10**6 + number * 1_000, stale=True) for number in range(max(3, count // 10))]
        caught = sum(not explained(history, before) for before, history in stale)
    words = f"{operations} reads and writes, {unknown} of them cut: {bad} histories without an order that explains them"
    return Result(count, bad, words, f"clients that read what they know: {caught} of {len(stale)}", caught > 0)


def _history(
    shared: SharedStore, chance: random.Random, first: int, stale: bool = False
) -> tuple[int | None, list[Operation]]:
    """What the register held, and what each client of a history did and saw; a stale one never reads again."""
    operations, before = list[Operation](), _register(acme(shared.root()).read())
    plans = [
        [
            # The last client of a stale history only reads, and another one writes at least once.
            (writer < WRITERS - stale and (step == 0 or chance.random() < 0.5), first + writer * 100 + step, place)
            for step, place in enumerate(chance.choices(range(4_000), k=STEPS))
        ]
        for writer in range(WRITERS)
    ]

    def client(number: int) -> None:
        with cut_proxy(shared) as proxy:
            root = through(shared, proxy)
            store = acme(root)
            store.read()
            if stale:
                root.database.refresh = lambda tenants=None: None  # type: ignore[method-assign]
            for writes, value, place in plans[number]:
                if not number and place < 2000:
                    proxy.cut_after(place)
                operations.append(_operation(store, root.database, value if writes else None))
            if number == WRITERS - 1:
                for thread in threads[:-1]:
                    thread.join()
                operations.append(_operation(store, root.database, None))
            root.close()

    with patch.object(database_module, "_PAUSE", 0.001):
        threads = [threading.Thread(target=client, args=(number,)) for number in range(WRITERS)]
        for thread in threads:
            thread.start()
        threads[-1].join()
    return before, operations


def _register(tables: Tables) -> int | None:
    rows = tables.table("register").all()
    return rows[-1]["value"] if rows else None


def _operation(store: Store, database: Database, value: int | None) -> Operation:
    """Write a value, or read; what was cut may have been done at any time from now on, or not at all."""
    start = time.monotonic()
    try:
        if value is None:
            database.refresh()
            saw = _register(store.read())
        else:
            with store.transaction() as tables:
                saw = _register(tables)
                tables.table("register").truncate()
                tables.table("register").insert({"value": value})
        return Operation(start, time.monotonic(), value, saw)
    except Problem:
        return Operation(start, FOREVER, value, None)


def explained(operations: Sequence[Operation], before: int | None) -> bool:
    """Return True if one order of the operations, within their times, gives every one of them what it saw."""
    tried = set[tuple[frozenset[int], int | None]]()

    def search(left: frozenset[int], value: int | None) -> bool:
        if all(operations[number].end == FOREVER for number in left):
            return True
        if (left, value) in tried:
            return False
        tried.add((left, value))
        earliest = min(operations[number].end for number in left)
        for number in left:
            operation = operations[number]
            if operation.start > earliest:
                continue
            if operation.end != FOREVER and operation.saw != value:
                continue
            if search(left - {number}, value if operation.wrote is None else operation.wrote):
                return True
        return False

    return search(frozenset(range(len(operations))), before)
