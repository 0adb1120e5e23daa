"""Desks for tests: in memory on practice providers, and on real files."""

import sys
from itertools import count
from pathlib import Path

import pytest

from tests.doubles import keys
from tui.config import Config
from tui.practice.tenants import BITS, COST, practice_session
from tui.storage.folder import DiskFolder
from tui.tenancy.session import Session
from tui.vault import envelope

# httpcore looks for this library on the disk at every lock, which is a tenth of the time of a call.
sys.modules.setdefault("trio", None)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small key pairs come from a set; the tenants of one test still have different ones."""
    numbers = count()
    monkeypatch.setattr(envelope, "generate_key_pair", lambda bits=envelope.BITS: keys.make(bits, next(numbers)))


@pytest.fixture
def session() -> Session:
    """The practice tenants in memory, with providers that answer at once."""
    return practice_session(pace=0.0)


@pytest.fixture
def disk_session(tmp_path: Path, session: Session) -> Session:
    """An empty desk on real files, with practice providers behind the wire."""
    return Session(
        DiskFolder(tmp_path / "data"),
        DiskFolder(tmp_path / "keys"),
        session.client_factory,
        {},
        Config(),
        key_bits=BITS,
        key_cost=COST,
    )
