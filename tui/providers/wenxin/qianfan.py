"""Qianfan's API V2, after OpenAI's (Baidu AI Cloud, Qianfan API reference V2: chat, embeddings, errors).

Failures have OpenAI's shape with codes of their own. Those of the older service, `error_code` in the body of a 200, are
read here too: a gateway may pass them on. An answer's choice has a flag that tells of the safety check.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tui.domain import Model
from tui.providers.dialects import error_codes
from tui.providers.dialects.error_frames import with_error_check
from tui.providers.dialects.messages import one_system
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import chat as openai_chat
from tui.providers.dialects.openai import embeddings, models
from tui.providers.dialects.structured_output import in_json_mode
from tui.providers.events import Accepted, ModelsListed, Notice
from tui.providers.requests import ApiError, Call, ChatRequest, EmbeddingRequest, Frame, Reader
from tui.providers.spec import FieldValues

PROBE_MODEL = "ernie-4.5-turbo-32k"
"""Asked for two tokens (older models refuse one) where an address lists no models."""

MARKED = Notice("The safety check of the service flagged this chat. A new one may work.")

ID = "wenxin"


def parse_error(status: int, headers: Mapping[str, str], body: Any) -> ApiError:
    """Read an error in the form of OpenAI, of the older service, or of the token endpoint."""
    data = body if isinstance(body, dict) else {}
    if "error_description" in data:
        body = {"code": data.get("error"), "message": data["error_description"]}
    refused = openai_api.parse_error(status, headers, body)
    documented = error_codes.lookup(ID, refused.code)
    named = data.get("id")
    return replace(
        refused,
        status=status or documented.status,
        request_id=refused.request_id or (named if isinstance(named, str) else ""),
        headers=headers,
        final=documented.final,
    )


def refused_in(frame: Frame) -> ApiError | None:
    """Return the error in a frame, in any form; an `error_code` of 0 is none."""
    flat = isinstance(frame.data, dict) and frame.data.get("error_code")
    return parse_error(0, {}, frame.data) if flat or openai_api.error_in(frame.data, frame.event) else None


def listing(flavour: openai_api.Flavour, fields: FieldValues) -> Call:
    """Return the request that lists models."""
    return with_error_check(models.listing(flavour, fields), refused_in)


def probe(fields: FieldValues, known: tuple[Model, ...]) -> Call:
    """Return a chat of two tokens that verifies a key; `known` replaces a list of models."""
    body = {
        "model": PROBE_MODEL,
        "messages": [{"role": "user", "content": "hi"}],
        "max_completion_tokens": 2,
        "stream": False,
    }
    url, reader = (
        openai_api.endpoint(fields, "/chat/completions"),
        openai_api.proof("choices", ModelsListed(known), Accepted()),
    )
    call = Call("POST", url, reader, json=body)
    return with_error_check(call, refused_in)


def chat(flavour: openai_api.Flavour, fields: FieldValues, request: ChatRequest) -> Call:
    """Return the chat request, with one system message, first."""
    request = in_json_mode(request)
    call = openai_chat.chat(flavour, fields, replace(request, messages=one_system(request.messages)))
    return with_error_check(replace(call, reader=_answer_reader), refused_in)


def embed(flavour: openai_api.Flavour, fields: FieldValues, request: EmbeddingRequest) -> Call:
    """Return the embedding request."""
    return with_error_check(embeddings.embed(flavour, fields, request), refused_in)


def _answer_reader() -> Reader:
    read = openai_chat.answer_reader()
    marked = False

    def answer(frame: Frame | None) -> Iterator[Any]:
        nonlocal marked
        data = frame.data if frame else None
        choices = data.get("choices") if isinstance(data, dict) else None
        entries = [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
        if not marked and any(entry.get("flag") for entry in entries):
            marked = True
            yield MARKED
        if frame and any(entry.get("finish_reason") == "normal" for entry in entries):
            # The older service's word for an end of its own accord.
            entries = [{**entry, "finish_reason": "stop"} for entry in entries]
            frame = replace(frame, data={**frame.data, "choices": entries})
        yield from read(frame)

    return answer
