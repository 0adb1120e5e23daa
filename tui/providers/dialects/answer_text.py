"""The text of an answer, whatever dialect it came in: whole characters, thoughts apart, no control tokens.

delta ──> whole characters ──> channels ──> leading tokens ──> think tags ──> leading and trailing tokens ──> deltas
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from tui.errors import Problem
from tui.providers.dialects.channels import Channels
from tui.providers.dialects.control_tokens import LeadingTokens, TrailingTokens
from tui.providers.dialects.finish_reasons import finish
from tui.providers.dialects.think_tags import Thinking
from tui.providers.events import DELTAS, Event, Finish, TextDelta, ThinkingDelta, ToolCalls

Delta = TextDelta | ThinkingDelta
T = TypeVar("T")

_SURROGATE = re.compile("[\ud800-\udfff]")


class AnswerText:
    """Reads the events of one answer, also where several calls bring it."""

    def __init__(self) -> None:
        self._half = PartialCharacter()
        self._channels = Channels()
        self._before = LeadingTokens()
        self._thinking = Thinking()
        self._behind = LeadingTokens()
        self._trailing = TrailingTokens()
        self._has_delta = self._has_text = False

    def events(self, event: Event) -> Iterator[Event]:
        """Yield what there is of an event. Text that may begin a token or a tag waits for more."""
        if isinstance(event, DELTAS):
            self._has_delta = True
            yield from self._delta(self._half.join(event))
            return
        if isinstance(event, Finish | ToolCalls):
            yield from self.rest()
        is_empty = isinstance(event, Finish) and self._has_delta and not self._has_text
        yield _without_text(event) if isinstance(event, Finish) and is_empty else event

    def _delta(self, delta: Delta) -> Iterator[Delta]:
        if isinstance(delta, ThinkingDelta):
            yield delta
            return
        for part in self._channels.feed(delta.text):
            yield from self._part(part)

    def rest(self) -> Iterator[Delta]:
        """Yield what still waits at the end of the answer."""
        for half in self._half.rest():
            yield from self._delta(half)
        for part in self._channels.rest():
            yield from self._part(part)
        if text := self._before.rest():
            yield from self._split(text)
        for piece in self._thinking.rest():
            yield from self._strip(piece)
        yield from self._text(self._trailing.feed(self._behind.rest()) + self._trailing.rest())

    def _part(self, delta: Delta) -> Iterator[Delta]:
        if isinstance(delta, ThinkingDelta):
            yield delta
        elif text := self._before.feed(delta.text):
            yield from self._split(text)

    def _split(self, text: str) -> Iterator[Delta]:
        for piece in self._thinking.feed(text):
            yield from self._strip(piece)

    def _strip(self, delta: Delta) -> Iterator[Delta]:
        if isinstance(delta, ThinkingDelta):
            yield delta
        elif text := self._behind.feed(delta.text):
            yield from self._text(self._trailing.feed(text))

    def _text(self, text: str) -> Iterator[Delta]:
        if text:
            self._has_text = True
            yield TextDelta(text)


def join_pieces(results: Iterable[T], has_text: bool) -> Iterator[T | Delta]:
    """Yield results that arrived together, with the pieces of one text in a row joined; before an error, too.

    Where there is no text yet, its first piece comes at once.
    """
    kind: type[Delta] = TextDelta
    pieces: list[str] = []
    try:
        for result in results:
            if pieces and type(result) is not kind:
                yield kind("".join(pieces))
                pieces.clear()
            if has_text and isinstance(result, DELTAS):
                kind = TextDelta if isinstance(result, TextDelta) else ThinkingDelta
                pieces.append(result.text)
            else:
                has_text = has_text or isinstance(result, DELTAS)
                yield result
    except Problem:
        if pieces:
            yield kind("".join(pieces))
        raise
    if pieces:
        yield kind("".join(pieces))


def _without_text(end: Finish) -> Finish:
    """Return the end of an answer in which all was thinking, with the sentence for it where it has none of its own."""
    with_text, empty = finish(end.reason), finish(end.reason, has_text=False)
    return replace(end, note=empty.note) if end.note == with_text.note else end


class PartialCharacter:
    """Puts together characters that a server cut in two: half of a surrogate pair at the end of a delta."""

    def __init__(self) -> None:
        self._half: TextDelta | ThinkingDelta | None = None

    def join(self, delta: TextDelta | ThinkingDelta) -> TextDelta | ThinkingDelta:
        """Return a delta with whole characters; half of one at its end waits for the next."""
        text = delta.text
        if self._half is None and (text.isascii() or not _SURROGATE.search(text)):
            return delta
        text = (self._half.text if self._half else "") + text
        self._half = type(delta)(text[-1]) if "\ud800" <= text[-1:] <= "\udbff" else None
        text = text[:-1] if self._half else text
        return type(delta)(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))

    def rest(self) -> Iterator[TextDelta | ThinkingDelta]:
        """Yield a mark for the half that still waits, if one does."""
        if self._half is not None:
            yield type(self._half)("\ufffd")
            self._half = None
