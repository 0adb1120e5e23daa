"""Queue of keys: each is handled completely before the next is dispatched.

Textual hands a key to the widget that has the focus, and lets it rise from there to the bindings while the next key is
already handed out. On a slow line many keys arrive at once, and the later ones would reach a field that the earlier
ones were about to leave.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from math import inf
from time import monotonic
from typing import Protocol

from textual import events
from textual.message import Message

CHECK_INTERVAL = 0.5
"""Seconds until a key that waits asks whether what handled the one before is gone."""

MAX_WAIT = 5.0
"""Seconds after which the next key no longer waits for a handler that does not come back."""

Input = events.Key | events.Paste


class Target(Protocol):
    """What a key acts on: the widget with the focus, or the screen."""

    @property
    def is_running(self) -> bool:
        """Whether it still handles messages."""
        ...

    def post_message(self, message: Message) -> bool:
        """Queue a message behind those that are there. Return False if the target is closing."""
        ...


class KeyHandled(Message):
    """Rises behind a key on the same way. Sent once more, it rises behind what the key's action sent from there."""

    def __init__(self, target: Target, again: bool = True) -> None:
        super().__init__()
        self.target, self.again = target, again


class KeyQueue:
    """Hands on keys and pastes one by one.

    `dispatch` hands one on, `target` is what it acts on. `later` calls back behind the messages that wait now, `after`
    a number of seconds from now. The owner passes every `KeyHandled` on to `handled`.
    """

    def __init__(
        self,
        dispatch: Callable[[Input], Awaitable[None]],
        target: Callable[[], Target],
        later: Callable[[Callable[[], Awaitable[None]]], object],
        after: Callable[[float, Callable[[], Awaitable[None]]], object],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._dispatch, self._target, self._call_later, self._after, self._clock = dispatch, target, later, after, clock
        self._handling, self._since = False, 0.0
        self._handler: Target | None = None
        self._waiting: deque[Input] = deque()

    def hold(self) -> None:
        """Keep keys back, until `release`."""
        self._handling, self._since = True, inf

    async def release(self) -> None:
        """Hand keys on again, first those that have waited."""
        await self._next()

    async def put(self, event: Input) -> None:
        """Hand on a key or paste, or keep it back until the one before was handled."""
        if self._handling:
            self._waiting.append(event)
            self._after(CHECK_INTERVAL, self._give_up)
        else:
            await self._hand_on(event)

    def handled(self, event: KeyHandled) -> None:
        """Go on to the next key, once all that the one before sent has arrived."""
        if not event.again or not event.target.post_message(KeyHandled(event.target, again=False)):
            # The focus moves by a callback that stands in this queue by now.
            self._call_later(self._next)

    async def _hand_on(self, event: Input) -> None:
        target = self._target()
        self._handling, self._since, self._handler = True, self._clock(), target
        await self._dispatch(event)
        if not target.post_message(KeyHandled(target)):
            await self._next()

    async def _give_up(self) -> None:
        if not self._handling or self._since == inf:
            return
        lost = self._handler is None or not self._handler.is_running
        if lost or self._clock() - self._since >= MAX_WAIT:
            await self._next()
        else:
            self._after(CHECK_INTERVAL, self._give_up)

    async def _next(self) -> None:
        self._handling = False
        if self._waiting:
            await self._hand_on(self._waiting.popleft())
