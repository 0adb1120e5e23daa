"""Chat requests and answers (Anthropic API reference, messages; guide, streaming).

The system prompt is a field of its own, `max_tokens` is required, and every event is named. An answer ends with a
stop reason, which `message_stop` follows; a failure after the start is an `error` event under HTTP 200, often the
first one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tui.providers.anthropic.api import CURRENT, OLDER, VERSION, error_in
from tui.providers.dialects.finish_reasons import finish, is_filter
from tui.providers.dialects.openai.api import endpoint
from tui.providers.dialects.values import token_count, total, word
from tui.providers.events import UNFINISHED, Event, TextDelta, ThinkingDelta, Usage
from tui.providers.requests import ApiError, Call, ChatRequest, EndSeen, Frame, Framing, Message, Reader
from tui.providers.spec import FieldValues

TOKENS = 16_384
"""The default limit of tokens of an answer. Above some 21,000 an answer in one piece may take too long."""

SAMPLING = ("temperature", "top_p", "top_k")

_REWRITTEN = ("thinking_budget", "effort", "stop")
_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def chat(fields: FieldValues, request: ChatRequest) -> Call:
    """Return the chat request, without blank turns: the API returns them but rejects them."""
    messages = [message for message in request.messages if message.text.strip()]
    turns = [{"role": message.role, "content": _content(message)} for message in messages if message.role != "system"]
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
    if request.schema is not None:
        # Messages API, structured outputs.
        output = {"format": {"type": "json_schema", "schema": dict(request.schema)}}
        body["output_config"] = body.get("output_config", {}) | output
    version = OLDER if any(name in body for name in SAMPLING) else CURRENT
    return Call(
        "POST",
        endpoint(fields, "/v1/messages"),
        answer_reader,
        Framing.SSE if request.stream else Framing.JSON,
        headers={VERSION: version},
        json=body,
    )


def _content(message: Message) -> Any:
    """Return the content of a message: its files before its text (guides, vision and PDF support)."""
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

    def read(self, frame: Frame | None) -> Iterator[Event | ApiError | EndSeen]:
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
                yield from self._piece(_part(data, "delta"))
            case "message_start":
                message = _part(data, "message")
                yield from self._blocks(message.get("content"))
                self._count(message)
            case "content_block_start":
                yield from self._piece(_part(data, "content_block"))
            case "message_delta":
                self._close(_part(data, "delta"))
                self._count(data)
                if self._reason:
                    yield EndSeen()
            case "message_stop":
                yield from self._end(self._reason or "end_turn")
            case "message" | "" if "content" in data:
                yield from self._whole(data)

    def _whole(self, message: Mapping[str, Any]) -> Iterator[Event]:
        yield from self._blocks(message.get("content"))
        self._count(message)
        self._close(message)
        yield from self._end(self._reason)

    def _blocks(self, content: Any) -> Iterator[Event]:
        for block in content if isinstance(content, list) else [content]:
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

    def _count(self, holder: Mapping[str, Any]) -> None:
        # Later figures are of the whole and take the place of earlier ones.
        self._used |= {name: value for name, value in _part(holder, "usage").items() if value is not None}

    def _close(self, holder: Mapping[str, Any]) -> None:
        self._reason = word(holder.get("stop_reason")) or self._reason
        self._explanation = _words(_part(holder, "stop_details").get("explanation")) or self._explanation

    def _end(self, reason: str) -> Iterator[Event]:
        self._done = True
        if self._used:
            yield _usage(self._used)
        if not reason:
            yield UNFINISHED
            return
        end = finish(reason, self._text)
        explained = is_filter(reason) and self._explanation
        yield replace(end, note=f"{end.note} {self._explanation}") if explained else end


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
