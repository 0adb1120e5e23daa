"""`modeldeck credential due`: which API keys are old, without unlocking anything."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run, environ
from tui.tenancy import operators
from tui.tenancy.session import Session, open_session


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 100 days later."""
    stamp = (datetime.now(UTC) + timedelta(days=100)).strftime("%Y-%m-%dT%H:%M:%SZ")
    monkeypatch.setattr(Session, "now", lambda session: stamp)


SAVE = ("provider", "set", "openai", "api_key=-", "--no-verify")


def test_a_new_key_is_not_due(modeldeck: Run) -> None:
    assert modeldeck(*SAVE, stdin=KEY + "\n").code == 0
    ran = modeldeck("credential", "due")
    assert (ran.code, ran.out, ran.err) == (0, "", "0 API keys are due.\n")
    assert modeldeck("credential", "due", "--days", "0").code == 2


@pytest.mark.slow
def test_an_expiry_date_and_a_period_are_reminders(ready: Run, request: pytest.FixtureRequest) -> None:
    words = ("credential", "expire", "openai")
    soon = (datetime.now(UTC) + timedelta(days=110)).date().isoformat()
    ran = ready(*words, "--on", soon, "--every", "52w", "--json")
    shape = json.loads(ran.out)
    assert shape == {
        **{"provider": "openai", "credential": "default"},
        **{"expires": soon, "every_days": 364, "due_on": soon},
    }
    assert ready(*words).out == f"The API key of OpenAI default expires on {soon} and is replaced every 364 days.\n"
    (listed,) = json.loads(ready("credential", "list", "openai", "--json").out)
    assert (listed["expires"], listed["due_on"]) == (soon, soon)
    assert soon in ready("health").out and ready("credential", "due").code == 0
    assert "API keys to replace" not in ready("vault", "unlock").out
    request.getfixturevalue("later")
    assert "API keys to replace: OpenAI default (" in ready("vault", "unlock").out
    unlocked = json.loads(ready("vault", "unlock", "--json").out)
    assert [row["due_on"] for row in unlocked["due"]] == [soon]
    due = ready("credential", "due", "--days", "1000", "--json")
    assert (due.code, json.loads(due.out)[0]["expires"]) == (1, soon)
    assert ready(*words, "--never").out == "The API key of OpenAI default is never due.\n"
    assert ready("credential", "due").code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [("--on", "2020-01-31"), ("--on", "soon"), ("--every", "0d"), ("--every", "9"), ("--never", "--every", "9d")],
)
def test_a_date_that_is_past_or_no_date_is_a_usage_error(ready: Run, options: tuple[str, ...]) -> None:
    assert ready("credential", "expire", "openai", *options).code == 2
    assert ready("credential", "expire", "openai").out == "The API key of OpenAI default has no date and no period.\n"


@pytest.mark.slow
def test_an_old_key_is_due_in_every_tenant_and_locked_ones_too(
    run_in: Run, two_tenants: Path, request: pytest.FixtureRequest
) -> None:
    for tenant in ("acme", "north-lab"):
        assert run_in(two_tenants, "-t", tenant, *SAVE, stdin=KEY + "\n").code == 0
    request.getfixturevalue("later")
    ran = run_in(two_tenants, "credential", "due", "--all-tenants", "--json")
    rows = json.loads(ran.out)
    assert (ran.code, {row["tenant"] for row in rows}, rows[0]["age_days"]) == (1, {"acme", "north-lab"}, 100)
    assert run_in(two_tenants, "-t", "acme", "credential", "due", "--days", "101").code == 0
    assert "acme  openai  default  100 d" in run_in(two_tenants, "-t", "acme", "credential", "due").out


def test_a_key_that_a_removed_operator_could_read_is_due_at_any_age_until_it_is_replaced(
    modeldeck: Run, home: Path
) -> None:
    assert modeldeck(*SAVE, stdin=KEY + "\n").code == 0
    session = open_session(environ(home)).tenant("acme")
    with session.store.transaction() as tables:
        operators.expose(tables, "bob", session.today())
    ran = modeldeck("credential", "due")
    assert (ran.code, ran.out) == (1, "acme  openai  default  0 d  read by bob\n")
    assert "1 API key to replace, which a removed operator could read." in ran.err
    rows = json.loads(modeldeck("credential", "due", "--json").out)
    assert rows[0]["read_by"] == "bob"
    assert modeldeck(*SAVE, stdin=KEY.replace("wxyz", "abcd") + "\n").code == 0
    assert (modeldeck("credential", "due").code, modeldeck("credential", "due").out) == (0, "")
