"""What the forms that make a tenant have in common: its name, its passphrase, and the making of its key pair."""

from typing import Any

from tui.console.remedies import problem_hint
from tui.console.screen import FramedScreen, Result, problem_lines, problem_text
from tui.console.widgets.elapsed import elapsed
from tui.console.widgets.form import Button, FieldRow
from tui.console.widgets.passphrase_input import NewPassphrase
from tui.console.widgets.static_text import Plain
from tui.domain import Tenant
from tui.errors import Problem
from tui.tenancy import tenants as tenant_registry
from tui.workspace import tenants


class TenantForm(FramedScreen[Result]):
    """A form with a button that makes the tenant. What is wrong is said where it is; what was typed stays."""

    def __init__(self, label: str, help_lines: tuple[str, ...]) -> None:
        super().__init__()
        self.name_row = FieldRow("name", label)
        self.passphrase = NewPassphrase(help=help_lines)
        self.button = Button("Make the tenant", id="make")
        self.problem = Plain(id="problem")

    @property
    def more(self) -> dict[str, Any]:
        """What else the tenant is made with."""
        return {}

    async def made(self, tenant: Tenant) -> None:
        """It is made: go on."""
        raise NotImplementedError

    def make(self) -> None:
        """Begin, unless a field stands in the way."""
        self.problem.show("")
        try:
            tenant_registry.check_name(self.app.session, self.name_row.value)
        except Problem as problem:
            self.name_row.say(*problem_lines(problem.message, problem_hint(problem)))
            self.name_row.field.focus()
            return
        if self.passphrase.agree():
            self.run_worker(self._make(), group="make", exclusive=True, exit_on_error=False)

    def stop_making(self) -> None:
        """Make no tenant."""
        self.workers.cancel_group(self, "make")

    async def _make(self) -> None:
        try:
            with elapsed(self, lambda since: self.button.work(f"making the key pair{since}")):
                self.refresh_chrome()
                tenant = await tenants.create(
                    self.app.session, self.name_row.value, self.passphrase.secret, **self.more
                )
        except Problem as problem:
            self.problem.show(problem_text(problem))
            return
        finally:
            self.button.work()
            self.refresh_chrome()
        await self.made(tenant)
