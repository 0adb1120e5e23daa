"""The compare tab: one prompt, two to four models, each in its column."""

import asyncio
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType

from tui.console.defaults.set_default import set_default
from tui.console.frame.chrome import ScreenText
from tui.console.keys import bind, hint
from tui.console.playground.compare.columns import CompareColumns
from tui.console.playground.compare.footer import foot_words, footer
from tui.console.playground.question import Question
from tui.console.playground.redraw import AnswerDrawing
from tui.console.playground.tab import PromptTab
from tui.console.remedies import problem_hint
from tui.console.widgets.static_text import Plain
from tui.console.widgets.text_area import LinesField
from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.providers.client.wire_log import WireLog
from tui.providers.events import Event
from tui.tenancy import keyring
from tui.workspace.playground import calls
from tui.workspace.playground.attachments.files import AttachedFile
from tui.workspace.playground.compare import comparison as comparisons
from tui.workspace.playground.compare.comparison import MAX_MODELS, MIN_MODELS, PromptComparison
from tui.workspace.playground.compare.measurement import MeasuredAnswer
from tui.workspace.playground.saved_prompts import SavedPrompt

DEFAULT_REPEATS = 5
_EMPTY = "Nothing was compared yet."
_ANSWERS_RUNNING = "Answers are running; {app.copy-or-stop} stops them."


class CompareTab(PromptTab):
    """A comparison. It is kept in memory only."""

    TYPE = ModelType.CHAT
    DEFAULT_CSS = """
    CompareTab #compare-empty { height: 1fr; }
    CompareTab.-filled #compare-empty { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("compare.write", "write"),
        bind("compare.again", "repeat(1)"),
        bind("compare.repeat", f"repeat({DEFAULT_REPEATS})"),
        bind("chat.correct", "correct"),
        bind("compare.winner", "winner"),
        bind("compare.differences", "differences"),
        bind("compare.add", "add"),
        bind("compare.remove", "remove"),
        bind("compare.copy", "copy"),
        bind("compare.save", "save"),
        bind("compare.batch", "batch"),
        bind("compare.before", "move(-1)"),
        bind("compare.after", "move(1)"),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 - textual's name
        super().__init__("compare-question", id=id)
        self.comparison: PromptComparison | None = None
        self.columns = CompareColumns()
        self._prompt = SavedPrompt("")
        self._saved = True
        self._opening = False
        self._drawing = AnswerDrawing(self, self.draw, self.show_status)

    def compose(self) -> ComposeResult:
        yield Plain(id="compare-empty")
        yield self.columns
        yield self.composer.rule
        yield from self.composer.compose()

    # --- texts around the tab ---

    @property
    def running(self) -> bool:
        """Whether a model is answering, or the tenant is being unlocked for that."""
        return self._opening or self.columns.running > 0

    def chrome(self) -> ScreenText:
        self.composer.show_focus(self.typing)
        count = len(self.columns)
        right = f"{count} models" if count != 1 else "1 model"
        running = self.running
        keys = footer(self.columns, self.comparison, self.source_keys, running=running, typing=self.typing)
        return ScreenText(
            "", keys, right, foot=foot_words(self.columns, self.comparison, self._prompt, running=running)
        )

    @property
    def instructions(self) -> SavedPrompt:
        return self._prompt

    @property
    def raw_request(self) -> tuple[Model, WireLog] | None:
        column = self.columns.current or next(iter(self.columns), None)
        answers = column.entry.answers if column is not None and not self.has_class("-locked") else ()
        return (answers[-1].model, answers[-1].wire_log) if answers else None

    def use_prompt(self, prompt: SavedPrompt) -> None:
        self._prompt = prompt
        self._forget()
        self.refresh_chrome()

    def _show_empty(self) -> None:
        self.set_class(bool(self.columns), "-filled")
        name = "{playground.model:typing}" if self.typing else "{compare.add}"
        lines = ["", "   Compare two to four chat models on one prompt.", "", hint(f"   {name} adds a model.")]
        self.query_one("#compare-empty", Plain).show("\n".join(lines))

    def on_mount(self) -> None:
        self._show_empty()

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self.show_status)

    def on_tab_shown(self) -> None:
        session = self.navigator.tenant_session
        if self.has_class("-locked") and keyring.is_open(session):
            self.remove_class("-locked")
            for column in self.columns:
                column.reveal()
        if not self.columns and not self._picked and (default := self._default()) is not None:
            self.columns.add(default)
            self._columns_changed()
        self.show_status()
        self.focus_if_elsewhere()

    def hide_when_locked(self) -> None:
        self.add_class("-locked")
        name = self.navigator.tenant.name if self.navigator.tenant else "This tenant"
        for column in self.columns:
            column.hide(f"{name} is locked; the answers are hidden.")

    def unsaved(self) -> str:
        return (
            super().unsaved()
            if self._saved
            else "The comparison is not saved. " + hint("{compare.save:typing} saves it in the playground.")
        )

    # --- the models ---

    def set_model(self, model: Model, *, another: bool = False) -> None:
        """Compare that model: in place of the one in the current column, or as one more, with `another` in any case."""
        self._picked = True
        if self.running:
            self.show_sentence(hint(_ANSWERS_RUNNING))
        elif any(column.model.ref == model.ref for column in self.columns):
            self.show_sentence(f"{model.ref} is compared already.")
        elif not another and (current := self.columns.current) is not None:
            self._forget()
            self.run_worker(self.columns.replace(current, model), group="columns")
        elif len(self.columns) < MAX_MODELS:
            self.columns.add(model)
            self._forget()
            self._columns_changed()
        else:
            self.show_sentence(
                hint(f"Up to {MAX_MODELS} models are compared; {{compare.remove}} removes the one of a column.")
            )

    def _columns_changed(self) -> None:
        self._show_empty()
        self.call_after_refresh(self.show_status)

    def _forget(self) -> None:
        """Drop the comparison: the columns are those of another one."""
        self.comparison, self._saved = None, True

    def action_add(self) -> None:
        if len(self.columns) >= MAX_MODELS:
            self.show_sentence(f"Up to {MAX_MODELS} models are compared.")
        else:
            self.run_worker(self._pick_another(), group="pick", exclusive=True)

    async def _pick_another(self) -> None:
        if model := await self.navigator.pick_model(self.TYPE):
            self.set_model(model, another=True)
            self.question.focus()

    def action_remove(self) -> None:
        if self.running:
            self.show_sentence(hint(_ANSWERS_RUNNING))
        elif (column := self.columns.current) is not None:
            self.columns.drop(column)
            self._forget()
            self._columns_changed()
            self.question.focus()

    # --- asking ---

    def on_lines_field_sent(self, event: LinesField.Sent) -> None:
        event.stop()
        if not self.question.text.strip():
            return
        if self.running:
            self.show_sentence(hint(_ANSWERS_RUNNING))
        elif len(self.columns) < MIN_MODELS:
            self.show_sentence(hint("Compare takes two models at least; {playground.model:typing} adds one."))
        else:
            prompt, files = self.composer.pop()
            self._ask(prompt, 1, files)

    def action_repeat(self, count: int) -> None:
        if self.running:
            self.show_sentence(hint(_ANSWERS_RUNNING))
        elif self.comparison is not None:
            self._ask("", count)
        else:
            self.show_sentence(_EMPTY)

    def action_correct(self) -> None:
        if self.running:
            self.show_sentence(hint(_ANSWERS_RUNNING))
        elif self.comparison is not None and any(entry.correction for entry in self.comparison.models):
            self._ask("", 1, correct=True)
        else:
            self.show_sentence("No last answer was checked against a schema, or all fit it.")

    def _ask(self, prompt: str, repeat: int, files: tuple[AttachedFile, ...] = (), *, correct: bool = False) -> None:
        """Ask a new prompt, or '' for more answers to the last one, or corrections of those that do not fit."""
        self._opening = True
        work = self._run(prompt, repeat, files, correct)
        self.run_worker(work, group="compare", exclusive=True, exit_on_error=False)

    async def _run(self, prompt: str, repeat: int, files: tuple[AttachedFile, ...], correct: bool) -> None:
        session, problem = self.navigator.tenant_session, ""
        try:
            unlocked = await self.dialogs.ensure_unlocked(f"ask {len(self.columns)} models")
        except Problem as raised:
            unlocked, problem = False, raised.message
        finally:
            self._opening = False
        if not unlocked:
            self.composer.give_back(prompt, files)
            self.show_sentence(problem)
            return
        self.show_sentence()
        await self.warn_of_budget()
        if prompt:
            for column in self.columns:
                column.entry.answers.clear()
                column.entry.parameters = self._prompt.values(calls.parameters(session, column.model))[1]
            began = self.navigator.session.now()
            entries = [column.entry for column in self.columns]
            self.comparison = PromptComparison(
                prompt, entries, self._prompt.system, began=began, files=files, schema=self._prompt.schema, logged=True
            )
        comparison = self.comparison
        assert comparison is not None
        comparison.repeat, self._saved = repeat, False
        for column in self.columns:
            if not correct or column.entry.correction:
                column.begin()
        self._drawing.start()
        self.console.set_running("playground/compare", self.stop)
        try:
            await asyncio.to_thread(lambda: session.process.client)  # what it imports takes a moment
            request = comparisons.correct if correct else comparisons.run
            await request(session, comparison, self._apply, self._end)
        finally:
            comparisons.stop(comparison)
            comparison.repeat = comparison.max_answers
            self._drawing.stop()
            self.console.set_running("playground/compare", None)
            if self.is_attached:
                self.show_status()
                for column in self.columns:
                    self.warn_of_trial(column.model)

    def _apply(self, answer: MeasuredAnswer, event: Event) -> None:
        if (column := self.columns.column_of(answer)) is not None:
            column.apply(event)

    def _end(self, answer: MeasuredAnswer) -> None:
        column = self.columns.column_of(answer)
        if column is not None and self.is_attached:
            column.end(answer)
            self.refresh_chrome()

    def stop(self) -> None:
        """Stop every answer at once; what was received stays."""
        self.workers.cancel_group(self, "compare")

    def draw(self) -> None:
        """Draw the new text of the answers."""
        if not self.has_class("-locked"):
            for column in self.columns:
                column.draw()

    def show_status(self) -> None:
        """Show the figures of every column."""
        if not self.has_class("-locked"):
            for column in self.columns:
                column.show_status()
        self.refresh_chrome()

    # --- keys ---

    def escape(self) -> None:
        if self.typing:
            self.leave_fields()
        elif self.running:
            self.stop()

    def leave_fields(self) -> None:
        super().leave_fields()  # a column that has just been added cannot have the focus yet
        self.columns.move(0)

    def on_descendant_focus(self) -> None:
        current = self.columns.current
        self.model = current.model if current is not None else None
        self._show_empty()
        self.show_status()

    def on_text_area_changed(self) -> None:
        self.composer.question_changed()

    def on_question_page(self, event: Question.Page) -> None:
        for column in self.columns:
            column.transcript.action_page(event.direction)

    def on_question_left(self) -> None:
        self.columns.move(0)

    def on_transcript_chosen(self) -> None:
        self.action_write()

    def action_move(self, step: int) -> None:
        self.columns.move(step)

    def action_winner(self) -> None:
        column = self.columns.current
        if column is None:
            self.show_sentence(hint("Choose a column first: {compare.before} and {compare.after} move between them."))
        else:
            self.run_worker(self._win(column.model), group="winner", exclusive=True, exit_on_error=False)

    async def _win(self, model: Model) -> None:
        try:
            self.dialogs.toast(await set_default(self.navigator.tenant_session, model))
        except Problem as problem:
            self.dialogs.toast(f"{problem.message} {problem_hint(problem)}")

    def action_differences(self) -> None:
        pair = self.columns.to_compare()
        if pair is None:
            self.show_sentence("Two answers are needed.")
            return
        from tui.console.playground.compare.differences import Differences  # lazy: the page

        one, two = ((f"{column.letter} {column.model.id}", column.text) for column in pair)
        self.app.push_screen(Differences(one, two))

    def action_copy(self) -> None:
        column = self.columns.current or next(iter(self.columns), None)
        if column is not None and column.text:
            self.console.copy_to_terminal(column.text)
        else:
            self.show_sentence(_EMPTY)

    def action_save(self) -> None:
        if self.comparison is None:
            self.show_sentence(_EMPTY)
        elif self.running:
            self.show_sentence(hint(_ANSWERS_RUNNING))
        else:
            self.run_worker(self._save(self.comparison), group="save", exclusive=True, exit_on_error=False)

    async def _save(self, comparison: PromptComparison) -> None:
        from tui.console.playground.compare.save import save_comparison  # lazy: the page

        if await save_comparison(self, comparison):
            self._saved = True

    def action_batch(self) -> None:
        if self.running:
            self.show_sentence(hint(_ANSWERS_RUNNING))
        elif not self.columns:
            self.show_sentence(hint("A batch takes one model at least; {compare.add} adds one."))
        else:
            self.run_worker(self._open_batch(), group="batch", exclusive=True, exit_on_error=False)

    async def _open_batch(self) -> None:
        from tui.console.playground.compare.batch import BatchModel, BatchPage  # lazy: the page

        session = self.navigator.tenant_session
        models = [
            BatchModel(column.model, self._prompt.values(calls.parameters(session, column.model))[1])
            for column in self.columns
        ]
        await self.app.push_screen_wait(BatchPage(models, self._prompt, self.home))
