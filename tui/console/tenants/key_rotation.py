"""The page that creates a new key pair and re-encrypts every credential, or starts over."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Input

from tui.console.frame.chrome import ScreenText
from tui.console.frame.other_operators import OtherOperators
from tui.console.frame.screen import PageScreen, problem_lines, problem_text
from tui.console.remedies import problem_hint
from tui.console.widgets.elapsed import elapsed
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.passphrase_input import NewPassphrase
from tui.console.widgets.static_text import Plain
from tui.domain import Tenant
from tui.errors import Locked, Problem
from tui.sanitize import group_fingerprint
from tui.secret import Secret
from tui.tenancy import keyring
from tui.workspace.key_pairs import rotation
from tui.workspace.key_pairs.rotation import RotationResult

_RESEALED = """
   Every credential is re-encrypted for a new key pair; the passphrase
   stays. The old key file is kept until no earlier state of the
   settings needs it.
"""
_LOST = """
   The private key is missing. If you have a backup of it, restore it.
   Without it, nothing encrypted for it can be decrypted: after a new
   start, type each API key again, or remove it.
"""


class KeyPair(PageScreen[str]):
    """Answers with what was done, in a sentence."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__()
        self.tenant = tenant
        self._present = FieldRow("present", "Passphrase", secret=True)
        self._new = NewPassphrase("Passphrase", ("Optional.",))
        self._button = Button("Create a new key pair", id="make", primary=True)
        self._problem = Plain(id="problem")
        self._sealed = ""

    @property
    def is_lost(self) -> bool:
        """Whether the private key is lost."""
        return not keyring.has_key(self.navigator.session.tenant(self.tenant.id), self.tenant)

    def content(self) -> Iterable[Widget]:
        self._present.display = self.tenant.protected and not self.is_lost
        self._new.display = self.is_lost
        with Form():
            yield OtherOperators("key pair", self.tenant.id)
            yield Plain(_LOST if self.is_lost else _RESEALED)
            yield self._present
            yield self._new
            yield Plain()
            yield self._button
        yield self._problem

    def chrome(self) -> ScreenText:
        if self._button.activity:
            keys: tuple[str, ...] = ("page.back: stop",)
        else:
            keys = ("field.next" if self.typing else "form.press", "focus.next", "page.back")
        strip = (
            "Nothing changes at the providers:",
            "revoke a leaked key there.",
        )
        return ScreenText(f"Tenants › {self.tenant.name} › key pair", keys, strip=strip)

    def on_mount(self) -> None:
        if self._present.display:
            self._present.field.focus()
        elif self._new.display:
            self._new.first.field.focus()
        else:
            self._button.focus()

    def unsaved(self) -> str:
        return "What you typed will be lost." if self._new.has_text else ""

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input is self._present.field and event.value:
            self._present.show_lines()
        self._problem.show("")

    def on_field_row_next(self) -> None:
        self._button.focus()

    def action_back(self) -> None:
        if self._button.activity:
            self.workers.cancel_group(self, "make")
        else:
            super().action_back()

    def on_button_pressed(self) -> None:
        if self._button.activity:
            return
        if self._present.display and not self._present.value:
            self._present.show_lines(*problem_lines("Type the passphrase first."))
            self._present.field.focus()
        elif not self.is_lost or self._new.agree():
            self.run_worker(self._make(), group="make", exclusive=True, exit_on_error=False)

    async def _make(self) -> None:
        try:
            with self.pending_actions.suspend(), elapsed(self, self._show_elapsed):
                self.refresh_chrome()
                done = await self._show_result()
        except Locked as problem:
            self._present.field.value = ""
            self._present.show_lines(*problem_lines(problem.message, problem_hint(problem)))
            self._present.field.focus()
            return
        except Problem as problem:
            self._problem.show(problem_text(problem))
            return
        finally:
            self._button.show_progress()
            self.refresh_chrome()
        count = f"{done.resealed} credential{'' if done.resealed == 1 else 's'} re-encrypted"
        self.dismiss(f"{self.tenant.name} now has key pair {group_fingerprint(done.tenant.key_id)}; {count}.")

    async def _show_result(self) -> RotationResult:
        session, tenant_id = self.navigator.session, self.tenant.id
        if self.is_lost:
            return await rotation.reset_key_pair(session.tenant(tenant_id), self._new.secret)
        typed = Secret(self._present.value) if self._present.display else None
        return await rotation.rotate(session.tenant(tenant_id), typed, report=self._count)

    def _count(self, done: int, of: int) -> None:
        """Take the progress from the worker thread; the display reads it once a second."""
        self._sealed = f", {done} of {of} re-encrypted" if of else ""

    def _show_elapsed(self, since: str) -> None:
        self._button.show_progress(f"creating a key pair{self._sealed}{since}")
