"""Added models: found, looked at, verified and kept with the addresses of their own that the key may go to."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.providers.http_server import QUICK, Answer, Server, http, serve
from tests.providers.registry import register
from tui.cli.runner import run as run_command
from tui.domain import Credential, ImportMode, Model, ModelType, Origin
from tui.errors import CredentialRejected, Locked, Problem, UsageError
from tui.providers import PROVIDERS
from tui.providers.client.client import Client
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import chat
from tui.providers.events import Accepted, Event, ModelDetails, SearchResult, SearchResults
from tui.providers.origins import origin_of
from tui.providers.requests import Call, Frame, Reader
from tui.providers.spec import Choice, Field, Provider
from tui.secret import Secret
from tui.tenancy import credentials, keyring, models, verification
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials import rotation, save, status
from tui.workspace.credentials import verify as verify_credential
from tui.workspace.credentials.fields import FieldProblem
from tui.workspace.credentials.save_plan import PlainHttp
from tui.workspace.key_pairs import rotation as key_rotation
from tui.workspace.models import add as add_model
from tui.workspace.models import catalog, defaults

KEY = "hf_FAKE-key-of-a-hosting-provider-0001"
CHAT, EMBEDDING = ModelType.CHAT, ModelType.EMBEDDING
ANSWER = http({"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]})
KNOWN = http({"engine": "tgi", "note": "paid by \u202ethe hour"})
OF_ENDPOINTS = ("kind", "endpoint")
FIELDS = (
    Field("kind", "Kind", default="hosted", choices=(Choice("hosted", "Hosted"), Choice("endpoint", "Endpoint"))),
    Field("url", "Endpoint URL", required=True, url=True, strip_suffixes=("/v1",), visible_when=OF_ENDPOINTS),
    Field(
        "owner",
        "Owner",
        "Who it belongs to.",
        pattern="[a-z]+",
        pattern_help="Small letters.",
        visible_when=OF_ENDPOINTS,
    ),
)
FLAVOUR = openai_api.Flavour(lambda entry: None, max_tokens_field="max_tokens", vectors="float")


def hosting(base_url: str) -> Provider:
    """A hosting provider that lists nothing: its models are added, some with an address of their own."""

    def at(model: Model) -> str:
        return model.fields.get("url", "") or base_url

    def learn(model: Model) -> Callable[[], Reader]:
        def read(frame: Frame | None) -> Iterator[Event]:
            if frame is None:
                return
            fields = {**model.fields, "engine": frame.data["engine"]}
            yield ModelDetails(replace(model, id=model.id.lower(), fields=fields), frame.data["note"])

        return lambda: read

    def matches(frame: Frame | None) -> list[Event]:
        return (
            [SearchResults(tuple(SearchResult(model_id, f"note\x1b[31m {model_id}") for model_id in frame.data))]
            if frame
            else []
        )

    return replace(
        PROVIDERS["openai_compatible"],
        import_mode=ImportMode.ADDED,
        fields=(Field("api_key", "API token", secret=True, required=True),),
        origins=lambda fields: (origin_of(base_url),),
        model_origins=lambda fields, model: (origin_of(model.fields["url"]),) if model.fields.get("url") else (),
        verify=lambda fields: Call("GET", f"{base_url}/whoami", lambda: lambda frame: [Accepted()] if frame else []),
        list_models=None,
        local_servers=(),
        model_fields=FIELDS,
        chat=lambda fields, ask: chat.chat(FLAVOUR, {"base_url": at(ask.model)}, ask),
        inspect_model=lambda fields, model: Call("GET", f"{at(model)}/look", learn(model)),
        search=lambda fields, text, kind: Call("GET", f"{base_url}/s", lambda: matches, query={"q": text, "t": kind}),
        field_options={
            "owner": lambda fields, values: Call("GET", f"{base_url}/owners", lambda: matches, query=dict(values))
        },
    )


@dataclass
class Place:
    session: Session
    tenant_id: str
    server: Server

    async def add(self, name: str = "org/Model", **more: Any) -> Model:
        return await catalog.add(self.session.tenant(self.tenant_id), "openai_compatible", name, CHAT, **more)

    @property
    def credential(self) -> Credential:
        credential = credentials.active(self.session.tenant(self.tenant_id), "openai_compatible")
        assert credential
        return credential

    @property
    def targets(self) -> list[str]:
        return [request.target for request in self.server.requests]


class PlaceMaker(Protocol):
    """Starts a hosting provider that gives these answers, for a tenant that is set up."""

    def __call__(self, *answers: Answer, passphrase: str = "") -> AbstractAsyncContextManager[Place]: ...


@pytest.fixture
def place(disk_session: Session, monkeypatch: pytest.MonkeyPatch) -> PlaceMaker:
    @asynccontextmanager
    async def running(*answers: Answer, passphrase: str = "") -> AsyncIterator[Place]:
        async with serve(*answers) as server:
            register(monkeypatch, hosting(server.base_url))
            wire = Client({}, limits=QUICK)
            session = replace(disk_session, client_factory=lambda: wire)
            tenant = await tenants.create(session, "acme", Secret(passphrase) if passphrase else None)
            await save.save(session.tenant(tenant.id), "openai_compatible", {"api_key": Secret(KEY)})
            yield Place(session, tenant.id, server)
            await wire.aclose()

    return running


ENDPOINT = {"kind": "endpoint"}


@pytest.mark.slow
async def test_a_model_is_inspected_then_called_then_kept(place: PlaceMaker) -> None:
    async with place([KNOWN], [ANSWER]) as at:
        notes: list[str] = []
        added = await at.add(notify=notes.append)
        assert added == Model(
            "openai_compatible", "org/model", CHAT, Origin.ADDED, fields={"kind": "hosted", "engine": "tgi"}
        )
        assert models.find(at.session.tenant(at.tenant_id), added.ref) == added
        assert at.targets == ["/v1/look", "/v1/chat/completions"]
        assert notes == ["paid by the hour"]
        # What the provider told stays while nothing changes, and goes when something does.
        assert await catalog.edit(at.session.tenant(at.tenant_id), added, {"kind": "hosted"}, verify=False) == added
        with pytest.raises(UsageError, match="already exists"):
            await at.add("org/model", verify=False)


async def test_a_model_that_is_not_verified_is_not_inspected_either(place: PlaceMaker) -> None:
    async with place([KNOWN]) as at:
        assert (await at.add(verify=False)).fields == {"kind": "hosted"}
        assert at.targets == []


@pytest.mark.parametrize("answers", [([http({}, 401)],), ([KNOWN], [http({"error": {"message": "no"}}, 404)])])
async def test_what_is_refused_is_not_kept_nor_its_address(place: PlaceMaker, answers: tuple[list[bytes], ...]) -> None:
    async with place([ANSWER]) as at, serve(*answers) as endpoint:
        before = at.credential
        with pytest.raises(Problem):
            await at.add(fields={**ENDPOINT, "url": endpoint.base_url})
        assert endpoint.connections
        assert at.credential == before
        assert catalog.listing(at.session.tenant(at.tenant_id)) == []


@pytest.mark.slow
async def test_an_address_of_its_own_is_sealed_with_the_key(place: PlaceMaker) -> None:
    async with place([ANSWER]) as at, serve([KNOWN], [ANSWER]) as endpoint:
        before = at.credential
        added = await at.add(fields={**ENDPOINT, "url": f"{endpoint.base_url}/v1/"})
        assert added.fields["url"] == endpoint.base_url
        assert at.credential.origins == (*before.origins, endpoint.origin)
        assert at.credential.envelope != before.envelope
        assert endpoint.requests[-1].headers["authorization"] == f"Bearer {KEY}"
        assert "answered" in await catalog.test(at.session.tenant(at.tenant_id), added)
        assert len(endpoint.requests) == 3
        # Saved anew, the key may still go there; another credential may once it is used.
        await save.save(at.session.tenant(at.tenant_id), "openai_compatible", {"api_key": Secret(KEY)})
        assert endpoint.origin in at.credential.origins
        assert await catalog.test(at.session.tenant(at.tenant_id), added)


@pytest.mark.slow
async def test_a_credential_that_is_used_instead_may_go_to_the_addresses_of_the_models(place: PlaceMaker) -> None:
    async with place([ANSWER]) as at, serve([KNOWN], [ANSWER]) as endpoint:
        second = {"api_key": Secret("hf_FAKE-second-key")}
        await save.save(at.session.tenant(at.tenant_id), "openai_compatible", second, name="second")
        added = await at.add(fields={**ENDPOINT, "url": endpoint.base_url})
        await status.use(at.session.tenant(at.tenant_id), "openai_compatible", "second")
        assert (at.credential.name, at.credential.origins[-1]) == ("second", endpoint.origin)
        await catalog.test(at.session.tenant(at.tenant_id), added)
        assert endpoint.requests[-1].headers["authorization"] == "Bearer hf_FAKE-second-key"


@pytest.mark.slow
async def test_with_a_model_its_address_goes_unless_another_one_needs_it(place: PlaceMaker) -> None:
    async with place([ANSWER], passphrase="FAKE long passphrase") as at, serve([KNOWN], [ANSWER]) as endpoint:
        before = at.credential.origins
        own = {**ENDPOINT, "url": endpoint.base_url}
        added = [await at.add(name, fields=own, verify=False) for name in ("org/one", "org/two")]
        assert at.credential.origins == (*before, endpoint.origin)
        await catalog.remove(at.session.tenant(at.tenant_id), added[0])
        assert at.credential.origins == (*before, endpoint.origin)
        await catalog.remove(at.session.tenant(at.tenant_id), added[1])
        assert (
            at.credential.origins == before
            and not verification.integrity_status(at.session.tenant(at.tenant_id)).findings
        )
        assert (
            credentials.access(at.session.tenant(at.tenant_id), "openai_compatible").secrets()["api_key"].reveal()
            == KEY
        )
        moved = await at.add(fields=own, verify=False)
        await catalog.edit(at.session.tenant(at.tenant_id), moved, {"url": "https://other.example.test"}, verify=False)
        assert at.credential.origins == (*before, "https://other.example.test")
        keyring.lock(at.session.tenant(at.tenant_id))
        await catalog.remove(at.session.tenant(at.tenant_id), models.find(at.session.tenant(at.tenant_id), moved.ref))
        assert at.credential.origins == (*before, "https://other.example.test"), "sealed for it until it is opened"
        await tenants.unlock(at.session.tenant(at.tenant_id), Secret("FAKE long passphrase"))
        await status.use(at.session.tenant(at.tenant_id), "openai_compatible", "default")
        assert at.credential.origins == before


async def test_a_key_goes_to_no_address_that_was_not_sealed(place: PlaceMaker) -> None:
    async with place([ANSWER]) as at, serve([ANSWER]) as elsewhere:
        edited = Model("openai_compatible", "x", CHAT, Origin.ADDED, fields={**ENDPOINT, "url": elsewhere.base_url})
        with pytest.raises(UsageError, match="is not among the addresses"):
            await catalog.test(at.session.tenant(at.tenant_id), edited)
        assert elsewhere.connections == 0


@pytest.mark.slow
async def test_an_address_is_added_only_while_the_tenant_is_open(place: PlaceMaker) -> None:
    async with place([ANSWER], passphrase="FAKE long passphrase") as at, serve([KNOWN], [ANSWER]) as endpoint:
        keyring.lock(at.session.tenant(at.tenant_id))
        for verify in (True, False):
            with pytest.raises(Locked):
                await at.add(fields={**ENDPOINT, "url": endpoint.base_url}, verify=verify)
        assert endpoint.connections == 0
        await tenants.unlock(at.session.tenant(at.tenant_id), Secret("FAKE long passphrase"))
        await at.add(fields={**ENDPOINT, "url": endpoint.base_url}, verify=False)
        assert endpoint.origin in at.credential.origins


async def test_an_address_in_plain_http_is_confirmed(place: PlaceMaker) -> None:
    url = "http://models.example.test/v1"
    async with place([ANSWER]) as at:
        with pytest.raises(PlainHttp) as caught:
            await at.add(fields={**ENDPOINT, "url": url})
        assert (caught.value.field, caught.value.origins) == ("url", ("http://models.example.test",))
        await at.add(fields={**ENDPOINT, "url": url}, verify=False, plain_http=caught.value.origins)
        assert at.credential.plain_http == ("http://models.example.test",)
        assert at.credential.origins[-1] == "http://models.example.test"


def plant(at: Place, url: str) -> Model:
    """Write an address into the record of an added model, as someone can who can write that file."""
    tenant = at.session.tenant(at.tenant_id)
    with tenant.store.transaction() as tables:
        tables.table("models").update(
            {"fields": {**ENDPOINT, "url": url}}, lambda record: record["id"] == "org/planted"
        )
    return models.find(tenant, "openai_compatible/org/planted")


async def saved_again(at: Place) -> None:
    await save.save(at.session.tenant(at.tenant_id), "openai_compatible", {"api_key": Secret(KEY)})


async def rotated_and_restored(at: Place) -> None:
    tenant = at.session.tenant(at.tenant_id)
    await save.save(tenant, "openai_compatible", {"api_key": Secret("hf_FAKE-new-key-00000000000")}, rotate=True)
    await rotation.restore_previous(tenant, "openai_compatible", "default")


async def another_used_and_back(at: Place) -> None:
    tenant = at.session.tenant(at.tenant_id)
    await save.save(tenant, "openai_compatible", {"api_key": Secret(KEY)}, name="second")
    await status.use(tenant, "openai_compatible", "second")
    await status.use(tenant, "openai_compatible", "default")


async def another_model_added(at: Place) -> None:
    await at.add("org/other", verify=False)


async def another_model_removed(at: Place) -> None:
    await catalog.remove(at.session.tenant(at.tenant_id), await at.add("org/other", verify=False))


async def edited_in_another_field(at: Place) -> None:
    tenant = at.session.tenant(at.tenant_id)
    model = models.find(tenant, "openai_compatible/org/planted")
    for verified in (True, False):
        with pytest.raises(FieldProblem, match="was not entered by you"):
            await catalog.edit(tenant, model, {"owner": "acme"}, verify=verified)


async def sealed_for_a_new_key_pair(at: Place) -> None:
    await key_rotation.rotate(at.session.tenant(at.tenant_id), Secret("FAKE long passphrase"))


@pytest.mark.slow
@pytest.mark.parametrize("passphrase", ["FAKE long passphrase", ""], ids=["with a passphrase", "without"])
@pytest.mark.parametrize(
    "resealed",
    [
        saved_again,
        rotated_and_restored,
        another_used_and_back,
        another_model_added,
        another_model_removed,
        edited_in_another_field,
        sealed_for_a_new_key_pair,
    ],
)
async def test_an_address_that_was_written_into_the_file_gets_no_key_whatever_is_done_then(
    place: PlaceMaker, passphrase: str, resealed: Callable[[Place], Awaitable[None]]
) -> None:
    async with place([ANSWER], passphrase=passphrase) as at, serve([ANSWER]) as evil:
        await at.add("org/planted", verify=False)
        planted = plant(at, evil.base_url)
        await resealed(at)
        assert evil.origin not in at.credential.origins
        with pytest.raises(Problem):
            await catalog.test(at.session.tenant(at.tenant_id), planted)
        assert evil.connections == 0
        # The control: entered by a person, the same address gets the key.
        await catalog.edit(at.session.tenant(at.tenant_id), planted, {"url": evil.base_url}, verify=False)
        assert await catalog.test(at.session.tenant(at.tenant_id), planted) and evil.connections


@pytest.mark.slow
@pytest.mark.parametrize("passphrase", ["FAKE long passphrase", ""], ids=["with a passphrase", "without"])
async def test_a_key_that_is_restored_takes_over_no_address_of_a_record_without_a_key(
    place: PlaceMaker, passphrase: str
) -> None:
    async with place([ANSWER], passphrase=passphrase) as at, serve([ANSWER]) as evil:
        tenant = at.session.tenant(at.tenant_id)
        await at.add("org/planted", verify=False)
        await save.save(tenant, "openai_compatible", {"api_key": Secret("hf_FAKE-new-key-00000000000")}, rotate=True)
        planted = plant(at, evil.base_url)
        keyless: Mapping[str, Any] = {"envelope": "", "hints": {}, "fingerprints": {}, "origins": [evil.origin]}
        with tenant.store.transaction() as tables:
            tables.table("credentials").update(dict(keyless), lambda record: record["name"] == "default")
        with pytest.raises(Locked):
            await rotation.restore_previous(tenant, "openai_compatible", "default")
        with pytest.raises(Problem):
            await catalog.test(tenant, planted)
        assert evil.connections == 0


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kind": "other"}, "Kind is one of hosted, endpoint."),
        ({"kind": "endpoint"}, "Endpoint URL is missing."),
        ({"kind": "endpoint", "url": "ftp://x"}, "ftp://x is not an http address."),
        ({"kind": "endpoint", "url": "https://x.test", "owner": "A B"}, "Small letters."),
        ({"url": "https://x.test"}, "Endpoint URL is only for Kind Endpoint."),
        ({"colour": "red"}, "Models of OpenAI-compatible have no field colour."),
    ],
)
async def test_fields_are_checked_before_anything_is_sent(
    place: PlaceMaker, fields: Mapping[str, str], says: str
) -> None:
    async with place([ANSWER]) as at:
        with pytest.raises(FieldProblem) as caught:
            await at.add(fields=fields)
        assert caught.value.message == says
        assert at.targets == []


def test_fields_that_do_not_belong_any_more_are_left_out() -> None:
    provider = hosting("https://x.test")
    before = {"kind": "endpoint", "url": "https://y.test", "owner": "me", "engine": "tgi"}
    assert add_model.fields_of(provider, {"kind": "hosted"}, before) == {"kind": "hosted"}
    assert add_model.fields_of(provider, {"owner": ""}, before) == {"kind": "endpoint", "url": "https://y.test"}
    assert add_model.fields_of(provider, {"url": "https://y.test"}, before) == before
    assert [add_model.belongs(field, {"kind": "hosted"}) for field in FIELDS] == [True, False, False]


async def test_models_and_values_are_listed(place: PlaceMaker) -> None:
    async with place([http(["org/one", "org/two", "bad\nid", ""])], [http(["me"])]) as at:
        hits = await add_model.search(at.session.tenant(at.tenant_id), "openai_compatible", " one ", CHAT)
        assert [(result.id, result.note) for result in hits] == [
            ("org/one", "note[31m org/one"),
            ("org/two", "note[31m org/two"),
        ]
        assert (await add_model.suggestions(at.session.tenant(at.tenant_id), "openai_compatible", "owner", ENDPOINT))[
            0
        ].id == "me"
        assert await add_model.suggestions(at.session.tenant(at.tenant_id), "openai_compatible", "url", {}) == ()
        assert at.targets == ["/v1/s?q=one&t=chat", "/v1/owners?kind=endpoint"]


async def test_a_provider_without_a_search_finds_nothing(session: Session) -> None:
    assert await add_model.search(session.tenant("acme"), "openai", "gpt", CHAT) == ()


async def test_a_search_with_a_key_that_is_refused(place: PlaceMaker) -> None:
    async with place([http({}, 401)]) as at:
        with pytest.raises(CredentialRejected):
            await add_model.search(at.session.tenant(at.tenant_id), "openai_compatible", "one", CHAT)


@pytest.mark.slow
async def test_a_provider_that_lists_nothing_is_set_up_and_used_all_the_same(place: PlaceMaker) -> None:
    async with place([http({"name": "me"})], [KNOWN], [ANSWER]) as at:
        values = {"api_key": Secret(KEY)}
        verified = await verify_credential.verify(at.session.tenant(at.tenant_id), "openai_compatible", values)
        assert (verified.check.state, verified.listed) == ("ready", None)
        await save.save(at.session.tenant(at.tenant_id), "openai_compatible", values, check=verified.check)
        row = status.row(at.session.tenant(at.tenant_id), "openai_compatible")
        assert (row.state, row.models, row.added) == ("ready", 0, 0)
        with pytest.raises(UsageError, match="added by hand"):
            await catalog.refresh(at.session.tenant(at.tenant_id), "openai_compatible")
        added = await at.add()
        await defaults.set(at.session.tenant(at.tenant_id), CHAT, added.ref)
        assert status.row(at.session.tenant(at.tenant_id), "openai_compatible").added == 1
        await save.save(at.session.tenant(at.tenant_id), "openai_compatible", values, check=verified.check)
        assert models.find(at.session.tenant(at.tenant_id), added.ref) == added
        await catalog.remove(at.session.tenant(at.tenant_id), added)
        assert models.defaults(at.session.tenant(at.tenant_id)) == {}


@pytest.mark.slow
def test_fields_are_named_on_the_command_line(
    place: PlaceMaker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    register(monkeypatch, hosting("http://localhost:9/v1"))
    for name in ("DATA", "CONFIG", "KEY"):
        monkeypatch.setenv(f"MODELDECK_{name}_DIR", str(tmp_path / name))
    (tmp_path / "key").write_text(KEY)
    assert run_command(["tenant", "create", "acme"]) == 0
    assert run_command(["provider", "set", "openai_compatible", f"api_key=@{tmp_path / 'key'}", "--no-verify"]) == 0
    add = ["model", "add", "openai_compatible", "org/model", "--type", "chat", "--no-verify"]
    capsys.readouterr()
    assert run_command([*add, "url=https://y.test"]) == 2
    assert "Endpoint URL is only for Kind Endpoint." in capsys.readouterr().err
    assert run_command([*add, "kind=endpoint", "url=http://y.test"]) == 2
    assert "--allow-http" in capsys.readouterr().err
    assert run_command([*add, "kind=endpoint", "url=http://y.test/v1", "--allow-http", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fields"] == {"kind": "endpoint", "url": "http://y.test"}
    assert run_command(["model", "edit", "openai_compatible", "org/model", "kind=hosted", "--no-verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fields"] == {"kind": "hosted"}
    assert run_command(["model", "remove", "openai_compatible", "org/model"]) == 0
