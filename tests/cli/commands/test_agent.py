"""`modeldeck agent`: one passphrase, and then commands ask nobody."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run, environ, run_process
from tests.doubles.openai_server import OpenAIServer
from tests.doubles.running_agent import runtime
from tui.vault.agent import control

pytestmark = pytest.mark.slow

TYPED = ("open sesame",)


@pytest.fixture
def variables() -> Iterator[dict[str, str]]:
    """The environment of an agent; one that was started is ended."""
    with runtime() as variables:
        yield variables
        control.stop(variables)


def test_a_passphrase_is_typed_once(
    run_in: Run, locked_home: Path, variables: dict[str, str], server: OpenAIServer
) -> None:
    def run(*words: str, typed: tuple[str, ...] = (), stdin: str = "") -> str:
        ran = run_in(locked_home, *words, typed=typed, stdin=stdin, **variables)
        assert ran.code == 0, ran.err
        return ran.out

    assert json.loads(run("agent", "status", "--json"))["running"] is False
    started = json.loads(run("agent", "start", "--for", "30m", "--idle", "2h", "--json"))
    assert started["started"] and started["pid"] == control.running(variables)
    assert not json.loads(run("agent", "start", "--json"))["started"]
    assert "No tenant is open" in run("agent", "status")
    assert "north-lab is open in the agent" in run("vault", "unlock", typed=TYPED)
    status = json.loads(run("agent", "status", "--json"))
    assert [entry["tenant"] for entry in status["tenants"]] == ["north-lab"] and status["idle_minutes"] == 30

    run("provider", "set", "openai", f"base_url={server.url}", "api_key=-", stdin=KEY + "\n")
    assert run("chat", "-m", "openai/gpt-4o", "Why?")
    assert "open in the agent" in run("tenant", "list")
    (row,) = json.loads(run("tenant", "list", "--json"))
    assert row["open"] and row["agent"]
    vault = json.loads(run("vault", "status", "--json"))
    assert (vault["open"], vault["agent"], vault["manifest"]["state"]) == (True, True, "vouched for")
    doctor = json.loads(run("doctor", "--json"))
    assert "north-lab" in next(check for check in doctor["checks"] if check["check"] == "agent")["message"]
    ran = run_process(locked_home, "exec", "--", "sh", "-c", "echo $OPENAI_API_KEY", env=variables)
    assert (ran.code, ran.out) == (0, KEY + "\n")
    # The start of a program waits for neither; together they take longer than all the rest.
    words = (sys.executable, "-X", "importtime", "-m", "tui", "exec", "--", "true")
    done = subprocess.run(words, env={**environ(locked_home), **variables}, capture_output=True, text=True, check=True)
    assert "tui.vault.agent.client" in done.stderr
    assert not {"asyncio", "Crypto"} & {line.split("|")[-1].strip() for line in done.stderr.splitlines()}

    assert json.loads(run("agent", "lock", "north-lab", "--json")) == {"locked": 1}
    ran = run_process(locked_home, "exec", "--", "true", env=variables)
    assert ran.code == 5 and "locked" in ran.err
    assert json.loads(run("agent", "stop", "--json"))["stopped"]
    assert not json.loads(run("agent", "stop", "--json"))["stopped"]


def test_a_named_passphrase_is_checked_even_if_the_agent_has_the_key(
    run_in: Run, locked_home: Path, tmp_path: Path, variables: dict[str, str]
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not it\n")
    wrong.chmod(0o600)
    assert run_in(locked_home, "agent", "start", **variables).code == 0
    assert run_in(locked_home, "vault", "unlock", typed=TYPED, **variables).code == 0
    assert run_in(locked_home, "--passphrase-file", str(wrong), "vault", "unlock", **variables).code == 5
    assert run_in(locked_home, "vault", "unlock", **variables).code == 0


@pytest.mark.parametrize("time", ["0h", "8", "h", "30s", "8d", "1.5h", "99999d"])
def test_a_time_that_is_none_is_refused(run_in: Run, home: Path, time: str) -> None:
    ran = run_in(home, "agent", "start", "--for", time)
    assert ran.code == 2 and "between 1m and 7d" in ran.err


def test_without_a_safe_folder_it_says_what_to_do(run_in: Run, home: Path) -> None:
    ran = run_in(home, "agent", "start")
    assert ran.code == 1 and "XDG_RUNTIME_DIR is not set" in ran.err and "0700" in ran.err
