"""Read the `config.json` of oterm: its named OpenAI-compatible servers. Source: oterm's docs/app_config.md."""

from collections.abc import Iterator
from typing import Any

from tui.workspace.transfer.formats.entries import KeyEntry, KeyFile, SkippedEntry, key_entry, key_file

_SERVERS = "openaiCompatible"


def matches(data: Any) -> bool:
    """Return True if the JSON can be one."""
    return isinstance(data, dict) and isinstance(data.get(_SERVERS), dict)


def read(data: dict[str, Any]) -> KeyFile:
    """Return the servers; other providers' keys are in oterm's environment, not in the file."""
    return key_file("a configuration of oterm", _entries(data[_SERVERS]), has_more=True)


def _entries(servers: dict[str, Any]) -> Iterator[KeyEntry | SkippedEntry]:
    for name, server in servers.items():
        if isinstance(server, dict) and server.get("base_url"):
            yield key_entry(f"{_SERVERS}, {name}", name, server.get("api_key"), server["base_url"])
        else:
            yield SkippedEntry(f"{_SERVERS}, {name}", "it has no base_url")
