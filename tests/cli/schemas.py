"""What commands print with `--json`, checked against the schemas that `modeldeck schema` prints."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tui.cli.json_schema import schema_of
from tui.cli.parser import parse

_TYPES: dict[str, type | tuple[type, ...]] = {"object": dict, "array": list, "null": type(None)}


@dataclass(frozen=True)
class Mismatch:
    place: str
    words: str


def mismatches(schema: dict[str, Any], value: Any, place: str = "$") -> list[Mismatch]:
    """Where a value does not follow a schema, or has a member that the schema does not name."""
    if "anyOf" in schema:
        tried = [mismatches(form, value, place) for form in schema["anyOf"]]
        return [] if not all(tried) else min(tried, key=len)
    types = schema.get("type", [])
    if types and not isinstance(value, tuple(_TYPES[kind] for kind in ([types] if isinstance(types, str) else types))):
        return [Mismatch(place, f"{type(value).__name__}, not {types}")]
    if "const" in schema and value != schema["const"]:
        return [Mismatch(place, f"{value}, not {schema['const']}")]
    if isinstance(value, list):
        return [
            entry
            for n, item in enumerate(value)
            for entry in mismatches(schema.get("items", {}), item, f"{place}[{n}]")
        ]
    if not isinstance(value, dict) or "type" not in schema:
        return []
    named, others = schema.get("properties", {}), schema.get("additionalProperties")
    missing = [Mismatch(place, f"{name} is missing") for name in schema.get("required", ()) if name not in value]
    unknown = [Mismatch(place, f"{name} is not named") for name in value if name not in named and others is None]
    inner = [
        entry
        for name, item in value.items()
        for entry in mismatches(named.get(name, others or {}), item, f"{place}.{name}")
    ]
    return [*missing, *unknown, *inner]


def require_schema(words: Sequence[str], out: str) -> None:
    """Fail unless what a command with `--json` printed follows the schema of that command; nothing is no answer."""
    own = words[: words.index("--")] if "--" in words else words
    if not out or "--json" not in own or any(word.startswith("--fields") for word in own):
        return
    command = parse(words).command
    if not command.shape:
        return
    try:
        values = [json.loads(out)]
    except ValueError:
        values = [json.loads(line) for line in out.splitlines()]
    schema = schema_of(command)
    wrong = [entry for value in values for entry in mismatches(schema, value)]
    assert wrong == [], f"modeldeck {' '.join(command.words)} --json: {wrong[:3]}"
