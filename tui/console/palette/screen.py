"""The command palette: search every action, with the key that runs it."""

from asyncio import to_thread
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import FramedScreen, PageScreen
from tui.console.keys import bind
from tui.console.palette.entries import global_commands, large_groups, local_commands
from tui.console.palette.matching import Command, CommandGroup, CommandIndex
from tui.console.widgets.input import LineField
from tui.console.widgets.row_list import Lazy, Rows, text_item
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import MUTED
from tui.console.widgets.truncate import fit, width

_KEYS = 12


class Commands(PageScreen[None]):
    """The palette screen. Before anything is typed, it lists the actions of the previous screen."""

    DEFAULT_CSS = """
    Commands #words { height: 2; }
    Commands #words > Plain { width: 4; }
    Commands #words > #end { width: 6; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("focus.down", "move(1)"),
        bind("focus.up", "move(-1)"),
        bind("list.page-down", "page(1)"),
        bind("list.page-up", "page(-1)"),
    ]

    def __init__(self, screen: FramedScreen[Any]) -> None:
        super().__init__()
        self._from = screen
        self._all = CommandIndex(())
        self._shown: Sequence[int] = ()

    def content(self) -> Iterable[Widget]:
        with Horizontal(id="words"):
            yield Plain("   [")
            yield LineField(id="find")
            yield Plain("]", id="end")
        yield Rows(id="found", driven=True)

    def on_mount(self) -> None:
        self._all = CommandIndex([CommandGroup.of(local_commands(self._from))])
        self._show()
        self.query_one(LineField).focus()
        # What is not shown yet is gathered after the first picture.
        self.call_after_refresh(self.run_worker, self._gather, exit_on_error=False)

    async def _gather(self) -> None:
        first, rest = self._all, CommandGroup.of(global_commands(self._from))
        groups = await to_thread(large_groups, self._from, self.navigator.tenant)
        self._all = CommandIndex([*first.kinds, rest, *groups])
        if self.query_one(LineField).value:
            self._show(self._place)
        self.refresh_chrome()

    def chrome(self) -> ScreenText:
        command = self._under_cursor
        return ScreenText(
            "Commands",
            ("field.next: run", "focus.up focus.down: move", "page.back"),
            f"{len(self._shown)} of {len(self._all)}",
            strip=(command.description, command.reason) if command else ("No match.", "Try fewer letters."),
        )

    @property
    def _place(self) -> int:
        """The index of the command under the cursor among all, -1 if there is none."""
        return int(self.query_one(Rows).key or -1)

    @property
    def _under_cursor(self) -> Command | None:
        return self._all[self._place] if self._place >= 0 else None

    def _show(self, at: int = -1) -> None:
        """Show the commands that match the typed words, with the cursor on one of them or on the first."""
        matches = self._shown = self._all.matching(self.query_one(LineField).value)
        items = Lazy(list(map(str, matches)), lambda n: _Row(self._all[matches[n]]))
        rows = self.query_one(Rows)
        cursor = str(at if at >= 0 or not matches else matches[0])
        rows.show(items if matches else [text_item("", line(("nothing found", MUTED)))], cursor)
        if at < 0:
            rows.scroll_to(y=0, animate=False, immediate=True)
        self.refresh_chrome()

    def on_input_changed(self) -> None:
        self._show()

    def on_rows_moved(self) -> None:
        self.refresh_chrome()

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


@dataclass(frozen=True)
class _Row:
    command: Command

    def __call__(self, cells: int) -> Content:
        command = self.command
        keys = max(_KEYS, width(command.keys) + 1) if command.keys else _KEYS
        words = fit(command.words if not command.reason else f"{command.words}: {command.reason}", cells - keys)
        return line((words, MUTED) if command.reason else words, (fit(command.keys, keys), MUTED))
