"""A field for the path of a file, with the files and folders that complete it."""

import asyncio
from collections.abc import Callable, Iterable, Sequence, Sized
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.widgets import Input

from tui.console.frame.screen import problem_lines
from tui.console.keys import bind
from tui.console.remedies import problem_hint
from tui.console.widgets.form import FieldRow
from tui.console.widgets.row_list import Item, Rows
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ATTENTION, MUTED, WARNING
from tui.console.widgets.truncate import fit
from tui.errors import Problem
from tui.sanitize import one_line
from tui.workspace.playground.path_completion import Entry, Offer, expand_home, offer
from tui.workspace.playground.speech.audio import MEGABYTE, megabytes

_ROWS = 5
_MAX_COUNTED_SIZE = 8 << 20
"""Bytes of a file up to which its entries are counted while its path is typed."""


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
    """The field, what the file of the path is, and its list.

    Enter posts `FieldRow.Next`, and `tab` with nothing left to complete `Completed`.

    Args:
        label: The label of the field.
        home: The user's home, which `~` stands for.
        describe: Describes an existing file, in a thread. What it returns is shown as text, or the Problem it raises.
        missing: What is shown while the path names no such file.
        exists: Returns whether a path names one, for example `Path.is_dir` for folders.
        explain: Returns the lines that show a problem.
    """

    DEFAULT_CSS = """
    PathField { height: auto; }
    PathField.-narrow PathEntries { padding-left: 0; }
    """

    class Completed(Message):
        """There is nothing to complete: the focus moves on."""

    class Inspected(Message):
        """More is known of the path: whether it names a file, and its description, None for one with a problem."""

        def __init__(self, exists: bool, description: object) -> None:
            super().__init__()
            self.exists, self.description = exists, description

    def __init__(
        self,
        label: str,
        home: Path,
        describe: Callable[[Path], object],
        *,
        missing: str = "",
        exists: Callable[[Path], bool] = Path.is_file,
        explain: Callable[[Problem], Iterable[Words]] | None = None,
    ) -> None:
        super().__init__()
        self._home, self._describe, self._missing, self._exists = home, describe, missing, exists
        self._explain = explain or (lambda problem: problem_lines(problem.message, problem_hint(problem)))
        self.row = PathRow("path", label)
        self.entries = PathEntries(id="entries", classes="-none")
        self.offer = Offer("")
        self.endings: Sequence[str] | None = None
        """Endings of the files that are listed; None lists all."""
        self.max_size = 0
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
        exists, description = await self._inspect()
        self.offer = suggestions
        self._show(() if exists else suggestions.entries)
        self.post_message(self.Inspected(exists, description))

    async def _inspect(self) -> tuple[bool, object]:
        """Show what the path names; return whether it names a file, and its description."""
        path = self.path
        if not self.value.strip() or not await asyncio.to_thread(_names_file, path, self._exists):
            self.show_lines(*([(self._missing, MUTED)] if self._missing else ()))
            return False, None
        try:
            description = await asyncio.to_thread(self._describe, path)
        except Problem as problem:
            self.show_lines(*self._explain(problem))
            return True, None
        self.show_lines(*filter(None, (str(description),)))
        return True, description

    def _show(self, entries: Iterable[Entry]) -> None:
        items = [Item(entry.text, entry_row(entry, self.max_size)) for entry in entries]
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


def _names_file(path: Path, exists: Callable[[Path], bool]) -> bool:
    try:
        return exists(path)
    except (OSError, ValueError):  # a folder that may not be read, a name that is too long
        return False


def count_entries(path: Path, read: Callable[[Path], Sized], noun: str) -> str:
    """Return how many entries a file has (`12 lines.`), or its size if it is large.

    Raises:
        UsageError: It cannot be read, or has none.
    """
    size = path.stat().st_size
    if size > _MAX_COUNTED_SIZE:
        return f"{size / 1e6:,.0f} MB."
    count = len(read(path))
    return f"{count:,} {noun}{'' if count == 1 else 's'}."


def entry_row(entry: Entry, max_size: int) -> Callable[[int], Content]:
    """Return what draws the row of a file or folder; a file of more than `most` bytes is marked, unless that is 0."""

    def draw(cells: int) -> Content:
        name = fit(one_line(entry.name), max(8, min(24, cells - 26)), middle=True)
        if entry.folder:
            return line(name)
        parts: list[Words] = [name, _size(entry.size).rjust(11)]
        if max_size and entry.size > max_size:
            parts += ["   ", (f"{WARNING} over {megabytes(max_size)}", ATTENTION)]
        return line(*parts)

    return draw


def _size(size: int) -> str:
    """Format megabytes, with one decimal in every row of a column."""
    return f"{size / MEGABYTE:.1f} MB" if size >= MEGABYTE else megabytes(size)
