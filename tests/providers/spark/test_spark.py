"""Spark: what its facts leave open. Its WebSockets on real sockets, both ways together, and what practice answers."""

import asyncio
import base64
import json
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from wsproto.events import CloseConnection, Ping, TextMessage

from tests.providers import calls
from tests.providers.facts import KEY, refusals_in_words
from tests.providers.http_server import DEADLINE, QUICK, http, run, serve, text_of
from tests.providers.spark.facts import (
    AUTHORIZATION,
    DATE,
    FACTS,
    MODEL,
    NOW,
    SECRETS,
    SPEECH,
    STALE,
    UNKNOWN,
    VECTORS,
    chunk,
    dictated,
    error,
    failed,
    whole,
)
from tests.providers.test_contract import access_to
from tests.providers.websocket_server import CUT, HOLD, RESET, Await, Item, Line, Reject, listen, text
from tui.domain import Model, ModelType
from tui.errors import CredentialRejected, IncompleteAnswer, NetworkError, Problem, ScopeMissing, UsageError
from tui.practice import transport
from tui.practice.transport import fixture
from tui.providers import PROVIDERS
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.client.sse import Events
from tui.providers.events import (
    Accepted,
    Finish,
    NoResponseYet,
    Notice,
    Retrying,
    TextDelta,
    Transcript,
    UploadStarted,
    Usage,
    Vectors,
)
from tui.providers.requests import ApiError, ChatRequest, EmbeddingRequest, Frame, Message, TranscriptionRequest
from tui.secret import MASK, Secret
from tui.workspace.credentials.fields import validate

SPARK = PROVIDERS["spark"]
SHORT = replace(QUICK, notice_after=0.2, stream_timeout=2)
GOOD: list[Item] = [Await(), text(chunk(0, "Good")), text(chunk(1, " day")), text(chunk(2, "", used=True))]


def question(words: str = "Why is the sky blue?", model: Model = MODEL) -> ChatRequest:
    return ChatRequest(model, (Message("user", words),))


def signed(base_url: str = "", **more: str) -> Access:
    """Access with the three parts only, at an address of one's own where there is one."""
    access = access_to(SPARK, **({"base_url": base_url} if base_url else {}))
    boxes = {**SECRETS, **{name: Secret(value) for name, value in more.items()}}
    fields = {name: value for name, value in access.fields.items() if name != "api_password"} | dict.fromkeys(
        boxes, MASK
    )
    return replace(access, fields=fields, origins=SPARK.origins(fields), secrets=lambda: boxes, model=MODEL.id)


def there(line: Line) -> Access:
    return signed(f"http://localhost:{line.port}")


async def talk(line: Line, limits: Limits = QUICK, model: Model = MODEL, now: float = NOW) -> calls.Outcome:
    wire, access = Client({}, limits=limits, clock=lambda: now), there(line)
    try:
        events, problem = await run(wire, access, calls.chat(SPARK, access.fields, question(model=model)))
    finally:
        await wire.aclose()
    for box in access.secrets().values():
        assert box.reveal() not in f"{events} {problem and (problem.message, problem.hint, problem.detail)}"
    return events, problem


def test_the_refusals_of_the_table_are_reported_without_a_socket_too() -> None:
    refusals_in_words(FACTS, SPARK)


def test_the_worked_url() -> None:
    call = calls.chat(SPARK, signed().fields, question(model=replace(MODEL, id="4.0Ultra")))
    query = SPARK.sign(call, {}, SECRETS, NOW).query
    assert {name: str(getattr(value, "reveal", lambda value=value: value)()) for name, value in query.items()} == {
        "authorization": AUTHORIZATION,
        "date": DATE,
        "host": "spark-api.xf-yun.com",
    }


# --- chats over a WebSocket -------------------------------------------------------------------------------------------


async def test_a_chat_over_a_websocket() -> None:
    async with listen(GOOD) as line:
        events, problem = await talk(line)
    assert problem is None
    # What arrives together is one piece of text.
    texts = [event.text for event in events if isinstance(event, TextDelta)]
    assert "".join(texts) == "Good day" and events[len(texts) :] == [Usage(6, 3), Finish("stop")]
    path, _, query = line.targets[0].partition("?")
    entries = parse_qs(query)
    assert path == "/v3.5/chat"
    assert (entries["date"], entries["host"]) == ([DATE], [f"localhost:{line.port}"])
    assert base64.b64decode(entries["authorization"][0]).startswith(b'api_key="0123456789abcdef')
    assert "authorization" not in line.headers[0]
    assert line.received[0]["header"] == {"app_id": "fa4e0000"}


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "words", "hint"),
    [
        (401, {"message": UNKNOWN}, {}, CredentialRejected, "found no application with this APIKey", "swapped"),
        (
            401,
            {"message": "HMAC signature does not match"},
            {},
            CredentialRejected,
            "The signature does not match",
            "clock",
        ),
        (401, {}, {}, CredentialRejected, "rejected this APIPassword or APIKey", "console"),
        (403, {"message": STALE}, {}, CredentialRejected, "more than 5 minutes off", "Set the clock."),
        (403, {}, {}, Problem, "rejected this request", "listed addresses only"),
        (
            403,
            {},
            {"date": formatdate(NOW - 420, usegmt=True)},
            Problem,
            "rejected this request",
            "clock is 7 min ahead",
        ),
        (
            401,
            {},
            {"date": formatdate(NOW + 420, usegmt=True)},
            CredentialRejected,
            "rejected",
            "clock is 7 min behind",
        ),
        (404, {}, {}, Problem, "returned 404", "Check the URL"),
    ],
)
async def test_a_handshake_that_is_refused(
    status: int,
    body: dict[str, str],
    headers: dict[str, str],
    kind: type[Problem],
    words: str,
    hint: str,
) -> None:
    pairs = tuple((name.encode(), value.encode()) for name, value in headers.items())
    async with listen([Reject(status, json.dumps(body).encode(), pairs)]) as line:
        events, problem = await talk(line)
    assert (events, len(line.targets)) == ([], 1)
    assert type(problem) is kind
    assert words in problem.message
    assert hint in problem.hint


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ([CUT], IncompleteAnswer, "ended before the answer did"),
        ([RESET], IncompleteAnswer, "ended before the answer did"),
        ([text({"header": failed(10014)})], Problem, "The safety check of iFLYTEK Spark stopped the answer."),
        ([text({"header": failed(10012)})], Problem, "iFLYTEK Spark failed on its side."),
        ([HOLD], IncompleteAnswer, "sent nothing of use"),
    ],
    ids=["cut", "reset", "blocked", "failed", "silent"],
)
async def test_a_chat_that_fails_in_the_middle_keeps_what_came(
    script: list[Item], kind: type[Problem], words: str
) -> None:
    async with listen([Await(), text(chunk(0, "Half an")), *script]) as line:
        events, problem = await talk(line, SHORT if HOLD in script else QUICK)
    assert (text_of(events), len(line.targets)) == ("Half an", 1)
    assert type(problem) is kind
    assert words in problem.message
    assert any(isinstance(event, NoResponseYet) for event in events) == (HOLD in script)


async def test_a_connection_that_ends_before_its_last_frame_is_no_success() -> None:
    async with listen([Await(), text(chunk(0, "Half an"))]) as line:
        events, problem = await talk(line)
    assert isinstance(problem, NetworkError) and "stopped before its end" in problem.message
    assert text_of(events) == "Half an"


async def test_what_passes_is_retried_with_a_new_signature() -> None:
    times = iter((NOW, NOW, NOW + 60, NOW + 60))
    busy: list[Item] = [Await(), text({"header": failed(11202)})]
    async with listen(busy, GOOD) as line:
        wire, access = Client({}, limits=QUICK, clock=lambda: next(times, NOW + 60)), there(line)
        events, problem = await run(wire, access, calls.chat(SPARK, access.fields, question()))
        await wire.aclose()
    assert problem is None
    assert text_of(events) == "Good day"
    assert len([event for event in events if isinstance(event, Retrying)]) == 1
    first, second = (parse_qs(target.partition("?")[2]) for target in line.targets)
    assert first["date"] == [DATE]
    assert second["authorization"] != first["authorization"]


async def test_a_version_that_is_not_enabled_is_not_retried() -> None:
    async with listen([Await(), text({"header": failed(11200, "tokens.total")})]) as line:
        events, problem = await talk(line)
    assert (events, len(line.targets)) == ([], 1)
    assert isinstance(problem, ScopeMissing)
    assert "generalv3.5 are used up" in problem.message


async def test_a_stop_closes_the_connection() -> None:
    async with listen([Await(), text(chunk(0, "Half an")), HOLD]) as line:
        wire, access = Client({}, limits=QUICK), there(line)
        events = wire.stream(access, calls.chat(SPARK, access.fields, question()))
        async for event in events:
            if isinstance(event, TextDelta):
                break
        await events.aclose()
        await asyncio.wait_for(line.closed.wait(), DEADLINE)
        await wire.aclose()


async def test_nothing_listens_and_an_ordinary_answer() -> None:
    async with serve([http(whole("Hi"))]) as server:
        access = signed(server.origin)
        wire = Client({}, limits=QUICK)
        _, problem = await run(wire, access, calls.chat(SPARK, access.fields, question()))
        assert problem and "opened no WebSocket connection" in problem.message
    async with serve() as server:
        access = signed(server.origin)
    _, problem = await run(wire, access, calls.chat(SPARK, access.fields, question()))
    await wire.aclose()
    assert isinstance(problem, NetworkError)
    assert "The key was not sent." in problem.message


# --- vectors and speech -----------------------------------------------------------------------------------------------


async def test_texts_are_embedded_one_after_the_other() -> None:
    good = http({"header": {"code": 0}, "payload": {"feature": {"text": "AAAAPwAAgL8AAIA+"}}})
    async with serve([good], [http({"header": failed(11202)})], [good]) as server:
        wire, access = Client({}, limits=QUICK, clock=lambda: NOW), signed(server.origin)
        events, problem = await run(
            wire, access, calls.embed(SPARK, access.fields, EmbeddingRequest(VECTORS, ("a", "b")))
        )
        await wire.aclose()
    assert problem is None
    vectors = [event for event in events if isinstance(event, Vectors)]
    assert [(vector.start, vector.vectors) for vector in vectors] == [
        (0, ((0.5, -1.0, 0.25),)),
        (1, ((0.5, -1.0, 0.25),)),
    ]
    assert events[-1] == Finish("stop")
    texts = [json.loads(base64.b64decode(request.json["payload"]["messages"]["text"])) for request in server.requests]
    assert [item["messages"][0]["content"] for item in texts] == ["a", "b", "b"]
    assert {request.method for request in server.requests} == {"POST"}
    assert all(
        request.target.startswith("/?authorization=") and "host=localhost%3A" in request.target
        for request in server.requests
    )


async def test_a_recording_is_transcribed_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "talk.pcm"
    path.write_bytes(bytes(range(250)) * 10)
    async with listen([Await(2), text(dictated(1, "Good")), text(dictated(2, " day", status=2))]) as line:
        wire, access = Client({}, limits=QUICK), there(line)
        call = calls.transcribe(SPARK, access.fields, TranscriptionRequest(SPEECH, path, "audio/pcm", 2500, "zh"))
        events, problem = await run(wire, access, call)
        await wire.aclose()
    assert problem is None
    assert Transcript("Good day") in events
    assert UploadStarted(2500, 2500) in events
    assert line.targets[0].startswith("/v2/iat?authorization=")
    assert [message["data"]["status"] for message in line.received] == [0, 2]
    assert b"".join(base64.b64decode(message["data"]["audio"]) for message in line.received) == path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ([CUT], IncompleteAnswer, "ended before the answer did"),
        ([RESET], IncompleteAnswer, "ended before the answer did"),
        ([text("{" * 3)] * 3, Problem, "3 broken pieces in a row"),
        ([text(failed(10165))], Problem, "stopped with an error"),
        ([text(failed(10012))], Problem, "failed on its side"),
        ([CloseConnection(1000, "")], IncompleteAnswer, "stopped before its end"),
        ([CloseConnection(1011, "no engine")], IncompleteAnswer, "closed the connection before the answer ended"),
        ([TextMessage("x" * 12_000_000)], Problem, "a message of more than"),
        ([Ping(b"?"), HOLD], IncompleteAnswer, "sent nothing of use"),
    ],
    ids=["cut", "reset", "broken", "timed out", "failed", "closed in good order", "closed", "too large", "silent"],
)
async def test_a_dictation_that_fails_in_the_middle_keeps_what_was_transcribed(
    tmp_path: Path, script: list[Item], kind: type[Problem], words: str
) -> None:
    path = tmp_path / "talk.pcm"
    path.write_bytes(b"x" * 1000)
    async with listen([Await(), text(dictated(1, "Half an")), *script]) as line:
        wire, access = Client({}, limits=replace(SHORT, notice_after=0.2, stream_timeout=0.5)), there(line)
        call = calls.transcribe(SPARK, access.fields, TranscriptionRequest(SPEECH, path, "audio/pcm", 1000, "zh"))
        events, problem = await run(wire, access, call)
        await wire.aclose()
    assert (text_of(events), len(line.targets)) == ("Half an", 1)
    assert isinstance(problem, kind)
    assert words in problem.message
    for box in access.secrets().values():
        assert box.reveal() not in f"{events} {problem.message} {problem.hint} {problem.detail}"


# --- what is filled in ------------------------------------------------------------------------------------------------


def test_half_of_the_three_parts_is_named_and_both_methods_may_be_filled_in() -> None:
    triple: dict[str, str | Secret] = {
        "app_id": "fa4e0000",
        "api_key": Secret("k" * 32),
        "api_secret": Secret("s" * 32),
    }
    for name in triple:
        with pytest.raises(UsageError) as raised:
            validate(SPARK, {item: value for item, value in triple.items() if item != name}, None)
        assert SPARK.field(name).label in raised.value.message
    for values in (triple, {"api_password": Secret(KEY)}, {**triple, "api_password": Secret(KEY)}):
        _, secrets = validate(SPARK, values, None)
        assert set(secrets) == {name for name in values if name != "app_id"}


# --- in practice ------------------------------------------------------------------------------------------------------


async def verify(access: Access) -> calls.Outcome:
    return await run(Client({}, transport(0), QUICK), access, SPARK.verify(access.fields))


async def ask(access: Access, words: str) -> calls.Outcome:
    wire = Client(
        {},
        transport(0),
        Limits(backoff=0.001, max_backoff=0.001, notice_after=0.2, stream_timeout=2, max_retry_after=0),
    )
    return await run(wire, access, calls.chat(SPARK, access.fields, question(words)))


async def test_both_methods_are_verified_separately() -> None:
    assert await verify(access_to(SPARK)) == ([Accepted()], None)
    assert await verify(signed()) == ([Accepted()], None)
    for changed, words in (
        ({"api_key": "FAKE-refused"}, "found no application with this APIKey"),
        ({"api_password": "FAKE-refused"}, "rejected this APIPassword"),
    ):
        _, problem = await verify(access_to(SPARK, **changed))
        assert isinstance(problem, CredentialRejected)
        assert words in problem.message
    for word in ("restricted", "nocredit"):
        _, problem = await verify(access_to(SPARK, api_password=f"FAKE-{word}"))
        assert isinstance(problem, ScopeMissing)
        assert "Spark Lite" in problem.message


@pytest.mark.slow
@pytest.mark.parametrize("access", [access_to(SPARK), signed()], ids=["http", "websocket"])
async def test_chats_in_practice(access: Access) -> None:
    events, problem = await ask(access, "Why is the sky blue?")
    assert problem is None
    assert len(text_of(events)) > 100
    assert events[-1] == Finish("stop")
    for instruction, kind in (("fail", Problem), ("be refused", Problem), ("break", Problem), ("error", Problem)):
        events, problem = await ask(access, f"Why is the sky blue? Please {instruction}.")
        assert isinstance(problem, kind)
        assert bool(text_of(events)) == (instruction in ("break", "error"))
    events, _ = await ask(access, "please be empty")
    assert calls.finish(events).note == "The answer is empty."
    events, _ = await ask(access, "please think")
    assert "Thinking" in type(events[0]).__name__


async def test_a_key_without_credit_and_one_that_is_busy_over_a_websocket() -> None:
    _, problem = await ask(signed(api_key="FAKE-nocredit"), "hello")
    assert isinstance(problem, ScopeMissing)
    events, problem = await ask(signed(api_key="FAKE-busy"), "hello")
    assert problem and "requests of this second" in problem.message
    events, problem = await ask(signed(), "please be busy")
    assert problem is None
    assert len([event for event in events if isinstance(event, Retrying)]) == 2


def read(name: str, access: Access) -> list[Any]:
    """What a chat's reader makes of a fixture."""
    content = fixture("spark", name)
    reader = calls.chat(SPARK, access.fields, question()).reader()
    lines = [(line.decode(), "") for line in content.splitlines()]
    entries = Events(1 << 20, 1 << 20).feed(content) if name.endswith(".sse") else lines
    frames = [Frame(data if data == "[DONE]" else json.loads(data), event) for data, event in entries]
    return [event for frame in frames for event in reader(frame)]


def test_the_documented_streams() -> None:
    for access, stream, failing in (
        (access_to(SPARK), "chat.sse", "chat_error.sse"),
        (signed(), "talk.ndjson", "talk_error.ndjson"),
    ):
        *pieces, used, end = read(stream, access)
        assert text_of(pieces) == "Good day."
        assert (used, end) == (Usage(2, 3), Finish("stop"))
        part, refused = read(failing, access)
        assert part == TextDelta("Par")
        assert isinstance(refused, ApiError)
        assert (refused.status, refused.code) == (500, "10012")
    assert error("x")["error"]["code"] == "x"
    assert not any(isinstance(event, Notice) for event in read("chat.sse", access_to(SPARK)))
    assert [model.type for model in SPARK.catalogue if model.type is not ModelType.CHAT] == ["embedding", "speech2text"]
