"""A shared store for each test, and sessions of operators on it."""

from collections.abc import Callable, Iterator

import pytest

from tests.doubles.postgres_server import SharedStore, shared_store
from tui.practice.tenants import BITS, COST
from tui.storage.memory_folder import MemoryFolder
from tui.tenancy.session import Session


@pytest.fixture
def shared() -> Iterator[SharedStore]:
    with shared_store() as created:
        yield created


@pytest.fixture
def open_session(shared: SharedStore, session: Session) -> Iterator[Callable[[str], Session]]:
    """Return a function that opens a session of a login, with private keys of its own and practice providers."""
    opened: list[Session] = []

    def of(login: str = "ada") -> Session:
        environ = {"USER": login}
        opened.append(
            Session(shared.root(login), MemoryFolder(), session.client_factory, environ, key_bits=BITS, key_cost=COST)
        )
        return opened[-1]

    yield of
    for entry in opened:
        entry.data.close()
