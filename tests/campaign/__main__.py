"""Runs the figures, prints one row for each as it ends, and answers 1 if a goal was missed."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from platform import python_version

from tests.campaign.figures import FIGURES, SIZES, Result
from tui import __version__

ROW = "{:<4} {:<38} {:>8} {:>4} {:>6}  {}"


def main(words: Sequence[str]) -> int:
    parser = _parser()
    given = parser.parse_args(words)
    if given.background:
        return _in_background([each for each in words if each != "--background"])
    if unknown := [each for each in given.goals if each not in FIGURES]:
        parser.error(f"there is no figure {unknown[0]}; there are {' '.join(FIGURES)}")
    met = True
    if not given.json:
        print(_heading(given.size, given.seed), flush=True)
        print(ROW.format("", "tried", "times", "bad", "s", "seen"))
    for goal in given.goals or FIGURES:
        begun = time.monotonic()
        result = FIGURES[goal].run(given.size, given.seed)
        _show(goal, given, result, time.monotonic() - begun)
        met = met and result.met
    return 0 if met else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.campaign", description="Shows the promises by figures.")
    parser.add_argument("goals", nargs="*", metavar="GOAL", help=f"of {' '.join(FIGURES)}")
    parser.add_argument("--size", choices=SIZES, default="gate")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"), help="repeats a run")
    parser.add_argument("--json", action="store_true", help="one JSON object a figure")
    parser.add_argument("--background", action="store_true", help="run on by itself, the table goes to a file")
    return parser


def _heading(size: str, seed: int) -> str:
    libraries = " · ".join(f"{each} {version(each)}" for each in ("textual", "tinydb", "pycryptodome", "httpx"))
    date = time.strftime("%Y-%m-%d")
    return f"Modeldeck {__version__} · Python {python_version()} · {libraries} · {date} · size {size} · seed {seed}"


def _show(goal: str, given: argparse.Namespace, result: Result, seconds: float) -> None:
    figure = FIGURES[goal]
    if given.json:
        about = {"goal": goal, "shows": figure.shows, "size": given.size, "met": result.met}
        ran = {"seconds": round(seconds, 1), "seed": given.seed}
        print(json.dumps(about | asdict(result) | ran, ensure_ascii=False), flush=True)
        return
    times = f"{result.count:,}"
    print(ROW.format(goal, figure.shows, times, result.bad, f"{seconds:.0f}", result.words))
    control = f"control: {result.control} – {'caught' if result.caught else 'NOT CAUGHT'}"
    print(ROW.format("", "" if result.met else "MISSED", "", "", "", control), flush=True)


def _in_background(words: Sequence[str]) -> int:
    file, path = tempfile.mkstemp(prefix="modeldeck-campaign-", suffix=".txt")
    command = [sys.executable, "-m", "tests.campaign", *words]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True) as run:
        print(f"Process {run.pid} runs it; the table goes to {path}.", flush=True)
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
