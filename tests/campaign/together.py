"""Processes that write to one settings file at once, or to one tenant of a shared store."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

from tests.campaign.figures import Result
from tui.errors import Problem
from tui.storage.folder import DiskFolder
from tui.storage.settings_file import decode
from tui.storage.store import Store

PROCESSES = 8
WITHOUT_LOCK = 40
"""Updates of each process of the control."""
BROKEN = 255
"""The exit code of a process that failed."""
BEFORE = 2
"""States of the file before the first update."""

Counts = tuple[int, int, int, int, list[int]]
"""Updates to be made, then as counted for all, as noted by each, as states of the file; how each process ended."""


def at_once(count: int, seed: int) -> Result:
    """Eight processes, so many updates each: each counts up for all and notes it for itself."""
    with tempfile.TemporaryDirectory() as folder:
        counts = _count(lambda: Store(DiskFolder(Path(folder) / "ours")), count)
        with patch.object(DiskFolder, "lock", _no_lock):
            control = _count(lambda: Store(DiskFolder(Path(folder) / "control")), WITHOUT_LOCK)
    return _result(counts, control)


def at_once_in_postgres(count: int, seed: int) -> Result:
    """The same on a tenant of a shared store; the control neither locks its row nor asks for the version."""
    from tests.doubles.postgres_server import shared_store

    with shared_store() as shared:
        counts = _count(lambda: Store(shared.root().folder("acme")), count)
    with shared_store() as shared:
        shared.weaken("lock_tenant", "FOR UPDATE")
        shared.weaken("save", "AND version = expected ")
        control = _count(lambda: Store(shared.root().folder("acme")), WITHOUT_LOCK)
    return _result(counts, control)


def _result(counts: Counts, control: Counts) -> Result:
    expected, counted, noted, states, ends = counts
    lost, twice = max(expected - counted, 0), max(counted - expected, 0)
    bad = lost + twice + abs(expected - noted) + abs(expected - states) + ends.count(BROKEN)
    control_expected, control_counted, *_ = control
    without = f"without the lock {control_expected - control_counted} of {control_expected} updates were lost"
    waited = sum(end for end in ends if end != BROKEN)
    words = f"{lost} lost, {twice} twice; {waited} told that another one writes, and made again"
    return Result(expected, bad, words, without, control_counted < control_expected)


def _count(open_store: Callable[[], Store], updates: int) -> Counts:
    """Let each process make so many updates."""
    store = open_store()
    store.create({"id": "acme"})
    with store.transaction() as tables:
        tables.table("counts").insert_multiple({"who": who, "n": 0} for who in ("all", *map(str, range(PROCESSES))))
    children = [_process(open_store, str(who), updates) for who in range(PROCESSES)]
    ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    counts = {row["who"]: row["n"] for row in open_store().read().table("counts")}
    states = decode(open_store().folder.read(store.name) or b"").generation - BEFORE
    return PROCESSES * updates, counts.pop("all"), sum(counts.values()), states, ends


def _process(open_store: Callable[[], Store], who: str, updates: int) -> int:
    """A process that makes the updates; it ends with how many times it was told that another one writes."""
    child = os.fork()
    if not child:
        refused, end = 0, BROKEN
        try:
            store = open_store()
            for _ in range(updates):
                while not _update(store, who):
                    refused += 1
            end = min(refused, BROKEN - 1)
        finally:
            os._exit(end)
    return child


def _update(store: Store, who: str) -> bool:
    """Whether an update was made, or refused because another process was writing all the while."""
    try:
        with store.transaction() as tables:
            counts = tables.table("counts")
            for name in ("all", who):
                (entry,) = counts.search(lambda row, name=name: row["who"] == name)
                counts.update({"n": entry["n"] + 1}, doc_ids=[entry.doc_id])
    except Problem as problem:
        if "has been writing" in problem.message:
            return False
        raise
    return True


@contextlib.contextmanager
def _no_lock(self: DiskFolder, wait: float = 0) -> Iterator[None]:
    self._make()
    yield
