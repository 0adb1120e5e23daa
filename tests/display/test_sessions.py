"""Random sessions through all screens: the display shows what Textual would have shown, cell by cell."""

import random

import pytest

from tests.display.emulated import Watched, difference

KEYS = (
    *("1", "2", "3", "4", "0", "f2", "f3", "f4", "f5", "enter", "enter", "tab", "shift+tab", *["escape"] * 12),
    *("down", "up", "down", "pagedown", "pageup", "home", "end", "j", "k", "G", "g", "/", ":", "question_mark", "f1"),
    *("a", "e", "v", "m", "p", "t", "n", "u", "space", "ctrl+l", "left", "right", "ctrl+j", "backspace", "h", "i"),
)
SIZES = ((80, 24), (120, 40), (60, 16), (200, 60), (30, 8))


THEMES = ("ansi-dark", "textual-light")


@pytest.mark.all_providers
@pytest.mark.parametrize("seed", range(4))
async def test_a_random_session_shows_what_textual_would_have_shown(seed: int) -> None:
    chance = random.Random(seed)
    size = chance.choice(SIZES[:2])
    app = Watched(size)
    app.theme = THEMES[seed % len(THEMES)]
    async with app.run_test(size=size, notifications=True) as pilot:
        done: list[str] = []
        for _ in range(60):
            if chance.random() < 0.05:
                size = chance.choice(SIZES)
                done.append(f"{size}")
                app.stock.resize(*size)
                app.ours.resize(*size)
                await pilot.resize_terminal(*size)
            else:
                done.append(chance.choice(KEYS))
                await pilot.press(done[-1])
            await pilot.pause(0.01)
            assert not (found := difference(app.stock, app.ours)), f"{found}\nafter {' '.join(done)}"
