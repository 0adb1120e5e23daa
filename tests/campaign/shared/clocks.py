"""S6: a host whose clock is wrong, or jumps: reservations, presence and notices are as with a right one."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from unittest.mock import patch
from uuid import uuid4

from tests.campaign.figures import Result
from tests.campaign.shared.hosts import acme, add, values
from tests.campaign.shared.outages import until
from tests.doubles.postgres_server import SharedStore, shared_store
from tui.storage.postgres import presence, trials
from tui.storage.postgres import watcher as watcher_module
from tui.storage.postgres.database import Database
from tui.storage.store import Store

QUOTA = 2
HOUR = 3600.0
OFFSETS = (-12 * HOUR, -HOUR, HOUR, 12 * HOUR)
CONTROL = "current_setting('modeldeck.clock')::timestamptz"
_ADMIT = "SELECT modeldeck.admit_member(%s, 'bob')"

Outcome = tuple[object, ...]
_right = time.time


def wrong(count: int, seed: int) -> Result:
    """So many clocks, each off by hours: what happens is what happens with a right one."""
    chance = random.Random(seed)
    offsets = [*OFFSETS, *(chance.uniform(-24, 24) * HOUR for _ in range(count))][:count]
    with shared_store() as shared:
        lend(shared)
        right = {name: outcome(shared, f"right-{place}", 0.0) for place, (name, outcome) in enumerate(OUTCOMES.items())}
        other = [
            f"{name} by {offset / HOUR:+.0f} h"
            for number, offset in enumerate(offsets)
            for place, (name, outcome) in enumerate(OUTCOMES.items())
            if outcome(shared, f"wrong-{number}-{place}", offset) != right[name]
        ]
        with by_the_clients_clock(shared):
            control = reservations(shared, "control", 12 * HOUR) != right["reservations"]
    words = f"{', '.join(OUTCOMES)} with clocks off by hours: {len(other)} other than with a right one"
    without = "with expiry by the client's clock a jump frees what is reserved"
    return Result(len(offsets) * len(OUTCOMES), len(other), "; ".join([words, *other]), without, control)


@contextmanager
def shifted(offset: float) -> Iterator[None]:
    """Shift the clock of this process by so many seconds."""
    with patch("time.time", lambda: _right() + offset):
        yield


def lend(shared: SharedStore) -> None:
    """Lend a trial of two requests to everybody."""
    root = shared.root()
    operator = Store(root.folder("operator"))
    operator.create({"id": "operator"})
    with operator.transaction() as tables:
        tables.table("trials").insert({"provider": "openai", "calls": QUOTA, "models": []})
    root.close()


def _create(shared: SharedStore, tenant: str) -> None:
    root = shared.root()
    Store(root.folder(tenant)).create({"id": tenant})
    with root.folder(tenant).lock():
        root.folder(tenant).send(_ADMIT, tenant)
    root.close()


def _reserve(database: Database, tenant: str, token: str) -> bool:
    return trials.reserve(database, tenant, "openai", token, allowed=QUOTA, initial=0).reserved


def reservations(shared: SharedStore, tenant: str, offset: float) -> Outcome:
    """Reserve as many as there are, before and after the clock jumps; renew one, settle one, give one back."""
    _create(shared, tenant)
    database, (before, after) = shared.database(), (uuid4().hex, uuid4().hex)
    reserved = [_reserve(database, tenant, before)]
    with shifted(offset):
        reserved += [_reserve(database, tenant, token) for token in (after, uuid4().hex)]
        trials.renew(database, tenant, before)
        reserved.append(_reserve(database, tenant, uuid4().hex))
        trials.end(database, tenant, "openai", before, used=True)
        trials.end(database, tenant, "openai", after, used=False)
    counts = database.trial_counts()[tenant, "openai"]
    database.close()
    return *reserved, counts


def expiry(shared: SharedStore, tenant: str, offset: float) -> Outcome:
    """Let what is reserved expire by the database's clock; the next who asks has it."""
    _create(shared, tenant)
    database, tokens = shared.database(), [uuid4().hex for _ in range(QUOTA)]
    with shifted(offset):
        reserved = [_reserve(database, tenant, token) for token in tokens]
        with shared.administrator() as connection:
            (seconds,) = connection.execute(
                "SELECT max(extract(epoch FROM expires - clock_timestamp())) FROM modeldeck.reservation "
                "WHERE tenant = %s AND state = 'held'",
                (tenant,),
            ).fetchone()
            connection.execute(
                "UPDATE modeldeck.reservation SET expires = clock_timestamp() - interval '1 s' WHERE tenant = %s",
                (tenant,),
            )
        reserved.append(_reserve(database, tenant, uuid4().hex))
    counts = database.trial_counts()[tenant, "openai"]
    database.close()
    return *reserved, 0 < seconds <= trials.EXPIRES, counts


def people(shared: SharedStore, tenant: str, offset: float) -> Outcome:
    """Open a form on this host; another one sees it, until it expired by the database's clock."""
    _create(shared, tenant)
    here, there = shared.database("ada"), shared.database("bob")
    with shifted(offset):
        presence.announce(here, tenant, "here", "openai", 60.0)
    others = [person.login for person in presence.announce(there, tenant, "there", "openai", 0)]
    with shared.administrator() as connection:
        connection.execute(
            "UPDATE modeldeck.presence SET until = clock_timestamp() - interval '1 s' WHERE tenant = %s", (tenant,)
        )
    later = [person.login for person in presence.announce(there, tenant, "there", "openai", 0)]
    with shifted(offset):
        presence.announce(there, tenant, "there", "openai", 60.0)
        back = [person.login for person in presence.announce(here, tenant, "here", "openai", 60.0)]
    here.close()
    there.close()
    return others, later, back


def notices(shared: SharedStore, tenant: str, offset: float) -> Outcome:
    """Save on both hosts while the clock jumps; each knows what the other saved, by notice and by look."""
    other = acme(shared.root())
    if not other.exists():
        other.create({"id": "acme"})
    with patch.object(watcher_module, "POLL", (0.05, 0.1)):
        root = shared.root()
        watcher = root.watch()
        try:
            here = acme(root)
            with shifted(offset):
                add(other, f"{tenant} there")
                until(lambda: f"{tenant} there" in values(here))
                add(here, f"{tenant} here")
                before = watcher._next_look
                until(lambda: watcher._next_look != before)
                away = bool(watcher.state.unreachable_since)
            return f"{tenant} here" in values(acme(shared.root())), away
        finally:
            watcher.stop()
            root.close()


OUTCOMES: Mapping[str, Callable[[SharedStore, str, float], Outcome]] = {
    "reservations": reservations,
    "expiry": expiry,
    "presence": people,
    "notices": notices,
}
"""What is done on a host, by name: it returns what came of it."""


@contextmanager
def by_the_clients_clock(shared: SharedStore) -> Iterator[None]:
    """Let reservations expire by the clock of whoever asks, as it is told to the database."""
    with shared.administrator() as connection:
        for name in ("reserve_trial", "renew_trial"):
            (source,) = connection.execute(f"SELECT pg_get_functiondef('modeldeck.{name}'::regproc)").fetchone()
            connection.execute(source.replace("clock_timestamp()", CONTROL))
    query = Database.query

    def tell_time(self: Database, statement: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        query(self, "SELECT set_config('modeldeck.clock', to_timestamp(%s)::text, false)", (time.time(),))
        return query(self, statement, values)

    with patch.object(Database, "query", tell_time):
        yield
