"""Two fields for a new passphrase; the second appears once the first is filled."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from tui.console.widgets.form import FieldRow
from tui.console.widgets.static_text import line
from tui.console.widgets.symbols import PROBLEM
from tui.secret import Secret


class NewPassphrase(Vertical):
    """Two fields of dots. Enter in the first goes to the second, enter in the second leaves as from any field."""

    DEFAULT_CSS = "NewPassphrase { height: auto; }"

    def __init__(self, label: str = "Passphrase", help: Sequence[str] = ()) -> None:  # noqa: A002 - the word of the screens
        super().__init__()
        self._help = tuple(help)
        self.first = FieldRow("passphrase", label, secret=True, help=help)
        self.again = FieldRow("again", "Again", secret=True)
        self.again.display = False

    def compose(self) -> ComposeResult:
        yield self.first
        yield self.again

    @property
    def has_text(self) -> bool:
        """Whether anything was typed."""
        return bool(self.first.value)

    @property
    def secret(self) -> Secret | None:
        """What was typed, None for no passphrase."""
        return Secret(self.first.value) if self.first.value else None

    def clear(self) -> None:
        """Forget what was typed."""
        self.first.field.value = self.again.field.value = ""

    def agree(self) -> bool:
        """Return True if both fields match; else say so and focus the second."""
        if not self.first.value or self.first.value == self.again.value:
            return True
        if self.again.value:
            self.again.show_lines(line(PROBLEM, "The passphrases don't match."), "Type this one again.")
        else:
            self.again.show_lines(line(PROBLEM, "Type the passphrase a second time."))
        self.again.field.focus()
        return False

    def on_input_changed(self, event: Input.Changed) -> None:
        self.again.display = self.has_text
        # The help is under the last field that is shown.
        self.first.help = () if self.has_text else self._help
        self.again.help = self._help
        self.first.show_lines()
        self.again.show_lines()

    def on_field_row_next(self, event: FieldRow.Next) -> None:
        if event.row is self.first and self.again.display:
            event.stop()
            self.again.field.focus()
