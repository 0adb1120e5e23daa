"""A new key pair: everything opens afterwards, with the same passphrase; killed at any point nothing is lost."""

import asyncio
import threading
from dataclasses import replace

import pytest

from tui.errors import Locked, Problem, UsageError
from tui.secret import Secret
from tui.tenancy import credentials, keyring, manifest, retired_keys, verification
from tui.tenancy import credentials as stored_credentials
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import OPERATOR, Session
from tui.vault import envelope, key_pair
from tui.workspace import tenants, trials
from tui.workspace.credentials import confirmation, save, status
from tui.workspace.key_pairs import rotation

KEY = "sk-FAKE-key-of-the-owner-0001"


@pytest.fixture
async def acme(disk_session: Session) -> str:
    tenant_id = (await tenants.create(disk_session, "acme")).id
    await save.save(disk_session.tenant(tenant_id), "openai", {"api_key": Secret(KEY)})
    await save.save(disk_session.tenant(tenant_id), "openai_compatible", {"base_url": "http://localhost:1/v1"})
    return tenant_id


def opened(session: Session, tenant_id: str) -> str:
    return credentials.access(session.tenant(tenant_id), "openai").secrets()["api_key"].reveal()


@pytest.mark.slow
async def test_every_credential_is_sealed_anew_and_progress_is_reported(disk_session: Session, acme: str) -> None:
    before, messages = tenant_registry.tenant_of(disk_session.tenant(acme)), list[tuple[int, int]]()
    by_provider = {
        credential.provider: credential for credential in stored_credentials.stored(disk_session.tenant(acme))
    }
    done = await rotation.rotate(disk_session.tenant(acme), report=lambda *how_far: messages.append(how_far))
    assert (done.resealed, done.left) == (1, 0) and messages == [(0, 2), (1, 2), (2, 2)]
    assert done.tenant.key_id != before.key_id and tenant_registry.tenant_of(disk_session.tenant(acme)) == done.tenant
    assert opened(disk_session, acme) == KEY
    after = {credential.provider: credential for credential in stored_credentials.stored(disk_session.tenant(acme))}
    assert after["openai"].envelope != by_provider["openai"].envelope
    assert after["openai"].fingerprints == by_provider["openai"].fingerprints
    status = await confirmation.examine(disk_session.tenant(acme))
    assert (status.alarm, status.findings) == (None, ())


@pytest.mark.slow
async def test_the_old_key_opens_nothing_of_the_present_state(disk_session: Session, acme: str) -> None:
    old = keyring.private_key(disk_session.tenant(acme))
    await rotation.rotate(disk_session.tenant(acme))
    (credentials,) = stored_credentials.listing(disk_session.tenant(acme), "openai")
    with pytest.raises(Locked):
        envelope.unseal(old, credentials.envelope, stored_credentials.binding(acme, credentials))


@pytest.mark.slow
async def test_the_passphrase_stays_and_is_requested(disk_session: Session, acme: str) -> None:
    await tenants.set_passphrase(disk_session.tenant(acme), Secret("FAKE"))
    keyring.lock(disk_session.tenant(acme))
    before = tenant_registry.tenant_of(disk_session.tenant(acme))
    for wrong in (None, Secret("wrong")):
        with pytest.raises(Locked):
            await rotation.rotate(disk_session.tenant(acme), wrong)
    assert tenant_registry.tenant_of(disk_session.tenant(acme)) == before
    await rotation.rotate(disk_session.tenant(acme), Secret("FAKE"))
    assert not keyring.is_open(disk_session.tenant(acme)), "locked as it was"
    await tenants.unlock(disk_session.tenant(acme), Secret("FAKE"))
    assert opened(disk_session, acme) == KEY


@pytest.mark.slow
async def test_the_old_key_file_stays_as_long_as_an_earlier_state_needs_it(disk_session: Session, acme: str) -> None:
    before = tenant_registry.tenant_of(disk_session.tenant(acme)).key_id
    after = (await rotation.rotate(disk_session.tenant(acme))).tenant.key_id
    assert retired_keys.key_ids(disk_session.tenant(acme)) == [before]
    for n in range(5):
        await tenants.rename(disk_session.tenant(acme), f"acme {n}")
        retired_keys.prune(disk_session.tenant(acme))
    assert retired_keys.key_ids(disk_session.tenant(acme)) == []
    assert [name for name in disk_session.keys.folder(acme).names() if name.endswith(".pem")] == [f"{after}.pem"]


@pytest.mark.slow
async def test_settings_that_somebody_else_wrote_cost_no_key_file(disk_session: Session, acme: str) -> None:
    first = disk_session.store(acme).folder.read("settings.json") or b""
    await rotation.rotate(disk_session.tenant(acme))
    there = sorted([*disk_session.keys.folder(acme).names(), *retired_keys.key_ids(disk_session.tenant(acme))])
    folder = disk_session.store(acme).folder
    for generation in folder.generations("settings.json"):
        folder.remove(generation)
    folder.write("settings.json", first)
    session = replace(disk_session, open_keys={}, counters={}, _stores={})
    assert (await confirmation.examine(session.tenant(acme))).alarm
    assert sorted([*session.keys.folder(acme).names(), *retired_keys.key_ids(session.tenant(acme))]) == there
    retired_keys.prune(session.tenant(acme))
    assert sorted([*session.keys.folder(acme).names(), *retired_keys.key_ids(session.tenant(acme))]) != there, (
        "it would have"
    )


@pytest.mark.slow
async def test_a_state_from_before_the_rotation_can_be_put_back(disk_session: Session, acme: str) -> None:
    before = tenant_registry.tenant_of(disk_session.tenant(acme)).key_id
    await rotation.rotate(disk_session.tenant(acme))
    await tenants.restore(disk_session.tenant(acme), "settings.json.1")
    assert tenant_registry.tenant_of(disk_session.tenant(acme)).key_id == before and opened(disk_session, acme) == KEY
    await rotation.rotate(disk_session.tenant(acme))
    assert opened(disk_session, acme) == KEY


@pytest.mark.slow
async def test_a_new_passphrase_reaches_retired_key_files_that_had_the_old_one(
    disk_session: Session, acme: str
) -> None:
    old, new, session = Secret("the old FAKE one"), Secret("the new FAKE one"), disk_session.tenant(acme)
    await tenants.set_passphrase(session, old)
    await rotation.rotate(session, old)
    (retired,) = retired_keys.key_ids(session)
    pem = retired_keys.folder(session).read(f"{retired}.pem") or b""
    assert key_pair.load(pem, old).key_id == retired
    await tenants.set_passphrase(session, new, old)
    pem = retired_keys.folder(session).read(f"{retired}.pem") or b""
    assert key_pair.load(pem, new).key_id == retired
    with pytest.raises(Locked):
        key_pair.load(pem, old)
    assert retired_keys.other_passphrase(session, new) == []
    assert retired_keys.other_passphrase(session, old) == [retired]


@pytest.mark.slow
async def test_a_passphrase_that_is_set_later_covers_retired_key_files(disk_session: Session, acme: str) -> None:
    await rotation.rotate(disk_session.tenant(acme))
    (old,) = retired_keys.key_ids(disk_session.tenant(acme))
    assert not key_pair.is_protected(retired_keys.folder(disk_session.tenant(acme)).read(f"{old}.pem") or b"")
    await tenants.set_passphrase(disk_session.tenant(acme), Secret("FAKE"))
    assert key_pair.is_protected(retired_keys.folder(disk_session.tenant(acme)).read(f"{old}.pem") or b"")


async def test_stopped_in_time_nothing_is_changed(disk_session: Session, acme: str) -> None:
    before = disk_session.store(acme).folder.read("settings.json")
    started, released = threading.Event(), threading.Event()

    def report(done: int, of: int) -> None:
        started.set()
        released.wait(60)

    rotating = asyncio.create_task(rotation.rotate(disk_session.tenant(acme), report=report))
    await asyncio.to_thread(started.wait, 10)
    rotating.cancel()
    await asyncio.sleep(0)
    released.set()
    with pytest.raises(Problem, match="Stopped"):
        await rotating
    assert disk_session.store(acme).folder.read("settings.json") == before


@pytest.mark.slow
async def test_what_another_session_saves_meanwhile_is_sealed_anew_as_well(disk_session: Session, acme: str) -> None:
    def report(done: int, of: int) -> None:
        if done == of:
            new = {"api_key": Secret("sk-FAKE-saved-meanwhile-0002")}
            asyncio.run(save.save(disk_session.tenant(acme), "openai", new))

    await rotation.rotate(disk_session.tenant(acme), report=report)
    assert opened(disk_session, acme) == "sk-FAKE-saved-meanwhile-0002"


@pytest.mark.slow
async def test_what_does_not_open_stays_as_it_is_and_is_counted(disk_session: Session, acme: str) -> None:
    await save.save(disk_session.tenant(acme), "anthropic", {"api_key": Secret("sk-ant-FAKE-key-of-the-owner")})
    with disk_session.store(acme).transaction() as tables:
        changed = {"clear": {"base_url": "https://evil.example"}}
        tables.table("credentials").update(changed, lambda record: record["provider"] == "anthropic")
    done = await rotation.rotate(disk_session.tenant(acme))
    assert (done.resealed, done.left) == (1, 1)
    assert status.row(disk_session.tenant(acme), "anthropic").state == "cannot be opened"


async def test_with_an_alarm_nothing_is_rotated(disk_session: Session, acme: str) -> None:
    with disk_session.store(acme).transaction() as tables:
        tables.table("manifest").truncate()
    with pytest.raises(Problem, match="changed outside Modeldeck"):
        await rotation.rotate(disk_session.tenant(acme))
    assert retired_keys.key_ids(disk_session.tenant(acme)) == []


@pytest.mark.slow
async def test_the_operators_pair_is_rotated_too(disk_session: Session, acme: str) -> None:
    await trials.set_trial(disk_session, "openai", {"api_key": Secret(KEY)}, verify=False)
    before = trials.operator(disk_session)
    await rotation.rotate(disk_session.tenant(OPERATOR))
    assert trials.operator(disk_session) != before
    credential = stored_credentials.active(disk_session.tenant(OPERATOR), "openai")
    assert (
        credential and stored_credentials.secrets(disk_session.tenant(OPERATOR), credential)["api_key"].reveal() == KEY
    )


@pytest.mark.slow
async def test_a_lost_key_is_left_behind_only_if_it_is_lost(disk_session: Session, acme: str) -> None:
    with pytest.raises(UsageError, match="is there and opens"):
        await rotation.reset_key_pair(disk_session.tenant(acme))
    disk_session.keys.folder(acme).destroy()
    disk_session.evict(acme)
    with pytest.raises(Locked, match="is missing"):
        await rotation.rotate(disk_session.tenant(acme))
    done = await rotation.reset_key_pair(disk_session.tenant(acme), Secret("FAKE"))
    assert (done.resealed, done.left, done.tenant.protected) == (0, 1, True)
    await tenants.unlock(disk_session.tenant(acme), Secret("FAKE"))
    assert status.row(disk_session.tenant(acme), "openai").state == "cannot be opened"
    await save.save(disk_session.tenant(acme), "openai", {"api_key": Secret(KEY)})
    assert opened(disk_session, acme) == KEY


@pytest.mark.slow
async def test_a_replaced_key_pair_is_an_alarm_and_encrypts_nothing(disk_session: Session, acme: str) -> None:
    tenant = disk_session.tenant(acme)
    folder, first, old = (
        tenant.store.folder,
        tenant.store.folder.read("settings.json") or b"",
        keyring.private_key(tenant),
    )
    await rotation.rotate(tenant)
    # Whoever has the replaced private key puts the settings back, with a manifest newer than any that was seen.
    folder.write("settings.json", first)
    fresh = replace(disk_session, open_keys={}, counters={}, _stores={}).tenant(acme)
    with fresh.store.transaction() as tables:
        verification.write_manifest(tables, acme, old, replace(manifest.read(tables), counter=99))
    status = await confirmation.examine(fresh)
    assert status.alarm is verification.ManifestAlarm.OLDER
    with pytest.raises(Locked, match="name a key pair that was replaced"):
        keyring.public_key(fresh, tenant_registry.tenant_of(fresh))
    with pytest.raises(Locked):
        opened(fresh.process, acme)
    await confirmation.confirm(fresh, confirmation.to_confirm(fresh, status))
    assert not (await confirmation.examine(fresh)).alarm and opened(fresh.process, acme) == KEY
    assert keyring.public_key(fresh, tenant_registry.tenant_of(fresh)) == old.public_pem
