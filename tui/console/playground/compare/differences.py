"""The page that shows two answers as one text, with the words that only one of them has marked."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from tui.console.frame.chrome import ScreenText
from tui.console.keys import bind
from tui.console.pages.text import TextPage
from tui.console.widgets.static_text import line
from tui.console.widgets.symbols import ATTENTION, SUCCESS
from tui.console.widgets.wrap import wrap
from tui.workspace.playground.compare.text_diff import Change, differences, shared_words

_MARGIN = "   "
_MARKS = {
    Change.SAME: ("", "", ""),
    Change.ONLY_FIRST: ("[-", "-]", ATTENTION),
    Change.ONLY_SECOND: ("{+", "+}", SUCCESS),
}


class Differences(TextPage):
    """Answers `first` and `second`, each a name and a text."""

    FIND = "help.find"
    BINDINGS: ClassVar[list[BindingType]] = [bind(FIND, "find")]

    def __init__(self, first: tuple[str, str], second: tuple[str, str]) -> None:
        super().__init__()
        self._first, self._second = first, second
        self._share = shared_words(first[1], second[1])
        self._rows = difference_text(first[1], second[1])

    def on_mount(self) -> None:
        self.reader.show(self._lines)

    def _lines(self, cells: int) -> Sequence[Content]:
        return [line(_MARGIN, row) for text in self._rows for row in wrap(text, cells - 2 * len(_MARGIN))]

    def chrome(self) -> ScreenText:
        legend = f"[-only {self._first[0]}-]  {{+only {self._second[0]}+}}"
        share = f"{self._share:.0%} of the words in common".replace("%", " %")
        return ScreenText("Compare › differences", self.keys, self.reader.visible_range, strip=(legend, share))


def difference_text(first: str, second: str) -> Sequence[Content]:
    """Return two texts as the rows of one, with the words that only one of them has marked."""
    text = Content("")
    for change, words in differences(first, second):
        before, after, style = _MARKS[change]
        text = text.append(line((f"{before}{words}{after}", style)) if style else line(words))
    return text.split(allow_blank=True)
