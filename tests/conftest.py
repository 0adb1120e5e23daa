"""Desks for tests: in memory on practice providers, and on real files."""

from functools import cache
from pathlib import Path

import pytest

from tui import vault
from tui.config import Config
from tui.files import Disk
from tui.practice.desk import BITS, COST, practice_desk
from tui.workspace.desk import Desk

_make = vault.make


@cache
def key_pair(number: int) -> vault.Made:
    """The same small key pairs for the whole session: making one takes longer than most tests."""
    return _make(BITS)


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tenants of one test still have different keys."""
    numbers = iter(range(1000))
    monkeypatch.setattr(vault, "make", lambda bits=BITS: key_pair(next(numbers)) if bits == BITS else _make(bits))


@pytest.fixture
def desk() -> Desk:
    """The practice tenants in memory, with providers that answer at once."""
    return practice_desk(pace=0.0)


@pytest.fixture
def disk_desk(tmp_path: Path, desk: Desk) -> Desk:
    """An empty desk on real files, with practice providers behind the wire."""
    return Desk(
        Disk(tmp_path / "data"),
        Disk(tmp_path / "keys"),
        desk.wiring,
        {},
        Config(),
        key_bits=BITS,
        key_cost=COST,
    )
