"""The OpenAPI schema of a Replicate model: its inputs and its output.

Every model has its own OpenAPI schema, made by cog from its code (Replicate HTTP API reference, models and versions).
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from tui.providers.replicate.inputs import FILES, OTHER, TEXT, TRANSCRIPT, VECTORS, Inputs, ModelInput
from tui.sanitize import one_line

_SPOKEN = frozenset(["transcription", "transcript", "text", "translation", "segments", "chunks", "txt_file"])
_TIMED = frozenset(["segments", "chunks"])
_EMBEDDED = frozenset(["embedding", "embeddings", "vector", "vectors"])
_NAME = r"[\w.-]{1,60}"
_MAX_INPUTS, _WORDS = 60, 160


def read(version: Mapping[str, Any]) -> Inputs | None:
    """Return what the schema of a version says; None where it has none."""
    schemas = _at(version, "openapi_schema", "components", "schemas")
    inputs = _resolve(schemas.get("Input"), schemas)
    if not isinstance(inputs.get("properties"), dict):
        return None
    required = inputs.get("required")
    needed = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
    properties = [
        (name, _resolve(member, schemas)) for name, member in inputs["properties"].items() if re.fullmatch(_NAME, name)
    ]
    properties.sort(key=lambda named: _number(named[1].get("x-order")) or 0)
    takes = tuple(_read_input(name, member, name in needed, schemas) for name, member in properties[:_MAX_INPUTS])
    return Inputs(takes, *_output(schemas))


def _at(data: Any, *path: str) -> Mapping[str, Any]:
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _resolve(schema: Any, schemas: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """Resolve a schema: an enum is an `allOf` with a `$ref`, an optional type an `anyOf`."""
    if not isinstance(schema, dict) or depth > 4:
        return {}
    result = dict(schema)
    parts = [result.pop("$ref", None)]
    for name in ("allOf", "anyOf", "oneOf"):
        several = result.pop(name, None)
        parts += several if isinstance(several, list) else []
    for part in parts:
        if isinstance(part, str):
            part = schemas.get(part.rpartition("/")[2])
        if isinstance(part, dict) and part.get("type") != "null":
            return {**_resolve(part, schemas, depth + 1), **result}
    return result


def _read_input(name: str, schema: Mapping[str, Any], required: bool, schemas: Mapping[str, Any]) -> ModelInput:
    kind = schema.get("type")
    if kind == "array":
        items = _resolve(schema.get("items"), schemas)
        file = items.get("format") == "uri"
        return ModelInput(name, "texts" if items.get("type") == "string" and not file else "", file, required)
    default, choices = schema.get("default"), schema.get("enum")
    default_text = json.dumps(default) if isinstance(default, bool | int | float) else default
    return ModelInput(
        name,
        kind if kind in ("string", "integer", "number", "boolean") else "",
        schema.get("format") == "uri",
        required,
        _number(schema.get("minimum")),
        _number(schema.get("maximum")),
        one_line(default_text, 24) if isinstance(default_text, str) else "",
        tuple(choice for choice in choices[:_MAX_INPUTS] if isinstance(choice, str | int | float))
        if isinstance(choices, list)
        else (),
        one_line(schema["description"], _WORDS) if isinstance(schema.get("description"), str) else "",
    )


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _output(schemas: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the type of the output, and whether it has times; of several types one that is not a file."""
    output = schemas.get("Output")
    several = (output.get("anyOf") or output.get("oneOf")) if isinstance(output, dict) else None
    forms = several if isinstance(several, list) and several else [output]
    outputs = [_read_output(_resolve(form, schemas), schemas) for form in forms]
    return next((candidate for candidate in outputs if candidate[0] not in (FILES, OTHER, "")), outputs[0])


def _read_output(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the type of an output, and whether it has times."""
    kind = schema.get("type")
    if kind == "string":
        return FILES if schema.get("format") == "uri" else TEXT, False
    if kind == "array":
        items = _resolve(schema.get("items"), schemas)
        if items.get("type") in ("number", "integer", "array"):
            return VECTORS, False
        return _read_output(items, schemas) if items.get("type") else ("", False)
    if kind == "object":
        inside = _at(schema, "properties")
        names = set(inside)
        if names & _EMBEDDED:
            return VECTORS, False
        if names & _SPOKEN:
            return TRANSCRIPT, bool(names & _TIMED)
        files = [_resolve(member, schemas).get("format") == "uri" for member in inside.values()]
        return FILES if files and all(files) else OTHER if files else "", False
    return ("", False) if kind is None else (OTHER, False)
