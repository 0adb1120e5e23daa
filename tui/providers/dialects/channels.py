"""The channels of gpt-oss, where a server leaves its tokens in the text (OpenAI, harmony response format).

    <|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…<|return|>

What is not on `final` is thinking.
"""

import re
from collections.abc import Sequence

from tui.providers.events import TextDelta, ThinkingDelta

Delta = TextDelta | ThinkingDelta

_START, _CHANNEL, _FINAL = "<|start|>", "<|channel|>", "final"
_OPENING = re.compile(r"\s*(?:<\|start\|>[^<]{0,80})?<\|channel\|>")
_ROLE = re.compile(r"\s*<\|start\|>[^<]{0,80}")
_HEADER = re.compile(r"([^<]{0,120}(?:<\|constrain\|>[^<]{0,40})?)<\|message\|>")
_MAX_HEADER = 200
_END = re.compile(r"<\|(?:end|call|return)\|>(?:<\|start\|>[^<]{0,80})?(?:<\|channel\|>)?|<\|channel\|>")


class Channels:
    """Split an answer's text into thinking and text by its channels, piece by piece, if it begins with one."""

    def __init__(self) -> None:
        self._pending = self._opening = ""
        self._thinks = False
        self._feed = self._start

    def feed(self, text: str) -> Sequence[Delta]:
        """Return the deltas in the next piece of text. What may be the beginning of a token waits for more."""
        if self._pending:
            text, self._pending = self._pending + text, ""
        return self._feed(text)

    def rest(self) -> Sequence[Delta]:
        """Return what still waits at the end of the answer."""
        text, self._pending = self._pending, ""
        if self._feed == self._header:
            self._thinks, text = False, self._opening + text
        return () if self._thinks and _END.fullmatch(text) else self._deltas(text)

    def _start(self, text: str) -> Sequence[Delta]:
        if opening := _OPENING.match(text):
            self._opening = opening[0]
            return self._header(text[opening.end() :])
        role = _ROLE.match(text)
        if _begins(text.lstrip(), _CHANNEL, _START) or (role and _begins(text[role.end() :], _CHANNEL)):
            self._pending = text
            return ()
        self._feed = self._deltas
        return self._deltas(text)

    def _header(self, text: str) -> Sequence[Delta]:
        header = _HEADER.match(text)
        if header is None and len(text) < _MAX_HEADER:
            self._feed, self._pending = self._header, text
            return ()
        self._thinks = header is not None and not header[1].strip().startswith(_FINAL)
        self._feed = self._thought if self._thinks else self._deltas
        return self._feed(text[header.end() :] if header else self._opening + text)

    def _thought(self, text: str) -> Sequence[Delta]:
        """Take text as a thought until another channel begins."""
        end = _END.search(text)
        if end is None:
            last = text.rfind("<", max(0, len(text) - len(_CHANNEL)))
            start = last if last >= 0 else len(text)
        elif _begins(text[end.end() :], _CHANNEL, _START) and not end[0].endswith(_CHANNEL):
            start = end.start()
        else:
            before = self._deltas(text[: end.start()])
            has_channel = end[0].endswith(_CHANNEL)
            self._thinks = has_channel
            self._opening = end[0]
            self._feed = self._header if has_channel else self._deltas
            return [*before, *self._feed(text[end.end() :])]
        self._pending = text[start:]
        return self._deltas(text[:start])

    def _deltas(self, text: str) -> Sequence[Delta]:
        if not text:
            return ()
        return (ThinkingDelta(text),) if self._thinks else (TextDelta(text),)


def _begins(text: str, *tokens: str) -> bool:
    """Return True if a text may be the beginning of a token."""
    return any(token.startswith(text) for token in tokens)
