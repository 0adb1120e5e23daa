"""Saved prompts and JSON Schemas in the playground: chosen, saved, checked, and what does not fit is sent back."""

import json
from pathlib import Path

import pytest

from tests.console.pilot import screen_of, shown, until, until_shown
from tests.console.playground.test_chat import open_chat, send
from tui.console.playground.answer_schema import AnswerSchema
from tui.console.playground.compare.tab import CompareTab
from tui.console.playground.saved_prompts import SavedPrompts
from tui.console.playground.screen import COMPARE, Playground
from tui.workspace.playground import saved_prompts
from tui.workspace.playground.saved_prompts import SavedPrompt


async def test_a_prompt_is_saved_and_used_in_chat_and_compare() -> None:
    async with open_chat() as (pilot, tab):
        session = tab.navigator.tenant_session
        saved_prompts.save(session, SavedPrompt("terse", "Be terse.", {"temperature": "0.5", "unknown": "1"}))
        await pilot.press("escape", "P")
        await until_shown(pilot, "Playground › saved prompts")
        await pilot.press("enter")
        await until(pilot, lambda: tab.session.history.conversation.system == "Be terse.")
        assert set(tab.parameters.values) <= {"temperature"}
        tab.session.history.conversation.system = "Be verbose."
        await pilot.press("P")
        await until(pilot, lambda: isinstance(pilot.app.screen, SavedPrompts))
        await pilot.press("s")
        await until_shown(pilot, "saved prompts › save")
        await pilot.press("ctrl+u", *"chatty", "enter")
        await until_shown(pilot, "Saved prompt chatty.")
        assert saved_prompts.find(session, "chatty").system == "Be verbose."
        await pilot.press("d")
        await until_shown(pilot, "The saved prompt chatty is removed from this tenant.")
        await pilot.press("down", "enter")
        await until(pilot, lambda: [prompt.name for prompt in saved_prompts.prompts(session)] == ["terse"])
        await pilot.press("escape")
        screen = screen_of(pilot, Playground)
        await screen.show_type(COMPARE)
        assert isinstance(screen.tab, CompareTab)
        screen.tab.use_prompt(saved_prompts.find(session, "terse"))
        await until_shown(pilot, "with system prompt, temperature 0.5")


async def test_an_answer_is_checked_and_sent_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps({"type": "object", "required": ["born"]}))
    async with open_chat() as (pilot, tab):
        await pilot.press("escape", "J")
        await until(pilot, lambda: isinstance(pilot.app.screen, AnswerSchema))
        page = screen_of(pilot, AnswerSchema)
        page._path.field.value = str(path)
        page._path.field.focus()
        await pilot.press("enter")
        await until_shown(pilot, '"born"')
        await pilot.press("enter")
        await until(pilot, lambda: tab.session.schema is not None)
        await until_shown(pilot, "answers fit a schema")
        tab.question.focus()
        await send(pilot, tab, "Who wrote Faust?")
        tab.transcript.action_end(True)
        await until_shown(pilot, "sends this back")
        await until(pilot, lambda: "does not fit the schema at $" in " ".join(shown(pilot).split()))
        await pilot.press("f11")
        await until(pilot, lambda: len(tab.session.history.entries) == 2)
        assert "does not fit the JSON Schema at $" in tab.session.history.entries[1].turn.question


async def test_a_schema_and_a_question_are_not_lost_without_a_question() -> None:
    async with open_chat() as (pilot, tab):
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not pilot.app.is_running)
    async with open_chat() as (pilot, tab):
        tab.question.set_text("Why is the sky blue?")
        await pilot.press("ctrl+q")
        await until_shown(pilot, "The question that you wrote is not sent.")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is tab.screen)
        await pilot.press("escape", "J")
        await until(pilot, lambda: isinstance(pilot.app.screen, AnswerSchema))
        await until_shown(pilot, " ▸ Schema")
        await pilot.press("{", "escape")
        await until_shown(pilot, "The schema that you typed will be lost.")
        await pilot.press("y")
        await until(pilot, lambda: pilot.app.screen is tab.screen)
