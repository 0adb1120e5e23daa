"""The folders of a shared store: what they hold, what they refuse, and errors of the database in words."""

import hashlib

import psycopg
import pytest

from tests.doubles.postgres_server import SharedStore
from tests.storage.postgres.test_saves import opened
from tui.errors import Exit, Problem, SaveFailed, UsageError
from tui.storage.memory_folder import MemoryFolder
from tui.storage.postgres import schema, transfer
from tui.storage.postgres.address import Address
from tui.storage.postgres.connection import problem
from tui.storage.postgres.status import of_store


@pytest.mark.slow
def test_a_tenant_s_rows_have_sizes_and_tokens_and_no_folders(shared: SharedStore) -> None:
    root = shared.root()
    folder = root.folder("acme")
    store = opened(root)
    store.create({"id": "acme"})
    with store.transaction() as tables:
        tables.table("meta").insert({"name": "two"})
    folder.append("spend.jsonl", b"1\n")
    assert folder.names() == ["audit.log", "settings.json", "settings.json.1", "spend.jsonl"]
    assert folder.sizes() == {name: len(folder.read(name) or b"") for name in folder.names()}
    assert folder.version_token("spend.jsonl") == hashlib.sha256(b"1\n").hexdigest()
    assert folder.version_token("none") is None
    assert folder.version_token("settings.json.1") != folder.version_token("settings.json")
    assert folder.generations("spend.jsonl") == [] and folder.generations("settings.json") == ["settings.json.1"]
    folder.remove("settings.json.1")
    assert folder.generations("settings.json") == [] and store.document().data["meta"]
    with pytest.raises(SaveFailed, match="has no folders"):
        folder.folder("more")
    assert folder.folders() == []
    with pytest.raises(SaveFailed, match="saved once in a transaction"), folder.lock():
        folder.write("settings.json", folder.read("settings.json") or b"")
        folder.write("settings.json", folder.read("settings.json") or b"")
    folder.close()


def test_the_folder_of_tenants_holds_tenants_alone(shared: SharedStore) -> None:
    root = shared.root()
    assert (root.names(), root.generations("a"), root.sizes(), root.read("a")) == ([], [], {}, None)
    assert list(root.lines("a")) == [] and root.version_token("a") is None
    with pytest.raises(SaveFailed, match="no files beside its tenants"):
        root.append("a", b"")
    with pytest.raises(SaveFailed, match="by its administrator"):
        root.destroy()
    root.remove("a")
    assert root.folders() == [] and root.folder("tenants") is root


@pytest.mark.slow
def test_a_missing_tenant_is_not_copied(shared: SharedStore) -> None:
    root, files = shared.root(), MemoryFolder()
    for copy in (transfer.push, transfer.check_push):
        with pytest.raises(UsageError, match="no files of the tenant acme"):
            copy(files, root, "acme")
    for pull in (transfer.pull, transfer.check_pull):
        with pytest.raises(UsageError, match="The store has no tenant acme"):
            pull(root, files, "acme")


@pytest.mark.slow
def test_the_status_of_a_store_says_what_its_administrator_can_do(
    shared: SharedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert of_store(shared.database()).advice == []
    with shared.administrator() as connection:
        connection.execute("UPDATE modeldeck.meta SET schema_version = schema_version - 1, least_client = 999")
    database = shared.database()
    monkeypatch.setattr("tui.storage.postgres.connection.time.time", lambda: 0.0)
    old = of_store(database)
    assert [line.split(";")[0].split(":")[0] for line in old.advice[:2]] == [
        f"The schema is {schema.latest() - 1}",
        "The store was set up by a newer Modeldeck",
    ]
    assert old.advice[2].startswith("The clocks of this machine and the server differ by ")
    assert any("its administrator" in line for line in old.advice)
    differences = schema.check(shared.address("postgres"))
    assert differences == [f"The schema is {schema.latest() - 1}; this version has {schema.latest()}."]
    with shared.administrator() as connection:
        connection.execute("UPDATE modeldeck.meta SET schema_version = 999")
    with pytest.raises(Problem, match="The store has schema 999"):
        schema.migrate(shared.address("postgres"))


@pytest.mark.parametrize(
    ("error", "says", "code"),
    [
        (psycopg.errors.LockNotAvailable(), "Another session has been writing.", Exit.FAILED),
        (psycopg.errors.InsufficientPrivilege(), "does not allow that to your login", Exit.FAILED),
        (psycopg.errors.UniqueViolation(), "already exists in the store", Exit.USAGE),
        (psycopg.errors.QueryCanceled(), "took too long to answer", Exit.NETWORK),
        (psycopg.errors.DiskFull(), "has no room for this", Exit.NETWORK),
        (psycopg.errors.CheckViolation("the value sk-FAKE"), "The store refused the change.", Exit.FAILED),
    ],
)
def test_an_error_of_the_database_is_a_sentence_without_its_words(error: psycopg.Error, says: str, code: Exit) -> None:
    sentence = problem(error, Address("host=/tmp dbname=x", "postgresql:///x"))
    assert says in sentence.message and sentence.code == code
    assert "sk-FAKE" not in f"{sentence.message} {sentence.hint} {sentence.detail}"
