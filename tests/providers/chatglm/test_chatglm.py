"""ChatGLM: what its facts leave open. The ways of its servers on real sockets, and side by side in practice."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.providers import calls
from tests.providers.chatglm.facts import FACTS, MODEL, delta, described, listed, native_body, whole
from tests.providers.http_server import HOLD, QUICK, RESET, http, run, serve, streaming, text_of
from tests.providers.test_contract import access_to
from tui.domain import Model, ModelType
from tui.errors import CredentialRejected, IncompleteAnswer, NetworkError, Problem
from tui.practice import transport
from tui.practice.transport import fixture
from tui.providers import PROVIDERS
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.client.sse import Events
from tui.providers.events import Accepted, Event, Finish, ModelsListed, Notice, Retrying, TextDelta, Vectors
from tui.providers.requests import ChatRequest, EmbeddingRequest, EndFrame, Frame, Message
from tui.workspace.credentials.fields import validate

CHATGLM = PROVIDERS["chatglm"]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
ABSENT = http({"detail": "Not Found"}, 404)
ALLOWED = http({"detail": "Method Not Allowed"}, 405, {"allow": "POST"})
ASIDE = "The stream ended before it began. The answer was requested in one piece."
PORTS = {"api.py": 8001, "openai_api.py": 8002, "api_server.py": 8003, "vLLM": 8004}
SHORT = Limits(backoff=0.001, max_backoff=0.001, notice_after=0.2, stream_timeout=2, response_timeout=2)


def at(base_url: str, flavour: str = "") -> Any:
    chat = replace(FACTS.chats[0], fields=lambda origin: {"base_url": base_url, "flavour": flavour})
    return chat.access(base_url)


def question(text: str = "Hello?", stream: bool = True, model: Model = MODEL, **parameters: Any) -> ChatRequest:
    return ChatRequest(model, (Message("user", text),), parameters, stream)


async def answers(server: Any, ask: ChatRequest | None = None, flavour: str = "") -> tuple[list[Event], Problem | None]:
    wire, access = Client({}, limits=QUICK), at(server.origin, flavour)
    events, problem = await run(wire, access, calls.chat(CHATGLM, access.fields, ask or question()))
    await wire.aclose()
    return events, problem


# --- telling servers apart --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("probes", "paths"),
    [
        ([ABSENT, http(described("/"))], ["/v1/models", "/openapi.json"]),
        ([ABSENT, ABSENT, ALLOWED], ["/v1/models", "/openapi.json", "/"]),
    ],
)
async def test_the_native_one_is_detected_and_shown_not_to_stream(probes: list[bytes], paths: list[str]) -> None:
    async with serve(*([probe] for probe in probes), [http(native_body("Good day"))]) as server:
        events, problem = await answers(server)
    assert problem is None
    # Said before the long wait for the answer.
    assert isinstance(events[0], Notice)
    assert "does not stream" in events[0].text
    assert events[1:] == [TextDelta("Good day"), Finish("stop")]
    assert [(request.method, request.target) for request in server.requests] == [
        *(("GET", path) for path in paths),
        ("POST", "/"),
    ]
    assert server.requests[-1].json == {"prompt": "Hello?", "history": []}


async def test_one_of_openais_wire_is_detected_and_streams() -> None:
    answer = streaming(delta({"content": "Good"}), delta({"content": " day"}, "stop"))
    async with serve([http(listed("glm-4"))], [answer]) as server:
        events, problem = await answers(server, question(seed=7))
    assert (text_of(events), problem) == ("Good day", None)
    assert [event.text for event in events if isinstance(event, Notice)] == [
        "This server (glm_server.py of GLM-4) ignores seed. It was left out."
    ]
    assert [request.target for request in server.requests] == ["/v1/models", "/v1/chat/completions"]


async def test_what_is_something_else_is_reported() -> None:
    async with serve([ABSENT], [http(described("/sdapi/v1/txt2img"))]) as server:
        _, problem = await answers(server)
    assert problem
    assert problem.message == "The server at this address is not a ChatGLM server."
    assert problem.detail == "It has /sdapi/v1/txt2img."
    async with serve([ABSENT]) as server:
        _, problem = await answers(server)
    assert problem
    assert problem.message == "The server at this address does not have this endpoint."
    async with serve([http("<html><title>Router</title></html>", headers={"content-type": "text/html"})]) as server:
        _, problem = await answers(server)
    assert isinstance(problem, NetworkError)


async def test_a_server_that_wants_a_key() -> None:
    async with serve([http({"error": "Unauthorized"}, 401)]) as server:
        _, problem = await answers(server)
        assert isinstance(problem, CredentialRejected)
        assert problem.message == f"localhost:{server.port} requires an API key."
        assert len(server.requests) == 1


@pytest.mark.slow
async def test_a_server_that_is_busy_is_waited_for() -> None:
    """The scripts answer nothing at all while they make another answer, not even what they are."""
    async with serve([HOLD]) as server:
        wire, access = Client({}, limits=SHORT), at(server.origin)
        _, problem = await run(wire, access, CHATGLM.verify(access.fields))
        await wire.aclose()
    assert isinstance(problem, NetworkError)
    assert len(server.requests) == 1


# --- streams that end before they began -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stream",
    [
        [HEAD + b"0\r\n\r\n"],
        [HEAD.replace(b"transfer-encoding: chunked", b"connection: close")],
        [HEAD],
        [HEAD, RESET],
    ],
    ids=["chunked", "closed", "broken off", "reset"],
)
async def test_a_stream_without_a_word_is_requested_in_one_piece(stream: list[bytes | str]) -> None:
    # The connection ends with what is given, as it is kept open by a content-length only.
    async with serve(stream, [http(whole("Hi"))]) as server:
        events, problem = await answers(server, flavour="openai-chatglm2")
    assert problem is None
    assert events == [Notice(ASIDE), TextDelta("Hi"), Finish("stop")]
    assert [request.json["stream"] for request in server.requests] == [True, False]


async def test_a_stream_that_breaks_off_later_is_not_retried() -> None:
    part = b"data: " + json.dumps(delta({"content": "Half an"})).encode() + b"\n\n"
    async with serve([HEAD + b"%x\r\n%s\r\n" % (len(part), part)], [http(whole("Hi"))]) as server:
        events, problem = await answers(server, flavour="openai-chatglm2")
    assert isinstance(problem, NetworkError)
    assert text_of(events) == "Half an"
    assert len(server.requests) == 1


async def test_what_breaks_off_twice_is_a_problem() -> None:
    async with serve([HEAD]) as server:
        events, problem = await answers(server, flavour="openai-chatglm3")
    assert problem
    assert events == [Notice(ASIDE)]
    assert len(server.requests) == 2


# --- in practice ------------------------------------------------------------------------------------------------------


async def practised(server: str, ask: ChatRequest) -> tuple[list[Event], Problem | None]:
    access = access_to(CHATGLM, base_url=f"http://localhost:{PORTS[server]}")
    return await run(Client({}, transport(0), SHORT), access, calls.chat(CHATGLM, access.fields, ask))


async def test_four_servers_side_by_side() -> None:
    models = {}
    for server, port in PORTS.items():
        access = access_to(CHATGLM, base_url=f"http://localhost:{port}")
        events, problem = await run(Client({}, transport(0), SHORT), access, CHATGLM.verify(access.fields))
        assert problem is None
        assert Accepted() in events
        models[server] = [
            model.id for message in events if isinstance(message, ModelsListed) for model in message.models
        ]
    assert models == {
        "api.py": [],
        "openai_api.py": ["gpt-3.5-turbo"],
        "api_server.py": ["chatglm3-6b", "embeddings"],
        "vLLM": ["THUDM/GLM-4-9B-0414"],
    }


@pytest.mark.parametrize("server", PORTS)
async def test_every_server_answers_and_only_the_native_one_in_one_piece(server: str) -> None:
    model = Model("chatglm", "THUDM/GLM-4-9B-0414" if server == "vLLM" else "any-name", ModelType.CHAT)
    texts = []
    for stream in (True, False):
        events, problem = await practised(server, question("Why is the sky blue?", stream, model))
        assert problem is None
        texts.append(text_of(events))
        pieces = len([event for event in events if isinstance(event, TextDelta)])
        assert (pieces == 1) == (not stream or server == "api.py")
        assert any("does not stream" in getattr(event, "text", "") for event in events) == (
            stream and server == "api.py"
        )
    assert len(texts[0]) > 100
    assert texts[0] == texts[1]


async def test_a_model_that_vllm_does_not_serve() -> None:
    _, problem = await practised("vLLM", question())
    assert problem
    assert problem.message.startswith("The server does not know ")


@pytest.mark.slow
async def test_failures_of_the_native_one() -> None:
    for instruction, kind in (("fail", Problem), ("break", IncompleteAnswer), ("stall", IncompleteAnswer)):
        events, problem = await practised("api.py", question(f"The sky. Please {instruction}."))
        assert type(problem) is kind
        assert text_of(events) == ""
        assert (instruction == "fail") == any(isinstance(event, Retrying) for event in events)
    events, problem = await practised("api.py", question("please be empty"))
    assert problem is None
    assert "longer than the model can take" in calls.finish(events).note


async def test_an_empty_stream_of_chatglm3() -> None:
    events, problem = await practised("api_server.py", question("please be empty"))
    assert problem is None
    assert Notice(ASIDE) in events
    assert calls.finish(events).note == "The answer is empty."


async def test_vectors_where_there_are_none() -> None:
    ask = EmbeddingRequest(Model("chatglm", "embeddings", ModelType.EMBEDDING), ("a",))
    for server, good in (("api_server.py", True), ("api.py", False), ("openai_api.py", False)):
        access = access_to(CHATGLM, base_url=f"http://localhost:{PORTS[server]}")
        events, problem = await run(Client({}, transport(0), SHORT), access, calls.embed(CHATGLM, access.fields, ask))
        assert any(isinstance(event, Vectors) for event in events) == good
        assert good or (problem and "Vectors come from" in problem.hint)


# --- what is filled in, and what is documented ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pasted",
    ["localhost:8000", "http://localhost:8000/", "http://localhost:8000/v1", "localhost:8000/v1/chat/completions"],
)
def test_an_address_is_stored_as_its_root(pasted: str) -> None:
    clear, secrets = validate(CHATGLM, {"base_url": pasted}, None)
    assert clear["base_url"] == "http://localhost:8000"
    assert not clear.get("flavour")
    assert not secrets


def read(name: str, flavour: str) -> list[object]:
    """What a chat's reader makes of a fixture."""
    fields = {"base_url": "http://localhost:8000", "flavour": flavour}
    reader = calls.chat(CHATGLM, fields, question()).reader()
    events = Events(1 << 20, 1 << 20).feed(fixture("chatglm", name))
    frames = [Frame(data if data == "[DONE]" else json.loads(data), event) for data, event in events]
    return [event for frame in [*frames, None] for event in reader(frame) if not isinstance(event, EndFrame)]


def test_the_documented_streams() -> None:
    assert read("chat.sse", "openai-chatglm3") == [TextDelta("Good day to you."), Finish("stop")]
    assert read("chatglm2.sse", "openai-chatglm2") == [TextDelta("Hi"), Finish("stop")]
