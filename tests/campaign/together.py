"""Processes that write to one settings file at once."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from tests.campaign.figures import Result
from tui.files import Disk
from tui.store import Store, decode

PROCESSES = 8
WITHOUT_LOCK = 40
"""Updates of each process of the control."""
BEFORE = 2
"""States of the file before the first update."""


def at_once(count: int, seed: int) -> Result:
    """Eight processes, so many updates each: each counts up for all and notes it for itself."""
    with tempfile.TemporaryDirectory() as folder:
        wanted, counted, noted, states, refused = _counted(Path(folder) / "ours", count)
        lost, twice = max(wanted - counted, 0), max(counted - wanted, 0)
        bad = lost + twice + abs(wanted - noted) + abs(wanted - states) + refused
        with patch.object(Disk, "lock", _no_lock):
            control_wanted, control_counted, *_ = _counted(Path(folder) / "control", WITHOUT_LOCK)
    without = f"without the lock {control_wanted - control_counted} of {control_wanted} updates were lost"
    words = f"{lost} lost, {twice} twice, {refused} refused"
    return Result(wanted, bad, words, without, control_counted < control_wanted)


def _counted(folder: Path, updates: int) -> tuple[int, int, int, int, int]:
    """Updates that were made, then as counted for all, as noted by each, as states of the file, and those refused."""
    store = Store(Disk(folder))
    store.create({"id": "acme"})
    with store.transaction() as tables:
        tables.table("counts").insert_multiple({"who": who, "n": 0} for who in ("all", *map(str, range(PROCESSES))))
    children = [_process(store, str(who), updates) for who in range(PROCESSES)]
    ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    counts = {each["who"]: each["n"] for each in Store(Disk(folder)).read().table("counts")}
    states = decode((folder / store.name).read_bytes()).generation - BEFORE
    return PROCESSES * updates, counts.pop("all"), sum(counts.values()), states, sum(map(bool, ends))


def _process(store: Store, who: str, updates: int) -> int:
    child = os.fork()
    if not child:
        try:
            for n in range(updates):
                _update(store, who, n)
            os._exit(0)
        finally:
            os._exit(1)
    return child


def _update(store: Store, who: str, n: int) -> None:
    with store.transaction() as tables:
        counts = tables.table("counts")
        (everyone,) = counts.search(lambda each: each["who"] == "all")
        (own,) = counts.search(lambda each: each["who"] == who)
        counts.update({"n": everyone["n"] + 1}, doc_ids=[everyone.doc_id])
        counts.update({"n": own["n"] + 1}, doc_ids=[own.doc_id])


@contextlib.contextmanager
def _no_lock(self: Disk, wait: float = 0) -> Iterator[None]:
    self._make()
    yield
