"""Chat completions, and legacy completions for models without chat.

OpenAI API reference, chat/completions and completions. Chunks are data-only events that end with `[DONE]`; the chunk
with the usage comes after the one with the finish reason.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tui.providers.dialects import attachments, tools
from tui.providers.dialects.finish_reasons import finish, is_failure, reason_of
from tui.providers.dialects.openai.api import Flavour, endpoint, error_in
from tui.providers.dialects.openai.usage import usage_of
from tui.providers.dialects.structured_output import response_format, unsupported
from tui.providers.dialects.values import text
from tui.providers.events import UNFINISHED, Event, TextDelta, ThinkingDelta, Usage
from tui.providers.requests import ApiError, Call, ChatRequest, EndFrame, Frame, Framing, Message, Reader
from tui.providers.spec import FieldValues

COMPLETION_TOKENS = 512
"""The default limit of tokens of a completion; the server's own, 16, ends most answers in mid-sentence."""

DONE = "[DONE]"
"""The end mark of a stream."""

_REFUSED = "The model declined to answer."
_REASONS = ("finish_reason", "finishReason", "stop_reason", "stopReason")
_THINKING_FIELDS = ("reasoning_content", "reasoning", "thinking", "reasoning_text")
_MEMBERS = frozenset({"index", "delta", "finish_reason", "logprobs"})
_DELTA_MEMBERS = frozenset({"role", "content"})
"""What most choices of a stream hold, and nothing else."""

_THINKING_NAME = r"(?i)(?:reason|think|thought)(?!.*(?:signature|token|budget|effort|detail|_id|time))|cot$"
"""Another name of a member that holds thinking."""


def chat(flavour: Flavour, fields: FieldValues, request: ChatRequest) -> Call:
    """Return the chat request."""
    body: dict[str, Any] = {"model": request.model.id, "stream": request.stream, **request.parameters}
    if request.model.completion:
        if request.schema is not None:
            raise unsupported(request.model.ref)
        if request.tools:
            raise tools.unsupported(request.model.ref)
        if attachments.has_files(request.messages):
            raise attachments.unsupported(request.model.ref)
        body["prompt"] = prompt(request.messages)
        body.setdefault("max_tokens", COMPLETION_TOKENS)
    else:
        body["messages"] = [tools.message_body(message) for message in request.messages]
        if "max_tokens" in body:
            body[flavour.max_tokens_field] = body.pop("max_tokens")
        if request.schema is not None:
            body["response_format"] = response_format(request.schema)
        if request.tools:
            body["tools"] = tools.to_openai(request.tools)
    if request.stream:
        body["stream_options"] = {"include_usage": True}
    path = "/completions" if request.model.completion else "/chat/completions"
    framing = Framing.SSE if request.stream else Framing.JSON
    return Call("POST", endpoint(fields, path), answer_reader, framing, json=body)


def prompt(messages: tuple[Message, ...]) -> str:
    """Join messages as one text to continue; a single question stays as it is."""
    if len(messages) == 1 and messages[0].role == "user":
        return messages[0].text
    names = {"system": "Instructions", "user": "User", "assistant": "Assistant"}
    turns = [f"{names.get(message.role, message.role)}: {message.text}" for message in messages]
    return "\n\n".join([*turns, "Assistant:"])


def answer_reader() -> Reader:
    """Return a reader for one answer, streamed or whole."""
    return _Answer().read


class _Answer:
    def __init__(self) -> None:
        self._reason = ""
        self._usage: Usage | None = None
        self._refused = self._done = self._streamed = self._has_text = False
        self._index: Any = None
        self._tools = tools.ToolCallParts()
        self._thoughts: list[str] = []

    def read(self, frame: Frame | None) -> Iterator[Event | ApiError | EndFrame]:
        if self._done:
            return
        if frame is None or (isinstance(frame.data, str) and frame.data.startswith(DONE)):
            yield from self._end(marked=frame is not None)
            return
        if refused := error_in(frame.data, frame.event):
            self._done = True
            yield refused
            return
        if not isinstance(frame.data, dict):
            return
        self._usage = usage_of(frame.data) or self._usage
        choices = frame.data.get("choices")
        for choice in choices if isinstance(choices, list) else (choices,):
            # Of several choices the first is read, whatever its number.
            if isinstance(choice, dict) and (self._index is None or choice.get("index") in (self._index, None)):
                yield from self._choice(choice)

    def _choice(self, choice: Mapping[str, Any]) -> Iterator[Event | ApiError | EndFrame]:
        self._index = choice.get("index")
        if words := _plain_text(choice):
            self._streamed = self._has_text = True
            yield TextDelta(words)
            return
        piece = _message(choice.get("delta"))
        if not piece:
            # Behind deltas, a message repeats them.
            piece = _message(choice.get("message")) if not self._streamed else {}
        elif piece.get("content") or piece.get("tool_calls"):
            self._streamed = True
        if entries := piece.get("tool_calls"):
            self._tools.add_entries(entries)
        content, refusal = piece.get("content"), piece.get("refusal")
        thought = _reasoning(piece)
        if content and not thought and _marks_thought(piece):
            thought, content = _text(content), None
        elif not thought and content and not isinstance(content, str):
            thought = _thoughts(content)
        if thought:
            if "reasoning_content" in piece:
                self._thoughts.append(thought)
            yield ThinkingDelta(thought)
        # `refusal` is the model's own sentence of declining, in place of the content.
        for part in (content, refusal, choice.get("text")):
            if part and (words := _text(part)):
                self._has_text = True
                yield TextDelta(words)
        if refusal:
            self._refused = True
        if failed := error_in(choice):
            self._done = True
            yield failed
            return
        if reason := _reason(choice):
            self._reason = reason
            # Moonshot counts in the choice that ends the answer.
            self._usage = usage_of(choice) or self._usage
            yield EndFrame()

    def _end(self, marked: bool) -> Iterator[Event]:
        self._done = True
        # DeepSeek wants its thinking back with the results (guide, thinking mode, tool calls).
        thoughts = "".join(self._thoughts)
        yield from self._tools.event([{"reasoning_content": thoughts}] if thoughts else ())
        if self._usage:
            yield self._usage
        reason = self._reason or ("stop" if marked else "")
        if not reason:
            yield UNFINISHED
            return
        yield finish(reason, self._has_text, _REFUSED if self._refused else "")


def _plain_text(choice: Mapping[str, Any]) -> str:
    """Return the text of a choice that holds nothing but text, as most of a stream do; '' for any other."""
    delta = choice.get("delta")
    if choice.get("finish_reason") is not None or not isinstance(delta, dict):
        return ""
    return text(delta.get("content")) if choice.keys() <= _MEMBERS and delta.keys() <= _DELTA_MEMBERS else ""


def _message(value: Any) -> Mapping[str, Any]:
    """Return a delta or a message; one that is a text is its content."""
    return value if isinstance(value, dict) else {"content": value} if isinstance(value, str) else {}


def _reason(choice: Mapping[str, Any]) -> str:
    """Return why an answer ended; a router tells a failure of the server behind it in `native_finish_reason` alone."""
    reason = next((word for name in _REASONS if (word := reason_of(choice.get(name)))), "")
    native = reason_of(choice.get("native_finish_reason"))
    return native if reason and is_failure(native) else reason


def _reasoning(piece: Mapping[str, Any]) -> str:
    """Return the thinking in a delta or a message, in the member that a server puts it in."""
    for name in _THINKING_FIELDS:
        if (thought := piece.get(name)) and (words := _text(thought)):
            return words
    details = piece.get("reasoning_details")
    entries = [entry for entry in details if isinstance(entry, dict)] if isinstance(details, list) else []
    if thoughts := "".join(text(entry.get("text")) or text(entry.get("summary")) for entry in entries):
        return thoughts
    inner = piece.get("provider_specific_fields")
    others = {**(inner if isinstance(inner, dict) else {}), **piece}
    named = (value for name, value in others.items() if re.match(_THINKING_NAME, name) and value)
    return next((words for value in named if (words := _any_text(value))), "")


def _any_text(value: Any) -> str:
    """Return the text of thinking in whatever form it is: a text, parts, or an object that holds either."""
    if isinstance(value, list):
        return "".join(map(_any_text, value))
    if isinstance(value, dict):
        members = (value.get(name) for name in ("text", "content", "thinking", "reasoning", "summary"))
        return next((words for member in members if (words := _any_text(member))), "")
    return text(value)


def _marks_thought(piece: Mapping[str, Any]) -> bool:
    """Return True if a flag says that the content is thinking (Gemini: `thought`)."""
    extra = piece.get("extra_content")
    google = extra.get("google") if isinstance(extra, dict) else None
    return piece.get("thought") is True or (isinstance(google, dict) and google.get("thought") is True)


def _text(content: Any) -> str:
    """Return the text of a string, or of a list of parts as some servers send it."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(_text(part) for part in content)
    if isinstance(content, dict) and not _is_thought(content):
        return text(content.get("text"))
    return str(content) if type(content) in (int, float) else ""


def _thoughts(content: Any) -> str:
    """Return the thinking among the parts of a message (Mistral, chat completions: `{"type": "thinking"}`)."""
    parts = content if isinstance(content, list) else [content]
    thoughts = [part for part in parts if isinstance(part, dict) and _is_thought(part)]
    return "".join(_text(part.get("thinking") or part.get("reasoning") or part.get("text")) for part in thoughts)


def _is_thought(part: Mapping[str, Any]) -> bool:
    return part.get("type") in ("thinking", "reasoning", "reasoning_content")
