"""Undoing the last change: a change of its own, which brings back no key or address that nothing vouches for."""

import json
from collections.abc import Callable

import pytest

from tui.domain import ModelType
from tui.errors import Locked, Problem, UsageError
from tui.secret import Secret
from tui.storage.settings_file import Document, encode
from tui.tenancy import credentials, keyring, models
from tui.tenancy.session import Session, TenantSession
from tui.tenancy.tenants import tenant_of
from tui.workspace import audit, tenants, undo
from tui.workspace.credentials import save, status
from tui.workspace.models import catalog, defaults

KEY = "sk-FAKE-key-of-a-test-0001"
CHAT = ModelType.CHAT
ADDRESS = "https://endpoint.example.test"


@pytest.fixture
async def acme(disk_session: Session) -> TenantSession:
    """A tenant on real files with Hugging Face, a model of it, and an endpoint with an address of its own."""
    await tenants.create(disk_session, "acme", Secret("a passphrase"))
    acme = disk_session.tenant("acme")
    await save.save(acme, "huggingface", {"api_token": Secret("hf_FAKE-key-of-a-test-0001")})
    await catalog.add(acme, "huggingface", "org/one", CHAT, verify=False)
    fields = {"endpoint_type": "inference_endpoints", "endpoint_url": ADDRESS}
    await catalog.add(acme, "huggingface", "org/two", CHAT, fields, verify=False)
    return acme


async def undo_last(session: TenantSession) -> str:
    change = undo.last_change(session)
    await undo.undo(session, change)
    return change.words


def origins(session: TenantSession) -> tuple[str, ...]:
    credential = credentials.active(session, "huggingface")
    assert credential
    return credential.origins


def set_earlier(session: TenantSession, change: Callable[[dict[str, dict[str, dict[str, object]]]], None]) -> None:
    """Change the newest earlier state as somebody could who can write the folder of the settings."""
    state = session.store.earlier()[0]
    assert state.document
    data = json.loads(json.dumps(state.document.data))
    change(data)
    session.store.folder.write(state.name, encode(Document(state.document.generation, state.document.saved, data)))


@pytest.mark.slow
async def test_a_default_comes_back_and_goes_again(acme: TenantSession) -> None:
    await defaults.set(acme, CHAT, "huggingface/org/one")
    await defaults.set(acme, CHAT, "huggingface/org/two")
    assert await undo_last(acme) == "default chat model set to huggingface/org/two"
    assert models.defaults(acme)[CHAT].ref == "huggingface/org/one"
    await undo_last(acme)
    assert models.defaults(acme)[CHAT].ref == "huggingface/org/two"
    await defaults.clear(acme, CHAT)
    await undo_last(acme)
    assert models.defaults(acme)[CHAT].ref == "huggingface/org/two"
    last = audit.listing(acme)[-1]
    assert audit.words(last) == "undone: default chat model cleared" and audit.check(acme).whole


@pytest.mark.slow
async def test_a_new_name_is_undone_unless_another_tenant_has_the_old_one(acme: TenantSession) -> None:
    await tenants.rename(acme, "North")
    await tenants.rename(acme, "South")
    change = undo.last_change(acme)
    await tenants.create(acme.process, "north", id="other")
    with pytest.raises(UsageError, match="already exists"):
        await undo.undo(acme, change)
    await tenants.rename(acme.process.tenant("other"), "other")
    await undo.undo(acme, change)
    assert tenant_of(acme).name == "North"


@pytest.mark.slow
async def test_a_removed_model_comes_back_with_its_address_and_default(acme: TenantSession) -> None:
    await defaults.set(acme, CHAT, "huggingface/org/two")
    before = origins(acme)
    await catalog.remove(acme, models.find(acme, "huggingface/org/two"))
    assert ADDRESS not in origins(acme) and not models.defaults(acme)
    keyring.lock(acme)
    change = undo.last_change(acme)
    assert change.needs_key
    with pytest.raises(Locked):
        await undo.undo(acme, change)
    await tenants.unlock(acme, Secret("a passphrase"))
    await undo.undo(acme, change)
    assert origins(acme) == before and models.defaults(acme)[CHAT].ref == "huggingface/org/two"
    assert credentials.access(acme, "huggingface").secrets()["api_token"].reveal()


@pytest.mark.slow
async def test_an_address_that_was_written_into_an_earlier_state_does_not_come_back(acme: TenantSession) -> None:
    await catalog.remove(acme, models.find(acme, "huggingface/org/two"))

    def repoint(data: dict[str, dict[str, dict[str, object]]]) -> None:
        for table in ("credentials", "manifest"):
            for record in data[table].values():
                record["origins"] = [*record["origins"], "https://evil.example.test"]  # type: ignore[misc]

    set_earlier(acme, repoint)
    with pytest.raises(Locked, match="does not vouch"):
        await undo_last(acme)
    assert "https://evil.example.test" not in origins(acme)


@pytest.mark.slow
async def test_an_older_state_in_place_of_the_last_brings_back_no_address(acme: TenantSession) -> None:
    older = acme.store.document()
    await catalog.remove(acme, models.find(acme, "huggingface/org/two"))
    for name in ("second", "third"):
        await save.save(acme, "huggingface", {"api_token": Secret(f"hf_FAKE-key-of-a-test-{name}")}, name=name)
    await defaults.set(acme, CHAT, "huggingface/org/one")
    now = acme.store.document()
    keep = {**now.data, "models": older.data["models"], "manifest": older.data["manifest"]}
    records = {**now.data["credentials"]} | older.data["credentials"]
    keep |= {"proof": older.data["proof"], "credentials": records, "defaults": {}}
    acme.store.folder.write("settings.json.1", encode(Document(now.generation - 1, now.saved, keep)))
    with pytest.raises(Locked, match="does not vouch"):
        await undo_last(acme)
    assert ADDRESS not in origins(acme)


async def test_switching_a_credential_is_undone_with_its_models(session: Session) -> None:
    acme = session.tenant("acme")
    before = {row.model.ref for row in catalog.rows(acme)}
    await status.use(acme, "openai", "batch-jobs")
    change = undo.last_change(acme)
    await undo_last(acme)
    now = credentials.active(acme, "openai")
    assert now and now.name == "default" and {row.model.ref for row in catalog.rows(acme)} == before
    await status.remove_provider(acme, "openai")
    assert not undo.still_applies(acme, change), "the credential is deleted"


@pytest.mark.slow
async def test_a_removed_credential_comes_back_only_from_the_memory_of_who_removed_it(acme: TenantSession) -> None:
    await save.save(acme, "huggingface", {"api_token": Secret("hf_FAKE-key-of-a-test-0002")}, name="second")
    before = acme.store.document()
    await status.remove(acme, "huggingface", "default")
    with pytest.raises(Problem, match="deleted from every earlier state"):
        undo.last_change(acme)
    change = undo.change_since(acme, before)
    assert change and change.needs_key and undo.still_applies(acme, change)
    await undo.undo(acme, change)
    used = credentials.active(acme, "huggingface")
    assert used and used.name == "default" and ADDRESS in used.origins
    assert credentials.access(acme, "huggingface").secrets()["api_token"].reveal() == "hf_FAKE-key-of-a-test-0001"


@pytest.mark.slow
async def test_what_was_changed_again_is_not_undone(acme: TenantSession) -> None:
    await defaults.set(acme, CHAT, "huggingface/org/one")
    change = undo.last_change(acme)
    await defaults.set(acme, CHAT, "huggingface/org/two")
    with pytest.raises(Problem, match="changed again"):
        await undo.undo(acme, change)
    assert models.defaults(acme)[CHAT].ref == "huggingface/org/two"


async def test_a_saved_key_and_an_empty_history_are_not_undone(disk_session: Session) -> None:
    await tenants.create(disk_session, "acme")
    acme = disk_session.tenant("acme")
    with pytest.raises(UsageError, match="nothing to undo"):
        undo.last_change(acme)
    await save.save(acme, "openai", {"api_key": Secret(KEY)})
    with pytest.raises(Problem, match="cannot be undone: OpenAI set up"):
        undo.last_change(acme)
