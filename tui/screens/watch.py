"""What is looked at while nobody presses a key: changes by other processes, and tenants to be locked again."""

import asyncio
from collections.abc import Hashable
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from tui.errors import Problem, Usage
from tui.screens.area import Area, Framed
from tui.workspace import tenants

if TYPE_CHECKING:
    from tui.app import Modeldeck

EVERY = 2.0
"""Seconds between looks."""


class Watch:
    """Of one console. Nothing is sent to the terminal unless something did change."""

    def __init__(self, app: "Modeldeck") -> None:
        self.app = app
        self._stamp: Hashable = None
        self.alike: tuple[str, ...] = ()
        self._last_key = monotonic()

    def key(self) -> None:
        """A key was pressed, or text was pasted."""
        self._last_key = monotonic()

    async def shown(self) -> None:
        """Another tenant is shown from now on: it is the one used last."""
        desk, tenant_id = self.app.desk, self.app.tenant_id
        self._stamp, self.alike = desk.store(tenant_id).stamp(), ()
        await asyncio.to_thread(tenants.touch, desk, tenant_id)
        self.alike = await asyncio.to_thread(tenants.alike, desk, tenant_id)
        if self.alike and isinstance(self.app.screen, Framed):
            self.app.screen.reframe()

    def look(self) -> None:
        """Lock what nobody uses, and tell the screen shown when another process wrote the settings."""
        self._lock_unused()
        app, screen = self.app, self.app.screen
        if app.tenant is None or not isinstance(screen, Framed):
            return
        try:
            stamp = app.desk.store(app.tenant.id).stamp()
            if stamp == self._stamp:
                return
            app.tenant = tenants.get(app.desk, app.tenant.id)
        except Problem as problem:
            # A form keeps what was typed in it; what it saves will say what is the matter.
            if isinstance(screen, Area):
                gone = isinstance(problem, Usage)
                app.toast(f"{app.tenant.name} was removed in another session." if gone else problem.message)
                app.tenant_lost()
            return
        known, self._stamp = self._stamp, stamp
        if known is not None:
            screen.changed_elsewhere()

    def _lock_unused(self) -> None:
        """Lock every tenant with a passphrase after some minutes without a key press, unless something runs."""
        minutes = self.app.desk.config.auto_lock
        if not minutes or self.app.at_work or monotonic() - self._last_key < 60 * minutes:
            return
        for each in list(self.app.desk.open_keys):
            with suppress(Problem):
                tenants.lock(self.app.desk, each)
                self.app.covered(each)
