"""Read the `auth.json` and `opencode.json` of opencode.

auth.json     provider ID -> {"type": "api", "key": …}; the types oauth and wellknown are log-ins, no keys
opencode.json "provider": provider ID -> {"npm", "options": {"apiKey", "baseURL"}}

Sources: opencode's documentation, Providers and Config; packages/opencode/src/auth for the types.
"""

from collections.abc import Iterator
from typing import Any

from tui.workspace.transfer.formats.entries import COMPATIBLE, KeyEntry, KeyFile, SkippedEntry, key_entry, key_file

_TYPES = ("api", "oauth", "wellknown")
_ANTHROPIC = "@ai-sdk/anthropic"


def matches_auth(data: Any) -> bool:
    """Return True if the JSON can be an auth.json."""
    records = data.values() if isinstance(data, dict) else ()
    return bool(records) and all(isinstance(record, dict) and record.get("type") in _TYPES for record in records)


def read_auth(data: dict[str, Any]) -> KeyFile:
    """Return the API keys of an auth.json."""
    return key_file("keys of opencode", _keys(data))


def matches_config(data: Any) -> bool:
    """Return True if the JSON can be an opencode.json."""
    return isinstance(data, dict) and isinstance(data.get("provider"), dict)


def read_config(data: dict[str, Any]) -> KeyFile:
    """Return the keys and addresses of an opencode.json."""
    return key_file("a configuration of opencode", _providers(data["provider"]), has_more=True)


def _keys(data: dict[str, Any]) -> Iterator[KeyEntry | SkippedEntry]:
    for name, record in data.items():
        if record["type"] == "api":
            yield key_entry(name, name, record.get("key"))
        else:
            yield SkippedEntry(name, "it is a log-in, not an API key")


def _providers(providers: dict[str, Any]) -> Iterator[KeyEntry | SkippedEntry]:
    for name, provider in providers.items():
        options = provider.get("options") if isinstance(provider, dict) else None
        if not isinstance(options, dict) or not {"apiKey", "baseURL"} & options.keys():
            yield SkippedEntry(f"provider, {name}", "no key and no base URL is named")
            continue
        like = "anthropic" if provider.get("npm") == _ANTHROPIC else COMPATIBLE
        yield key_entry(f"provider, {name}", name, options.get("apiKey"), options.get("baseURL"), like=like)
