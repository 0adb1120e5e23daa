"""`modeldeck credential due`: which API keys are old, without unlocking anything."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run
from tests.cli.test_json import check
from tui.tenancy.session import Session


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 100 days later."""
    stamp = (datetime.now(UTC) + timedelta(days=100)).strftime("%Y-%m-%dT%H:%M:%SZ")
    monkeypatch.setattr(Session, "now", lambda session: stamp)


SAVE = ("provider", "set", "openai", "api_key=-", "--no-verify")


def test_a_new_key_is_not_due(modeldeck: Run) -> None:
    assert modeldeck(*SAVE, stdin=KEY + "\n").code == 0
    ran = modeldeck("credential", "due")
    assert (ran.code, ran.out, ran.err) == (0, "", "0 API keys are 90 days old or older.\n")
    assert modeldeck("credential", "due", "--days", "0").code == 2


def test_an_old_key_is_due_in_every_tenant_and_locked_ones_too(
    run_in: Run, two_tenants: Path, request: pytest.FixtureRequest
) -> None:
    for tenant in ("acme", "north-lab"):
        assert run_in(two_tenants, "-t", tenant, *SAVE, stdin=KEY + "\n").code == 0
    request.getfixturevalue("later")
    ran = run_in(two_tenants, "credential", "due", "--all-tenants", "--json")
    rows = json.loads(ran.out)
    check(("credential", "due"), rows)
    assert (ran.code, {row["tenant"] for row in rows}, rows[0]["age_days"]) == (1, {"acme", "north-lab"}, 100)
    assert run_in(two_tenants, "-t", "acme", "credential", "due", "--days", "101").code == 0
    assert "acme  openai  default  100 d" in run_in(two_tenants, "-t", "acme", "credential", "due").out
