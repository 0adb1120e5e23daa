"""Running verifications and their results, shown in rows and titles."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Any

from textual.timer import Timer

from tui.console.frame.screen import FramedScreen
from tui.console.widgets.symbols import WORKING
from tui.errors import Problem

MAX_CONCURRENT = 6
"""Providers asked at the same time."""

Work = tuple[str, str, Callable[[], Awaitable[None]]]
"""Provider id, what is done (`checking`), and how."""


class Checks:
    """The verifications of a screen. `changed` is called whenever a row may have changed."""

    def __init__(self, screen: FramedScreen[Any], changed: Callable[[], None]) -> None:
        self._screen, self._changed = screen, changed
        self._since: dict[str, tuple[str, float]] = {}
        self._done = self._of = 0
        self._ticking: Timer | None = None
        self.problems: dict[str, Problem] = {}

    def __bool__(self) -> bool:
        return bool(self._of)

    @property
    def running_checks(self) -> dict[str, str]:
        """`checking 3 s` by provider id."""
        return {
            entry: what + (f" {seconds} s" if (seconds := int(monotonic() - since)) else "")
            for entry, (what, since) in self._since.items()
        }

    @property
    def progress(self) -> str:
        """`… 4 of 8 checked`, '' where one or none is asked."""
        return f"{WORKING} {self._done} of {self._of} checked" if self._of > 1 else ""

    async def run(self, works: Sequence[Work]) -> None:
        """Run the checks, several at a time; a failed one shows its problem in its row and stops no other."""
        semaphore = asyncio.Semaphore(MAX_CONCURRENT)

        async def check_one(provider_id: str, what: str, work: Callable[[], Awaitable[None]]) -> None:
            async with semaphore:
                self._since[provider_id] = what, monotonic()
                self.problems.pop(provider_id, None)
                self._changed()
                try:
                    await work()
                except Problem as problem:
                    self.problems[provider_id] = problem
                finally:
                    self._since.pop(provider_id, None)
                self._done += 1
                self._changed()

        self._of += len(works)
        if self._ticking is None:
            self._ticking = self._screen.set_interval(1.02, self._changed)
        try:
            with self._screen.pending_actions.suspend():
                await asyncio.gather(*(check_one(*work) for work in works if work[0] not in self._since))
        finally:
            self._of -= len(works)
            self._done = max(0, self._done - len(works))
            if not self._of and self._ticking is not None:
                self._ticking.stop()
                self._ticking = None
                self._done = 0
            self._changed()
