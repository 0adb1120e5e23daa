"""A console on a shared store: others' saves are shown at once, and an outage stops saves, not the console."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.console.pilot import console, rows, shown, until, until_shown
from tests.console.provider_forms import KEY
from tests.doubles.postgres_server import SharedStore, shared_store
from tests.storage.postgres.cut_proxy import CutProxy
from tui.domain import ModelType
from tui.errors import Problem
from tui.practice.tenants import BITS, COST
from tui.secret import Secret
from tui.storage.memory_folder import MemoryFolder
from tui.storage.postgres import watcher
from tui.storage.postgres.address import parse
from tui.storage.postgres.connection import Link
from tui.storage.postgres.database import Database
from tui.storage.postgres.folder import RootFolder
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials import save
from tui.workspace.models import catalog, defaults

pytestmark = pytest.mark.slow

MODEL = "from-another-session"


@pytest.fixture
def shared() -> Iterator[SharedStore]:
    with shared_store() as created:
        yield created


@pytest.fixture
def proxy(shared: SharedStore) -> Iterator[CutProxy]:
    created = CutProxy(shared.server.folder)
    yield created
    created.close()


@pytest.fixture
def on_loop(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The uses of the connection by the thread that answers keys."""
    uses: list[str] = []
    connection = Link.connection

    def counted(self: Link) -> Any:
        if asyncio._get_running_loop() is not None:
            uses.append("connection")
        return connection(self)

    monkeypatch.setattr(Link, "connection", counted)
    monkeypatch.setattr(watcher, "DEADLINE", 0.5)
    monkeypatch.setattr(watcher, "BACK_OFF", (0.05, 0.1))
    return uses


def session_on(root: RootFolder, session: Session, keys: MemoryFolder) -> Session:
    return Session(root, keys, session.client_factory, {"USER": "ada"}, key_bits=BITS, key_cost=COST)


async def test_a_console_on_a_shared_store(
    shared: SharedStore, proxy: CutProxy, session: Session, on_loop: list[str]
) -> None:
    keys = MemoryFolder()
    elsewhere = session_on(shared.root(), session, keys)
    await tenants.create(elsewhere, "acme")
    await save.save(elsewhere.tenant("acme"), "openai", {"api_key": Secret(KEY)})
    await catalog.add(elsewhere.tenant("acme"), "openai", "gpt-4o-mini", ModelType.CHAT, {}, verify=False)
    await defaults.set(elsewhere.tenant("acme"), ModelType.CHAT, "openai/gpt-4o-mini")

    text = shared.text().replace(str(shared.server.folder), str(proxy.folder))
    here = session_on(RootFolder(Database(Link(parse(text, {}), {}, deadline=0.5))), session, keys)
    assert here.watch.state.delay == 0
    on_loop.clear()
    async with console(here, "acme") as pilot:
        await pilot.press("2")
        await until_shown(pilot, "[2 Models]")
        on_loop.clear()
        await catalog.add(elsewhere.tenant("acme"), "openai", MODEL, ModelType.CHAT, {}, verify=False)
        await pilot.press("slash", *MODEL)
        await until(pilot, lambda: any(MODEL in row for row in rows(pilot)[2:-4]))
        on_loop.clear()  # the other session's own uses

        proxy.swallow()
        here.watch.retry()
        await until_shown(pilot, "store away")
        await until_shown(pilot, "The store has been out of reach since")
        for key, title in (("escape", ""), ("1", "[1 Providers]"), ("3", "[3 Defaults]"), ("0", "── Tenants ──")):
            await pilot.press(key)
            await until_shown(pilot, title)
        await pilot.press("escape", "4")
        await until_shown(pilot, "enter send")
        await pilot.press("h", "i", "enter")
        await until_shown(pilot, "I am a practice model")
        await pilot.press("escape", "0")
        await until_shown(pilot, "── Tenants ──")
        await pilot.press("n", *"Third")
        await pilot.press("enter", "enter", "enter")
        await until_shown(pilot, "The store has been out of reach since")
        assert "Third" in shown(pilot), "what was typed stays"
        await pilot.press("escape")
        assert on_loop == []
        with suppress(Problem):
            here.data.database.link.connection()  # type: ignore[attr-defined]
        assert on_loop == ["connection"], "the control: a call that would block keys is counted"

        proxy.heal()
        here.watch.retry()
        await until(pilot, lambda: not here.watch.state.unreachable_since)
        await pilot.press("escape")
        await until(pilot, lambda: "store away" not in shown(pilot))
    await elsewhere.aclose()
