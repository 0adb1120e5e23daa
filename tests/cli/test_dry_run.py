"""With `--dry-run` a command says what it would change, exits with 0 and changes nothing."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.doubles.openai_server import OpenAIServer

OTHER = "sk-test-not-a-real-key-9876543210-abcd"


def content(folder: Path) -> dict[str, bytes]:
    """Return every file of the settings and the private keys."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and "log" not in path.parts}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("vault rotate", "acme would get a new key pair, and 1 credential would be re-encrypted."),
        ("vault rotate --lost", "what was encrypted for the lost one can no longer be decrypted."),
        ("vault restore acme --state 1", "would be restored: 1 provider"),
        ("vault confirm", "Nothing to confirm in acme."),
        ("undo", "Would undo"),
        ("credential remove openai default", "OpenAI"),
        ("provider remove openai", "OpenAI"),
        ("tenant remove acme", "acme"),
        ("tenant passphrase acme", "acme has no passphrase yet."),
    ],
)
def test_nothing_changes(ready: Run, home: Path, words: str, says: str) -> None:
    before = content(home / ".local")
    done = ready(*words.split(), "--dry-run")
    assert (done.code, done.err) == (0, "") and says in done.out, done
    assert content(home / ".local") == before


@pytest.mark.slow
def test_a_save_and_a_rotation_are_described(ready: Run, home: Path, server: OpenAIServer) -> None:
    def preview_of(*words: str, stdin: str = "") -> str:
        before = content(home / ".local"), len(server.requests)
        done = ready(*words, "--dry-run", stdin=stdin)
        assert done.code == 0 and (content(home / ".local"), len(server.requests)) == before, done
        return done.out

    changed = preview_of("provider", "set", "openai", "organization=org-x", "api_key=-", stdin=f"{OTHER}\n")
    assert changed.startswith("Would change api_key, organization of default of OpenAI.") and OTHER not in changed
    assert "It is saved only if OpenAI accepts it." in changed
    assert preview_of("provider", "set", "openai", f"base_url={server.url}").startswith(
        "Would change nothing of default"
    )
    new = json.loads(
        preview_of("provider", "set", "anthropic", "api_key=-", "--no-verify", "--json", stdin=f"{OTHER}\n")
    )
    assert new["message"].startswith("Would save default of Anthropic with api_key.") and not new["saved"]
    assert "could then be sent to https://api.anthropic.com." in new["message"]

    rotate = ("credential", "rotate", "openai")
    assert preview_of(*rotate, stdin=f"{OTHER}\n").startswith(
        "Would replace api_key of default of OpenAI; what is stored now"
    )
    server.key = None
    assert ready(*rotate, stdin=f"{OTHER}\n").code == 0
    assert preview_of(*rotate, "--undo").startswith("Would let default of OpenAI use the old key ending")
    assert preview_of(*rotate, "--confirm").startswith("Would delete the old key ending")


@pytest.mark.slow
def test_a_trial_is_described(modeldeck: Run, home: Path, server: OpenAIServer) -> None:
    words = ("trial", "set", "openai", "api_key=-", "--calls", "5", "--models", "gpt-4o")
    before = content(home / ".local")
    done = modeldeck(*words, "--dry-run", stdin=f"{OTHER}\n")
    assert done.out == "Would set up a trial of OpenAI: 5 requests per tenant; the models gpt-4o; your api_key.\n", done
    assert content(home / ".local") == before and not server.requests
    assert modeldeck(*words, "--no-verify", stdin=f"{OTHER}\n").code == 0
    done = modeldeck("trial", "set", "openai", "--calls", "9", "--dry-run")
    assert done.out == "Would change the trial of OpenAI: 9 requests per tenant.\n"


def test_an_export_says_which_file_it_would_overwrite(modeldeck: Run, tmp_path: Path) -> None:
    path = tmp_path / "acme.json"
    assert modeldeck("export", "-o", str(path), "--dry-run").out == f"Would create {path}.\n" and not path.exists()
    path.write_text("mine")
    done = modeldeck("export", "--format", "litellm", "-o", str(path), "--dry-run")
    assert (done.code, done.out, done.err) == (0, f"Would overwrite {path}.\n", "That needs --force.\n")
    assert modeldeck("export", "-o", str(path), "--dry-run", "--force").err == "" and path.read_text() == "mine"
    assert modeldeck("export", "--dry-run").code == 2


def test_a_file_edited_by_hand_stays_as_it_is(modeldeck: Run, home: Path) -> None:
    path = home / ".local/share/modeldeck/tenants/acme/settings.json"
    path.write_bytes(path.read_bytes().replace(b'"acme"', b'"acme 2"', 1))
    before = content(home / ".local")
    done = modeldeck("tenant", "accept", "acme", "--dry-run")
    assert done.code == 0 and "were edited by hand" in done.out, done
    assert content(home / ".local") == before


def test_prices_are_counted_and_not_written(modeldeck: Run, home: Path) -> None:
    prices = {"openai": {"id": "openai", "models": {"gpt-4o": {"id": "gpt-4o", "cost": {"input": 1, "output": 2}}}}}
    (home / "api.json").write_text(json.dumps(prices))
    done = modeldeck("price", "import", str(home / "api.json"), "--dry-run")
    assert done.code == 0 and "Would import 1 price" in done.out, done
    assert not list((home / ".config").rglob("*.toml"))
