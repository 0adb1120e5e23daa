"""The answers of a batch, read from its file of rows."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual.binding import BindingType

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import problem_lines
from tui.console.keys import bind
from tui.console.pages.text import TextPage
from tui.console.remedies import problem_hint
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ACCENT, MUTED, PROBLEM
from tui.errors import Problem
from tui.sanitize import one_line, printable
from tui.workspace.playground.batch.rows_file import read_rows

_MAX_ROWS = 1_000
"""Rows that are shown."""


class BatchAnswers(TextPage):
    """Each prompt, with the answers of the models under it."""

    FIND = "batch.find"
    BINDINGS: ClassVar[list[BindingType]] = [bind(FIND, "find")]

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._shown: Sequence[Words] = ()

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._show(), group="read", exit_on_error=False)

    def chrome(self) -> ScreenText:
        return ScreenText("Playground › batch › answers", self.keys, self.reader.visible_range)

    async def _show(self) -> None:
        try:
            rows, more = await asyncio.to_thread(read_rows, self._path, _MAX_ROWS)
            lines = [*answer_lines(rows)]
            if more:
                lines += ["", line((f"   The other answers are in {one_line(str(self._path))}.", MUTED))]
        except Problem as problem:
            lines = [line("   ", part) for part in problem_lines(problem.message, problem_hint(problem))]
        self._put(lines)

    def _put(self, lines: Sequence[Words]) -> None:
        self._shown = lines
        self.reader.show(lambda _: self._shown)
        self.refresh_chrome()

    def hide_when_locked(self) -> None:
        self._put(["   The tenant is locked; the answers are hidden."])


def answer_lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[Words]:
    """Yield the lines of the rows; rows of one prompt that follow one another share it."""
    prompt: object = None
    for row in rows:
        if row.get("prompt") != prompt:
            yield from [""] if prompt is not None else []
            prompt = row.get("prompt")
            number = row.get("index")
            head = f"{number + 1:,} " if isinstance(number, int) else ""
            yield line((f"   {head}", ACCENT), (one_line(str(prompt)), "bold"))
        yield line((f"   {one_line(str(row.get('model')))}", MUTED))
        problem = row.get("problem")
        message = problem.get("message") if isinstance(problem, Mapping) else ""
        for text in printable(str(row.get("text") or "")).split("\n"):
            if text.strip():
                yield f"     {text}"
        if problem is not None:
            yield line("     ", PROBLEM, " ", one_line(str(message)))
