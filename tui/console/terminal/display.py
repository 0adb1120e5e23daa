"""Differential display: sends only changed cells, and no more than the line takes.

Textual's one way out is `App._display`. Its updates change the picture that is wanted here, and what the terminal
shows follows it as fast as the terminal takes it. While the line is busy the picture goes on changing, so that a slow
terminal gets fewer, larger steps and never a queue.
"""

import asyncio
from time import monotonic
from typing import Any

from rich.color import ColorSystem
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App

from tui.console.terminal.cells import Picture, apply_update, blank
from tui.console.terminal.diff import FULL_RESET, ScreenState, diff_step
from tui.console.terminal.flow_control import FlowControl, assumed_rate

_MAX_UNBRACKETED = 256
"""Characters that are drawn together without being bracketed, as a terminal takes them in one read."""

_RETRY_DELAY = 0.05
"""Seconds until a busy line is looked at again if it did not answer before."""


class Display:
    """Shows an app's updates on a terminal whose driver has a `pace`. All others, and `whole`, are left to Textual."""

    def __init__(self, app: App[Any], *, whole: bool = False, line: int = 0) -> None:
        self._app = app
        self._whole = whole
        self._speed = assumed_rate(line)
        self._target: Picture = ()
        self._shown: ScreenState | None = None
        self._later: asyncio.TimerHandle | None = None

    def show(self, update: object) -> bool:
        """Show an update; False if Textual has to do it."""
        app = self._app
        if self._whole or self._pace is None or app._batch_count or not isinstance(update, LayoutUpdate | ChopsUpdate):
            return False
        if self._size != app.size:
            self._target, self._shown = [blank(app.size.width)] * app.size.height, None
        self._target = apply_update(self._target, update, app.console._color_system or ColorSystem.TRUECOLOR)
        self.send()
        app.post_display_hook()
        return True

    def forget(self) -> None:
        """Redraw everything soon: what the terminal shows is unknown."""
        if self._whole and self._app._driver is not None:
            self._app._driver.write("\x1b[2J")
            for widget in (self._app.screen, *self._app.screen.walk_children()):
                widget.refresh()
        self._shown = None
        self._send_later()

    def send(self) -> None:
        """Bring the terminal nearer to the picture that is wanted."""
        try:
            self._send()
        except Exception as error:
            # Not every caller is a handler whose errors Textual sees.
            self._app._handle_exception(error)

    @property
    def busy(self) -> bool:
        """Whether the line takes nothing now, so that what is drawn would wait."""
        return self._pace is not None and self._pace.send_budget(monotonic()) <= 0

    @property
    def _pace(self) -> FlowControl | None:
        """The pace of the terminal while there is one that takes pictures."""
        app = self._app
        return getattr(app._driver, "pace", None) if app._running and not app._closed else None

    @property
    def _size(self) -> tuple[int, int]:
        return len(self._target[0].texts) if self._target else 0, len(self._target)

    def _send(self) -> None:
        pace, driver = self._pace, self._app._driver
        if pace is None or driver is None or not self._target or self._size != self._app.size:
            return
        now = monotonic()
        pace.then, pace.speed = self.send, self._speed
        budget = pace.send_budget(now)
        if budget <= 0 or not pace.takes():
            self._send_later()
            return
        cursor = self._app.screen.outer_size.clamp_offset(self._app.cursor_position)
        shown = self._shown or ScreenState.blank(*self._size)
        text, after = diff_step(shown, self._target, cursor, budget)
        if self._shown is None:
            text = FULL_RESET + text
        self._shown = after
        if after.picture is not self._target:
            self._send_later()
        if not text:
            return
        if len(text) > _MAX_UNBRACKETED and self._app._sync_available:
            text = f"{SYNC_START}{text}{SYNC_END}"
        driver.write(text + pace.count_sent(len(text.encode()), now))

    def _send_later(self) -> None:
        if self._later is not None:
            self._later.cancel()
        self._later = asyncio.get_running_loop().call_later(_RETRY_DELAY, self.send)
