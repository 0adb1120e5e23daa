"""A program on a terminal, with what it costs: seconds, bytes, CPU of its processes, memory.

The terminal may stand at the far end of ssh, inside tmux, and behind a line that takes only so many bits a second.
"""

import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from tests.journey.test_ssh import sshd
from tests.terminal import SlowTerminal

_MARK = "bench"
_LEFT = 60
"""Columns at the left; further right stand details, which wait until the cursor rests, and counts."""
_QUIET = 0.3
"""Seconds without output after which a key has done what it does."""
_TIMEOUT = 10
"""Seconds after which a key is taken to do nothing."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Delay:
    """How late a line is.

    Attributes:
        round_trip: Seconds to the far end and back.
        hold_every: Of that many reads in a direction one is held back (0: none).
        hold: Seconds for which it is.
    """

    round_trip: float
    hold_every: int = 0
    hold: float = 0.0

    def program(self, report: Path) -> list[str]:
        """The command that runs another one behind such a line, and reports there what it passed on."""
        words = (f"{self.round_trip * 1000:g}", str(self.hold_every), f"{self.hold * 1000:g}", str(report))
        return [sys.executable, str(Path(__file__).parent / "programs/delayed.py"), *words]


class Passed(NamedTuple):
    """A read that a late line passed on: `in` or `out`, the seconds by which a hold made it late, and its bytes."""

    direction: str
    late: float
    data: bytes


@dataclass(frozen=True)
class Line:
    """The connection between the program and the person."""

    columns: int = 120
    rows: int = 40
    over: str = ""
    baud: int = 0
    delay: Delay | None = None

    @property
    def config(self) -> str:
        """Configure tmux, which answers in the terminal's place and so hides how slow the line is."""
        return f"line = {self.baud}\n" if self.baud and "tmux" in self.over else ""

    @contextmanager
    def run(self, command: Sequence[str], environ: Mapping[str, str]) -> Iterator["Measured"]:
        """The program at the far end, as its terminal is opened."""
        mark = secrets.token_hex(8)
        there_is = {"COLORTERM": "truecolor", **environ}
        # An option that Python does not know tells its processes apart, wherever they were started.
        command = [command[0], "-X", f"{_MARK}={mark}", *command[1:]]
        with ExitStack() as opened:
            if self.over:
                folder = Path(opened.enter_context(TemporaryDirectory()))
                exports = shlex.join(f"{name}={value}" for name, value in there_is.items())
                there = shlex.join(command)
                if "tmux" in self.over:
                    size = f"-x {self.columns} -y {self.rows}"
                    settings = folder / "tmux.conf"
                    settings.write_text("set -sg escape-time 20\n")
                    socket = folder / "tmux"
                    there = f"tmux -S {socket} -f {settings} new-session {size} {shlex.quote(there)}"
                    # It outlives its terminal, as it is meant to.
                    opened.callback(_kill_tmux, socket)
                there = f"env -i {exports} {there}"
                log_in = opened.enter_context(sshd(folder)) if "ssh" in self.over else ["sh", "-c"]
                command = [*log_in, there]
            report = None
            if self.delay:
                report = Path(opened.enter_context(TemporaryDirectory())) / "report"
                command = [*self.delay.program(report), *command]
            # The last row of tmux is its own.
            rows = self.rows + ("tmux" in self.over)
            terminal = opened.enter_context(Measured(command, there_is, self.columns, rows, self.baud, mark))
            terminal.report = report
            yield terminal


def _kill_tmux(socket: Path) -> None:
    subprocess.run(["tmux", "-S", socket, "kill-server"], capture_output=True)


class Measured(SlowTerminal):
    """A terminal that counts."""

    report: Path | None = None
    """What the line writes of each read that it passes on, if it is a late one."""

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], columns: int, rows: int, baud: int, mark: str
    ) -> None:
        self._mark = f"{_MARK}={mark}".encode()
        self.bits = baud
        self.began = perf_counter()
        super().__init__(command, environ, columns, rows)

    def time_to(self, condition: Callable[[], object] | str, *keys: str, seconds: float = 30) -> float:
        """Seconds from the keys, else from the start, until it holds."""
        began = perf_counter() if keys else self.began
        for key in keys:
            self.send(key)
        self.until(condition, seconds)
        return perf_counter() - began

    def passed_on(self) -> list[Passed]:
        """Return what a late line has passed on so far."""
        lines = self.report.read_text().splitlines() if self.report else []
        return [Passed(name, float(late), bytes.fromhex(data)) for name, late, data in map(str.split, lines)]

    def watch(self, seconds: float) -> None:
        """Read the output for so many seconds."""
        until = perf_counter() + seconds
        while (left := until - perf_counter()) > 0:
            self.pump(left)

    def answered(self, key: str) -> float:
        """Seconds from a key until the left of the screen, where lists are, is as it then stays."""
        before, began, ended = self._left, perf_counter(), 0.0
        self.send(key)
        while self.pump(_QUIET) or (not ended and perf_counter() - began < _TIMEOUT):
            now = perf_counter()
            if self._left != before:
                before, ended = self._left, now
        assert ended, f"{key!r} changed nothing; the screen:\n{self.text}"
        return ended - began

    @property
    def _left(self) -> list[str]:
        return [row[:_LEFT] for row in self.screen.display]

    def _processes(self) -> Iterator[Path]:
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self._mark in (folder / "cmdline").read_bytes() and "python" in (folder / "comm").read_text():
                    yield folder
            except OSError:
                continue

    @property
    def cpu(self) -> float:
        """CPU seconds of the program so far."""
        return sum(sum(map(int, _stat(folder)[11:15])) for folder in self._processes()) / _TICKS

    @property
    def peak(self) -> float:
        """The peak of its memory, in MB."""
        return max(_kilobytes(folder, "VmHWM") for folder in self._processes()) / 1024

    @property
    def memory_now(self) -> float:
        """Its present memory, in MB."""
        return max(_kilobytes(folder, "VmRSS") for folder in self._processes()) / 1024


def _stat(process: Path) -> list[str]:
    return (process / "stat").read_text().rpartition(")")[2].split()


def _kilobytes(process: Path, name: str) -> int:
    lines = (process / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))
