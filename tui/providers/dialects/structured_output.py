"""A JSON Schema for an answer, as the wires take it. Pure functions.

OpenAI API reference, chat completions, `response_format`; guide, structured outputs.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui.errors import UsageError
from tui.providers.requests import ChatRequest, Message

Schema = Mapping[str, Any]

JSON_MODE = {"type": "json_object"}
"""OpenAI's JSON mode: the answer is an object, of any shape."""

_NAME = "answer"


def response_format(schema: Schema) -> dict[str, Any]:
    """Return OpenAI's `response_format`. A schema outside the strict subset is sent as one that is not strict."""
    return {
        "type": "json_schema",
        "json_schema": {"name": _NAME, "schema": dict(schema)} | ({"strict": True} if is_strict(schema) else {}),
    }


def is_strict(schema: Any) -> bool:
    """Return True if every object in a schema requires all its properties and allows no others."""
    if isinstance(schema, list):
        return all(map(is_strict, schema))
    if not isinstance(schema, Mapping):
        return True
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, Mapping):
        names = set(properties) if isinstance(properties, Mapping) else set()
        required = schema.get("required", [])
        if schema.get("additionalProperties") is not False or not isinstance(required, list) or names != set(required):
            return False
    return all(map(is_strict, schema.values()))


def in_json_mode(request: ChatRequest, mode: Any = JSON_MODE) -> ChatRequest:
    """Return the request for a wire that takes no schema but has a JSON mode: a system message shows the schema."""
    if request.schema is None:
        return request
    text = json.dumps(request.schema, ensure_ascii=False, separators=(",", ":"))
    instruction = f"Answer with one JSON object, and nothing else, that fits this JSON Schema: {text}"
    system = [message for message in request.messages if message.role == "system"]
    turns = [message for message in request.messages if message.role != "system"]
    return replace(
        request,
        messages=(*system, Message("system", instruction), *turns),
        parameters={**request.parameters, "response_format": mode},
        schema=None,
    )


def unsupported(what: str) -> UsageError:
    """Return the error for a model or a server that takes no schema by its documents."""
    return UsageError(f"{what} takes no JSON Schema.", "Leave the schema out, or choose another model.")
