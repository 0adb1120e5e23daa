"""The page that embeds every line of a file into another file; stopped, it continues where it was."""

import asyncio
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from textual.widget import Widget
from textual.widgets import Input

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen, problem_text
from tui.console.playground.embedding.nearest import count_lines
from tui.console.playground.embedding.options import EmbeddingOptions
from tui.console.playground.path_field import PathField
from tui.console.trial_status import warn_of_budget, warn_of_trial
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.progress_bar import Progress
from tui.console.widgets.static_text import Plain, line
from tui.domain import Model
from tui.errors import Problem, UsageError
from tui.providers.events import Event, Vectors
from tui.workspace.playground.embedding.documents import read_lines
from tui.workspace.playground.embedding.to_file import about, embed_rest, vector_line
from tui.workspace.playground.embedding.vectors_file import VectorsFile, head_of
from tui.workspace.playground.path_completion import expand_home, sibling_path

_MARGIN = "   "


class EmbedFile(PageScreen[None]):
    """A file of texts, and a file for their vectors: .npy, or JSON lines by any other ending."""

    DEFAULT_CSS = """
    EmbedFile Form { padding-top: 1; }
    EmbedFile Button { margin-top: 1; }
    EmbedFile Progress { margin: 1 0 0 3; display: none; }
    EmbedFile.-begun Progress { display: block; }
    EmbedFile #state { height: auto; margin-top: 1; }
    """

    def __init__(self, model: Model, options: EmbeddingOptions, home: Path) -> None:
        super().__init__()
        self._model, self._options, self._home = model, options, home
        self._path = PathField("Texts", home, count_lines, missing="A text file, one text per line.")
        self._output = FieldRow("output", "Vectors", help=("The file for them: .npy, or JSON lines (.jsonl).",))
        self._proposed = ""
        self._start = Button("Start", id="start", primary=True)
        self._bar, self._state = Progress(), Plain(id="state")

    def content(self) -> Iterable[Widget]:
        with Form():
            yield self._path
            yield self._output
            yield self._start
            yield self._bar
            yield self._state

    def chrome(self) -> ScreenText:
        keys = self._path.form_keys(running=bool(self._start.activity), typing=self.typing)
        return ScreenText("Embedding › file", keys, self._model.ref)

    def on_mount(self) -> None:
        self._path.field.focus()
        self._path.refresh_file()

    def on_path_field_inspected(self, event: PathField.Inspected) -> None:
        """Propose a file for the vectors."""
        if event.description and self._output.value == self._proposed:
            self._proposed = sibling_path(self._path.value.strip(), "vectors.npy")
            self._output.field.value = self._proposed

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input is self._output.field:
            path = expand_home(event.value, self._home)
            exists = bool(event.value.strip()) and path.with_name(path.name + ".part").is_file()
            self._output.show_lines(*(["It was begun: only what has no vector yet is sent."] if exists else []))
        self._state.show("")
        self.remove_class("-begun")

    def on_path_field_completed(self) -> None:
        self._output.field.focus()

    def on_field_row_next(self, event: FieldRow.Next) -> None:
        (self._output.field if event.row is self._path.row else self._start).focus()

    def on_button_pressed(self) -> None:
        self.run_worker(self._embed(), group="file", exclusive=True, exit_on_error=False)

    def action_back(self) -> None:
        if self._start.activity:
            self._stop()
        else:
            super().action_back()

    def _stop(self) -> None:
        self.workers.cancel_group(self, "file")

    def _checked_output(self) -> Path:
        """Return the file for the vectors.

        Raises:
            UsageError: Something is missing, or the file exists.
        """
        if not self._path.value.strip() or not self._output.value.strip():
            raise UsageError("Type the path of a file of texts, and one for the vectors.")
        output = expand_home(self._output.value, self._home)
        if output.exists():
            raise UsageError(f"{output.name} already exists.", "Choose another file.")
        return output

    async def _embed(self) -> None:
        model = self._model
        query, dimensions = self._options
        try:
            output = self._checked_output()
            texts = [text for _, text in await asyncio.to_thread(read_lines, self._path.path)]
            if not await self.dialogs.ensure_unlocked(f"embed {len(texts):,} lines"):
                return
            await warn_of_budget(self)
            with VectorsFile(output, head_of(about(model, query=query, dimensions=dimensions), texts)) as file:
                await self._run(file, texts)
                await asyncio.to_thread(file.finish, partial(vector_line, model, texts))
        except Problem as problem:
            self._state.show(problem_text(problem))
            return
        count, size = len(texts), file.head.dimensions
        verb = "vector is" if count == 1 else "vectors are"
        self._state.show(line(_MARGIN, f"{count:,} {verb} in {output}, {size:,} dimensions each."))

    async def _run(self, file: VectorsFile, texts: list[str]) -> None:
        """Embed what the file does not have yet; what came stays there, however this ends."""
        session, total = self.navigator.tenant_session, len(texts)
        query, dimensions = self._options

        def show(event: Event | None = None) -> None:
            if event is None or isinstance(event, Vectors):
                self._start.show_progress(f"embedded {file.done:,} of {total:,}")
                self._bar.move(file.done / total)

        def on_retry(problem: Problem, seconds: float) -> None:
            self._state.show(line(_MARGIN, f"{problem.message} Retrying in {seconds:.0f} s."))

        self.add_class("-begun")
        show()
        self.console.set_running("playground/embed-file", self._stop)
        self.refresh_chrome()
        try:
            with self.pending_actions.suspend():
                await asyncio.to_thread(lambda: session.process.client)  # what it imports takes a moment
                await embed_rest(
                    session,
                    self._model,
                    texts,
                    file,
                    query=query,
                    dimensions=dimensions,
                    on_event=show,
                    on_retry=on_retry,
                )
        except asyncio.CancelledError:
            words = f"Stopped; {file.done:,} of {total:,} are in {file.part.name}. The same file continues."
            self._state.show(line(_MARGIN, words))
            raise
        finally:
            self._start.show_progress()
            self.console.set_running("playground/embed-file", None)
            warn_of_trial(self, self._model)
            self.refresh_chrome()
