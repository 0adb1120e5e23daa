"""Transactions, earlier states and bad files; killed writers, many of them, and every damage are in the campaign."""

import json
import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tinydb import TinyDB

from tests.campaign.damaged import GOOD
from tests.doubles.postgres_server import shared_store
from tui import __version__
from tui.errors import Problem, UsageError
from tui.storage import settings_file
from tui.storage.folder import DiskFolder, Folder
from tui.storage.memory_folder import MemoryFolder
from tui.storage.postgres.folder import RootFolder
from tui.storage.settings_file import CorruptSettings, canonical, decode
from tui.storage.store import EARLIER_STATES, Store

NUMBERS = count()


@pytest.fixture(scope="module")
def shared() -> Iterator[RootFolder]:
    """The data folder of a store in PostgreSQL, in which each test has a tenant of its own."""
    with shared_store() as created:
        yield created.root()


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        folder: Folder = MemoryFolder()
    else:
        folder = request.getfixturevalue("shared").folder(f"acme-{next(NUMBERS)}")
    created = Store(folder)
    created.create({"id": "acme"})
    return created


@pytest.fixture
def file_store() -> Store:
    """A store of files: what happens to it cannot happen to rows."""
    created = Store(MemoryFolder())
    created.create({"id": "acme"})
    return created


def add(store: Store, n: int) -> None:
    with store.transaction() as tables:
        tables.table("models").insert({"id": n})


def ids(store: Store) -> list[int]:
    return [row["id"] for row in store.read().table("models")]


# --- transactions -----------------------------------------------------------------------------------------------------


def test_what_a_transaction_changed_is_read_by_others() -> None:
    folder = MemoryFolder()
    Store(folder).create({"id": "acme"})
    other = Store(folder)
    assert ids(other) == []
    add(Store(folder), 1)
    assert ids(other) == [1]


@pytest.mark.slow
def test_an_exception_leaves_everything_as_it_was(store: Store) -> None:
    before = store.version_token()
    with pytest.raises(RuntimeError), store.transaction() as tables:
        tables.table("models").insert({"id": 1})
        raise RuntimeError
    assert store.version_token() == before and ids(store) == []


@pytest.mark.slow
def test_a_transaction_that_changes_nothing_writes_nothing(store: Store) -> None:
    before = store.version_token()
    with store.transaction() as tables:
        tables.table("models").remove(lambda record: True)
    assert store.version_token() == before
    assert store.folder.generations(store.name) == []


@pytest.mark.slow
@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"bytes", "\ud800", (1, 2)])
def test_what_json_cannot_hold_is_refused_and_nothing_is_written(store: Store, value: object) -> None:
    before = store.version_token()
    with pytest.raises((Problem, ValueError, TypeError)), store.transaction() as tables:
        tables.table("models").insert({"id": value})
    assert store.version_token() == before and ids(store) == []


def test_the_same_tables_are_returned_until_the_file_changes(store: Store) -> None:
    first = store.read()
    assert store.read() is first
    add(store, 1)
    assert store.read() is not first


def test_what_is_derived_is_computed_once_for_every_state_and_key(store: Store) -> None:
    created: list[object] = []

    def make(tables: TinyDB) -> int:
        created.append(tables)
        return len(created)

    assert [store.cached("n", make), store.cached("n", make)] == [1, 1]
    assert store.cached("n", make, key="other") == 2
    add(store, 1)
    assert store.cached("n", make) == 3


def test_what_is_derived_from_one_table_is_kept_while_that_table_stays_the_same(store: Store) -> None:
    def count(tables: TinyDB) -> list[int]:
        return [len(tables.table("models"))]

    add(store, 1)
    first = store.cached("n", count, table="models")
    with store.transaction() as tables:
        tables.table("defaults").insert({"type": "chat"})
    assert store.cached("n", count, table="models") is first
    add(store, 2)
    assert store.cached("n", count, table="models") == [2]


def test_settings_are_created_once(file_store: Store) -> None:
    with pytest.raises(UsageError):
        file_store.create({"id": "acme"})
    file_store.folder.write(f"{file_store.name}.1", b"an earlier state")
    file_store.folder.remove(file_store.name)
    with pytest.raises(UsageError):
        file_store.create({"id": "acme"})


def test_settings_that_were_removed_meanwhile_do_not_come_back(tmp_path: Path) -> None:
    store = Store(DiskFolder(tmp_path / "acme"))
    store.create({"id": "acme"})
    store.folder.destroy()
    with pytest.raises(Problem, match="removed"):
        add(store, 1)
    assert not (tmp_path / "acme").exists()


# --- earlier states ---------------------------------------------------------------------------------------------------


def test_five_earlier_states_are_kept_and_readable(store: Store) -> None:
    for n in range(8):
        add(store, n)
    earlier = store.earlier()
    assert len(earlier) == EARLIER_STATES
    counts = [len(state.document.data.get("models", {})) for state in earlier if state.document]
    assert counts == [7, 6, 5, 4, 3]


def test_a_state_that_has_another_name_by_now_is_not_restored(store: Store) -> None:
    for n in range(3):
        add(store, n)
    chosen = store.earlier()[0]
    assert chosen.document
    add(store, 3)
    with pytest.raises(Problem, match="saved in another session"):
        store.restore(chosen.name, chosen.document.generation)
    assert ids(store) == [0, 1, 2, 3]
    store.restore(store.earlier()[1].name, chosen.document.generation)
    assert ids(store) == [0, 1]


def test_an_earlier_state_is_restored_and_the_damaged_file_kept_next_to_it(store: Store) -> None:
    for n in range(3):
        add(store, n)
    store.folder.write(store.name, b"{broken")
    with pytest.raises(CorruptSettings):
        store.read()
    newest = store.earlier()[0]
    copy_name = store.restore(newest.name)
    assert copy_name == "settings.json.damaged-1"
    assert store.folder.read(copy_name) == b"{broken"
    assert ids(store) == [0, 1]
    add(store, 9)
    assert ids(store) == [0, 1, 9]


def test_what_is_forgotten_is_in_no_file_afterwards(tmp_path: Path) -> None:
    store = Store(DiskFolder(tmp_path / "acme"))
    store.create({"id": "acme"})
    for n in range(3):
        with store.transaction() as tables:
            tables.table("credentials").insert({"provider": "openai", "envelope": f"md1.CANARY{n}"})
            tables.table("models").insert({"id": n})
    store.folder.write(f"{store.name}.4", b"damaged md1.CANARY4")
    store.folder.write(f"{store.name}.damaged-1", b"damaged md1.CANARY5")

    def everything() -> bytes:
        return b"".join(path.read_bytes() for path in (tmp_path / "acme").iterdir())

    assert everything().count(b"CANARY") > 5
    with store.transaction(forget=lambda table, record: table == "credentials") as tables:
        tables.drop_table("credentials")
    assert b"CANARY" not in everything()
    assert ids(store) == [0, 1, 2]
    assert [len(state.document.data.get("models", {})) for state in store.earlier() if state.document] == [2, 1, 0]


# --- bad files --------------------------------------------------------------------------------------------------------


def test_a_file_that_vanished_is_not_mistaken_for_an_empty_one(file_store: Store) -> None:
    add(file_store, 1)
    add(file_store, 2)
    file_store.folder.remove(file_store.name)
    with pytest.raises(CorruptSettings) as caught:
        file_store.read()
    assert caught.value.kind == "missing"
    with pytest.raises(CorruptSettings):
        add(file_store, 3)


def test_a_byte_order_mark_and_another_layout_are_accepted() -> None:
    document = decode(GOOD)
    assert decode(b"\xef\xbb\xbf" + GOOD) == document
    assert decode(json.dumps(json.loads(GOOD), indent=4, ensure_ascii=True).encode()) == document


def test_tables_are_written_in_pieces_that_make_the_whole() -> None:
    data: Any = {
        "b": {},
        "a": {str(n): {"id": n, "name": "星"} for n in range(1, 1234)},
        "ü": {"7": {"z": 1, "y": [None]}},
    }
    whole = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert canonical(data) == whole and canonical({}) == "{}"


# --- other versions ---------------------------------------------------------------------------------------------------


def rename(tables: Any) -> Any:
    for table in tables.get("models", {}).values():
        table["ref"] = table.pop("id")
    return tables


def written_by_newer(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Settings as a version to come writes them."""
    store = Store(folder)
    with monkeypatch.context() as later:
        later.setattr(settings_file, "MIGRATIONS", (rename,))
        later.setattr("tui.storage.store.__version__", "2.1")
        store.create({"id": "acme"})
        add(store, 7)
    return Store(folder)


def test_settings_of_a_newer_version_are_viewed_and_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = MemoryFolder()
    store = written_by_newer(folder, monkeypatch)
    content = folder.read(store.name)
    assert ids(store) == [7]
    blocker = store.write_blocker()
    assert blocker and blocker.message == f"Written by Modeldeck 2.1; this is {__version__}."
    assert blocker.hint == "You can view it, not change it."
    for change in (lambda: add(store, 8), lambda: store.restore("settings.json.1")):
        with pytest.raises(Problem, match=r"Written by Modeldeck 2\.1"):
            change()
    assert folder.read(store.name) == content


def test_settings_of_an_older_version_are_brought_up_and_its_file_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = DiskFolder(tmp_path / "acme")
    Store(folder).create({"id": "acme"})
    add(Store(folder), 7)
    before = folder.read("settings.json")
    monkeypatch.setattr(settings_file, "MIGRATIONS", (rename,))
    store = Store(folder)
    assert store.read().table("models").all() == [{"ref": 7}] and store.write_blocker() is None
    assert folder.read("settings.json") == before, "looking at it changes nothing"
    with store.transaction() as tables:
        tables.table("models").insert({"ref": 8})
    assert folder.read("settings.json.v1") == before
    assert json.loads(folder.read("settings.json") or b"")["schema"] == 2
    assert [record["ref"] for record in Store(folder).read().table("models")] == [7, 8]
    earlier = store.earlier()
    assert earlier[0].document and earlier[0].document.data["models"] == {"1": {"ref": 7}}
    with store.transaction(forget=lambda table, record: table == "models") as tables:
        tables.drop_table("models")
    assert folder.read("settings.json.v1") is None, "what is forgotten is in no file"


def test_an_older_version_that_cannot_be_brought_up_is_named_and_left(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.folder.read(store.name)

    def fails(tables: Any) -> Any:
        raise KeyError("models")

    monkeypatch.setattr(settings_file, "MIGRATIONS", (fails,))
    with pytest.raises(CorruptSettings, match="could not be brought up to 2"):
        Store(store.folder).read()
    assert store.folder.read(store.name) == before


# --- edited by hand ---------------------------------------------------------------------------------------------------


def test_an_edit_by_hand_is_accepted_on_ones_word_alone(store: Store) -> None:
    add(store, 7)
    with pytest.raises(UsageError):
        store.accept_edit()
    edited = (store.folder.read(store.name) or b"").replace(b'{"id":7}', b'{"id":8}')
    store.folder.write(store.name, edited)
    with pytest.raises(CorruptSettings):
        store.read()
    result = store.hand_edited()
    assert result and result.data["models"] == {"1": {"id": 8}}
    assert store.folder.read(store.name) == edited
    store.accept_edit()
    assert ids(store) == [8] and store.hand_edited() is None
    add(store, 9)


def test_what_is_no_json_any_more_is_no_edit(store: Store) -> None:
    store.folder.write(store.name, b'{"schema": 1, "data": {}')
    assert store.hand_edited() is None
    with pytest.raises(UsageError):
        store.accept_edit()


def test_every_flipped_bit_of_the_data_is_noticed() -> None:
    start = GOOD.index(b'"data"')
    for place in range(start, len(GOOD) - 2):
        flipped = GOOD[:place] + bytes([GOOD[place] ^ 1]) + GOOD[place + 1 :]
        with pytest.raises(CorruptSettings):
            decode(flipped)


def test_every_cut_is_noticed() -> None:
    for length in range(len(GOOD) - 2):
        with pytest.raises(CorruptSettings):
            decode(GOOD[:length])


def test_who_saved_is_shown_with_version_and_process(store: Store) -> None:
    assert store.document().by == {
        "version": __version__,
        "pid": os.getpid(),
        "terminal": store.document().by["terminal"],
    }


def test_text_of_any_script_is_written_as_it_is(store: Store) -> None:
    with store.transaction() as tables:
        tables.table("meta").update({"name": "星河科技 🜁"})
    assert "星河科技 🜁".encode() in (store.folder.read(store.name) or b"")


@pytest.mark.slow
def test_a_write_of_any_kind_ends_in_a_file_that_decodes(store: Store) -> None:
    changes: list[Callable[[TinyDB], object]] = [
        lambda tables: tables.table("models").insert_multiple({"id": n} for n in range(50)),
        lambda tables: tables.table("models").update({"gone": "2026-11-22"}, doc_ids=[3, 4]),
        lambda tables: tables.table("models").remove(doc_ids=[1, 2]),
        lambda tables: tables.drop_table("models"),
        lambda tables: tables.drop_tables(),
    ]
    for number, change in enumerate(changes, 2):
        with store.transaction() as tables:
            change(tables)
        assert decode(store.folder.read(store.name) or b"").generation == number
