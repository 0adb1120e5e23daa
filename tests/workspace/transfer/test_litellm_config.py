"""The configuration for LiteLLM's proxy: every provider by the fields that its documentation names, at its own path.

Its own loader (`ProxyConfig.load_config` of 1.80.10 and 1.82.6) reads it; each request arrived at these addresses.
"""

from typing import Any

import yaml
from jsonschema import Draft202012Validator

from tui.domain import Model, ModelType
from tui.providers import PROVIDERS
from tui.workspace.transfer.targets import DeployedProvider
from tui.workspace.transfer.targets.litellm import config

TEXT = {"type": "string", "minLength": 1}
SCHEMA = {
    "type": "object",
    "required": ["model_list"],
    "additionalProperties": False,
    "properties": {
        "model_list": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["model_name", "litellm_params", "model_info"],
                "additionalProperties": False,
                "properties": {
                    "model_name": TEXT,
                    "litellm_params": {
                        "type": "object",
                        "required": ["model"],
                        "additionalProperties": False,
                        "properties": {
                            "model": {"type": "string", "pattern": "^[a-z_-]+/."},
                            "api_base": {"type": "string", "pattern": "^https?://"},
                            "api_key": {"type": "string", "pattern": "^(none|os\\.environ/[A-Z][A-Z0-9_]*)$"},
                            "client_secret": {"type": "string", "pattern": "^os\\.environ/[A-Z][A-Z0-9_]*$"},
                            **dict.fromkeys(("api_version", "organization", "tenant_id", "client_id"), TEXT),
                        },
                    },
                    "model_info": {
                        "type": "object",
                        "required": ["mode"],
                        "additionalProperties": False,
                        "properties": {
                            "mode": {"enum": ["chat", "completion", "embedding", "audio_transcription"]},
                            "base_model": {"type": "string", "pattern": "^azure/."},
                        },
                    },
                },
            },
        }
    },
}
"""LiteLLM's documentation: Proxy config.yaml, health checks (model_info.mode), Azure (Entra ID)."""

FIELDS: dict[str, dict[str, str]] = {
    "openai": {"organization": "org-x"},
    "azure_openai": {"endpoint": "https://acme.openai.azure.com", "directory_id": "d", "client_id": "c"},
    "minimax": {"base_url": "https://api.minimax.io"},
    "tongyi": {"base_url": "https://dashscope-intl.aliyuncs.com"},
    "wenxin": {"base_url": "https://qianfan.baidubce.com"},
    "chatglm": {"base_url": "http://127.0.0.1:8000"},
    "openai_compatible": {"base_url": "http://127.0.0.1:9/v1"},
}
ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "azure_openai": "https://acme.openai.azure.com",
    "minimax": "https://api.minimax.io/v1",
    "tongyi": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "wenxin": "https://qianfan.baidubce.com/v2",
    "chatglm": "http://127.0.0.1:8000/v1",
    "openai_compatible": "http://127.0.0.1:9/v1",
    "huggingface": None,
    "replicate": None,
}
"""Where a chat goes; None is LiteLLM's own address."""


def deployed(provider_id: str, **fields: str) -> DeployedProvider:
    """A provider with every secret field and a model of each type."""
    provider = PROVIDERS[provider_id]
    models = tuple(Model(provider_id, f"a-{kind}", kind, fields={"base_model": "gpt-4o"}) for kind in ModelType)
    secrets = tuple(field.name for field in provider.fields if field.secret)
    values = {**provider.default_values, **FIELDS.get(provider_id, {}), **fields}
    return DeployedProvider(provider, values, secrets, models)


def read(*providers: DeployedProvider) -> dict[str, Any]:
    """The entries by name; fails unless they follow the documented schema."""
    content = yaml.safe_load(config(providers, "modeldeck exec -- litellm").text)
    problems = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(SCHEMA).iter_errors(content)]
    assert problems == []
    return {entry["model_name"]: entry for entry in content["model_list"]}


def test_every_provider_follows_the_documented_schema_and_is_called_at_its_own_path() -> None:
    entries = read(*map(deployed, PROVIDERS))
    chats = {name.partition("/")[0]: entry for name, entry in entries.items() if name.endswith("/a-chat")}
    assert {name: entry["litellm_params"].get("api_base") for name, entry in chats.items()} == ADDRESSES
    prefixes = {entry["litellm_params"]["model"].partition("/")[0] for entry in entries.values()}
    assert prefixes == {"openai", "azure", "anthropic", "huggingface", "replicate"}
    assert {*PROVIDERS} - {*chats} == {"spark"}


def test_a_path_of_your_own_stays_and_a_server_of_another_wire_is_left_out() -> None:
    (entry, *_) = read(deployed("minimax", base_url="https://proxy.example.test/minimax")).values()
    assert entry["litellm_params"]["api_base"] == "https://proxy.example.test/minimax"
    result = config([deployed("chatglm", flavour="native")], "")
    assert "model_list: []" in result.text and "does not speak its wire" in result.omissions[0]


def test_control_an_undocumented_field_is_detected() -> None:
    entry: dict[str, Any] = {"model_name": "x", "litellm_params": {"model": "x"}, "model_info": {"mode": "speech"}}
    errors = [*Draft202012Validator(SCHEMA).iter_errors({"model_list": [entry]})]
    assert len(errors) == 2


def test_a_model_of_two_types_has_two_names() -> None:
    provider = deployed("openai_compatible")
    models = tuple(Model("openai_compatible", "qwen", kind) for kind in (ModelType.CHAT, ModelType.EMBEDDING))
    names = read(DeployedProvider(provider.provider, provider.fields, (), models))
    assert [*names] == ["openai_compatible/qwen", "openai_compatible/qwen (embedding)"]
    assert names["openai_compatible/qwen"]["litellm_params"]["api_key"] == "none"
