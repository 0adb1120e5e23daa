"""Anthropic in practice: a made-up account whose models come in two pages, and answers in its named events.

The events have the shape of `chat.sse` and `chat_error.sse` beside this, transcribed from the documentation.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tui.practice import sample_answers
from tui.practice.exchange import Answer, ReceivedRequest, json_answer
from tui.practice.transport import fixture

ORIGINS = ("https://api.anthropic.com",)
FIELDS = {"api_key": "sk-ant-api03-FAKE-example0-key-of-nobody-3f2a"}

_EVENTS = {"content-type": "text/event-stream; charset=utf-8"}
_TOKEN = 0.018
_REQUEST_ID = {"request-id": "req_01Practice"}
_VERSIONS = ("2023-06-01", "2026-10-21")
_SAMPLING = ("temperature", "top_p", "top_k")
_SAMPLED = ("claude-opus-4-6", "claude-sonnet-4-6", "claude-haiku-4-5-20251001", "claude-sonnet-4-5-20250929")


def answer(request: ReceivedRequest) -> Answer | None:
    """Return the answer to one request; None for a path that the wire does not have."""
    if request.headers.get("anthropic-version") not in _VERSIONS:
        return _error(400, "invalid_request_error", "anthropic-version: a valid version is required.")
    if refusal := _by_key(request):
        return refusal
    if request.path == "/v1/models":
        first, second = _pages()
        return Answer(pieces=(second if request.query.get("after_id") == json.loads(first)["last_id"] else first,))
    if request.path == "/v1/messages":
        known = {entry["id"] for page in _pages() for entry in json.loads(page)["data"]}
        model = str(request.data.get("model"))
        return _message(request) if model in known else _error(404, "not_found_error", f"model: {model}")
    return None


def _pages() -> tuple[bytes, bytes]:
    return fixture("anthropic", "models.json"), fixture("anthropic", "models_2.json")


def _by_key(request: ReceivedRequest) -> Answer | None:
    """Return the error for an invalid key; None for a valid one."""
    if "refused" in request.key:
        return _error(401, "authentication_error", "invalid x-api-key")
    if "restricted" in request.key and request.method == "GET":
        return _error(403, "permission_error", "Your API key does not have permission to use this resource.")
    if "nocredit" in request.key and request.method == "POST":
        message = "Your credit balance is too low to access the Anthropic API."
        return _error(400, "invalid_request_error", message, **{"x-should-retry": "false"})
    if "busy" in request.key:
        return _error(529, "overloaded_error", "Overloaded", **{"retry-after": "2"})
    return None


def _message(request: ReceivedRequest) -> Answer:
    """Return a message, streamed or whole, with what its last question brings about."""
    body = request.data
    content = body["messages"][-1]["content"]
    question, files = sample_answers.question_of(content), sample_answers.files_of(content)
    instruction = sample_answers.instruction(question)
    if refusal := _token_limit_error(request) or _on_demand(instruction, request):
        return refusal
    text = "" if instruction == "please be empty" else files + sample_answers.reply(question, body["model"])
    thoughts = sample_answers.THINKING if instruction == "please think" else ""
    reason = "end_turn"
    if instruction == "please be long":
        text, reason = text[: len(text) // 2], "max_tokens"
    read = sum(sample_answers.tokens(sample_answers.question_of(message["content"])) for message in body["messages"])
    usage = {"input_tokens": read, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1}
    used: dict[str, Any] = {"output_tokens": sample_answers.tokens(text + thoughts)}
    if thoughts:
        used |= {"output_tokens_details": {"thinking_tokens": sample_answers.tokens(thoughts)}}
    message = {**_documented_start()["message"], "model": body["model"], "usage": usage}
    if not body.get("stream"):
        content = [{"type": "thinking", "thinking": thoughts, "signature": "c2ln"}] if thoughts else []
        content += [{"type": "text", "text": text}] if text else []
        return json_answer(
            message | {"content": content, "stop_reason": reason, "usage": usage | used}, 200, _REQUEST_ID, 1.2
        )
    events = list(_events(message, text, thoughts, reason, used))
    if instruction in ("please break", "please stall", "please error"):
        events = events[: len(events) // 3]
    if instruction == "please error":
        error = {"details": None, "type": "overloaded_error", "message": "Overloaded"}
        events.append({"type": "error", "error": error, "request_id": _REQUEST_ID["request-id"]})
    pieces = tuple(
        f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in events
    )
    return Answer(
        200,
        pieces,
        _EVENTS | _REQUEST_ID,
        0.3,
        _TOKEN,
        cut=instruction == "please break",
        stall=instruction == "please stall",
    )


def _events(
    message: Mapping[str, Any], text: str, thoughts: str, reason: str, used: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    yield {"type": "message_start", "message": message}
    yield {"type": "ping"}
    blocks = [("thinking", thoughts)] if thoughts else []
    for index, (kind, content) in enumerate([*blocks, ("text", text)]):
        yield {"type": "content_block_start", "index": index, "content_block": {"type": kind, kind: ""}}
        for piece in sample_answers.pieces(content):
            delta = {"type": f"{kind}_delta", kind: piece}
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": used}
    yield {"type": "message_stop"}


def _piece(event: Mapping[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def _token_limit_error(request: ReceivedRequest) -> Answer | None:
    body = request.data
    if "max_tokens" not in body:
        return _error(400, "invalid_request_error", "max_tokens: Field required")
    sampled = body["model"] in _SAMPLED and request.headers["anthropic-version"] == _VERSIONS[0]
    for name in _SAMPLING:
        if name in body and not sampled:
            return _error(400, "invalid_request_error", f"`{name}` is not supported for this model.")
    return None


def _on_demand(instruction: str, request: ReceivedRequest) -> Answer | None:
    if instruction == "please fail":
        return _error(400, "invalid_request_error", "messages: the text breaks a rule.")
    if instruction == "please be refused":
        return _error(401, "authentication_error", "invalid x-api-key")
    # Busy twice, then an answer.
    if instruction == "please be busy" and request.times % 3 < 2:
        message = "This request would exceed your organization's rate limit."
        return _error(429, "rate_limit_error", message, **{"retry-after": "2"})
    return None


def _error(status: int, kind: str, message: str, **headers: str) -> Answer:
    """Return an error body (Anthropic API reference, errors)."""
    error = {"type": kind, "message": message, "details": None}
    return json_answer(
        {"type": "error", "error": error, "request_id": _REQUEST_ID["request-id"]}, status, _REQUEST_ID | headers
    )


def _documented_start() -> dict[str, Any]:
    """Return the first event of the documented stream, whose message every answer has."""
    first = fixture("anthropic", "chat.sse").split(b"\n")[1]
    event: dict[str, Any] = json.loads(first.removeprefix(b"data: "))
    return event
