"""A save is one commit: no lost update, no save twice, whatever happens to the connection."""

import signal
import threading
from collections.abc import Iterator
from os import kill

import pytest

from tests.doubles.postgres_server import SharedStore
from tests.storage.postgres.cut_proxy import CutProxy
from tui.errors import Exit, Problem
from tui.storage.audit_log import MAC_KEY, AuditEvent, Log, start, verify
from tui.storage.memory_folder import MemoryFolder
from tui.storage.postgres import database as database_module
from tui.storage.postgres.address import parse
from tui.storage.postgres.connection import Link, StoreUnreachable
from tui.storage.postgres.database import Database
from tui.storage.postgres.folder import RootFolder
from tui.storage.postgres.transaction import Transaction
from tui.storage.settings_file import Document
from tui.storage.store import Store

pytestmark = pytest.mark.slow

TIME = "2026-11-22T13:51:00Z"


def opened(root: RootFolder, user: str = "ada") -> Store:
    """The store of the tenant acme, whose every save has an entry in the audit log."""
    folder, keys = root.folder("acme"), MemoryFolder()
    keys.write(MAC_KEY, b"01" * 32)  # as on a machine that was admitted
    log = Log("acme", folder, keys, others=True)

    def saved(before: Document | None, after: Document, restored: str) -> None:
        log.append(TIME, {"user": user}, [AuditEvent("settings changed")])

    return Store(folder, saved=saved)


def add(store: Store, value: object) -> None:
    with store.transaction() as tables:
        tables.table("models").insert({"id": value})


def ids(store: Store) -> list[object]:
    return [row["id"] for row in store.read().table("models")]


def test_writers_at_once_lose_nothing(shared: SharedStore) -> None:
    opened(shared.root()).create({"id": "acme"})
    writers, saves = 4, 5

    def work(writer: int) -> None:
        root = shared.root()
        store = Store(root.folder("acme"))
        for number in range(saves):
            add(store, [writer, number])
        root.close()

    threads = [threading.Thread(target=work, args=(writer,)) for writer in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    root = shared.root()
    assert sorted(map(str, ids(Store(root.folder("acme"))))) == sorted(
        str([writer, number]) for writer in range(writers) for number in range(saves)
    )
    assert root.database.heads()["acme"].version == 1 + writers * saves


def interleaved(shared: SharedStore) -> list[object]:
    """What is there after another writer saved between the reading and the writing of a first one."""
    first, other = Store(shared.root().folder("acme")), Store(shared.root().folder("acme"))
    first.create({"id": "acme"})
    with first.transaction() as tables:
        tables.table("models").insert({"id": "first"})
        add(other, "other")
    return ids(Store(shared.root().folder("acme")))


def test_without_the_lock_the_version_refuses_who_comes_late(shared: SharedStore) -> None:
    shared.weaken("lock_tenant", "FOR UPDATE")
    with pytest.raises(Problem, match="Another session saved first; the last to save was ada, at 20"):
        interleaved(shared)
    assert ids(Store(shared.root().folder("acme"))) == ["other"]


def test_control_without_lock_and_version_an_update_is_lost(shared: SharedStore) -> None:
    shared.weaken("lock_tenant", "FOR UPDATE")
    shared.weaken("save", "AND version = expected ")
    assert interleaved(shared) == ["first"], "the other writer's save is gone"


def test_a_lock_that_times_out_names_the_last_writer_and_the_time(shared: SharedStore) -> None:
    first, other = shared.root(), shared.root()
    Store(first.folder("acme")).create({"id": "acme"})
    says = "has been writing; the last to save was ada, at 20"
    with first.folder("acme").lock(), pytest.raises(Problem, match=says), other.folder("acme").lock(wait=0.05):
        pass
    with other.folder("acme").lock(wait=0.05):
        pass


# --- cut connections --------------------------------------------------------------------------------------------------


@pytest.fixture
def proxy(shared: SharedStore) -> Iterator[CutProxy]:
    created = CutProxy(shared.server.folder)
    yield created
    created.close()


def through(shared: SharedStore, proxy: CutProxy) -> RootFolder:
    text = shared.text().replace(str(shared.server.folder), str(proxy.folder))
    return RootFolder(Database(Link(parse(text, {}), {})))


def bytes_of_a_save(store: Store, proxy: CutProxy) -> int:
    """How many bytes are sent for one; the last 400 of them go with the COMMIT."""
    proxy.sent = 0
    add(store, "measured")
    return proxy.sent


def test_a_save_that_is_cut_anywhere_is_there_once_or_was_refused(
    shared: SharedStore, proxy: CutProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_PAUSE", 0.001)
    root = through(shared, proxy)
    store = opened(root)
    store.create({"id": "acme"})
    size = bytes_of_a_save(store, proxy)
    refused = []
    places = range(0, size, size // 12)
    for place in places:
        proxy.cut_after(place)
        try:
            add(store, place)
        except StoreUnreachable:
            refused.append(place)
    assert proxy.cuts == len(places)
    fresh = opened(shared.root())
    expected = ["measured", *(place for place in places if place not in refused)]
    assert sorted(map(str, ids(fresh))) == sorted(map(str, expected))
    log = fresh.folder.read("audit.log") or b""
    assert log.count(b"settings changed") == fresh.document().generation
    assert len(refused) < len(places) // 2, "most are sent again by themselves"


def test_a_save_whose_commit_was_not_answered_is_there_once(
    shared: SharedStore, proxy: CutProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_PAUSE", 0.001)
    store = opened(through(shared, proxy))
    store.create({"id": "acme"})
    size = bytes_of_a_save(store, proxy)
    proxy.cut_answer_after(size - 400)
    add(store, 1)
    assert proxy.cuts == 1
    assert ids(store) == ids(opened(shared.root())) == ["measured", 1]


def test_control_a_save_that_is_repeated_without_its_operation_id_is_there_twice(
    shared: SharedStore, proxy: CutProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(self: Database, transaction: object) -> None:
        raise StoreUnreachable("lost")

    store = opened(through(shared, proxy))
    store.create({"id": "acme"})
    size = bytes_of_a_save(store, proxy)
    monkeypatch.setattr(Database, "_send_again", give_up)
    proxy.cut_answer_after(size - 400)
    with pytest.raises(StoreUnreachable):
        add(store, 1)
    add(store, 1)
    assert ids(opened(shared.root())) == ["measured", 1, 1]


def test_what_somebody_saved_during_a_cut_is_not_written_over(
    shared: SharedStore, proxy: CutProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_PAUSE", 0.001)
    store, other = opened(through(shared, proxy)), opened(shared.root(), "bob")
    store.create({"id": "acme"})
    size = bytes_of_a_save(store, proxy)
    again = Database._send_again

    def somebody_first(self: Database, transaction: Transaction) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(Database, "_send_again", again)
            add(other, "other")
        again(self, transaction)

    monkeypatch.setattr(Database, "_send_again", somebody_first)
    proxy.cut_after(size - 400)
    with pytest.raises(Problem, match="Another session saved first"):
        add(store, 1)
    monkeypatch.undo()
    assert ids(opened(shared.root())) == ["measured", "other"]
    add(other, 2)
    add(store, 3)
    assert ids(opened(shared.root())) == ["measured", "other", 2, 3], "a save that was refused leaves no head behind"
    content = other.folder.read("audit.log") or b""
    assert verify(content, None, start("acme")) == []


# --- a server that does not answer ------------------------------------------------------------------------------------


def test_a_server_that_is_stopped_ends_a_call_in_time_with_exit_code_4(shared: SharedStore) -> None:
    database = shared.database(deadline=0.2)
    store = opened(RootFolder(database))
    store.create({"id": "acme"})
    backend = database.link.connection().info.backend_pid
    with pytest.raises(StoreUnreachable) as caught, store.transaction() as tables:
        tables.table("models").insert({"id": 1})
        kill(backend, signal.SIGSTOP)
        database.query("SELECT 1")
    kill(backend, signal.SIGCONT)
    assert caught.value.code is Exit.NETWORK
    add(store, 2)
    assert ids(store) == [2]


@pytest.mark.parametrize("wrong", ["postgresql:///none?host=/tmp/none-here", "postgresql:///none?host={folder}"])
def test_a_store_that_cannot_be_reached_is_a_network_error(shared: SharedStore, wrong: str) -> None:
    address = parse(wrong.format(folder=shared.server.folder), {})
    with pytest.raises(Problem) as caught:
        RootFolder(Database(Link(address, {}))).folders()
    assert caught.value.code in (Exit.NETWORK, Exit.FAILED) and "secret" not in str(caught.value)


def test_an_operation_runs_again_on_a_new_connection_if_it_only_reads(shared: SharedStore) -> None:
    root = shared.root()
    opened(root).create({"id": "acme"})
    with shared.administrator() as connection:
        connection.execute("SELECT pg_terminate_backend(%s)", (root.database.link.connection().info.backend_pid,))
    root.database.refresh()
    assert root.folders() == ["acme"]


def test_other_files_of_a_tenant_are_added_to_and_removed(shared: SharedStore) -> None:
    root = shared.root()
    opened(root).create({"id": "acme"})
    folder = root.folder("acme")
    folder.append("spend.jsonl", b"1\n")
    folder.append("spend.jsonl", b"2\n")
    assert list(shared.root().folder("acme").lines("spend.jsonl")) == [b"1", b"2", b""]
    assert "spend.jsonl" in folder.names()
    folder.remove("spend.jsonl")
    assert folder.read("spend.jsonl") is None


def test_removing_a_tenant_keeps_its_audit_log(shared: SharedStore) -> None:
    root = shared.root()
    store = opened(root)
    store.create({"id": "acme"})
    store.folder.destroy()
    assert root.folders() == [] and not store.exists()
    with pytest.raises(Problem, match="removed"):
        add(store, 1)
    with shared.administrator() as connection:
        assert connection.execute("SELECT count(*) FROM modeldeck.state").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM modeldeck.audit").fetchone() == (1,)
    opened(root).create({"id": "acme"})
    assert root.folders() == ["acme"]
