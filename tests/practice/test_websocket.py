"""Practice providers that are asked over a WebSocket: no network, the same wire."""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.providers.client.test_websocket import sign, spark
from tests.providers.http_server import run, text_of
from tui.errors import NetworkError, Problem
from tui.practice import transport
from tui.practice.exchange import Answer, ReceivedRequest, WebsocketTalk, json_answer
from tui.providers import PROVIDERS
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.events import Event, Finish, TextDelta, UploadStarted
from tui.providers.requests import AudioChunks, Call, Framing
from tui.providers.spec import FieldValues
from tui.secret import Secret

PATIENT = Limits(backoff=0.001, max_backoff=0.001, notice_after=60, stream_timeout=60)
SHORT = replace(PATIENT, notice_after=0.2, stream_timeout=2)
"""For answers that never come."""

ORIGIN = "https://talk.example.test"


def pieces(*frames: Any, **more: Any) -> Answer:
    return Answer(pieces=tuple(json.dumps(frame).encode() for frame in frames), **more)


def talk_back(request: ReceivedRequest) -> Answer | None:
    instruction = request.data[0].get("instruction")
    if instruction == "wait" and len(request.data) < 3:
        return None
    if instruction == "busy" and request.times < 1:
        return pieces({"code": 11202, "status": 429})
    text = f"{len(request.data)} at {request.path}"
    return pieces(
        {"text": text},
        *([] if instruction in ("cut", "stall") else [{"status": 2}]),
        cut=instruction == "cut",
        stall=instruction == "stall",
    )


def answer(request: ReceivedRequest) -> Answer | WebsocketTalk:
    assert request.headers["upgrade"] == "websocket"
    return (
        json_answer({"message": "no"}, 401) if "refused" in request.query["authorization"] else WebsocketTalk(talk_back)
    )


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> None:
    folders = {"talk": SimpleNamespace(ORIGINS=(ORIGIN,), answer=answer)}
    monkeypatch.setattr(sys.modules["tui.practice.transport"], "folders", lambda: folders)


def access(key: str = "good") -> Access:
    def signed(call: Call, fields: FieldValues, secrets: Mapping[str, Secret], now: float) -> Call:
        return replace(call, query={"authorization": key}) if key else sign(call, fields, secrets, now)

    provider = replace(PROVIDERS["openai"], sign=signed, describe_error=lambda refusal, model: None)
    return Access(provider, {}, (ORIGIN,))


async def ask(instruction: str = "", key: str = "good", **more: Any) -> tuple[list[Event], Problem | None]:
    call = Call(
        "GET",
        "wss://talk.example.test/v4.0/chat",
        spark,
        Framing.WEBSOCKET,
        sends=({"instruction": instruction},),
        **more,
    )
    limits = SHORT if instruction == "stall" else PATIENT
    return await run(Client({}, transport(0), limits), access(key), call)


async def test_a_question_is_answered_in_pieces() -> None:
    assert await ask() == ([TextDelta("1 at /v4.0/chat"), Finish("stop")], None)


async def test_a_recording_is_transcribed_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"x" * 20)
    chunks = AudioChunks(path, 10, 0.0, lambda number, data, last: {"n": number})
    events, problem = await ask("wait", chunks=chunks)
    assert problem is None
    assert text_of(events) == "3 at /v4.0/chat"
    assert UploadStarted(20, 20) in events


@pytest.mark.slow
async def test_how_a_call_fails() -> None:
    events, problem = await ask("cut")
    assert text_of(events) and isinstance(problem, NetworkError)
    events, problem = await ask("stall")
    assert text_of(events) and problem and "nothing of use" in problem.message
    _, problem = await ask(key="refused")
    assert problem and problem.message == "OpenAI requires an API key."
    events, problem = await ask("busy")
    assert problem is None and text_of(events)
