"""MiniMax in practice: its documented streams, its two platforms, and failures in the body of a 200."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.providers import calls
from tests.providers.facts import read
from tests.providers.http_server import QUICK, run, text_of
from tests.providers.minimax.facts import LONG_KEY
from tests.providers.test_contract import access_to
from tui.domain import Model, ModelType
from tui.errors import CredentialRejected, Problem
from tui.practice import transport
from tui.practice.transport import fixture
from tui.providers import PROVIDERS
from tui.providers.client.client import Client
from tui.providers.client.sse import Events
from tui.providers.events import Accepted, Finish, ModelsListed, TextDelta, ThinkingDelta, Usage, Vectors
from tui.providers.requests import Call, ChatRequest, EmbeddingRequest, Message
from tui.providers.spec import FieldValues

MINIMAX = PROVIDERS["minimax"]
CURRENT, OLDER = (Model("minimax", item, ModelType.CHAT) for item in ("MiniMax-M2.5", "MiniMax-Text-01"))
EMBO = Model("minimax", "embo-01", ModelType.EMBEDDING)


Caller = Callable[[FieldValues], Call]


def documented(name: str, model: Model) -> list[Any]:
    """What a chat's reader makes of a stream as the documentation shows it."""
    frames = [data if data == "[DONE]" else json.loads(data) for data, _ in Events().feed(fixture("minimax", name))]
    ask = ChatRequest(model, (Message("user", "Hi"),))
    return read(calls.chat(MINIMAX, {"base_url": "https://api.minimaxi.com/v1"}, ask), *frames)


def test_the_documented_streams() -> None:
    assert documented("chat.sse", CURRENT) == [
        ThinkingDelta("Greet."),
        TextDelta("Good day."),
        Usage(40, 6, 3),
        Finish("stop"),
    ]
    assert documented("chat_v2.sse", OLDER) == [
        TextDelta("Good"),
        TextDelta(" day."),
        Usage(40, 6),
        Finish("stop"),
    ]


async def practised(
    call: Caller,
    key: str = "eyJFAKEexample0key",
    base_url: str = "https://api.minimaxi.com/v1",
    wire: Client | None = None,
) -> calls.Outcome:
    access = access_to(MINIMAX, api_key=key, base_url=base_url)
    wire = wire or Client({}, transport(0), QUICK)
    return await run(wire, replace(access, model=CURRENT.id), call(access.fields))


def chat(question: str = "Why is the sky blue?", model: Model = CURRENT, stream: bool = True) -> Caller:
    return lambda fields: calls.chat(MINIMAX, fields, ChatRequest(model, (Message("user", question),), {}, stream))


async def test_a_key_of_the_other_platform_is_known_there() -> None:
    key = "eyJFAKEoverseaskeyofnobody"
    _, problem = await practised(MINIMAX.verify, key)
    assert type(problem) is CredentialRejected
    (other,) = MINIMAX.regions(access_to(MINIMAX).fields)
    events, problem = await practised(MINIMAX.verify, key, other["base_url"])
    assert problem is None
    assert Accepted() in events


async def test_a_key_of_four_thousand_characters() -> None:
    events, problem = await practised(MINIMAX.verify, LONG_KEY)
    assert problem is None
    listed = next(event for event in events if isinstance(event, ModelsListed))
    assert EMBO.id in [model.id for model in listed.models]


async def test_the_older_route_says_everything_once() -> None:
    texts = [text_of((await practised(chat(model=model)))[0]) for model in (CURRENT, OLDER)]
    assert texts[0] == texts[1] != ""
    events, problem = await practised(chat(model=OLDER))
    assert problem is None
    assert isinstance(events[-1], Finish) and isinstance(events[-2], Usage)


@pytest.mark.parametrize(
    ("question", "key", "kind", "expected"),
    [
        ("Hi", "eyJFAKEnocredit", Problem, "no balance left"),
        ("please fail", "eyJFAKE", Problem, "content rules"),
        ("please be refused", "eyJFAKE", CredentialRejected, "rejected this key"),
    ],
)
async def test_failures_in_the_body_of_a_200(question: str, key: str, kind: type[Problem], expected: str) -> None:
    for stream in (True, False):
        _, problem = await practised(chat(question, stream=stream), key)
        assert type(problem) is kind
        assert expected in problem.message


async def test_busy_twice_in_the_body_of_a_200_and_then_not() -> None:
    wire = Client({}, transport(0), replace(QUICK, max_retry_after=0))
    outcomes = [await practised(chat("Why is the sky blue? Please be busy."), wire=wire) for _ in range(3)]
    assert [problem.message if problem else "" for _, problem in outcomes] == ["MiniMax is too busy."] * 2 + [""]
    assert text_of(outcomes[2][0])


@pytest.mark.slow
@pytest.mark.parametrize("query", [False, True])
async def test_vectors_of_texts_and_of_questions(query: bool) -> None:
    texts = tuple(f"text {place}" for place in range(40))
    events, problem = await practised(lambda fields: calls.embed(MINIMAX, fields, EmbeddingRequest(EMBO, texts, query)))
    assert problem is None
    assert [(event.start, len(event.vectors)) for event in events if isinstance(event, Vectors)] == [(0, 32), (32, 8)]
    assert {len(vector) for event in events if isinstance(event, Vectors) for vector in event.vectors} == {1536}


async def test_embeddings_that_are_not_open_to_the_account() -> None:
    model = Model("minimax", "embo-99", ModelType.EMBEDDING)
    access = replace(access_to(MINIMAX), model=model.id)
    call = calls.embed(MINIMAX, access.fields, EmbeddingRequest(model, ("a",)))
    _, problem = await run(Client({}, transport(0), QUICK), access, call)
    assert problem
    assert problem.message == "MiniMax does not offer embo-99 to this account."
