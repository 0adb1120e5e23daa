"""Fields for the system prompt and the parameters of a model, which keep what is typed."""

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message

from tui.console.playground.parameter_row import ParameterRow, Settings
from tui.errors import Problem
from tui.providers.spec import Parameter, ParameterKind
from tui.workspace.playground.conversation import Conversation
from tui.workspace.playground.parameters import parse_parameter, span

SYSTEM = Parameter(
    "system prompt",
    "system prompt",
    ParameterKind.TEXT,
    help="Instructions that the model gets with every question of this chat.",
)


def describe(parameter: Parameter) -> str:
    """Describe a parameter: what it does, its choices, and what a blank field means."""
    description = parameter.help.removeprefix(f"{parameter.label}: ")
    named = f"{parameter.label}: {description[:1].lower()}{description[1:]}" if description else f"{parameter.label}."
    choices = f"It takes {span(parameter)}." if parameter.choices else ""
    empty = "Blank: provider default." if parameter is not SYSTEM else ""
    return " ".join(filter(None, (named, choices, empty)))


class ParameterFields(VerticalScroll, can_focus=False):
    """A row for each parameter. A valid value applies when its field is left; nothing is saved."""

    DEFAULT_CSS = "ParameterFields { height: auto; scrollbar-size: 0 0; background: transparent; }"

    class Changed(Message):
        """Posted when a value applies."""

    def __init__(
        self, conversation: Conversation, settings: Settings, parameters: Sequence[Parameter], *, narrow: bool
    ) -> None:
        super().__init__()
        self.conversation, self.settings, self.narrow = conversation, settings, narrow
        self.parameters = tuple(parameters)
        """What the model takes."""

    def compose(self) -> ComposeResult:
        yield ParameterRow(SYSTEM, self.conversation.system, "", narrow=self.narrow, lines=True)
        for parameter in self.parameters:
            yield ParameterRow(
                parameter, self.settings.texts.get(parameter.name, ""), span(parameter), narrow=self.narrow
            )

    @property
    def rows(self) -> Iterable[ParameterRow]:
        """The rows, the system prompt first."""
        return [row for row in self.children if isinstance(row, ParameterRow)]

    @property
    def row(self) -> ParameterRow | None:
        """The row with the focus."""
        return next((row for row in self.rows if row.field.has_focus), None)

    def apply(self, row: ParameterRow) -> bool:
        """Use the text of a row. If it is not a value, say so under the row and return False."""
        try:
            if row.parameter is SYSTEM:
                self.conversation.system = row.text.strip()
            else:
                self.settings.set(row.parameter, row.text, parse_parameter)
        except Problem as problem:
            row.show_problem(problem)
            return False
        row.show_problem(None)
        self.post_message(self.Changed())
        return True

    def apply_all(self) -> None:
        """Use the texts of the fields."""
        for row in self.rows:
            self.apply(row)

    def clear(self) -> None:
        """Leave the parameters to the server; the system prompt is not one of them."""
        self.settings.clear()
        for row in self.rows:
            if row.parameter is not SYSTEM:
                row.text = ""
                row.show_problem(None)
        self.post_message(self.Changed())

    def focus_first(self) -> None:
        """Put the cursor into the first field."""
        for row in self.rows:
            row.field.focus()
            return

    def on_parameter_row_changed(self, event: ParameterRow.Changed) -> None:
        event.stop()
        if self.apply(event.row) and event.entered:
            self.screen.focus_next()
