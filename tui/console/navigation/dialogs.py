"""What one screen asks of others: the pages that it opens and waits for. Call these in a worker."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tui.console.frame.screen import FramedScreen
from tui.console.terminal.key_queue import InOrder
from tui.console.widgets.static_text import Words
from tui.domain import Model, ModelType, Tenant
from tui.errors import Locked
from tui.sanitize import one_line
from tui.tenancy import keyring
from tui.tenancy.session import Session, TenantSession

if TYPE_CHECKING:
    from tui.tenancy.manifest import CredentialChange


class Dialogs(InOrder):
    """The part of the console that opens pages; each is imported when it is first opened."""

    session: Session
    tenant: Tenant | None
    _left: dict[str, tuple["CredentialChange", ...]]
    """What was not confirmed when it was asked, by tenant id."""

    @property
    def tenant_id(self) -> str:
        """The id of the tenant shown; there is one on every area but the tenants' list."""
        assert self.tenant is not None
        return self.tenant.id

    @property
    def tenant_session(self) -> TenantSession:
        """The session bound to the tenant shown."""
        return self.session.tenant(self.tenant_id)

    async def ensure_unlocked(self, waiting: str = "", then: str = "", *, again: bool = False) -> bool:
        """Whether the tenant's keys can be opened; asks for the passphrase where that is needed.

        `waiting` and `then` say what goes on afterwards. What came into the settings without the key is asked about as
        well, `again` where it was left as it is before. Call it in a worker.
        """
        try:
            await keyring.unlock(self.tenant_session)
        except Locked:
            from tui.console.tenants.unlock import Unlock

            if not await self.push_screen_wait(Unlock(waiting, then)):
                return False
        await self._confirm_changes(again)
        if isinstance(self.screen, FramedScreen):
            self.screen.refresh_chrome()
        return True

    async def _confirm_changes(self, again: bool) -> None:
        from tui.workspace.credentials import confirmation

        found = await confirmation.examine(self.tenant_session)
        waiting = confirmation.to_confirm(self.tenant_session, found)
        if not (waiting or found.alarm) or (not again and self._left.get(self.tenant_id) == waiting):
            return
        from tui.console.tenants import unconfirmed_changes

        lines = unconfirmed_changes.confirm_lines(self.tenant_session, found, waiting)
        choice = await self.ask(
            unconfirmed_changes.confirm_title(found), lines, unconfirmed_changes.confirm_choices(waiting)
        )
        if choice != unconfirmed_changes.CONFIRM:
            self._left[self.tenant_id] = waiting
            return
        await confirmation.confirm(self.tenant_session, waiting)
        self.toast(f"{len(waiting)} confirmed." if waiting else "Confirmed.")
        if isinstance(self.screen, FramedScreen):
            self.screen.changed_elsewhere()

    async def ask(self, title: str, lines: Sequence[Words], choices: dict[str, str]) -> str | None:
        """Show a dialog of sentences and buttons (value -> label, the first focused); None if left by escape."""
        from tui.console.navigation.ask import Ask

        return await self.push_screen_wait(Ask(title, lines, choices))

    async def confirm_plain_http(self, origins: Sequence[str]) -> bool:
        """Whether an address that others on the way can read is to be used all the same."""
        lines = [", ".join(origins), "This sends texts and the key readable for others on the way."]
        return await self.ask("Plain http", lines, {"back": "Go back", "use": "Use it all the same"}) == "use"

    async def set_up(self, provider_id: str, **wanted: Any) -> bool:
        """Open a provider's set-up form; True when something was saved. See `screens.setup.Setup` for `wanted`."""
        from tui.console.providers.setup.screen import Setup

        saved = await self.push_screen_wait(Setup(provider_id, **wanted))
        return bool(saved)

    async def add_model(self, provider_id: str = "", model: Model | None = None, model_id: str = "") -> bool:
        """Add a model by hand, with its id if it is known, or edit an added one; True when something was saved."""
        from tui.console.models.add import AddModel

        added = await self.push_screen_wait(AddModel(provider_id, model, model_id))
        return added is True

    async def pick_model(
        self,
        type: ModelType,  # noqa: A002 - the word of the design
        now: Model | None = None,
        *,
        clears: bool = False,
    ) -> Model | None:
        """Let a model of that type be picked; None when left by escape. With `clears` its default can be emptied."""
        from tui.console.models.picker import PickModel

        return await self.push_screen_wait(PickModel(type, now, clears=clears))

    async def propose_defaults(self, said: str, title: str = "Default models") -> str:
        """Offer models for the types without a default. Answers `playground` when that was asked for, else ''."""
        from tui.console.defaults.proposals import Propose, proposals

        if not proposals(self.tenant_session):
            self.toast(said)
            return ""
        return await self.push_screen_wait(Propose(said, title)) or ""

    def toast(self, text: str) -> None:
        """Confirm something that was done."""
        self.notify(one_line(text), markup=False, timeout=4)
