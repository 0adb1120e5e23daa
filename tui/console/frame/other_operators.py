"""Who else has the same form open, where operators share a store. It is advice: nothing is locked."""

import asyncio

from tui.console.frame.navigator import ConsoleNode
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import CAUTION

ANNOUNCE_INTERVAL = 20.0
"""Seconds between two announcements that a form is open; after three it is taken for closed."""


class OtherOperators(ConsoleNode, Plain):
    """A line that names them, and nothing where there are none."""

    DEFAULT_CSS = "OtherOperators { height: auto; padding-left: 1; }"

    def __init__(self, what: str, tenant_id: str = "") -> None:
        """Create the line of the form `what`, of the tenant shown or of another one."""
        super().__init__(classes="said")
        self._what, self._tenant_id = what, tenant_id
        self.display = False

    def on_mount(self) -> None:
        if self.navigator.session.shares:
            self.run_worker(self._refresh(), group="presence", exit_on_error=False)

    async def _refresh(self) -> None:
        """Tell others that this form is open, and show who else has it open."""
        from tui.workspace.operators import others_present  # lazy: a shared store

        session = self.navigator.session.tenant(self._tenant_id or self.navigator.tenant_id)
        try:
            while True:
                others = await others_present(session, self._what, 3 * ANNOUNCE_INTERVAL)
                self.display = bool(others)
                self.show(line(CAUTION, f"{others[0]}." if others else ""))
                await asyncio.sleep(ANNOUNCE_INTERVAL)
        finally:
            await asyncio.shield(others_present(session, self._what, 0))
