"""The dialog that writes a file: what it says, what it refuses, and what is on disk afterwards."""

import stat
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.console.pilot import console, until, until_shown
from tests.doubles.practice import practice_session
from tui.config import Config
from tui.console.pages.save_file import Save
from tui.console.widgets.input import LineField
from tui.tenancy.session import Session


def started() -> Session:
    """A session whose first screen is the playground, where files are saved."""
    session = practice_session()
    session.config = Config(start="playground")
    return session


async def opened(pilot: Pilot[str], suggested: str, **formats: str) -> list[Path | None]:
    """Open the dialog; what it answers with lands in the list."""
    answers: list[Path | None] = []
    save = Save(suggested, formats or {"md": "Markdown"}, lambda kind: f"as {kind}: ü\n")
    await pilot.app.push_screen(save, answers.append)
    await pilot.pause()
    return answers


async def test_enter_goes_to_the_button_and_enter_there_writes_for_the_owner_alone(tmp_path: Path) -> None:
    async with console(started()) as pilot:
        answers = await opened(pilot, str(tmp_path / "chat"))
        await until_shown(pilot, ", readable only by you. To copy it:")
        await pilot.press("enter")
        assert not list(tmp_path.iterdir())
        await pilot.press("enter")
        await until(pilot, lambda: answers)
        path = tmp_path / "chat.md"
        assert answers == [path]
        assert path.read_text() == "as md: ü\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["chat.md"]


async def test_a_name_in_use_is_not_proposed_and_needs_confirmation_when_typed(tmp_path: Path) -> None:
    there = tmp_path / "chat.md"
    there.write_text("old")
    async with console(started()) as pilot:
        answers = await opened(pilot, str(there))
        field = pilot.app.screen.query_one(LineField)
        assert field.value == str(tmp_path / "chat-2.md")
        field.value = str(there)
        await pilot.press("enter", "enter")
        await until_shown(pilot, "chat.md already exists, 3 bytes.")
        await pilot.press("enter")
        await until_shown(pilot, "Save to a file")
        assert there.read_text() == "old"
        assert not answers
        await pilot.press("enter")
        await until_shown(pilot, "already exists")
        await pilot.press("down", "enter")
        await until(pilot, lambda: answers)
        assert there.read_text() == "as md: ü\n"
        assert stat.S_IMODE(there.stat().st_mode) == 0o600


async def test_escape_writes_nothing(tmp_path: Path) -> None:
    async with console(started()) as pilot:
        answers = await opened(pilot, str(tmp_path / "chat"))
        await pilot.press("escape")
        await until(pilot, lambda: answers)
        assert answers == [None]
        assert not list(tmp_path.iterdir())


async def test_another_format_changes_the_ending(tmp_path: Path) -> None:
    async with console(started()) as pilot:
        answers = await opened(pilot, str(tmp_path / "vectors"), json="JSON", csv="CSV")
        await until_shown(pilot, "(•) JSON  ( ) CSV")
        await pilot.press("enter", "right", "enter", "enter")
        await until(pilot, lambda: answers)
        assert answers == [tmp_path / "vectors.csv"]
        assert (tmp_path / "vectors.csv").read_text() == "as csv: ü\n"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "is a folder."),
        ("/nowhere/at/all/chat.md", "There is no folder /nowhere/at/all."),
        ("/dev/null", "regular"),
    ],
)
async def test_what_cannot_be_written_is_shown_under_the_field_and_stays_there(typed: str, sentence: str) -> None:
    async with console(started()) as pilot:
        answers = await opened(pilot, "chat")
        field = pilot.app.screen.query_one(LineField)
        field.value = typed
        await pilot.press("enter", "enter")
        await until_shown(pilot, sentence)
        assert pilot.app.focused is field
        assert field.value == typed
        assert not answers
