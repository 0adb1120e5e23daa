"""S17, S18: figures of workspaces on files, whose settings are in a shared store here."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from tests.campaign import trust
from tests.campaign.figures import Result
from tests.doubles.postgres_server import shared_store
from tui.tenancy.session import Session


def origins(count: int, seed: int) -> Result:
    """So many ways to bring in an address that nobody entered, as in G24."""
    with _in_postgres():
        return trust.origins(count, seed)


def public_keys(count: int, seed: int) -> Result:
    """So many ways to swap a public key, as in G25."""
    with _in_postgres():
        return trust.public_keys(count, seed)


@contextmanager
def _in_postgres() -> Iterator[None]:
    """Open workspaces whose settings are in a shared store that is empty, and whose private keys are on files."""
    on_files = trust.open_workspace
    with shared_store() as shared:

        def open_workspace(folder: Path, hosts: list[str]) -> Session:
            shared.empty()
            return replace(on_files(folder, hosts), data=shared.root(), _stores={})

        with patch.object(trust, "open_workspace", open_workspace):
            yield
