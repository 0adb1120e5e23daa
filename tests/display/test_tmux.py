"""A second opinion on what is shown: two panes of tmux, one fed by Textual as it comes and one by the display."""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.console.terminal.test_diff import ROWS, Side
from tests.display.emulated import Emulator, Watched, difference
from tests.display.sessions import KEYS
from tui.console.terminal.cells import blank

SIZE = (100, 30)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not shutil.which("tmux") and not os.environ.get("MODELDECK_WHOLE_GATE"), reason="not on this machine: tmux"
    ),
]


class Pane:
    """A window of a tmux server, and the way to its terminal."""

    def __init__(self, folder: Path, name: str) -> None:
        self._tmux = ["tmux", "-S", os.fspath(folder / name), "-f", "/dev/null"]
        fifo = folder / f"{name}.fifo"
        os.mkfifo(fifo)
        size = ["-x", str(SIZE[0]), "-y", str(SIZE[1] + 1)]
        # One line is tmux's own.
        self._call("new-session", "-d", *size, f"stty raw -echo opost onlcr; cat {fifo}")
        self._into = fifo.open("wb", buffering=0)
        self._marks = 0
        self.feed("\x1b[?7l\x1b[?25l")

    def _call(self, *words: str) -> str:
        run = subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=True)
        return run.stdout

    def feed(self, text: str) -> None:
        self._into.write(text.encode())

    def shown(self) -> Emulator:
        """What tmux shows once it has taken everything, read by an emulator that ignores what cannot be seen."""
        self._marks += 1
        self.feed(f"\x1b]2;mark {self._marks}\x1b\\")
        deadline = monotonic() + 10
        while self._call("display-message", "-p", "#{pane_title}").strip() != f"mark {self._marks}":
            assert monotonic() < deadline
        emulator = Emulator(*SIZE)
        lines = self._call("capture-pane", "-p", "-e", "-N").split("\n")[: SIZE[1]]
        emulator.feed("\x1b[H" + "\n".join(lines))
        x, y = self._call("display-message", "-p", "#{cursor_x} #{cursor_y}").split()
        emulator.feed(f"\x1b[{int(y) + 1};{int(x) + 1}H")
        return emulator

    def close(self) -> None:
        self._call("kill-server")
        self._into.close()


@pytest.fixture
def panes(tmp_path: Path) -> Iterator[tuple[Pane, Pane]]:
    both = Pane(tmp_path, "stock"), Pane(tmp_path, "ours")
    yield both
    for end in both:
        end.close()


def same(panes: tuple[Pane, Pane], emulators: tuple[Emulator, Emulator]) -> str:
    """Where the panes differ after what the emulators were sent, or ''."""
    for pane, emulator in zip(panes, emulators, strict=True):
        pane.feed("".join(emulator.sent))
        emulator.sent.clear()
    return difference(*(pane.shown() for pane in panes))


@pytest.mark.all_providers
async def test_tmux_shows_the_same_of_a_random_session(panes: tuple[Pane, Pane]) -> None:
    chance = random.Random(7)
    app = Watched(SIZE)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        for _ in range(6):
            await pilot.press(*chance.choices(KEYS, k=6))
            await pilot.pause(0.01)
            assert same(panes, (app.stock, app.modeldeck)) == ""


def test_tmux_shows_the_same_of_rows_that_move_and_parts_that_change(panes: tuple[Pane, Pane]) -> None:
    chance, side = random.Random(1), Side(Emulator(*SIZE), Emulator(*SIZE))
    side.target = [blank(SIZE[0])] * SIZE[1]
    side.happens("whole", ROWS, (0, 0))
    for number in range(60):
        one, other, row = chance.randrange(SIZE[1]), chance.randrange(SIZE[1]), chance.choice(ROWS)
        if number % 3:
            side.happens("move", (one, other, chance.choice((-3, -1, 1, 2)), row), (other, one))
        else:
            side.happens("part", (one, other, row), (other, one))
        if number % 4 == 3:
            assert same(panes, (side.stock, side.modeldeck)) == ""
