"""The Tenants screen: the list of tenants and their states."""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, ClassVar, TypeVar

from textual import events
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import AreaScreen, PageScreen
from tui.console.keys import bind, hint
from tui.console.tenants.about import TenantDetails, details
from tui.console.tenants.rows import TenantHeading, has_trials, tenant_items
from tui.console.widgets.filter_bar import Filter
from tui.console.widgets.row_list import Rows
from tui.console.widgets.static_text import Words
from tui.console.widgets.symbols import WORKING
from tui.console.widgets.truncate import clip_middle, width
from tui.errors import Problem
from tui.paths import paths
from tui.sanitize import group_fingerprint
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.tenants import TenantRow

_T = TypeVar("_T")

DETAILS_WIDTH = 100
"""Columns from which the details are shown beside the list."""

_FILTER_FROM = 40
_BATCH_SIZE = 50
"""Tenants that are read together, before the first of them can be shown."""

_REFRESH_INTERVAL = 0.3
"""Seconds after which what was read meanwhile is shown."""


class Tenants(AreaScreen):
    """The first screen when there is more than one tenant."""

    ALL_TENANTS = True
    DEFAULT_CSS = """
    Tenants #left { width: 1fr; }
    Tenants TenantDetails { display: none; }
    Tenants.-wide #left { width: 62; }
    Tenants.-wide TenantDetails { display: block; border-left: solid $foreground 50%; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("tenants.new", "new"),
        bind("tenants.rename", "rename"),
        bind("tenants.passphrase", "passphrase"),
        bind("tenants.remove", "remove"),
        bind("tenants.refresh", "refresh_list"),
        bind("tenants.health", "health"),
        bind("tenants.filter", "filter"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[TenantRow] = []
        self._to_read = 0
        self._first_used: dict[str, str] = {}
        """When each tenant had been used when it was first listed: rows keep their places while it is used."""
        self._opened = ""
        """The tenant that was open when the list was last shown."""
        self._spend: dict[str, tuple[Hashable, str]] = {}
        self._spend_read = set[str]()
        """Tenants whose spend has been read since the list was last read."""
        self._filter = Filter("tenants.filter", id="filter")
        self._list = Rows(id="tenants")
        self._details = TenantDetails()

    def content(self) -> Iterable[Widget]:
        self._filter.display = False
        yield self._filter
        with Horizontal():
            with Vertical(id="left"):
                yield TenantHeading()
                yield self._list
            yield self._details

    def chrome(self) -> ScreenText:
        count = f"{self._list.count} of {len(self.rows)}" if self._filter.text else f"{len(self.rows)}"
        if self._to_read:
            count = f"{WORKING} reading {len(self.rows)} of {self._to_read} tenants"
        return ScreenText("Tenants", self._footer(), count, strip=self._strip())

    def _footer(self) -> tuple[str, ...]:
        if self.typing:
            return ("filter.done", "area.escape: clear")
        actions: tuple[str, ...] = ("tenants.new",)
        if row := self.row:
            actions = ("list.choose", "tenants.new", "tenants.rename", "tenants.passphrase", "tenants.remove")
            if row.problem:
                actions = ("list.choose", "tenants.new", "tenants.remove", "tenants.refresh")
        back = (
            ("area.escape: clear",) if self._filter.text else ("area.escape",) if self.navigator.previous_area else ()
        )
        return (*actions, "tenants.health", "tenants.filter", *back)

    def _strip(self) -> tuple[Words, Words]:
        row = self.row
        if row is None:
            nothing = f'No tenant matches "{self._filter.text}".' if self._filter.text else ""
            return nothing, hint("{area.escape} clears the filter.") if nothing else ""
        if row.tenant is None:
            return f"{row.id}: {row.problem.message if row.problem else ''}", hint("{list.choose} shows details.")
        tenant, path = row.tenant, self.navigator.session.store(row.id).folder.path
        elsewhere = "in the shared store" if self.navigator.session.shares else "in memory"
        where = f"Settings {paths(self.navigator.session.environ).short(path) if path else elsewhere}"
        where += self._spend_of(row.id)
        protection = "with a passphrase" if tenant.protected else "no passphrase"
        about = f"key pair fingerprint {group_fingerprint(tenant.key_id)}  {protection}"
        whole = f"{tenant.name}  id {tenant.id}  {about}"
        return (whole, where) if width(whole) <= self.size.width - 4 else (tenant.name, f"{about}  {where}")

    def _spend_of(self, tenant_id: str) -> str:
        """Return what the tenant spent this month; read aside, as a shared store takes a while."""
        if tenant_id not in self._spend_read:
            self._spend_read.add(tenant_id)
            self.run_worker(self._read_spend(tenant_id), group=f"spend {tenant_id}", exit_on_error=False)
        words = self._spend.get(tenant_id, (None, ""))[1]
        return f"  spent this month {words}, estimated" if words else ""

    async def _read_spend(self, tenant_id: str) -> None:
        """Read it again only when a request was recorded."""
        from tui.workspace.pricing import spend  # lazy: the strip

        session, before = self.navigator.session.tenant(tenant_id), self._spend.get(tenant_id)

        def read() -> tuple[Hashable, str]:
            stamp = (session.store.folder.version_token(spend.FILE), session.today()[:7])
            if before is not None and before[0] == stamp:
                return before
            return stamp, spend.this_month(session).words if stamp[0] is not None else ""

        with suppress(Problem):
            self._spend[tenant_id] = await asyncio.to_thread(read)
        if self._spend.get(tenant_id) != before:
            self.refresh_chrome()

    @property
    def row(self) -> TenantRow | None:
        """The tenant under the cursor."""
        return next((row for row in self.rows if row.id == self._list.key), None)

    # --- reading ---

    def on_mount(self) -> None:
        self._list.focus()

    def on_screen_resume(self) -> None:
        here = self.navigator.tenant
        opened = here.id if here is not None else ""
        # The cursor is on the tenant that the first line names, not on the one that was opened before it.
        cursor = opened if opened != self._opened else ""
        self._opened = opened
        self.run_worker(self._read(cursor), group="read", exclusive=True, exit_on_error=False)

    def changed_elsewhere(self) -> None:
        self.run_worker(self._read(), group="read", exclusive=True, exit_on_error=False)

    def action_refresh_list(self) -> None:
        """Reload all tenants, and show a notice."""
        self.run_worker(self._read(notify=True), group="read", exclusive=True, exit_on_error=False)

    async def _read(self, cursor: str = "", *, notify: bool = False) -> None:
        session, read, here = self.navigator.session, list[TenantRow](), self.navigator.tenant
        if here is not None and self.rows:
            # The one that was shown meanwhile may have changed, and was used last; the others are soon read, too.
            known = [tenants.row(session.tenant(row.id)) if row.id == here.id else row for row in self.rows]
            self._show(known, cursor)
            cursor = "" if any(row.id == cursor for row in known) else cursor
        first, shown = not self.rows, 0.0
        try:
            ids = tenant_registry.ids(session) if first else await asyncio.to_thread(tenant_registry.ids, session)
        except Problem as problem:
            self.dialogs.toast(problem.message)
            return
        # A few are read before the first key is handled; many are read while keys are handled.
        run = _run_now if first and len(ids) <= _BATCH_SIZE else asyncio.to_thread
        await run(self.console.set_watched_tenants, ids)
        for start in range(0, len(ids), _BATCH_SIZE):
            read += await run(_rows, session, ids[start : start + _BATCH_SIZE])
            if first and start + _BATCH_SIZE < len(ids) and monotonic() - shown > _REFRESH_INTERVAL:
                self._to_read = len(ids)
                self._show(read)
                shown = monotonic()
        self._to_read = 0
        self._show(
            read, cursor or (max(read, key=lambda row: row.last_used, default=TenantRow(None, "")).id if first else "")
        )
        if notify:
            self.dialogs.toast(f"Read {len(read):,} tenant{'' if len(read) == 1 else 's'} again.")

    def _show(self, rows: list[TenantRow], cursor: str = "") -> None:
        """Show the tenants: the one that had been used last first, unreadable ones last."""
        for row in rows:
            self._first_used.setdefault(row.id, row.last_used)
        self.rows = sorted(rows, key=lambda row: self._first_used[row.id], reverse=True)
        self.rows.sort(key=lambda row: row.tenant is None)
        self._spend_read.clear()
        if len(self.rows) > _FILTER_FROM:
            self._filter.display = True
        self._fill(cursor)

    def _fill(self, cursor: str = "") -> None:
        words = self._filter.text.casefold().split()
        matching = [row for row in self.rows if all(word in _search_text(row) for word in words)]
        heading = self.query_one(TenantHeading)
        if heading.with_trials != has_trials(matching):
            heading.with_trials = has_trials(matching)
            heading.refresh()
        self._list.show(tenant_items(matching, self.navigator.session.now()), cursor or None)
        self.refresh_chrome()

    # --- keys ---

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= DETAILS_WIDTH, "-wide")
        self._update_details()

    def on_rows_moved(self) -> None:
        self.refresh_chrome()
        self._update_details()

    def _update_details(self) -> None:
        """Bring the details to the tenant under the cursor."""
        if self.has_class("-wide"):
            self.run_worker(self._read_details(self.row), group="details", exclusive=True, exit_on_error=False)

    async def _read_details(self, row: TenantRow | None) -> None:
        session = self.navigator.session
        if row is None:
            self._details.show_lines(())
        else:
            self._details.show_lines(await asyncio.to_thread(details, session.tenant(row.id), row, session.now()))

    def on_rows_chosen(self) -> None:
        self._start(self._open())

    def action_new(self) -> None:
        self._start(self._new())

    def action_rename(self) -> None:
        from tui.console.tenants.rename import Rename  # lazy: the page

        self._ask(Rename)

    def action_passphrase(self) -> None:
        from tui.console.tenants.passphrase import Passphrase  # lazy: the page

        self._ask(Passphrase)

    def action_remove(self) -> None:
        if self.row is not None:
            self._start(self._remove(self.row))

    def action_health(self) -> None:
        from tui.console.pages.health import Health  # lazy: the page

        self.app.push_screen(Health(everyone=True))

    def action_filter(self) -> None:
        self._filter.display = True
        self._filter.field.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("rename", "passphrase", "remove"):
            usable = self.row is not None and (self.row.tenant is not None or action == "remove")
            return True if usable else None
        return True

    def action_escape(self) -> None:
        if self.typing or self._filter.text:
            self._filter.clear()
            self._filter.display = len(self.rows) > _FILTER_FROM
            self._list.focus()
        elif self.navigator.previous_area:
            self.navigator.show_area(self.navigator.previous_area)

    def on_filter_changed(self) -> None:
        self._fill()

    def on_filter_done(self) -> None:
        self._list.focus()

    # --- what the keys start ---

    def _start(self, work: Any) -> None:
        self.run_worker(work, group="act", exclusive=True, exit_on_error=False)

    def _ask(self, page: type[PageScreen[str]]) -> None:
        if self.row is not None and self.row.tenant is not None:
            self._start(self._open_page(page, self.row))

    async def _open_page(self, page: Any, row: TenantRow) -> None:
        answer = self.app.push_screen_wait(page(row.tenant))
        if done := await self.run_undoable(self.navigator.session.tenant(row.id), answer):
            if row.id == self.navigator.previous_area or (self.navigator.tenant and self.navigator.tenant.id == row.id):
                self.navigator.tenant_changed()
            self.dialogs.toast(done)
            await self._read(row.id)

    async def _open(self) -> None:
        row = self.row
        if row is None:
            return
        if row.problem is not None:
            from tui.console.tenants.damaged_tenant import DamagedTenant  # lazy: the page

            if not await self.app.push_screen_wait(DamagedTenant(row)):
                await self._read(row.id)
                return
        try:
            await self.navigator.open_tenant(row.id)
        except Problem:
            # It changed since the list was read; its row says how.
            await self._read(row.id)
        else:
            await self.dialogs.offer_unlock()

    async def _new(self) -> None:
        from tui.console.tenants.create import NewTenant  # lazy: the page

        created = await self.app.push_screen_wait(NewTenant())
        if created is not None:
            self.dialogs.toast(f"Created {created.name}.")
            await self.navigator.open_tenant(created.id, "providers")

    async def _remove(self, row: TenantRow) -> None:
        from tui.console.tenants.remove import RemoveTenant  # lazy: the page

        if await self.app.push_screen_wait(RemoveTenant(row)):
            name = row.tenant.name if row.tenant else row.id
            self.dialogs.toast(f"Removed {clip_middle(name, 14)}.")
            self.navigator.tenant_removed(row.id)
            await self._read()


async def _run_now(work: Callable[..., _T], *args: Any) -> _T:
    return work(*args)


def _rows(session: Session, ids: Sequence[str]) -> list[TenantRow]:
    return [tenants.row(session.tenant(tenant_id)) for tenant_id in ids]


def _search_text(row: TenantRow) -> str:
    state = "damaged" if row.tenant is None else "open" if row.open else "locked"
    return f"{row.tenant.name if row.tenant else ''} {row.id} {state}".casefold()
