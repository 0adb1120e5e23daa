"""Busy state of a screen: what runs and for how many seconds, shown in its title."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from tui.console.frame.screen import FramedScreen
from tui.console.widgets.symbols import WORKING


class BusyIndicator:
    """The work of one screen; the latest of several is the one that is shown."""

    def __init__(self, screen: FramedScreen[Any]) -> None:
        self._screen = screen
        self._operations: list[tuple[str, float]] = []

    def __bool__(self) -> bool:
        return bool(self._operations)

    @property
    def text(self) -> str:
        """`… listing OpenAI 2 s`, or '' while nothing runs."""
        if not self._operations:
            return ""
        what, since = self._operations[-1]
        seconds = int(monotonic() - since)
        return f"{WORKING} {what}" + (f" {seconds} s" if seconds else "")

    @contextmanager
    def during(self, what: str) -> Iterator[None]:
        """Show that work while the block runs, however it ends."""
        work = (what, monotonic())
        self._operations.append(work)
        ticking = self._screen.set_interval(1.0, self._screen.refresh_chrome)
        self._screen.refresh_chrome()
        try:
            with self._screen.pending_actions.suspend():
                yield
        finally:
            ticking.stop()
            self._operations.remove(work)
            self._screen.refresh_chrome()
