"""Header, title rule, bottom rule, hint strip and footer, one or two rows each.

Each remembers what it shows, so that showing the same again sends nothing to the terminal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget

from tui.console.keys import FooterItem, key_of
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import (
    ACCENT,
    CHIP_LOCKED,
    CHIP_PRACTICE,
    KEY,
    LOCKED,
    MARK,
    MARK_COLOURS,
    MUTED,
    chip,
    mark_style,
)
from tui.console.widgets.truncate import clip_distinct, clip_end, clip_middle, width
from tui.console.widgets.wrap import wrap

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


STORE_UNREACHABLE = "store away"
"""The state of a tenant whose shared store cannot be reached."""


@dataclass(frozen=True)
class HeaderState:
    """Whose screen it is: the tenant's name, colour mark and state words, and what the header shows of the areas.

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

    @property
    def locked(self) -> bool:
        """Whether the tenant's keys need its passphrase."""
        return "locked" in self.state


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
        states = self._states(short=False)
        if place.name and width(labels.plain) + states.cell_length + width(place.name) + 6 > cells:
            states = self._states(short=True)
        if place.name:
            reserved = width(labels.plain) + states.cell_length + 6 + (11 if brand else 0)
            longest = 14 if place.labels and cells < 100 else 40
            name = clip_distinct(place.name, max(6, min(longest, cells - reserved)), place.similar, place.key)
            if place.locked:
                tenant += [" ", (MARK, MARK_COLOURS[place.mark % len(MARK_COLOURS)]), f" {name} "]
            else:
                tenant += self._chip(mark_style(place.mark), f"{MARK} {name}")
        left = line(*tenant, states)
        gap = max(1, cells - 1 - width(left.plain) - width(labels.plain))
        return [Content.assemble(left, " " * gap, labels)]

    def _states(self, short: bool) -> Content:
        """Return what the tenant's state is; `short` leaves the lock its sign alone beside another word."""
        states = list(filter(None, self.place.state.split(", ")))
        parts: list[Words] = []
        for state in states:
            if state == "locked":
                alone = short and len(states) > 1
                parts += [(f" {LOCKED}", CHIP_LOCKED)] if alone else self._chip(CHIP_LOCKED, f"{LOCKED} {state}")
            elif state in (STORE_UNREACHABLE, "damaged", "cannot be read"):
                parts += self._chip(CHIP_LOCKED, state)
            elif state == "PRACTICE":
                parts += self._chip(CHIP_PRACTICE, state)
            else:
                parts.append((f" {state} ", MUTED))
        return line(*parts)

    def _chip(self, style: str, text: str) -> list[Words]:
        """Return a chip. Without colors there is a gap behind it, as it would run together with the next."""
        return [(f" {text}", style), " "] if self.app.no_color else [chip(style, text)]

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
    title_role: str = ""
    sign: Words = ""
    """A sign at the right end, such as the mode of the keys."""

    def show(self, left: str, right: str = "") -> None:
        if (left, right) != (self.left, self.right):
            self.left, self.right = left, right
            self.refresh()

    def show_sign(self, sign: Words) -> None:
        """Show a sign at the right end."""
        if not line(sign).is_same(line(self.sign)):
            self.sign = sign
            self.refresh()

    def _title(self, text: str) -> list[Words]:
        """Return the words at the left; of several, the ones in brackets are the title."""
        start, end = text.find("["), text.find("]")
        if not self.title_role or not 0 <= start < end:
            return [(text, self.title_role)]
        return [text[:start], (text[start : end + 1], self.title_role), text[end + 1 :]]

    def color(self, role: str) -> None:
        """Draw the line in the color of a role."""
        if role != self.role:
            self.role = role
            self.refresh()

    def fits(self, left: str, right: str) -> bool:
        """Return True if the words at the left end fit whole beside those at the right end."""
        cells = (self.size.width or self.app.size.width) - line(self.sign).cell_length
        return width(left) + 5 + (width(right) + 4 if right else 0) <= cells

    def draw(self, cells: int) -> list[Content]:
        sign = line(self.sign)
        cells -= sign.cell_length
        # The title has up to half of the rule, whatever is at the right end.
        room = cells - 10 - min(width(self.left), cells // 2)
        right = f" {clip_end(self.right, room)} ──" if self.right else ""
        left = f"── {clip_middle(self.left, max(0, cells - 5 - width(right)))} " if self.left else ""
        fill = "─" * (cells - width(left) - width(right))
        if not self.left and not self.right:
            return [line((fill, self.role), sign)]
        return [
            line(
                ("── " if left else "", self.role),
                *self._title(left[3:]),
                (fill, self.role),
                right[:-2],
                ("──" if right else "", self.role),
                sign,
            )
        ]


_MAX_HINT_ROWS = 4
"""Rows of the longest hint."""

STRIP = tuple[Words, Words]
"""The two rows of a strip."""


class HintBar(ChromeRow):
    """Rows that say in full what the cursor is on, or a problem: two, or up to four if its words are long."""

    DEFAULT_CSS = "HintBar { height: 2; }"
    lines: tuple[Content, Content] = (Content(""), Content(""))
    rows = 2

    def show(self, first: Words = "", second: Words = "") -> None:
        lines = (line(first), line(second))
        if not (lines[0].is_same(self.lines[0]) and lines[1].is_same(self.lines[1])):
            self.lines = lines
            self._grow()
            self.refresh()

    def on_resize(self) -> None:
        self._grow()

    def _grow(self) -> None:
        """Take the rows that the lines need at this width."""
        rows = min(_MAX_HINT_ROWS, max(2, len(self._wrap(self.size.width or self.app.size.width))))
        if rows != self.rows:
            self.rows = rows
            self.styles.height = rows

    def _wrap(self, cells: int) -> list[Content]:
        cells_inside = max(10, cells - 4)
        wrapped = [[entry] if entry.cell_length <= cells - 3 else wrap(entry, cells_inside) for entry in self.lines]
        return [row for rows in wrapped for row in rows]

    def draw(self, cells: int) -> list[Content]:
        rows = self._wrap(cells)
        if len(rows) > _MAX_HINT_ROWS:
            rest = Content(" ").join(rows[_MAX_HINT_ROWS - 1 :])
            rows = [*rows[: _MAX_HINT_ROWS - 1], rest]
        return [Content("   ").append(row).truncate(cells, ellipsis=True) for row in rows]

    def get_content_height(self, *_: object) -> int:
        return self.rows


class Footer(ChromeRow):
    """What the keys do where the focus is. What does not fit is left out before escape and help.

    `max_rows` is how many rows it may take; it takes another one only if its entries need it.
    """

    items: tuple[FooterItem, ...] = ()
    max_rows = 1
    rows = 1

    def show(self, items: tuple[FooterItem, ...]) -> None:
        if items != self.items:
            self.items = items
            self._grow()
            self.refresh()

    def allow(self, rows: int) -> None:
        """Allow that many rows."""
        self.max_rows = rows
        self._grow()

    def on_resize(self) -> None:
        self._grow()

    def _grow(self) -> None:
        rows = len(self.draw(self.size.width or self.app.size.width))
        if rows != self.rows:
            self.rows = rows
            self.styles.height = rows

    def draw(self, cells: int) -> list[Content]:
        shown = list(self.items)
        while len(rows := self._wrap(shown, cells)) > self.max_rows:
            optional = [item for item in shown if not item.last]
            if not optional:
                break
            shown.remove(optional[-1])
        lines = [[line((item.keys, KEY), f" {item.word}") for item in row] for row in rows[: self.max_rows]]
        return [Content(" ").append(Content("  ").join(texts)).truncate(cells) for texts in lines]

    @staticmethod
    def _wrap(items: Sequence[FooterItem], cells: int) -> list[list[FooterItem]]:
        """Return the entries in rows of that width."""
        rows: list[list[FooterItem]] = [[]]
        used = -1
        for item in items:
            wide = width(item.keys) + width(item.word) + 3
            if rows[-1] and used + wide > cells:
                rows.append([])
                used = -1
            rows[-1].append(item)
            used += wide
        return rows

    def get_content_height(self, *_: object) -> int:
        return self.rows


@dataclass(frozen=True)
class ScreenText:
    """The words around a screen's content.

    `title` and `right` are in the title rule, `foot` and `foot_right` in the foot rule, `strip` below it, `keys` in
    the footer (entries of `keys.footer_items`; help is added).
    """

    title: str
    keys: tuple[str, ...]
    right: str = ""
    foot: str = ""
    foot_right: str = ""
    strip: STRIP = ("", "")
