"""Keys act one after the other: each has moved the focus or changed the screen before the next is looked at.

Textual hands a key to the widget that has the focus, and lets it rise from there to the bindings while the next key is
already handed out. On a slow line many keys arrive at once, and the later ones would reach a field that the earlier
ones were about to leave.
"""

from collections import deque
from math import inf
from time import monotonic

from textual import events
from textual.app import App
from textual.message import Message
from textual.widget import Widget

_LONGEST = 0.5
"""Seconds after which the next key no longer waits: what handled the one before is gone."""


class InOrder(App[str]):
    """The part of the console that takes keys and pastes."""

    class Handled(Message):
        """Rises behind a key on the same way. Sent once more, it rises behind what the key's action sent from there."""

        def __init__(self, target: Widget, again: bool = True) -> None:
            super().__init__()
            self.target, self.again = target, again

    def __init__(self) -> None:
        super().__init__()
        self._handling, self._since = False, 0.0
        self._later: deque[events.Key | events.Paste] = deque()

    def hold(self) -> None:
        """From here on keys wait, until `go_on`."""
        self._handling, self._since = True, inf

    async def go_on(self) -> None:
        """Keys act, those first that have waited."""
        await self._next()

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._handling:
            self._later.append(event)
            self.set_timer(_LONGEST, self._give_up)
        else:
            await self._take(event)

    async def _take(self, event: events.Key | events.Paste) -> None:
        self._handling, self._since = True, monotonic()
        target = self.focused or self.screen
        await super().on_event(event)
        if not target.post_message(self.Handled(target)):
            await self._next()

    def on_in_order_handled(self, event: Handled) -> None:
        if not event.again or not event.target.post_message(self.Handled(event.target, again=False)):
            # The focus moves by a callback that stands in this queue by now.
            self.call_later(self._next)

    async def _give_up(self) -> None:
        if self._handling and monotonic() - self._since >= _LONGEST:
            await self._next()

    async def _next(self) -> None:
        self._handling = False
        if self._later:
            await self._take(self._later.popleft())
