"""The page that adds a provider: another connection of a kind, picked from a list, with a name of its own."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen, problem_lines
from tui.console.keys import bind, hint
from tui.console.remedies import problem_hint
from tui.console.widgets.filter_bar import Filter
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.row_list import Item, Rows, text_item
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import MUTED
from tui.console.widgets.truncate import fit
from tui.errors import Problem
from tui.providers.openai_compatible.presets import kinds
from tui.providers.spec import Provider
from tui.sanitize import one_line
from tui.workspace import connections

_LABEL = 26


class AddProvider(PageScreen[str]):
    """Answers with the name of the connection that was added. What is typed in the list filters it."""

    DEFAULT_CSS = "AddProvider #part { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("focus.down", "move(1)"),
        bind("focus.up", "move(-1)"),
        bind("list.page-down", "page(1)"),
        bind("list.page-up", "page(-1)"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.kind: Provider | None = None
        """The kind that was picked; None while the list is shown."""

    def content(self) -> Iterable[Widget]:
        yield Vertical(*self._part(), id="part")

    def _part(self) -> Iterable[Widget]:
        if self.kind is None:
            yield Filter("providers.filter", keeps_focus=True, id="filter")
            yield Rows(id="kinds", driven=True)
            return
        name = connections.suggested_name(self.navigator.tenant_session, self.kind.id)
        about = f"Its models are NAME/MODEL. Like {self.kind.label}, with its own credentials and models."
        yield Form(
            Plain(),
            FieldRow("name", "Name", name, help=(about,)),
            Plain(),
            Button("Continue to its fields", id="add", primary=True),
        )

    async def _select_kind(self, kind: Provider | None) -> None:
        self.kind = kind
        part = self.query_one("#part")
        await part.remove_children()
        await part.mount(*self._part())
        self._begin()

    def on_mount(self) -> None:
        self._begin()

    def _begin(self) -> None:
        if self.kind is None:
            self._show()
            self.query_one(Filter).field.focus()
        else:
            # The suggestion is selected, so that a name typed at once replaces it.
            self._name_row.field.focus()
            self._name_row.field.select_all()
        self.refresh_chrome()

    @property
    def _name_row(self) -> FieldRow:
        return self.query_one(FieldRow)

    def _show(self) -> None:
        words = self.query_one(Filter).text.casefold().split()
        items = [_item(kind) for kind in kinds().values() if _matches(kind, words)]
        self.query_one(Rows).show(items or [text_item("", f'Nothing matches "{one_line(" ".join(words), 40)}".')])
        self.refresh_chrome()

    def chrome(self) -> ScreenText:
        if self.kind is not None:
            own = ("field.next: continue", "field.clear") if self.typing else ("form.press",)
            strip = ("Lower-case letters, digits, - and _.", "Nothing is sent before its fields are verified.")
            return ScreenText(f"Providers › add › {self.kind.label}", (*own, "page.back"), strip=strip)
        kind = kinds().get(self.query_one(Rows).key) if self.query(Rows) else None
        keys = ("list.choose: choose", "focus.up focus.down: move") if kind else ()
        strip = (
            (f"{kind.label}: {_types(kind)}.", hint("{list.choose} adds it under a name of your choice."))
            if kind
            else ("", "")
        )
        back = "page.back: clear" if self.query(Filter) and self.query_one(Filter).text else "page.back"
        return ScreenText("Providers › add", (*keys, back), strip=strip)

    def on_filter_changed(self) -> None:
        self._show()

    def on_rows_moved(self) -> None:
        self.refresh_chrome()

    async def on_filter_done(self) -> None:
        await self.on_rows_chosen()

    async def on_rows_chosen(self) -> None:
        if kind := kinds().get(self.query_one(Rows).key):
            await self._select_kind(kind)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (action in ("move", "page") and self.kind is not None)

    def action_move(self, step: int) -> None:
        self.query_one(Rows).action_move(step)

    def action_page(self, direction: int) -> None:
        self.query_one(Rows).action_page(direction)

    def action_back(self) -> None:
        if self.kind is not None:
            self.run_worker(self._select_kind(None), group="add", exclusive=True)
        elif self.query_one(Filter).text:
            self.query_one(Filter).clear()
        else:
            self.dismiss(None)

    def on_input_changed(self) -> None:
        if self.kind is not None:
            self._name_row.show_lines()

    def on_field_row_next(self) -> None:
        self.on_button_pressed()

    def on_button_pressed(self) -> None:
        self.run_worker(self._add(), group="add", exclusive=True, exit_on_error=False)

    async def _add(self) -> None:
        assert self.kind is not None
        name = self._name_row.value.strip()
        try:
            await connections.add(self.navigator.tenant_session, name, self.kind.id)
        except Problem as problem:
            self._name_row.show_lines(*problem_lines(problem.message, problem_hint(problem)))
            self._name_row.field.focus()
            return
        self.dismiss(name)


def _item(kind: Provider) -> Item:
    return text_item(kind.id, line(f"  {fit(kind.label, _LABEL)}", (_types(kind), MUTED)))


def _types(kind: Provider) -> str:
    return ", ".join(model_type.label for model_type in kind.types)


def _matches(kind: Provider, words: list[str]) -> bool:
    text = f"{kind.label} {kind.id} {_types(kind)}".casefold()
    return all(word in text for word in words)
