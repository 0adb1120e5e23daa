"""The page that draws the texts of the embedding tab in two dimensions."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType

from tui.console.frame.chrome import ScreenText
from tui.console.keys import bind
from tui.console.pages.text import TextPage
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import MUTED
from tui.workspace.playground.embedding.projection import Point, scatter
from tui.workspace.playground.embedding.vectors import Comparison

_MARGIN = "   "
_MIN_ROWS, _MAX_ROWS = 8, 30
"""Rows of the drawing."""


class Scatter(TextPage):
    """Braille dots with the number of their text, and the texts below."""

    FIND = "embedding.find"
    BINDINGS: ClassVar[list[BindingType]] = [bind(FIND, "find")]

    def __init__(self, compared: Comparison, points: Sequence[Point | None], ref: str) -> None:
        super().__init__()
        self._compared, self._points, self._ref = compared, points, ref

    def on_mount(self) -> None:
        super().on_mount()
        self.reader.show(self._lines)

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.reader.show(self._lines)

    def _lines(self, cells: int) -> list[Words]:
        # All in sight where there is room; with many texts the drawing is still large.
        below = min(len(self._compared.texts), self.reader.size.height // 2) + 1
        height = max(_MIN_ROWS, min(_MAX_ROWS, self.reader.size.height - below))
        drawing = scatter(self._points, max(20, cells - 2 * len(_MARGIN)), height)
        texts = (line((f"{_MARGIN}{number:>3} ", MUTED), text) for number, text in enumerate(self._compared.texts, 1))
        return [*(f"{_MARGIN}{row}" for row in drawing), "", *texts]

    def chrome(self) -> ScreenText:
        legend = "the two directions in which the texts differ most"
        return ScreenText(f"Scatter: {self._ref}", self.keys, self.reader.visible_range, foot=legend)

    def hide_when_locked(self) -> None:
        self.dismiss(None)
