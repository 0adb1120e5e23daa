"""ChatGLM in practice: its servers side by side on this machine, a port each, without keys unless one is given.

ChatGLM3's has vectors as well; `please be empty` makes its stream end before it began, as short answers do.
"""

import json
from collections.abc import Callable, Mapping

from tui.practice import sample_answers
from tui.practice.exchange import Answer, ReceivedRequest, json_answer
from tui.practice.openai_server import EVENTS, Server, by_key, chat, embeddings
from tui.practice.transport import fixture

_API, _CHATGLM2, _CHATGLM3, _VLLM = (f"http://localhost:{port}" for port in (8001, 8002, 8003, 8004))
ORIGINS = (_API, _CHATGLM2, _CHATGLM3, _VLLM)
FIELDS = {"base_url": _CHATGLM3}

_LISTS = {_CHATGLM2: "chatglm2.json", _CHATGLM3: "chatglm3.json", _VLLM: "vllm.json"}
_ABOUT = {_API: "api_openapi.json", _CHATGLM3: "chatglm3_openapi.json"}


def answer(request: ReceivedRequest) -> Answer | None:
    """Return the answer to one request."""
    if refused := by_key(request):
        return refused
    if request.path == "/openapi.json" and request.origin in _ABOUT:
        return Answer(pieces=(fixture("chatglm", _ABOUT[request.origin]),))
    return _SERVERS[request.origin](request) or json_answer({"detail": "Not Found"}, 404)


def _vllm(request: ReceivedRequest) -> Answer | None:
    served = Server(fixture("chatglm", _LISTS[request.origin]), folder="chatglm")
    return served.answer(request) if request.path.startswith("/v1/") else None


def _script(request: ReceivedRequest) -> Answer | None:
    """Return a script of OpenAI's wire, which takes any name for its one model."""
    if request.path == "/v1/models":
        return Answer(pieces=(fixture("chatglm", _LISTS[request.origin]),))
    if request.path == "/v1/embeddings" and request.origin == _CHATGLM3:
        return embeddings(request, {})
    if request.path != "/v1/chat/completions":
        return None
    messages = request.data["messages"]
    if not messages or messages[-1]["role"] == "assistant":
        return json_answer({"detail": "Invalid request"}, 400)
    instruction = sample_answers.instruction(sample_answers.question_of(messages[-1]["content"]))
    if instruction == "please be empty" and request.data["stream"] and request.origin == _CHATGLM3:
        return Answer(headers=EVENTS)
    return chat(request, reasons=False, folder="chatglm")


def _api(request: ReceivedRequest) -> Answer | None:
    """Answer as `api.py`: one path, one answer, no error messages."""
    if request.path != "/":
        return None
    if request.method != "POST":
        return json_answer({"detail": "Method Not Allowed"}, 405, {"allow": "POST"})
    prompt = str(request.data["prompt"])
    instruction = sample_answers.instruction(prompt)
    if instruction in ("please fail", "please error"):
        return Answer(500, (b"Internal Server Error",), {"content-type": "text/plain; charset=utf-8"})
    text = "" if instruction == "please be empty" else sample_answers.reply(prompt, "api.py")
    data: Mapping[str, object] = json.loads(fixture("chatglm", "api.json"))
    answer_body = json_answer(
        {**data, "response": text, "history": [*request.data["history"], [prompt, text]]}, first=1.2
    )
    broken = instruction in ("please break", "please stall")
    pieces = (answer_body.pieces[0][:40],) if broken else answer_body.pieces
    return Answer(
        200,
        pieces,
        answer_body.headers,
        answer_body.first,
        cut=instruction == "please break",
        stall=instruction == "please stall",
    )


_SERVERS: Mapping[str, Callable[[ReceivedRequest], Answer | None]] = {
    _API: _api,
    _CHATGLM2: _script,
    _CHATGLM3: _script,
    _VLLM: _vllm,
}
