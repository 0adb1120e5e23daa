"""The columns of the compare tab, side by side or stacked."""

from collections.abc import Iterator
from itertools import pairwise

from textual.containers import Container

from tui.console.frame.navigator import ConsoleNode
from tui.console.playground.compare.column import CompareColumn
from tui.domain import Model
from tui.tenancy.connections import label_of
from tui.workspace.playground.compare import report
from tui.workspace.playground.compare.comparison import ComparedModel
from tui.workspace.playground.compare.measurement import MeasuredAnswer

_MIN_WIDTH = 40
_STACKED_BELOW = 100


def per_row(width: int, count: int) -> int:
    """Return how many columns fit side by side: none narrower than 40 cells, and one below 100."""
    fit = width // _MIN_WIDTH if width >= _STACKED_BELOW else 1
    return max(1, count) if count <= fit else min(2, fit)


class CompareColumns(ConsoleNode, Container):
    """The columns in their order, named A to D."""

    DEFAULT_CSS = "CompareColumns { height: 1fr; layout: grid; grid-gutter: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.all: list[CompareColumn] = []

    def __iter__(self) -> Iterator[CompareColumn]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    @property
    def current(self) -> CompareColumn | None:
        """The column with the focus, None while the prompt is typed."""
        return next((column for column in self.all if column.transcript.has_focus), None)

    @property
    def running(self) -> int:
        """How many models are answering."""
        return sum(column.running for column in self.all)

    def column_of(self, answer: MeasuredAnswer) -> CompareColumn | None:
        """Return the column of an answer."""
        return next((column for column in self.all if column.model is answer.model), None)

    def add(self, model: Model) -> None:
        """Add a column at the end."""
        column = self._create(model)
        self.all.append(column)
        self.mount(column)
        self.lay_out()

    async def replace(self, column: CompareColumn, model: Model) -> None:
        """Put another model in place of a column's, and focus it."""
        new = self._create(model)
        self.all[self.all.index(column)] = new
        await self.mount(new, after=column)
        await column.remove()
        self.lay_out()
        new.show_status()
        new.transcript.focus()

    def drop(self, column: CompareColumn) -> None:
        """Remove a column."""
        self.all.remove(column)
        column.remove()
        self.lay_out()

    def _create(self, model: Model) -> CompareColumn:
        return CompareColumn(ComparedModel(model), label_of(self.navigator.tenant_session, model.provider))

    def lay_out(self) -> None:
        """Put as many columns side by side as there is room for, and name them."""
        for letter, column in zip(report.LETTERS, self.all, strict=False):
            column.letter = letter
        across = per_row(self.size.width or self.app.size.width, len(self.all))
        self.styles.grid_size_columns = across
        self.styles.grid_size_rows = max(1, -(-len(self.all) // across))

    def on_resize(self) -> None:
        self.lay_out()

    def move(self, step: int) -> None:
        """Focus the next column, or the one before; the first while none has the focus."""
        current = self.current
        if self.all:
            place = self.all.index(current) + step if current is not None else 0
            self.all[place % len(self.all)].transcript.focus()

    def to_compare(self) -> tuple[CompareColumn, CompareColumn] | None:
        """Return two columns with an answer, in their order: the current one if it has one, and the next."""
        answered = [column for column in self.all if column.text]
        if len(answered) < 2:
            return None
        current = self.current
        neighbours = [pair for pair in pairwise(answered) if current in pair]
        return (neighbours or list(pairwise(answered)))[0]
