"""Keys in the environment and servers on this machine are offered, and only that."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tui.providers import PROVIDERS
from tui.providers.events import Event, ModelsListed, Retrying
from tui.secret import Secret
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials import discovery, environment, status

OPENAI = PROVIDERS["openai"]


def with_environment(session: Session, **environ: str) -> Session:
    session.environ = environ
    return session


def test_a_key_in_the_environment_is_detected_cleaned_and_kept_in_its_box(disk_session: Session) -> None:
    discovered = discovery.discover_keys(with_environment(disk_session, OPENAI_API_KEY=' "sk-FAKE-0001"\n'), OPENAI)
    assert discovered and (discovered.variable, discovered.base_url_variable) == ("OPENAI_API_KEY", "")
    assert discovered.values == {"api_key": Secret("sk-FAKE-0001")}
    assert "sk-FAKE" not in repr(discovered)


def test_a_base_url_next_to_the_key_comes_with_it_and_never_alone(disk_session: Session) -> None:
    both = with_environment(disk_session, OPENAI_API_KEY="sk-FAKE", OPENAI_BASE_URL="https://eu.api.openai.com/v1")
    discovered = discovery.discover_keys(both, OPENAI)
    assert discovered and discovered.base_url_variable == "OPENAI_BASE_URL"
    assert discovered.values["base_url"] == "https://eu.api.openai.com/v1"
    assert discovery.discover_keys(with_environment(disk_session, OPENAI_BASE_URL="https://x"), OPENAI) is None


def test_what_is_no_key_is_not_offered_and_practice_looks_at_nothing(disk_session: Session) -> None:
    for value in ("", "  ", "two words", "“curved”"):
        assert discovery.discover_keys(with_environment(disk_session, OPENAI_API_KEY=value), OPENAI) is None
    practising = replace(disk_session, practice=True, environ={"OPENAI_API_KEY": "sk-FAKE"})
    assert discovery.discover_keys(practising, OPENAI) is None


async def test_a_provider_that_could_be_set_up_from_the_environment_says_so_in_the_list(disk_session: Session) -> None:
    tenant = await tenants.create(with_environment(disk_session, OPENAI_API_KEY="sk-FAKE-0001"), "acme")
    row = status.row(disk_session.tenant(tenant.id), "openai")
    assert (row.state, row.word) == ("not set up", "not set up, OPENAI_API_KEY found")
    assert row.discovered == "OPENAI_API_KEY" and row.credential is None


async def test_servers_on_this_machine_are_listed_with_their_models_and_no_key_is_sent(session: Session) -> None:
    servers = await discovery.probe_local_servers(session, PROVIDERS["openai_compatible"])
    assert [(server.base_url, server.label) for server in servers] == [
        ("http://localhost:11434/v1", "Ollama"),
        ("http://localhost:8080/v1", "llama.cpp"),
    ]
    assert "qwen3:32b" in servers[0].models
    assert await discovery.probe_local_servers(session, PROVIDERS["openai"]) == []


async def test_the_address_of_a_variable_is_probed_first_and_its_port_once(disk_session: Session) -> None:
    class Listening:
        async def stream(self, *_: object) -> AsyncIterator[Event]:
            yield ModelsListed(())

    disk_session.__dict__["client"] = Listening()
    for there, url, ports in (("127.0.0.1:9999", "http://127.0.0.1:9999/v1", 5), ("[::1]", "http://[::1]:11434/v1", 4)):
        servers = await discovery.probe_local_servers(
            with_environment(disk_session, OLLAMA_HOST=there), PROVIDERS["openai_compatible"]
        )
        assert (servers[0].base_url, servers[0].label, len(servers)) == (url, "OLLAMA_HOST", ports)


async def test_a_port_that_does_not_answer_is_not_waited_for(session: Session) -> None:
    class Deaf:
        async def stream(self, *_: object) -> object:
            yield Retrying("not reached", 60.0, 1, 2)
            raise AssertionError("asked again")

    session.__dict__["client"] = Deaf()
    assert await discovery.probe_local_servers(session, PROVIDERS["openai_compatible"]) == []


def test_a_server_named_by_its_variable_is_known_to_run_here_or_offered_where_it_runs(disk_session: Session) -> None:
    compatible = PROVIDERS["openai_compatible"]
    for here in ("127.0.0.1:11434", "http://localhost:9999", "0.0.0.0", "[::1]:11434", ":11434"):
        assert discovery.runs_here(with_environment(disk_session, OLLAMA_HOST=here), compatible), here
        assert discovery.discover_keys(disk_session, compatible) is None
    for there, url in (
        ("gpu-box", "http://gpu-box:11434/v1"),
        ("gpu-box:8000", "http://gpu-box:8000/v1"),
        ("https://ollama.acme.example:443/v1/", "https://ollama.acme.example/v1"),
    ):
        assert not discovery.runs_here(with_environment(disk_session, OLLAMA_HOST=there), compatible)
        discovered = discovery.discover_keys(disk_session, compatible)
        assert discovered and (discovered.variable, discovered.values) == ("OLLAMA_HOST", {"base_url": url})


def test_a_gateway_named_by_the_usual_variable_is_offered_with_its_own_path(disk_session: Session) -> None:
    compatible = PROVIDERS["openai_compatible"]
    discovered = discovery.discover_keys(
        with_environment(disk_session, OPENAI_BASE_URL="https://llm.acme.example/openai"), compatible
    )
    assert discovered and discovered.values == {"base_url": "https://llm.acme.example/openai"}
    assert discovery.runs_here(with_environment(disk_session, OPENAI_BASE_URL="http://localhost:8000/v1"), compatible)
    with_its_key = with_environment(
        disk_session, OPENAI_BASE_URL="http://localhost:8000/v1", OPENAI_API_KEY="sk-FAKE-0001"
    )
    assert not discovery.runs_here(with_its_key, compatible), "it goes with a key"


def test_a_key_goes_with_the_base_url_of_the_environment(disk_session: Session) -> None:
    compatible = PROVIDERS["openai_compatible"]
    for url, kind in (("https://llm.acme.example/v1", compatible), ("https://eu.api.openai.com/v1", OPENAI)):
        environ = with_environment(disk_session, OPENAI_API_KEY="sk-FAKE-0001", OPENAI_BASE_URL=url)
        assert list(environment.environment_keys(environ)) == [kind.id]
        discovered = discovery.discover_keys(environ, kind)
        assert discovered and (discovered.variable, discovered.base_url_variable) == (
            "OPENAI_API_KEY",
            "OPENAI_BASE_URL",
        )
        assert discovered.values == {"base_url": url, "api_key": Secret("sk-FAKE-0001")}


@pytest.mark.parametrize(
    "provider_id", [provider for provider in PROVIDERS if any(f.env for f in PROVIDERS[provider].fields)]
)
def test_every_variable_that_holds_a_key_is_offered(disk_session: Session, provider_id: str) -> None:
    provider = PROVIDERS[provider_id]
    leads = [field for field in provider.fields if field.secret and field.required and field.env]
    assert leads or provider_id == "chatglm", "its key is optional, and an address comes first"
    for lead in leads:
        others = [
            field
            for field in provider.fields
            if field.required and field.env and field.auth_method in (lead.auth_method, "")
        ]
        values = {field.env[0]: _VALUES.get(field.name, "FAKE0000") for field in others if field is not lead}
        for variable in lead.env:
            discovered = discovery.discover_keys(
                with_environment(disk_session, **values, **{variable: "FAKE-key-0000"}), provider
            )
            assert discovered and set(discovered.values) == {field.name for field in others}, variable
            assert discovered.variable in (variable, *values)


_VALUES = {"endpoint": "https://acme-east.openai.azure.com", "client_id": "00000000-0000-0000-0000-000000000000"}


def test_a_variable_that_names_no_server_is_left_alone(disk_session: Session) -> None:
    compatible = PROVIDERS["openai_compatible"]
    for nonsense in ("", "   ", "two words", "host:99999", "ftp://x", "\x1b[31m"):
        assert not discovery.runs_here(with_environment(disk_session, OLLAMA_HOST=nonsense), compatible), nonsense
        assert discovery.discover_keys(disk_session, compatible) is None
