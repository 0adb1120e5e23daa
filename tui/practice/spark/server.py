"""iFLYTEK Spark in practice: chats by HTTP and over a WebSocket, vectors and voice dictation, each at its host.

Of the signed calls the key is the APIKey within the signature. Neither listing nor account is there to be asked, so a
key with `restricted` in it may chat with every version but the one that verification asks.
"""

import base64
import binascii
import json
import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tui.practice import openai_server, sample_answers
from tui.practice.exchange import Answer, ReceivedRequest, WebsocketTalk, json_answer
from tui.practice.transport import fixture

_HTTP = "https://spark-api-open.xf-yun.com"
_CHAT_HOST = "https://spark-api.xf-yun.com"
_VECTORS = "https://emb-cn-huabei-1.xf-yun.com"
_DICTATION = "https://iat-api.xfyun.cn"
ORIGINS = (_HTTP, _CHAT_HOST, _VECTORS, _DICTATION)
FIELDS = {
    "api_password": "FAKEexample0passwordofnobody3f2a",
    "app_id": "fa4e0000",
    "api_key": "fa4e0000example00key0of0nobody00",
    "api_secret": "FAKE0example00secret0of0nobody00",
}

_MODELS = {"lite", "generalv3", "pro-128k", "generalv3.5", "max-32k", "4.0Ultra", "spark-x"}
_SIZE = 2560
_TOKEN = 0.018
_CODES = {400: "10004", 429: "11202", 503: "10110"}
_USED_UP = "AppIdNoAuthError, licc limit: tokens.total"
_UNLICENSED = "licc failed: no authorisation for this version"


def answer(request: ReceivedRequest) -> Answer | WebsocketTalk | None:
    """Return the answer to a request, or the talk over a WebSocket."""
    if request.origin == _HTTP:
        return _by_http(request)
    request = replace(request, key=_signer(request))
    if "refused" in request.key or request.key in ("", FIELDS["api_secret"]):
        return json_answer({"message": "HMAC signature cannot be verified: fail to retrieve credential"}, 401)
    if request.origin == _VECTORS:
        return _vector(request)
    return WebsocketTalk(
        lambda frame: _dictate(frame) if request.origin == _DICTATION else _chat(replace(frame, key=request.key))
    )


def _by_http(request: ReceivedRequest) -> Answer | None:
    if "refused" in request.key:
        return json_answer(
            {"error": {"message": "invalid APIPassword", "type": "api_error", "param": None, "code": None}}, 401
        )
    if not request.path.endswith("/chat/completions"):
        return None
    if "nocredit" in request.key:
        return json_answer(_envelope("11200", _USED_UP), 403)
    if "restricted" in request.key and request.data["model"] == "lite":
        return json_answer(_envelope("11200", _UNLICENSED), 403)
    if request.data["model"] not in _MODELS:
        return json_answer(_envelope("10404", "model not found"), 404)
    response = openai_server.by_key(request) or openai_server.chat(request, reasons=False, folder="spark")
    if response.status == 401 or response.status < 400:
        return response
    message = json.loads(response.pieces[0])["error"]["message"]
    return replace(response, pieces=(json.dumps(_envelope(_CODES[response.status], message)).encode(),))


def _envelope(code: str, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "api_error", "param": None, "code": code}}


def _signer(request: ReceivedRequest) -> str:
    """Return the APIKey of a signature; '' unless host and date are there as well."""
    try:
        authorization = base64.b64decode(request.query.get("authorization", ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    match = re.fullmatch(
        r'api_key="(.+)", algorithm="hmac-sha256", headers="host date request-line", .+', authorization
    )
    signed = request.query.get("host") == request.origin.partition("://")[2] and request.query.get("date")
    return match[1] if match and signed else ""


def _vector(request: ReceivedRequest) -> Answer:
    content = json.loads(base64.b64decode(request.data["payload"]["messages"]["text"]))
    vector = sample_answers.vector(content["messages"][0]["content"], _SIZE)
    data = json.loads(fixture("spark", "vector.json"))
    data["payload"]["feature"]["text"] = base64.b64encode(struct.pack(f"<{_SIZE}f", *vector)).decode()
    return json_answer(data)


def _error(code: int, message: str) -> Answer:
    return Answer(pieces=(json.dumps({"header": {"code": code, "message": message, "sid": "practice"}}).encode(),))


def _chat(request: ReceivedRequest) -> Answer:
    """Return a chat over a WebSocket; every failure is a frame."""
    body = request.data[0]
    question = str(body["payload"]["message"]["text"][-1]["content"])
    texts = body["payload"]["message"]["text"]
    files = "".join(
        sample_answers.describe_file(text["content"]) for text in texts if text.get("content_type") == "image"
    )
    instruction = sample_answers.instruction(question)
    if "nocredit" in request.key:
        return _error(11200, _USED_UP)
    if "busy" in request.key or (instruction == "please be busy" and request.times % 3 < 2):
        return _error(11202, "AppIdQpsOverFlowError")
    if instruction == "please fail":
        return _error(10013, "input content audit failed")
    if instruction == "please be refused":
        return _error(11200, _UNLICENSED)
    text = (
        ""
        if instruction == "please be empty"
        else files + sample_answers.reply(question, body["parameter"]["chat"]["domain"])
    )
    thoughts = sample_answers.THINKING if instruction == "please think" else ""
    frames = list(_frames(thoughts, text[: len(text) // 2] if instruction == "please be long" else text))
    if instruction in ("please break", "please stall", "please error"):
        frames = frames[: len(frames) // 3]
    if instruction == "please error":
        frames.append(json.loads(fixture("spark", "talk_error.ndjson").splitlines()[-1]))
    pieces = tuple(json.dumps(frame, ensure_ascii=False).encode() for frame in frames)
    return Answer(
        pieces=pieces, first=0.3, pause=_TOKEN, cut=instruction == "please break", stall=instruction == "please stall"
    )


def _frames(thoughts: str, text: str) -> Iterator[dict[str, Any]]:
    """Yield the frames of an answer, with the members of those in `talk.ndjson`."""
    middle, last = (json.loads(line) for line in fixture("spark", "talk.ndjson").splitlines()[1:3])
    deltas = [("reasoning_content", piece) for piece in sample_answers.pieces(thoughts)]
    deltas += [("content", piece) for piece in sample_answers.pieces(text)]
    for place, (name, piece) in enumerate(deltas):
        item = {"role": "assistant", "index": 0, "content": "", name: piece}
        choices = {"status": min(place, 1), "seq": place, "text": [item]}
        yield {"header": middle["header"] | {"status": min(place, 1)}, "payload": {"choices": choices}}
    end = {"status": 2, "seq": len(deltas), "text": [{"role": "assistant", "index": 0, "content": ""}]}
    used = {
        "question_tokens": 1,
        "prompt_tokens": 2,
        "completion_tokens": sample_answers.tokens(text),
        "total_tokens": 3,
    }
    yield {"header": last["header"], "payload": {"choices": end, "usage": {"text": used}}}


def _dictate(request: ReceivedRequest) -> Answer | None:
    """Return what a recording says, once it was heard to its end."""
    if request.data[-1]["data"]["status"] != 2:
        return None
    frames = [json.loads(line) for line in fixture("spark", "dictation.ndjson").splitlines()]
    frames[0]["data"]["result"]["ws"] = [
        {"bg": 0, "cw": [{"sc": 0, "w": f"{text} "}]} for _, _, text in sample_answers.SPOKEN
    ]
    frames[1]["data"]["result"]["ws"] = []
    return Answer(pieces=tuple(json.dumps(frame, ensure_ascii=False).encode() for frame in frames), first=1.0)
