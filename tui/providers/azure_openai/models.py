"""Models that a resource can deploy, and the type of a deployment.

The list of a resource holds base models and its own fine-tunes, not deployments (Azure OpenAI REST reference,
models/list); no call with a key lists those.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tui.domain import Model, ModelType
from tui.providers.azure_openai import api
from tui.providers.dialects.openai import models
from tui.providers.dialects.openai.api import endpoint, error_in, malformed, number
from tui.providers.events import Accepted, Event, ModelDetails, SearchResult, SearchResults
from tui.providers.requests import ApiError, Call, Frame, Reader
from tui.providers.spec import FieldValues

WRONG_TYPE = "wrong_type"
"""The code of our own refusal to add a deployment as something that its model is not."""

_NO_LIST = frozenset({400, 403, 404, 405, 410, 422, 500, 501, 502, 503, 504})
"""How a resource or gateway answers that has no usable list; the list only helps, so none of them is an error."""

_NAME = (
    r"(?i)gpt-(\d+(\.\d+)?o?|35|oss|chat)(-(pro|mini|nano|turbo|chat|codex|max|latest|16k|32k|instruct|preview|transcribe"
    r"|diarize|audio|realtime|\d+b|\d{4}-\d\d-\d\d|\d{4}))*|o\d(-(pro|mini|preview|\d{4}-\d\d-\d\d))*"
    r"|text-embedding-(ada-002|3-small|3-large)|whisper(-1)?|gpt-transcribe|model-router|codex-mini"
)


def is_name(text: str) -> bool:
    """Return True if a text is the name of a model, which a deployment may or may not be called by."""
    return re.fullmatch(_NAME, text) is not None


def kind_of(base: str) -> ModelType | None:
    """Return what a model is for; None where it is not known, or served by none of the calls made here."""
    name = base.lower()
    if name.startswith("whisper"):
        return ModelType.SPEECH2TEXT
    if name.startswith("model-router"):
        return ModelType.CHAT
    kind = models.classify(name)
    return kind[0] if kind else None


def verify(fields: FieldValues) -> Call:
    """Return the list, which proves host and key and says nothing about deployments."""
    path = "/openai/models" if api.is_dated(fields) else "/openai/v1/models"
    return Call("GET", endpoint({"base_url": fields["endpoint"]}, path), lambda: _read_check)


def deployable_models(fields: FieldValues, entries: Mapping[str, str]) -> Call:
    """Return the models that the resource can deploy, to choose the one behind a deployment."""
    return _list(fields, _read_models)


def check(fields: FieldValues, model: Model) -> Call:
    """Check the type of a deployment's base model, and until when it is served.

    A resource without a list, or with the model missing from it, prevents nothing.
    """
    return _list(fields, partial(_read_deployment_check, model))


def _list(fields: FieldValues, reader: Reader) -> Call:
    # The list of the v1 surface does not say what a model is for.
    query = {} if api.is_dated(fields) else {"api-version": api.DATED}
    url = endpoint({"base_url": fields["endpoint"]}, "/openai/models")
    return Call("GET", url, lambda: reader, query=query, accepted_statuses=_NO_LIST)


def _entries(frame: Frame) -> list[dict[str, Any]] | None:
    data = frame.data.get("data") if isinstance(frame.data, dict) else None
    if not isinstance(data, list):
        return None
    return [entry for entry in data if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def _read_check(frame: Frame | None) -> Iterable[Event | ApiError]:
    if frame is None:
        return []
    if refused := error_in(frame.data):
        return [refused]
    return [malformed("It holds no list of models.")] if _entries(frame) is None else [Accepted()]


def _read_models(frame: Frame | None) -> Iterable[Event | ApiError]:
    if frame is None:
        return []
    entries = [] if isinstance(frame.data, ApiError) else _entries(frame) or []
    kinds = {entry["id"]: (kind, _ends(entry)) for entry in entries if (kind := _kind(entry))}
    return [
        SearchResults(
            tuple(
                SearchResult(name, _retirement_note(kind.label, ends)) for name, (kind, ends) in sorted(kinds.items())
            )
        )
    ]


def _retirement_note(label: str, ends: str) -> str:
    return f"{label}, until {ends}" if ends else label


def _read_deployment_check(model: Model, frame: Frame | None) -> Iterator[Event | ApiError]:
    if frame is None:
        return
    base = api.base_of(model)
    entries = [] if isinstance(frame.data, ApiError) else _entries(frame) or []
    # A model is listed once a version, with the version behind its name.
    same = [entry for entry in entries if re.fullmatch(rf"{re.escape(base)}(-[\d-]+)?", entry["id"], re.IGNORECASE)]
    kind = kind_of(base) or next((result for entry in same if (result := _kind(entry))), None)
    if kind and kind is not model.type:
        yield ApiError(code=WRONG_TYPE, message=base, kind=kind.label)
        return
    ends = max(map(_ends, same), default="")
    missing = f"The resource lists no model {base}; check the spelling." if entries and not same else ""
    yield ModelDetails(model, f"{base} is served until {ends}." if ends else missing)


def _kind(entry: Mapping[str, Any]) -> ModelType | None:
    """Return what a listed model is for: by its name, which alone tells of speech, else by its capabilities."""
    capable = entry.get("capabilities")
    capable = capable if isinstance(capable, dict) else {}
    if capable.get("inference") is False:
        return None
    if (kind := kind_of(entry["id"])) or is_name(entry["id"]):
        return kind
    if capable.get("embeddings") is True:
        return ModelType.EMBEDDING
    return ModelType.CHAT if capable.get("chat_completion") is True else None


def _ends(entry: Mapping[str, Any]) -> str:
    dates = entry.get("deprecation")
    seconds = number(dates.get("inference")) if isinstance(dates, dict) else 0
    return datetime.fromtimestamp(seconds, UTC).date().isoformat() if 0 < seconds < 1 << 35 else ""
