"""The Raw page: the last request of a tab, its response with every frame, saved and copied without the key."""

import json
from pathlib import Path

import pytest

from tests.console.pilot import until, until_shown
from tests.console.playground.test_chat import open_chat, over, send
from tui.console.app import Modeldeck
from tui.console.playground.raw_view import RawView, exchange_lines
from tui.console.widgets.static_text import line
from tui.providers.client.wire_log import WireExchange, WireFrame
from tui.secret import MASK, Secret
from tui.tenancy.session import Session
from tui.workspace import tenants


async def test_the_last_request_is_shown_saved_and_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_chat() as (pilot, tab):
        await pilot.press("escape", "v")
        await until_shown(pilot, "Nothing was sent here yet.")
        await pilot.press("i")
        await send(pilot, tab, "Why?")
        await over(pilot, tab)
        await pilot.press("escape", "v")
        await until(pilot, lambda: isinstance(pilot.app.screen, RawView))
        await until_shown(pilot, "Raw: openai/gpt-6-sol")
        await until_shown(pilot, "POST https://api.openai.com/v1/chat/completions")
        await until_shown(pilot, f"authorization: {MASK}")
        await until_shown(pilot, '"content": "Why?"')
        copied: list[str] = []
        monkeypatch.setattr(pilot.app, "copy_to_clipboard", copied.append)
        await pilot.press("c", "enter")
        await until(pilot, lambda: bool(copied))
        assert copied[0].startswith("curl ") and "$OPENAI_API_KEY" in copied[0].replace("{", "").replace("}", "")
        await pilot.press("s")
        await until_shown(pilot, "Save to a file")
        file = tmp_path / "request.json"
        await pilot.press("ctrl+u", *str(file), "enter")
        await pilot.press("enter")
        await until(pilot, file.exists)
        [exchange] = json.loads(file.read_text(encoding="utf-8"))["exchanges"]
        assert exchange["response"]["status"] == 200 and exchange["response"]["frames"][-1]["data"] == "[DONE]"
        await until(pilot, lambda: isinstance(pilot.app.screen, RawView))
        await pilot.press("escape")
        await until(pilot, lambda: tab.has_focus_within)


async def test_a_locked_tenant_hides_the_request() -> None:
    async def setup(session: Session) -> None:
        await tenants.unlock(session.tenant("north-lab"), Secret("practice"))

    async with open_chat("north-lab", setup=setup) as (pilot, tab):
        await send(pilot, tab, "Why?")
        await pilot.press("escape", "v")
        await until_shown(pilot, '"content": "Why?"')
        assert isinstance(pilot.app, Modeldeck)
        pilot.app.navigator.lock("north-lab")
        await until_shown(pilot, "The tenant is locked; the request is hidden.")
        await pilot.press("escape", "v")
        await until_shown(pilot, "Nothing was sent here yet.")


def test_the_request_id_and_the_limits_that_are_left_stand_first() -> None:
    headers = {"date": "today", "x-ratelimit-remaining-requests": "59", "x-request-id": "req_1"}
    exchange = WireExchange(0.0, "GET", "https://api.example.com/v1/models", {}, None, 200, 0.25, True, headers)
    exchange.frames.append(WireFrame(0.5, "ping", '{"type": "ping"}'))
    texts = [line(text).plain for text in exchange_lines(exchange)]
    assert texts[2].startswith("   200 after 0.250 s · new connection")
    assert texts[3:6] == ["   x-ratelimit-remaining-requests: 59", "   x-request-id: req_1", "   date: today"]
    assert texts[-1] == '    0.500  ping {"type": "ping"}'
