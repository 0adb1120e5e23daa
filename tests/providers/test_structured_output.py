"""A JSON Schema for the answer: on the wire of each provider as its documents say, or a sentence that it takes none."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.providers.facts import SCHEMA
from tui.domain import Model, ModelType
from tui.errors import UsageError
from tui.providers import PROVIDERS
from tui.providers.dialects.structured_output import is_strict
from tui.providers.requests import ApiError, Call, ChatRequest, Message

LOOSE: Mapping[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}}
NAMED = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
GRAMMAR = {"type": "json", "value": SCHEMA}

LOCAL = {"base_url": "http://localhost:8000"}
HF = {"router_url": "https://router.huggingface.co"}
AZURE = {"endpoint": "https://example.openai.azure.com", "base_url": "https://example.openai.azure.com"}


def call_of(
    provider: str, model: str, clear: Mapping[str, str], schema: Mapping[str, Any] | None = SCHEMA, **added: Any
) -> Call:
    declared = PROVIDERS[provider]
    assert declared.chat
    filled = {field.name: field.default for field in declared.fields if field.default} | dict(clear)
    chosen = Model(provider, model, ModelType.CHAT, **added)
    messages = (Message("system", "Be brief."), Message("user", "Who wrote Faust?"))
    return declared.chat(filled, ChatRequest(chosen, messages, {}, False, schema))


@pytest.mark.parametrize(
    ("provider", "model", "fields"),
    [
        ("openai", "gpt-5.4-mini", {}),
        ("azure_openai", "answers", AZURE),
        ("openai_compatible", "llama", LOCAL),
        ("tongyi", "qwen-plus", {}),
        ("huggingface", "Qwen/Qwen3-32B", HF),
        ("minimax", "MiniMax-Text-01", {}),
        ("chatglm", "glm-4", LOCAL | {"flavour": "vllm"}),
    ],
)
def test_openai_s_wire_names_the_schema(provider: str, model: str, fields: Mapping[str, str]) -> None:
    assert call_of(provider, model, fields).json["response_format"] == NAMED
    loose = call_of(provider, model, fields, LOOSE).json["response_format"]["json_schema"]
    assert loose == {"name": "answer", "schema": LOOSE}
    assert "response_format" not in call_of(provider, model, fields, None).json


@pytest.mark.parametrize(
    ("provider", "model", "fields", "mode"),
    [
        ("spark", "4.0Ultra", {"api_password": "•"}, {"type": "json_object"}),
        ("wenxin", "ernie-4.5-turbo-32k", {"api_key": "•"}, {"type": "json_object"}),
    ],
)
def test_a_json_mode_shows_the_schema_in_the_system_message(
    provider: str, model: str, fields: Mapping[str, str], mode: Any
) -> None:
    body = call_of(provider, model, fields).json
    assert body["response_format"] == mode
    system = body["messages"][0]
    assert system["role"] == "system" and system["content"].startswith("Be brief.\n\nAnswer with one JSON object")
    assert '"born":{"type":"integer"}' in system["content"]
    assert "response_format" not in call_of(provider, model, fields, None).json


def of_endpoint(engine: str, task: str = "text-generation") -> Mapping[str, Any]:
    """The fields of a model on an Inference Endpoint with an engine."""
    url = "https://abc.us-east-1.aws.endpoints.huggingface.cloud"
    return {"endpoint_type": "inference_endpoints", "task": task, "engine": engine, "endpoint_url": url}


def test_tgi_takes_it_as_a_grammar() -> None:
    chats = call_of("huggingface", "llama", HF, fields=of_endpoint("tgi"))
    assert chats.url.endswith("/v1/chat/completions") and chats.json["response_format"] == GRAMMAR
    generates = call_of("huggingface", "llama", HF, fields=of_endpoint("tgi", "text2text-generation"))
    assert generates.url.endswith("/generate") and generates.json["parameters"]["grammar"] == GRAMMAR
    repair = PROVIDERS["huggingface"].repair_request
    continued = repair(chats, ApiError(422, kind="template_error", message="Template error: no chat template"))
    assert continued and continued[0].json["parameters"]["grammar"] == GRAMMAR
    with pytest.raises(UsageError, match="JSON Schema"):
        call_of("huggingface", "llama", HF, fields=of_endpoint("toolkit"))


@pytest.mark.parametrize(
    ("provider", "model", "fields", "more"),
    [
        ("replicate", "meta/llama", {}, {}),
        ("spark", "4.0Ultra", {"app_id": "0123abcd", "api_key": "•", "api_secret": "•"}, {}),
        ("minimax", "MiniMax-M3", {}, {}),
        ("chatglm", "chatglm3-6b", LOCAL | {"flavour": "openai-chatglm3"}, {}),
        ("openai", "gpt-3.5-turbo-instruct", {}, {"completion": True}),
    ],
)
def test_what_takes_no_schema_says_so_before_anything_is_sent(
    provider: str, model: str, fields: Mapping[str, str], more: Mapping[str, Any]
) -> None:
    with pytest.raises(UsageError, match="JSON Schema"):
        call_of(provider, model, fields, **more)
    call_of(provider, model, fields, None, **more)


def test_no_provider_ignores_a_schema() -> None:
    tested = {"openai", "azure_openai", "openai_compatible", "tongyi", "huggingface", "minimax", "chatglm", "anthropic"}
    tested |= {"spark", "wenxin", "replicate"}
    assert {name for name, declared in PROVIDERS.items() if declared.chat and not declared.kind} <= tested


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (SCHEMA, True),
        (LOOSE, False),
        ({"type": "object"}, False),
        ({"type": "array", "items": SCHEMA}, True),
        ({"type": "array", "items": LOOSE}, False),
        ({**SCHEMA, "$defs": {"person": LOOSE}}, False),
    ],
)
def test_strict_asks_that_every_object_is_closed_and_whole(schema: Mapping[str, Any], strict: bool) -> None:
    assert is_strict(schema) is strict
