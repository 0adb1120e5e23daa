"""Expiry dates and rotation periods: which key they belong to, what removes them, and what anybody may have written."""

from dataclasses import replace
from typing import Any

import pytest

from tui.domain import Credential, VerificationResult, VerificationState
from tui.errors import Conflict, UsageError
from tui.secret import Secret
from tui.tenancy import credentials
from tui.tenancy.serialization import to_record
from tui.tenancy.session import Session, TenantSession
from tui.workspace import audit, tenants, undo
from tui.workspace.credentials import lifetime, rotation, save, status
from tui.workspace.credentials.lifetime import Lifetime

OLD = "sk-FAKE-7Zq4-before-0000-old1"
NEW = "sk-FAKE-7Zq4-after-11111-new2"
BOTH = Lifetime("2099-01-31", 90)


@pytest.fixture
async def acme(disk_session: Session) -> TenantSession:
    """A tenant on real files with OpenAI, whose key has a date and a period."""
    await tenants.create(disk_session, "acme", Secret("a passphrase"))
    session = disk_session.tenant("acme")
    await save.save(session, "openai", {"api_key": Secret(OLD)})
    await lifetime.set_lifetime(session, "openai", "default", BOTH)
    return session


def active(session: TenantSession) -> Credential:
    credential = credentials.active(session, "openai")
    assert credential
    return credential


def files(session: TenantSession) -> str:
    folder = session.store.folder.path
    assert folder
    return "".join(path.read_text() for path in sorted(folder.glob("settings.json*")))


@pytest.mark.slow
async def test_the_date_goes_with_its_key_and_the_period_stays(acme: TenantSession) -> None:
    check = VerificationResult(VerificationState.READY)
    old = active(acme)
    await save.save(acme, "openai", {"api_key": Secret(NEW)}, check=check, rotate=True)
    assert lifetime.lifetime(acme, active(acme)) == Lifetime("", 90)
    await rotation.restore_previous(acme, "openai", "default")
    assert lifetime.lifetime(acme, active(acme)) == BOTH
    await rotation.restore_previous(acme, "openai", "default")
    await rotation.discard_previous(acme, "openai", "default")
    assert lifetime.lifetime(acme, active(acme)) == Lifetime("", 90)
    assert old.fingerprints["api_key"] not in files(acme)


@pytest.mark.slow
async def test_removing_the_credential_removes_it_from_every_state(acme: TenantSession) -> None:
    await save.save(acme, "openai", {"api_key": Secret(NEW)}, name="second")
    await status.remove(acme, "openai", "default")
    assert "2099-01-31" not in files(acme)
    await lifetime.set_lifetime(acme, "openai", "second", BOTH)
    await status.remove_provider(acme, "openai")
    assert "2099-01-31" not in files(acme)


async def test_it_is_logged_and_undone_and_setting_it_again_changes_nothing(acme: TenantSession) -> None:
    generation = acme.store.document().generation
    await lifetime.set_lifetime(acme, "openai", "default", BOTH)
    assert acme.store.document().generation == generation
    sentence = "OpenAI: credential default, its key expires on 2099-01-31, rotated every 90 days"
    assert audit.words(audit.recent(acme)[-1]) == sentence
    await undo.undo(acme, undo.last_change(acme))
    assert lifetime.lifetime(acme, active(acme)) is None


@pytest.mark.slow
async def test_the_date_that_a_provider_tells_takes_the_place_of_one_that_was_set(acme: TenantSession) -> None:
    ready = VerificationResult(VerificationState.READY, expires="2031-05-06")
    await save.save(acme, "openai", {"api_key": Secret(NEW)}, check=ready)
    assert lifetime.lifetime(acme, active(acme)) == Lifetime("2031-05-06", 90)
    assert "2031-05-06" not in str(to_record(active(acme))), "the manifest covers the credential, not the date"
    assert "reports: credential default, its key expires on 2031-05-06" in audit.words(audit.recent(acme)[-1])
    generation = acme.store.document().generation
    lifetime.note_expiry(acme, active(acme), "2031-05-06")
    lifetime.note_expiry(acme, active(acme), "")
    assert acme.store.document().generation == generation
    lifetime.note_expiry(acme, active(acme), "2032-01-01")
    assert lifetime.lifetime(acme, active(acme)) == Lifetime("2032-01-01", 90)
    await lifetime.set_lifetime(acme, "openai", "default", Lifetime("2032-01-01", 30))
    lifetime.note_expiry(acme, active(acme), "2032-01-02")
    assert "rotated every 30 days" in undo.last_change(acme).words, "nobody undoes what a check has noted"
    lifetime.note_expiry(acme, active(acme), "2032-01-01")
    lifetime.note_expiry(acme, replace(active(acme), fingerprints={"api_key": "0" * 8}), "2033-01-01")
    assert lifetime.lifetime(acme, active(acme)) == Lifetime("", 30), "it was the date of another key"


@pytest.mark.parametrize("value", [None, "soon", -1, 10**30, True, ["x"], {"a": {}}])
async def test_whatever_somebody_wrote_there_is_read(acme: TenantSession, value: Any) -> None:
    with acme.store.transaction() as tables:
        tables.table("lifetimes").truncate()
        tables.table("lifetimes").insert(
            {"provider": "openai", "credential": "default", "expires": value, "every": value, "fingerprints": value}
        )
    assert lifetime.lifetime(acme, active(acme)) == Lifetime()
    assert lifetime.due_words(acme) == ""


@pytest.mark.parametrize(
    ("today", "due"),
    [("2098-01-01", False), ("2099-01-16", False), ("2099-01-17", True), ("2099-02-01", True)],
)
def test_a_key_is_due_from_two_weeks_before_it_expires(today: str, due: bool) -> None:
    credential = Credential("openai", "default", {}, "", "", (), changed="2098-12-01T00:00:00Z")
    assert lifetime.is_due(credential, Lifetime("2099-01-31"), today) is due


def test_a_key_is_due_when_it_is_as_old_as_its_period() -> None:
    credential = Credential("openai", "default", {}, "", "", (), changed="2098-12-01T00:00:00Z")
    for today, due in (("2098-12-07", False), ("2098-12-08", True)):
        assert lifetime.is_due(credential, Lifetime("", 7), today) is due
    assert lifetime.due_on(credential, Lifetime("2099-01-31", 7)) == "2098-12-08"
    assert lifetime.due_on(replace(credential, changed="9999-12-31T00:00:00Z"), Lifetime("", 7)) == ""


@pytest.mark.slow
async def test_a_credential_without_a_key_has_no_lifetime(acme: TenantSession) -> None:
    await save.save(acme, "openai_compatible", {"base_url": "http://127.0.0.1:9/v1"})
    for provider, name in (("openai_compatible", ""), ("openai", "another"), ("anthropic", "")):
        with pytest.raises(UsageError):
            lifetime.with_key(acme, provider, name)


@pytest.mark.slow
async def test_a_form_asks_about_terms_that_another_session_changed_as_well(acme: TenantSession) -> None:
    baseline = lifetime.LifetimeBaseline(active(acme), BOTH)

    async def save_form(expires: str, every: int) -> Lifetime | None:
        await lifetime.set_lifetime(acme, "openai", "default", Lifetime(expires, every), baseline)
        return lifetime.lifetime(acme, active(acme))

    await lifetime.set_lifetime(acme, "openai", "default", Lifetime("2098-12-31", 90))
    assert await save_form(BOTH.expires, 30) == Lifetime("2098-12-31", 30), "each changed another one"
    with pytest.raises(Conflict, match="set the expiry date to 2098-12-31"):
        await save_form("2097-01-01", 90)
    with pytest.raises(Conflict, match="set the rotation to every 30 days"):
        await save_form("2098-12-31", 60)
    assert await save_form("2098-12-31", 30) == Lifetime("2098-12-31", 30), "the same is no conflict"
    await lifetime.set_lifetime(acme, "openai", "default", BOTH)
    await save.save(acme, "openai", {"api_key": Secret(NEW)})
    with pytest.raises(Conflict, match="replaced the key"):
        await save_form("2097-01-01", 90)
    await lifetime.set_lifetime(acme, "openai", "default", Lifetime("2097-01-01", 90))
    assert lifetime.lifetime(acme, active(acme)) == Lifetime("2097-01-01", 90), "a command compares nothing"
