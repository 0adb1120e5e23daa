"""What holds no key is no way around one, and a key cannot be passed off as another."""

from collections.abc import Mapping
from typing import Any

import pytest

from tui.errors import Locked
from tui.secret import Secret
from tui.tenancy import credentials, keyring, verification
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import Session, TenantSession
from tui.vault import envelope
from tui.workspace import tenants
from tui.workspace.credentials import confirmation, save, status

PASSPHRASE = Secret("a FAKE passphrase")
ELSEWHERE = "https://evil.example.test"


def update_credential(tenant: TenantSession, **entries: Any) -> None:
    """Change the stored credential as someone does who can write that file."""
    with tenant.store.transaction() as tables:
        tables.table("credentials").update(entries, lambda record: record["name"] == "default")


async def locked_tenant(session: Session, provider_id: str, values: Mapping[str, str | Secret]) -> TenantSession:
    tenant = session.tenant((await tenants.create(session, "Locked", PASSPHRASE)).id)
    await save.save(tenant, provider_id, values)
    keyring.lock(tenant)
    return tenant


async def test_a_credential_whose_key_was_removed_is_not_used_while_locked(disk_session: Session) -> None:
    tenant = await locked_tenant(disk_session, "openai", {"api_key": Secret("sk-FAKE-key-of-a-test-0001")})
    clear = {"base_url": f"{ELSEWHERE}/v1"}
    update_credential(tenant, envelope="", hints={}, fingerprints={}, clear=clear, origins=[ELSEWHERE])
    with pytest.raises(Locked, match="requires an API key"):
        credentials.access(tenant, "openai")
    assert status.row(tenant, "openai").state != "ready"


async def test_a_keyless_credential_that_the_manifest_does_not_hold_asks_first(disk_session: Session) -> None:
    values = {"base_url": "https://models.example.test/v1"}
    tenant = await locked_tenant(disk_session, "openai_compatible", values)
    assert credentials.access(tenant, "openai_compatible").origins == ("https://models.example.test",)
    update_credential(tenant, clear={"base_url": f"{ELSEWHERE}/v1"}, origins=[ELSEWHERE])
    with pytest.raises(Locked, match="was changed meanwhile"):
        credentials.access(tenant, "openai_compatible")


async def test_a_keyless_credential_that_is_edited_with_its_manifest_asks_first(disk_session: Session) -> None:
    values = {"base_url": "https://models.example.test/v1"}
    tenant = await locked_tenant(disk_session, "openai_compatible", values)
    entries = {"clear": {"base_url": f"{ELSEWHERE}/v1"}, "origins": [ELSEWHERE]}
    update_credential(tenant, **entries)
    with tenant.store.transaction() as tables:
        tables.table("manifest").update(entries)
    assert not verification.integrity_status(tenant).findings, "the settings agree with each other"
    with pytest.raises(Locked, match="was changed meanwhile"):
        credentials.access(tenant, "openai_compatible")
    tenant.keys.remove(keyring.MANIFEST)
    assert credentials.access(tenant, "openai_compatible").origins == (ELSEWHERE,), "control: without the digest"


@pytest.mark.slow
async def test_a_key_that_is_shown_as_another_one_cannot_be_confirmed(disk_session: Session) -> None:
    tenant = disk_session.tenant((await tenants.create(disk_session, "Open")).id)
    first = await save.save(tenant, "openai", {"api_key": Secret("sk-FAKE-key-of-a-test-own1")})
    second = {"api_key": Secret("sk-FAKE-key-of-somebody-else")}
    public = tenant_registry.tenant_of(tenant).public_key
    planted = envelope.seal(public, second, credentials.binding(tenant.tenant_id, first))
    update_credential(tenant, envelope=planted)
    status = await confirmation.examine(tenant)
    assert confirmation.to_confirm(tenant, status) == ()
    with pytest.raises(Locked, match="cannot be decrypted"):
        await confirmation.confirm(tenant, status.waiting)
    # The control: sealed with the hint and the fingerprint of its own, it can be seen for what it is and confirmed.
    other = await save.save(tenant, "openai", second, name="other")
    update_credential(tenant, envelope=planted, hints=dict(other.hints), fingerprints=dict(other.fingerprints))
    status = await confirmation.examine(tenant)
    assert confirmation.to_confirm(tenant, status)
