"""A store that goes away on any screen: keys are answered, what was typed stays, and all is back without a restart."""

import pytest

from tests.console.background.test_shared_store import on_loop, proxy, session_on, shared
from tests.console.pilot import console, shown, until, until_shown
from tests.console.provider_forms import KEY
from tests.doubles.postgres_server import SharedStore
from tests.storage.postgres.cut_proxy import CutProxy
from tui.secret import Secret
from tui.storage.memory_folder import MemoryFolder
from tui.storage.postgres.address import parse
from tui.storage.postgres.connection import Link
from tui.storage.postgres.database import Database
from tui.storage.postgres.folder import RootFolder
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials import save

pytestmark = pytest.mark.slow
__all__ = ["on_loop", "proxy", "shared"]

SCREENS = (
    (("0", "e"), ("── Tenants ──", "› rename"), "Second", 2),
    (("1", "home", "e"), ("[1 Providers]", "", "› expiry"), "2031-02-03", 3),
    (("2",), ("[2 Models]",), "", 0),
    (("3",), ("[3 Defaults]",), "", 0),
)
"""The keys that open a screen, what each shows, what is typed there, and how often enter is pressed to save it."""


@pytest.mark.parametrize("outage", ["swallow", "refuse"])
async def test_an_unreachable_store_stops_no_screen(
    shared: SharedStore, proxy: CutProxy, session: Session, on_loop: list[str], outage: str
) -> None:
    keys = MemoryFolder()
    elsewhere = session_on(shared.root(), session, keys)
    await tenants.create(elsewhere, "acme")
    await save.save(elsewhere.tenant("acme"), "openai", {"api_key": Secret(KEY)})
    text = shared.text().replace(str(shared.server.folder), str(proxy.folder))
    here = session_on(RootFolder(Database(Link(parse(text, {}), {}, deadline=0.5))), session, keys)
    assert here.watch.state.delay == 0
    async with console(here, "acme") as pilot:
        for opening, titles, typed, presses in SCREENS:
            for key, title in zip(opening, titles, strict=True):
                await pilot.press(key)
                await until_shown(pilot, title)
            if typed:
                await pilot.press("ctrl+u", *typed)
                await until_shown(pilot, typed)
            on_loop.clear()
            getattr(proxy, outage)()
            here.watch.retry()
            await until(pilot, lambda: here.watch.state.unreachable_since)
            # That a key asks nothing of the network is `on_loop`; how long it takes is figure S13 of the campaign.
            await pilot.press(*(("tab", "shift+tab") if typed else ("down", "up")))
            await pilot.press(*["enter"] * presses)
            await until_shown(pilot, "out of reach")
            assert typed in shown(pilot) and on_loop == []
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
