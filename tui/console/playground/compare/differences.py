"""The page that shows two answers as one text, with the words that only one of them has marked."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen
from tui.console.keys import bind
from tui.console.widgets.find_bar import Find
from tui.console.widgets.static_text import line
from tui.console.widgets.symbols import ATTENTION, SUCCESS
from tui.console.widgets.text_viewer import Reader
from tui.workspace.playground.compare.words import Change, differences, shared_words

_MARKS = {
    Change.SAME: ("", "", ""),
    Change.ONLY_FIRST: ("[-", "-]", ATTENTION),
    Change.ONLY_SECOND: ("{+", "+}", SUCCESS),
}


class Differences(PageScreen[None]):
    """Answers `first` and `second`, each a name and a text."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("help.find", "find")]

    def __init__(self, first: tuple[str, str], second: tuple[str, str]) -> None:
        super().__init__()
        self._first, self._second = first, second
        self._share = shared_words(first[1], second[1])
        self._rows = self._content()

    def content(self) -> Iterable[Widget]:
        yield Reader(id="differences")
        yield Find("help.find")

    def on_mount(self) -> None:
        reader = self.query_one(Reader)
        reader.show(lambda cells: self._rows)
        reader.focus()

    def _content(self) -> Sequence[Content]:
        text = Content("")
        for change, words in differences(self._first[1], self._second[1]):
            before, after, style = _MARKS[change]
            text = text.append(line((f"{before}{words}{after}", style)) if style else line(words))
        return text.split(allow_blank=True)

    def chrome(self) -> ScreenText:
        keys = (
            ("field.next", "find.close: commands")
            if self.typing
            else ("list.up list.down: move", "help.find", "page.back")
        )
        legend = f"[-only {self._first[0]}-]  {{+only {self._second[0]}+}}"
        share = f"{self._share:.0%} of the words in common".replace("%", " %")
        return ScreenText("Compare › differences", keys, self.query_one(Reader).place, strip=(legend, share))

    def on_reader_scrolled(self) -> None:
        self.refresh_chrome()

    def action_find(self) -> None:
        self.query_one(Find).open()

    def on_find_wanted(self, event: Find.Wanted) -> None:
        self.query_one(Find).say(self.query_one(Reader).find(event.text, after=event.again))
