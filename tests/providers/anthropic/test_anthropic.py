"""Anthropic in practice and on a socket: pages, versions, keys, failures on demand, and what its facts leave open."""

import json
from typing import Any

import pytest

from tests.providers import calls
from tests.providers.anthropic.facts import STREAM, failure, named, start, text
from tests.providers.facts import every
from tests.providers.http_server import QUICK, http, run, serve, text_of
from tests.providers.test_contract import access_to
from tui.domain import Model, ModelType
from tui.practice import transport
from tui.practice.transport import fixture
from tui.providers import PROVIDERS
from tui.providers.anthropic import generation
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.client.sse import Events
from tui.providers.events import Accepted, Finish, ModelsListed, Notice, Retrying, TextDelta, ThinkingDelta, Usage
from tui.providers.origins import clean_url
from tui.providers.requests import ApiError, ChatRequest, EndFrame, Frame, Message
from tui.workspace.credentials.paste import key_kind, likely_provider

DECLARED = PROVIDERS["anthropic"]
CHAT = next(chat for facts in every() for chat in facts.chats if chat.provider == "anthropic")
SHORT = Limits(backoff=0.001, max_backoff=0.001, notice_after=0.2, stream_timeout=2, max_retry_after=1)


async def ask(
    question: str,
    key: str = "sk-ant-FAKE-good",
    model: str = "claude-opus-5-5",
    wire: Client | None = None,
    **parameters: Any,
) -> calls.Outcome:
    access = access_to(DECLARED, api_key=key)
    request = ChatRequest(Model("anthropic", model, ModelType.CHAT), (Message("user", question),), parameters)
    return await run(wire or Client({}, transport(0), SHORT), access, calls.chat(DECLARED, access.fields, request))


def documented(name: str) -> list[Any]:
    """What a chat's reader makes of a stream as the documentation shows it."""
    call = calls.chat(
        DECLARED, {"base_url": "https://api.anthropic.com"}, ChatRequest(CHAT.model, (Message("user", "Hi"),))
    )
    read = call.reader()
    frames = [Frame(json.loads(data), event) for data, event in Events().feed(fixture("anthropic", name))]
    assert all(frame.event == frame.data["type"] for frame in frames)
    results = [result for frame in [*frames, None] for result in read(frame)]
    return [result for result in results if not isinstance(result, EndFrame)]


def test_the_documented_streams() -> None:
    assert documented("chat.sse") == [
        TextDelta("Good"),
        TextDelta(" day"),
        Usage(12, 6, cached=0, cache_write=0),
        Finish("end_turn"),
    ]
    *entries, refused = documented("chat_error.sse")
    assert entries == [ThinkingDelta("Compare the two."), TextDelta("The first")]
    assert refused == ApiError(
        529, kind="overloaded_error", message="Overloaded", request_id="req_01Practice", headers=refused.headers
    )


async def test_the_list_comes_in_pages_and_is_accepted_once() -> None:
    access = access_to(DECLARED)
    events, problem = await run(Client({}, transport(0)), access, DECLARED.verify(access.fields))
    assert problem is None
    pages = [event for event in events if isinstance(event, ModelsListed)]
    assert [len(page.models) for page in pages] == [5, 4]
    assert events[-1] == Accepted()
    ends = {model.id: model.ends for page in pages for model in page.models if model.ends}
    assert ends == {"claude-sonnet-4-5-20250929": "2026-11-30"}


@pytest.mark.parametrize("version", ["2023-06-01", "2026-10-21"])
async def test_every_version_is_called_with_what_it_takes(version: str) -> None:
    parameters = {"temperature": 0.2} if version == "2023-06-01" else {}
    async with serve([http({"type": "message", "content": [{"type": "text", "text": "Hi"}]})]) as server:
        access = CHAT.access(server.origin)
        wire = Client({}, limits=QUICK)
        await run(wire, access, CHAT.call(access, stream=False, **parameters))
        await wire.aclose()
    headers = server.requests[0].headers
    assert headers["anthropic-version"] == version
    assert headers["x-api-key"] == access.secrets()["api_key"].reveal()
    assert headers["content-type"] == "application/json"
    assert not {"authorization", "origin"} & set(headers)
    assert server.requests[0].target == "/v1/messages"
    assert server.requests[0].json["max_tokens"] == 16_384


async def test_a_parameter_that_a_newer_model_does_not_take() -> None:
    events, problem = await ask("hello", temperature=0.5)
    assert problem is None
    assert events[0] == Notice("claude-opus-5-5 takes no temperature. It was left out.", (("temperature", ""),))
    events, problem = await ask("hello", model="claude-opus-4-6", temperature=0.5)
    assert problem is None
    assert not any(isinstance(event, Notice) for event in events)


async def test_an_overload_at_the_start_of_a_stream_is_tried_again_and_later_it_is_not() -> None:
    overloaded = named(failure("overloaded_error", "Overloaded"))
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    good = head + STREAM.opening + STREAM.text("Hi") + STREAM.closing
    wire = Client({}, limits=QUICK)
    async with serve([head + named(start()) + overloaded], [good]) as server:
        access = CHAT.access(server.origin)
        events, problem = await run(wire, access, CHAT.call(access))
        assert (text_of(events), problem, len(server.requests)) == ("Hi", None, 2)
        assert any(isinstance(event, Retrying) and event.reason == "busy" for event in events)
    async with serve([head + named(start()) + named(text("Half an")) + overloaded], [good]) as server:
        access = CHAT.access(server.origin)
        events, problem = await run(wire, access, CHAT.call(access))
        assert (text_of(events), len(server.requests)) == ("Half an", 1)
        assert problem and problem.message == "Anthropic is too busy."
        assert "Overloaded (request req_01Kz)" in problem.detail
    await wire.aclose()


async def test_long_empty_busy_and_thoughtful_answers() -> None:
    events, _ = await ask("The sky. Please be long.")
    assert events[-1] == Finish("max_tokens", False, "The answer reached its length limit.")
    events, _ = await ask("please be empty")
    assert calls.finish(events).note == "The answer is empty."
    events, _ = await ask("please think")
    assert isinstance(events[0], ThinkingDelta)
    assert next(event for event in events if isinstance(event, Usage)).reasoning
    wire = Client({}, transport(0), SHORT)
    _, problem = await ask("please be busy", wire=wire)
    assert problem and problem.message == "Anthropic is too busy."


def test_the_generation_of_a_model() -> None:
    for name, expected in {
        "claude-opus-4-6": (4, 6),
        "claude-opus-4-5-20251101": (4, 5),
        "claude-sonnet-4-20250514": (4, 0),
        "claude-3-7-sonnet-20250219": (3, 7),
        "claude-3-opus-20240229": (3, 0),
        "claude-sonnet-5": (5, 0),
        "claude-fable-5-2": (5, 2),
        "claude-2.1": (2, 1),
        "claude-instant-1.2": (1, 2),
        "claude-mythos-preview": (9, 9),
        "house-model": (9, 9),
    }.items():
        assert generation(name) == expected, name


def test_pasted_addresses_and_keys() -> None:
    field = DECLARED.field("base_url")
    for pasted in ("/v1", "/v1/", "/v1/messages", "/v1/models", "/v1/messages/count_tokens", "/v1/complete", ""):
        assert clean_url(f"https://api.anthropic.com{pasted}", field.strip_suffixes) == "https://api.anthropic.com"
    key = DECLARED.field("api_key")
    assert key_kind(key, "sk-ant-api03-FAKE") == "Anthropic API key"
    assert key_kind(key, "sk-ant-admin01-FAKE") == "Anthropic admin key, which calls no models"
    assert "no API key" in key_kind(key, "sk-ant-oat01-FAKE")
    assert likely_provider("openai", PROVIDERS["openai"].field("api_key"), "sk-ant-api03-FAKE") == "anthropic"
    assert likely_provider("anthropic", key, "sk-proj-FAKE") == "openai"
