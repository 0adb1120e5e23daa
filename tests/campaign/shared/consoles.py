"""S13: outages in each state of a console: keys are answered, what was typed stays, saves are refused."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from unittest.mock import patch

import psycopg
from textual.pilot import Pilot

from tests.campaign.figures import Result
from tests.campaign.shared.hosts import cut_proxy, through
from tests.campaign.turns import run_queue
from tests.console.background.test_outage_states import SCREENS
from tests.console.pilot import console, shown, until, until_shown
from tests.console.provider_forms import KEY
from tests.doubles.postgres_server import SharedStore, shared_store
from tests.doubles.practice import practice_session
from tests.storage.postgres.cut_proxy import CutProxy
from tui.practice.tenants import BITS, COST
from tui.secret import Secret
from tui.storage.memory_folder import MemoryFolder
from tui.storage.postgres import watcher as watcher_module
from tui.storage.postgres.folder import RootFolder
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials.save import save

MAX_SECONDS = 0.3
"""Seconds in which a key is answered. The time in which other processes had the cores is taken off."""
DEADLINE = 0.5
PRESSES = 4
"""Pairs of keys that are pressed in each state."""


def outages(count: int, seed: int) -> Result:
    """So many outages, of each kind in turn, in each state; the control asks in the thread that answers keys."""
    lost, accepted, times, control = 0, 0, list[float](), 0.0
    short = patch.multiple(watcher_module, DEADLINE=DEADLINE, BACK_OFF=(0.05, 0.1))
    for number in range(count):
        with shared_store() as shared, cut_proxy(shared) as proxy, short:
            outcome = asyncio.run(_outage(shared, proxy, CutProxy.refuse if number % 2 else CutProxy.swallow))
        lost, accepted, times = lost + outcome[0], accepted + outcome[1], times + outcome[2]
        control = max(control, outcome[3])
    slow = sum(seconds > MAX_SECONDS for seconds in times)
    words = f"{lost} times what was typed was lost, {accepted} saves not refused; of {len(times)} keys the slowest "
    words += f"was answered after {max(times) * 1000:.0f} ms"
    without = f"where a key asks the store, it is answered after {control * 1000:.0f} ms"
    return Result(len(times), lost + accepted + slow, words, without, control > MAX_SECONDS)


async def _outage(
    shared: SharedStore, proxy: CutProxy, kind: Callable[[CutProxy], None]
) -> tuple[int, int, list[float], float]:
    """How often what was typed was lost and a save not refused, the seconds of the keys, and those of the control."""
    keys, lost, accepted, times, control = MemoryFolder(), 0, 0, list[float](), 0.0
    elsewhere = _session(shared.root(), keys)
    await tenants.create(elsewhere, "acme")
    await save(elsewhere.tenant("acme"), "openai", {"api_key": Secret(KEY)})
    here = _session(root := through(shared, proxy, deadline=DEADLINE), keys)
    assert here.watch.state.delay == 0
    async with console(here, "acme") as pilot:
        for opening, titles, typed, presses in SCREENS:
            for key, title in zip(opening, titles, strict=True):
                await pilot.press(key)
                await until_shown(pilot, title)
            if typed:
                await pilot.press("ctrl+u", *typed)
                await until_shown(pilot, typed)
            kind(proxy)
            here.watch.retry()
            await until(pilot, lambda: here.watch.state.unreachable_since)
            for key in (("tab", "shift+tab") if typed else ("down", "up")) * PRESSES:
                times.append(await _seconds(pilot, key))
            await pilot.press(*["enter"] * presses)
            await until_shown(pilot, "out of reach")
            lost += typed not in shown(pilot)
            accepted += b"Second" in (shared.root().folder("acme").read("settings.json") or b"")
            if kind is CutProxy.swallow and not control:
                pilot.app.call_next(lambda: _ask(root))
                control = await _seconds(pilot, "down")
            proxy.heal()
            here.watch.retry()
            await until(pilot, lambda: not here.watch.state.unreachable_since)
            if typed:
                await pilot.press("escape")
                await until_shown(pilot, "What you typed will be lost.")
                await pilot.press("down", "enter")
            await pilot.press("escape")
            await until(pilot, lambda: "store away" not in shown(pilot))
    await elsewhere.aclose()
    return lost, accepted, times, control


def _session(root: RootFolder, keys: MemoryFolder) -> Session:
    client = practice_session(pace=0.0).client_factory
    return Session(root, keys, client, {"USER": "ada"}, key_bits=BITS, key_cost=COST)


async def _seconds(pilot: Pilot[str], key: str) -> float:
    """The seconds until a key is answered, less those in which other processes had the cores."""
    began, queued = perf_counter(), run_queue()
    await pilot.press(key)
    return max(0.0, perf_counter() - began - (run_queue() - queued))


def _ask(root: RootFolder) -> None:
    """Ask the store on the console's thread, as no key does."""
    with suppress(psycopg.Error):
        root.database.link.connection().execute("SELECT 1")
