"""The JSON Schema that an answer must fit: read from a file, and checked on this machine.

`jsonschema` is imported when it is first used. Nothing is fetched: a schema that refers to another one is rejected.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tui.errors import UsageError
from tui.sanitize import one_line
from tui.storage import user_file

Schema = Mapping[str, Any]

_MAX_SIZE = 1 << 20
"""Bytes of a schema."""
_MAX_MESSAGE = 300
"""Characters of a path or a message: both may hold the answer's own text."""
_WHOLE = "$"


@dataclass(frozen=True)
class SchemaResult:
    """Whether an answer fits, and where the first failure is: `path` as in `$.items[0].name`, '' if there is none."""

    valid: bool
    path: str = ""
    message: str = ""

    @property
    def words(self) -> str:
        """A sentence about it."""
        if self.valid:
            return "The answer fits the schema."
        return f"The answer does not fit the schema at {self.path}: {self.message}."

    @property
    def correction(self) -> str:
        """The message that tells a model what is wrong, so that it corrects its answer."""
        return (
            f"Your answer does not fit the JSON Schema at {self.path}: {self.message}. "
            "Answer again with JSON that fits it, and nothing else."
        )

    def as_json(self) -> dict[str, Any]:
        """Return the keys of `--json`."""
        return asdict(self)


def read_schema(path: Path) -> dict[str, Any]:
    """Read a schema from a file.

    Raises:
        UsageError: The file cannot be read, or holds no JSON Schema that stands alone.
    """
    data = user_file.read(path, _MAX_SIZE)
    name = one_line(path.name, _MAX_MESSAGE)
    if len(data) > _MAX_SIZE:
        raise UsageError(f"{name} is larger than 1 MB.", "Choose a file that holds one JSON Schema.")
    return parsed_schema(data, name)


def parsed_schema(text: str | bytes, name: str) -> dict[str, Any]:
    """Return the schema in a text; `name` is what a message calls the text.

    Raises:
        UsageError: It holds no JSON Schema that stands alone.
    """
    try:
        schema = json.loads(text, parse_constant=_reject_constant)
    except (ValueError, RecursionError) as error:
        reason = f": {error}" if isinstance(error, json.JSONDecodeError) else ""
        raise UsageError(f"{name} is not JSON{reason}.", "Choose a file that holds one JSON Schema.") from None
    if not isinstance(schema, dict):
        raise UsageError(f"{name} is not a JSON Schema: it must be an object.", 'For example: {"type": "object"}')
    if reason := _schema_problem(schema):
        raise UsageError(f"{name} is no valid JSON Schema: {reason}.", "Correct the schema.")
    return schema


def check(schema: Schema, answer: str) -> SchemaResult:
    """Return whether an answer is JSON that fits the schema."""
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    try:
        value = json.loads(answer, parse_constant=_reject_constant)
        first = next(_validator(schema).iter_errors(value), None)
    except RecursionError:
        return SchemaResult(False, _WHOLE, "it is nested too deeply to be checked")
    except Unresolvable as error:
        return SchemaResult(False, _WHOLE, f"the schema's reference {one_line(error.ref, _MAX_MESSAGE)} leads nowhere")
    except ValueError as error:
        return SchemaResult(False, _WHOLE, f"it is not JSON: {one_line(str(error), _MAX_MESSAGE)}")
    if first is None:
        return SchemaResult(True)
    # Of several ways to fit (anyOf), the one that came closest tells most.
    closest = best_match(iter([first]))
    return SchemaResult(False, one_line(closest.json_path, _MAX_MESSAGE), one_line(closest.message, _MAX_MESSAGE))


def _reject_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON number")


def _validator(schema: Schema) -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for
    from referencing import Registry

    # A registry of its own: the default one fetches what a schema refers to.
    return validator_for(schema, default=Draft202012Validator)(schema, registry=Registry())


def _schema_problem(schema: dict[str, Any]) -> str:
    """Return why a schema cannot be used, '' if it can."""
    from jsonschema.exceptions import SchemaError
    from referencing import Registry, Resource
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    try:
        _validator(schema).check_schema(schema)
        resolver = Registry().resolver_with_root(Resource.from_contents(schema, default_specification=DRAFT202012))
        for reference in _references(schema):
            resolver.lookup(reference)
    except SchemaError as error:
        return one_line(f"{error.json_path}: {error.message}", _MAX_MESSAGE)
    except Unresolvable as error:
        return f"its reference {one_line(error.ref, _MAX_MESSAGE)} is not in the file"
    except RecursionError:
        return "it is nested too deeply"
    return ""


def _references(schema: Any) -> Iterator[str]:
    members = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    if isinstance(schema, dict) and isinstance(reference := schema.get("$ref"), str):
        yield reference
    for member in members:
        yield from _references(member)
