"""The page that renames a tenant; its ID and folder stay."""

from collections.abc import Iterable

from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.other_operators import OtherOperators
from tui.console.frame.screen import PageScreen, problem_lines
from tui.console.remedies import problem_hint
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.static_text import Plain
from tui.domain import Tenant
from tui.errors import Problem
from tui.tenancy import tenants as tenant_registry
from tui.workspace import tenants
from tui.workspace.conflicts import Baseline


class Rename(PageScreen[str]):
    """Answers with what was done, in a sentence."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__()
        self.tenant = tenant
        help_line = f"Up to {tenant_registry.MAX_NAME} characters. Its ID stays {tenant.id}."
        self._name_row = FieldRow("name", "Name", tenant.name, help=(help_line,))

    def content(self) -> Iterable[Widget]:
        with Form():
            yield OtherOperators("tenant name", self.tenant.id)
            yield Plain()
            yield self._name_row
            yield Plain()
            yield Button("Rename", id="rename", primary=True)

    def chrome(self) -> ScreenText:
        keys = ("field.next", "field.clear") if self.typing else ("form.press",)
        strip = ("Keys, models and defaults stay as they are.", "Commands take the new name or the id.")
        return ScreenText(f"Tenants › {self.tenant.name} › rename", (*keys, "page.back"), strip=strip)

    def on_mount(self) -> None:
        self._name_row.field.cursor_position = len(self._name_row.value)
        self._name_row.field.focus()

    def unsaved(self) -> str:
        return "What you typed will be lost." if self._name_row.value.strip() != self.tenant.name else ""

    def on_input_changed(self) -> None:
        self._name_row.show_lines()

    def on_field_row_next(self) -> None:
        self.focus_next()

    def on_button_pressed(self) -> None:
        self.run_worker(self._rename(), group="rename", exclusive=True, exit_on_error=False)

    async def _save(self, overwrite: bool) -> Tenant:
        session, baseline = self.navigator.session.tenant(self.tenant.id), Baseline(self.tenant.name)
        return await tenants.rename(session, self._name_row.value, None if overwrite else baseline)

    async def _rename(self) -> None:
        try:
            renamed = await self.dialogs.over_conflict(self._save)
        except Problem as problem:
            self._name_row.show_lines(*problem_lines(problem.message, problem_hint(problem)))
            self._name_row.field.focus()
            return
        if renamed is None:
            return
        self.dismiss(f"{self.tenant.name} is now {renamed.name}." if renamed.name != self.tenant.name else None)
