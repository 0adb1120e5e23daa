"""Any OpenAI-compatible server: Ollama, llama.cpp, vLLM, LM Studio, gateways."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tui.domain import ImportMode, Model, ModelType, Supply
from tui.providers.dialects import attachments, sampling
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import audio, chat, embeddings, errors, models
from tui.providers.origins import base_url_origin
from tui.providers.spec import AttachmentLimits, AudioLimits, Field, LocalServer, Parameter, Provider

_ID, _LABEL = "openai_compatible", "OpenAI-compatible"
_MAX_RECORDING = 1 << 30
"""Bytes of a recording; whose server it is knows its own limit."""

_PRICES = ("prompt", "completion", "input_cache_read", "input_cache_write", "internal_reasoning", "audio")
_CONTEXT = ("max_model_len", "context_length", "context_window", "max_context_length")


def _classify(entry: Mapping[str, Any]) -> Model | None:
    kind = models.classify_by_name(entry["id"])
    if kind is None:
        return None
    price = _price(entry)
    return Model(
        _ID,
        entry["id"],
        kind[0],
        context=_context(entry),
        completion=kind[1],
        price=price,
        inputs=_inputs(entry) if kind[0] is ModelType.CHAT else (),
    )


def _context(entry: Mapping[str, Any]) -> int:
    # llama.cpp tells it under `meta`.
    meta = entry.get("meta")
    trained = meta.get("n_ctx_train") if isinstance(meta, dict) else 0
    return next((size for name in _CONTEXT if (size := openai_api.number(entry.get(name)))), openai_api.number(trained))


def _inputs(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a list says that a model takes (API references: OpenRouter, models; Mistral AI, models)."""
    architecture, capabilities = entry.get("architecture"), entry.get("capabilities")
    listed = architecture.get("input_modalities") if isinstance(architecture, dict) else None
    if isinstance(listed, list):
        return tuple(name for name in listed[:10] if isinstance(name, str) and len(name) < 20)
    has_vision = capabilities.get("vision") if isinstance(capabilities, dict) else None
    return (("text", "image") if has_vision else ("text",)) if isinstance(has_vision, bool) else ()


def _price(entry: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the figures of OpenRouter's `pricing` (API reference, models): texts, in USD a token."""
    pricing = entry.get("pricing")
    figures = pricing if isinstance(pricing, dict) else {}
    return {name: value for name in _PRICES if isinstance(value := figures.get(name), str) and len(value) < 40}


def parameters(model: Model) -> tuple[Parameter, ...]:
    """Return the chat parameters of OpenAI's API; one that a model rejects is left out, with a notice."""
    if model.type is not ModelType.CHAT:
        return ()
    max_tokens = sampling.max_tokens(high=model.context or None)
    penalties = (sampling.presence("0"), sampling.frequency("0"))
    return (
        sampling.temperature(unset="1"),
        sampling.top_p(unset="1"),
        max_tokens,
        *penalties,
        sampling.seed(),
        sampling.stop(),
    )


def audio_limits(model: Model) -> AudioLimits:
    """Return the limits of a recording: the server itself says which formats it takes."""
    return replace(audio.audio(model), any_format=True, size=_MAX_RECORDING)


_FILES = AttachmentLimits(
    source="https://docs.vllm.ai/en/latest/features/multimodal_inputs.html", images=attachments.IMAGES
)
"""Whose server it is knows its own limits."""


def attachment_limits(model: Model) -> AttachmentLimits | None:
    """Return the images that a model takes, if its server or its name tells."""
    return attachments.limits_of(model, _FILES, attachments.vision_by_name(model.id))


# Not every server knows vectors as base64, nor the newer name of the bound.
_FLAVOUR = openai_api.Flavour(_classify, max_tokens_field="max_tokens", vectors="float")

PROVIDER = Provider(
    id=_ID,
    label=_LABEL,
    sort_order=90,
    supply=Supply.OWN,
    import_mode=ImportMode.BOTH,
    fields=(
        Field(
            "base_url",
            "Base URL",
            "The server's base URL, usually ending in /v1.",
            required=True,
            url=True,
            strip_suffixes=openai_api.ENDINGS,
            sdk_env=("OPENAI_BASE_URL", "OPENAI_API_BASE"),
        ),
        Field("api_key", "API key", "Only if the server requires one.", secret=True, sdk_env=("OPENAI_API_KEY",)),
    ),
    sign=openai_api.sign,
    origins=base_url_origin,
    verify=partial(models.verification, _FLAVOUR),
    parse_error=openai_api.parse_error,
    list_models=partial(models.refresh, _FLAVOUR),
    infer_model_type=models.kind_by(_classify),
    chat=partial(chat.chat, _FLAVOUR),
    embed=partial(embeddings.embed, _FLAVOUR),
    transcribe=audio.transcribe,
    describe_error=partial(errors.describe_error, "The server"),
    repair_request=errors.repair_request,
    parameters=parameters,
    audio=audio_limits,
    attachments=attachment_limits,
    local_servers=(
        LocalServer("http://localhost:11434/v1", "Ollama", "OLLAMA_HOST"),
        LocalServer("http://localhost:8080/v1", "llama.cpp"),
        LocalServer("http://localhost:8000/v1", "vLLM", "OPENAI_BASE_URL"),
        LocalServer("http://localhost:1234/v1", "LM Studio"),
    ),
)
