"""Questions and notices: a few answers to choose from, the passphrase, changes to confirm."""

from collections.abc import Awaitable, Callable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, TypeVar

from tui.console.frame.screen import FramedScreen
from tui.console.navigation.areas import ScreenStack
from tui.console.remedies import problem_hint
from tui.console.widgets.static_text import Words
from tui.errors import Conflict, Locked, Problem
from tui.sanitize import one_line
from tui.tenancy import keyring
from tui.tenancy.session import TenantSession

if TYPE_CHECKING:
    from tui.tenancy.manifest import CredentialChange

Result = TypeVar("Result")


class Dialogs:
    """Asks the person at the console. Call the coroutines in a worker; pages are imported when first opened."""

    def __init__(
        self, stack: ScreenStack, tenant_session: Callable[[], TenantSession], notify: Callable[[str], None]
    ) -> None:
        self._stack, self._tenant_session, self._notify = stack, tenant_session, notify
        self._unconfirmed: dict[str, tuple[CredentialChange, ...]] = {}
        """Tenant id -> the changes that were not confirmed when they were asked about."""
        self._due_announced: set[str] = set()
        """IDs of the tenants whose keys that are due were named."""

    def toast(self, text: str) -> None:
        """Show a notice of something that was done."""
        self._notify(one_line(text))

    async def ask(self, title: str, lines: Sequence[Words], choices: dict[str, str]) -> str | None:
        """Ask with one button a choice (value -> label); the first has the focus. Return None if it was left."""
        from tui.console.pages.ask import Ask  # lazy: the page

        return await self._stack.push_screen_wait(Ask(title, lines, choices))

    async def confirm_plain_http(self, origins: Sequence[str]) -> bool:
        """Return True if unencrypted http to these origins is wanted."""
        lines = [", ".join(origins), "Unencrypted: anyone on the network can read your texts and the key."]
        return await self.ask("Plain http", lines, {"back": "Go back", "use": "Use it anyway"}) == "use"

    async def over_conflict(self, save: Callable[[bool], Awaitable[Result]]) -> Result | None:
        """Save with `save(False)`; ask if another session was first: `save(True)` saves over it, None saves nothing."""
        try:
            return await save(False)
        except Conflict as problem:
            conflict = problem
        lines = [*wrap(conflict.message, 70), "", conflict.hint]
        choices = {"keep": "Keep theirs", "mine": "Overwrite with mine"}
        answer = await self.ask("Another session saved first", lines, choices)
        return await save(True) if answer == "mine" else None

    async def ensure_unlocked(self, next_step: str = "", *, again: bool = False) -> bool:
        """Return True once the tenant is unlocked, False if the passphrase was not given.

        `next_step` (verb first) says what follows. Changes that were made without the private key are to be
        confirmed then; what was left unconfirmed is asked about again after a passphrase, or with `again`.
        """
        session = self._tenant_session()
        try:
            await keyring.unlock(session)
        except Locked:
            from tui.console.tenants.unlock import Unlock  # lazy: the page

            self._unconfirmed.pop(session.tenant_id, None)
            if not await self._stack.push_screen_wait(Unlock(next_step)):
                return False
        await self._confirm_changes(session, again)
        self._announce_due(session)
        if isinstance(self._stack.screen, FramedScreen):
            self._stack.screen.refresh_chrome()
        return True

    async def offer_unlock(self) -> None:
        """Ask for the passphrase of a locked tenant; it can be browsed without. A Problem is shown as a notice."""
        try:
            if keyring.is_open(self._tenant_session()) or not await self.ensure_unlocked():
                return
        except Problem as problem:
            self.toast(f"{problem.message} {problem_hint(problem)}")
        else:
            if isinstance(self._stack.screen, FramedScreen):
                self._stack.screen.changed_elsewhere()

    def _announce_due(self, session: TenantSession) -> None:
        """Name the API keys that are due to be replaced, once a tenant and console."""
        from tui.workspace.credentials.lifetime import due_words  # lazy: credentials

        if session.tenant_id not in self._due_announced and (words := due_words(session)):
            self._due_announced.add(session.tenant_id)
            self.toast(words)

    async def _confirm_changes(self, session: TenantSession, again: bool) -> None:
        from tui.workspace.credentials import confirmation  # lazy: credentials

        status = await confirmation.examine(session)
        waiting = confirmation.to_confirm(session, status)
        if not (waiting or status.alarm) or (not again and self._unconfirmed.get(session.tenant_id) == waiting):
            return
        from tui.console.tenants import unconfirmed_changes  # lazy: the question

        lines = unconfirmed_changes.confirm_lines(session, status, waiting)
        title = unconfirmed_changes.confirm_title(status)
        choice = await self.ask(title, lines, unconfirmed_changes.confirm_choices(waiting))
        if choice != unconfirmed_changes.CONFIRM:
            self._unconfirmed[session.tenant_id] = waiting
            return
        await confirmation.confirm(session, waiting)
        self.toast(f"{len(waiting)} confirmed." if waiting else "Confirmed.")
        if isinstance(self._stack.screen, FramedScreen):
            self._stack.screen.changed_elsewhere()
