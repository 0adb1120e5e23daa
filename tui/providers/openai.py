"""OpenAI: chat, embeddings and speech-to-text. Facts as of 2026-11-22."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tui.domain import ImportMode, Model, ModelType, Supply
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import audio, chat, embeddings, errors, models, parameters, vision
from tui.providers.origins import base_url_origin, host_of, origin_of
from tui.providers.spec import Choice, Field, FieldValues, Provider

_ID, _LABEL = "openai", "OpenAI"
_BASE_URL, _HOST = "https://api.openai.com/v1", "api.openai.com"
_SIZES = {"text-embedding-ada-002": 1536, "text-embedding-3-small": 1536, "text-embedding-3-large": 3072}
_EMBEDDING_TOKENS = 8192

# Ids with the date that their end was announced for, '' for none (OpenAI, deprecations).
_KNOWN = {
    "": "gpt-6.2-astra gpt-6-astra gpt-6.2-sol gpt-6.1-sol gpt-6-sol gpt-6.1-terra gpt-6-luna gpt-5.6-sol"
    " gpt-5.6-terra gpt-5.6-luna gpt-5.5 gpt-5.5-2026-04-23 gpt-5.4 gpt-5.4-mini gpt-5.4-mini-2026-03-17 gpt-5.2"
    " gpt-5.2-2025-12-11 text-embedding-3-small text-embedding-3-large text-embedding-ada-002 gpt-transcribe",
    "2027-04-01": "gpt-5.4-nano gpt-5.1",
    "2027-02-26": "whisper-1 gpt-4o-transcribe gpt-4o-mini-transcribe gpt-4o-mini-transcribe-2025-12-15"
    " gpt-4o-transcribe-diarize",
    "2027-01-14": "gpt-4.1 gpt-4.1-mini gpt-4o gpt-4o-2024-11-20 gpt-4o-2024-08-06 gpt-4o-mini",
    "2026-12-11": "gpt-5 gpt-5-mini gpt-5-nano o3",
}
_RETIREMENTS = {name: date for date, names in _KNOWN.items() for name in names.split()}


def _model(model_id: str, ends: str = "") -> Model | None:
    kind = models.classify(model_id)
    if kind is None:
        return None
    name = models.base_of(model_id)
    size = _SIZES.get(name, 0)
    return Model(
        _ID,
        model_id,
        kind[0],
        context=_EMBEDDING_TOKENS if size else 0,
        dimensions=size,
        ends=ends or _RETIREMENTS.get(name, ""),
        completion=kind[1],
    )


def _classify(entry: Mapping[str, Any]) -> Model | None:
    date = entry.get("shutdown_date")
    return _model(entry["id"], date if isinstance(date, str) else "")


def _classify_anywhere(entry: Mapping[str, Any]) -> Model | None:
    """Return a model that another server lists at the base URL of this provider: its IDs are not OpenAI's."""
    if (known := _classify(entry)) or models.looks_official(entry["id"]):
        return known
    kind = models.classify_by_name(entry["id"])
    return Model(_ID, entry["id"], kind[0], completion=kind[1]) if kind else None


_FLAVOUR = openai_api.Flavour(_classify, max_tokens_field="max_completion_tokens", vectors="base64")
_PROXY_FLAVOUR = replace(_FLAVOUR, classify=_classify_anywhere)


def _flavour(fields: FieldValues) -> openai_api.Flavour:
    host = host_of(origin_of(fields.get("base_url") or _BASE_URL))
    return _FLAVOUR if host == _HOST or host.endswith(f".{_HOST}") else _PROXY_FLAVOUR


PROVIDER = Provider(
    id=_ID,
    label=_LABEL,
    sort_order=10,
    supply=Supply.OWN,
    import_mode=ImportMode.BOTH,
    fields=(
        Field(
            "api_key",
            "API key",
            "Starts with sk-. Input is hidden.",
            secret=True,
            required=True,
            env=("OPENAI_API_KEY",),
            prefixes=(
                Choice("sk-svcacct-", "OpenAI service account key"),
                Choice("sk-admin-", "OpenAI admin key, which calls no models"),
                Choice("sk-proj-", "OpenAI project key"),
                Choice("sk-", "OpenAI key"),
            ),
        ),
        Field(
            "organization",
            "Organization",
            "Only if the account belongs to several.",
            pattern=r"org-[A-Za-z0-9_-]+",
            pattern_help="An organization begins with org-.",
            env=("OPENAI_ORG_ID", "OPENAI_ORGANIZATION"),
            advanced=True,
        ),
        Field(
            "project",
            "Project",
            "Not needed with a project key.",
            pattern=r"proj_[A-Za-z0-9_-]+",
            pattern_help="A project begins with proj_.",
            env=("OPENAI_PROJECT_ID",),
            advanced=True,
        ),
        Field(
            "base_url",
            "Base URL",
            "Only for a region, such as https://eu.api.openai.com/v1.",
            default=_BASE_URL,
            env=("OPENAI_BASE_URL", "OPENAI_API_BASE"),
            advanced=True,
            url=True,
            strip_suffixes=openai_api.ENDINGS,
        ),
    ),
    sign=openai_api.sign,
    origins=base_url_origin,
    verify=lambda fields: models.verification(_flavour(fields), fields),
    parse_error=openai_api.parse_error,
    key_page="https://platform.openai.com/api-keys",
    docs=("https://developers.openai.com/api/docs/models", "https://developers.openai.com/docs/guides/error-codes"),
    list_models=lambda fields: models.refresh(_flavour(fields), fields),
    infer_model_type=models.kind_by(_classify),
    chat=partial(chat.chat, _FLAVOUR),
    embed=partial(embeddings.embed, _FLAVOUR),
    transcribe=audio.transcribe,
    describe_error=partial(errors.describe_error, _LABEL),
    repair_request=errors.repair_request,
    parameters=parameters.parameters,
    audio=audio.audio,
    attachments=vision.attachment_limits,
    catalogue=tuple(model for name in _RETIREMENTS if (model := _model(name))),
    catalogue_as_of="2026-11-22",
    proposed={
        ModelType.CHAT: ("gpt-6-sol", "gpt-6.1-sol", "gpt-5.6-sol", "gpt-5.4-mini", "gpt-5.5"),
        ModelType.EMBEDDING: ("text-embedding-3-small", "text-embedding-3-large"),
        ModelType.SPEECH2TEXT: ("gpt-transcribe", "gpt-4o-transcribe", "whisper-1"),
    },
    trial_calls=500,
    trial_models=("gpt-5.4-mini", "gpt-5.6-luna", "text-embedding-3-small", "gpt-transcribe", "whisper-1"),
)
