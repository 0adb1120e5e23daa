"""Engines of the practice endpoints: TGI, TEI, vLLM, the default toolkit; asleep or paused."""

import json
from collections.abc import Iterator
from typing import Any

from tui.practice import openai_server, sample_answers
from tui.practice.exchange import Answer, ReceivedRequest, json_answer
from tui.practice.transport import fixture

_TOKEN = 0.018
_EVENTS = {"content-type": "text/event-stream"}


def tgi(request: ReceivedRequest) -> Answer | None:
    """Answer as text-generation-inference, with a chat template."""
    if request.path == "/info":
        return json_answer(json.loads(fixture("huggingface", "tgi_info.json")))
    if request.path == "/health":
        return _text(200, "")
    if request.path == "/v1/chat/completions":
        return openai_server.chat(request, False)
    if request.path in ("/generate", "/generate_stream"):
        return generate(request, request.path.endswith("_stream"))
    return _text(404, "")


def tei(request: ReceivedRequest) -> Answer | None:
    """Answer as text-embeddings-inference."""
    if request.path == "/info":
        return json_answer(json.loads(fixture("huggingface", "tei_info.json")))
    if request.path == "/health":
        return _text(200, "")
    if request.path in ("/embed", "/"):
        texts = request.data["inputs"]
        if len(texts) > 32:
            message = f"batch size {len(texts)} > maximum allowed batch size 32"
            return json_answer({"error": message, "error_type": "Validation"}, 422)
        return json_answer([sample_answers.vector(text, 1024) for text in texts])
    return _text(404, "")


def vllm(request: ReceivedRequest) -> Answer | None:
    """Answer as vLLM, which knows its model by one name only."""
    if request.path == "/v1/models":
        served = {"id": "/repository", "object": "model", "owned_by": "vllm", "max_model_len": 32_768}
        return json_answer({"object": "list", "data": [served]})
    if request.path == "/v1/chat/completions":
        model = request.data["model"]
        return openai_server.chat(request, False) if model == "/repository" else openai_server.missing(model)
    return _text(200, "") if request.path == "/health" else json_answer({"detail": "Not Found"}, 404)


def toolkit(request: ReceivedRequest) -> Answer | None:
    """Answer as the default toolkit with a text-to-text model: no streaming, no unknown parameters."""
    if request.path == "/health":
        return _text(200, "Ok")
    if request.path != "/":
        return _text(404, "Not Found")
    unused = [parameter for parameter in request.data.get("parameters", {}) if parameter in ("stop", "seed")]
    if unused:
        message = f"The following `model_kwargs` are not used by the model: {unused} (note: typos show up here)"
        return json_answer({"error": message}, 400)
    return generate(request, False, listed=True)


def sleeper(request: ReceivedRequest) -> Answer | None:
    """Return the toolkit with a model for speech, which has scaled to zero and wakes when it is called."""
    if request.path == "/info" and not request.times:
        return _text(503, "Service Unavailable")
    if request.path == "/health":
        return _text(200, "Ok")
    return transcribe(request) if request.path == "/" else _text(404, "Not Found")


def paused_endpoint(request: ReceivedRequest) -> Answer | None:
    """Return an endpoint that is paused."""
    return json_answer({"error": "The endpoint is paused, ask a maintainer to restart it"}, 400)


def generate(request: ReceivedRequest, stream: bool, listed: bool = False) -> Answer:
    """Return a prompt continued, in the frames of `generate.sse` or in one piece."""
    prompt = str(request.data["inputs"])
    if sample_answers.instruction(prompt) == "please fail":
        return json_answer({"error": "Input validation error: the text breaks a rule", "error_type": "validation"}, 422)
    text = sample_answers.reply(prompt, "this model")
    if not stream:
        body: dict[str, Any] = {"generated_text": text}
        if request.data.get("parameters", {}).get("details"):
            body["details"] = {
                "finish_reason": "eos_token",
                "generated_tokens": sample_answers.tokens(text),
                "input_length": 5,
            }
        return json_answer([body] if listed else body, first=1.2)
    pieces = tuple(f"data:{json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in _events(text))
    return Answer(200, pieces, _EVENTS, 0.3, _TOKEN)


def transcribe(request: ReceivedRequest) -> Answer:
    """Return a transcript, with times where they were asked for."""
    body: dict[str, Any] = {"text": " ".join(text for _, _, text in sample_answers.SPOKEN)}
    if isinstance(request.data, dict) and request.data.get("parameters", {}).get("return_timestamps"):
        body["chunks"] = [{"timestamp": [start, end], "text": f" {text}"} for start, end, text in sample_answers.SPOKEN]
    return json_answer(body, first=1.5)


def _events(text: str) -> Iterator[dict[str, Any]]:
    documented = fixture("huggingface", "generate.sse").split(b"\n\n")
    piece, last = (json.loads(line.removeprefix(b"data:")) for line in documented[:2])
    for index, item in enumerate(sample_answers.pieces(text), 1):
        yield piece | {"index": index, "token": piece["token"] | {"text": item}}
    yield last | {"generated_text": text}


def _text(status: int, body: str) -> Answer:
    return Answer(status, (body.encode(),), {"content-type": "text/plain"})
