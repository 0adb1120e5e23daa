"""Azure OpenAI in practice: its documented streams, signing in with Entra ID, addresses that are taken apart."""

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.providers import calls
from tests.providers.facts import KEY, read
from tests.providers.http_server import QUICK, run, text_of
from tui.domain import Credential, Model, ModelType, Origin, VerificationState
from tui.errors import CredentialRejected, Problem, ScopeMissing, UsageError
from tui.practice import transport
from tui.practice.azure_openai.server import MODELS
from tui.practice.transport import fixture
from tui.providers import PROVIDERS
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.client.sse import Events
from tui.providers.events import Accepted, Finish, TextDelta
from tui.providers.events import Usage as Used
from tui.providers.requests import Call, ChatRequest, Message
from tui.providers.spec import mask_secrets
from tui.secret import Secret
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials import discovery, paste, save, verify
from tui.workspace.credentials.fields import validate
from tui.workspace.models import catalog

AZURE = PROVIDERS["azure_openai"]
HOST, LOGIN = "https://acme-east.openai.azure.com", "https://login.microsoftonline.com"
APPLICATION = {"directory_id": "acme.example", "client_id": "00000000-0000-4000-8000-000000000001"}
SECRET = "FAKE~client-secret-of-nobody-77c0"
TARGET = f"{HOST}/openai/deployments/gpt-east/chat/completions?api-version=2024-10-21"
OWN_MODEL = MODELS[0]


class Watched(httpx.AsyncBaseTransport):
    """The practice transport, and what was asked of it."""

    def __init__(self) -> None:
        self.inner = transport(0)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return await self.inner.handle_async_request(request)


def access(model: str = "", version: str = "", **secrets: str) -> Access:
    """Access with a key, or with the secret of an application."""
    boxes = {name: Secret(text) for name, text in (secrets or {"api_key": KEY}).items()}
    clear = {"endpoint": HOST, "api_version": version} | (APPLICATION if "client_secret" in boxes else {})
    fields = mask_secrets(clear, boxes)
    return Access(AZURE, fields, AZURE.origins(fields), secrets=lambda: boxes, model=model)


def question(values: Access, text: str = "Why is the sky blue?", model: Model = OWN_MODEL, stream: bool = True) -> Call:
    return calls.chat(AZURE, values.fields, ChatRequest(model, (Message("user", text),), {}, stream))


async def answers(
    text: str = "Why is the sky blue?", model: Model = OWN_MODEL, stream: bool = True, **values: str
) -> calls.Outcome:
    method = access(model.id, **values)
    return await run(Client({}, transport(0), QUICK), method, question(method, text, model, stream))


def documented(name: str) -> list[Any]:
    """What a chat's reader makes of a stream as the documentation shows it."""
    fed = Events().feed(fixture("azure_openai", name))
    return read(question(access()), *[data if data == "[DONE]" else json.loads(data) for data, _ in fed], end=False)


def test_the_documented_streams() -> None:
    assert documented("chat.sse") == [TextDelta("Grey, with rain."), Used(11, 6), Finish("stop")]
    delta, cut = documented("chat_filtered.sse")
    assert delta == TextDelta("Once there was")
    assert (cut.complete, cut.note) == (False, "The content filter cut the answer: protected text.")


# --- signing in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["", "2024-10-21"])
async def test_an_application_signs_in_once_and_every_host_gets_its_own_secret(version: str) -> None:
    watched = Watched()
    wire, values = Client({}, watched, QUICK), access(OWN_MODEL.id, version, client_secret=SECRET)
    events, problem = await run(wire, values, AZURE.verify(values.fields))
    assert (events, problem) == ([Accepted()], None)
    for _ in range(2):
        events, problem = await run(wire, values, question(values))
        assert problem is None and text_of(events)
    login, *calls = watched.requests
    assert [request.url.host for request in watched.requests] == [LOGIN.removeprefix("https://")] + [HOST[8:]] * 3
    assert str(login.url) == f"{LOGIN}/acme.example/oauth2/v2.0/token"
    assert login.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in login.headers
    for call in calls:
        assert call.headers["authorization"] == f"Bearer FAKE-token-for-{SECRET}"
        assert "api-key" not in call.headers
        assert SECRET.encode() not in call.content
        assert dict(call.url.params) == ({"api-version": version} if version else {})


async def test_the_key_of_a_resource_goes_to_no_other_host() -> None:
    watched = Watched()
    values = access(OWN_MODEL.id)
    _, problem = await run(Client({}, watched, QUICK), values, question(values))
    assert problem is None
    assert [str(request.url) for request in watched.requests] == [f"{HOST}/openai/v1/chat/completions"]
    assert watched.requests[0].headers["api-key"] == KEY
    assert "authorization" not in watched.requests[0].headers


@pytest.mark.parametrize(
    ("word", "kind", "says"),
    [
        ("refused", CredentialRejected, "Entra ID does not accept this client secret."),
        ("restricted", ScopeMissing, "Entra ID knows this application, but it has no role on this resource."),
    ],
)
async def test_a_secret_that_is_wrong_and_an_application_without_a_role_are_distinguished(
    word: str, kind: type[Problem], says: str
) -> None:
    values = access(client_secret=f"FAKE-{word}-secret-of-nobody")
    events, problem = await run(Client({}, transport(0), QUICK), values, AZURE.verify(values.fields))
    assert events == []
    assert problem
    assert (type(problem), problem.message) == (kind, says)
    assert problem
    assert f"FAKE-{word}" not in problem.hint + problem.detail


# --- deployments ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["", "2024-10-21"])
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gpt-west", "This resource has no deployment gpt-west."),
        ("gpt-5.4-mini", "gpt-5.4-mini is the name of a model, and this resource has no deployment that is called so."),
        ("embed-east", "The model behind embed-east does not support this."),
    ],
)
async def test_a_deployment_that_is_none_is_named_for_what_it_is(name: str, says: str, version: str) -> None:
    _, problem = await answers(model=replace(OWN_MODEL, id=name), api_key=KEY, version=version)
    assert problem and problem.message == says


async def test_a_question_and_an_answer_that_the_filter_stops() -> None:
    _, problem = await answers("Please fail")
    assert problem and "jailbreak" in problem.message
    events, problem = await answers("Tell me a fairy tale")
    assert problem is None
    assert text_of(events) == "Once there was"
    assert not calls.finish(events).complete


# --- set up -----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def tenant_id(disk_session: Session) -> str:
    return (await tenants.create(disk_session, "acme")).id


async def saved(session: Session, tenant_id: str, **values: str) -> Credential:
    args: dict[str, str | Secret] = {
        name: Secret(text) if AZURE.field(name).secret else text for name, text in values.items()
    }
    verified = await verify.verify(session.tenant(tenant_id), AZURE.id, args)
    return await save.save(session.tenant(tenant_id), AZURE.id, args, check=verified.check, listed=verified.listed)


async def test_it_is_set_up_and_nothing_is_imported(disk_session: Session, tenant_id: str) -> None:
    stored = await saved(disk_session, tenant_id, endpoint=TARGET, api_key=KEY)
    assert (stored.clear, stored.origins) == ({"endpoint": HOST, "api_version": "2024-10-21"}, (HOST,))
    assert stored.check.state is VerificationState.READY
    assert catalog.listing(disk_session.tenant(tenant_id), provider=AZURE.id) == []


@pytest.mark.slow
async def test_one_auth_method_takes_the_place_of_the_other(disk_session: Session, tenant_id: str) -> None:
    await saved(disk_session, tenant_id, endpoint=HOST, api_key=KEY)
    stored = await saved(disk_session, tenant_id, client_secret=SECRET, **APPLICATION)
    assert (set(stored.hints), stored.origins) == ({"client_secret"}, (HOST, LOGIN))
    assert stored.clear == {"endpoint": HOST} | APPLICATION
    # The secret stays where only the application changes.
    other = "00000000-0000-4000-8000-000000000002"
    assert (await saved(disk_session, tenant_id, client_id=other)).clear["client_id"] == other
    stored = await saved(disk_session, tenant_id, api_key=KEY)
    assert (set(stored.hints), stored.clear, stored.origins) == ({"api_key"}, {"endpoint": HOST}, (HOST,))
    with pytest.raises(UsageError, match="API key or Entra ID application, not both"):
        await saved(disk_session, tenant_id, api_key=KEY, client_secret=SECRET)


def test_what_was_typed_wins_over_what_an_address_holds() -> None:
    fields, _ = validate(AZURE, {"endpoint": TARGET, "api_version": "2025-03-01-preview", "api_key": Secret(KEY)}, None)
    assert fields == {"endpoint": HOST, "api_version": "2025-03-01-preview"}
    with pytest.raises(UsageError, match="is not an address"):
        validate(AZURE, {"endpoint": "https://", "api_key": Secret(KEY)}, None)


def test_a_key_of_another_provider_is_reported_by_its_beginning() -> None:
    field = AZURE.field("api_key")
    assert paste.likely_provider(AZURE.id, field, "sk-proj-FAKE-of-nobody") == "openai"
    assert paste.likely_provider(AZURE.id, field, KEY) == ""
    assert paste.key_kind(field, KEY) == ""


def test_the_environment_offers_an_auth_method_that_is_whole(disk_session: Session) -> None:
    disk_session.environ = {"AZURE_OPENAI_ENDPOINT": HOST, "AZURE_CLIENT_SECRET": SECRET}
    assert discovery.discover_keys(disk_session, AZURE) is None
    ids = {"AZURE_TENANT_ID": "acme.example", "AZURE_CLIENT_ID": APPLICATION["client_id"]}
    disk_session.environ |= ids
    result = discovery.discover_keys(disk_session, AZURE)
    assert result and (result.variable, result.base_url_variable) == ("AZURE_CLIENT_SECRET", "AZURE_OPENAI_ENDPOINT")
    assert result.values == {"endpoint": HOST, "client_secret": Secret(SECRET)} | APPLICATION
    disk_session.environ |= {"AZURE_OPENAI_API_KEY": KEY}
    result = discovery.discover_keys(disk_session, AZURE)
    assert result and (result.variable, result.values) == (
        "AZURE_OPENAI_API_KEY",
        {"endpoint": HOST, "api_key": Secret(KEY)},
    )


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS, ids=lambda value: value.id)
async def test_deployments_of_every_type_are_added_after_a_call(
    disk_session: Session, tenant_id: str, model: Model
) -> None:
    await saved(disk_session, tenant_id, endpoint=HOST, api_key=KEY)
    added = await catalog.add(disk_session.tenant(tenant_id), AZURE.id, model.id, model.type, model.fields)
    assert (added.id, added.type, added.origin) == (model.id, model.type, Origin.ADDED)
    assert added.fields["base_model"] == model.fields["base_model"]
    assert added.dimensions == (1536 if model.type is ModelType.EMBEDDING else 0)


async def test_a_deployment_is_not_added_as_what_its_model_is_not(disk_session: Session, tenant_id: str) -> None:
    await saved(disk_session, tenant_id, endpoint=HOST, api_key=KEY)
    base = {"base_model": "text-embedding-3-small"}
    with pytest.raises(Problem, match="text-embedding-3-small is for embedding"):
        await catalog.add(disk_session.tenant(tenant_id), AZURE.id, "embed-east", ModelType.CHAT, base)
    with pytest.raises(UsageError, match="Base model is missing"):
        await catalog.add(disk_session.tenant(tenant_id), AZURE.id, "gpt-east", ModelType.CHAT, {})
