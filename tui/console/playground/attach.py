"""The page that attaches a file to a question: a path with completion, and what the file is."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from textual.widget import Widget
from textual.widgets import Input

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import Dialog, problem_lines
from tui.console.playground.speech.form import Entries, PathRow, entry_row
from tui.console.remedies import problem_hint
from tui.console.widgets.form import Button, FieldRow
from tui.console.widgets.row_list import Item, Rows
from tui.console.widgets.static_text import Plain
from tui.domain import Model
from tui.errors import Problem
from tui.providers.requests import Message
from tui.tenancy.connections import provider_of
from tui.workspace.playground.attachments import limits
from tui.workspace.playground.attachments.files import AttachedFile, read_file
from tui.workspace.playground.path_completion import Entry, Offer, expanded, offer


class Attach(Dialog[AttachedFile]):
    """Asks for a path and answers with the file, read and checked. A path of another machine gets the `scp` line."""

    BOX_TITLE = "Attach a file"
    DEFAULT_CSS = "Attach Entries { padding-left: 0; }"

    def __init__(self, home: Path, model: Model | None) -> None:
        super().__init__()
        self._home, self._model = home, model
        self._path = PathRow("path", "file")
        self._offer = Offer("")

    def parts(self) -> Iterable[Widget]:
        yield self._path
        yield Entries(id="entries", classes="-none")
        yield Plain()
        yield Button("Attach", id="attach", primary=True)

    def chrome(self) -> ScreenText:
        keys: tuple[str, ...] = ("field.next", "path.complete", "filter.done", "field.clear", "page.back")
        if isinstance(self.focused, Rows):
            keys = ("list.choose: choose", "list.up list.down: move", "page.back")
        return ScreenText("Playground › attach", keys if self.typing or isinstance(self.focused, Rows) else keys[-1:])

    def on_mount(self) -> None:
        self._path.field.focus()
        self._look()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._look()

    def _look(self) -> None:
        self.run_worker(self._inspect(), group="look", exclusive=True, exit_on_error=False)

    async def _inspect(self) -> None:
        """Bring what is offered, and what is known of the file, up to date with what is typed."""
        typed = self._path.value
        self._offer = await asyncio.to_thread(offer, typed, self._home, None)
        is_file = bool(typed.strip()) and await asyncio.to_thread(_is_file, typed, self._home)
        self._show_entries(() if is_file else self._offer.entries)
        if is_file:
            try:
                file = await asyncio.to_thread(read_file, typed, self._home)
            except Problem as problem:
                self._path.say(*problem_lines(problem.message, problem_hint(problem)))
            else:
                self._path.say(f"{file.words}.")
        else:
            self._path.say("An image, a PDF or a text file on this machine; from another one, paste its path.")

    def _show_entries(self, entries: Iterable[Entry]) -> None:
        rows = self.query_one(Entries)
        items = [Item(entry.text, entry_row(entry, 0)) for entry in entries]
        rows.set_class(not items, "-none")
        rows.styles.height = max(1, min(5, len(items)))
        rows.show(items)

    def on_path_row_wanted(self, event: PathRow.Wanted) -> None:
        field, rows = self._path.field, self.query_one(Entries)
        if not event.listed and self._offer.completes:
            field.value = self._offer.agreed
            field.cursor_position = len(field.value)
        elif rows.items:
            rows.focus()
        else:
            self.query_one(Button).focus()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        field = self._path.field
        field.value = event.key
        field.cursor_position = len(event.key)
        field.focus()

    def on_rows_left(self) -> None:
        self._path.field.focus()

    def on_field_row_next(self, event: FieldRow.Next) -> None:
        self._submit()

    def on_button_pressed(self) -> None:
        self._submit()

    def _submit(self) -> None:
        self.run_worker(self._read(), group="attach", exclusive=True, exit_on_error=False)

    async def _read(self) -> None:
        try:
            file = await asyncio.to_thread(read_file, self._path.value, self._home)
            if self._model is not None and file.file is not None:
                provider = provider_of(self.navigator.tenant_session, self._model.provider)
                limits.check(provider, self._model, (Message("user", "", (file.file,)),))
        except Problem as problem:
            self.workers.cancel_group(self, "look")
            self._show_entries(())
            self._path.say(*problem_lines(problem.message, *problem_hint(problem).splitlines()))
            self._path.field.focus()
            return
        self.dismiss(file)


def _is_file(typed: str, home: Path) -> bool:
    try:
        return expanded(typed, home).is_file()
    except (OSError, ValueError):
        return False
