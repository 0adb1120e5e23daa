"""Kills writers of a settings file and counts what that did. Run as a program, so that forks are of a small process.

    python campaign.py random KIND FOLDER KILLS SEED       kills at random moments; every commit is acknowledged by pipe
    python campaign.py steps FOLDER                        kills before and after each system call of one write
    python campaign.py count FOLDER PROCESSES UPDATES      lets processes count up together

KIND is `ours` or `stock`, TinyDB's own JSONStorage. Prints one JSON object.
"""

import contextlib
import json
import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tinydb import TinyDB

from tui import files
from tui.errors import Problem
from tui.files import Disk
from tui.store import Store

STEPS = ("open", "fsync", "replace", "link", "unlink", "rename", "mkdir", "ftruncate", "pwrite")


def load(n: int) -> str:
    """Content of very different lengths, so that a file shrinks as often as it grows."""
    return f"{n}:" + "x" * (50_000 * (n % 2) + 100)


def ours(folder: Path) -> Callable[[int], None]:
    store = Store(Disk(folder))

    def write(n: int) -> None:
        with store.transaction() as tables:
            tables.table("counts").update({"n": n, "load": load(n)})

    return write


def stock(folder: Path) -> Callable[[int], None]:
    tables = TinyDB(folder / "settings.json")

    def write(n: int) -> None:
        tables.table("counts").update({"n": n, "load": load(n)})

    return write


def begin(kind: str, folder: Path) -> None:
    if kind == "ours":
        store = Store(Disk(folder))
        store.create({"id": "acme"})
        with store.transaction() as tables:
            tables.table("counts").insert({"n": 0, "load": load(0)})
    else:
        folder.mkdir()
        TinyDB(folder / "settings.json").table("counts").insert({"n": 0, "load": load(0)})


def seen(kind: str, folder: Path) -> int:
    """The number that the file holds; raises if it cannot be read or is not whole."""
    tables = Store(Disk(folder)).read() if kind == "ours" else TinyDB(folder / "settings.json", access_mode="r")
    (record,) = tables.table("counts").all()
    if record["load"] != load(record["n"]):
        raise ValueError("half old, half new")
    return int(record["n"])


@contextlib.contextmanager
def forked(work: Callable[[], None]) -> Iterator[int]:
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            work()
            os._exit(0)
        os._exit(1)
    yield child
    os.waitpid(child, 0)


def leftovers(folder: Path) -> int:
    return sum(each.startswith(".tmp-") for each in os.listdir(folder))


def at_random(kind: str, folder: Path, kills: int, seed: int) -> dict[str, Any]:
    chance = random.Random(seed)
    begin(kind, folder)
    result = {"kills": 0, "unreadable": 0, "lost": 0, "orphans": 0, "left": 0, "acknowledged": 0, "seed": seed}
    number = 0
    for _ in range(kills):
        reading, writing = os.pipe()

        def work(number: int = number, writing: int = writing) -> None:
            write = (ours if kind == "ours" else stock)(folder)
            while True:
                number += 1
                write(number)
                os.write(writing, number.to_bytes(8, "big"))

        with forked(work) as child:
            os.close(writing)
            wanted = chance.randrange(1, 4)
            acked = [os.read(reading, 8) for _ in range(wanted)]
            select.select([reading], [], [], chance.random() * 0.004)
            os.kill(child, signal.SIGKILL)
        while more := os.read(reading, 8):
            acked.append(more)
        os.close(reading)
        number = int.from_bytes(acked[-1], "big")
        result["kills"] += 1
        result["acknowledged"] += len(acked)
        if kind == "ours":
            result["orphans"] += leftovers(folder)
            with Disk(folder).lock():
                result["left"] += leftovers(folder)
        try:
            now = seen(kind, folder)
        except (Problem, ValueError):
            result["unreadable"] += 1
            break
        result["lost"] += now < number
        number = max(now, number)
    return result


def at_each_step(folder: Path) -> dict[str, Any]:
    begin("ours", folder)
    for n in range(1, 8):
        ours(folder)(n)
    result = {"steps": 0, "unreadable": 0, "wrong": 0, "lost_generations": 0, "left": 0}
    for after in (False, True):
        step = 0
        while True:
            step += 1
            before = seen("ours", folder)
            with forked(lambda step=step, after=after, n=before + 1: _dying(folder, step, after, n)):  # type: ignore[misc]
                pass
            try:
                now = seen("ours", folder)
            except (Problem, ValueError):
                result["unreadable"] += 1
                return result
            states = {each.document.generation for each in Store(Disk(folder)).earlier() if each.document}
            result["lost_generations"] += len(states) < files_kept(folder) - 1
            with Disk(folder).lock():
                result["left"] += leftovers(folder)
            result["wrong"] += now not in (before, before + 1)
            if (folder / "finished").exists():
                (folder / "finished").unlink()
                break
            result["steps"] += 1
    return result


def files_kept(folder: Path) -> int:
    from tui.store import KEPT

    return KEPT


def _dying(folder: Path, step: int, after: bool, n: int) -> None:
    """One write by a process that kills itself at its `step`th system call, or finishes and says so."""
    calls = 0

    def wrapped(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == step and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = call(*args, **named)
            if calls == step and after:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return counted

    originals = {name: getattr(os, name) for name in STEPS}
    for name, call in originals.items():
        setattr(files.os, name, wrapped(call))
    ours(folder)(n)
    for name, call in originals.items():
        setattr(files.os, name, call)
    os.close(os.open(folder / "finished", os.O_CREAT | os.O_WRONLY, 0o600))


def counting(folder: Path, processes: int, updates: int) -> dict[str, Any]:
    begin("ours", folder)

    def work() -> None:
        store = Store(Disk(folder))
        for _ in range(updates):
            with store.transaction() as tables:
                (record,) = tables.table("counts").all()
                tables.table("counts").update({"n": record["n"] + 1, "load": load(record["n"] + 1)})

    begun = time.monotonic()
    children = []
    for _ in range(processes):
        child = os.fork()
        if not child:
            work()
            os._exit(0)
        children.append(child)
    ends = [os.waitpid(child, 0)[1] for child in children]
    took = time.monotonic() - begun
    return {"wanted": processes * updates, "counted": seen("ours", folder), "ends": ends, "seconds": round(took, 2)}


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "random":
        print(json.dumps(at_random(rest[0], Path(rest[1]), int(rest[2]), int(rest[3]))))
    elif what == "steps":
        print(json.dumps(at_each_step(Path(rest[0]))))
    else:
        print(json.dumps(counting(Path(rest[0]), int(rest[1]), int(rest[2]))))
