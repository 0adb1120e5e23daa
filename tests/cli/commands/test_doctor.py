"""`modeldeck doctor`: its lines, its JSON, its exit codes, and what costs something only when it is asked for."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run
from tests.doubles.openai_server import OpenAIServer


def test_a_provider_is_checked_without_a_billed_request_and_nothing_is_stored(ready: Run, server: OpenAIServer) -> None:
    ran = ready("doctor", "openai")
    lines = [line.split()[:2] for line in ran.out.splitlines()]
    assert ran.code == 0 and lines == [
        ["ok", "name"], ["ok", "tcp"], ["skipped", "clock"], ["ok", "authentication"], ["ok", "models"],
    ]  # fmt: skip
    assert "the key is accepted" in ran.out and "7 models listed" in ran.out
    assert [request.path for request in server.requests] == ["/v1/models"]
    assert KEY not in ran.out + ran.err
    assert max(map(len, ran.out.splitlines())) <= 80


@pytest.mark.slow
def test_a_request_is_billed_only_with_spend(ready: Run, server: OpenAIServer) -> None:
    ran = ready("doctor", "openai", "--spend", "--json")
    answer = json.loads(ran.out)
    last = answer["checks"][-1]
    assert (answer["version"], last["check"], last["state"]) == (1, "answer", "ok")
    assert last["facts"] == {"model": "gpt-5.4-mini", "type": "chat"}
    assert len(server.requests_to("/chat/completions")) == 1


@pytest.mark.slow
def test_a_key_that_is_refused_gives_3_and_says_what_to_do(ready: Run, server: OpenAIServer) -> None:
    other = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-", "--name", "old", "--no-verify")
    assert ready(*other, stdin="sk-FAKE-9Zq4-0123456789-abcd\n").code == 0
    ran = ready("doctor", "openai", "old", "--json")
    failed = [entry for entry in json.loads(ran.out)["checks"] if entry["state"] == "failed"]
    assert ran.code == 3 and [entry["check"] for entry in failed] == ["authentication"]
    assert "rejected" in failed[0]["message"] and failed[0]["hint"]
    assert ready("doctor", "openai").code == 0, "the active credential is the first one still"


@pytest.mark.slow
@pytest.mark.parametrize("words", [("doctor", "opnai"), ("doctor", "openai", "nobody"), ("doctor", "--spend")])
def test_what_does_not_exist_is_a_usage_error(ready: Run, words: tuple[str, ...]) -> None:
    ran = ready(*words)
    assert (ran.code, ran.out) == (2, "")


@pytest.mark.slow
def test_this_machine_is_checked_without_a_tenant_of_its_own(ready: Run) -> None:
    ran = ready("doctor", "--json")
    answer = json.loads(ran.out)
    names = [entry["check"] for entry in answer["checks"]]
    assert ran.code == 0 and answer["provider"] is None
    assert {"version", "terminal", "locale", "settings", "keys", "disk", "config.toml", "network"} <= set(names)


@pytest.mark.slow
def test_long_words_keep_their_column_on_a_terminal(ready: Run, request: pytest.FixtureRequest) -> None:
    plain = ready("doctor").out
    request.getfixturevalue("on_terminal")
    drawn = ready("doctor", COLUMNS="80").out
    assert max(map(len, plain.splitlines())) > 80 >= max(len(line) for line in drawn.splitlines() if "/" not in line)
    assert all(line[:37].isspace() for line in drawn.splitlines() if line.startswith(" "))


@pytest.mark.slow
def test_failures_are_counted_and_shown_with_the_remedy(ready: Run, server: OpenAIServer) -> None:
    other = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-", "--name", "old", "--no-verify")
    assert ready(*other, stdin="sk-FAKE-9Zq4-0123456789-abcd\n").code == 0
    ran = ready("doctor", "openai", "old")
    (failed,) = [line for line in ran.out.splitlines() if line.startswith("failed")]
    assert failed.split()[1] == "authentication" and "4 checks: 1 failed." in ran.err


@pytest.mark.slow
def test_a_locked_tenant_s_provider_is_reached_without_its_key(
    run_in: Run, locked_home: Path, server: OpenAIServer
) -> None:
    words = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-", "--no-verify")
    assert run_in(locked_home, *words, stdin=KEY + "\n").code == 0
    ran = run_in(locked_home, "doctor", "openai")
    assert ran.code == 5 and "The key is not tried. " in ran.err
    assert [request.headers.get("authorization") for request in server.requests] == [None]
