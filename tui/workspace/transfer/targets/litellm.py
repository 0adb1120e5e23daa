"""Write the `config.yaml` of LiteLLM's proxy: `model_list`, each model under our reference.

Sources: LiteLLM's documentation, Proxy config.yaml (model_list, model_info.mode, os.environ/NAME) and its pages of the
providers (azure: api_version v1, which LiteLLM 1.80 does not know; huggingface, replicate; openai/ with api_base for
compatible servers).
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tui.domain import Model, ModelType
from tui.providers.chatglm.probe import NATIVE
from tui.providers.origins import with_path
from tui.workspace.program_environment import own_variable
from tui.workspace.transfer.targets import DeployedProvider, Target

_MODES = {ModelType.CHAT: "chat", ModelType.EMBEDDING: "embedding", ModelType.SPEECH2TEXT: "audio_transcription"}
_ALL = tuple(_MODES)


class _Route(NamedTuple):
    """How LiteLLM reaches a provider.

    Attributes:
        prefix: The part of a model before the first slash.
        url: The field of the base URL, '' for LiteLLM's own.
        key: The field of the key.
        types: The model types that it serves.
        path: The path of the API, for a base URL that is only a host.
    """

    prefix: str
    url: str = "base_url"
    key: str = "api_key"
    types: tuple[ModelType, ...] = _ALL
    path: str = ""


_COMPATIBLE = _Route("openai")
_ROUTES = {
    "openai": _COMPATIBLE,
    "azure_openai": _Route("azure", "endpoint"),
    "anthropic": _Route("anthropic", types=(ModelType.CHAT,)),
    "huggingface": _Route("huggingface", "", "api_token", (ModelType.CHAT, ModelType.EMBEDDING)),
    "replicate": _Route("replicate", "", "api_token", (ModelType.CHAT,)),
    # Its own prefix, minimax/, is not in every version of LiteLLM.
    "minimax": _Route("openai", types=(ModelType.CHAT,), path="/v1"),
    "tongyi": _Route("openai", types=(ModelType.CHAT, ModelType.EMBEDDING), path="/compatible-mode/v1"),
    "wenxin": _Route("openai", types=(ModelType.CHAT,), path="/v2"),
    "chatglm": _Route("openai", types=(ModelType.CHAT,), path="/v1"),
}
_WITHOUT = ("spark",)
"""Providers whose wire LiteLLM does not speak."""


def config(providers: Iterable[DeployedProvider], start: str) -> Target:
    """Return the configuration. `start` is the command that starts the proxy with the keys."""
    entries: list[tuple[str, Model, dict[str, str], dict[str, str]]] = []
    omissions: list[str] = []
    for deployed in providers:
        route = _route(deployed)
        served = [model for model in deployed.models if route and model.type in route.types]
        omissions += deployed.omissions
        if route is None:
            omissions.append(f"{deployed.provider.label}: LiteLLM does not speak its wire.")
        elif unserved := len(deployed.models) - len(served):
            omissions.append(
                f"{deployed.provider.label}: {unserved} models are of a type that LiteLLM has no route for."
            )
        elif not served and not deployed.unclear:
            omissions.append(f"{deployed.provider.label} has no models here.")
        if route is not None:
            entries += [(model.ref, model, *_entry(deployed, route, model)) for model in served]
    counts = Counter(ref for ref, *_ in entries)
    lines = [
        f"# Start it with the keys, which are not in this file: {start}",
        "model_list:" if entries else "model_list: []",
    ]
    for ref, model, params, info in entries:
        # Of one name LiteLLM chooses any entry, so a model of two types has two names.
        name = ref if counts[ref] == 1 or model.type is ModelType.CHAT else f"{ref} ({model.type})"
        lines += [f"  - model_name: {_quote(name)}", "    litellm_params:", *_lines(params)]
        lines += ["    model_info:", *_lines(info)]
    return Target("\n".join(lines) + "\n", tuple(omissions))


def _route(deployed: DeployedProvider) -> _Route | None:
    declared = deployed.provider.declared_id
    if declared in _WITHOUT or (declared == "wenxin" and "api_key" not in deployed.secrets):
        return None
    if declared == "chatglm" and deployed.fields.get("flavour") == NATIVE:
        return None
    return _ROUTES.get(declared, _COMPATIBLE)


def _entry(deployed: DeployedProvider, route: _Route, model: Model) -> tuple[dict[str, str], dict[str, str]]:
    """Return the litellm_params and the model_info of a model."""
    fields, provider = deployed.fields, deployed.provider.id
    info = {"mode": "completion" if model.completion else _MODES[model.type]}
    prefix, url = route.prefix, fields.get(route.url, "")
    if url and route.path:
        url = with_path(url, route.path)
    if model.completion and prefix == "openai":
        prefix = "text-completion-openai"
    if endpoint := model.fields.get("endpoint_url"):
        prefix, url = "openai", f"{endpoint.rstrip('/').removesuffix('/v1')}/v1"
    params = {"model": f"{prefix}/{model.id}"}
    if url:
        params["api_base"] = url
    if route.key in deployed.secrets:
        params["api_key"] = f"os.environ/{own_variable(provider, route.key)}"
    elif prefix == "openai":
        params["api_key"] = "none"  # a server without a key; without this, LiteLLM would send that of OPENAI_API_KEY
    if prefix == "azure":
        params["api_version"] = fields.get("api_version") or "v1"
        if "client_secret" in deployed.secrets:
            params |= {"tenant_id": fields.get("directory_id", ""), "client_id": fields.get("client_id", "")}
            params["client_secret"] = f"os.environ/{own_variable(provider, 'client_secret')}"
        if base := model.fields.get("base_model"):
            info["base_model"] = f"azure/{base}"
    if deployed.provider.declared_id == "openai" and fields.get("organization"):
        params["organization"] = fields["organization"]
    return params, info


def _lines(values: dict[str, str]) -> Iterator[str]:
    return (f"      {name}: {_quote(value)}" for name, value in values.items())


def _quote(text: str) -> str:
    """Return a text as a double-quoted scalar; a string of JSON is one of YAML."""
    return json.dumps(text, ensure_ascii=False)
