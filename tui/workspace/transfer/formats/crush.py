"""Read the `crush.json` of crush: "providers": ID -> {"type", "base_url", "api_key"}. Source: crush's README.

crush expands $NAME and runs $(…) in values; here such a value is named and left out.
"""

from collections.abc import Iterator
from typing import Any

from tui.workspace.transfer.formats.entries import COMPATIBLE, KeyEntry, KeyFile, SkippedEntry, key_entry, key_file

_TYPES = {"": "", "openai": COMPATIBLE, "openai-compat": COMPATIBLE, "anthropic": "anthropic", "gemini": "gemini"}
"""crush's type of a provider, and the kind of provider that speaks the same to another base URL."""
_PROVIDERS = {"azure": "azure_openai"}


def matches(data: Any) -> bool:
    """Return True if the JSON can be one."""
    providers = data.get("providers") if isinstance(data, dict) else None
    return isinstance(providers, dict) and all(isinstance(provider, dict) for provider in providers.values())


def read(data: dict[str, Any]) -> KeyFile:
    """Return the providers that have a key or a base URL."""
    return key_file("a configuration of crush", _entries(data["providers"]), has_more=True)


def _entries(providers: dict[str, Any]) -> Iterator[KeyEntry | SkippedEntry]:
    for name, provider in providers.items():
        where, kind = f"providers, {name}", str(provider.get("type", ""))
        key, url = provider.get("api_key"), provider.get("base_url")
        if kind in _PROVIDERS:
            yield key_entry(where, _PROVIDERS[kind], key, url)
        elif kind not in _TYPES:
            yield SkippedEntry(where, "Modeldeck has no provider of its type")
        elif not key and not url:
            yield SkippedEntry(where, "no key and no base URL is named")
        else:
            yield key_entry(where, name, key, url, like=_TYPES[kind])
