"""Two emulators side by side: one is fed by Textual as it comes, one by the display that sends differences."""

import os
from pathlib import Path
from typing import Any

import pyte
from rich.color import ColorSystem
from rich.console import RenderableType
from rich.control import Control
from textual._compositor import CompositorUpdate
from textual.screen import Screen as TextualScreen

import tui.console.app
from tests.doubles.practice import practice_session
from tests.terminal import Screen
from tui.console.app import Modeldeck
from tui.console.terminal.flow_control import FlowControl
from tui.tenancy.session import Session


class DimScreen(Screen):
    """An emulator's screen that knows dim, too: it stands where blinking does, which nothing here does."""

    def select_graphic_rendition(self, *numbers: int, **options: Any) -> None:
        super().select_graphic_rendition(*numbers, **options)
        rest = list(numbers) or [0]
        while rest:
            number = rest.pop(0)
            if number in (38, 48):
                del rest[: 4 if rest[:1] == [2] else 2]
            elif number in (0, 2, 22):
                self.cursor.attrs = self.cursor.attrs._replace(blink=number == 2)


class Emulator:
    """A terminal that shows what it is sent, and keeps it."""

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = DimScreen(columns, rows)
        self._stream = pyte.Stream(self.screen)
        self.sent: list[str] = []
        # Textual's driver begins so: no row goes on in the next one.
        self._stream.feed("\x1b[?7l")

    def feed(self, text: str) -> None:
        self.sent.append(text)
        # As the kernel sends a line end.
        self._stream.feed(text.replace("\n", "\r\n"))

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)

    @property
    def cells(self) -> list[list[tuple[object, ...]]]:
        """Every cell with all that can be seen of it."""
        buffer, width = self.screen.buffer, self.screen.columns
        return [[_cell_of(buffer[y][x]) for x in range(width)] for y in range(self.screen.lines)]

    @property
    def cursor(self) -> tuple[int, int]:
        return self.screen.cursor.x, self.screen.cursor.y


def _cell_of(char: pyte.screens.Char) -> tuple[object, ...]:
    if char.data == " " and not (char.reverse or char.underscore or char.strikethrough):
        return (" ", char.bg)
    return tuple(char)


def difference(stock: Emulator, modeldeck: Emulator) -> str:
    """Where the two show something else, or ''."""
    for y, (expected, here) in enumerate(zip(stock.cells, modeldeck.cells, strict=True)):
        if expected != here:
            x = next(x for x, pair in enumerate(zip(expected, here, strict=True)) if pair[0] != pair[1])
            rows = f"{stock.screen.display[y]}|\n{modeldeck.screen.display[y]}|"
            return f"row {y} from {x}: {expected[x]} here {here[x]}\n{rows}"
    return "" if stock.cursor == modeldeck.cursor else f"cursor {stock.cursor} here {modeldeck.cursor}"


class Free(FlowControl):
    """A line on which everything may be sent at once."""

    def send_budget(self, now: float) -> int:
        return 1 << 20


class Watched(Modeldeck):
    """The console on two emulators."""

    CSS_PATH = os.fspath(Path(tui.console.app.__file__).with_name("app.tcss"))

    def __init__(self, size: tuple[int, int], session: Session | None = None, pace: FlowControl | None = None) -> None:
        super().__init__(session or practice_session(), "acme")
        self._line = pace or Free()
        # Rich keeps the codes of a style by what first drew it, and pictures draw in 24 bits.
        self.console._color_system = ColorSystem.TRUECOLOR
        self.stock, self.modeldeck = Emulator(*size), Emulator(*size)

    def _display(self, screen: TextualScreen[Any], renderable: RenderableType | None) -> None:
        driver: Any = self._driver
        if not hasattr(driver, "pace"):
            driver.pace = self._line
            driver.write = self.modeldeck.feed
        if isinstance(renderable, CompositorUpdate) and not self._batch_count and self._running:
            cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
            self.stock.feed(renderable.render_segments(self.console) + Control.move_to(*cursor).segment.text)
        super()._display(screen, renderable)
