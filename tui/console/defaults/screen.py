"""The Defaults screen: one default model for each type, or none, and its state."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget

from tui.console.defaults.details import DefaultDetails, details
from tui.console.defaults.set_default import choose_default, clear_default, drop_fallback, set_fallback
from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import AreaScreen, problem_lines
from tui.console.keys import bind, hint
from tui.console.models.rows import strip_of
from tui.console.remedies import problem_hint
from tui.console.widgets.row_list import Item, Rows, text_item
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ATTENTION, HEADING, MUTED, WARNING, sign
from tui.console.widgets.truncate import clip_end, clip_middle, fit
from tui.domain import FALLBACK_TYPES, MAX_FALLBACKS, DefaultState, Model, ModelType
from tui.errors import Problem
from tui.providers import PROVIDERS
from tui.sanitize import one_line
from tui.tenancy.session import TenantSession
from tui.tenancy.timestamps import short_time
from tui.workspace.models import defaults
from tui.workspace.models.defaults import DefaultRow

_DETAILS_WIDTH = 100
"""Columns from which the details are shown beside the list."""

_TYPE = 21
_REF = 39
"""Cells of the type and of the reference at 80 columns; the time follows them."""


class Defaults(AreaScreen):
    """Three entries of one to three lines. The cursor opens on the first that is broken."""

    AREA = "defaults"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("defaults.use", "use"),
        bind("defaults.clear", "clear"),
        bind("defaults.fallback", "fallback"),
    ]
    DEFAULT_CSS = """
    Defaults #content { padding-top: 1; }
    Defaults DefaultDetails { display: none; }
    Defaults.-wide #defaults { width: 66; }
    Defaults.-wide DefaultDetails { display: block; border-left: solid $foreground 50%; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._session: TenantSession | None = None
        self._shown: dict[str, DefaultRow] = {}
        self._places: dict[str, tuple[ModelType, int]] = {}
        """The type and the place of each fallback, by the key of its row."""
        self._message: tuple[str, Words, Words] = ("", "", "")

    def content(self) -> Iterable[Widget]:
        with Horizontal():
            yield Rows(id="defaults")
            yield DefaultDetails()

    def on_mount(self) -> None:
        self._session = self.navigator.tenant_session
        self._show(self._read(), first=True)
        self.query_one(Rows).focus()

    def on_screen_resume(self) -> None:
        if self._session is not None:
            self._show(self._read())

    def changed_elsewhere(self) -> None:
        self._show(self._read())

    @property
    def session(self) -> TenantSession:
        """The session of the tenant whose defaults these are."""
        assert self._session is not None
        return self._session

    def _read(self) -> list[DefaultRow]:
        return defaults.rows(self.session)

    def _show(self, rows: list[DefaultRow], *, first: bool = False) -> None:
        self._shown = {str(row.type): row for row in rows}
        self._places.clear()
        broken = next((str(row.type) for row in rows if row.state not in (DefaultState.READY, DefaultState.NONE)), None)
        items = [item for row in rows for item in self._entry(row)]
        self.query_one(Rows).show(items, broken if first else None)
        self.refresh_chrome()

    # --- rows ---

    def _entry(self, row: DefaultRow) -> list[Item]:
        """Return the lines of one type; the cursor is on the first."""
        lines = [Item(str(row.type), lambda cells: self._first_line(row, cells))]
        below = [(row.sentence, "")] if row.sentence else []
        if row.replacement:
            below.append(("nearest: ", one_line(row.replacement.ref)))
        elif row.proposed:
            below.append(("suggested: ", one_line(row.proposed.ref)))
        elif row.default is None:
            below.append(("nothing to suggest yet", ""))
        lines += [Item("", partial(_fallback_row, words, ref), str(row.type)) for words, ref in below]
        for place, other in enumerate(row.fallbacks):
            key = f"{row.type} then {place}"
            self._places[key] = row.type, place
            lines.append(Item(key, partial(_fallback_line, other)))
        return [*lines, text_item("", "")]

    def _first_line(self, row: DefaultRow, cells: int) -> Content:
        label = line((fit(row.type.label, _TYPE if cells >= 60 else 17), HEADING))
        if row.default is None:
            return line(label, sign(DefaultState.NONE), " none")
        ref_cells = max(8, min(_REF, cells - label.cell_length - (13 if cells >= 60 else 2)))
        if cells > 80:
            ref_cells = min(cells - label.cell_length - 16, 60)
        ref = fit(one_line(row.default.ref), ref_cells - 1, middle=True) + " "
        set_at = short_time(row.default.set_at, self.navigator.session.now())
        behind = f"set {set_at}" if set_at and cells >= 60 else ""
        return line(label, self._sign(row), f" {ref}", (behind, MUTED))

    def _sign(self, row: DefaultRow) -> tuple[str, str]:
        return (WARNING, ATTENTION) if row.state is DefaultState.READY and row.ends_soon else sign(row.state)

    # --- words around ---

    @property
    def _row(self) -> DefaultRow | None:
        """The row of the type under the cursor; on a fallback, that of its default."""
        key = self.query_one(Rows).key
        return self._shown.get(str(self._places[key][0]) if key in self._places else key)

    @property
    def _fallback_index(self) -> int | None:
        """The place of the fallback under the cursor."""
        return self._places.get(self.query_one(Rows).key, (None, None))[1]

    @property
    def _takes_fallback(self) -> bool:
        row = self._row
        return bool(
            row is not None
            and row.default is not None
            and row.type in FALLBACK_TYPES
            and len(row.fallbacks) < MAX_FALLBACKS
        )

    def chrome(self) -> ScreenText:
        row = self._row
        usable = sum(row.state is DefaultState.READY for row in self._shown.values())
        keys = tuple(
            word
            for word, works in (
                ("list.choose: choose", row),
                ("defaults.use", row and self._fallback_index is None and (row.replacement or row.proposed)),
                ("defaults.clear" if self._fallback_index is None else "defaults.clear: drop", row and row.default),
                ("defaults.fallback", self._takes_fallback),
                ("app.commands", True),
            )
            if works
        )
        name = self.navigator.tenant.name if self.navigator.tenant else ""
        strip = self._strip(row) if row else ("", "")
        return ScreenText(f"Defaults of {one_line(name)}", keys, f"{usable} of {len(self._shown)} ready", strip=strip)

    def _strip(self, row: DefaultRow) -> tuple[Words, Words]:
        key, first, second = self._message
        if key and key == self.query_one(Rows).key:
            return first, second
        if self._fallback_index is not None:
            other = row.fallbacks[self._fallback_index]
            state = other.sentence or str(other.state)
            return f"Asked if those above fail; {state}.", hint(
                "Never after a rejected key. {list.choose} picks another, {defaults.clear} drops it."
            )
        kind, default = row.type.label, row.default
        if default is None:
            if row.proposed is None:
                return (
                    f"No {kind} model is ready yet.",
                    hint("{area.providers} sets up a provider, {area.models} and {models.add} adds a hosted model."),
                )
            return f"No default {kind} model (optional).", hint(
                "{defaults.use} uses the suggestion, {list.choose} shows all."
            )
        provider = PROVIDERS.get(default.provider)
        label = provider.label if provider else one_line(default.provider)
        advice = " Then re-embed stored texts." if row.type is ModelType.EMBEDDING else ""
        fails = "Requests to it fail; nothing is switched for you."
        if row.state is DefaultState.GONE:
            effect = (
                hint("{defaults.use} uses the nearest, {list.choose} shows all.")
                if row.replacement
                else hint("{list.choose} shows what can be used.")
            )
            return f"The default {kind} model no longer exists; requests to it fail.", effect + advice
        if row.state is DefaultState.NOT_SET_UP:
            return f"{label} is no longer set up. {fails}", hint(
                "{area.providers} sets it up again, {list.choose} shows what can be used."
            )
        if row.state is DefaultState.REFUSED:
            return (
                f"{label} rejected the key. {fails}",
                hint("{area.providers} opens it to replace it, {list.choose} shows what can be used."),
            )
        if row.state is not DefaultState.READY:
            return f"{label}: {row.state}. {fails}", hint(
                "{area.providers} opens it, {list.choose} shows what can be used."
            )
        dify = " (Dify: system reasoning)" if row.type is ModelType.CHAT else ""
        words = (
            f"Used when a request names no {kind} model{dify}.",
            hint("{list.choose} shows all, {defaults.clear} clears it.") + advice,
        )
        return strip_of(one_line(default.ref), words, _REF if self.size.width >= 63 else 8)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= _DETAILS_WIDTH, "-wide")
        self._update_details()

    def on_rows_moved(self) -> None:
        self.refresh_chrome()
        self._update_details()

    def _update_details(self) -> None:
        """Bring the details to the default under the cursor."""
        row = self._row
        if row is not None and self.has_class("-wide"):
            self.run_worker(self._read_details(row), group="details", exclusive=True, exit_on_error=False)

    async def _read_details(self, row: DefaultRow) -> None:
        self.query_one(DefaultDetails).show_lines(await asyncio.to_thread(details, self.session, row))

    # --- actions ---

    async def _change(self, work: Awaitable[str]) -> None:
        """Change a default, then show all of them and a notice."""
        key = self.query_one(Rows).key
        try:
            notice = await self.run_undoable(self.session, work)
        except Problem as problem:
            self._message = (key, problem_lines(problem.message)[0], problem_hint(problem))
        else:
            self._message = ("", "", "")
            if notice:
                self.dialogs.toast(notice)
        self._show(await asyncio.to_thread(self._read))

    def on_rows_chosen(self) -> None:
        if (row := self._row) is not None:
            self.run_guarded(self._change(self._choose(row)), "change")

    async def _choose(self, row: DefaultRow) -> str:
        if self._fallback_index is not None:
            return await self._choose_fallback(row, self._fallback_index)
        now = None
        if row.default is not None:
            now = row.model or Model(row.default.provider, row.default.model, row.type)
        picked = await self.navigator.pick_model(row.type, now, clears=True)
        if picked is None:
            return ""
        return await self._settle(partial(choose_default, self.session, picked, row.default))

    async def _settle(self, save: Callable[[bool], Awaitable[str]]) -> str:
        """Save, and ask first where another session changed what this screen showed."""
        return await self.dialogs.over_conflict(save) or ""

    async def _choose_fallback(self, row: DefaultRow, place: int) -> str:
        other = row.fallbacks[place] if place < len(row.fallbacks) else None
        now = other.model if other else None
        picked = await self.navigator.pick_model(row.type, now, purpose="fallback")
        if picked is None or row.default is None:
            return ""
        return await self._settle(partial(set_fallback, self.session, place, picked, row.default))

    def action_fallback(self) -> None:
        row = self._row
        if row is not None and self._takes_fallback:
            self.run_guarded(self._change(self._choose_fallback(row, len(row.fallbacks))), "change")
        elif row is not None:
            self.dialogs.toast(
                f"A default has up to {MAX_FALLBACKS} fallbacks."
                if row.fallbacks
                else "Only a default chat or speech-to-text model has fallbacks."
            )

    def action_use(self) -> None:
        row = self._row
        if row is not None and (model := row.replacement or row.proposed):
            save = partial(choose_default, self.session, model, row.default)
            self.run_guarded(self._change(self._settle(save)), "change")
        elif row is not None:
            self.dialogs.toast(hint("There is no other model to suggest; {list.choose} shows all."))

    def action_clear(self) -> None:
        row, place = self._row, self._fallback_index
        if row is not None and row.default is not None:
            save = partial(clear_default, self.session, row.type, row.default)
            if place is not None:
                save = partial(drop_fallback, self.session, place, row.default)
            self.run_guarded(self._change(self._settle(save)), "change")
        elif row is not None:
            self.dialogs.toast("There is no default to clear.")


def _fallback_line(row: DefaultRow, cells: int) -> Content:
    """Return the line of a fallback: its state and its model."""
    label = " " * (_TYPE - 5 if cells >= 60 else 12) + "then "
    ref = fit(one_line(row.default.ref if row.default else ""), max(8, cells - len(label) - 4), middle=True)
    return line((label, MUTED), sign(row.state), f" {ref}")


def _fallback_row(words: str, ref: str, cells: int) -> Content:
    indent = _TYPE + 2 if cells >= 60 else 2
    ref_cells = max(8, cells - indent)
    text = words + clip_middle(ref, max(8, ref_cells - len(words))) if ref else clip_end(words, ref_cells)
    return line((" " * indent + text, MUTED))
