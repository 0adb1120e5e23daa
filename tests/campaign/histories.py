"""Random histories of a settings file: writes, crashes at any step, removals and restores, against a model of it."""

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tinydb import TinyDB

from tests.campaign.figures import MEMORY, Result
from tests.campaign.kills import kill_at, leftovers, load
from tui.storage.folder import DiskFolder
from tui.storage.store import EARLIER_STATES, Store

STEPS = 50
"""Steps of a history, at most."""
MAX_STOCK_HISTORIES = 200
"""Histories within which stock TinyDB must have failed."""

Content = dict[str, int]
"""Name -> number, as the model of the table knows them."""

NAMES = st.sampled_from("abcd")
NUMBERS = st.integers(0, 9)


class History(RuleBasedStateMachine):
    """What is in the file is what the model says, and so is every earlier state that is kept."""

    played = 0

    @initialize()
    def begin(self) -> None:
        type(self).played += 1
        self.above = tempfile.TemporaryDirectory(dir=MEMORY)
        self.folder = Path(self.above.name) / "acme"
        self.create()
        self.model: Content = {}
        self.known: list[Content] = [{}]

    def create(self) -> None:
        Store(DiskFolder(self.folder)).create({"id": "acme"})

    def content(self) -> Content:
        return _content(Store(DiskFolder(self.folder)).read())

    def put(self, name: str, number: int) -> None:
        with Store(DiskFolder(self.folder)).transaction() as tables:
            _put(tables, name, number)

    def look(self) -> None:
        """An earlier state is one that there was; a start after a crash sweeps what it left."""
        earlier = Store(DiskFolder(self.folder)).earlier()
        assert len(earlier) <= EARLIER_STATES
        for state in earlier:
            assert state.document is not None, state.problem
            numbers = state.document.data.get("numbers", {}).values()
            assert {record["name"]: record["n"] for record in numbers} in self.known
        with DiskFolder(self.folder).lock():
            assert leftovers(self.folder) == 0

    @rule(name=NAMES, number=NUMBERS)
    def write(self, name: str, number: int) -> None:
        self.put(name, number)
        self._is({**self.model, name: number})

    @rule(name=NAMES, number=NUMBERS, step=st.integers(1, 30))
    def crash(self, name: str, number: int, step: int) -> None:
        """A write by a process that is killed on the way, or just finishes; its state is there wholly or not at all."""
        kill_at(step, lambda: self.put(name, number))
        after = {**self.model, name: number}
        now = self.content()
        assert now in (self.model, after), (now, self.model, after)
        self._is(now)

    @rule(name=NAMES)
    def forget(self, name: str) -> None:
        """What is forgotten is in no file."""

        def forgotten(table: str, record: Any) -> bool:
            return table == "numbers" and record["name"] == name

        with Store(DiskFolder(self.folder)).transaction(forgotten) as tables:
            tables.table("numbers").remove(lambda record: record["name"] == name)
        self.known = [{key: n for key, n in state.items() if key != name} for state in self.known]
        self._is({key: n for key, n in self.model.items() if key != name})
        content = b"".join(path.read_bytes() for path in self.folder.iterdir())
        assert f'"name":"{name}"'.encode() not in content

    @precondition(lambda self: bool(Store(DiskFolder(self.folder)).earlier()))
    @rule(which=st.integers(0, EARLIER_STATES - 1))
    def restore(self, which: int) -> None:
        store = Store(DiskFolder(self.folder))
        earlier = store.earlier()
        store.restore(earlier[which % len(earlier)].name)
        self._is(self.content())
        assert self.model in self.known

    @rule(name=NAMES)
    def fail(self, name: str) -> None:
        """A change that ends in an exception is no change."""
        with contextlib.suppress(ZeroDivisionError), Store(DiskFolder(self.folder)).transaction() as tables:
            _put(tables, name, 1 // 0)

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "folder"):
            assert self.content() == self.model
            self.look()

    def _is(self, now: Content) -> None:
        self.model = now
        self.known.append(now)

    def teardown(self) -> None:
        if hasattr(self, "above"):
            self.above.cleanup()


class StockHistory(RuleBasedStateMachine):
    """The same writes and crashes on TinyDB's own storage."""

    played = 0

    @initialize()
    def begin(self) -> None:
        type(self).played += 1
        self.above = tempfile.TemporaryDirectory(dir=MEMORY)
        self.path = Path(self.above.name) / "settings.json"
        self.model: Content = {}

    @rule(name=NAMES, number=NUMBERS, step=st.integers(1, 3))
    def crash(self, name: str, number: int, step: int) -> None:
        def put() -> None:
            _put(TinyDB(self.path), name, number)

        kill_at(step, put)
        with TinyDB(self.path) as tables:
            now = _content(tables)
        assert now in (self.model, {**self.model, name: number})
        self.model = now

    def teardown(self) -> None:
        self.above.cleanup()


def runs(count: int, number: int) -> Result:
    """So many histories of up to 50 steps each, on the store; and on stock TinyDB until one fails."""
    failed = _failure(History, count, number)
    stock = _failure(StockHistory, MAX_STOCK_HISTORIES, number)
    words = f"up to {STEPS} steps each" + (f"; failed: {failed}" if failed else "")
    return Result(
        History.played, int(bool(failed)), words, f"stock TinyDB failed after {StockHistory.played}", bool(stock)
    )


def _failure(machine: type[RuleBasedStateMachine], count: int, number: int) -> str:
    """How a machine failed; '' if it did not."""
    options = settings(
        max_examples=count,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(seed(number)(machine), settings=options)
    except (Exception, ExceptionGroup) as error:
        return f"{type(error).__name__} {error}"[:300]
    return ""


def _put(tables: TinyDB, name: str, number: int) -> None:
    table = tables.table("numbers")
    record = {"name": name, "n": number, "load": load(number)}
    if not table.update(record, lambda row: row["name"] == name):
        table.insert(record)


def _content(tables: TinyDB) -> Content:
    return {record["name"]: record["n"] for record in tables.table("numbers")}
