"""S7, S8: consoles whose notices get lost, behind a pooler or by a deaf listener, find changes by looking."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from unittest.mock import patch

import psycopg

from tests.campaign.figures import Result
from tests.campaign.shared.hosts import acme, add, root_at, values
from tests.campaign.shared.outages import until
from tests.doubles.pgbouncer import PORT, pgbouncer
from tests.doubles.postgres_server import SharedStore, shared_store
from tui.storage.postgres import watcher as watcher_module
from tui.storage.postgres.folder import RootFolder
from tui.storage.postgres.watcher import Watcher

LOOKS = (0.2, 0.4)
"""Seconds between two looks here, so that a run of many does not take hours."""
SLACK = 2.0
"""Seconds that a busy machine may add to the longest of them."""
NEVER = (3600.0, 3600.0)


def pooled(count: int, seed: int) -> Result:
    """So many saves of others behind a pooler in transaction mode; the control has notices alone."""
    with shared_store() as shared, pgbouncer(shared.server.folder) as folder:
        address = shared.text().replace(str(shared.server.folder), str(folder)) + f"&port={PORT}"
        acme(shared.root()).create({"id": "acme"})
        with _watch(root_at(address), LOOKS) as watcher:
            delay = watcher.state.delay
            late, longest = _saves(shared, watcher, count)
        with _watch(root_at(address), NEVER) as watcher:
            unaware = _is_unaware(shared, watcher)
    words = f"{late} of {count} saves not known at the next look, the last after {longest:.2f} s"
    words += f"; the console {'says' if delay else 'does not say'} that it looks now and then"
    return Result(count, late + (not delay), words, "with LISTEN alone it knows of none", unaware)


def deaf(count: int, seed: int) -> Result:
    """So many saves of others, each after the listener was made deaf; the control does not look."""
    late, longest = 0, 0.0
    with shared_store() as shared:
        acme(shared.root()).create({"id": "acme"})
        with _watch(shared.root(), LOOKS) as watcher:
            for _ in range(count):
                _deafen(watcher)
                missed, seconds = _saves(shared, watcher, 1)
                late, longest = late + missed, max(longest, seconds)
        with _watch(shared.root(), NEVER) as watcher:
            until(lambda: watcher._next_look > 0)
            _deafen(watcher)
            unaware = _is_unaware(shared, watcher)
    words = f"{late} of {count} saves not known at the next look, the last after {longest:.2f} s"
    return Result(count, late, words, "one that does not look knows of none", unaware)


@contextmanager
def _watch(root: RootFolder, looks: tuple[float, float]) -> Iterator[Watcher]:
    """Watch a store, with so many seconds between two looks."""
    with patch.multiple(watcher_module, POLL=looks, PROBE=0.3):
        watcher = root.watch()
        watcher.retry()
        try:
            yield watcher
        finally:
            watcher.stop()
            root.close()


def _saves(shared: SharedStore, watcher: Watcher, count: int) -> tuple[int, float]:
    """How many saves of another host took longer than a look to be known, and the seconds of the longest."""
    other, here = acme(shared.root()), acme(RootFolder(watcher._database))
    late, longest = 0, 0.0
    for _ in range(count):
        number = len(values(other))
        add(other, number)
        seconds = until(lambda number=number: number in values(here))  # type: ignore[misc]
        late, longest = late + (seconds > LOOKS[1] + SLACK), max(longest, seconds)
    return late, longest


def _is_unaware(shared: SharedStore, watcher: Watcher) -> bool:
    """Whether a watcher does not know what one beside it was told."""
    other, here = acme(shared.root()), acme(RootFolder(watcher._database))
    with _watch(shared.root(), NEVER) as listening:
        there = acme(RootFolder(listening._database))
        number = len(values(other))
        add(other, number)
        until(lambda: number in values(there))
        return number not in values(here)


def _deafen(watcher: Watcher) -> None:
    """End what a connection listens to, as a third party can; the watcher's thread may be reading from it."""

    def is_deaf() -> bool:
        # The watcher uses the same connection; a result that it takes, or a connection that it drops, is tried again.
        with suppress(psycopg.Error):
            return watcher._connection is not None and bool(watcher._connection.execute("UNLISTEN *"))
        return False

    until(is_deaf)
