"""The console: the Textual app that holds its parts together, the keys that work everywhere, and how it ends.

The parts know each other by protocols (`frame/navigator.py`); nothing imports this module but the command that runs it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import RenderableType
from textual import events
from textual.actions import ActionParseResult
from textual.app import App
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import Screen

from tui.config import NAME
from tui.console import preferences
from tui.console.background.monitor import BackgroundMonitor
from tui.console.frame.chrome import STORE_UNREACHABLE, STRIP, HeaderState
from tui.console.frame.navigator import ConsoleNode
from tui.console.frame.pending_actions import ActionNode, PendingActions
from tui.console.frame.running_calls import RunningCalls
from tui.console.frame.splash import SplashScreen
from tui.console.keys import bind, hint, set_keymap
from tui.console.navigation.areas import AreaNavigator
from tui.console.navigation.dialogs import Dialogs
from tui.console.remedies import problem_hint
from tui.console.terminal.display import Display
from tui.console.terminal.key_queue import KeyHandled, KeyQueue
from tui.console.widgets.line_filters import Ascii, Inert
from tui.diagnostics.crash_report import crash_words, guard_loop, guard_threads
from tui.errors import Problem
from tui.paths import paths
from tui.tenancy import keyring, tenants
from tui.tenancy.session import Session

if TYPE_CHECKING:
    from tui.console.widgets.text_area import LinesField

PRACTICE = "practice"
"""The result of a console that is to be followed by one in practice mode."""

_SHUTDOWN_TIMEOUT = 1.0
"""How long what runs in the background may take to end when the console is left, in seconds."""


class Modeldeck(ActionNode, App[str]):
    """The Textual app. Build it with `Modeldeck(session, tenant id or None)`; `run` does that for the command."""

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
        # Read first, so that folders which cannot be read are reported before the console takes the terminal.
        ids = tenants.ids(session)
        super().__init__()
        self.calls = RunningCalls()
        self.dialogs = Dialogs(self, lambda: self.navigator.tenant_session, self._notice)
        self.navigator = AreaNavigator(session, self, self.dialogs, self._tenant_opened)
        self.monitor = BackgroundMonitor(self.navigator, self.dialogs.toast, self.calls)
        self.actions = PendingActions(
            lambda: self.screen_stack, lambda error: self.show_problem(crash_words(error, session.environ))
        )
        self.key_queue = KeyQueue(
            super().on_event, self._key_target, self._wait_until_idle, self.call_later, self.set_timer
        )
        self.key_queue.hold()
        if tenant_id is not None or len(ids) == 1:
            with suppress(Problem):
                self.navigator.tenant = tenants.tenant_of(session.tenant(tenant_id or ids[0]))
        # Welcome without a tenant, the list with several, else the area to start in.
        self._first = session.config.start if self.navigator.tenant else "tenants" if ids else "welcome"
        self.crash: BaseException | None = None
        whole = session.environ.get("MODELDECK_DISPLAY", session.config.display) == "whole"
        self.terminal_display = Display(self, whole=whole, line=session.config.line)
        self.register_theme(preferences.TERMINAL_THEME)
        self.theme = session.config.theme or preferences.TERMINAL_THEME.name
        self.animation_level = "none"
        keymap = preferences.keymap(session.config)
        self._ignored = (*session.config.warnings, *keymap.warnings)
        if keymap.keys:
            self.set_keymap(keymap.keys)
        set_keymap(keymap.keys)

    # --- start and end ---

    def get_driver_class(self) -> type[Driver]:
        if not sys.__stdin__ or not sys.__stdin__.isatty():
            return super().get_driver_class()
        from tui.console.terminal.driver import TerminalDriver  # lazy: a terminal

        return TerminalDriver

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = [*preferences.keep_terminal_colours(super().get_line_filters()), Inert()]
        return [*filters, Ascii()] if self.ascii else filters

    @property
    def ascii(self) -> bool:
        """Whether signs are drawn with ASCII characters."""
        environ, glyphs = self.session.environ, self.session.config.glyphs
        if glyphs != "auto":
            return glyphs == "ascii"
        locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "C.UTF-8"
        plain_locale = "utf" not in locale.lower()
        return environ.get("MODELDECK_ASCII") == "1" or environ.get("TERM") == "linux" or plain_locale

    def get_default_screen(self) -> Screen[Any]:
        """Return the frame that the first screen will have."""
        screen = SplashScreen(self._first)
        # Switching to another screen takes the callback of the one shown, and Textual gives its first screen none.
        screen._push_result_callback(self, None)
        return screen

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            loop.add_signal_handler(number, self.exit, None, 128 + number)
        guard_loop(loop, self.session.environ)
        self.monitor.start(self.set_interval)
        # After a suspension the terminal shows what the shell left there.
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())

    async def begin(self) -> None:
        """Show the first screen in the frame that is drawn by now, and take keys."""
        await self.navigator.show(self._first)
        if self.navigator.tenant is not None:
            self.navigator.set_tenant(self.navigator.tenant)
        await self.key_queue.release()
        where = paths(self.session.environ)
        if self.session.practice and (where.config / NAME).exists():
            self.dialogs.toast(f"Practice mode ignores {where.short(where.config / NAME)}.")
        for sentence in self._ignored:
            self.dialogs.toast(sentence)
        if not self.is_headless:
            from tui.console.background.preload import warm  # lazy: an idle moment

            self.run_worker(warm(lambda: self.monitor.idle), group="warm", exit_on_error=False)

    async def on_unmount(self) -> None:
        """Stop what still runs at the providers, too."""
        self.workers.cancel_all()
        with suppress(TimeoutError):
            async with asyncio.timeout(_SHUTDOWN_TIMEOUT):
                await asyncio.gather(*(worker.wait() for worker in self.workers), return_exceptions=True)
        await self.session.aclose()

    def _handle_exception(self, error: Exception) -> None:
        if self._exit:
            # A screen that is taken down while it is being built misses its parts; leaving goes on.
            return
        # Textual's own handler prints a traceback with the locals of every frame.
        self.crash = self.crash or error
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()

    def thread_failed(self, error: BaseException) -> None:
        """End the console after an error in one of its threads: the reader of keys, the writer to the terminal."""
        if self._loop is not None and isinstance(error, Exception):
            self._loop.call_soon_threadsafe(self._handle_exception, error)

    def start_practice(self) -> None:
        """End this console; `run` opens another one on made-up tenants in its place."""
        self.exit(PRACTICE)

    # --- keys and the terminal ---

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.Paste):
            self.monitor.key_pressed()
            if self._is_hidden_action(event) or self.monitor.tenant_lost():
                return
            if not event.is_forwarded:
                await self.key_queue.put(event)
                return
        if isinstance(event, events.Resize):
            # Terminals differ in what they keep, and a size that came back is no news to Textual.
            self.terminal_display.forget()
        await super().on_event(event)

    def _is_hidden_action(self, event: events.Key | events.Paste) -> bool:
        """Return True if it would act on what a window too small does not show; keys that work anywhere pass."""
        keys = self._bindings.key_to_bindings.get(event.key, []) if isinstance(event, events.Key) else []
        return self.screen.has_class("-too-small") and not any(key.priority for key in keys)

    def _key_target(self) -> DOMNode:
        return self.focused or self.screen

    async def push_screen_wait(self, screen: Any, *, mode: str | None = None) -> Any:
        with self.actions.waiting_for(screen):
            return await super().push_screen_wait(screen, mode=mode)

    def on_key_handled(self, event: KeyHandled) -> None:
        self.key_queue.on_handled(event)

    def _wait_until_idle(self) -> bool:
        return self.navigator.is_ready and not self.pending_actions

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        # Textual's one way out to the terminal.
        if not self.terminal_display.show(renderable):
            super()._display(screen, renderable)

    @property
    def output_busy(self) -> bool:
        """Whether the terminal still takes what was drawn before."""
        return self.terminal_display.busy

    def copy_to_terminal(self, text: str) -> None:
        """Send text to the clipboard of the operator's terminal; whether it arrives cannot be known."""
        self.copy_to_clipboard(text)
        self.dialogs.toast(
            f"Sent to your terminal's clipboard, {len(text):,} characters. If it did not arrive, save it."
        )

    def on_lines_field_editor_requested(self, event: "LinesField.EditorRequested") -> None:
        """Put a field's text into the person's editor, on this terminal, and what was saved back into the field."""
        from tui.console.terminal.editor import edit_on_terminal  # lazy: an editor

        if self.calls:
            self.dialogs.toast(hint("An answer is still running. {app.copy-or-stop} stops it; then open the editor."))
            return
        result = edit_on_terminal(self, event.field.text, self.session.environ)
        if isinstance(result, Problem):
            self.show_problem(result)
        else:
            event.field.set_text(result)

    # --- what the frame of every screen shows ---

    def header_state(self, area: str, labels: str) -> HeaderState:
        """Return what the header shows now, on a screen of that area."""
        tenant, busy = self.navigator.tenant, self.calls.areas
        if tenant is None:
            return HeaderState(state="PRACTICE" if self.session.practice else "", area=area, busy=busy)
        opened = tenant.id in self.session.open_keys or not tenant.protected
        states = [] if opened else ["locked"]
        in_agent = keyring.is_in_agent(self.navigator.tenant_session)
        how = "PRACTICE" if self.session.practice else "open in agent" if in_agent else "open"
        states += [how] if opened or self.session.practice else []
        states += [STORE_UNREACHABLE] if self.monitor.store_unreachable else ["read-only"] if self.write_blocked else []
        similar = self.monitor.similar_names
        return HeaderState(tenant.name, tenant.mark, ", ".join(states), area, labels, busy, similar, tenant.key_id[:4])

    @property
    def write_blocked(self) -> str:
        """Why the settings shown are read-only, in one line; '' if they can be changed."""
        return self.monitor.write_blocked

    @property
    def banner(self) -> STRIP | None:
        """The message that the hint bar of every screen shows instead of its own."""
        return self.monitor.banner

    def set_running(self, area: str, stop: Callable[[], None] | None) -> None:
        """Note what stops the call that runs in an area (or a part, `area/part`), None when it has ended."""
        self.calls.set(area, stop)
        self.pending_actions.release()
        if self.navigator.screen is not None:
            self.navigator.screen.refresh_chrome()

    def set_watched_tenants(self, tenant_ids: list[str]) -> None:
        """Report changes of these tenants from now on. With thousands it takes a while: call it in a thread."""
        self.monitor.watch(tenant_ids)

    def _tenant_opened(self) -> None:
        self.run_worker(self.monitor.tenant_opened(), group="shown", exclusive=True, exit_on_error=False)

    def _notice(self, text: str) -> None:
        if self.navigator.screen is not None:
            self.navigator.screen.place_notices()
        self.notify(text, markup=False, timeout=4)

    # --- actions ---

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        try:
            done = await super().run_action(action, default_namespace, namespaces)
        except Problem as problem:
            self.show_problem(problem)
            return True
        name = str(action).partition("(")[0]
        if not done and isinstance(default_namespace, ConsoleNode) and (reason := default_namespace.why_not(name)):
            self.dialogs.toast(reason)
        return done

    def show_problem(self, problem: Problem) -> None:
        """Show a problem that the screen cannot show itself."""
        if not self.monitor.tenant_lost():
            self.dialogs.toast(f"{problem.message} {problem_hint(problem)}")

    def action_leave(self) -> None:
        """Quit; asks where something runs, or a form or a chat is not saved."""
        running = "An answer is still running; quitting stops it." if self.calls else ""
        if reasons := list(filter(None, (running, self.navigator.unsaved()))):
            self.run_worker(self._leave_anyway(reasons), group="leave", exclusive=True)
        else:
            self.exit()

    async def _leave_anyway(self, reasons: list[str]) -> None:
        if await self.dialogs.ask("Quit", reasons, {"stay": "Stay", "quit": "Quit"}) == "quit":
            self.exit()

    def action_copy_or_stop(self) -> None:
        if selected := self.screen.get_selected_text():
            self.copy_to_terminal(selected)
        elif self.calls:
            self.calls.stop_latest()
        else:
            self.dialogs.toast(hint("{app.quit-everywhere} quits."))

    def action_redraw(self) -> None:
        """Draw everything again, after another program wrote over the screen."""
        self.terminal_display.forget()

    def action_area(self, name: str) -> None:
        """Show one of the four areas of the tenant."""
        if self.navigator.tenant is None:
            self.dialogs.toast("Choose a tenant first.")
        else:
            self.navigator.show(name)

    def action_tenants(self) -> None:
        self.navigator.show_tenants()

    def action_lock(self) -> None:
        """Lock the tenant, or ask for its passphrase if it is locked."""
        tenant = self.navigator.tenant
        if tenant is None:
            self.dialogs.toast(hint("Open a tenant first; then {app.lock} locks or unlocks it."))
            return
        if not keyring.is_open(self.navigator.tenant_session):
            self.run_worker(self.dialogs.offer_unlock(), group="unlock", exclusive=True)
            return
        where = ", here and in the agent" if keyring.is_in_agent(self.navigator.tenant_session) else ""
        try:
            self.navigator.lock(tenant.id)
        except Problem as problem:
            self.dialogs.toast(problem.message)
        else:
            self.dialogs.toast(f"Locked {tenant.name}{where}. You'll be asked for the passphrase when a key is needed.")

    def action_commands(self) -> None:
        self._open_page("tui.console.palette.screen", "Commands")

    def action_help(self) -> None:
        self._open_page("tui.console.pages.help", "Help")

    def _open_page(self, module: str, name: str) -> None:
        page = getattr(import_module(module), name)(self.screen)
        if not isinstance(self.screen, type(page)):
            self.push_screen(page)


def run(session: Session, tenant_id: str | None = None) -> int:
    """Run the console until it is left. Return the exit code; after a crash print a sentence without values."""
    app = Modeldeck(session, tenant_id)
    guard_threads(app.thread_failed)
    result = app.run(mouse=session.config.mouse)
    if app.crash is not None:
        problem = crash_words(app.crash, session.environ)
        print(problem.message, f"Saved data is safe. {problem.hint}".rstrip(), sep="\n", file=sys.stderr)
        return 1
    if result == PRACTICE:
        from tui.practice.tenants import practice_session  # lazy: practice

        if app.no_color:
            os.environ["NO_COLOR"] = "1"  # Textual has taken it away
        return run(practice_session(session.environ))
    return int(app.return_code or 0)
