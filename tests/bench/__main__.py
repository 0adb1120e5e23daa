"""`python -m tests.bench`: run the sessions that the rows need, several times in turn, and print the table."""

import argparse
import compileall
import platform
import sys
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from os import cpu_count
from pathlib import Path

import tui
from tests.bench import ahead, commands, lines, recorded_chats, rows, scale, sessions, shared_store
from tests.bench.rows import Row, ratio, table
from tests.bench.sessions import Figures
from tests.bench.terminals import Line
from tests.results import write_figure, write_section

RESULTS = Path(__file__).with_name("RESULTS.md")
SHARED_STORE = Path(__file__).parents[1] / "campaign" / "SHARED_STORE.md"

ROWS = (*rows.ROWS, *shared_store.ROWS, *scale.ROWS)
SESSIONS = {
    **sessions.SESSIONS,
    **commands.SESSIONS,
    **shared_store.SESSIONS,
    "ahead": ahead.ahead,
    **scale.SESSIONS,
    **recorded_chats.SESSIONS,
}

_LONG = {"flat", "flat-cpu", "flat-echo", *(row.name for row in shared_store.ROWS)}
"""Rows that take minutes, measured only where they are named."""

_CPU_ALONE = {*scale.SESSIONS, "saving", "audit"}
"""Sessions whose figures are CPU and memory, which another program beside them hardly changes."""

_LINES = "lines"
"""Stands for a table of its own."""

_SHARED = "shared"
"""Stands for the rows of a shared store, which have a page of their own."""

_BARE = 38_400
"""Bits a second that a line has to take for the least Textual program, whose cursor alone sends 26,000."""


def main() -> int:
    """Parse, measure, print and, with `--write`, keep the table in RESULTS.md."""
    args = _arguments()
    compileall.compile_dir(Path(tui.__file__).parent, quiet=2)  # what changed last is not measured while it is compiled
    if args.rows == [_LINES] or (args.baud and not args.rows):
        result = _lines(args)
        print(result)
        if args.write:
            write_section(RESULTS, "Slow lines", result)
        return 0
    if args.rows == [_SHARED]:
        args.rows, page = [row.name for row in shared_store.ROWS], SHARED_STORE
    else:
        page = RESULTS
    rows = [row for row in ROWS if (row.name in args.rows if args.rows else row.name not in _LONG)]
    runs, result = _rows(rows, args)
    print(result)
    if args.write:
        write_section(page, _title(args) if page is RESULTS else "Ratios", result)
        for row in rows:
            if row.is_measured(runs[0]):
                write_figure(f"python -m tests.bench {row.name}", f"{ratio(row, runs):.2f} ×")
    return 0 if all(row.is_measured(figures) for row in rows for figures in runs) else 1


def _title(args: argparse.Namespace) -> str:
    """Return the heading of a table: a named choice of rows has its own."""
    return ", ".join(args.rows) if args.rows else "All rows"


def _rows(rows: Sequence[Row], args: argparse.Namespace) -> tuple[list[Figures], str]:
    """Measure these rows; return the figures of each run, and the table."""
    columns, height = args.size or (120, 40)
    line = Line(columns, height, args.over or "", args.baud)
    count = args.runs or 5
    runs = [_run(rows, line, f"{number + 1} of {count}") for number in range(count)]
    through = f", over {line.over}" if line.over else ""
    slow = f", at {line.baud:,} bit/s" if line.baud else ""
    return runs, f"{_today()}; {line.columns}×{line.rows}{through}{slow}; median of {count}.\n\n{table(rows, runs)}"


def _lines(args: argparse.Namespace) -> str:
    """The table of slow lines: of every combination of what is not given."""
    names = lines.lines(
        [args.baud] if args.baud else lines.BAUDS,
        [args.size] if args.size else lines.SIZES,
        [args.over] if args.over is not None else lines.ROUTES,
    )
    measured = []
    for line in names:
        print(lines.words(line), file=sys.stderr)
        measured.append((line, [lines.streaming(line) for _ in range(args.runs or 1)]))
    return f"{_today()}; {lines.CONDITIONS}\n\n{lines.table(measured)}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure beside baselines.")
    parser.add_argument("--runs", type=int, help="number of runs, for medians (default: 5, and 1 for lines)")
    parser.add_argument("--over", choices=lines.ROUTES, help="run through ssh, tmux or both")
    parser.add_argument("--size", type=_size, help="columns and rows of the terminal, such as 120x40")
    parser.add_argument("--baud", type=int, default=0, help="speed of the terminal in bits a second")
    parser.add_argument("--write", action="store_true", help="put the table into tests/bench/RESULTS.md")
    parser.add_argument(
        "rows", nargs="*", metavar="ROW", choices=[[], _LINES, _SHARED, *dict.fromkeys(row.name for row in ROWS)]
    )
    args = parser.parse_args()
    if _LINES in args.rows[1:] or args.rows[:1] == [_LINES] != args.rows:
        parser.error(f"{_LINES} is a table of its own: name no rows beside it")
    if 0 < args.baud < _BARE and any("bare" in row.sessions for row in ROWS if row.name in args.rows):
        parser.error("the least Textual program, which such a row is held against, never rests on so slow a line")
    return args


def _run(rows: Sequence[Row], line: Line, which: str) -> Figures:
    """The figures of every session that these rows name. Those that count CPU alone run two at once."""
    names = [name for name in SESSIONS if any(name in row.sessions for row in rows)]
    results = {name: _figures(name, line, which) for name in names if name not in _CPU_ALONE}
    with ProcessPoolExecutor(2) as pool:
        futures = {name: pool.submit(_figures, name, line, which) for name in names if name in _CPU_ALONE}
        results |= {name: future.result() for name, future in futures.items()}
    return {f"{name}.{figure}": value for name, figures in results.items() for figure, value in figures.items()}


def _figures(name: str, line: Line, which: str) -> Figures:
    """The figures of a session; none if it fails, so that the others are still in the table."""
    print(f"{which}: {name}", file=sys.stderr, flush=True)
    try:
        return SESSIONS[name](line)
    except Exception:
        traceback.print_exc()
        return {}


def _size(text: str) -> tuple[int, int]:
    columns, _, rows = text.partition("x")
    return int(columns), int(rows)


def _today() -> str:
    """Date, machine and versions."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("textual", "rich", "httpx"))
    machine = f"{platform.machine()}, {cpu_count()} cores, Python {platform.python_version()}"
    return f"{datetime.now(UTC):%Y-%m-%d}, {machine}, {versions}"


if __name__ == "__main__":
    sys.exit(main())
