"""What is measured: one function a program, each with its figures by name (seconds, bytes, MB, events a second)."""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory

from tests.bench.homes import MODELDECK, many_tenants, one_tenant
from tests.bench.server import paced
from tests.bench.terminals import Delay, Line, Measured
from tests.terminal import environ

Figures = Mapping[str, float]
Session = Callable[[Line], Figures]
Key = str | tuple[str, str]
"""A key, or one that leads to another screen with a text of what is there."""

PROGRAMS = Path(__file__).parent / "programs"
BARE = [sys.executable, str(PROGRAMS / "bare.py")]
COMPARING = [sys.executable, str(PROGRAMS / "comparing.py")]
READING = [sys.executable, str(PROGRAMS / "reading.py")]
REST = 10.0
QUESTION = "why?"
ENTER, ESCAPE, EMPTY, BACKSPACE, STOP = "\r", "\x1b", "\x15", "\x7f", "\x03"
DOWN, UP, PAGE_DOWN, PAGE_UP, END, HOME = "\x1b[B", "\x1b[A", "\x1b[6~", "\x1b[5~", "\x1b[F", "\x1b[H"
PLAYGROUND, PICK = "\x1b[15~", "\x0f"
LIST = (DOWN, PAGE_DOWN, PAGE_DOWN, END, UP, PAGE_UP, HOME)
"""Keys that move in a list of thousands."""
ESCAPE_DELAY = 0.1
"""Seconds in which nothing may follow an escape for it to be a key of its own; nobody makes it wait longer."""
WORDS = "ZQXJVKWZQXJVKW"
"""Letters that stand nowhere else on a screen."""
FIRST_WORD = "Running"
"""The answer begins with it, and it stands nowhere else on a screen."""
OVER = "tokens a second"
"""Stands on the screen when an answer is whole."""


def bare(line: Line) -> Figures:
    """The least Textual program: its first paint, a key, and rest."""
    with line.run(BARE, environ("/nonexistent")) as terminal:
        paint = terminal.time_to("READY")
        terminal.settle(0.5)
        first, cpu = len(terminal.raw), terminal.cpu
        keys = _typing(terminal)
        figures = {"paint": paint, "cpu": cpu, "first bytes": first, "memory": terminal.peak}
        return {**figures, **keys, "rest bytes": _rest(terminal)}


def stock_thousand(line: Line) -> Figures:
    """Textual's own list with 1,000 names."""
    return _stock(line, 1_000)


def stock_twenty_thousand(line: Line) -> Figures:
    """Textual's own list with 20,000 names."""
    return _stock(line, 20_000)


def _stock(line: Line, count: int) -> Figures:
    """Textual's own list: opened, the slowest key that moves in it, and the memory."""
    command = [sys.executable, str(PROGRAMS / "stock_list.py"), str(count)]
    with line.run(command, environ("/nonexistent")) as terminal:
        terminal.until("READY")
        terminal.settle(0.5)
        opened = terminal.time_to("name-00000", "o")
        terminal.settle(1)
        keys = [(END, f"name-{count - 1:05}"), (HOME, "name-00000")] * 2
        return {"open": opened, "key": _slowest(terminal, keys), "memory": terminal.peak}


def console(line: Line) -> Figures:
    """The console: its first paint, the playground for the first time, the other areas, a key, and rest."""
    with paced() as url, TemporaryDirectory() as folder:
        there = one_tenant(Path(folder) / "home", url)
        with line.run(MODELDECK, there) as terminal:
            paint = terminal.time_to("acme")
            whole = terminal.time_to("Hugging Face")
            terminal.settle(0.5)
            first, cpu = len(terminal.raw), terminal.cpu
            opened = terminal.time_to("Ask paced", "4")
            terminal.settle(2.5)  # on a busy machine what is beside the chat comes later
            keys = _typing(terminal)
            rest = _rest(terminal)
            switches = []
            for key, shown in (("\x1bOQ", "OpenAI-compatible"), ("\x1bOR", "paced"), ("\x1bOS", "speech-to-text")):
                before = len(terminal.raw)
                terminal.time_to(shown, key)
                terminal.settle(0.5)
                switches.append(len(terminal.raw) - before)
        figures = {"paint": paint, "whole": whole, "cpu": cpu, "first bytes": first, "playground": opened}
        return {**figures, **keys, "rest bytes": rest, "switch bytes": max(switches)}


def answer(line: Line) -> Figures:
    """One streamed answer in the console."""
    with paced() as url, TemporaryDirectory() as folder:
        there = one_tenant(Path(folder) / "home", url)
        with line.run(MODELDECK, there) as terminal:
            ask(terminal)
            before, cpu = len(terminal.raw), terminal.cpu
            terminal.time_to(OVER, ENTER, seconds=120)
            terminal.settle(0.3)
            return {"bytes": len(terminal.raw) - before, "cpu": terminal.cpu - cpu, "memory": terminal.peak}


def typing(line: Line) -> Figures:
    """Keys that are pressed while an answer streams."""
    with paced() as url, TemporaryDirectory() as folder:
        there = one_tenant(Path(folder) / "home", url)
        with line.run(MODELDECK, there) as terminal:
            ask(terminal)
            terminal.time_to("answering", ENTER)
            return _typing(terminal)


def far_150(line: Line) -> Figures:
    """A line with 150 ms to the far end and back."""
    return _far(line, Delay(0.15))


def far_300(line: Line) -> Figures:
    """A line with 300 ms to the far end and back."""
    return _far(line, Delay(0.3))


def unsteady(line: Line) -> Figures:
    """A line with 150 ms to the far end and back, on which every hundredth read is held back for half a second."""
    return _far(line, Delay(0.15, hold_every=100, hold=0.5))


def _far(line: Line, delay: Delay) -> Figures:
    """First paint and key to echo beyond the line's own time, also while an answer streams, beside the least program.

    Without an answer from the terminal nothing arrives before half of the round trip.
    """
    late = replace(line, delay=delay)
    with late.run(BARE, environ("/nonexistent")) as terminal:
        bare_paint = terminal.time_to("READY") - delay.round_trip / 2
        terminal.settle(1)
        bare_echo = _echo(terminal, delay)
    with paced() as url, TemporaryDirectory() as folder:
        there = one_tenant(Path(folder) / "home", url)
        with late.run(MODELDECK, there) as terminal:
            paint = terminal.time_to("acme") - delay.round_trip / 2
            ask(terminal)
            terminal.settle(1)
            echo = _echo(terminal, delay)
            terminal.send(EMPTY)
            terminal.settle(1)
            terminal.type(QUESTION)
            terminal.time_to("answering", ENTER)
            streaming = _echo(terminal, delay)
    return {"paint": paint, "bare paint": bare_paint, "echo": echo, "bare echo": bare_echo, "streaming": streaming}


def _echo(terminal: Measured, delay: Delay) -> float:
    """Seconds from a key to its echo beyond the line's own time: the mean of some.

    The line's own time is its round trip, and what it held back of the key and of the read that brought the echo.
    Whatever a program writes, every hundredth read of it is held; what it adds to that, before and after, counts.
    """
    delays = []
    for count, key in enumerate(WORDS, 1):
        before = len(terminal.passed_on())
        seconds = terminal.time_to(WORDS[:count], key)
        passed = terminal.passed_on()[before:]
        late = [read.late for read in passed if read.direction == "in" and key.encode() in read.data]
        late += [read.late for read in passed if read.direction == "out"][-1:]
        delays.append(seconds - sum(late) - delay.round_trip)
    return mean(delays)


def markdown(line: Line) -> Figures:
    """The same answer in Textual's own Markdown stream."""
    with paced() as url, line.run([sys.executable, str(PROGRAMS / "markdown.py"), url], environ("/nonexistent")) as it:
        it.time_to("READY")
        before, cpu = len(it.raw), it.cpu
        it.time_to("STREAM-OVER", "", seconds=120)
        it.settle(0.3)
        return {"bytes": len(it.raw) - before, "cpu": it.cpu - cpu, "memory": it.peak}


def reading(line: Line) -> Figures:
    """httpx alone, reading the same bytes."""
    with paced() as url:
        result = subprocess.run([*READING, url], capture_output=True, check=True)
    return {"cpu": float(result.stderr)}


def comparing(line: Line) -> Figures:
    """Four models answer at once in the console, in four columns. Beside it httpx alone, reading the same four."""
    with paced(models=4) as url, TemporaryDirectory() as folder:
        there = one_tenant(Path(folder) / "home", url)
        with line.run(MODELDECK, there) as terminal:
            _ask_four(terminal)
            before, cpu = len(terminal.raw), terminal.cpu
            terminal.time_to("one answer each", ENTER, seconds=120)
            terminal.settle(0.5)
            figures = {"bytes": len(terminal.raw) - before, "cpu": terminal.cpu - cpu}
        result = subprocess.run([*COMPARING, url], capture_output=True, check=True)
    return {**figures, "httpx cpu": float(result.stderr)}


def comparing_first(line: Line) -> Figures:
    """The first token of two models, while a third fails and a fourth stalls; and that of one model alone.

    Each model begins half a second after it was asked.
    """
    with paced(models=4, first=0.5, faulty=True) as url, TemporaryDirectory() as folder:
        there = one_tenant(Path(folder) / "home", url)
        with line.run(MODELDECK, there) as terminal:
            ask(terminal)
            alone = terminal.time_to(FIRST_WORD, ENTER)
        with line.run(MODELDECK, there) as terminal:
            _ask_four(terminal)
            first = terminal.time_to(lambda: terminal.text.count(FIRST_WORD) == 2, ENTER)
    return {"first": first, "alone": alone}


def _ask_four(terminal: Measured) -> None:
    """The tab Compare with four models, and a question in its field."""
    terminal.until("Hugging Face")
    terminal.send("4")
    terminal.until("Ask paced")
    for title in ("[Embedding]", "[Speech-to-text]", "[Compare]"):
        terminal.time_to(title, PLAYGROUND)
    for number, letter in enumerate("BCD", 1):
        terminal.time_to("chat models", PICK)
        terminal.type(f"model-0000{number}")
        terminal.settle(0.5)
        terminal.time_to(f"{letter} family", ENTER)
    terminal.settle(2.5)
    terminal.type(QUESTION)
    terminal.until(QUESTION)


def answers(line: Line) -> Figures:
    """A thousand answers that come at once. After 10, 100 and 990: what ten more take, a key, the memory at rest."""
    with paced(rate=0) as url, TemporaryDirectory() as folder:
        there = one_tenant(Path(folder) / "home", url)
        with line.run(MODELDECK, there) as terminal:
            ask(terminal)
            figures: dict[str, float] = {}
            count = 0
            for upto in (10, 100, 990):
                count = _wait_for_answers(terminal, count, upto)
                cpu = terminal.cpu
                count = _wait_for_answers(terminal, count, upto + 10)
                figures[f"cpu {count - 10}"] = (terminal.cpu - cpu) / 10
                figures[f"echo {count - 10}"] = _typing(terminal)["echo"]
                terminal.send(EMPTY)
                # What nobody needs any more is looked for when no key came for a minute.
                terminal.watch(65)
                figures[f"held {count - 10}"] = terminal.memory_now
            return figures


def _wait_for_answers(terminal: Measured, already: int, upto: int) -> int:
    """Ask until there are that many answers, and say how many there are."""
    for count in range(already + 1, upto + 1):
        if count > 1:
            terminal.send(QUESTION)
            terminal.until(f"> {QUESTION}")
        terminal.send(ENTER)
        # The server counts each message as a token: questions and answers before, and the question.
        terminal.until(f" {2 * count - 1:,} in, ", 60)
    return upto


def tenants(line: Line) -> Figures:
    """The list of a thousand tenants: opened for the first time, moved in, filtered, left and come back to."""
    with paced() as url, TemporaryDirectory() as folder:
        there = many_tenants(Path(folder) / "home", url, 1000)
        with line.run([*MODELDECK, "-t", "acme"], there) as terminal:
            terminal.until("Hugging Face")
            terminal.settle(0.5)
            opened = terminal.time_to("tenant-0001", "0")
            terminal.settle(1)
            keys: list[Key] = [*LIST, "/", *"tenant-0500", BACKSPACE, ENTER, ESCAPE, DOWN]
            keys += [(ENTER, "Hugging Face"), ("0", "── Tenants ──"), ("1", "Hugging Face"), ("0", "── Tenants ──")]
            return {"open": opened, "key": _slowest(terminal, keys), **_palette(terminal, "tenant-04")}


def models(line: Line) -> Figures:
    """The list of 20,000 models: opened for the first time, moved in, filtered, left and come back to."""
    with paced(models=20_000) as url, TemporaryDirectory() as folder:
        there = one_tenant(Path(folder) / "home", url)
        with line.run(MODELDECK, there) as terminal:
            terminal.until("Hugging Face")
            terminal.settle(0.5)
            opened = terminal.time_to("family-0/", "2")
            terminal.settle(1)
            keys: list[Key] = [*LIST, "/", *"model-1000", BACKSPACE, ENTER, ENTER, ESCAPE, ESCAPE, *"tttt"]
            keys += [("1", "Hugging Face"), ("2", "family-0/"), ("3", "Defaults of"), ("2", "family-0/")]
            figures = {"open": opened, "key": _slowest(terminal, keys), **_palette(terminal, "model-12")}
        with line.run(MODELDECK, there) as terminal:
            terminal.until("Hugging Face")
            terminal.settle(0.5)
            return {**figures, "playground": terminal.time_to("Ask paced", "4")}


SESSIONS: Mapping[str, Session] = {
    row.__name__: row
    for row in (
        *(bare, stock_thousand, stock_twenty_thousand, console, markdown, reading, answer, answers),
        *(comparing, comparing_first, typing, far_150, far_300, unsteady, tenants, models),
    )
}


def ask(terminal: Measured) -> None:
    """The playground, with a question in its field, after a moment of looking around."""
    terminal.until("Hugging Face")
    terminal.send("4")
    terminal.until("Ask paced")
    terminal.settle(2.5)
    terminal.type(QUESTION)
    terminal.until(QUESTION)


def _typing(terminal: Measured) -> dict[str, float]:
    """Type some letters, one key after the other: the middle one's seconds until it shows, and bytes for one key."""
    before, cpu, delays = len(terminal.raw), terminal.cpu, []
    for count in range(1, len(WORDS) + 1):
        delays.append(terminal.time_to(WORDS[:count], WORDS[count - 1]))
    terminal.settle(0.2)
    size = (len(terminal.raw) - before) / len(WORDS)
    return {"echo": median(delays), "key bytes": size, "key cpu": (terminal.cpu - cpu) / len(WORDS)}


def _rest(terminal: Measured) -> float:
    """Bytes that come while nothing is done."""
    terminal.settle(1.2)
    before = len(terminal.raw)
    terminal.watch(REST)
    return len(terminal.raw) - before


def _slowest(terminal: Measured, keys: Sequence[Key]) -> float:
    """Seconds of the slowest of these keys, each pressed when the one before has done what it does."""
    delays = []
    for key in keys:
        if isinstance(key, tuple):
            delays.append(terminal.time_to(key[1], key[0]))
            terminal.settle(0.3)
        else:
            delays.append(terminal.answered(key) - (ESCAPE_DELAY if key == ESCAPE else 0))
    return max(delays)


def _palette(terminal: Measured, typed: str) -> Figures:
    """The commands over a full list: opened, and the slowest key typed there, with the way back to the list."""
    opened = terminal.time_to("Commands", ":")
    terminal.settle(1)
    return {"palette": opened, "palette key": _slowest(terminal, [*typed, DOWN, PAGE_DOWN, BACKSPACE, ESCAPE])}
