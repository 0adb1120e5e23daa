"""Tools that a model may ask for, as OpenAI's wire has them, and their calls, put together from a stream.

OpenAI API reference, chat completions, `tools` and `tool_calls`; guide, function calling. Nothing is ever executed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tui.errors import UsageError
from tui.providers.dialects import attachments
from tui.providers.dialects.values import text
from tui.providers.events import ToolCall, ToolCalls
from tui.providers.requests import Message, Tool

_MAX_CALLS = 128
"""Calls of one answer that are read."""


class ToolCallParts:
    """The calls of an answer, each put together from the pieces of one index."""

    def __init__(self) -> None:
        self._parts: dict[Any, list[str]] = {}

    def add(self, index: Any, call_id: str, name: str, arguments: str) -> None:
        """Append a piece to the call of an index; what stays the same may be missing or repeated."""
        if index not in self._parts and len(self._parts) >= _MAX_CALLS:
            return
        part = self._parts.setdefault(index, ["", "", ""])
        part[0], part[1] = part[0] or call_id, part[1] or name
        part[2] += arguments

    def add_entries(self, entries: Any) -> None:
        """Append OpenAI's `tool_calls`. Some servers send one without a list, or without an index."""
        for entry in entries if isinstance(entries, list) else [entries]:
            if not isinstance(entry, Mapping):
                continue
            function = entry.get("function")
            function = function if isinstance(function, Mapping) else {}
            index, call_id = entry.get("index"), text(entry.get("id"))
            if not isinstance(index, int):
                # The pieces of one call follow one another; a new ID begins the next.
                index = len(self._parts) if call_id or not self._parts else len(self._parts) - 1
            self.add(index, call_id, text(function.get("name")), text(function.get("arguments")))

    def event(self, state: Sequence[Mapping[str, Any]] = ()) -> Iterator[ToolCalls]:
        """Yield the calls, if there are any. One without an ID gets one: results name it."""
        calls = [
            ToolCall(call_id or f"call_{place}", name, arguments)
            for place, (call_id, name, arguments) in enumerate(self._parts.values(), 1)
            if name
        ]
        if calls:
            yield ToolCalls(tuple(calls), tuple(state))


def to_openai(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """Return tools as OpenAI's `tools`."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)},
        }
        for tool in tools
    ]


def message_body(message: Message) -> dict[str, Any]:
    """Return a message as OpenAI's wire has it: text and files, calls of tools, or the result of one."""
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
    body: dict[str, Any] = {"role": message.role, "content": attachments.content(message)}
    if message.tool_calls is not None:
        body["content"] = message.text or None
        for state in message.tool_calls.state:
            body |= state
        body["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}
            for call in message.tool_calls.calls
        ]
    return body


def unsupported(what: str) -> UsageError:
    """Return the error for a model, a server or a wire that takes no tools by its documents."""
    return UsageError(f"{what} takes no tools.", "Leave the tools out, or choose another model.")
