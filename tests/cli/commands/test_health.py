"""`modeldeck health`: all credentials of one tenant or of all, and an exit code for cron."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run
from tests.doubles.openai_server import OpenAIServer
from tui.cli.commands.provider import health as command
from tui.domain import VerificationResult, VerificationState
from tui.errors import CredentialRejected, Exit, Locked, NetworkError, Problem
from tui.tenancy.session import TenantSession
from tui.workspace.credentials import health as checks
from tui.workspace.credentials import verify
from tui.workspace.credentials.health import MAX_PER_HOST, HealthRow


@pytest.mark.slow
def test_every_credential_is_verified_and_none_is_changed(ready: Run, server: OpenAIServer) -> None:
    other = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-", "--name", "old", "--no-verify")
    assert ready(*other, stdin="sk-FAKE-9Zq4-0123456789-abcd\n").code == 0
    ran = ready("health", "--json")
    rows = json.loads(ran.out)
    assert ran.code == 3
    assert [(row["credential"], row["state"], row["active"]) for row in rows] == [
        ("default", "ready", True), ("old", "refused", False),
    ]  # fmt: skip
    assert rows[0]["median_ms"] > 0 and rows[1]["median_ms"] == 0 and not rows[0]["billed"]
    assert rows[0]["ms"] >= 0 and rows[0]["age_days"] == 0 and "rejected" in rows[1]["message"]
    table = ready("health")
    assert table.code == 3 and "2 credentials: 1 ready, 1 refused." in table.err and KEY not in table.out + table.err
    assert ready("provider", "list", "--json").code == 0
    assert len(json.loads(ready("credential", "list", "openai", "--json").out)) == 2


@pytest.mark.slow
def test_a_provider_that_cannot_be_reached_gives_4(modeldeck: Run) -> None:
    words = ("provider", "set", "openai_compatible", "base_url=http://127.0.0.1:9/v1", "--no-verify")
    assert modeldeck(*words).code == 0
    ran = modeldeck("health", "--json")
    assert (ran.code, json.loads(ran.out)[0]["state"]) == (4, "failed")


@pytest.mark.slow
def test_a_locked_tenant_among_all_is_reported_without_a_question(run_in: Run, two_tenants: Path) -> None:
    words = ("-t", "north-lab", "provider", "set", "openai", "api_key=-", "--no-verify")
    assert run_in(two_tenants, *words, stdin=KEY + "\n").code == 0
    ran = run_in(two_tenants, "health", "--all-tenants", "--json")
    assert (ran.code, [(row["tenant"], row["state"]) for row in json.loads(ran.out)]) == (5, [("north-lab", "locked")])


@pytest.mark.parametrize(
    ("problems", "code"),
    [
        ((), Exit.DONE),
        ((None,), Exit.DONE),
        ((NetworkError("x"), None, CredentialRejected("x")), Exit.REFUSED),
        ((Locked("x"), NetworkError("x")), Exit.NETWORK),
        ((Problem("x"),), Exit.FAILED),
    ],
)
def test_the_most_urgent_failure_is_the_exit_code(problems: tuple[Problem | None, ...], code: Exit) -> None:
    assert checks.exit_code([HealthRow("acme", "openai", "x", True, "", problem=entry) for entry in problems]) == code


@pytest.mark.slow
def test_few_tenants_are_open_at_a_time(
    run_in: Run, two_tenants: Path, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("south", "west"):
        assert run_in(two_tenants, "tenant", "create", name).code == 0
    for tenant in ("acme", "south", "west"):
        words = ("-t", tenant, "provider", "set", "openai", f"base_url={server.url}", "api_key=-", "--no-verify")
        assert run_in(two_tenants, *words, stdin=KEY + "\n").code == 0
    opened: list[int] = []

    async def verify_stored(session: TenantSession, provider_id: str, name: str) -> VerificationResult:
        opened.append(len(session.process.open_keys))
        return VerificationResult(VerificationState.READY, "2026-11-30T00:00:00Z", 5)

    monkeypatch.setattr(verify, "verify_stored", verify_stored)
    monkeypatch.setattr(command, "_MAX_OPEN_TENANTS", 2)
    ran = run_in(two_tenants, "health", "--all-tenants", "--json")
    assert [row["tenant"] for row in json.loads(ran.out)] == ["acme", "south", "west"]
    assert ran.code == 0 and len(opened) == 3 and max(opened) <= 2


@pytest.mark.slow
def test_few_checks_run_at_a_host_at_once(
    ready: Run, server: OpenAIServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b", "c", "d", "e"):
        words = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-", "--no-verify", "--name", name)
        assert ready(*words, stdin=KEY + "\n").code == 0
    running: Counter[str] = Counter()
    most = 0

    async def slow(session: object, provider_id: str, name: str) -> VerificationResult:
        nonlocal most
        running["now"] += 1
        most = max(most, running["now"])
        for _ in range(5):
            await asyncio.sleep(0)
        running["now"] -= 1
        return VerificationResult(VerificationState.READY, "2026-11-30T00:00:00Z", 5)

    monkeypatch.setattr(verify, "verify_stored", slow)
    assert ready("health").code == 0
    assert most == MAX_PER_HOST
