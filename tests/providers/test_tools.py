"""Tools that a model is offered: which wires refuse them, and calls that are none.

How each wire has tools is in its `facts.py`.
"""

from typing import Any

import pytest

from tests.doubles.practice import practice_session
from tui.domain import ModelType
from tui.errors import Locked, UsageError
from tui.providers import PROVIDERS
from tui.providers.dialects.openai import chat as openai
from tui.providers.events import Finish
from tui.providers.requests import Frame, Message, Tool
from tui.workspace.models import catalog
from tui.workspace.playground import calls

WEATHER = Tool("get_weather", "The weather.", {"type": "object", "properties": {"location": {"type": "string"}}})


@pytest.mark.slow
def test_a_wire_without_tools_refuses_them() -> None:
    session = practice_session().tenant("acme")
    outcomes: dict[str, bool | None] = {}
    for name in PROVIDERS:
        for model in catalog.listing(session, ModelType.CHAT, name)[:1]:
            try:
                _, call = calls.chat_call(session, model, (Message("user", "x"),), tools=(WEATHER,))
                outcomes[name] = call.method == "GET" or "tools" in call.json
            except UsageError as problem:
                outcomes[name] = None
                assert "takes no tools" in problem.message
            except Locked:  # one practice key does not open
                continue
    assert outcomes["openai"] and outcomes["anthropic"], outcomes
    assert False not in outcomes.values() and outcomes.get("replicate") is None


@pytest.mark.parametrize("entries", ["x", None, [{"index": 0}], [{"function": 3}], {"function": {"name": "f"}}])
def test_calls_that_are_none_break_nothing(entries: Any) -> None:
    frame = {"choices": [{"index": 0, "delta": {"tool_calls": entries, "content": "a"}, "finish_reason": "stop"}]}
    read = openai.answer_reader()
    assert isinstance([*read(Frame(frame)), *read(Frame("[DONE]"))][-1], Finish)
