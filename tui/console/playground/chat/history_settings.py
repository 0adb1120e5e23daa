"""The page that switches the history of a tenant on or off, and says how long its chats are kept."""

import asyncio
from collections.abc import Iterable

from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen, problem_lines
from tui.console.remedies import problem_hint
from tui.console.widgets.form import Button, Choice, FieldRow, Form
from tui.console.widgets.static_text import Plain
from tui.errors import Problem, UsageError
from tui.workspace.history.settings import HistorySettings, settings, switch

_ON, _OFF, _CONFIG = "on", "off", "config"


class HistorySettingsPage(PageScreen[str]):
    """Answers with what holds from now on, in a sentence. Chats that exist stay, up to the days that they are kept."""

    def __init__(self, present: HistorySettings) -> None:
        super().__init__()
        value = (_ON if present.on else _OFF) if present.own else _CONFIG
        options = ((_ON, "record chats"), (_OFF, "record none"), (_CONFIG, "as config.toml says"))
        self._mode = Choice("History", options, value, column=True, id="mode")
        self._before = value, str(present.days)
        self._days = FieldRow(
            "days", "Keep for", self._before[1], help=("Days after a chat's last change, 0 for ever.",), cells=8
        )

    def content(self) -> Iterable[Widget]:
        with Form():
            yield Plain()
            yield self._mode
            yield Plain()
            yield self._days
            yield Plain()
            yield Button("Save", id="save", primary=True)

    def chrome(self) -> ScreenText:
        keys: tuple[str, ...] = ("form.press", "focus.next")
        if self.typing:
            keys = ("field.next", "field.clear")
        elif isinstance(self.focused, Choice):
            keys = ("field.next", "choice.left choice.right: choose")
        strip = ("Off, nothing more is recorded; chats that exist stay.", "Chats older than that are removed.")
        return ScreenText("Playground › recorded chats › history", (*keys, "page.back"), strip=strip)

    def on_mount(self) -> None:
        self._mode.focus()

    def unsaved(self) -> str:
        return "The settings are not saved." if (self._mode.value, self._days.value.strip()) != self._before else ""

    def on_choice_next(self) -> None:
        self._days.field.focus()

    def on_field_row_next(self) -> None:
        self.query_one(Button).focus()

    def on_button_pressed(self) -> None:
        self.run_guarded(self._save(), "save")

    async def _save(self) -> None:
        text, session = self._days.value.strip(), self.navigator.tenant_session
        modes = {_ON: True, _OFF: False}
        try:
            if not text.isdecimal():
                raise UsageError("Type a number of days, or 0.")
            await asyncio.to_thread(switch, session, modes.get(self._mode.value), int(text))
        except Problem as problem:
            self._days.show_lines(*problem_lines(problem.message, problem_hint(problem)))
            self._days.field.focus()
            return
        state = settings(session)
        self.dismiss(f"Chats are recorded, kept {state.words}." if state.on else "Chats are not recorded.")
