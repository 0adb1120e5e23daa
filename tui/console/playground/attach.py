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


class Attach(Dialog[AttachedFile]):
    """Asks for a path and answers with the file, read and checked. A path of another machine gets the `scp` line."""

    BOX_TITLE = "Attach a file"
    DEFAULT_CSS = "Attach PathEntries { padding-left: 0; }"

    def __init__(self, home: Path, model: Model | None) -> None:
        super().__init__()
        self._home, self._model = home, model
        missing = "An image, a PDF or a text file on this machine; from another one, paste its path."
        self._path = PathField("File", home, lambda path: f"{read_file(str(path), home).words}.", missing=missing)

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
