"""Operators who share a tenant: admitted by fingerprint, planted ones found out, removed with a new key pair."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doubles.postgres_server import SharedStore
from tui.errors import Locked, Problem, UsageError
from tui.practice.tenants import BITS, COST
from tui.secret import Secret
from tui.storage.folder import DiskFolder
from tui.storage.postgres.operators import wraps
from tui.tenancy import credentials, keyring, verification
from tui.tenancy import operators as of
from tui.tenancy.manifest import ChangeKind
from tui.tenancy.session import Session, TenantSession
from tui.tenancy.tenants import tenant_of
from tui.workspace import audit, operators, tenants
from tui.workspace.credentials.save import save
from tui.workspace.key_pairs import rotation

pytestmark = pytest.mark.slow

ADA, BOB = Secret("passphrase of ada"), Secret("passphrase of bob")
KEY = "sk-test-not-a-real-key-0123456789-wxyz"

Open = Callable[[str], Session]


@pytest.fixture
def people(shared: SharedStore, session: Session, tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens a session of a login on a host of its own, where its private keys are files."""
    opened: list[Session] = []

    def of(login: str) -> Session:
        keys = DiskFolder(tmp_path / login)
        opened.append(Session(shared.root(login), keys, session.client_factory, key_bits=BITS, key_cost=COST))
        return opened[-1]

    yield of
    for entry in opened:
        entry.data.close()


def set_up(session: TenantSession, key: str = KEY) -> None:
    """Save a credential of OpenAI."""

    asyncio.run(save(session, "openai", {"api_key": key}))


def secret_of(session: TenantSession) -> str:
    """The secret of that credential, opened with the private key of this host."""
    stored = next(iter(credentials.stored(session)))
    return credentials.secrets(session, stored)["api_key"].reveal()


def shared_tenant(people: Open) -> tuple[Session, Session, str]:
    """Return Ada's and Bob's sessions, and a tenant of Ada's that Bob was admitted to."""
    ada, bob = people("ada"), people("bob")
    tenant = asyncio.run(tenants.create(ada, "North Lab")).id
    set_up(ada.tenant(tenant))
    asyncio.run(operators.request(ada, ADA))
    requested = asyncio.run(operators.request(bob, BOB))
    assert requested.created and not requested.received
    asyncio.run(operators.admit(ada.tenant(tenant), "bob", requested.fingerprint))
    assert asyncio.run(operators.request(bob, BOB)).received == ("North Lab",)
    return ada, bob, tenant


def test_an_admitted_operator_opens_the_tenant_on_a_host_of_their_own(people: Open) -> None:
    ada, bob, tenant = shared_tenant(people)
    there = bob.tenant(tenant)
    with pytest.raises(Locked):
        secret_of(there)
    asyncio.run(tenants.unlock(there, BOB))
    assert secret_of(there) == KEY
    assert verification.integrity_status(there).proved and verification.integrity_status(there).alarm is None
    assert [(entry.login, entry.planted) for entry in operators.listing(there)] == [("ada", False), ("bob", False)]
    asyncio.run(tenants.rename(there, "South Lab"))
    ada.data.database.refresh()  # type: ignore[attr-defined]
    here = ada.tenant(tenant)
    asyncio.run(tenants.rename(here, "West Lab"))
    bob.data.database.refresh()  # type: ignore[attr-defined]
    assert audit.check(here).findings == audit.check(there).findings == ()
    assert "operator bob admitted" in " ".join(audit.words(entry) for entry in audit.listing(here))


def test_another_fingerprint_or_no_request_admits_nobody(people: Open) -> None:
    ada = people("ada")
    tenant = ada.tenant(asyncio.run(tenants.create(ada, "North Lab")).id)
    with pytest.raises(UsageError, match="bob has published no key"):
        asyncio.run(operators.admit(tenant, "bob", "00"))
    requested = asyncio.run(operators.request(people("bob"), BOB))
    with pytest.raises(UsageError, match="You have no key pair"):
        asyncio.run(operators.admit(tenant, "bob", requested.fingerprint))
    asyncio.run(operators.request(ada, ADA))
    with pytest.raises(UsageError, match="another fingerprint"):
        asyncio.run(operators.admit(tenant, "bob", "0" * 32))
    assert operators.listing(tenant) == []
    with pytest.raises(Locked, match="Wrong passphrase"):
        asyncio.run(operators.request(ada, BOB))


def plant(shared: SharedStore, session: TenantSession, public_key: str, key_id: str) -> None:
    """Write an operator into the table without the private key, as anyone with write access to the rows can."""
    with session.store.transaction() as tables:
        tables.table("operators").insert({"login": "mallory", "key_id": key_id, "public_key": public_key})


def test_a_planted_operator_is_named_and_handed_nothing(people: Open, shared: SharedStore) -> None:
    ada, _, tenant = shared_tenant(people)
    here = ada.tenant(tenant)
    other = ada.new_key_pair(BITS)
    plant(shared, here, other.public_pem, other.key_id)
    (finding,) = verification.integrity_status(here).findings
    assert finding.mark is ChangeKind.PLANTED and not finding.mark.needs_confirmation
    assert verification.words(here, finding).startswith("The operator mallory was added or changed outside Modeldeck")
    asyncio.run(rotation.rotate(here))
    with shared.administrator() as connection:
        rows = connection.execute("SELECT DISTINCT login FROM modeldeck.wrap ORDER BY login").fetchall()
    assert rows == [("ada",), ("bob",)]


def test_an_admission_shares_with_ones_own_key_whatever_the_database_says_it_is(
    people: Open, shared: SharedStore
) -> None:
    ada, bob = people("ada"), people("bob")
    here = ada.tenant(asyncio.run(tenants.create(ada, "North Lab")).id)
    fingerprint = asyncio.run(operators.request(ada, ADA)).fingerprint
    requested = asyncio.run(operators.request(bob, BOB))
    mallory = ada.new_key_pair(BITS)
    with shared.administrator() as connection:
        connection.execute(
            "INSERT INTO modeldeck.operator (login, key_id, public_key) VALUES ('ada', %s, %s)",
            (mallory.key_id, mallory.public_pem),
        )
    asyncio.run(operators.admit(here, "bob", requested.fingerprint))
    listed = {entry.login: of.fingerprint(entry.public_key) for entry in operators.listing(here)}
    assert listed == {"ada": fingerprint, "bob": requested.fingerprint}
    with shared.administrator() as connection:
        keys = connection.execute("SELECT operator_key FROM modeldeck.wrap").fetchall()
    assert len(keys) == 2 and (mallory.key_id,) not in keys


def test_a_new_key_pair_is_received_only_with_the_fingerprint_that_another_operator_reads(people: Open) -> None:
    ada, bob, tenant = shared_tenant(people)
    here, there = ada.tenant(tenant), bob.tenant(tenant)
    asyncio.run(rotation.rotate(here))
    before = bob.keys.folder(tenant).names()
    requested = asyncio.run(operators.request(bob, BOB))
    assert (requested.received, requested.replaced) == ((), ("North Lab",))
    assert asyncio.run(operators.request(bob, BOB, "0" * 32)).replaced == ("North Lab",)
    assert bob.keys.folder(tenant).names() == before
    accepted = operators.tenant_fingerprint(here)
    assert asyncio.run(operators.request(bob, BOB, accepted)).received == ("North Lab",)
    asyncio.run(tenants.unlock(there, BOB))
    assert secret_of(there) == KEY and operators.tenant_fingerprint(there) == accepted


def test_a_key_pair_that_somebody_put_into_the_rows_is_not_received(people: Open, shared: SharedStore) -> None:
    _, bob, tenant = shared_tenant(people)
    there = bob.tenant(tenant)
    mallory = bob.new_key_pair(BITS)
    with there.store.transaction() as tables:
        tables.table("meta").update({"key_id": mallory.key_id, "public_key": mallory.public_pem})
    (row,) = [entry for entry in operators.listing(there) if entry.login == "bob"]
    wrap = of.sealed_for(there, row, mallory.private, 99)
    with shared.administrator() as connection:
        connection.execute(
            "INSERT INTO modeldeck.wrap (tenant, tenant_key, login, operator_key, counter, content, added_by) "
            "VALUES (%s, %s, %s, %s, %s, %s, 'ada')",
            (wrap.tenant, wrap.tenant_key, wrap.login, wrap.operator_key, wrap.counter, wrap.content),
        )
    assert asyncio.run(operators.request(bob, BOB)).received == ()
    assert f"{mallory.key_id}.pem" not in bob.keys.folder(tenant).names()
    with pytest.raises(Problem):
        set_up(there)


@pytest.mark.parametrize(
    "row", [{}, {"login": 5}, {"login": "m", "key_id": "1"}, {"login": "m", "key_id": "1", "public_key": "no key"}]
)
def test_a_planted_row_that_is_no_operator_breaks_no_list_no_save_and_no_new_pair(
    people: Open, row: dict[str, object]
) -> None:
    ada, _, tenant = shared_tenant(people)
    here = ada.tenant(tenant)
    with here.store.transaction() as tables:
        tables.table("operators").insert(row)
        tables.table("exposed").insert({"since": row})
        tables.table("removals").insert({"login": ["m"]})
    planted = {entry.login: entry.planted for entry in operators.listing(here)}
    assert planted == {"ada": False, "bob": False, str(row.get("login", "")): True}
    assert operators.exposed_credentials(here) == []
    set_up(here, KEY.replace("wxyz", "abcd"))
    asyncio.run(rotation.rotate(here))
    if row:
        asyncio.run(operators.remove(here, str(row["login"])))
        assert [entry.login for entry in operators.listing(here)] == ["ada", "bob"]


def test_a_wrap_of_a_tenant_that_cannot_be_read_keeps_nobody_from_the_others(people: Open, shared: SharedStore) -> None:
    _, bob, tenant = shared_tenant(people)
    bob.keys.folder(tenant).destroy()
    with shared.administrator() as connection:
        connection.execute("INSERT INTO modeldeck.tenant (id) VALUES ('a-ghost')")
        connection.execute(
            "INSERT INTO modeldeck.wrap (tenant, tenant_key, login, operator_key, counter, content, added_by) "
            "SELECT 'a-ghost', tenant_key, login, operator_key, counter, content, added_by FROM modeldeck.wrap"
        )
    assert asyncio.run(operators.request(bob, BOB)).received == ("North Lab",)


def test_a_wrap_of_another_tenant_or_operator_does_not_open(people: Open, shared: SharedStore) -> None:
    _, bob, tenant = shared_tenant(people)
    bob.keys.folder(tenant).destroy()
    with shared.administrator() as connection:
        connection.execute("UPDATE modeldeck.wrap SET counter = counter + 1")
    with pytest.raises(Locked):
        asyncio.run(operators.request(bob, BOB))
    assert bob.keys.folder(tenant).names() == []


def test_a_removed_operator_opens_nothing_new_and_their_keys_are_listed(people: Open, shared: SharedStore) -> None:
    ada, bob, tenant = shared_tenant(people)
    here, there = ada.tenant(tenant), bob.tenant(tenant)
    asyncio.run(tenants.unlock(there, BOB))
    old = keyring.private_key(there)
    exposed = asyncio.run(operators.remove(here, "bob"))
    assert [(entry.operator, entry.provider) for entry in exposed] == [("bob", "openai")]
    assert secret_of(here) == KEY and [entry.login for entry in operators.listing(here)] == ["ada"]
    bob.data.database.refresh()  # type: ignore[attr-defined]
    assert bob.data.folder("tenants").folders() == [] and wraps(bob.data.database) == []  # type: ignore[attr-defined]
    assert f"md1.{old.key_id}" not in dump(shared), "no state and no wrap is sealed for the old pair"
    with pytest.raises(Problem):
        asyncio.run(tenants.rename(there, "Mine"))
    assert asyncio.run(operators.remove(here, "bob")) == exposed, "it may be run again"
    set_up(here, KEY.replace("wxyz", "abcd"))
    assert operators.exposed_credentials(here) == [], "the key was replaced"
    with pytest.raises(UsageError, match="is not an operator"):
        asyncio.run(operators.remove(here, "nobody"))


def dump(shared: SharedStore) -> str:
    """Every envelope and wrap of the store, without the audit log."""
    with shared.administrator() as connection:
        rows = connection.execute("SELECT convert_from(document, 'UTF8') FROM modeldeck.state").fetchall()
        rows += connection.execute("SELECT 'md1.' || tenant_key FROM modeldeck.wrap").fetchall()
    return " ".join(row[0] for row in rows)


def test_control_a_removal_without_a_new_pair_leaves_the_old_key_useful(people: Open, shared: SharedStore) -> None:
    _, bob, tenant = shared_tenant(people)
    asyncio.run(tenants.unlock(bob.tenant(tenant), BOB))
    assert f"md1.{keyring.private_key(bob.tenant(tenant)).key_id}" in dump(shared)


def test_a_removal_that_was_killed_before_the_new_pair_goes_on(
    people: Open, shared: SharedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _, tenant = shared_tenant(people)
    here = ada.tenant(tenant)
    before = keyring.private_key(here).key_id

    async def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tui.workspace.key_pairs.rotation.rotate", killed)
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(operators.remove(here, "bob"))
    assert keyring.private_key(here).key_id == before
    asyncio.run(operators.remove(here, "bob"))
    assert keyring.private_key(here).key_id != before and secret_of(here) == KEY


def test_the_machine_and_not_the_store_says_if_a_key_file_has_a_passphrase(people: Open) -> None:
    ada, bob, tenant = shared_tenant(people)
    here, there = ada.tenant(tenant), bob.tenant(tenant)
    assert not tenant_of(here).protected and tenant_of(there).protected, "ada's key file has none, bob's has one"

    def stored() -> tuple[object, object]:
        ada.data.database.refresh()  # type: ignore[attr-defined]
        (meta,) = here.store.read().table("meta").all()
        return meta.get("protected"), here.store.document().generation

    flag, generation = stored()
    assert not flag
    asyncio.run(tenants.unlock(there, BOB))
    assert stored() == (flag, generation), "unlocking saves nothing"
    assert asyncio.run(tenants.set_passphrase(here, ADA)).protected
    assert stored() == (flag, generation)
    asyncio.run(rotation.rotate(here, ADA))
    assert stored()[0] == flag and tenant_of(here).protected
    created = asyncio.run(tenants.create(ada, "South Lab", ADA))
    (meta,) = ada.tenant(created.id).store.read().table("meta").all()
    assert created.protected and not meta.get("protected")
    assert "passphrase set" in [entry.done for entry in audit.listing(here)]


def test_a_login_that_was_added_to_the_members_is_named(people: Open, shared: SharedStore) -> None:
    ada, _, tenant = shared_tenant(people)
    here = ada.tenant(tenant)
    assert operators.unlisted_members(here) == []
    with shared.administrator() as connection:
        connection.execute("INSERT INTO modeldeck.member (login, tenant) VALUES ('mallory', %s)", (tenant,))
    assert operators.unlisted_members(here) == ["mallory"]
