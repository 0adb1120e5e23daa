"""The heat map of cosines: a row and a column for each text, a shade and a number in each cell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from tui.console.keys import bind
from tui.console.widgets.row_list import Item, Rows
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import MUTED, SELECTED
from tui.console.widgets.truncate import fit
from tui.workspace.playground.embedding.vectors import Comparison

SHADES: Sequence[tuple[int, str, str]] = (
    (80, "█", "bold reverse $primary"),
    (60, "▓", "bold $primary"),
    (40, "▒", "$primary"),
    (20, "░", ""),
)
"""From how many hundredths on, sign, and role: the nearer the brighter, what is far is dim and without a sign."""

LEGEND = "█ 80 and up  ▓ 60  ▒ 40  ░ 20"

_CELL = 4
_NORM = 5
_MIN_TEXT_WIDTH = 12
_COLUMN_GAP = 3


@dataclass(frozen=True)
class Plan:
    """Widths of a row's parts (number, text, gap), and how many columns fit."""

    number: int
    text: int
    gap: int
    columns: int


def plan(cells: int, count: int) -> Plan:
    """Return the parts of a row at that width of the window; two texts need no columns."""
    number = len(str(count))
    free = cells - _COLUMN_GAP - number - 1 - _NORM
    columns = min(count, max(0, (free - _MIN_TEXT_WIDTH - 1) // _CELL)) if count > 2 else 0
    free -= columns * _CELL
    text = max(1, min(cells // 2 - 9, free - 1))
    return Plan(number, text, max(1, min(4, free - text)), columns)


class Heatmap(Rows):
    """The rows of the map. `left` and `right` move the columns where they do not all fit."""

    DEFAULT_CSS = "Heatmap { height: auto; }"
    REVERSED = False
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("embedding.sort", "choose"),
        bind("embedding.before", "sideways(-1)"),
        bind("embedding.after", "sideways(1)"),
    ]

    def __init__(self, heading: Callable[[Content], None], *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._heading = heading
        self.compared: Comparison | None = None
        self.order: list[int] = []
        self.first = 0

    def compare(self, compared: Comparison, order: Sequence[int] | None = None) -> None:
        """Show a comparison, its texts in that order."""
        self.compared = compared
        self.order = list(order if order is not None else range(len(compared.texts)))
        self.first = 0
        self.show([Item(str(n), self._row(n)) for n in self.order])
        self.head()

    @property
    def index(self) -> int:
        """The text under the cursor, -1 if there is none."""
        return int(self.key) if self.key else -1

    def head(self) -> None:
        """Bring the numbers over the columns up to date."""
        if self.compared is None:
            return
        layout = plan(self.size.width, len(self.order))
        self.first = max(0, min(self.first, len(self.order) - layout.columns))
        parts: list[Words] = [" " * (_COLUMN_GAP + layout.number + 1 + layout.text + layout.gap)]
        for n in self.order[self.first : self.first + layout.columns]:
            number = str(n + 1)
            before = (3 - len(number)) // 2
            parts += [" " * before, (number, SELECTED if n == self.index else ""), " " * (_CELL - before - len(number))]
        self._heading(line(*parts, (" norm", MUTED)))

    def on_resize(self) -> None:
        self.head()

    def on_rows_moved(self) -> None:
        self.head()

    def action_sideways(self, step: int) -> None:
        self.first += step
        self.head()
        self.refresh()

    def _row(self, n: int) -> Callable[[int], Content]:
        def draw(cells: int) -> Content:
            compared = self.compared
            if compared is None:
                return Content("")
            layout = plan(cells + _COLUMN_GAP, len(self.order))
            number = str(n + 1)
            head: list[Words] = [
                " " * (layout.number - len(number)),
                (number, SELECTED if n == self.index else ""),
                " ",
            ]
            if fault := compared.faults.get(n):
                return line(*head, fit(compared.texts[n], layout.text), " " * layout.gap, "▲ ", fault)
            columns = self.order[self.first : self.first + layout.columns]
            values = [" ·  " if other == n else cell(compared.table[n][other]) for other in columns]
            norm = f"{compared.norms[n]:.2f}"[:_NORM].rjust(_NORM)
            return line(*head, fit(compared.texts[n], layout.text), " " * layout.gap, *values, norm)

        return draw


def cell(value: float | None) -> Words:
    """Draw shade and number of a cosine, four cells wide."""
    if value is None:
        return " –  "
    hundredths = round(value * 100)
    for threshold, shade, role in SHADES:
        if hundredths >= threshold:
            return f"{shade}{hundredths:2}".ljust(_CELL), role
    return f"{hundredths:3} ", MUTED
