"""Wenxin in practice: Qianfan and its models as `models.json` lists them, and the older service beside it.

Of the older service the key is the application's; the token that it is exchanged for has its words in it.
"""

import json
from collections.abc import Iterator
from typing import Any

from tui.practice import sample_answers
from tui.practice.exchange import Answer, ReceivedRequest, json_answer
from tui.practice.openai_server import EVENTS, Server, embeddings
from tui.practice.transport import fixture

_OLD_HOST = "https://aip.baidubce.com"
ORIGINS = (
    "https://qianfan.baidubce.com",
    "https://qianfan.bj.baidubce.com",
    "https://qianfan.gz.baidubce.com",
    _OLD_HOST,
)
FIELDS = {"api_key": "bce-v3/ALTAK-FAKE0example00key/0of0nobody03f2a"}

_SIZES = {"embedding-v1": 384, "bge-large-zh": 1024, "bge-large-en": 1024, "tao-8k": 1024, "bge_large_zh": 1024}
_TOKEN = 0.018


def answer(request: ReceivedRequest) -> Answer | None:
    """Return the answer to one request."""
    if request.origin == _OLD_HOST:
        return _exchange_token(request) if request.path == "/oauth/2.0/token" else _older(request)
    if "refused" in request.key:
        return _refusal(401, "invalid_iam_token", "IAM certification failed.")
    if "restricted" in request.key and request.method == "GET":
        return _refusal(401, "access_denied", "The key has no permission for this service.")
    if "nocredit" in request.key and request.method == "POST":
        return _refusal(403, "access_denied", "The account is overdue.")
    return Server(fixture("wenxin", "models.json"), _SIZES, folder="wenxin").answer(request)


def _refusal(status: int, code: str, message: str) -> Answer:
    error = {"code": code, "message": message, "type": "invalid_request_error"}
    return json_answer({"error": error, "id": "as-practice"}, status)


def _exchange_token(request: ReceivedRequest) -> Answer:
    """Return a token for a key pair that is given in the query."""
    key, secret = request.query.get("client_id", ""), request.query.get("client_secret", "")
    if "refused" in key or not key:
        return json_answer({"error": "invalid_client", "error_description": "unknown client id"}, 401)
    if "refused" in secret or not secret:
        return json_answer({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
    data = json.loads(fixture("wenxin", "token.json"))
    return json_answer(data | {"access_token": f"{data['access_token']}.{key[-8:]}"})


def _older(request: ReceivedRequest) -> Answer:
    """Return a chat or vectors of the older service; every failure is a 200."""
    token = request.query.get("access_token", "")
    if not token.startswith("24.FAKE"):
        return _error(110, "Access token invalid or no longer valid")
    if "nocredit" in token:
        return _error(17, "Open api daily request limit reached")
    service, _, part = request.path.partition("/wenxinworkshop/")[2].partition("/")
    if service == "embeddings":
        return embeddings(ReceivedRequest(**{**vars(request), "data": {**request.data, "model": part}}), _SIZES)
    if service != "chat":
        return _error(3, "Unsupported openapi method")
    if len(request.data["messages"]) % 2 == 0 or any(
        message["role"] == "system" for message in request.data["messages"]
    ):
        return _error(336006, "the length of messages must be an odd number")
    return _chat(request, part)


def _error(code: int, message: str) -> Answer:
    return json_answer({"error_code": code, "error_msg": message, "id": "as-practice"})


def _chat(request: ReceivedRequest, part: str) -> Answer:
    body = request.data
    question = sample_answers.question_of(body["messages"][-1]["content"])
    instruction = sample_answers.instruction(question)
    if instruction == "please fail":
        return _error(336003, "the text breaks a rule")
    if instruction == "please be refused":
        return _error(14, "IAM Certification failed")
    # Busy twice, then an answer.
    if instruction == "please be busy" and request.times % 3 < 2:
        return _error(18, "Open api qps request limit reached")
    text = "" if instruction == "please be empty" else sample_answers.reply(question, part)
    long = instruction == "please be long"
    text = text[: len(text) // 2] if long else text
    pieces = list(sample_answers.pieces(text)) or [""]
    events = list(_events(pieces, long))
    if not body.get("stream"):
        return json_answer({**events[-1], "result": text}, first=1.2)
    if instruction in ("please break", "please stall", "please error"):
        events = events[: len(events) // 3]
    if instruction == "please error":
        events.append({"error_code": 336000, "error_msg": "Internal error", "id": "as-practice"})
    frames = tuple(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in events)
    return Answer(
        200, frames, EVENTS, 0.3, _TOKEN, cut=instruction == "please break", stall=instruction == "please stall"
    )


def _events(pieces: list[str], long: bool) -> Iterator[dict[str, Any]]:
    """Yield the events of an answer, with the members of those in `older_chat.sse`."""
    first, last = (
        json.loads(event.removeprefix(b"data: ")) for event in fixture("wenxin", "older_chat.sse").split(b"\n\n")[:2]
    )
    for place, piece in enumerate(pieces[:-1]):
        yield {**first, "sentence_id": place, "result": piece}
    yield {**last, "sentence_id": len(pieces) - 1, "result": pieces[-1], "is_truncated": long}
