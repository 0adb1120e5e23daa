"""The page for what an embedding model takes beside the texts: their kind, and the length of the vectors."""

from collections.abc import Iterable

from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import Dialog, problem_lines
from tui.console.playground.embedding.options import AcceptedOptions, EmbeddingOptions
from tui.console.remedies import problem_hint
from tui.console.widgets.form import Button, Choice, FieldRow
from tui.console.widgets.static_text import Plain
from tui.errors import Problem
from tui.workspace.playground.parameters import parse_parameter, span

_DOCUMENTS, _QUERIES = "texts", "questions"


class EmbeddingParameters(Dialog[EmbeddingOptions]):
    """Answers with the options. It offers only what the model takes."""

    BOX_TITLE = "Parameters"

    def __init__(self, options: EmbeddingOptions, accepted: AcceptedOptions) -> None:
        super().__init__()
        self._dimensions = accepted.length
        kinds = [(_DOCUMENTS, "Documents"), (_QUERIES, "Search queries")]
        self._kind = Choice("These lines are", kinds, _QUERIES if options.queries else _DOCUMENTS, id="kind")
        self._kind.display = accepted.queries
        length = str(options.dimensions or "")
        self._length = FieldRow("dimensions", "dimensions", length, cells=8, help=("Blank: the model's own.",))
        self._length.display = accepted.length is not None

    def parts(self) -> Iterable[Widget]:
        yield self._kind
        yield self._length
        yield Plain()
        yield Button("Use", id="use", primary=True)

    def chrome(self) -> ScreenText:
        keys: tuple[str, ...] = ("form.press", "focus.next")
        if self._kind.has_focus:
            keys = ("field.next", "choice.left choice.right: choose", "focus.next")
        elif self.typing:
            keys = ("field.next", "field.clear", "focus.next")
        return ScreenText("Playground › embedding parameters", (*keys, "page.back"))

    def on_mount(self) -> None:
        (self._kind if self._kind.display else self._length.field).focus()
        if self._dimensions is not None:
            self._length.show_note(f"  {span(self._dimensions)}")

    def on_choice_next(self) -> None:
        self.focus_next()

    def on_field_row_next(self) -> None:
        self.query_one(Button).focus()

    def on_input_changed(self) -> None:
        self._length.show_lines()

    def on_button_pressed(self) -> None:
        length = 0
        if self._dimensions is not None and (text := self._length.value.strip()):
            try:
                length = int(parse_parameter(self._dimensions, text) or 0)
            except Problem as problem:
                self._length.show_lines(*problem_lines(problem.message, problem_hint(problem)))
                self._length.field.focus()
                return
        self.dismiss(EmbeddingOptions(self._kind.display and self._kind.value == _QUERIES, length))
