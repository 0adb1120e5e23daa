"""The page that lets several models transcribe one recording, and measures them against a reference text."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from textual.content import Content
from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen, problem_lines, problem_text
from tui.console.playground.compare.differences import difference_text
from tui.console.playground.path_field import PathField
from tui.console.remedies import problem_hint
from tui.console.trial_status import warn_of_budget, warn_of_trial
from tui.console.widgets.elapsed import elapsed
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.static_text import Plain, Words, line
from tui.console.widgets.symbols import ACCENT, MUTED
from tui.console.widgets.text_viewer import Reader
from tui.console.widgets.truncate import fit, width
from tui.domain import Model, ModelType
from tui.errors import Problem, UsageError
from tui.sanitize import one_line
from tui.workspace.playground.compare.comparison import MAX_MODELS
from tui.workspace.playground.speech.transcription import (
    HEADINGS,
    MeasuredTranscript,
    read_reference,
    transcribe_with,
)

_MARGIN = "   "


class SpeechModels(PageScreen[None]):
    """Models, a recording and an optional reference text; below, figures and texts with their differences marked."""

    DEFAULT_CSS = """
    SpeechModels Form { height: auto; max-height: 12; padding-top: 1; }
    SpeechModels #wrong { height: auto; }
    """

    def __init__(self, model: Model, recording: Path, language: str, home: Path) -> None:
        super().__init__()
        self.results: list[MeasuredTranscript] = []
        self._models, self._recording, self._language = [model], recording, language
        self._named = Plain()
        self._path = PathField(
            "Reference",
            home,
            lambda path: "",
            missing="What is said, as a text file; blank: the models with each other.",
        )
        self._path.endings = ("txt", "md")
        self._add = Button("Add a model", id="add")
        self._compare = Button("Transcribe with all", id="compare", primary=True)
        self._wrong = Plain(id="wrong")
        self._text = ""

    def content(self) -> Iterable[Widget]:
        with Form():
            yield self._named
            yield self._path
            yield self._add
            yield self._compare
        yield self._wrong
        yield Reader()

    @property
    def running(self) -> bool:
        """Whether a model transcribes."""
        return bool(self._compare.activity)

    def chrome(self) -> ScreenText:
        keys = self._path.form_keys(running=self.running, typing=self.typing)
        legend = ("[-only the first or the reference-]", "{+only the other+}") if self.results else ("", "")
        return ScreenText("Speech-to-text › compare models", keys, one_line(self._recording.name), strip=legend)

    def on_mount(self) -> None:
        self._show_models()
        self._add.focus()
        self._path.refresh_file()

    def _show_models(self) -> None:
        refs = ", ".join(model.ref for model in self._models)
        self._named.show(line(_MARGIN, fit("Models", 18), refs))
        self._add.display = len(self._models) < MAX_MODELS

    def on_input_changed(self) -> None:
        self._wrong.show("")

    def on_path_field_completed(self) -> None:
        self.focus_next()

    def on_field_row_next(self, _: FieldRow.Next) -> None:
        (self._add if len(self._models) == 1 else self._compare).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button is self._add:
            self.run_worker(self._pick(), group="pick", exclusive=True, exit_on_error=False)
        else:
            self.run_worker(self._run(), group="transcribe", exclusive=True, exit_on_error=False)

    async def _pick(self) -> None:
        model = await self.navigator.pick_model(ModelType.SPEECH2TEXT)
        if model is not None and all(model.ref != other.ref for other in self._models):
            self._models.append(model)
            self._wrong.show("")
            self._show_models()
            self.call_after_refresh(self._compare.focus)

    def action_back(self) -> None:
        if self.running:
            self._stop()
        else:
            super().action_back()

    def _stop(self) -> None:
        self.workers.cancel_group(self, "transcribe")

    async def _run(self) -> None:
        session = self.navigator.tenant_session
        self._wrong.show("")
        try:
            reference = ""
            if self._path.value.strip():
                reference = await asyncio.to_thread(read_reference, self._path.path)
            elif len(self._models) < 2:
                raise UsageError("Add a second model, or a reference text.")
            if not await self.dialogs.ensure_unlocked(f"send the recording to {len(self._models)} models"):
                return
        except Problem as problem:
            self._wrong.show(problem_text(problem))
            return
        await warn_of_budget(self)
        self._text = reference
        self.results = [MeasuredTranscript(model) for model in self._models]
        self.console.set_running("playground/transcripts", self._stop)
        try:
            with self.pending_actions.suspend(), elapsed(self, self._show_elapsed):
                self.refresh_chrome()
                await asyncio.to_thread(lambda: session.process.client)  # what it imports takes a moment
                await transcribe_with(session, self.results, self._recording, self._language, reference)
        finally:
            self._compare.show_progress()
            self.console.set_running("playground/transcripts", None)
            for model in self._models:
                warn_of_trial(self, model)
            if self.is_attached:
                await self._show()
                self.refresh_chrome()

    def _show_elapsed(self, since: str) -> None:
        self._compare.show_progress(f"transcribing{since}")

    async def _show(self) -> None:
        texts = [result.text for result in self.results]
        pairs = [(self._text, text) for text in texts] if self._text else []
        if not pairs and len(texts) == 2 and all(texts):
            pairs = [(texts[0], texts[1])]
        marked = await asyncio.to_thread(lambda: [difference_text(*pair) for pair in pairs])
        lines = [*figure_lines(self.results), "", *text_lines(self.results, marked)]
        reader = self.query_one(Reader)
        reader.show(lambda _: lines)
        reader.focus()

    def hide_when_locked(self) -> None:
        self.dismiss(None)


def figure_lines(results: Sequence[MeasuredTranscript]) -> Iterator[Words]:
    """Yield the table of the figures."""
    rows = [HEADINGS, *(result.row() for result in results)]
    widths = [max(width(row[column]) for row in rows) for column in range(len(HEADINGS))]
    for number, row in enumerate(rows):
        values = "".join(f"  {text.rjust(wide)}" for text, wide in zip(row[1:], widths[1:], strict=True))
        yield line((f"{_MARGIN}{fit(row[0], widths[0])}{values}", "" if number else MUTED))


def text_lines(results: Sequence[MeasuredTranscript], marked: Sequence[Sequence[Content]]) -> Iterator[Words]:
    """Yield the texts, with the words marked that differ.

    Args:
        results: The transcripts.
        marked: One text for each of them, one text for two of them, or none: then they are as they came.
    """
    joined = len(marked) == 1 < len(results)
    for number, result in enumerate(results):
        refs = [entry.model.ref for entry in results] if joined else [result.model.ref]
        yield line((f"{_MARGIN}{' and '.join(refs)}", ACCENT))
        if (problem := result.problem) is not None:
            yield from (line(_MARGIN, part) for part in problem_lines(problem.message, problem_hint(problem)))
        rows: Sequence[Words] = marked[number] if marked else result.text.split("\n")
        yield from (line(_MARGIN, row) for row in rows)
        yield ""
        if joined:
            return
