"""The page that removes a tenant: lists what is deleted and asks for its name."""

from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import Dialog, problem_text
from tui.console.keys import bind
from tui.console.widgets.form import Button, FieldRow
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.truncate import width
from tui.console.widgets.wrap import wrap
from tui.errors import Problem
from tui.providers import PROVIDERS
from tui.sanitize import group_fingerprint
from tui.workspace import tenants
from tui.workspace.tenants import Removal, TenantRow

_NAMES_WIDTH = 55
"""Cells for the names of the credentials."""

_ROWS = 5
"""The most rows that they take."""

_MAX_TYPED_NAME = 20
"""Cells of a name that is still asked to be typed."""


class Buttons(Horizontal):
    """The buttons Keep and Remove, and a note on what Remove needs."""

    DEFAULT_CSS = """
    Buttons { height: 1; }
    Buttons Button, Buttons Plain { width: auto; }
    Buttons Button:disabled { text-style: dim; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("choice.right", "adjacent(1)"),
        bind("choice.left", "adjacent(-1)"),
    ]

    def action_adjacent(self, step: int) -> None:
        """Move the focus to the adjacent button, if it is enabled."""
        usable = [widget for widget in self.query(Button) if not widget.disabled]
        there = next(n for n, entry in enumerate(usable) if entry.has_focus) + step
        if 0 <= there < len(usable):
            usable[there].focus()


class RemoveTenant(Dialog[bool]):
    """Answers True once the tenant is removed."""

    def __init__(self, row: TenantRow) -> None:
        super().__init__()
        self.row = row
        self._field = FieldRow("word", "", cells=44)
        self._keep = Button("Keep", id="keep")
        self._remove = Button("Remove", id="remove")
        self._note = Plain("  type it to enable")
        self._problem = Plain()
        self.word = row.id
        self.BOX_TITLE = f"Remove {row.tenant.name if row.tenant else row.id}"

    def parts(self) -> Iterable[Widget]:
        lines = [*self._deletions(), "", self._confirm(), ""]
        yield Plain(Content("\n").join(line(entry) for entry in lines), classes="said")
        yield self._field
        yield Plain()
        yield Buttons(self._keep, self._remove, self._note)
        yield self._problem

    def chrome(self) -> ScreenText:
        if self.typing:
            keys: tuple[str, ...] = ("field.next", "focus.next", "page.back")
        else:
            keys = ("form.press", "focus.next", "page.back")
        return ScreenText("Tenants › remove", keys)

    def on_mount(self) -> None:
        self._remove.disabled = True
        self._problem.display = False
        self._field.field.focus()

    def _deletions(self) -> list[str]:
        try:
            removal = tenants.removal(self.navigator.session.tenant(self.row.id))
        except Problem as problem:
            return [
                problem.message,
                "",
                "This permanently deletes everything: settings, earlier states,",
                "private key.",
                "",
                "The keys at the providers stay valid; revoke them there if needed.",
            ]
        scope = ", for every operator" if self.navigator.session.shares else ""
        return [
            f"This permanently deletes{scope}:",
            "",
            *(row for count, which in _summaries(removal) for row in _summary_rows(count, which)),
            "",
            "The keys at the providers stay valid; revoke them there if needed.",
        ]

    def _confirm(self) -> str:
        tenant = self.row.tenant
        name = tenant.name if tenant else self.row.id
        if width(name) <= _MAX_TYPED_NAME and name.isascii():
            self.word = name
            return f"Type {name} to confirm."
        if tenant is None:
            return f"Type the folder {self.word} to confirm."
        self.word = tenant.key_id
        return f"Type the key fingerprint {self.word} to confirm."

    def on_input_changed(self) -> None:
        typed = self._field.value.strip()
        right = typed == self.word or typed.replace(" ", "") == self.word
        self._remove.disabled = not right
        self._note.display = not right

    def on_field_row_next(self) -> None:
        if self._remove.disabled:
            self._keep.focus()
        else:
            self._start_removal()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button is self._keep:
            self.dismiss(False)
        else:
            self._start_removal()

    def _start_removal(self) -> None:
        self.run_worker(self._remove_tenant(), group="remove", exclusive=True, exit_on_error=False)

    async def _remove_tenant(self) -> None:
        try:
            await tenants.remove(self.navigator.session.tenant(self.row.id))
        except Problem as problem:
            self._problem.show(problem_text(problem))
            self._problem.display = True
            return
        self.dismiss(True)


def _summaries(removal: Removal) -> Iterable[tuple[str, str]]:
    """Format `3 credentials` and their names; '' for none."""
    several = Counter(credential.provider for credential in removal.credentials)
    which = ", ".join(
        _label(credential.provider)
        + (f" {credential.name}" if several[credential.provider] > 1 or credential.name != "default" else "")
        for credential in removal.credentials
    )
    if removal.credentials:
        yield _count_noun(len(removal.credentials), "credential"), which
    if removal.added:
        yield _count_noun(len(removal.added), "added model"), ""
    if removal.defaults:
        yield _count_noun(len(removal.defaults), "default"), ""
    if removal.chats:
        yield _count_noun(removal.chats, "recorded chat"), ""
    yield "1 key pair", f"fingerprint {group_fingerprint(removal.fingerprint)}"


def _summary_rows(count: str, which: str) -> Iterable[str]:
    """Yield the rows of an entry, its names whole: what is deleted must be seen. Hundreds end in `…`."""
    parts = [part.plain for part in wrap(line(which), _NAMES_WIDTH)]
    if len(parts) > _ROWS:
        parts[_ROWS - 1 :] = ["…"]
    for number, part in enumerate(parts):
        yield f"  {count if number == 0 else '':<15}{part}".rstrip()


def _label(provider_id: str) -> str:
    return PROVIDERS[provider_id].label if provider_id in PROVIDERS else provider_id


def _count_noun(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
