"""Commands, groups of commands, and the search among them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, overload

from tui.console.widgets.filter_bar import matching


@dataclass(frozen=True)
class Command:
    """A command of the palette. `keys` shows how to run it directly; `reason` says why it cannot run now."""

    words: str
    run: Callable[[], Any]
    keys: str = ""
    description: str = ""
    reason: str = ""
    also: str = ""
    """More words that find it."""


def search_text(words: str, also: str = "") -> str:
    """Return the text to search: a command's own words on one line, synonyms on the next."""
    return f" {words}\n{also}".casefold()


@dataclass(frozen=True)
class CommandGroup:
    """Commands of one kind, maybe thousands: `make` creates the nth when it is needed.

    `texts` are those of `sought`, `unusable` which of them cannot be done now.
    """

    texts: Sequence[str]
    unusable: frozenset[int]
    make: Callable[[int], Command]

    @classmethod
    def of(cls, commands: Sequence[Command]) -> "CommandGroup":
        """Return a group of a few commands that are built already."""
        texts = [search_text(command.words, command.also) for command in commands]
        return cls(texts, frozenset(n for n, command in enumerate(commands) if command.reason), commands.__getitem__)


class CommandIndex(Sequence[Command]):
    """All commands in one sequence. The first group is shown before anything is typed."""

    def __init__(self, kinds: Iterable[CommandGroup]) -> None:
        self.kinds = tuple(kinds)
        self._texts = [text for kind in self.kinds for text in kind.texts]
        starts = [sum(len(kind.texts) for kind in self.kinds[:n]) for n in range(len(self.kinds))]
        self._unusable = {start + n for start, kind in zip(starts, self.kinds, strict=True) for n in kind.unusable}

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, index: int) -> Command: ...

    @overload
    def __getitem__(self, index: slice) -> list[Command]: ...

    def __getitem__(self, index: int | slice) -> Command | list[Command]:
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        for kind in self.kinds:
            if index < len(kind.texts):
                return kind.make(index)
            index -= len(kind.texts)
        raise IndexError(index)

    def matching(self, typed: str) -> list[int]:
        """Return the commands with every typed word: best prefix matches first, unusable ones last."""
        words = typed.casefold().split()
        if not words:
            return sorted(range(len(self.kinds[0].texts)), key=self._unusable.__contains__)
        matches, first = matching(self._texts, typed), f" {words[0]}"
        begins = {n for n in matches if 0 <= self._texts[n].find(first) < self._texts[n].find("\n")}
        return sorted(matches, key=lambda n: 2 * (n in self._unusable) + (n not in begins))
