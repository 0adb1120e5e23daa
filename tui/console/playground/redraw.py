"""Redraw rate of a streaming answer: bounded, and paused while the terminal is busy."""

from collections.abc import Callable
from time import monotonic

from textual.timer import Timer

from tui.console.playground.tab import Tab

_FRAME = 0.1
"""Seconds between two drawings; more where drawing takes long."""

_SHARE = 5
"""A drawing that took a while is followed by this many times as long without one, so that keys are answered."""

_STATUS = 1.0
"""Seconds between two changes of the words in the rule."""


class AnswerDrawing:
    """Calls `draw` and `show_status` for a tab, from `start` to `stop`, while it is the one shown."""

    def __init__(self, tab: Tab, draw: Callable[[], None], show_status: Callable[[], None]) -> None:
        self._tab, self._draw, self._show_status = tab, draw, show_status
        self._timer: Timer | None = None
        self._next_frame = self._next_status = 0.0

    def start(self) -> None:
        self._next_frame = self._next_status = 0.0
        self._timer = self._tab.set_interval(_FRAME, self._tick)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _tick(self) -> None:
        tab, now = self._tab, monotonic()
        if tab.app.screen is not tab.screen or not tab.display:
            return
        if now >= self._next_status:
            self._next_status = now + _STATUS
            self._show_status()
        if now >= self._next_frame and not tab.console.output_busy:
            self._draw()
            self._next_frame = monotonic() + max(_FRAME * 0.5, (monotonic() - now) * _SHARE)
