"""Any pictures one after the other: an emulator fed with the differences shows what one fed by Textual shows."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tests.display.emulated import Emulator, difference
from tui.console.terminal.cells import Picture, apply_update, blank
from tui.console.terminal.diff import FULL_RESET, ScreenState, diff_step

WIDTH, HEIGHT = 24, 8
EVERYTHING = 1 << 20
CONSOLE = Console(color_system="truecolor", force_terminal=True)
STYLES = [
    None,
    *map(Style.parse, ("bold", "dim", "reverse", "bold reverse", "underline italic", "strike red", "red on blue")),
    *map(Style.parse, ("#102030", "bold default on default", "on #102030", "dim bold green", "not bold yellow")),
]
SIGNS = [*"ab.  ─│▸·", "字", "한", "e\u0301", "👍"]


@dataclass
class Side:
    """What is shown by differences, next to what Textual shows."""

    stock: Emulator = field(default_factory=lambda: Emulator(WIDTH, HEIGHT))
    modeldeck: Emulator = field(default_factory=lambda: Emulator(WIDTH, HEIGHT))
    target: Picture = field(default_factory=lambda: [blank(WIDTH)] * HEIGHT)
    shown: ScreenState | None = None
    cursor: tuple[int, int] = (0, 0)
    rows: list[Strip] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        return len(self.target[0].texts), len(self.target)

    def layout(self, rows: list[Strip], cursor: tuple[int, int], room: int) -> None:
        """The whole screen; rows are cut or filled to its width."""
        self.rows = rows
        width, height = self.size
        strips: list[Iterable[Strip]] = [[row.adjust_cell_length(width)] for row in rows]
        self.show(LayoutUpdate(strips, Region(0, 0, width, height)), cursor, room)

    def happens(self, what: str, value: Any, cursor: tuple[int, int], room: int = EVERYTHING) -> None:
        """One change, as `CHANGE` has them."""
        width, height = self.size
        match what:
            case "whole":
                self.layout([value[n % len(value)] for n in range(height)], cursor, room)
            case "move":
                one, other, by, new = value
                top, bottom = sorted((one % height, other % height + 1))
                part = [new] * abs(by) + self.rows[top:bottom] + [new] * abs(by)
                moved = part[abs(by) + by :][: bottom - top]
                self.layout([*self.rows[:top], *moved, *self.rows[bottom:]], cursor, room)
            case "part":
                self.part(value[0] % height, value[1] % width, value[2], cursor, room)
            case "resize":
                self.resize(*value)
                self.layout((self.rows * 3)[: value[1]], (0, 0), room)
            case "spoil":
                # Something else writes to the terminal, and ctrl+l is pressed.
                self.modeldeck.feed("\x1b[1;3r\x1b[2;2H\x1b[44mgarbage\n\n\n\x1b[41m")
                self.shown = None

    def part(self, y: int, x: int, row: Strip, cursor: tuple[int, int], room: int) -> None:
        """A row from a column on, or all of it where that would cut a wide character."""
        width, height = self.size
        x = x if self.target[y].texts[x] else 0
        chops = [{x: row.adjust_cell_length(width - x)} if index == y else {} for index in range(height)]
        self.show(ChopsUpdate(chops, [(y, x, width)], [[width]] * height), cursor, room)

    def show(self, update: CompositorUpdate, cursor: tuple[int, int], room: int) -> None:
        self.cursor = cursor
        self.stock.feed(update.render_segments(CONSOLE) + Control.move_to(*cursor).segment.text)
        self.target = apply_update(self.target, update, ColorSystem.TRUECOLOR)
        self.send(room)

    def send(self, room: int = EVERYTHING) -> None:
        if self.shown is None:
            self.modeldeck.feed(FULL_RESET)
            self.shown = ScreenState.blank(*self.size)
        text, self.shown = diff_step(self.shown, self.target, self.cursor, room)
        self.modeldeck.feed(text)

    def resize(self, width: int, height: int) -> None:
        for emulator in (self.stock, self.modeldeck):
            emulator.resize(width, height)
        self.target, self.shown = [blank(width)] * height, None


def _row(chance: random.Random) -> Strip:
    """Some segments of text, none to the whole width of it."""
    texts = ("".join(chance.choices(SIGNS, k=chance.randrange(12))) for _ in range(chance.randrange(5)))
    return Strip([Segment(text, chance.choice(STYLES)) for text in texts])


ROWS = [_row(random.Random(seed)) for seed in range(80)]
A_ROW = st.sampled_from(ROWS)
PLACE = st.integers(0, 20)
CHANGE = st.one_of(
    st.tuples(st.just("whole"), st.lists(A_ROW, min_size=1, max_size=10)),
    st.tuples(st.just("move"), st.tuples(PLACE, PLACE, st.integers(-4, 4), A_ROW)),
    st.tuples(st.just("part"), st.tuples(PLACE, PLACE, A_ROW)),
    st.tuples(st.just("resize"), st.sampled_from([(WIDTH, HEIGHT), (9, 4), (30, 9)])),
    st.tuples(st.just("spoil"), st.none()),
    st.tuples(st.just("room"), st.sampled_from([1, 20, 60, EVERYTHING])),
)
"""What happens to a screen: whole layouts, rows that move, a part of a row, a size, something that spoils it."""


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(CHANGE, st.tuples(PLACE, PLACE)), max_size=8))
def test_differences_show_what_whole_updates_show(happens: list[tuple[tuple[str, Any], tuple[int, int]]]) -> None:
    side, room = Side(), EVERYTHING
    side.layout(ROWS[:HEIGHT], (0, 0), room)
    for (what, value), (x, y) in happens:
        cursor = x % side.size[0], y % side.size[1]
        if what == "room":
            room = value
        else:
            side.happens(what, value, cursor, room)
        if room == EVERYTHING:
            side.send()
            assert difference(side.stock, side.modeldeck) == ""
    side.send()
    assert difference(side.stock, side.modeldeck) == ""
