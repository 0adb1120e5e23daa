"""Split thinking from text: servers without a parser send `<think>…</think>` in the answer.

Where the chat template itself opens the thought, the answer holds the closing tag alone.
"""

import re
from collections.abc import Sequence

from tui.providers.events import TextDelta, ThinkingDelta

Delta = TextDelta | ThinkingDelta

TAGS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<mm:think>", "</mm:think>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("<reasoning>", "</reasoning>"),
    ("<THINK>", "</THINK>"),
    ("<|think|>", "<|/think|>"),
    ("<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<unused94>", "<unused95>"),
    ("<|channel>thought", "<channel|>"),
)
"""What opens and closes a thought: DeepSeek and Qwen, Kiro, Gemini, MiniMax, Seed, Magistral, Kimi, gpt-oss, servers
that are asked for it by a prompt, Cohere, Sky-T1, MedGemma, Gemma."""

_WITH_ATTRIBUTES = re.compile(r"<(think|thinking|thought|reasoning)\s[^<>]{0,80}(>)?")

_CLOSES = tuple(close for _, close in TAGS)
_LONGEST = max(len(opening) for opening, _ in TAGS)
_MOST_BLANK = 4_096
"""Characters of white space behind which an opening tag is still expected."""
_MAY_BE_TAG = re.compile("[<[◁]")
_FENCES = ("```", "~~~")
"""What a line of a code block begins and ends with (CommonMark, 4.5)."""


class _Place:
    """Where a text has come to: in code, or behind an opening tag that was taken for text.

    A closing tag there is text: it belongs to an example. Of the text it keeps no more than a tag's length, as a line
    may have no end.
    """

    def __init__(self) -> None:
        self._mark = ""
        self._quotes = 0
        self._end = ""
        self._fence = ""
        self._mentioned = False

    def feed(self, text: str) -> None:
        """Go on behind the next piece of text."""
        text_with_end = self._end + text
        if not self._mentioned and _MAY_BE_TAG.search(text_with_end):
            self._mentioned = any(opening in text_with_end for opening, _ in TAGS)
        self._end = text_with_end[-_LONGEST:]
        first, *others = text.split("\n")
        self._extend_line(first)
        for part in others:
            self._end_line()
            self._extend_line(part)

    def _extend_line(self, part: str) -> None:
        if len(self._mark) < 3:
            self._mark = (self._mark + part).lstrip()[:3]
        self._quotes += part.count("`")

    def _end_line(self) -> None:
        if self._fence:
            self._fence = "" if self._mark == self._fence else self._fence
        elif self._mark in _FENCES:
            self._fence = self._mark
        self._mark, self._quotes = "", 0

    @property
    def is_example(self) -> bool:
        """Whether a closing tag that comes now is text."""
        return bool(self._fence) or self._quotes % 2 == 1 or self._end.endswith("`") or self._mentioned


class Thinking:
    """Split an answer's text into thinking and text, piece by piece. Only a tag at its beginning counts.

    The first closing tag without one ends a thought too: what came before it in the same piece is the thought; earlier
    pieces, which were taken for text, stay as they are. One in a code block or in backquotes is text, and so is one
    whose opening tag is in the text.

    Attributes:
        has_text: Whether any text has come that is no thought.
    """

    def __init__(self) -> None:
        self.has_text = False
        self._pending = ""
        self._closes = _CLOSES
        self._place = _Place()
        self._feed = self._start

    def feed(self, text: str) -> Sequence[Delta]:
        """Return the deltas in the next piece of text. What may be the beginning of a tag waits for more."""
        if self._pending:
            text, self._pending = self._pending + text, ""
        return self._record(self._feed(text))

    def rest(self) -> Sequence[Delta]:
        """Return what still waits at the end of the answer."""
        text, self._pending = self._pending, ""
        return self._record(_deltas(text, "") if self._feed == self._feed_thinking else _deltas("", text))

    def _record(self, deltas: Sequence[Delta]) -> Sequence[Delta]:
        self.has_text = self.has_text or any(isinstance(delta, TextDelta) for delta in deltas)
        return deltas

    def _start(self, text: str) -> Sequence[Delta]:
        stripped = text.lstrip()
        for opening, close in TAGS:
            if stripped.startswith(opening):
                self._closes, self._feed = (close,), self._feed_thinking
                return self._feed_thinking(stripped.removeprefix(opening))
        long = _WITH_ATTRIBUTES.match(stripped)
        if long and long[2]:
            self._closes, self._feed = (f"</{long[1]}>",), self._feed_thinking
            return self._feed_thinking(stripped[long.end() :])
        may_open = any(opening.startswith(stripped) for opening, _ in TAGS) or (long and long.end() == len(stripped))
        if len(text) <= _MOST_BLANK and may_open:
            self._pending = text
            return ()
        before, tag, after = _partition(text, self._closes)
        start = _Place()
        start.feed(before)
        if tag and not start.is_example:
            self._feed = self._text
            return _deltas(before, after.lstrip("\n"))
        self._feed = self._feed_text
        return self._feed_text(text)

    def _feed_thinking(self, text: str) -> Sequence[Delta]:
        """Take text as a thought until a tag closes it."""
        before, _, after = self._split(text)
        return _deltas(before, after.lstrip("\n"))

    def _feed_text(self, text: str) -> Sequence[Delta]:
        """Take text as text until a tag closes what none has opened."""
        shown = ""
        while _MAY_BE_TAG.search(text):
            before, tag, after = self._split(text)
            self._place.feed(before)
            if not tag:
                return _deltas("", shown + before)
            if not self._place.is_example:
                return (*_deltas("", shown + before), *_deltas("", after.lstrip("\n")))
            self._feed = self._feed_text
            self._place.feed(tag)
            shown, text = shown + before + tag, after
        self._place.feed(text)
        return _deltas("", shown + text)

    def _text(self, text: str) -> Sequence[Delta]:
        return (TextDelta(text),)

    def _split(self, text: str) -> tuple[str, str, str]:
        """Split text at its closing tag, behind which all is text. The beginning of a tag at its end waits for more."""
        before, tag, after = _partition(text, self._closes)
        if tag:
            self._feed = self._text
        elif start := max(_beginning(text, close) for close in self._closes):
            before, self._pending = text[:-start], text[-start:]
        return before, tag, after


def _partition(text: str, tags: Sequence[str]) -> tuple[str, str, str]:
    """Split text at the first of some tags."""
    first = min((tag for tag in tags if tag in text), key=text.index, default="")
    return text.partition(first) if first else (text, "", "")


def _beginning(text: str, tag: str) -> int:
    """Return how many characters at the end of a text may begin a tag."""
    start = text.find(tag[0], max(0, len(text) - len(tag) + 1))
    while start >= 0 and not tag.startswith(text[start:]):
        start = text.find(tag[0], start + 1)
    return len(text) - start if start >= 0 else 0


def _deltas(thought: str, text: str) -> tuple[Delta, ...]:
    """Return the deltas for a thought and the text behind it, where they are not empty."""
    return (*([ThinkingDelta(thought)] if thought else ()), *([TextDelta(text)] if text else ()))
