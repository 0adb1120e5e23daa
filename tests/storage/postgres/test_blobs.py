"""Large settings are stored in parts: what did not change is neither sent nor stored again, and damage is named."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.postgres_server import SharedStore
from tests.storage.postgres.cut_proxy import CutProxy
from tui.storage.folder import DiskFolder
from tui.storage.postgres.address import parse
from tui.storage.postgres.blobs import split, whole
from tui.storage.postgres.connection import Link
from tui.storage.postgres.database import Database
from tui.storage.postgres.folder import RootFolder
from tui.storage.postgres.transfer import pull, push
from tui.storage.settings_file import CorruptSettings, Damage, decode
from tui.storage.store import Store

pytestmark = pytest.mark.slow

MODELS = 20_000


def model(number: int) -> dict[str, object]:
    return {"provider": "openai", "id": f"model-{number}", "kind": "chat", "properties": {"context": 8192}}


def fill(store: Store, count: int = MODELS) -> None:
    with store.transaction() as tables:
        tables.table("models").insert_multiple(model(number) for number in range(count))


def rename(store: Store, name: str) -> None:
    with store.transaction() as tables:
        tables.table("meta").update({"name": name})


@pytest.fixture
def large(shared: SharedStore) -> Iterator[Store]:
    """The tenant acme, with many models that two states share."""
    root = shared.root()
    store = Store(root.folder("acme"))
    store.create({"id": "acme"})
    fill(store)
    rename(store, "Acme")
    yield store
    root.close()


def count(shared: SharedStore, what: str) -> int:
    with shared.administrator() as connection:
        return int(connection.execute(f"SELECT {what}".encode()).fetchone()[0])


STORED = "coalesce(sum(length(document)), 0) FROM modeldeck.state"
BLOBS = "count(*) FROM modeldeck.blob"


def test_a_save_sends_what_changed_and_another_operator_reads_as_much(shared: SharedStore, large: Store) -> None:
    proxy = CutProxy(shared.server.folder)

    def opened() -> Store:
        address = f"postgresql:///{shared.name}?host={proxy.folder}&user=ada"
        return Store(RootFolder(Database(Link(parse(address, {}), {}))).folder("acme"))

    try:
        writer, reader = opened(), opened()
        assert len(writer.read().table("models")) == len(reader.read().table("models")) == MODELS
        before = proxy.sent
        rename(writer, "Acme Ltd")
        renamed, before = proxy.sent - before, proxy.sent
        with writer.transaction() as tables:
            tables.table("models").update({"kind": "embedding"}, doc_ids=[7_777])
        changed, before = proxy.sent - before, proxy.received
        reader.folder._database.refresh()  # type: ignore[attr-defined]
        assert reader.document().data["models"]["7777"]["kind"] == "embedding"
        read = proxy.received - before
        for store in (writer, reader):
            store.folder.close()
    finally:
        proxy.close()
    size = len(large.folder.read("settings.json") or b"")
    assert size > 1_500_000 and renamed < 20_000 and changed < 200_000 and read < 200_000, (
        size,
        renamed,
        changed,
        read,
    )


def test_states_share_their_blobs_and_the_last_one_takes_them_along(shared: SharedStore, large: Store) -> None:
    shared_blobs = count(shared, BLOBS)
    assert shared_blobs > 10 and count(shared, STORED) < 1_000_000
    for number in range(5):
        rename(large, f"Acme {number}")
    assert count(shared, BLOBS) == shared_blobs
    with large.transaction() as tables:
        tables.drop_table("models")
    assert count(shared, BLOBS) == shared_blobs, "the earlier states have them"
    assert [len(state.document.data.get("models", {})) for state in large.earlier() if state.document] == [MODELS] * 5
    with large.transaction(forget=lambda table, record: table == "models"):
        pass
    assert count(shared, BLOBS) == 0
    fill(large, 5_000)
    assert count(shared, BLOBS) > 0
    with large.folder.lock():
        large.folder.destroy()
    assert count(shared, BLOBS) == 0


def test_a_state_that_is_put_back_in_the_transaction_that_drops_it_keeps_its_blobs(large: Store) -> None:
    with large.transaction() as tables:
        tables.drop_table("models")
    large.restore("settings.json.1")
    assert len(large.read().table("models")) == MODELS


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE modeldeck.blob DROP CONSTRAINT blob_check; "
        "UPDATE modeldeck.blob SET content = overlay(content PLACING 'gpt-5'::bytea FROM 100)",
        "DELETE FROM modeldeck.blob WHERE digest = (SELECT min(digest::text)::bytea FROM modeldeck.blob)",
    ],
)
def test_a_blob_that_was_changed_or_removed_is_named_as_damage(shared: SharedStore, large: Store, change: str) -> None:
    with shared.administrator() as connection:
        assert connection.execute(change.encode()).rowcount
    root = shared.root()
    with pytest.raises(CorruptSettings):
        Store(root.folder("acme")).read()
    root.close()


def test_the_database_takes_no_blob_under_another_digest_and_no_state_without_its_blobs(
    shared: SharedStore, large: Store
) -> None:
    root = shared.root()
    database, document = root.database, large.folder.read("settings.json") or b""
    stored, _ = split(document)
    for statement, values in (
        ("INSERT INTO modeldeck.blob (tenant, digest, content) VALUES ('acme', %s, %s)", (b"0" * 32, b"x")),
        ("SELECT modeldeck.create_tenant(%s)", ("other",)),
    ):
        with database.link.connection().transaction(force_rollback=True):
            connection = database.link.connection()
            if "blob" in statement:
                with pytest.raises(Exception, match="blob_check"):
                    connection.execute(statement, values)
            else:
                connection.execute(statement, values)
                with pytest.raises(Exception, match="a blob is missing"):
                    connection.execute("SELECT modeldeck.save('other', 0, gen_random_uuid(), %s, 5)", (stored,))
    root.close()


def test_a_version_that_knows_no_blobs_leaves_such_settings_alone(large: Store) -> None:
    stored, parts = split(large.folder.read("settings.json") or b"")
    assert parts and len(stored) < 200_000
    with pytest.raises(CorruptSettings) as damage:
        decode(stored)
    assert damage.value.kind is Damage.NEWER and "newer Modeldeck" in damage.value.message


def test_a_large_tenant_moves_to_files_and_back(shared: SharedStore, large: Store, tmp_path: Path) -> None:
    files = DiskFolder(tmp_path / "acme")
    root = shared.root()
    assert pull(root, files, "acme") == 3
    assert (files.read("settings.json") or b"").startswith(b'{"schema": 1,')
    with large.folder.lock():
        large.folder.destroy()
    assert count(shared, BLOBS) == 0
    assert push(files, root, "acme") == 3
    assert count(shared, BLOBS) > 10 and count(shared, STORED) < 1_000_000
    assert root.folder("acme").read("settings.json") == files.read("settings.json")
    root.close()


def test_parts_put_together_are_the_document_whatever_is_in_it() -> None:
    record = {"text": '},"500":{"a":{"1":{', "nested": {"models": {"1000": {}}}}
    data = {"models": {str(n): record for n in range(3_000)}, "a": {"500": {}}}
    document = b'{"schema": 1,\n"data": ' + json.dumps(data, separators=(",", ":")).encode() + b"}\n"
    stored, parts = split(document)
    assert parts
    assert whole("acme", stored, {}, lambda statement, values: list(parts.items())) == document
    assert whole("acme", stored, {"acme": ("", document)}, lambda statement, values: []) == document
    assert split(b"x" * 100_000) == (b"x" * 100_000, {}) and split(document[:60_000])[1] == {}
