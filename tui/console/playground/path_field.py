"""A field for the path of a file, with the files and folders that complete it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.widgets import Input

from tui.console.keys import bind
from tui.console.widgets.form import FieldRow
from tui.console.widgets.row_list import Item, Rows
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ATTENTION, WARNING
from tui.console.widgets.truncate import fit
from tui.sanitize import one_line
from tui.workspace.playground.path_completion import Entry, Offer, expand_home, offer
from tui.workspace.playground.speech.audio import MEGABYTE, megabytes

_ROWS = 5


class PathRow(FieldRow):
    """The path. `tab` completes it, or moves on if there is nothing to complete; `down` goes to the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("path.complete", "complete"),
        bind("filter.done", "list"),
    ]

    class Completing(Message):
        """What was typed is to be completed, or (`listed`) chosen from the list."""

        def __init__(self, listed: bool) -> None:
            super().__init__()
            self.listed = listed

    def action_complete(self) -> None:
        self.post_message(self.Completing(listed=False))

    def action_list(self) -> None:
        self.post_message(self.Completing(listed=True))


class PathEntries(Rows):
    """The files and folders that complete the path."""

    DEFAULT_CSS = f"""
    PathEntries {{ padding-left: 19; height: auto; max-height: {_ROWS}; }}
    PathEntries.-none {{ display: none; }}
    """
    SHOWS_CURSOR_ALWAYS = False


class PathField(Vertical):
    """The field and its list. Enter posts `FieldRow.Next`, and `tab` with nothing left to complete `Completed`.

    Args:
        label: The label of the field.
        home: The user's home, which `~` stands for.
        inspect: Shows under the row what the typed path is, and returns True if there is such a file.
    """

    DEFAULT_CSS = """
    PathField { height: auto; }
    PathField.-narrow PathEntries { padding-left: 0; }
    """

    class Completed(Message):
        """There is nothing to complete: the focus moves on."""

    def __init__(self, label: str, home: Path, inspect: Callable[[str], Awaitable[bool]]) -> None:
        super().__init__()
        self._home, self._inspect = home, inspect
        self.row = PathRow("path", label)
        self.entries = PathEntries(id="entries", classes="-none")
        self.offer = Offer("")
        self.endings: Sequence[str] | None = None
        """Endings of the files that are listed; None lists all."""
        self.most = 0
        """Bytes above which a listed file is marked; 0 marks none."""

    def compose(self) -> ComposeResult:
        yield self.row
        yield self.entries

    @property
    def field(self) -> Input:
        """The input itself."""
        return self.row.field

    @property
    def value(self) -> str:
        """The path as it was typed."""
        return self.row.value

    @property
    def path(self) -> Path:
        """The path, with `~` expanded."""
        return expand_home(self.value, self._home)

    def form_keys(self, *, running: bool, typing: bool) -> tuple[str, ...]:
        """Return the footer's keys of a page with this field, a button and perhaps a result, for where the focus is."""
        if running:
            return ("page.back: stop",)
        if isinstance(self.screen.focused, Rows):
            return ("list.choose: choose", "list.up list.down: move", "page.back")
        if isinstance(self.screen.focused, ScrollView):
            return ("list.up list.down: move", "focus.next", "page.back")
        if typing:
            complete = ("path.complete", "filter.done") if self.field.has_focus else ("focus.next",)
            return ("field.next", *complete, "field.clear", "page.back")
        return ("form.press", "focus.next", "page.back")

    def write(self, text: str) -> None:
        """Put a text into the field, with the cursor at its end."""
        self.field.value = text
        self.field.cursor_position = len(text)

    def show_lines(self, *lines: Words) -> None:
        """Show these lines under the field."""
        self.row.show_lines(*lines)

    def refresh_file(self) -> None:
        """Bring what is offered, and what is known of the file, up to date with what is typed."""
        self.run_worker(self._refresh_file(), group="look", exclusive=True, exit_on_error=False)

    def reject(self, *lines: Words) -> None:
        """Show what is wrong with the path, and put the cursor there."""
        self.workers.cancel_group(self, "look")
        self._show(())
        self.show_lines(*lines)
        self.field.focus()

    async def _refresh_file(self) -> None:
        typed = self.value
        suggestions = await asyncio.to_thread(offer, typed, self._home, self.endings)
        exists = await self._inspect(typed)
        self.offer = suggestions
        self._show(() if exists else suggestions.entries)

    def _show(self, entries: Iterable[Entry]) -> None:
        items = [Item(entry.text, entry_row(entry, self.most)) for entry in entries]
        self.entries.set_class(not items, "-none")
        self.entries.styles.height = max(1, min(_ROWS, len(items)))
        self.entries.show(items)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.refresh_file()

    def on_path_row_completing(self, event: PathRow.Completing) -> None:
        event.stop()
        self.run_worker(self._complete(event.listed), group="complete", exclusive=True, exit_on_error=False)

    async def _complete(self, listed: bool) -> None:
        if self.offer.typed != self.value:
            await self._refresh_file()
        if not listed and self.offer.completes:
            self.write(self.offer.agreed)
        elif self.entries.items and (listed or len(self.entries.items) > 1):
            self.entries.focus()
        else:
            self.post_message(self.Completed())

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.write(event.key)
        self.field.focus()

    def on_rows_left(self, event: Rows.Left) -> None:
        event.stop()
        self.field.focus()


def entry_row(entry: Entry, most: int) -> Callable[[int], Content]:
    """Return what draws the row of a file or folder; a file of more than `most` bytes is marked, unless that is 0."""

    def draw(cells: int) -> Content:
        name = fit(one_line(entry.name), max(8, min(24, cells - 26)), middle=True)
        if entry.folder:
            return line(name)
        parts: list[Words] = [name, _size(entry.size).rjust(11)]
        if most and entry.size > most:
            parts += ["   ", (f"{WARNING} over {megabytes(most)}", ATTENTION)]
        return line(*parts)

    return draw


def _size(size: int) -> str:
    """Format megabytes, with one decimal in every row of a column."""
    return f"{size / MEGABYTE:.1f} MB" if size >= MEGABYTE else megabytes(size)
