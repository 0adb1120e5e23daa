"""All providers of the tenant: how each stands, its details, and the way to its form."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget

from tui.domain import Credential
from tui.errors import Problem
from tui.screens.area import Area
from tui.screens.checks import Checks, Work
from tui.screens.provider_words import (
    removal_lines,
    strip_of_both,
    strip_of_credential,
    strip_of_field,
    strip_of_problem,
    strip_of_row,
    use_lines,
)
from tui.text import one_line
from tui.widgets.filter import Filter
from tui.widgets.frame import Frame
from tui.widgets.glyphs import WORKING, sign
from tui.widgets.plain import Words
from tui.widgets.provider_details import Details
from tui.widgets.provider_rows import matches, provider_items
from tui.widgets.rows import Rows, text_item
from tui.workspace import credentials, models, tenants
from tui.workspace.credentials import ProviderRow

WIDE = 100
"""Columns from which the details stand beside the list."""

_LIST = 60
_REST = 0.15
"""Seconds that the cursor rests before the details follow it."""

_NEEDS = ("key refused", "cannot be opened")


class Providers(Area):
    """The list and, in its place or beside it, the details of the provider under the cursor."""

    AREA = "providers"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "verify", "Verify: ask whether the key works", id="providers.verify"),
        Binding("V", "verify_all", "Verify all", id="providers.verify-all"),
        Binding("a", "add", "Add a model by hand", id="providers.add"),
        Binding("r", "refresh", "Refresh its models", id="providers.refresh"),
        Binding("n", "new", "New credential", id="providers.new"),
        Binding("u", "use", "Use this credential", id="providers.use"),
        Binding("d", "remove", "Remove, asks first", id="providers.remove"),
        Binding("slash", "filter", "Filter the providers", id="providers.filter"),
        Binding("right", "details", "Go to the details", id="providers.details", show=False),
        Binding("left", "list", "Go back to the list", id="providers.list", show=False),
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
        self._tenant = ""
        self._known: list[ProviderRow] = []
        self._shown: tuple[object, ...] = ()
        self._said: tuple[str, Words, Words] = ("", "", "")
        self._resting: Timer | None = None
        self.checks = Checks(self, self._redraw)

    def content(self) -> Iterable[Widget]:
        with Horizontal():
            with Vertical(id="left"):
                yield Filter(id="filter")
                yield Rows(id="list")
            yield Rows(id="details")

    # --- what is shown ---

    @property
    def _wide(self) -> bool:
        return self.has_class("-wide")

    @property
    def _list(self) -> Rows:
        return self.query_one("#list", Rows)

    @property
    def _details(self) -> Rows:
        return self.query_one("#details", Rows)

    @property
    def _reading(self) -> bool:
        """Whether keys are about the details."""
        return self.focused is self._details or (self.has_class("-reading") and not self._wide)

    @property
    def _row(self) -> ProviderRow | None:
        return next((each for each in self._known if each.provider.id == self._list.key), None)

    @property
    def _credential(self) -> Credential | None:
        """The credential under the cursor: the one in use, unless another one's row of the details has it."""
        row = self._row
        kind, _, name = self._details.key.partition(":")
        if row is not None and self._reading and kind == "credential":
            held = credentials.listing(self.app.desk, self._tenant, row.provider.id)
            return next((each for each in held if each.name == name), None)
        return row.credential if row else None

    def on_mount(self) -> None:
        self._tenant = self.app.tenant_id
        self._known = credentials.rows(self.app.desk, self._tenant)
        needing = [each for each in self._known if each.state in _NEEDS or each.found]
        self._draw(needing[0].provider.id if needing else None)
        self._list.focus()

    def on_screen_resume(self) -> None:
        if self._tenant:
            self._reload()

    def on_resize(self, event: events.Resize) -> None:
        wide = event.size.width >= WIDE
        if self.focused is self._details:
            self.set_class(not wide, "-reading")
        self.set_class(wide, "-wide")
        self._details.gutter_cells = 1 if wide else 3
        self._redraw()
        self._tell()

    def changed_elsewhere(self) -> None:
        before = self._known
        self._reload()
        if self._known != before:
            self._say("Another session changed the providers.", "The list is up to date.")

    def locked(self) -> None:
        self._reload()

    def _reload(self) -> None:
        """Read the rows anew, and show what changed."""
        self._known = credentials.rows(self.app.desk, self._tenant)
        self._redraw()
        self._tell()

    def _redraw(self) -> None:
        if self._tenant and self.is_mounted:
            self._draw()
            self.reframe()

    def _draw(self, key: str | None = None) -> None:
        words = self.query_one(Filter).text.casefold().split()
        rows = [each for each in self._known if matches(each, words)]
        doing = self.checks.doing
        shown = (rows, doing, self._wide, words)
        if shown == self._shown and key is None:
            return
        self._shown = shown
        nothing = f"No provider has {' and '.join(map(one_line, words))} in it."
        items = provider_items(rows, doing, self._wide)
        self._list.show(items or [text_item("", nothing), text_item("", "esc clears the filter.")], key)

    def _tell(self) -> None:
        """Bring the details to the provider under the cursor."""
        row = self._row
        items = Details(self.app.desk, self._tenant, row).items(self._wide) if row and self._tenant else []
        self._details.show(items)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        self.reframe()
        if event.rows is self._list and self._wide:
            if self._resting is not None:
                self._resting.stop()
            self._resting = self.set_timer(_REST, self._tell)

    # --- the words around it ---

    def frame(self) -> Frame:
        row = self._row
        usable = sum(each.usable for each in self._known)
        title, right = "Providers", self.checks.progress or f"{usable} of {len(self._known)} can be used"
        if self._reading and row:
            title = f"Providers › {row.provider.label}"
            if not self._wide:
                doing = self.checks.doing.get(row.provider.id)
                right = f"{WORKING} {doing}" if doing else f"{sign(row.state)[0]} {row.state}"
        return Frame(title, self._keys(row), right, strip=self._strip(row))

    def _keys(self, row: ProviderRow | None) -> tuple[str, ...]:
        filtered = bool(self.query_one(Filter).text)
        if self.typing:
            return ("down to list", "esc clear", "f1 help")
        set_up = row is not None and row.credential is not None
        shut = row is not None and row.state == "cannot be opened"
        reading, other = self._reading, self._credential is not (row.credential if row else None)
        change = "enter replace" if shut else "enter change"
        leave = "esc stop" if self.checks else "esc back" if reading else "esc clear" if filtered else ""
        return tuple(
            word
            for word, works in (
                (change if reading or (self._wide and set_up) else "enter open", row),
                ("v verify", set_up and not (shut and not other)),
                ("V verify all", not reading and any(each.credential for each in self._known)),
                ("a add", set_up and not reading),
                ("r refresh", set_up and not reading),
                ("n new", set_up and (reading or self._wide)),
                ("u use", reading and other),
                ("d forget" if shut and not other else "d remove", set_up and (reading or self._wide)),
                ("/ filter", not reading),
                (": commands", not reading and self._wide),
                (leave, leave),
                ("? help", True),
            )
            if works
        )

    def _strip(self, row: ProviderRow | None) -> tuple[Words, Words]:
        place, *said = self._said
        if any(said) and place == self._place:
            return said[0], said[1]
        if row is None:
            return "", ""
        now, held = self.app.desk.now(), self._credential
        problem = self.checks.problems.get(row.provider.id)
        if problem is not None:
            return strip_of_problem(problem)
        if self._reading and held is not None and held is not row.credential:
            return strip_of_credential(row, held, now)
        if held is not None and row.state in ("ready", "not verified") and self._reading:
            return strip_of_field(held, now)
        if held is not None and row.state == "ready" and self._wide and self._open:
            return strip_of_both(row, held, now)
        if row.credential is None and not row.found and not any(each.credential for each in self._known):
            return "No provider is set up yet.", "enter sets up the one under the cursor."
        return strip_of_row(row, now, locked=not self._open)

    @property
    def _open(self) -> bool:
        return tenants.is_open(self.app.desk, self._tenant)

    @property
    def _place(self) -> str:
        return f"{self._list.key}/{self._details.key if self._reading else ''}"

    def _say(self, first: Words, second: Words = "") -> None:
        """Show that in the strip until the cursor moves."""
        self._said = (self._place, first, second)
        self.reframe()

    # --- moving about ---

    def action_filter(self) -> None:
        self.action_list()
        self.add_class("-filtering")
        self.query_one(Filter).field.focus()

    def on_filter_changed(self) -> None:
        self._redraw()

    def on_filter_done(self) -> None:
        self._list.focus()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        row = self._row
        if row is None:
            return
        if event.rows is self._list and row.credential is not None and not self._wide:
            self.action_details()
        else:
            kind, _, name = self._details.key.partition(":")
            wanted = {} if event.rows is self._list else {"name" if kind == "credential" else "field": name}
            self._set_up(row, **wanted)

    def action_details(self) -> None:
        row = self._row
        if row is not None and self.focused is self._list and (self._wide or row.credential is not None):
            self._tell()
            self._details.action_end(False)
            self.set_class(not self._wide, "-reading")
            self._details.focus()

    def action_list(self) -> None:
        if self.focused is not self._list:
            self.remove_class("-reading")
            self._list.focus()

    def action_escape(self) -> None:
        if self.checks:
            self.workers.cancel_group(self, "checks")
        elif self._reading:
            self.action_list()
        else:
            self.query_one(Filter).clear()
            self.remove_class("-filtering")
            self._list.focus()

    # --- actions ---

    def _work(self, work: Coroutine[Any, Any, None], group: str) -> None:
        async def guarded() -> None:
            try:
                await work
            except Problem as problem:
                self._say(*strip_of_problem(problem))

        self.run_worker(guarded(), group=group, exclusive=group != "checks", exit_on_error=False)

    def _set_up(self, row: ProviderRow, **wanted: Any) -> None:
        async def form() -> None:
            await self.app.set_up(row.provider.id, **wanted)
            self.checks.problems.pop(row.provider.id, None)
            self._reload()

        self._work(form(), "form")

    def action_verify(self) -> None:
        row, held = self._row, self._credential
        if row is None or held is None:
            self._say("There is no key to verify yet.", "enter sets it up.")
        else:
            self._work(self._check([(row, held)]), "checks")

    def action_verify_all(self) -> None:
        self._work(self._check([(each, each.credential) for each in self._known if each.credential]), "checks")

    async def _check(self, wanted: list[tuple[ProviderRow, Credential]]) -> None:
        waiting = f"the check of {wanted[0][0].provider.label}." if len(wanted) == 1 else "the check of all providers."
        if not await self._opened(wanted, waiting, "It is made as soon as the tenant is open."):
            return

        def verifying(row: ProviderRow, held: Credential) -> Callable[[], Awaitable[None]]:
            async def verify() -> None:
                await credentials.verify_stored(self.app.desk, self._tenant, row.provider.id, held.name)
                self._reload()

            return verify

        works: list[Work] = [(row.provider.id, "checking", verifying(row, held)) for row, held in wanted]
        self._said = ("", "", "")
        await self.checks.run(works)

    async def _opened(self, wanted: list[tuple[ProviderRow, Credential]], waiting: str, then: str) -> bool:
        """Whether what is wanted can be opened; the passphrase is asked where one of them holds a key."""
        sealed = any(held.envelope for _, held in wanted)
        return not sealed or self._open or await self.app.opened(waiting, then)

    def action_refresh(self) -> None:
        row = self._row
        if row is None or row.credential is None:
            self._say("It is not set up, so it lists no models.", "enter sets it up.")
        else:
            self._work(self._refresh(row, row.credential), "checks")

    async def _refresh(self, row: ProviderRow, held: Credential) -> None:
        label = row.provider.label
        waiting = f"the models of {label}."
        if not await self._opened([(row, held)], waiting, "They are listed as soon as the tenant is open."):
            return

        async def refresh() -> None:
            came = await models.refresh(self.app.desk, self._tenant, row.provider.id)
            self._reload()
            self.app.toast(f"{label}: {came.total:,} models, {len(came.added)} new, {len(came.gone)} gone.")

        await self.checks.run([(row.provider.id, "listing", refresh)])

    def action_add(self) -> None:
        row = self._row
        if row is None or row.credential is None:
            self._say("A model can be added once the provider is set up.", "enter sets it up.")
        else:
            self._work(self._add(row), "form")

    async def _add(self, row: ProviderRow) -> None:
        await self.app.add_model(row.provider.id)
        self._reload()

    def action_new(self) -> None:
        if (row := self._row) is not None:
            self._set_up(row, **({"name": ""} if row.credential else {}))

    def action_use(self) -> None:
        row, then = self._row, self._credential
        if row is None or row.credential is None:
            return
        if then is None or then is row.credential:
            self._say(f"{row.credential.name} is in use.", "u on another credential in the details uses that one.")
        else:
            self._work(self._use(row, row.credential, then), "form")

    async def _use(self, row: ProviderRow, now: Credential, then: Credential) -> None:
        choices = {"keep": f"Keep {now.name}", "use": f"Use {then.name}"}
        title = f"Use {then.name} instead of {now.name}"
        if await self.app.ask(title, use_lines(row, now, then), choices) == "use":
            await credentials.use(self.app.desk, self._tenant, row.provider.id, then.name)
            self._reload()
            self.app.toast(f"{row.provider.label} uses {then.name} now.")

    def action_remove(self) -> None:
        row, held = self._row, self._credential
        if row is None or not (row.credential or row.models or row.added):
            self._say("There is nothing to remove.", "")
            return
        one = held is not None and held is not row.credential
        self._work(self._remove(row, held.name if held and one else ""), "form")

    async def _remove(self, row: ProviderRow, name: str) -> None:
        desk, label = self.app.desk, row.provider.label
        verb = "Forget" if row.state == "cannot be opened" and not name else "Remove"
        what = f"{name} of {label}" if name else label
        lines = removal_lines(desk, self._tenant, row, name)
        if await self.app.ask(f"{verb} {what}", lines, {"keep": "Keep", "remove": verb}) != "remove":
            return
        if name:
            await credentials.remove(desk, self._tenant, row.provider.id, name)
        else:
            await credentials.remove_provider(desk, self._tenant, row.provider.id)
            self.action_list()
        self.checks.problems.pop(row.provider.id, None)
        self._reload()
        self.app.toast(f"{what} is removed.")
