"""The regions of a provider as a choice, so that nobody types an address again."""

from tui.console.providers.setup.field import EntryRow
from tui.console.widgets.form import Choice


class RegionChoice(Choice):
    """Fills in the address of the chosen region, and follows what is typed as one."""

    def __init__(self, row: EntryRow) -> None:
        self.row = row
        declared = row.declared
        regions = [(choice.value, choice.label) for choice in declared.choices]
        other = f"another, as {declared.label} under More"
        super().__init__("Region", [*regions, ("", other)], column=True, id=f"region-{declared.name}")
        self._show_region()

    def on_mount(self) -> None:
        self.watch(self.row.field, "value", self._show_region, init=False)

    def _show_region(self) -> None:
        """Show the region that the address belongs to."""
        address = self.row.value or self.row.declared.default
        self.value = address if address in dict(self.options) else ""
        self.refresh()

    def on_choice_changed(self) -> None:
        if self.value:
            self.row.field.value = "" if self.value == self.row.declared.default else self.value
