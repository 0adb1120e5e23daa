"""Settings as a file: the same ones make the same file, a file makes the same settings, a hostile one makes nothing."""

import asyncio
import json
import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tinydb.table import Table

from tests.doubles.practice import on_disk, practice_session
from tui.cli.remedies import remedy_text
from tui.domain import Default, KeySource, Model, ModelType, Origin
from tui.errors import Action, Locked, Problem, Remedy, UsageError
from tui.practice.tenants import PASSPHRASE as PRACTICE
from tui.secret import Secret
from tui.tenancy import credentials as stored_credentials
from tui.tenancy import keyring, models
from tui.tenancy import tenants as tenant_registry
from tui.tenancy import trials as trial_store
from tui.tenancy.session import Session
from tui.workspace import audit, tenants, trials
from tui.workspace.credentials import save, status, verify
from tui.workspace.credentials.save_plan import PlainHttp
from tui.workspace.models import catalog, defaults
from tui.workspace.playground import key_source
from tui.workspace.transfer import export, file_format, import_plan
from tui.workspace.transfer.file_format import Bundle, FileCredential

KEY = "sk-FAKE-moving-canary-00000000-3f2a"
OTHER = "sk-FAKE-moving-canary-11111111-77c0"
LOCAL = "http://localhost:11434/v1"
PASS = Secret("a FAKE passphrase of the file")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of `acme`, made once."""
    folder = tmp_path_factory.mktemp("template")
    asyncio.run(set_up(on_disk(folder, practice_session(pace=0.0))))
    return folder


@pytest.fixture
def acme(disk_session: Session, template: Path, tmp_path: Path) -> Session:
    """acme with two credentials of OpenAI, its models, a model of its own, and two defaults."""
    for name in ("data", "keys"):
        shutil.copytree(template / name, tmp_path / name, dirs_exist_ok=True)
    return disk_session


async def set_up(session: Session) -> None:
    await tenants.create(session, "acme")
    await save.save(session.tenant("acme"), "openai", {"api_key": Secret(KEY), "organization": "org-x"})
    await save.save(session.tenant("acme"), "openai", {"api_key": Secret(OTHER)}, name="team-b")
    await catalog.refresh(session.tenant("acme"), "openai")
    await save.save(session.tenant("acme"), "openai_compatible", {"base_url": LOCAL})
    await catalog.add(session.tenant("acme"), "openai_compatible", "own-model", ModelType.CHAT, verify=False)
    await defaults.set(session.tenant("acme"), ModelType.CHAT, "openai_compatible/own-model")
    await defaults.set(session.tenant("acme"), ModelType.EMBEDDING, "openai/text-embedding-3-small")
    await session.aclose()


async def text(session: Session, tenant_id: str = "acme", passphrase: Secret | None = None) -> str:
    return (await export.export(session.tenant(tenant_id), passphrase)).text


async def import_into(
    session: Session, content: str, named: str = "", passphrase: Secret | None = None
) -> import_plan.Plan:
    """Imports a file and answers the plan that was carried out."""
    bundle = await import_plan.open_bundle(content.encode(), passphrase)
    target = import_plan.target(session, bundle, named)
    plan = await (import_plan.plan_new(session, bundle, named) if target is None else import_plan.plan(target, bundle))
    await import_plan.carry_out(session, plan)
    return plan


def everything(session: Session) -> dict[str, bytes]:
    roots = [folder.path for folder in (session.data, session.keys) if folder.path]
    data = [path for root in roots for path in root.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path): path.read_bytes() for path in data}


def key_of(session: Session, tenant_id: str, name: str = "default") -> str:
    data = next(
        credential
        for credential in stored_credentials.listing(session.tenant(tenant_id), "openai")
        if credential.name == name
    )
    return stored_credentials.secrets(session.tenant(tenant_id), data)["api_key"].reveal()


# --- out --------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_file_without_secrets_can_be_read_and_compared(acme: Session) -> None:
    content = await text(acme)
    assert content == await text(acme), "the same settings make the same file"
    assert KEY not in content and KEY[-4:] not in content
    lines = content.splitlines()
    assert '    "chat": "openai_compatible/own-model",' in lines
    assert '            "organization": "org-x"' in lines
    assert '          "secrets": ["api_key"]' in lines
    assert '        {"id": "own-model", "type": "chat", "origin": "added"}' in lines
    await verify.verify_stored(acme.tenant("acme"), "openai")
    await catalog.refresh(acme.tenant("acme"), "openai")
    assert content == await text(acme), "what a provider says is not in it"
    assert json.loads(content)["providers"]["openai"]["active"] == "default"


@pytest.mark.slow
async def test_a_file_with_secrets_holds_none_in_clear(acme: Session) -> None:
    content = await text(acme, passphrase=PASS)
    assert not [text for text in (KEY, OTHER, PASS.reveal(), "org-x", "openai") if text in content]
    bundle = await import_plan.open_bundle(content.encode(), PASS)
    assert {
        credential.name: credential.secrets["api_key"].reveal()
        for credential in bundle.credentials
        if credential.secrets
    } == {
        "default": KEY,
        "team-b": OTHER,
    }
    assert KEY not in repr(bundle)
    with pytest.raises(Locked):
        await import_plan.open_bundle(content.encode(), Secret("another FAKE one"))
    assert import_plan.is_protected(content.encode()) and not import_plan.is_protected((await text(acme)).encode())


async def test_secrets_leave_an_open_tenant_only_and_not_without_an_entry_in_the_log(acme: Session) -> None:
    session = practice_session(pace=0.0)
    with pytest.raises(Locked):
        await text(session, "north-lab", PASS)
    await tenants.unlock(session.tenant("north-lab"), Secret(PRACTICE))
    assert await text(session, "north-lab", PASS)
    assert [row.done for row in audit.listing(session.tenant("north-lab"))][-1] == "exported"
    folder = acme.tenants.folder("acme").path
    assert folder
    log = folder / "audit.log"
    log.chmod(0o644)
    with pytest.raises(Problem):
        await text(acme, passphrase=PASS)
    assert await text(acme)


async def test_a_credential_that_cannot_be_opened_is_named_and_the_others_are_in_the_file() -> None:
    session = practice_session(pace=0.0)
    exported = await export.export(session.tenant("acme"), PASS)
    bundle = await import_plan.open_bundle(exported.text.encode(), PASS)
    labels = {
        f"{export.credential_label(credential)}"
        for credential in bundle.credentials
        if credential.needs and not credential.secrets
    }
    assert labels == {"MiniMax default"}
    assert exported.omissions == ("MiniMax default cannot be decrypted; its key is not in the file.",)


async def test_what_another_version_knows_is_named_and_left_out(acme: Session) -> None:
    with acme.store("acme").transaction() as tables:
        tables.table("models").insert({"provider": "of_tomorrow", "id": "m", "type": "chat"})
        tables.table("defaults").insert({"type": "speech2text", "provider": "of_tomorrow", "model": "m", "set_at": ""})
    exported = await export.export(acme.tenant("acme"))
    assert exported.omissions == ("of_tomorrow is not a provider of this version; it is not in the file.",)
    assert not (await import_into(acme, exported.text)).changes


# --- there and back ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_tenant_moves_with_all_that_is_its_own(acme: Session) -> None:
    plan = await import_into(acme, await text(acme, passphrase=PASS), "other", PASS)
    assert plan.new and plan.tenant.key_id != tenant_registry.tenant_of(acme.tenant("acme")).key_id
    assert (key_of(acme, "other"), key_of(acme, "other", "team-b")) == (KEY, OTHER)
    one, two = json.loads(await text(acme)), json.loads(await text(acme, "other"))
    assert one.pop("tenant") == {"id": "acme", "name": "acme"} and two.pop("tenant") == {"id": "other", "name": "other"}
    assert one == two
    assert all(row.usable for row in catalog.rows(acme.tenant("other")))
    assert audit.check(acme.tenant("other")).whole


@pytest.mark.slow
async def test_every_practice_tenant_comes_back_as_it_was(disk_session: Session) -> None:
    session = practice_session(pace=0.0)
    await tenants.unlock(session.tenant("north-lab"), Secret(PRACTICE))
    for tenant_id in tenant_registry.ids(session):
        if [
            credential
            for credential in stored_credentials.stored(session.tenant(tenant_id))
            if stored_credentials.is_undecryptable(session.tenant(tenant_id), credential)
        ]:
            await status.remove_provider(session.tenant(tenant_id), "minimax")
        there = await text(session, tenant_id)
        await import_into(disk_session, await text(session, tenant_id, PASS), "", PASS)
        assert await text(disk_session, tenant_id) == there


@pytest.mark.slow
async def test_the_same_file_again_changes_nothing(acme: Session) -> None:
    for passphrase in (None, PASS):
        plan = await import_into(acme, await text(acme, passphrase=passphrase), "", passphrase)
        assert not plan.changes and not plan.omissions and not plan.new


@pytest.mark.slow
async def test_what_the_file_has_wins_and_what_it_has_not_stays(acme: Session) -> None:
    before = await text(acme, passphrase=PASS)
    await save.save(acme.tenant("acme"), "openai", {"api_key": Secret(OTHER), "organization": "org-y"})
    await status.use(acme.tenant("acme"), "openai", "team-b")
    await catalog.refresh(acme.tenant("acme"), "openai")
    await defaults.clear(acme.tenant("acme"), ModelType.EMBEDDING)
    await defaults.set(acme.tenant("acme"), ModelType.CHAT, "openai/gpt-6-sol")
    await save.save(acme.tenant("acme"), "anthropic", {"api_key": Secret("sk-ant-FAKE-0000000000000000000")})
    plan = await import_into(acme, before, "", PASS)
    assert [audit.words(event) for event in plan.events] == [
        "OpenAI changed: credential default, organization, api_key",
        "OpenAI: credential default in use",
        "default chat model set to openai_compatible/own-model",
        "default embedding model set to openai/text-embedding-3-small",
    ]
    assert key_of(acme, "acme") == KEY
    assert status.row(acme.tenant("acme"), "anthropic").credential is not None


@pytest.mark.slow
async def test_a_file_without_secrets_keeps_those_that_are_stored_and_names_those_it_lacks(acme: Session) -> None:
    content = await text(acme)
    await save.save(acme.tenant("acme"), "openai", {"organization": "org-y"})
    await status.remove(acme.tenant("acme"), "openai", "team-b")
    plan = await import_into(acme, content)
    assert [audit.words(event) for event in plan.events] == ["OpenAI changed: credential default, organization"]
    (omission,) = plan.omissions
    assert omission.message == "OpenAI team-b needs its API key."
    assert omission.remedy == Remedy(
        Action.SET_UP_PROVIDER, "openai", "team-b", fields=("base_url=https://api.openai.com/v1", "api_key=-")
    )
    assert key_of(acme, "acme") == KEY
    new = await import_into(acme, content, "other")
    assert len(new.omissions) == 2 and models.defaults(acme.tenant("other")).keys() == {
        ModelType.CHAT,
        ModelType.EMBEDDING,
    }


async def test_a_command_that_is_proposed_can_be_pasted_whatever_is_in_the_file(acme: Session) -> None:
    fields = {"organization": "org-$(id); `id`'\"\n&"}
    crafted = openai(credentials={"a; id": {"fields": fields, "secrets": ["api_key"]}})
    plan = await import_plan.plan_new(acme, await import_plan.open_bundle(json.dumps(crafted).encode()), "other")
    (omission,) = plan.omissions
    command = shlex.split(remedy_text(omission.remedy).partition(": ")[2])
    assert command[:4] == ["modeldeck", "provider", "set", "openai"]
    assert command[4:] == ["organization=org-$(id); `id`'\" &", "api_key=-", "--name", "a; id"]


@pytest.mark.slow
async def test_a_plan_writes_nothing(acme: Session) -> None:
    content = (await text(acme, passphrase=PASS)).encode()
    await status.remove_provider(acme.tenant("acme"), "openai")
    before = everything(acme)
    bundle = await import_plan.open_bundle(content, PASS)
    assert (await import_plan.plan(acme.tenant("acme"), bundle)).changes
    assert (await import_plan.plan_new(acme, bundle, "other")).new
    assert everything(acme) == before


@pytest.mark.slow
async def test_a_plan_that_is_out_of_date_is_not_carried_out(acme: Session) -> None:
    content = await text(acme)
    await defaults.clear(acme.tenant("acme"), ModelType.CHAT)
    bundle = await import_plan.open_bundle(content.encode())
    plan = await import_plan.plan(acme.tenant("acme"), bundle)
    await tenants.rename(acme.tenant("acme"), "Acme Ltd")
    before = everything(acme)
    with pytest.raises(Problem, match="changed in another session meanwhile"):
        await import_plan.carry_out(acme, plan)
    assert everything(acme) == before
    new = await import_plan.plan_new(acme, bundle, "other")
    await tenants.create(acme, "other")
    before = everything(acme)
    with pytest.raises(UsageError):
        await import_plan.carry_out(acme, new)
    assert everything(acme) == before


@pytest.mark.slow
async def test_an_import_never_fills_a_trial_again(acme: Session) -> None:
    await trials.set_trial(acme, "openai", {"api_key": Secret(OTHER)}, ("gpt-5.4-mini",), 10)
    await key_source.choose(acme.tenant("acme"), "openai", KeySource.TRIAL)
    with acme.store("operator").transaction() as tables:
        tables.table("used").insert({"tenant": "acme", "provider": "openai", "calls": 9})
    content = await text(acme, passphrase=PASS)
    await tenants.remove(acme.tenant("acme"))
    await import_into(acme, content, "", PASS)
    left = trial_store.left(acme.tenant("acme"), "openai")
    assert left and left.left == 1
    assert key_source.source(acme.tenant("acme"), "openai") is KeySource.TRIAL
    await trials.remove(acme, "openai")
    omissions = (await import_into(acme, content, "third", PASS)).omissions
    assert [omission.message for omission in omissions] == ["There is no trial of OpenAI."]


async def test_a_stored_key_goes_nowhere_that_a_file_says(acme: Session) -> None:
    data = json.loads(await text(acme))
    data["providers"]["openai"]["credentials"]["default"]["fields"]["base_url"] = "https://collector.example/v1"
    bundle = await import_plan.open_bundle(json.dumps(data).encode())
    with pytest.raises(UsageError, match=r"OpenAI default: The stored API key is only for https://api\.openai\.com"):
        await import_plan.plan(acme.tenant("acme"), bundle)
    token = {"api_token": Secret("hf_FAKE00000000000000000000000000000")}
    await save.save(acme.tenant("acme"), "huggingface", token)
    address = {"endpoint_type": "inference_endpoints", "task": "text-generation", "endpoint_url": "https://x.example"}
    model = {"id": "theirs", "type": "chat", "origin": "added", "fields": address}
    before = everything(acme)
    for named in ({"active": "default", "credentials": {"default": {"secrets": ["api_token"]}}}, {}):
        crafted = await import_plan.open_bundle(
            json.dumps(file_with({"huggingface": {"models": [model], **named}})).encode()
        )
        with pytest.raises(UsageError, match=r"would send the stored key of Hugging Face to https://x\.example"):
            await import_plan.plan(acme.tenant("acme"), crafted)
    assert everything(acme) == before


async def test_plain_http_beyond_this_machine_is_allowed_by_a_person_and_not_by_a_file(acme: Session) -> None:
    away = {
        "openai_compatible": {
            "credentials": {
                "default": {"fields": {"base_url": "http://models.example/v1"}, "plain_http": ["http://models.example"]}
            }
        }
    }
    bundle = await import_plan.open_bundle(json.dumps(file_with(away)).encode())
    plan = await import_plan.plan_new(acme, bundle, "other")
    assert plan.plain_http == ("http://models.example",)
    with pytest.raises(PlainHttp):
        await import_plan.carry_out(acme, plan)
    assert "other" not in tenant_registry.ids(acme)
    await import_plan.carry_out(acme, plan.allow_plain_http())
    assert stored_credentials.stored(acme.tenant("other"))[0].plain_http == ("http://models.example",)


@pytest.mark.slow
async def test_a_new_tenant_has_the_passphrase_that_was_typed(acme: Session) -> None:
    bundle = await import_plan.open_bundle((await text(acme, passphrase=PASS)).encode(), PASS)
    plan = await import_plan.plan_new(acme, bundle, "Ünlocked Lab", Secret("its own FAKE one"))
    await import_plan.carry_out(acme, plan)
    assert plan.tenant.id == "unlocked-lab" and tenant_registry.tenant_of(acme.tenant(plan.tenant.id)).protected
    keyring.lock(acme.tenant(plan.tenant.id))
    with pytest.raises(Locked):
        key_of(acme, plan.tenant.id)
    await tenants.unlock(acme.tenant(plan.tenant.id), Secret("its own FAKE one"))
    assert key_of(acme, plan.tenant.id) == KEY


# --- files from elsewhere ---------------------------------------------------------------------------------------------


def file_with(providers: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    whole = {"modeldeck": "settings", "version": 1, "tenant": {"id": "acme", "name": "acme"}, "defaults": {}}
    return whole | {"providers": providers or {}} | more


def openai(**credential: Any) -> dict[str, Any]:
    return file_with({"openai": credential})


SECRET = {"api_key": KEY}
HOSTILE: dict[str, Any] = {
    "another kind": {"modeldeck": "recipe"},
    "a newer version": file_with(version=2),
    "no version": {name: value for name, value in file_with().items() if name != "version"},
    "a version that is text": file_with(version="1"),
    "an unknown entry": file_with(extra=1),
    "a tenant that is text": file_with(tenant="acme"),
    "an unknown provider": file_with({"nobody": {}}),
    "a provider that leads elsewhere": file_with({"../openai": {}}),
    "a provider that is a list": file_with({"openai": []}),
    "a credential that leads elsewhere": openai(credentials={"../x": {"secrets": SECRET}}),
    "a credential without a name": openai(credentials={"": {"secrets": SECRET}}),
    "an unknown field": openai(credentials={"default": {"fields": {"nope": "1"}, "secrets": SECRET}}),
    "an unknown secret": openai(credentials={"default": {"secrets": {"nope": KEY}}}),
    "a field that is a number": openai(credentials={"default": {"fields": {"organization": 7}, "secrets": SECRET}}),
    "a secret that is a list": openai(credentials={"default": {"secrets": {"api_key": [KEY]}}}),
    "a secret with a line end": openai(credentials={"default": {"secrets": {"api_key": "sk\n\x00é"}}}),
    "a secret among the clear fields": openai(credentials={"default": {"fields": {"api_key": KEY}, "secrets": 1}}),
    "an address that is none": openai(
        credentials={"default": {"fields": {"base_url": "file:///x"}, "secrets": SECRET}}
    ),
    "an active one that is not there": openai(active="other"),
    "a source of nobody": openai(source="theirs"),
    "a model of an unknown type": openai(models=[{"id": "m", "type": "magic"}]),
    "a type that the provider does not serve": file_with({"anthropic": {"models": [{"id": "m", "type": "embedding"}]}}),
    "a model without an id": openai(models=[{"type": "chat"}]),
    "a model twice": openai(models=[{"id": "m", "type": "chat"}] * 2),
    "a model with blanks": openai(models=[{"id": "a b", "type": "chat"}]),
    "a model with codes": openai(models=[{"id": "a\x1b[2J", "type": "chat"}]),
    "a model of another provider": openai(models=[{"id": "m", "type": "chat", "provider": "anthropic"}]),
    "a model with endless context": openai(models=[{"id": "m", "type": "chat", "context": -1}]),
    "a model with a date that is none": openai(models=[{"id": "m", "type": "chat", "gone": "\x1b[2J"}]),
    "a model field that is a list": openai(models=[{"id": "m", "type": "chat", "fields": {"a": []}}]),
    "a default of an unknown type": file_with(defaults={"magic": "openai/m"}),
    "a default of nothing": file_with(defaults={"chat": "openai"}),
    "a default of an unknown provider": file_with(defaults={"chat": "nobody/m"}),
    "a default that is a number": file_with(defaults={"chat": 1}),
    "a fallback without a default": file_with(fallbacks={"chat": ["openai/m"]}),
    "a fallback of nothing": file_with(defaults={"chat": "openai/m"}, fallbacks={"chat": [1]}),
    "fallbacks of embedding": file_with(defaults={"embedding": "openai/m"}, fallbacks={"embedding": ["openai/n"]}),
    "more models than anybody needs": openai(models=[{"id": str(n), "type": "chat"} for n in range(50_001)]),
}
BYTES = {
    "nothing": b"",
    "no JSON": b"not JSON",
    "not text": b"\xff\xfe\x00",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "deep inside": b'{"modeldeck": "settings", "providers": ' + b'{"a":' * 100_000,
    "huge": b" " * (file_format.MAX_SIZE + 1),
    "twice": b'{"modeldeck": "settings", "modeldeck": "settings"}',
    "no number": b'{"modeldeck": "settings", "version": NaN}',
    "cut": json.dumps(file_with()).encode()[:-10],
    "endless number": b'{"modeldeck": "settings", "version": ' + b"9" * 5000 + b"}",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*HOSTILE, *BYTES])
async def test_a_file_that_is_not_as_it_should_be_is_refused_in_a_sentence_and_nothing_is_written(
    acme: Session, name: str
) -> None:
    content = BYTES[name] if name in BYTES else json.dumps(HOSTILE[name]).encode()
    before = everything(acme)
    for new in (False, True):
        with pytest.raises(UsageError) as caught:
            bundle = await import_plan.open_bundle(content)
            plan = import_plan.plan_new(acme, bundle, "other") if new else import_plan.plan(acme.tenant("acme"), bundle)
            await plan
        assert caught.value.message.endswith(".") and "\x1b" not in caught.value.message
        assert KEY not in caught.value.message + caught.value.hint
    assert everything(acme) == before


async def test_a_file_does_not_go_into_the_operators_settings(acme: Session) -> None:
    await trials.set_trial(acme, "openai", {"api_key": Secret(OTHER)}, ("gpt-5.4-mini",), 10)
    bundle = await import_plan.open_bundle(
        json.dumps(file_with(tenant={"id": "operator", "name": "operator"})).encode()
    )
    assert import_plan.target(acme, bundle) is None and import_plan.target(acme, bundle, "acme") == acme.tenant("acme")
    with pytest.raises(UsageError):
        tenant_registry.find(acme, "operator")


@pytest.mark.parametrize("change", [{"id": "../../x", "name": "x"}, {"id": "operator", "name": "x"}])
async def test_a_new_tenant_gets_an_id_of_its_own_making(acme: Session, change: dict[str, str]) -> None:
    bundle = await import_plan.open_bundle(json.dumps(file_with(tenant=change)).encode())
    assert import_plan.target(acme, bundle) is None
    with pytest.raises(UsageError):
        await import_plan.plan_new(acme, bundle)
    assert (await import_plan.plan_new(acme, bundle, "Named Here")).tenant.id == "named-here"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=12,
)
places = st.lists(st.sampled_from(["providers", "openai", "credentials", "default", "fields", "models", 0]), max_size=5)


def put(whole: Any, place: list[Any], value: Any) -> None:
    """Puts something where a place leads, as far as it leads anywhere."""
    for step in place:
        if isinstance(whole, list):
            step = 0
        if isinstance(whole, dict | list) and step in (whole if isinstance(whole, dict) else range(len(whole))):
            if not isinstance(whole[step], dict | list):
                whole[step] = value
                return
            whole = whole[step]
    if isinstance(whole, dict):
        whole[str(place)[:12]] = value
    elif isinstance(whole, list):
        whole.append(value)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(places, st.sampled_from(["id", "type", "secrets", "active", "source", "api_key", "context"]), anything)
def test_a_good_file_with_anything_in_it_is_read_or_refused(place: list[Any], name: str, value: Any) -> None:
    whole = openai(
        active="default",
        credentials={"default": {"fields": {"organization": "org-x"}, "secrets": dict(SECRET)}},
        models=[{"id": "m", "type": "chat"}],
    )
    put(whole, [*place, name], value)
    try:
        bundle = file_format.parse(file_format.read(json.dumps(whole).encode()))
        file_format.to_json(bundle)
    except UsageError as problem:
        assert problem.message.endswith(".") and KEY not in problem.message


names = st.text("abcdefgh-_.", min_size=1, max_size=12)
texts = st.text(max_size=30)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        names, st.tuples(st.dictionaries(names, texts, max_size=3), st.lists(names, unique=True)), max_size=4
    ),
    st.dictionaries(st.sampled_from(list(ModelType)), names, max_size=3),
    texts,
)
def test_what_is_written_is_read_again(
    credential: dict[str, tuple[dict[str, str], list[str]]], chosen: dict[ModelType, str], name: str
) -> None:
    whole = Bundle(
        "acme",
        name,
        tuple(
            FileCredential("openai", name, clear, tuple(sorted(needs)))
            for name, (clear, needs) in sorted(credential.items())
        ),
        defaults=tuple(Default(kind, "openai", model_id, "") for kind, model_id in sorted(chosen.items())),
    )
    try:
        content = file_format.to_json(whole).encode()
    except UnicodeEncodeError:
        return
    assert file_format.parse(file_format.read(content)) == whole
    assert file_format.to_json(replace(whole, credentials=whole.credentials[::-1])).encode() == content


# --- previous keys, and addresses that came with a file ----------------------------------------------------------


async def rotate(session: Session) -> None:
    await save.save(session.tenant("acme"), "openai", {"api_key": Secret(NEWER)}, rotate=True)


NEWER = "sk-FAKE-moving-canary-22222222-0001"


@pytest.mark.slow
async def test_a_tenant_with_a_previous_key_is_imported_with_it(acme: Session) -> None:
    await rotate(acme)
    content = await text(acme, passphrase=PASS)
    plan = await import_into(acme, content, "elsewhere", PASS)
    assert (key_of(acme, plan.tenant.id), key_of(acme, plan.tenant.id, "default.kept")) == (NEWER, KEY)
    listed = stored_credentials.listing(acme.tenant(plan.tenant.id), "openai")
    assert [(credential.name, credential.active) for credential in listed if credential.active] == [("default", True)]
    assert not (await import_into(acme, content, "elsewhere", PASS)).changes, "the same file again changes nothing"


@pytest.mark.slow
async def test_a_previous_key_that_is_not_in_the_file_is_reported_without_a_command(acme: Session) -> None:
    await rotate(acme)
    plan = await import_into(acme, await text(acme), "elsewhere")
    (message,) = [omission.message for omission in plan.omissions if ".kept" in omission.message]
    assert message == "OpenAI default.kept needs its key, which is not in the file; it was left out."


async def test_a_previous_key_alone_or_in_use_is_not_imported(acme: Session) -> None:
    previous = FileCredential("openai", "default.kept", {}, ("api_key",), {"api_key": Secret(KEY)})
    plan = await import_plan.plan_new(acme, Bundle("new", "new", (previous,)))
    assert "was left out" in plan.omissions[0].message and "credentials" not in plan.after
    used = {"active": "default.kept", "credentials": {"default.kept": {"secrets": {"api_key": KEY}}}}
    data = {"modeldeck": "settings", "version": 1, "tenant": {"id": "new", "name": "new"}, "defaults": {}}
    with pytest.raises(UsageError, match="uses the previous key"):
        file_format.parse(data | {"providers": {"openai": used}})


EVIL = "https://evil.example.test"
ENDPOINT = {"endpoint_type": "inference_endpoints", "endpoint_url": EVIL, "task": "text-generation"}


async def test_a_model_of_a_file_gets_no_key_that_is_set_up_later(acme: Session) -> None:
    token = Secret("hf_FAKE-token-of-nobody")
    model = Model("huggingface", "org/good", ModelType.CHAT, Origin.ADDED, fields=ENDPOINT)
    plan = await import_plan.plan_new(acme, Bundle("new", "new", models=(model,)))
    assert any(EVIL in audit.words(change) for change in plan.events), "the plan shows the address"
    await import_plan.carry_out(acme, plan)
    saved = await save.save(acme.tenant(plan.tenant.id), "huggingface", {"api_token": token})
    assert EVIL not in saved.origins
    # The control: a key that comes in the same file may go where its models are, and the plan says where.
    key = FileCredential("huggingface", "default", {}, ("api_token",), {"api_token": token})
    plan = await import_plan.plan_new(acme, Bundle("other", "other", (key,), models=(model,)))
    assert any("sent to" in audit.words(change) and EVIL in audit.words(change) for change in plan.events)


async def test_however_many_models_a_file_has_the_table_is_written_as_often(
    acme: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    write_table = Table._update_table

    def counted(table: Table, updater: Any) -> None:
        written.append(table.name)
        write_table(table, updater)

    monkeypatch.setattr(Table, "_update_table", counted)

    async def writes(count: int) -> int:
        written.clear()
        models = tuple(Model("openai", f"gpt-{n}", ModelType.CHAT) for n in range(count))
        await import_plan.plan_new(acme, Bundle("many", "many", models=models))
        return written.count("models")

    assert await writes(10) == await writes(40)


@pytest.mark.parametrize(
    ("provider_id", "model_id", "fields"),
    [
        ("openai", "gpt\u200e", {}),
        ("replicate", "../../account", {}),
        ("huggingface", "../account", {"task": "text-generation"}),
        ("azure_openai", "..", {"base_model": "gpt-6"}),
        ("wenxin", "../chat", {}),
    ],
)
async def test_a_file_with_a_model_id_that_cannot_be_one_is_not_imported(
    disk_session: Session, provider_id: str, model_id: str, fields: dict[str, str]
) -> None:
    await tenants.create(disk_session, "acme")
    model = Model(provider_id, "owner-name/name", ModelType.CHAT, Origin.ADDED, fields=fields)
    bundle = Bundle("acme", "acme", models=(model,))
    assert (await import_plan.plan(disk_session.tenant("acme"), bundle)).changes
    with pytest.raises(Problem):
        await import_plan.plan(disk_session.tenant("acme"), replace(bundle, models=(replace(model, id=model_id),)))
    content = file_format.to_json(bundle).replace("owner-name/name", model_id).encode()
    with pytest.raises(Problem):
        await import_plan.plan(disk_session.tenant("acme"), await import_plan.open_bundle(content))
