"""Tools that a model is offered: read from a file, their calls checked, their results given by hand or from files.

Nothing is ever executed: a result is what a person typed or what a file holds.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tui.errors import UsageError
from tui.providers.events import ToolCall
from tui.providers.requests import Tool
from tui.sanitize import one_line, printable
from tui.storage import user_file
from tui.workspace.playground.answer_schema import SchemaResult, check, parsed_schema

_MAX_SIZE = 1 << 20
"""Bytes of a description of tools, or of a result."""
_MAX_TOOLS = 128
_EXAMPLE = 'For example: [{"name": "weather", "description": "…", "parameters": {"type": "object"}}]'
_SCHEMAS = ("parameters", "input_schema")


def read_tools(path: Path) -> tuple[Tool, ...]:
    """Read the description of tools from a file: a list, or one of them.

    Each is an object with `name`, `description` and `parameters` (a JSON Schema), also as OpenAI and Anthropic
    document them: within `function`, and with `input_schema`.

    Raises:
        UsageError: The file cannot be read, or does not describe tools.
    """
    data, name = user_file.read(path, _MAX_SIZE), one_line(path.name, 100)
    if len(data) > _MAX_SIZE:
        raise UsageError(f"{name} is larger than 1 MB.", "Choose a file that describes tools.")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise UsageError(f"{name} is not JSON.", _EXAMPLE) from None
    entries = value if isinstance(value, list) else [value]
    if not 0 < len(entries) <= _MAX_TOOLS:
        raise UsageError(f"{name} does not describe 1 to {_MAX_TOOLS} tools.", _EXAMPLE)
    tools = tuple(_tool(entry, f"Tool {number} of {name}") for number, entry in enumerate(entries, 1))
    names = [tool.name for tool in tools]
    if twice := next((entry for entry in names if names.count(entry) > 1), ""):
        raise UsageError(f"{name} describes {twice} twice.", "Give each tool a name of its own.")
    return tools


def _tool(entry: Any, where: str) -> Tool:
    entry = entry.get("function", entry) if isinstance(entry, Mapping) else {}
    name = entry.get("name") if isinstance(entry, Mapping) else None
    if not isinstance(name, str) or not name.strip():
        raise UsageError(f"{where} has no name.", _EXAMPLE)
    described = entry.get("description", "")
    schema: Any = next((entry[key] for key in _SCHEMAS if key in entry), None) or {"type": "object", "properties": {}}
    return Tool(one_line(name, 64), str(described), parsed_schema(json.dumps(schema), f"{where}, parameters,"))


def check_arguments(tools: Sequence[Tool], call: ToolCall) -> SchemaResult:
    """Return whether the arguments of a call fit the schema of its tool."""
    tool = next((tool for tool in tools if tool.name == call.name), None)
    if tool is None:
        return SchemaResult(False, "$", "no tool of this name is offered")
    return check(tool.parameters, call.arguments or "{}")


def read_result(path: Path) -> str:
    """Read the result of a tool from a file, as text."""
    data = user_file.read(path, _MAX_SIZE)
    if len(data) > _MAX_SIZE:
        raise UsageError(f"{one_line(path.name, 100)} is larger than 1 MB.", "Choose a shorter result.")
    return printable(data.decode("utf-8", "replace")).strip()


def format_call(call: ToolCall) -> str:
    """Return a call for people, such as `weather {"city": "Oslo"}`, its letters not escaped."""
    arguments = _ESCAPE.sub(_letter, call.arguments or "{}")
    return f"{one_line(call.name, 64)} {printable(arguments)}"


_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")


def _letter(escape: re.Match[str]) -> str:
    """Return the letter that is escaped in JSON; what cannot be seen, and the marks of JSON, stay escaped."""
    letter = chr(int(escape[1], 16)) if escape[1] else ""
    return letter if letter.isalnum() else escape[0]
