"""A tenant recovered with a printed text: on a new machine, after a new key pair; a planted recipient gets nothing."""

import asyncio
import json

import pytest

from tests.doubles.postgres_server import SharedStore
from tests.storage.postgres.test_operators import KEY, Open, people, secret_of, set_up
from tui.errors import Locked, Problem, UsageError
from tui.practice.tenants import BITS
from tui.secret import Secret
from tui.storage.folder import DiskFolder
from tui.tenancy import keyring, verification
from tui.tenancy import operators as of
from tui.tenancy.manifest import ChangeKind
from tui.tenancy.session import TenantSession
from tui.vault import key_pair, recovery_text
from tui.workspace import audit, operators, recovery, tenants
from tui.workspace.key_pairs import rotation

pytestmark = pytest.mark.slow
__all__ = ["people"]


def printed(people: Open) -> tuple[TenantSession, recovery.RecoveryText]:
    """A tenant of ada's with a credential, and its recovery text."""
    ada = people("ada")
    here = ada.tenant(asyncio.run(tenants.create(ada, "North Lab")).id)
    set_up(here)
    return here, asyncio.run(recovery.create(here))


def on_a_new_machine(people: Open, here: TenantSession, host: str = "new") -> TenantSession:
    """Return the tenant as ada's login sees it on a machine that has no key."""
    there = people("ada")
    assert isinstance(there.keys, DiskFolder) and there.keys.path is not None
    there.keys = DiskFolder(there.keys.path.parent / host)
    return there.tenant(here.tenant_id)


def recover(session: TenantSession, text: recovery.RecoveryText, fingerprint: str = "") -> of.Operator:
    """Recover with a text, and the fingerprint that was printed with it or another one."""
    return asyncio.run(
        recovery.recover(session, text.lines, fingerprint or text.tenant_fingerprint, Secret("new passphrase"))
    )


def test_the_printed_text_opens_the_tenant_on_a_new_machine_and_admits_the_person(
    people: Open, shared: SharedStore
) -> None:
    here, text = printed(people)
    with shared.administrator() as connection:
        rows = connection.execute("SELECT convert_from(content, 'UTF8') FROM modeldeck.file").fetchall()
        rows += connection.execute("SELECT convert_from(document, 'UTF8') FROM modeldeck.state").fetchall()
    assert not any(line.reveal().split()[0] in row[0] for row in rows for line in text.lines)
    there = on_a_new_machine(people, here)
    with pytest.raises(Problem):
        secret_of(there)
    assert recover(there, text).login == "ada"
    assert secret_of(there) == KEY and verification.integrity_status(there).alarm is None
    assert {entry.login: entry.planted for entry in operators.listing(there)} == {"@recovery": False, "ada": False}
    words = " ".join(audit.words(entry) for entry in audit.listing(there))
    assert "private key recovered with the recovery text by ada" in words and audit.check(there).findings == ()
    with pytest.raises(UsageError, match="is on this machine"):
        recover(there, text)
    asyncio.run(operators.remove(there, "@recovery", Secret("new passphrase")))
    with pytest.raises(UsageError, match="has no recovery text"):
        recover(on_a_new_machine(people, here, "a third"), text)


def test_a_test_records_its_date_and_what_is_no_text_of_the_tenant_does_not(people: Open) -> None:
    here, text = printed(people)
    with pytest.raises(UsageError, match="has a recovery text already"):
        asyncio.run(recovery.create(here))
    with pytest.raises(UsageError, match="Line 1 of"):
        asyncio.run(recovery.test(here, tuple(reversed(text.lines))))
    assert operators.listing(here)[0].tested == ""
    today = asyncio.run(recovery.test(here, text.lines))
    (entry,) = operators.listing(here)
    assert (entry.login, entry.tested, entry.planted) == ("@recovery", today, False)
    with here.store.transaction() as tables:
        tables.table("operators").update({"tested": "2099-01-01"})
    assert operators.listing(here)[0].planted, "a date that somebody without the key wrote is found out"
    with pytest.raises(UsageError, match="outside Modeldeck"):
        asyncio.run(recovery.test(here, text.lines))


def test_after_a_new_key_pair_the_text_goes_on_with_the_new_fingerprint(people: Open) -> None:
    here, text = printed(people)
    asyncio.run(rotation.rotate(here))
    there = on_a_new_machine(people, here)
    with pytest.raises(UsageError, match="another fingerprint"):
        recover(there, text)
    assert there.keys.names() == []
    recover(there, text, operators.tenant_fingerprint(here))
    assert secret_of(there) == KEY


def test_a_planted_recovery_key_is_named_and_handed_nothing(people: Open) -> None:
    here, _ = printed(people)
    asyncio.run(operators.remove(here, "@recovery"))
    mallory = here.process.new_key_pair(BITS)
    row = {"login": "@recovery", "key_id": mallory.key_id, "public_key": mallory.public_pem}
    with here.store.transaction() as tables:
        tables.table("operators").insert(row)
    (finding,) = verification.integrity_status(here).findings
    assert finding.mark is ChangeKind.PLANTED
    asyncio.run(rotation.rotate(here))
    assert here.store.folder.read(of.RECOVERY_FILE) is None
    with pytest.raises(Locked, match="Nothing is sealed"):
        asyncio.run(recovery.test(here, text_of(mallory.private)))
    assert asyncio.run(recovery.create(here)).fingerprint != of.fingerprint(mallory.public_pem)


def test_control_the_same_key_that_the_manifest_lists_is_handed_the_tenant(people: Open) -> None:
    here, _ = printed(people)
    mallory = here.process.new_key_pair(BITS)
    operators.list_and_share(here, keyring.private_key(here), {"@recovery": mallory.public_pem})
    assert asyncio.run(recovery.test(here, text_of(mallory.private)))


def text_of(private: key_pair.PrivateKey) -> list[Secret]:
    """The lines of a private key."""
    return recovery_text.write(private)


def test_a_key_pair_that_somebody_named_as_the_tenants_is_not_recovered(people: Open) -> None:
    here, text = printed(people)
    (entry,) = operators.listing(here)
    mallory = here.process.new_key_pair(BITS)
    wrap = of.sealed_for(here, entry, mallory.private, 99)
    with here.store.transaction() as tables:
        tables.table("meta").update({"key_id": mallory.key_id, "public_key": mallory.public_pem})
    here.store.folder.write(of.RECOVERY_FILE, json.dumps(vars(wrap)).encode())
    there = on_a_new_machine(people, here)
    with pytest.raises(UsageError, match="another fingerprint"):
        recover(there, text)
    assert there.keys.names() == []


@pytest.mark.parametrize("content", [b"no JSON", b"[]", b'{"tenant": 5}', b"\xff"])
def test_a_damaged_recovery_file_is_refused(people: Open, content: bytes) -> None:
    here, text = printed(people)
    here.store.folder.write(of.RECOVERY_FILE, content)
    with pytest.raises(Locked, match="Nothing is sealed"):
        asyncio.run(recovery.test(here, text.lines))
