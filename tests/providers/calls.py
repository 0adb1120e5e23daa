"""The calls that a provider declares, for one that has them, and the events of one type."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.providers.events import Event, Finish
from tui.providers.requests import ApiError, Call, ChatRequest, EmbeddingRequest, TranscriptionRequest
from tui.providers.spec import AudioLimits, FieldValues, Provider

T = TypeVar("T")
Outcome = tuple[list[Event], Problem | None]
"""The events of a call and how it ended."""


def chat(provider: Provider, fields: FieldValues, request: ChatRequest) -> Call:
    """Return the call of a chat; the provider has chat."""
    assert provider.chat
    return provider.chat(fields, request)


def embed(provider: Provider, fields: FieldValues, request: EmbeddingRequest) -> Call:
    """Return the call for vectors; the provider has embeddings."""
    assert provider.embed
    return provider.embed(fields, request)


def transcribe(provider: Provider, fields: FieldValues, request: TranscriptionRequest) -> Call:
    """Return the call for a transcript; the provider has speech-to-text."""
    assert provider.transcribe
    return provider.transcribe(fields, request)


def list_models(provider: Provider, fields: FieldValues) -> Call:
    """Return the call for the list of models; the provider lists them."""
    assert provider.list_models
    return provider.list_models(fields)


def search(provider: Provider, fields: FieldValues, text: str, kind: ModelType) -> Call:
    """Return the call of a search for models; the provider has one."""
    assert provider.search
    return provider.search(fields, text, kind)


def inspect_model(provider: Provider, fields: FieldValues, model: Model) -> Call:
    """Return the call that inspects a model; the provider has one."""
    assert provider.inspect_model
    return provider.inspect_model(fields, model)


def audio(provider: Provider, model: Model) -> AudioLimits:
    """Return the limits of a recording for a model; the provider has speech-to-text."""
    assert provider.audio
    return provider.audio(model)


def describe(provider: Provider, refusal: ApiError, model: str) -> Problem:
    """Return an API error in the provider's own words, which it must have."""
    problem = provider.describe_error(refusal, model)
    assert problem is not None
    return problem


def repaired(provider: Provider, call: Call, refusal: ApiError) -> tuple[Call, str]:
    """Return the repaired call after an API error, with its sentence; the provider must have one."""
    repair = provider.repair_request(call, refusal)
    assert repair is not None
    return repair


def finish(events: Sequence[Event]) -> Finish:
    """Return the last event, which says how the answer ended."""
    last = events[-1]
    assert isinstance(last, Finish)
    return last


def of_type(events: Iterable[object], kind: type[T]) -> list[T]:
    """Return the events of one type, in order."""
    return [event for event in events if isinstance(event, kind)]


def only(events: Iterable[object], kind: type[T]) -> T:
    """Return the one event of a type."""
    (event,) = of_type(events, kind)
    return event
