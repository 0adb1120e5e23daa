"""How the area of the providers looks: the list, and the details of the one under the cursor."""

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget

from tui.console.actions import bind, hint
from tui.console.chrome import ScreenText
from tui.console.providers.checks import Checks
from tui.console.providers.details import Details
from tui.console.providers.rows import matches, provider_items
from tui.console.providers.summary import (
    done_between,
    strip_of_both,
    strip_of_credential,
    strip_of_field,
    strip_of_problem,
    strip_of_row,
    strip_of_trial,
)
from tui.console.screen import AreaScreen
from tui.console.trial_status import has_choice
from tui.console.widgets.filter_bar import Filter
from tui.console.widgets.row_list import Rows, text_item
from tui.console.widgets.static_text import Words
from tui.console.widgets.symbols import WORKING, sign
from tui.domain import Credential, ProviderState
from tui.sanitize import one_line
from tui.tenancy import credentials, keyring
from tui.tenancy.timestamps import when
from tui.workspace import tenants
from tui.workspace.credentials import status
from tui.workspace.credentials.status import ProviderRow

WIDE = 100
"""Columns from which the details stand beside the list."""

_LIST = 60
_REST = 0.15
"""Seconds that the cursor rests before the details follow it."""

_NEEDS = (ProviderState.REFUSED, ProviderState.UNDECRYPTABLE, ProviderState.UNCONFIRMED)


class ProviderList(AreaScreen):
    """What is shown and how one moves in it; what can be done is in `providers`."""

    AREA = "providers"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("providers.filter", "filter"),
        bind("providers.details", "details"),
        bind("providers.list", "list"),
    ]
    DEFAULT_CSS = f"""
    ProviderList #left {{ width: 1fr; }}
    ProviderList Filter {{ display: none; }}
    ProviderList.-filtering Filter {{ display: block; }}
    ProviderList #details {{ display: none; width: 1fr; }}
    ProviderList.-reading #left {{ display: none; }}
    ProviderList.-reading #details {{ display: block; }}
    ProviderList.-wide #left {{ display: block; width: {_LIST}; }}
    ProviderList.-wide #details {{ display: block; border-left: solid $foreground 50%; }}
    """

    def __init__(self) -> None:
        super().__init__()
        self.tenant_id = ""
        self.rows: list[ProviderRow] = []
        self._shown: tuple[object, ...] = ()
        self._said: tuple[str, Words, Words] = ("", "", "")
        self._resting: Timer | None = None
        self.checks = Checks(self, self._redraw)

    def content(self) -> Iterable[Widget]:
        with Horizontal():
            with Vertical(id="left"):
                yield Filter("providers.filter", id="filter")
                yield Rows(id="list")
            yield Rows(id="details")

    # --- what is shown ---

    @property
    def wide(self) -> bool:
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
        return self.focused is self.details or (self.has_class("-reading") and not self.wide)

    @property
    def row(self) -> ProviderRow | None:
        return next((each for each in self.rows if each.provider.id == self.listed.key), None)

    @property
    def credential(self) -> Credential | None:
        """The credential under the cursor: the one in use, unless another one's row of the details has it."""
        row = self.row
        kind, _, name = self.details.key.partition(":")
        if row is not None and self.reading and kind == "credential":
            held = credentials.listing(self.app.session.tenant(self.tenant_id), row.provider.id)
            return next((each for each in held if each.name == name), None)
        return row.credential if row else None

    @property
    def on_other(self) -> bool:
        """Whether the cursor is on a credential that is not in use."""
        return self.reading and self.details.key.startswith("credential:")

    def on_mount(self) -> None:
        self.tenant_id = self.app.tenant_id
        self.rows = status.rows(self.app.session.tenant(self.tenant_id))
        needing = [each for each in self.rows if each.state in _NEEDS or each.found]
        self._draw(needing[0].provider.id if needing else None)
        self.listed.focus()

    def on_screen_resume(self) -> None:
        if self.tenant_id:
            self.reload()

    def on_resize(self, event: events.Resize) -> None:
        wide = event.size.width >= WIDE
        if self.focused is self.details:
            self.set_class(not wide, "-reading")
        self.set_class(wide, "-wide")
        self.details.gutter_cells = 1 if wide else 3
        self._redraw()
        self._tell()

    def changed_elsewhere(self) -> None:
        before = self.rows
        self.reload()
        session = self.app.session
        if tenants.other_session(session.tenant(self.tenant_id)) and (done := done_between(before, self.rows)):
            at = when(tenants.saved_at(session.tenant(self.tenant_id)), session.now())
            self.say(f"Another session {done}{f' at {at}' if at else ''}.", "The list is up to date.")

    def hide_when_locked(self) -> None:
        self.reload()

    def reload(self) -> None:
        """Read the rows anew, and show what changed."""
        self.rows = status.rows(self.app.session.tenant(self.tenant_id))
        self._redraw()
        self._tell()

    def _redraw(self) -> None:
        if self.tenant_id and self.is_mounted:
            self._draw()
            self.refresh_chrome()

    def _draw(self, key: str | None = None) -> None:
        words = self.query_one(Filter).text.casefold().split()
        rows = [each for each in self.rows if matches(each, words)]
        doing = self.checks.doing
        shown = (rows, doing, self.wide, words)
        if shown == self._shown and key is None:
            return
        self._shown = shown
        nothing = f"No provider has {' and '.join(map(one_line, words))} in it."
        items = provider_items(rows, doing, self.wide)
        self.listed.show(
            items or [text_item("", nothing), text_item("", hint("{area.escape} clears the filter."))], key
        )

    def _tell(self) -> None:
        """Bring the details to the provider under the cursor."""
        row = self.row
        items = Details(self.app.session.tenant(self.tenant_id), row).items(self.wide) if row and self.tenant_id else []
        self.details.show(items)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        self.refresh_chrome()
        if event.rows is self.listed and self.wide:
            if self._resting is not None:
                self._resting.stop()
            self._resting = self.set_timer(_REST, self._tell)

    # --- the words around it ---

    def chrome(self) -> ScreenText:
        row = self.row
        usable = sum(each.usable for each in self.rows)
        title, right = "Providers", self.checks.progress or f"{usable} of {len(self.rows)} can be used"
        if self.reading and row:
            title = f"Providers › {row.provider.label}"
            if not self.wide:
                doing = self.checks.doing.get(row.provider.id)
                right = (
                    f"{WORKING} {doing}" if doing else f"{sign(row.state)[0]} {row.word if row.on_trial else row.state}"
                )
        return ScreenText(title, self._keys(row), right, strip=self._strip(row))

    def _keys(self, row: ProviderRow | None) -> tuple[str, ...]:
        filtered = bool(self.query_one(Filter).text)
        if self.typing:
            return ("filter.done", "area.escape: clear")
        set_up = row is not None and row.credential is not None
        shut = row is not None and row.state is ProviderState.UNDECRYPTABLE
        reading, other = self.reading, self.on_other
        verify = (
            "providers.verify: confirm"
            if row is not None and row.state is ProviderState.UNCONFIRMED and not other
            else "providers.verify"
        )
        lent = row is not None and has_choice(row)
        change = "list.choose: replace" if shut else "list.choose: change"
        leave = (
            "area.escape: stop"
            if self.checks
            else "area.escape"
            if reading
            else "area.escape: clear"
            if filtered
            else ""
        )
        return tuple(
            word
            for word, works in (
                (change if reading or (self.wide and set_up) else "list.choose", row),
                (verify, set_up and not (shut and not other)),
                ("providers.verify-all", not reading and any(each.credential for each in self.rows)),
                ("providers.add", set_up and not reading),
                ("providers.refresh", set_up and not reading),
                ("providers.source", lent and not reading),
                ("providers.new", set_up and (reading or self.wide)),
                ("providers.use", reading and other),
                (
                    "providers.remove: forget" if shut and not other else "providers.remove",
                    set_up and (reading or self.wide),
                ),
                ("providers.source", lent and reading),
                ("providers.filter", not reading),
                ("app.commands", not reading and self.wide),
                (leave, leave),
            )
            if works
        )

    def _strip(self, row: ProviderRow | None) -> tuple[Words, Words]:
        place, *said = self._said
        if any(said) and place == self._place:
            return said[0], said[1]
        if row is None:
            return "", ""
        now, held = self.app.session.now(), self.credential
        problem = self.checks.problems.get(row.provider.id)
        if problem is not None:
            return strip_of_problem(problem)
        if held is not None and self.on_other:
            return strip_of_credential(row, held, now)
        if row.on_trial:
            return strip_of_trial(row)
        if held is not None and row.state in (ProviderState.READY, ProviderState.UNVERIFIED) and self.reading:
            return strip_of_field(held, now)
        if held is not None and row.state is ProviderState.READY and self.wide and self.unlocked:
            return strip_of_both(row, held, now)
        if row.credential is None and not row.found and not any(each.credential or each.trial for each in self.rows):
            return "No provider is set up yet.", hint("{list.choose} sets up the one under the cursor.")
        return strip_of_row(row, now, locked=not self.unlocked)

    @property
    def unlocked(self) -> bool:
        return keyring.is_open(self.app.session.tenant(self.tenant_id))

    @property
    def _place(self) -> str:
        return f"{self.listed.key}/{self.details.key if self.reading else ''}"

    def say(self, first: Words, second: Words = "") -> None:
        """Show that in the strip until the cursor moves."""
        self._said = (self._place, first, second)
        self.refresh_chrome()

    # --- moving about ---

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
        if row is not None and self.focused is self.listed and (self.wide or row.credential is not None):
            self._tell()
            self.details.action_end(False)
            self.set_class(not self.wide, "-reading")
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
