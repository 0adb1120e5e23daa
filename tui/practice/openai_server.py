"""Practice server of OpenAI's API, for the vendor and for local servers."""

import base64
import json
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tui.practice import sample_answers
from tui.practice.exchange import Answer, ReceivedRequest, json_answer
from tui.practice.transport import fixture

EVENTS = {"content-type": "text/event-stream; charset=utf-8"}
_TOKEN = 0.018


@dataclass(frozen=True)
class Server:
    """A server of this wire: what it lists, the lengths of its vectors, and which of its models reason.

    Its chunks have the members of those in `chat.sse` of the practice folder `folder`.
    """

    listing: bytes
    sizes: Mapping[str, int] = field(default_factory=dict)
    reasons: Callable[[str], bool] = lambda model: False
    folder: str = "openai"

    def answer(self, request: ReceivedRequest) -> Answer | None:
        """Answer a request by the end of its path; None for a path that the API does not have."""
        if answer := by_key(request):
            return answer
        if request.path.endswith("/models"):
            return Answer(pieces=(self.listing,))
        model = str((request.data or {}).get("model", ""))
        if model not in {load["id"] for load in json.loads(self.listing)["data"]}:
            return missing(model)
        if request.path.endswith("/chat/completions"):
            return chat(request, self.reasons(model), self.folder)
        if request.path.endswith("/embeddings"):
            return embeddings(request, self.sizes)
        return transcription(request) if request.path.endswith("/audio/transcriptions") else None


def error_body(message: str, kind: str, code: str | None, param: str | None = None) -> dict[str, Any]:
    """Return an error body (OpenAI API reference, errors)."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def by_key(request: ReceivedRequest) -> Answer | None:
    """Return the error for a practice key that is not a good one, or None."""
    key = request.key
    if "refused" in key:
        body = error_body("Incorrect API key provided: sk-pr***3f2a.", "invalid_request_error", "invalid_api_key")
        return json_answer(body, 401, {"x-request-id": "req_practice401"})
    if "restricted" in key and request.method == "GET":
        text = "You have insufficient permissions for this operation. Missing scopes: api.model.read."
        return json_answer(error_body(text, "invalid_request_error", None), 403)
    if "nocredit" in key and request.method == "POST":
        return json_answer(
            error_body("You exceeded your current quota.", "insufficient_quota", "insufficient_quota"), 429
        )
    if "busy" in key:
        return json_answer(error_body("The engine is overloaded.", "server_error", None), 503, {"retry-after": "2"})
    return None


def chat(request: ReceivedRequest, reasons: bool, folder: str = "openai") -> Answer:
    """Return a chat completion, streamed or not, that does what the last question asks for."""
    body = request.data
    content = body["messages"][-1]["content"] if body["messages"] else ""
    if body.get("tools") and body["messages"][-1]["role"] == "user":
        return _tool_call(folder, body)
    question, files = sample_answers.question_of(content), sample_answers.files_of(content)
    instruction = sample_answers.instruction(question)
    if answer := _on_demand(instruction, request):
        return answer
    if refusal := _token_limit_error(body, reasons):
        return json_answer(refusal, 400)
    text = "" if instruction == "please be empty" else files + sample_answers.reply(question, body["model"])
    form = (body.get("response_format") or {}).get("json_schema")
    if isinstance(form, dict) and not instruction:
        text = json.dumps(sample_answers.arguments(form.get("schema")), ensure_ascii=False)
    thoughts = sample_answers.THINKING if instruction == "please think" else ""
    reason = "stop"
    if instruction == "please be long":
        text, reason = text[: len(text) // 2], "length"
    prompt_tokens = sum(
        sample_answers.tokens(sample_answers.question_of(entry["content"] or "")) for entry in body["messages"]
    )
    usage = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": sample_answers.tokens(text + thoughts),
        "total_tokens": prompt_tokens + sample_answers.tokens(text + thoughts),
        "completion_tokens_details": {"reasoning_tokens": sample_answers.tokens(thoughts) if thoughts else 0},
    }
    if not body.get("stream"):
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
        return json_answer(_completion(folder, body, "chat.completion", [choice], usage), first=1.2)
    events = list(_events(folder, body, text, thoughts, reason, usage))
    if instruction in ("please break", "please stall", "please error"):
        events = events[: len(events) // 3]
    if instruction == "please error":
        events.append(error_body("The server had an error while processing the request.", "server_error", None))
    if not instruction.endswith(("break", "stall", "error")):
        events.append("[DONE]")
    pieces = tuple(_piece(event) for event in events)
    return Answer(
        200, pieces, EVENTS, 0.3, _TOKEN, cut=instruction == "please break", stall=instruction == "please stall"
    )


def _tool_call(folder: str, body: Mapping[str, Any]) -> Answer:
    """Return an answer that asks for the first tool, with arguments that fit a simple schema."""
    function = body["tools"][0]["function"]
    arguments = json.dumps(sample_answers.arguments(function.get("parameters", {})), ensure_ascii=False)
    head = {"id": "call_practice1", "type": "function"}
    call = {**head, "function": {"name": function["name"], "arguments": arguments}}
    used = {"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42}
    if not body.get("stream"):
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "tool_calls"}
        return json_answer(_completion(folder, body, "chat.completion", [choice], used), first=1.2)
    half = len(arguments) // 2
    start = {"index": 0, **head, "function": {"name": function["name"], "arguments": ""}}
    parts = [{"index": 0, "function": {"arguments": piece}} for piece in (arguments[:half], arguments[half:])]
    deltas: list[dict[str, Any]] = [{"tool_calls": [part]} for part in (start, *parts)]
    choices: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "tool_calls"})
    events: list[dict[str, Any] | str] = [
        _completion(folder, body, "chat.completion.chunk", [choice], None) for choice in choices
    ]
    if (body.get("stream_options") or {}).get("include_usage"):
        events.append(_completion(folder, body, "chat.completion.chunk", [], used))
    return Answer(200, tuple(map(_piece, [*events, "[DONE]"])), EVENTS, 0.3, _TOKEN)


def embeddings(request: ReceivedRequest, sizes: Mapping[str, int]) -> Answer:
    """Return vectors in the requested encoding and length."""
    body = request.data
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    size = body.get("dimensions") or sizes.get(body["model"], 768)
    vectors = [sample_answers.vector(text, size) for text in texts]
    packed = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": place, "embedding": _pack_vector(vector) if packed else vector}
        for place, vector in enumerate(vectors)
    ]
    used = sum(map(sample_answers.tokens, texts))
    usage = {"prompt_tokens": used, "total_tokens": used}
    return json_answer({"object": "list", "data": data, "model": body["model"], "usage": usage})


def transcription(request: ReceivedRequest) -> Answer:
    """Return a transcript with the timestamps that were requested."""
    form = request.data
    text = " ".join(sentence for _, _, sentence in sample_answers.SPOKEN)
    body: dict[str, Any] = {"text": text, "usage": {"type": "duration", "seconds": round(sample_answers.SPOKEN[-1][1])}}
    if form.get("response_format") in ("verbose_json", "diarized_json"):
        body |= {"task": "transcribe", "language": "english", "duration": sample_answers.SPOKEN[-1][1]}
        body["segments"] = [
            {"id": place, "start": start, "end": end, "text": f" {sentence}"}
            for place, (start, end, sentence) in enumerate(sample_answers.SPOKEN)
        ]
        if form.get("timestamp_granularities[]") == "word":
            body["words"] = list(_words())
    return json_answer(body, first=1.5)


def missing(model: str) -> Answer:
    """Return the error for an unknown model."""
    body = error_body(f"The model `{model}` does not exist.", "invalid_request_error", "model_not_found", "model")
    return json_answer(body, 404)


def _token_limit_error(body: Mapping[str, Any], reasons: bool) -> dict[str, Any] | None:
    for name in ("temperature", "top_p", "presence_penalty", "frequency_penalty", "max_tokens") if reasons else ():
        if name in body:
            text = f"Unsupported parameter: '{name}' is not supported with this model."
            return error_body(text, "invalid_request_error", "unsupported_parameter", name)
    return None


def _on_demand(instruction: str, request: ReceivedRequest) -> Answer | None:
    if instruction == "please fail":
        return json_answer(error_body("The text breaks a rule.", "invalid_request_error", "invalid_prompt"), 400)
    if instruction == "please be refused":
        return json_answer(error_body("Incorrect API key provided.", "invalid_request_error", "invalid_api_key"), 401)
    # Busy twice, then an answer.
    if instruction == "please be busy" and request.times % 3 < 2:
        text = "Rate limit reached for requests."
        return json_answer(error_body(text, "rate_limit_error", "rate_limit_exceeded"), 429, {"retry-after": "2"})
    return None


def _events(
    folder: str, body: Mapping[str, Any], text: str, thoughts: str, reason: str, usage: Mapping[str, Any]
) -> Iterator[dict[str, Any] | str]:
    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _completion(folder, body, "chat.completion.chunk", [choice], None)

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    for piece in sample_answers.pieces(thoughts):
        yield chunk({"reasoning_content": piece})
    for piece in sample_answers.pieces(text):
        yield chunk({"content": piece})
    yield chunk({}, reason)
    if (body.get("stream_options") or {}).get("include_usage"):
        yield _completion(folder, body, "chat.completion.chunk", [], usage)


def _completion(
    folder: str, body: Mapping[str, Any], kind: str, choices: list[Any], usage: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {**_documented_chunk(folder), "object": kind, "model": body["model"], "choices": choices, "usage": usage}


@cache
def _documented_chunk(folder: str) -> dict[str, Any]:
    """Return the first chunk with text of the documented stream; every chunk has its members."""
    lines = [part.removeprefix(b"data: ") for part in fixture(folder, "chat.sse").split(b"\n") if b'"delta"' in part]
    chunk: dict[str, Any] = json.loads(lines[0])
    return chunk


def _piece(event: dict[str, Any] | str) -> bytes:
    text = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
    return f"data: {text}\n\n".encode()


def _pack_vector(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _words() -> Iterator[dict[str, Any]]:
    for start, end, sentence in sample_answers.SPOKEN:
        words = sentence.split()
        step = (end - start) / len(words)
        for place, word in enumerate(words):
            yield {"word": word, "start": round(start + place * step, 2), "end": round(start + (place + 1) * step, 2)}
