"""Removals: shown with --dry-run, refused without --yes, and printed to a program with --json."""

import json

import pytest

from tests.cli.conftest import Run

REMOVALS = {
    ("provider", "remove", "openai"): ("OpenAI would be removed from acme", "provider", "openai"),
    ("credential", "remove", "openai", "default"): ("The active credential default", "credential", "default"),
    ("tenant", "remove", "acme"): ("acme would be deleted with its key pair", "id", "acme"),
    ("model", "remove", "openai", "ft:mine"): ("openai/ft:mine would be removed.", "id", "ft:mine"),
}


@pytest.mark.slow
@pytest.mark.parametrize("words", REMOVALS, ids=" ".join)
def test_a_removal_is_shown_first_and_then_done(ready: Run, words: tuple[str, ...]) -> None:
    ready("model", "add", "openai", "ft:mine", "--type", "chat", "--no-verify")
    preview, key, value = REMOVALS[words]
    before = ready("export", "acme").out
    for more in ((), ("--yes",)):
        shown = ready(*words, "--dry-run", *more)
        assert (shown.code, shown.err) == (0, "") and shown.out.startswith(preview)
    printed = json.loads(ready(*words, "--dry-run", "--json").out)
    assert (printed[key], printed["removed"]) == (value, False) and printed["message"].startswith(preview)
    assert ready("export", "acme").out == before, "nothing is removed"
    done = json.loads(ready(*words, "--yes", "--json").out)
    assert set(done) == set(printed) and (done[key], done["removed"]) == (value, True)


@pytest.mark.slow
def test_ending_a_trial_is_shown_first(modeldeck: Run) -> None:
    words = ("trial", "set", "openai", "api_key=-", "--calls", "5", "--models", "gpt-5.4-mini", "--no-verify")
    assert modeldeck(*words, stdin="sk-test-0000-1111-2222-3333\n").code == 0
    shown = modeldeck("trial", "remove", "openai", "--dry-run")
    assert shown.code == 0 and shown.out.startswith("The trial of OpenAI would end for every tenant")
    assert json.loads(modeldeck("trial", "show", "--json").out)
    assert json.loads(modeldeck("trial", "remove", "openai", "--yes", "--json").out)["removed"] is True
    assert json.loads(modeldeck("trial", "show", "--json").out) == []


@pytest.mark.slow
def test_changes_are_printed_as_json(ready: Run) -> None:
    for words, shape in (
        (("default", "set", "chat", "openai/gpt-4o"), {"type": "chat", "model": "openai/gpt-4o", "fallbacks": []}),
        (("default", "clear", "chat"), {"type": "chat", "model": None, "fallbacks": []}),
        (("credential", "use", "openai", "default"), {"provider": "openai", "credential": "default", "active": True}),
        (("provider", "source", "openai", "own"), {"provider": "openai", "source": "own"}),
        (("tenant", "rename", "acme", "Acme Ltd"), {"id": "acme", "name": "Acme Ltd"}),
    ):
        for _ in range(2):  # again: the same
            assert json.loads(ready(*words, "--json").out) == shape


def test_a_tenant_is_created_only_if_it_is_missing(modeldeck: Run) -> None:
    (acme,) = json.loads(modeldeck("tenant", "list", "--json").out)
    again = modeldeck("tenant", "create", "acme", "--if-missing")
    assert (again.code, again.err) == (0, "") and again.out.startswith("Already there: acme")
    printed = json.loads(modeldeck("tenant", "create", "ACME", "--if-missing", "--json").out)
    assert (printed["id"], printed["created"]) == (acme["id"], False)
    assert modeldeck("tenant", "create", "acme").code == 2, "the control"
    other = modeldeck("tenant", "create", "acme", "--if-missing", "--id", "other")
    assert other.code == 2 and "with the ID acme" in other.err
    new = json.loads(modeldeck("tenant", "create", "north", "--if-missing", "--json").out)
    assert (new["id"], new["created"]) == ("north", True)


def test_a_variable_that_holds_the_key_is_offered_and_used(modeldeck: Run) -> None:
    missing = modeldeck("provider", "set", "openai", "--no-verify", OPENAI_API_KEY="sk-test-0000-1111-2222-3333")
    assert missing.code == 2 and "api_key=env:OPENAI_API_KEY" in missing.err and "sk-test" not in missing.err
    words = ("provider", "set", "openai", "api_key=env:OPENAI_API_KEY", "--no-verify")
    assert modeldeck(*words, OPENAI_API_KEY="sk-test-0000-1111-2222-3333").code == 0
    assert "env:NAME" in modeldeck("provider", "set", "--help").out
