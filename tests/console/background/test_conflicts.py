"""A form that was opened before another session saved: who was first is said, and what was typed stays."""

from functools import partial

import pytest

from tests.console.background.test_monitor import Elsewhere
from tests.console.pilot import console, shown, until, until_shown
from tests.doubles.practice import practice_session
from tui.console.background import monitor
from tui.domain import ModelType
from tui.secret import Secret
from tui.tenancy import credentials, models
from tui.tenancy import tenants as registry
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials import save
from tui.workspace.models import defaults

pytestmark = pytest.mark.slow

TITLE = "Another session saved first"


async def test_a_form_asks_before_it_replaces_what_another_session_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "INTERVAL", 0.05)
    session = practice_session(pace=0.0)
    acme, elsewhere = session.tenant("acme"), Elsewhere(session)
    async with console(session, "acme") as pilot:
        await pilot.press("0")
        await until_shown(pilot, "── Tenants ──")
        await pilot.press("e")
        await until_shown(pilot, "› rename")
        await pilot.press("ctrl+u", *"Mine", "enter")
        await elsewhere.does(lambda there: tenants.rename(there.tenant("acme"), "Theirs"))
        await pilot.press("enter")
        await until_shown(pilot, TITLE)
        await until_shown(pilot, "Another session (process 4127 on pts/3) renamed it to Theirs")
        await pilot.press("enter")
        await until(pilot, lambda: TITLE not in shown(pilot) and "Mine" in shown(pilot))
        assert registry.tenant_of(acme).name == "Theirs"
        await pilot.press("enter")
        await until_shown(pilot, TITLE)
        await pilot.press("down", "enter")
        await until(pilot, lambda: registry.tenant_of(acme).name == "Mine")

        await until_shown(pilot, "── Tenants ──")
        await pilot.press("escape", "3")
        await until_shown(pilot, "[3 Defaults]")
        await pilot.press("home", "enter")
        await until_shown(pilot, "Defaults › chat")
        await elsewhere.does(partial(_choose, ref="openai/gpt-5"))
        await pilot.press(*"gpt-5.4-mini", "enter")
        await until_shown(pilot, "set the default chat model to")
        await pilot.press("enter")
        await until(pilot, lambda: TITLE not in shown(pilot))
        assert models.defaults(acme)[ModelType.CHAT].ref == "openai/gpt-5"
        await until_shown(pilot, "openai/gpt-5 ")

        await pilot.press("1")
        await until_shown(pilot, "[1 Providers]")
        await pilot.press("home", "d")
        await until_shown(pilot, "This deletes, from every earlier state as well:")
        await elsewhere.does(_replace_key)
        await pilot.press("down", "enter")
        await until_shown(pilot, "Another session changed it meanwhile.")
        assert credentials.listing(acme, "openai")
        await pilot.press("down", "enter")
        await until(pilot, lambda: not credentials.listing(acme, "openai"))


async def _choose(there: Session, ref: str) -> None:
    await defaults.set(there.tenant("acme"), ModelType.CHAT, ref)


async def _replace_key(there: Session) -> None:
    await save.save(there.tenant("acme"), "openai", {"api_key": Secret("sk-example0-0000-another-made-up-key-2b2b")})
