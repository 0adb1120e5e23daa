"""Rotating a key: verified first, the old one at hand until it is confirmed, and then in no file any more."""

from dataclasses import replace

import pytest

from tui.domain import VerificationState
from tui.errors import Locked, Problem, UsageError
from tui.practice.tenants import PASSPHRASE
from tui.providers import PROVIDERS
from tui.secret import Secret
from tui.tenancy import credentials, keyring
from tui.tenancy import credentials as stored_credentials
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import Session
from tui.vault import key_pair
from tui.workspace import audit, tenants
from tui.workspace.credentials import rotation, save, status, verify

OLD = "sk-FAKE-key-before-0000-old1"
NEW = "sk-FAKE-key-after-11111-new2"


@pytest.fixture
async def acme(disk_session: Session) -> Session:
    """A session on real files with OpenAI set up for acme."""
    await tenants.create(disk_session, "acme")
    await save.save(disk_session.tenant("acme"), "openai", {"api_key": Secret(OLD), "project": "proj_FAKE"})
    return disk_session


async def rotate(session: Session, key: str = NEW, name: str = "default") -> None:
    verified = await verify.verify(session.tenant("acme"), "openai", {"api_key": Secret(key)}, name=name)
    values = {"api_key": Secret(key)}
    await save.save(session.tenant("acme"), "openai", values, name=name, check=verified.check, rotate=True)


def in_use(session: Session) -> str:
    return credentials.access(session.tenant("acme"), "openai").secrets()["api_key"].reveal()


def names(session: Session) -> list[tuple[str, bool]]:
    return [
        (credential.name, credential.active) for credential in credentials.listing(session.tenant("acme"), "openai")
    ]


def files(session: Session) -> str:
    folder = session.store("acme").folder.path
    assert folder
    return "".join(path.read_text() for path in sorted(folder.glob("settings.json*")))


@pytest.mark.slow
async def test_the_new_key_is_used_and_the_old_one_stays_usable(acme: Session) -> None:
    await rotate(acme)
    assert in_use(acme) == NEW and names(acme) == [("default", True), ("default.kept", False)]
    previous = rotation.previous_key(acme.tenant("acme"), "openai", "default")
    assert previous and previous.hints == {"api_key": "old1"} and previous.clear["project"] == "proj_FAKE"
    assert stored_credentials.secrets(acme.tenant("acme"), previous)["api_key"].reveal() == OLD
    assert (await verify.verify_stored(acme.tenant("acme"), "openai", previous.name)).state is VerificationState.READY
    assert OLD not in files(acme) and NEW not in files(acme)


@pytest.mark.slow
async def test_going_back_swaps_the_two_as_often_as_one_likes(acme: Session) -> None:
    await rotate(acme)
    for expected in (OLD, NEW, OLD):
        await rotation.restore_previous(acme.tenant("acme"), "openai", "default")
        assert in_use(acme) == expected and names(acme) == [("default", True), ("default.kept", False)]
    await status.use(acme.tenant("acme"), "openai", "default.kept")
    assert in_use(acme) == NEW and names(acme) == [("default", True), ("default.kept", False)]


@pytest.mark.slow
@pytest.mark.parametrize("back", [False, True])
async def test_confirming_forgets_the_other_key_in_every_earlier_state(acme: Session, back: bool) -> None:
    first = stored_credentials.active(acme.tenant("acme"), "openai")
    await rotate(acme)
    if back:
        await rotation.restore_previous(acme.tenant("acme"), "openai", "default")
    remaining, removed = (OLD, NEW) if back else (NEW, OLD)
    assert first and (first.envelope in files(acme))
    other = rotation.previous_key(acme.tenant("acme"), "openai", "default")
    await rotation.discard_previous(acme.tenant("acme"), "openai", "default")
    assert in_use(acme) == remaining and names(acme) == [("default", True)]
    tenant = tenant_registry.tenant_of(acme.tenant("acme"))
    assert other and other.fingerprints["api_key"] not in files(acme) and other.envelope not in files(acme)
    key = keyring.fingerprint_key(acme.tenant("acme"), tenant)
    assert key_pair.fingerprint(key, Secret(removed)) not in files(acme)
    assert (first.envelope in files(acme)) is back
    with pytest.raises(UsageError, match="OpenAI has no previous key"):
        await rotation.discard_previous(acme.tenant("acme"), "openai", "default")


@pytest.mark.slow
async def test_one_that_is_not_in_use_is_rotated_where_it_is(acme: Session) -> None:
    await save.save(acme.tenant("acme"), "openai", {"api_key": Secret("sk-FAKE-batch-0000000-bat0")}, name="batch")
    await rotate(acme, name="batch")
    assert names(acme) == [("default", True), ("batch", False), ("batch.kept", False)] and in_use(acme) == OLD
    await rotation.restore_previous(acme.tenant("acme"), "openai", "batch")
    assert names(acme)[0] == ("default", True)
    await status.use(acme.tenant("acme"), "openai", "batch.kept")
    assert names(acme)[0] == ("batch", True) and in_use(acme) == NEW
    await status.remove(acme.tenant("acme"), "openai", "batch")
    assert names(acme) == [("default", True)] and in_use(acme) == OLD


@pytest.mark.slow
async def test_every_step_is_in_the_audit_log(acme: Session) -> None:
    await rotate(acme)
    await rotation.restore_previous(acme.tenant("acme"), "openai", "default")
    await rotation.discard_previous(acme.tenant("acme"), "openai", "default")
    events = [audit.words(row) for row in audit.listing(acme.tenant("acme"))]
    assert [sentence for sentence in events if "old key" in sentence or "previous key" in sentence] == [
        "OpenAI: credential default rotated, the old key kept",
        "OpenAI: credential default switched back to the previous key",
        "OpenAI: credential default confirmed, the previous key deleted",
    ]
    assert audit.check(acme.tenant("acme")).whole


async def test_what_is_kept_goes_with_the_credential_that_it_is_kept_for(acme: Session) -> None:
    await rotate(acme)
    assert status.staying(acme.tenant("acme"), "openai", "default") == []
    await status.remove(acme.tenant("acme"), "openai", "default")
    assert status.row(acme.tenant("acme"), "openai").state == "not set up"
    assert "envelope" not in files(acme)


@pytest.mark.slow
async def test_what_cannot_be_rotated_is_reported_before_anything_is_sent(acme: Session) -> None:
    openai = PROVIDERS["openai"]
    existing = rotation.rotatable(acme.tenant("acme"), openai, "default")
    with pytest.raises(UsageError, match="already the key of OpenAI"):
        rotation.differs(acme.tenant("acme"), openai, existing, {"api_key": Secret(OLD)})
    with pytest.raises(UsageError, match="API key is missing"):
        rotation.differs(acme.tenant("acme"), openai, existing, {"project": "proj_FAKE2"})
    with pytest.raises(UsageError, match="no credential batch"):
        rotation.rotatable(acme.tenant("acme"), openai, "batch")
    await rotate(acme)
    with pytest.raises(UsageError, match="still has its previous key"):
        await rotate(acme, "sk-FAKE-a-third-key-000-thi3")
    with pytest.raises(UsageError, match=r"default\.kept is kept for default"):
        await save.save(acme.tenant("acme"), "openai", {"api_key": Secret(OLD)}, name="default.kept")
    await save.save(acme.tenant("acme"), "openai_compatible", {"base_url": "http://localhost:11434/v1"})
    with pytest.raises(UsageError, match="has no key to rotate"):
        rotation.rotatable(acme.tenant("acme"), PROVIDERS["openai_compatible"], "default")
    assert names(acme) == [("default", True), ("default.kept", False)]


async def test_a_locked_tenant_is_opened_first_and_nothing_changes(acme: Session) -> None:
    await tenants.set_passphrase(acme.tenant("acme"), Secret(PASSPHRASE))
    keyring.lock(acme.tenant("acme"))
    before = files(acme)
    with pytest.raises((Locked, UsageError)):
        await save.save(acme.tenant("acme"), "openai", {"api_key": Secret(NEW)}, rotate=True)
    with pytest.raises((Locked, UsageError)):
        await rotation.restore_previous(acme.tenant("acme"), "openai", "default")
    assert files(acme) == before


@pytest.mark.slow
async def test_a_swap_in_another_session_is_noticed_before_anything_is_forgotten(
    acme: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rotate(acme)
    previous = rotation.previous_key(acme.tenant("acme"), "openai", "default")
    assert previous
    await rotation.restore_previous(acme.tenant("acme"), "openai", "default")
    monkeypatch.setattr(rotation, "previous_key", lambda *_: replace(previous))
    with pytest.raises(Problem, match="changed in another session"):
        await rotation.discard_previous(acme.tenant("acme"), "openai", "default")
    monkeypatch.undo()
    assert len(names(acme)) == 2 and in_use(acme) == OLD
