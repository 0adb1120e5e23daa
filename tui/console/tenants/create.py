"""The page that creates another tenant: name, passphrase, color mark."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen
from tui.console.keys import bind
from tui.console.tenants.create_form import TenantForm
from tui.console.widgets.form import Choice, FieldRow
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import MARK, MARK_COLOURS, MARK_NAMES
from tui.domain import Tenant
from tui.tenancy import tenants as tenant_registry
from tui.workspace import tenants

_HELP = ("Optional. You'll need it whenever a key is used.", "It can't be recovered.")


class NewTenant(PageScreen[Tenant]):
    """Answers with the tenant that was created."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("page.back", "back")]
    DEFAULT_CSS = "NewTenant .folder { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self._slug = ""
        self._folder = FieldRow("folder", "Folder", help=("Letters, digits and -. It stays the same if you rename.",))
        self._folder.display = False
        marks = [(str(n), line((MARK, MARK_COLOURS[n]), f" {name}")) for n, name in enumerate(MARK_NAMES)]
        self._mark = Choice("Mark", marks, id="mark")

    def content(self) -> Iterable[Widget]:
        parts = (self._mark, self._folder)
        self._form = TenantForm(
            self.navigator.session, "Name", _HELP, above=Plain(), below_name=(Plain(),), parts=parts
        )
        yield self._form

    def chrome(self) -> ScreenText:
        shown = self.navigator.tenant
        help_line = f"{shown.name} stays unlocked; you switch to the new tenant." if shown else ""
        strip = (
            help_line or "You switch to the new tenant.",
            "It gets its own key pair, which takes one or two seconds.",
        )
        return ScreenText("Tenants › new", self._footer(), strip=strip)

    def _footer(self) -> tuple[str, ...]:
        if self._form.creating:
            return ("page.back: stop",)
        enter = "form.press" if self.focused is self._form.button else "field.next"
        choose = ("choice.left choice.right: choose",) if self.focused is self._mark else ()
        return (enter, *choose, "focus.next focus.previous: move", "page.back")

    def on_mount(self) -> None:
        marks = [row.tenant.mark for row in tenants.rows(self.navigator.session) if row.tenant]
        # The colour that fewest have, so that tenants can be told apart at a glance.
        self._mark.choose(str(min(range(len(MARK_NAMES)), key=marks.count)))
        self._show_folder()
        self._form.name_row.field.focus()

    def unsaved(self) -> str:
        form = self._form
        return "What you typed will be lost." if form.name_row.value or form.passphrase.has_text else ""

    # --- what is typed and pressed ---

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input is self._form.name_row.field:
            self._show_folder()

    def on_field_row_next(self) -> None:
        self.focus_next()

    def on_choice_next(self) -> None:
        self._form.button.focus()

    def on_button_pressed(self) -> None:
        self._form.submit()

    def on_tenant_form_submitted(self) -> None:
        self.run_guarded(self._create(), "make")

    async def _create(self) -> None:
        folder = self._folder.value.strip() if self._folder.display else ""
        if tenant := await self._form.create(id=folder, mark=int(self._mark.value)):
            self.dismiss(tenant)

    def action_back(self) -> None:
        if self._form.creating:
            self.workers.cancel_group(self, "make")
        else:
            super().action_back()

    def _show_folder(self) -> None:
        """Say which folder the tenant gets; for a name in another script it is a field at the end of the form."""
        name = self._form.name_row.value.strip()
        slug = tenant_registry.slug_for(self.navigator.session, name)
        if self._folder.value in ("", self._slug):
            self._folder.field.value = slug
        self._slug = slug
        self._folder.display = not name.isascii()
        self._form.name_row.help = (f"Up to {tenant_registry.MAX_NAME} characters. Its folder will be {slug}.",)
        self._form.name_row.show_lines()
