"""Keys by reference: fetched when needed, also while locked; what another hand wrote runs nothing until confirmed."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run, environ
from tests.doubles.openai_server import OpenAIServer
from tui.tenancy.session import open_session

PASS = "open sesame"


def script(folder: Path, name: str) -> tuple[Path, str]:
    """A program that prints the key and leaves a mark; and the reference to it."""
    ran = folder / f"{name} ran"
    path = folder / name
    path.write_text(f"#!/bin/sh\ntouch '{ran}'\necho {KEY}\n")
    path.chmod(0o700)
    return ran, f"command:{path}"


def stored_as(reference: str) -> str:
    return f"command:{json.dumps([reference.removeprefix('command:')])}"


def passphrase() -> str:
    reading, writing = os.pipe()
    os.write(writing, f"{PASS}\n".encode())
    os.close(writing)
    return str(reading)


def plant(home: Path, tenant: str, reference: str, server: OpenAIServer) -> None:
    """Write a reference into the settings as one who has no private key."""
    with open_session(environ(home)).store(tenant).transaction() as tables:
        table = tables.table("credentials")
        changed = table.update({"references": {"api_key": reference}}, lambda one: one["provider"] == "openai")
    assert len(changed) == 1


@pytest.fixture
def referenced(modeldeck: Run, server: OpenAIServer, tmp_path: Path) -> tuple[Run, Path, str]:
    ran, reference = script(tmp_path, "first")
    done = modeldeck("provider", "set", "openai", f"base_url={server.url}", f"api_key=ref:{reference}")
    assert done.code == 0, done.err
    assert modeldeck("default", "set", "chat", "openai/gpt-5.4-mini").code == 0
    ran.unlink()
    return modeldeck, ran, reference


@pytest.mark.slow
def test_a_key_is_fetched_for_a_request_and_stored_nowhere(
    referenced: tuple[Run, Path, str], home: Path, server: OpenAIServer
) -> None:
    modeldeck, ran, reference = referenced
    assert modeldeck("chat", "Why?").code == 0 and ran.exists()
    assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    settings = (home / ".local/share/modeldeck/tenants/acme/settings.json").read_text()
    assert KEY not in settings and KEY[-4:] not in settings
    (listed,) = json.loads(modeldeck("credential", "list", "openai", "--json").out)
    assert listed["secrets"] == {"api_key": {"hint": "", "fingerprint": "", "reference": stored_as(reference)}}
    assert stored_as(reference) in modeldeck("provider", "show", "openai").out
    assert "by reference" in modeldeck("provider", "list").out
    assert json.loads(modeldeck("env", "--json").out)["OPENAI_API_KEY"] == KEY


@pytest.mark.slow
def test_a_reference_is_kept_replaced_and_not_exported(referenced: tuple[Run, Path, str], server: OpenAIServer) -> None:
    modeldeck, ran, reference = referenced
    assert modeldeck("provider", "set", "openai", "organization=org-x").code == 0 and ran.exists()
    assert modeldeck("credential", "rotate", "openai", "api_key=-", stdin="sk-FAKE-x\n").code == 2
    elsewhere = modeldeck("provider", "set", "openai", "base_url=https://evil.test/v1", "--no-verify")
    assert (elsewhere.code == 2 and "api_key" in elsewhere.err + elsewhere.out) or "API key" in elsewhere.err
    exported = modeldeck("export")
    assert reference.removeprefix("command:") not in exported.out and "is a reference" in exported.err
    again = modeldeck("provider", "set", "openai", f"base_url={server.url}", "api_key=-", stdin=KEY + "\n")
    assert again.code == 0 and KEY[-4:] in modeldeck("provider", "show", "openai").out


@pytest.mark.slow
def test_a_planted_reference_runs_nothing_until_it_is_confirmed(
    referenced: tuple[Run, Path, str], home: Path, server: OpenAIServer, tmp_path: Path
) -> None:
    modeldeck, _, _ = referenced
    ran, reference = script(tmp_path, "planted")
    plant(home, "acme", stored_as(reference), server)
    commands = ("chat Why?", "provider verify openai", "health", "env --json", "model refresh openai")
    for words in map(str.split, commands):
        assert modeldeck(*words).code != 0, words
        assert not ran.exists(), words
    waiting = modeldeck("vault", "confirm")
    assert stored_as(reference) in waiting.out + waiting.err and not ran.exists()
    assert modeldeck("vault", "confirm", "--yes").code == 0 and not ran.exists()
    assert modeldeck("chat", "Why?").code == 0 and ran.exists()


@pytest.mark.slow
def test_a_locked_tenant_uses_a_reference_but_not_a_planted_one(
    run_in: Run, locked_home: Path, server: OpenAIServer, tmp_path: Path
) -> None:
    def modeldeck(*words: str) -> int:
        return run_in(locked_home, *words).code

    ran, reference = script(tmp_path, "first")
    words = ("provider", "set", "openai", f"base_url={server.url}", f"api_key=ref:{reference}")
    done = run_in(locked_home, *words, "--passphrase-fd", passphrase())
    assert done.code == 0, done.err
    ran.unlink()
    assert modeldeck("chat", "-m", "openai/gpt-5.4-mini", "Why?") == 0 and ran.exists()
    planted, other = script(tmp_path, "planted")
    plant(locked_home, "north-lab", stored_as(other), server)
    for command in (("chat", "-m", "openai/gpt-5.4-mini", "Why?"), ("provider", "verify", "openai"), ("env", "--json")):
        assert modeldeck(*command) != 0, command
        assert not planted.exists(), command


@pytest.mark.slow
def test_a_reference_that_is_saved_while_locked_needs_confirmation(
    run_in: Run, locked_home: Path, server: OpenAIServer, tmp_path: Path
) -> None:
    ran, reference = script(tmp_path, "first")
    words = ("provider", "set", "openai", f"base_url={server.url}", f"api_key=ref:{reference}", "--no-verify")
    assert run_in(locked_home, *words).code == 0 and not ran.exists()
    assert run_in(locked_home, "provider", "verify", "openai").code == 5 and not ran.exists()
    assert run_in(locked_home, "vault", "confirm", "--yes", "--passphrase-fd", passphrase()).code == 0
    assert run_in(locked_home, "provider", "verify", "openai").code == 0 and ran.exists()


def test_what_a_reference_brings_is_redacted_and_a_failure_is_named(
    modeldeck: Run, server: OpenAIServer, tmp_path: Path
) -> None:
    wrong = tmp_path / "key"
    wrong.write_text("sk-FAKE-not-the-right-one-0a1b2c3d\n")
    refused = modeldeck("provider", "set", "openai", f"base_url={server.url}", f"api_key=ref:file:{wrong}")
    assert refused.code == 3 and "0a1b2c3d" not in refused.err + refused.out
    failed = modeldeck("provider", "set", "openai", f"base_url={server.url}", "api_key=ref:command:false")
    assert failed.code == 1 and "The program false ended with code 1." in failed.err
    assert modeldeck("provider", "set", "openai", "api_key=ref:nothing").code == 2
