"""How the console ends and comes back: signals, suspension, a crash. The terminal is as it was in every case."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.journey.console import opened
from tests.terminal import Loaded, Terminal, environ

pytestmark = pytest.mark.slow

ENTERED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Terminal]:
    with opened(environ(tmp_path), "practice") as terminal:
        terminal.until("PRACTICE")
        terminal.settle()
        yield terminal


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_restores_the_screen_and_gives_its_exit_code(console: Terminal, number: int, code: int) -> None:
    console.signal(number)
    assert console.wait() == code
    assert LEFT in console.raw


@pytest.mark.parametrize("after", [0.0, 0.03, 0.06, 0.1, 0.2])
def test_a_signal_while_the_first_screen_is_being_created_is_no_crash(tmp_path: Path, after: float) -> None:
    with opened(environ(tmp_path), "practice") as terminal:
        terminal.until("PRACTICE")
        end = monotonic() + after
        while monotonic() < end:
            terminal.pump(0.01)
        terminal.signal(signal.SIGTERM)
        assert terminal.wait() == 143
        assert LEFT in terminal.raw


def test_ctrl_z_suspends_and_fg_draws_the_screen_again(console: Terminal) -> None:
    console.send("\x1a")
    deadline = monotonic() + 10
    while Path(f"/proc/{console.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
        console.pump(0.02)
        assert monotonic() < deadline, "not suspended"
    assert LEFT in console.raw
    console.raw.clear()
    console.screen.reset()
    os.kill(console.pid, signal.SIGCONT)
    console.until("PRACTICE")
    console.send("\x11")
    assert console.wait() == 0


def test_going_on_without_having_been_suspended_draws_the_screen_again_and_leaves_all_else(console: Terminal) -> None:
    console.send("\r")
    console.until("[1 Providers]")
    console.settle()
    console.raw.clear()
    console.screen.reset()
    os.kill(console.pid, signal.SIGCONT)
    console.until("[1 Providers]")
    console.settle()
    console.send("2")
    console.until("[2 Models]")
    console.send("\x11")
    assert console.wait() == 0
    assert ENTERED not in console.raw and console.raw.count(LEFT) == 1


def test_a_crash_restores_the_screen_and_says_one_sentence_without_values(tmp_path: Path) -> None:
    # A crash on purpose: an action that raises with a canary in a local, a message and an object.
    crashing = (
        "import sys\n"
        "from tui.console.app import Modeldeck\n"
        "def boom(self):\n"
        "    canary = 'CANARY' + '-local'\n"
        "    raise RuntimeError('CANARY' + '-message', canary)\n"
        "Modeldeck.action_redraw = boom\n"
        "from tui.cli import main\n"
        "sys.exit(main(['practice']))\n"
    )
    with Terminal([sys.executable, "-c", crashing], environ(tmp_path)) as terminal:
        terminal.until("PRACTICE")
        terminal.settle()
        terminal.send("\x0c")
        assert terminal.wait() == 1
        assert LEFT in terminal.raw
        after = terminal.raw.rsplit(LEFT, 1)[1].decode()
        assert "Modeldeck crashed; this is a bug" in after
        assert "Traceback" not in after
        assert b"CANARY-local" not in terminal.raw and b"CANARY-message" not in terminal.raw
    notes = list(tmp_path.rglob("crash-*.txt"))
    assert len(notes) == 1 and "CANARY-" not in notes[0].read_text()
    assert notes[0].stat().st_mode & 0o777 == 0o600


def test_escape_and_a_digit_in_one_read_leave_the_field_and_change_the_area(console: Terminal) -> None:
    console.send("\r")
    console.until("[1 Providers]")
    console.send("4")
    console.until("enter send")
    console.type("kept")
    console.send("\x1b1")
    console.until("[1 Providers]")
    console.send("4")
    console.until("kept")
    assert "kept1" not in console.text


def test_keys_typed_ahead_on_a_slow_line_reach_the_screens_they_are_meant_for(console: Terminal) -> None:
    # No look at the screen between the keys, as where every echo takes 300 ms.
    for key in ("\r", "4", *"hello", "\x1b1", "4", "!"):
        console.send(key)
        console.settle(0.15, 0.15)
    console.until(" > hello!")
    console.send("\r")
    console.until("first token", seconds=30)


def test_keys_typed_before_the_first_paint_wait_for_the_screens_they_are_meant_for(tmp_path: Path) -> None:
    with opened(environ(tmp_path), "practice") as terminal:
        terminal.send("\r4hello\r")  # the terminal still makes lines of it
        terminal.until("first token", seconds=30)
        terminal.until("hello")


def test_pasted_lines_are_not_sent(console: Terminal) -> None:
    console.send("\r")
    console.until("[1 Providers]")
    console.send("4")
    console.until("enter send")
    console.send("one\rtwo\rthree")
    console.until("three")
    console.paste("four\nfive")
    console.until("five")
    console.until("enter send")
    assert "answering" not in console.text


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (60, 16), (200, 60)])
def test_any_window_size_is_survived(console: Terminal, size: tuple[int, int]) -> None:
    console.resize(*size)
    console.settle()
    if size == (20, 5):
        console.until("Modeldeck needs")
    console.resize(80, 24)
    console.until("Tenants")


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_cannot_show_it_gets_a_message(tmp_path: Path, term: str) -> None:
    with Terminal(Loaded(["practice"]), environ(tmp_path, TERM=term)) as terminal:
        assert terminal.wait() == 2
        assert b"\x1b" not in terminal.raw
