"""`modeldeck credential rotate`: what an operator types when a key is replaced, and when the new one turns out bad."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run
from tests.doubles.openai_server import OpenAIServer

NEW = "sk-test-the-next-key-0123456789-next"


@pytest.fixture
def rotated(ready: Run, server: OpenAIServer) -> Run:
    """A home whose key of OpenAI was rotated; the server knows the new one alone from then on."""
    server.key = NEW
    done = ready("credential", "rotate", "openai", stdin=NEW + "\n")
    assert (done.code, done.err) == (0, ""), done.err
    assert "default of OpenAI now uses the key ending next, verified in " in done.out
    assert "The key ending wxyz is kept.\nmodeldeck credential rotate openai --undo switches back to it" in done.out
    assert KEY not in done.out and NEW not in done.out
    return ready


@pytest.mark.slow
def test_the_new_key_is_used_and_one_command_goes_back(rotated: Run, server: OpenAIServer) -> None:
    assert rotated("chat", "-m", "openai/gpt-5.4-mini", "Hello").code == 0
    assert "previous key of default" in rotated("credential", "list", "openai").out
    server.key = KEY
    assert rotated("chat", "-m", "openai/gpt-5.4-mini", "Hello").code == 3
    back = json.loads(rotated("credential", "rotate", "openai", "--undo", "--json").out)
    assert (back["credential"], back["active"], back["hint"], back["kept"]) == ("default", True, "wxyz", "next")
    assert rotated("chat", "-m", "openai/gpt-5.4-mini", "Hello").code == 0
    assert rotated("credential", "use", "openai", "default.kept").out == "Now using default for OpenAI.\n"
    server.key = NEW
    assert rotated("chat", "-m", "openai/gpt-5.4-mini", "Hello").code == 0


@pytest.mark.slow
def test_confirming_leaves_one_key(rotated: Run, home: Path) -> None:
    again = rotated("credential", "rotate", "openai", stdin=NEW + "\n")
    assert again.code == 2 and again.err.startswith(
        "default of OpenAI still has its previous key from the last rotation.\n"
    )
    done = rotated("credential", "rotate", "openai", "--confirm")
    assert (done.code, done.err) == (0, "")
    assert done.out == "default of OpenAI now uses the key ending next.\nNo old API key is stored.\n"
    assert [row["name"] for row in json.loads(rotated("credential", "list", "openai", "--json").out)] == ["default"]
    settings = list((home / ".local/share/modeldeck/tenants/acme").glob("settings.json*"))
    assert len(settings) > 1 and not any('"wxyz"' in setting.read_text() for setting in settings)
    for flag in ("--confirm", "--undo"):
        none = rotated("credential", "rotate", "openai", flag)
        assert none.code == 2 and none.err.startswith("OpenAI has no previous key for default.")


def test_a_key_that_is_refused_or_the_same_changes_nothing(ready: Run, server: OpenAIServer) -> None:
    before = ready("credential", "list", "openai", "--json").out
    refused = ready("credential", "rotate", "openai", stdin="sk-test-wrong-0000000000\n")
    assert refused.code == 3 and refused.out == ""
    server.requests.clear()
    for words, stdin in (((), KEY + "\n"), ((), ""), (("api_key=" + NEW,), ""), (("--name", "other"), NEW + "\n")):
        ran = ready("credential", "rotate", "openai", *words, stdin=stdin)
        assert ran.code == 2 and ran.out == "" and NEW not in ran.err, ran
    assert ready("credential", "rotate", "openai", "--undo", "--confirm").code == 2
    assert not server.requests and ready("credential", "list", "openai", "--json").out == before


@pytest.mark.slow
def test_rotating_and_confirming_at_once_from_a_file(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    server.key = NEW
    (tmp_path / "key.txt").write_text(NEW + "\n")
    words = ("credential", "rotate", "openai", f"api_key=@{tmp_path / 'key.txt'}", "--confirm", "--json")
    done = json.loads(ready(*words).out)
    assert (done["state"], done["hint"], done["kept"]) == ("ready", "next", None)


@pytest.mark.slow
def test_a_locked_tenant_is_opened_for_it(run_in: Run, locked_home: Path, server: OpenAIServer) -> None:
    words = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-")
    saved = run_in(locked_home, *words, "--passphrase-fd", "0", stdin=KEY + "\nopen sesame\n")
    assert saved.code == 0
    server.key = NEW
    server.requests.clear()
    closed = run_in(locked_home, "credential", "rotate", "openai", stdin=NEW + "\n")
    assert closed.code == 5 and not server.requests
    done = run_in(locked_home, "credential", "rotate", "openai", typed=("open sesame", NEW))
    assert (done.code, done.err) == (0, "") and "now uses the key ending next" in done.out
