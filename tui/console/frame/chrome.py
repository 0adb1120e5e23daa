"""Header, title rule, bottom rule, hint strip and footer, one or two rows each.

Each remembers what it shows, so that showing the same again sends nothing to the terminal.
"""

from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget

from tui.console.keys import FooterItem, key_of
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ACCENT, MARK, MARK_COLOURS, MUTED
from tui.console.widgets.truncate import clip_apart, clip_end, clip_middle, width

AREAS = (("providers", "Providers"), ("models", "Models"), ("defaults", "Defaults"), ("playground", "Playground"))


class ChromeRow(Widget):
    """One or more rows of a fixed place, drawn from lines that its owner sets."""

    DEFAULT_CSS = "ChromeRow { height: 1; width: 1fr; }"

    def draw(self, cells: int) -> list[Content]:
        """Return the lines at that width."""
        raise NotImplementedError

    def render(self) -> Content:
        return Content("\n").join(self.draw(self.size.width or self.app.size.width))

    def get_content_height(self, *_: object) -> int:
        return 1


@dataclass(frozen=True)
class HeaderState:
    """Whose screen it is: the tenant's name, colour mark and state word, and what the header shows of the areas.

    `labels` is `keys` (plain digits act), `typing` (f2 to f5 act) or empty (a form or dialog). `busy` names areas with
    something running. `similar` are names of other tenants that may look the same when they are cut, `key` the
    beginning of the fingerprint that tells this one apart.
    """

    name: str = ""
    mark: int = 0
    state: str = ""
    area: str = ""
    labels: str = ""
    busy: frozenset[str] = frozenset()
    similar: tuple[str, ...] = ()
    key: str = ""


class Header(ChromeRow):
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
            reserved = width(labels.plain) + width(place.state) + 7 + (11 if brand else 0)
            most = 14 if place.labels and cells < 100 else 40
            name = clip_apart(place.name, max(6, min(most, cells - reserved)), place.similar, place.key)
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
        for area, word in AREAS:
            key = key_of(f"area.{area}", typing=place.labels == "typing")
            text = key if cells < 80 else f"{key} {word}"
            text += " …" if area in place.busy and area != place.area else ""
            shown = area == place.area
            parts.append(line((f"[{text}]", f"{ACCENT} bold") if shown else text))
        return Content("  " if cells >= 80 else " ").join(parts)


class Rule(ChromeRow):
    """A rule across the window with words set into its left and right ends."""

    left: str = ""
    right: str = ""
    role: str = MUTED

    def show(self, left: str, right: str = "") -> None:
        if (left, right) != (self.left, self.right):
            self.left, self.right = left, right
            self.refresh()

    def color(self, role: str) -> None:
        """Draw the line in the color of a role."""
        if role != self.role:
            self.role = role
            self.refresh()

    def draw(self, cells: int) -> list[Content]:
        right = f" {clip_end(self.right, cells - 10)} ──" if self.right else ""
        left = f"── {clip_middle(self.left, max(0, cells - 5 - width(right)))} " if self.left else ""
        fill = "─" * (cells - width(left) - width(right))
        if not self.left and not self.right:
            return [line((fill, self.role))]
        return [
            line(
                ("── " if left else "", self.role),
                left[3:],
                (fill, self.role),
                right[:-2],
                ("──" if right else "", self.role),
            )
        ]


STRIP = tuple[Words, Words]
"""The two rows of a strip."""


class HintBar(ChromeRow):
    """Two rows that say in full what the cursor is on, or a problem's sentence and hint."""

    DEFAULT_CSS = "HintBar { height: 2; }"
    lines: tuple[Content, Content] = (Content(""), Content(""))

    def show(self, first: Words = "", second: Words = "") -> None:
        lines = (line(first), line(second))
        if not (lines[0].is_same(self.lines[0]) and lines[1].is_same(self.lines[1])):
            self.lines = lines
            self.refresh()

    def draw(self, cells: int) -> list[Content]:
        return [Content("   ").append(line).truncate(cells, ellipsis=True) for line in self.lines]

    def get_content_height(self, *_: object) -> int:
        return 2


class Footer(ChromeRow):
    """What the keys do where the focus is. What does not fit is left out before escape and help."""

    items: tuple[FooterItem, ...] = ()

    def show(self, items: tuple[FooterItem, ...]) -> None:
        if items != self.items:
            self.items = items
            self.refresh()

    @property
    def words(self) -> tuple[str, ...]:
        """The entries as text, `v verify`."""
        return tuple(f"{item.keys} {item.word}" for item in self.items)

    def draw(self, cells: int) -> list[Content]:
        shown = list(self.items)
        while len(shown) > 1 and sum(width(item.keys) + width(item.word) + 3 for item in shown) - 1 > cells:
            optional = [item for item in shown if not item.last]
            if not optional:
                break
            shown.remove(optional[-1])
        texts = [line((item.keys, ACCENT), f" {item.word}") for item in shown]
        return [Content(" ").append(Content("  ").join(texts)).truncate(cells)]


@dataclass(frozen=True)
class ScreenText:
    """The words around a screen's content.

    `title` and `right` stand in the title rule, `foot` and `foot_right` in the foot rule, `strip` below it, `keys` in
    the footer (entries of `keys.footer_items`; help is added).
    """

    title: str
    keys: tuple[str, ...]
    right: str = ""
    foot: str = ""
    foot_right: str = ""
    strip: STRIP = ("", "")
