"""What stands around every screen: header, title rule, foot rule, strip and footer, one or two rows each.

Each remembers what it shows, so that showing the same again sends nothing to the terminal.
"""

from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget

from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ACCENT, MARK, MARK_COLOURS, MUTED
from tui.console.widgets.truncate import clip_apart, clip_end, clip_middle, width

AREAS = (("providers", "Providers"), ("models", "Models"), ("defaults", "Defaults"), ("playground", "Playground"))


class Row(Widget):
    """One or more rows of a fixed place, drawn from lines that its owner sets."""

    DEFAULT_CSS = "Row { height: 1; width: 1fr; }"

    def draw(self, cells: int) -> list[Content]:
        """The rows at that width."""
        raise NotImplementedError

    def render(self) -> Content:
        return Content("\n").join(self.draw(self.size.width or self.app.size.width))

    def get_content_height(self, *_: object) -> int:
        return 1


@dataclass(frozen=True)
class HeaderState:
    """Whose screen it is: the tenant's name, colour mark and state word, and what the header shows of the areas.

    `labels` is `keys` (plain digits act), `typing` (f2 to f5 act) or empty (a form or dialog). `busy` names areas with
    something running. `alike` are names of other tenants that may look the same when they are cut, `key` the
    beginning of the fingerprint that tells this one apart.
    """

    name: str = ""
    mark: int = 0
    state: str = ""
    area: str = ""
    labels: str = ""
    busy: frozenset[str] = frozenset()
    alike: tuple[str, ...] = ()
    key: str = ""


class Header(Row):
    """Tenant first, areas at the right."""

    place = HeaderState()

    def show(self, place: HeaderState) -> None:
        if place != self.place:
            self.place = place
            self.refresh()

    def draw(self, cells: int) -> list[Content]:
        place = self.place
        labels = self._labels(cells)
        brand = (" modeldeck ", "bold") if cells >= 100 or not place.name else ""
        tenant: list[Words] = [brand] if brand else []
        if place.name:
            taken = width(labels.plain) + width(place.state) + 7 + (11 if brand else 0)
            most = 14 if place.labels and cells < 100 else 40
            name = clip_apart(place.name, max(6, min(most, cells - taken)), place.alike, place.key)
            tenant += [" ", (MARK, MARK_COLOURS[place.mark % 6]), f" {name}"]
        if place.state:
            tenant += ["  " if place.name else " ", (place.state, MUTED)]
        left = line(*tenant)
        gap = max(1, cells - 1 - width(left.plain) - width(labels.plain))
        return [Content.assemble(left, " " * gap, labels)]

    def _labels(self, cells: int) -> Content:
        place = self.place
        if not place.labels or cells < 60:
            return Content("")
        parts: list[Content] = []
        for number, (area, word) in enumerate(AREAS, 1):
            key = f"{number}" if place.labels == "keys" else f"f{number + 1}"
            text = key if cells < 80 else f"{key} {word}"
            text += " …" if area in place.busy and area != place.area else ""
            shown = area == place.area
            parts.append(line((f"[{text}]", f"{ACCENT} bold") if shown else text))
        return Content("  " if cells >= 80 else " ").join(parts)


class Rule(Row):
    """A rule across the window with words set into its left and right ends."""

    left: str = ""
    right: str = ""

    def show(self, left: str, right: str = "") -> None:
        if (left, right) != (self.left, self.right):
            self.left, self.right = left, right
            self.refresh()

    def draw(self, cells: int) -> list[Content]:
        right = f" {clip_end(self.right, cells - 10)} ──" if self.right else ""
        left = f"── {clip_middle(self.left, max(0, cells - 5 - width(right)))} " if self.left else ""
        fill = "─" * (cells - width(left) - width(right))
        if not self.left and not self.right:
            return [line((fill, MUTED))]
        return [
            line(
                ("── " if left else "", MUTED),
                left[3:],
                (fill, MUTED),
                right[:-2],
                ("──" if right else "", MUTED),
            )
        ]


STRIP = tuple[Words, Words]
"""The two rows of a strip."""


class HintBar(Row):
    """Two rows that say in full what the cursor is on, or a problem's sentence and hint."""

    DEFAULT_CSS = "HintBar { height: 2; }"
    lines: tuple[Content, Content] = (Content(""), Content(""))

    def show(self, first: Words = "", second: Words = "") -> None:
        lines = (line(first), line(second))
        if not (lines[0].is_same(self.lines[0]) and lines[1].is_same(self.lines[1])):
            self.lines = lines
            self.refresh()

    def draw(self, cells: int) -> list[Content]:
        return [Content("   ").append(each).truncate(cells, ellipsis=True) for each in self.lines]

    def get_content_height(self, *_: object) -> int:
        return 2


FOOTER_WORDS = frozenset(
    (
        "enter open",
        "enter choose",
        "enter next",
        "enter press",
        "enter do",
        "enter change",
        "enter replace",
        "enter unlock",
        "enter make the tenant",
        "enter send",
        "esc stop",
        "esc keys",
        "esc back",
        "esc clear",
        "up down choose",
        "up down move",
        "tab next",
        "down to list",
        "tab shift+tab move",
        "tab complete",
        "tab parameters",
        "ctrl+j new line",
        "ctrl+j next text",
        "ctrl+r again",
        "i write",
        "v verify",
        "v confirm",
        "V verify all",
        "r refresh",
        "r again",
        "d remove",
        "d forget",
        "x clear",
        "u use",
        "o own/trial",
        "t type",
        "m model",
        "p parameters",
        "p passphrase",
        "c copy",
        "s save",
        "n new",
        "e rename",
        "e edit",
        "a add",
        "ctrl+u empty",
        "left right choose",
        "space on/off",
        "page up scroll",
        "up last question",
        "ctrl+q quit",
        "/ filter",
        "/ find",
        ": commands",
        "? help",
        "f1 help",
    )
)
"""Every word that a footer may show."""

_KEYS = frozenset(("enter", "esc", "up", "down", "left", "right", "tab", "shift+tab", "space", "page"))


class Footer(Row):
    """What the keys do where the focus is. What does not fit falls away before escape and help."""

    words: tuple[str, ...] = ()

    def show(self, words: tuple[str, ...]) -> None:
        unknown = set(words) - FOOTER_WORDS
        assert not unknown, f"not a footer word: {unknown}"
        if words != self.words:
            self.words = words
            self.refresh()

    def draw(self, cells: int) -> list[Content]:
        kept = list(self.words)
        last = [word for word in kept if word.startswith("esc ") or word.endswith(" help")]
        others = [word for word in kept if word not in last]
        while others and 1 + sum(width(word) + 2 for word in others + last) - 2 > cells:
            others.pop()
        shown = [word for word in kept if word in others or word in last]
        return [Content(" ").append(Content("  ").join(_coloured(word) for word in shown)).truncate(cells)]


def _coloured(word: str) -> Content:
    tokens = word.split(" ")
    if tokens[0] == "page":
        keys = 2
    else:
        keys = next((n for n, token in enumerate(tokens) if n and token not in _KEYS), len(tokens) - 1)
    return line((" ".join(tokens[:keys]), ACCENT), " " + " ".join(tokens[keys:]))


@dataclass(frozen=True)
class ScreenText:
    """The words around a screen's content.

    `title` and `right` stand in the title rule, `foot` and `foot_right` in the foot rule, `strip` below it, `keys` in
    the footer (words of `frame.FOOTER_WORDS`, help last).
    """

    title: str
    keys: tuple[str, ...]
    right: str = ""
    foot: str = ""
    foot_right: str = ""
    strip: STRIP = ("", "")
