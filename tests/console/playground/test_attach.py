"""A file in the chat: attached by its path, shown with the question, sent, kept, removed; and from another program."""

from pathlib import Path

import pytest
from textual.widgets import Input

from tests.console.pilot import console, rows, until, until_shown
from tests.console.provider_forms import paste
from tests.doubles import images
from tests.doubles.practice import practice_session
from tui.config import Config
from tui.console.playground.chat.tab import ChatTab
from tui.console.playground.screen import Playground
from tui.storage.folder import DiskFolder
from tui.workspace.playground.attachments import inbox
from tui.workspace.playground.attachments.inbox import WaitingFile


async def test_a_file_is_attached_shown_sent_kept_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "holiday.jpg").write_bytes(images.jpeg(640, 480))
    (tmp_path / "notes.txt").write_text("The roof is red.")
    waiting = DiskFolder(tmp_path / "inbox")
    monkeypatch.setattr(inbox, "folder_of", lambda session: waiting)
    session = practice_session(pace=0.0)
    session.config = Config(start="playground")
    async with console(session, "acme", (80, 24)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, Playground)
        tab = screen.tab
        assert isinstance(tab, ChatTab)
        # The path is completed; what the file is stands there before it is attached.
        await pilot.press("f7")
        await until_shown(pilot, "Attach a file")
        await paste(pilot, f"{tmp_path}/h")
        await pilot.press("o")
        await until_shown(pilot, "holiday.jpg")
        await pilot.press("tab")
        await until_shown(pilot, "JPEG, 640 × 480, 1 kB, metadata removed.")
        await pilot.press("enter")
        await until_shown(pilot, "▪ holiday.jpg, JPEG, 640 × 480")
        # A path of another machine gets the line that copies it.
        await pilot.press("f7")
        await until_shown(pilot, "Attach a file")
        field = pilot.app.screen.query_one(Input)
        field.value = "/Users/ada/a.png"
        await pilot.press("enter")
        await until_shown(pilot, "scp /Users/ada/a.png ")
        field.value = str(tmp_path / "notes.txt")
        await pilot.press("enter")
        await until_shown(pilot, "▪ notes.txt, text, 1 kB")
        # Both go with the question, which shows them.
        tab.question.set_text("What is this?")
        await pilot.press("enter")
        await until(pilot, lambda: tab.session.history.last is not None and not tab.busy)
        assert tab.composer.files == ()
        tab.transcript.action_end(False)
        await until_shown(pilot, "▌ ▪ holiday.jpg, JPEG, 640 × 480, 1 kB, metadata removed")
        await until_shown(pilot, "I see a JPEG image of 640 × 480 pixels")
        # Regenerating sends them again, and editing shows them again.
        last = tab.session.history.last
        assert last is not None
        tab.action_again()
        await until(pilot, lambda: len(last.turn.answers) == 2 and not tab.busy)
        assert last.turn.answers[1].text.startswith("I see a JPEG image of 640 × 480")
        assert tab.last_request is not None
        body = tab.last_request[1].exchanges[-1].body["messages"][-1]["content"]
        assert body[1]["image_url"]["url"].startswith("data:image/jpeg;base64,(base64 of holiday.jpg, ")
        tab.action_edit()
        await until(pilot, lambda: len(tab.composer.files) == 2)
        # Backspace in an empty question removes the last one.
        tab.question.set_text("")
        await pilot.press("backspace", "backspace")
        await until(pilot, lambda: tab.composer.files == ())
        assert not any("▪ holiday.jpg" in row and "▌" not in row for row in rows(pilot))
        # Another program hands one over.
        key = inbox.put(waiting, WaitingFile("shot.png", images.png(10, 20)))
        await until_shown(pilot, "▪ shot.png, PNG, 10 × 20")
        assert not inbox.is_waiting(waiting, key)
