"""Connections in the settings: what anybody could write there never becomes an origin of a key."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tui.errors import Locked, UsageError
from tui.secret import Secret
from tui.tenancy import connections, credentials, keyring, manifest, verification
from tui.tenancy.session import Session, TenantSession
from tui.workspace import connections as use_cases
from tui.workspace import tenants
from tui.workspace.credentials import confirmation, save, save_plan, status
from tui.workspace.transfer import export, import_plan

KEY = Secret("sk-FAKE-0000-4444-9999-7777")
PASSPHRASE = Secret("a FAKE passphrase")
URL = "https://gateway.example/v1"


@pytest.fixture
async def acme(disk_session: Session) -> TenantSession:
    """acme with a connection that holds a key."""
    acme = disk_session.tenant((await tenants.create(disk_session, "acme")).id)
    await use_cases.add(acme, "gateway", "openai_compatible")
    await save.save(acme, "gateway", {"base_url": URL, "api_key": KEY})
    return acme


def edit(acme: TenantSession, **entries: Any) -> None:
    """Change the connection as somebody who can write the file would."""
    with acme.store.transaction() as tables:
        tables.table("connections").update(entries)


@pytest.mark.slow
async def test_a_connection_is_a_provider_of_its_own(acme: TenantSession) -> None:
    provider = connections.provider_of(acme, "gateway")
    assert (provider.id, provider.label, provider.kind) == ("gateway", "gateway", "openai_compatible")
    ids = [*connections.providers(acme)]
    assert ids.index("gateway") == ids.index("openai_compatible") + 1
    assert status.row(acme, "gateway").credential and not status.row(acme, "openai_compatible").credential
    access = credentials.access(acme, "gateway")
    assert access.origins == ("https://gateway.example",)
    assert access.secrets()["api_key"].reveal() == KEY.reveal()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["openai", "huggingface", "chatglm"])
async def test_the_key_of_a_connection_that_became_another_kind_is_not_decrypted(
    acme: TenantSession, kind: str
) -> None:
    edit(acme, kind=kind)
    assert status.row(acme, "gateway").state == "cannot be opened"
    with pytest.raises(Locked, match="another kind of provider"):
        credentials.access(acme, "gateway")
    (credential,) = credentials.listing(acme, "gateway")
    with pytest.raises(Locked, match="another kind of provider"):
        credentials.secrets(acme, credential)
    with acme.store.transaction() as tables:
        credentials.update_origins(acme, tables, "gateway")
    assert credentials.listing(acme, "gateway") == [credential], "it is not sealed for other origins"
    edit(acme, kind="openai_compatible")
    assert credentials.secrets(acme, credential)["api_key"].reveal() == KEY.reveal(), "control"


@pytest.mark.slow
async def test_a_kind_that_was_changed_in_the_credential_as_well_does_not_open_it(acme: TenantSession) -> None:
    edit(acme, kind="openai")
    with acme.store.transaction() as tables:
        tables.table("credentials").update({"kind": "openai"})
        tables.table("manifest").update({"kind": "openai"})
    acme.process.open_keys.clear()
    await tenants.unlock(acme)
    (credential,) = credentials.listing(acme, "gateway")
    with pytest.raises(Locked):
        credentials.secrets(acme, credential)


@pytest.mark.slow
async def test_entries_that_cannot_be_connections_are_left_out(acme: TenantSession) -> None:
    planted = (("openai", "huggingface"), ("a/b", "openai"), ("UPPER", "openai"), ("other", "nothing"))
    with acme.store.transaction() as tables:
        for name, kind in planted:
            tables.table("connections").insert({"id": name, "kind": kind})
    assert [*connections.connections(acme)] == ["gateway"]
    assert connections.provider_of(acme, "openai").kind == ""
    with pytest.raises(UsageError):
        connections.provider_of(acme, "other")


async def test_removing_a_connection_leaves_nothing_of_it(acme: TenantSession) -> None:
    await status.remove_provider(acme, "gateway")
    assert connections.find_provider(acme, "gateway") is None
    content = acme.store.read().storage.read() or {}
    assert not any("gateway" in str(table) for table in content.values())


async def test_the_list_of_tenants_counts_a_connection_among_the_providers(acme: TenantSession) -> None:
    row = tenants.row(acme)
    assert (row.ready, row.connections) == (1, 1)


PLANTED = {"id": "groq", "kind": "deepseek"}
"""A connection that is called like one vendor and sends its keys to another."""


def plant(acme: TenantSession) -> None:
    with acme.store.transaction() as tables:
        tables.table("connections").insert(PLANTED)


async def lock(acme: TenantSession) -> None:
    await tenants.set_passphrase(acme, PASSPHRASE)
    keyring.lock(acme)


async def test_a_planted_connection_takes_no_key_until_it_is_confirmed(acme: TenantSession) -> None:
    plant(acme)
    with pytest.raises(Locked, match="The connection groq was added while acme was locked, or outside Modeldeck"):
        await save_plan.plan_save(acme, "groq", {"api_key": KEY})
    (finding,) = (await confirmation.examine(acme)).findings
    assert confirmation.about(finding) == ["a connection like deepseek"]
    assert await confirmation.confirm(acme, [finding]) == 1
    plan = await save_plan.plan_save(acme, "groq", {"api_key": KEY})
    assert plan.origins == ("https://api.deepseek.com",), "control: it would have been sent there"


@pytest.mark.slow
async def test_a_planted_connection_takes_no_key_while_locked_whatever_the_manifest_says(acme: TenantSession) -> None:
    await lock(acme)
    plant(acme)
    with pytest.raises(Locked, match="The connection groq was added"):
        await save_plan.plan_save(acme, "groq", {"api_key": KEY})
    with acme.store.transaction() as tables:
        listed = manifest.entry(manifest.records_by_ref(tables)[("groq", "")])
        tables.table("manifest").insert(listed)
    with pytest.raises(Locked, match="acme is locked, and groq was changed meanwhile"):
        await save_plan.plan_save(acme, "groq", {"api_key": KEY})
    acme.keys.remove(keyring.MANIFEST)
    plan = await save_plan.plan_save(acme, "groq", {"api_key": KEY})
    assert plan.origins == ("https://api.deepseek.com",), "control: without the digest beside the private key"


@pytest.mark.slow
async def test_a_connection_that_a_person_adds_while_locked_is_set_up_at_once(acme: TenantSession) -> None:
    await lock(acme)
    await use_cases.add(acme, "groq", "groq")
    await save.save(acme, "groq", {"api_key": KEY})
    await tenants.unlock(acme, PASSPHRASE)
    places = {finding.place for finding in (await confirmation.examine(acme)).waiting}
    assert places == {("groq", ""), ("groq", "default")}


@pytest.mark.slow
async def test_a_connection_of_a_version_before_goes_on_by_its_credential(acme: TenantSession) -> None:
    with acme.store.transaction() as tables:
        stored = manifest.read(tables)
        entries = {place: entry for place, entry in stored.entries.items() if place[1]}
        private = keyring.private_key(acme)
        verification.write_manifest(tables, acme.tenant_id, private, replace(stored, entries=entries))
    acme.process.added_connections.clear()
    assert verification.integrity_status(acme).findings == ()
    assert credentials.access(acme, "gateway").secrets()["api_key"].reveal() == KEY.reveal()
    await save.save(acme, "openai", {"api_key": KEY})
    assert ("gateway", "") in verification.integrity_status(acme).entries, "the next save lists it"


@pytest.mark.slow
async def test_the_counter_is_followed_by_the_digest_at_the_next_unlock(acme: TenantSession) -> None:
    await lock(acme)
    recorded = keyring.manifest_digest(acme)
    acme.keys.remove(keyring.MANIFEST)
    await tenants.unlock(acme, PASSPHRASE)
    assert keyring.manifest_digest(acme) == recorded != ""


async def imported(acme: TenantSession, name: str, kind: str) -> None:
    """Import a file with a connection of that name and kind, as far as it goes."""
    file = json.loads((await export.export(acme)).text)
    file["providers"] = {name: {"like": kind}}
    plan = await import_plan.plan(acme, await import_plan.open_bundle(json.dumps(file).encode()))
    await import_plan.carry_out(acme.process, plan)


@pytest.mark.slow
async def test_an_import_cannot_turn_a_connection_into_another_kind(acme: TenantSession) -> None:
    with pytest.raises(UsageError, match="In the file, gateway is like deepseek; here it is like openai_compatible"):
        await imported(acme, "gateway", "deepseek")
    await imported(acme, "gateway", "openai_compatible")


@pytest.mark.parametrize("name", ["openai", "deepseek", "a/b", "UPPER", "", "a" * 33])
async def test_a_file_with_a_connection_that_cannot_be_one_is_refused(acme: TenantSession, name: str) -> None:
    with pytest.raises(UsageError):
        await imported(acme, name, "openai_compatible")
    assert [*connections.connections(acme)] == ["gateway"]


async def test_an_imported_connection_is_vouched_for(acme: TenantSession) -> None:
    await imported(acme, "groq", "groq")
    assert verification.integrity_status(acme).findings == ()
    assert (await save_plan.plan_save(acme, "groq", {"api_key": KEY})).origins == ("https://api.groq.com",)
