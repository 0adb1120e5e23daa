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

CHECK_INTERVAL = 0.02
"""Seconds until a key that waits asks again whether it is its turn."""

MAX_WAIT = 5.0
"""Seconds after which the next key no longer waits for a handler that does not come back, or a screen."""

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

    `dispatch` hands one on, `target` is what it acts on. `ready` tells whether that is the screen that the keys before
    led to; until then the next one waits. `later` calls back behind the messages that wait now, `after` a number of
    seconds from now. The owner passes every `KeyHandled` on to `handled`.
    """

    def __init__(
        self,
        dispatch: Callable[[Input], Awaitable[None]],
        target: Callable[[], Target],
        ready: Callable[[], bool],
        later: Callable[[Callable[[], Awaitable[None]]], object],
        after: Callable[[float, Callable[[], Awaitable[None]]], object],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._dispatch, self._target, self._ready = dispatch, target, ready
        self._call_later, self._after, self._clock = later, after, clock
        self._handling, self._since = False, 0.0
        """Whether a key is being handled, and since when, or for how long the next has waited for its screen."""
        self._handler: Target | None = None
        self._timed = False
        self._waiting: deque[Input] = deque()

    def hold(self) -> None:
        """Keep keys back, until `release`."""
        self._handling, self._since = True, inf

    async def release(self) -> None:
        """Hand keys on again, first those that have waited."""
        await self._deliver_next()

    async def put(self, event: Input) -> None:
        """Hand on a key or paste, or keep it back until the one before was handled."""
        if not self._waiting and not self._handling:
            self._since = self._clock()
        self._waiting.append(event)
        if not self._handling:
            await self._check()
        self._ask_again()

    def on_handled(self, event: KeyHandled) -> None:
        """Go on to the next key, once all that the one before sent has arrived."""
        if not event.again or not event.target.post_message(KeyHandled(event.target, again=False)):
            # The focus moves by a callback that stands in this queue by now.
            self._call_later(self._deliver_next)

    async def _deliver(self, event: Input) -> None:
        target = self._target()
        self._handling, self._since, self._handler = True, self._clock(), target
        await self._dispatch(event)
        if not target.post_message(KeyHandled(target)):
            await self._deliver_next()

    def _ask_again(self) -> None:
        if self._waiting and not self._timed:
            self._timed = True
            self._after(CHECK_INTERVAL, self._tick)

    async def _tick(self) -> None:
        self._timed = False
        if not self._handling:
            await self._check()
        elif self._since != inf:
            lost = self._handler is None or not self._handler.is_running
            if lost or self._clock() - self._since >= MAX_WAIT:
                await self._deliver_next()
        self._ask_again()

    async def _deliver_next(self) -> None:
        self._handling, self._since = False, self._clock()
        await self._check()

    async def _check(self) -> None:
        """Hand on the next key, if its screen is there or has not come for long."""
        if self._waiting and (self._ready() or self._clock() - self._since >= MAX_WAIT):
            await self._deliver(self._waiting.popleft())
