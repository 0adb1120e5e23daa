"""`modeldeck trial` and `provider source`: keys on trial, by the command line."""

import json

import pytest

from tests.cli.conftest import KEY, Run
from tests.doubles import keys
from tests.doubles.openai_server import OpenAIServer
from tui.vault import key_pair

CHAT = "gpt-5.4-mini"


@pytest.fixture(autouse=True)
def small_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's key pair is made in every test."""
    monkeypatch.setattr(key_pair, "generate_key_pair", lambda bits: keys.cached_pair(0))


@pytest.fixture
def with_trial(modeldeck: Run, server: OpenAIServer) -> Run:
    """A home whose tenant acme has nothing but a trial of twelve calls."""
    words = ("trial", "set", "openai", f"base_url={server.url}", "api_key=-", "--calls", "12", "--models", CHAT)
    done = modeldeck(*words, stdin=KEY + "\n")
    assert (done.code, done.err) == (0, "")
    assert f"Each tenant has 12 requests of OpenAI on trial, with {CHAT}." in done.out and KEY not in done.out
    server.requests.clear()
    return modeldeck


@pytest.mark.slow
def test_a_trial_is_shown_used_and_counted(with_trial: Run, server: OpenAIServer) -> None:
    assert "trial 12 of 12 left" in with_trial("provider", "list").out
    assert [row["id"] for row in json.loads(with_trial("model", "list", "--json").out)] == [CHAT]
    result = with_trial("chat", "-m", f"openai/{CHAT}", "Hello")
    assert (result.code, result.err) == (0, "") and result.out.strip()
    assert "acme" in (shown := with_trial("trial", "show").out) and "11 of 12" in shown and KEY not in shown
    (trial,) = json.loads(with_trial("trial", "show", "--json").out)
    assert trial["tenants"] == [{"id": "acme", "name": "acme", "used": 1, "left": 11}]
    assert (trial["calls"], trial["models"], trial["state"]) == (12, [CHAT], "ready")
    assert trial["secrets"]["api_key"]["hint"] == KEY[-4:]
    row = next(row for row in json.loads(with_trial("provider", "list", "--json").out) if row["id"] == "openai")
    assert (row["state"], row["source"], row["trial"]) == ("trial", "trial", {"left": 11, "calls": 12})
    assert row["credential"] is None


@pytest.mark.slow
def test_the_last_calls_are_reported_and_at_the_end_nothing_is_sent(with_trial: Run, server: OpenAIServer) -> None:
    assert with_trial("trial", "set", "openai", "--calls", "2", "--no-verify").code == 0
    assert with_trial("trial", "set", "openai", "--calls", "20", "--no-verify", "--json").code == 0
    for _ in range(18):
        assert with_trial("chat", "-m", f"openai/{CHAT}", "Hello").err == ""
    last = with_trial("chat", "-m", f"openai/{CHAT}", "Hello")
    assert (last.code, last.err) == (0, "2 trial requests of OpenAI left, including this one.\n")
    assert with_trial("chat", "-m", f"openai/{CHAT}", "Hello").err == "", "once a day"
    server.requests.clear()
    used = with_trial("chat", "-m", f"openai/{CHAT}", "Hello")
    assert used.code == 1 and used.out == "" and not server.requests
    assert used.err.startswith("The trial of OpenAI is used up: 20 of 20 requests.\nNothing was sent.")


@pytest.mark.slow
def test_a_tenant_says_whose_key_is_used(with_trial: Run, server: OpenAIServer) -> None:
    none = with_trial("provider", "source", "openai", "own")
    assert none.code == 2 and "acme has no API key for OpenAI." in none.err
    done = with_trial("provider", "set", "openai", f"base_url={server.url}", "api_key=-", stdin=KEY + "\n")
    assert done.code == 0
    assert "your key, trial 12 of 12 left" in with_trial("provider", "list").out
    assert (
        with_trial("provider", "source", "openai", "trial").out == "acme now uses the trial of OpenAI, 12 of 12 left.\n"
    )
    other = with_trial("chat", "-m", "openai/gpt-4o", "Hello")
    assert other.code == 2 and f"gpt-4o is not in the trial of OpenAI.\nIt covers {CHAT};" in other.err
    assert with_trial("provider", "source", "openai", "own").out == "acme now uses your key for OpenAI.\n"
    assert with_trial("provider", "source", "openai", "theirs").code == 2


@pytest.mark.slow
def test_taking_a_trial_back_asks_first(with_trial: Run) -> None:
    result = with_trial("trial", "remove", "openai")
    assert result.code == 2 and "its API key, 1 model, 12 requests each" in result.err
    assert with_trial("trial", "remove", "openai", "--yes").out == "Ended the trial of OpenAI.\n"
    assert with_trial("trial", "show", "--json").out == "[]\n"
    removed = with_trial("trial", "remove", "openai", "--yes")
    assert removed.code == 2 and "There is no trial of OpenAI." in removed.err


def test_a_refused_key_and_words_that_cannot_be_meant_lend_nothing(modeldeck: Run, server: OpenAIServer) -> None:
    wrong = ("trial", "set", "openai", f"base_url={server.url}", "api_key=-")
    assert modeldeck(*wrong, stdin="sk-test-another-key-0000000000000\n").code == 3
    assert modeldeck(*wrong, "--calls", "0", stdin=KEY + "\n").code == 2
    assert modeldeck(*wrong, "--models", "no-such-model", stdin=KEY + "\n").code == 2
    assert modeldeck("trial", "set", "openai").code == 2
    assert modeldeck("trial", "show", "--json").out == "[]\n"
