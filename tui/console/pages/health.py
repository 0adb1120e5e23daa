"""The health table: every credential of one tenant or of all, with its times, age and expiry; verified on request."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.widget import Widget

from tui.console.frame.busy import BusyIndicator
from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen, problem_lines
from tui.console.keys import bind, hint
from tui.console.pages.health_rows import draw, head, row_key, search_text, strip_of
from tui.console.remedies import problem_hint
from tui.console.widgets.filter_bar import Filter, matching
from tui.console.widgets.progress_bar import Progress
from tui.console.widgets.row_list import Item, Rows, text_item
from tui.console.widgets.static_text import Plain, Words
from tui.console.widgets.symbols import MUTED
from tui.errors import Locked, Problem
from tui.tenancy import keyring, tenants
from tui.tenancy.connections import label_of
from tui.workspace.credentials import health
from tui.workspace.credentials.health import Entry, HealthRow


class Health(PageScreen[None]):
    """The table of the tenant that is shown, or of all. Escape stops the checks, clears the filter, then leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("health.verify", "verify"),
        bind("health.verify-all", "verify_all"),
        bind("health.filter", "filter"),
    ]
    DEFAULT_CSS = """
    Health #columns { height: 1; padding-left: 3; }
    Health Filter { display: none; }
    Health.-filtering Filter { display: block; }
    Health Progress { display: none; margin-left: 3; }
    Health.-checking Progress { display: block; }
    """

    def __init__(self, everyone: bool = False) -> None:
        super().__init__()
        self._everyone = everyone
        self._names: dict[str, str] = {}
        """The tenants' names by ID."""
        self._labels: dict[tuple[str, str], str] = {}
        """The providers' labels by tenant and provider ID."""
        self._entries: dict[str, Entry] = {}
        self._checked: dict[str, HealthRow] = {}
        """The outcomes of the checks that were made here, by row key."""
        self._message: tuple[str, Words, Words] = ("", "", "")
        self.working = BusyIndicator(self)
        self._done = self._of = 0

    def content(self) -> Iterable[Widget]:
        yield Filter("health.filter", id="filter")
        yield Plain(id="columns")
        yield Rows(id="health")
        yield Progress()

    @property
    def _rows(self) -> Rows:
        return self.query_one(Rows)

    @property
    def _row(self) -> HealthRow | None:
        entry = self._entries.get(self._rows.key)
        return entry[1] if entry else None

    def on_mount(self) -> None:
        self._rows.focus()
        self.changed_elsewhere()

    def on_resize(self, event: events.Resize) -> None:
        self.query_one("#columns", Plain).show((head(self._everyone, event.size.width - 3).plain, MUTED))

    def changed_elsewhere(self) -> None:
        self.run_guarded(self._read(), "read")

    async def _read(self) -> None:
        """Read the credentials and what their last checks said; the outcomes of this page stay with them."""
        process = self.navigator.session
        shown = None if self._everyone else self.navigator.tenant

        def read() -> list[Entry]:
            listed = [shown] if shown else list(tenants.readable(process))
            sessions = [process.tenant(tenant.id) for tenant in listed]
            entries = [(session, *entry) for session in sessions for entry in health.rows(session)]
            self._labels = {(row.tenant, row.provider): label_of(session, row.provider) for session, row, _ in entries}
            self._names = {tenant.id: tenant.name for tenant in listed}
            return entries

        with self.working.during("reading"):
            entries = await asyncio.to_thread(read)
        self._entries = {row_key(row): (session, row, credential) for session, row, credential in entries}
        for key, row in self._checked.items():
            self._take(key, row)
        self._show()

    def _take(self, key: str, row: HealthRow) -> None:
        if key in self._entries:
            session, _, credential = self._entries[key]
            self._entries[key] = session, row, credential

    def _show(self) -> None:
        entries, now = [*self._entries.items()], self.navigator.session.now()
        texts = [search_text(row, self._names.get(row.tenant, ""), self._label(row)) for _, (_, row, _) in entries]
        shown = [entries[n] for n in matching(texts, self.query_one(Filter).text)]
        items = [
            Item(key, draw(row, self._names[row.tenant] if self._everyone else "", self._label(row), now))
            for key, (_, row, _) in shown
        ]
        nothing = "No key matches." if self._entries else "" if self.working else "No keys yet."
        self._rows.show(items or [text_item("", nothing)])
        self.refresh_chrome()

    def _label(self, row: HealthRow) -> str:
        return self._labels.get((row.tenant, row.provider), row.provider)

    def chrome(self) -> ScreenText:
        shown, total = self._rows.count, len(self._entries)
        right = f"{shown:,} of {total:,}" if shown != total else f"{total:,}"
        if self._of:
            right = f"{self._done:,} of {self._of:,} checked"
        title = "Health of all tenants" if self._everyone else f"Health of {self._names.get(self._tenant_id, '')}"
        return ScreenText(title, self._keys(), self.working.text or right, strip=self._strip())

    @property
    def _tenant_id(self) -> str:
        return self.navigator.tenant.id if self.navigator.tenant else ""

    def _keys(self) -> tuple[str, ...]:
        if self.typing:
            return ("filter.done", "page.back: clear")
        leave = "page.back: stop" if self._of else "page.back: clear" if self.query_one(Filter).text else "page.back"
        actions = ("health.verify", "health.verify-all", "health.filter") if self._entries and not self._of else ()
        moves = ("list.up list.down: move",) if self._entries else ()
        return (*moves, *actions, leave)

    def _strip(self) -> tuple[Words, Words]:
        key, first, second = self._message
        row = self._row
        if first and key == self._rows.key:
            return first, second
        return strip_of(row, self._label(row), self.navigator.session.now()) if row else ("", "")

    def _show_lines(self, first: Words, second: Words = "") -> None:
        self._message = (self._rows.key, first, second)
        self.refresh_chrome()

    def show_problem(self, problem: Problem) -> None:
        self._show_lines(problem_lines(problem.message)[0], problem_hint(problem) or problem.detail)

    def on_rows_moved(self) -> None:
        self.refresh_chrome()

    def action_filter(self) -> None:
        self.add_class("-filtering")
        self.query_one(Filter).field.focus()

    def on_filter_changed(self) -> None:
        self._show()

    def on_filter_done(self) -> None:
        self._rows.focus()

    def action_back(self) -> None:
        if self._of:
            self.workers.cancel_group(self, "checks")
        elif self.typing or self.query_one(Filter).text:
            self.query_one(Filter).clear()
            self.remove_class("-filtering")
            self._rows.focus()
        else:
            super().action_back()

    def action_verify(self) -> None:
        self._verify([self._rows.key])

    def action_verify_all(self) -> None:
        self._verify(self._rows.keys)

    def _verify(self, keys: Sequence[str]) -> None:
        entries = [self._entries[key] for key in keys if key in self._entries]
        if entries and not self._of:
            self.run_guarded(self._check(entries), "checks")

    async def _check(self, entries: Sequence[Entry]) -> None:
        if not await self._opened(entries):
            return
        billed = sum(row.billed for _, row, _ in entries)
        cost = f"{billed:,} billed as one token." if billed else "Checks are free."
        self._show_lines(f"Verifying {len(entries):,}. {cost}", hint("{page.back} stops it."))
        bar = self.query_one(Progress)
        self._done, self._of = 0, len(entries)
        self.set_class(self._of > 1, "-checking")
        bar.move(0)

        def show_row(row: HealthRow) -> None:
            self._done += 1
            self._checked[row_key(row)] = row
            self._take(row_key(row), row)
            bar.move(self._done / self._of)
            self._show()

        try:
            with self.pending_actions.suspend():
                checked = await health.check_rows(entries, show_row)
        except asyncio.CancelledError:
            self._show_lines("Stopped.", "What was verified stays.")
            raise
        finally:
            self._done = self._of = 0
            self.remove_class("-checking")
        self._message = ("", "", "")
        if len(checked) > 1:
            failed = [row for row in checked if row.problem]
            first = self._sentence(failed[0]) if failed else ""
            self._show_lines(health.summary(checked), first or "Nothing was disabled or removed.")
        self.refresh_chrome()

    def _sentence(self, row: HealthRow) -> str:
        """Return why a key does not work, with the provider's name."""
        label, message = self._label(row), row.problem.message if row.problem else ""
        return message if label in message else f"{label}: {message}"

    async def _opened(self, entries: Sequence[Entry]) -> bool:
        """Open the tenants that need no passphrase, and ask for that of the tenant that is shown.

        Return False if that was not given. The keys of other locked tenants are reported as locked.
        """
        sealed = {
            session.tenant_id: session for session, _, credential in entries if credential and credential.envelope
        }
        for tenant_id, session in sealed.items():
            if tenant_id == self._tenant_id:
                if not await self.dialogs.ensure_unlocked("verify its keys") and not self._everyone:
                    return False
            else:
                with suppress(Locked):
                    await keyring.unlock(session)
        return True
