"""The command palette: everything that can be done, found by words, with the plain key that does it at once."""

from asyncio import sleep
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from tui.screens.area import Page
from tui.screens.command_list import Command, commands_for
from tui.widgets.clip import fit, width
from tui.widgets.fields import LineField
from tui.widgets.frame import Frame
from tui.widgets.glyphs import MUTED
from tui.widgets.plain import Plain, line
from tui.widgets.rows import Lazy, Rows, text_item

_KEYS = 12
_SLICE = 0.015
"""Seconds of gathering before a key has its turn."""


class Commands(Page[None]):
    """Opened from any area. Without a word typed it shows what can be done on the screen that one comes from."""

    DEFAULT_CSS = """
    Commands #words { height: 2; }
    Commands #words > Plain { width: 4; }
    Commands #words > #end { width: 6; }
    Commands Rows { padding-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
    ]

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__()
        self._from = screen
        self._all: list[Command] = []
        self._shown: Sequence[Command] = ()

    def content(self) -> Iterable[Widget]:
        with Horizontal(id="words"):
            yield Plain("   [")
            yield LineField(id="find")
            yield Plain("]", id="end")
        yield Rows(id="found")

    def on_mount(self) -> None:
        every = commands_for(self.app, self._from)
        for each in every:
            self._all.append(each)
            if not each.here:
                break
        self._show()
        self.query_one(LineField).focus()
        self.run_worker(self._gather(every), exit_on_error=False)

    async def _gather(self, others: Iterable[Command]) -> None:
        """Take the others, which may be thousands, between keys."""
        began = monotonic()
        for each in others:
            self._all.append(each)
            if monotonic() - began > _SLICE:
                await sleep(0)
                began = monotonic()
        if self.query_one(LineField).value:
            self._show(self._under_cursor)
        self.reframe()

    def frame(self) -> Frame:
        command = self._under_cursor
        return Frame(
            "Commands",
            ("enter do", "up down move", "esc back", "f1 help"),
            f"{len(self._shown)} of {len(self._all)}",
            strip=(command.tells, command.reason) if command else ("Nothing is called so.", "Fewer letters find more."),
        )

    @property
    def _under_cursor(self) -> Command | None:
        key = self.query_one(Rows).key
        return self._shown[int(key)] if key and int(key) < len(self._shown) else None

    def _show(self, at: Command | None = None) -> None:
        """Show what the typed words find, with the cursor on a command or on the first."""
        shown = self._shown = matching(self._all, self.query_one(LineField).value)
        items = Lazy([str(n) for n in range(len(shown))], lambda n: _Row(shown[n]))
        rows = self.query_one(Rows)
        rows.show(items if shown else [text_item("", line(("nothing found", MUTED)))], str(_place(shown, at)))
        if at is None:
            rows.scroll_to(y=0, animate=False, immediate=True)
        self.reframe()

    def on_input_changed(self) -> None:
        self._show()

    def on_rows_moved(self) -> None:
        self.reframe()

    def on_rows_chosen(self) -> None:
        self._do()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._do()

    def _do(self) -> None:
        command = self._under_cursor
        if command is None or command.reason:
            return
        app = self.app
        self.dismiss(None)
        app.call_later(command.run)

    def action_move(self, step: int) -> None:
        self.query_one(Rows).action_move(step)

    def action_page(self, direction: int) -> None:
        self.query_one(Rows).action_page(direction)


def _place(shown: Sequence[Command], at: Command | None) -> int:
    return next((n for n, each in enumerate(shown) if each is at), 0)


def matching(commands: Sequence[Command], typed: str) -> list[Command]:
    """Those that hold every word typed, the ones whose own words begin so first, unusable ones last."""
    words = typed.casefold().split()
    if not words:
        return sorted((each for each in commands if each.here), key=lambda each: bool(each.reason))
    found = [each for each in commands if all(word in each.haystack for word in words)]
    return sorted(found, key=lambda each: (bool(each.reason), not each.begins(words)))


@dataclass(frozen=True)
class _Row:
    command: Command

    def __call__(self, cells: int) -> Content:
        command = self.command
        keys = max(_KEYS, width(command.keys) + 1) if command.keys else _KEYS
        words = fit(command.words if not command.reason else f"{command.words}: {command.reason}", cells - keys)
        return line((words, MUTED) if command.reason else words, (fit(command.keys, keys), MUTED))
