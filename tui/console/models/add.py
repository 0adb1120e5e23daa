"""The page that adds a model by hand: its ID, type and the provider's fields, with search.

It is verified by one small call before it is kept. Where that is not possible it can be added all the same.
"""

import re
from collections.abc import Iterable

from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input

from tui.console.frame.busy import BusyIndicator
from tui.console.frame.chrome import ScreenText
from tui.console.frame.other_operators import OtherOperators
from tui.console.frame.screen import PageScreen, problem_lines
from tui.console.keys import hint
from tui.console.models.add_form import ID, ModelForm
from tui.console.models.rows import short_name
from tui.console.models.search import ModelSearch
from tui.console.models.search_results import SearchResults
from tui.console.remedies import problem_hint
from tui.console.widgets.form import Button, FieldRow
from tui.console.widgets.row_list import Item, Rows, text_item
from tui.console.widgets.static_text import Plain, Words, line
from tui.console.widgets.symbols import sign
from tui.domain import ImportMode, Model, Origin
from tui.errors import Problem, SaveFailed, UsageError
from tui.providers.spec import Provider
from tui.tenancy import models
from tui.workspace.credentials import status
from tui.workspace.credentials.fields import FieldProblem, UnverifiedAddress
from tui.workspace.credentials.save_plan import PlainHttp
from tui.workspace.credentials.status import ProviderRow
from tui.workspace.models import catalog

_REQUEST = "sends a short test request"


class AddModel(PageScreen[bool]):
    """Answers True when a model was added or changed. Without a provider, one is picked first if there are several."""

    DEFAULT_CSS = """
    AddModel #part { height: 1fr; }
    AddModel .help { height: auto; width: 1fr; padding-left: 20; }
    AddModel .text { height: auto; width: 1fr; padding-left: 3; }
    """

    def __init__(self, provider_id: str = "", model: Model | None = None, model_id: str = "") -> None:
        super().__init__()
        self._model_id = model_id
        self._model = model
        self._provider_id = model.provider if model else provider_id
        self._offered: dict[str, ProviderRow] = {}
        self._picks = False
        self.working = BusyIndicator(self)

    def content(self) -> Iterable[Widget]:
        rows = status.rows(self.navigator.tenant_session)
        self._offered = {
            row.provider.id: row
            for row in rows
            if row.credential is not None and row.provider.import_mode is not ImportMode.IMPORTED
        }
        if not self._provider_id and len(self._offered) == 1:
            self._provider_id = next(iter(self._offered))
        self._picks = not self._provider_id
        if self._model is not None:
            yield OtherOperators(f"model {self._model.ref}")
        yield Vertical(*self._part(), id="part")

    def on_mount(self) -> None:
        self._begin()

    # --- which provider ---

    @property
    def _provider(self) -> Provider | None:
        row = self._offered.get(self._provider_id)
        return row.provider if row else None

    def _part(self) -> Iterable[Widget]:
        """Return the picker, or the form of the provider that was picked."""
        yield self._build_form(self._provider) if self._provider else Rows(id="providers")

    async def _select_provider(self, provider_id: str) -> None:
        self._provider_id = provider_id
        part = self.query_one("#part")
        await part.remove_children()
        await part.mount(*self._part())
        self._begin()

    def _begin(self) -> None:
        for rows in self.query("#providers").results(Rows):
            rows.show([self._provider_row(entry) for entry in self._offered.values()] or _no_provider())
            rows.focus()
        for form in self.query(ModelForm):
            form.first.focus()
        self.refresh_chrome()

    def _provider_row(self, row: ProviderRow) -> Item:
        note = "needs only an ID" if not row.provider.model_fields else "has more fields"
        return text_item(row.provider.id, line(sign(row.state), f" {row.provider.label:<22}", note))

    async def on_rows_chosen(self, event: Rows.Chosen) -> None:
        await self._select_provider(event.key)

    # --- the form ---

    @property
    def _form(self) -> ModelForm:
        return self.query_one(ModelForm)

    def _build_form(self, provider: Provider) -> ModelForm:
        """Build the form with the choices made for this provider's last added model."""
        existing = [
            model for model in models.all_models(self.navigator.tenant_session) if model.provider == provider.id
        ]
        last = [dict(entry.fields) for entry in existing if entry.origin is Origin.ADDED and entry.fields]
        chosen = {
            model_field.name: last[-1].get(model_field.name, "")
            for model_field in provider.model_fields
            if model_field.choices and last
        }
        chosen = {name: value for name, value in chosen.items() if value}
        billed = catalog.is_billed(self.navigator.tenant_session, provider.id)
        form = ModelForm(
            provider, self._model, self._model_id, chosen, note=_REQUEST + " (billed by the provider)" * billed
        )
        self._finding = ModelSearch(self, form)
        return form

    def unsaved(self) -> str:
        changed = any(form.changed for form in self.query(ModelForm))
        return "What you typed is not saved." if changed else ""

    # --- words around ---

    def chrome(self) -> ScreenText:
        provider = self._provider
        verb = "edit" if self._model else "add"
        title = f"Models › {verb} › {provider.label}" if provider else f"Models › {verb}"
        strip: tuple[Words, Words] = ("", "")
        if provider is None:
            strip = ("Models of these providers can be added by hand." if self._offered else "", "")
            keys: tuple[str, ...] = ("list.choose: choose", "list.up list.down: move", "page.back")
        elif self.working:
            keys = ("page.back: stop",)
        elif self._form.selected_result:
            keys = ("list.choose: choose", "list.up list.down: move", "focus.next", "page.back")
        elif self.typing and (offered := self._form.focused_results) and offered.has_results:
            keys = ("field.next", "filter.done", "focus.next", "page.back")
        elif self.typing:
            keys = ("field.next", "focus.next", "page.back")
        elif isinstance(self.focused, Button):
            keys = ("form.press", "focus.next", "page.back")
        else:
            keys = ("field.next", "focus.up focus.down: choose", "focus.next", "page.back")
        if provider is not None:
            strip = self._strip(provider)
        return ScreenText(title, keys, self.working.text, strip=strip)

    def _strip(self, provider: Provider) -> tuple[Words, Words]:
        """Return the entry under the cursor in full, as its row may cut it."""
        if hit := self._form.selected_result:
            return (hit.label or hit.id, hit.note if not hit.label else f"{hit.note}  {hit.id}")
        row = next((widget for widget in self.query(FieldRow) if widget.field.has_focus), None)
        if row is not None and len(row.value) > row.cells:
            return (row.value, "")
        return ("Added to this tenant only.", "")

    # --- keys ---

    def on_field_row_next(self) -> None:
        self._form.next_field()

    def on_choice_next(self) -> None:
        self.focus_next()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._clear_problem()
        self._form.propose_type()
        row = self._form.rows.get(ID)
        if row is not None and event.input is row.field:
            self._finding.on_typing()

    def on_choice_changed(self) -> None:
        self._clear_problem()
        self._form.show_fields()

    def on_descendant_focus(self) -> None:
        super().on_descendant_focus()
        for _ in self.query(ModelForm):
            self._finding.suggest()

    def on_rows_moved(self) -> None:
        self.refresh_chrome()

    def on_search_results_chosen(self, event: SearchResults.Chosen) -> None:
        self._clear_problem()
        self._form.accept_result(event.offered, event.hit)
        self._finding.accept_choice()

    def _clear_problem(self) -> None:
        for row in self.query(FieldRow):
            row.show_lines()
        for plain in self.query("#problem").results(Plain):
            plain.show("")
        for button in self.query("#anyway"):
            button.display = False

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "instead":
            self._form.accept_replacement()
        elif not self.working:
            self._clear_problem()
            self.run_worker(
                self._submit(event.button.id == "verify"), group="keep", exclusive=True, exit_on_error=False
            )

    def action_back(self) -> None:
        """Stop the call, else go back to the picker, else leave; asks where something typed would be lost."""
        if self.working:
            self.workers.cancel_group(self, "keep")
        elif self._picks and self._provider is not None and not self.unsaved():
            self.call_next(self._select_provider, "")
        else:
            super().action_back()

    # --- keeping it ---

    async def _submit(self, verify: bool) -> None:
        try:
            self._check()
            if not await self.dialogs.ensure_unlocked("verify the model" if verify else "save the model"):
                return
            model = await self.dialogs.over_conflict(lambda overwrite: self._allowed(verify, overwrite))
            if model is None:
                return
        except FieldProblem as problem:
            if isinstance(problem, UnverifiedAddress):
                self._form.forget(problem.field)
            self._show_field_problem(self._form.row_of(problem.field), problem)
        except Problem as problem:
            self._show_problem(problem, verify and not isinstance(problem, UsageError | SaveFailed))
        else:
            await self._finish(model, propose=verify)

    def _check(self) -> None:
        """Check that required fields are filled in, and each value's format."""
        for entry, row in self._form.declared:
            name, value = row.field_name, row.value.strip()
            if name == ID and not value:
                raise FieldProblem(ID, f"{row.label} is missing.", " ".join(row.help[:1]))
            if entry.required and not value:
                raise FieldProblem(name, f"{entry.label} is missing.", entry.help)
            if value and entry.pattern and not re.fullmatch(entry.pattern, value):
                raise FieldProblem(name, entry.pattern_help or f"This is not a valid {entry.label}.", entry.help)

    async def _allowed(self, verify: bool, overwrite: bool, plain_http: tuple[str, ...] = ()) -> Model | None:
        """Save it, after the question that an address in plain http raises; None when that is answered with no."""
        try:
            with self.working.during("asking the model" if verify else "saving"):
                return await self._save(verify, overwrite, plain_http)
        except PlainHttp as problem:
            refusal = problem
        if not await self.dialogs.confirm_plain_http(refusal.origins):
            if row := self._form.row_of(refusal.field):
                row.field.focus()
            return None
        return await self._allowed(verify, overwrite, (*plain_http, *refusal.origins))

    async def _save(self, verify: bool, overwrite: bool, plain_http: tuple[str, ...]) -> Model:
        session, form, progress = self.navigator.tenant_session, self._form, self._show_progress
        if (model := self._model) is not None:
            return await catalog.edit(session, model, form.entered, verify, plain_http, progress, overwrite=overwrite)
        provider, model_id = self._provider_id, form.model_id
        return await catalog.add(
            session, provider, model_id, form.kind, form.field_values, verify, plain_http, progress, overwrite=overwrite
        )

    def _show_progress(self, note: str) -> None:
        """Show progress while the provider is asked about the model."""
        self.query_one("#problem", Plain).show(line(note))
        self.dialogs.toast(note)

    async def _finish(self, model: Model, *, propose: bool) -> None:
        """Leave the form; a model that answered is proposed as a default where its type has none."""
        summary = f"{'Changed' if self._model else 'Added'} {short_name(model)}"
        without = model.type not in models.defaults(self.navigator.tenant_session)
        if propose and self._model is None and without and model.origin is Origin.ADDED:
            answer = await self.navigator.propose_defaults(f"{summary}.", only={model.type: model})
            if answer == "playground":
                self.dismiss(True)
                opening = self.navigator.open_playground(model.type)
                self.app.run_worker(opening, group="playground", exit_on_error=False)
                return
        else:
            self.dialogs.toast(summary)
        self.dismiss(True)

    def _show_field_problem(self, row: FieldRow | None, problem: Problem) -> None:
        if row is None:
            self._show_problem(problem, anyway=False)
            return
        row.show_lines(*problem_lines(problem.message, problem_hint(problem), problem.detail))
        row.field.focus()

    def _show_problem(self, problem: Problem, anyway: bool) -> None:
        """Say it under the button; the focus stays where it is."""
        lines = [
            line(problem_line) for problem_line in problem_lines(problem.message, problem_hint(problem), problem.detail)
        ]
        if isinstance(problem, UsageError) and not isinstance(problem, FieldProblem) and self._model is None:
            self._show_field_problem(self._form.row_of(ID), problem)
            return
        self.query_one("#problem", Plain).show(line(*(part for line in lines for part in (line, "\n"))))
        button = self.query_one("#anyway", Button)
        button.display = anyway
        # The form may be longer than the window.
        last = button if anyway else self.query_one("#problem")
        self.call_after_refresh(last.scroll_visible, animate=False)


def _no_provider() -> list[Item]:
    return [
        text_item("", "No provider that supports added models is set up yet."),
        text_item("", hint("{page.back} then {area.providers} sets one up.")),
    ]
