"""Random sessions through all screens of practice mode, on two emulators: fed by Textual as it comes, and by us."""

import random
from collections.abc import Iterator
from time import monotonic

from textual.pilot import Pilot

from tests.display.emulated import Free, Watched, difference

KEYS = (
    *("1", "2", "3", "4", "0", "f2", "f3", "f4", "f5", "enter", "enter", "tab", "shift+tab", *["escape"] * 12),
    *("down", "up", "down", "pagedown", "pageup", "home", "end", "j", "k", "G", "g", "/", ":", "question_mark", "f1"),
    *("a", "e", "v", "m", "p", "t", "n", "u", "space", "ctrl+l", "left", "right", "ctrl+j", "backspace", "h", "i"),
)
SIZES = ((80, 24), (120, 40), (200, 60))
"""Sizes that sessions begin in."""

_OTHERS = (*SIZES, (60, 16), (30, 8))
THEMES = ("ansi-dark", "textual-light")


class Narrow(Free):
    """A line that takes a few bytes at once, or everything while it is `open`."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance
        self.open = False

    def send_budget(self, now: float) -> int:
        return super().send_budget(now) if self.open else self._chance.choice((0, 1, 20, 90, 400))


async def session(seed: int, size: tuple[int, int], presses: int) -> int:
    """Press so many random keys, the window changing its size now and then; the number of frames that were shown.

    After each the display shows what Textual would have shown, cell by cell; else an AssertionError tells where not.
    Every second session is on a line that takes little at once, and is looked at when it has taken everything.
    """
    chance = random.Random(seed)
    line = Narrow(chance)
    app = Watched(size, pace=line)
    app.theme = THEMES[seed % len(THEMES)]
    async with app.run_test(size=size, notifications=True) as pilot:
        done: list[str] = []
        for what in _apply(chance, size, presses):
            line.open = seed % 4 < 2
            done.append(str(what))
            await _do(pilot, app, what)
            await pilot.pause(0.01)
            line.open = True
            app.terminal_display.send()
            result = await _difference(pilot, app)
            assert not result, f"{result}\nafter {' '.join(done)} (seed {seed}, {size[0]}×{size[1]})"
    return len(app.modeldeck.sent)


async def _difference(pilot: Pilot[str], app: Watched) -> str:
    """What stays different. A cursor may be sent a moment before Textual would send it, with its next update."""
    deadline = monotonic() + 2
    while (result := difference(app.stock, app.modeldeck)) and monotonic() < deadline:
        await pilot.pause(0.05)
    return result


def _apply(chance: random.Random, size: tuple[int, int], presses: int) -> Iterator[str | tuple[int, int]]:
    """Keys, and sizes in between: another one, and soon the first again."""
    now = size
    for _ in range(presses):
        if chance.random() < (0.05 if now == size else 0.3):
            now = size if now != size else chance.choice(_OTHERS)
            yield now
        else:
            yield chance.choice(KEYS)


async def _do(pilot: Pilot[str], app: Watched, what: str | tuple[int, int]) -> None:
    if isinstance(what, str):
        await pilot.press(what)
    else:
        app.stock.resize(*what)
        app.modeldeck.resize(*what)
        await pilot.resize_terminal(*what)
