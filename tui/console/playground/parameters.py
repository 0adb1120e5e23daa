"""The page of chat parameters: value, range and provider default."""

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen
from tui.console.playground.parameter_fields import SYSTEM, ParameterFields, describe
from tui.console.playground.parameter_row import ParameterRow, Settings
from tui.console.widgets.form import Button, Form
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import MUTED
from tui.console.widgets.wrap import wrap
from tui.domain import Model
from tui.providers.spec import Parameter
from tui.workspace.playground.conversation import Conversation


class Parameters(PageScreen[None]):
    """Fields that keep what is typed; escape closes, and there is nothing to save."""

    DEFAULT_CSS = "Parameters #head { height: 1; }"

    def __init__(
        self, model: Model, parameters: Sequence[Parameter], settings: Settings, conversation: Conversation
    ) -> None:
        super().__init__()
        self.model = model
        self._fields = ParameterFields(conversation, settings, parameters, narrow=False)

    def content(self) -> Iterable[Widget]:
        yield Plain(("   parameter          value          range            provider default", MUTED), id="head")
        with_button = [Plain(), Button("Reset to provider defaults")] if self._fields.parameters else []
        yield Form(self._fields, *self._empty_message(), *with_button)

    def _empty_message(self) -> list[Widget]:
        text = f"\n   {self.model.id} takes no parameters."
        return [] if self._fields.parameters else [Plain(text)]

    def chrome(self) -> ScreenText:
        row = self._fields.row
        keys = (
            ("field.next", "focus.up focus.down: move", "field.clear")
            if row
            else ("form.press", "focus.up focus.down: move")
        )
        if row and row.parameter is SYSTEM:
            keys = ("field.next", "question.new-line", "field.clear")
        strip = self._description(row)
        return ScreenText("Playground › parameters", (*keys, "page.back"), self.model.ref, strip=strip)

    def _description(self, row: ParameterRow | None) -> tuple[str, str]:
        if row is None:
            return "Clears every field but the system prompt.", ""
        rows = [entry.plain for entry in wrap(line(describe(row.parameter)), max(20, self.size.width - 6))]
        return rows[0], " ".join(rows[1:])

    def on_mount(self) -> None:
        self._fields.focus_first()

    def on_button_pressed(self) -> None:
        self._fields.clear()

    def action_back(self) -> None:
        self._fields.apply_all()
        self.dismiss(None)
