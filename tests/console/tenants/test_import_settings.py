"""A file of settings into the tenant shown: what it would change is shown first, and a refused file changes nothing."""

import json
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.console.pilot import console, shown, until_shown
from tests.doubles.practice import practice_session
from tui.console.widgets.input import LineField
from tui.domain import ModelType
from tui.secret import Secret
from tui.tenancy import credentials, models
from tui.tenancy.session import Session
from tui.workspace.credentials import status
from tui.workspace.models import defaults
from tui.workspace.transfer import export

PASS = "a FAKE passphrase"


@pytest.fixture
async def changed(tmp_path: Path) -> Session:
    """The practice session, exported to files with and without keys, and changed since."""
    session = practice_session()
    (tmp_path / "acme.json").write_text((await export.export(session.tenant("acme"))).text)
    (tmp_path / "acme.sealed").write_text((await export.export(session.tenant("acme"), Secret(PASS))).text)
    await defaults.clear(session.tenant("acme"), ModelType.CHAT)
    return session


async def named(pilot: Pilot[str], path: Path) -> None:
    """Open the page and look at a file."""
    await pilot.press(":", *"import settings", "enter")
    await until_shown(pilot, "── acme › import ──")
    pilot.app.screen.query_one(LineField).value = str(path)
    await pilot.press("enter", "enter")


async def test_what_a_file_would_change_is_shown_and_done_by_enter(changed: Session, tmp_path: Path) -> None:
    async with console(changed) as pilot:
        await named(pilot, tmp_path / "acme.json")
        await until_shown(pilot, "▸ [ Import ]")
        await until_shown(pilot, "     default chat model set to openai/gpt-6-sol")
        assert not models.defaults(changed.tenant("acme")).get(ModelType.CHAT)
        await pilot.press("enter")
        await until_shown(pilot, "Imported into acme: 1 change.")
        assert models.defaults(changed.tenant("acme"))[ModelType.CHAT].ref == "openai/gpt-6-sol"
        await named(pilot, tmp_path / "acme.json")
        await until_shown(pilot, "acme already matches the file.")


async def test_a_protected_file_asks_for_its_passphrase(changed: Session, tmp_path: Path) -> None:
    await status.remove_provider(changed.tenant("acme"), "openai")
    async with console(changed) as pilot:
        await named(pilot, tmp_path / "acme.sealed")
        await until_shown(pilot, "▸ Passphrase")
        await pilot.press(*"wrong", "enter", "enter")
        await until_shown(pilot, "Wrong passphrase, or the file was changed.")
        await pilot.press(*PASS, "enter", "enter")
        await until_shown(pilot, "▸ [ Import ]")
        await until_shown(pilot, "OpenAI set up: credential default, base_url, api_key")
        await pilot.press("enter")
        await until_shown(pilot, "Imported into acme: ")
        assert credentials.access(changed.tenant("acme"), "openai").secrets()["api_key"]


async def test_a_file_that_cannot_be_imported_is_refused_where_it_is_named(changed: Session, tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_bytes((tmp_path / "acme.json").read_bytes()[:-40])
    async with console(changed) as pilot:
        await named(pilot, tmp_path / "cut.json")
        await until_shown(pilot, "▲ The file cannot be imported: the file ends in the middle.")
        assert "[ Import ]" not in shown(pilot)
        pilot.app.screen.query_one(LineField).value = str(tmp_path / "none.json")
        await pilot.press("enter", "enter")
        await until_shown(pilot, "The file cannot be read: no such file or directory.")


async def test_a_change_saved_by_another_session_is_a_question(changed: Session, tmp_path: Path) -> None:
    acme = changed.tenant("acme")

    def chat() -> str:
        return models.defaults(acme)[ModelType.CHAT].ref

    async with console(changed) as pilot:
        await named(pilot, tmp_path / "acme.json")
        await until_shown(pilot, "▸ [ Import ]")
        await defaults.set(acme, ModelType.CHAT, "openai/gpt-5.4-mini")
        await pilot.press("enter")
        await until_shown(pilot, "Another session saved first")
        await until_shown(pilot, "default chat model set to openai/gpt-5.4-mini")
        await pilot.press("escape")
        await until_shown(pilot, "▸ [ Import ]")
        assert chat() == "openai/gpt-5.4-mini", "nothing is imported without an answer"
        await pilot.press("enter")
        await until_shown(pilot, "Another session saved first")
        await pilot.press("down", "enter")
        await until_shown(pilot, "Imported into acme: ")
        assert chat() == "openai/gpt-6-sol"


async def test_leaving_before_it_is_imported_asks(changed: Session, tmp_path: Path) -> None:
    async with console(changed) as pilot:
        await named(pilot, tmp_path / "acme.json")
        await until_shown(pilot, "▸ [ Import ]")
        await pilot.press("escape")
        await until_shown(pilot, "Nothing has been imported.")


@pytest.mark.all_providers
async def test_every_url_of_a_file_is_shown(changed: Session, tmp_path: Path) -> None:
    path = tmp_path / "acme.json"
    await status.remove_provider(changed.tenant("acme"), "huggingface")
    data = json.loads(path.read_text())
    fields = {"endpoint_type": "inference_endpoints", "task": "text-generation"}
    models = [
        {"id": f"org/m{number}", "type": "chat", "origin": "added"}
        | {"fields": fields | {"endpoint_url": f"https://host-{number}.example"}}
        for number in range(7)
    ]
    data |= {"providers": {"huggingface": {"models": models}}, "defaults": {}}
    path.write_text(json.dumps(data))
    async with console(changed) as pilot:
        await named(pilot, path)
        await until_shown(pilot, "▸ [ Import ]")
        assert all(f"new URL: https://host-{number}.example" in shown(pilot) for number in range(7))
