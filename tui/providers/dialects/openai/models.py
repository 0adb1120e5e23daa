"""Listing models on OpenAI's wire, and telling from an id what a model is for.

The list mixes every modality and has no field for the capability (OpenAI API reference, models/list).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from tui.domain import Model, ModelType
from tui.providers.dialects.openai.api import Flavour, endpoint, error_in, malformed
from tui.providers.events import Accepted, Event, ModelsListed
from tui.providers.requests import ApiError, Call, Frame
from tui.providers.spec import FieldValues

_EMBEDDING = re.compile(r"text-embedding-|.*-embedding|text-similarity-|text-search-|code-search-")
_WEBSOCKET = ("gpt-realtime", "gpt-live")
_OTHER = re.compile(r"tts|realtime|gpt-live|image|dall-e|sora|moderation|computer-use|audio")
_COMPLETION = re.compile(
    r"gpt-3\.5-turbo-instruct|(davinci|babbage)-002$|text-(davinci|curie|babbage|ada)-|(davinci|curie|babbage|ada)$"
)
_RESPONSES = re.compile(r"-pro(-|$)|codex|deep-research|-cyber|gpt-daybreak-|rosalind|gpt-6\.2-astra-law")
_CHAT = re.compile(r"gpt-|chatgpt-|o\d")
_REASONING = re.compile(r"o[134]|gpt-([5-9]|\d\d)")


def base_of(model_id: str) -> str:
    """The id in small letters; of a fine-tuned model (`ft:base:org:name:id`) the base."""
    lowered = model_id.lower()
    return lowered.split(":")[1] if lowered.startswith("ft:") and lowered.count(":") else lowered


def classify(model_id: str) -> tuple[ModelType, bool] | None:
    """The type of one of OpenAI's models, and whether it is a completion model; None where chat completions,
    embeddings and transcriptions do not serve it. The first rule that fits decides."""
    name = base_of(model_id)
    if _EMBEDDING.match(name):
        return ModelType.EMBEDDING, False
    if (name == "whisper-1" or "transcribe" in name) and not name.startswith(_WEBSOCKET):
        return ModelType.SPEECH2TEXT, False
    if _OTHER.search(name):
        return None
    if _COMPLETION.match(name):
        return ModelType.CHAT, True
    if _RESPONSES.search(name):
        return None
    return (ModelType.CHAT, False) if _CHAT.match(name) else None


def kind_by(
    classified: Callable[[Mapping[str, Any]], Model | None],
) -> Callable[[str, FieldValues], ModelType | None]:
    """What an added model is for, by the rule that tells it of a listed one."""

    def kind_of(model_id: str, fields: FieldValues) -> ModelType | None:
        model = classified({"id": model_id})
        return model.type if model else None

    return kind_of


def reasons(model_id: str) -> bool:
    """Whether a model of OpenAI is of the reasoning family, which takes no sampling parameters."""
    name = base_of(model_id)
    return bool(_REASONING.match(name)) and "chat" not in name


def listing(flavour: Flavour, fields: FieldValues) -> Call:
    """The call that lists models. It answers with `ModelsListed` and, since only a good key gets that, `Accepted`."""
    return Call("GET", endpoint(fields, "/models"), lambda: partial(_read, flavour.classify))


def _read(classified: Callable[[Mapping[str, Any]], Any], frame: Frame | None) -> Iterable[Event | ApiError]:
    if frame is None:
        return []
    if refused := error_in(frame.data):
        return [refused]
    # Some servers send the bare list.
    data = frame.data.get("data", frame.data.get("models")) if isinstance(frame.data, dict) else frame.data
    if data is None and isinstance(frame.data, dict) and frame.data.get("object") == "list":
        data = []
    if not isinstance(data, list):
        return [malformed("It holds no list of models.")]
    entries = [entry for entry in data if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
    models = {model.id: model for entry in entries if (model := classified(entry))}
    return [ModelsListed(tuple(models[name] for name in sorted(models)), len(data)), Accepted()]
