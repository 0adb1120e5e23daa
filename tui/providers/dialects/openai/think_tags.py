"""Thoughts inside the text: servers without a parser for them leave `<think>…</think>` at the start of an answer.

Where the chat template itself opens the thought, the answer holds `</think>` alone.
"""

from collections.abc import Iterator

from tui.providers.events import TextDelta, ThinkingDelta

_OPEN, _CLOSE = "<think>", "</think>"


class Thinking:
    """Parts the text of one answer, piece by piece. Only a tag that begins the answer counts.

    The first `</think>` without one ends a thought too: what came before it in the same piece is the thought; earlier
    pieces, which were taken for text, stay as they are. One in backquotes is text.
    """

    def __init__(self) -> None:
        self._held = ""
        self._feed = self._before

    def feed(self, text: str) -> Iterator[TextDelta | ThinkingDelta]:
        """Yield the deltas of another piece of text; a possible beginning of a tag is held back."""
        return self._feed(text)

    def rest(self) -> Iterator[TextDelta | ThinkingDelta]:
        """Yield what was held back at the end of the answer."""
        pending, self._held = self._held, ""
        if pending:
            yield ThinkingDelta(pending) if self._feed == self._within else TextDelta(pending)

    def _before(self, text: str) -> Iterator[TextDelta | ThinkingDelta]:
        text = self._held + text
        self._held = ""
        begun = text.lstrip()
        if begun.startswith(_OPEN):
            self._feed = self._within
            yield from self._within(begun.removeprefix(_OPEN))
        elif _OPEN.startswith(begun):
            self._held = text
        else:
            self._feed = self._unopened
            before, closed, after = text.partition(_CLOSE)
            if closed and not before.endswith("`"):
                self._feed = self._after
                yield ThinkingDelta(before)
                if after := after.lstrip("\n"):
                    yield TextDelta(after)
            else:
                yield from self._unopened(text)

    def _unopened(self, text: str) -> Iterator[TextDelta | ThinkingDelta]:
        """Pass text on until a tag closes what none has opened."""
        before, closed, after = (self._held + text).partition(_CLOSE)
        self._held = ""
        if closed:
            self._feed = self._after
            if before.endswith("`"):
                before, after = before + closed + after, ""
        else:
            size = _partial_tag_length(before)
            before, self._held = before[: len(before) - size], before[len(before) - size :]
        for part in (before, after.lstrip("\n") if closed else after):
            if part:
                yield TextDelta(part)

    def _within(self, text: str) -> Iterator[TextDelta | ThinkingDelta]:
        thought, closed, text = (self._held + text).partition(_CLOSE)
        self._held = ""
        if not closed:
            size = _partial_tag_length(thought)
            thought, self._held = thought[: len(thought) - size], thought[len(thought) - size :]
        if thought:
            yield ThinkingDelta(thought)
        if closed:
            self._feed = self._after
            if text := text.lstrip("\n"):
                yield TextDelta(text)

    def _after(self, text: str) -> Iterator[TextDelta | ThinkingDelta]:
        yield TextDelta(text)


def _partial_tag_length(text: str) -> int:
    """Return how many characters at the end of a text may be the beginning of a closing tag."""
    return next((size for size in range(len(_CLOSE) - 1, 0, -1) if text.endswith(_CLOSE[:size])), 0)
