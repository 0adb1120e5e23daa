"""Processes that write to one settings file at once."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
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


def at_once(count: int, seed: int) -> Result:
    """Eight processes, so many updates each: each counts up for all and notes it for itself."""
    with tempfile.TemporaryDirectory() as folder:
        expected, counted, noted, states, ends = _count(Path(folder) / "ours", count)
        lost, twice = max(expected - counted, 0), max(counted - expected, 0)
        bad = lost + twice + abs(expected - noted) + abs(expected - states) + ends.count(BROKEN)
        with patch.object(DiskFolder, "lock", _no_lock):
            control_expected, control_counted, *_ = _count(Path(folder) / "control", WITHOUT_LOCK)
    without = f"without the lock {control_expected - control_counted} of {control_expected} updates were lost"
    waited = sum(end for end in ends if end != BROKEN)
    words = f"{lost} lost, {twice} twice; {waited} told that another one writes, and made again"
    return Result(expected, bad, words, without, control_counted < control_expected)


def _count(folder: Path, updates: int) -> tuple[int, int, int, int, list[int]]:
    """Updates that were wanted, then as counted for all, as noted by each, as states of the file; how each ended."""
    store = Store(DiskFolder(folder))
    store.create({"id": "acme"})
    with store.transaction() as tables:
        tables.table("counts").insert_multiple({"who": who, "n": 0} for who in ("all", *map(str, range(PROCESSES))))
    children = [_process(store, str(who), updates) for who in range(PROCESSES)]
    ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    counts = {row["who"]: row["n"] for row in Store(DiskFolder(folder)).read().table("counts")}
    states = decode((folder / store.name).read_bytes()).generation - BEFORE
    return PROCESSES * updates, counts.pop("all"), sum(counts.values()), states, ends


def _process(store: Store, who: str, updates: int) -> int:
    """A process that makes the updates; it ends with how many times it was told that another one writes."""
    child = os.fork()
    if not child:
        refused, end = 0, BROKEN
        try:
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
