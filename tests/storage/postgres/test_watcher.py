"""What others save is known without asking, however notices get lost; while the store is away, what was read stays."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

import psycopg
import pytest

from tests.doubles.pgbouncer import PORT, pgbouncer
from tests.doubles.postgres_server import SharedStore
from tests.storage.postgres.cut_proxy import CutProxy
from tui.errors import Exit, Problem
from tui.storage.memory_folder import MemoryFolder
from tui.storage.postgres import watcher as watcher_module
from tui.storage.postgres.address import parse
from tui.storage.postgres.connection import Link, StoreUnreachable
from tui.storage.postgres.database import Database
from tui.storage.postgres.folder import RootFolder
from tui.storage.postgres.watcher import Watcher
from tui.storage.store import Store
from tui.vault.sealed_bytes import SealedCache

pytestmark = pytest.mark.slow

Watch = Callable[..., tuple[RootFolder, Watcher]]


@pytest.fixture
def proxy(shared: SharedStore) -> Iterator[CutProxy]:
    created = CutProxy(shared.server.folder)
    yield created
    created.close()


@pytest.fixture
def watch(shared: SharedStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Return a function that watches the store, through a proxy if one is given; a look is due once an hour."""
    monkeypatch.setattr(watcher_module, "POLL", (3600.0, 3600.0))
    monkeypatch.setattr(watcher_module, "BACK_OFF", (0.01, 0.02))
    monkeypatch.setattr(watcher_module, "PROBE", 0.3)
    watchers: list[Watcher] = []

    def start(proxy: CutProxy | None = None, cache: SealedCache | None = None) -> tuple[RootFolder, Watcher]:
        folder = proxy.folder if proxy else shared.server.folder
        text = shared.text().replace(str(shared.server.folder), str(folder))
        root = RootFolder(Database(Link(parse(text, {}), {}, deadline=0.5)))
        watchers.append(root.watch(cache))
        return root, watchers[-1]

    yield start
    for watcher in watchers:
        watcher.stop()


def until(condition: Callable[[], object]) -> None:
    deadline = monotonic() + 30
    while not condition():
        assert monotonic() < deadline, "not reached"
        threading.Event().wait(0.005)


def store(root: RootFolder, tenant: str = "acme") -> Store:
    return Store(root.folder(tenant))


def add(of: Store, value: object) -> None:
    with of.transaction() as tables:
        tables.table("models").insert({"id": value})


def ids(of: Store) -> list[object]:
    return [row["id"] for row in of.read().table("models")]


def test_what_another_saves_is_known_without_a_query(shared: SharedStore, watch: Watch) -> None:
    other = store(shared.root())
    other.create({"id": "acme"})
    root, watcher = watch()
    here, calls = store(root), list[object]()
    assert ids(here) == [] and watcher.state.delay == 0
    watcher.on_change = lambda: calls.append(None)
    add(other, 1)
    until(lambda: calls)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Database, "query", None)
        assert ids(here) == [1]
    store(shared.root(), "second").create({"id": "second"})
    until(lambda: root.folders() == ["acme", "second"])
    other.folder.destroy()
    until(lambda: root.folders() == ["second"])


def test_a_notice_that_comes_with_the_answer_to_a_query_is_handled_at_once(
    shared: SharedStore, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = store(shared.root())
    other.create({"id": "acme"})
    root, watcher = watch()
    here, connection, saved = store(root), watcher._connection, list[object]()
    assert ids(here) == [] and connection is not None

    def query_while_another_saves(**_: object) -> None:
        if not saved:
            saved.append(add(other, 1))  # type: ignore[func-returns-value]
            until(lambda: connection.execute("SELECT 1") and watcher._payloads)
            with suppress(BlockingIOError):
                os.read(watcher._wake_end, 1024)  # a call of `retry` would wake it as well

    monkeypatch.setattr(watcher, "_store", query_while_another_saves)
    until(lambda: saved or watcher.retry())  # type: ignore[func-returns-value]
    until(lambda: ids(here) == [1])


def test_what_this_session_saves_is_known_at_once(shared: SharedStore, watch: Watch) -> None:
    root, _ = watch()
    store(root).create({"id": "acme"})
    for number in range(5):
        add(store(root), number)
        assert ids(store(root)) == list(range(number + 1))
    root.folder("acme").destroy()
    assert root.folders() == []


def test_tenants_of_others_are_never_read(shared: SharedStore, watch: Watch) -> None:
    root, _ = watch()
    store(shared.root("bob"), "north").create({"id": "north"})
    store(shared.root(), "acme").create({"id": "acme"})
    until(lambda: root.folders() == ["acme"])


def test_a_deaf_listener_finds_a_change_at_the_next_look_and_listens_again(shared: SharedStore, watch: Watch) -> None:
    other = store(shared.root())
    other.create({"id": "acme"})
    root, watcher = watch()

    def deafened() -> bool:
        # The watcher's thread may be reading from its connection at this moment.
        try:
            return watcher._connection is not None and bool(watcher._connection.execute("UNLISTEN *"))
        except psycopg.OperationalError:
            return False

    until(deafened)
    watcher.retry()
    until(lambda: watcher._next_look > 0)
    listening, _ = watch()
    add(other, 1)
    until(lambda: ids(store(listening)) == [1])
    assert ids(store(root)) == [], "the control: without a look it does not know what another console was told"
    watcher.retry()
    until(lambda: ids(store(root)) == [1])
    add(other, 2)
    until(lambda: ids(store(root)) == [1, 2])


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_behind_a_pooler_that_loses_notices_changes_are_seen_at_the_next_look(
    shared: SharedStore, watch: Watch, mode: str
) -> None:
    with pgbouncer(shared.server.folder, mode) as folder:
        text = shared.text().replace(str(shared.server.folder), str(folder)) + f"&port={PORT}"
        root = RootFolder(Database(Link(parse(text, {}), {})))
        store(root).create({"id": "acme"})
        watcher = root.watch()
        try:
            assert bool(watcher.state.delay) is (mode == "transaction")
            listening, _ = watch()
            pooled, direct = root.database.link.connection(), listening.database.link.connection()
            assert pooled.prepare_threshold is None and direct.prepare_threshold, "plans are kept by the server alone"
            add(store(shared.root()), 1)
            if mode == "transaction":
                until(lambda: ids(store(listening)) == [1])
                assert ids(store(root)) == [], "the control: with LISTEN alone it does not know what others were told"
                watcher.retry()
            until(lambda: ids(store(root)) == [1])
        finally:
            watcher.stop()
            root.close()


def test_an_idle_console_sends_at_most_100_bytes_a_second(shared: SharedStore, watch: Watch, proxy: CutProxy) -> None:
    _, watcher = watch(proxy)
    until(lambda: watcher._next_look > 0)
    proxy.sent, least, before = 0, 7.0, watcher._next_look
    watcher.retry()
    until(lambda: watcher._next_look != before)
    assert 0 < proxy.sent / least <= 100


@pytest.mark.parametrize("how", ["refuse", "swallow"])
def test_while_the_store_is_away_what_was_read_stays_and_changes_are_refused(
    shared: SharedStore, watch: Watch, proxy: CutProxy, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(watcher_module, "DEADLINE", 0.3)
    other = store(shared.root())
    other.create({"id": "acme"})
    root, watcher = watch(proxy)
    add(store(root), 1)
    getattr(proxy, how)()
    watcher.retry()
    until(lambda: watcher.state.unreachable_since)
    assert ids(store(root)) == [1] and watcher.state.read_at <= watcher.state.unreachable_since
    blocked = root.folder("acme").write_blocker()
    assert blocked and "The store has been out of reach since" in blocked.message
    with pytest.raises(StoreUnreachable) as caught:
        add(store(root), "lost")
    assert caught.value.code is Exit.NETWORK
    add(other, 2)
    proxy.heal()
    until(lambda: not watcher.state.unreachable_since)
    assert ids(store(root)) == [1, 2], "a new connection counts as a notice of everything"
    add(store(root), 3)
    assert ids(store(shared.root())) == [1, 2, 3]


def test_a_save_that_cannot_reach_the_store_makes_the_watcher_look(
    shared: SharedStore, watch: Watch, proxy: CutProxy
) -> None:
    root, watcher = watch(proxy)
    store(root).create({"id": "acme"})
    proxy.refuse()
    with pytest.raises(Problem):
        add(store(root), 1)
    until(lambda: watcher.state.unreachable_since)


def test_a_console_that_starts_while_the_store_is_away_shows_what_was_sealed(
    shared: SharedStore, watch: Watch, proxy: CutProxy
) -> None:
    folder, keys = MemoryFolder(), MemoryFolder()
    root, watcher = watch(proxy, SealedCache(folder, keys))
    store(root).create({"id": "acme"})
    add(store(root), "a name in clear")
    watcher.retry()
    until(lambda: watcher._next_look > 0)
    watcher.stop()
    [name] = folder.names()
    assert b"a name in clear" not in (folder.read(name) or b"")
    proxy.refuse()
    root, watcher = watch(proxy, SealedCache(folder, keys))
    assert watcher.state.unreachable_since and ids(store(root)) == ["a name in clear"]
    proxy.heal()
    until(lambda: not watcher.state.unreachable_since)
    watcher.stop()
    proxy.refuse()
    sealed = bytearray(folder.read(name) or b"")
    sealed[20] ^= 1
    folder.write(name, bytes(sealed))
    for cache in (SealedCache(folder, keys), SealedCache(folder, MemoryFolder()), None):
        with pytest.raises(StoreUnreachable):
            watch(proxy, cache)


def test_files_and_the_version_import_nothing_of_the_database(tmp_path: Path) -> None:
    program = (
        "import sys, tui.__main__\n"
        "from tui.tenancy.session import open_session\n"
        "session = open_session({'HOME': sys.argv[1]})\n"
        "session.tenants.folders(), session.watch.state\n"
        "sys.exit('psycopg' in sys.modules or any('postgres' in name for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tui", "--version"], check=True, capture_output=True, text=True
    )
    assert "psycopg" not in loaded.stderr and "postgres" not in loaded.stderr
