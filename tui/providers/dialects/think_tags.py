"""Split thinking from text: servers without a parser send `<think>…</think>` in the answer.

Where the chat template itself opens the thought, the answer holds the closing tag alone.
"""

import re
from collections.abc import Sequence

from tui.providers.events import TextDelta, ThinkingDelta

Delta = TextDelta | ThinkingDelta

TAGS = (
    ("<mm:think>", "</mm:think>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("[thinking]", "[/thinking]"),
    ("◁think▷", "◁/think▷"),
    ("<|think|>", "<|/think|>"),
    ("<|thinking|>", "<|/thinking|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<unused94>", "<unused95>"),
    ("<|channel>thought", "<channel|>"),
)
"""What opens and closes a thought: MiniMax, Seed, Magistral, Kimi, Cohere, Sky-T1, MedGemma, Gemma."""

_NAMES = "thinking|thoughts?|think|reasoning|reason|antthinking|inner_monologue"
_OTHER_NAMES = "scratchpad|analysis|reflection"
"""Elements of prompts for a thought; what somebody asks for may be called so as well."""

_ELEMENT = re.compile(rf"<\s{{0,3}}({_NAMES}|{_OTHER_NAMES})(?:\s[^<>]{{0,80}})?>", re.IGNORECASE)
"""An element around a thought, as DeepSeek, Qwen, Kiro, Gemini and prompts write it, with blanks or attributes."""

_MAY_BE_ELEMENT = re.compile(r"<\s{0,3}(\w{0,15})(?:\s[^<>]{0,80})?", re.IGNORECASE)
_PARTIAL_CLOSE = re.compile(r"<\s{0,3}(?:/\s{0,3}(?:\w{0,15}\s{0,3})?)?")
_CLOSE_PATTERN = "|".join((*(re.escape(close) for _, close in TAGS), rf"<\s{{0,3}}/\s{{0,3}}(?:{_NAMES})\s{{0,3}}>"))
_ANY_CLOSE = re.compile(_CLOSE_PATTERN, re.IGNORECASE)
_OPENING = re.compile("|".join((*(re.escape(opening) for opening, _ in TAGS), _ELEMENT.pattern)), re.IGNORECASE)
_BARE_CHANNELS = ("analysis", "assistantfinal")
"""The channels of gpt-oss where a server left out the tokens around their names."""

_LITERALS = tuple(close for _, close in TAGS)
_MAX_TAG = 40
_MAX_BLANKS = 4_096
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
            self._mentioned = _OPENING.search(text_with_end) is not None
        self._end = text_with_end[-_MAX_TAG:]
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
    whose opening tag is in the text. What may be an answer as well, such as `<analysis>`, becomes text where no text
    follows it.
    """

    def __init__(self) -> None:
        self._pending = ""
        self._close, self._literals = _ANY_CLOSE, _LITERALS
        self._place = _Place()
        self._feed = self._start
        self._thought: list[str] | None = None
        self._opening = ""
        self._has_text = False

    def feed(self, text: str) -> Sequence[Delta]:
        """Return the deltas in the next piece of text. What may be the beginning of a tag waits for more."""
        if self._pending:
            text, self._pending = self._pending + text, ""
        return self._feed(text)

    def rest(self) -> Sequence[Delta]:
        """Return what still waits at the end of the answer."""
        text, self._pending = self._pending, ""
        deltas = _deltas(text, "") if self._feed == self._feed_thinking else _deltas("", text)
        if self._thought is None or self._has_text or text:
            return deltas
        # No text but the thought: it was the answer.
        return [TextDelta(self._opening + "".join(self._thought))]

    def _start(self, text: str) -> Sequence[Delta]:
        stripped = text.lstrip()
        for opening, close in TAGS:
            if stripped.startswith(opening):
                return self._open(stripped, len(opening), re.compile(re.escape(close)), (close,))
        if element := _ELEMENT.match(stripped):
            closing = re.compile(rf"<\s{{0,3}}/\s{{0,3}}{element[1]}\s{{0,3}}>", re.IGNORECASE)
            return self._open(stripped, element.end(), closing, (), element[1].lower() in _OTHER_NAMES.split("|"))
        opening, close = _BARE_CHANNELS
        if stripped.startswith(opening) and stripped[len(opening) :][:1].isupper():
            return self._open(stripped, len(opening), re.compile(re.escape(close)), (close,), True)
        if len(text) <= _MAX_BLANKS and (stripped == opening or _may_open(stripped)):
            self._pending = text
            return ()
        tag = self._close.search(text)
        before = text[: tag.start()] if tag else text
        start = _Place()
        start.feed(before)
        if tag and not start.is_example:
            self._feed = self._text
            return _deltas(before, text[tag.end() :].lstrip("\n"))
        self._feed = self._feed_text
        return self._feed_text(text)

    def _open(
        self, text: str, start: int, close: re.Pattern[str], literals: tuple[str, ...], may_be_answer: bool = False
    ) -> Sequence[Delta]:
        """Go on within a thought, which begins at `start`."""
        self._close, self._literals, self._feed = close, literals, self._feed_thinking
        self._opening, self._thought = text[:start], [] if may_be_answer else None
        return self._feed_thinking(text[start:])

    def _feed_thinking(self, text: str) -> Sequence[Delta]:
        """Take text as a thought until a tag closes it."""
        before, tag, after = self._split(text)
        if self._thought is not None:
            self._thought += [before, tag]
            self._has_text = bool(after.strip())
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
        self._has_text = self._has_text or bool(text.strip())
        return (TextDelta(text),)

    def _split(self, text: str) -> tuple[str, str, str]:
        """Split text at its closing tag, behind which all is text. The beginning of a tag at its end waits for more."""
        if tag := self._close.search(text):
            self._feed = self._text
            return text[: tag.start()], tag[0], text[tag.end() :]
        start = max((_beginning(text, close) for close in self._literals), default=0)
        last = text.rfind("<", max(0, len(text) - _MAX_TAG))
        if last >= 0 and _PARTIAL_CLOSE.fullmatch(text, last):
            start = max(start, len(text) - last)
        if not start:
            return text, "", ""
        self._pending = text[-start:]
        return text[:-start], "", ""


def _may_open(text: str) -> bool:
    """Return True if a text may be the beginning of an opening tag."""
    if any(opening.startswith(text) for opening, _ in TAGS):
        return True
    element = _MAY_BE_ELEMENT.fullmatch(text)
    names = f"{_NAMES}|{_OTHER_NAMES}".replace("s?", "s").split("|")
    return element is not None and any(name.startswith(element[1].lower()) for name in names)


def _beginning(text: str, tag: str) -> int:
    """Return how many characters at the end of a text may begin a tag."""
    start = text.find(tag[0], max(0, len(text) - len(tag) + 1))
    while start >= 0 and not tag.startswith(text[start:]):
        start = text.find(tag[0], start + 1)
    return len(text) - start if start >= 0 else 0


def _deltas(thought: str, text: str) -> tuple[Delta, ...]:
    """Return the deltas for a thought and the text behind it, where they are not empty."""
    return (*([ThinkingDelta(thought)] if thought else ()), *([TextDelta(text)] if text else ()))
