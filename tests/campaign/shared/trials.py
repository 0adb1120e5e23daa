"""S5: hosts that send requests on one trial, die with some under way, and come back late."""

import os
import random
import signal
import threading
from uuid import uuid4

from tests.campaign.figures import Result
from tests.doubles.postgres_server import SharedStore, shared_store
from tui.storage.postgres import trials
from tui.storage.store import Store

HOSTS = 8
_CONTROL = 5
"""Requests that the control's trial has."""


def across_hosts(count: int, seed: int) -> Result:
    """So many requests by all hosts together; half of the hosts of a round are killed with one under way."""
    chance, rounds = random.Random(seed), max(1, count // (HOSTS * 50))
    per_host = max(1, count // (HOSTS * rounds))
    calls = count // 2
    with shared_store() as shared:
        _lend(shared, calls)
        settled, late, most, tries = 0, 0, _Most(shared), 0
        with most:
            for _ in range(rounds):
                hosts = [_start(shared, per_host, chance.random(), killed=bool(host % 2)) for host in range(HOSTS)]
                lost = list[str]()
                for child, read in hosts:
                    with open(read) as pipe:
                        lines = pipe.read().split()
                    os.waitpid(child, 0)
                    settled += lines.count("settled")
                    tries += lines.count("tried")
                    lost += [line for line in lines if len(line) == 32]
                _expire(shared)
                for token in lost[::3]:  # some of the machines are back, and had sent theirs
                    with_database = shared.database()
                    trials.end(with_database, "acme", "openai", token, used=True)
                    with_database.close()
                    late += 1
        used, pending = _settle(shared)
        control = _in_memory(shared)
    beyond = max(0, used - calls)
    bad = abs(used - settled - late) + pending + max(0, beyond - late) + max(0, most.highest - calls - late)
    words = f"{tries:,} requests tried by {HOSTS} hosts for a trial of {calls:,}: {used:,} used, {beyond} beyond it"
    words += f" where {late} came late; {pending} pending after expiry"
    without = f"with counts in the memory of {HOSTS} hosts {control} of {_CONTROL} were used"
    return Result(tries, bad, words, without, control > _CONTROL)


class _Most:
    """The most that was used and held at any time."""

    def __init__(self, shared: SharedStore) -> None:
        self.highest = 0
        self._stop = threading.Event()
        self._database = shared.database()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._database.close()

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self.highest = max(self.highest, *(sum(counts) for counts in self._database.trial_counts().values()), 0)


def _lend(shared: SharedStore, calls: int) -> None:
    root = shared.root()
    Store(root.folder("acme")).create({"id": "acme"})
    operator = Store(root.folder("operator"))
    operator.create({"id": "operator"})
    with operator.transaction() as tables:
        for provider, number in (("openai", calls), ("control", 10_000)):
            tables.table("trials").insert({"provider": provider, "calls": number, "models": []})
    root.close()


def _start(shared: SharedStore, tries: int, seed: float, *, killed: bool) -> tuple[int, int]:
    """Start a host, a process of its own, which says what it did; a killed one ends with a request under way."""
    read, write = os.pipe()
    child = os.fork()
    if child:
        os.close(write)
        return child, read
    try:
        chance, database = random.Random(seed), shared.database()
        for number in range(tries):
            token = uuid4().hex
            os.write(write, b"tried\n")
            if not trials.reserve(database, "acme", "openai", token, allowed=10**9, initial=0).reserved:
                continue
            if killed and number == tries - 1:
                os.write(write, f"{token}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)
            used = chance.random() < 0.7
            trials.end(database, "acme", "openai", token, used=used)
            if used:
                os.write(write, b"settled\n")
    finally:
        os._exit(0)


def _expire(shared: SharedStore) -> None:
    with shared.administrator() as connection:
        connection.execute("UPDATE modeldeck.reservation SET expires = now() - interval '1 s' WHERE state = 'held'")


def _settle(shared: SharedStore) -> tuple[int, int]:
    """What is used and pending once somebody asked for a request after everything expired."""
    _expire(shared)
    database, token = shared.database(), uuid4().hex
    if trials.reserve(database, "acme", "openai", token, allowed=10**9, initial=0).reserved:
        trials.end(database, "acme", "openai", token, used=False)
    counts = database.trial_counts()["acme", "openai"]
    database.close()
    return counts


def _in_memory(shared: SharedStore) -> int:
    """How many requests hosts send that count in their own memory, and write afterwards."""
    databases = [shared.database() for _ in range(HOSTS)]
    here = [database.trial_counts().get(("acme", "control"), (0, 0))[0] for database in databases]
    for place, database in enumerate(databases):
        while here[place] < _CONTROL:
            here[place] += 1
            token = uuid4().hex
            trials.reserve(database, "acme", "control", token, allowed=10**9, initial=0)
            trials.end(database, "acme", "control", token, used=True)
        database.close()
    database = shared.database()
    used = database.trial_counts()["acme", "control"][0]
    database.close()
    return used
