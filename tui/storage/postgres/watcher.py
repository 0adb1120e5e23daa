"""Keeps what a console knows of a shared store up to date, on a second connection and in a thread of its own.

LISTEN comes first, then the versions are read, so nothing is missed in between; a new connection counts as a notice of
everything. Notices can be lost in ways that nobody is told of, so the sum of all versions is asked for as well, about
every ten seconds. While the store is away, what was read last is what there is, and nothing waits for the network.
"""

import hashlib
import os
import random
import re
import select
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import astuple, replace
from functools import partial
from typing import Any
from uuid import uuid4

import psycopg

from tui.errors import Action, Problem, Remedy
from tui.storage.postgres import snapshot
from tui.storage.postgres.blobs import whole
from tui.storage.postgres.connection import StoreUnreachable
from tui.storage.postgres.database import HEADS, TRIALS, Database
from tui.storage.postgres.transaction import DOCUMENTS, rows_of
from tui.storage.watch import StateCache, StoreState

POLL = (7.0, 12.0)
"""Seconds between two looks at the sum of all versions, the least and the most."""

DEADLINE = 5.0
"""Seconds that an answer to the watcher may take."""

BACK_OFF = (1.0, 30.0)
"""Seconds between two attempts to reach a store that is away: the first time, and at most."""

PROBE = 1.0
"""Seconds in which a notice of this process's own has to come back through a pooler."""

CACHED = 60.0
"""Seconds that pass at least before what was read is written to the cache again."""

_CHANNEL = "modeldeck"
_NOTICE = re.compile(r"[0-9]{1,18} [0-9]{1,18}")
_READ_AHEAD = 8 * 2**20
_SUM = """
SELECT count(*), coalesce(sum(version), 0), coalesce(sum(number), 0),
(SELECT coalesce(sum(used + 2 * held), 0) FROM modeldeck.trial) FROM modeldeck.tenant WHERE NOT removed
"""


Connection = psycopg.Connection[tuple[Any, ...]]


class Watcher:
    """Watches a store until it is stopped. `on_change` is called in its thread."""

    def __init__(self, database: Database, cache: StateCache | None = None) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self.state = StoreState()
        self._database, self._cache = database, cache
        self._link = database.link.another(DEADLINE)
        self._connection: Connection | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._payloads: set[str] = set()
        """Payloads of notices that are still to be handled."""
        self._foreign: set[int] = set()
        """Numbers of tenants that this login may not see."""
        self._next_look = 0.0
        self._cached, self._cached_writes = float("-inf"), database.writes
        self._dirty = False
        self._wake_end, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._wake_end, False)
        database.watched, database.outage, database.lost = True, self._outage, self.retry
        try:
            self._connect()
        except StoreUnreachable:
            if not self._load():
                self.stop()
                raise
        except Problem:
            self.stop()
            raise
        self._thread = threading.Thread(target=self._run, name="store watcher", daemon=True)
        self._thread.start()

    def retry(self) -> None:
        """Look at the store at once."""
        with suppress(OSError):
            os.write(self._wake, b"x")

    def stop(self) -> None:
        """End the thread and its connection; the cache is written if anything changed."""
        if self._stopping:
            return
        self._stopping = True
        self.retry()
        if self._thread is not None:
            self._thread.join(DEADLINE + 1)
        self._link.drop()
        with suppress(Problem):
            self._store(force=True)
        database = self._database
        database.watched, database.outage, database.lost = False, lambda: None, lambda: None
        for end in (self._wake, self._wake_end):
            os.close(end)

    # --- the thread --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        attempt = 0
        while not self._stopping:
            try:
                connection = self._connection
                if connection is None:
                    self._connect()
                    attempt = 0
                else:
                    self._serve(connection)
            except (psycopg.Error, Problem):
                self._link.drop()
                self._connection = None
                if self._stopping:
                    return
                if not self.state.unreachable_since:
                    self._set_state(unreachable_since=time.time(), read_at=self.state.read_at)
                first, maximum = BACK_OFF
                self._pause(random.uniform(0.5, 1) * min(maximum, first * 2**attempt))
                attempt = min(attempt + 1, 10)

    def _connect(self) -> None:
        """Listen, then read everything; find out whether notices arrive."""
        connection = self._link.connection()
        connection.add_notify_handler(lambda notice: self._payloads.add(notice.payload))
        connection.execute(f"LISTEN {_CHANNEL}")
        self._read_all(connection)
        self._connection = connection
        self._database.link.adopt(self._link.login)
        self._set_state(read_at=time.time())
        if not self._notices_arrive(connection):
            self._set_state(read_at=time.time(), delay=POLL[1] + 1)

    def _notices_arrive(self, connection: Connection) -> bool:
        """Return False behind a pooler that hands the connection to others between two transactions."""
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        if row is not None and row[0] == connection.info.backend_pid:
            return True  # there is no pooler
        token, until = f"probe {uuid4().hex}", time.monotonic() + PROBE
        self._database.query("SELECT pg_notify(%s, %s)", (_CHANNEL, token))
        while token not in self._payloads and (remaining := until - time.monotonic()) > 0 and not self._stopping:
            self._pause(remaining)
            self._take_notices(connection)
        return token in self._payloads

    def _serve(self, connection: Connection) -> None:
        """Wait for a notice, or until the next look is due; then read what changed."""
        # A notice may have come with the answer to a query; waiting for another one would hold it back.
        called = not self._payloads and self._pause(self._next_look - time.monotonic())
        if self._stopping:
            return
        self._take_notices(connection)
        payloads, self._payloads = self._payloads, set()
        if numbers := {number for text in payloads if (number := self._news(text))} - self._foreign:
            self._read(connection, f"{HEADS} AND number = ANY(%s)", numbers)
        if called or time.monotonic() >= self._next_look:
            *versions, trials = connection.execute(_SUM).fetchone() or (0, 0, 0, 0)
            if versions != self._heads_sum():
                connection.execute(f"LISTEN {_CHANNEL}")  # its notice did not arrive
                self._read_all(connection)
            elif trials != sum(used + 2 * pending for used, pending in self._database.trials.values()):
                self._read_trials(connection)
            self._next_look = time.monotonic() + random.uniform(*POLL)
            self.state = replace(self.state, read_at=time.time())
        with suppress(Problem):
            self._store()

    def _news(self, payload: str) -> int:
        """Return the number of the tenant that a notice is about, 0 if what it says is known."""
        # Every login of the database can send a notice, of any text.
        if not _NOTICE.fullmatch(payload):
            return 0
        number, _, version = payload.partition(" ")
        heads = self._database.heads().values()
        is_current = any(head.number == int(number) and head.version >= int(version) > 0 for head in heads)
        return 0 if is_current else int(number)

    def _heads_sum(self) -> list[int]:
        heads = self._database.heads().values()
        return [len(heads), sum(head.version for head in heads), sum(head.number for head in heads)]

    def _pause(self, seconds: float) -> bool:
        """Wait so long at most; end when the connection has something, and return True when somebody called."""
        waiting = select.poll()
        waiting.register(self._wake_end, select.POLLIN)
        if self._connection is not None:
            waiting.register(self._connection.fileno(), select.POLLIN)
        ready = dict(waiting.poll(max(0, int(seconds * 1000))))
        with suppress(BlockingIOError):
            while os.read(self._wake_end, 1024):
                pass
        return self._wake_end in ready

    def _take_notices(self, connection: Connection) -> None:
        """Take the notices that have arrived, without asking the server."""
        connection.pgconn.consume_input()
        while notice := connection.pgconn.notifies():
            self._payloads.add(notice.extra.decode("utf-8", "replace"))

    # --- reading -----------------------------------------------------------------------------------------------------

    def _read_all(self, connection: Connection) -> None:
        self._foreign.clear()
        self._read(connection, HEADS)
        self._read_trials(connection)

    def _read_trials(self, connection: Connection) -> None:
        """Read the counts of trials, of which no notices come."""
        rows = connection.execute(TRIALS, binary=True).fetchall()
        self._database.trials = {(row[0], row[1]): (row[2], row[3]) for row in rows}
        self.on_change()

    def _read(self, connection: Connection, statement: str, numbers: Collection[int] | None = None) -> None:
        """Read the versions and settings of tenants, all or those of some numbers, and say that they changed."""
        database = self._database
        while True:
            writes = database.writes
            values = () if numbers is None else (list(numbers),)
            rows = connection.execute(statement, values, binary=True).fetchall()
            documents = self._documents(connection, rows)
            if database.writes == writes:
                break  # else this process saved meanwhile, and what was read may be older than that
        tenants = None
        if numbers is not None:
            tenant_numbers = {head.tenant: head.number for head in database.heads().values() if head.number in numbers}
            tenants = {*tenant_numbers, *(row[0] for row in rows)}
            self._foreign |= set(numbers) - {*tenant_numbers.values(), *(row[1] for row in rows)}
        database.adopt(rows, tenants, documents)
        self._dirty = True
        self.on_change()

    def _documents(self, connection: Connection, rows: list[tuple[Any, ...]]) -> dict[str, tuple[str, bytes]]:
        """Read the settings that are not known yet, by tenant."""
        stored, documents = self._database.documents(), dict[str, tuple[str, bytes]]()
        missing = [(row[0], row[4]) for row in rows if row[2] and stored.get(row[0], ("",))[0] != row[3]]
        while missing:
            names, size = list[str](), 0
            while missing and size < _READ_AHEAD:
                name, length = missing.pop()
                names.append(name)
                size += length
            for name, operation, content in connection.execute(DOCUMENTS, (names,), binary=True):
                documents[name] = (operation, whole(name, content, stored, partial(rows_of, connection)))
        return documents

    # --- a store that is away ----------------------------------------------------------------------------------------

    def _set_state(self, *, unreachable_since: float = 0.0, read_at: float = 0.0, delay: float = 0.0) -> None:
        self.state = StoreState(unreachable_since, read_at, delay)
        self.on_change()

    def _outage(self) -> Problem | None:
        """Return the problem that every use of the store meets now, or None."""
        since = self.state.unreachable_since
        if not since:
            return None
        return StoreUnreachable(
            f"The store has been out of reach since {_clock(since)}; this was read at {_clock(self.state.read_at)}.",
            "Nothing was changed. Modeldeck reconnects by itself; then try again.",
            remedy=Remedy(Action.CHECK_STORE),
        )

    @property
    def _cache_name(self) -> str:
        return hashlib.sha256(self._database.link.address.conninfo.encode()).hexdigest()[:32]

    def _load(self) -> bool:
        """Take what was read before from the cache; return False if there is nothing."""
        content = self._cache.read(self._cache_name) if self._cache else None
        if content is None or (read := snapshot.decode(content)) is None:
            return False
        self._database.link.adopt(read.login)
        self._database.adopt(read.heads, None, read.documents)
        self.state = StoreState(time.time(), read.read_at)
        return True

    def _store(self, *, force: bool = False) -> None:
        """Write what was read to the cache, if it changed and that was not done a moment ago."""
        writes = self._database.writes
        changed = self._dirty or writes != self._cached_writes
        if self._cache is None or not changed or not (force or time.monotonic() - self._cached > CACHED):
            return
        heads = self._database.heads().values()
        rows = tuple(astuple(head) for head in heads)
        names = {head.tenant for head in heads}
        documents = {name: entry for name, entry in self._database.documents().items() if name in names}
        content = snapshot.Snapshot(self._database.link.login, self.state.read_at, rows, documents).encode()
        self._cache.write(self._cache_name, content)
        self._cached, self._cached_writes, self._dirty = time.monotonic(), writes, False


def _clock(seconds: float) -> str:
    return time.strftime("%H:%M", time.localtime(seconds))
