"""The Providers screen: the list, the details of the selected one, and their actions."""

from collections.abc import Awaitable, Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import AreaScreen
from tui.console.keys import bind, hint
from tui.console.providers import actions, summary
from tui.console.providers.checks import Checks
from tui.console.providers.details import ProviderDetails
from tui.console.providers.footer import footer
from tui.console.providers.rows import matches, no_match, provider_items
from tui.console.trial_status import has_choice, switch
from tui.console.widgets.filter_bar import Filter
from tui.console.widgets.row_list import Rows
from tui.console.widgets.static_text import Words
from tui.domain import Credential, ProviderState, previous_of
from tui.errors import Problem
from tui.tenancy import credentials, keyring
from tui.tenancy.session import TenantSession
from tui.tenancy.timestamps import short_time
from tui.workspace import conflicts, tenants
from tui.workspace.credentials import status
from tui.workspace.credentials.status import ProviderRow

DETAILS_WIDTH = 100
"""Columns from which the details are shown beside the list."""

_LIST = 60
_DETAILS_DELAY = 0.15
"""Seconds that the cursor rests before the details follow it."""


class Providers(AreaScreen):
    """The list and, in its place or beside it, the details of the provider under the cursor."""

    AREA = "providers"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("providers.filter", "filter"),
        bind("providers.details", "details"),
        bind("providers.list", "list"),
        bind("providers.verify", "verify"),
        bind("providers.verify-all", "verify_all"),
        bind("providers.connect", "connect"),
        bind("providers.add", "add"),
        bind("providers.refresh", "refresh"),
        bind("providers.source", "source"),
        bind("providers.new", "new"),
        bind("providers.use", "use"),
        bind("providers.remove", "remove"),
        bind("providers.doctor", "page('doctor')"),
        bind("providers.health", "page('health')"),
        bind("providers.expiry", "page('expiry')"),
    ]
    DEFAULT_CSS = f"""
    Providers #left {{ width: 1fr; }}
    Providers Filter {{ display: none; }}
    Providers.-filtering Filter {{ display: block; }}
    Providers #details {{ display: none; width: 1fr; }}
    Providers.-reading #left {{ display: none; }}
    Providers.-reading #details {{ display: block; }}
    Providers.-wide #left {{ display: block; width: {_LIST}; }}
    Providers.-wide #details {{ display: block; border-left: solid $foreground 50%; }}
    """

    def __init__(self) -> None:
        super().__init__()
        self._session: TenantSession | None = None
        self.rows: list[ProviderRow] = []
        self._shown: tuple[object, ...] = ()
        self._message: tuple[str, Words, Words] = ("", "", "")
        self._resting: Timer | None = None
        self.checks = Checks(self, self._redraw)

    def content(self) -> Iterable[Widget]:
        with Horizontal():
            with Vertical(id="left"):
                yield Filter("providers.filter", id="filter")
                yield Rows(id="list")
            yield Rows(id="details")

    @property
    def session(self) -> TenantSession:
        """The session of the tenant whose providers these are."""
        assert self._session is not None
        return self._session

    @property
    def is_wide(self) -> bool:
        return self.has_class("-wide")

    @property
    def listed(self) -> Rows:
        return self.query_one("#list", Rows)

    @property
    def details(self) -> Rows:
        return self.query_one("#details", Rows)

    @property
    def reading(self) -> bool:
        """Whether keys are about the details."""
        return self.focused is self.details or (self.has_class("-reading") and not self.is_wide)

    @property
    def row(self) -> ProviderRow | None:
        return next((row for row in self.rows if row.provider.id == self.listed.key), None)

    @property
    def credential(self) -> Credential | None:
        """The credential under the cursor: the one in use, unless another one's row of the details has it."""
        row = self.row
        kind, _, name = self.details.key.partition(":")
        if row is not None and self.reading and kind == "credential":
            return credentials.find(self.session, row.provider.id, name)
        return row.credential if row else None

    @property
    def on_other(self) -> bool:
        """Whether the cursor is on a credential that is not in use."""
        return self.reading and self.details.key.startswith("credential:")

    def on_mount(self) -> None:
        self._session = self.navigator.tenant_session
        self.rows = status.rows(self.session)
        self._draw(summary.first_to_act_on(self.rows))
        self.listed.focus()

    def on_screen_resume(self) -> None:
        if self._session is not None:
            self.reload()

    def on_resize(self, event: events.Resize) -> None:
        wide = event.size.width >= DETAILS_WIDTH
        self.set_class(wide, "-wide")
        if self.focused is self.details:
            self.set_class(not wide, "-reading")
        self.details.gutter_cells = 1 if wide else 3
        self._redraw()
        self._update_details()

    def changed_elsewhere(self) -> None:
        before = self.rows
        self.reload()
        if conflicts.other_session(self.session) and (done := summary.done_between(before, self.rows)):
            at = short_time(tenants.saved_at(self.session), self.session.now())
            who = conflicts.writer_name(self.session)
            self.set_hint(f"{who} {done}{f' at {at}' if at else ''}.", "The list is up to date.")

    def hide_when_locked(self) -> None:
        self.reload()

    def reload(self) -> None:
        """Read the rows again, and show what changed."""
        self.rows = status.rows(self.session)
        self._redraw()
        self._update_details()

    def _redraw(self) -> None:
        if self._session is not None and self.is_mounted:
            self._draw()
            self.refresh_chrome()

    def _draw(self, key: str | None = None) -> None:
        words = self.query_one(Filter).text.casefold().split()
        rows = [row for row in self.rows if matches(row, words)]
        activities = self.checks.running_checks
        shown = (rows, activities, self.is_wide, words)
        if shown == self._shown and key is None:
            return
        self._shown = shown
        self.listed.show(provider_items(rows, activities, self.is_wide) or no_match(words), key)

    def _update_details(self) -> None:
        """Bring the details to the provider under the cursor."""
        row, cells = self.row, self.size.width - (_LIST + 2 if self.is_wide else 3)
        items = ProviderDetails(self.session, row, cells).items(self.is_wide) if row and self._session else []
        self.details.show(items)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        self.refresh_chrome()
        if event.rows is self.listed and self.is_wide:
            if self._resting is not None:
                self._resting.stop()
            self._resting = self.set_timer(_DETAILS_DELAY, self._update_details)

    def chrome(self) -> ScreenText:
        row = self.row
        usable = sum(row.usable for row in self.rows)
        title, right = "Providers", self.checks.progress or f"{usable} of {len(self.rows)} ready"
        if self.reading and row:
            title = f"Providers › {row.provider.label}"
            if not self.is_wide:
                right = summary.state_words(row, self.checks.running_checks.get(row.provider.id, ""))
        return ScreenText(title, self._keys(row), right, strip=self._strip(row))

    def _keys(self, row: ProviderRow | None) -> tuple[str, ...]:
        if self.typing:
            return ("filter.done", "area.escape: clear")
        filtered = bool(self.query_one(Filter).text)
        leave = "area.escape: stop" if self.checks else "area.escape" if self.reading else "area.escape: clear"
        return footer(
            row,
            reading=self.reading,
            on_other=self.on_other,
            wide=self.is_wide,
            any_set_up=any(other.credential for other in self.rows),
            leave=leave if self.checks or self.reading or filtered else "",
        )

    def _strip(self, row: ProviderRow | None) -> tuple[Words, Words]:
        place, first, second = self._message
        if (first or second) and place == self._place:
            return first, second
        if row is None:
            return "", ""
        return summary.strip_of(
            row,
            self.credential,
            self.navigator.session.now(),
            problem=self.checks.problems.get(row.provider.id),
            on_other=self.on_other,
            reading=self.reading,
            wide=self.is_wide,
            locked=not keyring.is_open(self.session),
            untouched=not any(other.credential or other.trial for other in self.rows),
        )

    @property
    def _place(self) -> str:
        return f"{self.listed.key}/{self.details.key if self.reading else ''}"

    def set_hint(self, first: Words, second: Words = "") -> None:
        """Show that in the strip until the cursor moves."""
        self._message = (self._place, first, second)
        self.refresh_chrome()

    def action_filter(self) -> None:
        self.action_list()
        self.add_class("-filtering")
        self.query_one(Filter).field.focus()

    def on_filter_changed(self) -> None:
        self._redraw()

    def on_filter_done(self) -> None:
        self.listed.focus()

    def action_details(self) -> None:
        row = self.row
        if row is not None and self.focused is self.listed and (self.is_wide or row.credential is not None):
            self._update_details()
            self.details.action_end(False)
            self.set_class(not self.is_wide, "-reading")
            self.details.focus()

    def action_list(self) -> None:
        if self.focused is not self.listed:
            self.remove_class("-reading")
            self.listed.focus()

    def action_escape(self) -> None:
        if self.checks:
            self.workers.cancel_group(self, "checks")
        elif self.reading:
            self.action_list()
        else:
            self.query_one(Filter).clear()
            self.remove_class("-filtering")
            self.listed.focus()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        row = self.row
        if row is None:
            return
        if event.rows is self.listed and row.credential is not None and not self.is_wide:
            self.action_details()
            return
        options = {"name": row.credential.name} if row.credential else {}
        if event.rows is self.details:
            kind, _, name = self.details.key.partition(":")
            if kind == "credential" and previous_of(name):
                self.set_hint(*summary.previous_key_words())
                return
            options["name" if kind == "credential" else "field"] = name
        self.run_guarded(self._set_up(row, **options), "form")

    def show_problem(self, problem: Problem) -> None:
        self.set_hint(*summary.strip_of_problem(problem))

    async def _set_up(self, row: ProviderRow, **options: str) -> None:
        await self.navigator.set_up(row.provider.id, **options)
        self.checks.problems.pop(row.provider.id, None)
        self.reload()

    async def _then_show(self, work: Awaitable[str | bool]) -> bool:
        """Do it, then show the rows as they are now and the notice it returns. Return False if nothing was done."""
        result = await self.run_undoable(self.session, work)
        self._message = ("", "", "")
        self.reload()
        if isinstance(result, str) and result:
            self.dialogs.toast(result)
        return bool(result)

    def action_verify(self) -> None:
        row, credential = self.row, self.credential
        if row is None or credential is None:
            self.set_hint("There is no key to verify yet.", hint("{list.choose} sets it up."))
        elif status.credential_state(self.session, credential).state is ProviderState.UNCONFIRMED:
            self.run_guarded(self._then_show(self.dialogs.ensure_unlocked(again=True)), "form")
        else:
            self.run_guarded(self._verify([(row, credential)]), "checks", exclusive=False)

    def action_verify_all(self) -> None:
        pairs = [(row, row.credential) for row in self.rows if row.credential]
        self.run_guarded(self._then_show(self._verify(pairs)), "checks", exclusive=False)

    async def _verify(self, pairs: Sequence[tuple[ProviderRow, Credential]]) -> str:
        if not await actions.unlocked_for_check(self.dialogs, pairs):
            return ""
        self._message = ("", "", "")
        await self.checks.run(actions.checks_of(self.session, pairs, self.reload))
        return summary.verified_words(self.rows, {row.provider.id for row, _ in pairs})

    def action_refresh(self) -> None:
        row = self.row
        if row is None or row.credential is None:
            self.set_hint("It is not set up, so it lists no models.", hint("{list.choose} sets it up."))
        else:
            self.run_guarded(self._refresh(row, row.credential), "checks", exclusive=False)

    async def _refresh(self, row: ProviderRow, credential: Credential) -> None:
        async def refresh() -> None:
            await self._then_show(actions.refresh(self.session, row))

        if await actions.unlocked_for_listing(self.dialogs, row, credential):
            await self.checks.run([(row.provider.id, "listing", refresh)])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "source":
            return True if self.row is not None and has_choice(self.row) else None
        return super().check_action(action, parameters)

    def action_source(self) -> None:
        if (row := self.row) is not None:
            self.run_guarded(self._then_show(switch(self.session, row)), "form")

    def action_add(self) -> None:
        row = self.row
        if row is None or row.credential is None:
            self.set_hint("A model can be added once the provider is set up.", hint("{list.choose} sets it up."))
        else:
            self.run_guarded(self._then_show(self.navigator.add_model(row.provider.id)), "form")

    def action_connect(self) -> None:
        self.run_guarded(self._connect(), "form")

    async def _connect(self) -> None:
        if name := await self.navigator.add_provider():
            self.reload()
            self._draw(name)

    def action_new(self) -> None:
        if (row := self.row) is not None:
            self.run_guarded(self._set_up(row, **({"name": ""} if row.credential else {})), "form")

    def action_use(self) -> None:
        row, credential = self.row, self.credential
        if row is None:
            return
        if credential is None or not self.on_other:
            self.set_hint(*summary.in_use_words(row.credential))
        else:
            self.run_guarded(self._then_show(actions.switch(self.session, self.dialogs, row, credential)), "form")

    def action_page(self, name: str) -> None:
        """Open the doctor of the provider, the health of all keys, or the expiry of its key."""
        if self.row is not None:
            self.run_guarded(self._then_show(actions.open_page(self, name, self.row, self.credential)), "form")

    def action_remove(self) -> None:
        row, credential = self.row, self.credential
        if row is None or not (row.credential or row.models or row.added or row.provider.kind):
            self.set_hint("There is nothing to remove.")
        else:
            self.run_guarded(self._remove(row, credential.name if credential and self.on_other else ""), "form")

    async def _remove(self, row: ProviderRow, name: str) -> None:
        if await self._then_show(actions.remove(self.session, self.dialogs, row, name)):
            self.checks.problems.pop(row.provider.id, None)
            if not name:
                self.action_list()
            self.refresh_chrome()
