"""A progress bar that redraws only the cells that changed."""

from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.console.widgets.static_text import line


class Progress(Widget):
    """A bar of one row: `━━━━────`."""

    DEFAULT_CSS = "Progress { height: 1; width: 1fr; max-width: 40; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._share = 0.0

    @property
    def done(self) -> int:
        """Cells that are drawn as done."""
        return int(self._share * self.size.width)

    def move(self, share: float) -> None:
        """Show a share from 0 to 1."""
        before = self.done
        self._share = max(0.0, min(1.0, share))
        first, last = sorted((before, self.done))
        if first != last:
            self.refresh(Region(first, 0, last - first, 1))

    def render_line(self, y: int) -> Strip:
        bar = line(("━" * self.done, "$primary"), ("─" * (self.size.width - self.done), "dim"))
        return Strip(bar.render_segments(self.visual_style)) if y == 0 else Strip.blank(self.size.width)

    def render(self) -> Content:
        return line("")
