"""Cut text to a number of terminal cells, never through a wide character."""

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"


def width(text: str) -> int:
    """Return how many cells a text takes."""
    return cell_len(text)


def clip_end(text: str, cells: int) -> str:
    """Cut a sentence at its end, marked by `…`."""
    if cell_len(text) <= cells:
        return text
    return _head(text, cells - 1) + ELLIPSIS if cells > 0 else ""


def clip_middle(text: str, cells: int) -> str:
    """Cut a name in the middle: 60 % of the room for its head, the rest for its tail."""
    if cell_len(text) <= cells:
        return text
    if cells < 3:
        return clip_end(text, cells)
    free = cells - 1
    head = max(1, (free * 6 + 5) // 10)
    return _head(text, head) + ELLIPSIS + _tail(text, free - head)


def clip_distinct(name: str, cells: int, others: Iterable[str], key: str) -> str:
    """Cut a name in the middle; if another would look the same, `key` replaces its tail."""
    short = clip_middle(name, cells)
    if short == name or all(clip_middle(other, cells) != short for other in others):
        return short
    return clip_end(name, cells - len(key)) + key


def fit(text: str, cells: int, *, middle: bool = False, right: bool = False) -> str:
    """Fit a text into exactly that many cells: cut it, or pad it with spaces."""
    short = clip_middle(text, cells) if middle else clip_end(text, cells)
    blanks = " " * (cells - cell_len(short))
    return blanks + short if right else short + blanks


def _head(text: str, cells: int) -> str:
    # set_cell_size puts one blank where a wide character would have been cut in half.
    return set_cell_size(text, cells)


def _tail(text: str, cells: int) -> str:
    tail = ""
    for character in reversed(text):
        if cell_len(character + tail) > cells:
            break
        tail = character + tail
    return " " * (cells - cell_len(tail)) + tail
