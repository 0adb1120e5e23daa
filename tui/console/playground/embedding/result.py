"""The result of the embedding tab: a summary, the heat map with the scatter beside it, or the nearest pairs."""

import asyncio
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content

from tui.console.frame.navigator import ConsoleNode
from tui.console.playground.embedding.heatmap import Heatmap
from tui.console.playground.embedding.summary import pair, words_under
from tui.console.widgets.row_list import Item, Rows
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import MUTED
from tui.console.widgets.truncate import clip_end
from tui.workspace.playground.embedding.projection import Point, principal_points, scatter
from tui.workspace.playground.embedding.vectors import Comparison

MAP = 60
"""The most texts for which a map is drawn; with more, only the nearest pairs are shown."""

SPLIT_WIDTH = 120
"""Cells from which on the scatter is beside the map."""

_SCATTER, _HIGHEST = 44, 14
_PAIRS = 200
_EMPTY = "One text per line; two or more are compared."


class EmbeddingResult(ConsoleNode, Vertical):
    """What is shown of a comparison; nothing before the first one."""

    DEFAULT_CSS = f"""
    EmbeddingResult {{ height: 1fr; }}
    EmbeddingResult .-none {{ display: none; }}
    EmbeddingResult #pairs {{ height: 1fr; }}
    EmbeddingResult #heading {{ height: 1; }}
    EmbeddingResult #map-row {{ height: auto; }}
    EmbeddingResult Heatmap {{ width: 1fr; }}
    EmbeddingResult #dots {{ width: {_SCATTER}; height: auto; }}
    EmbeddingResult #under {{ height: auto; margin-top: 1; }}
    """

    def __init__(self) -> None:
        super().__init__(id="result")
        self.compared: Comparison | None = None
        self._sorted = -1
        self._summary = ""
        self._points: Sequence[Point | None] = ()

    def compose(self) -> ComposeResult:
        yield Plain(f"\n   {_EMPTY}", id="summary")
        yield Plain(id="heading")
        with Horizontal(id="map-row"):
            yield Heatmap(self._show_heading, id="map")
            yield Plain(id="dots", classes="-none")
        yield Rows(id="pairs")
        yield Plain(id="under")

    def on_mount(self) -> None:
        self._draw()

    @property
    def many(self) -> bool:
        """Whether there are too many texts for a map, so that pairs are listed."""
        return self.compared is not None and len(self.compared.texts) > MAP

    @property
    def rows(self) -> Rows:
        """The rows that take the focus."""
        return self.query_one("#pairs" if self.many else "#map", Rows)

    def show(self, compared: Comparison, summary: str) -> None:
        """Show a comparison."""
        self.compared, self._summary, self._sorted, self._points = compared, summary, -1, ()
        self._draw()
        self._place_texts()

    def _show_heading(self, heading: Content) -> None:
        self.query_one("#heading", Plain).show(heading)

    def _draw(self) -> None:
        compared, many = self.compared, self.many
        heat, listed = self.query_one(Heatmap), self.query_one("#pairs", Rows)
        heading = self.query_one("#heading", Plain)
        parts = (
            (self.query_one("#map-row"), not many),
            (listed, many),
            (heading, True),
            (self.query_one("#under"), not many),
        )
        for widget, here in parts:
            widget.set_class(compared is None or not here, "-none")
        if compared is None:
            return
        self._summarise()
        if many:
            heading.show(line((f"   nearest pairs of {len(compared.pairs):,}", MUTED)))
            listed.show([Item(str(n), pair(compared, n)) for n in range(min(_PAIRS, len(compared.pairs)))])
        else:
            heat.compare(compared, self._order())
            self._fit()

    def _summarise(self) -> None:
        self.query_one("#summary", Plain).show(f"   {clip_end(self._summary, self.app.size.width - 3)}\n")

    def _order(self) -> list[int] | None:
        assert self.compared is not None
        return [self._sorted, *self.compared.nearest(self._sorted)] if self._sorted >= 0 else None

    def _fit(self) -> None:
        """Give the map as many rows as the lines below leave, and draw the scatter where there is room for it."""
        compared, under = self.compared, self.query_one("#under", Plain)
        if compared is None or self.many:
            return
        lines = words_under(compared, self.size.width)
        under.show(Content("\n").join(lines))
        room = self.size.height - 3 - (len(lines) + 1)
        under.set_class(room < 3, "-none")
        room = room if room >= 3 else self.size.height - 3
        self.query_one(Heatmap).styles.height = max(1, min(len(compared.texts), room))
        dots = self.query_one("#dots", Plain)
        fits = bool(self._points) and self.app.size.width >= SPLIT_WIDTH and room >= 4
        dots.set_class(not fits, "-none")
        if fits:
            rows = scatter(self._points, _SCATTER - 4, min(_HIGHEST, room))
            dots.show(Content("\n").join(line("  ", row) for row in rows))

    def on_resize(self) -> None:
        if self.compared is not None:
            self._summarise()
            self._fit()
            self._place_texts()

    def _place_texts(self) -> None:
        """Work out where the texts are in two dimensions, once and where that can be seen."""
        compared = self.compared
        if compared is None or self._points or not 2 < len(compared.texts) <= MAP or self.app.size.width < SPLIT_WIDTH:
            return

        async def place() -> None:
            points = await asyncio.to_thread(principal_points, compared.table)
            if self.compared is compared and self.is_attached:
                self._points = points
                self._fit()

        self.run_worker(place(), group="scatter", exclusive=True, exit_on_error=False)

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        heat = self.query_one(Heatmap)
        if event.rows is not heat or self.compared is None or len(self.compared.texts) < 3:
            return
        self._sorted = -1 if self._sorted == heat.index else heat.index
        key = heat.key
        heat.compare(self.compared, self._order())
        heat.select(key)
