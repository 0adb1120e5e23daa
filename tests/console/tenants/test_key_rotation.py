"""A new key pair, made on a screen: with and without a passphrase, and where the private key is lost."""

import threading

import pytest
from textual.pilot import Pilot

from tests.console.empty_session import empty_session
from tests.console.pilot import console, rows, shown, until, until_shown
from tests.doubles.practice import practice_session
from tui.practice.tenants import PASSPHRASE
from tui.secret import Secret
from tui.tenancy import credentials, keyring
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import Session
from tui.vault import key_pair
from tui.workspace import tenants
from tui.workspace.credentials import save, status


async def shown_page(pilot: Pilot[str]) -> None:
    await pilot.press("p", "shift+tab", "enter")
    await until_shown(pilot, "› key pair ──")


async def test_every_credential_is_sealed_anew_and_still_opens() -> None:
    session = practice_session(pace=0.0)
    before = tenant_registry.tenant_of(session.tenant("acme")).key_id
    async with console(session, None) as pilot:
        await shown_page(pilot)
        await until_shown(pilot, "revoke a leaked key there.")
        await until_shown(pilot, "▸ [ Create a new key pair ]")
        assert "Passphrase" not in shown(pilot)
        await pilot.press("enter")
        await until_shown(pilot, "acme now has key pair")
        await until_shown(pilot, "re-encrypted.")
    after = tenant_registry.tenant_of(session.tenant("acme"))
    assert after.key_id != before and session.keys.folder("acme").names().count(f"{before}.pem") == 0
    assert credentials.access(session.tenant("acme"), "openai").secrets()["api_key"].reveal().startswith("sk-example0")


async def test_with_a_passphrase_it_is_requested_and_a_wrong_one_changes_nothing() -> None:
    session = practice_session(pace=0.0)
    before = tenant_registry.tenant_of(session.tenant("north-lab")).key_id
    async with console(session, None) as pilot:
        await pilot.press("down")
        await shown_page(pilot)
        await pilot.press("tab", "enter")
        await until_shown(pilot, "▲ Type the passphrase first.")
        await pilot.press(*"wrong", "enter", "enter")
        await until_shown(pilot, "▲ Wrong passphrase.")
        assert tenant_registry.tenant_of(session.tenant("north-lab")).key_id == before
        await pilot.press(*PASSPHRASE, "enter", "enter")
        await until_shown(pilot, "north-lab now has key pair")
    tenant = tenant_registry.tenant_of(session.tenant("north-lab"))
    assert tenant.key_id != before and tenant.protected and not keyring.is_open(session.tenant("north-lab"))
    await tenants.unlock(session.tenant("north-lab"), Secret(PASSPHRASE))


async def test_escape_stops_it_and_nothing_was_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    session, released, make = practice_session(pace=0.0), threading.Event(), key_pair.generate_key_pair
    before = session.store("acme").folder.read("settings.json")

    def slow(bits: int) -> key_pair.NewKeyPair:
        released.wait(60)
        return make(bits)

    monkeypatch.setattr(key_pair, "generate_key_pair", slow)
    async with console(session, None) as pilot:
        await shown_page(pilot)
        await pilot.press("enter")
        await until_shown(pilot, "… creating a key pair")
        assert rows(pilot)[-1] == " esc stop  ? help"
        await pilot.press("escape")
        released.set()
        await until_shown(pilot, "Stopped; the key pair is unchanged.")
    assert session.store("acme").folder.read("settings.json") == before


async def lost() -> Session:
    session = empty_session()
    tenant = await tenants.create(session, "acme")
    await tenants.create(session, "other")
    await save.save(session.tenant(tenant.id), "openai", {"api_key": Secret("sk-example0-0000-of-the-lost-pair-0001")})
    session.keys.folder(tenant.id).remove(f"{tenant.key_id}.pem")
    session.open_keys.clear()
    return session


async def test_a_lost_key_can_be_left_behind_and_what_it_sealed_is_replaced() -> None:
    session = await lost()
    async with console(session, None) as pilot:
        await until_shown(pilot, "other")
        pilot.app.screen.query_one("#tenants").select("acme")  # type: ignore[attr-defined]
        await shown_page(pilot)
        await until_shown(pilot, "The private key is missing.")
        await pilot.press("tab", "enter")
        await until_shown(pilot, "acme now has key pair")
    assert status.row(session.tenant("acme"), "openai").state == "cannot be opened"
    await save.save(session.tenant("acme"), "openai", {"api_key": Secret("sk-example0-0000-made-up-key-not-real-3f2a")})
    assert credentials.access(session.tenant("acme"), "openai").secrets()["api_key"].reveal().endswith("3f2a")


async def test_every_area_can_be_viewed_without_the_private_key() -> None:
    async with console(await lost(), "acme") as pilot:
        await until_shown(pilot, "cannot be opened")
        for key, word in (("2", "Models"), ("3", "Defaults"), ("4", "Chat"), ("escape", "Chat"), ("0", "Tenants")):
            await pilot.press(key)
            await until(pilot, lambda word=word: word in shown(pilot))  # type: ignore[misc]
