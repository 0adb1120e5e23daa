"""Control tokens of chat templates that a server left in an answer.

A server that stops at the wrong token sends the right one as text: `Good day<|im_end|>`. They are left out where only a
template puts them: before the first word of an answer and behind its last. In between, and behind a blank or a
backquote, they are text.
"""

import re

_NAME = r"(?:im_|end|eo[tsm]|return|call|user|assistant|system|observation|start_|reserved_special|sep|pad)[\w▁]*"
_TOKEN = rf"<[|｜]{_NAME}[|｜]>|<(?:eos|end_of_turn|end_of_utterance|turn\|)>|</s>|\[EOS\]"
"""ChatML and Qwen, Llama, Phi, gpt-oss, GLM, Cohere, DeepSeek; Gemma, SmolVLM, Mistral, Kimi."""

_TRAILING = re.compile(rf"(?<![ \t`])(?:(?:{_TOKEN})[\s\0]*)+\Z", re.IGNORECASE)
_MAY_BE_TRAILING = re.compile(
    rf"(?:(?:{_TOKEN})[\s\0]*)*(?:<(?:[|｜][\w▁]{{0,40}}[|｜]?|/?s?|e\w{{0,18}}|t\w{{0,4}}\|?)>?|\[E?O?S?)?\Z",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"\s*(?:<\|(?:im_start|start_header_id|start|START_OF_TURN_TOKEN)\|>(?:assistant|<\|CHATBOT_TOKEN\|>)"
    r"(?:<\|end_header_id\|>)?|<start_of_turn>model|<\|turn>model"
    r"|<\|(?:assistant|START_RESPONSE|START_TEXT|begin_of_text|begin_of_solution|begin_of_box)\|>)(?=[^ \t])\s*"
)
_MAY_BE_FIRST = re.compile(
    r"\s*(?:<\|\w{0,24}(?:\|(?:>(?:\w{0,9}(?:<\|?\w{0,16}(?:\|>?)?)?)?)?)?|<s?t?a?r?t?_?o?f?_?t?u?r?n?>?\w{0,5}|<\|turn>\w{0,5}|<)?"
)
_MAX_TOKEN = 1_024
"""Characters of tokens in a row that wait for text; a server without a stop repeats them to its limit."""


class LeadingTokens:
    """Leave out the tokens before the first word of a text, piece by piece."""

    def __init__(self) -> None:
        self._pending = ""
        self._started = False

    def feed(self, text: str) -> str:
        """Return the next piece without them. What may be one waits for more."""
        if self._started:
            return text
        text, self._pending = self._pending + text, ""
        while first := _FIRST.match(text):
            text = text[first.end() :]
        if len(text) < _MAX_TOKEN and _MAY_BE_FIRST.fullmatch(text):
            self._pending = text
            return ""
        self._started = True
        return text

    def rest(self) -> str:
        """Return what still waits at the end of the answer."""
        text, self._pending = self._pending, ""
        return text


class TrailingTokens:
    """Leave out the tokens behind the last word of a text, piece by piece."""

    def __init__(self) -> None:
        self._before = self._pending = ""
        self._has_strike = False

    def feed(self, text: str) -> str:
        """Return the next piece but for what may be its last tokens, which wait for more."""
        if self._pending:
            text, self._pending = self._pending + text, ""
        if "<" in text or "[" in text:
            text = self._cut(text)
        # The character before a token says whether it is one.
        self._before = text[-1:] or self._before
        return text

    def _cut(self, text: str) -> str:
        # `<s>` opens a line through a text in HTML.
        self._has_strike = self._has_strike or "<s>" in text
        last = _MAY_BE_TRAILING.search(text, max(0, len(text) - 2 * _MAX_TOKEN))
        if last is None or not last[0]:
            return text
        self._pending = text[last.start() :]
        if len(self._pending) > _MAX_TOKEN:
            end = self._pending[-_MAX_TOKEN // 2 :]
            self._pending = end[max(0, end.find("<")) :]
        return text[: last.start()]

    def rest(self) -> str:
        """Return what still waits at the end of the answer."""
        text, self._pending = self._before + self._pending, ""
        last = _TRAILING.search(text, len(self._before))
        end = len(text) if last is None or (self._has_strike and "</s>" in last[0]) else last.start()
        return text[len(self._before) : end]
