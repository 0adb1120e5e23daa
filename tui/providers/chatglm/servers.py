"""Requests to each ChatGLM server (scripts of ChatGLM-6B, 2, 3, GLM-4; vLLM).

All but `api.py` speak OpenAI's wire, most of them with less in it. What a server does not heed is left out and said.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui.domain import Model, ModelType
from tui.providers.chatglm import api_script
from tui.providers.chatglm.probe import (
    ABSENT,
    CHATGLM2,
    CHATGLM3,
    GLM4,
    NAMED,
    NATIVE,
    OTHER,
    PATH,
    VLLM,
    Probe,
    paths_of,
)
from tui.providers.dialects.attachments import has_files
from tui.providers.dialects.attachments import unsupported as no_attachments
from tui.providers.dialects.messages import GAP, alternating, one_system
from tui.providers.dialects.notices import with_notices
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import chat as openai_chat
from tui.providers.dialects.openai import embeddings
from tui.providers.dialects.structured_output import unsupported
from tui.providers.dialects.tools import unsupported as no_tools
from tui.providers.events import Accepted, Event, Finish, ModelsListed, Notice, TextDelta, ThinkingDelta
from tui.providers.requests import (
    ApiError,
    Call,
    ChatRequest,
    EmbeddingRequest,
    Frame,
    Framing,
    Message,
    Result,
)
from tui.providers.spec import FieldValues

_SCRIPT = frozenset({"temperature", "top_p", "max_tokens", "repetition_penalty"})
_ALL = _SCRIPT | {"presence_penalty", "frequency_penalty", "seed", "stop"}
_BROKEN = 0
_EMBEDDING = r"(?i)embed|(^|[/_-])(bge|e5|gte|m3e)[-_]"
_OTHER = r"(?i)rerank|whisper|(^|[/_-])tts([/_-]|$)"


@dataclass(frozen=True)
class Kind:
    """One of the servers: its name, and the parameters that it supports."""

    label: str
    takes: frozenset[str] = _ALL


KINDS: Mapping[str, Kind] = {
    NATIVE: Kind("api.py of ChatGLM-6B or ChatGLM2-6B", api_script.PARAMETERS),
    CHATGLM2: Kind("openai_api.py of ChatGLM2-6B", frozenset()),
    CHATGLM3: Kind("api_server.py of ChatGLM3", _SCRIPT),
    GLM4: Kind("glm_server.py of GLM-4", _SCRIPT),
    VLLM: Kind("vLLM"),
    OTHER: Kind("another OpenAI-compatible server"),
}
"""By the value of the field `flavour`."""


def _classify(entry: Mapping[str, Any]) -> Model | None:
    name = entry["id"]
    if re.search(_OTHER, name):
        return None
    kind = ModelType.EMBEDDING if re.search(_EMBEDDING, name) else ModelType.CHAT
    return Model("chatglm", name, kind, context=openai_api.number(entry.get("max_model_len")))


_FLAVOUR = openai_api.Flavour(_classify, max_tokens_field="max_tokens", vectors="float")


def root(fields: FieldValues) -> str:
    """Return the URL that all paths are under, however much of a URL was pasted."""
    return fields["base_url"].rstrip("/").removesuffix(PATH)


def supported_parameters(model: Model) -> frozenset[str]:
    """Return the parameters that a model's server uses, as far as the model's name tells."""
    return KINDS[NAMED.get(model.id, OTHER)].takes


def chat(fields: FieldValues, request: ChatRequest) -> Call:
    """Return the chat request, after those that detect the API unless it is set."""
    if flavour := fields.get("flavour"):
        notices, call = _talk(flavour, fields, request)
        return with_notices(call, notices)

    def then(server: str, entries: Sequence[Mapping[str, Any]]) -> Iterator[Result]:
        notices, call = _talk(server, fields, request)
        yield from notices
        yield call

    return Probe(root(fields), then).first()


def embed(fields: FieldValues, request: EmbeddingRequest) -> Call:
    """Return the embedding request. ChatGLM3's server has one embedding model, whatever name is sent."""
    return embeddings.embed(_FLAVOUR, {"base_url": root(fields) + PATH}, request)


def listing(fields: FieldValues) -> Call:
    """Return the request that lists models, if the server lists any; accepted once its API is known."""
    at = root(fields)

    def then(server: str, entries: Sequence[Mapping[str, Any]]) -> Iterator[Event | Call]:
        models = {model.id: model for entry in entries if (model := _classify(entry))}
        listed = ModelsListed(tuple(models[name] for name in sorted(models)), len(entries))
        if server == CHATGLM3:
            # It does not list the model that its vectors come from.
            yield Call("GET", f"{at}/openapi.json", lambda: _Vectors(listed).read, accepted_statuses=ABSENT)
            return
        yield listed
        yield Accepted()

    return Probe(at, then, fields.get("flavour", "")).first()


def _talk(flavour: str, fields: FieldValues, request: ChatRequest) -> tuple[list[Notice], Call]:
    """Return the request for one kind of server, and notices of what it ignores."""
    kind = KINDS[flavour]
    if request.schema is not None and flavour not in (VLLM, OTHER):
        raise unsupported(f"This server ({kind.label})")
    if request.tools and flavour not in (VLLM, OTHER, GLM4):
        raise no_tools(f"This server ({kind.label})")
    if has_files(request.messages) and flavour not in (VLLM, OTHER):
        raise no_attachments(f"This server ({kind.label})")
    left = [name for name in request.parameters if name not in kind.takes]
    notices = [
        Notice(f"This server ({kind.label}) ignores {name.replace('_', ' ')}. It was left out.") for name in left
    ]
    accepted = {name: value for name, value in request.parameters.items() if name in kind.takes}
    if flavour == NATIVE:
        if request.stream:
            notices.append(Notice(f"This server ({kind.label}) does not stream. The answer comes in one piece."))
        return notices, api_script.chat(root(fields), replace(request, parameters=accepted))
    # Calls of tools and their results stay as they are.
    with_tools = any(message.tool_calls or message.call_id for message in request.messages)
    system, turns = ("", one_system(request.messages)) if with_tools else alternating(request.messages)
    if system:
        # ChatGLM2's server puts it right before the last question.
        turns = (Message("system", system + GAP if flavour == CHATGLM2 else system), *turns)
    request = replace(request, messages=turns, parameters=accepted)
    call = openai_chat.chat(_FLAVOUR, {"base_url": root(fields) + PATH}, request)
    return notices, _retry_unstreamed_if_empty(call) if request.stream else call


def _retry_unstreamed_if_empty(call: Call) -> Call:
    """Wrap a streamed request: send it again without streaming if the stream ends before any text.

    ChatGLM3's server streams nothing of an answer of up to 7 letters, and ChatGLM2's breaks off with libraries newer
    than its own; both answer without streaming.
    """
    body = {name: value for name, value in call.json.items() if name != "stream_options"} | {"stream": False}
    whole = replace(call, json=body, framing=Framing.JSON)
    return replace(call, reader=lambda: _StreamReader(whole).read, accepted_statuses=call.accepted_statuses | {_BROKEN})


class _StreamReader:
    def __init__(self, whole: Call) -> None:
        self._whole = whole
        self._read = whole.reader()
        self._started = False

    def read(self, frame: Frame | None) -> Iterator[Result]:
        if frame is None and not self._started:
            yield Notice("The stream ended before it began. The answer was requested in one piece.")
            yield self._whole
            return
        for event in self._read(frame):
            self._started = self._started or isinstance(event, TextDelta | ThinkingDelta | Finish | ApiError)
            yield event


@dataclass(frozen=True)
class _Vectors:
    """Adds to what is listed the model of the server's vectors, where it has a path for them."""

    listing: ModelsListed

    def read(self, frame: Frame | None) -> Iterator[Event]:
        if frame is None:
            return
        models = self.listing.models
        if f"{PATH}/embeddings" in paths_of(frame.data):
            models += (Model("chatglm", "embeddings", ModelType.EMBEDDING),)
        yield replace(self.listing, models=models)
        yield Accepted()
