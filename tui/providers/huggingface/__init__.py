"""Hugging Face: hosted models, by partners too, and Inference Endpoints. Models are added one by one.

Hub documentation, Inference Providers; Inference Endpoints documentation. How a model is called is told by its fields:
`engine` is what serves it, found out when it is added, and `served_as` its name there where that is another one.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from tui.domain import ImportMode, Model, ModelType, Supply
from tui.errors import UsageError
from tui.providers.dialects import attachments, sampling
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import audio as openai_audio
from tui.providers.dialects.openai import chat, embeddings
from tui.providers.huggingface import audio, endpoint_check, endpoints, errors, hub, search, tei, tgi
from tui.providers.origins import origin_of
from tui.providers.requests import Call, ChatRequest, EmbeddingRequest, TranscriptionRequest
from tui.providers.spec import (
    DOT_SEGMENTS_HELP,
    NO_DOT_SEGMENTS,
    AttachmentLimits,
    Choice,
    Field,
    FieldValues,
    Parameter,
    Provider,
)
from tui.secret import Secret

_ID, _LABEL = "huggingface", "Hugging Face"
_URLS = ("hub_url", "router_url", "endpoints_url")
_FLAVOUR = openai_api.Flavour(lambda entry: None, max_tokens_field="max_tokens", vectors="float")


def _engine(model: Model) -> str:
    """Return what serves a model; before it was found out, what most often does."""
    if model.fields.get("engine"):
        return model.fields["engine"]
    text = hub.task_of(model) == hub.TEXT
    if model.fields.get("endpoint_type") == hub.ENDPOINT:
        return endpoints.OPENAI if text else endpoints.TOOLKIT
    return hub.ROUTER if text else hub.SERVERLESS


def _model_address(fields: FieldValues, model: Model) -> tuple[str, Mapping[str, str]]:
    """Return the address of a model on Hugging Face's own wires, and the headers that it wants."""
    if model.fields.get("endpoint_type") == hub.ENDPOINT:
        return endpoints.url_of(model), endpoints.WAIT_HEADERS
    return hub.at(fields["router_url"], f"/hf-inference/models/{quote(model.id)}"), {}


def _openai(fields: FieldValues, model: Model) -> tuple[FieldValues, Model, Mapping[str, str]] | None:
    """Return base URL, model and headers for an OpenAI-compatible API; None for another API."""
    named = replace(model, id=model.fields.get("served_as") or model.id)
    engine = _engine(model)
    if model.fields.get("endpoint_type") == hub.ENDPOINT:
        text = hub.task_of(model) == hub.TEXT
        if engine == endpoints.OPENAI or (engine == endpoints.TGI and text):
            return {"base_url": hub.at(endpoints.url_of(model), "/v1")}, named, endpoints.WAIT_HEADERS
        return None
    if engine == hub.ROUTER:
        return {"base_url": hub.at(fields["router_url"], "/v1")}, named, {}
    path = hub.PARTNERS.get(hub.task_of(model), {}).get(engine)
    if path is None:
        return None
    return {"base_url": hub.at(fields["router_url"], path)}, replace(named, completion=named.type is ModelType.CHAT), {}


def _chat(fields: FieldValues, request: ChatRequest) -> Call:
    if openai := _openai(fields, request.model):
        base, model, headers = openai
        within = request.parameters if _engine(request.model) != endpoints.TGI else _clamp(request.parameters)
        ask = replace(request, model=model, parameters=within)
        if _engine(request.model) == endpoints.TGI:
            ask = tgi.with_grammar(ask, "response_format")
        return chat.chat(_FLAVOUR, base, ask).with_headers(headers)
    url, headers = _model_address(fields, request.model)
    server = {endpoints.TGI: tgi.TGI, hub.SERVERLESS: tgi.SERVERLESS}.get(_engine(request.model), tgi.TOOLKIT)
    return tgi.generate(server, url, request, hub.task_of(request.model) == hub.TEXT).with_headers(headers)


def _clamp(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters inside the bounds of TGI, which rejects the bounds themselves."""
    off = {"temperature": parameters.get("temperature") == 0, "top_p": not 0 < parameters.get("top_p", 1) < 1}
    return {name: value for name, value in parameters.items() if not off.get(name)}


def _embed(fields: FieldValues, request: EmbeddingRequest) -> Call:
    if openai := _openai(fields, request.model):
        base, model, headers = openai
        return embeddings.embed(_FLAVOUR, base, replace(request, model=model)).with_headers(headers)
    url, headers = _model_address(fields, request.model)
    if request.model.fields.get("endpoint_type") != hub.ENDPOINT:
        return tei.embed(f"{url}/pipeline/feature-extraction", request)
    if _engine(request.model) == endpoints.TEI:
        return tei.embed(f"{url}/embed", request, {"normalize": True, "truncate": True}, headers)
    return tei.embed(url, request, headers=headers)


def _transcribe(fields: FieldValues, request: TranscriptionRequest) -> Call:
    if openai := _openai(fields, request.model):
        base, model, headers = openai
        return openai_audio.transcribe(base, replace(request, model=model)).with_headers(headers)
    url, headers = _model_address(fields, request.model)
    return audio.transcribe(url, request).with_headers(headers)


def _sign(call: Call, fields: FieldValues, secrets: Mapping[str, Secret], now: float) -> Call:
    """Add `Authorization: Bearer`, and on the router who is billed.

    Source: Hugging Face documentation, Inference Providers, billing.
    """
    headers: dict[str, str | Secret] = {}
    if token := secrets.get("api_token"):
        headers["authorization"] = Secret(f"Bearer {token.reveal()}")
    if fields.get("bill_to") and origin_of(call.url) == origin_of(fields["router_url"]):
        headers["x-hf-bill-to"] = fields["bill_to"]
    return call.with_headers(headers)


def _origins(fields: FieldValues) -> tuple[str, ...]:
    return tuple(dict.fromkeys(origin_of(fields[name]) for name in _URLS))


def _model_origins(fields: FieldValues, model: Model) -> tuple[str, ...]:
    if model.fields.get("endpoint_type") != hub.ENDPOINT or not model.fields.get("endpoint_url"):
        return ()
    return (origin_of(endpoints.url_of(model)),)


def _check_model(fields: FieldValues, model: Model) -> Call:
    if hub.TASKS.get(task := hub.task_of(model)) is not model.type:
        raise UsageError(
            f"{task} is no task of {model.type.label} models.", "Choose the task and the type that belong together."
        )
    look: Callable[[FieldValues, Model], Call] = hub.check
    if model.fields.get("endpoint_type") == hub.ENDPOINT:
        look = endpoint_check.check
    return look(fields, model)


# --- parameters -------------------------------------------------------------------------------------------------------


_IMAGES = AttachmentLimits(
    source="https://huggingface.co/docs/inference-providers/tasks/image-text-to-text", images=attachments.IMAGES
)


def attachment_limits(model: Model) -> AttachmentLimits | None:
    """Return the images that a model takes, where it is served by a chat API."""
    if not _speaks_openai(model):
        return None
    return attachments.limits_of(model, _IMAGES, attachments.vision_by_name(model.id))


def _speaks_openai(model: Model) -> bool:
    placed = replace(model, fields={**model.fields, "endpoint_url": "https://x"})
    return _openai(dict.fromkeys(_URLS, ""), placed) is not None


def parameters(model: Model) -> tuple[Parameter, ...]:
    """Return the parameters that a chat model takes, by the wire that it speaks."""
    if model.type is not ModelType.CHAT:
        return ()
    if _speaks_openai(model):
        max_tokens = sampling.max_tokens(high=model.context or None)
        return (*_SAMPLING, max_tokens, sampling.presence("0"), sampling.frequency("0"), *_FURTHER)
    max_tokens = sampling.max_tokens("max_new_tokens", high=model.context or None, unset=str(tgi.NEW_TOKENS))
    return (*_SAMPLING, *_NATIVE, max_tokens, *_FURTHER)


_SAMPLING = (sampling.temperature(unset="1"), sampling.top_p(unset="1"))
_NATIVE = (sampling.top_k(unset="0"), sampling.repetition(0.1, 2, "1"))
_FURTHER = (sampling.seed(0), sampling.stop())

_ON_ENDPOINT = ("endpoint_type", hub.ENDPOINT)

PROVIDER = Provider(
    id=_ID,
    label=_LABEL,
    sort_order=10,
    supply=Supply.HOSTING,
    import_mode=ImportMode.ADDED,
    fields=(
        Field(
            "api_token",
            "API token",
            "Starts with hf_. It needs permission to call Inference Providers, or your endpoints.",
            secret=True,
            required=True,
            env=("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACEHUB_API_TOKEN"),
            prefixes=(Choice("hf_", "Hugging Face token"),),
        ),
        Field(
            "bill_to",
            "Bill to",
            "An organization with a paid plan that pays for hosted models.",
            pattern=r"[A-Za-z0-9][A-Za-z0-9._-]*",
            pattern_help="This is the organization's name as in its address on huggingface.co.",
            advanced=True,
        ),
        Field(
            "hub_url",
            "Hub URL",
            "Another one only for a mirror.",
            default="https://huggingface.co",
            env=("HF_ENDPOINT",),
            advanced=True,
            url=True,
            strip_suffixes=("/api", "/api/models"),
        ),
        Field(
            "router_url",
            "Router URL",
            "Where hosted models are called.",
            default="https://router.huggingface.co",
            advanced=True,
            url=True,
            strip_suffixes=("/v1", "/v1/chat/completions", "/hf-inference"),
        ),
        Field(
            "endpoints_url",
            "Endpoints URL",
            "Where Inference Endpoints are listed.",
            default="https://api.endpoints.huggingface.cloud/v2",
            advanced=True,
            url=True,
            strip_suffixes=("/endpoint",),
        ),
    ),
    sign=_sign,
    origins=_origins,
    model_origins=_model_origins,
    host_suffixes=("endpoints.huggingface.cloud",),
    verify=hub.whoami,
    parse_error=errors.parse_error,
    key_page="https://huggingface.co/settings/tokens",
    docs=("https://huggingface.co/docs/inference-providers", "https://huggingface.co/docs/inference-endpoints"),
    model_id=Field(
        "model",
        "Model",
        "Served means that Hugging Face or a partner runs it for you; the others need an endpoint.",
        pattern=NO_DOT_SEGMENTS,
        pattern_help=DOT_SEGMENTS_HELP,
    ),
    model_fields=(
        Field(
            "endpoint_type",
            "Endpoint type",
            "Hosted is free for few models, within a small monthly credit; an endpoint is a machine of your own, paid"
            " by the hour.",
            default=hub.HOSTED,
            choices=(Choice(hub.HOSTED, "Hosted Inference API"), Choice(hub.ENDPOINT, "Inference Endpoint")),
        ),
        Field(
            "task",
            "Task",
            choices=(
                Choice(hub.TEXT, "text generation", ModelType.CHAT),
                Choice(hub.TEXT2TEXT, "text to text", ModelType.CHAT),
                Choice(hub.VECTORS, "embedding", ModelType.EMBEDDING),
                Choice(hub.SPEECH, "speech-to-text", ModelType.SPEECH2TEXT),
            ),
        ),
        Field(
            "namespace",
            "User or org.",
            "Whose endpoint it is. For embedding the model must be the one deployed; for text any name will do.",
            pattern=r"[A-Za-z0-9][A-Za-z0-9._-]*",
            pattern_help="This is the name as in its address on huggingface.co.",
            visible_when=_ON_ENDPOINT,
        ),
        Field(
            "endpoint_url",
            "Endpoint URL",
            "From its page at endpoints.huggingface.co.",
            url=True,
            strip_suffixes=endpoints.ENDINGS,
            visible_when=_ON_ENDPOINT,
        ),
    ),
    chat=_chat,
    embed=_embed,
    transcribe=_transcribe,
    describe_error=partial(errors.describe_error, _LABEL),
    repair_request=errors.repair_request,
    parameters=parameters,
    attachments=attachment_limits,
    audio=audio.audio,
    after_saving="Add the models that you use: hosted ones by name, endpoints by their URL.",
    search=search.search,
    field_options={"namespace": hub.namespaces, "endpoint_url": endpoints.list_endpoints},
    inspect_model=_check_model,
)
