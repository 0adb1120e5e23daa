"""Practice providers: what they say, and the failures that they bring about when asked to."""

import json
import math
from base64 import b64encode
from typing import Any

import httpx
import pytest

from tests.providers import calls
from tests.providers.http_server import run, text_of
from tests.providers.test_contract import access_to
from tui.domain import Model, ModelType
from tui.errors import CredentialRejected, IncompleteAnswer, NetworkError, Problem, ScopeMissing
from tui.practice import sample_answers, transport
from tui.practice.transport import folders
from tui.providers import PROVIDERS
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.events import (
    Event,
    Finish,
    NoResponseYet,
    Notice,
    Retrying,
    TextDelta,
    ThinkingDelta,
    ToolCalls,
    Vectors,
)
from tui.providers.requests import ChatRequest, EmbeddingRequest, Message, Tool

OPENAI = PROVIDERS["openai"]
GOOD = {"openai": "sk-proj-FAKE-good", "anthropic": "sk-ant-FAKE-good"}
NAMED = {"openai": "gpt-6-sol", "anthropic": "claude-opus-5-5"}
QUICK = Limits(backoff=0.001, max_backoff=0.001, notice_after=0.2, stream_timeout=2)


async def ask(
    question: str, key: str = "", wire: Client | None = None, provider: str = "openai", **parameters: Any
) -> tuple[list[Event], Problem | None]:
    declared, model = PROVIDERS[provider], Model(provider, NAMED[provider], ModelType.CHAT)
    access = access_to(declared, api_key=key or GOOD[provider])
    call = calls.chat(declared, access.fields, ChatRequest(model, (Message("user", question),), parameters))
    return await run(wire or Client({}, transport(0), QUICK), access, call)


def test_every_provider_has_its_folder() -> None:
    assert set(folders()) == set(PROVIDERS)


async def test_the_sky_with_its_table() -> None:
    events, problem = await ask("Why is the sky blue? Give a table of wavelengths as well.")
    assert problem is None
    assert "| blue   |     450 nm |" in text_of(events)


@pytest.mark.parametrize("question", ["Write code", "hello", "What is Rust?", "How do whales sleep?", "Tell me of tea"])
async def test_answers_are_markdown_and_vary(question: str) -> None:
    events, _ = await ask(question)
    others, _ = await ask(f"{question} and salt")
    assert text_of(events).endswith("\n")
    assert text_of(events) != text_of(others) or question in ("Write code", "hello")


def test_there_is_a_heading_a_table_a_list_and_code() -> None:
    text = "".join(sample_answers.reply(name, "m") for name in ("sky", "code", "a", "b", "c", "d", "e", "f", "g", "h"))
    for mark in ("\n### ", "## ", "| red ", "\n- **", "\n1. ", "```python", "\n> "):
        assert mark in text


@pytest.mark.slow
@pytest.mark.parametrize("provider", NAMED)
@pytest.mark.parametrize(
    ("instruction", "kind"),
    [
        ("fail", Problem),
        ("break", IncompleteAnswer),
        ("error", Problem),
        ("be refused", CredentialRejected),
        ("stall", IncompleteAnswer),
    ],
)
async def test_failures_on_demand(instruction: str, kind: type[Problem], provider: str) -> None:
    events, problem = await ask(f"Why is the sky blue? Please {instruction}.", provider=provider)
    assert type(problem) is kind
    assert bool(text_of(events)) == (instruction in ("break", "error", "stall"))
    assert any(isinstance(event, NoResponseYet) for event in events) == (instruction == "stall")


async def test_busy_twice_and_then_not() -> None:
    # The wait that it asks for is the provider's, so it is left out by the limit here.
    wire = Client({}, transport(0), Limits(max_retry_after=1))
    _, problem = await ask("please be busy", wire=wire)
    assert problem and problem.message == "OpenAI is too busy."
    _, problem = await ask("please be busy", wire=wire)
    events, problem = await ask("please be busy", wire=wire)
    assert problem is None
    assert text_of(events)


async def test_long_empty_and_thoughtful_answers() -> None:
    events, _ = await ask("The sky. Please be long.")
    assert events[-1] == Finish("length", False, "The answer reached its length limit.")
    events, _ = await ask("please be empty")
    assert calls.only(events, Finish).note == "The answer is empty."
    events, _ = await ask("please think")
    assert isinstance(next(event for event in events if isinstance(event, TextDelta | ThinkingDelta)), ThinkingDelta)


async def test_a_parameter_that_a_reasoning_model_does_not_take() -> None:
    events, problem = await ask("hello", temperature=0.5)
    assert problem is None
    assert events[0] == Notice("gpt-6-sol takes no temperature. It was left out.", (("temperature", ""),))


@pytest.mark.parametrize("provider", NAMED)
@pytest.mark.parametrize(
    ("word", "kind", "text"),
    [
        ("refused", CredentialRejected, "{label} rejected this key."),
        ("nocredit", Problem, "Your {label} account has no credit left."),
        ("busy", Problem, "{label} is too busy."),
        ("nowhere", NetworkError, "Cannot find the host api.{id}.com. The key was not sent."),
    ],
)
async def test_keys_that_are_no_good(word: str, kind: type[Problem], text: str, provider: str) -> None:
    wire = Client({}, transport(0), Limits(max_retry_after=1, backoff=0.001, max_backoff=0.001))
    events, problem = await ask("hello", GOOD[provider].replace("good", word), wire, provider)
    assert type(problem) is kind
    assert problem.message == text.format(label=PROVIDERS[provider].label, id=provider)
    assert any(isinstance(event, Retrying) for event in events) == (word == "nowhere")


@pytest.mark.parametrize("provider", NAMED)
async def test_a_restricted_key_may_chat_and_not_list(provider: str) -> None:
    declared, key = PROVIDERS[provider], GOOD[provider].replace("good", "restricted")
    access = access_to(declared, api_key=key)
    _, problem = await run(Client({}, transport(0)), access, declared.verify(access.fields))
    assert isinstance(problem, ScopeMissing)
    _, problem = await ask("hello", key, provider=provider)
    assert problem is None


async def test_servers_on_this_machine() -> None:
    declared = PROVIDERS["openai_compatible"]
    answering = {}
    for server in declared.local_servers:
        access = access_to(declared, base_url=server.base_url)
        events, _ = await run(Client({}, transport(0), QUICK), access, declared.verify(access.fields))
        answering[server.label] = [model.id for event in events for model in getattr(event, "models", ())]
    assert answering == {
        "Ollama": ["gemma3:12b", "nomic-embed-text", "qwen3:32b"],
        "llama.cpp": ["qwen3-32b"],
        "vLLM": [],
        "LM Studio": [],
    }


async def test_another_host_does_not_resolve() -> None:
    with pytest.raises(httpx.ConnectError):
        await transport(0).handle_async_request(httpx.Request("GET", "https://elsewhere.test/v1/models"))


async def test_texts_that_are_similar_lie_close() -> None:
    texts = (
        "The sky is blue because short waves of light scatter more than long ones.",
        "Why does the sky look blue?",
        "A cat sleeps on the warm roof",
        "The cat naps up on the roof",
    )
    model = Model("openai", "text-embedding-3-small", ModelType.EMBEDDING)
    access = access_to(OPENAI)
    events, _ = await run(
        Client({}, transport(0)), access, calls.embed(OPENAI, access.fields, EmbeddingRequest(model, texts))
    )
    vectors = calls.only(events, Vectors).vectors
    assert [len(vector) for vector in vectors] == [1536] * 4
    assert all(math.isclose(math.hypot(*vector), 1, abs_tol=1e-3) for vector in vectors)

    def cosine(a: int, b: int) -> float:
        return math.fsum(x * y for x, y in zip(vectors[a], vectors[b], strict=True))

    assert cosine(0, 1) > cosine(0, 2) + 0.1
    assert cosine(2, 3) > cosine(1, 2) + 0.3
    assert sample_answers.vector(texts[0], 64) == sample_answers.vector(texts[0], 64)


async def test_the_pace_is_that_of_a_real_answer() -> None:
    """With a pace the answer comes in pieces over time; told by the transport, not by a clock."""
    practice = transport(0.001)
    request = httpx.Request(
        "POST",
        "https://api.openai.com/v1/chat/completions",
        headers={"authorization": "Bearer sk-FAKE"},
        json={"model": "gpt-6-sol", "stream": True, "messages": [{"role": "user", "content": "hello"}]},
    )
    response = await practice.handle_async_request(request)
    assert isinstance(response.stream, httpx.AsyncByteStream)
    pieces = [piece async for piece in response.stream]
    assert response.headers["content-type"].startswith("text/event-stream")
    assert len(pieces) > 10
    assert pieces[-1] == b"data: [DONE]\n\n"


@pytest.mark.parametrize("provider", [name for name in PROVIDERS if name != "huggingface"])
async def test_every_test_word_in_a_key_has_its_outcome_at_every_provider(provider: str) -> None:
    declared = PROVIDERS[provider]
    secrets = [field.name for field in declared.fields if field.secret]
    wire = Client({}, transport(0), Limits(max_retry_after=1, backoff=0.001, max_backoff=0.001))
    outcomes: dict[str, Problem | None] = {}
    for word in ("good", "refused", "restricted", "nocredit", "busy"):
        access = access_to(declared, **{name: f"sk-FAKE-{word}-0123456789" for name in secrets})
        _, outcomes[word] = await run(wire, access, declared.verify(access.fields))
    assert outcomes["good"] is None and isinstance(outcomes["refused"], CredentialRejected)
    assert not any(isinstance(problem, NetworkError) for problem in outcomes.values()), outcomes
    if provider != "replicate":  # its keys have no scopes, and its account is always there
        assert outcomes["restricted"] is not None
        assert outcomes["busy"] is not None and outcomes["busy"].transient


async def test_tools_and_files_are_answered_without_a_stream_as_well() -> None:
    schema = {"type": "object", "properties": {"city": {"enum": ["Oslo", "Rome"]}, "days": {"type": "integer"}}}
    assert sample_answers.arguments(schema) == {"city": "Oslo", "days": 1} and sample_answers.arguments(True) == {}
    pdf = b64encode(b"%PDF-1.7").decode()
    assert sample_answers.describe_file(f"data:application/pdf;base64,{pdf}") == "I got a PDF of 8 bytes.\n\n"
    assert sample_answers.describe_file("AAAA") == "I got a file of 3 bytes.\n\n"
    assert "is damaged" in sample_answers.describe_file("data:image/png;base64,%%%")
    model = Model("openai", NAMED["openai"], ModelType.CHAT)
    tools = (Tool("weather", "The weather of a city.", schema),)
    access = access_to(OPENAI)
    request = ChatRequest(model, (Message("user", "Is it warm?"),), stream=False, tools=tools)
    events, problem = await run(Client({}, transport(0)), access, calls.chat(OPENAI, access.fields, request))
    (tool_call,) = [call for event in events if isinstance(event, ToolCalls) for call in event.calls]
    assert problem is None and (tool_call.name, json.loads(tool_call.arguments)) == (
        "weather",
        {"city": "Oslo", "days": 1},
    )
