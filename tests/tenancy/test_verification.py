"""Who can write the settings, but has no private key: what they try is found, named, and never used for a call.

Each attack has a control: the same settings, read by code that asks only whether an envelope opens or what the file
says, as a store without a manifest would. There the attack goes through.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tui.cli.remedies import problem_hint
from tui.domain import Credential
from tui.errors import Locked, Problem
from tui.providers import PROVIDERS
from tui.secret import Secret
from tui.storage import settings_file, store
from tui.storage.settings_file import CorruptSettings
from tui.storage.store import Tables
from tui.tenancy import credentials, keyring, manifest, verification
from tui.tenancy import credentials as stored_credentials
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.serialization import to_record
from tui.tenancy.session import Session
from tui.tenancy.verification import ManifestAlarm
from tui.vault import envelope, key_pair
from tui.workspace import tenants
from tui.workspace.credentials import confirmation, rotation, save, status

KEY = "sk-FAKE-key-of-the-owner-0001"
EVIL = "https://evil.example/v1"


@pytest.fixture
async def acme(disk_session: Session) -> str:
    """A tenant with two keys of one provider and one of another."""
    tenant_id = (await tenants.create(disk_session, "acme")).id
    await save.save(disk_session.tenant(tenant_id), "openai", {"api_key": Secret(KEY)})
    await save.save(disk_session.tenant(tenant_id), "openai", {"api_key": Secret(KEY + "2")}, name="batch")
    await save.save(disk_session.tenant(tenant_id), "anthropic", {"api_key": Secret("sk-ant-FAKE-key-of-the-owner")})
    return tenant_id


def fresh(session: Session) -> Session:
    """Another process at the same files."""
    return replace(session, open_keys={}, undecryptable={}, counters={}, _stores={})


def write(session: Session, tenant_id: str, change: Callable[[Tables], object]) -> None:
    """What an attacker does: a well-formed settings file, made without the private key."""
    with fresh(session).store(tenant_id).transaction() as tables:
        change(tables)


def edit(provider_id: str, name: str = "default", **entries: Any) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        assert tables.table("credentials").update(
            entries, lambda record: (record["provider"], record["name"]) == (provider_id, name)
        )

    return change


def forge(session: Session, tenant_id: str, provider_id: str, name: str, url: str = EVIL) -> Credential:
    """A credential of the attacker's own, sealed properly with the tenant's public key."""
    tenant = tenant_registry.tenant_of(session.tenant(tenant_id))
    forged = Credential(
        provider_id, name, {"base_url": url}, "", tenant.key_id, ("https://evil.example",), {"api_key": "0666"}
    )
    secrets = {"api_key": Secret("sk-FAKE-key-of-an-attacker-0666")}
    print_of_key = key_pair.fingerprint(keyring.fingerprint_key(session.tenant(tenant_id), tenant), secrets["api_key"])
    forged = replace(forged, fingerprints={"api_key": print_of_key})
    return replace(
        forged, envelope=envelope.seal(tenant.public_key, secrets, stored_credentials.binding(tenant_id, forged))
    )


def stored(session: Session, tenant_id: str, provider_id: str, name: str = "default") -> Credential:
    return next(
        credential
        for credential in stored_credentials.listing(session.tenant(tenant_id), provider_id)
        if credential.name == name
    )


async def marks(session: Session, tenant_id: str) -> dict[tuple[str, str], str]:
    """What is found, by credential: its mark, or that it does not open."""
    status = await confirmation.examine(session.tenant(tenant_id))
    unreadable = {
        (credential.provider, credential.name): "does not open"
        for credential in stored_credentials.stored(session.tenant(tenant_id))
        if stored_credentials.is_undecryptable(session.tenant(tenant_id), credential)
    }
    return {change.place: str(status.alarm or change.mark) for change in status.findings} | {
        place: word for place, word in unreadable.items() if place not in {change.place for change in status.findings}
    }


def refused(session: Session, tenant_id: str, provider_id: str, name: str = "default") -> str:
    """The sentence with which a call is refused before anything is opened for it."""
    from tui.providers import provider

    with pytest.raises(Locked) as caught:
        credential = stored(session, tenant_id, provider_id, name)
        stored_credentials.access_with(session.tenant(tenant_id), provider(provider_id), credential).secrets()
    return f"{caught.value.message} {problem_hint(caught.value)}"


def destination(session: Session, tenant_id: str, provider_id: str) -> tuple[str, str]:
    """The control: which key would go where, if an envelope that opens were enough."""
    credential = stored_credentials.active(session.tenant(tenant_id), provider_id)
    assert credential
    return stored_credentials.decrypt_unverified(session.tenant(tenant_id), credential)[
        "api_key"
    ].reveal(), credential.origins[0]


# --- the attacks ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_untouched_credentials_are_vouched_for_in_every_process(disk_session: Session, acme: str) -> None:
    status = await confirmation.examine(fresh(disk_session).tenant(acme))
    assert (status.proved, status.alarm, status.findings, status.counter) == (True, None, (), 3)


@pytest.mark.slow
async def test_a_planted_credential_is_named_and_not_used(disk_session: Session, acme: str) -> None:
    planted = forge(disk_session, acme, "openai", "planted")
    write(disk_session, acme, lambda tables: edit("openai", active=False)(tables))
    write(disk_session, acme, lambda tables: tables.table("credentials").insert(to_record(planted)))
    session = fresh(disk_session)
    assert destination(session, acme, "openai") == ("sk-FAKE-key-of-an-attacker-0666", "https://evil.example")
    assert await marks(session, acme) == {("openai", "planted"): "added while locked"}
    assert "OpenAI planted was added while acme was locked" in refused(session, acme, "openai", "planted")
    assert status.row(session.tenant(acme), "openai").state == "not confirmed"
    assert not status.row(session.tenant(acme), "openai").usable
    assert status.row(session.tenant(acme), "anthropic").usable


@pytest.mark.slow
async def test_a_planted_credential_without_a_name_is_no_connection(disk_session: Session, acme: str) -> None:
    tables = disk_session.store(acme).read()
    entries, records = manifest.read(tables).entries, manifest.records_by_ref(tables)
    planted = {**to_record(forge(disk_session, acme, "openai", "")), "kind": ""}
    (finding,) = manifest.compare(entries, {**records, ("openai", ""): planted})
    assert (finding.mark, finding.place) == (manifest.ChangeKind.ADDED, ("openai", ""))
    assert manifest.updated_entries(entries, records, {**records, ("openai", "new"): planted}).keys() >= records.keys()
    with pytest.raises(CorruptSettings):
        write(disk_session, acme, lambda tables: tables.table("credentials").insert(planted))
        fresh(disk_session).store(acme).read()


@pytest.mark.slow
async def test_a_credential_replaced_by_one_that_opens_is_named(disk_session: Session, acme: str) -> None:
    forged = to_record(forge(disk_session, acme, "openai", "default"))
    write(disk_session, acme, edit("openai", **forged))
    session = fresh(disk_session)
    assert destination(session, acme, "openai")[1] == "https://evil.example"
    assert await marks(session, acme) == {("openai", "default"): "replaced while locked"}
    assert "OpenAI was replaced while acme was locked" in refused(session, acme, "openai")


EDITS: dict[str, tuple[dict[str, Any], str, str]] = {
    "base url": ({"clear": {"base_url": EVIL}}, "repointed", "base_url was https://api.openai.com/v1"),
    "origins": (
        {"origins": ["https://evil.example"]},
        "repointed",
        "its key was meant for https://api.openai.com, not to https://evil.example",
    ),
    "plain http": ({"plain_http": ["http://10.0.0.7"]}, "repointed", "what may be reached in plain http"),
    "a clear field": (
        {"clear": {"base_url": "https://api.openai.com/v1", "organization": "org-FAKE"}},
        "edited",
        "organization was empty",
    ),
    "what is shown of the key": ({"hints": {"api_key": "0666"}}, "edited", "what is shown of its key"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EDITS)
async def test_an_edited_or_repointed_credential_is_named_with_what_was_changed(
    disk_session: Session, acme: str, name: str
) -> None:
    entries, mark, words = EDITS[name]
    write(disk_session, acme, edit("openai", **entries))
    session = fresh(disk_session)
    assert all(
        json.loads(json.dumps(getattr(stored(session, acme, "openai"), field), default=list)) == value
        for field, value in entries.items()
    ), "the control: the file reads as the attacker wrote it"
    assert await marks(session, acme) == {("openai", "default"): mark}
    (finding,) = verification.integrity_status(session.tenant(acme)).findings
    assert words in verification.words(session.tenant(acme), finding)
    assert words in refused(session, acme, "openai")
    assert status.row(session.tenant(acme), "openai").state == "cannot be opened"


async def test_swapped_envelopes_are_named_with_where_they_belong(disk_session: Session, acme: str) -> None:
    one, two = stored(disk_session, acme, "openai"), stored(disk_session, acme, "openai", "batch")
    write(disk_session, acme, edit("openai", "default", envelope=two.envelope))
    write(disk_session, acme, edit("openai", "batch", envelope=one.envelope))
    session = fresh(disk_session)
    assert stored(session, acme, "openai").envelope == two.envelope, "the control: nothing else in the file tells"
    assert await marks(session, acme) == {("openai", "default"): "swapped", ("openai", "batch"): "swapped"}
    assert "OpenAI holds a key that was sealed for OpenAI batch" in refused(session, acme, "openai")


@pytest.mark.slow
async def test_an_envelope_of_another_tenant_does_not_open(disk_session: Session, acme: str) -> None:
    other = (await tenants.create(disk_session, "other")).id
    await save.save(disk_session.tenant(other), "openai", {"api_key": Secret(KEY)})
    write(disk_session, acme, edit("openai", envelope=stored(disk_session, other, "openai").envelope))
    session = fresh(disk_session)
    assert "cannot be decrypted" in refused(session, acme, "openai")
    assert ("openai", "default") not in {
        change.place
        for change in confirmation.to_confirm(session.tenant(acme), verification.integrity_status(session.tenant(acme)))
    }


async def test_a_deleted_credential_is_named(disk_session: Session, acme: str) -> None:
    write(
        disk_session,
        acme,
        lambda tables: tables.table("credentials").remove(lambda record: record["name"] == "batch"),
    )
    session = fresh(disk_session)
    assert [credential.name for credential in stored_credentials.listing(session.tenant(acme), "openai")] == [
        "default"
    ], "the control: it is just gone"
    assert await marks(session, acme) == {("openai", "batch"): "removed while locked"}
    (finding,) = verification.integrity_status(session.tenant(acme)).findings
    assert verification.words(session.tenant(acme), finding).startswith(
        "OpenAI batch was removed while acme was locked"
    )
    assert status.row(session.tenant(acme), "openai").usable


@pytest.mark.slow
@pytest.mark.parametrize("how", ["taken out", "emptied", "rewritten", "not a manifest"])
async def test_a_manifest_that_is_changed_along_proves_nothing(disk_session: Session, acme: str, how: str) -> None:
    planted = forge(disk_session, acme, "openai", "planted")

    def change(tables: Tables) -> None:
        tables.table("credentials").insert(to_record(planted))
        entries, proof = tables.table("manifest"), tables.table("proof")
        if how == "taken out":
            entries.truncate()
            proof.truncate()
        elif how == "emptied":
            entries.truncate()
        elif how == "rewritten":
            entries.insert(manifest.entry(to_record(planted)))
        else:
            entries.insert({"provider": 7})

    write(disk_session, acme, change)
    session = fresh(disk_session)
    if how == "rewritten":
        assert status.row(session.tenant(acme), "openai").state != "cannot be opened"
        assert verification.integrity_status(session.tenant(acme)).findings == (), (
            "the control: without the HMAC all is as it should be"
        )
    integrity = await confirmation.examine(session.tenant(acme))
    assert integrity.alarm is (ManifestAlarm.OLDER if how == "taken out" else ManifestAlarm.CHANGED)
    assert {change.place[0] for change in integrity.findings} == {"openai", "anthropic"}
    for provider_id in ("openai", "anthropic"):
        assert "not confirmed" in refused(session, acme, provider_id)


@pytest.mark.slow
async def test_an_older_settings_file_put_back_is_noticed(disk_session: Session, acme: str) -> None:
    store = disk_session.store(acme)
    older = store.folder.read("settings.json")
    assert older
    await save.save(disk_session.tenant(acme), "openai", {"api_key": Secret("sk-FAKE-the-new-key-of-the-owner")})
    with store.folder.lock():
        store.folder.write("settings.json", older)
    session = fresh(disk_session)
    assert destination(session, acme, "openai")[0] == KEY, (
        "the control: the key that was replaced opens and would be used"
    )
    integrity = await confirmation.examine(session.tenant(acme))
    assert integrity.alarm is ManifestAlarm.OLDER
    assert "restored from an earlier state" in refused(session, acme, "openai")
    assert status.row(session.tenant(acme), "openai").word == "older state put back"


@pytest.mark.slow
async def test_settings_and_counter_put_back_together_are_not_noticed_and_a_message_says_so(
    disk_session: Session, acme: str
) -> None:
    keys = disk_session.keys.folder(acme)
    older, counter = disk_session.store(acme).folder.read("settings.json"), keys.read("counter")
    assert older and counter
    await save.save(disk_session.tenant(acme), "openai", {"api_key": Secret("sk-FAKE-the-new-key-of-the-owner")})
    disk_session.store(acme).folder.write("settings.json", older)
    keys.write("counter", counter)
    assert (await confirmation.examine(fresh(disk_session).tenant(acme))).alarm is None
    assert "both" in (Path(__file__).parents[2] / "README.md").read_text().split("*Not promised:*")[1]


async def test_a_credential_at_one_place_twice_is_not_used(disk_session: Session, acme: str) -> None:
    forged = to_record(forge(disk_session, acme, "openai", "default"))
    write(disk_session, acme, lambda tables: tables.table("credentials").insert(forged))
    session = fresh(disk_session)
    assert len(stored_credentials.listing(session.tenant(acme), "openai")) == 3, (
        "the control: whichever is read first would be used"
    )
    assert await marks(session, acme) == {("openai", "default"): "replaced while locked"}
    refused(session, acme, "openai")


async def test_another_public_key_in_the_settings_seals_nothing(disk_session: Session, acme: str) -> None:
    forged = key_pair.generate_key_pair(disk_session.key_bits)
    write(
        disk_session,
        acme,
        lambda tables: tables.table("meta").update({"public_key": forged.public_pem, "key_id": forged.key_id}),
    )
    with pytest.raises(Locked):
        await save.save(fresh(disk_session).tenant(acme), "openai", {"api_key": Secret(KEY)})


# --- what is legitimate -----------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_every_verb_enters_what_it_changes(disk_session: Session, acme: str) -> None:
    async def whole() -> int:
        status = await confirmation.examine(fresh(disk_session).tenant(acme))
        assert (status.alarm, status.findings) == (None, ())
        return status.counter

    before = await whole()
    await save.save(disk_session.tenant(acme), "openai", {"organization": "org-FAKE"})
    await status.use(disk_session.tenant(acme), "openai", "batch")
    await save.save(disk_session.tenant(acme), "openai_compatible", {"base_url": "http://localhost:1/v1"})
    assert await whole() == before + 2, "which one is active is no matter of the manifest"
    await status.remove(disk_session.tenant(acme), "openai", "batch")
    await status.remove_provider(disk_session.tenant(acme), "anthropic")
    assert await whole() == before + 4
    await tenants.set_passphrase(disk_session.tenant(acme), Secret("FAKE"))
    await tenants.set_passphrase(disk_session.tenant(acme), None)
    await tenants.rename(disk_session.tenant(acme), "Acme Ltd")
    await tenants.restore(disk_session.tenant(acme), "settings.json.1")
    assert await whole() == before + 4


@pytest.mark.slow
async def test_a_state_put_back_by_the_verb_is_accepted_and_an_attacked_one_is_not(
    disk_session: Session, acme: str
) -> None:
    await status.remove(disk_session.tenant(acme), "openai", "batch")
    await save.save(disk_session.tenant(acme), "openai", {"api_key": Secret("sk-FAKE-the-new-key-of-the-owner")})
    await tenants.restore(disk_session.tenant(acme), "settings.json.1")
    integrity = await confirmation.examine(fresh(disk_session).tenant(acme))
    assert (integrity.alarm, integrity.findings) == (None, ())
    assert destination(disk_session, acme, "openai")[0] == KEY

    planted = forge(disk_session, acme, "openai", "planted")
    write(disk_session, acme, lambda tables: tables.table("credentials").insert(to_record(planted)))
    await save.save(disk_session.tenant(acme), "openai", {"organization": "org-FAKE"})
    await status.remove_provider(fresh(disk_session).tenant(acme), "anthropic")
    assert "added while" in refused(fresh(disk_session), acme, "openai", "planted")


@pytest.mark.slow
async def test_what_is_confirmed_is_used_and_what_is_not_stays_pending(disk_session: Session, acme: str) -> None:
    await tenants.set_passphrase(disk_session.tenant(acme), Secret("FAKE"))
    session = fresh(disk_session)
    await save.save(session.tenant(acme), "openai", {"api_key": Secret("sk-FAKE-saved-while-locked-01")}, name="night")
    await save.save(session.tenant(acme), "openai", {"api_key": Secret("sk-FAKE-saved-while-locked-02")}, name="other")
    await status.remove(session.tenant(acme), "openai", "batch")
    assert (
        status.credential_state(session.tenant(acme), stored(session, acme, "openai", "night"))[1]
        == "added while locked"
    )
    await tenants.unlock(session.tenant(acme), Secret("FAKE"))
    integrity = await confirmation.examine(session.tenant(acme))
    expected = [
        change
        for change in confirmation.to_confirm(session.tenant(acme), integrity)
        if change.place[1] in ("night", "batch")
    ]
    assert [str(change.mark) for change in expected] == ["added while locked", "removed while locked"]
    assert await confirmation.confirm(session.tenant(acme), expected) == 2
    assert await marks(fresh_open(session, acme), acme) == {("openai", "other"): "added while locked"}
    assert status.credential_state(session.tenant(acme), stored(session, acme, "openai", "night"))[0] == "not verified"


def fresh_open(session: Session, tenant_id: str) -> Session:
    return replace(fresh(session), open_keys=dict(session.open_keys))


@pytest.mark.slow
async def test_what_changed_since_it_was_inspected_is_not_confirmed(disk_session: Session, acme: str) -> None:
    write(
        disk_session,
        acme,
        edit("openai", **to_record(forge(disk_session, acme, "openai", "default", "https://one.example"))),
    )
    session = fresh(disk_session)
    changes = confirmation.to_confirm(session.tenant(acme), await confirmation.examine(session.tenant(acme)))
    write(disk_session, acme, edit("openai", **to_record(forge(disk_session, acme, "openai", "default", EVIL))))
    assert await confirmation.confirm(session.tenant(acme), changes) == 0
    refused(session, acme, "openai")


@pytest.mark.slow
async def test_an_alarm_is_silenced_by_nothing_but_a_confirmation(disk_session: Session, acme: str) -> None:
    write(disk_session, acme, lambda tables: tables.table("manifest").truncate())
    session = fresh(disk_session)
    await save.save(session.tenant(acme), "openai", {"api_key": Secret(KEY)})
    assert verification.integrity_status(session.tenant(acme)).alarm is ManifestAlarm.CHANGED
    refused(session, acme, "openai")
    status = await confirmation.examine(session.tenant(acme))
    assert await confirmation.confirm(session.tenant(acme), confirmation.to_confirm(session.tenant(acme), status)) == 3
    assert (await confirmation.examine(fresh(session).tenant(acme))).alarm is None
    assert credentials.access(session.tenant(acme), "openai").secrets()["api_key"].reveal() == KEY


@pytest.mark.slow
async def test_an_unconfirmed_credential_is_neither_edited_nor_rotated_into_the_manifest(
    disk_session: Session, acme: str
) -> None:
    planted = forge(disk_session, acme, "openai", "planted")
    write(disk_session, acme, lambda tables: tables.table("credentials").insert(to_record(planted)))
    session = fresh(disk_session)
    with pytest.raises(Problem):
        await save.save(session.tenant(acme), "openai", {"organization": "org-FAKE"}, name="planted")
    with pytest.raises(Locked):
        rotation.rotatable(session.tenant(acme), PROVIDERS["openai"], "planted")
    assert await marks(session, acme) == {("openai", "planted"): "added while locked"}


async def test_the_counter_is_written_after_the_settings_so_that_being_killed_raises_no_alarm(
    disk_session: Session, acme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(keyring, "store_counter", killed)
    with pytest.raises(KeyboardInterrupt), verification.credential_transaction(disk_session.tenant(acme)) as tables:
        edit("openai", hints={"api_key": "9999"})(tables)
    monkeypatch.undo()
    status = await confirmation.examine(fresh(disk_session).tenant(acme))
    assert (status.alarm, status.findings, status.counter) == (None, (), 4)


@pytest.mark.slow
async def test_a_lost_private_key_breaks_no_list(disk_session: Session, acme: str) -> None:
    disk_session.keys.folder(acme).destroy()
    session = fresh(disk_session)
    assert {row.state for row in status.rows(session.tenant(acme)) if row.credential} == {"cannot be opened"}
    assert tenants.row(session.tenant(acme)).problem is None
    await status.remove(session.tenant(acme), "openai", "batch")
    await status.remove_provider(session.tenant(acme), "anthropic")
    assert [credential.provider for credential in stored_credentials.stored(session.tenant(acme))] == ["openai"]


def test_the_hmac_covers_tenant_key_pair_counter_and_every_entry(disk_session: Session) -> None:
    entry = manifest.entry({"provider": "p", "name": "n", "clear": {}, "envelope": "e", "key_id": "k", "origins": []})
    base = manifest.Manifest(1, entries={("p", "n"): entry})
    contents = [
        manifest.content("a", "k", base),
        manifest.content("b", "k", base),
        manifest.content("a", "l", base),
        manifest.content("a", "k", replace(base, counter=2)),
        manifest.content("a", "k", replace(base, entries={("p", "n"): {**entry, "origins": ["x"]}})),
        manifest.content("a", "k", replace(base, entries={})),
    ]
    assert len(set(contents)) == len(contents)
    one, two = key_pair.generate_key_pair(1024).private, key_pair.generate_key_pair(1024).private
    assert one.authenticate(contents[0]) != two.authenticate(contents[0])
    assert one.authenticate(contents[0]) == key_pair.load(key_pair.export(one, None)).authenticate(contents[0])


@pytest.mark.slow
async def test_a_save_encodes_and_parses_only_what_it_changes_whatever_else_is_stored(
    disk_session: Session, acme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(session: Session, name: str) -> tuple[int, int]:
        """How many records are encoded, and how many decoded, while a credential is saved."""
        counts = [0, 0]
        encode, decode, parse = settings_file.record_text, settings_file.decode, settings_file._DECODE

        def encoding(record: Any) -> str:
            counts[0] += 1
            return encode(record)

        def parsing(text: str) -> Any:
            parsed = parse(text)
            counts[1] += len(parsed)
            return parsed

        def decoding(*values: Any, **options: Any) -> settings_file.Document:
            document = decode(*values, **options)
            counts[1] += sum(map(len, document.data.values()))
            return document

        with monkeypatch.context() as patched:
            for module in (settings_file, manifest):
                patched.setattr(module, "record_text", encoding)
            patched.setattr(settings_file, "_DECODE", parsing)
            patched.setattr(store, "decode", decoding)
            await save.save(session.tenant(acme), "openai", {"api_key": Secret(KEY + name)}, name=name)
        return counts[0], counts[1]

    few = await work(disk_session, "one")
    for number in range(8):
        await save.save(disk_session.tenant(acme), "openai", {"api_key": Secret(KEY)}, name=f"team-{number}")
    assert await work(disk_session, "two") == few
    stored = sum(map(len, fresh(disk_session).store(acme).document().data.values()))
    encoded, parsed = await work(fresh(disk_session), "three")
    assert encoded <= stored + few[0], "another process encodes each record once"
    assert parsed <= stored + few[1] + 4, "and decodes each once"
