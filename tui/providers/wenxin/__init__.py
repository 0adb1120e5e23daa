"""Wenxin (文心一言), the ERNIE models of Baidu AI Cloud's Qianfan. Facts as of 2026-11-22.

Qianfan V2 takes one bearer key. The older form, a key pair of an application, is for gateways that still serve it:
Baidu announced the end of its own for 2026-08-31. Baidu's speech-to-text is another product and not part of this.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from tui.domain import ImportMode, Model, ModelType, Supply
from tui.providers.dialects import attachments, sampling
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import errors, models
from tui.providers.origins import origin_of, with_path
from tui.providers.requests import ApiError, Call, ChatRequest, EmbeddingRequest
from tui.providers.spec import (
    DOT_SEGMENTS_HELP,
    NO_DOT_SEGMENTS,
    AttachmentLimits,
    Choice,
    Field,
    FieldValues,
    Parameter,
    ParameterKind,
    Provider,
)
from tui.providers.wenxin import qianfan, qianfan_errors, workshop
from tui.secret import Secret

_ID, _LABEL = "wenxin", "Wenxin"
_PATH = "/v2"
_BEARER, _PAIR = "Qianfan API key", "key pair of an application (older form)"
_PAIR_PAGE = "https://console.bce.baidu.com/qianfan/ais/console/applicationConsole/application"

_EMBEDDING = r"embedding|^bge-(?!reranker)|^tao-8k$"
_OTHER = r"rerank|irag|flux|stable-diffusion|-video|-image"
_ONE_BY_ONE = r"tao-8k$"

# Ids by what they can take, in tokens; 0 where the documents do not say.
_KNOWN = {
    128_000: "ernie-5.0 ernie-5.0-thinking-latest ernie-4.5-turbo-128k ernie-4.0-turbo-128k ernie-3.5-128k"
    " ernie-speed-128k ernie-speed-pro-128k ernie-lite-pro-128k",
    64_000: "ernie-x1.1-preview",
    32_000: "ernie-4.5-turbo-32k ernie-x1-turbo-32k",
    8_000: "ernie-4.0-8k ernie-4.0-turbo-8k ernie-3.5-8k ernie-speed-8k ernie-lite-8k ernie-tiny-8k ernie-char-8k"
    " ernie-novel-8k",
    8192: "tao-8k qwen3-embedding-0.6b qwen3-embedding-4b",
    512: "bge-large-zh bge-large-en",
    384: "embedding-v1",
    0: "ernie-5.1",
}
_CONTEXT = {name: size for size, names in _KNOWN.items() for name in names.split()}
_DIMENSIONS = {"embedding-v1": 384, "bge-large-zh": 1024, "bge-large-en": 1024}


def _model(model_id: str) -> Model | None:
    name = model_id.lower()
    if re.search(_OTHER, name):
        return None
    kind = ModelType.EMBEDDING if re.search(_EMBEDDING, name) else ModelType.CHAT
    return Model(_ID, model_id, kind, context=_CONTEXT.get(name, 0), dimensions=_DIMENSIONS.get(name, 0))


def _classify(entry: Mapping[str, Any]) -> Model | None:
    return _model(entry["id"])


_CATALOGUE = tuple(model for name in _CONTEXT if (model := _model(name)))
_OLD_MODELS = tuple(model for name in (*workshop.CHATS, *workshop.EMBEDDINGS) if (model := _model(name)))

_FLAVOUR = openai_api.Flavour(
    _classify,
    max_tokens_field="max_completion_tokens",
    vectors="float",
    batch=lambda model: 1 if re.match(_ONE_BY_ONE, model.id) else 16,
)


def _by_pair(fields: FieldValues) -> bool:
    return not fields.get("api_key") and bool(fields.get("legacy_api_key"))


def _at(fields: FieldValues) -> FieldValues:
    return {**fields, "base_url": with_path(fields["base_url"], _PATH)}


def sign(call: Call, fields: FieldValues, secrets: Mapping[str, Secret], now: float) -> Call:
    """Return a bearer key, and the application in a header of its own; in the older form what goes into the query."""
    if _by_pair(fields):
        return workshop.sign(call, secrets)
    signed = openai_api.sign(call, fields, secrets, now)
    return signed.with_headers({"appid": fields["app_id"]}) if fields.get("app_id") else signed


def origins(fields: FieldValues) -> tuple[str, ...]:
    """Return the one host that the key, or the key pair and its token, may go to."""
    return (origin_of(workshop.root(fields) if _by_pair(fields) else fields["base_url"]),)


def token(fields: FieldValues) -> Call | None:
    """Return the request for an access token; None for an API key, which needs none."""
    return workshop.exchange(fields) if _by_pair(fields) else None


def listing(fields: FieldValues) -> Call:
    """Return the models, which only a good key is shown; the older form lists none, so it is asked a word."""
    return workshop.probe(fields, _OLD_MODELS) if _by_pair(fields) else qianfan.listing(_FLAVOUR, _at(fields))


def chat(fields: FieldValues, request: ChatRequest) -> Call:
    """Return the chat request."""
    return workshop.chat(fields, request) if _by_pair(fields) else qianfan.chat(_FLAVOUR, _at(fields), request)


def embed(fields: FieldValues, request: EmbeddingRequest) -> Call:
    """Return the embedding request."""
    return (
        workshop.embed(_FLAVOUR, fields, request) if _by_pair(fields) else qianfan.embed(_FLAVOUR, _at(fields), request)
    )


def repair_request(call: Call, refused: ApiError) -> tuple[Call, str] | None:
    """Return the request to send instead of a rejected one, and a sentence for the user.

    A chat instead of a listing that the address does not have, or without the rejected field.
    """
    base, separator, _ = call.url.partition("/models")
    if separator and refused.status in (404, 405):
        sentence = "This address lists no models. A chat of two tokens verifies the key."
        return qianfan.probe({"base_url": base}, _CATALOGUE), sentence
    return errors.repair_request(call, refused)


# Qianfan API reference V2, image understanding.
_IMAGES = AttachmentLimits(
    source="https://cloud.baidu.com/doc/qianfan-api/s/rm7u7qdiq",
    images=attachments.IMAGES,
    size=10 * attachments.MEGABYTE,
)
_VISION = r"-vl(-|\d|$)|internvl|ernie-4\.5-8k-preview|ernie-5|llama-4"
_TEXT_ONLY = r"ernie-(3|4\.0|speed|lite|tiny|char|novel|x1)|ernie-4\.5-turbo-\d|deepseek-(v3|r1)"


def attachment_limits(model: Model) -> AttachmentLimits | None:
    """Return the images that a model takes; those of the older form take none."""
    name = model.id.lower()
    if model.id in workshop.CHATS:
        return None
    has_vision = True if re.search(_VISION, name) else False if re.match(_TEXT_ONLY, name) else None
    return attachments.limits_of(model, _IMAGES, has_vision)


def parameters(model: Model) -> tuple[Parameter, ...]:
    """Return the parameters of a chat model: ERNIE's, those of other models, or the few of the older form."""
    if model.type is not ModelType.CHAT:
        return ()
    if model.id in workshop.CHATS:
        temperature = sampling.temperature(0.01, 1, sampling.AS_MODEL)
        max_tokens = sampling.max_tokens(low=2, high=workshop.TOKENS, unset=sampling.AS_MODEL)
        return (temperature, sampling.top_p(), _PENALTY, max_tokens, _STOP)
    own = model.id.lower().startswith("ernie")
    temperature = sampling.temperature(0.01, 1 if own else 2, sampling.AS_MODEL)
    max_tokens = sampling.max_tokens(low=2, unset=sampling.AS_MODEL)
    return (temperature, sampling.top_p(), max_tokens, _PENALTY if own else sampling.repetition(), *_FURTHER, _STOP)


_PENALTY = Parameter("penalty_score", "penalty", ParameterKind.NUMBER, 1, 2, "1", "Higher: fewer repeated words.")
_STOP = sampling.stop(", 20 letters each")
_FURTHER = (sampling.presence(), sampling.frequency(), sampling.seed())


PROVIDER = Provider(
    id=_ID,
    label=_LABEL,
    sort_order=50,
    supply=Supply.OWN,
    import_mode=ImportMode.BOTH,
    model_id=Field("model", "Model", pattern=NO_DOT_SEGMENTS, pattern_help=DOT_SEGMENTS_HELP),
    fields=(
        Field(
            "api_key",
            "API key",
            "From the Qianfan console, where it begins with bce-v3/.",
            secret=True,
            required=True,
            env=("QIANFAN_API_KEY", "QIANFAN_BEARER_TOKEN"),
            prefixes=(Choice("bce-v3/", "Qianfan API key"),),
            auth_method=_BEARER,
        ),
        Field(
            "legacy_api_key",
            "API key of the application",
            f"24 letters and digits, for gateways that serve the older form. From {_PAIR_PAGE}",
            secret=True,
            required=True,
            env=("QIANFAN_AK", "ERNIE_CLIENT_ID"),
            auth_method=_PAIR,
        ),
        Field(
            "legacy_secret_key",
            "Secret key of the application",
            "32 letters and digits, shown beside the API key.",
            secret=True,
            required=True,
            env=("QIANFAN_SK", "ERNIE_CLIENT_SECRET"),
            auth_method=_PAIR,
        ),
        Field(
            "app_id",
            "Application ID",
            "Only to count the use for one application; begins with app-.",
            advanced=True,
        ),
        Field(
            "base_url",
            "Base URL",
            "Only for a region, such as https://qianfan.bj.baidubce.com/v2, or for a gateway.",
            default="https://qianfan.baidubce.com/v2",
            env=("QIANFAN_BASE_URL",),
            advanced=True,
            url=True,
            strip_suffixes=(*openai_api.ENDINGS, workshop.PATH, workshop.EXCHANGE),
        ),
    ),
    sign=sign,
    origins=origins,
    verify=listing,
    parse_error=qianfan.parse_error,
    key_page="https://console.bce.baidu.com/iam/#/iam/apikey/list",
    docs=(
        "https://cloud.baidu.com/doc/qianfan-api/s/3m7of64lb",
        "https://cloud.baidu.com/doc/qianfan/s/rmh4stp0j",
        "https://cloud.baidu.com/doc/qianfan/s/rmse4vxp8",
    ),
    list_models=listing,
    infer_model_type=models.kind_by(_classify),
    chat=chat,
    embed=embed,
    describe_error=partial(qianfan_errors.describe_error, _LABEL),
    repair_request=repair_request,
    parameters=parameters,
    attachments=attachment_limits,
    catalogue=_CATALOGUE,
    catalogue_as_of="2026-11-22",
    token=token,
    stale_token=frozenset({"110", "111"}),
    proposed={
        ModelType.CHAT: ("ernie-5.0", "ernie-4.5-turbo-128k", "ernie-4.5-turbo-32k"),
        ModelType.EMBEDDING: ("bge-large-zh", "embedding-v1"),
    },
)
