"""The workspace on a shared store: what one operator saves, and how tenants get there and back."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.doubles.postgres_server import SharedStore
from tui.errors import UsageError
from tui.storage.folder import DiskFolder
from tui.storage.postgres import transfer
from tui.storage.postgres.connection import Link
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import Session
from tui.workspace import audit, tenants

pytestmark = pytest.mark.slow

Open = Callable[[str], Session]


def create(session: Session, name: str) -> str:
    return asyncio.run(tenants.create(session, name)).id


def test_a_tenant_is_created_renamed_and_removed_with_its_log(open_session: Open, shared: SharedStore) -> None:
    ada = open_session("ada")
    north = create(ada, "North Lab")
    asyncio.run(tenants.rename(ada.tenant(north), "South Lab"))
    other = open_session("ada")
    assert tenant_registry.names(other) == ["South Lab"]
    assert [entry.done for entry in audit.listing(other.tenant(north))] == ["tenant created", "tenant renamed"]
    assert audit.check(ada.tenant(north)).whole
    with pytest.raises(UsageError, match="already exists"):
        create(ada, "south lab")
    asyncio.run(tenants.remove(ada.tenant(north)))
    assert ada.audit_failure is None and tenant_registry.ids(other) == [north], "read a moment ago"
    other.data.database.refresh()  # type: ignore[attr-defined]
    assert tenant_registry.ids(other) == []


def test_another_operator_sees_nothing_of_it(open_session: Open) -> None:
    create(open_session("ada"), "North Lab")
    bob = open_session("bob")
    assert tenant_registry.ids(bob) == []
    with pytest.raises(UsageError, match="already exists"):
        create(bob, "North Lab")


def test_a_list_of_tenants_takes_two_trips(open_session: Open, shared: SharedStore) -> None:
    ada = open_session("ada")
    for number in range(5):
        create(ada, f"Lab {number}")
    other = open_session("ada")
    other.data.write_blocker()
    with patch.object(Link, "call", autospec=True, side_effect=Link.call) as trips:
        assert len(tenants.rows(other)) == 5
    assert trips.call_count <= 2


def test_a_tenant_is_copied_to_the_store_and_back_with_states_and_log(
    disk_session: Session, shared: SharedStore, tmp_path: Path
) -> None:
    north = create(disk_session, "North Lab")
    for name in ("B", "C", "D"):
        asyncio.run(tenants.rename(disk_session.tenant(north), name))
    files, root = disk_session.tenants.folder(north), shared.root()
    assert transfer.push(files, root, north) == 4
    with pytest.raises(UsageError, match="already"):
        transfer.push(files, root, north)
    there = Session(root, disk_session.keys, disk_session.client_factory)
    assert tenant_registry.names(there) == ["D"] and audit.check(there.tenant(north)).whole
    asyncio.run(tenants.rename(there.tenant(north), "E"))
    back = DiskFolder(tmp_path / "back").folder(north)
    assert transfer.pull(root, back, north) == 5
    assert back.read("settings.json") == root.folder(north).read("settings.json")
    assert back.read("audit.log") == root.folder(north).read("audit.log")
