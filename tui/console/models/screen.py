"""The Models screen: filter, set defaults, verify, add and remove."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget

from tui.console.defaults.set_default import set_default
from tui.console.frame.busy import BusyIndicator
from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import AreaScreen
from tui.console.keys import bind, hint
from tui.console.models import actions
from tui.console.models.checks import ModelChecks, problem_strip
from tui.console.models.details import ModelDetailsView
from tui.console.models.footer import NEXT_TYPE, empty_list, footer, footer_of_marked, type_note
from tui.console.models.rows import ModelList, columns, head, name_of, sentences, strip_of
from tui.console.widgets.filter_bar import Filter
from tui.console.widgets.row_list import Rows, text_item
from tui.console.widgets.static_text import Plain, Words
from tui.console.widgets.symbols import MUTED
from tui.domain import Model, ModelState, ModelType
from tui.errors import Problem
from tui.providers.spec import Provider
from tui.tenancy import models
from tui.tenancy.model_sync import SyncResult
from tui.tenancy.session import TenantSession
from tui.workspace.credentials import status
from tui.workspace.models import catalog, defaults
from tui.workspace.models.catalog import ModelRow

DETAILS_WIDTH = 100
"""Columns from which the details are shown beside the list."""

_LIST = 60
_DETAILS_DELAY = 0.15
"""Seconds that the cursor rests before the details follow it."""

_NOTED = 50
"""Columns from which the type is shown after the filter."""

_SYNC_MODELS = 2_000
"""Up to so many models are read at once; more in a thread, so that keys are answered meanwhile."""


class Models(AreaScreen):
    """The list, its filter, and the details of the model under the cursor."""

    AREA = "models"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("models.filter", "filter"),
        bind("models.type", "next_type"),
        bind("models.use", "use"),
        bind("models.add", "add"),
        bind("models.verify", "verify"),
        bind("models.edit", "edit"),
        bind("models.remove", "remove"),
        bind("models.refresh", "refresh"),
        bind("models.mark", "mark"),
        bind("models.mark-all", "mark_all"),
        bind("models.details", "details"),
        bind("models.list", "list"),
    ]
    DEFAULT_CSS = f"""
    Models #left {{ width: 1fr; }}
    Models #columns {{ height: 1; padding-left: 3; }}
    Models #details {{ display: none; width: 1fr; padding-left: 3; }}
    Models.-reading #left {{ display: none; }}
    Models.-reading #details {{ display: block; }}
    Models.-wide #left {{ display: block; width: {_LIST}; }}
    Models.-wide #details {{ display: block; border-left: solid $foreground 50%; padding-left: 1; }}
    """

    def __init__(self) -> None:
        super().__init__()
        self._session: TenantSession | None = None
        self._list = ModelList((), {})
        self.working = BusyIndicator(self)
        self.checks = ModelChecks(self.working, self._note)
        self._message: tuple[str, Words, Words] = ("", "", "")
        self._kind: ModelType | None = None
        self._resting: Timer | None = None

    def content(self) -> Iterable[Widget]:
        with Horizontal():
            with Vertical(id="left"):
                yield Filter("models.filter", id="filter")
                yield Plain(id="columns")
                yield Rows(id="models")
            yield ModelDetailsView(id="details")

    # --- what is shown ---

    @property
    def session(self) -> TenantSession:
        """The session of the tenant whose models these are."""
        assert self._session is not None
        return self._session

    @property
    def row(self) -> ModelRow | None:
        """The model under the cursor."""
        return self._list.by_key.get(self._rows.key)

    @property
    def marked(self) -> list[ModelRow]:
        """The models that are marked, in the order of the list; none while keys are about the details of one."""
        marks = self._rows.marks
        return [] if self._on_details or not marks else [row for key, row in self._list.by_key.items() if key in marks]

    @property
    def targets(self) -> list[ModelRow]:
        """The models that an action is about: the marked ones, else the one under the cursor."""
        return self.marked or ([self.row] if self.row else [])

    @property
    def _on_details(self) -> bool:
        return self._reading or isinstance(self.focused, ModelDetailsView)

    @property
    def _wide(self) -> bool:
        return self.has_class("-wide")

    @property
    def _reading(self) -> bool:
        """Whether the details have taken the place of the list."""
        return self.has_class("-reading")

    @property
    def _rows(self) -> Rows:
        return self.query_one(Rows)

    def on_mount(self) -> None:
        self._session = self.navigator.tenant_session
        self._reload()
        self._update_filter()
        self._rows.focus()

    def on_screen_resume(self) -> None:
        if self._session is not None:
            self._reload()

    def changed_elsewhere(self) -> None:
        self._reload()

    def on_resize(self, event: events.Resize) -> None:
        wide = event.size.width >= DETAILS_WIDTH
        self.set_class(wide, "-wide")
        self.set_class(not wide and isinstance(self.focused, ModelDetailsView), "-reading")
        cells = _LIST if self._wide else event.size.width
        self.query_one("#columns", Plain).show((head(cells - 3).plain, MUTED))
        # Room for the type behind the field, so that its bracket does not move with the type shown.
        self.query_one(Filter).field.styles.max_width = max(8, min(49, cells - (28 if cells >= _NOTED else 8)))
        self._note_type()
        self._update_details()
        self.refresh_chrome()

    def _reload(self) -> None:
        providers = self._list.providers.values() or status.rows(self.session)
        if sum(row.models + row.added for row in providers) <= _SYNC_MODELS:
            self._on_read(self._read())
        else:
            self.run_guarded(self.read(), "read")

    def _read(self) -> ModelList:
        """Read the stored models; return the present list if nothing has changed."""
        rows = catalog.rows(self.session)
        providers = {row.provider.id: row for row in status.rows(self.session)}
        same = rows == self._list.rows and providers == self._list.providers
        return self._list if same else ModelList(rows, providers)

    async def read(self) -> None:
        """Read the models again, without blocking the screen."""
        self._on_read(await asyncio.to_thread(self._read))

    def _on_read(self, read: ModelList) -> None:
        if read is not self._list:
            self._list = read
            self._rows.mark(self._rows.marks & read.by_key.keys())
            self._update_filter()
            self._update_details()

    def _update_filter(self, key: str | None = None) -> None:
        matches = self._list.matching(self.query_one(Filter).text, self._kind)
        texts = () if matches else empty_list(self.query_one(Filter).text, self._kind, bool(self._list))
        self._rows.show([text_item("", text) for text in texts] or self._list.items(matches), key)
        self.refresh_chrome()

    def _update_details(self) -> None:
        """Bring the details to the model under the cursor."""
        row = self.row
        provider = self._list.providers.get(row.model.provider) if row else None
        default = models.defaults(self.session).get(row.model.type) if row else None
        sign = self._list.sign(row) if row else ("", "")
        self.query_one(ModelDetailsView).show_model(row, sign, provider, default, self.navigator.session.now())

    def on_rows_moved(self, event: Rows.Moved) -> None:
        self.refresh_chrome()
        if self._wide:
            if self._resting is not None:
                self._resting.stop()
            self._resting = self.set_timer(_DETAILS_DELAY, self._update_details)

    def chrome(self) -> ScreenText:
        row, shown = self.row, self._rows.count
        title, right = "Models", f"{shown:,} of {len(self._list):,}"
        if not self.query_one(Filter).text and self._kind is None:
            right = f"{len(self._list):,}" if self._list else ""
        if marked := len(self.marked):
            right = f"{marked:,} marked · {right}"
        if self._reading and row:
            title, right = f"Models › {name_of(row.model)}", f"{self._list.sign(row)[0]} {row.word}"
        return ScreenText(title, self._keys(row, marked), self.working.text or right, strip=self._strip(row))

    def _keys(self, row: ModelRow | None, marked: int) -> tuple[str, ...]:
        filtered = bool(self.query_one(Filter).text)
        if self.typing:
            return ("filter.done", "area.escape: clear" if filtered else "area.escape: commands")
        reading = self._on_details
        leave = "area.escape" if reading else "area.escape: clear" if filtered else ""
        leave = "area.escape: stop" if self.working else leave
        if marked:
            return footer_of_marked(marked, leave or "area.escape: unmark")
        return footer(row, self._list.providers, reading=reading, any_models=bool(self._list), leave=leave)

    def _strip(self, row: ModelRow | None) -> tuple[Words, Words]:
        key, first, second = self._message
        if key == self._rows.key and (first or second):
            return first, second
        if row is None:
            return "", ""
        if result := self.checks.results.get(self._rows.key):
            return result
        model = row.model
        nearest = defaults.suggest_replacement(self.session, model) if row.state is ModelState.GONE else None
        provider = self._list.providers.get(model.provider)
        name_cells = 1_000 if self._wide or self._reading else columns(self.size.width - 3)[0]
        return strip_of(name_of(model), sentences(row, provider, self.navigator.session.now(), nearest), name_cells)

    def show_all(self, key: str | None) -> None:
        """Show all models, the cursor on that one."""
        self.query_one(Filter).clear()
        self._kind = None
        self._note_type()
        self._update_filter(key)

    def action_filter(self) -> None:
        self.remove_class("-reading")
        self.query_one(Filter).field.focus()

    def on_filter_changed(self) -> None:
        self._update_filter()

    def on_filter_done(self) -> None:
        self._rows.focus()

    def action_next_type(self) -> None:
        self.show_type(self._kind if self._reading else NEXT_TYPE[self._kind])

    def show_type(self, kind: ModelType | None) -> None:
        """Show only models of that type, or all of them."""
        self._kind = kind
        self._note_type()
        self._update_filter()

    def _note_type(self) -> None:
        self.query_one(Filter).show_note(type_note(self._kind) if self.size.width >= _NOTED else "")

    def on_rows_chosen(self) -> None:
        self.action_details()

    def action_details(self) -> None:
        if self.row is not None and self.focused is self._rows:
            self._update_details()
            self.set_class(not self._wide, "-reading")
            self.query_one(ModelDetailsView).focus()

    def action_list(self) -> None:
        if self.focused is not self._rows:
            self.remove_class("-reading")
            self._rows.focus()

    def action_escape(self) -> None:
        if self.working:
            for group in ("verify", "refresh"):
                self.workers.cancel_group(self, group)
        elif self._on_details:
            self.action_list()
        elif self.typing or self.query_one(Filter).text:
            self.query_one(Filter).clear()
            self._rows.focus()
        else:
            self._mark(())

    def _mark(self, keys: Iterable[str]) -> None:
        self._rows.mark(keys)
        self.checks.results.clear()
        self.refresh_chrome()

    def action_mark(self) -> None:
        """Mark the model under the cursor, or take its mark away, and go to the next."""
        if self.row is not None and not self._on_details:
            self._mark(self._rows.marks ^ {self._rows.key})
            self._rows.action_move(1)

    def action_mark_all(self) -> None:
        """Mark the models that are shown; if all of them are marked, take all marks away."""
        if not self._on_details and (shown := set(self._rows.keys)):
            self._mark(() if shown <= self._rows.marks else self._rows.marks | shown)

    def _note(self, first: Words, second: Words = "") -> None:
        """Show that in the strip until the cursor moves."""
        self._message = (self._rows.key, first, second)
        self.refresh_chrome()

    def show_problem(self, problem: Problem) -> None:
        self._note(*problem_strip(problem))

    def action_use(self) -> None:
        rows = self.targets
        if len(rows) == 1 and not rows[0].usable:
            self._note(f"{name_of(rows[0].model)} cannot be a default: {rows[0].word}.", "Choose one that is ready.")
        elif rows:
            one = len(rows) == 1
            work = set_default(self.session, rows[0].model) if one else actions.use_all(self.session, rows)
            self.run_guarded(self._then_show(work), "use")

    async def _then_show(self, work: Awaitable[str]) -> bool:
        """Do it, then show the models as they are now, none marked, and the notice that it returns."""
        notice = await self.run_undoable(self.session, work)
        await self.read()
        self._mark(())
        self.dialogs.toast(notice)
        return bool(notice)

    def action_verify(self) -> None:
        if not self.working and (rows := self.targets):
            self.run_guarded(self._verify(rows), "verify")

    async def _verify(self, rows: Sequence[ModelRow]) -> None:
        answered = await self.checks.run(self.session, self.dialogs, rows)
        await self.read()
        self._rows.mark(self._rows.marks - answered)
        self.refresh_chrome()

    def action_refresh(self) -> None:
        if not self.working:
            self.run_guarded(self._refresh(), "refresh")

    async def _refresh(self) -> None:
        provider_ids = actions.listing_providers(self.session)
        if not provider_ids:
            self._note("No provider that lists models is ready yet.", hint("{area.providers} sets one up."))
        elif await self.dialogs.ensure_unlocked("refresh the models"):
            listed = [result for result in await asyncio.gather(*map(self._refresh_one, provider_ids)) if result]
            if listed:
                self.dialogs.toast(actions.listed_notice(listed))

    async def _refresh_one(self, provider: Provider) -> SyncResult | None:
        with self.working.during(f"listing {provider.label}"):
            try:
                refreshed = await catalog.refresh(self.session, provider.id)
                await self.read()
            except Problem as problem:
                self.show_problem(problem)
                return None
        return refreshed

    def action_add(self) -> None:
        self.run_guarded(self._add(actions.provider_to_add_to(self.row, self._list.providers)), "add")

    async def _add(self, provider_id: str) -> None:
        existing = set(self._list.by_key)
        if await self.run_undoable(self.session, self.navigator.add_model(provider_id)):
            await self.read()
            self.show_all(next((key for key in self._list.by_key if key not in existing), None))

    def action_edit(self) -> None:
        row = self.row
        if row is not None and actions.editable(row.model, self._list.providers):
            self.run_guarded(self._edit(row.model), "edit")
        elif row is not None:
            self._note("Only models added by hand have fields to edit.", "This one comes from its provider.")

    async def _edit(self, model: Model) -> None:
        if await self.run_undoable(self.session, self.navigator.add_model(model.provider, model)):
            await self.read()

    def action_remove(self) -> None:
        if rows := self.targets:
            self.run_guarded(self._remove(rows), "remove")

    async def _remove(self, rows: Sequence[ModelRow]) -> None:
        await self._then_show(actions.remove(self.session, rows))
        self.action_list()
