"""`python -m tests.bench`: run what the wanted rows need, over and over in turn, and print the table."""

import argparse
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from os import cpu_count

from tests.bench.rows import ROWS, Row, table
from tests.bench.sessions import SESSIONS
from tests.bench.terminals import Line

_LONG = {"flat", "flat-cpu", "flat-echo"}
"""Rows that take minutes, measured only where they are named."""


def main() -> None:
    """Parse, measure, print."""
    args = _arguments()
    columns, _, lines = args.size.partition("x")
    line = Line(int(columns), int(lines), args.over, args.baud)
    rows = (
        [row for row in ROWS if row.name in args.rows] if args.rows else [row for row in ROWS if row.name not in _LONG]
    )
    runs = []
    for number in range(args.runs):
        runs.append(_run(rows, line, f"{number + 1} of {args.runs}"))
    print(_when(line, args.runs))
    print()
    print(table(rows, runs))


def _arguments() -> argparse.Namespace:
    given = argparse.ArgumentParser(prog="python -m tests.bench")
    given.add_argument("--runs", type=int, default=5)
    given.add_argument("--over", default="", choices=["", "ssh", "tmux", "ssh+tmux"], help="what the line goes through")
    given.add_argument("--size", default="120x40", help="columns and rows of the terminal")
    given.add_argument("--baud", type=int, default=0, help="a terminal that takes only so many bits a second")
    given.add_argument("rows", nargs="*", metavar="ROW", choices=[[], *(row.name for row in ROWS)])
    return given.parse_args()


def _run(rows: Sequence[Row], line: Line, which: str) -> dict[str, float]:
    """The figures of every session that these rows name."""
    figures: dict[str, float] = {}
    for session in [name for name in SESSIONS if any(name in row.sessions for row in rows)]:
        print(f"{which}: {session}", file=sys.stderr)
        figures |= {f"{session}.{name}": value for name, value in SESSIONS[session](line).items()}
    return figures


def _when(line: Line, runs: int) -> str:
    """Date, machine, versions and conditions."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("textual", "rich", "httpx"))
    machine = f"{platform.machine()}, {cpu_count()} cores, Python {platform.python_version()}"
    through = f", over {line.over}" if line.over else ""
    slow = f", at {line.baud:,} bit/s" if line.baud else ""
    size = f"{line.columns}×{line.rows}{through}{slow}"
    return f"{datetime.now(UTC):%Y-%m-%d}, {machine}, {versions}; {size}; median of {runs}."


if __name__ == "__main__":
    main()
