"""The pages that the embedding tab opens: saving, the scatter, two models, and those for a file of texts."""

import asyncio

from tui.console.pages.save_file import Save
from tui.console.playground.embedding.nearest import NearestLines
from tui.console.playground.embedding.options import EmbeddingOptions
from tui.console.playground.embedding.scatter import Scatter
from tui.console.playground.embedding.to_file import EmbedFile
from tui.console.playground.embedding.two_models import TwoModels
from tui.console.playground.tab import Tab
from tui.domain import Model
from tui.workspace.playground.embedding.projection import principal_points
from tui.workspace.playground.embedding.ranking import agreement
from tui.workspace.playground.embedding.vectors import Comparison


async def save(tab: Tab, compared: Comparison, ref: str) -> None:
    """Save the vectors as JSON or CSV."""

    def text(kind: str) -> str:
        return compared.as_csv() if kind == "csv" else compared.as_json(ref)

    await tab.app.push_screen_wait(Save("vectors", {"json": "JSON", "csv": "CSV"}, text))


async def scatter(tab: Tab, compared: Comparison, ref: str) -> None:
    """Work out where the texts are in two dimensions, and draw them."""
    points = await asyncio.to_thread(principal_points, compared.table)
    tab.app.push_screen(Scatter(compared, points, ref))


async def two_models(tab: Tab, first: tuple[str, Comparison], second: tuple[str, Comparison]) -> None:
    """Show how far two models agree on the same texts."""
    agrees = await asyncio.to_thread(agreement, first[1].vectors, second[1].vectors)
    tab.app.push_screen(TwoModels((first, second), agrees))


def to_file(tab: Tab, model: Model, options: EmbeddingOptions) -> None:
    """Ask for a file, and embed its lines into another one."""
    tab.app.push_screen(EmbedFile(model, options, tab.home))


def nearest(tab: Tab, model: Model, dimensions: int, query: str) -> None:
    """Ask for a file, and find its lines that are nearest to a query."""
    tab.app.push_screen(NearestLines(model, dimensions, tab.home, query))
