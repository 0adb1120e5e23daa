"""Tongyi: the Qwen models of Alibaba Cloud's Model Studio (DashScope), in its OpenAI-compatible mode.

Facts as of 2026-11-22 (Model Studio reference: OpenAI compatibility, models, text embedding, Qwen-ASR, error codes).
A key belongs to one region, and works at that region's address only.
"""

import re
from collections.abc import Mapping
from typing import Any

from tui.domain import ImportMode, Model, ModelType, Supply
from tui.errors import Problem
from tui.providers.dialects import attachments, error_codes, sampling
from tui.providers.dialects.error_frames import with_error_check
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import chat as openai_chat
from tui.providers.dialects.openai import embeddings, errors, models
from tui.providers.origins import base_url_origin, with_path
from tui.providers.requests import ApiError, Call, ChatRequest, EmbeddingRequest, TranscriptionRequest
from tui.providers.spec import (
    AttachmentLimits,
    AudioLimits,
    Choice,
    Field,
    FieldValues,
    Parameter,
    ParameterKind,
    Provider,
)
from tui.providers.tongyi import dashscope
from tui.secret import Secret

_ID, _LABEL = "tongyi", "Tongyi"
_PATH = "/compatible-mode/v1"
_KEY_PAGE = "https://bailian.console.aliyun.com/?apiKey=1#/api-key"
_REGIONS = (
    Choice(f"https://dashscope.aliyuncs.com{_PATH}", "mainland China (Beijing)"),
    Choice(f"https://dashscope-intl.aliyuncs.com{_PATH}", "international (Singapore)"),
    Choice(f"https://dashscope-us.aliyuncs.com{_PATH}", "US (Virginia)"),
    Choice(f"https://cn-hongkong.dashscope.aliyuncs.com{_PATH}", "Hong Kong"),
)

# Base64 adds a third, and a request takes 10 MB.
_AUDIO_LIMITS = AudioLimits(("aac", "flac", "m4a", "mp3", "mp4", "mpeg", "ogg", "opus", "wav", "webm"), 7 * 1024 * 1024)

# Model Studio guide, visual understanding: 10 MB of base64, sides of more than 10 pixels.
_IMAGES = AttachmentLimits(
    source="https://help.aliyun.com/en/model-studio/vision",
    images=(attachments.PNG, attachments.JPEG, attachments.WEBP),
    size=7 * attachments.MEGABYTE,
    min_side=11,
)
_VISION = r"-vl(-|$)|qvq|omni|qwen3\.[5-9]-(plus|flash|\d+b)|kimi/?.*k2\.[5-9]"
_TEXT_ONLY = r"qwen-(max|plus|turbo|flash|long|math|coder|mt)|qwen3(\.[0-7])?-(max|coder|\d+b)|qwq|deepseek|glm-[45]"

_EMBEDDING = r"text-embedding-|.*-text-embedding(-|$)"
_SPEECH = r"qwen3-asr-flash(?!.*(filetrans|realtime))"
_OTHER = r"embedding|rerank|-asr|paraformer|sensevoice|-tts|cosyvoice|sambert|wanx|^wan\d|-image|realtime|livetranslate"
_SIZES = (("text-embedding-v1 text-embedding-v2", 1536, 25), ("text-embedding-v3 text-embedding-v4", 1024, 10))
_DIMENSIONS = {name: size for names, size, _ in _SIZES for name in names.split()} | {"qwen3.7-text-embedding": 1024}
_BATCH = {name: most for names, _, most in _SIZES for name in names.split()} | {"qwen3.7-text-embedding": 20}

# Ids by what they can take, in tokens; 0 where the documents do not say.
_KNOWN = {
    10_000_000: "qwen-long",
    1_048_576: "deepseek-v4-pro deepseek-v4-flash",
    1_000_000: "qwen3.8-max qwen3.7-max qwen3.7-plus qwen3.6-plus qwen3.6-flash qwen3.5-plus qwen3.5-flash qwen-plus"
    " qwen-plus-latest qwen-flash qwen3-coder-flash glm-5.2",
    262_144: "kimi-k2.5",
    204_800: "MiniMax-M2.5",
    202_752: "glm-5.1 glm-5",
    128_000: "qwen3.7-text-embedding",
    8192: "text-embedding-v3 text-embedding-v4",
    2048: "text-embedding-v1 text-embedding-v2",
    0: "qwen3.8-flash qwen3.8-omni-flash qwen3-asr-flash",
}
_CONTEXT = {name: size for size, names in _KNOWN.items() for name in names.split()}


def _model(model_id: str) -> Model | None:
    name = model_id.lower()
    kind = (
        ModelType.EMBEDDING
        if re.match(_EMBEDDING, name)
        else ModelType.SPEECH2TEXT
        if re.match(_SPEECH, name)
        else None
        if re.search(_OTHER, name)
        else ModelType.CHAT
    )
    if kind is None:
        return None
    return Model(_ID, model_id, kind, context=_CONTEXT.get(model_id, 0), dimensions=_DIMENSIONS.get(model_id, 0))


def _classify(entry: Mapping[str, Any]) -> Model | None:
    return _model(entry["id"])


_CATALOGUE = tuple(model for name in _CONTEXT if (model := _model(name)))

_FLAVOUR = openai_api.Flavour(
    _classify, max_tokens_field="max_tokens", vectors="float", batch=lambda model: _BATCH.get(model.id, 10)
)


def _at(fields: FieldValues) -> FieldValues:
    return {**fields, "base_url": with_path(fields["base_url"], _PATH)}


def sign(call: Call, fields: FieldValues, secrets: Mapping[str, Secret], now: float) -> Call:
    """Return a bearer key, and the workspace in a header of its own."""
    signed = openai_api.sign(call, fields, secrets, now)
    workspace = fields.get("workspace_id")
    return signed.with_headers({"x-dashscope-workspace": workspace}) if workspace else signed


def regions(fields: FieldValues) -> tuple[FieldValues, ...]:
    """Return the other regions, if the address is one of them; an address of somebody's own is the only one."""
    here, known = _at(fields)["base_url"], [region.value for region in _REGIONS]
    return tuple({**fields, "base_url": url} for url in known if url != here) if here in known else ()


def listing(fields: FieldValues) -> Call:
    """Return the models, which only a good key is shown."""
    return with_error_check(models.listing(_FLAVOUR, _at(fields)), dashscope.refused_in)


def chat(fields: FieldValues, request: ChatRequest) -> Call:
    """Return the chat request."""
    return with_error_check(
        openai_chat.chat(_FLAVOUR, _at(fields), dashscope.with_thinking_parameter(request)), dashscope.refused_in
    )


def embed(fields: FieldValues, request: EmbeddingRequest) -> Call:
    """Return the embedding request."""
    return with_error_check(embeddings.embed(_FLAVOUR, _at(fields), request), dashscope.refused_in)


def transcribe(fields: FieldValues, request: TranscriptionRequest) -> Call:
    """Return the transcription request."""
    return with_error_check(dashscope.transcribe(_at(fields), request), dashscope.refused_in)


def repair_request(call: Call, refused: ApiError) -> tuple[Call, str] | None:
    """Return the request to send instead of a rejected one, and a sentence for the user.

    A chat instead of a listing that the address does not have; streamed, or without the rejected field.
    """
    base, separator, _ = call.url.partition("/models")
    if separator and refused.status in (404, 405):
        probe = with_error_check(dashscope.probe({"base_url": base}, _CATALOGUE), dashscope.refused_in)
        return probe, "This address lists no models. A chat of one word verifies the key."
    return dashscope.as_stream(call, refused) or errors.repair_request(call, refused)


def attachment_limits(model: Model) -> AttachmentLimits | None:
    """Return the images that a model takes."""
    name = model.id.lower()
    has_vision = True if re.search(_VISION, name) else False if re.match(_TEXT_ONLY, name) else None
    return attachments.limits_of(model, _IMAGES, has_vision)


def parameters(model: Model) -> tuple[Parameter, ...]:
    """Return the parameters that a chat model takes; the switch of thinking only where there is one."""
    if model.type is not ModelType.CHAT:
        return ()
    return (*_SAMPLING, *(_THINKING if dashscope.thinks_by_choice(model) else ()))


_SAMPLING = (
    sampling.temperature(high=1.99),
    sampling.top_p(low=0.01),
    sampling.max_tokens(thinks=True),
    sampling.presence("0"),
    sampling.seed(0),
    sampling.stop(),
)
_THINKING = (
    Parameter(
        "enable_thinking",
        "thinking",
        ParameterKind.CHOICE,
        unset="model default",
        help="Whether it thinks before it answers. In an answer of one piece it is off unless switched on.",
        choices=("on", "off"),
    ),
    Parameter("thinking_budget", "thinking budget", ParameterKind.WHOLE, 1, help="The most tokens spent on thinking."),
)

_CONTEXT_ERROR = r"(?i)range of input length"


def describe_error(refused: ApiError, model: str) -> Problem | None:
    """Return an error in words, by its code (Model Studio reference); only a 401 is about the key itself."""
    if problem := error_codes.lookup(_ID, dashscope.word(refused)).to_problem(_LABEL, model):
        return problem
    if re.search(_CONTEXT_ERROR, refused.message):
        return Problem(
            f"This is longer than {model or 'the model'} can take.", "Shorten the text, or start a new chat."
        )
    return errors.describe_error(_LABEL, refused, model)


PROVIDER = Provider(
    id=_ID,
    label=_LABEL,
    sort_order=60,
    supply=Supply.OWN,
    import_mode=ImportMode.BOTH,
    fields=(
        Field(
            "api_key",
            "API key",
            "It starts with sk-. Create international ones at https://modelstudio.console.alibabacloud.com.",
            secret=True,
            required=True,
            env=("DASHSCOPE_API_KEY", "ALIBABA_API_KEY"),
            prefixes=(
                Choice("sk-sp-", "plan key, which works at its plan's own address only"),
                Choice("sk-", "Model Studio key"),
            ),
        ),
        Field(
            "base_url",
            "Base URL",
            "The URL of the region where the key was created; also https://WORKSPACE.REGION.maas.aliyuncs.com.",
            default=_REGIONS[0].value,
            choices=_REGIONS,
            env=(
                "DASHSCOPE_COMPATIBLE_BASE_URL",
                "DASHSCOPE_BASE_URL",
                "DASHSCOPE_HTTP_BASE_URL",
                "DASHSCOPE_API_BASE",
            ),
            advanced=True,
            url=True,
            strip_suffixes=(*openai_api.ENDINGS, "/api/v1", "/apps/anthropic", "/apps/anthropic/v1/messages"),
        ),
        Field(
            "workspace_id",
            "Workspace",
            "Only to call in another workspace than the key's own.",
            env=("DASHSCOPE_WORKSPACE", "DASHSCOPE_WORKSPACE_ID"),
            advanced=True,
        ),
    ),
    sign=sign,
    origins=base_url_origin,
    verify=listing,
    parse_error=dashscope.parse_error,
    key_page=_KEY_PAGE,
    docs=(
        "https://help.aliyun.com/en/model-studio/compatibility-of-openai-with-dashscope",
        "https://help.aliyun.com/en/model-studio/error-code",
    ),
    list_models=listing,
    infer_model_type=models.kind_by(_classify),
    chat=chat,
    embed=embed,
    transcribe=transcribe,
    describe_error=describe_error,
    repair_request=repair_request,
    parameters=parameters,
    audio=lambda model: _AUDIO_LIMITS,
    attachments=attachment_limits,
    catalogue=_CATALOGUE,
    catalogue_as_of="2026-11-22",
    regions=regions,
    proposed={
        ModelType.CHAT: ("qwen3.8-max", "qwen3.7-plus", "qwen3.6-plus", "qwen-plus"),
        ModelType.EMBEDDING: ("text-embedding-v4", "text-embedding-v3"),
        ModelType.SPEECH2TEXT: ("qwen3-asr-flash",),
    },
)
