"""Plain `pytest` leaves the slow tests out and says so; whatever is named runs."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

FOLDER = "tests/campaign"
GOAL = "test_the_goal_is_met[G1]"
QUICK = "test_a_missed_goal_is_shown_and_gives_exit_code_1[met]"
ADVICE = "Run everything with: pytest tests"


def collect(*words: str) -> str:
    """Return what a run with these words would run, and what it says at its end."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-n", "0", "-v", *words]
    return subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True).stdout


def test_plain_pytest_leaves_slow_tests_out_and_says_how_to_run_them() -> None:
    listed = collect("-o", f"testpaths={FOLDER}")
    assert QUICK in listed and GOAL not in listed
    assert ADVICE in listed


@pytest.mark.parametrize("words", [(FOLDER,), ("-m", "slow"), ("-k", "G1")])
def test_what_is_named_runs(words: tuple[str, ...]) -> None:
    listed = collect("-o", f"testpaths={FOLDER}", *words)
    assert GOAL in listed and ADVICE not in listed
