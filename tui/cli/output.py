"""What a command says: answers to stdout, everything else to stderr; no text from outside leaves unfiltered."""

import json
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

from tui.errors import Problem
from tui.sanitize import one_line, printable

_GAP = "  "


class Output:
    """The two streams of one command. `as_json` is set where the answer is to be read by a program."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self.decorated = is_terminal(sys.stdout)

    def line(self, text: str = "") -> None:
        """One line of the answer."""
        sys.stdout.write(printable(text) + "\n")

    def piece(self, text: str) -> None:
        """A piece of a streamed answer, on its way at once."""
        sys.stdout.write(printable(text))
        sys.stdout.flush()

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Aligned columns; headings only where a person looks at them."""
        clean = [[one_line(text) for text in row] for row in rows]
        for line in columns([list(headings), *clean] if self.decorated and rows else clean):
            sys.stdout.write(line + "\n")

    def json(self, value: Any, indent: int | None = 2) -> None:
        """JSON with every character that no terminal should get written as an escape."""
        text = json.dumps(value, ensure_ascii=False, indent=indent)
        if printable(text) != text:
            text = "".join(each if printable(each) == each else f"\\u{ord(each):04x}" for each in text)
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """A remark beside the answer."""
        sys.stdout.flush()
        sys.stderr.write(printable(text) + "\n")
        sys.stderr.flush()

    def aside(self, text: str) -> None:
        """A piece of text beside the answer, such as reasoning."""
        sys.stderr.write(printable(text))
        sys.stderr.flush()


def is_terminal(stream: Any) -> bool:
    """Whether a person sits at the stream; a stream that is closed or missing has none."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def say_problem(problem: Problem) -> None:
    """The sentence, then the hint, then what the other side said, each on its own line."""
    sys.stdout.flush()
    for text in (problem.message, problem.hint, problem.detail):
        if text:
            sys.stderr.write(printable(text) + "\n")
    sys.stderr.flush()


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 model`, `2 models`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def cells(text: str) -> int:
    """How many cells a terminal gives the text."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Each row as one line, its columns aligned; the last column is not padded."""
    if not rows:
        return []
    taken = [[cells(text) for text in row] for row in rows]
    widths = [max(column) for column in zip(*taken, strict=True)]
    return [
        _GAP.join(text + " " * (width - its) for text, its, width in zip(row, sizes, widths, strict=True)).rstrip()
        for row, sizes in zip(rows, taken, strict=True)
    ]
