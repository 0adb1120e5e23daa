"""A window that is too small: nothing is lost, what runs goes on, and growing brings the same screen back."""

import pytest
from textual import events
from textual.pilot import Pilot

from tests.console.empty_session import empty_session
from tests.console.pilot import console, rows, shown, until, until_shown
from tests.console.tenants.test_welcome import SlowKeyPair
from tests.doubles.practice import practice_session
from tui.tenancy import tenants as tenant_registry

TOO_SMALL = """
 This window is 36 × 8.
 Modeldeck needs 40 × 10 or more.

 Nothing is lost.
 ctrl+q quits."""


async def resize(pilot: Pilot[str], width: int, height: int) -> None:
    await pilot.resize_terminal(width, height)
    await pilot.pause()


async def test_it_says_so_under_the_tenant() -> None:
    async with console(practice_session(), "acme", (36, 8)) as pilot:
        assert rows(pilot)[0] == " ▪ acme  PRACTICE"
        assert "\n".join(rows(pilot)[1:7]) == TOO_SMALL


async def test_growing_brings_back_screen_field_and_cursor() -> None:
    session = empty_session()
    async with console(session, None) as pilot:
        await pilot.press("tab", "tab", "end", *"-lab", "left", "left")
        await resize(pilot, 36, 8)
        await until_shown(pilot, "Nothing is lost.")
        assert "Welcome" not in shown(pilot)
        await resize(pilot, 80, 24)
        await until_shown(pilot, " ▸ Tenant           [acme-lab  ")
        await pilot.press("x", "enter")
        await until(pilot, lambda: tenant_registry.ids(session) == ["acme-lxab"])


async def test_keys_do_not_act_on_what_cannot_be_seen_but_quitting_works() -> None:
    session = empty_session()
    async with console(session, None) as pilot:
        await pilot.press("tab", "tab")
        await resize(pilot, 39, 24)
        pilot.app.post_message(events.Paste("pasted"))
        await pilot.press("x", "enter", "tab", "enter")
        await resize(pilot, 80, 24)
        await until_shown(pilot, " ▸ Tenant           [acme  ")
        assert not tenant_registry.ids(session)
        await resize(pilot, 39, 24)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not pilot.app.is_running)


async def test_what_runs_goes_on_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    session, creation = empty_session(), SlowKeyPair(monkeypatch)
    async with console(session, None) as pilot:
        await pilot.press("enter")
        await until(pilot, creation.started.is_set)
        await resize(pilot, 30, 6)
        creation.go.set()
        await until(pilot, lambda: tenant_registry.ids(session) == ["acme"])
        await until_shown(pilot, "▪ acme")
        await resize(pilot, 80, 24)
        await until_shown(pilot, "[1 Providers]")


@pytest.mark.parametrize(
    ("height", "strip", "title"),
    [(10, False, False), (11, False, False), (12, False, True), (15, False, True), (16, True, True)],
)
async def test_the_strip_goes_first_and_then_the_title_rule(height: int, strip: bool, title: bool) -> None:
    async with console(practice_session(), None, (80, height)) as pilot:
        await until_shown(pilot, "▸ ▪ acme")
        assert ("Settings in memory" in shown(pilot)) is strip
        assert ("── Tenants ──" in shown(pilot)) is title
        assert rows(pilot)[-1].endswith("? help")
