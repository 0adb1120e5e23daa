"""MiniMax's API (MiniMax API reference: OpenAI API, chatcompletion v2, embeddings, error codes).

A failure comes with a status as elsewhere, or as `base_resp` in the body of a 200, its numbers the same. A stream of
the older route ends with a whole message that repeats all the text. Vectors have a shape of their own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui.providers.dialects import error_codes
from tui.providers.dialects.error_frames import with_error_check
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import chat as openai_chat
from tui.providers.dialects.openai.embeddings import texts_that_fit, vectors_of
from tui.providers.dialects.structured_output import unsupported
from tui.providers.dialects.values import token_count, total
from tui.providers.events import Event, Finish, Notice, Usage, Vectors
from tui.providers.requests import ApiError, Call, ChatRequest, EmbeddingRequest, Frame, Message
from tui.providers.spec import FieldValues

MAX_TEXTS = 32
MAX_CHARACTERS = 3500
"""Of the texts in one request; about as many tokens, in the languages that have the most of them."""

_CURRENT = r"(?i)minimax-m[2-9]"
_WITH_SCHEMA = "minimax-text-01"
"""The only model that takes a `response_format` (API reference, text-post)."""
_NUMBER = r"\((\d{4})\)\s*$"

ID = "minimax"
_FLAGS = ("input_sensitive", "output_sensitive")
_KINDS = {"authorized_error": "1004", "authentication_error": "1004", "insufficient_balance_error": "1008"}


def parse_error(status: int, headers: Mapping[str, str], body: Any) -> ApiError:
    """Read an error: its code is in `base_resp`, or in brackets at the end of the message."""
    base = body.get("base_resp") if isinstance(body, dict) else None
    if isinstance(base, dict):
        refused = openai_api.parse_error(
            status, headers, {"code": base.get("status_code"), "message": base.get("status_msg")}
        )
    else:
        refused = openai_api.parse_error(status, headers, body)
        match = re.search(_NUMBER, refused.message)
        refused = replace(refused, code=match[1] if match else _KINDS.get(refused.kind, refused.code))
    documented = error_codes.lookup(ID, refused.code)
    named = (body.get("request_id"), body.get("id")) if isinstance(body, dict) else ()
    names = (refused.request_id, headers.get("trace-id"), *named)
    return replace(
        refused,
        status=status or documented.status,
        request_id=next((name for name in names if name and isinstance(name, str)), ""),
        headers=headers,
        final=documented.final,
    )


def refused_in(frame: Frame) -> ApiError | None:
    """Return the error in a frame of a response, in either form."""
    base = frame.data.get("base_resp") if isinstance(frame.data, dict) else None
    failed = isinstance(base, dict) and base.get("status_code")
    return parse_error(0, {}, frame.data) if failed or openai_api.error_in(frame.data, frame.event) else None


def is_current(model_id: str) -> bool:
    """Return True for thinking models of the current route; older ones have their own route."""
    return bool(re.match(_CURRENT, model_id))


def chat(flavour: openai_api.Flavour, fields: FieldValues, request: ChatRequest) -> Call:
    """Return the chat request, with the thinking separate from the text."""
    current = is_current(request.model.id)
    if request.schema is not None and request.model.id.lower() != _WITH_SCHEMA:
        raise unsupported(request.model.ref)
    parameters = dict(request.parameters)
    if thinking := parameters.pop("thinking", ""):
        parameters["thinking"] = {"type": thinking}
    if current:
        parameters["reasoning_split"] = True
    call = openai_chat.chat(
        flavour, fields, replace(request, messages=_one_system(request.messages), parameters=parameters)
    )
    url = call.url if current else openai_api.endpoint(fields, "/text/chatcompletion_v2")
    return with_error_check(replace(call, url=url, reader=lambda: _Answer().read), refused_in)


def embed(fields: FieldValues, request: EmbeddingRequest) -> Call:
    """Return the embedding request: type `db` for documents, `query` for search queries."""
    return with_error_check(_Batch(fields, request).call(), refused_in)


def _one_system(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Return the messages with at most one system message, first; others are rejected (code 2013)."""
    system = [message.text for message in messages if message.role == "system"]
    rest = tuple(message for message in messages if message.role != "system")
    return (Message("system", "\n\n".join(system)), *rest) if system else rest


class _Answer:
    """Reads a chat as elsewhere, with what is repeated left out and thinking where it is looked for."""

    def __init__(self) -> None:
        self._read = openai_chat.answer_reader()
        self._sent_keys: set[str] = set()
        self._flagged = False

    def read(self, frame: Frame | None) -> Iterator[Any]:
        data = frame.data if frame is not None and isinstance(frame.data, dict) else {}
        if not self._flagged and any(data.get(name) is True for name in _FLAGS):
            self._flagged = True
            yield Notice("The safety check of the service flagged this chat. A new one may work.")
        choices = frame.data.get("choices") if frame is not None and isinstance(frame.data, dict) else None
        if frame is None or not isinstance(choices, list):
            yield from self._read(frame)
            return
        choices = [self._choice(choice) for choice in choices if isinstance(choice, dict)]
        yield from self._read(replace(frame, data={**frame.data, "choices": choices}))
        if any("message" in choice for choice in choices):
            yield from self._read(Frame(openai_chat.DONE))

    def _choice(self, choice: Mapping[str, Any]) -> dict[str, Any]:
        """Read a delta, which adds to the answer, or a whole message, of which only the rest is new."""
        name = "message" if isinstance(choice.get("message"), dict) else "delta"
        result = choice.get(name)
        piece = dict(result) if isinstance(result, dict) else {}
        if name == "message":
            piece = {key: value for key, value in piece.items() if key not in self._sent_keys}
        self._sent_keys |= {key for key, value in piece.items() if value}
        return {**choice, name: piece}


@dataclass(frozen=True)
class _Batch:
    fields: FieldValues
    request: EmbeddingRequest
    start: int = 0
    used: int | None = None

    @property
    def texts(self) -> Sequence[str]:
        return texts_that_fit(self.request.texts[self.start : self.start + MAX_TEXTS], MAX_CHARACTERS)

    def call(self) -> Call:
        kind = "query" if self.request.query else "db"
        body = {"model": self.request.model.id, "texts": list(self.texts), "type": kind}
        query = {"GroupId": self.fields["group_id"]} if self.fields.get("group_id") else {}
        return Call("POST", openai_api.endpoint(self.fields, "/embeddings"), lambda: self.read, query=query, json=body)

    def read(self, frame: Frame | None) -> Iterator[Event | ApiError | Call]:
        if frame is None:
            return
        data = frame.data if isinstance(frame.data, dict) else {}
        result = data.get("vectors")
        rows = [{"embedding": vector} for vector in result] if isinstance(result, list) else None
        vectors = vectors_of({"data": rows}, len(self.texts))
        if vectors is None:
            yield openai_api.malformed(f"It holds no {len(self.texts)} vectors.")
            return
        yield Vectors(self.start, vectors)
        used = total(self.used, token_count(data.get("total_tokens")))
        start = self.start + len(vectors)
        if start < len(self.request.texts):
            yield _Batch(self.fields, self.request, start, used).call()
            return
        if used is not None:
            yield Usage(input=used)
        yield Finish("stop")
