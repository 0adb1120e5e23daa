"""Writers of a settings file that are killed: at random moments, or at one step of a write."""

import contextlib
import ctypes
import json
import os
import random
import select
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from tinydb import TinyDB

from tests.campaign.figures import Result
from tui.errors import Problem
from tui.storage.folder import DiskFolder
from tui.storage.store import Store

MAX_STOCK_KILLS = 1_000
"""Kills within which stock TinyDB must have lost a file; it takes about a dozen."""

STEPS = ("open", "fsync", "replace", "link", "unlink", "rename", "mkdir", "ftruncate", "pwrite")
"""The functions of `os` by which a write changes something."""


_PR_SET_PDEATHSIG = 1


class HalfWritten(ValueError):
    """A record that is neither what it was nor what it was to be."""


def load(n: int) -> str:
    """Content of very different lengths, so that a file shrinks as often as it grows."""
    return f"{n}:" + "x" * (50_000 * (n % 2) + 100)


class Kind(Protocol):
    """One way of keeping a counter and its load in a file."""

    def begin(self, folder: Path) -> None: ...
    def writer(self, folder: Path) -> Callable[[int], None]: ...
    def stored_number(self, folder: Path) -> int:
        """The number that the file holds; raises if it cannot be read or is incomplete."""


class Modeldeck:
    """Modeldeck's store."""

    def begin(self, folder: Path) -> None:
        store = Store(DiskFolder(folder))
        store.create({"id": "acme"})
        with store.transaction() as tables:
            tables.table("counts").insert({"n": 0, "load": load(0)})

    def writer(self, folder: Path) -> Callable[[int], None]:
        store = Store(DiskFolder(folder))

        def write(n: int) -> None:
            with store.transaction() as tables:
                tables.table("counts").update({"n": n, "load": load(n)})

        return write

    def stored_number(self, folder: Path) -> int:
        return _whole(Store(DiskFolder(folder)).read())


class Stock:
    """TinyDB's own JSONStorage."""

    def begin(self, folder: Path) -> None:
        folder.mkdir()
        TinyDB(folder / "settings.json").table("counts").insert({"n": 0, "load": load(0)})

    def writer(self, folder: Path) -> Callable[[int], None]:
        tables = TinyDB(folder / "settings.json")

        def write(n: int) -> None:
            tables.table("counts").update({"n": n, "load": load(n)})

        return write

    def stored_number(self, folder: Path) -> int:
        return _whole(TinyDB(folder / "settings.json", access_mode="r"))


def at_random(count: int, seed: int) -> Result:
    """So many writers, each killed at a random moment of its second to fifth write; every commit is acknowledged."""
    with tempfile.TemporaryDirectory() as folder:
        kills = _kill(Modeldeck(), Path(folder) / "ours", count, seed)
        stock = _kill(Stock(), Path(folder) / "stock", MAX_STOCK_KILLS, seed)
    bad = sum(kills[name] for name in ("unreadable", "wrong", "lost", "left"))
    words = (
        f"{kills['unreadable']} unreadable, {kills['wrong']} wrong, {kills['lost']} of {kills['acknowledged']:,} "
        f"acknowledged writes lost, {kills['orphans']} temporary files, {kills['left']} after the next start"
    )
    broken = stock["unreadable"] + stock["wrong"] + stock["lost"]
    return Result(kills["kills"], bad, words, f"stock TinyDB lost its file after {stock['kills']} kills", bool(broken))


def _kill(kind: Kind, folder: Path, kills: int, seed: int) -> Counter[str]:
    """What came of killing that many writers; it stops at the first file that cannot be read."""
    chance = random.Random(seed)
    kind.begin(folder)
    result: Counter[str] = Counter()
    number = 0
    for _ in range(kills):
        acknowledged = _kill_one(kind.writer, folder, number, chance)
        number = acknowledged[-1]
        result["kills"] += 1
        result["acknowledged"] += len(acknowledged)
        if isinstance(kind, Modeldeck):
            result["orphans"] += leftovers(folder)
            with DiskFolder(folder).lock():
                result["left"] += leftovers(folder)
        try:
            stored_number = kind.stored_number(folder)
        except HalfWritten:
            result["wrong"] += 1
            break
        except (Problem, ValueError):
            result["unreadable"] += 1
            break
        result["lost"] += stored_number < number
        number = max(stored_number, number)
    return result


def _kill_one(
    writer: Callable[[Path], Callable[[int], None]], folder: Path, number: int, chance: random.Random
) -> list[int]:
    """The numbers that a writer acknowledged until it was killed."""
    reading, writing = os.pipe()

    def work() -> None:
        write, n = writer(folder), number
        while True:
            n += 1
            write(n)
            os.write(writing, n.to_bytes(8, "big"))

    with fork_children(work) as child:
        os.close(writing)
        acknowledged = [os.read(reading, 8) for _ in range(chance.randrange(1, 4))]
        select.select([reading], [], [], chance.random() * 0.004)
        os.kill(child, signal.SIGKILL)
    while more := os.read(reading, 8):
        acknowledged.append(more)
    os.close(reading)
    return [int.from_bytes(number, "big") for number in acknowledged]


@contextlib.contextmanager
def fork_children(work: Callable[[], None]) -> Iterator[int]:
    """A process that does the work and ends, with this one at the latest; it has ended when the block is left."""
    child = os.fork()
    if not child:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        with contextlib.suppress(BaseException):
            work()
            os._exit(0)
        os._exit(1)
    yield child
    os.waitpid(child, 0)


def kill_at(step: int, work: Callable[[], None]) -> None:
    """Does the work in a process of its own, which is killed before its `step`th change of the file system."""
    calls = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*args: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **named)

        return counting

    def dying() -> None:
        for name in STEPS:
            setattr(os, name, counted(getattr(os, name)))
        work()

    with fork_children(dying):
        pass


def leftovers(folder: Path) -> int:
    """Temporary files in a folder."""
    return sum(name.startswith(".tmp-") for name in os.listdir(folder))


def _whole(tables: TinyDB) -> int:
    (record,) = tables.table("counts").all()
    if record["load"] != load(record["n"]):
        raise HalfWritten(json.dumps(record)[:60])
    return int(record["n"])
