"""The form for one more tenant."""

import pytest
from textual import events

from tests.console.empty_session import empty_session
from tests.console.pilot import console, rows, shown, until, until_shown
from tests.console.tenants.test_welcome import SlowKeyPair, focus
from tests.doubles.practice import practice_session
from tui.tenancy import tenants as tenant_registry
from tui.workspace import tenants


async def test_it_is_drawn_as_designed() -> None:
    async with console(practice_session(), "acme") as pilot:
        await pilot.press("0")
        await until_shown(pilot, "── Tenants ──")
        await pilot.press("n", *"lab")
        await until_shown(pilot, "Its folder will be lab.")
        screen = rows(pilot)
        assert screen[0].startswith(" ▪ acme  PRACTICE") and "1 Providers" not in screen[0]
        assert screen[1].startswith("── Tenants › new ──")
        assert screen[3] == " ▸ Name             [lab                                                 ]"
        assert screen[4] == "                    Up to 60 characters. Its folder will be lab."
        assert screen[7] == "                    Optional. You'll need it whenever a key is used."
        assert screen[8] == "                    It can't be recovered."
        # Four colours are taken; the first that is free is proposed.
        assert screen[10] == "   Mark             ( ) ▪ blue  ( ) ▪ green  ( ) ▪ red  ( ) ▪ cyan"
        assert screen[11] == "                    (•) ▪ magenta  ( ) ▪ yellow"
        assert screen[13] == "   [ Create tenant ]"
        assert screen[-3] == "   acme stays unlocked; you switch to the new tenant."
        assert screen[-2] == "   It gets its own key pair, which takes one or two seconds."
        assert screen[-1] == " enter next  tab shift+tab move  esc back  f1 help"


async def test_enter_goes_from_field_to_field_and_makes_it_at_the_button() -> None:
    session = practice_session()
    async with console(session, None) as pilot:
        await pilot.press("n", *"lab", "enter", *"pw", "enter", *"pw", "enter", "left", "enter")
        assert focus(pilot) == "[ Create tenant ]"
        await pilot.press("enter")
        await until_shown(pilot, "[1 Providers]")
        tenant = tenant_registry.find(session, "lab")
        assert (tenant.id, tenant.protected, tenant.mark) == ("lab", True, 3)


async def test_a_name_in_another_script_gets_a_plain_id_that_can_be_typed_over() -> None:
    session = empty_session()
    await tenants.create(session, "acme")
    await tenants.create(session, "other")
    async with console(session, None) as pilot:
        await pilot.press("n")
        pilot.app.post_message(events.Paste("星河科技"))
        await until_shown(pilot, "   Folder           [tenant-2  ")
        await pilot.press("shift+tab", "shift+tab", "ctrl+u", *"galaxy", "enter", "enter")
        await until_shown(pilot, "[1 Providers]")
        assert tenant_registry.find(session, "galaxy").name == "星河科技"


async def test_a_name_in_use_and_an_id_that_cannot_be_are_shown_and_nothing_is_lost() -> None:
    session = practice_session()
    async with console(session, None) as pilot:
        await pilot.press("n", *"ACME", "shift+tab", "enter")
        await until_shown(pilot, "▲ A tenant named acme already exists.")
        await until_shown(pilot, "[ACME   ")
        assert focus(pilot) == "Name"
        await pilot.press("ctrl+u")
        assert "already" not in shown(pilot)
        pilot.app.post_message(events.Paste("名"))
        await until_shown(pilot, "   Folder           [tenant-")
        await pilot.press("shift+tab", "shift+tab", "ctrl+u", *"A/b", "enter", "enter")
        await until_shown(pilot, "is not a valid ID")
        await until_shown(pilot, "[名  ")
        assert len(tenant_registry.ids(session)) == 4


async def test_escape_leaves_an_empty_form_and_asks_where_something_was_typed() -> None:
    async with console(practice_session(), None) as pilot:
        await pilot.press("n")
        await until_shown(pilot, "Tenants › new")
        await pilot.press("escape")
        await until_shown(pilot, "── Tenants ──")
        await pilot.press("n", "x", "escape")
        await until_shown(pilot, "What you typed will be lost.")
        await pilot.press("escape")
        await until_shown(pilot, "[x    ")


async def test_escape_stops_the_making_and_keeps_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    session, creation = practice_session(), SlowKeyPair(monkeypatch)
    async with console(session, None) as pilot:
        await pilot.press("n", *"lab", "shift+tab", "enter")
        await until_shown(pilot, "… creating the key pair")
        assert rows(pilot)[-1] == " esc stop  ? help"
        await until(pilot, creation.started.is_set)
        await pilot.press("escape")
        await until_shown(pilot, "▸ [ Create tenant ]")
        creation.go.set()
        await until_shown(pilot, "[lab   ")
        assert len(tenant_registry.ids(session)) == 4


async def test_a_hostile_paste_is_drawn_as_text_in_field_and_folder() -> None:
    async with console(practice_session(), None) as pilot:
        await pilot.press("n")
        pilot.app.post_message(events.Paste("[/x]\x1b]52;c;AA==\x07\u202eevil\n[b]"))
        await until_shown(pilot, "[[/x]]52;c;AA==evil [b]   ")
        await until_shown(pilot, "Its folder will be x-52-c-aa-evil-b.")


async def test_a_name_in_another_script_is_followed_by_the_passphrase() -> None:
    session = practice_session()
    async with console(session, None) as pilot:
        await pilot.press("n")
        pilot.app.post_message(events.Paste("Acme Söhne"))
        await until_shown(pilot, "   Folder           [acme-sohne  ")
        await pilot.press("enter", *"hunter2", "enter", *"hunter2")
        assert focus(pilot) == "Again" and "hunter" not in shown(pilot)
        await pilot.press("enter", "enter", "enter")
        await until_shown(pilot, "[1 Providers]")
        created = tenant_registry.find(session, "acme-sohne")
        assert created.name == "Acme Söhne" and created.protected


async def test_the_folder_can_be_typed_in_the_narrowest_window() -> None:
    session = practice_session()
    async with console(session, None, (40, 10)) as pilot:
        await pilot.press("n")
        pilot.app.post_message(events.Paste("星河"))
        await until(pilot, lambda: pilot.app.screen.query_one("#row-folder").display)
        await pilot.press("shift+tab", "shift+tab", "ctrl+u", *"star")
        await until_shown(pilot, " ▸ Folder           [star")
