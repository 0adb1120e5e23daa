"""A form for one more tenant: name, passphrase, colour mark."""

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from tui.console.actions import bind
from tui.console.chrome import ScreenText
from tui.console.screen import PageScreen
from tui.console.tenants.create_form import TenantForm
from tui.console.widgets.form import LABEL, Choice, Form
from tui.console.widgets.input import LineField
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import CURSOR, MARK, MARK_COLOURS, MARK_NAMES, MUTED
from tui.domain import Tenant
from tui.tenancy import tenants as tenant_registry
from tui.workspace import tenants

_WIDE = 72
"""Columns from which the whole sentence about the folder fits."""

_HELP = ("Optional. It is asked when a key must be opened, and", "cannot be recovered.")


class Folder(Horizontal):
    """Where the tenant will be: told for a name of plain letters, else an id that can be typed over."""

    DEFAULT_CSS = """
    Folder { height: 1; }
    Folder Plain { width: auto; }
    Folder LineField, Folder LineField:focus { width: 1fr; max-width: 22; }
    Folder.-told LineField, Folder.-told .end { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.field = LineField()
        self._words = Plain()
        self._slug = ""

    def compose(self) -> ComposeResult:
        yield self._words
        yield self.field
        yield Plain("]", classes="end")

    def tell(self, slug: str, plain: bool) -> None:
        """Propose an id; one that was typed here stays."""
        self.set_class(plain, "-told")
        if self.field.value in ("", self._slug):
            self.field.value = slug
        self._slug = slug
        self._draw()

    @property
    def id_typed(self) -> str:
        """The id in the field, '' where it is only told."""
        return "" if self.has_class("-told") else self.field.value.strip()

    def _draw(self) -> None:
        words = "Up to 60 characters. Its folder will be " if self.size.width >= _WIDE else "Folder "
        told = f"{self._slug}." if self.has_class("-told") else "["
        marker = f" {CURSOR if self.field.has_focus else ' '} "
        self._words.show(line(f"{marker:<{LABEL + 3}}", (f"{words}{told}", MUTED)))

    def on_resize(self) -> None:
        self._draw()

    def on_descendant_focus(self) -> None:
        self._draw()

    def on_descendant_blur(self) -> None:
        self._draw()


class NewTenant(TenantForm[Tenant], PageScreen[Tenant]):
    """Answers with the tenant that was made."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("page.back", "back")]

    def __init__(self) -> None:
        super().__init__("Name", _HELP)
        self._folder = Folder()
        self._mark = Choice(
            "Mark",
            [(str(n), line((MARK, MARK_COLOURS[n]), f" {name}")) for n, name in enumerate(MARK_NAMES)],
            id="mark",
        )

    def content(self) -> Iterable[Widget]:
        with Form():
            yield Plain()
            yield self.name_row
            yield self._folder
            yield Plain()
            yield self.passphrase
            yield Plain()
            yield self._mark
            yield Plain()
            yield self.button
        yield self.problem

    def chrome(self) -> ScreenText:
        shown = self.app.tenant
        stays = f"{shown.name} stays open; the new tenant is opened beside it and shown." if shown else ""
        strip = (
            stays or "The new tenant is opened and shown.",
            "A key pair is made for it alone. This takes one or two seconds.",
        )
        return ScreenText("Tenants › new", self._footer(), strip=strip)

    def _footer(self) -> tuple[str, ...]:
        if self.button.doing:
            return ("page.back: stop",)
        enter = "form.press" if self.focused is self.button else "field.next"
        choose = ("choice.left choice.right: choose",) if self.focused is self._mark else ()
        return (enter, *choose, "focus.next focus.previous: move", "page.back")

    def on_mount(self) -> None:
        marks = [row.tenant.mark for row in tenants.rows(self.app.session) if row.tenant]
        # The colour that fewest have, so that tenants can be told apart at a glance.
        self._mark.choose(str(min(range(len(MARK_NAMES)), key=marks.count)))
        self._tell_folder()
        self.name_row.field.focus()

    def unsaved(self) -> str:
        return "What was typed is lost." if self.name_row.value or self.passphrase.touched else ""

    # --- what is typed and pressed ---

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input is self.name_row.field:
            self.name_row.say()
            self._tell_folder()

    def on_field_row_next(self) -> None:
        self.focus_next()

    def on_input_submitted(self) -> None:
        self.focus_next()

    def on_choice_next(self) -> None:
        self.focus_next()

    def on_button_pressed(self) -> None:
        self.make()

    @property
    def more(self) -> dict[str, Any]:
        return {"id": self._folder.id_typed, "mark": int(self._mark.value)}

    async def made(self, tenant: Tenant) -> None:
        self.dismiss(tenant)

    def action_back(self) -> None:
        if self.button.doing:
            self.stop_making()
        else:
            super().action_back()

    def _tell_folder(self) -> None:
        name = self.name_row.value.strip()
        self._folder.tell(tenant_registry.slug_for(self.app.session, name), plain=name.isascii())
