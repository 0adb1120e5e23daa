"""The page of tools: calls as a form, results typed or from a file, and nothing executed."""

import json
from pathlib import Path

from tests.console.pilot import screen_of, until, until_shown
from tests.console.playground.test_chat import open_chat, send
from tui.console.playground.chat.tools import CallForm, ToolsPage
from tui.workspace.history import chats, settings


async def test_calls_are_a_form_whose_results_are_typed_or_read_from_a_file(tmp_path: Path) -> None:
    tools, result = tmp_path / "tools.json", tmp_path / "oslo.json"
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tools.write_text(json.dumps([{"name": "weather", "description": "The weather.", "parameters": schema}]))
    result.write_text('{"degrees": -3}\n')
    async with open_chat() as (pilot, tab):
        acme = tab.session.session
        settings.switch(acme, True)
        await pilot.press("escape", "T")
        await until_shown(pilot, "nothing is executed · recorded")
        page = screen_of(pilot, ToolsPage)
        page._send.focus()
        await pilot.press("enter")
        await until_shown(pilot, "Name a file of tools, and type a question.")
        page._question.field.value = "Cold?"
        await pilot.press("escape")
        await until_shown(pilot, "The question that you wrote is not sent.")
        await pilot.press("n")
        await until(pilot, lambda: pilot.app.screen is page)
        page._path.field.value = str(result)
        page._question.field.value = "Do I need a coat in Oslo?"
        page._send.focus()
        await pilot.press("enter")
        await until_shown(pilot, "has no name")
        page._path.field.value = str(tools)
        await until_shown(pilot, "weather")
        page._path.field.focus()
        await pilot.press("enter")
        await until(pilot, lambda: page._question.field.has_focus)
        await pilot.press("enter")
        await until(pilot, lambda: page._send.has_focus)
        await pilot.press("enter")
        await until(pilot, lambda: len(page.query(CallForm)) == 1)
        form = page.query_one(CallForm)
        await until(pilot, lambda: form.result.field.has_focus)
        await until_shown(pilot, 'weather {"city"')
        assert page.unsaved() == "The results that you typed are not sent."
        page._question.field.value = "Do I need a coat in Rome?"
        await until(pilot, lambda: not page.query(CallForm))
        assert page._pending is None, "another question begins anew"
        page._question.field.value = "Do I need a coat in Oslo?"
        page._send.focus()
        await pilot.press("enter")
        await until(pilot, lambda: len(page.query(CallForm)) == 1)
        form = page.query_one(CallForm)
        await until(pilot, lambda: form.result.field.has_focus)
        page._send.focus()
        await pilot.press("enter")
        await until_shown(pilot, "The result is blank.")
        form.result.field.value = f"@{result}"
        page._send.focus()
        await pilot.press("enter")
        await until_shown(pilot, 'result  {"degrees": -3}')
        await until_shown(pilot, "model  ")
        await until(pilot, lambda: not page.query(CallForm))
        assert [message.role for message in page._messages] == ["user", "assistant", "tool"]
        assert tab.raw_request is not None and tab.raw_request[1].exchanges[0].body is not None
        page._recording.flush()
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is tab.screen)
        _, chat = sorted(
            (chats.open_chat(acme, chat_id) for chat_id in chats.ids(acme)),
            key=lambda chat: len(chat.conversation.messages()),
        )
        assert [message.role for message in chat.conversation.messages()] == ["user", "assistant", "tool", "assistant"]
        tab.session.resume(chat)
        assert [len(entry.blocks) for entry in tab.session.history.entries] == [3], "question, tools, answer"
        await send(pilot, tab, "And tomorrow?")
        assert tab.raw_request is not None
        body = tab.raw_request[1].exchanges[0].body
        assert isinstance(body, dict) and body["tools"] and [m["role"] for m in body["messages"]].count("tool") == 1
