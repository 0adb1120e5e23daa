"""Trying models: each verb answers with the events of the call as they come."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.domain import Check, CheckState, Model
from tui.errors import Problem, Refused, Usage
from tui.providers import provider as provider_of
from tui.providers.calls import Call, ChatAsk, EmbedAsk, Message, Times, TranscribeAsk
from tui.providers.events import Event
from tui.providers.spec import Parameter, Provider
from tui.workspace import sealed
from tui.workspace.audio import AudioInfo, as_srt, as_vtt, audio_info
from tui.workspace.conversation import Conversation, Turn
from tui.workspace.desk import Desk
from tui.workspace.parameters import parse_parameter
from tui.workspace.similarity import cosine, matrix, norm, pairs

if TYPE_CHECKING:
    from tui.providers.wire import Access

__all__ = [
    "AudioInfo",
    "Conversation",
    "Turn",
    "as_srt",
    "as_vtt",
    "audio_info",
    "chat",
    "cosine",
    "embed",
    "matrix",
    "norm",
    "pairs",
    "parameters",
    "parse_parameter",
    "transcribe",
]


async def chat(
    desk: Desk,
    tenant_id: str,
    model: Model,
    messages: Sequence[Message],
    parameters: Mapping[str, Any] | None = None,
    stream: bool = True,
    access: "Access | None" = None,
) -> AsyncIterator[Event]:
    """Asks a chat model, by `access` if it is not kept yet. Closing the iterator stops the call."""
    provider = provider_of(model.provider)
    if provider.chat is None:
        raise _unserved(provider, model)
    access = access or sealed.access(desk, tenant_id, model.provider, model.id)
    call = provider.chat(access.fields, ChatAsk(model, tuple(messages), dict(parameters or {}), stream))
    async with aclosing(_streamed(desk, tenant_id, access, call)) as events:
        async for event in events:
            yield event


async def embed(
    desk: Desk,
    tenant_id: str,
    model: Model,
    texts: Sequence[str],
    query: bool = False,
    access: "Access | None" = None,
) -> AsyncIterator[Event]:
    """Turns texts into vectors; `query` says that they are questions to search with."""
    provider = provider_of(model.provider)
    if provider.embed is None:
        raise _unserved(provider, model)
    if not texts or not all(each.strip() for each in texts):
        raise Usage(
            "There is no text to embed." if not texts else "One of the texts is empty.", "Write one text a line."
        )
    access = access or sealed.access(desk, tenant_id, model.provider, model.id)
    call = provider.embed(access.fields, EmbedAsk(model, tuple(texts), query))
    async with aclosing(_streamed(desk, tenant_id, access, call)) as events:
        async for event in events:
            yield event


async def transcribe(
    desk: Desk,
    tenant_id: str,
    model: Model,
    path: Path,
    language: str = "",
    times: Times = Times.NONE,
    access: "Access | None" = None,
) -> AsyncIterator[Event]:
    """Turns a recording on this machine into text."""
    provider = provider_of(model.provider)
    if provider.transcribe is None:
        raise _unserved(provider, model)
    info = audio_info(path, provider.audio(model) if provider.audio else None, model.id)
    access = access or sealed.access(desk, tenant_id, model.provider, model.id)
    ask = TranscribeAsk(model, path, info.media, info.size, language, times)
    async with aclosing(_streamed(desk, tenant_id, access, provider.transcribe(access.fields, ask))) as events:
        async for event in events:
            yield event


def parameters(model: Model) -> tuple[Parameter, ...]:
    """The parameters that a model takes."""
    return tuple(provider_of(model.provider).parameters(model))


async def _streamed(desk: Desk, tenant_id: str, access: "Access", call: Call) -> AsyncGenerator[Event]:
    """The events of a call. What it shows about the key is stored: refused, or working again."""
    credential = sealed.active(desk, tenant_id, access.provider.id)

    async def note(check: Check) -> None:
        # The call's own outcome is what matters here: a store that cannot be written must not hide it.
        with suppress(Problem):
            if credential is not None:
                await asyncio.to_thread(sealed.note, desk, tenant_id, credential, check)

    try:
        async with aclosing(desk.wire.stream(access, call)) as events:
            async for event in events:
                yield event
    except Refused as problem:
        await note(Check(CheckState.REFUSED, desk.now(), 0, problem.message, problem.hint, problem.detail))
        raise
    if credential and credential.check.state in (CheckState.REFUSED, CheckState.UNVERIFIED):
        await note(Check(CheckState.READY, desk.now()))


def _unserved(provider: Provider, model: Model) -> Usage:
    return Usage(f"{provider.label} serves no {model.type.label} models here.", "Choose another model.")
