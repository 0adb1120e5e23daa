"""Base class of pages of text that can be searched."""

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget

from tui.console.frame.screen import PageScreen
from tui.console.widgets.find_bar import Find
from tui.console.widgets.text_viewer import Reader


class TextPage(PageScreen[None]):
    """A page of text. A subclass binds `FIND`, the ID of the key that searches, to the action `find`."""

    FIND: ClassVar[str]

    def content(self) -> Iterable[Widget]:
        yield Reader()
        yield Find(self.FIND)

    def on_mount(self) -> None:
        self.reader.focus()

    @property
    def reader(self) -> Reader:
        """The text."""
        return self.query_one(Reader)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the footer."""
        if self.typing:
            return "field.next", "find.previous find.again: move", "find.close: commands"
        return "list.up list.down: move", self.FIND, "page.back"

    def on_reader_scrolled(self) -> None:
        self.refresh_chrome()

    def action_find(self) -> None:
        self.query_one(Find).open()

    def on_find_requested(self, event: Find.Requested) -> None:
        self.query_one(Find).show_match(self.reader.find(event.text, event.step))
