"""Credentials: what is typed is verified, sealed for one tenant, provider, name and address, and stored; or refused."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tui.domain import ModelType, VerificationResult, VerificationState
from tui.errors import Action, CredentialRejected, Locked, NetworkError, Problem, Remedy, UsageError
from tui.practice.tenants import LONG_NAME, PASSPHRASE
from tui.providers import PROVIDERS
from tui.secret import Secret
from tui.tenancy import credentials, keyring, models
from tui.tenancy import credentials as stored_credentials
from tui.tenancy.session import Session, TenantSession
from tui.workspace import tenants
from tui.workspace.credentials import confirmation, save, save_plan, status, verify
from tui.workspace.credentials.fields import FieldProblem
from tui.workspace.credentials.save import CredentialConflict
from tui.workspace.credentials.save_plan import PlainHttp
from tui.workspace.models import catalog
from tui.workspace.models.proposals import proposed_defaults

KEY = "sk-FAKE-key-of-a-test-0001"
ELSEWHERE = "https://gateway.example/v1"
LAN = "http://10.0.0.7:8000/v1"


@pytest.fixture
async def tenant_id(disk_session: Session) -> str:
    return (await tenants.create(disk_session, "acme")).id


def open_tenant(session: Session, tenant_id: str, provider_id: str = "openai") -> str:
    return credentials.access(session.tenant(tenant_id), provider_id).secrets()["api_key"].reveal()


async def set_up(session: Session, tenant_id: str, key: str = KEY, **named: Any) -> None:
    verified = await verify.verify(session.tenant(tenant_id), "openai", {"api_key": Secret(key)})
    values: dict[str, str | Secret] = {"api_key": Secret(key)}
    await save.save(session.tenant(tenant_id), "openai", values, check=verified.check, listed=verified.listed, **named)


async def confirm_all(session: Session, tenant_id: str) -> None:
    status = await confirmation.examine(session.tenant(tenant_id))
    await confirmation.confirm(session.tenant(tenant_id), confirmation.to_confirm(session.tenant(tenant_id), status))


def everything(session: Session) -> bytes:
    assert session.data.path
    return b"".join(
        path.read_bytes() for path in session.data.path.rglob("*") if path.is_file() and path.name != ".lock"
    )


# --- verifying --------------------------------------------------------------------------------------------------------


async def test_a_key_is_verified_and_nothing_is_saved_by_it(disk_session: Session, tenant_id: str) -> None:
    before = everything(disk_session)
    verified = await verify.verify(
        disk_session.tenant(tenant_id), "openai", {"api_key": f"export OPENAI_API_KEY='{KEY}'\n"}
    )
    assert verified.check.state is VerificationState.READY and verified.check.at
    assert verified.listed and {model.type for model in verified.listed} == set(ModelType)
    assert verified.origins == ("https://api.openai.com",)
    assert everything(disk_session) == before


@pytest.mark.parametrize(
    ("key", "problem"), [("sk-FAKE-refused-key-000", CredentialRejected), ("sk-FAKE-nowhere-key", NetworkError)]
)
async def test_a_refused_key_and_a_provider_out_of_reach_are_distinguished_and_save_nothing(
    disk_session: Session, tenant_id: str, key: str, problem: type[Problem]
) -> None:
    before = everything(disk_session)
    with pytest.raises(problem) as caught:
        await verify.verify(disk_session.tenant(tenant_id), "openai", {"api_key": Secret(key)})
    assert key not in f"{caught.value.message} {caught.value.hint} {caught.value.detail} {caught.value!r}"
    assert everything(disk_session) == before


async def test_a_restricted_key_can_be_saved_and_says_what_it_may_not(disk_session: Session, tenant_id: str) -> None:
    key = {"api_key": Secret("sk-FAKE-restricted-key-0000")}
    verified = await verify.verify(disk_session.tenant(tenant_id), "openai", key)
    assert verified.check.state is VerificationState.RESTRICTED and verified.listed is None
    await save.save(disk_session.tenant(tenant_id), "openai", key, check=verified.check)
    row = status.row(disk_session.tenant(tenant_id), "openai")
    assert (row.state, row.models, row.usable) == ("restricted", 0, True)
    assert row.credential and "may not list models" in row.credential.check.message


async def test_a_restricted_key_of_a_provider_that_lists_nothing_brings_the_models_that_are_known(
    disk_session: Session, tenant_id: str
) -> None:
    key = {"api_password": Secret("FAKE-restricted-password")}
    verified = await verify.verify(disk_session.tenant(tenant_id), "spark", key)
    assert verified.check.state is VerificationState.RESTRICTED
    await save.save(disk_session.tenant(tenant_id), "spark", key, check=verified.check)
    row = status.row(disk_session.tenant(tenant_id), "spark")
    assert (row.state, row.models) == ("restricted", len(row.provider.catalogue))


# --- saving -----------------------------------------------------------------------------------------------------------


async def test_a_saved_key_is_sealed_its_models_imported_and_no_default_set(
    disk_session: Session, tenant_id: str
) -> None:
    await set_up(disk_session, tenant_id)
    row = status.row(disk_session.tenant(tenant_id), "openai")
    assert (row.state, row.source, row.added) == ("ready", "your key", 0) and row.models > 30
    assert row.credential and row.credential.active and row.credential.hints == {"api_key": "0001"}
    assert len(row.credential.fingerprints["api_key"]) == 8 and row.credential.listed_at
    assert KEY.encode() not in everything(disk_session)
    assert open_tenant(disk_session, tenant_id) == KEY
    assert models.defaults(disk_session.tenant(tenant_id)) == {}
    assert {
        kind.value: proposal.id for kind, proposal in proposed_defaults(disk_session.tenant(tenant_id)).items()
    } == {
        "chat": "gpt-6-sol",
        "embedding": "text-embedding-3-small",
        "speech2text": "gpt-transcribe",
    }


@pytest.mark.parametrize("length", [1, 19, 20, 4_000, 12_000])
async def test_a_key_of_any_length_comes_back_and_a_short_one_leaves_no_hint(
    disk_session: Session, tenant_id: str, length: int
) -> None:
    key = ("sk-FAKE-" + "eyJ0" * length)[:length]
    credential = await save.save(disk_session.tenant(tenant_id), "openai", {"api_key": Secret(key)})
    assert open_tenant(disk_session, tenant_id) == key
    assert credential.hints == {"api_key": key[-4:] if length >= 20 else ""}
    assert credentials.masked_secret(credential, "api_key").startswith("••••••••")


@pytest.mark.slow
async def test_the_first_credential_is_active_and_a_later_one_only_by_choice(
    disk_session: Session, tenant_id: str
) -> None:
    await set_up(disk_session, tenant_id)
    await set_up(disk_session, tenant_id, "sk-FAKE-another-key-0002", name="batch-jobs")
    assert [
        (credential.name, credential.active)
        for credential in credentials.listing(disk_session.tenant(tenant_id), "openai")
    ] == [
        ("default", True),
        ("batch-jobs", False),
    ]
    await status.use(disk_session.tenant(tenant_id), "openai", "batch-jobs")
    assert open_tenant(disk_session, tenant_id) == "sk-FAKE-another-key-0002"
    await set_up(disk_session, tenant_id, "sk-FAKE-a-third-key-0003")
    assert open_tenant(disk_session, tenant_id) == "sk-FAKE-another-key-0002"
    with pytest.raises(UsageError, match="no credential third"):
        await status.use(disk_session.tenant(tenant_id), "openai", "third")


async def test_fields_that_are_not_named_keep_their_value(disk_session: Session, tenant_id: str) -> None:
    values: dict[str, str | Secret] = {"api_key": Secret(KEY), "organization": "org-FAKE", "project": "proj_FAKE"}
    first = await save.save(disk_session.tenant(tenant_id), "openai", values)
    second = await save.save(disk_session.tenant(tenant_id), "openai", {"project": "", "api_key": ""})
    assert second.clear == {"organization": "org-FAKE", "base_url": "https://api.openai.com/v1"}
    assert (second.created, second.hints, second.fingerprints) == (first.created, first.hints, first.fingerprints)
    assert second.envelope != first.envelope
    assert open_tenant(disk_session, tenant_id) == KEY


@pytest.mark.slow
async def test_changing_a_clear_field_needs_the_tenant_open_and_replacing_everything_does_not(
    disk_session: Session,
) -> None:
    tenant_id = (await tenants.create(disk_session, "locked", Secret("FAKE"))).id
    await save.save(disk_session.tenant(tenant_id), "openai", {"api_key": Secret(KEY)})
    keyring.lock(disk_session.tenant(tenant_id))
    with pytest.raises(Locked):
        await save.save(disk_session.tenant(tenant_id), "openai", {"organization": "org-FAKE"})
    new: dict[str, str | Secret] = {"api_key": Secret("sk-FAKE-another-key-0002"), "organization": "org-FAKE"}
    await save.save(disk_session.tenant(tenant_id), "openai", new)
    await tenants.unlock(disk_session.tenant(tenant_id), Secret("FAKE"))
    with pytest.raises(Locked, match="while locked was locked"):
        open_tenant(disk_session, tenant_id)
    await confirm_all(disk_session, tenant_id)
    assert open_tenant(disk_session, tenant_id) == "sk-FAKE-another-key-0002"


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({}, "api_key", "missing"),
        ({"api_key": "   "}, "api_key", "missing"),
        ({"api_key": "sk-FAKE\u201dkey"}, "api_key", "8th character is a curved quote"),
        ({"api_key": "sk FAKE"}, "api_key", "3rd character is a blank"),
        ({"api_key": "sk-FAKE", "organization": "acme"}, "organization", "org-"),
        ({"api_key": "sk-FAKE", "base_url": "ftp://host"}, "base_url", "not an http address"),
        ({"api_key": "sk-FAKE", "base_url": "https://u:p@host"}, "base_url", "password"),
        ({"api_key": "sk-FAKE", "base_url": "https://"}, "base_url", "address"),
        ({"api_key": "sk-FAKE", "colour": "red"}, "colour", "no field colour"),
        ({"api_key": "x" * 30_000}, "api_key", "too long"),
    ],
)
async def test_what_cannot_be_meant_is_reported_at_its_field(
    disk_session: Session, tenant_id: str, values: dict[str, str], field: str, says: str
) -> None:
    for attempt in (verify.verify, save.save):
        with pytest.raises(FieldProblem) as caught:
            await attempt(disk_session.tenant(tenant_id), "openai", values)
        assert caught.value.field == field and says in caught.value.message
        assert "sk-FAKE" not in caught.value.message + caught.value.hint
    assert credentials.listing(disk_session.tenant(tenant_id), "openai") == []


@pytest.mark.parametrize("name", ["", "two words", "a/b", "x" * 65, "\u202e"])
async def test_a_credential_needs_a_plain_name(disk_session: Session, tenant_id: str, name: str) -> None:
    with pytest.raises(UsageError):
        await save.save(disk_session.tenant(tenant_id), "openai", {"api_key": Secret(KEY)}, name=name)


# --- where a key may go -----------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_kept_key_does_not_go_to_another_address(disk_session: Session, tenant_id: str) -> None:
    await set_up(disk_session, tenant_id)
    before = everything(disk_session)
    for attempt in (verify.verify, save.save):
        with pytest.raises(FieldProblem, match="not for https://gateway") as caught:
            await attempt(disk_session.tenant(tenant_id), "openai", {"base_url": ELSEWHERE})
        assert caught.value.field == "api_key"
    assert everything(disk_session) == before
    await save.save(disk_session.tenant(tenant_id), "openai", {"base_url": "https://api.openai.com/v2/"})
    assert open_tenant(disk_session, tenant_id) == KEY
    credential = await save.save(
        disk_session.tenant(tenant_id), "openai", {"base_url": ELSEWHERE, "api_key": Secret(KEY)}
    )
    assert credential.origins == ("https://gateway.example",)


@pytest.mark.slow
async def test_plain_http_beyond_this_machine_is_confirmed_once_and_remembered(
    disk_session: Session, tenant_id: str
) -> None:
    values: dict[str, str | Secret] = {"base_url": LAN, "api_key": Secret(KEY)}
    for attempt in (verify.verify, save.save):
        with pytest.raises(PlainHttp) as caught:
            await attempt(disk_session.tenant(tenant_id), "openai_compatible", values)
        assert caught.value.origins == ("http://10.0.0.7:8000",) and caught.value.field == "base_url"
    allowed = save_plan.needs_plain_http(("http://10.0.0.7:8000", "http://localhost:1", "https://x"))
    assert allowed == ("http://10.0.0.7:8000",)
    credential = await save.save(disk_session.tenant(tenant_id), "openai_compatible", values, plain_http=allowed)
    assert credential.plain_http == allowed
    again = await save.save(disk_session.tenant(tenant_id), "openai_compatible", {"base_url": f"{LAN}/"})
    assert again.plain_http == allowed
    assert open_tenant(disk_session, tenant_id, "openai_compatible") == KEY
    with pytest.raises(PlainHttp):
        moved: dict[str, str | Secret] = {"base_url": "http://10.0.0.8", "api_key": Secret(KEY)}
        await save.save(disk_session.tenant(tenant_id), "openai_compatible", moved)


@pytest.mark.slow
async def test_a_server_that_needs_no_key_is_used_while_locked_once_it_was_confirmed(disk_session: Session) -> None:
    tenant_id = (await tenants.create(disk_session, "locked", Secret("FAKE"))).id
    keyring.lock(disk_session.tenant(tenant_id))
    values = {"base_url": "http://localhost:11434/v1/chat/completions"}
    verified = await verify.verify(disk_session.tenant(tenant_id), "openai_compatible", values)
    credential = await save.save(
        disk_session.tenant(tenant_id), "openai_compatible", values, check=verified.check, listed=verified.listed
    )
    assert credential.clear == {"base_url": "http://localhost:11434/v1"} and credential.envelope == ""
    row = status.row(disk_session.tenant(tenant_id), "openai_compatible")
    assert (row.state, row.source, row.models) == ("not confirmed", "no key", 3)
    with pytest.raises(Locked, match="was changed meanwhile"):
        credentials.access(disk_session.tenant(tenant_id), "openai_compatible")
    await tenants.unlock(disk_session.tenant(tenant_id), Secret("FAKE"))
    await confirmation.confirm(
        disk_session.tenant(tenant_id), (await confirmation.examine(disk_session.tenant(tenant_id))).waiting
    )
    keyring.lock(disk_session.tenant(tenant_id))
    row = status.row(disk_session.tenant(tenant_id), "openai_compatible")
    assert row.state == "ready"
    assert credentials.access(disk_session.tenant(tenant_id), "openai_compatible").secrets() == {}


TAMPERINGS: dict[str, dict[str, Any]] = {
    "base url": {"clear": {"base_url": "https://evil.example/v1"}},
    "origins": {"origins": ["https://evil.example"]},
    "both": {"clear": {"base_url": "https://evil.example/v1"}, "origins": ["https://evil.example"]},
    "one origin more": {"origins": ["https://api.openai.com", "https://evil.example"]},
    "plain http": {"plain_http": ["http://evil.example"]},
    "name": {"name": "other"},
    "another envelope": {"envelope": "md1.00000000.AAAA.AAAA"},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TAMPERINGS)
async def test_an_edited_credential_is_never_opened_and_shown_as_what_it_is(
    disk_session: Session, tenant_id: str, name: str
) -> None:
    await set_up(disk_session, tenant_id)
    with disk_session.store(tenant_id).transaction() as tables:
        tables.table("credentials").update(TAMPERINGS[name])
    with pytest.raises(Locked, match="cannot be decrypted") as caught:
        credentials.access(disk_session.tenant(tenant_id), "openai").secrets()
    stored = credentials.listing(disk_session.tenant(tenant_id), "openai")[0]
    assert caught.value.remedy == Remedy(Action.REPLACE_CREDENTIAL, "openai", stored.name)
    assert status.row(disk_session.tenant(tenant_id), "openai").state == "cannot be opened"
    credential = credentials.listing(disk_session.tenant(tenant_id), "openai")[0]
    await save.save(
        disk_session.tenant(tenant_id), "openai", {**credential.clear, "api_key": Secret(KEY)}, name=credential.name
    )
    assert status.row(disk_session.tenant(tenant_id), "openai").state == "not verified"
    assert open_tenant(disk_session, tenant_id) == KEY


@pytest.mark.slow
async def test_an_envelope_of_another_tenant_or_provider_is_not_opened(disk_session: Session, tenant_id: str) -> None:
    other = (await tenants.create(disk_session, "other")).id
    for tenant in (tenant_id, other):
        await set_up(disk_session, tenant)
    values: dict[str, str | Secret] = {"base_url": "https://api.openai.com/v1", "api_key": Secret(KEY)}
    await save.save(disk_session.tenant(tenant_id), "openai_compatible", values)
    envelopes = [
        credentials.listing(disk_session.tenant(other), "openai")[0],
        credentials.listing(disk_session.tenant(tenant_id), "openai")[0],
    ]
    for stolen, provider_id in zip(envelopes, ("openai", "openai_compatible"), strict=True):
        with disk_session.store(tenant_id).transaction() as tables:
            tables.table("credentials").update(
                {"envelope": stolen.envelope}, lambda record, p=provider_id: record["provider"] == p
            )
        with pytest.raises(Locked):
            credentials.access(disk_session.tenant(tenant_id), provider_id).secrets()


async def test_a_credential_sealed_with_a_key_pair_that_was_removed_says_so(
    disk_session: Session, tenant_id: str
) -> None:
    await set_up(disk_session, tenant_id)
    with disk_session.store(tenant_id).transaction() as tables:
        tables.table("credentials").update({"key_id": "00000000"})
    assert status.row(disk_session.tenant(tenant_id), "openai").state == "cannot be opened"
    with pytest.raises(Locked, match="key pair that no longer exists"):
        credentials.access(disk_session.tenant(tenant_id), "openai")


# --- verifying what is stored -----------------------------------------------------------------------------------------


async def test_the_outcome_of_a_verification_is_stored_a_refusal_too(session: Session) -> None:
    check = await verify.verify_stored(session.tenant(LONG_NAME), "openai")
    assert check.state is VerificationState.REFUSED and "9b1c" in check.message
    row = status.row(session.tenant(LONG_NAME), "openai")
    assert (
        row.credential
        and row.credential.check == replace(check, detail="")
        and row.word == "key refused"
        and not row.usable
    )
    assert (await verify.verify_stored(session.tenant("acme"), "openai", "batch-jobs")).state is VerificationState.READY
    with pytest.raises(UsageError, match="not set up"):
        await verify.verify_stored(session.tenant("tenant-2"), "openai")
    with pytest.raises(Locked):
        await verify.verify_stored(session.tenant("north-lab"), "openai")
    await tenants.unlock(session.tenant("north-lab"), Secret(PASSPHRASE))
    assert (await verify.verify_stored(session.tenant("north-lab"), "openai")).state is VerificationState.READY


@pytest.mark.slow
async def test_a_provider_out_of_reach_leaves_the_last_outcome(disk_session: Session, tenant_id: str) -> None:
    await save.save(
        disk_session.tenant(tenant_id),
        "openai",
        {"api_key": Secret("sk-FAKE-nowhere-0000000")},
        check=VerificationResult(VerificationState.READY),
    )
    with pytest.raises(NetworkError):
        await verify.verify_stored(disk_session.tenant(tenant_id), "openai")
    assert status.row(disk_session.tenant(tenant_id), "openai").state == "ready"


@pytest.mark.slow
async def test_an_outcome_is_not_written_to_a_credential_that_was_replaced_meanwhile(
    disk_session: Session, tenant_id: str
) -> None:
    await set_up(disk_session, tenant_id)
    old = credentials.listing(disk_session.tenant(tenant_id), "openai")[0]
    await set_up(disk_session, tenant_id, "sk-FAKE-another-key-0002")
    stored_credentials.note(disk_session.tenant(tenant_id), old, VerificationResult(VerificationState.REFUSED))
    assert status.row(disk_session.tenant(tenant_id), "openai").state == "ready"


# --- removing ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_removed_credential_is_in_no_file_afterwards(disk_session: Session, tenant_id: str) -> None:
    await set_up(disk_session, tenant_id)
    await set_up(disk_session, tenant_id, "sk-FAKE-another-key-0002", name="batch-jobs")
    removed, remaining = credentials.listing(disk_session.tenant(tenant_id), "openai")
    await status.use(disk_session.tenant(tenant_id), "openai", "batch-jobs")
    await status.use(disk_session.tenant(tenant_id), "openai", "default")
    assert everything(disk_session).count(removed.envelope.encode()) > 2
    await status.remove(disk_session.tenant(tenant_id), "openai", "default")
    assert removed.envelope.encode() not in everything(disk_session)
    assert remaining.envelope.encode() in everything(disk_session)
    assert open_tenant(disk_session, tenant_id) == "sk-FAKE-another-key-0002"
    assert catalog.rows(disk_session.tenant(tenant_id))
    with pytest.raises(UsageError):
        await status.remove(disk_session.tenant(tenant_id), "openai", "default")


async def test_with_the_last_credential_models_and_defaults_of_the_provider_go(session: Session) -> None:
    await status.remove(session.tenant("acme"), "openai", "batch-jobs")
    await status.remove(session.tenant("acme"), "openai", "default")
    assert status.row(session.tenant("acme"), "openai").state == "not set up"
    assert catalog.listing(session.tenant("acme"), provider="openai") == []
    assert catalog.listing(session.tenant("acme"), provider="openai_compatible") != []
    assert models.defaults(session.tenant("acme")) == {}
    with pytest.raises(UsageError):
        await status.remove_provider(session.tenant("acme"), "openai")
    await status.remove_provider(session.tenant("acme"), "openai_compatible")
    assert catalog.listing(session.tenant("acme"), provider="openai_compatible") == []


# --- two sessions -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_form_does_not_write_over_what_another_session_saved_meanwhile(
    disk_session: Session, tenant_id: str
) -> None:
    await set_up(disk_session, tenant_id)
    before = credentials.active(disk_session.tenant(tenant_id), "openai")
    other = replace(disk_session, open_keys={}, _stores={})
    stored = await save.save(other.tenant(tenant_id), "openai", {"organization": "org-THEIRS"})
    entered: dict[str, str | Secret] = {"api_key": Secret(KEY), "organization": "org-MINE"}
    with pytest.raises(CredentialConflict) as caught:
        await save.save(disk_session.tenant(tenant_id), "openai", entered, baseline=before, watch=True)
    assert caught.value.stored == stored
    assert credentials.active(disk_session.tenant(tenant_id), "openai") == stored
    await save.save(disk_session.tenant(tenant_id), "openai", entered, baseline=stored, watch=True)
    with pytest.raises(CredentialConflict):
        await save.save(disk_session.tenant(tenant_id), "openai", entered, baseline=None, watch=True)


async def test_a_form_for_a_server_without_a_key_is_watched_as_well(disk_session: Session, tenant_id: str) -> None:
    stored, entered = ({"base_url": f"http://localhost:{port}/v1"} for port in (8000, 8080))
    await save.save(disk_session.tenant(tenant_id), "openai_compatible", stored)
    with pytest.raises(CredentialConflict):
        await save.save(disk_session.tenant(tenant_id), "openai_compatible", entered, baseline=None, watch=True)


@pytest.mark.slow
async def test_two_sessions_that_change_different_fields_at_once_keep_both(
    disk_session: Session, tenant_id: str
) -> None:
    await set_up(disk_session, tenant_id)
    other = replace(disk_session, open_keys={}, _stores={})
    for n in range(15):
        await asyncio.gather(
            save.save(disk_session.tenant(tenant_id), "openai", {"organization": f"org-{n}"}),
            save.save(other.tenant(tenant_id), "openai", {"project": f"proj_{n}"}),
        )
        clear = credentials.listing(disk_session.tenant(tenant_id), "openai")[0].clear
        assert (clear["organization"], clear["project"]) == (f"org-{n}", f"proj_{n}")
    assert open_tenant(disk_session, tenant_id) == KEY


async def test_what_another_session_saves_is_seen_at_the_next_look(disk_session: Session, tenant_id: str) -> None:
    other = replace(disk_session, open_keys={}, _stores={})
    assert status.row(other.tenant(tenant_id), "openai").state == "not set up"
    await set_up(disk_session, tenant_id)
    assert status.row(other.tenant(tenant_id), "openai").state == "ready"
    assert open_tenant(other, tenant_id) == KEY


async def test_nothing_of_a_key_is_in_any_file_of_any_kind(
    disk_session: Session, tenant_id: str, tmp_path: Path
) -> None:
    await set_up(disk_session, tenant_id)
    await save.save(disk_session.tenant(tenant_id), "openai", {"organization": "org-FAKE"})
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"org-FAKE" in written
    for piece in (KEY[:12], KEY[8:]):
        assert piece.encode() not in written


def test_rows_are_in_the_order_of_the_registry(session: Session) -> None:
    assert [row.provider.id for row in status.rows(session.tenant("acme"))] == list(PROVIDERS)


EVIL = "https://evil.example.test"


def edit_stored(session: TenantSession, **entries: Any) -> None:
    """Change a stored credential as someone does who can write that file."""
    with session.store.transaction() as tables:
        tables.table("credentials").update(entries)


@pytest.mark.slow
@pytest.mark.parametrize("passphrase", [Secret("FAKE long passphrase"), None], ids=["locked", "without a passphrase"])
async def test_a_new_key_does_not_follow_a_stored_address_that_nothing_proves(
    disk_session: Session, passphrase: Secret | None
) -> None:
    tenant = disk_session.tenant((await tenants.create(disk_session, "Acme", passphrase)).id)
    values: dict[str, str | Secret] = {
        "base_url": "https://models.example.test/v1",
        "api_key": Secret("sk-FAKE-key-of-a-test-0001"),
    }
    await save.save(tenant, "openai_compatible", values)
    disk_session.open_keys.clear()
    edit_stored(tenant, clear={"base_url": f"{EVIL}/v1"}, origins=[EVIL])
    with pytest.raises(Problem, match=r"stored address https://evil\.example\.test"):
        await save.save(tenant, "openai_compatible", {"api_key": Secret("sk-FAKE-key-of-a-test-0002")})
    # The control: an address that is entered with the key is a person's own act.
    saved = await save.save(tenant, "openai_compatible", values)
    assert saved.origins == ("https://models.example.test",)


async def test_a_new_key_follows_the_stored_address_of_an_open_tenant(disk_session: Session) -> None:
    tenant = disk_session.tenant((await tenants.create(disk_session, "Acme")).id)
    values: dict[str, str | Secret] = {
        "base_url": "https://models.example.test/v1",
        "api_key": Secret("sk-FAKE-key-of-a-test-0001"),
    }
    await save.save(tenant, "openai_compatible", values)
    saved = await save.save(tenant, "openai_compatible", {"api_key": Secret("sk-FAKE-key-of-a-test-0002")})
    assert saved.origins == ("https://models.example.test",)


async def test_the_words_of_a_server_about_a_check_are_not_stored(disk_session: Session, tenant_id: str) -> None:
    check = VerificationResult(
        VerificationState.REFUSED, disk_session.now(), 3, "Refused.", "Get another.", "its words"
    )
    session = disk_session.tenant(tenant_id)
    plan = await save_plan.plan_save(session, "openai", {"api_key": Secret(KEY)})
    saved = await save.apply_save(plan, check)
    credentials.note(session, saved, check)
    assert b"Refused." in everything(disk_session) and b"its words" not in everything(disk_session)


async def test_what_an_older_version_stored_of_a_server_is_not_read(disk_session: Session, tenant_id: str) -> None:
    await set_up(disk_session, tenant_id)
    session = disk_session.tenant(tenant_id)
    check_before = {"state": "refused", "message": "Refused.", "detail": "its words"}
    with session.store.transaction() as tables:
        tables.table("credentials").update({"check": check_before})
    check = credentials.listing(session, "openai")[0].check
    assert (check.message, check.detail) == ("Refused.", "")
