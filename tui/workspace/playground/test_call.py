"""Send a short test request to a model."""

import io
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.providers.dialects.sampling import BOUND
from tui.providers.events import Event, Finish, Notice, TextDelta, ThinkingDelta, Transcript, Usage, Vectors
from tui.providers.requests import Message
from tui.storage.temporary import temporary_folder
from tui.tenancy.session import TenantSession
from tui.workspace.playground import calls

if TYPE_CHECKING:
    from tui.providers.client.access import Access


_TOKENS = 16
"""The most tokens of a test answer, unless the model takes no bound as low."""
_LENGTH_REASONS = ("length", "max_tokens")
"""How an answer ends that reached its bound, perhaps before its first word: the model answers."""

_Kind = TypeVar("_Kind")


@dataclass(frozen=True)
class TestCallResult:
    """The result in words, the model with what the answer showed about it, and the tokens used, '' if unknown."""

    model: Model
    words: str
    usage: str = ""


async def test_call(
    session: TenantSession,
    model: Model,
    access: "Access | None" = None,
    notify: Callable[[str], None] = lambda note: None,
) -> TestCallResult:
    """Send a test request, with `access` if the credential is not stored; raise a Problem if it fails.

    `notify` receives progress.
    """
    if model.type is ModelType.EMBEDDING:
        embedded = calls.embed(session, model, ("ok",), access=access)
        events = await _of(embedded, notify, Vectors, Usage)
        vectors = [event for event in events if isinstance(event, Vectors)]
        if not vectors or not vectors[0].vectors:
            raise Problem(f"{model.id} returned no vector.", "It may not be an embedding model.")
        size = len(vectors[0].vectors[0])
        used = _usage_words(events)
        words = f"returned a vector of {size:,} dimensions{_in_brackets(used)}"
        return TestCallResult(replace(model, dimensions=size), words, used)
    if model.type is ModelType.SPEECH2TEXT:
        with temporary_folder() as folder:
            path = folder / "silence.wav"
            path.write_bytes(_silence())
            stream = calls.transcribe(session, model, path, access=access)
            if not await _of(stream, notify, Transcript):
                raise Problem(f"{model.id} returned no transcript.", "It may not be a speech-to-text model.")
        return TestCallResult(model, "answered")
    question = (Message("user", "Say ok."),)
    answer = calls.chat(session, model, question, _bound(session, model), stream=False, access=access)
    events = await _of(answer, notify, TextDelta, ThinkingDelta, Finish, Usage)
    spoken = any(isinstance(event, TextDelta | ThinkingDelta) for event in events)
    if not spoken and not any(isinstance(event, Finish) and event.reason in _LENGTH_REASONS for event in events):
        raise Problem(f"{model.id} returned an empty answer.", "It may not be a chat model.")
    used = _usage_words(events)
    return TestCallResult(model, f"answered{_in_brackets(used)}", used)


def _in_brackets(words: str) -> str:
    return f" ({words})" if words else ""


def _usage_words(events: Sequence[object]) -> str:
    """Return what the provider says that the request used, such as `9 tokens in, 1 out`, or ''."""
    usage = next((event for event in reversed(events) if isinstance(event, Usage)), None)
    parts = [f"{usage.input:,} tokens in"] if usage and usage.input is not None else []
    parts += [f"{usage.output:,} out"] if usage and usage.output is not None and parts else []
    return ", ".join(parts)


def _bound(session: TenantSession, model: Model) -> dict[str, int]:
    """Return the parameter that bounds the answer, as low as the model takes it: the request is billed."""
    bound = next((parameter for parameter in calls.parameters(session, model) if parameter.label == BOUND), None)
    if bound is None:
        return {}
    tokens = max(_TOKENS, bound.low or 0, bound.practical_low)
    return {bound.name: int(min(tokens, bound.high or tokens))}


async def _of(events: AsyncIterator[Event], notify: Callable[[str], None], *kinds: type[_Kind]) -> list[_Kind]:
    """Return the events of some types; notices go to `notify`."""
    received: list[_Kind] = []
    async for event in events:
        if isinstance(event, kinds):
            received.append(event)
        elif isinstance(event, Notice):
            notify(event.text)
    return received


def _silence() -> bytes:
    import wave

    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(16_000))
    return buffer.getvalue()
