"""Tongyi in practice: its documented streams, its regions, and what a key without credit or rights meets."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.providers import calls
from tests.providers.facts import KEY, every, read
from tests.providers.http_server import QUICK, HttpRequest, http, run, serve, text_of
from tests.providers.test_contract import access_to
from tui.domain import Model, ModelType
from tui.errors import CredentialRejected, Problem, ScopeMissing
from tui.practice import sample_answers, transport
from tui.practice.transport import fixture
from tui.providers import PROVIDERS
from tui.providers.client.client import Client
from tui.providers.client.sse import Events
from tui.providers.events import (
    Accepted,
    Event,
    Finish,
    ModelsListed,
    Notice,
    TextDelta,
    ThinkingDelta,
    Transcript,
    Usage,
)
from tui.providers.requests import Call, ChatRequest, Message, TranscriptionRequest
from tui.providers.spec import FieldValues

TONGYI = PROVIDERS["tongyi"]
PLUS = Model("tongyi", "qwen-plus", ModelType.CHAT)
ASK = ChatRequest(PLUS, (Message("user", "Why is the sky blue?"),))


Caller = Callable[[FieldValues], Call]


def documented(name: str) -> list[Any]:
    """What a chat's reader makes of a stream as the documentation shows it."""
    frames = [data if data == "[DONE]" else json.loads(data) for data, _ in Events().feed(fixture("tongyi", name))]
    return read(calls.chat(TONGYI, {"base_url": "https://dashscope.aliyuncs.com"}, ASK), *frames, end=False)


def test_the_documented_streams() -> None:
    assert documented("chat.sse") == [
        ThinkingDelta("Greet."),
        TextDelta("Good"),
        TextDelta(" day."),
        Usage(9, 4, 2),
        Finish("stop"),
    ]
    delta, refused = documented("chat_error.sse")
    assert delta == TextDelta("Par")
    assert (refused.code, refused.request_id) == ("data_inspection_failed", "demo-7")


async def practised(
    key: str = "sk-FAKE0example00key", call: Caller = TONGYI.verify, base_url: str = "https://dashscope.aliyuncs.com"
) -> calls.Outcome:
    access = access_to(TONGYI, api_key=key, base_url=base_url)
    return await run(Client({}, transport(0), QUICK), replace(access, model=PLUS.id), call(access.fields))


async def test_a_key_of_another_region_is_known_in_one_of_the_regions() -> None:
    key = "sk-FAKE0overseas0key0of0nobody"
    events, problem = await practised(key)
    assert (events, type(problem)) == ([], CredentialRejected)
    home = access_to(TONGYI).fields
    outcomes = [await practised(key, base_url=fields["base_url"]) for fields in TONGYI.regions(home)]
    assert [problem is None for _, problem in outcomes] == [True, False, False]
    assert Accepted() in outcomes[0][0]


@pytest.mark.parametrize(
    ("key", "call", "kind", "expected"),
    [
        ("nocredit", lambda fields: calls.chat(TONGYI, fields, ASK), Problem, "account is overdue"),
        ("restricted", TONGYI.verify, ScopeMissing, "not activated"),
        ("refused", lambda fields: calls.chat(TONGYI, fields, ASK), CredentialRejected, "in this region"),
    ],
)
async def test_keys_that_bring_about_a_refusal(
    key: str,
    call: Caller,
    kind: type[Problem],
    expected: str,
) -> None:
    _, problem = await practised(f"sk-FAKE0{key}0key", call)
    assert type(problem) is kind
    assert expected in problem.message


async def test_a_recording_is_transcribed(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"RIFF" * 100)
    ask = TranscriptionRequest(Model("tongyi", "qwen3-asr-flash", ModelType.SPEECH2TEXT), path, "audio/wav", 400)
    events, problem = await practised(call=lambda fields: calls.transcribe(TONGYI, fields, ask))
    assert problem is None
    transcript = next(event for event in events if isinstance(event, Transcript))
    assert (transcript.language, transcript.text) == ("en", " ".join(text for _, _, text in sample_answers.SPOKEN))


async def answers_to(*answers: bytes, call: Caller) -> tuple[list[Event], Problem | None, list[HttpRequest]]:
    """Events, problem and requests of a call to a server on loopback."""
    chat = next(chat for facts in every() for chat in facts.chats if chat.provider == "tongyi")
    async with serve(*([answer] for answer in answers)) as server:
        access = chat.access(server.origin)
        wire = Client({}, limits=QUICK)
        events, problem = await run(wire, access, call(access.fields))
        await wire.aclose()
    return events, problem, server.requests


async def test_an_address_without_a_list_is_verified_by_a_word() -> None:
    answer = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "H"}, "finish_reason": "length"}]}
    events, problem, requests = await answers_to(http("", 404), http(answer), call=TONGYI.verify)
    assert problem is None
    assert [type(event) for event in events] == [Notice, ModelsListed, Accepted]
    assert [request.method for request in requests] == ["GET", "POST"]
    assert requests[1].headers["authorization"] == f"Bearer {KEY}"
    refusal = {"error": {"code": "invalid_api_key", "message": "No."}}
    _, problem, _ = await answers_to(http("", 404), http(refusal, 401), call=TONGYI.verify)
    assert type(problem) is CredentialRejected


async def test_a_recording_is_sent_within_json(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"RIFF")
    ask = TranscriptionRequest(Model("tongyi", "qwen3-asr-flash", ModelType.SPEECH2TEXT), path, "audio/wav", 4, "de")
    answer = {"choices": [{"message": {"role": "assistant", "content": "Guten Tag"}}]}
    events, _, requests = await answers_to(http(answer), call=lambda fields: calls.transcribe(TONGYI, fields, ask))
    assert Transcript("Guten Tag") in events
    (content,) = requests[0].json["messages"][0]["content"]
    assert content == {"type": "input_audio", "input_audio": {"data": "data:audio/wav;base64,UklGRg=="}}


async def test_what_is_refused_in_one_piece_is_requested_as_a_stream() -> None:
    message = "parameter.enable_thinking must be set to false for non-streaming calls"
    refusal = {"error": {"code": "invalid_parameter_error", "message": message}}
    answer = {"choices": [{"message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}]}
    ask = replace(ASK, model=Model("tongyi", "acme-thinks", ModelType.CHAT), stream=False)
    events, problem, requests = await answers_to(
        http(refusal, 400), http(answer), call=lambda fields: calls.chat(TONGYI, fields, ask)
    )
    assert (text_of(events), problem) == ("Hello.", None)
    assert [request.json["stream"] for request in requests] == [False, True]
    assert isinstance(events[0], Notice)
