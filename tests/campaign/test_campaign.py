"""Every figure at the size of the gate, by the documented command; and the command can say that a goal was missed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import results as written
from tests.campaign import __main__ as campaign
from tests.campaign import results
from tests.campaign.figures import FIGURES, Figure, Result
from tests.doubles.postgres_server import require

SHARED = [goal for goal in FIGURES if goal.startswith("S")]
"""Those of a shared store, which need a server."""
TOGETHER = (SHARED, ["G7", "G8", "G14"], ["G13", "G26", "G27", "G28"], ["G16", "G17", "G24", "G25"])
"""Those that run in one process, as loading the program takes longer than most of them."""
ALONE = [[goal] for goal in FIGURES if not any(goal in goals for goals in TOGETHER)]
"""Those that fork or measure memory, and the longest."""


@pytest.mark.slow
@pytest.mark.parametrize("goals", [*TOGETHER, *ALONE], ids=lambda goals: goals[0])
def test_the_goal_is_met(goals: list[str]) -> None:
    if goals is SHARED:
        require()
    # A process of its own: some figures fork, some measure memory, and all replace parts of the program.
    command = [sys.executable, "-m", "tests.campaign", "--size", "gate", "--json", *goals]
    ran = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=900)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert [(row["goal"], row["met"]) for row in map(json.loads, ran.stdout.splitlines())] == [
        (goal, True) for goal in goals
    ]


GOOD = Result(10, 0, "0 lost", "stock lost 3", caught=True)


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (GOOD, 0),
        (Result(10, 1, "1 lost", "stock lost 3", caught=True), 1),
        (Result(10, 0, "0 lost", "stock lost nothing", caught=False), 1),
        (Result(0, 0, "nothing was tried", "stock lost 3", caught=True), 1),
    ],
    ids=["met", "something was bad", "the control was not caught", "nothing was tried"],
)
def test_a_missed_goal_is_shown_and_gives_exit_code_1(
    result: Result, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Figure, "run", lambda *_: result)
    assert campaign.main(["--seed", "7", "G1"]) == code
    printed = capsys.readouterr().out
    assert ("MISSED" in printed) is bool(code) and "seed 7" in printed and result.control in printed
    assert campaign.main(["--json", "G1"]) == code
    assert json.loads(capsys.readouterr().out)["met"] is not bool(code)


def test_a_run_with_write_replaces_its_own_rows_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text("# Results\n\nIntroduction.\n\n## Size large\n\nKept.\n")
    monkeypatch.setattr(results, "PATH", path)
    readme = tmp_path / "README.md"
    readme.write_text("| killed | 0 of 3 lost | `python -m tests.campaign --size note G1` |\n| other | – | – |\n")
    monkeypatch.setattr(written, "README", readme)
    monkeypatch.setattr(Figure, "run", lambda *_: GOOD)
    assert campaign.main(["--write", "--size", "note", "G7"]) == 0
    monkeypatch.setattr(Figure, "run", lambda *_: Result(12, 0, "0 files lost", "stock lost 3", caught=True))
    assert campaign.main(["--write", "--size", "note", "G1"]) == 0
    text = path.read_text()
    assert text.startswith("# Results\n\nIntroduction.\n\n## Size large\n\nKept.\n\n## Size note\n")
    assert text.index("| G1 | ") < text.index("| G7 | ")
    assert readme.read_text().splitlines() == [
        "| killed | 0 files lost | `python -m tests.campaign --size note G1` |",
        "| other | – | – |",
    ]
    assert "| 12 | 0 | 0 files lost | stock lost 3 |" in text and "| 10 | 0 | 0 lost | stock lost 3 |" in text


def test_a_figure_that_does_not_exist_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        campaign.main(["G99"])
    assert ended.value.code == 2 and "no figure G99" in capsys.readouterr().err
