"""A tenant whose settings cannot be read: what is said, what can be restored, and that the others go on."""

import os
from dataclasses import replace
from pathlib import Path

from tests.console.background.test_monitor import newer_version
from tests.console.empty_session import empty_session
from tests.console.pilot import console, rows, shown, until, until_shown
from tests.console.tenants.test_remove import cut
from tests.console.tenants.test_welcome import on_disk
from tests.doubles.practice import practice_session
from tui.domain import ModelType
from tui.secret import Secret
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials import status
from tui.workspace.models import defaults


async def changed(session: Session) -> Session:
    """acme with earlier states, and then damaged."""
    await status.use(session.tenant("acme"), "openai", "batch-jobs")
    await status.use(session.tenant("acme"), "openai", "default")
    cut(session, "acme")
    return session


async def test_it_is_drawn_as_designed() -> None:
    async with console(await changed(practice_session()), None) as pilot:
        await until_shown(pilot, "✕ acme")
        await pilot.press("end", "enter")
        await until_shown(pilot, "✕ settings damaged ──")
        screen = rows(pilot)
        assert screen[0] == " ▪ acme  damaged"
        assert screen[1] == "── Tenants › acme ──────────────────────────────────────── ✕ settings damaged ──"
        assert screen[3] == "   The settings of acme cannot be read: the file ends in the middle."
        assert screen[4] == "   The file is unchanged; nothing was saved."
        assert screen[6] == "   settings.json"
        assert screen[8] == "   Readable earlier states"
        assert screen[9].startswith(" ▸ ") and screen[9].endswith(
            "    2 providers   0 added models   2 defaults   the newest"
        )
        assert screen[15:17] == ["   [ Restore the selected ]", "   [ Leave it ]"]
        assert screen[-2] == "   The damaged file is kept as settings.json.damaged-1."
        assert screen[-1] == " enter choose  up down move  esc back  ? help"


async def test_enter_on_a_state_goes_to_the_button_and_enter_there_restores_and_opens() -> None:
    session = await changed(practice_session())
    async with console(session, None) as pilot:
        await until_shown(pilot, "✕ acme")
        await pilot.press("end", "enter")
        await until_shown(pilot, "Readable earlier states")
        await pilot.press("down", "enter")
        await until_shown(pilot, "▸ [ Restore the selected ]")
        assert tenants.row(session.tenant("acme")).problem
        await pilot.press("enter")
        await until_shown(pilot, "acme can be read again.")
        await until_shown(pilot, "[1 Providers]")
        assert "settings.json.damaged-1" in session.store("acme").folder.names()
        assert tenant_registry.tenant_of(session.tenant("acme")).name == "acme"


async def test_what_the_selected_state_lacks_is_reported() -> None:
    session = practice_session()
    await defaults.clear(session.tenant("acme"), ModelType.CHAT)
    await defaults.set(session.tenant("acme"), ModelType.CHAT, "openai/gpt-6-sol")
    await status.use(session.tenant("acme"), "openai", "batch-jobs")
    cut(session, "acme")
    async with console(session, None) as pilot:
        await until_shown(pilot, "✕ acme")
        await pilot.press("end", "enter")
        await until_shown(pilot, "Readable earlier states")
        assert rows(pilot)[-3] == "   Restoring replaces the settings with this state and opens the tenant."
        await pilot.press("down")
        await until_shown(pilot, "   Not in this state: default chat model, set at ")


async def test_leaving_it_changes_nothing_and_the_others_can_be_opened() -> None:
    session = await changed(practice_session())
    before = session.store("acme").folder.read("settings.json")
    async with console(session, None) as pilot:
        await until_shown(pilot, "✕ acme")
        await pilot.press("end", "enter")
        await until_shown(pilot, "Readable earlier states")
        await pilot.press("escape")
        await until_shown(pilot, "▸ ✕ acme")
        await pilot.press("e", "p")
        await until_shown(pilot, "── Tenants ──")
        await pilot.press("home", "enter")
        await until_shown(pilot, "locked with a passphrase")
        await pilot.press("escape")
        await until_shown(pilot, "[1 Providers]")
    assert session.store("acme").folder.read("settings.json") == before


async def test_without_an_earlier_state_a_backup_or_removal_is_named() -> None:
    session = empty_session()
    await tenants.create(session, "acme")
    cut(session, "acme")
    async with console(session, None) as pilot:
        await until_shown(pilot, "✕ acme")
        await pilot.press("enter")
        await until_shown(pilot, "There is no earlier state.")
        await until_shown(pilot, "Restore a backup, or remove the tenant with d in the list.")
        await until_shown(pilot, "▸ [ Leave it ]")
        assert "[ Restore" not in shown(pilot)


async def test_a_file_of_a_newer_version_is_not_offered_to_be_replaced() -> None:
    session = await changed(practice_session())
    folder = session.store("acme").folder
    folder.write("settings.json", b'{"schema": 99, "generation": 1, "saved": "", "sha256": "", "data": {}}')
    async with console(session, None) as pilot:
        await until_shown(pilot, "✕ acme")
        await pilot.press("end", "enter")
        await until_shown(pilot, "written by a newer Modeldeck")
        await until_shown(pilot, "Use the newer Modeldeck.")
        assert "[ Restore" not in shown(pilot)


async def test_a_file_that_others_can_read_names_the_command_and_r_looks_again(tmp_path: Path) -> None:
    session = on_disk(empty_session(), tmp_path)
    await tenants.create(session, "acme", Secret("secret"))
    await tenants.create(session, "other")
    settings = session.store("acme").folder.path
    assert settings is not None
    (settings / "settings.json").chmod(0o644)
    async with console(session, None, (160, 24)) as pilot:
        await until_shown(pilot, "✕ acme")
        await until_shown(pilot, "cannot be read")
        await until_shown(pilot, "enter shows detail")
        await pilot.press("end", "enter")
        await until_shown(pilot, "✕ cannot be read ──")
        await until(pilot, lambda: f"   chmod 600 {settings}/settings.json" in rows(pilot))
        await pilot.press("r")
        await until_shown(pilot, "chmod 600")
        os.chmod(settings / "settings.json", 0o600)
        await pilot.press("r")
        await until_shown(pilot, "acme can be read again.")
        await until_shown(pilot, "[1 Providers]")


async def test_a_hostile_folder_name_is_no_tenant(tmp_path: Path) -> None:
    session = on_disk(empty_session(), tmp_path)
    await tenants.create(session, "acme")
    await tenants.create(session, "other")
    (session.tenants.path or tmp_path).joinpath("[red]x\x1b[0m").mkdir(mode=0o700)
    async with console(session, None) as pilot:
        await until_shown(pilot, "── 2 ──")


async def test_an_edit_by_hand_is_accepted_with_a_button() -> None:
    session = practice_session()
    await tenants.rename(session.tenant("acme"), "acme 2")
    folder = session.store("acme").folder
    folder.write("settings.json", (folder.read("settings.json") or b"").replace(b'"acme 2"', b'"acme 3"'))
    async with console(session, None) as pilot:
        await until_shown(pilot, "✕ acme")
        await pilot.press("end", "enter")
        await until_shown(pilot, "The settings of acme cannot be read: it is not as it was saved.")
        await until_shown(pilot, "It was edited by hand, or the disk is faulty. Nothing was saved.")
        await pilot.press("enter", "down")
        await until_shown(pilot, "▸ [ Accept the edit ]")
        await until_shown(pilot, "A key whose fields were edited can no longer be decrypted.")
        await pilot.press("enter")
        await until_shown(pilot, "acme 3 can be read again.")
        await until_shown(pilot, "[1 Providers]")


async def test_settings_of_a_newer_version_open_to_be_viewed() -> None:
    session = practice_session()
    with newer_version():
        await tenants.rename(session.tenant("acme"), "acme 2")
    async with console(replace(session, _stores={}), None) as pilot:
        await until_shown(pilot, "acme 2")
        await pilot.press("home")
        while "▸ ▪ acme 2" not in shown(pilot):
            await pilot.press("down")
        await pilot.press("enter")
        await until_shown(pilot, "PRACTICE  read-only  [1 Providers]")
