"""iFLYTEK Spark (讯飞星火). Facts as of 2026-11-22.

An APIPassword opens chats by HTTP; APPID, APIKey and APISecret open chats over a WebSocket, embeddings and voice
dictation. Whoever has both is best served by HTTP in chats. Nothing lists models, and quotas belong to one version.
"""

from collections.abc import Mapping
from functools import partial

from tui.domain import ImportMode, Model, ModelType, Supply
from tui.errors import UsageError
from tui.providers.dialects import attachments, sampling
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import errors as openai_errors
from tui.providers.origins import origin_of
from tui.providers.requests import Call, ChatRequest, EmbeddingRequest, TranscriptionRequest
from tui.providers.spark import api, audio, embeddings, errors, websocket
from tui.providers.spark.api import Version
from tui.providers.spec import AttachmentLimits, Field, FieldValues, Parameter, Provider
from tui.secret import Secret

_ID, _LABEL = "spark", "iFLYTEK Spark"
_PASSWORD, _TRIPLE = "APIPassword", "APPID, APIKey and APISecret"
_PROBE_MODEL = "Spark Lite"
_VECTORS, _SPEECH = "spark-embedding", "iat"

# Ids of our own where one name on the wire means different products under different paths. Names that are not here
# (lite, and those of fine-tuned models behind a base URL of their own) go where the first version was.
_VERSIONS = {
    "generalv3": Version("/v1", "generalv3", "/v3.1/chat", "generalv3"),
    "pro-128k": Version("/v1", "pro-128k", "/chat/pro-128k", "pro-128k"),
    "generalv3.5": Version("/v1", "generalv3.5", "/v3.5/chat", "generalv3.5"),
    "max-32k": Version("/v1", "max-32k", "/chat/max-32k", "max-32k"),
    "4.0Ultra": Version("/v1", "4.0Ultra", "/v4.0/chat", "4.0Ultra"),
    "spark-x1.5": Version("/v2", "spark-x", "/v1/x1", "spark-x"),
    "spark-x2": Version("/x2", "spark-x"),
    "spark-x2-flash": Version("/agent/v1", "spark-x"),
}
# Models of image understanding, to be added by name: they have a host of their own.
_VISION = {
    "imagev3": Version("", "", "/v2.1/image", "imagev3", websocket.IMAGES_HOST),
    "image": Version("", "", "/v2.1/image", "general", websocket.IMAGES_HOST),
}
_IMAGES = AttachmentLimits(
    source="https://www.xfyun.cn/doc/spark/ImageUnderstanding.html",
    images=(attachments.PNG, attachments.JPEG),
    size=4 * attachments.MEGABYTE,
    count=1,
)
# Names of 2023 and 2024 that clients still hold.
_OLD_NAMES = {"spark": "lite", "general": "lite", "x1": "spark-x1.5"}

# Tokens that a version takes; 0 where the documents do not say.
_CONTEXT = {
    "lite": 8_000,
    "generalv3": 8_000,
    "pro-128k": 128_000,
    "generalv3.5": 8_000,
    "max-32k": 32_000,
    "4.0Ultra": 8_000,
    "spark-x1.5": 64_000,
    "spark-x2": 0,
    "spark-x2-flash": 256_000,
}
_THINKING = frozenset({"spark-x1.5", "spark-x2", "spark-x2-flash"})
_SHORT = frozenset({"lite", "pro-128k"})

_CATALOGUE = (
    *(Model(_ID, name, ModelType.CHAT, context=size) for name, size in _CONTEXT.items()),
    Model(_ID, _VECTORS, ModelType.EMBEDDING, context=2_000, dimensions=2560),
    Model(_ID, _SPEECH, ModelType.SPEECH2TEXT),
)


def _known_domain(model: Model) -> str:
    return _OLD_NAMES.get(model.id, model.id)


def _by_password(fields: FieldValues) -> bool:
    """Return True if chats go by HTTP: with the APIPassword, or with nothing yet."""
    return bool(fields.get("api_password")) or not fields.get("api_key")


def _require_signing(fields: FieldValues, what: str) -> FieldValues:
    """Return the fields where they can sign."""
    if not (fields.get("app_id") and fields.get("api_key") and fields.get("api_secret")):
        raise UsageError(f"{what} of {_LABEL} need {_TRIPLE}; the APIPassword is for chats.", "Set them up as well.")
    return fields


def sign(call: Call, fields: FieldValues, secrets: Mapping[str, Secret], now: float) -> Call:
    """Sign the request, see `api.sign`."""
    return api.sign(call, secrets, now)


def origins(fields: FieldValues) -> tuple[str, ...]:
    """Return the host of chats by HTTP, and those of the signed calls, as far as what is filled in goes there."""
    signed = [websocket.HOST, embeddings.HOST, audio.HOST] if fields.get("api_key") else []
    urls = [api.at(fields, api.HTTP, "")] if _by_password(fields) else []
    return tuple(dict.fromkeys(map(origin_of, [*urls, *(api.at(fields, host, "") for host in signed)])))


def verify(fields: FieldValues) -> Call:
    """Return the handshake, which costs nothing, and a chat of one token: each for what is filled in."""
    probe = api.probe(fields) if _by_password(fields) else None
    return websocket.handshake(fields, probe) if fields.get("api_key") or probe is None else probe


def chat(fields: FieldValues, request: ChatRequest) -> Call:
    """Return the chat request: over HTTP with an APIPassword, else over a WebSocket."""
    known = _known_domain(request.model)
    if known in _VISION:
        return websocket.chat(_require_signing(fields, "Chats with images"), _VISION[known], request)
    version = _VERSIONS.get(known) or Version("/v1", known, "/v1.1/chat", known)
    if _by_password(fields):
        return api.chat(fields, version, request)
    if not version.socket:
        raise UsageError(f"{request.model.id} is served by HTTP only.", "Enter the APIPassword as well.")
    return websocket.chat(_require_signing(fields, "Chats over a WebSocket"), version, request)


def embed(fields: FieldValues, request: EmbeddingRequest) -> Call:
    """Return the embedding request, which needs APIKey and APISecret."""
    return embeddings.embed(_require_signing(fields, "Embeddings"), request)


def transcribe(fields: FieldValues, request: TranscriptionRequest) -> Call:
    """Return the transcription request, which needs APIKey and APISecret."""
    return audio.transcribe(_require_signing(fields, "Transcripts"), request)


def attachment_limits(model: Model) -> AttachmentLimits | None:
    """Return the images that a model takes: one, with the models of image understanding."""
    return _IMAGES if model.id in _VISION else None


def model_origins(fields: FieldValues, model: Model) -> tuple[str, ...]:
    """Return the host of image understanding for its models."""
    return (origin_of(api.at(fields, websocket.IMAGES_HOST, "")),) if model.id in _VISION else ()


def parameters(model: Model) -> tuple[Parameter, ...]:
    """Return the parameters that a chat model takes; the thinking ones take more than the others."""
    if model.type is not ModelType.CHAT:
        return ()
    if _known_domain(model) in _THINKING:
        max_tokens = sampling.max_tokens(high=65_535, unset=sampling.AS_MODEL)
        penalties = (sampling.presence(), sampling.frequency())
        return (sampling.temperature(unset=sampling.AS_MODEL), sampling.top_p(), max_tokens, *penalties)
    max_tokens = sampling.max_tokens(high=4096 if _known_domain(model) in _SHORT else 8192, unset=sampling.AS_MODEL)
    return (sampling.temperature(0.01, 1, sampling.AS_MODEL), sampling.top_k(1, 6, "4"), max_tokens)


PROVIDER = Provider(
    id=_ID,
    label=_LABEL,
    sort_order=40,
    supply=Supply.OWN,
    import_mode=ImportMode.BOTH,
    fields=(
        Field(
            "api_password",
            "APIPassword",
            "For chats by HTTP: in the HTTP box of the version's page in the console.",
            secret=True,
            required=True,
            env=("SPARK_API_PASSWORD", "IFLYTEK_API_KEY"),
            auth_method=_PASSWORD,
        ),
        Field(
            "app_id",
            "APPID",
            "8 characters. With APIKey and APISecret it opens embeddings and voice dictation, and chats as well.",
            required=True,
            env=("IFLYTEK_SPARK_APP_ID", "SPARK_APP_ID", "SPARKAI_APP_ID", "XFYUN_APPID"),
            auth_method=_TRIPLE,
        ),
        Field(
            "api_key",
            "APIKey",
            "32 characters, digits and a to f. Not to be swapped with the APISecret.",
            secret=True,
            required=True,
            env=("IFLYTEK_SPARK_API_KEY", "SPARK_API_KEY", "SPARKAI_API_KEY", "XFYUN_API_KEY"),
            auth_method=_TRIPLE,
        ),
        Field(
            "api_secret",
            "APISecret",
            "32 letters and digits, shown beside the APIKey.",
            secret=True,
            required=True,
            env=("IFLYTEK_SPARK_API_SECRET", "SPARK_API_SECRET", "SPARKAI_API_SECRET", "XFYUN_API_SECRET"),
            auth_method=_TRIPLE,
        ),
        Field(
            "base_url",
            "Base URL",
            "Another one for a gateway, which then serves every call. Without the path of a version.",
            default=api.HTTP,
            env=("IFLYTEK_API_BASE",),
            advanced=True,
            url=True,
            strip_suffixes=(
                *(path + ending for path in api.PATHS for ending in ("", "/chat/completions")),
                *openai_api.ENDINGS,
            ),
        ),
    ),
    sign=sign,
    origins=origins,
    verify=verify,
    check_is_billed=lambda fields: _by_password(fields),
    parse_error=api.parse_error,
    key_page="https://console.xfyun.cn/services/cbm",
    docs=(
        "https://www.xfyun.cn/doc/spark/Web.html",
        "https://www.xfyun.cn/doc/spark/general_url_authentication.html",
        "https://www.xfyun.cn/doc/spark/Embedding_new_api.html",
        "https://www.xfyun.cn/doc/asr/voicedictation/API.html",
    ),
    chat=chat,
    distinguishes_queries=True,
    embed=embed,
    transcribe=transcribe,
    describe_error=partial(errors.describe_error, _LABEL, _PROBE_MODEL),
    repair_request=openai_errors.repair_request,
    parameters=parameters,
    attachments=attachment_limits,
    model_origins=model_origins,
    audio=audio.audio,
    catalogue=_CATALOGUE,
    catalogue_as_of="2026-11-22",
    proposed={
        ModelType.CHAT: ("4.0Ultra", "spark-x1.5", "lite"),
        ModelType.EMBEDDING: (_VECTORS,),
        ModelType.SPEECH2TEXT: (_SPEECH,),
    },
    exclusive_auth_methods=False,
)
