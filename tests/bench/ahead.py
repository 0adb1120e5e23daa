"""`python -m tests.bench.ahead`: keys typed ahead of the screens they are meant for, on a machine that is busy.

From the list of tenants a person opens the first, goes to the playground and types a question, without looking:
`enter`, `4`, `hello`. Each key is sent after the same pause. A run is right if the question holds the whole word.
It is no test, as its runs depend on the machine. The bench makes one run at each pace.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from unittest.mock import patch

from tests.bench.sessions import Figures
from tests.bench.terminals import Line
from tests.terminal import REPLIES, Terminal, environ

PACES, LOOPS = (20, 40, 100, 200), 3
KEYS = ("\r", "4", *"hello")
MARKS_PASTES = {b"\x1b[?2004$p": b"\x1b[?2004;2$y"}
"""As terminals of today: keys that a busy machine reads together are keys."""
_TIMEOUT = 30.0
"""Seconds after which a question that has not come will not come."""


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """Run this many processes that use all CPU they get."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def is_right(pause: float) -> bool:
    """Type the keys with a pause of so many seconds after each; return True if all of them arrived."""
    command = [sys.executable, "-m", "tui", "practice"]
    with (
        tempfile.TemporaryDirectory() as home,
        patch.dict(REPLIES, MARKS_PASTES),
        Terminal(command, environ(home)) as terminal,
    ):
        terminal.until("▸ ▪ acme")
        for key in KEYS:
            terminal.send(key)
            _read(terminal, pause)
        deadline = monotonic() + _TIMEOUT
        while "> hello" not in terminal.text and monotonic() < deadline:
            terminal.pump(0.2)
        return any(row.startswith(" > hello") and row.endswith(" TYPE") for row in terminal.rows)


def _read(terminal: Terminal, seconds: float) -> None:
    deadline = monotonic() + seconds
    while (left := deadline - monotonic()) > 0:
        terminal.pump(left)


def ahead(line: Line) -> Figures:
    """Return how many runs were right, one at each pace."""
    with busy(LOOPS):
        return {"right": sum(is_right(pace / 1000) for pace in PACES), "runs": len(PACES)}


def main() -> None:
    """Run the journey at each pace, and print how many runs were right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--busy", type=int, default=LOOPS, help="processes that take all the time they get")
    parser.add_argument("--pace", type=int, nargs="+", default=PACES, help="milliseconds between keys")
    args = parser.parse_args()
    with busy(args.busy):
        for pace in args.pace:
            right = sum(is_right(pace / 1000) for _ in range(args.runs))
            print(f"{pace} ms a key: {right} of {args.runs} right", flush=True)


if __name__ == "__main__":
    main()
