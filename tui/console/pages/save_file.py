"""The page that saves a text (chat, transcript, vectors) to a file; asks before overwriting."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import Dialog, problem_lines
from tui.console.remedies import problem_hint
from tui.console.widgets.form import Button, Choice, FieldRow
from tui.console.widgets.static_text import Plain
from tui.console.widgets.truncate import clip_middle
from tui.errors import Problem
from tui.sanitize import one_line
from tui.storage.user_file import unwritable, write

Writer = Callable[[str], str]
"""The text to save in a format (a key of `formats`)."""


class Save(Dialog[Path]):
    """Asks where to write, writes, and answers with the path.

    `formats` maps file endings without the dot to labels, the first one is proposed; `writer` makes the text of a
    format when it is needed. `suggested` is a file name with or without an ending, or a whole path.
    """

    BOX_TITLE = "Save to a file"

    def __init__(self, suggested: str, formats: Mapping[str, str], writer: Writer, *, title: str = "") -> None:
        super().__init__()
        self.formats, self.writer, self.title_left = dict(formats), writer, title or "Playground › save"
        self._path = FieldRow("path", "File", _unused_path(suggested, next(iter(self.formats))))
        self._format = Choice("format", list(self.formats.items()), id="format")
        self._problem: Problem | None = None

    def parts(self) -> Iterable[Widget]:
        yield self._path
        if len(self.formats) > 1:
            yield self._format
        yield Plain()
        yield Button("Save", id="save", primary=True)

    def chrome(self) -> ScreenText:
        if self.typing:
            return ScreenText(self.title_left, ("field.next", "focus.up focus.down: move", "field.clear", "page.back"))
        if isinstance(self.focused, Choice):
            return ScreenText(
                self.title_left,
                ("field.next", "choice.left choice.right: choose", "focus.up focus.down: move", "page.back"),
            )
        return ScreenText(self.title_left, ("form.press", "focus.up focus.down: move", "page.back"))

    def on_mount(self) -> None:
        self._path.field.focus()
        self._path.field.cursor_position = len(self._path.value)
        self._show_destination()

    @property
    def path(self) -> Path:
        """The path in the field."""
        return _path(self._path.value)

    def _show_destination(self) -> None:
        if self._problem is not None:
            self._path.show_lines(*problem_lines(self._problem.message, problem_hint(self._problem)))
            return
        host = one_line(socket.gethostname())
        self._path.show_lines(
            f"Written on {clip_middle(host, 12)}, readable only by you. To copy it:",
            f"scp {host}:{one_line(str(self.path))} .",
        )

    def on_input_changed(self) -> None:
        self._problem = None
        self._show_destination()

    def on_field_row_next(self) -> None:
        self.focus_next()

    def on_choice_changed(self, event: Choice.Changed) -> None:
        path = self._path.value
        stem, dot, ending = path.rpartition(".")
        if dot and ending in self.formats:
            self._path.field.value = f"{stem}.{event.choice.value}"

    def on_choice_next(self) -> None:
        self.focus_next()

    def on_button_pressed(self) -> None:
        self.run_worker(self._save(), group="save", exclusive=True, exit_on_error=False)

    async def _save(self) -> None:
        path = self.path
        try:
            existing = await asyncio.to_thread(_existing_file, path)
            if existing and await self._write(path, existing):
                return
            text = await asyncio.to_thread(self.writer, self._format.value)
            await asyncio.to_thread(write, path, text)
        except Problem as problem:
            self._problem = problem
            self._show_destination()
            self._path.field.focus()
            return
        self.dialogs.toast(f"Saved to {path}.")
        self.dismiss(path)

    async def _write(self, path: Path, existing: str) -> bool:
        lines = [f"{path.name} already exists, {existing}.", "Overwriting it replaces its content."]
        answer = await self.dialogs.ask("Save", lines, {"keep": "Keep the existing file", "over": "Overwrite it"})
        return answer != "over"


def _existing_file(path: Path) -> str:
    """Say what is at the path already; '' if nothing is."""
    try:
        file_status = path.lstat()
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise Problem(f"There is no folder {path.parent}.", "Create it first, or choose another folder.") from None
        return ""
    except OSError as error:
        raise unwritable(path, error) from None
    if path.is_dir():
        raise Problem(f"{path} is a folder.", "Add a file name.")
    if not path.is_file() or path.is_symlink():
        raise Problem(f"{path} is not a regular file.", "Choose another name.")
    return f"{file_status.st_size:,} bytes"


def _path(text: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(text.strip() or ".")))


def _unused_path(suggested: str, ending: str) -> str:
    """Return an unused path, relative to the folder in which Modeldeck was started if that is shorter."""
    name = suggested if suggested.rpartition(".")[1] else f"{suggested}.{ending}"
    stem, _, last = name.rpartition(".")
    number = 1
    while os.path.lexists(os.path.expanduser(name)) and number < 1000:
        number += 1
        name = f"{stem}-{number}.{last}"
    return name
