"""What a screen or a flow may ask of the console around it: protocols, so that nothing below the app imports it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

from textual.await_complete import AwaitComplete
from textual.screen import Screen
from textual.timer import Timer, TimerCallback

from tui.console.frame.chrome import STRIP, HeaderState
from tui.console.frame.pending_actions import ActionNode, PendingActions
from tui.console.widgets.static_text import Words
from tui.domain import Model, ModelType, Tenant
from tui.errors import Problem
from tui.tenancy.session import Session, TenantSession

Result = TypeVar("Result")


class Questions(Protocol):
    """Ask questions and confirm what was done. Call the coroutines in a worker."""

    async def ask(self, title: str, lines: Sequence[Words], choices: dict[str, str]) -> str | None:
        """Ask with one button a choice (value -> label). Return None if it was left."""
        ...

    async def confirm_plain_http(self, origins: Sequence[str]) -> bool:
        """Return True if unencrypted http to these origins is wanted."""
        ...

    async def ensure_unlocked(self, next_step: str = "", *, again: bool = False) -> bool:
        """Return True once the tenant is unlocked, False if the passphrase was not given."""
        ...

    async def offer_unlock(self) -> None:
        """Ask for the passphrase of a locked tenant; it can be browsed without."""
        ...

    async def over_conflict(self, save: Callable[[bool], Awaitable[Result]]) -> Result | None:
        """Save with `save(False)`; ask if another session was first: `save(True)` saves over it, None saves nothing."""
        ...

    def toast(self, text: str) -> None:
        """Show a notice of something that was done."""
        ...


class Navigator(Protocol):
    """Which tenant and area are shown, and the pages of other areas. Await a page in a worker."""

    @property
    def session(self) -> Session:
        """The session of this process."""
        ...

    @property
    def tenant(self) -> Tenant | None:
        """The tenant shown, None on the list of tenants before one was chosen."""
        ...

    @property
    def tenant_id(self) -> str:
        """The id of the tenant shown."""
        ...

    @property
    def tenant_session(self) -> TenantSession:
        """The session bound to the tenant shown."""
        ...

    @property
    def previous_area(self) -> str:
        """The area that the list of tenants goes back to, '' for none."""
        ...

    @property
    def screen(self) -> Screen[Any] | None:
        """The screen shown, None at the very beginning and end."""
        ...

    def show_area(self, name: str) -> AwaitComplete:
        """Show an area of the tenant. Await it to use what is on it."""
        ...

    def show_tenants(self) -> AwaitComplete:
        """Show the list of tenants."""
        ...

    def open_tenant(self, tenant_id: str, area: str = "") -> AwaitComplete:
        """Show a tenant in that area, or in the one to start in."""
        ...

    async def open_playground(self, type: str, model: Model | None = None) -> None:  # noqa: A002 - the word of the design
        """Show the playground's tab of a type (or `compare`), with that model or the one in use there."""
        ...

    def tenant_changed(self) -> None:
        """Read the tenant shown again: its name or its protection changed."""
        ...

    def tenant_removed(self, tenant_id: str) -> None:
        """Forget the screens of a tenant that was removed."""
        ...

    async def set_up(self, provider_id: str, **options: Any) -> bool:
        """Open the set-up form of a provider. Return True if something was saved."""
        ...

    async def add_provider(self, kind: str = "") -> str:
        """Add a connection, of that kind if it is known, and set it up. Return its name, '' if none was added."""
        ...

    async def add_model(self, provider_id: str = "", model: Model | None = None, model_id: str = "") -> bool:
        """Add a model by hand, or edit an added one. Return True if something was saved."""
        ...

    async def pick_model(
        self,
        type: ModelType,  # noqa: A002 - the word of the design
        now: Model | None = None,
        *,
        clears: bool = False,
        prompt: str = "",
        purpose: str = "",
    ) -> Model | None:
        """Let a model of that type be picked. Return None if it was left."""
        ...

    async def propose_defaults(
        self, message: str, title: str = "Default models", only: Mapping[ModelType, Model] | None = None
    ) -> str:
        """Offer models for the types without a default. Return `playground` if that is to be shown, else ''."""
        ...


class Console(Protocol):
    """The app, as its screens know it."""

    @property
    def navigator(self) -> Navigator:
        """Where the console is, and the way to other screens."""
        ...

    @property
    def dialogs(self) -> Questions:
        """Questions and notices."""
        ...

    @property
    def pending_actions(self) -> PendingActions:
        """The actions that the next key waits for."""
        ...

    @property
    def write_blocked(self) -> str:
        """Why the settings shown are read-only, in one line; '' if they can be changed."""
        ...

    @property
    def banner(self) -> STRIP | None:
        """The message that the hint bar of every screen shows instead of its own."""
        ...

    @property
    def output_busy(self) -> bool:
        """Whether the terminal still takes what was drawn before."""
        ...

    @property
    def ascii(self) -> bool:
        """Whether signs are drawn with ASCII characters."""
        ...

    def header_state(self, area: str, labels: str) -> HeaderState:
        """Return what the header shows on a screen of that area."""
        ...

    def show_problem(self, problem: Problem) -> None:
        """Show a problem that the screen cannot show itself."""
        ...

    def set_running(self, area: str, stop: Callable[[], None] | None) -> None:
        """Note what stops the call that runs in an area (or a part, `area/part`), None when it has ended."""
        ...

    def copy_to_terminal(self, text: str) -> None:
        """Send text to the clipboard of the terminal."""
        ...

    def set_watched_tenants(self, tenant_ids: list[str]) -> None:
        """Report changes of these tenants from now on. With thousands it takes a while: call it in a thread."""
        ...

    def start_practice(self) -> None:
        """End this console and start one in practice mode."""
        ...

    async def begin(self) -> None:
        """Show the first screen, and take keys."""
        ...


class ConsoleNode(ActionNode):
    """A screen or widget that uses the console around it."""

    def why_not(self, action: str) -> str:
        """Return why an action that `check_action` does not allow cannot be done now, as a sentence, or ''."""
        return ""

    @property
    def console(self) -> Console:
        """The app, as the console that it is."""
        return cast(Console, self.app)

    @property
    def navigator(self) -> Navigator:
        """The way to other screens, and the tenant shown."""
        return self.console.navigator

    @property
    def dialogs(self) -> Questions:
        """Questions and notices."""
        return self.console.dialogs

    def set_timer(
        self, delay: float, callback: TimerCallback | None = None, *, name: str | None = None, pause: bool = False
    ) -> Timer:
        """Call back once after `delay` seconds, late if need be: Textual skips a call that starts late."""
        timer = super().set_timer(delay, callback, name=name, pause=pause)
        timer._skip = False
        return timer
