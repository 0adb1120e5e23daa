"""The page of saved prompts: use one, save what the tab asks with, remove one."""

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget

from tui.console.frame.chrome import STRIP, ScreenText
from tui.console.frame.other_operators import OtherOperators
from tui.console.frame.screen import PageScreen, problem_lines
from tui.console.keys import bind, hint
from tui.console.remedies import problem_hint
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.row_list import Item, Rows, text_item
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import MUTED
from tui.console.widgets.truncate import fit
from tui.errors import Problem
from tui.sanitize import one_line
from tui.workspace.conflicts import Baseline
from tui.workspace.playground import saved_prompts
from tui.workspace.playground.saved_prompts import SavedPrompt

_TITLE = "Playground › saved prompts"


class SavedPrompts(PageScreen[SavedPrompt]):
    """Answers with the prompt to use. `present` is what the tab asks with, which can be saved."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("prompts.save", "save"), bind("prompts.remove", "remove")]

    def __init__(self, present: SavedPrompt) -> None:
        super().__init__()
        self._present = present
        self._prompts: dict[str, SavedPrompt] = {}

    def content(self) -> Iterable[Widget]:
        yield Rows(id="prompts")

    def on_mount(self) -> None:
        self._show()
        self.query_one(Rows).focus()

    def _show(self, key: str | None = None) -> None:
        self._prompts = {prompt.name: prompt for prompt in saved_prompts.prompts(self.navigator.tenant_session)}
        nothing = [
            text_item("", "No prompt is saved."),
            text_item("", hint("{prompts.save} saves the system prompt, parameters and schema in use.")),
        ]
        rows = [Item(prompt.name, partial(_draw, prompt)) for prompt in self._prompts.values()]
        self.query_one(Rows).show(rows or nothing, key)
        self.refresh_chrome()

    @property
    def _prompt(self) -> SavedPrompt | None:
        return self._prompts.get(self.query_one(Rows).key)

    def chrome(self) -> ScreenText:
        acts = ("list.choose: use", "prompts.remove", "list.up list.down: move") if self._prompt else ()
        return ScreenText(_TITLE, (*acts, "prompts.save", "page.back"), strip=self._strip())

    def _strip(self) -> STRIP:
        prompt = self._prompt
        if prompt is None:
            return "Stored unencrypted with the settings: keep no secrets in them.", ""
        return _describe(prompt)

    def on_rows_moved(self) -> None:
        self.refresh_chrome()

    def on_rows_chosen(self) -> None:
        if self._prompt is not None:
            self.dismiss(self._prompt)

    def action_save(self) -> None:
        self.run_guarded(self._save(), "change")

    async def _save(self) -> None:
        name = await self.app.push_screen_wait(PromptName(self._present, self._prompt.name if self._prompt else ""))
        if name:
            self._show(name)
            self.dialogs.toast(f"Saved prompt {name}.")

    def action_remove(self) -> None:
        if (prompt := self._prompt) is not None:
            self.run_guarded(self._remove(prompt), "change")

    async def _remove(self, prompt: SavedPrompt) -> None:
        lines = [f"The saved prompt {prompt.name} is removed from this tenant."]
        if await self.dialogs.ask("Remove the prompt", lines, {"keep": "Keep", "remove": "Remove"}) != "remove":
            return

        async def remove(overwrite: bool) -> None:
            baseline = None if overwrite else Baseline(prompt)
            await asyncio.to_thread(saved_prompts.remove, self.navigator.tenant_session, prompt.name, baseline)

        await self.dialogs.over_conflict(remove)
        self._show()

    def changed_elsewhere(self) -> None:
        self._show(self.query_one(Rows).key)


def _describe(prompt: SavedPrompt) -> tuple[str, str]:
    """Return two lines on what a prompt holds."""
    parts = [f"{name} {text}" for name, text in prompt.parameters.items()]
    parts += ["answers fit a JSON Schema"] if prompt.schema is not None else []
    return one_line(prompt.system, 400) or "No system prompt.", " · ".join(parts)


def _draw(prompt: SavedPrompt, cells: int) -> Content:
    name = min(24, max(10, cells // 3))
    return line(fit(prompt.name, name), "  ", (fit(one_line(prompt.system, 200), max(10, cells - name - 4)), MUTED))


class PromptName(PageScreen[str]):
    """Asks for a name, saves the prompt under it, and answers with it."""

    def __init__(self, prompt: SavedPrompt, name: str) -> None:
        super().__init__()
        self._prompt, self._before = prompt, name
        self._baselines: dict[str, SavedPrompt] = {}
        """The saved prompts when the form was opened, by name."""
        self._row = FieldRow("name", "Name", name, help=("One of the same name is replaced.",))

    def content(self) -> Iterable[Widget]:
        with Form():
            yield OtherOperators("saved prompts")
            yield Plain()
            yield self._row
            yield Plain()
            yield Button("Save", id="save", primary=True)

    def chrome(self) -> ScreenText:
        keys = ("field.next: save", "field.clear") if self.typing else ("form.press",)
        return ScreenText(f"{_TITLE} › save", (*keys, "page.back"), strip=_describe(self._prompt))

    def on_mount(self) -> None:
        self._baselines = {prompt.name: prompt for prompt in saved_prompts.prompts(self.navigator.tenant_session)}
        self._row.field.focus()

    def unsaved(self) -> str:
        return "The prompt is not saved." if self._row.value.strip() != self._before else ""

    def on_field_row_next(self) -> None:
        self.run_worker(self._save(), group="save", exclusive=True, exit_on_error=False)

    def on_button_pressed(self) -> None:
        self.on_field_row_next()

    async def _save(self) -> None:
        prompt, session = self._prompt, self.navigator.tenant_session
        try:
            named = saved_prompts.create(self._row.value.strip(), prompt.system, prompt.parameters, prompt.schema)
            baseline = Baseline(self._baselines.get(named.name))

            async def save(overwrite: bool) -> SavedPrompt:
                await asyncio.to_thread(saved_prompts.save, session, named, None if overwrite else baseline)
                return named

            if await self.dialogs.over_conflict(save) is None:
                return
        except Problem as problem:
            self._row.show_lines(*problem_lines(problem.message, problem_hint(problem)))
            return
        self.dismiss(named.name)
