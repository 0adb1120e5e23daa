"""Replicate: models of many vendors, added one by one. Facts as of 2026-11-22 (Replicate HTTP API reference).

Every model has its own inputs and output, which are read from its schema when it is added.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tui.domain import ImportMode, ModelType, Supply
from tui.providers.origins import base_url_origin, with_path
from tui.providers.replicate import audio, chat, embeddings, errors, inputs, models, references
from tui.providers.requests import Call
from tui.providers.spec import DOT_SEGMENTS_HELP, NO_DOT_SEGMENTS, Choice, Field, FieldValues, Provider
from tui.secret import Secret

_ID, _LABEL = "replicate", "Replicate"
_PATH = "/v1"
_BASE_URL = f"https://api.replicate.com{_PATH}"


def sign(call: Call, fields: FieldValues, secrets: Mapping[str, Secret], now: float) -> Call:
    """Add `Authorization: Bearer`, for the API, streams and files."""
    token = secrets.get("api_token")
    return call.with_headers({"authorization": Secret(f"Bearer {token.reveal()}")}) if token else call


def _at(fields: FieldValues) -> FieldValues:
    return {**fields, "base_url": with_path(fields["base_url"], _PATH)}


def _at_base_url(make: Callable[[FieldValues, Any], Call]) -> Callable[[FieldValues, Any], Call]:
    """Return the call at the address of the credential."""
    return lambda fields, request: make(_at(fields), request)


def search(fields: FieldValues, text: str, kind: ModelType) -> Call:
    """Return the request that searches for models."""
    return models.search(_at(fields), text, kind)


PROVIDER = Provider(
    id=_ID,
    label=_LABEL,
    sort_order=20,
    supply=Supply.HOSTING,
    import_mode=ImportMode.ADDED,
    fields=(
        Field(
            "api_token",
            "API token",
            "Starts with r8_.",
            secret=True,
            required=True,
            env=("REPLICATE_API_TOKEN",),
            prefixes=(Choice("r8_", "Replicate API token"),),
        ),
        Field(
            "base_url",
            "Base URL",
            "Only for a gateway with this API.",
            default=_BASE_URL,
            env=("REPLICATE_BASE_URL", "REPLICATE_API_BASE_URL"),
            advanced=True,
            url=True,
            strip_suffixes=("/predictions", "/models", "/account"),
        ),
    ),
    model_id=Field(
        "model",
        "Model",
        "owner/name, or the URL of its page.",
        pattern=NO_DOT_SEGMENTS,
        pattern_help=DOT_SEGMENTS_HELP,
        parse_pasted=references.split_reference,
    ),
    model_fields=(
        Field(
            "version",
            "Version",
            "Blank: the newest of a community model. Official models take none.",
            pattern=r"[0-9a-f]{64}",
            pattern_help="A version has 64 characters, 0 to 9 and a to f; its model's page lists it under Versions.",
        ),
        Field(
            "deployment",
            "Deployment",
            "Only to run the model on a deployment of your own, written owner/name.",
            pattern=r"(https?://)?([\w.-]+/)*\w[\w.-]*/\w[\w.-]*/?",
            pattern_help="A deployment is written owner/name, as in the address of its page.",
        ),
    ),
    sign=sign,
    origins=base_url_origin,
    host_suffixes=references.HOSTS,
    verify=lambda fields: models.account(_at(fields)),
    parse_error=errors.parse_error,
    key_page="https://replicate.com/account/api-tokens",
    docs=("https://replicate.com/docs/reference/http", "https://replicate.com/collections/language-models"),
    chat=_at_base_url(chat.chat),
    embed=_at_base_url(embeddings.embed),
    transcribe=_at_base_url(audio.transcribe),
    describe_error=partial(errors.describe_error, _LABEL),
    repair_request=errors.repair_request,
    parameters=inputs.parameters,
    audio=audio.audio,
    attachments=chat.attachment_limits,
    after_saving="Add models one by one, by name or by search.",
    search=search,
    inspect_model=_at_base_url(models.check),
)
