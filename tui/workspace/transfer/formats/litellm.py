"""Read the `config.yaml` of LiteLLM's proxy: the keys of `model_list` and `environment_variables`.

    model_list: [{model_name, litellm_params: {model: "provider/model", api_key, api_base, api_version}}]
    environment_variables: {NAME: value}

A key that is `os.environ/NAME` is taken from the file's own environment_variables, else named and left out. Files that
`include` names are not read. Source: LiteLLM's documentation, Proxy config.yaml.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tui.workspace.transfer.formats.dotenv import keys_of
from tui.workspace.transfer.formats.entries import COMPATIBLE, KeyEntry, KeyFile, SkippedEntry, key_entry, key_file

_VARIABLE = "os.environ/"


def matches(data: Any) -> bool:
    """Return True if the YAML can be one."""
    return isinstance(data, dict) and isinstance(data.get("model_list"), list)


def read(data: dict[str, Any]) -> KeyFile:
    """Return the keys, each once."""
    return key_file("a configuration of LiteLLM", _entries(data), has_more=True)


def _entries(data: dict[str, Any]) -> Iterator[KeyEntry | SkippedEntry]:
    variables = _variables(data)
    if data.get("include"):
        yield SkippedEntry("include", "other files are not read")
    referenced: set[str] = set()
    for number, model in enumerate(data["model_list"], 1):
        params = model.get("litellm_params") if isinstance(model, Mapping) else None
        if not isinstance(params, Mapping) or not isinstance(params.get("model"), str):
            yield SkippedEntry(f"model {number}", "it has no litellm_params with a model")
            continue
        names = {value.removeprefix(_VARIABLE) for value in params.values() if _refers(value)}
        referenced |= names & variables.keys()
        resolved = {
            name: variables.get(value.removeprefix(_VARIABLE), value) if _refers(value) else value
            for name, value in params.items()
        }
        yield _entry(f"model {number}, {model.get('model_name', '')}", resolved)
    for key in keys_of({name: value for name, value in variables.items() if name not in referenced})[0]:
        yield KeyEntry(f"environment_variables, {key.where}", key.kind, key.values)


def _variables(data: dict[str, Any]) -> dict[str, str]:
    listed = data.get("environment_variables")
    entries = listed.items() if isinstance(listed, Mapping) else ()
    return {str(name): value for name, value in entries if isinstance(value, str) and not _refers(value)}


def _refers(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_VARIABLE)


def _entry(where: str, params: Mapping[str, Any]) -> KeyEntry | SkippedEntry:
    prefix, slash, _ = params["model"].partition("/")
    name = prefix if slash else "openai"
    more: dict[str, Any] = {}
    if name == "azure" and params.get("api_version"):
        more["api_version"] = str(params["api_version"])  # YAML reads 2024-10-21 as a date
    if name == "openai":
        more["organization"] = params.get("organization")
    url = params.get("api_base") or params.get("base_url")
    # `openai/` with a base URL is LiteLLM's way to name any OpenAI-compatible server.
    like = "anthropic" if name == "anthropic" else COMPATIBLE
    return key_entry(
        where, COMPATIBLE if name == "openai" and url else name, params.get("api_key"), url, like=like, **more
    )
