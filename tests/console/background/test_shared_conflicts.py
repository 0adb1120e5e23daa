"""Two operators of one shared store: who comes second is asked only about what both changed; what was typed stays."""

from collections.abc import Iterator

import pytest

from tests.console.pilot import console, shown, until, until_shown
from tests.console.provider_forms import KEY
from tests.doubles.postgres_server import SharedStore, shared_store
from tui.domain import ModelType
from tui.practice.tenants import BITS, COST
from tui.secret import Secret
from tui.storage.memory_folder import MemoryFolder
from tui.tenancy import credentials, models
from tui.tenancy import tenants as registry
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials import lifetime, save
from tui.workspace.credentials.lifetime import Lifetime
from tui.workspace.models import catalog, defaults

pytestmark = pytest.mark.slow

TITLE = "Another session saved first"
MODELS = ("gpt-a", "gpt-b", "gpt-c")


@pytest.fixture
def shared() -> Iterator[SharedStore]:
    with shared_store() as created:
        yield created


async def test_the_second_operator_decides_about_what_both_changed_and_nothing_else(
    shared: SharedStore, session: Session
) -> None:
    keys = MemoryFolder()  # bob was admitted

    def opened(login: str) -> Session:
        root = shared.root(login)
        return Session(root, keys, session.client_factory, {"USER": login}, key_bits=BITS, key_cost=COST)

    ada, bob = opened("ada"), opened("bob")
    await tenants.create(ada, "acme")
    with shared.administrator() as connection:
        connection.execute("INSERT INTO modeldeck.member (login, tenant) VALUES ('bob', 'acme')")
    here, there = ada.tenant("acme"), bob.tenant("acme")
    await save.save(here, "openai", {"api_key": Secret(KEY)})
    for model in MODELS:
        await catalog.add(here, "openai", model, ModelType.CHAT, {}, verify=False)
    await tenants.unlock(there, None)
    assert ada.watch.state.delay == 0
    async with console(ada, "acme") as pilot:
        # Both rename: what ada typed stays, until she says which holds.
        await pilot.press("0")
        await until_shown(pilot, "── Tenants ──")
        await pilot.press("e")
        await until_shown(pilot, "› rename")
        await pilot.press("ctrl+u", *"Mine", "enter")
        await tenants.rename(there, "Theirs")
        await pilot.press("enter")
        await until_shown(pilot, TITLE)
        await until_shown(pilot, "bob (process")
        await until_shown(pilot, "renamed it to Theirs")
        await pilot.press("enter")
        await until(pilot, lambda: TITLE not in shown(pilot) and "Mine" in shown(pilot))
        assert registry.tenant_of(here).name == "Theirs"
        await pilot.press("enter")
        await until_shown(pilot, TITLE)
        await pilot.press("down", "enter")
        await until(pilot, lambda: registry.tenant_of(there).name == "Mine")

        # The same default: asked. Another one meanwhile: not.
        await until_shown(pilot, "── Tenants ──")
        await pilot.press("escape", "3")
        await until_shown(pilot, "[3 Defaults]")
        await pilot.press("home", "enter")
        await until_shown(pilot, "Defaults › chat")
        await defaults.set(there, ModelType.CHAT, "openai/gpt-a")
        await pilot.press(*"gpt-b", "enter")
        await until_shown(pilot, "set the default chat model to")
        await pilot.press("enter")
        await until(pilot, lambda: "set the default chat model to" not in shown(pilot))
        assert models.defaults(here)[ModelType.CHAT].ref == "openai/gpt-a"

        # The expiry of one credential; a rename of the tenant meanwhile asks nothing.
        await pilot.press("1")
        await until_shown(pilot, "[1 Providers]")
        await pilot.press("home", "e")
        await until_shown(pilot, "› expiry ")
        await pilot.press(*"2031-01-01", "enter")
        await lifetime.set_lifetime(there, "openai", "default", Lifetime("2030-06-06"))
        await pilot.press("enter", "enter")
        await until_shown(pilot, TITLE)
        await pilot.press("enter")
        await until(pilot, lambda: TITLE not in shown(pilot))
        await until_shown(pilot, "2031-01-01")
        await pilot.press("enter")
        await until_shown(pilot, TITLE)
        await pilot.press("down", "enter")
        await until_shown(pilot, "1 Jan 2031")
        await pilot.press("e")
        await until_shown(pilot, "› expiry ")
        await pilot.press("ctrl+u", *"2032-01-01", "enter")
        await tenants.rename(there, "Acme again")
        await pilot.press("enter", "enter")
        await until_shown(pilot, "1 Jan 2032")
        assert TITLE not in shown(pilot)
    stored = credentials.find(there, "openai", "default")
    assert stored is not None and lifetime.lifetime(there, stored) == Lifetime("2032-01-01")
    assert registry.tenant_of(there).name == "Acme again"
    await ada.aclose()
    await bob.aclose()
