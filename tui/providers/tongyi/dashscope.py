"""DashScope's additions to OpenAI's API (Model Studio reference: OpenAI compatibility, Qwen-ASR, errors).

Its compatible mode is OpenAI's wire with a few members more; recordings are transcribed by a chat completion.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tui.domain import Model
from tui.providers.dialects import error_codes
from tui.providers.dialects.finish_reasons import finish, reason_of
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai.usage import usage_of
from tui.providers.dialects.values import text
from tui.providers.events import UNFINISHED, Accepted, Event, ModelsListed, Notice, Transcript
from tui.providers.requests import ApiError, Base64File, Call, ChatRequest, Frame, Framing, Reader, TranscriptionRequest
from tui.providers.spec import FieldValues

PROBE_MODEL = "qwen3.6-flash"
"""Asked for one token where an address lists no models. Its own end would not make a key a bad one."""

_HYBRID = r"qwen3\.[5-9]-(max|plus|flash)|qwen-(plus|flash|turbo)|qwen3-\d+b(?!.*-(instruct|thinking))"
_STREAMS_ONLY = r"qwq|qvq|.*-thinking(-|$)|.*-omni(-|$)"
_BY_EFFORT = r"qwen3\.8-max"
_ONLY_AS_STREAM = r"(?i)enable_thinking.*(non-?streaming|must be set to false)|only support\w* stream"

ID = "tongyi"


def word(refused: ApiError) -> str:
    """Return an error code without case and separators: `InvalidApiKey` equals `invalid_api_key`."""
    code, kind = (re.sub(r"[^a-z]", "", text.lower()) for text in (refused.code, refused.kind))
    return code.removeprefix("internalerroralgo") or kind


def parse_error(status: int, headers: Mapping[str, str], body: Any) -> ApiError:
    """Return the error in a response body: OpenAI's, or flat as in the native form, with a request id in the body."""
    refused = openai_api.parse_error(status, headers, body)
    documented = error_codes.lookup(ID, word(refused))
    result = body.get("request_id") if isinstance(body, dict) else None
    # A quota that is used up is one of tokens a minute here, and none of money.
    return replace(
        refused,
        status=status or documented.status,
        request_id=refused.request_id or (result if isinstance(result, str) else ""),
        headers=headers,
        final=documented.final,
    )


def refused_in(frame: Frame) -> ApiError | None:
    """Return the refusal in a frame, as `error` or flat."""
    if openai_api.error_in(frame.data, frame.event):
        return parse_error(0, {}, frame.data)
    flat = isinstance(frame.data, dict) and frame.data.get("code") and "choices" not in frame.data
    return parse_error(0, {}, frame.data) if flat else None


def thinks_by_choice(model: Model) -> bool:
    """Return True if thinking can be switched on and off; models that know no such switch refuse it."""
    return bool(re.match(_HYBRID, model.id.lower()))


def with_thinking_parameter(request: ChatRequest) -> ChatRequest:
    """Return the request with the model's own parameter for thinking, streamed if it must be.

    Hybrid models reject a whole answer unless thinking is off. The newest model has an effort instead of a switch.
    """
    name = request.model.id.lower()
    parameters = dict(request.parameters)
    chosen = parameters.pop("enable_thinking", "")
    stream = request.stream or chosen == "on" or bool(re.match(_STREAMS_ONLY, name))
    if thinks_by_choice(request.model):
        off = chosen == "off" or not stream
        if off:
            parameters.pop("thinking_budget", None)
        if re.match(_BY_EFFORT, name):
            parameters |= {"reasoning_effort": "none"} if off else {}
        elif off or chosen:
            parameters["enable_thinking"] = not off
    return replace(request, parameters=parameters, stream=stream)


def as_stream(call: Call, refused: ApiError) -> tuple[Call, str] | None:
    """Return the call as a stream, where it was refused for not being one."""
    if not isinstance(call.json, dict) or call.json.get("stream") or not re.search(_ONLY_AS_STREAM, refused.message):
        return None
    body = {**call.json, "stream": True, "stream_options": {"include_usage": True}}
    sentence = f"{call.json.get('model')} answers this only as a stream, which was requested."
    return replace(call, json=body, framing=Framing.SSE), sentence


def probe(fields: FieldValues, known: tuple[Model, ...]) -> Call:
    """Return a chat of one token that shows whether a key is taken; what is known stands in for a list of models."""
    body = {
        "model": PROBE_MODEL,
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 1,
        "enable_thinking": False,
        "stream": False,
    }
    url, reader = (
        openai_api.endpoint(fields, "/chat/completions"),
        openai_api.proof("choices", ModelsListed(known), Accepted()),
    )
    return Call("POST", url, reader, json=body)


def transcribe(fields: FieldValues, request: TranscriptionRequest) -> Call:
    """Return the transcription request of a short recording, in base64.

    Source: Model Studio API reference, Qwen-ASR.
    """
    data = Base64File(request.path, f"data:{request.media};base64,")
    content = [{"type": "input_audio", "input_audio": {"data": data}}]
    options: dict[str, Any] = {"language": request.language} if request.language else {}
    body = {
        "model": request.model.id,
        "messages": [{"role": "user", "content": content}],
        "asr_options": {**options, "enable_itn": False},
        "stream": False,
    }
    return Call("POST", openai_api.endpoint(fields, "/chat/completions"), _transcript_reader, json=body)


def _transcript_reader() -> Reader:
    """Return a reader of a transcript in one piece, or in the chunks of a stream."""
    pieces: list[str] = []
    ended = False

    def read(frame: Frame | None) -> Iterator[Event | ApiError]:
        nonlocal ended
        if ended:
            return
        if frame is None:
            yield from (
                (Transcript("".join(pieces)), UNFINISHED) if pieces else (openai_api.malformed("It holds no text."),)
            )
            return
        choices = frame.data.get("choices") if isinstance(frame.data, dict) else None
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
        message = choice.get("message") or choice.get("delta")
        spoken = _text(message.get("content")) if isinstance(message, dict) else None
        pieces.extend([spoken] if spoken else [])
        reason = reason_of(choice.get("finish_reason"))
        # A stream may end with a chunk that has no text.
        if not isinstance(message, dict) or (not reason and "message" not in choice) or (spoken is None and not pieces):
            return
        ended = True
        whole = "".join(pieces)
        if not whole.strip():
            yield Notice("No speech was heard in the recording.")
        yield Transcript(whole, language=_language(message.get("annotations")))
        if usage := usage_of(frame.data):
            yield usage
        yield finish(reason or "stop")

    return read


def _text(content: Any) -> str | None:
    if isinstance(content, list):
        return "".join(text(part.get("text")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else None


def _language(annotations: Any) -> str:
    entries = annotations if isinstance(annotations, list) else []
    languages = (entry.get("language") for entry in entries if isinstance(entry, dict))
    return next((language for language in languages if isinstance(language, str)), "")
