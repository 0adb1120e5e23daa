"""A model is added by hand where an id, a type and the provider's own fields are enough; or an added one is edited.

It is verified by one small call before it is kept. Where that is not possible it can be added all the same.
"""

import re
from collections.abc import Iterable

from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input

from tui.domain import Intake, Model, ModelType, Origin
from tui.errors import Problem, Usage
from tui.providers.spec import Provider
from tui.screens.area import Page, problem_lines
from tui.screens.model_list import called, name_of
from tui.screens.propose import Propose
from tui.screens.working import Working
from tui.widgets.form import Button, Choice, FieldRow, Form
from tui.widgets.frame import Frame
from tui.widgets.glyphs import MUTED, sign
from tui.widgets.plain import Plain, Words, line
from tui.widgets.rows import Item, Rows, text_item
from tui.workspace import credentials, models
from tui.workspace.credentials import ProviderRow

_CHARGED = "makes one small call, charged like any other"


class AddModel(Page[bool]):
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
        self.working = Working(self)

    def content(self) -> Iterable[Widget]:
        rows = credentials.rows(self.app.desk, self.app.tenant_id)
        self._offered = {
            each.provider.id: each
            for each in rows
            if each.credential is not None and each.provider.intake is not Intake.IMPORTED
        }
        if not self._provider_id and len(self._offered) == 1:
            self._provider_id = next(iter(self._offered))
        self._picks = not self._provider_id
        yield Vertical(*self._part(), id="part")

    def on_mount(self) -> None:
        self._begin()

    # --- which provider ---

    @property
    def _provider(self) -> Provider | None:
        row = self._offered.get(self._provider_id)
        return row.provider if row else None

    def _part(self) -> Iterable[Widget]:
        """The picker, or the form of the provider that was picked."""
        yield Form(*self._form(self._provider), id="form") if self._provider else Rows(id="providers")

    async def _turn_to(self, provider_id: str) -> None:
        self._provider_id = provider_id
        part = self.query_one("#part")
        await part.remove_children()
        await part.mount(*self._part())
        self._begin()

    def _begin(self) -> None:
        for rows in self.query(Rows):
            rows.show([self._offer(each) for each in self._offered.values()] or _nobody())
        parts = [row.field for row in self.query(FieldRow)] or [*self.query("Rows, Choice, Button")]
        parts[0].focus()
        self.reframe()

    def _offer(self, row: ProviderRow) -> Item:
        taken = "an id is enough" if not row.provider.model_fields else "asks for its own fields"
        return text_item(row.provider.id, line(sign(row.state), f" {row.provider.label:<22}", taken))

    async def on_rows_chosen(self, event: Rows.Chosen) -> None:
        await self._turn_to(event.key)

    # --- the form ---

    def _form(self, provider: Provider) -> Iterable[Widget]:
        model = self._model
        yield Plain("", classes="text")
        if model is None:
            named = provider.model_id
            help_line = named.help or f"The id as {provider.label} writes it."
            yield FieldRow("id", named.label, self._model_id, help=(help_line,))
            yield Plain("", classes="text")
            yield Choice("Type", [(str(each), each.label) for each in provider.types], column=True, id="type")
        else:
            yield Plain(f"{provider.model_id.label:<17} {name_of(model)}", classes="text")
            yield Plain(f"{'Type':<17} {model.type.label}", classes="text")
        for each in provider.model_fields:
            yield Plain("", classes="text")
            value = (model.fields.get(each.name, "") if model else "") or each.default
            if each.choices:
                options = [(choice.value, choice.label) for choice in each.choices]
                yield Choice(each.label, options, value, column=True, id=f"field-{each.name}")
                if each.help:
                    yield Plain((each.help, MUTED), classes="help")
            else:
                help_line = each.help if each.required else f"{each.help} Optional.".strip()
                yield FieldRow(f"field-{each.name}", each.label, value, help=(help_line,))
        yield Plain("", classes="text")
        yield Button("Verify and save" if model else "Verify and add", id="verify", note=_CHARGED)
        yield Plain("", id="problem", classes="text")
        anyway = Button("Save it anyway, not verified" if model else "Add it anyway, not verified", id="anyway")
        anyway.display = False
        yield anyway

    def _given(self) -> dict[str, str]:
        assert self._provider is not None
        given = {}
        for each in self._provider.model_fields:
            part = self.query_one(f"#field-{each.name}" if each.choices else f"#row-field-{each.name}")
            given[each.name] = part.value.strip() if isinstance(part, Choice | FieldRow) else ""
        return given

    def unsaved(self) -> str:
        changed = any(row.value.strip() != self._before(row.field_name) for row in self.query(FieldRow))
        return "What was typed here is not saved." if changed else ""

    def _before(self, name: str) -> str:
        """What the field held when the form was opened."""
        field = name.removeprefix("field-")
        declared = {each.name: each.default for each in self._provider.model_fields} if self._provider else {}
        return (self._model.fields.get(field, "") if self._model else "") or declared.get(field, "")

    # --- words around ---

    def frame(self) -> Frame:
        provider = self._provider
        does = "edit" if self._model else "add"
        title = f"Models › {does} › {provider.label}" if provider else f"Models › {does}"
        strip: tuple[Words, Words] = ("", "")
        if provider is None:
            strip = ("Models of these providers can be added by hand." if self._offered else "", "")
            keys: tuple[str, ...] = ("enter choose", "up down move", "esc back", "? help")
        elif self.working:
            keys = ("esc stop", "f1 help")
        elif self.typing:
            keys = ("enter next", "tab next", "esc back", "f1 help")
        elif isinstance(self.focused, Button):
            keys = ("enter press", "tab next", "esc back", "f1 help")
        else:
            keys = ("enter next", "up down choose", "tab next", "esc back", "f1 help")
        if provider is not None:
            strip = (f"It is kept for this tenant only, as an added model of {provider.label}.", "")
        return Frame(title, keys, self.working.words, strip=strip)

    # --- keys ---

    def on_field_row_next(self) -> None:
        self.focus_next()

    def on_choice_next(self) -> None:
        self.focus_next()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._clear_problem()

    def on_choice_changed(self) -> None:
        self._clear_problem()

    def _clear_problem(self) -> None:
        for row in self.query(FieldRow):
            row.say()
        for plain in self.query("#problem").results(Plain):
            plain.show("")
        for button in self.query("#anyway"):
            button.display = False

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if not self.working:
            self._clear_problem()
            self.run_worker(self._keep(event.button.id == "verify"), group="keep", exclusive=True, exit_on_error=False)

    def action_back(self) -> None:
        """Stop the call, else go back to the picker, else leave; asks where something typed would be lost."""
        if self.working:
            self.workers.cancel_group(self, "keep")
        elif self._picks and self._provider is not None and not self.unsaved():
            self.call_next(self._turn_to, "")
        else:
            super().action_back()

    # --- keeping it ---

    async def _keep(self, verify: bool) -> None:
        try:
            self._check()
            waiting = "one small call to the new model." if verify else "a new model."
            if not await self.app.opened(waiting, "It goes on as soon as the tenant is open."):
                return
            with self.working.on("asking the model" if verify else "saving"):
                model = await self._save(verify)
        except _FieldUsage as problem:
            self._say_at(problem.row, problem)
        except Problem as problem:
            self._say(problem, verify and not isinstance(problem, Usage))
        else:
            await self._kept(model)

    def _check(self) -> None:
        """Required fields are filled in, and each has the shape that it should."""
        rows = {row.field_name: row for row in self.query(FieldRow)}
        if self._model is None and not rows["id"].value.strip():
            raise _FieldUsage(rows["id"], "The model's id is missing.")
        for each in self._provider.model_fields if self._provider else ():
            row = rows.get(f"field-{each.name}")
            value = row.value.strip() if row is not None else ""
            if row is not None and each.required and not value:
                raise _FieldUsage(row, f"{each.label} is missing.", each.help)
            if row is not None and value and each.pattern and not re.fullmatch(each.pattern, value):
                raise _FieldUsage(row, each.pattern_help or f"This is no {each.label}.", each.help)

    async def _save(self, verify: bool) -> Model:
        desk, tenant = self.app.desk, self.app.tenant_id
        if self._model is not None:
            return await models.edit(desk, tenant, self._model, self._given(), verify=verify)
        model_id, kind = self.query_one("#row-id", FieldRow).value, ModelType(self.query_one("#type", Choice).value)
        return await models.add(desk, tenant, self._provider_id, model_id, kind, self._given(), verify=verify)

    async def _kept(self, model: Model) -> None:
        said = f"{called(model)} is {'changed' if self._model else 'added'}"
        without = model.type not in models.defaults(self.app.desk, self.app.tenant_id)
        if self._model is None and without and model.origin is Origin.ADDED:
            answer = await self.app.push_screen_wait(Propose(f"{said}.", "Default models", {model.type: model}))
            if answer == "playground":
                self.dismiss(True)
                self.app.action_area("playground")
                return
        else:
            self.app.toast(said)
        self.dismiss(True)

    def _say_at(self, row: FieldRow, problem: Problem) -> None:
        row.say(*problem_lines(problem.message, problem.hint, problem.detail))
        row.field.focus()

    def _say(self, problem: Problem, anyway: bool) -> None:
        """Say it under the button; the focus stays where it is."""
        lines = [line(each) for each in problem_lines(problem.message, problem.hint, problem.detail)]
        if isinstance(problem, Usage) and self._model is None:
            self._say_at(self.query_one("#row-id", FieldRow), problem)
            return
        self.query_one("#problem", Plain).show(line(*(part for each in lines for part in (each, "\n"))))
        button = self.query_one("#anyway", Button)
        button.display = anyway
        # The form may be longer than the window.
        last = button if anyway else self.query_one("#problem")
        self.call_after_refresh(last.scroll_visible, animate=False)


class _FieldUsage(Usage):
    """A Usage that belongs to one row of the form."""

    def __init__(self, row: FieldRow, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.row = row


def _nobody() -> list[Item]:
    return [
        text_item("", "No provider that takes added models is set up yet."),
        text_item("", "esc then 1 sets one up."),
    ]
