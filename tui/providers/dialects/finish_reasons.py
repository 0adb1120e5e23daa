"""Finish reasons: why an answer ended, in whatever word a server has for it, and what to say of it.

Read by what a word holds, since every vendor and router has its own: `length`, `max_tokens`, `MAX_TOKENS` and
`model_length` are one thing (API references of OpenAI, Anthropic, Mistral, Gemini, Zhipu, OpenRouter). A word that is
not known is an end of the model's own.
"""

import re
from typing import Any

from tui.providers.dialects.values import word
from tui.providers.events import Finish

_FAILURE = re.compile(
    r"error|fail|abort|cancel+ed|time(d[ _-])?out|insufficient[ _-]system|interrupt|exception|internal|unavailable"
    r"|overload|disconnect|preempt|terminated|killed|load[ _-]?shed",
    re.IGNORECASE,
)
_CONTEXT = re.compile(r"context", re.IGNORECASE)
_LENGTH = re.compile(r"length|max.*tokens|token_?limit|incomplete|truncat", re.IGNORECASE)
_FILTER = re.compile(
    r"filter|safety|sensitiv|recitation|prohibit|block|guardrail|moderation|refus|violation|spii", re.IGNORECASE
)
_TOOL = re.compile(r"tool|function_?call", re.IGNORECASE)
_PAUSE = re.compile(r"pause", re.IGNORECASE)

_CUT = (
    (_CONTEXT, "The conversation has reached the model's context limit."),
    (_LENGTH, "The answer reached its length limit."),
    (_FILTER, "The provider's content filter cut the answer."),
    (_PAUSE, "The model paused before the end of its answer."),
)
"""Ends that leave an answer incomplete, without being a failure."""

NO_TEXT = "The answer is empty."
_NO_ROOM = "The answer reached its length limit before its first word; thinking used it up."
_NO_TOOL = "The model asked for a tool, and none is offered here."


_UNFINISHED = re.compile(
    r"(?:finish_?reason_?)?(?:nil|n/?a|unknown|unspecified|unset|not_?(?:set|finished|done)|unfinished|false|-"
    r"|in[ _-]?progress|running|continu(?:e|ed|ing)|pending|stream(?:ing)?|generating|processing|ongoing)",
    re.IGNORECASE,
)
"""Words for no reason: the answer goes on, or nobody knows."""


def reason_of(value: Any) -> str:
    """Return a finish reason; '' where there is none, or a word that says so."""
    reason = word(value)
    return reason if reason and not _UNFINISHED.fullmatch(reason.strip()) else ""


def is_failure(reason: str) -> bool:
    """Return True if a finish reason says that the provider could not end its answer.

    DeepSeek: `insufficient_system_resource`; SGLang: `abort`; OpenRouter and other routers: `error`, `network_error`.
    """
    return _FAILURE.search(reason) is not None and _CONTEXT.search(reason) is None


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
        note = cut or (_NO_TOOL if _TOOL.search(reason) else "" if has_text else NO_TEXT)
        note = _NO_ROOM if _LENGTH.search(reason) and not has_text and not _CONTEXT.search(reason) else note
    return Finish(reason, complete=not cut, note=note)
