"""A parameter as a form row: full width with range and meaning, or in a narrow column."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from tui.console.widgets.form import label_style, marker
from tui.console.widgets.input import LineField
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import MUTED, PROBLEM
from tui.console.widgets.text_area import LinesField
from tui.console.widgets.truncate import fit, width
from tui.errors import Problem
from tui.providers.spec import Parameter

Parse = Callable[[Parameter, str], Any]
"""Returns the value of a typed text, None for a blank one; raises Problem."""

_LABEL = 19

_RANGE_WIDTH = 10
"""Cells beside a field in the narrow column; a longer range is shown under the question."""


@dataclass
class Settings:
    """What was typed for the parameters of one model, and the values that are used."""

    texts: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def set(self, parameter: Parameter, text: str, parse: Parse) -> None:
        """Keep what was typed, and use its value. If it is not a value, raise a Problem and keep the last value."""
        self.texts[parameter.name] = text
        value = parse(parameter, text)
        if value is None:
            self.values.pop(parameter.name, None)
        else:
            self.values[parameter.name] = value

    def clear(self) -> None:
        """Leave everything to the server."""
        self.texts.clear()
        self.values.clear()

    def summary(self, parameters: Iterable[Parameter]) -> str:
        """Return the parameters that are set, for the bottom rule."""
        named = {parameter.name: parameter.label for parameter in parameters}
        return ", ".join(f"{named[name]} {_value_text(value)}" for name, value in self.values.items() if name in named)


def _value_text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)


class ParameterRow(Vertical):
    """One parameter: label, field, range, what the server does without it; below, what is wrong with the text."""

    DEFAULT_CSS = """
    ParameterRow { height: auto; }
    ParameterRow > Horizontal { height: auto; }
    ParameterRow Plain { width: auto; height: 1; }
    ParameterRow .after { width: 1fr; text-wrap: nowrap; }
    ParameterRow .after.-long { height: auto; text-wrap: wrap; }
    ParameterRow .bracket { width: 5; }
    ParameterRow.-narrow .bracket { display: none; }
    ParameterRow .lines .after { display: none; }
    ParameterRow .lines .bracket { width: 1; }
    ParameterRow LineField, ParameterRow LineField:focus { width: 9; max-width: 9; }
    ParameterRow LinesField, ParameterRow LinesField:focus { width: 1fr; max-width: 49; }
    ParameterRow .wrong { padding-left: 3; width: 1fr; height: auto; }
    ParameterRow.-narrow LineField, ParameterRow.-narrow LineField:focus { width: 6; max-width: 6; }
    ParameterRow.-narrow LinesField, ParameterRow.-narrow LinesField:focus { width: 1fr; max-width: 34; }
    ParameterRow.-narrow .wrong { padding-left: 0; }
    ParameterRow.-narrow > .lines { layout: vertical; }
    """

    class Changed(Message):
        """Posted when the field of a parameter was left, or (`entered`) enter was pressed in it."""

        def __init__(self, row: "ParameterRow", entered: bool) -> None:
            super().__init__()
            self.row, self.entered = row, entered

    def __init__(self, parameter: Parameter, text: str, span: str, *, narrow: bool, lines: bool = False) -> None:
        super().__init__(classes="-narrow" if narrow else "")
        self.parameter, self.span, self.narrow = parameter, span, narrow
        self.field: LineField | LinesField = LinesField(text, leaves_at_edge=True) if lines else LineField(text)
        self.field.placeholder = "–" if narrow else ""
        self._label = Plain()
        self._bracket = Plain(("]", MUTED), classes="bracket")
        self._after = Plain(classes="after")
        self._wrong: Plain | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(classes="lines" if isinstance(self.field, LinesField) else ""):
            yield self._label
            yield self.field
            yield self._bracket
            yield self._after

    def on_mount(self) -> None:
        self._mark(False)
        if self.narrow:
            self._after.show((f" {self.span}" if width(self.span) <= _RANGE_WIDTH else "", MUTED))
        elif len(self.span) > 15:
            self._after.add_class("-long")
            self._after.show(self.span)
        else:
            self._after.show(line(fit(self.span, 17), (self.parameter.unset, "")))

    @property
    def text(self) -> str:
        """The text of the field."""
        return self.field.text if isinstance(self.field, LinesField) else self.field.value

    @text.setter
    def text(self, text: str) -> None:
        if text == self.text:
            return
        if isinstance(self.field, LinesField):
            self.field.set_text(text)
        else:
            self.field.value = text

    def show_problem(self, problem: Problem | None) -> None:
        """Show what is wrong with the text under it, whole."""
        if problem is not None and self._wrong is None:
            self._wrong = Plain(classes="wrong")
            self.mount(self._wrong)
        if self._wrong is not None:
            self._wrong.display = problem is not None
            self._wrong.show(line(PROBLEM, problem.message) if problem else "")

    def _mark(self, here: bool) -> None:
        label = self.parameter.label
        if not self.narrow:
            self._label.show(line(marker(here), (fit(label, _LABEL), label_style(here)), ("[", MUTED)))
        else:
            self._label.show((fit(label, _LABEL), label_style(here)))

    def on_descendant_focus(self) -> None:
        self._mark(True)

    def on_descendant_blur(self) -> None:
        self._mark(False)
        self.post_message(self.Changed(self, entered=False))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Changed(self, entered=True))

    def on_lines_field_sent(self, event: LinesField.Sent) -> None:
        event.stop()
        self.post_message(self.Changed(self, entered=True))
