"""Rows of the provider list, in the registry's two groups."""

from collections.abc import Callable, Mapping, Sequence

from textual.content import Content

from tui.console.keys import hint
from tui.console.widgets.row_list import Item, text_item
from tui.console.widgets.static_text import line
from tui.console.widgets.symbols import ERROR, HEADING, MUTED, RowState, sign
from tui.console.widgets.truncate import clip_end, fit, width
from tui.domain import Supply
from tui.sanitize import one_line
from tui.workspace.credentials.status import ProviderRow

_LABEL = 21
_NARROW = 50
"""Below this many cells a row is sign, name and state."""

_BROAD = 71
"""Below this many cells the number of models is left out."""

_STATE_WIDTH = 20
"""Cells of the state if the details are shown beside the list."""

_GROUPS = {Supply.OWN: "Model vendors", Supply.HOSTING: "Model hosts"}


def provider_items(rows: Sequence[ProviderRow], activity: Mapping[str, str], compact: bool) -> list[Item]:
    """Return the rows with a heading for each group; `activity` says by provider ID what runs there.

    `compact` leaves out what the details next to the list show.
    """
    items: list[Item] = []
    group: Supply | None = None
    for row in rows:
        if row.provider.supply is not group:
            group = row.provider.supply
            items.append(text_item("", line((_GROUPS[group], HEADING))))
        items.append(Item(row.provider.id, _draw_function(row, activity.get(row.provider.id, ""), compact)))
    return items


def matches(row: ProviderRow, words: Sequence[str]) -> bool:
    """Return True if the row contains all words (in lower case)."""
    text = f"{row.provider.label} {row.word} {row.source} {_GROUPS[row.provider.supply]} {model_count(row)}".casefold()
    return all(word in text for word in words)


def no_match(words: Sequence[str]) -> list[Item]:
    """Return what the list says where no provider matches the filter."""
    nothing = f'No provider matches "{" ".join(map(one_line, words))}".'
    return [text_item("", nothing), text_item("", hint("{area.escape} clears the filter."))]


def model_count(row: ProviderRow) -> str:
    """Return `41 models`, `2 added`, or ''."""
    if row.added and not row.models:
        return f"{row.added:,} added"
    total = row.models + row.added
    return f"{total:,} model{'' if total == 1 else 's'}" if total else ""


def _draw_function(row: ProviderRow, activity: str, compact: bool) -> Callable[[int], Content]:
    return lambda cells: _draw(row, activity, compact, cells)


def _draw(row: ProviderRow, activity: str, compact: bool, cells: int) -> Content:
    mark, style = sign(RowState.WORKING if activity else row.state)
    if cells < _NARROW:
        label = min(_LABEL, cells // 2)
        name = fit(row.provider.label, label - 1, middle=True)
        words = clip_end(activity or row.word, cells - label - 2)
        return line((mark, style), f" {name} ", (words, ERROR if style == ERROR else ""))
    name = fit(row.provider.label, _LABEL - 1, middle=True) + " "
    state = row.word.removeprefix("trial ") if compact and width(row.word) > _STATE_WIDTH else row.word
    if row.credential is None and not activity and not row.models + row.added:
        word = f"{row.discovered} found" if compact and row.discovered else row.word
        return line((mark, style), f" {name}", (clip_end(word, cells - _LABEL - 2), MUTED))
    number, _, unit = model_count(row).partition(" ")
    total = f"{number:>{5 if compact else 3}} {unit}" if number and (compact or cells >= _BROAD) else ""
    word, source = (
        (fit(activity or state, _STATE_WIDTH), "") if compact else (fit(activity or row.word, 26), fit(row.source, 12))
    )
    words = clip_end(f"{word}{source}{total}".rstrip(), cells - 2 - width(name))
    failed = ERROR if style == ERROR else ""
    return line((mark, style), f" {name}", (words[: len(word)], failed), words[len(word) :])
