"""MiniMax in practice: the hosts of its two platforms, and its models as `models.json` lists them.

It says no in the body of a 200. A key with `overseas` in it belongs to the international platform and is known there
only.
"""

import json
from dataclasses import replace
from typing import Any

from tui.practice import sample_answers
from tui.practice.exchange import Answer, ReceivedRequest, json_answer
from tui.practice.openai_server import EVENTS, Server
from tui.practice.transport import fixture

ORIGINS = ("https://api.minimaxi.com", "https://api.minimax.io")
FIELDS = {
    "api_key": "eyJFAKEexample0keyofnobody.FAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKE.FAKEFAKE3f2a",
    "group_id": "1700000000000000000",
    "base_url": "https://api.minimaxi.com/v1",
}

_SIZE = 1536
_OLD_PATH = "/text/chatcompletion_v2"
_NUMBERS = {400: 1026, 401: 2049, 403: 2061, 404: 2013, 429: 1002, 503: 1000}


def answer(request: ReceivedRequest) -> Answer | None:
    """Return the answer to one request."""
    if "refused" in request.key or ("overseas" in request.key and request.origin != ORIGINS[1]):
        error = {"type": "authorized_error", "message": "invalid api key (2049)", "http_code": "401"}
        return json_answer({"type": "error", "error": error, "request_id": "practice-0001"}, 401)
    if "nocredit" in request.key and request.method == "POST":
        return _error(1008, "insufficient balance")
    if request.path.endswith("/embeddings") and "busy" not in request.key:
        return _vectors(request.data)
    older = request.path.endswith(_OLD_PATH)
    path = request.path.replace(_OLD_PATH, "/chat/completions")
    response = Server(fixture("minimax", "models.json"), folder="minimax").answer(replace(request, path=path))
    if response and response.status >= 400:
        message = json.loads(response.pieces[0])["error"]["message"]
        return replace(_error(_NUMBERS[response.status], message), headers=response.headers)
    return _older_stream(response) if response and older and response.headers == EVENTS else response


def _error(number: int, message: str) -> Answer:
    base = {"status_code": number, "status_msg": message}
    return json_answer({"id": "practice-0002", "choices": None, "vectors": None, "base_resp": base})


def _vectors(body: dict[str, Any]) -> Answer:
    if body["model"] != "embo-01" or body["type"] not in ("db", "query"):
        return _error(2013, "invalid params")
    vectors = [sample_answers.vector(text, _SIZE) for text in body["texts"]]
    used = sum(map(sample_answers.tokens, body["texts"]))
    base = {"status_code": 0, "status_msg": "success"}
    return json_answer({"vectors": vectors, "total_tokens": used, "base_resp": base})


def _older_stream(streamed: Answer) -> Answer:
    """Return a stream of the older route: a whole message at its end, and no end mark."""
    *pieces, last = streamed.pieces
    if not last.startswith(b"data: [DONE]"):
        return streamed
    chunks = [json.loads(piece.removeprefix(b"data: ")) for piece in pieces]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    message = {"role": "assistant", "content": "".join(delta.get("content") or "" for delta in deltas)}
    reason = next(choice["finish_reason"] for chunk in chunks for choice in chunk["choices"] if choice["finish_reason"])
    choice = {"index": 0, "finish_reason": reason, "message": message}
    base = {"status_code": 0, "status_msg": ""}
    final = {**chunks[-1], "object": "chat.completion", "choices": [choice], "base_resp": base}
    return replace(streamed, pieces=(*pieces[:-1], f"data: {json.dumps(final, ensure_ascii=False)}\n\n".encode()))
