"""Finish reasons: why an answer ended, in whatever word a server has for it, and what to say of it.

Read by what a word holds, since every vendor and router has its own: `length`, `max_tokens`, `MAX_TOKENS` and
`model_length` are one thing (API references of OpenAI, Anthropic, Mistral, Gemini, Zhipu, OpenRouter). A word that is
not known is an end of the model's own.
"""

import re
from typing import Any

from tui.providers.dialects.values import word
from tui.providers.events import Finish

_FAILURE = (
    r"(?i)error|fail|abort|cancel+ed|time(d[ _-])?out|insufficient[ _-]system|interrupt|exception|internal|unavailable"
    r"|overload|disconnect|preempt|terminated|killed|load[ _-]?shed"
)
_CONTEXT = re.compile(r"context", re.IGNORECASE)
_LENGTH = re.compile(r"length|max.*tokens|token_?limit|incomplete|truncat", re.IGNORECASE)
_FILTER = re.compile(
    r"filter|safety|sensitiv|recitation|prohibit|block|guardrail|moderation|refus|violation|spii", re.IGNORECASE
)
_TOOL = r"(?i)tool|function_?call"
_PAUSE = re.compile(r"pause", re.IGNORECASE)

_CUT = (
    (_CONTEXT, "The conversation has reached the model's context limit."),
    (_LENGTH, "The answer reached its length limit."),
    (_FILTER, "The provider's content filter cut the answer."),
    (_PAUSE, "The model paused before the end of its answer."),
)
"""Ends that leave an answer incomplete, without being a failure."""

NO_TEXT = "The answer is empty."
_LENGTH_WITHOUT_TEXT = "The answer reached its length limit before its first word; thinking used it up."
_NO_TOOL = "The model asked for a tool, and none is offered here."


_ENDED = (
    "done",
    "is_end",
    "isEnd",
    "end",
    "ended",
    "finished",
    "is_finished",
    "isFinished",
    "complete",
    "completed",
    "eos",
)
_REASONS = ("done_reason", "finish_reason", "finishReason", "stop_reason", "stopReason", "reason")
_END_TYPE = (
    r"(?i)(?:(?:chat|message|response|completion|stream|answer|generation|chat\.completion)[._-])?"
    r"(?:done|completed?|end(?:ed)?|finish(?:ed)?|stop(?:ped)?)"
)
_REASON_FIELDS = ("type", "reason", "name", "finish_reason")
_TRUE = frozenset({"true", "yes", "1"})
_NUMBERS = {2: "length", 3: "safety", 4: "recitation"}

_UNFINISHED = (
    r"(?i)(?:finish_?reason_?)?(?:nil|n/?a|unknown|unspecified|unset|not_?(?:set|finished|done)|unfinished|false|-"
    r"|in[ _-]?progress|running|continu(?:e|ed|ing)|pending|stream(?:ing)?|generating|processing|ongoing)"
)
"""Words for no reason: the answer goes on, or nobody knows."""


def reason_of(value: Any) -> str:
    """Return a finish reason; '' where there is none, or a word that says so.

    Some servers only say that it ended (`true`), number their reasons (Gemini: 1 is STOP, 2 MAX_TOKENS), or have it in
    an object (SGLang: `{"type": "length"}`).
    """
    if isinstance(value, list) and value:
        value = value[-1]
    if isinstance(value, dict):
        value = next((value[name] for name in _REASON_FIELDS if word(value.get(name))), None)
    if isinstance(value, bool | int):
        return _NUMBERS.get(int(value), "stop") if value else ""
    reason = "stop" if str(value).strip().lower() in _TRUE else word(value)
    return reason if reason and not re.fullmatch(_UNFINISHED, reason.strip()) else ""


def end_reason(document: Any) -> str:
    """Return why the answer ended, of JSON that no reader knows and that tells an end; '' for any other.

    {"done": true, "done_reason": "length"}    {"is_end": 1}    {"type": "message_stop"}    {"data": "[DONE]"}
    """
    if not isinstance(document, dict):
        return ""
    if any(str(document.get(name)).lower() in _TRUE for name in _ENDED):
        return next((reason for name in _REASONS if (reason := reason_of(document.get(name)))), "stop")
    marks = any(re.fullmatch(_END_TYPE, word(document.get(name))) for name in ("type", "object", "event"))
    return "stop" if marks or [*document.values()] == ["[DONE]"] else ""


def is_failure(reason: str) -> bool:
    """Return True if a finish reason says that the provider could not end its answer.

    DeepSeek: `insufficient_system_resource`; SGLang: `abort`; OpenRouter and other routers: `error`, `network_error`.
    """
    return re.search(_FAILURE, reason) is not None and _CONTEXT.search(reason) is None


def is_filter(reason: str) -> bool:
    """Return True if a finish reason says that a filter for content cut the answer."""
    return finish(reason).note == _CUT[2][1]


def finish(reason: str, has_text: bool = True, note: str = "") -> Finish:
    """Return the end of an answer with a reason: whether it is complete, and a sentence where it needs one.

    Args:
        reason: The server's word; not ''.
        has_text: Whether the answer has any text.
        note: What to say in place of the usual sentence.
    """
    cut = next((sentence for pattern, sentence in _CUT if pattern.search(reason)), "")
    if not note:
        note = cut or (_NO_TOOL if re.search(_TOOL, reason) else "" if has_text else NO_TEXT)
        note = _LENGTH_WITHOUT_TEXT if _LENGTH.search(reason) and not has_text and not _CONTEXT.search(reason) else note
    return Finish(reason, complete=not cut, note=note)
