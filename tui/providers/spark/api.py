"""iFLYTEK Spark: signing, and chat over HTTP, which is OpenAI's API (xfyun.cn, Spark HTTP interface).

Chats by HTTP take a bearer; every other call carries its signature in the query (xfyun.cn, general URL
authentication). Failures are a `code` in the body of a 200, in a frame, or within OpenAI's envelope.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit

from tui.providers.dialects import error_codes
from tui.providers.dialects.attachments import has_files, unsupported
from tui.providers.dialects.error_frames import with_error_check
from tui.providers.dialects.messages import one_system
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import chat as openai_chat
from tui.providers.dialects.structured_output import in_json_mode
from tui.providers.events import Accepted
from tui.providers.origins import host_of, origin_of
from tui.providers.requests import ApiError, Call, ChatRequest, Frame, Reader
from tui.providers.spec import FieldValues
from tui.secret import Secret

HTTP = "https://spark-api-open.xf-yun.com"
PATHS = ("/v1", "/v2", "/x2", "/agent/v1")
"""Versions lie under different paths, where one name may mean different models."""

PROBE_MODEL = "lite"
"""Asked for one token to see whether an APIPassword is taken; it is the free version."""

_BEARER = "/chat/completions"
# Only chats are of that wire.
_FLAVOUR = openai_api.Flavour(lambda entry: None, max_tokens_field="max_tokens", vectors="")

ID = "spark"


@dataclass(frozen=True)
class Version:
    """A model's path and name over HTTP, its path, domain and host by WebSocket ('' without, or for the usual one)."""

    path: str
    model: str
    socket: str = ""
    domain: str = ""
    host: str = ""


def at(fields: FieldValues, official: str, path: str) -> str:
    """Return the URL of a path at one of the vendor's hosts; under the base URL where that is somebody's own."""
    base = fields.get("base_url", HTTP).rstrip("/")
    if origin_of(base) == HTTP:
        return official + path
    return (base.replace("http", "ws", 1) if official.startswith("wss:") else base) + path


def sign(call: Call, secrets: Mapping[str, Secret], now: float) -> Call:
    """Return the bearer of a chat by HTTP, or the signature of host, date and request line in the query."""
    if call.url.endswith(_BEARER):
        password = secrets.get("api_password")
        return call.with_headers({"authorization": Secret(f"Bearer {password.reveal()}")}) if password else call
    key, secret = secrets.get("api_key"), secrets.get("api_secret")
    if not key or not secret:
        return call
    host, date = host_of(call.url), formatdate(now, usegmt=True)
    text = f"host: {host}\ndate: {date}\n{call.method} {urlsplit(call.url).path} HTTP/1.1"
    digest = hmac.new(secret.reveal().encode(), text.encode(), hashlib.sha256).digest()
    signed = f'hmac-sha256", headers="host date request-line", signature="{base64.b64encode(digest).decode()}"'
    packed = Secret(base64.b64encode(f'api_key="{key.reveal()}", algorithm="{signed}'.encode()).decode())
    return replace(call, query={**call.query, "authorization": packed, "date": date, "host": host})


def parse_error(status: int, headers: Mapping[str, str], body: Any) -> ApiError:
    """Return the error in a response body: OpenAI's envelope, or flat; `sid` is what the vendor's support asks for."""
    refused = openai_api.parse_error(status, headers, body)
    documented = error_codes.lookup(ID, refused.code)
    sid = body.get("sid") if isinstance(body, dict) else None
    return replace(
        refused,
        status=status or documented.status,
        request_id=refused.request_id or (sid if isinstance(sid, str) else ""),
        headers=headers,
        final=documented.final,
    )


def refused_in(frame: Frame) -> ApiError | None:
    """Return the refusal in a frame: `code` (in `header` where there is one) is 0 where there is none."""
    data = frame.data
    header = data.get("header") or data if isinstance(data, dict) else None
    code = header.get("code") if isinstance(header, dict) else None
    if code not in (None, 0, "0", ""):
        return parse_error(0, {}, header)
    return parse_error(0, {}, data) if openai_api.error_in(data, frame.event) else None


def chat(fields: FieldValues, version: Version, request: ChatRequest) -> Call:
    """Return the call that answers a chat by HTTP; the usage comes unasked."""
    if has_files(request.messages):
        raise unsupported(request.model.ref)
    request = in_json_mode(request)
    request = replace(request, model=replace(request.model, id=version.model), messages=one_system(request.messages))
    call = openai_chat.chat(_FLAVOUR, {"base_url": at(fields, HTTP, version.path)}, request)
    return with_error_check(replace(openai_api.without(call, "stream_options"), reader=_answer_reader), refused_in)


def probe(fields: FieldValues) -> Call:
    """Return a chat of one token, by which an APIPassword is verified: nothing lists models or tells who one is."""
    body = {
        "model": PROBE_MODEL,
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 1,
        "stream": False,
    }
    url = at(fields, HTTP, "/v1") + _BEARER
    return with_error_check(Call("POST", url, openai_api.proof("choices", Accepted()), json=body), refused_in)


def _answer_reader() -> Reader:
    read = openai_chat.answer_reader()

    def answer(frame: Frame | None) -> Iterator[Any]:
        choices = frame.data.get("choices") if frame and isinstance(frame.data, dict) else None
        if frame and isinstance(choices, list):
            # A whole answer names no reason for its end.
            ended = [{"finish_reason": "stop", **choice} if _is_whole(choice) else choice for choice in choices]
            frame = replace(frame, data={**frame.data, "choices": ended})
        yield from read(frame)

    return answer


def _is_whole(choice: Any) -> bool:
    return isinstance(choice, dict) and bool(choice.get("message"))
