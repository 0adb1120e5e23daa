"""The page that asks for a tenant's passphrase; the pending action continues afterwards."""

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen, problem_lines
from tui.console.keys import bind, hint
from tui.console.remedies import problem_hint
from tui.console.widgets.elapsed import elapsed
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.static_text import Plain
from tui.errors import Problem
from tui.secret import Secret
from tui.tenancy import keyring
from tui.workspace import tenants

_FREE_TRIES = 3
"""Misses before each further try waits for a second."""

_RETRY_DELAY = 1.0
"""Seconds of that wait."""


class Unlock(PageScreen[bool]):
    """Ask for the tenant's passphrase; dismissed with True once it is unlocked. `next_step` says what follows."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("page.back", "back")]

    def __init__(self, next_step: str = "") -> None:
        super().__init__()
        self._next = Plain(f"   Next: {next_step}, as soon as you unlock." if next_step else "")
        self._field = FieldRow("passphrase", "Passphrase", secret=True, help=("Input is hidden.",))
        self._button = Button("Unlock", id="unlock", primary=True)
        self._intro = Plain("\n   This tenant is locked with a passphrase.\n")
        self._misses = 0

    def content(self) -> Iterable[Widget]:
        if self.navigator.session.practice:
            self._field.help = ("Input is hidden. The passphrase of north-lab is practice.",)
        with Form():
            yield self._intro
            yield self._field
            yield Plain()
            yield self._button
            yield Plain("\n\n\n")
            yield self._next

    def chrome(self) -> ScreenText:
        agent, minutes = self.navigator.session.agent, self.navigator.session.config.auto_lock
        lock = f"Locks again after {minutes} minute{'' if minutes == 1 else 's'} without a key press."
        if agent is not None and agent.in_reach:
            lock = hint("The agent keeps it open for your other programs; {app.lock} locks it.")
        elif not minutes:
            lock = hint("{app.lock} locks it again.")
        strip = ("You can still browse providers, models and defaults.", lock)
        keys = ("page.back: stop",) if self._button.activity else ("field.next: unlock", "page.back")
        name = self.navigator.tenant.name if self.navigator.tenant else ""
        return ScreenText(f"{name} › unlock", keys, strip=strip)

    def on_mount(self) -> None:
        self._field.field.focus()
        if not self._can_be_opened():
            self._intro.show("\n   This tenant's keys can't be decrypted.\n")
            self._unlock()

    def _can_be_opened(self) -> bool:
        """Whether a passphrase is what is missing, and not the key file."""
        tenant = self.navigator.tenant
        return tenant is not None and tenant.protected and keyring.has_key(self.navigator.tenant_session, tenant)

    def on_field_row_next(self) -> None:
        if self._field.value:
            self._unlock()

    def on_button_pressed(self) -> None:
        if self._field.value:
            self._unlock()
        else:
            self._field.field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.value:
            self._field.show_lines()

    def action_back(self) -> None:
        if self._button.activity:
            self.workers.cancel_group(self, "open")
        else:
            self.dismiss(False)

    def _unlock(self) -> None:
        if not self._button.activity:
            self.run_worker(self._open(), group="open", exclusive=True, exit_on_error=False)

    async def _open(self) -> None:
        typed = Secret(self._field.value) if self._field.value else None
        try:
            with elapsed(self, lambda since: self._button.show_progress(f"{self._progress}{since}")):
                self.refresh_chrome()
                if self._misses >= _FREE_TRIES:
                    with self.pending_actions.suspend():
                        await asyncio.sleep(_RETRY_DELAY)
                await tenants.unlock(self.navigator.tenant_session, typed)
        except Problem as problem:
            self._misses += 1
            self._field.field.value = ""
            self._field.show_lines(*problem_lines(problem.message, problem_hint(problem)))
            self._field.field.focus()
            return
        finally:
            self._button.show_progress()
            self.refresh_chrome()
        self.dismiss(True)

    @property
    def _progress(self) -> str:
        return "unlocking, after a one-second wait" if self._misses >= _FREE_TRIES else "unlocking"
