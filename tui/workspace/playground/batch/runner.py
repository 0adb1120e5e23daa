"""Run the tasks of a batch: so many at a time, as each host allows, until each has its row."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from time import monotonic
from typing import Any, Protocol

from tui.errors import CredentialRejected, IncompleteAnswer, Locked, Problem, UsageError
from tui.providers.events import Event, Retrying
from tui.workspace.playground.batch.rows_file import RowsFile
from tui.workspace.playground.batch.tasks import BatchTask

ATTEMPTS = 6
"""How often a task is tried before its row says that it failed; the client's own retries are within each."""
_BACKOFF, _MAX_BACKOFF = 1.0, 60.0
_TOO_MUCH = "busy"
"""The reason of a `Retrying` for a host that limits its rate."""


@dataclass(frozen=True)
class Outcome:
    """The result of one request: its part of the row, its cost, and its problem if it failed."""

    row: Mapping[str, Any]
    problem: Problem | None = None
    cost: Decimal | None = None
    currency: str = ""


class Perform(Protocol):
    """Send the request of a task; no Problem is raised."""

    async def __call__(self, task: BatchTask, on_event: Callable[[Event], object]) -> Outcome:
        """Return what came of it."""
        ...


@dataclass
class BatchProgress:
    """How far a batch is. `waiting_until` is by the monotonic clock, 0.0 while no host asks to wait."""

    total: int = 0
    skipped: int = 0
    answered: int = 0
    failed: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    waiting_until: float = 0.0
    spent: dict[str, Decimal] = field(default_factory=dict)
    stopped_models: dict[str, Problem] = field(default_factory=dict)
    limit_reached: bool = False

    @property
    def done(self) -> int:
        """Tasks that have their row."""
        return self.skipped + self.answered + self.failed


class BatchRun:
    """One run over the tasks without a row.

    Args:
        tasks: Those tasks, in order.
        hosts: The host of each model, by its ref; tasks of one host wait together.
        perform: Sends a request.
        file: Where rows are appended.
        concurrency: The most requests in flight.
        max_cost: No request is begun once so much was spent in any currency; None for no limit.
        on_change: Called after each change of the progress.
    """

    def __init__(
        self,
        tasks: Sequence[BatchTask],
        hosts: Mapping[str, str],
        perform: Perform,
        file: RowsFile,
        progress: BatchProgress,
        *,
        concurrency: int = 4,
        max_cost: Decimal | None = None,
        on_change: Callable[[], object] = lambda: None,
    ) -> None:
        self._waiting = deque(tasks)
        self._hosts, self._perform, self._file = hosts, perform, file
        self.progress = progress
        self._concurrency, self._max_cost, self._on_change = concurrency, max_cost, on_change
        self._attempts: dict[str, int] = {}
        self._paused: dict[str, float] = {}
        self._requeued = asyncio.Event()
        self._writes: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Run until every task has its row, or nothing more may be sent. Cancelling keeps every finished row."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._concurrency, len(self._waiting))):
                    group.create_task(self._work())
        except* Problem as group_problem:
            raise group_problem.exceptions[0] from None
        finally:
            if self._writes:
                await asyncio.wait(self._writes)

    async def _work(self) -> None:
        while (task := await self._next()) is not None:
            self.progress.in_flight += 1
            self.progress.max_in_flight = max(self.progress.max_in_flight, self.progress.in_flight)
            try:
                outcome = await self._perform(task, partial(self._watch, task))
            finally:
                self.progress.in_flight -= 1
                self._requeued.set()
            await self._settle(task, outcome)
            self._on_change()

    async def _next(self) -> BatchTask | None:
        """Return the first task whose host does not ask to wait; None when there is none left for this worker."""
        while True:
            if self._over_limit():
                return None
            now = monotonic()
            for place, task in enumerate(self._waiting):
                if self._paused.get(self._host(task), 0.0) <= now:
                    del self._waiting[place]
                    return task
                if place > 10_000:
                    break
            if not self._waiting and not self.progress.in_flight:
                return None
            self._requeued.clear()
            pause = (
                min((self._paused[self._host(task)] for task in list(self._waiting)[:100]), default=now + 3600) - now
            )
            self.progress.waiting_until = now + pause if self._waiting else 0.0
            self._on_change()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._requeued.wait(), max(0.01, pause))
            self.progress.waiting_until = 0.0

    def _host(self, task: BatchTask) -> str:
        return self._hosts.get(task.model.ref, task.model.provider)

    def _over_limit(self) -> bool:
        """Return True once the cost limit is reached, with what the requests in flight will cost on average."""
        progress = self.progress
        if self._max_cost is None or not progress.spent:
            return False
        answers = max(1, progress.answered + progress.skipped)
        share = 1 + Decimal(progress.in_flight) / answers
        progress.limit_reached = any(spent * share >= self._max_cost for spent in progress.spent.values())
        return progress.limit_reached

    def _watch(self, task: BatchTask, event: Event) -> None:
        """Let other tasks of a host wait while it asks one to."""
        if isinstance(event, Retrying) and event.reason == _TOO_MUCH:
            self._pause(task, event.seconds)

    def _pause(self, task: BatchTask, seconds: float) -> None:
        host = self._host(task)
        self._paused[host] = max(self._paused.get(host, 0.0), monotonic() + seconds)

    async def _settle(self, task: BatchTask, outcome: Outcome) -> None:
        """Write the row of a task, or put it back to be tried again."""
        problem, progress = outcome.problem, self.progress
        if outcome.cost is not None:
            progress.spent[outcome.currency] = progress.spent.get(outcome.currency, Decimal(0)) + outcome.cost
        if isinstance(problem, CredentialRejected | Locked | UsageError):
            # The same for every prompt of the model; what is not sent has no row, and is sent by the next run.
            progress.stopped_models[task.model.ref] = problem
            self._waiting = deque(other for other in self._waiting if other.model.ref != task.model.ref)
            return
        attempt = self._attempts[task.id] = self._attempts.get(task.id, 0) + 1
        if problem is not None and problem.transient and attempt < ATTEMPTS:
            # One connection that was lost says nothing of the host.
            if not isinstance(problem, IncompleteAnswer) or attempt > 1:
                self._pause(task, problem.retry_after or min(_MAX_BACKOFF, _BACKOFF * 2 ** (attempt - 1)))
            self._waiting.appendleft(task)
            self._requeued.set()
            return
        write = asyncio.create_task(asyncio.to_thread(self._file.append, _row(task, outcome)))
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)
        await asyncio.shield(write)
        if problem is None:
            progress.answered += 1
        else:
            progress.failed += 1


def _row(task: BatchTask, outcome: Outcome) -> dict[str, Any]:
    name = {"name": task.prompt.name} if task.prompt.name else {}
    system = {"system": task.prompt.system} if task.prompt.system else {}
    head = {"id": task.id, "index": task.index, **name, "prompt": task.prompt.text, **system}
    about = {"model": task.model.ref, "parameters": dict(task.parameters), "repeat": task.repeat}
    return {**head, **about, **outcome.row}
