"""The page that imports settings from a file; it shows the changes before applying them."""

import asyncio
from collections.abc import Coroutine, Iterable

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen, problem_lines, problem_text
from tui.console.remedies import problem_hint
from tui.console.widgets.elapsed import elapsed
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.static_text import Plain, Words, line
from tui.console.widgets.symbols import MUTED
from tui.errors import Locked, Problem, UsageError
from tui.secret import Secret
from tui.storage.user_file import local_path, read
from tui.workspace import audit, conflicts
from tui.workspace.transfer import import_merge, import_plan
from tui.workspace.transfer.file_format import MAX_SIZE, Bundle
from tui.workspace.transfer.import_merge import ImportConflict
from tui.workspace.transfer.import_plan import Plan


class Import(PageScreen[str]):
    """Answers with what was done, in a sentence."""

    def __init__(self) -> None:
        super().__init__()
        self._file = FieldRow("file", "File", help=("A file made by modeldeck export, on this machine.",))
        self._passphrase = FieldRow("passphrase", "Passphrase", secret=True, help=("The one that encrypts the file.",))
        self._look = Button("Preview", id="look", primary=True)
        self._import = Button("Import", id="import", primary=True)
        self._summary = Plain(id="said")
        self._plan: Plan | None = None
        self._bundle: Bundle | None = None

    def content(self) -> Iterable[Widget]:
        self._passphrase.display = False
        self._show_buttons(False)
        with Form():
            yield Plain()
            yield self._file
            yield self._passphrase
            yield Plain()
            yield self._look
            yield self._import
            yield Plain()
            yield self._summary

    def chrome(self) -> ScreenText:
        name = self.navigator.tenant.name if self.navigator.tenant else ""
        keys = ("field.next", "field.clear") if self.typing else ("form.press", "focus.up focus.down: move")
        strip = (
            "Values in the file overwrite yours; the rest is kept.",
            "A new tenant: modeldeck import FILE -t NAME.",
        )
        return ScreenText(f"{name} › import", (*keys, "page.back"), strip=strip)

    def on_mount(self) -> None:
        self._file.field.focus()

    def unsaved(self) -> str:
        if self._import.activity:
            return "Not everything has been imported yet."
        return "Nothing has been imported." if self._plan is not None and self._plan.changes else ""

    def on_input_changed(self, event: Input.Changed) -> None:
        # Another file, or another passphrase: what was looked at holds no longer.
        self._plan = None
        self._show_buttons(False)
        if event.input is self._file.field:
            self._passphrase.display = False
            self._file.show_lines()
        elif event.value:
            self._passphrase.show_lines()
        self._summary.show("")

    def on_field_row_next(self) -> None:
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button is self._look:
            self._start(self._preview(), self._look, "looking")
        elif self._plan is not None:
            self._start(self._carried_out(self._plan), self._import, "importing")

    def _start(self, work: Coroutine[None, None, str], button: Button, activity: str) -> None:
        async def run() -> None:
            done = ""
            try:
                with elapsed(self, lambda since: button.show_progress(f"{activity}{since}")):
                    done = await work
            except Problem as problem:
                self._summary.show(problem_text(problem))
            finally:
                button.show_progress()
                self.refresh_chrome()
            if done:
                self.dismiss(done)

        self.run_worker(run(), group="import", exclusive=True, exit_on_error=False)

    async def _preview(self) -> str:
        try:
            content = await asyncio.to_thread(read, local_path(self._file.value.strip()), MAX_SIZE)
            protected = import_plan.is_protected(content)
        except UsageError as problem:
            self._file.show_lines(*problem_lines(problem.message, problem_hint(problem)))
            self._file.field.focus()
            return ""
        if protected and not self._passphrase.value:
            self._passphrase.display = True
            self._passphrase.field.focus()
            return ""
        try:
            bundle = await import_plan.open_bundle(content, Secret(self._passphrase.value) if protected else None)
        except Locked as problem:
            self._passphrase.field.value = ""
            self._passphrase.show_lines(*problem_lines(problem.message, problem_hint(problem)))
            self._passphrase.field.focus()
            return ""
        if not await self.dialogs.ensure_unlocked("show what the import changes"):
            return ""
        plan = await import_plan.plan(self.navigator.tenant_session, bundle)
        if plan.plain_http and not await self.dialogs.confirm_plain_http(plan.plain_http):
            return ""
        self._plan, self._bundle = plan.allow_plain_http(), bundle
        self._show(self._plan)
        return ""

    def _show(self, plan: Plan) -> None:
        heading = "This will change:" if plan.changes else f"{plan.tenant.name} already matches the file."
        lines: list[Words] = [heading, *(f"  {audit.words(event)}" for event in plan.events)]
        lines += (
            [f"  {len(plan.chats):,} recorded chat{'' if len(plan.chats) == 1 else 's'} added"] if plan.chats else []
        )
        lines += [f"  new URL: {url}" for url in plan.new_urls]
        lines += [(f"{omission.message} {problem_hint(omission)}".strip(), MUTED) for omission in plan.omissions]
        self._summary.show(Content("\n").join(line("   ", entry) for entry in lines))
        self._show_buttons(plan.changes)
        (self._import if plan.changes else self._file.field).focus()

    def _show_buttons(self, usable: bool) -> None:
        """Show the button that imports, or only the one that shows what that would do; one of them is the main one."""
        self._import.display, self._look.primary = usable, not usable
        self._look.refresh()

    async def _ask_about(self, conflict: ImportConflict) -> str | None:
        """Ask what to do about the settings that another session and the file changed; None to import nothing."""
        who = conflicts.other_session(self.navigator.tenant_session) or "Another session"
        other_changes = [f"  {audit.words(event)}" for events in conflict.merged.both.values() for event in events]
        lines = [
            f"{who} changed what the file changes, too:",
            "",
            *other_changes,
            "",
            "The rest of the file is imported either way.",
        ]
        choices = {"theirs": "Keep theirs", "mine": "Overwrite with the file"}
        return await self.dialogs.ask("Another session saved first", lines, choices)

    async def _carried_out(self, plan: Plan) -> str:
        assert self._bundle is not None

        def show_progress(done: int, of: int) -> None:
            self._import.show_progress(f"added {done:,} of {of:,} chats")

        try:
            plan = await import_merge.apply(self.navigator.session, self._bundle, plan, show_progress)
        except ImportConflict as conflict:
            answer = await self._ask_about(conflict)
            if answer is None:
                return ""
            chosen = conflict.merged.plan if answer == "mine" else import_merge.keep_stored(conflict.merged)
            # Asked about once more if somebody saves the same again in this moment.
            return await self._carried_out(chosen)
        self._plan = None
        return f"Imported into {plan.tenant.name}: {plan.words}."
