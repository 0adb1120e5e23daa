"""Meter one trial request: reserve it before, count it when its answer begins, give it back if it fails.

Each step is one transaction of the operator's store, so calls of many processes at once never exceed the quota. What a
killed process had reserved counts no more as soon as anybody else looks, unless its answer had begun.

In a shared store the database counts, by its own clock: a reservation that is not renewed for two minutes is given
back. A request that is made by a machine that was cut off for longer counts all the same when that machine is back, so
the quota may be exceeded by as many requests as such machines had under way, and no more.
"""

import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from secrets import token_hex
from typing import Any

from tui.errors import Problem
from tui.process import identity
from tui.providers.events import Event, TextDelta, ThinkingDelta, ToolCalls, Transcript, Vectors
from tui.storage.store import Tables
from tui.tenancy.session import OPERATOR, Session, TenantSession
from tui.tenancy.trials import TrialExhausted, shared_counts, stored_uses, trial

ANSWERS = (TextDelta, ThinkingDelta, ToolCalls, Transcript, Vectors)
"""Events that something of an answer came with."""

RENEWED = 40.0
"""Seconds after which a reservation that would end by itself is renewed."""


class TrialMeter:
    """The meter of one request: `reserve`, then `settle` or `give_back`; the first `give_back` is the last step.

    Its steps may run in different threads: a call that is given up while it is being reserved reserves nothing.

    Attributes:
        answered: Whether something of the answer has come.
    """

    def __init__(self, session: TenantSession, provider_id: str) -> None:
        self._session, self._provider = session, provider_id
        self._token = token_hex(16)
        self._lock = threading.Lock()
        self._over = False
        self._counted = False
        self.answered = False

    @property
    def expires(self) -> bool:
        """Whether a reservation ends by itself unless it is renewed."""
        return shared_counts(self._session.process) is not None

    def renew(self) -> None:
        """Keep the reservation of a request that takes long."""
        database = shared_counts(self._session.process)
        if database is not None and not self._over and not self._counted:
            from tui.storage.postgres.trials import renew

            renew(database, self._session.tenant_id, self._token)

    def reserve(self) -> None:
        """Reserve one request; raise TrialExhausted if none is left."""
        with self._lock:
            if not self._over and not self._counted:
                reserve(self._session, self._provider, self._token)

    def settle(self) -> None:
        """Count the reserved request."""
        with self._lock:
            if not self._over and not self._counted:
                end(self._session, self._provider, self._token, 1)
                self._counted = True

    def give_back(self) -> None:
        """Return the request, reserved or counted: it failed and does not count."""
        with self._lock:
            if not self._over:
                self._over = True
                end(self._session, self._provider, self._token, -1 if self._counted else 0)

    async def watch(self, event: Event) -> None:
        """Count the request at the first event that something of an answer came with."""
        import asyncio  # lazy: start-up time

        if not self.answered and isinstance(event, ANSWERS):
            self.answered = True
            # Before the event is passed on: whoever has seen it and is killed has used the request.
            with suppress(Problem):  # the outcome of the request matters more; it is counted again at the end
                await asyncio.to_thread(self.settle)


@asynccontextmanager
async def metered(meter: TrialMeter) -> AsyncIterator[None]:
    """Count the request that is made within the block.

    One that fails, or is stopped before anything of its answer came, is given back.
    """
    import asyncio  # lazy: start-up time

    counts = False
    try:
        await asyncio.to_thread(meter.reserve)
        async with _renew_reservation(meter):
            yield
        counts = True
    except (GeneratorExit, asyncio.CancelledError):
        counts = meter.answered
        raise
    finally:
        # The outcome of the request matters more: a store that cannot be written must not hide it.
        with suppress(Problem):
            await asyncio.to_thread(meter.settle if counts else meter.give_back)


@asynccontextmanager
async def _renew_reservation(meter: TrialMeter) -> AsyncIterator[None]:
    """Renew the reservation while the block runs, where it would end by itself."""
    import asyncio  # lazy: start-up time

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEWED)
            with suppress(Problem):  # the store may be back in time
                await asyncio.to_thread(meter.renew)

    task = asyncio.create_task(renew()) if meter.expires else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()


def reserve(session: TenantSession, provider_id: str, token: str) -> None:
    """Reserve a request under a token; raise TrialExhausted if none is left."""
    existing = trial(session.process, provider_id)
    if (database := shared_counts(session.process)) is not None:
        from tui.storage.postgres import trials

        initial = stored_uses(session.process).get((session.tenant_id, provider_id), 0)
        result = trials.reserve(
            database, session.tenant_id, provider_id, token, allowed=existing.calls, initial=initial
        )
        if not result.reserved:
            raise TrialExhausted(provider_id, result.used, existing.calls)
        return
    with session.process.store(OPERATOR).transaction() as tables:
        # Read under the lock: the operator may have changed or removed it since.
        quota = min((entry["calls"] for entry in tables.table("trials") if entry["provider"] == provider_id), default=0)
        _clean_up(session.process, tables)
        count = _use_count(tables, session.tenant_id, provider_id)
        reservations = tables.table("reservations")
        if count + sum(_is(entry, session.tenant_id, provider_id) for entry in reservations) >= quota:
            raise TrialExhausted(provider_id, count, quota)
        who = {"tenant": session.tenant_id, "provider": provider_id, "token": token}
        reservations.insert(who | identity.process_record(session.clock()))


def end(session: TenantSession, provider_id: str, token: str, counts: int) -> None:
    """End a reservation, even if it expired meanwhile, and add `counts` (1, 0 or -1) to the requests used."""
    if (database := shared_counts(session.process)) is not None:
        from tui.storage.postgres import trials

        trials.end(database, session.tenant_id, provider_id, token, used=counts > 0)
        return
    with session.process.store(OPERATOR).transaction() as tables:
        tables.table("reservations").remove(lambda record: record.get("token") == token)
        if counts:
            count = max(0, _use_count(tables, session.tenant_id, provider_id) + counts)
            table = tables.table("used")
            table.remove(lambda record: _is(record, session.tenant_id, provider_id))
            table.insert({"tenant": session.tenant_id, "provider": provider_id, "calls": count})


def _clean_up(session: Session, tables: Tables) -> None:
    """Drop the reservations of processes that have ended."""
    table, now = tables.table("reservations"), session.clock()
    ended = [entry.doc_id for entry in table if not identity.is_alive(entry, now)]
    if ended:
        table.remove(doc_ids=ended)


def _use_count(tables: Tables, tenant_id: str, provider_id: str) -> int:
    return sum(int(entry["calls"]) for entry in tables.table("used") if _is(entry, tenant_id, provider_id))


def _is(record: Mapping[str, Any], tenant_id: str, provider_id: str) -> bool:
    return (record.get("tenant"), record.get("provider")) == (tenant_id, provider_id)
