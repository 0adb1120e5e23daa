"""What a person at a slow line gets: `python -m tests.bench lines` measures every combination of speed, size and way.

One session each: an answer of 200 tokens a second streams while letters are typed, a pause before each; when it is
whole, the chat is saved; others are stopped by ctrl+c. The line is as slow from its first byte on.
"""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.bench.homes import MODELDECK, one_tenant
from tests.bench.server import ANSWER, paced
from tests.bench.sessions import EMPTY, ENTER, ESCAPE, OVER, STOP, WORDS, Figures, ask
from tests.bench.terminals import Line, Measured
from tui.console.terminal.flow_control import QUESTION

BAUDS = (9_600, 115_200)
SIZES = ((80, 24), (200, 60))
ROUTES = ("", "ssh", "tmux", "ssh+tmux")

MAX_ECHO = 0.3
"""Seconds in which a key is to be answered."""

_PAUSE, _QUIET = 0.3, 0.7
_LETTERS = WORDS[:11]
"""Few enough that the last is typed while the answer still streams."""

_FIGURE = re.compile(r"[\d.,]+")

CONDITIONS = (
    f"while an answer of {len(ANSWER.encode()):,} bytes streams for 7 s; in tmux with `line` as in config.toml and"
    " `set -sg escape-time 20`."
)

COLUMNS: Mapping[str, str] = {
    "echo": f"key to echo, ≤ {MAX_ECHO} s",
    "longest": "the longest",
    "stop": "ctrl+c to stopped",
    "bytes": "bytes",
    "steps": "steps",
    "late": "whole after, s",
    "lost": "rows lost",
}
"""Figure -> what stands over it. Behind tmux steps cannot be told apart."""

LIMITS = {"echo": MAX_ECHO, "longest": MAX_ECHO, "stop": MAX_ECHO, "lost": 0}


def lines(
    bauds: Sequence[int] = BAUDS, sizes: Sequence[tuple[int, int]] = SIZES, methods: Sequence[str] = ROUTES
) -> list[Line]:
    """The combinations."""
    return [Line(*size, method, baud) for baud, size, method in product(bauds, sizes, methods)]


def streaming(line: Line) -> Figures:
    """The session on one line. `lost` counts rows of the screen, and the saved chat if it is not whole."""
    with paced() as url, TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        there = one_tenant(home, url, line.config)
        with line.run(MODELDECK, there) as terminal:
            ask(terminal)
            before = len(terminal.raw)
            terminal.time_to("answering", ENTER)
            delays = _type_lines(terminal)
            streams = OVER not in terminal.text
            terminal.until(OVER, 60)
            over = perf_counter()
            _quiet(terminal)
            figures = {
                "echo": median(delays),
                "longest": max(delays),
                "bytes": len(terminal.raw) - before,
                "steps": terminal.raw[before:].count(QUESTION.encode()),
                "late": perf_counter() - over - _QUIET,
            }
            assert streams, "the answer was over before the last letter"
            rows = zip(_words(terminal, line), _on_a_fast_line(line.columns, line.rows), strict=True)
            lost = [f"there should be: {fast}\nand there is: {here}" for here, fast in rows if here != fast]
            if ANSWER not in _save(terminal, home / "chat.md"):
                lost.append("the saved chat is not the whole answer")
            for figure in lost:
                print(figure, file=sys.stderr)
            return {**figures, "lost": len(lost), "stop": median(_stop(terminal) for _ in range(3))}


def _quiet(terminal: Measured) -> None:
    """Until nothing comes any more."""
    terminal.settle(_QUIET, 60)


def _type_lines(terminal: Measured) -> list[float]:
    """Seconds of each letter until it shows."""
    delays = []
    for count in range(1, len(_LETTERS) + 1):
        terminal.watch(_PAUSE)
        delays.append(terminal.time_to(f"> {_LETTERS[:count]}", _LETTERS[count - 1]))
    return delays


def _words(terminal: Measured, line: Line) -> list[str]:
    """What the screen shows, but for figures, which differ from one answer to the next."""
    return [" ".join(_FIGURE.sub("#", row).split()) for row in terminal.rows[: line.rows]]


@cache
def _on_a_fast_line(columns: int, rows: int) -> Sequence[str]:
    """The screen at the end of the same answer where nothing is held up."""
    with paced() as url, TemporaryDirectory() as folder:
        line = Line(columns, rows)
        with line.run(MODELDECK, one_tenant(Path(folder) / "home", url)) as terminal:
            ask(terminal)
            terminal.time_to("answering", ENTER)
            _type_lines(terminal)
            terminal.until(OVER, 60)
            _quiet(terminal)
            return _words(terminal, line)


def _save(terminal: Measured, path: Path) -> str:
    """The chat as it is saved by keys, a pause after each."""
    keys = {ESCAPE: "s save", "s": "Save to a file", EMPTY: "", f"{path}": path.name, ENTER: "enter press"}
    for key, shown in {**keys, "\n": "i type", "i": "enter send"}.items():
        terminal.time_to(shown, key.replace("\n", ENTER))
        terminal.settle(0.2)
    return path.read_text()


def _stop(terminal: Measured) -> float:
    """Seconds from ctrl+c to the words that an answer was stopped, in the middle of another one."""
    terminal.send(EMPTY)
    _quiet(terminal)
    terminal.send(_LETTERS)
    terminal.until(f"> {_LETTERS}")
    terminal.send(ENTER)
    terminal.until("answering")
    terminal.watch(5 * _PAUSE)
    delay = terminal.time_to("stopped after", STOP)
    _quiet(terminal)
    return delay


def table(measured: Iterable[tuple[Line, Sequence[Figures]]]) -> str:
    """One row a line, each figure the median of the runs."""
    head = f"| line | {' | '.join(COLUMNS.values())} |"
    return "\n".join([head, "|---" * (len(COLUMNS) + 1) + "|", *(_row(line, runs) for line, runs in measured)])


def _row(line: Line, runs: Sequence[Figures]) -> str:
    cells = [_cell(name, median(figures[name] for figures in runs), line) for name in COLUMNS]
    return f"| {words(line)} | {' | '.join(cells)} |"


def words(line: Line) -> str:
    """The combination in words."""
    return f"{line.baud:,} bit/s, {line.columns}×{line.rows}{f', {line.over}' if line.over else ''}"


def _cell(name: str, value: float, line: Line) -> str:
    if name == "steps" and "tmux" in line.over:
        return "–"
    shown = f"{value:,.0f}" if name in ("bytes", "steps", "lost") else f"{value:.2f}"
    return f"{shown} ✗" if value > LIMITS.get(name, float("inf")) else shown
