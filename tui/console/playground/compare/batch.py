"""The batch page: a file of prompts for the models of the compare tab, watched while it runs, and its summary."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen, problem_text
from tui.console.playground.compare.batch_sources import SOURCES
from tui.console.playground.path_field import PathField
from tui.console.remedies import problem_hint
from tui.console.trial_status import warn_of_budget, warn_of_trial
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.progress_bar import Progress
from tui.console.widgets.static_text import Plain, Words, line
from tui.console.widgets.symbols import ATTENTION, MUTED, STOPPED, WORKING
from tui.console.widgets.truncate import fit, width
from tui.domain import Model, ModelType
from tui.errors import Problem, UsageError
from tui.workspace.playground.batch.job import MAX_CONCURRENCY, MAX_REPEATS, BatchJob, plan_job, progress_words
from tui.workspace.playground.batch.summary import HEADINGS, ModelSummary
from tui.workspace.playground.compare.comparison import MAX_MODELS
from tui.workspace.playground.path_completion import expand_home
from tui.workspace.playground.saved_prompts import SavedPrompt

_PROGRESS_INTERVAL = 0.2
"""Seconds between two drawings of the progress."""
_NUMBER = 8
"""Cells of a field for a number."""


class BatchModel(NamedTuple):
    """A model of a batch with its parameters."""

    model: Model
    parameters: Mapping[str, Any]


class BatchPage(PageScreen[None]):
    """A form, and in its place the progress while the batch runs, then its summary."""

    DEFAULT_CSS = """
    BatchPage Form { padding-top: 1; }
    BatchPage Button { margin-top: 1; }
    BatchPage #wrong { height: auto; margin-top: 1; }
    BatchPage #watch { height: 1fr; padding-top: 1; display: none; }
    BatchPage #watch Plain { height: auto; margin: 1 3 0 3; }
    BatchPage #watch Progress { margin-left: 3; }
    BatchPage #watch Button { display: none; }
    BatchPage.-watching Form { display: none; }
    BatchPage.-watching #watch { display: block; }
    BatchPage.-ended #watch Button.-offered { display: block; }
    """

    def __init__(
        self, models: Sequence[BatchModel], prompt: SavedPrompt, home: Path, kind: ModelType = ModelType.CHAT
    ) -> None:
        super().__init__()
        self.job: BatchJob | None = None
        self._models, self._prompt, self._home, self._kind = [*models], prompt, home, kind
        self._source = SOURCES[kind]
        self._path = PathField(
            self._source.label,
            home,
            self._source.describe,
            missing=self._source.missing,
            exists=self._source.exists,
        )
        self._path.endings = self._source.endings
        self._named = Plain()
        self._add = Button("Add a model", id="add")
        self._output = FieldRow("output", "Answers")
        self._proposed = ""
        self._in_flight = FieldRow("in-flight", "In flight", "4", cells=_NUMBER)
        self._repeat = FieldRow("repeat", "Answers each", "1", cells=_NUMBER)
        self._cost = FieldRow("cost", "Cost limit", cells=_NUMBER)
        self._start = Button("Start", id="start", primary=True)
        self._continue = Button("Continue", id="continue", primary=True)
        self._read = Button("Read the answers", id="read")
        self._change = Button("Change the batch", id="change")
        self._wrong = Plain(id="wrong")
        self._bar, self._words, self._table = Progress(), Plain(id="words"), Plain(id="table")

    def content(self) -> Iterable[Widget]:
        with Form():
            yield self._named
            yield self._path
            yield self._output
            yield self._in_flight
            yield self._repeat
            yield self._cost
            yield self._add
            yield self._start
            yield self._wrong
        with Vertical(id="watch"):
            yield self._bar
            yield self._words
            yield self._table
            yield self._continue
            yield self._read
            yield self._change

    @property
    def running(self) -> bool:
        """Whether requests are being sent."""
        return self.has_class("-watching") and not self.has_class("-ended")

    def chrome(self) -> ScreenText:
        keys = self._path.form_keys(running=self.running, typing=self.typing)
        extras = [*(["system prompt"] if self._prompt.system else []), *(["schema"] if self._prompt.schema else [])]
        foot = f"with the {' and the '.join(extras)} of Compare" if extras else ""
        return ScreenText("Playground › batch", keys, foot=foot)

    def on_mount(self) -> None:
        for row, text in (
            (self._in_flight, "  the most requests at the same time"),
            (self._repeat, "  of each model to a prompt"),
            (self._cost, "  estimated; blank: no limit"),
        ):
            row.show_note(text if self.app.size.width >= 60 else "")
        self._show_models()
        self._path.field.focus()
        self._path.refresh_file()

    def unsaved(self) -> str:
        return "The batch that you described is not started." if self._path.value.strip() and self.job is None else ""

    # --- the form ---

    def _show_models(self) -> None:
        refs = ", ".join(entry.model.ref for entry in self._models)
        self._named.show(line("   ", fit("Models", 18), refs, "\n"))
        # Chat models are those of Compare.
        self._add.display = self._kind is not ModelType.CHAT and len(self._models) < MAX_MODELS

    async def _pick(self) -> None:
        model = await self.navigator.pick_model(self._kind)
        if model is not None and all(model.ref != entry.model.ref for entry in self._models):
            self._models.append(BatchModel(model, {}))
            self._show_models()

    def on_path_field_inspected(self, event: PathField.Inspected) -> None:
        """Propose a file for the answers."""
        if event.description and self._output.value == self._proposed:
            self._proposed = self._source.output(self._path.value.strip())
            self._output.field.value = self._proposed
            self._show_output()

    def _show_output(self) -> None:
        path = expand_home(self._output.value, self._home)
        there = bool(self._output.value.strip()) and path.is_file()
        self._output.show_lines(*(["The file is there: only what has no answer in it is sent."] if there else []))

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input is self._output.field:
            self._show_output()
        elif event.input is not self._path.field:
            for row in (self._in_flight, self._repeat, self._cost):
                if event.input is row.field:
                    row.show_lines()
        self._wrong.show("")

    def on_path_field_completed(self) -> None:
        self._output.field.focus()

    def on_field_row_next(self, event: FieldRow.Next) -> None:
        rows = [self._path.row, self._output, self._in_flight, self._repeat, self._cost]
        place = rows.index(event.row)
        (rows[place + 1].field if place + 1 < len(rows) else self._start).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button is self._change:
            self.remove_class("-watching", "-ended")
            self._path.field.focus()
            self.refresh_chrome()
        elif event.button is self._add:
            self.run_worker(self._pick(), group="pick", exclusive=True, exit_on_error=False)
        elif event.button is self._read:
            self.run_worker(self._open_answers(), group="answers", exclusive=True, exit_on_error=False)
        else:
            self.run_worker(self._run(), group="batch", exclusive=True, exit_on_error=False)

    def _plan(self) -> BatchJob:
        """Return the job that the form describes.

        Raises:
            Problem: Something of it is wrong.
        """
        if not self._path.value.strip():
            raise UsageError(self._source.question)
        if not self._output.value.strip():
            raise UsageError("Which file are the answers written to?")
        amount = None
        if text := self._cost.value.strip():
            try:
                amount = Decimal(text)
            except InvalidOperation:
                amount = Decimal(0)
            if not amount.is_finite() or amount <= 0:
                raise UsageError("The cost limit is an amount above 0, or blank.")
        return plan_job(
            self.navigator.tenant_session,
            self._path.path,
            expand_home(self._output.value, self._home),
            self._models,
            self._prompt,
            repeat=_whole(self._repeat, MAX_REPEATS),
            concurrency=_whole(self._in_flight, MAX_CONCURRENCY),
            max_cost=amount,
        )

    # --- the run ---

    async def _run(self) -> None:
        self._wrong.show("")
        try:
            job = await asyncio.to_thread(self._plan)
            if not await self.dialogs.ensure_unlocked(f"send {len(job.tasks):,} {self._source.label.lower()}"):
                return
        except Problem as problem:
            self.remove_class("-watching", "-ended")
            self._wrong.show(problem_text(problem))
            self._wrong.scroll_visible()
            return
        await warn_of_budget(self)
        self.job = job
        self._show_run(job)
        ended = "Stopped; finished answers are in the file."
        try:
            with self.pending_actions.suspend():
                await asyncio.to_thread(lambda: self.navigator.session.client)  # what it imports takes a moment
                await job.run()
            ended = ""
        except Problem as problem:
            ended = f"{problem.message} {problem_hint(problem)}".rstrip()
        finally:
            self._timer.stop()
            self.console.set_running("playground/batch", None)
            for model in job.models:
                warn_of_trial(self, model)
            if self.is_attached:
                self._show_end(job, ended)

    def _show_run(self, job: BatchJob) -> None:
        self._began = monotonic()
        self.add_class("-watching")
        self.remove_class("-ended")
        self.set_focus(None)
        self._table.show("")
        self.console.set_running("playground/batch", self._stop)
        self._timer = self.set_interval(_PROGRESS_INTERVAL, self._draw)
        self._draw()
        self.refresh_chrome()

    def _draw(self) -> None:
        if self.job is None or self.console.output_busy or not self.running:
            return
        progress = self.job.progress
        self._bar.move(progress.done / max(1, progress.total))
        now = monotonic()
        words = [*progress_words(progress, now), f"{now - self._began:.0f} s"]
        lines: list[Words] = [f"{WORKING} {' · '.join(words)}"]
        if progress.skipped:
            lines.append((f"{progress.skipped:,} were answered already.", MUTED))
        self._words.show(Content("\n").join(map(line, lines)))

    def _show_end(self, job: BatchJob, ended: str) -> None:
        """Show the summary, and why something was not sent."""
        progress = job.progress
        self.add_class("-ended")
        self._bar.move(progress.done / max(1, progress.total))
        lines: list[Words] = [line((f"{STOPPED} {ended}", ATTENTION))] if ended else []
        for ref, problem in progress.stopped_models.items():
            words = f"{ref} was stopped. {problem.message} {problem_hint(problem)}"
            lines.append(line((words.rstrip(), ATTENTION)))
        if progress.limit_reached:
            lines.append(line(("Stopped at the cost limit; a higher one continues.", ATTENTION)))
        lines.append(f"{progress.done:,} of {progress.total:,} requests have their row in {job.output}.")
        self._words.show(Content("\n").join(map(line, lines)))
        self._table.show(summary_table(job.figures, self.size.width - 6))
        self._continue.set_class(not job.complete, "-offered")
        self._read.set_class(progress.done > 0, "-offered")
        self._change.add_class("-offered")
        first = next(button for button in (self._continue, self._read, self._change) if button.has_class("-offered"))
        self.call_after_refresh(first.focus)
        self.refresh_chrome()

    def _stop(self) -> None:
        self.workers.cancel_group(self, "batch")

    def action_back(self) -> None:
        if self.running:
            self._stop()
        else:
            super().action_back()

    async def _open_answers(self) -> None:
        from tui.console.playground.compare.batch_answers import BatchAnswers  # lazy: the page

        assert self.job is not None
        await self.app.push_screen_wait(BatchAnswers(self.job.output))


def summary_table(figures: Sequence[ModelSummary], cells: int) -> Content:
    """Return the table of the models; where it is too wide, the model stands above its figures."""
    rows = [entry.row() for entry in figures]
    widths = [max(width(row[column]) for row in (HEADINGS, *rows)) for column in range(len(HEADINGS))]
    fits = sum(widths) + 2 * (len(widths) - 1) <= cells

    def values(row: Sequence[str]) -> str:
        return "  ".join(" " * (wide - width(text)) + text for text, wide in zip(row[1:], widths[1:], strict=True))

    lines = [line((f"{fit(HEADINGS[0], widths[0])}  {values(HEADINGS)}" if fits else values(HEADINGS), MUTED))]
    for entry, row in zip(figures, rows, strict=True):
        lines += [line(f"{fit(row[0], widths[0])}  {values(row)}")] if fits else [line(row[0]), line(values(row))]
        if entry.checked:
            lines.append(line((f"{entry.fit:,} of {entry.checked:,} answers fit the schema.", MUTED)))
    return Content("\n").join(lines)


def _whole(row: FieldRow, maximum: int) -> int:
    text = row.value.strip()
    if not text.isdecimal() or not 1 <= int(text) <= maximum:
        raise UsageError(f'"{row.label}" is a whole number from 1 to {maximum}.')
    return int(text)
