"""The older Wenxin API, which gateways may still serve (Baidu AI Cloud, Wenxin Workshop API, V1).

The key pair of an application is exchanged for a token that goes along in the query. Each model has a path of its own;
turns alternate and what the system says stands apart. An answer has its text in `result`, and a stream no end mark but
`is_end`. Every failure comes as `error_code` in the body of a 200.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from tui.domain import Model
from tui.providers.dialects.attachments import has_files, unsupported
from tui.providers.dialects.error_frames import with_error_check
from tui.providers.dialects.finish_reasons import finish, reason_of
from tui.providers.dialects.messages import alternating
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import embeddings
from tui.providers.dialects.openai.usage import usage_of
from tui.providers.dialects.structured_output import in_json_mode
from tui.providers.events import UNFINISHED, Accepted, AccessToken, Event, ModelsListed, TextDelta, Usage
from tui.providers.requests import ApiError, Call, ChatRequest, EmbeddingRequest, EndFrame, Frame, Framing, Reader
from tui.providers.spec import FieldValues
from tui.providers.wenxin.qianfan import MARKED, refused_in
from tui.secret import Secret

PATH = "/rpc/2.0/ai_custom/v1/wenxinworkshop"
EXCHANGE = "/oauth/2.0/token"
TOKENS = 2048
"""The most that an answer may use."""

_ROOT = "https://aip.baidubce.com"
_CURRENT = (".baidubce.com", "qianfan.")
_PROBE_PATH = "/chat/ernie_speed"
_MONTH = 2_592_000

CHATS = {
    "ERNIE-Bot": "completions",
    "ERNIE-Bot-4": "completions_pro",
    "ERNIE-Bot-turbo": "eb-instant",
    "ERNIE-Bot-8K": "ernie_bot_8k",
    "ERNIE-Speed-8K": "ernie_speed",
    "ERNIE-Speed-128K": "ernie-speed-128k",
    "ERNIE-Lite-8K": "ernie-lite-8k",
    "ERNIE-Tiny-8K": "ernie-tiny-8k",
    "ERNIE-Char-8K": "ernie-char-8k",
    "ERNIE-4.0-Turbo-8K": "ernie-4.0-turbo-8k",
    "BLOOMZ-7B": "bloomz_7b1",
    "Llama-2-7B": "llama_2_7b",
    "Llama-2-13B": "llama_2_13b",
    "Llama-2-70B": "llama_2_70b",
    "ChatGLM2-6B-32K": "chatglm2_6b_32k",
    "AquilaChat-7B": "aquilachat_7b",
    "Yi-34B": "yi_34b_chat",
}
"""Chat models as its documents call them, each with the last part of its path."""

EMBEDDINGS = {
    "embedding-v1": "embedding-v1",
    "bge-large-zh": "bge_large_zh",
    "bge-large-en": "bge_large_en",
    "tao-8k": "tao_8k",
}

# Other names of the same models, as the current service and later documents have them.
_SAME = {
    "ernie-3.5-8k": "completions",
    "ernie-4.0-8k": "completions_pro",
    "ernie-lite-8k-0922": "eb-instant",
}
_PARTS = {name.lower(): part for name, part in {**CHATS, **EMBEDDINGS}.items()} | _SAME
_TOKENS = ("max_tokens", "max_completion_tokens")


def root(fields: FieldValues) -> str:
    """Return the URL that token endpoint and models are under: a gateway's, else the service's.

    The default of the field is the current service's URL, which does not serve this API.
    """
    host = urlsplit(fields["base_url"]).hostname or ""
    suffix, prefix = _CURRENT
    if host.startswith(prefix) and host.endswith(suffix):
        return _ROOT
    return fields["base_url"].rstrip("/").removesuffix(PATH)


def exchange(fields: FieldValues) -> Call:
    """Return the request for an access token. The service wants the key pair in the query."""
    return Call(
        "POST",
        root(fields) + EXCHANGE,
        lambda: _token,
        headers={"content-type": "application/json"},
        query={"grant_type": "client_credentials"},
    )


def sign(call: Call, secrets: Mapping[str, Secret]) -> Call:
    """Add the key pair to the query of the token request, the token to that of others."""
    if call.url.endswith(EXCHANGE):
        values = {"client_id": secrets.get("legacy_api_key"), "client_secret": secrets.get("legacy_secret_key")}
    else:
        values = {"access_token": secrets.get("token")}
    return replace(call, query={**call.query, **{name: value for name, value in values.items() if value}})


def probe(fields: FieldValues, known: tuple[Model, ...]) -> Call:
    """Return a chat of two tokens: a token alone does not prove that the service still accepts it."""
    body = {"messages": [{"role": "user", "content": "hi"}], "max_output_tokens": 2, "stream": False}
    url = root(fields) + PATH + _PROBE_PATH
    return with_error_check(
        Call("POST", url, openai_api.proof("result", ModelsListed(known), Accepted()), json=body), refused_in
    )


def chat(fields: FieldValues, request: ChatRequest) -> Call:
    """Return the chat request."""
    if has_files(request.messages):
        raise unsupported("The older form of Wenxin")
    request = in_json_mode(request, "json_object")
    system, turns = alternating(request.messages)
    body: dict[str, Any] = {
        "max_output_tokens" if name in _TOKENS else name: value for name, value in request.parameters.items()
    }
    body |= {"messages": [{"role": turn.role, "content": turn.text} for turn in turns], "stream": request.stream}
    if system:
        body["system"] = system
    framing = Framing.SSE if request.stream else Framing.JSON
    url = f"{root(fields)}{PATH}/chat/{_part(request.model)}"
    return with_error_check(Call("POST", url, _answer_reader, framing, json=body), refused_in)


def embed(flavour: openai_api.Flavour, fields: FieldValues, request: EmbeddingRequest) -> Call:
    """Return the embedding request; the path names the model."""
    url = f"{root(fields)}{PATH}/embeddings/{_part(request.model)}"
    return with_error_check(_move_system(embeddings.embed(flavour, fields, request), url), refused_in)


def _move_system(call: Call, url: str) -> Call:
    def reader() -> Reader:
        read = call.reader()

        def read_moved(frame: Frame | None) -> Iterator[Any]:
            for event in read(frame):
                yield _move_system(event, url) if isinstance(event, Call) else event

        return read_moved

    return replace(call, url=url, json={"input": call.json["input"]}, reader=reader)


def _part(model: Model) -> str:
    name = model.id.lower()
    return _PARTS.get(name) or quote(name, safe="")


def _token(frame: Frame | None) -> Iterator[Event | ApiError]:
    if frame is None:
        return
    if refused := refused_in(frame):
        yield refused
    elif isinstance(frame.data, dict) and isinstance(token := frame.data.get("access_token"), str) and token:
        yield AccessToken(Secret(token), openai_api.number(frame.data.get("expires_in")) or _MONTH)


def _answer_reader() -> Reader:
    return _Answer().read


class _Answer:
    def __init__(self) -> None:
        self._reason = ""
        self._usage: Usage | None = None
        self._text = self._open = self._marked = self._done = False

    def read(self, frame: Frame | None) -> Iterator[Event | ApiError | EndFrame]:
        if self._done:
            return
        if frame is None:
            self._done = True
            yield from self._end(cut=self._open or not self._reason)
            return
        if not isinstance(frame.data, dict) or not isinstance(text := frame.data.get("result"), str):
            return
        if text:
            self._text = True
            yield TextDelta(text)
        yield from self._read_usage(frame.data)
        if frame.data.get("is_end"):
            self._done = True
            yield from self._end(cut=False)
        elif not self._open:
            yield EndFrame()

    def _read_usage(self, data: Mapping[str, Any]) -> Iterator[Event]:
        self._usage = usage_of(data) or self._usage
        # Not every model gives a reason; only a stream says whether more is to come.
        self._open = "is_end" in data
        reason = data.get("finish_reason")
        self._reason = reason_of(reason) or self._reason or "normal"
        if data.get("is_truncated"):
            self._reason = "length"
        if data.get("need_clear_history") and not self._marked:
            self._marked = True
            yield MARKED

    def _end(self, cut: bool) -> Iterator[Event]:
        if self._usage:
            yield self._usage
        if cut:
            yield UNFINISHED
            return
        yield finish(self._reason.replace("normal", "stop"), self._text)
