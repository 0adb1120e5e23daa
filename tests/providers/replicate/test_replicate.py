"""Replicate on a socket and in practice: streams that end too early, what is cancelled there, models that are added."""

import asyncio
import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from tests.providers import calls
from tests.providers.facts import Chat, every
from tests.providers.http_server import DEADLINE, HOLD, QUICK, RESET, Answer, http, run, serve, text_of
from tests.providers.replicate.kit import NO_VERSION, prediction, sent
from tests.providers.test_contract import access_to
from tui.domain import Model, ModelType
from tui.errors import CredentialRejected, IncompleteAnswer, NetworkError, Problem, ScopeMissing
from tui.practice import transport
from tui.practice.replicate import server as answers
from tui.practice.transport import fixture
from tui.providers import PROVIDERS
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.client.sse import Events
from tui.providers.events import (
    Accepted,
    Event,
    Finish,
    ModelDetails,
    Notice,
    SearchResults,
    TextDelta,
    Transcript,
    Vectors,
)
from tui.providers.requests import (
    Call,
    ChatRequest,
    EmbeddingRequest,
    Frame,
    Message,
    TimestampGranularity,
    TranscriptionRequest,
)
from tui.secret import Secret
from tui.tenancy import models
from tui.tenancy.session import Session, TenantSession
from tui.workspace import tenants
from tui.workspace.credentials import save as save_credential
from tui.workspace.models import catalog

DECLARED = PROVIDERS["replicate"]
WHOLE, STREAMED = (chat for facts in every() for chat in facts.chats if chat.provider == "replicate")
CHAT, EMBEDDING, SPEECH = ModelType.CHAT, ModelType.EMBEDDING, ModelType.SPEECH2TEXT
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
BRIEF = Limits(notice_after=0.2, stream_timeout=2, response_timeout=5, backoff=0.001, max_backoff=0.002)
OVER = http(prediction("succeeded", ["Half", " an answer", "."]))
TALK = "meta/meta-llama-3-70b-instruct"


async def answers_to(
    *answers: Answer, chat: Chat = STREAMED, limits: Limits = QUICK, stream: bool = True, **fields: str
) -> tuple[list[Event], Problem | None, list[str]]:
    """What comes of a chat, and what the server was asked."""
    async with serve(*([item] for item in chat.before), *answers) as server:
        access = chat.access(server.origin)
        model = Model("replicate", chat.model.id, CHAT, fields=fields)
        call = calls.chat(DECLARED, access.fields, ChatRequest(model, (Message("user", "Hello?"),), {}, stream))
        wire = Client({}, limits=limits)
        events, problem = await run(wire, access, call)
        await wire.aclose()
        return events, problem, [f"{request.method} {request.target.rpartition('/')[2]}" for request in server.requests]


CREATED, STREAM, POLL = "POST predictions", "GET stream", f"GET {prediction()['id']}"
HALF = HEAD + sent("output", "Half")


@pytest.mark.slow
@pytest.mark.parametrize(
    "streamed",
    [
        [HALF],
        [HALF, RESET],
        [HALF, HOLD],
        [HALF + b": ping\n\n" * 5, HOLD],
        [HALF + b"data: 408: 408 Request Timeout\n\n", HOLD],
        [HALF + sent("done", "{}"), HOLD],
        [HEAD, RESET],
        [HOLD],
        [RESET],
        [http({"detail": "Not found"}, 404)],
        [http("Bad gateway", 502)],
        [http({"detail": "No stream here"})],
    ],
)
async def test_a_stream_that_ends_too_early_is_compensated_by_asking(streamed: list[bytes | str]) -> None:
    events, problem, targets = await answers_to(streamed, [OVER], limits=BRIEF)
    assert problem is None
    assert text_of(events) == "Half an answer."
    assert events[-1] == Finish("succeeded")
    assert targets == [CREATED, STREAM, POLL]


@pytest.mark.slow
async def test_what_is_not_over_yet_is_retried_and_shown_as_it_grows() -> None:
    running = [http(prediction("processing", output)) for output in (["Half"], ["Half", " an"])]
    events, problem, targets = await answers_to([HALF], *([item] for item in running), [OVER])
    assert problem is None
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Half", " an", " answer."]
    assert targets == [CREATED, STREAM, POLL, POLL, POLL]


async def test_a_stream_at_a_foreign_host_is_left_alone() -> None:
    created = http(prediction(stream="https://stream.replicate.com.example.test/v1"), 201)
    events, problem, targets = await answers_to([created], [OVER], chat=WHOLE)
    assert (text_of(events), problem, targets) == ("Half an answer.", None, [CREATED, POLL])


async def test_a_throttled_creation_is_tried_again() -> None:
    _, problem, targets = await answers_to([http({}, 429)], [http(prediction(), 201)], [OVER], chat=WHOLE)
    assert problem is None and targets[:2] == [CREATED, CREATED]


@pytest.mark.parametrize("status", [408, 500, 503])
async def test_a_creation_is_never_sent_twice(status: int) -> None:
    for answer in ([http({}, status)], [RESET]):
        _, problem, targets = await answers_to(answer, [http(prediction(), 201)], chat=WHOLE)
        assert problem and targets == [CREATED]


async def test_one_that_was_refused_for_its_version_is_sent_without_it() -> None:
    version = "ab12cd34" * 8
    over = http(prediction("succeeded", "Hello"))
    async with serve([http(NO_VERSION, 422)], [over]) as server:
        access = WHOLE.access(server.origin)
        model = Model("replicate", WHOLE.model.id, CHAT, fields={"version": version})
        wire = Client({}, limits=QUICK)
        events, problem = await run(wire, access, calls.chat(DECLARED, access.fields, ChatRequest(model, ())))
        await wire.aclose()
    assert (text_of(events), problem) == ("Hello", None)
    assert isinstance(events[0], Notice)
    assert [request.json["version"] for request in server.requests] == [f"{model.id}:{version}", model.id]


@pytest.mark.parametrize("steps", [[[HALF, HOLD]], [[HALF], [HOLD]]], ids=["stream", "poll"])
async def test_what_is_stopped_here_is_cancelled_there(steps: list[Answer]) -> None:
    async with serve(*([item] for item in STREAMED.before), *steps, [http(prediction("canceled"))]) as server:
        wire, access = Client({}, limits=QUICK), STREAMED.access(server.origin)
        received: list[Event] = []
        signal = asyncio.Event()

        async def read() -> None:
            async with aclosing(wire.stream(access, STREAMED.call(access))) as events:
                async for event in events:
                    received.append(event)
                    signal.set()

        reading = asyncio.create_task(read())
        async with asyncio.timeout(DEADLINE):
            await signal.wait()
            await server.holding.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await wire.aclose()
    assert text_of(received) == "Half"
    last = server.requests[-1]
    assert (last.method, last.target) == ("POST", f"/v1/predictions/{prediction()['id']}/cancel")
    assert last.headers["authorization"].startswith("Bearer FAKE-")
    assert len([request for request in server.requests if request.target.endswith("/predictions")]) == 1


async def test_what_failed_there_is_not_cancelled() -> None:
    failed = http(prediction("failed", error="CUDA out of memory"))
    _, problem, targets = await answers_to([HALF + sent("done", '{"reason": "error"}')], [failed])
    assert problem and "not have enough memory" in problem.message and problem.detail == "CUDA out of memory"
    assert targets == [CREATED, STREAM, POLL]


@pytest.mark.parametrize(("status", "good"), [("succeeded", True), ("failed", False)])
async def test_a_large_recording_is_uploaded_first_and_removed_at_last(tmp_path: Path, status: str, good: bool) -> None:
    sound = tmp_path / "talk.wav"
    sound.write_bytes(b"RIFF" + bytes(200_000))
    place = "https://api.replicate.com/v1/files/demo"
    over = http(prediction(status, {"transcription": " Good morning."}, error="" if good else "Out of memory"), 201)
    async with serve([http({"id": "demo", "urls": {"get": place}}, 201)], [over], [http("", 204)]) as server:
        access = WHOLE.access(server.origin)
        ask = TranscriptionRequest(Model("replicate", "openai/whisper", SPEECH), sound, "audio/wav", 200_004)
        wire = Client({}, limits=QUICK)
        events, problem = await run(wire, access, calls.transcribe(DECLARED, access.fields, ask))
        await wire.aclose()
    assert (problem is None) is good and (Transcript("Good morning.") in events) is good
    upload, create, remove = server.requests
    assert (remove.method, remove.target) == ("DELETE", "/v1/files/demo")
    assert upload.target == "/v1/files"
    assert b'name="content"; filename="talk.wav"' in upload.body
    assert create.json["input"] == {"audio": place}


# --- in practice ------------------------------------------------------------------------------------------------------

SHORT = Limits(notice_after=0.2, stream_timeout=2, response_timeout=2, backoff=0.001, max_backoff=0.001)


async def ask(
    question: str, name: str = TALK, key: str = "good", stream: bool = True, **parameters: Any
) -> calls.Outcome:
    access = access_to(DECLARED, api_token=f"r8_FAKE-{key}")
    model = next((model for model in answers.MODELS if model.id == name), Model("replicate", name, CHAT))
    call = calls.chat(DECLARED, access.fields, ChatRequest(model, (Message("user", question),), parameters, stream))
    return await run(Client({}, transport(0), SHORT), access, call)


def documented(name: str) -> list[Any]:
    """What a chat's reader makes of a stream as the documentation shows it."""
    created = json.loads(fixture("replicate", "prediction.json"))
    call = calls.chat(
        DECLARED, {"base_url": "https://api.replicate.com/v1"}, ChatRequest(WHOLE.model, (Message("user", "Hi"),))
    )
    _, streaming = call.reader()(Frame(created))
    assert isinstance(streaming, Call)
    read = streaming.reader()
    return [item for data, event in Events().feed(fixture("replicate", name)) for item in read(Frame(data, event))]


def test_the_documented_streams() -> None:
    *entries, get = documented("stream.sse")
    assert "".join(entry.text for entry in entries) == "Good day,\nall\nof you."
    assert get.url == "https://api.replicate.com/v1/predictions/gm3qorzdhgbfurvjtvhg6dckhu"
    first, _, refused = documented("stream_error.sse")
    assert (first, refused.message) == (TextDelta("The first"), "The worker ended.")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("instruction", "kind", "begins"),
    [
        ("fail", Problem, False),
        ("break", IncompleteAnswer, True),
        ("error", Problem, True),
        ("be refused", CredentialRejected, False),
        ("stall", IncompleteAnswer, True),
    ],
)
async def test_failures_on_demand(instruction: str, kind: type[Problem], begins: bool) -> None:
    events, problem = await ask(f"Why is the sky blue? Please {instruction}.")
    assert type(problem) is kind
    assert bool(text_of(events)) is begins


@pytest.mark.parametrize(
    ("word", "kind", "expected"),
    [
        ("refused", CredentialRejected, "Replicate rejected this key."),
        ("nocredit", Problem, "Your Replicate account has no credit, or no payment method."),
        ("restricted", ScopeMissing, f"Replicate accepted this token, but it may not use {TALK}."),
        ("busy", Problem, "Replicate accepts no more requests from this account at the moment."),
        ("nowhere", NetworkError, "Cannot find the host api.replicate.com. The key was not sent."),
    ],
)
async def test_keys_that_are_no_good(word: str, kind: type[Problem], expected: str) -> None:
    access = access_to(DECLARED, api_token=f"r8_FAKE-{word}")
    call = calls.chat(DECLARED, access.fields, ChatRequest(answers.MODELS[0], (Message("user", "hello"),)))
    wire = Client({}, transport(0), SHORT)
    _, problem = await run(wire, type(access)(**{**vars(access), "model": TALK}), call)
    assert problem
    assert (type(problem), problem.message) == (kind, expected)


async def test_a_cold_model_that_does_not_stream_and_an_empty_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_COLD_POLLS", 1)
    version = answers._models()[answers._COLD]["latest_version"]["id"]
    events, problem = await ask("Why is the sky blue?", f"{answers._COLD}:{version}")
    assert problem is None
    assert len([event for event in events if isinstance(event, TextDelta)]) == 3
    events, problem = await ask("Why?", answers._COLD)
    assert problem and "a community model needs a version" in problem.message
    events, _ = await ask("please be empty")
    assert calls.finish(events).note == "The answer is empty."


@pytest.mark.slow
async def test_embedding_models_by_their_shape() -> None:
    access = access_to(DECLARED)
    for model in (model for model in answers.MODELS if model.type is EMBEDDING):
        call = calls.embed(DECLARED, access.fields, EmbeddingRequest(model, ("a", "b")))
        events, problem = await run(Client({}, transport(0), SHORT), access, call)
        assert problem is None
        assert sum(len(event.vectors) for event in events if isinstance(event, Vectors)) == 2


async def test_a_search_names_what_cannot_be_used() -> None:
    access = access_to(DECLARED)
    for kind, first in ((CHAT, TALK), (EMBEDDING, "replicate/all-mpnet-base-v2"), (SPEECH, "openai/whisper")):
        (result,), problem = await run(
            Client({}, transport(0)), access, calls.search(DECLARED, access.fields, "", kind)
        )
        assert problem is None
        assert isinstance(result, SearchResults) and result.hits[0].id == first and result.hits[0].usable
        assert all(not hit.usable for hit in result.hits if "flux" in hit.id)


# --- added ------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def place(session: Session) -> TenantSession:
    tenant = session.tenant((await tenants.create(session, "hosted")).id)
    await save_credential.save(tenant, "replicate", {"api_token": Secret(answers.FIELDS["api_token"])})
    return tenant


@pytest.mark.slow
async def test_a_pasted_address_is_added_as_the_model_that_it_names(place: TenantSession) -> None:
    notes: list[str] = []
    pasted = "https://replicate.com/openai/whisper?input=form"
    added = await catalog.add(place, "replicate", pasted, SPEECH, notify=notes.append)
    assert added.ref == "replicate/openai/whisper"
    assert len(added.fields["version"]) == 64 and "takes" in added.fields["inputs"]
    assert "the newest version was taken" in notes[0]
    assert PROVIDERS["replicate"].parameters(added) == ()
    assert calls.audio(DECLARED, added).times == (TimestampGranularity.NONE, TimestampGranularity.SENTENCE)
    added = await catalog.add(place, "replicate", TALK, CHAT)
    assert "version" not in added.fields
    names = [parameter.name for parameter in PROVIDERS["replicate"].parameters(added)]
    assert names == ["max_tokens", "temperature", "top_p", "stop_sequences", "seed"]
    await catalog.remove(place, added)


@pytest.mark.parametrize(
    ("name", "kind", "fields", "expected"),
    [
        ("black-forest-labs/flux-schnell", CHAT, {}, "returns files such as images or audio"),
        ("replicate/all-mpnet-base-v2", CHAT, {}, "is for embedding, not for chat."),
        (TALK, SPEECH, {}, "is for chat, not for speech-to-text."),
        ("openai/whisper", SPEECH, {"version": "0" * 64}, "openai/whisper has no such version."),
        ("nobody/nothing", CHAT, {}, "Replicate does not have nobody/nothing"),
        ("llama", CHAT, {}, "llama names no model of Replicate."),
    ],
)
async def test_a_model_that_cannot_be_used_is_not_kept(
    place: TenantSession, name: str, kind: ModelType, fields: dict[str, str], expected: str
) -> None:
    before = models.all_models(place)
    with pytest.raises(Problem) as raised:
        await catalog.add(place, "replicate", name, kind, fields)
    assert expected in raised.value.message
    assert raised.value.hint
    assert models.all_models(place) == before


async def test_a_token_is_verified_by_its_account() -> None:
    access = access_to(DECLARED)
    events, problem = await run(Client({}, transport(0)), access, DECLARED.verify(access.fields))
    assert (events, problem) == ([Accepted()], None)


async def test_a_model_is_inspected_without_a_prediction() -> None:
    access = access_to(DECLARED)
    before = len(answers._runs)
    for model in answers.MODELS:
        call = calls.inspect_model(DECLARED, access.fields, Model("replicate", model.id, model.type))
        (learned,), problem = await run(Client({}, transport(0)), access, call)
        assert problem is None
        assert isinstance(learned, ModelDetails) and learned.model.fields == model.fields
    assert len(answers._runs) == before
