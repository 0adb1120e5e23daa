"""Read the `keys.json` of llm: an object of names and keys. Source: llm's documentation, Setup, "Saving keys"."""

from collections.abc import Iterator
from typing import Any

from tui.workspace.transfer.formats.entries import KeyEntry, KeyFile, SkippedEntry, key_entry, key_file

_NOTE = "// Note"
"""The entry with which llm begins the file: a warning, no key."""


def matches(data: Any) -> bool:
    """Return True if the JSON can be one."""
    return isinstance(data, dict) and bool(data) and all(isinstance(value, str) for value in data.values())


def read(data: dict[str, str]) -> KeyFile:
    """Return the keys whose names are those of a provider; llm lets people name others as they like."""
    return key_file("keys of llm", _entries(data))


def _entries(data: dict[str, str]) -> Iterator[KeyEntry | SkippedEntry]:
    for name, key in data.items():
        if name != _NOTE:
            yield key_entry(name, name, key)
