"""The page that picks a model of one type: current, nearest, ready, and unusable ones."""

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget

from tui.console.defaults.set_default import clear_default
from tui.console.frame.chrome import ScreenText
from tui.console.frame.other_operators import OtherOperators
from tui.console.frame.screen import FramedScreen, PageScreen
from tui.console.keys import bind, hint
from tui.console.models.rows import STRIP, ModelList, Sign, columns, name_of, row_key, sentences, short_tokens, strip_of
from tui.console.remedies import problem_hint
from tui.console.widgets.filter_bar import Filter
from tui.console.widgets.row_list import Draw, Lazy, Rows, text_item
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import HEADING, PROBLEM
from tui.console.widgets.truncate import fit, width
from tui.domain import Default, Model, ModelState, ModelType, ProviderState
from tui.errors import Problem
from tui.sanitize import one_line
from tui.tenancy import models
from tui.tenancy.timestamps import short_time
from tui.workspace.credentials import status
from tui.workspace.models import catalog, defaults
from tui.workspace.models.catalog import ModelRow

_REMEDIES = {
    ProviderState.REFUSED: "{page.back} then {area.providers} opens it to replace the key.",
    ProviderState.UNDECRYPTABLE: "{page.back} then {area.providers} replaces or forgets its key.",
    ProviderState.UNCONFIRMED: "{page.back} then {area.providers}, and {providers.verify} there, confirms its key.",
    ProviderState.NOT_SET_UP: "{page.back} then {area.providers} sets it up.",
}


class PickModel(PageScreen[Model]):
    """Answers with the chosen model. Typing filters the list; letters do nothing else.

    Args:
        type: The type of the models.
        now: The one to be replaced.
        clears: Whether the type's default can be cleared here.
        prompt: What will be sent to the model, for its estimated price; '' if that is not known.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("focus.down", "move(1)"),
        bind("focus.up", "move(-1)"),
        bind("list.page-down", "page(1)"),
        bind("list.page-up", "page(-1)"),
        bind("pick.filter", "filter"),
        bind("pick.clear", "clear"),
    ]

    def __init__(
        self,
        type: ModelType,  # noqa: A002
        now: Model | None = None,
        *,
        clears: bool = False,
        prompt: str = "",
        purpose: str = "",
    ) -> None:
        super().__init__()
        self._prompt, self._purpose = prompt, purpose
        self.type, self.now, self.clears = type, now, clears
        self._list = ModelList((), {})
        self._now: ModelRow | None = None
        self._nearest: Model | None = None
        self._default: Default | None = None
        """The default when the page was opened."""
        self._usable = 0
        self._notice: tuple[str, Words, Words] = ("", "", "")

    def content(self) -> Iterable[Widget]:
        if self._area == "Defaults":
            yield OtherOperators(f"default {self.type}")
        yield Filter("pick.filter", keeps_focus=True, id="filter")
        yield Rows(id="models", driven=True)

    def on_mount(self) -> None:
        session = self.navigator.tenant_session
        self._default = models.defaults(session).get(self.type)
        rows = [row for row in catalog.rows(session) if row.model.type is self.type]
        providers = {row.provider.id: row for row in status.rows(session)}
        self._usable = sum(row.usable for row in rows)
        if self.now is not None:
            key = row_key(self.now)
            self._now = next((row for row in rows if row_key(row.model) == key), None) or _missing(self.now)
            if not self._now.usable:
                self._nearest = defaults.suggest_replacement(session, self.now)
        self._list = ModelList(rows, providers, self._draw)
        start = self._nearest or self.now
        self._show(row_key(start) if start else None)
        self.query_one(Filter).field.focus()

    # --- rows ---

    def _show(self, key: str | None = None) -> None:
        """Show the matching rows under their headings."""
        text = self.query_one(Filter).text
        matches = self._list.matching(text)
        sections: list[tuple[str, list[str]]] = []
        if not text:
            # These two are a group of their own, unless a filter is typed.
            sections = [("Now", [row_key(self._now.model)])] if self._now else []
            sections += [("Nearest", [row_key(self._nearest)])] if self._nearest else []
        grouped = {key for _, keys in sections for key in keys}
        sections.append(
            (
                f"All {self.type.label} models ready to use",
                [entry for entry in matches if entry not in grouped and self._list.by_key[entry].usable],
            )
        )
        sections.append(
            (
                "Needs attention",
                [entry for entry in matches if entry not in grouped and not self._list.by_key[entry].usable],
            )
        )
        keys: list[str] = []
        headings: dict[int, Content] = {}
        for heading, under in sections:
            if under:
                headings[len(keys)] = line((heading, HEADING))
                keys += ["", *under]

        def draw_row(index: int) -> Draw:
            return (lambda _: headings[index]) if index in headings else self._draw_row(keys[index])

        nothing = [text_item("", entry) for entry in self._empty_message()]
        self.query_one(Rows).show(Lazy(keys, draw_row) if keys else nothing, key)
        self.refresh_chrome()

    def _draw_row(self, key: str) -> Draw:
        if self._now is not None and key == row_key(self._now.model):
            return partial(self._draw, self._now, self._list.sign(self._now))
        return self._list.draw_model(key)

    def _empty_message(self) -> tuple[str, str]:
        if not self._list:
            return (
                f"No {self.type.label} model is ready yet.",
                hint("{page.back} then {area.providers} sets up a provider, ")
                + hint("{page.back} then {area.models} and {models.add} adds a hosted model."),
            )
        words = '"' + " ".join(one_line(word, 40) for word in self.query_one(Filter).text.split()) + '"'
        return f"No {self.type.label} model matches {words}.", hint("{page.back} clears the filter.")

    def _draw(self, row: ModelRow, sign: Sign, cells: int) -> Content:
        for_name, for_provider, _, _ = columns(cells)
        text = fit(name_of(row.model), for_name, middle=True)
        text += "  " + fit(row.provider_label, for_provider) if for_provider else ""
        if cells >= 44:
            text += "  " + (self._state(row) if not row.usable else self._facts(row, cells))
        return line(sign, f" {text.rstrip()}")

    def _facts(self, row: ModelRow, cells: int) -> str:
        model = row.model
        fact = row.word if row.state is ModelState.ENDING else f"{model.dimensions:,} dims" if model.dimensions else ""
        return fit(fact, 16) + fit(short_tokens(model.context), 5, right=True) if cells >= 73 else fact

    def _state(self, row: ModelRow) -> str:
        if row.state is ModelState.GONE:
            since = short_time(row.model.gone, self.navigator.session.now())
            return f"gone since {since}" if since else row.word
        state = self._list.provider_state(row)
        return f"key {state}" if state is ProviderState.UNDECRYPTABLE else state

    # --- words around ---

    @property
    def _row(self) -> ModelRow | None:
        key = self.query_one(Rows).key
        if self._now is not None and key == row_key(self._now.model):
            return self._now
        return self._list.by_key.get(key)

    @property
    def _area(self) -> str:
        """The area that the page was opened from; elsewhere a default is chosen."""
        below = [entry.AREA for entry in self.app.screen_stack if isinstance(entry, FramedScreen) and entry.AREA]
        return "Playground" if below[-1:] == ["playground"] else "Defaults"

    def chrome(self) -> ScreenText:
        filter_text = self.query_one(Filter).text
        matches = sum(self._list.by_key[key].usable for key in self._list.matching(filter_text)) if filter_text else 0
        row = self._row
        choose = ("list.choose: choose", "focus.up focus.down: move") if row else ()
        find = () if self.typing else ("pick.filter",)
        clear = ("pick.clear",) if self.clears and self.now is not None else ()
        return ScreenText(
            " › ".join(filter(None, (self._area, self.type.label, self._purpose))),
            (*choose, *find, *clear, "page.back: clear" if filter_text else "page.back"),
            f"{matches:,} of {self._usable:,} ready" if filter_text else f"{self._usable:,} ready",
            strip=self._strip(row) if row else ("", ""),
        )

    def _strip(self, row: ModelRow) -> tuple[Words, Words]:
        key, *lines = self._notice
        if key == self.query_one(Rows).key:
            return lines[0], lines[1]
        session, provider = self.navigator.session, self._list.providers.get(row.model.provider)
        if row.model == self._nearest:
            text = ("Same provider and type, nearest to the one now set.", self._other_vectors(row.model))
        elif row.usable and (mixing := self._other_vectors(row.model)):
            text = (sentences(row, provider, session.now())[0], mixing)
        else:
            text = sentences(row, provider, session.now(), self._nearest if row is self._now else None)
        if row.usable and (words := self._price(row.model)):
            text = self._add_price(text, words, warned=bool(self._other_vectors(row.model)))
        return strip_of(name_of(row.model), text, columns(self.size.width - 3)[0])

    def _add_price(self, text: tuple[str, str], words: str, *, warned: bool) -> tuple[str, str]:
        """Put the price into the second line, or beside the first where the second one warns."""
        if warned:
            return (both if width(both := f"{text[0]} {words}") <= STRIP else text[0]), text[1]
        return text[0], words if width(f"{text[1]} {words}") > STRIP else f"{text[1]} {words}".lstrip()

    def _price(self, model: Model) -> str:
        """Return what the model costs, and about what the prompt costs before it is answered; dated estimates."""
        from tui.workspace.pricing.cost import prompt_cost, rate_words  # lazy: the page
        from tui.workspace.pricing.table import price_of  # lazy: the page

        try:
            price = price_of(self.navigator.tenant_session, model)
        except Problem:
            return ""
        if price is None:
            return ""
        prompt = prompt_cost(price, self._prompt)
        return rate_words(price) + (f"; this prompt {prompt}." if prompt else ".")

    def _other_vectors(self, model: Model) -> str:
        """Return what another embedding model means for stored vectors."""
        now = self.now
        if model.type is not ModelType.EMBEDDING or now is None or row_key(now) == row_key(model):
            return ""
        if now.dimensions and model.dimensions and now.dimensions != model.dimensions:
            return "It has different dimensions; re-embed stored texts."
        return "Embeddings of different models can't be compared; re-embed stored texts."

    # --- keys ---

    def on_rows_moved(self) -> None:
        self.refresh_chrome()

    def on_rows_chosen(self) -> None:
        row = self._row
        if row is None:
            return
        if row.usable:
            self.dismiss(row.model)
            return
        label, state = row.provider_label, self._list.provider_state(row)
        if row.state is ModelState.GONE:
            self._show_message(f"{label} no longer offers {name_of(row.model)}.", "Choose one that is ready.")
        else:
            self._show_message(
                f"{name_of(row.model)} cannot be used: {label}, {state}.", hint(_REMEDIES.get(state, ""))
            )

    def _show_message(self, first: str, hint: str) -> None:
        self._notice = (self.query_one(Rows).key, line(PROBLEM, first), hint)
        self.refresh_chrome()

    def action_filter(self) -> None:
        self.query_one(Filter).field.focus()

    def on_filter_changed(self) -> None:
        self._show()
        self.query_one(Rows).action_end(False)

    def on_filter_done(self) -> None:
        self.on_rows_chosen()

    def action_move(self, step: int) -> None:
        self.query_one(Rows).action_move(step)

    def action_page(self, direction: int) -> None:
        self.query_one(Rows).action_page(direction)

    def action_back(self) -> None:
        if self.query_one(Filter).text:
            self.query_one(Filter).clear()
        else:
            self.dismiss(None)

    def action_clear(self) -> None:
        if self.clears and self.now is not None:
            self.run_guarded(self._clear(), "clear")

    async def _clear(self) -> None:
        session, default = self.navigator.tenant_session, self._default
        cleared = await self.dialogs.over_conflict(partial(clear_default, session, self.type, default))
        if cleared is not None:
            self.dialogs.toast(cleared)
            self.dismiss(None)

    def show_problem(self, problem: Problem) -> None:
        self._show_message(problem.message, problem_hint(problem))


def _missing(model: Model) -> ModelRow:
    """Return a row for a model that is set but no longer listed."""
    return ModelRow(model, ModelState.GONE, "gone", True, one_line(model.provider))
