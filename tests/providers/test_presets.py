"""Presets: each is a whole provider, its key goes to its own addresses alone, and its facts have sources."""

import tomllib
from contextlib import aclosing
from importlib.resources import files
from urllib.parse import urlsplit

import httpx
import pytest

from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.providers import PROVIDERS
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.events import Accepted, Event
from tui.providers.openai_compatible.presets import kinds, presets
from tui.providers.origins import is_loopback, origin_of
from tui.providers.requests import ChatRequest, Message
from tui.secret import Secret
from tui.tenancy import connections as tenant_connections
from tui.tenancy import credentials
from tui.tenancy.session import Session
from tui.workspace import connections, tenants
from tui.workspace.credentials import lifetime, save, verify
from tui.workspace.models import catalog
from tui.workspace.playground import calls

DECLARED = tomllib.loads((files("tui.providers.openai_compatible") / "presets.toml").read_text(encoding="utf-8"))
KEY = "FAKE-0000-2222-4444-6666-8888"
NAMES = (
    *("deepseek", "mistral", "groq", "xai", "openrouter", "gemini", "moonshot", "siliconflow", "zhipu", "together"),
    *("fireworks", "volcengine", "ollama", "vllm", "llama_cpp", "lm_studio", "litellm"),
)


def test_every_preset_is_a_kind_and_none_is_called_like_a_provider() -> None:
    assert (*presets(),) == NAMES
    assert not {*presets()} & {*PROVIDERS}
    assert {*kinds()} == {*presets(), *PROVIDERS}


@pytest.mark.parametrize("name", NAMES)
def test_the_facts_of_a_preset_have_sources_and_fit_together(name: str) -> None:
    entries, preset = DECLARED[name], presets()[name]
    assert entries["sources"]
    assert set(entries.get("lacks", ())) == {*ModelType} - {*preset.types}
    for url in entries["base_urls"].values():
        local = is_loopback(origin_of(url))
        assert local if entries.get("local") else urlsplit(url).scheme == "https" and not local
    assert preset.field("api_key").required is not bool(entries.get("local"))
    assert preset.key_page.startswith("https://") is not bool(entries.get("local"))
    first, *others = entries["base_urls"].values()
    assert others or preset.field("base_url").help == f"Blank for {first}."


@pytest.mark.parametrize("name", ["moonshot", "siliconflow", "zhipu"])
def test_where_a_key_of_another_region_is_created_is_in_the_help_of_its_field(name: str) -> None:
    entries, preset = DECLARED[name], presets()[name]
    (_, first), (label, other) = entries["key_page"].items()
    assert [*entries["key_page"]] == [*entries["base_urls"]]
    assert preset.key_page == first
    assert preset.field("api_key").help.endswith(f"For {label}, create it at {other}.")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
async def test_a_preset_is_verified_imported_and_used_at_its_own_address(disk_session: Session, name: str) -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if request.url.path.endswith("/key"):
            assert request.method == "GET"
            return httpx.Response(200, json={"data": {"label": "sk-or-v1-FAKE", "expires_at": "2031-05-06T23:59:59Z"}})
        if request.url.path.endswith("/models"):
            return httpx.Response(200, json={"object": "list", "data": [{"id": "a-model", "object": "model"}]})
        message = {"role": "assistant", "content": "yes"}
        return httpx.Response(200, json={"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    disk_session.client_factory = lambda: Client({}, transport=httpx.MockTransport(answer))
    acme = disk_session.tenant((await tenants.create(disk_session, "acme")).id)
    provider = await connections.add(acme, name, name)
    assert tenant_connections.find_provider(acme, name) is not None
    values: dict[str, str | Secret] = {"api_key": Secret(KEY)}
    verified = await verify.verify(acme, name, values)
    stored = await save.save(acme, name, values, check=verified.check, listed=verified.listed)
    (model,) = catalog.listing(acme, provider=name)
    assert model.ref == f"{name}/a-model"
    async for _ in calls.chat(acme, model, (Message("user", "Hi"),), {}, stream=False):
        pass
    base = next(iter(DECLARED[name]["base_urls"].values()))
    paths = [DECLARED[name].get("key_path"), "/models", "/chat/completions"]
    assert [str(request.url) for request in requests] == [f"{base}{path}" for path in paths if path]
    expires = lifetime.due_on(stored, terms) if (terms := lifetime.lifetime(acme, stored)) else ""
    assert expires == ("2031-05-06" if name == "openrouter" else "")
    assert all(request.headers["authorization"] == f"Bearer {KEY}" for request in requests)
    access = credentials.access(acme, name)
    assert access.origins == (origin_of(base),)
    assert provider.label == name


KEY_ANSWERS = {
    "a date": (httpx.Response(200, json={"data": {"expires_at": "2031-05-06T00:00:00Z"}}), Accepted("2031-05-06")),
    "no date": (httpx.Response(200, json={"data": {"expires_at": None}}), Accepted()),
    "no such path": (httpx.Response(404, json={"error": {"message": "Not Found", "code": 404}}), Accepted()),
    "no key": (httpx.Response(401, json={"error": {"message": "User not found.", "code": 401}}), None),
    "another answer": (httpx.Response(200, json={"data": [1]}), None),
}


@pytest.mark.parametrize("name", KEY_ANSWERS)
async def test_openrouter_verifies_the_key_itself_as_its_models_need_none(name: str) -> None:
    """API reference, Get current API key."""
    answer, accepted = KEY_ANSWERS[name]
    preset = presets()["openrouter"]
    fields = {"base_url": "https://openrouter.ai/api/v1"}
    listed = httpx.Response(200, json={"object": "list", "data": []})
    events: list[Event] = []
    transport = httpx.MockTransport(lambda request: answer if request.url.path.endswith("/key") else listed)
    async with aclosing(Client({}, transport=transport)) as client:
        access = Access(preset, fields, preset.origins(fields), secrets=lambda: {"api_key": Secret(KEY)})
        try:
            async for event in client.stream(access, preset.verify(fields)):
                events.append(event)
        except Problem:
            assert accepted is None
    assert [event for event in events if isinstance(event, Accepted)] == ([accepted] if accepted else [])


def test_a_parameter_that_has_another_name_there_is_renamed() -> None:
    mistral = presets()["mistral"]
    assert mistral.chat is not None
    request = ChatRequest(Model("mistral", "m", ModelType.CHAT), (Message("user", "Hi"),), {"seed": 7}, False)
    call = mistral.chat({"base_url": "https://api.mistral.ai/v1"}, request)
    assert call.json["random_seed"] == 7 and "seed" not in call.json


@pytest.mark.parametrize("name", [name for name in NAMES if DECLARED[name].get("key_starts")])
def test_how_a_key_begins_is_in_the_help_of_its_field(name: str) -> None:
    key = presets()[name].field("api_key")
    assert DECLARED[name]["key_starts"] in key.help and key.prefixes[0].value == DECLARED[name]["key_starts"]


@pytest.mark.slow
async def test_a_key_of_the_other_region_is_saved_there(disk_session: Session) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "api.moonshot.ai":
            return httpx.Response(401, json={"error": {"message": "Invalid Authentication"}})
        return httpx.Response(200, json={"object": "list", "data": [{"id": "kimi", "object": "model"}]})

    disk_session.client_factory = lambda: Client({}, transport=httpx.MockTransport(answer))
    acme = disk_session.tenant((await tenants.create(disk_session, "acme")).id)
    await connections.add(acme, "moonshot", "moonshot")
    verified = await verify.verify(acme, "moonshot", {"api_key": Secret(KEY)})
    assert verified.region_fields == {"base_url": "https://api.moonshot.cn/v1"}
    assert verified.origins == ("https://api.moonshot.cn",)
