"""What ties a public key to a tenant is the key itself, whole, beside the private key."""

import pytest

from tui.errors import Locked, Problem
from tui.secret import Secret
from tui.storage.audit_log import Entry
from tui.tenancy import credentials, keyring
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import Session, TenantSession
from tui.vault import key_pair, public_key
from tui.workspace import tenants
from tui.workspace.credentials import save
from tui.workspace.key_pairs import rotation

PASSPHRASE = Secret("a FAKE passphrase")
VALUES = {"api_key": Secret("sk-FAKE-key-of-a-test-0001")}


async def new_tenant(session: Session, passphrase: Secret | None = PASSPHRASE, *, locked: bool = True) -> TenantSession:
    tenant = session.tenant((await tenants.create(session, "Acme", passphrase)).id)
    if locked:
        session.open_keys.clear()
    return tenant


def write_meta(tenant: TenantSession, **entries: object) -> None:
    """Change the settings as someone does who can write that file, with a right checksum."""
    with tenant.store.transaction() as tables:
        tables.table("meta").update(entries)


def written_by_the_version_before(tenant: TenantSession) -> None:
    """Leave the private key alone, as a version did that wrote no public key beside it."""
    tenant.keys.remove(f"{tenant_registry.tenant_of(tenant).key_id}.pub")


def recorded(tenant: TenantSession) -> list[Entry]:
    return [entry for entry in tenant.log.read() if entry.done == "public key recorded"]


@pytest.fixture
def collision(monkeypatch: pytest.MonkeyPatch) -> str:
    """A public key of someone else whose short id is made out to be that of any tenant."""
    other = key_pair.generate_key_pair(1024)
    monkeypatch.setattr(public_key, "key_id", lambda pem: tenant_key_id[0])
    return other.public_pem


tenant_key_id = [""]


@pytest.mark.parametrize("passphrase", [PASSPHRASE, None], ids=["with a passphrase", "without, but said to have one"])
async def test_nothing_is_sealed_for_a_public_key_with_the_same_short_id(
    disk_session: Session, collision: str, passphrase: Secret | None
) -> None:
    tenant = await new_tenant(disk_session, passphrase)
    tenant_key_id[0] = tenant_registry.tenant_of(tenant).key_id
    write_meta(tenant, public_key=collision, protected=True)
    with pytest.raises(Locked, match="was replaced outside Modeldeck"):
        await save.save(tenant, "openai", VALUES)
    assert not credentials.stored(tenant)


@pytest.mark.slow
async def test_while_locked_nothing_is_sealed_for_a_key_pair_that_was_replaced(disk_session: Session) -> None:
    tenant = await new_tenant(disk_session, locked=False)
    replaced = tenant_registry.tenant_of(tenant)
    await save.save(tenant, "openai", VALUES)  # an earlier state that still needs the pair
    await rotation.rotate(tenant, PASSPHRASE)
    disk_session.open_keys.clear()
    present = tenant_registry.tenant_of(tenant)
    write_meta(tenant, key_id=replaced.key_id, public_key=replaced.public_key)
    with pytest.raises(Locked, match="name a key pair that was replaced"):
        await save.save(tenant, "anthropic", VALUES)
    # The control: for the present pair it is.
    write_meta(tenant, key_id=present.key_id, public_key=present.public_key)
    assert (await save.save(tenant, "anthropic", VALUES)).key_id == present.key_id


async def test_while_locked_a_key_is_sealed_for_the_key_next_to_the_private_one(disk_session: Session) -> None:
    tenant = await new_tenant(disk_session)
    saved = await save.save(tenant, "openai", VALUES)
    await tenants.unlock(tenant, PASSPHRASE)
    assert credentials.decrypt_unverified(tenant, saved) == VALUES


async def test_a_passphrase_is_checked_although_the_tenant_is_open(disk_session: Session) -> None:
    tenant = await new_tenant(disk_session, locked=False)
    with pytest.raises(Locked, match="Wrong passphrase"):
        await tenants.unlock(tenant, Secret("a wrong FAKE passphrase"))
    assert keyring.is_open(tenant)
    await tenants.unlock(tenant, PASSPHRASE)
    await tenants.unlock(tenant)
    assert [entry.done for entry in tenant.log.read()] == ["tenant created", "unlock failed"]


@pytest.mark.parametrize("says", [True, False])
@pytest.mark.parametrize("passphrase", [PASSPHRASE, None])
async def test_whether_a_key_file_has_a_passphrase_is_read_from_the_file(
    disk_session: Session, passphrase: Secret | None, says: bool
) -> None:
    tenant = await new_tenant(disk_session, passphrase)
    write_meta(tenant, protected=says)
    assert tenant_registry.tenant_of(tenant).protected is bool(passphrase)
    assert keyring.is_open(tenant) is not bool(passphrase)


@pytest.mark.slow
async def test_a_store_of_the_version_before_is_completed_at_the_next_unlock_and_the_log_says_so(
    disk_session: Session,
) -> None:
    tenant = await new_tenant(disk_session)
    written_by_the_version_before(tenant)
    with pytest.raises(Locked, match="must be unlocked once"):
        await save.save(tenant, "openai", VALUES)
    await tenants.unlock(tenant, PASSPHRASE)
    assert len(recorded(tenant)) == 1
    keyring.lock(tenant)
    await save.save(tenant, "openai", VALUES)
    await tenants.unlock(tenant, PASSPHRASE)
    assert len(recorded(tenant)) == 1


@pytest.mark.slow
async def test_a_store_of_the_version_before_without_a_passphrase_goes_on_at_once(disk_session: Session) -> None:
    tenant = await new_tenant(disk_session, None)
    written_by_the_version_before(tenant)
    await save.save(tenant, "openai", VALUES)
    assert not recorded(tenant), "while no passphrase is set, nothing needs it"
    await tenants.set_passphrase(tenant, PASSPHRASE)
    keyring.lock(tenant)
    await save.save(tenant, "openai", {"api_key": Secret("sk-FAKE-key-of-a-test-0002")})


@pytest.mark.parametrize(
    "entries", [{"key_id": "../../etc"}, {"key_id": ""}, {"key_id": "ABCDEF01"}, {"fingerprint_key": "no hex"}]
)
async def test_an_entry_for_the_tenant_that_cannot_be_one_is_a_sentence(
    disk_session: Session, entries: dict[str, str]
) -> None:
    tenant = await new_tenant(disk_session)
    write_meta(tenant, **entries)
    with pytest.raises(Problem, match="is not valid"):
        await save.save(tenant, "openai", VALUES)


@pytest.mark.parametrize("content", [b"1" * 5000, b"-1", b"\xff", "\u0663".encode(), b""])
async def test_a_counter_that_is_no_number_counts_as_none(disk_session: Session, content: bytes) -> None:
    tenant = await new_tenant(disk_session, None, locked=False)
    tenant.keys.write(keyring.COUNTER, content)
    assert keyring.last_counter(tenant) == 0
