"""`modeldeck import` of another program's keys: shown with their addresses, verified, saved beside what is stored."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run
from tests.doubles.openai_server import OpenAIServer

OTHER = "sk-test-not-a-real-key-9876543210-abcd"


@pytest.fixture
def environment(tmp_path: Path, server: OpenAIServer) -> Path:
    """A .env with the key that the server accepts."""
    path = tmp_path / "env"
    path.write_text(f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL={server.url}\n")
    return path


@pytest.mark.slow
def test_a_key_is_shown_with_its_address_then_verified_and_saved(
    modeldeck: Run, environment: Path, server: OpenAIServer
) -> None:
    shown = modeldeck("import", str(environment))
    assert shown.code == 2 and not server.requests and KEY not in shown.out + shown.err
    assert shown.out.splitlines()[:3] == [
        "This is an environment file with 1 key.",
        f"  line 1, OPENAI_API_KEY: OpenAI, credential default, can be sent to {server.url.removesuffix('/v1')}",
        "Would be imported into acme: 1 change.",
    ]
    assert f"  new URL: {server.url}" in shown.out
    assert modeldeck("import", str(environment), "--dry-run").code == 0 and not server.requests
    ran = modeldeck("import", str(environment), "--yes", "--json")
    assert ran.code == 0 and server.requests
    (key,) = json.loads(ran.out)["keys"]
    assert key == {
        "where": "line 1, OPENAI_API_KEY",
        "provider": "openai",
        "credential": "default",
        "origins": [server.url.removesuffix("/v1")],
        "state": "ready",
    }
    assert json.loads(ran.out)["format"] == "env"
    assert "gpt-5.4-mini" in modeldeck("model", "list").out
    assert modeldeck("import", str(environment), "--yes").out.splitlines()[-1] == (
        "acme already matches the file; there is nothing to import."
    )
    assert environment.exists()


@pytest.mark.slow
def test_a_key_that_is_rejected_is_not_saved_and_the_others_are(
    modeldeck: Run, tmp_path: Path, server: OpenAIServer
) -> None:
    path = tmp_path / "config.json"
    servers = {"good": {"base_url": server.url, "api_key": KEY}, "bad": {"base_url": server.url, "api_key": OTHER}}
    path.write_text(json.dumps({"openaiCompatible": servers}))
    ran = modeldeck("import", str(path), "--yes")
    assert ran.code == 1 and "Not saved: openaiCompatible, bad." in ran.err and OTHER not in ran.err + ran.out
    assert "1 key of 2 could not be verified." in ran.err
    listed = modeldeck("provider", "list").out
    assert "good" in listed and "bad" not in listed
    ran = modeldeck("import", str(path), "--yes", "--no-verify")
    assert ran.code == 0 and "bad" in modeldeck("provider", "list").out


@pytest.mark.slow
def test_a_stored_key_stays_in_use_and_another_one_is_added(ready: Run, tmp_path: Path, server: OpenAIServer) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"openai": OTHER}))
    ran = ready("import", str(path), "--yes", "--no-verify")
    assert ran.code == 0 and "OpenAI, credential llm, not in use, can be sent to https://api.openai.com" in ran.out
    credentials = json.loads(ready("credential", "list", "openai", "--json").out)
    assert [(entry["name"], entry["active"]) for entry in credentials] == [("default", True), ("llm", False)]
    assert ready("chat", "Why?").code == 0
    assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.slow
def test_a_file_is_shredded_only_when_all_of_it_is_imported(modeldeck: Run, environment: Path, tmp_path: Path) -> None:
    whole = environment.read_text()
    environment.write_text(f"{whole}DATABASE_URL=postgres://FAKE\n")
    refused = modeldeck("import", str(environment), "--yes", "--shred")
    assert refused.code == 2 and "contains more than importable keys" in refused.err and environment.exists()
    assert modeldeck("provider", "show", "openai").code == 0
    environment.write_text(whole)
    other_name = tmp_path / "other-name"
    other_name.hardlink_to(environment)
    refused = modeldeck("import", str(environment), "--yes", "--shred")
    assert refused.code == 2 and "a hard link" in refused.err and other_name.read_text() == whole
    other_name.unlink()
    modeldeck("provider", "remove", "openai", "--yes")
    ran = modeldeck("import", str(environment), "--yes", "--shred")
    assert ran.code == 0 and not environment.exists()
    assert "was overwritten and deleted. Earlier bytes can stay on SSDs" in ran.out
    assert modeldeck("import", "-", "--shred", stdin=whole).code == 2


@pytest.mark.slow
def test_keys_are_imported_into_a_new_tenant(modeldeck: Run, environment: Path) -> None:
    ran = modeldeck("import", str(environment), "-t", "north", "--yes")
    assert ran.code == 0 and "Imported into a new tenant, north: " in ran.out
    assert "ready" in modeldeck("provider", "list", "-t", "north").out


def test_an_address_in_plain_http_must_be_allowed(modeldeck: Run, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"openaiCompatible": {"lan": {"base_url": "http://192.0.2.1/v1"}}}))
    refused = modeldeck("import", str(path), "--yes", "--no-verify")
    assert refused.code == 2 and "unencrypted http" in refused.err
    assert modeldeck("import", str(path), "--yes", "--no-verify", "--allow-http").code == 0
