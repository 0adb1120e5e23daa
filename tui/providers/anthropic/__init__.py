"""Anthropic: chat with Claude models; no embeddings or speech. Facts as of 2026-11-22."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from tui.domain import ImportMode, Model, ModelType, Supply
from tui.providers.anthropic import api, errors, messages
from tui.providers.dialects import attachments, sampling
from tui.providers.dialects.openai.api import number
from tui.providers.origins import base_url_origin
from tui.providers.spec import AttachmentLimits, Choice, Field, Parameter, ParameterKind, Provider

_ID, _LABEL = "anthropic", "Anthropic"
_BASE_URL = "https://api.anthropic.com"
_DATE = r"\d{4}-\d\d-\d\d"

# Ids with the date that their end was announced for, '' for none (Anthropic, model deprecations).
_KNOWN = {
    "": "claude-fable-5-2 claude-mythos-5-2 claude-opus-5-5 claude-sonnet-5-5 claude-haiku-5-5 claude-fable-5-1"
    " claude-mythos-5-1 claude-opus-5 claude-sonnet-5 claude-fable-5 claude-mythos-5 claude-opus-4-8 claude-opus-4-7"
    " claude-opus-4-6 claude-sonnet-4-6 claude-opus-4-5 claude-opus-4-5-20251101 claude-haiku-4-5"
    " claude-haiku-4-5-20251001",
    "2026-11-30": "claude-sonnet-4-5 claude-sonnet-4-5-20250929",
}
_RETIREMENTS = {name: date for date, names in _KNOWN.items() for name in names.split()}
_CATALOGUE = tuple(Model(_ID, name, ModelType.CHAT, ends=date) for name, date in _RETIREMENTS.items())
_RETIRED_BY_DATE = {
    "2026-06-30": "claude-mythos-preview",
    "2026-06-15": "claude-opus-4-0 claude-sonnet-4-0 claude-opus-4-20250514 claude-sonnet-4-20250514",
    "2026-02-19": "claude-3-7-sonnet-20250219 claude-3-7-sonnet-latest claude-3-5-haiku-20241022"
    " claude-3-5-haiku-latest",
    "2026-01-05": "claude-3-opus-20240229",
    "2025-10-22": "claude-3-5-sonnet-20240620 claude-3-5-sonnet-20241022 claude-3-5-sonnet-latest",
    "2025-07-21": "claude-3-sonnet-20240229 claude-2 claude-2.0 claude-2.1",
    "2024-11-06": "claude-instant-1 claude-instant-1.1 claude-instant-1.2 claude-1 claude-1.0 claude-1.2 claude-1.3",
}
_RETIRED = {name: date for date, names in _RETIRED_BY_DATE.items() for name in names.split()}

# `claude-opus-4-6`, `claude-3-7-sonnet-20250219`, `claude-2.1`: the digits after the family or before it.
_GENERATION = r"claude-(?:[a-z]+-)?(\d)(?:[-.](\d{1,2})(?!\d))?"
_LAST_SAMPLED, _FIRST_ADAPTIVE, _NEWEST = (4, 6), (4, 6), (9, 9)


def generation(model_id: str) -> tuple[int, int]:
    """Return the generation in an id, such as (4, 6); without one the newest, which takes the fewest fields."""
    match = re.search(_GENERATION, model_id.lower())
    return (int(match[1]), int(match[2] or 0)) if match else _NEWEST


def _classify(entry: Mapping[str, Any]) -> Model | None:
    if entry.get("lifecycle") == "retired":
        return None
    name, ends = entry["id"], entry.get("retires_at")
    date = re.match(_DATE, ends) if isinstance(ends, str) else None
    return Model(
        _ID,
        name,
        ModelType.CHAT,
        context=number(entry.get("max_input_tokens")),
        ends=date[0] if date else _RETIREMENTS.get(name, ""),
        inputs=_inputs(entry),
    )


def _inputs(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the list says that a model takes (API reference, models, `capabilities`)."""
    capabilities = entry.get("capabilities")
    if not isinstance(capabilities, dict) or "image_input" not in capabilities:
        return ()
    members = {"image": capabilities["image_input"], "pdf": capabilities.get("pdf_input")}
    return ("text", *(name for name, entry in members.items() if isinstance(entry, dict) and entry.get("supported")))


# An image has 5 MB in base64; a request 32 MB, 100 files, and with more than 20 of them fewer pixels.
_FILES = AttachmentLimits(
    source="https://platform.claude.com/docs/en/build-with-claude/vision",
    images=attachments.IMAGES,
    documents=(attachments.PDF,),
    size=5 * attachments.MEGABYTE * 3 // 4,
    total=32 * attachments.MEGABYTE * 3 // 4,
    count=20,
    side=8000,
)


def attachment_limits(model: Model) -> AttachmentLimits | None:
    """Return the images and documents that a model takes: all of them, from generation 3 on."""
    return attachments.limits_of(model, _FILES, generation(model.id) >= (3, 0))


def parameters(model: Model) -> tuple[Parameter, ...]:
    """Return the parameters of a model: sampling up to generation 4.6, adaptive thinking from it on, else a budget."""
    if model.type is not ModelType.CHAT:
        return ()
    version = generation(model.id)
    temperature = _SAMPLING if version <= _LAST_SAMPLED else ()
    thinking = _ADAPTIVE if version >= _FIRST_ADAPTIVE else _BUDGET
    return (*temperature, _MAX_TOKENS, *thinking, _STOP)


_MAX_TOKENS = sampling.max_tokens(unset=f"{messages.TOKENS:,}", thinks=True)
_STOP = Parameter("stop", "stop", ParameterKind.TEXTS, help="Texts that end the answer where they appear.")
_SAMPLING = (sampling.temperature(high=1, unset="1"), sampling.top_p(), sampling.top_k())
_BUDGET = (
    Parameter(
        "thinking_budget",
        "thinking budget",
        ParameterKind.WHOLE,
        low=1024,
        unset="no thinking",
        help="How many tokens it may think before it answers; fewer than max tokens.",
    ),
)
_ADAPTIVE = (
    Parameter(
        "thinking",
        "thinking",
        ParameterKind.CHOICE,
        unset="model default",
        help="adaptive: the model decides. Some models always think.",
        choices=("adaptive", "disabled"),
    ),
    Parameter(
        "effort",
        "effort",
        ParameterKind.CHOICE,
        unset="high",
        help="How much it thinks and writes. Not every model takes every value.",
        choices=("low", "medium", "high", "xhigh", "max"),
    ),
)

PROVIDER = Provider(
    id=_ID,
    label=_LABEL,
    sort_order=30,
    supply=Supply.OWN,
    import_mode=ImportMode.BOTH,
    fields=(
        Field(
            "api_key",
            "API key",
            "Starts with sk-ant-api. It is shown only once, when you create it.",
            secret=True,
            required=True,
            env=("ANTHROPIC_API_KEY",),
            prefixes=(
                Choice("sk-ant-admin", "Anthropic admin key, which calls no models"),
                Choice("sk-ant-api", "Anthropic API key"),
                Choice("sk-ant-oat", "sign-in token of a Claude subscription, which is no API key"),
                Choice("sk-ant-", "Anthropic key"),
            ),
        ),
        Field(
            "base_url",
            "Base URL",
            "Only for a gateway with this API; without /v1.",
            default=_BASE_URL,
            env=("ANTHROPIC_BASE_URL",),
            advanced=True,
            url=True,
            strip_suffixes=api.ENDINGS,
        ),
        Field(
            "workspace_id",
            "Workspace ID",
            "Only for a key that can act in several workspaces.",
            pattern=r"wrkspc_[A-Za-z0-9_-]+",
            pattern_help="A workspace ID begins with wrkspc_.",
            advanced=True,
        ),
    ),
    sign=api.sign,
    origins=base_url_origin,
    verify=partial(api.listing, _classify),
    parse_error=api.parse_error,
    key_page="https://platform.claude.com/settings/keys",
    docs=(
        "https://platform.claude.com/docs/en/about-claude/models/overview",
        "https://platform.claude.com/docs/en/api/errors",
    ),
    list_models=partial(api.listing, _classify),
    chat=messages.chat,
    describe_error=partial(errors.describe_error, _LABEL, _RETIRED),
    repair_request=partial(errors.repair_request, _CATALOGUE),
    parameters=parameters,
    attachments=attachment_limits,
    catalogue=_CATALOGUE,
    catalogue_as_of="2026-11-22",
    proposed={
        ModelType.CHAT: ("claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5", "claude-sonnet-5", "claude-opus-5")
    },
    trial_calls=1_000,
    trial_models=("claude-haiku-5-5", "claude-sonnet-5-5"),
)
