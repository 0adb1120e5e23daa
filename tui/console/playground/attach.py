"""The page that attaches a file to a question: a path with completion, and what the file is."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import Dialog, problem_lines
from tui.console.playground.path_field import PathField
from tui.console.remedies import problem_hint
from tui.console.widgets.form import Button, FieldRow
from tui.console.widgets.row_list import Rows
from tui.console.widgets.static_text import Plain
from tui.domain import Model
from tui.errors import Problem
from tui.providers.requests import Message
from tui.tenancy.connections import provider_of
from tui.workspace.playground.attachments import limits
from tui.workspace.playground.attachments.files import AttachedFile, read_file
from tui.workspace.playground.path_completion import expand_home


class Attach(Dialog[AttachedFile]):
    """Asks for a path and answers with the file, read and checked. A path of another machine gets the `scp` line."""

    BOX_TITLE = "Attach a file"
    DEFAULT_CSS = "Attach PathEntries { padding-left: 0; }"

    def __init__(self, home: Path, model: Model | None) -> None:
        super().__init__()
        self._home, self._model = home, model
        self._path = PathField("file", home, self._inspect)

    def parts(self) -> Iterable[Widget]:
        yield self._path
        yield Plain()
        yield Button("Attach", id="attach", primary=True)

    def chrome(self) -> ScreenText:
        keys: tuple[str, ...] = ("field.next", "path.complete", "filter.done", "field.clear", "page.back")
        if isinstance(self.focused, Rows):
            keys = ("list.choose: choose", "list.up list.down: move", "page.back")
        return ScreenText("Playground › attach", keys if self.typing or isinstance(self.focused, Rows) else keys[-1:])

    def on_mount(self) -> None:
        self._path.field.focus()
        self._path.refresh_file()

    async def _inspect(self, typed: str) -> bool:
        """Show what the file is; return True if there is one."""
        if not typed.strip() or not await asyncio.to_thread(_is_file, typed, self._home):
            self._path.show_lines("An image, a PDF or a text file on this machine; from another one, paste its path.")
            return False
        try:
            file = await asyncio.to_thread(read_file, typed, self._home)
        except Problem as problem:
            self._path.show_lines(*problem_lines(problem.message, problem_hint(problem)))
        else:
            self._path.show_lines(f"{file.words}.")
        return True

    def on_path_field_completed(self) -> None:
        self.query_one(Button).focus()

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
            self._path.reject(*problem_lines(problem.message, *problem_hint(problem).splitlines()))
            return
        self.dismiss(file)


def _is_file(typed: str, home: Path) -> bool:
    try:
        return expand_home(typed, home).is_file()
    except (OSError, ValueError):
        return False
