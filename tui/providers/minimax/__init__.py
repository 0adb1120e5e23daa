"""MiniMax: chat and embeddings. Facts as of 2026-11-22 (MiniMax API reference, error codes).

A key belongs to the mainland or to the international platform, and works at that one's address only.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tui.domain import ImportMode, Model, ModelType, Supply
from tui.errors import Problem, ScopeMissing
from tui.providers.dialects import attachments, error_codes, sampling
from tui.providers.dialects.error_frames import with_error_check
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import errors, models
from tui.providers.events import ModelsListed
from tui.providers.minimax import api
from tui.providers.origins import base_url_origin, with_path
from tui.providers.requests import ApiError, Call, ChatRequest, EmbeddingRequest, Frame, Reader
from tui.providers.spec import AttachmentLimits, Choice, Field, FieldValues, Parameter, ParameterKind, Provider

_ID, _LABEL = "minimax", "MiniMax"
_PATH = "/v1"
_REGIONS = (
    Choice(f"https://api.minimaxi.com{_PATH}", "mainland China"),
    Choice(f"https://api.minimax.io{_PATH}", "international"),
)

_SIZE = 1536
_OTHER = r"(?i)speech|hailuo|image|music|video|voice"

# Ids by what they can take, in tokens.
_KNOWN = {
    1_000_000: "MiniMax-M3 MiniMax-M1",
    1_000_192: "MiniMax-Text-01",
    204_800: "MiniMax-M2.7 MiniMax-M2.7-highspeed MiniMax-M2.5 MiniMax-M2.5-highspeed MiniMax-M2.1"
    " MiniMax-M2.1-highspeed MiniMax-M2",
    4096: "embo-01",
}
_CONTEXT = {name: size for size, names in _KNOWN.items() for name in names.split()}


def _model(model_id: str) -> Model | None:
    if re.search(_OTHER, model_id):
        return None
    context = _CONTEXT.get(model_id, 0)
    if model_id.startswith("embo-"):
        return Model(_ID, model_id, ModelType.EMBEDDING, context=context, dimensions=_SIZE)
    return Model(_ID, model_id, ModelType.CHAT, context=context)


def _classify(entry: Mapping[str, Any]) -> Model | None:
    return _model(entry["id"])


_CATALOGUE = tuple(model for name in _CONTEXT if (model := _model(name)))
_FLAVOUR = openai_api.Flavour(_classify, max_tokens_field="max_completion_tokens", vectors="")
_OLD_FLAVOUR = replace(_FLAVOUR, max_tokens_field="max_tokens")


def _at(fields: FieldValues) -> FieldValues:
    return {**fields, "base_url": with_path(fields["base_url"], _PATH)}


def regions(fields: FieldValues) -> tuple[FieldValues, ...]:
    """Return the other region, if the address is one of them; an address of somebody's own is the only one."""
    here, known = _at(fields)["base_url"], [region.value for region in _REGIONS]
    return tuple({**fields, "base_url": url} for url in known if url != here) if here in known else ()


def listing(fields: FieldValues) -> Call:
    """Return the models, which only a good key is shown: those of chats are listed, those of vectors known."""
    call = models.listing(_FLAVOUR, _at(fields))
    return with_error_check(replace(call, reader=lambda: partial(_complete, call.reader())), api.refused_in)


def _complete(read: Reader, frame: Frame | None) -> Iterator[Any]:
    for event in read(frame):
        if isinstance(event, ModelsListed):
            listed = {model.id for model in event.models}
            known = (model for model in _CATALOGUE if model.type is ModelType.EMBEDDING and model.id not in listed)
            event = replace(event, models=(*event.models, *known))
        yield event


def chat(fields: FieldValues, request: ChatRequest) -> Call:
    """Return the chat request, for current or older models."""
    flavour = _FLAVOUR if api.is_current(request.model.id) else _OLD_FLAVOUR
    return api.chat(flavour, _at(fields), request)


def embed(fields: FieldValues, request: EmbeddingRequest) -> Call:
    """Return the embedding request."""
    return api.embed(_at(fields), request)


_IMAGES = AttachmentLimits(
    source="https://platform.minimax.io/docs/api-reference/text-chat-openai",
    images=(attachments.PNG, attachments.JPEG, attachments.WEBP, attachments.GIF),
)


def attachment_limits(model: Model) -> AttachmentLimits | None:
    """Return the images that a model takes; of the current ones, the newest takes some."""
    newest = model.id.lower().startswith("minimax-m3")
    return attachments.limits_of(model, _IMAGES, newest if api.is_current(model.id) else None)


def parameters(model: Model) -> tuple[Parameter, ...]:
    """Return the parameters that a chat model takes: the newest is warmer, and can leave out its thinking."""
    if model.type is not ModelType.CHAT:
        return ()
    newest = model.id.lower().startswith("minimax-m3")
    low, high = (0, 2) if newest else (0.01, 1)
    field_name = "max_completion_tokens" if api.is_current(model.id) else "max_tokens"
    return (
        sampling.temperature(low, high, "1"),
        sampling.top_p(0.01, "0.95"),
        sampling.max_tokens(field_name, high=_MAX_TOKENS if newest else None, thinks=True),
        *(_THINKING if newest else ()),
    )


_MAX_TOKENS = 524_288
_THINKING = (
    Parameter(
        "thinking",
        "thinking",
        ParameterKind.CHOICE,
        unset="adaptive",
        help="Whether it thinks before it answers.",
        choices=("adaptive", "disabled"),
    ),
)

_UNKNOWN_MODEL = r"(?i)unknown model|model .*not (found|exist|support)|not support.* model"


def describe_error(refused: ApiError, model: str) -> Problem | None:
    """Return an error in words, by its number (MiniMax API reference, error codes)."""
    if problem := error_codes.lookup(_ID, refused.code).to_problem(_LABEL, model):
        return problem
    if refused.code in ("2013", "2061") and model.startswith("embo-"):
        message = f"MiniMax does not offer {model} to this account."
        return ScopeMissing(message, "Its embeddings are not open to every account; use those of another provider.")
    if refused.code in ("2013", "2061") and re.search(_UNKNOWN_MODEL, refused.message):
        message = f"MiniMax does not know {model or 'the model'}, or no longer serves it to this key."
        return Problem(message, "Refresh the list of models, or pick another model.")
    return errors.describe_error(_LABEL, replace(refused, final=False), model)


PROVIDER = Provider(
    id=_ID,
    label=_LABEL,
    sort_order=70,
    supply=Supply.OWN,
    import_mode=ImportMode.BOTH,
    fields=(
        Field(
            "api_key",
            "API key",
            "It has hundreds of characters. Create international ones at https://platform.minimax.io.",
            secret=True,
            required=True,
            env=("MINIMAX_API_KEY",),
            prefixes=(
                Choice("sk-api-", "MiniMax pay-as-you-go key"),
                Choice("sk-cp-", "MiniMax plan key, which works within its plan only"),
                Choice("eyJ", "MiniMax key"),
            ),
        ),
        Field(
            "group_id",
            "Group ID",
            "Only for embeddings with an older key; it is on the account's page of basic information.",
            pattern=r"\d{1,32}",
            pattern_help="A group ID is a number.",
            env=("MINIMAX_GROUP_ID",),
            advanced=True,
        ),
        Field(
            "base_url",
            "Base URL",
            "The URL of the platform where the key was created.",
            default=_REGIONS[0].value,
            choices=_REGIONS,
            env=("MINIMAX_API_BASE", "MINIMAX_API_HOST"),
            advanced=True,
            url=True,
            strip_suffixes=(
                *openai_api.ENDINGS,
                "/text/chatcompletion_v2",
                "/text/chatcompletion_pro",
                "/anthropic",
                "/anthropic/v1",
                "/anthropic/v1/messages",
            ),
        ),
    ),
    sign=openai_api.sign,
    origins=base_url_origin,
    verify=listing,
    parse_error=api.parse_error,
    key_page="https://platform.minimaxi.com/user-center/basic-information/interface-key",
    docs=(
        "https://platform.minimax.io/docs/api-reference/text-openai-api",
        "https://platform.minimax.io/docs/api-reference/errorcode",
    ),
    list_models=listing,
    infer_model_type=models.kind_by(_classify),
    chat=chat,
    distinguishes_queries=True,
    embed=embed,
    describe_error=describe_error,
    repair_request=errors.repair_request,
    parameters=parameters,
    attachments=attachment_limits,
    catalogue=_CATALOGUE,
    catalogue_as_of="2026-11-22",
    regions=regions,
    proposed={
        ModelType.CHAT: ("MiniMax-M3", "MiniMax-M2.7", "MiniMax-M2.5"),
        ModelType.EMBEDDING: ("embo-01",),
    },
)
