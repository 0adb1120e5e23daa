"""The API of `api.py` of ChatGLM-6B and ChatGLM2-6B: a question with its history, one answer.

It knows no system, no stream, no usage, no key and no model's name. What it takes for nothing (0) it replaces by its
own default, and its bound counts the question as well as the answer.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tui.providers.dialects.messages import GAP, alternating
from tui.providers.dialects.openai import api as openai_api
from tui.providers.events import Event, Finish, TextDelta
from tui.providers.requests import ApiError, Call, ChatRequest, Frame, Message

PARAMETERS = frozenset({"temperature", "top_p", "max_tokens"})

_MIN_TEMPERATURE = 0.01
_CONTEXT_SIZE = 2048
"""The default limit of tokens of question and answer together."""
_ANSWER = 1024
_BYTES_PER_TOKEN = 3
_TOKENS_PER_TURN = 8


def chat(root: str, request: ChatRequest) -> Call:
    """Return the call that answers a chat; what the system says goes before the first question."""
    system, turns = alternating(request.messages)
    texts = [turn.text for turn in turns]
    if system and texts:
        texts[0] = system + GAP + texts[0]
    history = [list(pair) for pair in zip(texts[:-1:2], texts[1:-1:2], strict=True)]
    body: dict[str, Any] = {
        "prompt": texts[-1] if texts else "",
        "history": history,
        **_bounds(turns, request.parameters),
    }
    for name in ("temperature", "top_p"):
        if name in request.parameters:
            body[name] = max(request.parameters[name], _MIN_TEMPERATURE)
    return Call("POST", f"{root}/", lambda: _answer, json=body)


def _bounds(turns: tuple[Message, ...], parameters: Mapping[str, Any]) -> dict[str, int]:
    # A chat that fills the bound gets an empty answer, and no word of why. Most tokens are three bytes or more.
    prompt_tokens = sum(len(turn.text.encode()) // _BYTES_PER_TOKEN + _TOKENS_PER_TURN for turn in turns)
    if "max_tokens" in parameters:
        return {"max_length": prompt_tokens + parameters["max_tokens"]}
    return {"max_length": prompt_tokens + _ANSWER} if prompt_tokens + _ANSWER > _CONTEXT_SIZE else {}


def _answer(frame: Frame | None) -> Iterator[Event | ApiError]:
    if frame is None:
        return
    if refused := openai_api.error_in(frame.data):
        yield refused
        return
    text = frame.data.get("response") if isinstance(frame.data, dict) else None
    if not isinstance(text, str):
        yield openai_api.malformed("It holds no response.")
        return
    if text:
        yield TextDelta(text)
    yield Finish("stop", note="" if text else "The answer is empty; the chat may be longer than the model can take.")
