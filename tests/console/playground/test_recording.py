"""Recording in the console: off until switched on, in the title, found again in a list, left out incognito."""

import asyncio
import json
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.console.pilot import app_of, screen_of, shown, until, until_shown
from tests.console.playground.test_chat import open_chat, send
from tests.doubles.practice import practice_session
from tui.console.pages.ask import Ask
from tui.console.pages.save_file import Save
from tui.console.playground.chat.recorded_chats import RecordedChats, RenameChat
from tui.console.playground.chat.recording import ChatRecording
from tui.console.playground.chat.session import ChatSession
from tui.console.playground.screen import Playground
from tui.domain import ModelType
from tui.errors import Problem
from tui.tenancy import models
from tui.tenancy.session import Session
from tui.workspace.history import chats, settings
from tui.workspace.history.files import LineWriter
from tui.workspace.playground.conversation import Conversation


def chat_session(process: Session) -> ChatSession:
    return ChatSession(process.tenant("acme"), lambda answer, exchange: None)


def questions(conversation: Conversation) -> list[str]:
    return [turn.question for turn in conversation.turns]


async def test_everything_of_a_chat_is_recorded_and_comes_back(session: Session) -> None:
    acme = session.tenant("acme")
    settings.switch(acme, True)
    model = models.find(acme, "openai/gpt-5.2", ModelType.CHAT)
    chat = chat_session(session)
    chat.history.conversation.system = "Be brief."
    chat.parameters(model).values["temperature"] = 0.5
    await chat.ask("First?", model)
    await chat.ask("First?", model, again=chat.history.last)
    assert chat.history.last is not None and chat.history.last.step(-1)
    await chat.ask("Typo", model)
    await chat.ask("Second?", model, replace=True)
    chat.recording.flush()
    assert not chat.unsaved
    (chat_id,) = chats.ids(acme)
    again = chat_session(session)
    again.resume(chats.open_chat(acme, chat_id))
    assert questions(again.history.conversation) == ["First?", "Second?"]
    assert again.history.conversation.messages("x") == chat.history.conversation.messages("x")
    assert again.parameters(model).values == {"temperature": 0.5} and not again.unsaved
    await again.ask("Third?", model)
    again.recording.flush()
    assert questions(chats.open_chat(acme, chat_id).conversation) == ["First?", "Second?", "Third?"]


async def test_nothing_is_recorded_incognito_or_while_history_is_off(session: Session) -> None:
    acme = session.tenant("acme")
    model = models.find(acme, "openai/gpt-5.2", ModelType.CHAT)
    chat = chat_session(session)
    await chat.ask("While off", model)
    assert chat.unsaved and chat.recording.word == ""
    settings.switch(acme, True)
    assert chat.recording.word == "incognito"  # its beginning is not recorded
    chat.clear()
    assert chat.recording.word == "recorded"
    chat.recording.toggle()
    await chat.ask("Incognito", model)
    assert "stays incognito" in chat.recording.toggle() and chat.unsaved
    chat.clear()
    chat.recording.toggle()
    await chat.ask("Recorded", model)
    chat.recording.flush()
    assert [questions(chats.open_chat(acme, chat_id).conversation) for chat_id in chats.ids(acme)] == [["Recorded"]]


async def test_a_chat_that_cannot_be_recorded_says_so_once_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    process = practice_session(pace=0.0)
    acme = process.tenant("acme")
    settings.switch(acme, True)
    notices: list[str] = []
    recording = ChatRecording(acme, notices.append)
    monkeypatch.setattr(LineWriter, "append", _full)
    recording.question("First?", "openai/m", {}, "")
    recording.question("Second?", "openai/m", {}, "")
    recording.flush()
    await asyncio.sleep(0)
    assert len(notices) == 1 and notices[0] == "This chat is not recorded any more. The disk is full."
    assert not recording.complete and recording.word == "incognito"


def _full(*_: object) -> None:
    raise Problem("The disk is full.")


async def listed(pilot: Pilot[str]) -> RecordedChats:
    await until(pilot, lambda: isinstance(pilot.app.screen, RecordedChats))
    return screen_of(pilot, RecordedChats)


async def test_history_by_keys(tmp_path: Path) -> None:
    async with open_chat() as (pilot, tab):
        await pilot.press("f10")
        await until(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("down", "enter")
        await until_shown(pilot, "· recorded")
        await until_shown(pilot, "This chat is recorded, encrypted; f10 lists")
        await send(pilot, tab, "Wherefore zyzzyva?")
        tab.session.recording.flush()
        assert app_of(pilot).navigator.unsaved() == ""
        await pilot.press("ctrl+n")
        await send(pilot, tab, "Another?")
        tab.session.recording.flush()

        await pilot.press("f10")
        await listed(pilot)
        await until_shown(pilot, "2 chats")
        await pilot.press(*"zyzzyva")
        await until_shown(pilot, "1 of 2")
        await until_shown(pilot, "Wherefore zyzzyva?")
        assert "Another?" not in shown(pilot)
        await pilot.press("f7")
        await until(pilot, lambda: isinstance(pilot.app.screen, RenameChat))
        await pilot.press("ctrl+u", *"Beetles", "enter")
        await until_shown(pilot, "Beetles")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Playground))
        assert questions(tab.session.history.conversation) == ["Wherefore zyzzyva?"]

        await pilot.press("escape", "h")
        await listed(pilot)
        await until_shown(pilot, "2 chats")
        await pilot.press("ctrl+s")
        await until_shown(pilot, "Save to a file")
        saved = tmp_path / "chat.json"
        screen_of(pilot, Save)._path.field.value = str(saved.with_suffix(".md"))
        await pilot.press("enter", "right", "enter", "enter")
        await until(pilot, lambda: saved.exists() and isinstance(pilot.app.screen, RecordedChats))
        assert json.loads(saved.read_text())["title"] == "Beetles"
        await pilot.press("ctrl+t")
        await until_shown(pilot, "Days after a chat's last change, 0 for ever.")
        await pilot.press("enter", "ctrl+u", *"99999", "enter", "enter")
        await until_shown(pilot, "Chats are kept for 1 to 36,500 days")
        await pilot.press("ctrl+u", *"30", "enter", "enter")
        await until_shown(pilot, "Chats are recorded, kept 30 days.")
        assert settings.settings(tab.session.session).days == 30
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await until_shown(pilot, "It cannot be brought back.")
        await pilot.press("down", "enter")
        await until_shown(pilot, "1 chat")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Playground))
        await pilot.press("n", "escape", "I", "i")
        await until_shown(pilot, "· incognito")
        await send(pilot, tab, "Secret?")
        assert "is not saved" in app_of(pilot).navigator.unsaved()
        assert len(chats.ids(tab.session.session)) == 1
