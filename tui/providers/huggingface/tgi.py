"""Text generation requests: TGI, hf-inference, and the default toolkit of an endpoint.

text-generation-inference, router/src (server, validation, infer); huggingface-inference-toolkit, handler.py. A prompt
goes in, its continuation comes out. Streamed events end with the one that repeats the whole text; there is no `[DONE]`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tui.providers.dialects import error_codes
from tui.providers.dialects.attachments import has_files
from tui.providers.dialects.attachments import unsupported as no_attachments
from tui.providers.dialects.finish_reasons import finish, reason_of
from tui.providers.dialects.openai.api import malformed
from tui.providers.dialects.openai.chat import prompt
from tui.providers.dialects.structured_output import unsupported
from tui.providers.dialects.values import token_count
from tui.providers.events import UNFINISHED, Event, TextDelta, Usage
from tui.providers.requests import ApiError, Call, ChatRequest, Frame, Framing, Reader

NEW_TOKENS = 512
"""The default limit of tokens of an answer: older servers stop after a few words, newer ones at the context's end."""

OTHER_TASK = "other_task"
"""The code of an answer that belongs to another task; `param` names it."""

ID = "huggingface"

_SAMPLING = ("temperature", "top_p", "top_k")


@dataclass(frozen=True)
class Server:
    """The differences of a server with this API.

    `whole` and `streamed` are its paths, the latter None where it never streams. With `flag` the body says which way it
    is. `details` says that it tells, when asked, why an answer ended. `echoes` says that the prompt may come back.
    """

    whole: str = ""
    streamed: str | None = None
    flag: bool = False
    details: bool = False
    echoes: bool = False


TGI = Server("/generate", "/generate_stream", details=True)
SERVERLESS = Server("", "", flag=True)
TOOLKIT = Server(echoes=True)


def generate(server: Server, url: str, request: ChatRequest, continues: bool = True) -> Call:
    """Return the request that continues a prompt; with `continues`, the model would repeat it first."""
    if request.schema is not None and server is not TGI:
        raise unsupported(request.model.ref)
    if has_files(request.messages):
        raise no_attachments(request.model.ref)
    request = with_grammar(request, "grammar")
    streamed = request.stream and server.streamed is not None
    text = prompt(request.messages)
    body: dict[str, Any] = {"inputs": text, "parameters": _parameters(server, request.parameters, continues)}
    if server.flag:
        body["stream"] = streamed
    path = server.streamed if streamed and server.streamed is not None else server.whole
    framing = Framing.SSE if streamed else Framing.JSON
    return Call("POST", url + path, lambda: answer_reader(text if server.echoes else ""), framing, json=body)


def with_grammar(request: ChatRequest, name: str) -> ChatRequest:
    """Return the request with its schema as TGI's grammar, in the parameter of that name (router/src/lib.rs)."""
    if request.schema is None:
        return request
    grammar = {"type": "json", "value": dict(request.schema)}
    return replace(request, parameters={**request.parameters, name: grammar}, schema=None)


def _parameters(server: Server, values: Mapping[str, Any], continues: bool) -> dict[str, Any]:
    """Return parameters inside the bounds, without those that mean 'no limit'."""
    parameters = {"max_new_tokens": NEW_TOKENS, **values}
    greedy = parameters.get("temperature") == 0
    for name, off in (
        ("temperature", greedy),
        ("top_p", not 0 < parameters.get("top_p", 1) < 1),
        ("top_k", not parameters.get("top_k")),
    ):
        if off:
            parameters.pop(name, None)
    if greedy or any(name in parameters for name in _SAMPLING):
        parameters["do_sample"] = not greedy
    if continues:
        parameters["return_full_text"] = False
    if server.details:
        parameters["details"] = True
    return parameters


def answer_reader(echo: str = "") -> Reader:
    """Return a reader for one answer, streamed or whole, that removes the prompt `echo`."""
    return _Answer(echo).read


class _Answer:
    def __init__(self, echo: str) -> None:
        self._echo = echo
        self._done = self._has_text = False

    def read(self, frame: Frame | None) -> Iterator[Event | ApiError]:
        if self._done:
            return
        if frame is None:
            self._done = True
            yield UNFINISHED
            return
        data = frame.data
        while isinstance(data, list) and data and not _numbers(data):
            data = data[0]
        if not isinstance(data, dict):
            if isinstance(data, list):
                self._done = True
                yield ApiError(400, code=OTHER_TASK, param="feature-extraction") if data else malformed("It is empty.")
            return
        if refused := error_in(data):
            self._done = True
            yield refused
        elif "token" in data or "generated_text" in data:
            yield from self._piece(data)
        elif other := _wrong_task(data):
            self._done = True
            yield other

    def _piece(self, data: Mapping[str, Any]) -> Iterator[Event]:
        token, whole = data.get("token"), data.get("generated_text")
        text = whole if isinstance(whole, str) else ""
        if isinstance(token, dict):
            # The last event repeats the whole text.
            piece = token.get("text")
            text = piece if isinstance(piece, str) and not token.get("special") else ""
        elif self._echo and text.startswith(self._echo):
            text = text[len(self._echo) :]
        if text:
            self._has_text = True
            yield TextDelta(text)
        if isinstance(whole, str):
            yield from self._read_details(data.get("details"))

    def _read_details(self, details: Any) -> Iterator[Event]:
        details = details if isinstance(details, dict) else {}
        used = Usage(token_count(details.get("input_length")), token_count(details.get("generated_tokens")))
        if used != Usage():
            yield used
        self._done = True
        yield finish(reason_of(details.get("finish_reason")) or "stop", self._has_text)


def error_in(data: Any) -> ApiError | None:
    """Return the error in a frame, if any: a sentence, and usually its type."""
    if not isinstance(data, dict) or not data.get("error"):
        return None
    kind = data.get("error_type")
    kind = kind if isinstance(kind, str) else ""
    return ApiError(error_codes.lookup(ID, kind).status, kind=kind, message=str(data["error"])[:2000])


def _wrong_task(data: Mapping[str, Any]) -> ApiError | None:
    """Return the error for a response of a task that yields no text; None for a frame that says nothing."""
    for name, task in (("embeddings", "feature-extraction"), ("text", "automatic-speech-recognition")):
        if name in data:
            return ApiError(400, code=OTHER_TASK, param=task)
    return ApiError(400, code=OTHER_TASK) if "label" in data else None


def _numbers(data: list[Any]) -> bool:
    return isinstance(data[0], int | float)
