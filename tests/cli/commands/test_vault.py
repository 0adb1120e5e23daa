"""`modeldeck vault`: what is told of who could read what, what waits, and new key pairs."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run
from tests.doubles.openai_server import OpenAIServer
from tui.practice.tenants import BITS

TYPED = ("open sesame",)


def saved_while_locked(run_in: Run, home: Path, server: OpenAIServer) -> None:
    words = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-")
    ran = run_in(home, *words, stdin=KEY + "\n")
    assert ran.code == 0 and "modeldeck vault confirm -t north-lab" in ran.out


@pytest.mark.slow
def test_without_a_passphrase_the_output_says_that_a_copy_opens_everything(ready: Run, home: Path) -> None:
    ran = ready("vault", "status")
    assert (ran.code, ran.err) == (0, "")
    assert "Anyone who can read the key file" in ran.out and f"A copy of {home}" in ran.out
    assert "decrypts every API key" in ran.out and "Off: without a passphrase" in ran.out
    assert "The private key vouches for the list of credentials." in ran.out and "1 ready" in ran.out


def test_of_a_locked_tenant_it_tells_what_can_be_known_and_asks_for_nothing(
    run_in: Run, locked_home: Path, server: OpenAIServer
) -> None:
    saved_while_locked(run_in, locked_home, server)
    data = json.loads(run_in(locked_home, "vault", "status", "--json").out)
    assert (data["passphrase"], data["open"], data["manifest"]["state"]) == (True, False, "not proved")
    assert data["lock_after"] == 15 and "Anyone who knows the passphrase" in data["readers"]
    (stored,) = data["credentials"]
    assert (stored["provider"], stored["state"]) == ("openai", "not confirmed")
    assert "added while north-lab was locked" in stored["words"]


@pytest.mark.slow
def test_pending_changes_are_shown_first_and_confirmed_by_an_option(
    run_in: Run, locked_home: Path, server: OpenAIServer
) -> None:
    saved_while_locked(run_in, locked_home, server)
    result = run_in(locked_home, "vault", "confirm", typed=TYPED)
    assert result.code == 2 and f"sent to {server.url.removesuffix('/v1')}" in result.out and "--yes" in result.err
    refused = run_in(locked_home, "chat", "-m", "openai/gpt-4o", "Why?", typed=TYPED)
    assert refused.code == 5 and not server.requests_to("/chat/completions")
    (done,) = json.loads(run_in(locked_home, "vault", "confirm", "--yes", "--json", typed=TYPED).out)
    assert (done["provider"], done["change"]) == ("openai", "added while locked")
    assert run_in(locked_home, "chat", "-m", "openai/gpt-4o", "Why?", typed=TYPED).code == 0
    assert "Nothing to confirm in north-lab" in run_in(locked_home, "vault", "confirm", typed=TYPED).out
    assert "credentials confirmed: openai default" in run_in(locked_home, "audit", "show").out


@pytest.mark.slow
def test_only_what_is_named_is_confirmed(run_in: Run, locked_home: Path, server: OpenAIServer) -> None:
    saved_while_locked(run_in, locked_home, server)
    assert "Nothing" in run_in(locked_home, "vault", "confirm", "anthropic", "--yes", typed=TYPED).out
    assert "Nothing" in run_in(locked_home, "vault", "confirm", "openai", "other", "--yes", typed=TYPED).out
    assert "1 credential" in run_in(locked_home, "vault", "confirm", "openai", "default", "--yes", typed=TYPED).out


@pytest.mark.slow
def test_a_settings_file_put_back_by_hand_is_an_alarm_until_it_is_confirmed(ready: Run, home: Path) -> None:
    (settings,) = home.rglob("settings.json")
    older = settings.read_bytes()
    assert ready("provider", "set", "openai", "organization=org-FAKE", "--no-verify").code == 0
    settings.write_bytes(older)
    data = json.loads(ready("vault", "status", "--json").out)
    assert data["manifest"]["state"] == "older state put back"
    refused = ready("chat", "Why?")
    assert refused.code == 5 and "restored from an earlier state" in refused.err
    assert ready("vault", "confirm", "--yes").code == 0
    assert ready("chat", "Why?").code == 0


@pytest.mark.slow
def test_a_repointed_key_is_named_and_goes_nowhere(ready: Run, home: Path, server: OpenAIServer) -> None:
    (settings,) = home.rglob("settings.json")
    from tui.storage.settings_file import decode, encode

    document = decode(settings.read_bytes())
    (stored,) = document.data["credentials"].values()
    with OpenAIServer(key=KEY) as other:
        origin = other.url.removesuffix("/v1")
        stored["clear"]["base_url"], stored["origins"] = other.url, [origin]
        settings.write_bytes(encode(document))
        refused = ready("chat", "Why?")
        assert refused.code == 5 and f"not to {origin}" in refused.err and not other.requests
    (data,) = json.loads(ready("vault", "status", "--json").out)["credentials"]
    assert data["state"] == "cannot be opened" and origin in data["words"]


@pytest.mark.slow
def test_a_new_key_pair_and_everything_goes_on(ready: Run, home: Path) -> None:
    before = json.loads(ready("vault", "status", "--json").out)["key_pair"]
    done = json.loads(ready("vault", "rotate", "--json").out)
    assert (done["sealed_anew"], done["left"]) == (1, 0) and done["key_pair"] != before
    data = json.loads(ready("vault", "status", "--json").out)
    assert (data["key_pair"], data["earlier_key_pairs"]) == (done["key_pair"], [before])
    assert ready("chat", "Why?").code == 0
    assert f"key pair {before} replaced by {done['key_pair']}" in ready("audit", "show").out


@pytest.mark.slow
def test_rotating_says_that_providers_go_on_taking_the_key(run_in: Run, locked_home: Path) -> None:
    assert run_in(locked_home, "vault", "rotate", typed=("wrong",)).code == 5
    ran = run_in(locked_home, "vault", "rotate", typed=TYPED)
    assert ran.code == 0 and "revoke leaked API keys there" in ran.out
    assert run_in(locked_home, "vault", "confirm", typed=TYPED).code == 0, "the passphrase stays"


@pytest.mark.slow
def test_a_lost_key_is_reported_and_abandoned_by_an_option(ready: Run, home: Path) -> None:
    (pem,) = home.rglob("*.pem")
    pem.unlink()
    assert "the private key is lost" in ready("vault", "status").out
    for words in (("provider", "list"), ("credential", "list", "openai"), ("model", "list"), ("default", "show")):
        assert ready(*words).code == 0, words
    refused = ready("chat", "Why?")
    assert refused.code == 5 and "encrypted for a key pair that no longer exists" in refused.err
    assert ready("vault", "rotate").code == 5
    assert ready("vault", "rotate", "--lost").code == 2
    assert ready("vault", "rotate", "--lost", "--yes").code == 0
    assert "cannot be opened" in ready("provider", "list").out


@pytest.mark.slow
def test_the_operators_key_pair_is_rotated_and_reported_as_well(modeldeck: Run, server: OpenAIServer) -> None:
    assert modeldeck("vault", "status", "--operator").code == 1
    words = ("trial", "set", "openai", f"base_url={server.url}", "api_key=-", "--models", "gpt-4o")
    assert modeldeck(*words, stdin=KEY + "\n").code == 0
    before = json.loads(modeldeck("vault", "status", "--operator", "--json").out)
    done = json.loads(modeldeck("vault", "rotate", "--operator", "--json").out)
    assert done["sealed_anew"] == 1 and done["key_pair"] != before["key_pair"]
    assert modeldeck("chat", "-m", "openai/gpt-4o", "Why?").code == 0


def test_an_envelope_is_inspected_without_opening_it(run_in: Run, locked_home: Path, server: OpenAIServer) -> None:
    saved_while_locked(run_in, locked_home, server)
    ran = run_in(locked_home, "vault", "inspect", "openai")
    assert (ran.code, ran.err) == (0, "") and KEY not in ran.out
    assert f'Bound to origins     ["{server.url.removesuffix("/v1")}"]' in ran.out
    data = json.loads(run_in(locked_home, "vault", "inspect", "openai", "default", "--json").out)
    assert (data["version"], data["wrapped_bytes"], data["ciphertext_bytes"]) == ("md1", BITS // 8, 256)
    assert data["key_file"].endswith(f"/{data['key_id']}.pem") and data["bound"]["provider"] == "openai"
    missing = run_in(locked_home, "vault", "inspect", "openai", "other")
    assert missing.code == 2 and "is not stored" in missing.err


@pytest.mark.slow
def test_unlock_checks_a_passphrase_and_names_what_is_to_be_confirmed(
    run_in: Run, locked_home: Path, server: OpenAIServer
) -> None:
    ran = run_in(locked_home, "vault", "unlock", typed=TYPED)
    assert (ran.code, ran.out) == (0, "The passphrase unlocks north-lab.\n")
    wrong = run_in(locked_home, "vault", "unlock", typed=("open barley",))
    assert (wrong.code, wrong.out) == (5, "") and "Wrong passphrase." in wrong.err
    saved_while_locked(run_in, locked_home, server)
    assert "modeldeck vault confirm" in run_in(locked_home, "vault", "unlock", typed=TYPED).out
    data = json.loads(run_in(locked_home, "vault", "unlock", "--json", typed=TYPED).out)
    assert data == {"tenant": "north-lab", "passphrase": True, "open": True, "agent": False, "to_confirm": 1, "due": []}


@pytest.mark.slow
def test_unlock_says_that_a_tenant_has_no_passphrase(ready: Run) -> None:
    assert "has no passphrase" in ready("vault", "unlock").out
