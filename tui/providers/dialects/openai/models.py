"""The model list, and a model's type by its ID.

The list mixes every modality and has no field for the capability (OpenAI API reference, models/list).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tui.domain import Model, ModelType
from tui.providers.dialects.expiry import date_of
from tui.providers.dialects.openai.api import Flavour, endpoint, error_in, malformed
from tui.providers.dialects.openai.entries import entries_of
from tui.providers.events import Accepted, Event, ModelsListed, Notice
from tui.providers.requests import ApiError, Call, Frame
from tui.providers.spec import FieldValues

NO_LIST = "no_model_list"
"""The code of our own error for a server that has no model list."""

_NO_LIST = frozenset({404, 405, 501})
"""How servers answer that have no `/models`: whisper servers, TEI, small gateways."""
_PROBE_PATHS = ("/chat/completions", "/embeddings", "/audio/transcriptions")
_UNDERSTOOD = frozenset({400, 413, 415, 422})
"""How a server refuses an empty request once it has accepted the key."""

_NAMES_MODEL = r"(?i)\bmodel\b"
"""A 404 about the model that is missing in a request shows that the path is there."""

_EMBEDDING = r"text-embedding-|.*-embedding|text-similarity-|text-search-|code-search-"
_WEBSOCKET = ("gpt-realtime", "gpt-live")
_OTHER = r"tts|realtime|gpt-live|image|dall-e|sora|moderation|computer-use|audio"
_COMPLETION = (
    r"gpt-3\.5-turbo-instruct|(davinci|babbage)-002$|text-(davinci|curie|babbage|ada)-|(davinci|curie|babbage|ada)$"
)
_RESPONSES = r"-pro(-|$)|codex|deep-research|-cyber|gpt-daybreak-|rosalind|gpt-6\.2-astra-law"
_CHAT = r"gpt-|chatgpt-|o\d"
_REASONING = r"o[134]|gpt-([5-9]|\d\d)"


def base_of(model_id: str) -> str:
    """Return the id in small letters; of a fine-tuned model (`ft:base:org:name:id`) the base."""
    lowered = model_id.lower()
    return lowered.split(":")[1] if lowered.startswith("ft:") and lowered.count(":") else lowered


def classify(model_id: str) -> tuple[ModelType, bool] | None:
    """Return the type of an OpenAI model by its ID, and whether it is a completion model.

    None if chat completions, embeddings and transcriptions do not serve it. The first rule that fits decides.
    """
    name = base_of(model_id)
    if re.match(_EMBEDDING, name):
        return ModelType.EMBEDDING, False
    if (name == "whisper-1" or "transcribe" in name) and not name.startswith(_WEBSOCKET):
        return ModelType.SPEECH2TEXT, False
    if re.search(_OTHER, name):
        return None
    if re.match(_COMPLETION, name):
        return ModelType.CHAT, True
    if re.search(_RESPONSES, name):
        return None
    return (ModelType.CHAT, False) if re.match(_CHAT, name) else None


_BY_NAME = (
    (ModelType.SPEECH2TEXT, r"(?i)whisper|transcri|parakeet|(^|[/_-])asr([/_-]|$)"),
    (ModelType.EMBEDDING, r"(?i)embed|(^|[/_-])(bge|e5|gte)[-_]|minilm"),
)
_UNSERVED = (
    r"(?i)rerank|(^|[/_-])tts([/_-]|$)|stable-diffusion|moderation|dall-e|(^|/)sora|gpt-(realtime|live|image|audio)"
    r"|(^|/)flux"
)
_FAMILIES = r"gpt-|chatgpt-|o\d|dall-e|tts-|whisper-|sora|omni-|text-|codex|davinci|babbage|computer-use|ft:"


def looks_official(model_id: str) -> bool:
    """Return True if an ID begins like one of OpenAI's, of which `classify` knows what they do."""
    return bool(re.match(_FAMILIES, model_id.lower()))


def classify_by_name(model_id: str) -> tuple[ModelType, bool] | None:
    """Return the type of any server's model by its ID, and whether it is a completion model.

    None if chat completions, embeddings and transcriptions do not serve it; chat if nothing else is in its name.
    """
    if re.search(_UNSERVED, model_id):
        return None
    kind = next((kind for kind, pattern in _BY_NAME if re.search(pattern, model_id)), ModelType.CHAT)
    return kind, bool(re.match(_OLD_COMPLETION, model_id))


_OLD_COMPLETION = r"^(text-(davinci|curie|babbage|ada)-\d+|gpt-3\.5-turbo-instruct.*|(davinci|babbage)-002)$"


def kind_by(
    classified: Callable[[Mapping[str, Any]], Model | None],
) -> Callable[[str, FieldValues], ModelType | None]:
    """Return what an added model is for, by the rule that tells it of a listed one."""

    def kind_of(model_id: str, fields: FieldValues) -> ModelType | None:
        model = classified({"id": model_id})
        return model.type if model else None

    return kind_of


def reasons(model_id: str) -> bool:
    """Return True if a model of OpenAI is of the reasoning family, which takes no sampling parameters."""
    name = base_of(model_id)
    return bool(re.match(_REASONING, name)) and "chat" not in name


def listing(flavour: Flavour, fields: FieldValues) -> Call:
    """Return the request that lists models; it yields `ModelsListed` and, as it needs a good key, `Accepted`."""
    return Call("GET", endpoint(fields, "/models"), lambda: partial(_read, flavour.classify))


def verification(flavour: Flavour, fields: FieldValues) -> Call:
    """Return the call that verifies a key: the model list, or empty requests where the server has none.

    An empty request costs nothing: a server checks the key, then refuses the body as malformed.
    """
    call = listing(flavour, fields)
    reader = partial(_listed_or_probed, flavour, fields)
    return replace(call, reader=lambda: reader, accepted_statuses=_NO_LIST)


def key_verification(path: str, otherwise: Callable[[FieldValues], Call], fields: FieldValues) -> Call:
    """Return the call that asks an API about its key: whether it is accepted, and when it expires.

    It is for an API whose list of models needs no key; `otherwise` makes the call for a server without the path.
    """

    def read(frame: Frame | None) -> Iterable[Event | ApiError | Call]:
        if frame is None:
            return []
        if isinstance(frame.data, ApiError):
            return [frame.data] if frame.data.page else [otherwise(fields)]
        if refused := error_in(frame.data):
            return [refused]
        key = frame.data.get("data") if isinstance(frame.data, dict) else None
        return [Accepted(date_of(key.get("expires_at")))] if isinstance(key, dict) else [malformed("It names no key.")]

    return Call("GET", endpoint(fields, path), lambda: read, accepted_statuses=_NO_LIST)


def refresh(flavour: Flavour, fields: FieldValues) -> Call:
    """Return the call that lists models again; `NO_LIST` is the error of a server that has no list."""
    call = listing(flavour, fields)
    return replace(call, reader=lambda: partial(_listed_or_none, flavour), accepted_statuses=_NO_LIST)


def _listed_or_probed(flavour: Flavour, fields: FieldValues, frame: Frame | None) -> Iterable[Event | ApiError | Call]:
    if frame is None or not isinstance(frame.data, ApiError):
        return _read(flavour.classify, frame)
    # A web page says nothing about the list.
    return [frame.data] if frame.data.page else [_probe(fields, _PROBE_PATHS)]


def _listed_or_none(flavour: Flavour, frame: Frame | None) -> Iterable[Event | ApiError]:
    if frame is None or not isinstance(frame.data, ApiError):
        return _read(flavour.classify, frame)
    return [frame.data] if frame.data.page else [replace(frame.data, code=NO_LIST)]


def _probe(fields: FieldValues, paths: tuple[str, ...]) -> Call:
    """Return an empty request to the first of some paths; the next one follows where there is no such path."""

    def read(frame: Frame | None) -> Iterable[Event | ApiError | Call]:
        if frame is None:
            return []
        refused = frame.data
        if (
            isinstance(refused, ApiError)
            and refused.status in _NO_LIST
            and not re.search(_NAMES_MODEL, refused.message)
        ):
            return [_probe(fields, paths[1:])] if paths[1:] and not refused.page else [refused]
        note = "The server has no model list. Add models by name."
        return [Notice(note), ModelsListed(()), Accepted()]

    statuses = _NO_LIST | _UNDERSTOOD
    return Call("POST", endpoint(fields, paths[0]), lambda: read, json={}, accepted_statuses=statuses)


def _read(classified: Callable[[Mapping[str, Any]], Any], frame: Frame | None) -> Iterable[Event | ApiError]:
    if frame is None:
        return []
    if refused := error_in(frame.data):
        return [refused]
    entries = entries_of(frame.data)
    if entries is None:
        return [malformed("It holds no list of models.")]
    models = {model.id: model for entry in entries.usable if (model := classified(entry))}
    listed = ModelsListed(tuple(models[name] for name in sorted(models)), entries.count)
    return [listed, *entries.notices, Accepted()]
