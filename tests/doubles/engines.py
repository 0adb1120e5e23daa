"""Sessions whose settings are in PostgreSQL, in place of those on files or in memory, for tests of either."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.doubles.postgres_server import require, reused_store
from tui.practice import tenants
from tui.storage.folder import DiskFolder, Folder
from tui.storage.memory_folder import MemoryFolder
from tui.storage.postgres.folder import RootFolder, TenantFolder
from tui.storage.postgres.transfer import push
from tui.tenancy.session import OPERATOR, Session


@contextmanager
def in_postgres(session: Session) -> Iterator[Session]:
    """Yield the session with its tenants in a fresh shared store, and its private keys where they are."""
    require()
    with reused_store() as created:
        root = created.root()
        tenants_there = session.data.folder("tenants")
        for name in tenants_there.folders():
            _push(tenants_there.folder(name), root, name)
        _push(session.data.folder(OPERATOR), root, OPERATOR)
        yield replace(session, data=root, _stores={})
        root.close()


def _push(folder: Folder, root: RootFolder, tenant: str) -> None:
    """Copy a tenant with what it has beside its settings."""
    if folder.read("settings.json") is None:
        return
    push(folder, root, tenant)
    there: TenantFolder = root.folder(tenant)
    for name in folder.names():
        if name.startswith("settings.json") or name in ("audit.log", "last-used", ".lock"):
            continue
        there.write(name, folder.read(name) or b"")


@contextmanager
def empty_in_postgres(folder: Path, session: Session) -> Iterator[Session]:
    """Yield an empty session on a fresh shared store, with private keys on real files."""
    empty = Session(
        MemoryFolder(),
        DiskFolder(folder / "keys"),
        session.client_factory,
        key_bits=tenants.BITS,
        key_cost=tenants.COST,
    )
    with in_postgres(empty) as created:
        yield created
