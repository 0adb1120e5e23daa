"""Tenants: made, found, renamed, locked, removed; a damaged or keyless one never breaks the list it is in."""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doubles.keys import cached_pair
from tests.doubles.practice import practice_session
from tui.errors import Locked, Problem, UsageError
from tui.practice.tenants import COST, LONG_NAME, PASSPHRASE
from tui.secret import Secret
from tui.storage.folder import DiskFolder
from tui.storage.settings_file import CorruptSettings
from tui.tenancy import credentials, keyring, last_used
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import Session, open_session
from tui.vault import key_pair
from tui.workspace import tenants
from tui.workspace.credentials import confirmation, save, status
from tui.workspace.models import catalog, defaults

KEY = "sk-FAKE-key-of-a-test-0001"


def files(session: Session) -> dict[str, bytes]:
    """Every file of a session on disk."""
    roots = [session.data.path, session.keys.path]
    return {str(path): path.read_bytes() for root in roots if root for path in root.rglob("*") if path.is_file()}


async def with_key(session: Session, name: str, passphrase: Secret | None = None) -> str:
    tenant = await tenants.create(session, name, passphrase)
    await save.save(session.tenant(tenant.id), "openai", {"api_key": Secret(KEY)})
    return tenant.id


async def test_a_tenant_is_created_with_a_key_pair_of_its_own_and_resolved_by_name_or_id(disk_session: Session) -> None:
    one = await tenants.create(disk_session, "North Lab")
    two = await tenants.create(disk_session, "星河科技有限公司")
    assert (one.id, two.id) == ("north-lab", "tenant-2")
    assert one.key_id != two.key_id
    keys_of_fingerprints = {keyring.fingerprint_key(disk_session.tenant(tenant.id), tenant) for tenant in (one, two)}
    assert len(keys_of_fingerprints) == 2
    assert tenant_registry.find(disk_session, "NORTH lab") == tenant_registry.find(disk_session, "north-lab") == one
    assert tenant_registry.find(disk_session, "星河科技有限公司") == two
    keys = {path for path in files(disk_session) if path.endswith(".pem")}
    assert {Path(path).parts[-2:] for path in keys} == {(tenant.id, f"{tenant.key_id}.pem") for tenant in (one, two)}
    with pytest.raises(UsageError, match="no tenant south"):
        tenant_registry.find(disk_session, "south")


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 61, "two\nlines", "bidi\u202eti", "NORTH LAB", "north-lab", "ｎｏｒｔｈ　ｌａｂ"]
)
async def test_a_name_that_cannot_be_had_is_refused(session: Session, name: str) -> None:
    await tenants.create(session, "North Lab", id="nl")
    with pytest.raises(UsageError):
        await tenants.create(session, name)


@pytest.mark.parametrize("tenant_id", ["A", "a/b", "..", "a b", "x" * 65, "operator", "acme"])
async def test_an_id_that_cannot_be_had_is_refused(session: Session, tenant_id: str) -> None:
    with pytest.raises(UsageError):
        await tenants.create(session, "Another", id=tenant_id)


async def test_a_new_name_keeps_id_keys_and_everything_else(disk_session: Session) -> None:
    tenant_id = await with_key(disk_session, "Old")
    before = tenant_registry.tenant_of(disk_session.tenant(tenant_id))
    assert await tenants.rename(disk_session.tenant(tenant_id), "Neu") == replace(before, name="Neu")
    assert tenant_registry.find(disk_session, "neu").id == "old"
    assert await tenants.rename(disk_session.tenant(tenant_id), "NEU") == replace(before, name="NEU")
    assert len(credentials.listing(disk_session.tenant(tenant_id), "openai")) == 1


async def test_two_sessions_that_make_the_same_tenant_leave_one_and_its_key(disk_session: Session) -> None:
    other = replace(disk_session, open_keys={}, _stores={})
    outcomes = await asyncio.gather(
        tenants.create(disk_session, "acme"), tenants.create(other, "acme"), return_exceptions=True
    )
    (tenant,) = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert isinstance(next(outcome for outcome in outcomes if isinstance(outcome, BaseException)), Problem)
    assert disk_session.keys.folder("acme").names() == [
        f"{tenant.key_id}.pem",
        f"{tenant.key_id}.pub",
        "fingerprint.key",
    ]
    assert tenant_registry.tenant_of(other.tenant("acme")) == tenant


# --- locking ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_tenant_with_a_passphrase_is_locked_until_it_is_typed(disk_session: Session) -> None:
    tenant_id = await with_key(disk_session, "acme", Secret("a FAKE passphrase"))
    assert keyring.is_open(disk_session.tenant(tenant_id))
    keyring.lock(disk_session.tenant(tenant_id))
    assert not keyring.is_open(disk_session.tenant(tenant_id))
    with pytest.raises(Locked, match="acme is locked"):
        credentials.access(disk_session.tenant(tenant_id), "openai")
    with pytest.raises(Locked, match="Wrong passphrase"):
        await tenants.unlock(disk_session.tenant(tenant_id), Secret("wrong"))
    await tenants.unlock(disk_session.tenant(tenant_id), Secret("a FAKE passphrase"))
    assert credentials.access(disk_session.tenant(tenant_id), "openai").secrets()["api_key"].reveal() == KEY


async def test_a_locked_tenant_can_be_viewed_and_get_a_whole_new_key(session: Session) -> None:
    assert not keyring.is_open(session.tenant("north-lab"))
    row = status.row(session.tenant("north-lab"), "openai")
    assert row.state == "ready" and row.credential and row.credential.hints == {"api_key": "77c0"}
    assert catalog.rows(session.tenant("north-lab")) and defaults.rows(session.tenant("north-lab"))
    await save.save(session.tenant("north-lab"), "openai", {"api_key": Secret(KEY)})
    assert status.row(session.tenant("north-lab"), "openai").word == "replaced while locked"
    await tenants.unlock(session.tenant("north-lab"), Secret(PASSPHRASE))
    with pytest.raises(Locked, match="OpenAI was replaced while north-lab was locked"):
        credentials.access(session.tenant("north-lab"), "openai")
    await confirmation.confirm(
        session.tenant("north-lab"), (await confirmation.examine(session.tenant("north-lab"))).waiting
    )
    assert credentials.access(session.tenant("north-lab"), "openai").secrets()["api_key"].reveal() == KEY


async def test_a_tenant_without_a_passphrase_opens_by_itself_and_says_that_it_cannot_be_locked(
    session: Session,
) -> None:
    assert keyring.is_open(session.tenant("acme"))
    with pytest.raises(Problem, match="acme has no passphrase"):
        keyring.lock(session.tenant("acme"))


@pytest.mark.slow
async def test_a_passphrase_is_set_changed_and_removed(disk_session: Session) -> None:
    tenant_id = await with_key(disk_session, "acme")
    for passphrase in (Secret("first FAKE"), Secret("second FAKE"), None):
        await tenants.set_passphrase(disk_session.tenant(tenant_id), passphrase)
        disk_session.open_keys.clear()
        assert tenant_registry.tenant_of(disk_session.tenant(tenant_id)).protected is bool(passphrase)
        await tenants.unlock(disk_session.tenant(tenant_id), passphrase)
        assert credentials.access(disk_session.tenant(tenant_id), "openai").secrets()["api_key"].reveal() == KEY
    await tenants.set_passphrase(disk_session.tenant(tenant_id), Secret("third FAKE"))
    keyring.lock(disk_session.tenant(tenant_id))
    with pytest.raises(Locked):
        await tenants.set_passphrase(disk_session.tenant(tenant_id), None)


@pytest.mark.slow
async def test_a_change_of_passphrase_that_was_killed_halfway_is_finished_by_unlocking(disk_session: Session) -> None:
    tenant_id = await with_key(disk_session, "acme")
    for passphrase, says in ((Secret("FAKE"), False), (None, True)):
        await tenants.set_passphrase(disk_session.tenant(tenant_id), passphrase)
        with disk_session.store(tenant_id).transaction() as tables:
            tables.table("meta").update({"protected": says})
        disk_session.open_keys.clear()
        if passphrase:
            with pytest.raises(Locked):
                credentials.access(disk_session.tenant(tenant_id), "openai")
        await tenants.unlock(disk_session.tenant(tenant_id), Secret("FAKE"))
        assert tenant_registry.tenant_of(disk_session.tenant(tenant_id)).protected is bool(passphrase)
        assert credentials.access(disk_session.tenant(tenant_id), "openai").secrets()["api_key"].reveal() == KEY


async def test_a_key_file_of_another_tenant_is_reported(disk_session: Session) -> None:
    one, two = await with_key(disk_session, "one"), await with_key(disk_session, "two")
    paths = [
        Path(keyring.key_path(disk_session.tenant(tenant), tenant_registry.tenant_of(disk_session.tenant(tenant))))
        for tenant in (one, two)
    ]
    paths[0].write_bytes(paths[1].read_bytes())
    disk_session.open_keys.clear()
    with pytest.raises(Locked, match="does not match the settings of this tenant") as caught:
        await tenants.unlock(disk_session.tenant(one))
    assert str(paths[0]) in caught.value.hint


async def test_a_lost_private_key_never_breaks_a_screen(disk_session: Session) -> None:
    tenant_id = await with_key(disk_session, "acme")
    Path(
        keyring.key_path(disk_session.tenant(tenant_id), tenant_registry.tenant_of(disk_session.tenant(tenant_id)))
    ).unlink()
    disk_session.open_keys.clear()
    assert [row.problem for row in tenants.rows(disk_session)] == [None]
    row = status.row(disk_session.tenant(tenant_id), "openai")
    assert row.state == row.word == "cannot be opened" and not row.usable
    assert (
        catalog.rows(disk_session.tenant(tenant_id)) == [] and len(defaults.rows(disk_session.tenant(tenant_id))) == 3
    )
    with pytest.raises(Locked, match="encrypted for a key pair that no longer exists"):
        credentials.access(disk_session.tenant(tenant_id), "openai")
    with pytest.raises(Locked):
        await save.save(disk_session.tenant(tenant_id), "openai", {"api_key": Secret(KEY)})
    assert tenants.removal(disk_session.tenant(tenant_id)).credentials
    await status.remove(disk_session.tenant(tenant_id), "openai", "default")
    assert status.row(disk_session.tenant(tenant_id), "openai").state == "not set up"


@pytest.mark.slow
async def test_nothing_is_sealed_for_a_public_key_that_someone_put_into_the_settings(disk_session: Session) -> None:
    for name, passphrase in (("one", None), ("two", Secret("FAKE"))):
        tenant_id = (await tenants.create(disk_session, name, passphrase)).id
        planted = cached_pair(99)
        with disk_session.store(tenant_id).transaction() as tables:
            tables.table("meta").update({"public_key": planted.public_pem, "key_id": planted.key_id})
        disk_session.open_keys.clear()
        with pytest.raises(Locked):
            await save.save(disk_session.tenant(tenant_id), "openai", {"api_key": Secret(KEY)})
        with disk_session.store(tenant_id).transaction() as tables:
            tables.table("meta").update(
                {"key_id": tenant_registry.tenant_of(disk_session.tenant(tenant_id)).key_id[::-1]}
            )
        with pytest.raises(Locked):
            await save.save(disk_session.tenant(tenant_id), "openai", {"api_key": Secret(KEY)})


# --- removal ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_removing_a_tenant_destroys_its_private_key_and_touches_no_other(disk_session: Session) -> None:
    removed, remaining = await with_key(disk_session, "gone"), await with_key(disk_session, "stays")
    await tenants.remove(disk_session.tenant(removed))
    assert tenant_registry.ids(disk_session) == [remaining]
    assert not [path for path in files(disk_session) if "gone" in path]
    assert credentials.access(disk_session.tenant(remaining), "openai").secrets()["api_key"].reveal() == KEY
    with pytest.raises(UsageError):
        await tenants.remove(disk_session.tenant(removed))
    again = await with_key(disk_session, "gone")
    assert credentials.access(disk_session.tenant(again), "openai").secrets()["api_key"].reveal() == KEY


@pytest.mark.slow
async def test_a_tenant_that_another_session_recreated_is_opened_with_its_new_key(disk_session: Session) -> None:
    other = replace(disk_session, open_keys={}, _stores={})
    tenant_id = await with_key(disk_session, "acme")
    await tenants.remove(other.tenant(tenant_id))
    await with_key(other, "acme")
    assert credentials.access(disk_session.tenant(tenant_id), "openai").secrets()["api_key"].reveal() == KEY


async def test_what_goes_with_a_tenant_is_counted_first(session: Session) -> None:
    removal = tenants.removal(session.tenant("acme"))
    assert [credential.name for credential in removal.credentials if credential.provider == "openai"] == [
        "default",
        "batch-jobs",
    ]
    assert removal.fingerprint == tenant_registry.tenant_of(session.tenant("acme")).key_id
    assert {default.type.value for default in removal.defaults} == {"chat", "embedding"}


# --- damage -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_damaged_tenant_is_one_row_and_can_be_put_back(disk_session: Session) -> None:
    await with_key(disk_session, "fine")
    tenant_id = await with_key(disk_session, "old-site")
    path = Path(disk_session.store(tenant_id).where)
    path.write_bytes(path.read_bytes()[:99])
    fine, damaged = tenants.rows(disk_session)
    assert fine.problem is None and fine.ready == 1
    assert damaged.tenant is None and isinstance(damaged.problem, CorruptSettings) and damaged.problem.kind == "cut"
    with pytest.raises(CorruptSettings):
        tenant_registry.find(disk_session, "old-site")
    newest = tenants.earlier(disk_session.tenant(tenant_id))[0]
    assert newest.problem is None and newest.saved and newest.providers == 0
    copy_name = await tenants.restore(disk_session.tenant(tenant_id), newest.name)
    assert path.with_name(copy_name).stat().st_size == 99
    assert tenant_registry.find(disk_session, "old-site").name == "old-site"


async def test_settings_moved_to_another_tenant_are_not_accepted_as_its_own(disk_session: Session) -> None:
    one, two = await with_key(disk_session, "one"), await with_key(disk_session, "two")
    first, second = (disk_session.store(tenant).folder for tenant in (one, two))
    second.write("settings.json", first.read("settings.json") or b"")
    rows = {row.id: row for row in tenants.rows(disk_session)}
    assert rows["one"].problem is None
    assert isinstance(rows["two"].problem, CorruptSettings)


@pytest.mark.slow
async def test_loose_modes_are_named_for_the_one_tenant_or_the_whole_folder(disk_session: Session) -> None:
    for name in ("one", "two"):
        await with_key(disk_session, name)
    path = disk_session.tenants.folder("two").path
    assert path and disk_session.data.path
    path.chmod(0o755)
    disk_session._stores.clear()
    rows = {row.id: row for row in tenants.rows(disk_session)}
    assert rows["one"].problem is None
    assert rows["two"].problem and f"chmod 700 {path}" in rows["two"].problem.hint
    disk_session.tenants.path.chmod(0o755)  # type: ignore[union-attr]
    with pytest.raises(Problem) as caught:
        tenants.rows(disk_session)
    assert f"chmod 700 {disk_session.tenants.path}" in caught.value.hint


@pytest.mark.parametrize(
    "record", [{}, {"name": 5}, {"id": "acme", "name": ["x"]}, {"protected": "yes"}, {"mark": True}]
)
async def test_an_entry_of_the_wrong_kind_is_damage_not_a_crash(session: Session, record: dict[str, object]) -> None:
    with session.store("acme").transaction() as tables:
        if record:
            tables.table("meta").update(record)
        else:
            tables.drop_table("meta")
    row = next(row for row in tenants.rows(session) if row.id == "acme")
    assert isinstance(row.problem, CorruptSettings) and row.problem.kind == "shape"


async def test_control_characters_in_a_stored_name_do_not_come_out(session: Session) -> None:
    with session.store("acme").transaction() as tables:
        tables.table("meta").update({"name": "ac\x1b[2Jme\u202e"})
    assert tenant_registry.tenant_of(session.tenant("acme")).name == "ac[2Jme"


@pytest.mark.slow
async def test_when_a_tenant_was_used_is_noted_without_using_up_generations(disk_session: Session) -> None:
    first, second = await with_key(disk_session, "one"), await with_key(disk_session, "two")
    before = disk_session.store(first).folder.generations("settings.json")
    disk_session.clock = lambda: 1_800_000_000.0
    last_used.touch(disk_session.tenant(second))
    disk_session.clock = lambda: 1_800_000_100.0
    last_used.touch(disk_session.tenant(first))
    assert last_used.last_used(disk_session) == first
    assert next(row for row in tenants.rows(disk_session) if row.id == first).last_used == "2027-01-15T08:01:40Z"
    assert disk_session.store(first).folder.generations("settings.json") == before
    last_used.touch(disk_session.tenant("nobody"))
    assert "nobody" not in disk_session.tenants.folders()


# --- processes --------------------------------------------------------------------------------------------------------

SAVER = """
import asyncio, sys
from tui.secret import Secret
from tui.tenancy.session import open_session
from tui.workspace.credentials.save import save
async def main():
    key = {"api_key": Secret("sk-FAKE-00000000000000")}
    session = open_session({"MODELDECK_DATA_DIR": sys.argv[1], "MODELDECK_KEY_DIR": sys.argv[2]})
    sys.stdin.readline()
    for n in range(int(sys.argv[4])):
        await save(session.tenant("acme"), "openai", key, name=f"{sys.argv[3]}-{n}")
asyncio.run(main())
"""


@pytest.mark.slow
async def test_two_processes_that_save_at_once_lose_nothing(disk_session: Session, tmp_path: Path) -> None:
    await with_key(disk_session, "acme")
    roots = [str(disk_session.data.path), str(disk_session.keys.path)]
    environ = {"PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(tmp_path)}
    pipe = asyncio.subprocess.PIPE
    savers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", SAVER, *roots, name, "10", stdin=pipe, env=environ)
        for name in ("a", "b")
    ]
    await asyncio.gather(*(saver.communicate(b"go\n") for saver in savers))
    assert [saver.returncode for saver in savers] == [0, 0]
    stored = credentials.listing(disk_session.tenant("acme"), "openai")
    assert {credential.name for credential in stored} == {
        "default",
        *(f"{name}-{n}" for name in "ab" for n in range(10)),
    }
    assert [credential.name for credential in stored if credential.active] == ["default"]


def test_the_session_of_a_user_is_where_the_environment_says(tmp_path: Path) -> None:
    session = open_session(
        {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "d"), "XDG_STATE_HOME": str(tmp_path / "s")}
    )
    assert isinstance(session.data, DiskFolder) and session.data.path == tmp_path / "d" / "modeldeck"
    assert session.keys.path == tmp_path / "s" / "modeldeck" / "keys"
    assert tenants.rows(session) == []
    assert os.listdir(tmp_path) == []
    assert session.key_bits == 3072 and session.key_cost == 2**17


@pytest.mark.slow
def test_practice_is_ready_at_once_and_writes_nothing() -> None:
    session = practice_session()
    assert session.practice and session.data.path is None and session.keys.path is None
    assert [row.id for row in tenants.rows(session)] == ["acme", LONG_NAME, "north-lab", "tenant-2"]
    assert last_used.last_used(session) == "acme"
    assert (session.key_bits, session.key_cost) == (1024, COST)
    assert key_pair.BITS == 3072


@pytest.mark.parametrize("name", ["ac\u200bme", "acme\u2060", "\u0430cme", "ａｃｍｅ", "acm\U000e0041e"])
async def test_no_tenant_has_a_name_that_is_drawn_like_another_one(session: Session, name: str) -> None:
    assert tenant_registry.find(session, "acme")
    with pytest.raises(UsageError, match=r"already exists|printable"):
        await tenants.create(session, name)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["   ", "\u200b", "\0", "\u2800\u00ad", "FAKE\r", "FAKE\nwords", "\ufeffFAKE"])
async def test_a_new_passphrase_can_be_seen_and_is_the_same_from_every_source(disk_session: Session, text: str) -> None:
    with pytest.raises(UsageError, match="The new passphrase has"):
        await tenants.create(disk_session, "acme", Secret(text))
    tenant_id = (await tenants.create(disk_session, "acme")).id
    with pytest.raises(UsageError, match="The new passphrase has"):
        await tenants.set_passphrase(disk_session.tenant(tenant_id), Secret(text))
    # One that was set before this was checked still opens its tenant.
    session = disk_session.tenant(tenant_id)
    private = keyring.private_key(session)
    keyring.write(session, tenant_registry.tenant_of(session), private, Secret(text))
    disk_session.open_keys.clear()
    await tenants.unlock(session, Secret(text))
