"""One call of each kind to a server on loopback that answers as it is told, and what a person gets of it."""

import wave
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.providers import calls
from tests.providers.fault_rows import NOW
from tests.providers.http_server import KEY, QUICK, Answer, HttpRequest, access_to, http, run, serve, text_of
from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.providers import PROVIDERS
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.events import (
    Event,
    Finish,
    ModelsListed,
    Notice,
    Segment,
    ThinkingDelta,
    Transcript,
    Usage,
    Vectors,
)
from tui.providers.requests import ChatRequest, EmbeddingRequest, Message, TimestampGranularity, TranscriptionRequest
from tui.secret import Secret

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


@dataclass
class Got:
    """What a person gets of a call: its events, its problem, and what the server was asked."""

    events: list[Event]
    problem: Problem | None
    requests: list[HttpRequest]

    @property
    def text(self) -> str:
        return text_of(self.events)

    @property
    def thinking(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, ThinkingDelta))

    @property
    def words(self) -> str:
        """Return all that is said of a failure."""
        problem = self.problem
        return f"{problem.message} {problem.hint} {problem.detail}" if problem else ""

    @property
    def finish(self) -> Finish | None:
        return next((event for event in self.events if isinstance(event, Finish)), None)

    @property
    def complete(self) -> bool:
        """Whether a person takes it for a whole answer."""
        return self.problem is None and self.finish is not None and self.finish.complete

    @property
    def usage(self) -> Usage | None:
        return next((event for event in self.events if isinstance(event, Usage)), None)

    @property
    def vectors(self) -> list[tuple[float, ...]]:
        return [vector for event in self.events if isinstance(event, Vectors) for vector in event.vectors]

    @property
    def models(self) -> list[str]:
        return [model.id for event in self.events if isinstance(event, ModelsListed) for model in event.models]

    @property
    def notices(self) -> str:
        return " ".join(event.text for event in self.events if isinstance(event, Notice))

    @property
    def transcript(self) -> Transcript | None:
        return next((event for event in self.events if isinstance(event, Transcript)), None)

    @property
    def segments(self) -> tuple[Segment, ...]:
        return self.transcript.segments if self.transcript else ()


def body(content: Any, status: int = 200, **headers: str) -> Answer:
    """Return an answer in one piece; its headers are named with `_` for `-`."""
    return [http(content, status, {name.replace("_", "-"): value for name, value in headers.items()})]


def events(*pieces: str | bytes) -> Answer:
    """Return a stream of these bytes that ends with the connection."""
    return [HEAD + b"".join(piece if isinstance(piece, bytes) else piece.encode() for piece in pieces)]


async def chat(
    *answers: Answer,
    provider: str = "openai_compatible",
    stream: bool = True,
    limits: Limits = QUICK,
    name: str = "some-model",
) -> Got:
    """Ask one question."""
    model = Model(provider, name, ModelType.CHAT)
    request = ChatRequest(model, (Message("user", "Hello?"),), {}, stream)
    return await _call(provider, answers, limits, lambda fields: calls.chat(PROVIDERS[provider], fields, request))


async def embed(*answers: Answer, texts: int = 2, provider: str = "openai_compatible", limits: Limits = QUICK) -> Got:
    """Ask for the vectors of some texts."""
    request = EmbeddingRequest(Model(provider, "some-model", ModelType.EMBEDDING), ("a text",) * texts)
    return await _call(provider, answers, limits, lambda fields: calls.embed(PROVIDERS[provider], fields, request))


async def listing(*answers: Answer, provider: str = "openai_compatible", limits: Limits = QUICK) -> Got:
    """Ask for the list of models."""
    return await _call(provider, answers, limits, lambda fields: calls.list_models(PROVIDERS[provider], fields))


async def verify(*answers: Answer, provider: str = "openai_compatible", limits: Limits = QUICK) -> Got:
    """Ask whether a key is good."""
    return await _call(provider, answers, limits, PROVIDERS[provider].verify)


async def transcribe(
    *answers: Answer,
    folder: Path,
    provider: str = "openai_compatible",
    model: str = "whisper",
    timed: bool = True,
    limits: Limits = QUICK,
) -> Got:
    """Ask for a transcript with times."""
    path = folder / "talk.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(2_000))
    times = TimestampGranularity.SENTENCE if timed else TimestampGranularity.NONE
    named = Model(provider, model, ModelType.SPEECH2TEXT)
    request = TranscriptionRequest(named, path, "audio/wav", path.stat().st_size, "", times)
    return await _call(provider, answers, limits, lambda fields: calls.transcribe(PROVIDERS[provider], fields, request))


async def _call(provider: str, answers: tuple[Answer, ...], limits: Limits, make: Any) -> Got:
    async with serve(*answers) as server:
        declared = PROVIDERS[provider]
        secrets: Mapping[str, Secret] = {field.name: Secret(KEY) for field in declared.fields if field.secret}
        defaults = {field.name: field.default for field in declared.fields if field.default and not field.secret}
        base = server.origin if provider in ("anthropic", "replicate", "chatglm") else server.base_url
        urls = {field.name: base for field in declared.fields if field.url}
        fields = {**defaults, **urls, "base_url": base}
        access = replace(access_to(base, provider), fields=fields, secrets=lambda: secrets, model="some-model")
        client = Client({}, limits=limits, clock=lambda: NOW)
        try:
            events, problem = await run(client, access, make(access.fields))
        finally:
            await client.aclose()
        return Got(events, problem, server.requests)
