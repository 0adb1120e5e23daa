"""The form of an added model, built from its provider's declaration: ID, type, fields.

A field shows while the others have the values that it belongs to. Where a choice of the provider says what a model is
for, it stands first and no type is asked; and the fields that can be picked stand before the id that they fill in.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input

from tui.console.models.search_results import ResultRows, SearchResults
from tui.console.widgets.form import LABEL, Button, Choice, FieldRow, Form
from tui.console.widgets.static_text import Plain
from tui.console.widgets.symbols import MUTED
from tui.domain import Model, ModelType
from tui.providers.events import SearchResult
from tui.providers.spec import Field, Provider
from tui.sanitize import one_line
from tui.workspace.models import add, catalog

ID = "id"
"""The name of the id among the fields."""


class ModelForm(Form):
    """The form. `model` is edited, `chosen` is what its choices begin with, `note` is shown at its button."""

    def __init__(
        self,
        provider: Provider,
        model: Model | None = None,
        model_id: str = "",
        chosen: Mapping[str, str] | None = None,
        note: str = "",
    ) -> None:
        super().__init__(id="form")
        self.provider, self.model = provider, model
        self._before = {model_field.name: model_field.default for model_field in provider.model_fields}
        self._before |= {name: value for name, value in (chosen or {}).items() if name in self._before}
        self._before |= dict(model.fields) if model else {}
        self._before[ID] = model.id if model else model_id
        self._leading = any(choice.type for field in provider.model_fields for choice in field.choices)
        self.choices = {
            model_field.name: self._choice(model_field) for model_field in provider.model_fields if model_field.choices
        }
        self.rows = {
            model_field.name: self._row(model_field) for model_field in provider.model_fields if not model_field.choices
        }
        if model is None:
            named = provider.model_id
            help_line = named.help or f"The model ID, exactly as {provider.label} lists it."
            self.rows[ID] = FieldRow(ID, named.label, model_id, help=(help_line,))
        searchable = {*provider.field_options, *((ID,) if provider.search else ())}
        self.offered = {name: SearchResults(row) for name, row in self.rows.items() if name in searchable}
        self._types = Choice(
            "Type", [(str(model_type), model_type.label) for model_type in provider.types], column=True, id="type"
        )
        self.verify = Button("Verify and save" if model else "Verify and add", id="verify", note=note, primary=True)
        self.instead = Button("", id="instead", indent=0)
        self._pending_result: SearchResult | None = None

    # --- its parts ---

    def compose(self) -> Iterable[Widget]:
        for name in self._order():
            with Vertical(id=f"part-{name}", classes="part") as part:
                part.styles.height = "auto"
                yield from self._part(name)
        yield Plain("", classes="text")
        yield self.verify
        yield Plain("", id="problem", classes="text")
        anyway = Button("Save anyway, unverified" if self.model else "Add anyway, unverified", id="anyway")
        anyway.display = False
        yield anyway

    def _order(self) -> Iterator[str]:
        """Yield the fields in order, with `type` where the type is asked."""
        named = [model_field.name for model_field in self.provider.model_fields]
        if not self._leading:
            # What is required says what the model is, and so comes before its type.
            required = [model_field.name for model_field in self.provider.model_fields if model_field.required]
            yield from (ID, *required, "type", *(name for name in named if name not in required))
            return
        picked = [name for name in named if name in self.provider.field_options]
        yield from (name for name in named if name in self.choices)
        yield from (*picked, ID)
        yield from (name for name in named if name not in self.choices and name not in picked)

    def _part(self, name: str) -> Iterator[Widget]:
        # The first choices have no blank lines between them, as they belong together.
        if not self._leading or name not in self.choices or name == next(iter(self.choices)):
            yield Plain("", classes="text")
        if name == ID and self.model:
            yield Plain(f"{self.provider.model_id.label:<{LABEL}} {_model_name(self.model)}", classes="text")
        elif name == "type":
            type_row = (
                Plain(f"{'Type':<{LABEL}} {self.model.type.label}", classes="text") if self.model else self._types
            )
            yield type_row
        elif name in self.choices:
            yield self.choices[name]
            if help_line := self._field(name).help:
                yield Plain((help_line, MUTED), classes="help")
        else:
            yield self.offered.get(name, self.rows[name])
        if name == ID:
            self.instead.display = False
            yield self.instead

    def _choice(self, field: Field) -> Choice:
        # What a model is for stays what it is.
        fitting = [
            choice
            for choice in field.choices
            if not (self.model and choice.type and choice.type is not self.model.type)
        ]
        options = [(entry.value, entry.label) for entry in fitting]
        value = self._before[field.name]
        value = value if value in dict(options) else ""
        return Choice(field.label, options, value, column=not self._leading, id=f"field-{field.name}")

    def _row(self, field: Field) -> FieldRow:
        help_line = field.help if field.required else f"{field.help} Optional.".strip()
        return FieldRow(f"field-{field.name}", field.label, self._before[field.name], help=(help_line,))

    def _field(self, name: str) -> Field:
        return next(model_field for model_field in self.provider.model_fields if model_field.name == name)

    def on_mount(self) -> None:
        self.show_fields()

    # --- what it holds ---

    @property
    def kind(self) -> ModelType:
        """What the model is for."""
        if self.model:
            return self.model.type
        proposed = catalog.proposed_type(self.provider, self.model_id, self.field_values) if self._leading else None
        return proposed or ModelType(self._types.value)

    @property
    def field_values(self) -> dict[str, str]:
        """The fields that show, as they are filled in."""
        values: dict[str, str] = {}
        for field in self.provider.model_fields:
            if add.belongs(field, values):
                part = self.choices.get(field.name) or self.rows[field.name]
                values[field.name] = part.value.strip()
        return values

    @property
    def entered(self) -> dict[str, str]:
        """The fields that show, without addresses that are still as they were stored: nobody entered those here."""
        stored = {field.name: self._before[field.name] for field in self.provider.model_fields if field.url}
        values = self.field_values.items()
        return {name: value for name, value in values if not value or stored.get(name) != value}

    def forget(self, name: str) -> None:
        """Leave a field blank whose stored value is not to be used, so that it is entered again."""
        with self.rows[name].field.prevent(Input.Changed):
            self._before[name] = self.rows[name].field.value = ""

    @property
    def model_id(self) -> str:
        return self.rows[ID].value.strip() if ID in self.rows else self._before[ID]

    @property
    def declared(self) -> Iterator[tuple[Field, FieldRow]]:
        """The fields that show and hold text, with their rows."""
        shown = self.field_values
        if ID in self.rows:
            yield replace(self.provider.model_id, required=True), self.rows[ID]
        yield from (
            (model_field, self.rows[model_field.name])
            for model_field in self.provider.model_fields
            if model_field.name in shown and model_field.name in self.rows
        )

    @property
    def changed(self) -> bool:
        """Whether something was typed that would be lost."""
        return any(row.value.strip() != self._before[name] for name, row in self.rows.items())

    @property
    def first(self) -> Widget:
        """What has the focus at first: a field if there is one, in a form to edit else a choice."""
        shown: list[Widget] = [row.field for _, row in self.declared]
        if not self.model:
            return self.rows[ID].field if shown else self.verify
        chosen = [choice for name, choice in self.choices.items() if name in self.field_values]
        return [*shown, *chosen, self.verify][0]

    def row_of(self, name: str) -> FieldRow | None:
        """Return the row of a field by its name, if it is shown."""
        return next((row for field, row in self.declared if row.field_name in (name, f"field-{name}")), None)

    # --- what shows ---

    def show_fields(self) -> None:
        """Show the fields that belong to what the others hold."""
        shown = self.field_values
        for field in self.provider.model_fields:
            self.query_one(f"#part-{field.name}").display = field.name in shown

    def propose_type(self) -> None:
        """Choose the type that what was typed tells; it can be changed."""
        kind = catalog.proposed_type(self.provider, self.model_id, self.field_values)
        if kind and not self._leading and not self.model:
            self._types.choose(str(kind))

    def next_field(self) -> None:
        """Go on from a field, past what was found for it: enter takes what was typed."""
        self.screen.focus_next()
        if isinstance(self.screen.focused, ResultRows):
            self.screen.focus_next()

    @property
    def focused_results(self) -> SearchResults | None:
        """The field, with what was found for it, that has the focus."""
        return next(
            (entry for entry in self.offered.values() if entry.row.field.has_focus or entry.list.has_focus), None
        )

    @property
    def selected_result(self) -> SearchResult | None:
        """The hit under the cursor."""
        return self.focused_results.selected_result if self.focused_results else None

    def name_of(self, offered: SearchResults) -> str:
        """Return the field's name."""
        return next(name for name, entry in self.offered.items() if entry is offered)

    # --- what was found ---

    def accept_result(self, offered: SearchResults, hit: SearchResult) -> None:
        """Fill in a hit and what belongs to it. What would change a choice for one that cannot be used is offered."""
        offered.row.field.value = hit.id
        changes = [
            name for name, value in hit.fields.items() if name in self.choices and self.choices[name].value != value
        ]
        self._offer_instead(hit if changes and not hit.usable else None)
        if self._pending_result is None:
            self._fill(hit)
            self.verify.focus()
        else:
            self.instead.focus()

    def accept_replacement(self) -> None:
        """Take the replacement offered for a search result that cannot be used."""
        hit, name = self._pending_result, self._choice_for(self._pending_result)
        if hit is not None:
            self._offer_instead(None)
            self._fill(hit)
            follow = [row for field, row in self.declared if field.visible_when and field.visible_when[0] == name]
            (follow[0].field if follow else self.verify).focus()

    def _fill(self, hit: SearchResult) -> None:
        for name, value in hit.fields.items():
            if name in self.choices:
                self.choices[name].choose(value)
            elif row := self.rows.get(ID if name == "model" else name):
                row.field.value = value
        self.show_fields()

    def _offer_instead(self, hit: SearchResult | None) -> None:
        self._pending_result = hit
        name = self._choice_for(hit)
        self.instead.display = bool(hit and name)
        if hit and name:
            labels = {choice.value: choice.label for choice in self._field(name).choices}
            self.instead.relabel(f"Use {labels.get(hit.fields[name], hit.fields[name])} instead", hit.note)
        elif self.instead.has_focus:
            self.verify.focus()

    def _choice_for(self, hit: SearchResult | None) -> str:
        """Return the first choice that a search result would change."""
        changed = [
            name for name, choice in self.choices.items() if hit and hit.fields.get(name, choice.value) != choice.value
        ]
        return changed[0] if changed else ""


def _model_name(model: Model) -> str:
    return one_line(model.id) or "(unnamed)"
