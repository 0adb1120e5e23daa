"""Calls to models from a tenant's settings, and what a call shows about the key."""

import asyncio
import json
from contextlib import aclosing
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.providers.registry import register
from tui.domain import Model, ModelType, VerificationState
from tui.errors import CredentialRejected, Locked, Problem, UsageError
from tui.practice.tenants import LONG_NAME, PASSPHRASE
from tui.providers.client.client import Client
from tui.providers.events import Finish, Notice, TextDelta, Transcript, Vectors
from tui.providers.events import Usage as Used
from tui.providers.requests import Message
from tui.secret import Secret
from tui.tenancy import models
from tui.tenancy.session import Session
from tui.workspace import audit, connections, tenants
from tui.workspace.credentials import save, status
from tui.workspace.models import catalog
from tui.workspace.playground import calls

HELLO = (Message("user", "Hello"),)


async def test_a_chat_is_answered_in_pieces_or_in_one(session: Session) -> None:
    model = models.find(session.tenant("acme"), "openai/gpt-6-sol")
    for stream in (True, False):
        events = [event async for event in calls.chat(session.tenant("acme"), model, HELLO, {}, stream)]
        pieces = [event.text for event in events if isinstance(event, TextDelta)]
        assert "".join(pieces) and (len(pieces) > 1) is stream
        assert any(isinstance(event, Used) and event.output for event in events)
        assert any(isinstance(event, Finish) and event.complete for event in events)


async def test_texts_become_vectors(session: Session) -> None:
    model = models.find(session.tenant("acme"), "openai/text-embedding-3-small")
    events = [event async for event in calls.embed(session.tenant("acme"), model, ["one", "two"])]
    (vectors,) = [event for event in events if isinstance(event, Vectors)]
    assert [len(vector) for vector in vectors.vectors] == [1536, 1536]
    for texts in ([], ["one", "  "]):
        with pytest.raises(UsageError):
            await anext(calls.embed(session.tenant("acme"), model, texts))


async def test_a_recording_becomes_text(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "talk.mp3"
    path.write_bytes(b"ID3" + bytes(2_000))
    model = models.find(session.tenant("acme"), "openai/whisper-1")
    events = [event async for event in calls.transcribe(session.tenant("acme"), model, path)]
    assert any(isinstance(event, Transcript) and event.text for event in events)
    with pytest.raises(UsageError, match="no file"):
        await anext(calls.transcribe(session.tenant("acme"), model, tmp_path / "none.mp3"))


async def test_a_locked_tenant_and_one_that_is_not_set_up_send_nothing(session: Session) -> None:
    model = models.find(session.tenant("north-lab"), "openai/gpt-6-sol")
    with pytest.raises(Locked, match="north-lab is locked"):
        await anext(calls.chat(session.tenant("north-lab"), model, HELLO))
    await tenants.unlock(session.tenant("north-lab"), Secret(PASSPHRASE))
    assert [event async for event in calls.chat(session.tenant("north-lab"), model, HELLO)]
    with pytest.raises(Problem, match="not set up"):
        await anext(calls.chat(session.tenant("tenant-2"), model, HELLO))


async def test_a_key_that_is_refused_in_use_is_marked_and_one_that_works_again_too(session: Session) -> None:
    model = models.find(session.tenant(LONG_NAME), "openai/gpt-6-sol")
    key = {"api_key": Secret("sk-FAKE-refused-0000000000")}
    await save.save(session.tenant(LONG_NAME), "openai", key)
    assert status.row(session.tenant(LONG_NAME), "openai").state == "not verified"
    with pytest.raises(CredentialRejected):
        await anext(calls.chat(session.tenant(LONG_NAME), model, HELLO))
    assert status.row(session.tenant(LONG_NAME), "openai").state == "key refused"
    await save.save(session.tenant(LONG_NAME), "openai", {"api_key": Secret("sk-FAKE-good-0000000000000")})
    assert [event async for event in calls.chat(session.tenant(LONG_NAME), model, HELLO)]
    row = status.row(session.tenant(LONG_NAME), "openai")
    assert row.credential and row.credential.check.state is VerificationState.READY


async def test_a_broken_answer_keeps_what_came_and_says_nothing_about_the_key(session: Session) -> None:
    model, events = models.find(session.tenant("acme"), "openai/gpt-6-sol"), []
    with pytest.raises(Problem):
        async for event in calls.chat(session.tenant("acme"), model, (Message("user", "please break"),)):
            events.append(event)
    assert any(isinstance(event, TextDelta) for event in events)
    assert status.row(session.tenant("acme"), "openai").state == "ready"


async def test_a_call_that_stalls_ends_when_it_is_closed(session: Session) -> None:
    model = models.find(session.tenant("acme"), "openai/gpt-6-sol")
    async with (
        asyncio.timeout(60),
        aclosing(calls.chat(session.tenant("acme"), model, (Message("user", "please stall"),))) as events,
    ):
        async for event in events:
            if isinstance(event, TextDelta):
                break
    assert status.row(session.tenant("acme"), "openai").state == "ready"


async def test_what_a_provider_does_not_serve_is_reported(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from tui.providers import PROVIDERS

    bare = replace(PROVIDERS["openai"], chat=None, embed=None, transcribe=None)
    register(monkeypatch, bare)
    model = Model("openai", "x", ModelType.CHAT)
    acme = session.tenant("acme")
    requests = (
        partial(calls.chat, acme, model, HELLO),
        partial(calls.embed, acme, model, ["x"]),
        partial(calls.transcribe, acme, model, Path("x.mp3")),
    )
    for request in requests:
        with pytest.raises(UsageError, match="serves no"):
            request()


def test_the_parameters_of_a_model_are_those_of_its_provider(session: Session) -> None:
    names = [
        parameter.name
        for parameter in calls.parameters(
            session.tenant("acme"), models.find(session.tenant("acme"), "openai_compatible/qwen3:32b")
        )
    ]
    assert "temperature" in names


@pytest.mark.slow
async def test_a_field_that_was_refused_by_name_is_remembered_until_the_server_is_saved_again(
    disk_session: Session,
) -> None:
    bodies: list[dict[str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        bodies.append(body)
        if "seed" in body:
            error = {"message": "Unrecognized request argument supplied: seed", "code": "unknown_parameter"}
            return httpx.Response(400, json={"error": {**error, "param": "seed", "type": "invalid_request_error"}})
        message = {"role": "assistant", "content": "yes"}
        return httpx.Response(200, json={"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    disk_session.client_factory = lambda: Client({}, transport=httpx.MockTransport(answer))
    acme = disk_session.tenant((await tenants.create(disk_session, "acme")).id)
    await connections.add(acme, "box", "openai_compatible")
    values = {"base_url": "http://127.0.0.1:9/v1"}
    await save.save(acme, "box", values)
    model = await catalog.add(acme, "box", "qwen", ModelType.CHAT, verify=False)

    async def notices() -> list[str]:
        events = [event async for event in calls.chat(acme, model, HELLO, {"seed": 7}, False)]
        return [event.text for event in events if isinstance(event, Notice)]

    assert await notices() == ["qwen takes no seed. It was left out."]
    assert ["seed" in body for body in bodies] == [True, False]
    assert await notices() == ["qwen takes no seed. It was left out."]
    assert ["seed" in body for body in bodies] == [True, False, False]
    assert "refused" not in str(audit.listing(acme)) and audit.check(acme).whole
    await save.save(acme, "box", values)
    await notices()
    assert ["seed" in body for body in bodies] == [True, False, False, True, False]
