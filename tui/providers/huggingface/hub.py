"""The Hub's API: the token's owner, model search, and who serves a model.

Hub API (hub-docs, inference-providers/hub-api); huggingface_hub, hf_api.py and inference/_providers; huggingface.js,
who-am-i.ts. A hosted model is served through the router, by Hugging Face itself (`hf-inference`) or by a partner.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import quote

from tui.domain import Model, ModelType
from tui.providers.dialects.expiry import date_of
from tui.providers.dialects.openai.api import malformed, number
from tui.providers.events import Accepted, Event, ModelDetails, SearchResult, SearchResults
from tui.providers.requests import ApiError, Call, Frame
from tui.providers.spec import FieldValues

HOSTED, ENDPOINT = "hosted_inference_api", "inference_endpoints"
TEXT, TEXT2TEXT, VECTORS, SPEECH = (
    "text-generation",
    "text2text-generation",
    "feature-extraction",
    "automatic-speech-recognition",
)
TASKS = {
    TEXT: ModelType.CHAT,
    TEXT2TEXT: ModelType.CHAT,
    VECTORS: ModelType.EMBEDDING,
    SPEECH: ModelType.SPEECH2TEXT,
}
SIMILARITY = "sentence-similarity"
ROUTER, SERVERLESS = "router", "hf-inference"
PARTNERS = {
    TEXT: {
        "featherless-ai": "/featherless-ai/v1",
        "together": "/together/v1",
        "novita": "/novita/v3/openai",
        "deepinfra": "/deepinfra/v1/openai",
    },
    TEXT2TEXT: {},
    VECTORS: {
        "scaleway": "/scaleway/v1",
        "together": "/together/v1",
        "deepinfra": "/deepinfra/v1/openai",
    },
    SPEECH: {"deepinfra": "/deepinfra/v1/openai"},
}
"""By task the partners whose calls are OpenAI's, and their paths on the router (huggingface_hub, _providers)."""

NO_INFERENCE, NOT_SERVED, DISABLED = "no_inference", "not_served", "disabled"
"""Codes of refusals that are found in answers of success."""

_CALLS = "inference.serverless.write"
EXPANDED = ("pipeline_tag", "tags", "inferenceProviderMapping", "downloads", "gated")
"""What the Hub is asked to tell of a model."""

_CHECK_FIELDS = (*EXPANDED, "disabled")
_UNSIZED = frozenset({400, 401, 403, 404, 405, 410, 422, 429, 500, 502, 503, 504})
"""Whatever the router says no with, the model can be used."""


def task_of(model: Model) -> str:
    """Return the task of a model; the first of its type where none was given."""
    return model.fields.get("task") or next(task for task, kind in TASKS.items() if kind is model.type)


def at(base: str, path: str) -> str:
    """Return the URL of a path under a base."""
    return base.rstrip("/") + path


# --- the account ------------------------------------------------------------------------------------------------------


def whoami(fields: FieldValues) -> Call:
    """Return the call that tells whose the token is; free, and limited more strictly than all others."""
    return Call("GET", at(fields["hub_url"], "/api/whoami-v2"), lambda: _read_account)


def namespaces(fields: FieldValues, values: Mapping[str, str]) -> Call:
    """Return the call that finds the names whose endpoints the account may see: its own, and its organizations'."""
    return replace(whoami(fields), reader=lambda: _namespaces)


def name_in(data: Any) -> str:
    """Return the name of the account in an answer to `whoami`; '' where there is none."""
    name = data.get("name") if isinstance(data, dict) else None
    return name if isinstance(name, str) else ""


def _read_account(frame: Frame | None) -> Iterator[Event | ApiError]:
    if frame is None:
        return
    if not name_in(frame.data):
        yield malformed("It names no account.")
    elif _may_call(frame.data):
        yield Accepted(_expiry(frame.data))
    else:
        yield ApiError(403, code=NO_INFERENCE)


def _may_call(who: Mapping[str, Any]) -> bool:
    """Return True if the token may call hosted models. Only fine-grained ones list what they may; others may all."""
    rights = _inside(who, "auth", "accessToken", "fineGrained")
    if not rights:
        return True
    scoped = [entry.get("permissions") for entry in dicts(rights.get("scoped"))]
    return any(isinstance(scope, list) and _CALLS in scope for scope in (rights.get("global"), *scoped))


def _expiry(who: Mapping[str, Any]) -> str:
    """Return the date on which the token expires, '' for never (`AuthInfo`; older answers: `expiration`)."""
    auth, token = _inside(who, "auth"), _inside(who, "auth", "accessToken")
    dates = (date_of(auth.get("expiresAt")), date_of(token.get("expiration")))
    return min(filter(None, dates), default="")


def _namespaces(frame: Frame | None) -> Iterator[Event | ApiError]:
    if frame is None:
        return
    if not (own := name_in(frame.data)):
        yield malformed("It names no account.")
        return
    orgs = [name for entry in dicts(frame.data.get("orgs")) if (name := name_in(entry))]
    yield SearchResults((SearchResult(own, "your own"), *(SearchResult(org, "organization") for org in orgs)))


# --- who serves a model -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ServingProvider:
    """How to reach a hosted model: API or partner, its name there ('' for its own), and its health."""

    engine: str
    served_as: str = ""
    well: bool = True


def serving_providers(entry: Mapping[str, Any], task: str) -> ServingProvider | None:
    """Return who serves a model of the Hub for a task, best first; None if nobody does."""
    mapping = _mapping(entry.get("inferenceProviderMapping"))
    for well in (True, False):
        live = {name: entry for name, entry in mapping.items() if (entry.get("status", "live") == "live") is well}
        if task == TEXT and any(mapping_entry.get("task") == "conversational" for mapping_entry in live.values()):
            return ServingProvider(ROUTER, well=well)
        own = live.get(SERVERLESS)
        if own and _serves(own.get("task"), task, entry.get("tags")):
            return ServingProvider(SERVERLESS, well=well)
        for partner in PARTNERS.get(task, {}):
            partner_entry = live.get(partner, {})
            if partner_entry.get("task") == task:
                name = partner_entry.get("providerId")
                return ServingProvider(partner, name if isinstance(name, str) else "", well)
    return None


def _serves(offered: Any, task: str, tags: Any) -> bool:
    if task == TEXT2TEXT:
        return offered in (TEXT, TEXT2TEXT)
    if task == VECTORS and offered == SIMILARITY:
        # Such a model gives vectors as well where it is tagged so.
        return isinstance(tags, list) and VECTORS in tags
    return bool(offered == task)


def _mapping(value: Any) -> dict[str, Mapping[str, Any]]:
    """Return the mapping by provider: usually an object, on some routes a list of named entries."""
    if isinstance(value, dict):
        return {name: entry for name, entry in value.items() if isinstance(entry, dict)}
    return {entry["provider"]: entry for entry in dicts(value) if isinstance(entry.get("provider"), str)}


# --- one hosted model -------------------------------------------------------------------------------------------------


def check(fields: FieldValues, model: Model) -> Call:
    """Return the call that looks at a model which is to be used as a hosted one."""
    url = f"{models_at(fields)}/{quote(model.id)}"
    return Call("GET", url, lambda: _Hosted(fields, model).read, query={"expand": _CHECK_FIELDS})


@dataclass(frozen=True)
class _Hosted:
    fields: FieldValues
    model: Model

    def read(self, frame: Frame | None) -> Iterator[Event | ApiError | Call]:
        if frame is None:
            return
        entry, task = frame.data, task_of(self.model)
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            yield malformed("It describes no model.")
        elif entry.get("disabled"):
            yield ApiError(403, code=DISABLED)
        elif by := serving_providers(entry, task):
            details = {"task": task, "engine": by.engine, "served_as": by.served_as}
            fields = {name: value for name, value in {**self.model.fields, **details}.items() if value}
            learned = ModelDetails(replace(self.model, fields=fields), _provider_note(by, entry))
            yield self._size(learned) if by.engine == ROUTER else learned
        else:
            yield ApiError(400, code=NOT_SERVED, param=_other_task(entry, task))

    def _size(self, learned: ModelDetails) -> Call:
        """Return the call that asks the router how much text the model takes, which the Hub does not tell."""
        url = at(self.fields["router_url"], f"/v1/models/{quote(self.model.id)}")
        return Call("GET", url, lambda: partial(_with_context, learned), accepted_statuses=_UNSIZED)


def _with_context(learned: ModelDetails, frame: Frame | None) -> Iterator[Event]:
    """Yield what was learned, with the largest context of those who serve the model."""
    if frame is not None:
        data = frame.data.get("data", frame.data) if isinstance(frame.data, dict) else None
        serving = dicts(data.get("providers")) if isinstance(data, dict) else []
        context = max((number(mapping.get("context_length")) for mapping in serving), default=0)
        yield replace(learned, model=replace(learned.model, context=context or learned.model.context))


def _other_task(entry: Mapping[str, Any], task: str) -> str:
    """Return what a model is for where that is another task than the one wanted; '' where it fits or is not told."""
    tag = entry.get("pipeline_tag")
    other = next((other for other in TASKS if other != task and serving_providers(entry, other)), "")
    return other or (tag if isinstance(tag, str) and tag in TASKS and tag != task else "")


def _provider_note(by: ServingProvider, entry: Mapping[str, Any]) -> str:
    if not by.well:
        return "Its last health check at Hugging Face failed, so requests may fail."
    return "Its licence must have been accepted on its page." if entry.get("gated") else ""


def models_at(fields: FieldValues) -> str:
    """Return the URL of the Hub's models."""
    return at(fields["hub_url"], "/api/models")


def _inside(data: Any, *path: str) -> Mapping[str, Any]:
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def dicts(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a list, skipping other values."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
