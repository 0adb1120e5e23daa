"""Windows of any size, resized faster than they can be drawn, and a megabyte pasted into every kind of field."""

import os
import random
import sys
import tempfile
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic

from tests.campaign.figures import Result
from tests.journey.console import ENTER, ESCAPE, opened
from tests.terminal import Terminal, environ

F2 = "\x1bOQ"
MIN_SIZE, MAX_SIZE = (10, 5), (300, 100)
MEGABYTE = 1_000_000
SECONDS = 1.0
"""The CPU that a paste may take of the console."""

STORM = 20
"""Changes of the size that come without a look at the screen in between."""

STOCK = "from textual.app import App; from textual.widgets import TextArea\n"
STOCK += "class Field(App):\n    def compose(self): yield TextArea()\nField().run()"


@dataclass(frozen=True)
class Field:
    """A kind of field: the keys to it from the list of providers, what shows that it is there, what it says then."""

    name: str
    keys: tuple[str, ...]
    ready: str
    says: str = "1,000,000 characters"


AREAS = {"1": "Providers]", "2": "Models]", "3": "Defaults]", "4": "Playground]", "0": "── Tenants ──"}
"""The key of an area -> what is on the screen then."""

# In this order: the playground comes up on the tab that was shown last.
FIELDS = (
    Field("secret", (ENTER, ENTER), "Verify and save"),
    Field("filter", ("/",), "down to list"),
    Field("question", ("4",), "enter send"),
    Field("path", ("4", ESCAPE, "t", ESCAPE, "t", "i"), "[Speech-to-text]"),
    Field("search of models", ("2", "/"), "down to list"),
    Field("tenant's name", ("0", "n"), "Create tenant"),
    Field("command", (":",), "Commands"),
    Field("texts", ("4", *(ESCAPE, "t") * 3, "i"), "[Embedding]", "xxxx"),
)


def of_any_size(count: int, seed: int) -> Result:
    """`count` sizes in turn and all at once, and each field once; the control is a text area of stock Textual."""
    chance = random.Random(seed)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as home, _practice(home) as terminal:
        for area, sign in AREAS.items():
            terminal.send(ESCAPE + area)
            terminal.until(sign)
            terminal.settle()
            title = terminal.rows[1][:30]
            for _ in range(max(1, count // (5 * STORM))):
                wrong += _storm(terminal, chance, area, title)
    with tempfile.TemporaryDirectory() as home, _practice(home) as terminal:
        times = {field.name: _paste(terminal, field) for field in FIELDS}
    with tempfile.TemporaryDirectory() as home, Terminal([sys.executable, "-c", STOCK], environ(home)) as stock:
        stock.until(lambda: b"\x1b[?1049h" in stock.raw)
        stock.settle()
        control = _cpu_of_paste(stock, 10 * SECONDS)
    wrong += [f"{name}: {time:.1f} s" for name, time in times.items() if time > control / 2]
    slowest = max(times, key=lambda name: times[name])
    words = f"{len(FIELDS)} fields took a megabyte, the slowest ({slowest}) with {times[slowest]:.2f} s of CPU"
    text = f"stock Textual's text area took {control:.1f} s"
    return Result(count + len(FIELDS), len(wrong), "; ".join([words, *wrong]), text, control > max(times.values()))


def _practice(home: str) -> Terminal:
    terminal = opened(environ(home), "practice")
    terminal.until("PRACTICE")
    terminal.send(ENTER)
    terminal.until("[1 Providers]")
    terminal.settle()
    return terminal


def _storm(terminal: Terminal, chance: random.Random, area: str, title: str) -> list[str]:
    """What went wrong while the window was resized without a pause, and came to rest at its usual size."""
    for _ in range(STORM):
        size = (chance.randint(MIN_SIZE[0], MAX_SIZE[0]), chance.randint(MIN_SIZE[1], MAX_SIZE[1]))
        terminal.resize(*size)
        terminal.pump(chance.choice((0, 0, 0.02)))
    wrong = []
    for (width, height), text in ((size, _size_message(*size)), ((80, 24), title)):
        terminal.resize(width, height)
        # The title has its row: elsewhere it is what the emulator kept of another size.
        place = slice(1, 2) if text == title else slice(None)
        try:
            terminal.until(partial(_is_shown, terminal, place, text))
        except AssertionError:
            wrong.append(f"area {area}: {text!r} not to be seen at {width}×{height}")
    return wrong


def _size_message(width: int, height: int) -> str:
    """What is to be seen in a window of some size, whatever it shows."""
    if width < 20 or height < 6:
        return ""
    if width < 40 or height < 10:
        return f"This window is {width} × {height}."
    return "──" if height >= 12 else "acme"


def _paste(terminal: Terminal, field: Field) -> float:
    """The CPU seconds that a megabyte took in a field; the console must answer a key afterwards."""
    for key in field.keys:
        terminal.send(key)
        terminal.settle()
    terminal.until(field.ready)
    terminal.settle()
    seconds = _cpu_of_paste(terminal, 5 * SECONDS, field.says)
    for key in (ESCAPE, ESCAPE, F2):
        terminal.send(key)
        terminal.settle()
    terminal.until("[1 Providers]")
    return seconds


def _cpu_of_paste(terminal: Terminal, most: float, says: str = "") -> float:
    before = _cpu(terminal.pid)
    paste = threading.Thread(target=terminal.paste, args=("x" * MEGABYTE,))
    paste.start()
    deadline = monotonic() + 60
    while paste.is_alive() and monotonic() < deadline:
        terminal.pump(0.02)
    paste.join()
    terminal.until(says)
    # Until it is at rest again: the reading is done, and what is drawn.
    spent, last = _cpu(terminal.pid) - before, -1.0
    while spent != last and spent < most:
        last = spent
        for _ in range(10):
            terminal.pump(0.03)
        spent = _cpu(terminal.pid) - before
    return spent


def _cpu(pid: int) -> float:
    numbers = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def _is_shown(terminal: Terminal, place: slice, text: str) -> bool:
    """Return True if a text is in one of those rows, or wrapped onto the next where the window is narrower."""
    rows = terminal.rows[place]
    return any(text in row for row in rows) or text in " ".join(" ".join(rows).split())
