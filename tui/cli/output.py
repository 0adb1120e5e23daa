"""Output of a command: the answer on stdout, everything else on stderr, filtered for the terminal."""

import json
import os
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

from tui.errors import Problem
from tui.sanitize import escaped_json, one_line, printable, visible

_GAP = "  "
_SHORT = 10
"""Lines that every terminal has room for."""


class Output:
    """The two streams of one command.

    Attributes:
        as_json: True if the answer is for a program.
        decorated: True if a person sees stdout, which then has headings and hints.
        fields: The keys that JSON is reduced to, none for all.
        pages: True if a table that is longer than the terminal may go to a pager.
    """

    def __init__(
        self, as_json: bool = False, quiet: bool = False, fields: Sequence[str] = (), pages: bool = False
    ) -> None:
        self.as_json = as_json
        self.pages = pages
        self.fields = tuple(fields)
        self.decorated = is_terminal(sys.stdout)
        self._quiet = quiet
        self._progress = 0  # cells of the progress line that is shown

    def line(self, text: str = "") -> None:
        """Print one line of the answer."""
        self.end_progress()
        sys.stdout.write(printable(text) + "\n")

    def piece(self, text: str) -> None:
        """Print a piece of a streamed answer and flush it."""
        self.end_progress()
        sys.stdout.write(printable(text))
        sys.stdout.flush()

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print aligned columns; headings only on a terminal."""
        clean = [[one_line(visible(text)) for text in row] for row in rows]
        lines = columns([list(headings), *clean] if self.decorated and rows else clean)
        if self.pages and self.decorated and len(lines) > _SHORT and self._page("".join(f"{line}\n" for line in lines)):
            return
        for line in lines:
            sys.stdout.write(line + "\n")

    def _page(self, text: str) -> bool:
        """Return True if the pager showed the text, which only a terminal's person can have wanted."""
        from tui.cli import pager

        self.end_progress()
        return pager.shows(text, os.environ)

    def json(self, value: Any) -> None:
        """Print JSON, of each object only the keys in `fields` if there are any."""
        self.end_progress()
        sys.stdout.write(self.json_text(self._select_fields(value)) + "\n")
        sys.stdout.flush()

    def _select_fields(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._select_fields(entry) for entry in value]
        if not self.fields or not isinstance(value, dict):
            return value
        return {name: value[name] for name in self.fields if name in value}

    def json_text(self, value: Any, indent: int | None = 2) -> str:
        """Return JSON; characters that the terminal or its encoding must not get become escapes."""
        return escaped_json(json.dumps(value, ensure_ascii=not _takes_all(sys.stdout), indent=indent))

    def answer(self, value: dict[str, Any], sentence: str) -> None:
        """Print what was asked for: the value with --json, else the sentence."""
        if self.as_json:
            self.json(value)
        else:
            self.line(visible(sentence))

    def result(self, value: dict[str, Any], sentence: str) -> None:
        """Print what a change did: the value with --json, else the sentence, unless the command is quiet."""
        if self.as_json:
            self.json(value)
        else:
            self.confirm(sentence)

    def confirm(self, text: str) -> None:
        """Print what a change did, unless the command is quiet."""
        if not self._quiet:
            self.line(visible(text))

    def note(self, text: str) -> None:
        """Print a remark on stderr, unless the command is quiet."""
        if not self._quiet:
            self.end_progress()
            self._column_gap(visible(text) + "\n")

    def print_aside(self, text: str) -> None:
        """Print a piece of text on stderr, such as reasoning."""
        self.end_progress()
        self._column_gap(printable(text))

    def progress(self, text: str) -> None:
        """Show the text as the one progress line of a terminal on stderr, in place of the one before."""
        if self._quiet or not is_terminal(sys.stderr):
            return
        text = one_line(visible(text))
        padding = " " * max(0, self._progress - cells(text))
        self._column_gap(f"\r{text}{padding}")
        self._progress = cells(text)

    def end_progress(self) -> None:
        """Erase the progress line."""
        if self._progress:
            erased, self._progress = self._progress, 0
            self._column_gap(f"\r{' ' * erased}\r")

    def _column_gap(self, text: str) -> None:
        sys.stdout.flush()
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            # A remark that nobody can read must not stop the work.
            discard(2)


def discard(descriptor: int) -> None:
    """Send a stream that cannot be written to /dev/null, so that the interpreter's last flush is quiet."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def is_terminal(stream: Any) -> bool:
    """Return True if a person is at the stream; a closed or missing stream has none."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def print_problem(problem: Problem, as_json: bool = False) -> None:
    """Print a problem's sentence, hint and detail on stderr: one line each, or as the last line a JSON object."""
    from tui.cli.remedies import problem_hint

    sys.stdout.flush()
    if as_json:
        words = {"message": problem.message, "hint": problem_hint(problem), "detail": problem.detail}
        error = {name: printable(text) for name, text in words.items()} | {"exit": int(problem.code)}
        sys.stderr.write(json.dumps({"error": error}) + "\n")
        sys.stderr.flush()
        return
    for text in (problem.message, problem_hint(problem), problem.detail):
        if text:
            sys.stderr.write(visible(text) + "\n")
    sys.stderr.flush()


def _takes_all(stream: Any) -> bool:
    """Return True if the encoding of the stream has every character."""
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
    return encoding.replace("-", "").replace("_", "").startswith(("utf8", "utf16", "utf32"))


def bar(done: int, of: int, width: int = 20) -> str:
    """Return a progress bar with its percentage, such as `[#####---------------]  25 %`."""
    part = min(1.0, done / of) if of else 1.0
    full = int(part * width)
    return f"[{'#' * full}{'-' * (width - full)}] {part:4.0%}".replace("%", " %")


def count_noun(number: int, noun: str, plural: str = "") -> str:
    """Return `1 model` or `2 models`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def cells(text: str) -> int:
    """Return how many terminal cells the text takes: two for a wide character, none for a combining one.

    An emoji of several code points takes two: joined ones, one with a skin tone, a flag, a sign shown as an emoji.
    """
    if text.isascii():
        return len(text)
    widths, before = [0], ""
    for character in text:
        part_of_emoji = before == _JOINER or (character in _SKIN_TONES and before)
        shown_as_emoji = character == _EMOJI_STYLE and widths[-1] == 1
        widths.append(0 if part_of_emoji else int(shown_as_emoji) or _cells_of(character))
        before = character
    return sum(widths)


_JOINER, _EMOJI_STYLE = "\u200d", "\ufe0f"
_SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


def _cells_of(character: str) -> int:
    if character in _SKIN_TONES:
        return 2
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    if "\u1160" <= character <= "\u11ff":  # vowels and finals, drawn into the syllable that they belong to
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return each row as one line with aligned columns; the last column is not padded."""
    if not rows:
        return []
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    return [_GAP.join(map(_pad, row, widths)).rstrip() for row in rows]


def _pad(text: str, width: int) -> str:
    return text + " " * (width - cells(text))
