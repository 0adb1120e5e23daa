"""Watch the settings for other sessions' changes, and lock idle tenants.

Files are looked at every two seconds. A shared store keeps what is looked at up to date, and calls when it changed.
"""

import asyncio
from collections.abc import Callable, Hashable
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from time import monotonic

from tui.console.frame.chrome import STRIP
from tui.console.frame.running_calls import RunningCalls
from tui.console.frame.screen import AreaScreen
from tui.console.keys import hint
from tui.console.navigation.areas import AreaNavigator
from tui.console.remedies import problem_hint
from tui.console.widgets.static_text import line
from tui.console.widgets.symbols import PROBLEM, WORKING
from tui.domain import Tenant
from tui.errors import Problem, UsageError
from tui.storage import lock
from tui.tenancy import keyring, last_used
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import OPERATOR, Session

INTERVAL = 2.0
"""Seconds between looks."""

WAIT_INTERVAL = 0.5
"""Seconds between looks at whether another process keeps this one waiting."""

_RULE_WIDTH = 75
"""Cells of a rule in a window of 80."""


@dataclass(frozen=True)
class _State:
    """The files as they were read: a version token for each tenant, the tenant shown, why nothing can be changed."""

    tokens: dict[str, Hashable]
    tenant: Tenant | None
    write_blocked: str


class BackgroundMonitor:
    """Watches the files of the tenant shown, or of all. Nothing is drawn unless something did change."""

    def __init__(self, navigator: AreaNavigator, toast: Callable[[str], None], calls: RunningCalls) -> None:
        self._navigator, self._toast, self._calls = navigator, toast, calls
        self.similar_names: tuple[str, ...] = ()
        """Names of other tenants that may look like that of the tenant shown."""
        self.write_blocked = ""
        """Why the settings shown are read-only, in one line; '' if they can be changed."""
        self._lost: STRIP | None = None
        self._waiting = 0
        self._tokens: dict[str, Hashable] = {}
        self._looking: asyncio.Task[None] | None = None
        self._look_again = False
        self._delay_reported = False
        self._last_key = monotonic()
        self._agent_reported = False

    def key_pressed(self) -> None:
        """Note that a key was pressed or text was pasted; a store that is away is tried at once."""
        if self.store_unreachable:
            self._navigator.session.watch.retry()
        self._last_key = monotonic()

    @property
    def banner(self) -> STRIP | None:
        """The message that the hint bar of every screen shows instead of its own."""
        waiting = (f"{WORKING} waiting for another session {self._waiting} s", "")
        return waiting if self._waiting else self._lost

    @property
    def store_unreachable(self) -> bool:
        """Whether the shared store cannot be reached."""
        return bool(self._navigator.session.watch.state.unreachable_since)

    @property
    def idle(self) -> float:
        """Seconds since the last key."""
        return monotonic() - self._last_key

    def tenant_lost(self) -> bool:
        """Return True if the tenant shown is gone or cannot be read. Call it before a key does something to it."""
        tenant, screen = self._navigator.tenant, self._navigator.screen
        if tenant is None or screen is None:
            return False
        session = self._navigator.session
        try:
            if session.store(tenant.id).version_token() != self._tokens.get(tenant.id):
                tenant_registry.tenant_of(session.tenant(tenant.id))
        except Problem as problem:
            self._report_lost(problem)
            # In a form what was typed can still be looked at, copied and left.
            return isinstance(screen, AreaScreen)
        return False

    def start(self, set_interval: Callable[[float, Callable[[], None]], object]) -> None:
        """Look from now on, and show the session's warnings. `set_interval` repeats a call after so many seconds."""
        self.reset()
        for warning in self._navigator.session.warnings:
            self._toast(warning)
        set_interval(INTERVAL, self.check)
        set_interval(WAIT_INTERVAL, self.check_lock)
        # A callback of another thread has that thread's context, in which Textual can open no screen.
        loop, context = asyncio.get_running_loop(), copy_context()

        def changed() -> None:
            with suppress(RuntimeError):  # the console has just been left
                loop.call_soon_threadsafe(self.check, context=context.copy())

        self._navigator.session.watch.on_change = changed

    def reset(self) -> None:
        """Take what is shown now, a tenant or the list of them, as it is on the disk."""
        session, tenant = self._navigator.session, self._navigator.tenant
        self._lost, self.similar_names = None, ()
        self.watch([tenant.id] if tenant else [])
        with suppress(Problem):
            self.write_blocked = _write_blocked_line(
                session.store(tenant.id).write_blocker() if tenant else session.data.write_blocker()
            )

    def watch(self, tenant_ids: list[str]) -> None:
        """Report changes of these tenants from now on; with thousands it takes a while."""
        with suppress(Problem):
            self._tokens = _version_tokens(self._navigator.session, tenant_ids)

    async def tenant_opened(self) -> None:
        """Watch the tenant that is shown from now on, and store that it is the one used last."""
        session = self._navigator.tenant_session
        self.reset()
        await asyncio.to_thread(last_used.touch, session)
        if not keyring.is_open(session):
            await asyncio.to_thread(keyring.ask_agent, session)
        self.similar_names = await asyncio.to_thread(tenant_registry.similar_names, session)
        self._refresh_chrome()

    def check(self) -> None:
        """Begin to look, or look once more after a look that is under way: a disk may be slow."""
        self._lock_unused()
        self._report_audit_failure()
        self._report_delay()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._check())
            self._looking.add_done_callback(self._on_check_done)
        else:
            self._look_again = True

    def _on_check_done(self, task: asyncio.Task[None]) -> None:
        again, self._look_again = self._look_again, False
        if again and not task.cancelled():
            self.check()

    def _report_delay(self) -> None:
        """Say once that no notices arrive."""
        delay = self._navigator.session.watch.state.delay
        if delay and not self._delay_reported:
            self._delay_reported = True
            self._toast(f"A pooler holds back the store's notices: others' changes are seen within {delay:.0f} s.")

    def check_lock(self) -> None:
        """Show for how long another process has kept this one waiting."""
        waiting = int(lock.waiting_time() + WAIT_INTERVAL)
        if waiting != self._waiting:
            self._waiting = waiting
            self._refresh_chrome()

    async def _check(self) -> None:
        """Tell the screen shown if another process wrote what it shows."""
        navigator = self._navigator
        tenant, screen = navigator.tenant, navigator.screen
        if screen is None:
            return
        for tenant_id in await asyncio.to_thread(navigator.session.forget_lost):
            navigator.hide(tenant_id)
        self._report_agent()
        try:
            state = await asyncio.to_thread(self._read, tenant, screen.ALL_TENANTS)
        except Problem as problem:
            if navigator.tenant is tenant:
                self._report_lost(problem)
            return
        if navigator.tenant is not tenant or navigator.screen is not screen:
            return
        if self._lost or state.write_blocked != self.write_blocked:
            self._lost, self.write_blocked = None, state.write_blocked
            self._refresh_chrome()
        known, self._tokens = self._tokens, state.tokens
        if screen.ALL_TENANTS and known.keys() != state.tokens.keys():
            screen.changed_elsewhere()
        elif any(known.get(tenant_id, token) != token for tenant_id, token in state.tokens.items()):
            navigator.tenant = state.tenant
            screen.changed_elsewhere()

    def _read(self, tenant: Tenant | None, all_tenants: bool) -> _State:
        """Read the files. Call it in a thread: a large file takes a while."""
        session = self._navigator.session
        ids = tenant_registry.ids(session) if all_tenants else [tenant.id] if tenant else []
        tokens = _version_tokens(session, ids)
        if tenant is None:
            return _State(tokens, None, _write_blocked_line(session.data.write_blocker()))
        return _State(
            tokens,
            tenant_registry.tenant_of(session.tenant(tenant.id)),
            _write_blocked_line(session.store(tenant.id).write_blocker()),
        )

    def _report_lost(self, problem: Problem) -> None:
        """Leave a tenant that is gone or cannot be read. A form stays, with what was typed in it."""
        navigator = self._navigator
        if navigator.tenant is None or navigator.screen is None:
            return
        gone = isinstance(problem, UsageError)
        how = ", or you are no operator of it any more" if navigator.session.shares else " in another session"
        message = f"{navigator.tenant.name} was removed{how}." if gone else problem.message
        if isinstance(navigator.screen, AreaScreen):
            self._lost = None
            self._toast(message)
            navigator.tenant_lost()
        elif self._lost is None:
            self._lost = (line(PROBLEM, message), hint("{page.back} shows the tenants."))
            self._refresh_chrome()

    def _refresh_chrome(self) -> None:
        if self._navigator.screen is not None:
            self._navigator.screen.refresh_chrome()

    def _report_audit_failure(self) -> None:
        """Say once what could not be put into the audit log."""
        session = self._navigator.session
        problem, session.audit_failure = session.audit_failure, None
        if problem is not None:
            self._toast(f"This is not in the audit log: {problem.message}")

    def _report_agent(self) -> None:
        """Say once why the agent is not asked any more."""
        agent = self._navigator.session.agent
        if agent is not None and agent.problem is not None and not self._agent_reported:
            self._agent_reported = True
            self._toast(agent.problem.message)

    def _lock_unused(self) -> None:
        """Lock every tenant with a passphrase after some minutes without a key press, unless something runs."""
        session = self._navigator.session
        minutes = session.config.auto_lock
        if not minutes or self._calls or self.idle < 60 * minutes:
            return
        for tenant_id in list(session.open_keys):
            if keyring.is_in_agent(session.tenant(tenant_id)):
                continue  # the agent has limits of its own, and would open it again at once
            with suppress(Problem):
                self._navigator.lock(tenant_id)


def _version_tokens(session: Session, ids: list[str]) -> dict[str, Hashable]:
    """Return what differs whenever a file was replaced; the operator's, too, as trials are counted there."""
    return {tenant_id: session.store(tenant_id).version_token() for tenant_id in (*ids, OPERATOR)}


def _write_blocked_line(problem: Problem | None) -> str:
    """Return the problem in one line; what mends it is said wherever something is to be saved."""
    if problem is None:
        return ""
    whole = f"{problem.message} {problem_hint(problem)}"
    return whole if len(whole) <= _RULE_WIDTH else problem.message
