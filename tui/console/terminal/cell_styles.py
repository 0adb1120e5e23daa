"""Styles of cells, and the shortest escape sequence from one to another."""

from functools import lru_cache
from typing import NamedTuple

from rich.color import ColorSystem
from rich.style import Style

_SGR_CODES = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53")
"""What switches on each attribute of a style, in the order of its bits."""

_OFF = {
    **{"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28", "9": "29"},
    **{"21": "24", "51": "54", "52": "54", "53": "55"},
}
_VISIBLE_ON_BLANKS = frozenset({"4", "7", "9", "21", "51", "52", "53"})


class CellStyle(NamedTuple):
    """Attributes and colours as the numbers that switch them on; '' is the terminal's own colour."""

    attributes: frozenset[str] = frozenset()
    front: str = ""
    back: str = ""
    link: str = ""


PLAIN = CellStyle()
_KNOWN: dict[CellStyle, CellStyle] = {PLAIN: PLAIN}


@lru_cache(maxsize=4096)
def _cell_style(bits: int, front: object, back: object, link: str, system: ColorSystem) -> CellStyle:
    blank = Style.from_color(front, back)  # type: ignore[arg-type]  # colours or None, as a style holds them
    colours = [
        ";".join(entry.downgrade(system).get_ansi_codes(fore)) if entry is not None else ""
        for entry, fore in ((blank.color, True), (blank.bgcolor, False))
    ]
    attributes = frozenset(sign for place, sign in enumerate(_SGR_CODES) if bits >> place & 1)
    look = CellStyle(attributes, colours[0].removeprefix("39"), colours[1].removeprefix("49"), link)
    # The same object for the same look, so that rows are compared by identity.
    return _KNOWN.setdefault(look, look)


def cell_style_of(style: Style | None, system: ColorSystem) -> CellStyle:
    """Return the cell style of a Rich style; the same object for the same look."""
    if style is None:
        return PLAIN
    link = f"id={style.link_id};{style.link}" if style.link else ""
    return _cell_style(style._attributes & style._set_attributes, style.color, style.bgcolor, link, system)


@lru_cache(maxsize=4096)
def on_blank(look: CellStyle) -> CellStyle:
    """Return the part of a style that is visible on a blank cell."""
    if look.attributes & _VISIBLE_ON_BLANKS or look.link:
        return look
    visible = CellStyle(back=look.back)
    return _KNOWN.setdefault(visible, visible)


@lru_cache(maxsize=4096)
def change(before: CellStyle, after: CellStyle) -> str:
    """Return the escape sequence from one style to another, '' if they are the same."""
    if before == after:
        return ""
    link = f"\x1b]8;{after.link or ';'}\x1b\\" if before.link != after.link else ""
    absolute = ";".join(filter(None, [*sorted(after.attributes), after.front, after.back]))
    absolute = f"0;{absolute}" if absolute else ""
    off = {_OFF[attribute] for attribute in before.attributes - after.attributes}
    on = {attribute for attribute in after.attributes if attribute not in before.attributes or _OFF[attribute] in off}
    colours = [
        new or default
        for old, new, default in ((before.front, after.front, "39"), (before.back, after.back, "49"))
        if old != new
    ]
    step = ";".join([*sorted(off), *sorted(on), *colours])
    if not step:
        return link
    return f"{link}\x1b[{min(step, absolute, key=len)}m"
