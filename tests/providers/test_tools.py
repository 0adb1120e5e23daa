"""Tools: described as each wire has it, their calls put together from documented frames, results sent back."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.doubles.practice import practice_session
from tui.domain import Model, ModelType
from tui.errors import Locked, UsageError
from tui.providers import PROVIDERS
from tui.providers.anthropic import messages as anthropic
from tui.providers.dialects.openai import chat as openai
from tui.providers.events import Finish, ToolCall, ToolCalls
from tui.providers.requests import ChatRequest, Frame, Message, Reader, Tool
from tui.workspace.models import catalog
from tui.workspace.playground import calls

WEATHER = Tool("get_weather", "The weather.", {"type": "object", "properties": {"location": {"type": "string"}}})
CALL = ToolCall("call_1", "get_weather", '{"location": "Oslo"}')


def events(reader: Reader, frames: Iterable[dict[str, Any] | str]) -> list[Any]:
    results = [event for frame in frames for event in reader(Frame(frame))]
    return [event for event in results if isinstance(event, ToolCalls | Finish)]


def openai_chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def part(index: int | None, arguments: str, **more: str) -> dict[str, Any]:
    function = {"arguments": arguments} | ({"name": more.pop("name")} if "name" in more else {})
    return {"tool_calls": [({} if index is None else {"index": index}) | more | {"function": function}]}


def test_openai_calls_are_joined_by_index() -> None:
    """Guide, function calling, streaming."""
    frames = [
        openai_chunk({"role": "assistant", "content": None} | part(0, "", id="call_a", name="get_weather")),
        openai_chunk(part(0, '{"loc')),
        openai_chunk(part(1, "", id="call_b", name="get_time")),
        openai_chunk(part(0, 'ation":"Paris"}', id="")),
        openai_chunk(part(1, "{}")),
        openai_chunk({}, "tool_calls"),
    ]
    tool_calls, finish = events(openai.answer_reader(), [*frames, "[DONE]"])
    assert tool_calls.calls == (
        ToolCall("call_a", "get_weather", '{"location":"Paris"}'),
        ToolCall("call_b", "get_time", "{}"),
    )
    assert finish == Finish("tool_calls")
    whole = {"choices": [{"message": part(None, "{}", id="x", name="f"), "finish_reason": "tool_calls"}]}
    assert events(openai.answer_reader(), [whole, "[DONE]"])[0].calls == (ToolCall("x", "f", "{}"),)


def test_anthropic_calls_are_joined_and_signed_thinking_is_kept() -> None:
    """Guide, streaming messages, tool use and extended thinking."""

    def block(index: int, **content: Any) -> dict[str, Any]:
        return {"type": "content_block_start", "index": index, "content_block": content}

    def delta(index: int, **content: Any) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": index, "delta": content}

    frames = [
        {"type": "message_start", "message": {"content": [], "usage": {"input_tokens": 472}}},
        block(0, type="thinking", thinking="", signature=""),
        delta(0, type="thinking_delta", thinking="Weather."),
        delta(0, type="signature_delta", signature="EqQB"),
        block(1, type="text", text=""),
        delta(1, type="text_delta", text="Okay"),
        block(2, type="tool_use", id="toolu_01", name="get_weather", input={}),
        delta(2, type="input_json_delta", partial_json=""),
        delta(2, type="input_json_delta", partial_json='{"location":'),
        delta(2, type="input_json_delta", partial_json=' "San Francisco, CA"}'),
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 89}},
        {"type": "message_stop"},
    ]
    tool_calls, finish = events(anthropic.answer_reader(), frames)
    assert tool_calls.calls == (ToolCall("toolu_01", "get_weather", '{"location": "San Francisco, CA"}'),)
    assert tool_calls.state == ({"type": "thinking", "thinking": "Weather.", "signature": "EqQB"},)
    assert finish == Finish("tool_use")


def test_tools_and_results_are_sent_as_documented() -> None:
    state = ({"type": "thinking", "thinking": "T", "signature": "S"},)
    history = (
        Message("user", "Coat?"),
        Message("assistant", "", tool_calls=ToolCalls((CALL,), state)),
        Message("tool", "", call_id="call_1"),
    )
    model = Model("anthropic", "m", ModelType.CHAT)
    body = anthropic.chat({"base_url": "https://x"}, ChatRequest(model, history, tools=(WEATHER,))).json
    assert body["tools"] == [
        {"name": "get_weather", "description": "The weather.", "input_schema": dict(WEATHER.parameters)}
    ]
    used = {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"location": "Oslo"}}
    assert body["messages"][1:] == [
        {"role": "assistant", "content": [*state, used]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": ""}]},
    ]
    tool_calls = Message("assistant", "", tool_calls=ToolCalls((CALL,), ({"reasoning_content": "T"},)))
    chat = PROVIDERS["openai"].chat
    assert chat is not None
    turns = (history[0], tool_calls, Message("tool", "cold", call_id="call_1"))
    request = ChatRequest(Model("openai", "m", ModelType.CHAT), turns)
    sent = chat({"base_url": "https://x"}, request).json["messages"]
    function = {"name": "get_weather", "arguments": CALL.arguments}
    assert sent[1]["tool_calls"] == [{"id": "call_1", "type": "function", "function": function}]
    assert sent[1]["reasoning_content"] == "T" and sent[2] == {
        "role": "tool",
        "tool_call_id": "call_1",
        "content": "cold",
    }


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
    frame = openai_chunk({"tool_calls": entries, "content": "a"}, "stop")
    results = events(openai.answer_reader(), [frame, "[DONE]"])
    assert isinstance(results[-1], Finish)
