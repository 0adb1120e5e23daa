"""The page that sets, changes or removes a tenant's passphrase."""

import asyncio
from collections.abc import Coroutine, Iterable

from textual.widget import Widget
from textual.widgets import Input

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen, problem_lines, problem_text
from tui.console.remedies import problem_hint
from tui.console.widgets.elapsed import elapsed
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.passphrase_input import NewPassphrase
from tui.console.widgets.static_text import Plain
from tui.domain import Tenant
from tui.errors import Locked, Problem
from tui.secret import Secret
from tui.tenancy import keyring, retired_keys
from tui.workspace import tenants

_OPEN_TO_ALL = "Without one, anyone who can read your files on this machine can decrypt the keys."


class Passphrase(PageScreen[str]):
    """Answers with what was done, in a sentence. A locked tenant's present passphrase is asked in the same form."""

    DEFAULT_CSS = "Passphrase #intro { padding: 1 3; }"

    def __init__(self, tenant: Tenant) -> None:
        super().__init__()
        self.tenant = tenant
        self._present = FieldRow("present", "Current", secret=True)
        help_lines = ("You'll need it whenever a key is used.", "It can't be recovered.")
        self._new = NewPassphrase("New passphrase" if tenant.protected else "Passphrase", help_lines)
        self._set = Button(
            "Change the passphrase" if tenant.protected else "Set the passphrase", id="set", primary=True
        )
        self._remove = Button("Remove the passphrase", id="remove")
        self._pair = Button("Create a new key pair", id="pair")
        self._problem = Plain(id="problem")

    def content(self) -> Iterable[Widget]:
        session = self.navigator.session.tenant(self.tenant.id)
        self._present.display = not keyring.is_open(session) or keyring.is_in_agent(session)
        self._remove.display = self.tenant.protected
        with Form():
            yield Plain("A passphrase protects the private key." if self.tenant.protected else _OPEN_TO_ALL, id="intro")
            yield self._present
            yield self._new
            yield Plain()
            yield self._set
            yield self._remove
            yield self._pair
        yield self._problem

    def chrome(self) -> ScreenText:
        if self._set.activity:
            keys: tuple[str, ...] = ()
        else:
            keys = ("field.next" if self.typing else "form.press", "focus.next focus.previous: move", "page.back")
        strip = (
            "Only the private key file is rewritten.",
            "Credentials, models and defaults stay as they are.",
        )
        return ScreenText(f"Tenants › {self.tenant.name} › passphrase", keys, strip=strip)

    def on_mount(self) -> None:
        (self._present if self._present.display else self._new.first).field.focus()

    def unsaved(self) -> str:
        return "What you typed will be lost." if self._new.has_text else ""

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input is self._present.field and event.value:
            self._present.show_lines()
        self._problem.show("")

    def on_field_row_next(self) -> None:
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button is self._pair and not self._set.activity:
            self._start(self._make_pair())
        elif self._set.activity or not self._present_typed():
            return
        elif event.button is self._remove:
            self._start(self._remove_it())
        elif not self._new.has_text:
            self._new.first.show_lines(*problem_lines("Type the new passphrase first."))
            self._new.first.field.focus()
        elif self._new.agree():
            done = "Changed" if self.tenant.protected else "Set"
            self._start(self._write(self._new.secret, f"{done} the passphrase of {self.tenant.name}."))

    def action_back(self) -> None:
        # A key file that is being written is not left half way; it takes a second.
        if not self._set.activity:
            super().action_back()

    def _present_typed(self) -> bool:
        if not self._present.display or self._present.value:
            return True
        self._present.show_lines(*problem_lines("Type the current passphrase first."))
        self._present.field.focus()
        return False

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self.run_worker(work, group="write", exclusive=True, exit_on_error=False)

    async def _make_pair(self) -> None:
        from tui.console.tenants.key_rotation import KeyPair  # lazy: the page

        if done := await self.app.push_screen_wait(KeyPair(self.tenant)):
            self.dismiss(done)

    async def _remove_it(self) -> None:
        title = f"Remove the passphrase of {self.tenant.name}?"
        if await self.dialogs.ask(title, [_OPEN_TO_ALL], {"keep": "Keep", "remove": "Remove"}) == "remove":
            await self._write(None, f"{self.tenant.name} now has no passphrase.")

    async def _write(self, new: Secret | None, done: str) -> None:
        session, tenant_id = self.navigator.session, self.tenant.id
        try:
            with elapsed(self, lambda since: self._set.show_progress(f"writing the key file{since}")):
                self.refresh_chrome()
                try:
                    typed = Secret(self._present.value) if self._present.value else None
                    await tenants.unlock(session.tenant(tenant_id), typed)
                except Locked as problem:
                    self._present.show_lines(*problem_lines(problem.message, problem_hint(problem)))
                    self._present.field.value = ""
                    self._present.field.focus()
                    return
                await tenants.set_passphrase(session.tenant(tenant_id), new, typed)
                if new:
                    others = await asyncio.to_thread(retired_keys.other_passphrase, session.tenant(tenant_id), new)
                    done = " ".join((done, *(f"{key_id}.pem keeps its own passphrase." for key_id in others)))
        except Problem as problem:
            self._problem.show(problem_text(problem))
            return
        finally:
            self._set.show_progress()
            self.refresh_chrome()
        self.dismiss(done)
