"""With `-q` a command prints what was asked for and errors, and says nothing of what it changed."""

import pytest

from tests.cli.conftest import Run


@pytest.mark.slow
def test_a_change_says_nothing(ready: Run) -> None:
    changes = (
        ("tenant", "rename", "acme", "acme two"),
        ("default", "set", "chat", "openai/gpt-4o"),
        ("default", "clear", "embedding"),
        ("undo",),
        ("model", "refresh", "openai"),
        ("credential", "expire", "openai", "--every", "90d"),
        ("provider", "set", "openai", "organization=org-acme", "--no-verify"),
        ("vault", "confirm", "--yes"),
        ("vault", "rotate", "--yes"),
    )
    ran = {words: ready(*words, "-q") for words in changes}
    assert {words: (done.code, done.out, done.err) for words, done in ran.items()} == {
        words: (0, "", "") for words in changes
    }


@pytest.mark.slow
def test_an_answer_is_printed(ready: Run) -> None:
    for words in (("default", "show"), ("undo", "--dry-run"), ("store", "status"), ("vault", "inspect", "openai")):
        normal, quiet = ready(*words), ready(*words, "-q")
        assert (quiet.code, quiet.out, quiet.err) == (0, normal.out, "") and quiet.out, words


def test_json_is_printed(ready: Run) -> None:
    assert '"model": "openai/gpt-4o"' in ready("default", "set", "chat", "openai/gpt-4o", "--json", "-q").out


@pytest.mark.slow
def test_a_new_address_of_a_key_is_shown(ready: Run) -> None:
    done = ready(
        "provider",
        "set",
        "openai",
        "base_url=http://127.0.0.1:9/v1",
        "--no-verify",
        "api_key=-",
        "-q",
        stdin="sk-FAKE-other-0123456789\n",
    )
    assert "can now be sent to http://127.0.0.1:9" in done.out + done.err
