"""The page that finds the lines of a file that are nearest to a query."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen, problem_text
from tui.console.playground.path_field import PathField, count_entries
from tui.console.trial_status import warn_of_budget, warn_of_trial
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.static_text import Plain, Words, line
from tui.console.widgets.symbols import MUTED
from tui.console.widgets.text_viewer import Reader
from tui.console.widgets.wrap import wrap
from tui.domain import Model
from tui.errors import Problem, UsageError
from tui.providers.events import Event, Vectors
from tui.workspace.playground.embedding import ranking
from tui.workspace.playground.embedding.documents import embed_all, read_lines
from tui.workspace.playground.embedding.vectors import Vector

_TOP = 20
"""Lines that are shown."""


class NearestLines(PageScreen[None]):
    """A file, a query, and the nearest lines. The vectors of the file are kept for the next query."""

    DEFAULT_CSS = """
    NearestLines Form { height: auto; max-height: 12; padding-top: 1; }
    NearestLines Button { margin-top: 1; }
    NearestLines #wrong { height: auto; }
    """

    def __init__(self, model: Model, dimensions: int, home: Path, query: str) -> None:
        super().__init__()
        self._model, self._of_length = model, dimensions
        self._path = PathField("File", home, count_lines, missing="A text file, one document per line.")
        self._query, self._before = FieldRow("query", "Query", query), query
        self._search = Button("Search", id="search", primary=True)
        self._wrong = Plain(id="wrong")
        self._documents: tuple[Sequence[tuple[int, str]], list[Vector]] = ((), [])
        """The lines of the last file with their vectors."""

    def content(self) -> Iterable[Widget]:
        with Form():
            yield self._path
            yield self._query
            yield self._search
        yield self._wrong
        yield Reader()

    def chrome(self) -> ScreenText:
        keys = self._path.form_keys(running=bool(self._search.activity), typing=self.typing)
        return ScreenText("Embedding › nearest lines", keys, self._model.ref)

    def on_mount(self) -> None:
        self._path.field.focus()
        self._path.refresh_file()

    def on_input_changed(self) -> None:
        self._wrong.show("")

    def on_path_field_completed(self) -> None:
        self._query.field.focus()

    def on_field_row_next(self, event: FieldRow.Next) -> None:
        (self._query.field if event.row is self._path.row else self._search).focus()

    def on_button_pressed(self) -> None:
        self.run_worker(self._find(), group="nearest", exclusive=True, exit_on_error=False)

    def unsaved(self) -> str:
        written = self._query.value.strip() != self._before and not self._documents[0]
        return "The query that you wrote was not searched for." if written else ""

    def action_back(self) -> None:
        if self._search.activity:
            self._stop()
        else:
            super().action_back()

    def _stop(self) -> None:
        self.workers.cancel_group(self, "nearest")

    async def _find(self) -> None:
        session, query = self.navigator.tenant_session, self._query.value.strip()
        self._wrong.show("")
        try:
            if not self._path.value.strip() or not query:
                raise UsageError("Type the path of a file, and a query.")
            lines = await asyncio.to_thread(read_lines, self._path.path)
            if not await self.dialogs.ensure_unlocked(f"embed {len(lines):,} lines"):
                return
            await warn_of_budget(self)
            self._search.show_progress("embedding")
            self.console.set_running("playground/nearest", self._stop)
            self.refresh_chrome()
            with self.pending_actions.suspend():
                await asyncio.to_thread(lambda: session.process.client)  # what it imports takes a moment
                documents = await self._embed([text for _, text in lines], lines)
                vector = await embed_all(session, self._model, [query], query=True, dimensions=self._of_length)
                matches = await asyncio.to_thread(ranking.nearest, vector[0], documents, _TOP)
        except Problem as problem:
            self._wrong.show(problem_text(problem))
            return
        finally:
            self._search.show_progress()
            self.console.set_running("playground/nearest", None)
            warn_of_trial(self, self._model)
            self.refresh_chrome()
        self._show([(cosine, *lines[n]) for n, cosine in matches])

    async def _embed(self, texts: Sequence[str], lines: Sequence[tuple[int, str]]) -> list[Vector]:
        """Return the vectors of the file's lines, those of the last query if they are the same lines."""
        if self._documents[0] == lines:
            return self._documents[1]
        count = 0

        def show(event: Event) -> None:
            nonlocal count
            if isinstance(event, Vectors):
                count += len(event.vectors)
                self._search.show_progress(f"embedded {count:,} of {len(texts):,}")

        session = self.navigator.tenant_session
        vectors = await embed_all(session, self._model, texts, dimensions=self._of_length, on_event=show)
        self._documents = lines, vectors
        return vectors

    def _show(self, matches: Sequence[tuple[float, int, str]]) -> None:
        self.query_one(Reader).show(lambda cells: [*match_rows(matches, cells)])
        self._query.field.focus()

    def hide_when_locked(self) -> None:
        self._documents = (), []
        self.query_one(Reader).show(lambda _: ["   The tenant is locked; the lines are hidden."])
        self._query.field.focus()


def match_rows(matches: Sequence[tuple[float, int, str]], cells: int) -> Iterator[Words]:
    """Yield a heading and the matches (cosine, line number, text), a long text wrapped in a column of its own."""
    heads = [f"   {cosine:6.3f}  {number:>6}  " for cosine, number, _ in matches]
    yield line(("   cosine    line", MUTED))
    for head, (_, _, text) in zip(heads, matches, strict=True):
        first, *rest = wrap(line(text), max(10, cells - len(head)))
        yield line(head[:11], (head[11:], MUTED), first)
        yield from (line(" " * len(head), part) for part in rest)


def count_lines(path: Path) -> str:
    """Return how many lines a file has that hold something, or its size if it is large.

    Raises:
        UsageError: It cannot be read, or holds no text.
    """
    return count_entries(path, read_lines, "line")
