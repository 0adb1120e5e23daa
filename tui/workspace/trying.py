"""One small call to a model, to see whether it answers."""

import io
import tempfile
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.providers.calls import Message
from tui.providers.events import Event, TextDelta, ThinkingDelta, Transcript, Vectors
from tui.workspace import playground
from tui.workspace.desk import Desk

if TYPE_CHECKING:
    from tui.providers.wire import Access


@dataclass(frozen=True)
class Tried:
    """What came, in words, and the model with what the answer told about it."""

    model: Model
    words: str


async def tried(desk: Desk, tenant_id: str, model: Model, access: "Access | None" = None) -> Tried:
    """Calls the model once, by `access` if it is not kept yet; a Problem says why it cannot be used."""
    if model.type is ModelType.EMBEDDING:
        embedded = playground.embed(desk, tenant_id, model, ("ok",), access=access)
        vectors = [each async for each in embedded if isinstance(each, Vectors)]
        if not vectors or not vectors[0].vectors:
            raise Problem(f"{model.id} gave no vector.", "It may not be an embedding model.")
        size = len(vectors[0].vectors[0])
        return Tried(replace(model, dimensions=size), f"gave a vector of {size:,} numbers")
    if model.type is ModelType.SPEECH2TEXT:
        with tempfile.TemporaryDirectory(prefix="modeldeck-") as folder:
            path = Path(folder) / "silence.wav"
            path.write_bytes(_silence())
            if not await _any(playground.transcribe(desk, tenant_id, model, path, access=access), Transcript):
                raise Problem(f"{model.id} gave no transcript.", "It may not be a speech-to-text model.")
        return Tried(model, "answered")
    said = playground.chat(desk, tenant_id, model, (Message("user", "Say ok."),), {}, stream=False, access=access)
    if not await _any(said, TextDelta, ThinkingDelta):
        raise Problem(f"{model.id} gave an empty answer.", "It may not be a chat model.")
    return Tried(model, "answered")


async def _any(events: AsyncIterator[Event], *kinds: type) -> bool:
    came = False
    async for event in events:
        came = came or isinstance(event, kinds)
    return came


def _silence() -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(16_000))
    return held.getvalue()
