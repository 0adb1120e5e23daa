"""Every call that every provider knows, by name, as it is made for a tenant in practice. No provider is named here.

A provider that can be set up in several ways names the others in `Facts.auth_methods`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from tests.providers.facts import every
from tui.domain import Model, ModelType
from tui.practice.transport import folders
from tui.providers.client.access import Access
from tui.providers.requests import Call, ChatRequest, EmbeddingRequest, Message, TranscriptionRequest
from tui.providers.spec import FieldValues, Provider, mask_secrets
from tui.secret import Secret

CHAT, EMBEDDING, SPEECH = ModelType.CHAT, ModelType.EMBEDDING, ModelType.SPEECH2TEXT
TALK = Path("talk.wav")


def fill(declared: Provider, method: str = "") -> dict[str, str]:
    """What is filled in, secrets included."""
    defaults = {form_field.name: form_field.default for form_field in declared.fields if form_field.default}
    methods = next((facts.auth_methods for facts in every() if facts.provider == declared.id), {})
    return defaults | dict(methods[method] if method else folders()[declared.id].FIELDS)


def access_of(declared: Provider, values: Mapping[str, str]) -> Access:
    """Access with these values, to all origins that they need."""
    secret = {form_field.name for form_field in declared.fields if form_field.secret}
    boxes = {name: Secret(value) for name, value in values.items() if name in secret}
    fields = mask_secrets({name: value for name, value in values.items() if name not in secret}, boxes)
    added = [origin for item in added_to(declared) for origin in declared.model_origins(fields, item)]
    return Access(declared, fields, tuple(dict.fromkeys((*declared.origins(fields), *added))), secrets=lambda: boxes)


def added_to(declared: Provider) -> tuple[Model, ...]:
    """The models that the practice folder adds by hand, in its `MODELS`."""
    models: tuple[Model, ...] = getattr(folders()[declared.id], "MODELS", ())
    return models


def calls_of(
    declared: Provider, fields: FieldValues, sound: Path = TALK, listed: tuple[Model, ...] = ()
) -> dict[str, Call]:
    """One call of every kind, and for every model that is added by hand; `sound` is the recording.

    Where none is added, the first that is `listed` is asked, or that the catalogue knows.
    """
    calls: dict[str, Call | None] = {"verify": declared.verify(fields), "token": declared.token(fields)}
    if declared.list_models:
        calls["list"] = declared.list_models(fields)
    for kind in declared.types:
        for place, model in enumerate(_models(declared, kind, listed)):
            calls |= {f"{name}{place + 1 if place else ''}": call for name, call in _of(declared, fields, model, sound)}
        if declared.search:
            calls[f"search {kind}"] = declared.search(fields, "llama", kind)
    for name, offer in declared.field_options.items():
        calls[f"offer {name}"] = offer(fields, {})
    return {name: call for name, call in calls.items() if call is not None}


def _models(declared: Provider, kind: ModelType, listed: tuple[Model, ...]) -> list[Model]:
    added = [item for item in added_to(declared) if item.type is kind]
    known = [item for item in (*listed, *declared.catalogue) if item.type is kind]
    return added or known[:1] or [Model(declared.id, "some-model", kind)]


def _of(declared: Provider, fields: FieldValues, model: Model, sound: Path) -> Iterator[tuple[str, Call]]:
    """The calls to one model."""
    if model.type is CHAT and declared.chat:
        messages = (Message("system", "Be brief."), Message("user", "Hi"))
        for name, stream in (("chat", True), ("chat in one piece", False)):
            yield name, declared.chat(fields, ChatRequest(model, messages, {}, stream))
    if model.type is EMBEDDING and declared.embed:
        yield "embed", declared.embed(fields, EmbeddingRequest(model, ("a", "b")))
    if model.type is SPEECH and declared.transcribe:
        size = sound.stat().st_size if sound.exists() else 4000
        yield "transcribe", declared.transcribe(fields, TranscriptionRequest(model, sound, "audio/wav", size, "en"))
    if declared.inspect_model:
        probed = replace(
            model, fields={name: value for name, value in model.fields.items() if name in _field_names(declared)}
        )
        yield f"check {model.type}", declared.inspect_model(fields, probed)


def _field_names(declared: Provider) -> set[str]:
    return {field.name for field in declared.model_fields}
