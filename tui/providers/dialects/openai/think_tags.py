"""Thoughts inside the text: servers without a parser for them leave `<think>…</think>` at the start of an answer."""

from collections.abc import Iterator

from tui.providers.events import TextDelta, ThinkingDelta

_OPEN, _CLOSE = "<think>", "</think>"


class Thinking:
    """Parts the text of one answer, piece by piece. Only a tag that begins the answer counts."""

    def __init__(self) -> None:
        self._held = ""
        self._feed = self._before

    def feed(self, text: str) -> Iterator[TextDelta | ThinkingDelta]:
        """The deltas in one more piece of text; what may be the beginning of a tag is held back."""
        return self._feed(text)

    def rest(self) -> Iterator[TextDelta | ThinkingDelta]:
        """What was held back at the end of the answer."""
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
            self._feed = self._after
            yield TextDelta(text)

    def _within(self, text: str) -> Iterator[TextDelta | ThinkingDelta]:
        thought, closed, text = (self._held + text).partition(_CLOSE)
        self._held = ""
        if not closed:
            kept = next((size for size in range(len(_CLOSE) - 1, 0, -1) if thought.endswith(_CLOSE[:size])), 0)
            thought, self._held = thought[: len(thought) - kept], thought[len(thought) - kept :]
        if thought:
            yield ThinkingDelta(thought)
        if closed:
            self._feed = self._after
            if text := text.lstrip("\n"):
                yield TextDelta(text)

    def _after(self, text: str) -> Iterator[TextDelta | ThinkingDelta]:
        yield TextDelta(text)
