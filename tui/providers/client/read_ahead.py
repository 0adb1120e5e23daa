"""Read a connection ahead in a task of its own, so that data is taken as soon as it arrives."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar

import httpx

from tui.errors import Problem
from tui.providers.client.limits import DRAIN_TIMEOUT, READ_AHEAD
from tui.providers.client.request import cancel
from tui.providers.client.transport_errors import read_problem
from tui.providers.error_messages import ErrorContext

T = TypeVar("T", bytes, str)


class Inbox(Generic[T]):
    """What has arrived over a connection.

    It holds at most `READ_AHEAD`; beyond that the server has to wait.

    Attributes:
        failure: Why the connection ended, if not in the usual way.
    """

    def __init__(self, join: Callable[[list[T]], T] | None = None) -> None:
        """Take a function that makes one item of several that arrived together, if that can be done."""
        self._join: Callable[[list[T]], T] | None = join
        self.failure: Problem | None = None
        self._task: asyncio.Task[None] | None = None
        self._items: list[T] = []
        self._size = 0
        self._arrived: asyncio.Future[None] | None = None
        self._room = asyncio.Event()

    def fill(self, task: "asyncio.Task[None]") -> None:
        """Name the task that fills it; its end is the end of the answer."""
        self._task = task
        task.add_done_callback(lambda _: self._notify())

    async def put(self, item: T) -> None:
        """Add an item; wait if too much is here already."""
        self._items.append(item)
        self._size += len(item)
        self._notify()
        if self._size > READ_AHEAD:
            self._room.clear()
            await self._room.wait()

    def pending(self) -> "asyncio.Future[None] | None":
        """Return a future that is done once something is here or the end is; None once everything is taken."""
        assert self._task
        if self._task.done() and not self._items:
            return None
        self._arrived = asyncio.get_running_loop().create_future()
        if self._items or self._task.done():
            self._notify()
        return self._arrived

    def take(self) -> list[T]:
        """Return all that is here, once."""
        items, self._items, self._size = self._items, [], 0
        self._room.set()
        return [self._join(items)] if self._join and items else items

    async def drain(self) -> None:
        """Wait a moment for the end, so that the connection can be used again."""
        assert self._task
        self._room.set()
        await asyncio.wait([self._task], timeout=DRAIN_TIMEOUT)

    def _notify(self) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)


@contextlib.asynccontextmanager
async def http_inbox(context: ErrorContext, response: httpx.Response) -> AsyncIterator[Inbox[bytes]]:
    """Read the body of a response in a task. Leaving the block stops it."""
    inbox: Inbox[bytes] = Inbox(b"".join)

    async def read() -> None:
        try:
            async for chunk in response.stream:  # type: ignore[union-attr]
                if chunk:
                    await inbox.put(chunk)
        except Exception as fault:
            inbox.failure = read_problem(context, fault)

    task = asyncio.create_task(read())
    inbox.fill(task)
    try:
        yield inbox
    finally:
        await cancel(task)
