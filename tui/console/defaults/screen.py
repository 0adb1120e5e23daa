"""The tenant's default models: one for each type, or none, and how each stands."""

import asyncio
from collections.abc import Awaitable, Iterable
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget

from tui.console.actions import bind, hint
from tui.console.chrome import ScreenText
from tui.console.models.rows import called, cleared, strip_of
from tui.console.remedies import problem_hint
from tui.console.screen import AreaScreen
from tui.console.widgets.row_list import Item, Rows, text_item
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ATTENTION, MUTED, WARNING, sign
from tui.console.widgets.truncate import clip_end, clip_middle, fit
from tui.domain import Default, DefaultState, Model, ModelType
from tui.errors import Problem
from tui.providers import PROVIDERS
from tui.sanitize import one_line
from tui.tenancy.timestamps import when
from tui.workspace.models import defaults
from tui.workspace.models.defaults import DefaultRow

_TYPE = 21
_REF = 39
"""Cells of the type and of the reference at 80 columns; the time stands behind them."""


class Defaults(AreaScreen):
    """Three entries of one to three lines. The cursor opens on the first that is broken."""

    AREA = "defaults"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("defaults.use", "use"),
        bind("defaults.clear", "clear"),
    ]
    DEFAULT_CSS = "Defaults #content { padding-top: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._tenant = ""
        self._shown: dict[str, DefaultRow] = {}
        self._said: tuple[str, Words, Words] = ("", "", "")

    def content(self) -> Iterable[Widget]:
        yield Rows(id="defaults")

    def on_mount(self) -> None:
        self._tenant = self.app.tenant_id
        self._show(self._read(), first=True)
        self.query_one(Rows).focus()

    def on_screen_resume(self) -> None:
        if self._tenant:
            self._show(self._read())

    def changed_elsewhere(self) -> None:
        self._show(self._read())

    def _read(self) -> list[DefaultRow]:
        return defaults.rows(self.app.session.tenant(self._tenant))

    def _show(self, rows: list[DefaultRow], *, first: bool = False) -> None:
        self._shown = {str(each.type): each for each in rows}
        broken = next(
            (str(each.type) for each in rows if each.state not in (DefaultState.READY, DefaultState.NONE)), None
        )
        items = [part for each in rows for part in self._entry(each)]
        self.query_one(Rows).show(items, broken if first else None)
        self.refresh_chrome()

    # --- rows ---

    def _entry(self, row: DefaultRow) -> list[Item]:
        """The lines of one type; the cursor stands on the first."""
        lines = [Item(str(row.type), lambda cells: self._first_line(row, cells))]
        below = [(row.sentence, "")] if row.sentence else []
        if row.nearest:
            below.append(("nearest: ", one_line(row.nearest.ref)))
        elif row.proposed:
            below.append(("proposed: ", one_line(row.proposed.ref)))
        elif row.default is None:
            below.append(("nothing can be proposed yet", ""))
        lines += [Item("", partial(_under, words, ref)) for words, ref in below]
        return [*lines, text_item("", "")]

    def _first_line(self, row: DefaultRow, cells: int) -> Content:
        label = fit(row.type.label, _TYPE if cells >= 60 else 17)
        if row.default is None:
            return line(label, sign(DefaultState.NONE), " none")
        room = max(8, min(_REF, cells - len(label) - (13 if cells >= 60 else 2)))
        if cells > 80:
            room = min(cells - len(label) - 16, 60)
        ref = fit(one_line(row.default.ref), room, middle=True)
        set_at = when(row.default.set_at, self.app.session.now())
        behind = f"set {set_at}" if set_at and cells >= 60 else ""
        return line(label, self._sign(row), f" {ref}", behind)

    def _sign(self, row: DefaultRow) -> tuple[str, str]:
        ends = row.state is DefaultState.READY and row.model is not None and row.model.ends
        return (WARNING, ATTENTION) if ends else sign(row.state)

    # --- words around ---

    @property
    def _row(self) -> DefaultRow | None:
        return self._shown.get(self.query_one(Rows).key)

    def chrome(self) -> ScreenText:
        row = self._row
        usable = sum(each.state is DefaultState.READY for each in self._shown.values())
        keys = tuple(
            word
            for word, works in (
                ("list.choose: choose", row),
                ("defaults.use", row and (row.nearest or row.proposed)),
                ("defaults.clear", row and row.default),
                ("app.commands", True),
            )
            if works
        )
        name = self.app.tenant.name if self.app.tenant else ""
        strip = self._strip(row) if row else ("", "")
        return ScreenText(f"Defaults of {one_line(name)}", keys, f"{usable} of {len(self._shown)} usable", strip=strip)

    def _strip(self, row: DefaultRow) -> tuple[Words, Words]:
        key, *said = self._said
        if key == str(row.type):
            return said[0], said[1]
        kind, default = row.type.label, row.default
        if default is None:
            if row.proposed is None:
                return (
                    f"No {kind} model can be used yet.",
                    hint("{area.providers} sets up a provider, {area.models} and {models.add} adds a hosted model."),
                )
            return f"There is no default for {kind}; it may stay empty.", hint(
                "{defaults.use} uses what is proposed, {list.choose} shows all."
            )
        provider = PROVIDERS.get(default.provider)
        label = provider.label if provider else one_line(default.provider)
        apart = " Vectors of two models do not mix." if row.type is ModelType.EMBEDDING else ""
        fails = "Calls that use it fail, none is moved."
        if row.state is DefaultState.GONE:
            does = (
                hint("{defaults.use} uses the nearest, {list.choose} shows all.")
                if row.nearest
                else hint("{list.choose} shows what can be used.")
            )
            return f"The default for {kind} is gone. {fails}", does + apart
        if row.state is DefaultState.NOT_SET_UP:
            return f"{label} is not set up any more. {fails}", hint(
                "{area.providers} sets it up again, {list.choose} shows what can be used."
            )
        if row.state is DefaultState.REFUSED:
            return (
                f"The key of {label} is refused. {fails}",
                hint("{area.providers} opens it to paste another, {list.choose} shows what can be used."),
            )
        if row.state is not DefaultState.READY:
            return f"{label}: {row.state}. {fails}", hint(
                "{area.providers} opens it, {list.choose} shows what can be used."
            )
        words = (
            f"Calls that name no {kind} model use it.",
            hint("{list.choose} shows all, {defaults.clear} leaves it empty.") + apart,
        )
        return strip_of(one_line(default.ref), words, _REF if self.size.width >= 63 else 8)

    def on_rows_moved(self) -> None:
        self.refresh_chrome()

    # --- actions ---

    def _work(self, work: Awaitable[None]) -> None:
        key = self.query_one(Rows).key

        async def guarded() -> None:
            try:
                await work
                self._said = ("", "", "")
            except Problem as problem:
                self._said = (key, line((f"{WARNING} ", ATTENTION), problem.message), problem_hint(problem))
            self._show(await asyncio.to_thread(self._read))

        self.run_worker(guarded(), group="change", exclusive=True, exit_on_error=False)

    def on_rows_chosen(self) -> None:
        if (row := self._row) is not None:
            self._work(self._choose(row))

    async def _choose(self, row: DefaultRow) -> None:
        now = None
        if row.default is not None:
            default = row.default
            now = row.model or Model(default.provider, default.model, row.type)
        picked = await self.app.pick_model(row.type, now, clears=True)
        if picked is not None:
            await self._set(row, picked)

    def action_use(self) -> None:
        row = self._row
        if row is not None and (model := row.nearest or row.proposed):
            self._work(self._set(row, model))

    async def _set(self, row: DefaultRow, model: Model) -> None:
        await defaults.set(self.app.session.tenant(self._tenant), row.type, model.ref)
        before = row.default if row.default and row.default.ref != model.ref else None
        was = f" It was {clip_middle(one_line(before.model), 60)}." if before else ""
        self.app.toast(f"{called(model)} is the default for {row.type.label} now.{was}")

    def action_clear(self) -> None:
        row = self._row
        if row is not None and row.default is not None:
            self._work(self._clear(row.type, row.default))

    async def _clear(self, type: ModelType, default: Default) -> None:  # noqa: A002 - the word of the design
        await defaults.clear(self.app.session.tenant(self._tenant), type)
        self.app.toast(cleared(type, default.model))


def _under(words: str, ref: str, cells: int) -> Content:
    indent = _TYPE + 2 if cells >= 60 else 2
    room = max(8, cells - indent)
    text = words + clip_middle(ref, max(8, room - len(words))) if ref else clip_end(words, room)
    return line((" " * indent + text, MUTED))
