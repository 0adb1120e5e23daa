"""A tenant's passphrase: set, changed, removed."""

import pytest

from tests.console.empty_session import empty_session
from tests.console.pilot import console, rows, shown, until, until_shown
from tests.doubles.practice import practice_session
from tui.errors import Locked
from tui.practice.tenants import PASSPHRASE
from tui.secret import Secret
from tui.tenancy import keyring, retired_keys
from tui.tenancy import tenants as tenant_registry
from tui.vault import key_pair
from tui.workspace import tenants


async def test_a_passphrase_is_set_and_locks_the_tenant_from_then_on() -> None:
    session = practice_session()
    async with console(session, None) as pilot:
        await pilot.press("p")
        await until_shown(pilot, "── Tenants › acme › passphrase ──")
        await until_shown(pilot, "anyone who can read your files on this machine can decrypt")
        assert "Present" not in shown(pilot) and "Remove" not in shown(pilot)
        await pilot.press(*"new", "enter", *"new", "enter", "enter")
        await until_shown(pilot, "Set the passphrase of acme.")
        await until_shown(pilot, "with a passphrase")
        assert rows(pilot)[3].startswith(" ▸ ▪ acme")
        keyring.lock(session.tenant("acme"))
        with pytest.raises(Locked):
            await tenants.unlock(session.tenant("acme"), Secret("old"))
        await tenants.unlock(session.tenant("acme"), Secret("new"))


async def test_a_locked_tenant_asks_for_the_present_one_in_the_same_form() -> None:
    session = practice_session()
    async with console(session, None) as pilot:
        await pilot.press("down", "p")
        await until_shown(pilot, " ▸ Current          [")
        await pilot.press("tab", "tab", "tab", "enter")
        await until_shown(pilot, "Type the current passphrase first.")
        await pilot.press(*"wrong", "tab", "n", "tab", "n", "enter", "enter")
        await until_shown(pilot, "▲ Wrong passphrase.")
        await until_shown(pilot, " ▸ Current          [    ")
        assert shown(pilot).count("[•  ") == 2
        await pilot.press(*PASSPHRASE, "tab", "tab", "tab", "enter")
        await until_shown(pilot, "Changed the passphrase of north-lab.")
        keyring.lock(session.tenant("north-lab"))
        await tenants.unlock(session.tenant("north-lab"), Secret("n"))


@pytest.mark.parametrize("own", [True, False])
async def test_an_earlier_key_file_that_keeps_its_own_passphrase_is_named(own: bool) -> None:
    session = empty_session()
    tenant = session.tenant((await tenants.create(session, "acme", Secret("secret"))).id)
    await tenants.create(session, "other")
    earlier = key_pair.generate_key_pair(session.key_bits)
    pem = key_pair.export(earlier.private, Secret("another" if own else "secret"), session.key_cost)
    retired_keys.folder(tenant).write(f"{earlier.key_id}.pem", pem)
    session.open_keys.clear()
    async with console(session, None) as pilot:
        await until_shown(pilot, "other")
        pilot.app.screen.query_one("#tenants").select("acme")  # type: ignore[attr-defined]
        await pilot.press("p")
        await until_shown(pilot, " ▸ Current          [")
        await pilot.press(*"secret", "tab", "n", "tab", "n", "enter", "enter")
        await until_shown(pilot, "Changed the passphrase of acme.")
        assert (f"{earlier.key_id}.pem keeps its own passphrase." in shown(pilot)) is own


async def test_removing_it_asks_first_with_the_focus_on_keep() -> None:
    session = empty_session()
    await tenants.create(session, "acme", Secret("secret"))
    await tenants.create(session, "other")
    async with console(session, None) as pilot:
        await until_shown(pilot, "other")
        pilot.app.screen.query_one("#tenants").select("acme")  # type: ignore[attr-defined]
        await pilot.press("p", "shift+tab", "shift+tab", "enter")
        await until_shown(pilot, "Remove the passphrase of acme?")
        await until_shown(pilot, "▸ [ Keep ]")
        await pilot.press("enter")
        await until_shown(pilot, "› passphrase ──")
        assert tenant_registry.tenant_of(session.tenant("acme")).protected
        await pilot.press("enter")
        await until_shown(pilot, "▸ [ Keep ]")
        await pilot.press("down", "enter")
        await until_shown(pilot, "acme now has no passphrase.")
        assert not tenant_registry.tenant_of(session.tenant("acme")).protected


async def test_an_empty_or_different_passphrase_is_shown_in_place() -> None:
    async with console(practice_session(), None) as pilot:
        await pilot.press("p", "tab", "enter")
        await until_shown(pilot, "▲ Type the new passphrase first.")
        await pilot.press(*"ab", "enter", *"ac", "enter", "enter")
        await until_shown(pilot, "▲ The passphrases don't match.")
        await pilot.press("escape")
        await until_shown(pilot, "What you typed will be lost.")
        await pilot.press("down", "enter")
        await until(pilot, lambda: "── Tenants ──" in shown(pilot))
