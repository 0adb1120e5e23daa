"""The page that shows two embedding models side by side: how far they agree on which texts are near each other."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.binding import BindingType

from tui.console.frame.chrome import ScreenText
from tui.console.keys import bind
from tui.console.pages.text import TextPage
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ACCENT, ATTENTION, MUTED
from tui.console.widgets.truncate import clip_end
from tui.workspace.playground.embedding.ranking import Agreement
from tui.workspace.playground.embedding.vectors import Comparison

_MARGIN = "   "
_NEAREST = 3


class TwoModels(TextPage):
    """The agreement as a sentence, then each text with its nearest ones by either model."""

    FIND = "embedding.find"
    BINDINGS: ClassVar[list[BindingType]] = [bind(FIND, "find")]

    def __init__(self, models: Sequence[tuple[str, Comparison]], agreement: Agreement) -> None:
        super().__init__()
        self._models, self._agreement = models, agreement

    def on_mount(self) -> None:
        super().on_mount()
        self.reader.show(lambda cells: [*agreement_lines(self._models, self._agreement, cells)])

    def chrome(self) -> ScreenText:
        strip = "Nearest texts by number, with the cosine;", "highlighted: near for one model only."
        return ScreenText("Embedding › two models", self.keys, self.reader.visible_range, strip=strip)

    def hide_when_locked(self) -> None:
        self.dismiss(None)


def agreement_lines(models: Sequence[tuple[str, Comparison]], agreement: Agreement, cells: int) -> Iterator[Words]:
    """Yield the lines of the page; `models` are two references with what they say of the same texts."""
    for letter, (ref, compared) in zip("AB", models, strict=True):
        yield line((f"{_MARGIN}{letter} ", ACCENT), ref, (f"  {compared.size:,} dimensions", MUTED))
    yield line(_MARGIN, (agreement.words, "bold"))
    texts = models[0][1].texts
    count = min(_NEAREST, len(texts) - 1)
    for index, text in enumerate(texts):
        yield ""
        yield line((f"{_MARGIN}{index + 1:>3} ", MUTED), clip_end(text, cells - 2 * len(_MARGIN) - 4))
        nearest = [compared.nearest(index)[:count] for _, compared in models]
        for letter, (_, compared), near, other in zip("AB", models, nearest, reversed(nearest), strict=True):
            parts: list[Words] = [(f"{_MARGIN}    {letter} ", ACCENT)]
            for entry in near:
                value = compared.table[index][entry]
                cosine = "–" if value is None else f"{value:.2f}"
                parts.append((f"{entry + 1} ({cosine})  ", "" if entry in other else ATTENTION))
            yield line(*parts)
