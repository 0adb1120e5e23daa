"""Hugging Face over the whole wire: practice finds, checks and calls every kind of model; sockets show the waiting."""

import asyncio
from dataclasses import replace

import pytest

from tests.providers.http_server import DEADLINE, HOLD, QUICK, http, run, serve, streaming, text_of
from tests.providers.http_server import text_chunk as chunk
from tests.providers.huggingface.kit import FACTS, WAITED, endpoint, hosted_model
from tests.providers.test_contract import access_to, wire
from tui.domain import Model, ModelType
from tui.errors import CredentialRejected, Problem, ScopeMissing
from tui.providers import PROVIDERS
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.events import Event, ModelDetails, Notice, SearchResult, SearchResults, Vectors
from tui.providers.requests import Call, ChatRequest, EmbeddingRequest, Message

HF = PROVIDERS["huggingface"]
AWS = "https://{}.eu-west-1.aws.endpoints.huggingface.cloud"


async def inspected(model: Model, **key: str) -> tuple[list[Event], Problem | None]:
    assert HF.inspect_model
    access = access_to(HF, **key)
    access = replace(access, model=model.id, origins=(*access.origins, *HF.model_origins(access.fields, model)))
    return await run(wire(), access, HF.inspect_model(access.fields, model))


async def hits(call: Call) -> tuple[SearchResult, ...]:
    events, problem = await run(wire(), access_to(HF), call)
    assert problem is None
    return next(event.hits for event in events if isinstance(event, SearchResults))


async def test_search_shows_who_is_served_first() -> None:
    assert HF.search
    match = await hits(HF.search(access_to(HF).fields, "qwen3-emb", ModelType.EMBEDDING))
    assert [(candidate.id, candidate.usable) for candidate in match] == [
        ("Qwen/Qwen3-Embedding-0.6B", True),
        ("Qwen/Qwen3-Embedding-8B", True),
        ("Qwen/Qwen3-Embedding-4B", True),
        ("unsloth/Qwen3-Embedding-0.6B-unsloth-bnb-4bit", False),
    ]


async def test_the_account_and_its_endpoints_are_offered() -> None:
    fields = access_to(HF).fields
    assert [hit.id for hit in await hits(HF.field_options["namespace"](fields, {}))] == ["acme-ai", "acme-research"]
    named = await hits(HF.field_options["endpoint_url"](fields, {"namespace": "acme-ai", "task": "feature-extraction"}))
    assert [(result.label, result.usable) for result in named] == [
        ("bge-large-prod", True),
        ("e5-test", False),
        ("bge-old", False),
    ]
    assert await hits(HF.field_options["endpoint_url"](fields, {"task": "feature-extraction"})) == named


@pytest.mark.parametrize(
    ("model", "engine"),
    [
        (hosted_model("Qwen/Qwen3-32B"), "router"),
        (hosted_model("HuggingFaceTB/SmolLM2-135M"), "hf-inference"),
        (hosted_model("Qwen/Qwen3-Embedding-8B", "feature-extraction"), "scaleway"),
        (hosted_model("sentence-transformers/all-MiniLM-L6-v2", "feature-extraction"), "hf-inference"),
        (hosted_model("openai/whisper-large-v3", "automatic-speech-recognition"), "hf-inference"),
        (endpoint("anything", url=AWS.format("c5h1t8")), "tgi"),
        (endpoint("BAAI/bge-large-en-v1.5", "feature-extraction", AWS.format("x7k2m9")), "tei"),
        (endpoint("BAAI/bge-large-en-v1.5", "feature-extraction", "", namespace="acme-ai"), "tei"),
        (endpoint("sums", "text2text-generation", f"{AWS.format('s3m9z4')}/predict"), "toolkit"),
        (endpoint("lab", url=AWS.format("v1l5m7"), namespace="acme-research"), "openai"),
    ],
)
async def test_a_model_is_inspected_and_then_answers(model: Model, engine: str) -> None:
    events, problem = await inspected(model)
    assert problem is None
    learned = next(event for event in events if isinstance(event, ModelDetails)).model
    assert learned.fields["engine"] == engine
    access = access_to(HF)
    access = replace(access, model=model.id, origins=(*access.origins, *HF.model_origins(access.fields, learned)))
    assert HF.chat and HF.embed
    if model.type is ModelType.CHAT:
        for stream in (True, False):
            ask = ChatRequest(learned, (Message("user", "Why is the sky blue?"),), {}, stream)
            events, problem = await run(wire(), access, HF.chat(access.fields, ask))
            assert problem is None and "blue" in text_of(events)
    elif model.type is ModelType.EMBEDDING:
        events, problem = await run(wire(), access, HF.embed(access.fields, EmbeddingRequest(learned, ("a", "b"))))
        assert problem is None and any(isinstance(event, Vectors) for event in events)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (hosted_model("acme-ai/house-style-7b"), "None of your enabled providers serves acme-ai/house-style-7b"),
        (hosted_model("nobody/knows"), "There is no nobody/knows at Hugging Face that this token can see."),
        (hosted_model("Qwen/Qwen3-Embedding-8B"), "Qwen/Qwen3-Embedding-8B does not serve the task that was chosen."),
        (endpoint("m", url=AWS.format("x7k2m9")), "m does not serve the task that was chosen. It is for embedding."),
        (
            endpoint("m", "feature-extraction", AWS.format("c5h1t8")),
            "m does not serve the task that was chosen. It is for text generation.",
        ),
        (
            endpoint("BAAI/bge-m3", "feature-extraction", AWS.format("x7k2m9")),
            "This endpoint runs BAAI/bge-large-en-v1.5, not BAAI/bge-m3.",
        ),
        (
            endpoint("intfloat/e5-mistral-7b-instruct", "feature-extraction", "", namespace="acme-ai"),
            "The endpoint of intfloat/e5-mistral-7b-instruct is paused",
        ),
        (endpoint("m", url=AWS.format("p4d8q1")), "The endpoint of m is paused"),
        (
            endpoint("BAAI/bge-base-en", "feature-extraction", "", namespace="acme-ai"),
            "The endpoint of BAAI/bge-base-en",
        ),
        (endpoint("m", "feature-extraction", "https://elsewhere.example"), "acme-ai has no endpoint at this address"),
    ],
)
async def test_what_is_wrong_is_named_for_what_it_is(model: Model, expected: str) -> None:
    _, problem = await inspected(model)
    assert problem and problem.message.startswith(expected)
    assert problem.hint


async def test_tokens_that_may_not_do_everything() -> None:
    access = access_to(HF, api_token="hf_FAKErestricted")
    _, problem = await run(wire(), access, HF.verify(access.fields))
    assert isinstance(problem, ScopeMissing)
    _, problem = await inspected(hosted_model("Qwen/Qwen3-32B"), api_token="hf_FAKErefused")
    assert isinstance(problem, CredentialRejected)
    access = access_to(HF, api_token="hf_FAKEnocredit")
    assert HF.chat
    ask = ChatRequest(hosted_model("Qwen/Qwen3-32B"), (Message("user", "Hi"),))
    _, problem = await run(wire(), access, HF.chat(access.fields, ask))
    assert problem and "monthly credit" in problem.message


async def test_the_server_says_how_many_texts_it_takes() -> None:
    texts = tuple(map(str, range(40)))
    few = {"error": "batch size 32 > maximum allowed batch size 30", "error_type": "Validation"}
    async with serve([http(few, 422)], [http([[1.0]] * 30)], [http([[2.0]] * 10)]) as server:
        access, model = at(server.origin), endpoint("m", "feature-extraction", server.origin, engine="tei")
        assert HF.embed
        client = Client({}, limits=QUICK)
        events, problem = await run(client, access, HF.embed(access.fields, EmbeddingRequest(model, texts)))
        await client.aclose()
    assert problem is None
    assert [(event.start, len(event.vectors)) for event in events if isinstance(event, Vectors)] == [(0, 30), (30, 10)]


# --- waiting on sockets -----------------------------------------------------------------------------------------------


def at(origin: str) -> Access:
    return next(chat for chat in FACTS.chats if chat.name == "tgi").access(origin)


def asking(access: Access, origin: str) -> Call:
    assert HF.chat
    return HF.chat(access.fields, ChatRequest(endpoint("any", url=origin, engine="tgi"), (Message("user", "Hi"),)))


@pytest.mark.parametrize("status", [502, 503])
async def test_an_endpoint_that_sleeps_is_waited_for_and_then_called(status: int) -> None:
    async with serve([http("", status)], [http("")], [streaming(chunk("Good day", "stop"))]) as server:
        client = Client({}, limits=QUICK)
        events, problem = await run(client, at(server.origin), asking(at(server.origin), server.origin))
        await client.aclose()
    assert (text_of(events), problem) == ("Good day", None)
    assert events[0] == Notice(WAITED)
    assert [request.target for request in server.requests] == [
        "/v1/chat/completions",
        "/health",
        "/v1/chat/completions",
    ]
    pending = ["x-scale-up-timeout" in request.headers for request in server.requests]
    assert pending == [True, True, False]


async def test_the_waiting_can_be_stopped() -> None:
    async with serve([http("", 503)], [HOLD]) as server:
        client, access = Client({}, limits=QUICK), at(server.origin)
        events = client.stream(access, asking(access, server.origin))
        assert await anext(events) == Notice(WAITED)
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.wait_for(server.holding.wait(), DEADLINE)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await client.aclose()
    assert len(server.requests) == 2


async def test_a_key_goes_only_to_hosts_of_endpoints_that_the_listing_names() -> None:
    listed = {
        "items": [
            {
                "name": "x",
                "model": {"repository": "a/b", "task": "feature-extraction"},
                "status": {"state": "running", "url": "https://huggingface.cloud.evil.example"},
            }
        ]
    }
    async with serve([http(listed)]) as server:
        assert HF.inspect_model
        client, access = Client({}, limits=QUICK), at(server.origin)
        model = endpoint("a/b", "feature-extraction", "", namespace="acme")
        _, problem = await run(client, access, HF.inspect_model(access.fields, model))
        await client.aclose()
    assert problem and "is not among the addresses" in problem.message
