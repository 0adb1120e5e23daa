"""Read the `config.yaml` of aichat: a list of clients. Source: aichat's config.example.yaml."""

from collections.abc import Iterator, Mapping
from typing import Any

from tui.workspace.transfer.formats.entries import COMPATIBLE, KeyEntry, KeyFile, SkippedEntry, key_entry, key_file

_UNKNOWN = ("bedrock", "vertexai", "vertexai-claude", "rag-dedicated", "cloudflare")


def matches(data: Any) -> bool:
    """Return True if the YAML can be one."""
    return isinstance(data, dict) and isinstance(data.get("clients"), list)


def read(data: dict[str, Any]) -> KeyFile:
    """Return the keys of the clients."""
    return key_file("a configuration of aichat", _entries(data["clients"]), has_more=True)


def _entries(clients: list[Any]) -> Iterator[KeyEntry | SkippedEntry]:
    for number, client in enumerate(clients, 1):
        kind = client.get("type") if isinstance(client, Mapping) else None
        if not isinstance(kind, str):
            yield SkippedEntry(f"client {number}", "it has no type")
            continue
        name = client.get("name") if isinstance(client.get("name"), str) else ""
        where = f"client {number}, {name or kind}"
        if kind in _UNKNOWN:
            yield SkippedEntry(where, "Modeldeck has no provider of its type")
        elif kind == "ernie":
            yield _ernie(where, client)
        else:
            program_name = name if kind == COMPATIBLE.replace("_", "-") else kind
            more = {"organization": client.get("organization_id")} if kind == "openai" else {}
            yield key_entry(where, program_name or kind, client.get("api_key"), _base(kind, client), **more)


def _base(kind: str, client: Mapping[str, Any]) -> Any:
    """Return a client's base URL; that of Ollama has no path there, and /v1 here."""
    url = client.get("api_base")
    return f"{url.rstrip('/')}/v1" if kind == "ollama" and isinstance(url, str) else url


def _ernie(where: str, client: Mapping[str, Any]) -> KeyEntry | SkippedEntry:
    """Return the key of ERNIE: with a secret key it is half of the pair of its older API."""
    key, secret = client.get("api_key"), client.get("secret_key")
    if not secret:
        return key_entry(where, "wenxin", key)
    return key_entry(where, "wenxin", key, secret_field="legacy_api_key", legacy_secret_key=secret)
