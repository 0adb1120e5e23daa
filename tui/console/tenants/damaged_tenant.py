"""The page of a tenant whose settings cannot be read: the damage, and earlier states to restore."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget

from tui.console.frame.chrome import HeaderState, ScreenText
from tui.console.frame.screen import PageScreen, problem_text
from tui.console.keys import bind, hint, key_of
from tui.console.remedies import problem_hint
from tui.console.widgets.form import Button, Form
from tui.console.widgets.row_list import Item, Rows
from tui.console.widgets.static_text import Plain, Words, line
from tui.console.widgets.symbols import BROKEN, HEADING, MUTED
from tui.errors import Problem
from tui.paths import paths
from tui.storage.settings_file import CorruptSettings, Damage
from tui.tenancy.timestamps import long_time
from tui.workspace import audit, tenants
from tui.workspace.tenants import State, TenantRow


class DamagedTenant(PageScreen[bool]):
    """Answers True once the tenant can be read again."""

    CSS = "DamagedTenant Rows { height: auto; max-height: 6; }"
    BINDINGS: ClassVar[list[BindingType]] = [bind("damaged.again", "look_again")]

    def __init__(self, row: TenantRow) -> None:
        super().__init__()
        self.row = row
        self.states: list[State] = []
        self._explanation = Plain()
        self._states = Rows(id="states")
        self._restore = Button("Restore the selected", id="restore", primary=True)
        self._accept = Button("Accept the edit", id="accept")
        self._leave_it = Button("Leave it", id="leave")
        self._problem = Plain()

    @property
    def damage(self) -> CorruptSettings | None:
        """What is wrong with the file itself; None if it is intact but its location or permissions are unsafe."""
        return self.row.problem if isinstance(self.row.problem, CorruptSettings) else None

    def content(self) -> Iterable[Widget]:
        with Form():
            yield self._explanation
            yield self._states
            yield Plain()
            yield self._restore
            yield self._accept
            yield self._leave_it
            yield self._problem

    def header_state(self) -> HeaderState:
        return HeaderState(self.row.id, state="damaged" if self.damage else "cannot be read")

    def chrome(self) -> ScreenText:
        enter = "list.choose: choose" if self.focused is self._states else "form.press"
        keys = (enter, "focus.up focus.down: move", *(() if self.states else ("damaged.again",)), "page.back")
        right = f"{BROKEN} settings damaged" if self.damage else f"{BROKEN} cannot be read"
        return ScreenText(f"Tenants › {self.row.id}", keys, right, strip=self._strip())

    def _strip(self) -> tuple[Words, Words]:
        if self.focused is self._accept:
            return (
                "The file is accepted as it is; its earlier states are kept.",
                "A key whose fields were edited can no longer be decrypted.",
            )
        if not self.states:
            return "Other tenants are not affected.", ""
        copy_name = self.navigator.session.store(self.row.id).copy_name()
        omissions = audit.changes_since(self.navigator.session.tenant(self.row.id), self._selected)
        more = f" and {len(omissions) - 1} more" if len(omissions) > 1 else ""
        return (
            f"Not in this state: {omissions[0]}{more}."
            if omissions
            else "Restoring replaces the settings with this state and opens the tenant.",
            f"The damaged file is kept as {copy_name}." if copy_name else "",
        )

    def on_mount(self) -> None:
        self._show()

    def _show(self) -> None:
        restorable = self.damage is not None and self.damage.kind is not Damage.NEWER
        earlier = tenants.earlier(self.navigator.session.tenant(self.row.id)) if restorable else []
        self.states = [entry for entry in earlier if entry.problem is None]
        self._explanation.show(Content("\n").join(line("   ", sentence) for sentence in ["", *self._sentences()]))
        self._states.show([Item(state.name, partial(self._draw_state, state)) for state in self.states])
        self._states.display = self._restore.display = bool(self.states)
        self._accept.display = (
            self.damage is not None
            and tenants.hand_edited_state(self.navigator.session.tenant(self.row.id)) is not None
        )
        (self._states if self.states else self._leave_it).focus()
        self.refresh_chrome()

    def _sentences(self) -> list[Words]:
        problem = self.row.problem
        if problem is None:
            return []
        if self.damage is None:
            return [
                problem.message,
                *problem_hint(problem).split("\n"),
                "",
                (f"{key_of('damaged.again')} reads it again. {self.row.id} is not changed until then.", MUTED),
            ]
        where = paths(self.navigator.session.environ).short(Path(self.damage.path))
        lines: list[Words] = [
            f"The settings of {self.row.id} cannot be read: {self.damage.what}.",
            problem_hint(problem),
            "",
            where,
            "",
        ]
        if self.states:
            return [*lines, ("Readable earlier states", HEADING)]
        if self.damage.kind is Damage.NEWER:
            return lines
        return [
            *lines,
            "There is no earlier state.",
            hint("Restore a backup, or remove the tenant with {tenants.remove} in the list."),
        ]

    def _draw_state(self, state: State, cells: int) -> Content:
        counts = (
            f"{long_time(state.saved, self.navigator.session.now()):<16}{_count_noun(state.providers, 'provider'):<14}"
            f"{_count_noun(state.added, 'added model'):<17}{_count_noun(state.defaults, 'default'):<13}"
        )
        return line(counts, ("the newest" if state is self.states[0] else "", MUTED))

    @property
    def _selected(self) -> State:
        return next((state for state in self.states if state.name == self._states.key), self.states[0])

    def on_rows_moved(self) -> None:
        self.refresh_chrome()

    def on_rows_chosen(self) -> None:
        self._restore.focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button is self._leave_it:
            self.dismiss(None)
        else:
            self.run_worker(self._show_result(event.button), group="mend", exclusive=True, exit_on_error=False)

    async def _show_result(self, how: Button) -> None:
        session, tenant_id = self.navigator.session, self.row.id
        try:
            await (
                tenants.accept_edit(session.tenant(tenant_id))
                if how is self._accept
                else tenants.restore(session.tenant(tenant_id), self._selected.name, self._selected.generation)
            )
        except Problem as problem:
            self._problem.show(problem_text(problem))
            return
        self._look()

    def action_look_again(self) -> None:
        self._look()

    def _look(self) -> None:
        self.row = tenants.row(self.navigator.session.tenant(self.row.id))
        if self.row.tenant is not None:
            self.dialogs.toast(f"{self.row.tenant.name} can be read again.")
            self.dismiss(True)
        else:
            self._show()


def _count_noun(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
