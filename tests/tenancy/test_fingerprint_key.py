"""The key of the fingerprints is beside the private key, and not in the settings with the fingerprints."""

import hashlib
import hmac
import json
from pathlib import Path

import pytest

from tui.secret import Secret
from tui.tenancy import credentials, keyring
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import Session, TenantSession
from tui.workspace import tenants
from tui.workspace.credentials import save

PASSPHRASE = Secret("a FAKE passphrase")
GUESS = "sk-FAKE-1234"
OLD_KEY = "ab" * 32


def folder(tenant: TenantSession) -> Path:
    assert tenant.store.folder.path
    return tenant.store.folder.path


def guess_is_confirmed(tenant: TenantSession) -> bool:
    """What somebody tries who has a copy of the settings and of their earlier states, and guesses the key."""
    states = [json.loads(file.read_bytes())["data"] for file in folder(tenant).glob("settings.json*")]
    keys = {record.get("fingerprint_key", "") for state in states for record in state["meta"].values()}
    prints = {
        text
        for state in states
        for record in state.get("credentials", {}).values()
        for text in record.get("fingerprints", {}).values()
    }
    assert prints
    guessed = {hmac.new(bytes.fromhex(key), GUESS.encode(), hashlib.sha256).hexdigest()[:8] for key in keys}
    return bool(prints & guessed)


async def stored_by_the_version_before(session: Session, passphrase: Secret | None) -> TenantSession:
    """A tenant whose settings hold the key of the fingerprints, as have the states before."""
    tenant = session.tenant((await tenants.create(session, "Acme", passphrase)).id)
    tenant.keys.remove(keyring.FINGERPRINT_KEY)
    with tenant.store.transaction() as tables:
        tables.table("meta").update({"fingerprint_key": OLD_KEY})
    for base_url in ("http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"):
        await save.save(tenant, "openai", {"api_key": Secret(GUESS), "base_url": base_url})
    session.open_keys.clear()
    return tenant


async def test_a_copy_of_the_settings_confirms_no_guessed_key(disk_session: Session) -> None:
    tenant = disk_session.tenant((await tenants.create(disk_session, "Acme", PASSPHRASE)).id)
    await save.save(tenant, "openai", {"api_key": Secret(GUESS)})
    assert not guess_is_confirmed(tenant)


@pytest.mark.slow
async def test_the_next_unlock_moves_the_key_of_a_store_of_the_version_before(disk_session: Session) -> None:
    tenant = await stored_by_the_version_before(disk_session, PASSPHRASE)
    assert guess_is_confirmed(tenant), "the control: with the key beside the fingerprints, a guess is confirmed"
    states = len(tenant.store.earlier())
    (before,) = credentials.stored(tenant)
    await tenants.unlock(tenant, PASSPHRASE)
    assert not guess_is_confirmed(tenant)
    assert OLD_KEY.encode() not in b"".join(file.read_bytes() for file in folder(tenant).iterdir() if file.is_file())
    assert keyring.fingerprint_key(tenant, tenant_registry.tenant_of(tenant)) == OLD_KEY
    assert len(tenant.store.earlier()) == states
    assert [entry.done for entry in tenant.log.read()].count("fingerprint key moved") == 1
    # The same key has the same fingerprint as before.
    after = await save.save(tenant, "openai", {"api_key": Secret(GUESS), "base_url": "http://127.0.0.1:3/v1"})
    assert after.fingerprints == before.fingerprints


@pytest.mark.slow
async def test_while_locked_the_settings_of_the_version_before_go_on(disk_session: Session) -> None:
    tenant = await stored_by_the_version_before(disk_session, PASSPHRASE)
    assert keyring.fingerprint_key(tenant, tenant_registry.tenant_of(tenant)) == OLD_KEY


@pytest.mark.parametrize("passphrase", [PASSPHRASE, None])
async def test_a_fingerprint_key_that_is_planted_in_the_settings_is_not_used(
    disk_session: Session, passphrase: Secret | None
) -> None:
    tenant = disk_session.tenant((await tenants.create(disk_session, "Acme", passphrase)).id)
    key = keyring.fingerprint_key(tenant, tenant_registry.tenant_of(tenant))
    with tenant.store.transaction() as tables:
        tables.table("meta").update({"fingerprint_key": OLD_KEY})
    assert keyring.fingerprint_key(tenant, tenant_registry.tenant_of(tenant)) == key != OLD_KEY
