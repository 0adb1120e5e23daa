"""Run the figures, print a row for each as it ends, and exit with 1 if a goal was missed."""

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

from tests.campaign import results
from tests.campaign.figures import FIGURES, SIZES, Result
from tests.doubles.postgres_server import programs
from tests.results import write_figure
from tui import __version__

ROW = "{:<4} {:<38} {:>8} {:>4} {:>6}  {}"


def main(words: Sequence[str]) -> int:
    parser = _parser()
    args = parser.parse_args(words)
    if args.background:
        return _in_background([word for word in words if word != "--background"])
    if unknown := [goal for goal in args.goals if goal not in FIGURES]:
        parser.error(f"there is no figure {unknown[0]}; there are {' '.join(FIGURES)}")
    met = True
    if not args.json:
        print(_heading(args.size, args.seed), flush=True)
        print(ROW.format("", "tried", "times", "bad", "s", "seen"))
    for goal in args.goals or _possible():
        started = time.monotonic()
        result = FIGURES[goal].run(args.size, args.seed)
        _show(goal, args, result, time.monotonic() - started)
        if args.write:
            heading = _heading(args.size, args.seed)
            results.write(goal, args.size, result, heading, time.strftime("%Y-%m-%d"))
            write_figure(f"python -m tests.campaign --size {args.size} {goal}", result.words.partition(", ")[0])
        met = met and result.met
    return 0 if met else 1


def _possible() -> list[str]:
    """Every figure; without PostgreSQL those of a shared store are left out, and that is said."""
    if programs() is not None:
        return list(FIGURES)
    print("PostgreSQL is not installed: S1 and the others of a shared store are left out.", file=sys.stderr)
    return [goal for goal in FIGURES if not goal.startswith("S")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m tests.campaign", description="Put the promises to the test, in figures."
    )
    parser.add_argument("goals", nargs="*", metavar="GOAL", help=f"one of {' '.join(FIGURES)}")
    parser.add_argument("--size", choices=SIZES, default="gate")
    parser.add_argument(
        "--seed", type=int, default=int.from_bytes(os.urandom(4), "big"), help="repeat the run with this seed"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object for each figure")
    parser.add_argument("--background", action="store_true", help="run on in the background, print to a file")
    parser.add_argument("--write", action="store_true", help="put the rows into tests/campaign/RESULTS.md")
    return parser


def _heading(size: str, seed: int) -> str:
    libraries = " · ".join(f"{name} {version(name)}" for name in ("textual", "tinydb", "pycryptodome", "httpx"))
    date = time.strftime("%Y-%m-%d")
    return f"Modeldeck {__version__} · Python {python_version()} · {libraries} · {date} · size {size} · seed {seed}"


def _show(goal: str, args: argparse.Namespace, result: Result, seconds: float) -> None:
    figure = FIGURES[goal]
    if args.json:
        about = {"goal": goal, "shows": figure.shows, "size": args.size, "met": result.met}
        ran = {"seconds": round(seconds, 1), "seed": args.seed}
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
        print(f"Running as process {run.pid}; the table goes to {path}.", flush=True)
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
