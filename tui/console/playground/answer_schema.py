"""The page for the JSON Schema that an answer must fit: typed, edited in an editor, or loaded from a file."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import Dialog, problem_lines
from tui.console.playground.path_field import PathField
from tui.console.remedies import problem_hint
from tui.console.widgets.form import Button, FieldRow, label_style, marker
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import MUTED
from tui.console.widgets.text_area import LinesField
from tui.errors import Problem
from tui.workspace.playground.answer_schema import parsed_schema, read_schema

_MAX_CHARACTERS = 100_000
_LOADS = "Enter loads a file into the field below."


class ChosenSchema(NamedTuple):
    """The schema that was chosen; None for an answer of any form."""

    schema: Mapping[str, Any] | None


class AnswerSchema(Dialog[ChosenSchema]):
    """Answers with the schema that an answer is to fit, or with none."""

    BOX_TITLE = "Answers fit a JSON Schema"
    DEFAULT_CSS = """
    AnswerSchema LinesField, AnswerSchema LinesField:focus { height: 8; margin-left: 3; width: 1fr; max-width: 100; }
    AnswerSchema .wrong { height: auto; padding-left: 3; }
    AnswerSchema PathEntries { padding-left: 0; }
    """

    def __init__(self, schema: Mapping[str, Any] | None, home: Path) -> None:
        super().__init__()
        self._path = PathField("From a file", home, lambda path: _LOADS, missing=_LOADS)
        self._path.endings = ("json",)
        self._before = json.dumps(schema, ensure_ascii=False, indent=2) if schema is not None else ""
        self._field = LinesField(self._before, wraps=False, limit=_MAX_CHARACTERS)
        self._wrong = Plain(classes="wrong")
        self._label = Plain()

    def parts(self) -> Iterable[Widget]:
        yield self._path
        yield self._label
        yield self._field
        yield self._wrong
        yield Button("Use this schema", id="use", primary=True)
        yield Button("Answers of any form", id="none")

    def chrome(self) -> ScreenText:
        here = self._field.has_focus
        self._label.show(line(marker(here), ("Schema", label_style(here) or MUTED), "\n"))
        keys: tuple[str, ...] = ("form.press", "focus.next")
        if self._field.has_focus:
            keys = ("question.send: use it", "question.new-line", "field.editor", "focus.next")
        elif self.typing:
            keys = ("field.next: load", "path.complete", "field.clear")
        return ScreenText("Playground › answer schema", (*keys, "page.back"))

    def unsaved(self) -> str:
        return "The schema that you typed will be lost." if self._field.text != self._before else ""

    def on_mount(self) -> None:
        self._path.show_lines(_LOADS)
        self._field.focus()

    def on_path_field_completed(self) -> None:
        self._field.focus()

    def on_field_row_next(self, event: FieldRow.Next) -> None:
        self.run_worker(self._load(), group="load", exclusive=True, exit_on_error=False)

    async def _load(self) -> None:
        try:
            schema = await asyncio.to_thread(read_schema, self._path.path)
        except Problem as problem:
            self._path.show_lines(*problem_lines(problem.message, problem_hint(problem)))
            return
        self._field.set_text(json.dumps(schema, ensure_ascii=False, indent=2))
        self._path.show_lines("Loaded.")
        self._field.focus()

    def on_lines_field_sent(self, event: LinesField.Sent) -> None:
        event.stop()
        self.run_worker(self._apply(), group="use", exclusive=True, exit_on_error=False)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "none":
            self.dismiss(ChosenSchema(None))
        else:
            self.run_worker(self._apply(), group="use", exclusive=True, exit_on_error=False)

    async def _apply(self) -> None:
        text = self._field.text.strip()
        try:
            schema = await asyncio.to_thread(parsed_schema, text, "The text") if text else None
        except Problem as problem:
            self._wrong.show(problem_lines(problem.message)[0])
            self._field.focus()
            return
        self.dismiss(ChosenSchema(schema))
