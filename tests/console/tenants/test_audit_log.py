"""The audit log on a screen, and the export of settings from the palette."""

import json
from pathlib import Path

import pytest

from tests.console.pilot import app_of, console, rows, until, until_shown
from tests.doubles.practice import practice_session
from tui.console.widgets.form import Button
from tui.console.widgets.input import LineField
from tui.domain import ModelType
from tui.errors import Problem
from tui.secret import Secret
from tui.storage.audit_log import LOG
from tui.storage.memory_folder import MemoryFolder
from tui.tenancy import models
from tui.workspace.history import chats
from tui.workspace.models import defaults
from tui.workspace.transfer import import_plan


async def test_the_log_shows_what_was_done_newest_first_and_that_it_is_whole() -> None:
    session = practice_session()
    await defaults.clear(session.tenant("acme"), ModelType.CHAT)
    async with console(session) as pilot:
        await pilot.press(":", *"audit log", "enter")
        await until_shown(pilot, "Log intact.")
        screen = rows(pilot)
        assert screen[1].startswith("── Audit log ──")
        assert screen[2] == "   practice"
        assert screen[3].endswith("   default chat model cleared")
        assert screen[-1] == " up down move  / find  esc back  ? help"
        await pilot.press("slash", *"tenant acme created", "enter")
        await until_shown(pilot, "   tenant acme created")
        await pilot.press("escape", "escape")
        await until_shown(pilot, "[1 Providers]")


async def test_a_log_that_somebody_was_at_says_so() -> None:
    session = practice_session()
    folder = session.store("acme").folder
    content = folder.read(LOG) or b""
    folder.write(LOG, b"".join(content.splitlines(keepends=True)[1:]))
    async with console(session) as pilot:
        await pilot.press(":", *"audit log", "enter")
        await until_shown(pilot, "▲ Entry 1 is missing before entry 2.")


async def test_what_could_not_be_noted_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise Problem("The disk is full.")

    session = practice_session()
    async with console(session) as pilot:
        monkeypatch.setattr(MemoryFolder, "append", full)
        await defaults.clear(session.tenant("acme"), ModelType.CHAT)
        await until_shown(pilot, "This is not in the audit log: The disk is full.")
        assert not models.defaults(session.tenant("acme")).get(ModelType.CHAT), "it was done all the same"


async def test_the_settings_are_exported_from_the_palette(tmp_path: Path) -> None:
    async with console() as pilot:
        acme = app_of(pilot).navigator.tenant_session
        recorder = chats.Recorder(acme)
        recorder.question("Wherefore zyzzyva?", "openai/gpt-6-sol", {})
        await pilot.press(":", *"export the", "enter")
        await until_shown(pilot, "Save to a file")
        path = tmp_path / "acme.json"
        pilot.app.screen.query_one(LineField).value = str(path)
        await pilot.press("enter", "enter")
        await until(pilot, path.exists)
        await until_shown(pilot, "[1 Providers]")
        assert json.loads(path.read_text())["tenant"] == {"id": "acme", "name": "acme"}
        assert "sk-" not in path.read_text()
        await pilot.press(":", *"export with", "enter")
        await until_shown(pilot, "acme › export with API keys")
        await until_shown(pilot, "(•) leave out  ( ) include")
        sealed, page = tmp_path / "acme.sealed", pilot.app.screen
        page.query_one(LineField).value = str(path)
        page.query_one("#export", Button).focus()
        await pilot.press("enter")
        await until_shown(pilot, "acme.json already exists.")
        page.query_one(LineField).value = str(sealed)
        await pilot.press("enter", *"a FAKE one", "enter", *"a FAKE one", "enter", "right", "enter", "enter")
        await until_shown(pilot, "with their API keys and 1 chat")
        assert "zyzzyva" not in sealed.read_text() and "sk-" not in sealed.read_text()
        bundle = await import_plan.open_bundle(sealed.read_bytes(), Secret("a FAKE one"))
        assert [chat.id for chat in bundle.chats] == chats.ids(acme)
        assert any(credential.secrets for credential in bundle.credentials)
