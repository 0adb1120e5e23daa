"""Blocks of the chat transcript: questions, answers, problems, and the empty state."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ATTENTION, MARK, MODEL, MUTED, PROBLEM, STOPPED, TURN, USER_TURN, WORKING
from tui.console.widgets.wrap import wrap
from tui.sanitize import printable

if TYPE_CHECKING:
    from tui.console.widgets.markdown.renderer import Document
    from tui.workspace.playground.answer_schema import SchemaResult

_MAX_CHARACTERS = 4_000
"""Characters of a question that are shown; longer questions are pasted."""

_TEXT_CURSOR = "▏"


class NoteBlock:
    """The program's own lines, such as what to do in an empty chat."""

    def __init__(self, *lines: Words) -> None:
        self.lines = [line(entry) for entry in lines]

    def rows(self, cells: int) -> Sequence[Content]:
        return [row for line in self.lines for row in wrap(line, cells)]

    def contains(self, pattern: re.Pattern[str]) -> bool:
        return any(pattern.search(line.plain) for line in self.lines)


class ProblemBlock(NoteBlock):
    """A problem: sentence, hint, and the provider's own message."""

    def __init__(self, message: str, hints: Sequence[str] = (), detail: str = "", by: str = "") -> None:
        quoted = f"{by} says: {detail}" if detail and by else detail
        super().__init__(message, *(hint for hint in (*hints, quoted) if hint))

    def rows(self, cells: int) -> Sequence[Content]:
        rows = super().rows(cells - 2)
        return [line(PROBLEM if not number else "  ", row) for number, row in enumerate(rows)]


class QuestionBlock:
    """A question, as it was typed, and what was attached to it."""

    def __init__(self, text: str, files: Sequence[str] = ()) -> None:
        self.text, self._files = text, tuple(files)

    def rows(self, cells: int) -> Sequence[Content]:
        rows = [line(("you", USER_TURN)), *wrap(Content(printable(self.text[:_MAX_CHARACTERS])), cells - 2)]
        if (more := len(self.text) - _MAX_CHARACTERS) > 0:
            rows.append(line((f"{WORKING} and {more:,} characters more", MUTED)))
        rows += [row for file in self._files for row in wrap(line((f"{MARK} {file}", MUTED)), cells - 2)]
        return [line((f"{TURN} ", USER_TURN), row) for row in rows]

    def contains(self, pattern: re.Pattern[str]) -> bool:
        return bool(pattern.search(self.text))


class AnswerBlock:
    """An answer: the model, if it is named, its thinking on one line that unfolds, its text, and how it ended.

    While it runs, `add` and `think` take what comes, and only its open end is drawn anew. `end` gives it a mark or a
    problem; from then on it keeps its text alone, and is drawn from that.
    """

    def __init__(self, name: str, text: str = "", thoughts: str = "") -> None:
        self.name = name
        self._text = text
        self._thoughts = thoughts
        self.place = ""
        self.seconds_thought = 0.0
        self.unfolded = False
        self.below: list[Words] = []
        self.fit: SchemaResult | None = None
        """Whether it fits the schema that it was asked with."""
        self.running = False
        self._answer: Document | None = None
        self._thinking: Document | None = None
        self._new: list[str] = []
        self._new_thoughts: list[str] = []

    @property
    def text(self) -> str:
        """Its text, as far as it was put together."""
        return self._text

    @property
    def thoughts(self) -> str:
        """Its thoughts, as far as they were put together."""
        return self._thoughts

    def begin(self) -> None:
        """Show that the answer is pending."""
        from tui.console.widgets.markdown.renderer import Document  # lazy: an answer

        self.running = True
        self._answer, self._thinking = Document(), Document(style=MUTED)

    def add(self, text: str) -> None:
        """Append to the answer's text."""
        self._new.append(text)
        if self._answer is not None:
            self._answer.text.add(text)

    def think(self, text: str) -> None:
        """Append to the answer's thinking."""
        self._new_thoughts.append(text)
        if self._thinking is not None:
            self._thinking.text.add(text)

    def gather(self) -> bool:
        """Join the text that arrived since the last call; return whether its first words or thoughts are in it."""
        before = bool(self._text), bool(self._thoughts)
        if self._new or self._new_thoughts:
            self._text = self.text + "".join(self._new)
            self._thoughts = self.thoughts + "".join(self._new_thoughts)
            self._new.clear()
            self._new_thoughts.clear()
        return before != (bool(self._text), bool(self._thoughts))

    def end(self, *below: Words) -> None:
        """End the answer, with the lines `below` under it."""
        self.gather()
        self.running = False
        self._answer = self._thinking = None
        self.below = list(below)

    def rows(self, cells: int) -> Sequence[Content]:
        head = line((f"{TURN} {self.name}", MODEL), (f"   {self.place}" if self.place else "", MUTED))
        rows = [head] if self.name else []
        if self.thoughts or self._new_thoughts:
            rows.append(line((f"{WORKING} {self._thought_words}", MUTED)))
            if self.unfolded:
                thoughts = self._render(self._thinking, self.thoughts, cells - 2, MUTED)
                rows += [Content("  ").append(row) for row in thoughts]
        if answer := self._render(self._answer, self.text, cells):
            rows += [*answer[:-1], answer[-1].append(_TEXT_CURSOR) if self.running else answer[-1]]
        return rows + [row for entry in self.below for row in wrap(line(entry), cells)]

    @staticmethod
    def _render(document: "Document | None", text: str, cells: int, style: str = "") -> list[Content]:
        from tui.console.widgets.markdown.renderer import markdown_rows  # lazy: an answer

        return document.rows(cells) if document is not None else markdown_rows(text, cells, style)

    @property
    def _thought_words(self) -> str:
        seconds = f"{self.seconds_thought:.0f} s"
        if self.running and not (self.text or self._new):
            return f"thinking {seconds}"
        return f"thought for {seconds}{'' if self.unfolded else ', hidden'}"

    def contains(self, pattern: re.Pattern[str]) -> bool:
        return bool(pattern.search(self.text) or (self.unfolded and pattern.search(self.thoughts)))


def stop_mark(words: str) -> Words:
    """Return the mark of an incomplete answer."""
    return (f"{STOPPED} {printable(words)}", ATTENTION)
