"""The page that exports the settings with their API keys, and the recorded chats if wanted, into an encrypted file."""

import asyncio
import os
from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Input

from tui.console.frame.chrome import ScreenText
from tui.console.frame.navigator import ConsoleNode
from tui.console.frame.screen import PageScreen, problem_lines, problem_text
from tui.console.pages.save_file import Save
from tui.console.remedies import problem_hint
from tui.console.widgets.elapsed import elapsed
from tui.console.widgets.form import Button, Choice, FieldRow, Form
from tui.console.widgets.passphrase_input import NewPassphrase
from tui.console.widgets.static_text import Plain
from tui.errors import Problem, UsageError
from tui.storage.user_file import local_path, write
from tui.workspace.history import chats
from tui.workspace.transfer.export import ExportResult, export, export_async

_OMIT, _INCLUDE = "omit", "include"


class ExportWithKeys(PageScreen[str]):
    """Answers with what was written, in a sentence."""

    def __init__(self, suggested: str) -> None:
        super().__init__()
        self._file = FieldRow("file", "File", suggested, help=("On this machine, readable only by you.",))
        self._passphrase = NewPassphrase("Passphrase", ("It encrypts the file; importing asks for it.",))
        options = ((_OMIT, "leave out"), (_INCLUDE, "include"))
        self._chats = Choice("Recorded chats", options, id="chats")
        self._export = Button("Export", id="export", primary=True)
        self._problem = Plain(id="problem")

    def content(self) -> Iterable[Widget]:
        self._chats.display = chats.count(self.navigator.tenant_session) > 0
        with Form():
            yield Plain()
            yield self._file
            yield self._passphrase
            yield self._chats
            yield Plain()
            yield self._export
            yield Plain()
            yield self._problem

    def chrome(self) -> ScreenText:
        name = self.navigator.tenant.name if self.navigator.tenant else ""
        keys: tuple[str, ...] = ("form.press", "focus.up focus.down: move", "page.back")
        if self._export.activity:
            keys = ()
        elif self.typing:
            keys = ("field.next", "field.clear", "page.back")
        elif isinstance(self.focused, Choice):
            keys = ("field.next", "choice.left choice.right: choose", "page.back")
        strip = ("The file is encrypted, API keys included.", "Without keys: Export the settings, in the commands.")
        return ScreenText(f"{name} › export with API keys", keys, strip=strip)

    def on_mount(self) -> None:
        self._file.field.cursor_position = len(self._file.value)
        self._file.field.focus()

    def unsaved(self) -> str:
        return "Nothing has been exported." if self._passphrase.has_text else ""

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input is self._file.field:
            self._file.show_lines()
        self._problem.show("")

    def on_field_row_next(self) -> None:
        self.focus_next()

    def on_choice_next(self) -> None:
        self._export.focus()

    def on_button_pressed(self) -> None:
        if not self._export.activity:
            self.run_worker(self._write(), group="export", exclusive=True, exit_on_error=False)

    def action_back(self) -> None:
        # A file is written as a whole, which takes a moment.
        if not self._export.activity:
            super().action_back()

    async def _write(self) -> None:
        try:
            path = local_path(self._file.value.strip())
            if not self._file.value.strip() or os.path.lexists(path):
                message = f"{path.name} already exists." if self._file.value.strip() else "Which file?"
                raise UsageError(message, "Choose another name.")
        except UsageError as problem:
            self._file.show_lines(*problem_lines(problem.message, problem_hint(problem)))
            self._file.field.focus()
            return
        if not self._passphrase.has_text:
            self._passphrase.first.show_lines(*problem_lines("Type a passphrase for the file first."))
            self._passphrase.first.field.focus()
            return
        if not self._passphrase.agree() or not await self.dialogs.ensure_unlocked("export its API keys"):
            return
        try:
            with elapsed(self, lambda since: self._export.show_progress(f"exporting{since}")):
                self.refresh_chrome()
                exported = await export(
                    self.navigator.tenant_session,
                    self._passphrase.secret,
                    with_history=self._chats.display and self._chats.value == _INCLUDE,
                )
                await asyncio.to_thread(write, path, exported.text)
        except Problem as problem:
            self._problem.show(problem_text(problem))
            return
        finally:
            self._export.show_progress()
            self.refresh_chrome()
        self.dismiss(f"{_words(exported)} {path}.")


def _words(exported: ExportResult) -> str:
    chats_words = f" and {exported.chats:,} chat{'' if exported.chats == 1 else 's'}" if exported.chats else ""
    omitted = f" ({len(exported.omissions):,} left out)" if exported.omissions else ""
    return f"Saved the settings with their API keys{chats_words}{omitted} to"


async def export_without_keys(screen: ConsoleNode) -> None:
    """Ask for a file, and save the settings without their API keys."""

    def writer(_: str) -> str:
        return export_async(screen.navigator.tenant_session).text

    page = Save(screen.navigator.tenant_id, {"json": "JSON"}, writer, title="Export the settings")
    await screen.app.push_screen_wait(page)


async def export_with_keys(screen: ConsoleNode) -> None:
    """Ask for a file and a passphrase, and save the settings with their API keys; say what was saved."""
    if done := await screen.app.push_screen_wait(ExportWithKeys(f"{screen.navigator.tenant_id}.sealed")):
        screen.dialogs.toast(done)
