"""Providers, credentials, models and defaults by command."""

import json
from typing import Any

import pytest

from tests.cli.conftest import KEY, Run
from tests.doubles.openai_server import OpenAIServer
from tui.workspace.credentials import paste

OTHER = "sk-test-another-fake-key-0123456789-stuv"


def answer(run: Run, *words: str) -> Any:
    ran = run(*words, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


@pytest.mark.slow
def test_fields_that_are_not_named_keep_their_value(ready: Run, server: OpenAIServer) -> None:
    assert ready("provider", "set", "openai", "organization=org-1").code == 0
    (credential,) = answer(ready, "credential", "list", "openai")
    assert credential["clear"] == {"base_url": server.url, "organization": "org-1"}
    assert credential["secrets"]["api_key"]["hint"] == "wxyz"
    assert server.requests[0].headers["openai-organization"] == "org-1"
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_missing_key_says_how_to_give_one(modeldeck: Run) -> None:
    ran = modeldeck("provider", "set", "openai", "organization=org-1")
    assert ran.code == 2 and "missing" in ran.err and "Use api_key=- for a hidden prompt" in ran.err


def test_fields_of_auth_methods_are_not_all_called_required(modeldeck: Run) -> None:
    lines = modeldeck("provider", "show", "spark").out.splitlines()
    words = {line.split()[0]: line for line in lines}
    assert " method 1 " in words["api_password"]
    assert all(" method 2 " in words[name] for name in ("app_id", "api_key", "api_secret"))
    assert "It needs the fields of method 1 or method 2, or of both." in lines
    assert (
        "It needs the fields of method 1 or method 2." in modeldeck("provider", "show", "azure_openai").out.splitlines()
    )
    assert "way" not in modeldeck("provider", "show", "openai").out


def test_a_key_of_another_provider_is_not_sent(modeldeck: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paste, "likely_provider", lambda *_: "openai_compatible")
    ran = modeldeck("provider", "set", "openai", "api_key=-", stdin=OTHER)
    assert ran.code == 2 and "OpenAI-compatible" in ran.err and "not been sent" in ran.err


@pytest.mark.slow
def test_a_stored_key_is_not_sent_to_a_new_address(ready: Run) -> None:
    with OpenAIServer() as elsewhere:
        ran = ready("provider", "set", "openai", f"base_url={elsewhere.url}")
        assert ran.code == 2 and ran.err.splitlines()[1]
        assert elsewhere.requests == []


@pytest.mark.slow
def test_a_second_credential_is_inactive_until_it_is_used(ready: Run, server: OpenAIServer) -> None:
    server.key = OTHER
    ran = ready("provider", "set", "openai", f"base_url={server.url}", "api_key=-", "--name", "team-b", stdin=OTHER)
    assert ran.code == 0 and "modeldeck credential use openai team-b" in ran.out
    assert [(row["name"], row["active"]) for row in answer(ready, "credential", "list", "openai")] == [
        ("default", True),
        ("team-b", False),
    ]
    assert ready("chat", "Why?").code == 3
    assert ready("credential", "use", "openai", "team-b").code == 0
    assert ready("chat", "Why?").code == 0
    assert ready("credential", "remove", "openai", "default", "--yes").code == 0
    assert [row["name"] for row in answer(ready, "credential", "list", "openai")] == ["team-b"]


def test_plain_http_beyond_this_machine_is_allowed_once(modeldeck: Run) -> None:
    words = ("provider", "set", "openai_compatible", "base_url=http://models.example:8000/v1", "--no-verify")
    ran = modeldeck(*words)
    assert ran.code == 2 and "--allow-http" in ran.err
    assert modeldeck(*words, "--allow-http").code == 0
    (credential,) = answer(modeldeck, "credential", "list", "openai_compatible")
    assert credential["plain_http"] == ["http://models.example:8000"]
    assert modeldeck(*words).code == 0, "what was allowed stays allowed"
    assert "(plain http)" in modeldeck("credential", "list", "openai_compatible").out


@pytest.mark.slow
def test_a_model_that_is_no_longer_listed_is_marked(ready: Run, server: OpenAIServer) -> None:
    server.models = tuple(model for model in server.models if model[0] != "gpt-5.4-mini")
    assert answer(ready, "model", "refresh", "openai")["gone"] == ["gpt-5.4-mini"]
    states = {row["id"]: row["state"] for row in answer(ready, "model", "list", "--type", "chat")}
    assert states["gpt-5.4-mini"] == "gone"
    chat = answer(ready, "default", "show")[0]
    assert (chat["type"], chat["state"]) == ("chat", "gone") and chat["nearest"]
    assert chat["nearest"] in ready("default", "show").out


@pytest.mark.slow
def test_a_model_is_added_tested_and_removed(ready: Run, server: OpenAIServer) -> None:
    ran = ready("model", "add", "openai", "ft:gpt-4o:acme::1", "--type", "chat")
    assert ran.code == 1 and "ft:gpt-4o:acme::1" in ran.err, "it is tried before it is added"
    server.models = (*server.models, ("ft:gpt-4o:acme::1", None))
    assert ready("model", "add", "openai", "ft:gpt-4o:acme::1", "--type", "chat").code == 0
    assert "answered" in ready("model", "test", "openai", "ft:gpt-4o:acme::1").out
    assert ready("model", "remove", "openai", "gpt-4o").code == 2, "an imported one would come back"
    assert ready("model", "remove", "openai", "ft:gpt-4o:acme::1").code == 0
    assert "ft:gpt-4o:acme::1" not in ready("model", "list").out


@pytest.mark.slow
def test_a_default_is_set_shown_and_cleared(ready: Run) -> None:
    assert ready("default", "set", "chat", "openai/gpt-6-sol").code == 0
    assert answer(ready, "default", "show")[0]["model"] == "openai/gpt-6-sol"
    assert ready("default", "set", "chat", "openai/whisper-1").code == 2, "it does not chat"
    assert ready("default", "clear", "chat").code == 0
    row = answer(ready, "default", "show")[0]
    assert (row["model"], row["state"], row["proposed"]) == (None, "none", "openai/gpt-6-sol")
    ran = ready("chat", "Why?")
    assert ran.code == 2 and "modeldeck default set chat openai/gpt-6-sol" in ran.err
