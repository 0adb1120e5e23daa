"""Filters of every line before it is sent to the terminal."""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tui.console.widgets.symbols import TO_ASCII
from tui.sanitize import printable


class Inert(LineFilter):
    """Takes control, C1 and bidi characters out of every text, so that none reaches the terminal from data."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(control or (text.isascii() and text.isprintable()) for text, _, control in segments):
            return segments
        return [
            Segment(text, style, control) if control else Segment(_same_width(text), style, None)
            for text, style, control in segments
        ]


class Ascii(LineFilter):
    """Swaps every sign for its twin, for terminals and locales that have only ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(text.translate(TO_ASCII), style, control) for text, style, control in segments]


def _same_width(text: str) -> str:
    # A character that takes no cell may go; line ends and tabs have no place in a row of cells.
    return printable(text).replace("\n", " ")
