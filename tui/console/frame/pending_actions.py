"""Actions that may yet open another screen: the next key waits until they have, so that it acts on that one.

An action runs in a worker and often reads or asks something first. It keeps keys back from its start to its end, but
not while the page that it opened is shown, nor while it does slow work that a key may stop.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from inspect import iscoroutine
from time import monotonic
from typing import Any, TypeVar, cast

from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.worker import Worker, WorkType

from tui.errors import Problem

Result = TypeVar("Result")

MAX_WAIT = 5.0
"""Seconds for which an action keeps keys back at most."""

BACKGROUND = (
    "audit",
    "columns",
    "complete",
    "details",
    "doctor",
    "look",
    "offer-",
    "read",
    "search",
    "shown",
    "warm",
    "warning",
)
"""Beginnings of the groups of workers that open no screen, and may take long or start at every letter typed."""


@dataclass
class _Action:
    since: float
    page: Screen[Any] | None = None
    """The page that it opened and waits for."""
    slow: bool = False


_current: ContextVar[_Action | None] = ContextVar("action", default=None)


class PendingActions:
    """The actions that run. It is true while the next key has to wait for one. `failed` hears of a bug in a worker."""

    def __init__(
        self,
        stack: Callable[[], list[Screen[Any]]],
        failed: Callable[[Exception], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._stack, self._clock = stack, clock
        self.failed = failed
        self._actions: list[_Action] = []

    def __bool__(self) -> bool:
        return any(map(self._holds_keys, self._actions))

    def _holds_keys(self, action: _Action) -> bool:
        if action.page is not None:
            return action.page not in self._stack()
        return not action.slow and self._clock() - action.since < MAX_WAIT

    def begin(self) -> _Action:
        """Keep keys back from now on."""
        action = _Action(self._clock())
        self._actions.append(action)
        return action

    def end(self, action: _Action) -> None:
        """Keep keys back no longer."""
        self._actions.remove(action)

    async def run(self, action: _Action, work: "WorkType[Result]") -> Result:
        """Do the work as that action."""
        _current.set(action)
        return await cast(Awaitable[Result], work() if callable(work) else work)

    @contextmanager
    def waiting_for(self, page: Screen[Any]) -> Iterator[None]:
        """Let keys through while that page is shown."""
        if (action := _current.get()) is None:
            yield
            return
        before, action.page = action.page, page
        try:
            yield
        finally:
            action.page, action.since = before, self._clock()

    @contextmanager
    def suspend(self) -> Iterator[None]:
        """Let keys through while the block runs: they stop it, or go on elsewhere."""
        if (action := _current.get()) is None:
            yield
            return
        before, action.slow = action.slow, True
        try:
            yield
        finally:
            action.slow, action.since = before, self._clock()

    def release(self) -> None:
        """Keep keys back no longer for the action that calls this."""
        if (action := _current.get()) is not None:
            action.slow = True


class ActionNode(MessagePump):
    """A node whose workers are actions, but those of the groups in `BACKGROUND`.

    It is no `DOMNode` itself, as the styles of a class come from the first of its bases that is one.
    """

    @property
    def pending_actions(self) -> PendingActions:
        """The actions of the app."""
        return cast(PendingActions, cast(Any, self.app).actions)

    def run_worker(
        self,
        work: "WorkType[Any]",
        name: str | None = "",
        group: str = "default",
        description: str = "",
        exit_on_error: bool = True,
        start: bool = True,
        exclusive: bool = False,
        thread: bool = False,
    ) -> Worker[Any]:
        """Run work in a worker; see Textual's `DOMNode.run_worker`."""
        pending, action, running = self.pending_actions, None, work
        if not thread and not group.startswith(BACKGROUND):
            action = pending.begin()
            running = partial(pending.run, action, work)

        def done(_: object) -> None:
            if action is not None:
                pending.end(action)
            # A worker that was stopped ends with CancelledError, which is no Exception.
            if not exit_on_error and isinstance(worker.error, Exception) and not isinstance(worker.error, Problem):
                pending.failed(worker.error)
            # A worker that another one replaces before it began never awaits its work.
            if iscoroutine(work):
                work.close()

        worker = DOMNode.run_worker(
            cast(DOMNode, self), running, name, group, description, exit_on_error, start, exclusive, thread
        )
        assert worker._task is not None
        worker._task.add_done_callback(done)
        return worker
