"""Which area of which tenant is shown, and the pages that one area opens of another."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any, Protocol, TypeVar

from textual.app import ScreenStackError
from textual.await_complete import AwaitComplete
from textual.screen import Screen

from tui.console.frame.chrome import AREAS
from tui.console.frame.navigator import Questions
from tui.console.frame.screen import AreaScreen, FramedScreen
from tui.domain import Model, ModelType, Tenant
from tui.tenancy import keyring, tenants
from tui.tenancy.session import Session, TenantSession

Result = TypeVar("Result")

_SCREENS = {
    "welcome": ("tui.console.tenants.welcome", "Welcome"),
    "tenants": ("tui.console.tenants.screen", "Tenants"),
    "providers": ("tui.console.providers.screen", "Providers"),
    "models": ("tui.console.models.screen", "Models"),
    "defaults": ("tui.console.defaults.screen", "Defaults"),
    "playground": ("tui.console.playground.screen", "Playground"),
}
"""Area -> module and name of its screen; imported when first shown."""


class ScreenStack(Protocol):
    """What navigation needs of Textual's `App`: its stack of screens. See there for what the methods do."""

    @property
    def screen(self) -> Screen[Any]: ...

    @property
    def screen_stack(self) -> list[Screen[Any]]: ...

    async def push_screen_wait(self, screen: Screen[Result]) -> Result: ...

    def switch_screen(self, screen: Screen[Any]) -> AwaitComplete: ...

    def install_screen(self, screen: Screen[Any], name: str) -> None: ...

    def uninstall_screen(self, screen: Screen[Any]) -> str | None: ...


class AreaNavigator:
    """The screens of each tenant's areas. A screen stays as it was left.

    Pages are imported when they are first opened, to show the first screen soon.
    """

    def __init__(
        self, session: Session, stack: ScreenStack, questions: Questions, tenant_opened: Callable[[], None]
    ) -> None:
        self.session = session
        self.tenant: Tenant | None = None
        self._stack, self._questions, self._tenant_opened = stack, questions, tenant_opened
        self._previous = ""
        self._screens: dict[tuple[str, str], Screen[Any]] = {}

    @property
    def tenant_id(self) -> str:
        """The id of the tenant shown; there is one on every area but the list of tenants."""
        assert self.tenant is not None
        return self.tenant.id

    @property
    def tenant_session(self) -> TenantSession:
        """The session bound to the tenant shown."""
        return self.session.tenant(self.tenant_id)

    @property
    def screen(self) -> FramedScreen[Any] | None:
        """The screen shown, None at the very beginning and end."""
        with suppress(ScreenStackError):
            if isinstance(self._stack.screen, FramedScreen):
                return self._stack.screen
        return None

    @property
    def is_ready(self) -> bool:
        """Whether the screen shown has its focus, and a key acts as it will from then on."""
        screen = self.screen
        return screen is None or (screen.opened and not (isinstance(screen, AreaScreen) and screen.switched_to))

    def unsaved(self) -> str:
        """Return what quitting would lose on any screen of any tenant, as a sentence, or ''."""
        screens = dict.fromkeys([*reversed(self._stack.screen_stack), *self._screens.values()])
        mounted = [screen for screen in screens if isinstance(screen, FramedScreen) and screen.is_mounted]
        return next((reason for screen in mounted if (reason := screen.unsaved())), "")

    # --- areas ---

    def show(self, name: str) -> AwaitComplete:
        """Show an area of the tenant, the tenants or welcome. Await it to use what is on it."""
        screen = self._screen_of(name)
        if self._stack.screen is screen:
            return AwaitComplete()
        self._previous = name if name in dict(AREAS) else self._previous
        if isinstance(screen, AreaScreen):
            screen.switched_to = True
        return self._stack.switch_screen(screen)

    def _screen_of(self, name: str) -> Screen[Any]:
        owner = "" if name in ("welcome", "tenants") or self.tenant is None else self.tenant.id
        if (owner, name) not in self._screens:
            module, kind = _SCREENS[name]
            screen: Screen[Any] = getattr(import_module(module), kind)()
            self._screens[owner, name] = screen
            self._stack.install_screen(screen, f"{owner}/{name}")
        return self._screens[owner, name]

    def show_area(self, name: str) -> AwaitComplete:
        """Show an area of the tenant. Await it to use what is on it."""
        return self.show(name)

    def show_tenants(self) -> AwaitComplete:
        """Show the list of tenants."""
        return self.show("tenants")

    async def open_playground(self, type: str, model: Model | None = None) -> None:  # noqa: A002 - the word of the design
        """Show the playground's tab of a type (or `compare`), with that model or the one in use there."""
        await self.show("playground")
        from tui.console.playground.screen import Playground  # lazy: the playground

        screen = self._stack.screen
        assert isinstance(screen, Playground)
        await screen.show_type(type)
        if model is not None and screen.tab is not None:
            screen.tab.set_model(model)

    # --- tenants ---

    @property
    def previous_area(self) -> str:
        """The area that the list of tenants goes back to, '' for none."""
        return self._previous if self.tenant is not None else ""

    def open_tenant(self, tenant_id: str, area: str = "") -> AwaitComplete:
        """Show a tenant in that area, or in the one to start in. It becomes the one used last."""
        self.set_tenant(tenants.tenant_of(self.session.tenant(tenant_id)))
        return self.show(area or self.session.config.start)

    def set_tenant(self, tenant: Tenant) -> None:
        """Show the areas of that tenant from now on."""
        self.tenant = tenant
        self._tenant_opened()

    def tenant_changed(self) -> None:
        """Read the tenant shown again: its name or its protection changed."""
        if self.tenant is not None:
            self.tenant = tenants.tenant_of(self.tenant_session)

    def tenant_removed(self, tenant_id: str) -> None:
        """Forget the screens of a tenant that was removed. Show welcome if it was the last."""
        for owner, name in [key for key in self._screens if key[0] == tenant_id]:
            screen = self._screens.pop((owner, name))
            self._stack.uninstall_screen(screen)
            if screen.is_running:
                screen.remove()
        if self.tenant is not None and self.tenant.id == tenant_id:
            self.tenant, self._previous = None, ""
        if not tenants.ids(self.session):
            self.show("welcome")

    def tenant_lost(self) -> None:
        """Go back to the list: the tenant shown is gone or cannot be read any more."""
        self.tenant, self._previous = None, ""
        self.show("tenants" if tenants.ids(self.session) else "welcome")

    def lock(self, tenant_id: str) -> None:
        """Lock a tenant, and hide what its screens show only while it is open. Raise Problem without a passphrase."""
        session = self.session.tenant(tenant_id)
        try:
            keyring.lock(session)
        finally:
            if not keyring.is_open(session):
                self.hide(tenant_id)

    def hide(self, tenant_id: str) -> None:
        """Hide what the screens of a tenant show only while it is open."""
        areas = [screen for (owner, _), screen in self._screens.items() if owner == tenant_id]
        for screen in dict.fromkeys([*areas, *self._stack.screen_stack]):
            if isinstance(screen, FramedScreen) and screen.is_mounted:
                screen.hide_when_locked()
                screen.refresh_chrome()

    # --- pages of other areas ---

    async def set_up(self, provider_id: str, **options: Any) -> bool:
        """Open the set-up form of a provider; `options` are those of `Setup`. Return True if something was saved."""
        from tui.console.providers.setup.screen import Setup  # lazy: the page
        from tui.tenancy.connections import provider_of  # lazy: the first list

        saved = await self._stack.push_screen_wait(Setup(provider_of(self.tenant_session, provider_id), **options))
        return bool(saved)

    async def add_provider(self, kind: str = "") -> str:
        """Add a connection and set it up; return its name. One that is left without being set up is not kept.

        Without a `kind` one is picked first.
        """
        from tui.console.providers.add import AddProvider  # lazy: the page
        from tui.tenancy.credentials import listing  # lazy: credentials
        from tui.workspace.credentials.status import remove_provider  # lazy: credentials

        if kind:
            from tui.workspace import connections  # lazy: credentials

            name = connections.suggested_name(self.tenant_session, kind)
            await connections.add(self.tenant_session, name, kind)
        else:
            name = await self._stack.push_screen_wait(AddProvider())
        if not name:
            return ""
        if not await self.set_up(name) and not listing(self.tenant_session, name):
            await remove_provider(self.tenant_session, name)
            return ""
        return name

    async def add_model(self, provider_id: str = "", model: Model | None = None, model_id: str = "") -> bool:
        """Add a model by hand, with its id if it is known, or edit an added one. Return True if something was saved."""
        from tui.console.models.add import AddModel  # lazy: the page

        added = await self._stack.push_screen_wait(AddModel(provider_id, model, model_id))
        return added is True

    async def pick_model(
        self,
        type: ModelType,  # noqa: A002 - the word of the design
        now: Model | None = None,
        *,
        clears: bool = False,
        prompt: str = "",
        purpose: str = "",
    ) -> Model | None:
        """Let a model of that type be picked. Return None if it was left.

        Args:
            type: The type of the models.
            now: The one to be replaced.
            clears: Whether the type's default can be cleared.
            prompt: What will be sent to the model, for its estimated price.
            purpose: A word for the title, where it is not picked as the default or for the tab.
        """
        from tui.console.models.picker import PickModel  # lazy: the page

        return await self._stack.push_screen_wait(PickModel(type, now, clears=clears, prompt=prompt, purpose=purpose))

    async def propose_defaults(
        self, message: str, title: str = "Default models", only: Mapping[ModelType, Model] | None = None
    ) -> str:
        """Offer models for the types without a default, or only these. Return `playground` if that is to be shown.

        Without any to offer, a toast shows the message of what was done.
        """
        from tui.console.defaults.propose_dialog import Propose  # lazy: the page
        from tui.workspace.models.proposals import proposed_defaults  # lazy: models

        models = proposed_defaults(self.tenant_session) if only is None else only
        if not models:
            self._questions.toast(message)
            return ""
        return await self._stack.push_screen_wait(Propose(message, title, models)) or ""
