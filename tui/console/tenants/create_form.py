"""The form that creates a tenant, shared by the first screen and the page."""

from collections.abc import Iterable
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from tui.console.frame.navigator import ConsoleNode
from tui.console.frame.screen import FramedScreen, problem_lines, problem_text
from tui.console.remedies import problem_hint
from tui.console.widgets.elapsed import elapsed
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.passphrase_input import NewPassphrase
from tui.console.widgets.static_text import Plain
from tui.domain import Tenant
from tui.errors import Problem
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import Session
from tui.workspace import tenants

CREATE = "Create tenant"


class TenantForm(ConsoleNode, Vertical):
    """The form. It posts `Submitted` to create the tenant; a problem is shown at its field.

    Args:
        session: The process that the tenant is created in.
        label: The label of the name.
        help_lines: Help under the passphrase.
        above: What is shown above the name.
        below_name: What is shown between name and passphrase.
        parts: What is shown between passphrase and button.
    """

    DEFAULT_CSS = """
    TenantForm { height: 1fr; }
    TenantForm > #problem { height: auto; }
    """

    class Submitted(Message):
        """Posted when the name is valid and the passphrase was typed twice alike."""

    def __init__(
        self,
        session: Session,
        label: str,
        help_lines: tuple[str, ...],
        *,
        above: Widget,
        below_name: Iterable[Widget] = (),
        parts: Iterable[Widget] = (),
    ) -> None:
        super().__init__()
        self._session = session
        self.name_row = FieldRow("name", label)
        self.passphrase = NewPassphrase(help=help_lines)
        self.button = Button(CREATE, id="make", primary=True)
        self._problem = Plain(id="problem")
        self._parts = (above, self.name_row, *below_name, self.passphrase, Plain(), *parts, Plain(), self.button)

    def compose(self) -> ComposeResult:
        yield Form(*self._parts)
        yield self._problem

    @property
    def creating(self) -> bool:
        """Whether the key pair is being created."""
        return bool(self.button.activity)

    def submit(self) -> None:
        """Post `Submitted`, unless a field is invalid."""
        self._problem.show("")
        try:
            tenant_registry.check_name(self._session, self.name_row.value)
        except Problem as problem:
            self.name_row.show_lines(*problem_lines(problem.message, problem_hint(problem)))
            self.name_row.field.focus()
            return
        if self.passphrase.agree() and not self.creating:
            self.post_message(self.Submitted())

    async def create(self, **options: Any) -> Tenant | None:
        """Create the tenant with these options of `tenants.create`; None, and the problem on the form, if it failed."""
        try:
            with elapsed(self, lambda since: self.button.show_progress(f"creating the key pair{since}")):
                self._refresh_chrome()
                with self.pending_actions.suspend():
                    return await tenants.create(self._session, self.name_row.value, self.passphrase.secret, **options)
        except Problem as problem:
            self._problem.show(problem_text(problem))
            return None
        finally:
            self.button.show_progress()
            self._refresh_chrome()

    def _refresh_chrome(self) -> None:
        if isinstance(self.screen, FramedScreen):
            self.screen.refresh_chrome()
