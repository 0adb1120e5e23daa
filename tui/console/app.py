"""The console: which screen is shown for which tenant, the keys that hold everywhere, and how it ends.

Screens reach each other only through the methods and actions here. What they do to settings is in `workspace`.
"""

import asyncio
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, ClassVar

from rich.console import RenderableType
from textual import events
from textual.actions import ActionParseResult
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import Screen

from tui.console.actions import bind, hint, set_keymap
from tui.console.background.monitor import BackgroundMonitor
from tui.console.background.preload import warm
from tui.console.frame.chrome import AREAS, HeaderState
from tui.console.frame.screen import FramedScreen
from tui.console.frame.splash import SplashScreen
from tui.console.navigation.dialogs import Dialogs
from tui.console.remedies import problem_hint
from tui.console.terminal.display import Display
from tui.console.widgets.line_filters import Ascii, Inert
from tui.diagnostics.crash_report import crash_note, crash_place, guard_loop, guard_threads
from tui.domain import Model, ModelType, Tenant
from tui.errors import Problem
from tui.tenancy import keyring, tenants
from tui.tenancy.session import Session

PRACTICE = "practice"
"""The result of a console that is to be followed by one in practice mode."""

_PARTING = 1.0
"""How long what runs in the background may take to end when the console is left, in seconds."""

_SCREENS = {
    "welcome": ("tui.console.tenants.welcome", "Welcome"),
    "tenants": ("tui.console.tenants.screen", "Tenants"),
    "providers": ("tui.console.providers.screen", "Providers"),
    "models": ("tui.console.models.screen", "Models"),
    "defaults": ("tui.console.defaults.screen", "Defaults"),
    "playground": ("tui.console.playground.screen", "Playground"),
}
"""Area -> module and name of its screen; imported when first shown."""


class Modeldeck(Dialogs):
    """The Textual app. Build it with `Modeldeck(desk, tenant id or None)`; `run` does that for the command."""

    CSS_PATH = "app.tcss"
    TITLE = "modeldeck"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("app.quit-everywhere", "leave", priority=True),
        bind("app.copy-or-stop", "copy_or_stop"),
        bind("app.redraw", "redraw", priority=True),
        bind("app.suspend", "suspend_process", priority=True),
    ]

    def __init__(self, session: Session, tenant_id: str | None = None) -> None:
        self.session = session
        self.tenant = None
        # Read here, so that folders which cannot be read are told before the console takes the terminal.
        ids = tenants.ids(session)
        if tenant_id is not None or len(ids) == 1:
            with suppress(Problem):
                self.tenant = tenants.get(session.tenant(tenant_id or ids[0]))
        # Welcome without a tenant, the list with several, else the area to start in.
        self._first = session.config.start if self.tenant else "tenants" if ids else "welcome"
        self._before = ""
        self._areas: dict[tuple[str, str], Screen[Any]] = {}
        self._under_way: dict[str, Callable[[], None]] = {}
        self.watching = BackgroundMonitor(self)
        self._left = {}
        self.crash: BaseException | None = None
        super().__init__()
        self.hold()
        whole = session.environ.get("MODELDECK_DISPLAY", session.config.display) == "whole"
        self.differences = Display(self, whole=whole, line=session.config.line)
        self.theme = session.config.theme or "ansi-dark"
        self.animation_level = "none"
        if session.config.keymap:
            self.set_keymap(session.config.keymap)
        set_keymap(session.config.keymap)

    # --- start and end ---

    def get_driver_class(self) -> type[Driver]:
        if not sys.__stdin__ or not sys.__stdin__.isatty():
            return super().get_driver_class()
        from tui.console.terminal.driver import TerminalDriver

        return TerminalDriver

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = [*super().get_line_filters(), Inert()]
        return [*filters, Ascii()] if self.ascii else filters

    @property
    def ascii(self) -> bool:
        """Whether signs are drawn by their ASCII twins."""
        environ, glyphs = self.session.environ, self.session.config.glyphs
        if glyphs != "auto":
            return glyphs == "ascii"
        locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "C.UTF-8"
        plain_locale = "utf" not in locale.lower()
        return environ.get("MODELDECK_ASCII") == "1" or environ.get("TERM") == "linux" or plain_locale

    def get_default_screen(self) -> Screen[Any]:
        """Return the empty frame that is drawn before the first screen."""
        screen = SplashScreen(self._first)
        # Switching to another screen takes the callback of the one shown, and Textual gives its first screen none.
        screen._push_result_callback(self, None)
        return screen

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            loop.add_signal_handler(number, self.exit, None, 128 + number)
        guard_loop(loop, self.session.environ)
        self.watching.start()
        # After a suspension the terminal shows what the shell left there.
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())

    async def begin(self) -> None:
        """Show the first screen in the frame that has been drawn, and accept keys."""
        await self._show(self._first)
        if self.tenant is not None:
            self._use(self.tenant)
        await self.go_on()
        if not self.is_headless:
            self.run_worker(warm(lambda: self.watching.idle), group="warm", exit_on_error=False)

    async def on_unmount(self) -> None:
        """Cancel requests that were abandoned with the console."""
        self.workers.cancel_all()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PARTING):
                await asyncio.gather(*(worker.wait() for worker in self.workers), return_exceptions=True)
        await self.session.aclose()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.Paste):
            self.watching.key()
            if self._unseen(event) or self.watching.lost():
                return
        if isinstance(event, events.Resize):
            # Terminals differ in what they keep, and a size that came back is no news to Textual.
            self.differences.forget()
        await super().on_event(event)

    def _unseen(self, event: events.Key | events.Paste) -> bool:
        """Whether it would act on what a window too small does not show; only the keys that hold anywhere pass."""
        keys = self._bindings.key_to_bindings.get(event.key, []) if isinstance(event, events.Key) else []
        return self.screen.has_class("-too-small") and not any(key.priority for key in keys)

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Problem as problem:
            self.tell(problem)
            return True

    def tell(self, problem: Problem) -> None:
        """Say what stood in the way of something, where its screen has no place of its own for it."""
        if not self.watching.lost():
            self.toast(f"{problem.message} {problem_hint(problem)}")

    def start_practice(self) -> None:
        """End this console; `run` opens another one on made-up tenants in its place."""
        self.exit(PRACTICE)

    def _handle_exception(self, error: Exception) -> None:
        if self._exit:
            # A screen that is taken down while it is being made misses its parts; leaving goes on.
            return
        # Textual's own handler prints a traceback with the locals of every frame.
        self.crash = self.crash or error
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()

    def thread_failed(self, error: BaseException) -> None:
        """Report an error that ended a thread of the console: it reads keys or writes to the terminal."""
        if self._loop is None or not isinstance(error, Exception):
            return
        self._loop.call_soon_threadsafe(self._handle_exception, error)

    def action_leave(self) -> None:
        """Quit; asks where something runs or a form holds unsaved text."""
        lost = self.screen.unsaved() if isinstance(self.screen, FramedScreen) else ""
        if reason := lost or ("An answer is running; it ends with the program." if self.at_work else ""):
            self.run_worker(self._leave_anyway(reason), group="leave", exclusive=True)
        else:
            self.exit()

    @property
    def at_work(self) -> bool:
        """Whether something runs in an area."""
        return bool(self._under_way)

    async def _leave_anyway(self, reason: str) -> None:
        if await self.ask("Quit", [reason], {"stay": "Stay", "quit": "Quit"}) == "quit":
            self.exit()

    def action_copy_or_stop(self) -> None:
        if selected := self.screen.get_selected_text():
            self.copy_to_terminal(selected)
        elif self._under_way:
            list(self._under_way.values())[-1]()
        else:
            self.toast(hint("{app.quit} quits."))

    def action_redraw(self) -> None:
        """Draw everything again, after another program wrote over the screen."""
        self.differences.forget()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        # Textual's one way out to the terminal.
        if not self.differences.show(renderable):
            super()._display(screen, renderable)

    # --- tenants and areas ---

    def place(self, area: str, labels: str) -> HeaderState:
        """Return what the header shows."""
        busy = frozenset(entry.partition("/")[0] for entry in self._under_way)
        if self.tenant is None:
            return HeaderState(state="PRACTICE" if self.session.practice else "", area=area, busy=busy)
        opened = self.tenant.id in self.session.open_keys or not self.tenant.protected
        state = "PRACTICE" if self.session.practice else "open" if opened else "locked"
        state += ", read-only" if self.watching.shut else ""
        tenant = self.tenant
        return HeaderState(tenant.name, tenant.mark, state, area, labels, busy, self.watching.alike, tenant.key_id[:4])

    def _area(self, name: str) -> Screen[Any]:
        owner = "" if name in ("welcome", "tenants") or self.tenant is None else self.tenant.id
        if (owner, name) not in self._areas:
            module, screen = _SCREENS[name]
            made: Screen[Any] = getattr(import_module(module), screen)()
            self._areas[owner, name] = made
            self.install_screen(made, f"{owner}/{name}")
        return self._areas[owner, name]

    def action_area(self, name: str) -> None:
        """Show one of the four areas of the tenant."""
        if self.tenant is None:
            self.toast("Choose a tenant first.")
        else:
            self._show(name)

    async def go_to(self, area: str) -> None:
        """Show an area of the tenant and wait until it can be used."""
        await self._show(area)

    async def open_playground(self, type: ModelType, model: Model | None = None) -> None:  # noqa: A002 - the word of the design
        """Show the playground's tab of a type, with a model or with the one that is used there."""
        await self.go_to("playground")
        from tui.console.playground.screen import Playground

        assert isinstance(self.screen, Playground)
        await self.screen.show_type(type)
        if model is not None and self.screen.tab is not None:
            self.screen.tab.use(model)

    def _show(self, name: str) -> AwaitComplete:
        """Show an area of the tenant, the tenants or welcome; to be awaited by who needs it whole."""
        if self.screen is (wanted := self._area(name)):
            return AwaitComplete()
        self._before = name if name in dict(AREAS) else self._before
        return self.switch_screen(wanted)

    def action_tenants(self) -> None:
        self._show("tenants")

    @property
    def previous_area(self) -> str:
        """The area that the tenants' list goes back to, '' if there is none."""
        return self._before if self.tenant is not None else ""

    def open_tenant(self, tenant_id: str, area: str = "") -> AwaitComplete:
        """Show a tenant, in that area or the one to start in; it becomes the one used last."""
        self._use(tenants.get(self.session.tenant(tenant_id)))
        return self._show(area or self.session.config.start)

    def _use(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.run_worker(self.watching.shown(), group="shown", exclusive=True, exit_on_error=False)

    def tenant_changed(self) -> None:
        """Read the tenant again after it was renamed or its passphrase changed."""
        if self.tenant is not None:
            self.tenant = tenants.get(self.tenant_session)

    def tenant_removed(self, tenant_id: str) -> None:
        """Forget the screens of a tenant that is gone; welcome, if it was the last."""
        for owner, name in [key for key in self._areas if key[0] == tenant_id]:
            screen = self._areas.pop((owner, name))
            self.uninstall_screen(screen)
            if screen.is_running:
                screen.remove()
        if self.tenant is not None and self.tenant.id == tenant_id:
            self.tenant, self._before = None, ""
        if not tenants.ids(self.session):
            self._show("welcome")

    def tenant_lost(self) -> None:
        """Go back to the list when the tenant was removed or became unreadable."""
        self.tenant, self._before = None, ""
        self._show("tenants" if tenants.ids(self.session) else "welcome")

    def covered(self, tenant_id: str) -> None:
        """Screens hide what only an open tenant shows."""
        self._left.pop(tenant_id, None)
        areas = [screen for (owner, _), screen in self._areas.items() if owner == tenant_id]
        for screen in dict.fromkeys([*areas, *self.screen_stack]):
            if isinstance(screen, FramedScreen) and screen.is_mounted:
                screen.hide_when_locked()
                screen.refresh_chrome()

    # --- what screens ask of each other ---

    def action_lock(self) -> None:
        if self.tenant is None:
            return
        try:
            keyring.lock(self.tenant_session)
        except Problem as problem:
            self.toast(problem.message)
            return
        self.toast(f"{self.tenant.name} is locked. What needs its key asks for the passphrase.")
        self.covered(self.tenant.id)

    def source_of(self, model: Model | None) -> str:
        """Whose key pays for calls to a model, in a title's words."""
        from tui.console.trial_status import source_words
        from tui.workspace.credentials import status

        return source_words(status.row(self.tenant_session, model.provider)) if model else ""

    def action_commands(self) -> None:
        self._page("tui.console.palette.screen", "Commands")

    def action_help(self) -> None:
        self._page("tui.console.pages.help", "Help")

    def _page(self, module: str, name: str) -> None:
        page = getattr(import_module(module), name)(self.screen)
        if not isinstance(self.screen, type(page)):
            self.push_screen(page)

    def running(self, area: str, stop: Callable[[], None] | None) -> None:
        """Something runs in an area (or in a part of it, `area/part`) and can be stopped so, or (None) has ended."""
        if stop is None:
            self._under_way.pop(area, None)
        else:
            self._under_way[area] = stop
        if isinstance(self.screen, FramedScreen):
            self.screen.refresh_chrome()

    def copy_to_terminal(self, text: str) -> None:
        """Send text to the clipboard of the operator's terminal; whether it arrives cannot be known."""
        self.copy_to_clipboard(text)
        self.toast(f"Sent to your terminal's clipboard, {len(text):,} characters. If it did not arrive, save it.")


def run(session: Session, tenant_id: str | None = None) -> int:
    """Run the console until it is left; the exit code. After a crash: one sentence, and a note without values."""
    app = Modeldeck(session, tenant_id)
    guard_threads(app.thread_failed)
    result = app.run(mouse=session.config.mouse)
    if app.crash is not None:
        note = crash_note(app.crash, session.environ)
        print(f"Modeldeck stopped by an error of its own: {crash_place(app.crash)}.", file=sys.stderr)
        print(f"What was saved is safe. Details, without keys or texts: {note or 'none kept'}", file=sys.stderr)
        return 1
    if result == PRACTICE:
        from tui.practice.tenants import practice_session

        return run(practice_session(session.environ))
    return int(app.return_code or 0)
