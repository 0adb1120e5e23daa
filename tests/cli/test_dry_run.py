"""With `--dry-run` a command says what it would change, exits with 0 and changes nothing."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


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
