"""Chat requests and answers (Anthropic API reference, messages; guide, streaming).

The system prompt is a field of its own, `max_tokens` is required, and every event is named. An answer ends with a
stop reason, which `message_stop` follows; a failure after the start is an `error` event under HTTP 200, often the
first one.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tui.providers.anthropic.api import CURRENT, OLD_VERSION, VERSION, error_in
from tui.providers.dialects.finish_reasons import finish, is_filter, reason_of
from tui.providers.dialects.openai.api import endpoint
from tui.providers.dialects.tools import ToolCallParts
from tui.providers.dialects.values import token_count, total
from tui.providers.events import UNFINISHED, Event, TextDelta, ThinkingDelta, Usage
from tui.providers.requests import ApiError, Call, ChatRequest, EndFrame, Frame, Framing, Message, Reader
from tui.providers.spec import FieldValues

TOKENS = 16_384
"""The default limit of tokens of an answer. Above some 21,000 an answer in one piece may take too long."""

SAMPLING = ("temperature", "top_p", "top_k")

_REWRITTEN = ("thinking_budget", "effort", "stop")
_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def chat(fields: FieldValues, request: ChatRequest) -> Call:
    """Return the chat request, without blank turns: the API returns them but rejects them."""
    messages = [
        message for message in request.messages if message.text.strip() or message.call_id or message.tool_calls
    ]
    turns = _turns(messages)
    while turns and turns[0]["role"] == "assistant":
        # The first turn is the user's.
        turns.pop(0)
    body: dict[str, Any] = {
        "model": request.model.id,
        "max_tokens": TOKENS,
        "messages": turns,
        "stream": request.stream,
    }
    if system := "\n\n".join(message.text for message in messages if message.role == "system"):
        body["system"] = system
    body |= _parameters(request.parameters)
    if request.tools:
        body["tools"] = [
            {
                "name": tool.name,
                "description": tool.description,
                "input_schema": {"type": "object"} | dict(tool.parameters),
            }
            for tool in request.tools
        ]
    if request.schema is not None:
        # Messages API, structured outputs.
        output = {"format": {"type": "json_schema", "schema": dict(request.schema)}}
        body["output_config"] = body.get("output_config", {}) | output
    version = OLD_VERSION if any(name in body for name in SAMPLING) else CURRENT
    return Call(
        "POST",
        endpoint(fields, "/v1/messages"),
        answer_reader,
        Framing.SSE if request.stream else Framing.JSON,
        headers={VERSION: version},
        json=body,
    )


def _turns(messages: list[Message]) -> list[dict[str, Any]]:
    """Return the turns; the results of all tools of an answer are one (guide, tool use)."""
    turns: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "tool":
            if not results:
                turns.append({"role": "user", "content": results})
            results.append({"type": "tool_result", "tool_use_id": message.call_id, "content": message.text})
        elif message.role != "system":
            results = []
            turns.append({"role": message.role, "content": _content(message)})
    return turns


def _content(message: Message) -> Any:
    """Return the content of a message: its files before its text (guides, vision and PDF support)."""
    if message.tool_calls is not None:
        text_blocks = [{"type": "text", "text": message.text}] if message.text.strip() else []
        used = [
            {"type": "tool_use", "id": call.id, "name": call.name, "input": _input(call.arguments)}
            for call in message.tool_calls.calls
        ]
        return [*message.tool_calls.state, *text_blocks, *used]
    if not message.attachments:
        return message.text
    files = [
        {
            "type": "image" if file.is_image else "document",
            "source": {"type": "base64", "media_type": file.media, "data": file.as_base64()},
        }
        for file in message.attachments
    ]
    return [*files, {"type": "text", "text": message.text}]


def _input(arguments: str) -> Any:
    """Return the arguments of a call as an object; what is none is sent as an empty one, as the API takes no other."""
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    body = {name: value for name, value in parameters.items() if name not in _REWRITTEN}
    if stop := [text for text in parameters.get("stop", ()) if text.strip()]:
        body["stop_sequences"] = stop
    if effort := parameters.get("effort"):
        body["output_config"] = {"effort": effort}
    if thinking := parameters.get("thinking"):
        # Newer models think out of sight unless they are asked to show a summary.
        shown = {"display": "summarized"} if thinking == "adaptive" else {}
        body["thinking"] = {"type": thinking, **shown}
    if budget := parameters.get("thinking_budget"):
        body["thinking"] = {"type": "enabled", "budget_tokens": budget}
        # Thoughts count towards the whole, which has to be larger.
        body.setdefault("max_tokens", budget + TOKENS)
    return body


def answer_reader() -> Reader:
    """Return a reader for one answer, streamed or whole."""
    return _Answer().read


class _Answer:
    def __init__(self) -> None:
        self._reason = ""
        self._explanation = ""
        self._used: dict[str, Any] = {}
        self._text = self._done = False
        self._tools = ToolCallParts()
        self._thoughts: dict[Any, dict[str, Any]] = {}
        """Blocks of thinking by index, as they must be sent back with the results of tools."""

    def read(self, frame: Frame | None) -> Iterator[Event | ApiError | EndFrame]:
        if self._done:
            return
        if frame is None:
            yield from self._end(self._reason)
            return
        data = frame.data
        if refused := error_in(data, frame.event):
            self._done = True
            yield refused
            return
        if not isinstance(data, dict):
            return
        # Gateways leave out the type, which is the name of the event, too.
        match data.get("type") or frame.event:
            case "content_block_delta":  # nearly all of them
                delta = _part(data, "delta")
                self._collect(data.get("index"), delta)
                yield from self._piece(delta)
            case "message_start":
                message = _part(data, "message")
                yield from self._blocks(message.get("content"))
                self._count_tokens(message)
            case "content_block_start":
                block = _part(data, "content_block")
                self._collect(data.get("index"), block)
                yield from self._piece(block)
            case "message_delta":
                self._close(_part(data, "delta"))
                self._count_tokens(data)
                if self._reason:
                    yield EndFrame()
            case "message_stop":
                yield from self._end(self._reason or "end_turn")
            case "message" | "" if "content" in data:
                yield from self._read_message(data)

    def _read_message(self, message: Mapping[str, Any]) -> Iterator[Event]:
        yield from self._blocks(message.get("content"))
        self._count_tokens(message)
        self._close(message)
        yield from self._end(self._reason)

    def _blocks(self, content: Any) -> Iterator[Event]:
        for index, block in enumerate(content if isinstance(content, list) else [content]):
            self._collect(index, block if isinstance(block, dict) else {})
            yield from self._piece(block if isinstance(block, dict) else {"type": "text", "text": block})

    def _piece(self, block: Mapping[str, Any]) -> tuple[Event, ...]:
        """Return the text or thought in a block or a delta; other kinds (signatures, tools) are passed over."""
        match block.get("type"):
            case "text_delta" | "text":
                if text := _words(block.get("text")):
                    self._text = True
                    return (TextDelta(text),)
            case "thinking_delta" | "thinking":
                if thought := _words(block.get("thinking")):
                    return (ThinkingDelta(thought),)
        return ()

    def _collect(self, index: Any, block: Mapping[str, Any]) -> None:
        """Keep what a block or a delta holds of a tool's call, and of thinking that goes back with its result."""
        match block.get("type"):
            case "tool_use":
                # In a stream the input comes in deltas, after an empty object.
                whole = json.dumps(block["input"], ensure_ascii=False) if block.get("input") else ""
                self._tools.add(index, _words(block.get("id")), _words(block.get("name")), whole)
            case "input_json_delta":
                self._tools.add(index, "", "", _words(block.get("partial_json")))
            case "thinking" | "thinking_delta" | "signature_delta":
                thought = self._thoughts.setdefault(index, {"type": "thinking", "thinking": "", "signature": ""})
                for name in ("thinking", "signature"):
                    thought[name] += _words(block.get(name))
            case "redacted_thinking":
                self._thoughts[index] = {"type": "redacted_thinking", "data": _words(block.get("data"))}

    def _count_tokens(self, holder: Mapping[str, Any]) -> None:
        # Later figures are of the whole and take the place of earlier ones.
        self._used |= {name: value for name, value in _part(holder, "usage").items() if value is not None}

    def _close(self, holder: Mapping[str, Any]) -> None:
        self._reason = reason_of(holder.get("stop_reason")) or self._reason
        self._explanation = _words(_part(holder, "stop_details").get("explanation")) or self._explanation

    def _end(self, reason: str) -> Iterator[Event]:
        self._done = True
        yield from self._tools.event([*self._thoughts.values()])
        if self._used:
            yield _usage(self._used)
        if not reason:
            yield UNFINISHED
            return
        end = finish(reason, self._text)
        has_explanation = is_filter(reason) and self._explanation
        yield replace(end, note=f"{end.note} {self._explanation}") if has_explanation else end


def _usage(used: Mapping[str, Any]) -> Usage:
    """Return the usage; here `input_tokens` leaves out the cached ones (Messages API, usage; prompt caching)."""
    count = {name: token_count(used.get(name)) for name in (*_INPUT, "output_tokens")}
    return Usage(
        total(*(count[name] for name in _INPUT)),
        count["output_tokens"],
        token_count(_part(used, "output_tokens_details").get("thinking_tokens")),
        cached=count["cache_read_input_tokens"],
        cache_write=count["cache_creation_input_tokens"],
        cache_write_1h=token_count(_part(used, "cache_creation").get("ephemeral_1h_input_tokens")),
    )


def _part(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = holder.get(name)
    return part if isinstance(part, dict) else {}


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ""
