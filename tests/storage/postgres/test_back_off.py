"""A console whose store is away for ten minutes tries to reach it now and then, and no more often than that."""

import pytest

from tests.doubles.postgres_server import SharedStore
from tests.storage.postgres.cut_proxy import CutProxy
from tui.storage.postgres import watcher as watcher_module
from tui.storage.postgres.address import parse
from tui.storage.postgres.connection import Link
from tui.storage.postgres.database import Database
from tui.storage.postgres.folder import RootFolder
from tui.storage.postgres.watcher import Watcher

pytestmark = pytest.mark.slow

OUTAGE = 600.0
"""Seconds of the outage."""
MIN_PAUSE, MAX_PAUSE = watcher_module.BACK_OFF


def attempts(shared: SharedStore, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the seconds at which connections reached a store that refuses them, on a clock that only pauses move."""
    proxy, now, times = CutProxy(shared.server.folder), [0.0], list[float]()
    text = shared.text().replace(str(shared.server.folder), str(proxy.folder))
    root = RootFolder(Database(Link(parse(text, {}), {}, deadline=0.5)))
    watcher = root.watch()
    pause = Watcher._pause

    def pass_time(self: Watcher, seconds: float) -> bool:
        if self.state.unreachable_since:
            now[0] += seconds
            self._stopping = now[0] > OUTAGE
            return False
        return pause(self, seconds)

    connect = Watcher._connect

    def connect_and_note(self: Watcher) -> None:
        before = proxy.refusals
        try:
            connect(self)
        finally:
            times.extend([now[0]] * (proxy.refusals - before))

    monkeypatch.setattr(Watcher, "_pause", pass_time)
    monkeypatch.setattr(Watcher, "_connect", connect_and_note)
    try:
        proxy.refuse()
        watcher.retry()
        assert watcher._thread is not None
        watcher._thread.join(60)
        assert not watcher._thread.is_alive() and now[0] > OUTAGE
        return times
    finally:
        monkeypatch.undo()
        watcher._stopping = False
        watcher.stop()
        root.close()
        proxy.close()


def is_in_bounds(times: list[float]) -> bool:
    """Whether each attempt came after the pause of its number: twice the one before, half of it chance, up to a bound.

    The first pause comes after the connection was lost, before any attempt.
    """
    gaps = [after - before for before, after in zip([0.0, *times], times, strict=False)]
    bounds = [min(MAX_PAUSE, MIN_PAUSE * 2**number) for number in range(len(gaps))]
    return all(0.5 * bound <= gap <= bound for gap, bound in zip(gaps, bounds, strict=True))


def test_attempts_to_reach_a_store_are_spaced_on_the_wire(shared: SharedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    times = attempts(shared, monkeypatch)
    assert is_in_bounds(times), times
    assert OUTAGE / MAX_PAUSE <= len(times) <= OUTAGE / (MAX_PAUSE / 2) + 5, times


def test_control_attempts_without_a_growing_pause_are_noticed(
    shared: SharedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher_module, "BACK_OFF", (MIN_PAUSE, MIN_PAUSE))
    times = attempts(shared, monkeypatch)
    assert not is_in_bounds(times) and len(times) >= OUTAGE / MIN_PAUSE
