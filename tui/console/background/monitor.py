"""What is looked at while nobody presses a key: what other processes do, and tenants to be locked again."""

import asyncio
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual.app import ScreenStackError

from tui.console.actions import hint
from tui.console.frame.chrome import STRIP
from tui.console.frame.screen import AreaScreen, FramedScreen
from tui.console.remedies import problem_hint
from tui.console.widgets.static_text import line
from tui.console.widgets.symbols import ATTENTION, WARNING, WORKING
from tui.domain import Tenant
from tui.errors import Problem, UsageError
from tui.storage import lock
from tui.tenancy import keyring, last_used
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import OPERATOR

if TYPE_CHECKING:
    from tui.console.app import Modeldeck

EVERY = 2.0
"""Seconds between looks."""

OFTEN = 0.5
"""Seconds between looks at whether another process keeps this one waiting."""

_ROOM = 75
"""Cells of a rule in a window of 80."""


@dataclass(frozen=True)
class _Seen:
    """The files as they were found: a stamp for each tenant, the tenant shown, and why nothing can be changed."""

    stamps: dict[str, Hashable]
    tenant: Tenant | None
    shut: str


class BackgroundMonitor:
    """Of one console. Nothing is sent to the terminal unless something did change."""

    def __init__(self, app: "Modeldeck") -> None:
        self.app = app
        self.alike: tuple[str, ...] = ()
        self.shut = ""
        """Why the settings shown can be looked at and not changed, in one line; '' where they can."""
        self.strip: STRIP | None = None
        """What stands in the strip of every screen in place of its own words."""
        self._lost: STRIP | None = None
        self._waiting = 0
        self._seen: dict[str, Hashable] = {}
        self._looking: asyncio.Task[None] | None = None
        self._last_key = monotonic()

    def key(self) -> None:
        """Note that a key was pressed or text was pasted."""
        self._last_key = monotonic()

    def lost(self) -> bool:
        """Whether the tenant shown is gone or cannot be read: looked at before each key does something to it."""
        tenant, screen = self.app.tenant, self._screen
        if tenant is None or screen is None:
            return False
        try:
            if self.app.session.store(tenant.id).version_token() != self._seen.get(tenant.id):
                tenant_registry.get(self.app.session.tenant(tenant.id))
        except Problem as problem:
            self._lose(problem)
            # In a form what was typed can still be looked at, copied and left.
            return isinstance(screen, AreaScreen)
        return False

    def start(self) -> None:
        """Look from now on, and tell what is to be minded about where things lie."""
        self.begin()
        for warning in self.app.session.warnings:
            self.app.toast(warning)
        self.app.set_interval(EVERY, self.look)
        self.app.set_interval(OFTEN, self.wait)

    def begin(self) -> None:
        """Watch the tenant that is shown, or the list of them, from its present state on."""
        session, tenant = self.app.session, self.app.tenant
        self._lost, self.alike = None, ()
        self.take([tenant.id] if tenant else [])
        with suppress(Problem):
            self.shut = _write_blocked_line(
                session.store(tenant.id).write_blocker() if tenant else session.data.write_blocker()
            )

    def take(self, tenant_ids: list[str]) -> None:
        """Watch these tenants from the present state of their files on; thousands take a while."""
        with suppress(Problem):
            self._seen = _stamps(self.app, tenant_ids)

    @property
    def idle(self) -> float:
        """Seconds since the last key."""
        return monotonic() - self._last_key

    async def shown(self) -> None:
        """Store the tenant that is shown as the one used last."""
        session, tenant_id = self.app.session, self.app.tenant_id
        self.begin()
        await asyncio.to_thread(last_used.touch, session.tenant(tenant_id))
        self.alike = await asyncio.to_thread(tenant_registry.similar_names, session.tenant(tenant_id))
        self._reframe()

    def look(self) -> None:
        """Begin to look, unless the last look is still under way: a disk may be slow."""
        self._lock_unused()
        self._report_audit_failure()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    def wait(self) -> None:
        """Say for how long another process has kept this one waiting."""
        waiting = int(lock.waited() + OFTEN)
        if waiting != self._waiting:
            self._waiting = waiting
            self._say()

    async def _look(self) -> None:
        """Tell the screen shown when another process wrote what it shows."""
        app, tenant, screen = self.app, self.app.tenant, self._screen
        if screen is None:
            return
        try:
            seen = await asyncio.to_thread(self._see, tenant, screen.ALL_TENANTS)
        except Problem as problem:
            if app.tenant is tenant:
                self._lose(problem)
            return
        if app.tenant is not tenant or self._screen is not screen:
            return
        if self._lost or seen.shut != self.shut:
            self._lost, self.shut = None, seen.shut
            self._say()
        known, self._seen = self._seen, seen.stamps
        if screen.ALL_TENANTS and known.keys() != seen.stamps.keys():
            screen.changed_elsewhere()
        elif any(known.get(entry, stamp) != stamp for entry, stamp in seen.stamps.items()):
            app.tenant = seen.tenant
            screen.changed_elsewhere()

    def _see(self, tenant: Tenant | None, everyone: bool) -> _Seen:
        """In a thread: a large file takes a while to read."""
        session = self.app.session
        stamps = _stamps(self.app, tenant_registry.ids(session) if everyone else [tenant.id] if tenant else [])
        if tenant is None:
            return _Seen(stamps, None, _write_blocked_line(session.data.write_blocker()))
        return _Seen(
            stamps,
            tenant_registry.get(session.tenant(tenant.id)),
            _write_blocked_line(session.store(tenant.id).write_blocker()),
        )

    def _lose(self, problem: Problem) -> None:
        """React to a tenant that was removed or became unreadable. A form keeps what was typed."""
        app = self.app
        if app.tenant is None or self._screen is None:
            return
        gone = isinstance(problem, UsageError)
        said = f"{app.tenant.name} was removed in another session." if gone else problem.message
        if isinstance(self._screen, AreaScreen):
            self._lost = None
            app.toast(said)
            app.tenant_lost()
        elif self._lost is None:
            self._lost = (line((f"{WARNING} ", ATTENTION), said), hint("{page.back} shows the tenants."))
            self._say()

    def _say(self) -> None:
        waits = (f"{WORKING} waiting for another session {self._waiting} s", "")
        self.strip = waits if self._waiting else self._lost
        self._reframe()

    def _reframe(self) -> None:
        if self._screen is not None:
            self._screen.refresh_chrome()

    @property
    def _screen(self) -> FramedScreen[Any] | None:
        """The screen shown; None at the very beginning and end."""
        with suppress(ScreenStackError):
            if isinstance(self.app.screen, FramedScreen):
                return self.app.screen
        return None

    def _report_audit_failure(self) -> None:
        """Report, once, that the audit log cannot be written."""
        problem, self.app.session.audit_failure = self.app.session.audit_failure, None
        if problem is not None:
            self.app.toast(f"This is not in the audit log: {problem.message}")

    def _lock_unused(self) -> None:
        """Lock every tenant with a passphrase after some minutes without a key press, unless something runs."""
        minutes = self.app.session.config.auto_lock
        if not minutes or self.app.at_work or self.idle < 60 * minutes:
            return
        for tenant_id in list(self.app.session.open_keys):
            with suppress(Problem):
                keyring.lock(self.app.session.tenant(tenant_id))
                self.app.covered(tenant_id)


def _stamps(app: "Modeldeck", ids: list[str]) -> dict[str, Hashable]:
    """Return version tokens of the files, the operator's too, as trials are counted there."""
    return {tenant_id: app.session.store(tenant_id).version_token() for tenant_id in (*ids, OPERATOR)}


def _write_blocked_line(why: Problem | None) -> str:
    """Return the problem on one line; the remedy is shown when something is to be saved."""
    if why is None:
        return ""
    whole = f"{why.message} {problem_hint(why)}"
    return whole if len(whole) <= _ROOM else why.message
