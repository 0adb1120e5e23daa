"""A list of rows: one bar over all lines of an entry, kept while something else has the focus."""

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Input

from tui.console.widgets.row_list import Item, Rows, text_item
from tui.console.widgets.static_text import line


class Listed(App[None]):
    """A list beside a field."""

    def compose(self) -> ComposeResult:
        yield Rows()
        yield Input()


def barred(rows: Rows) -> list[int]:
    """The lines that the bar covers, from edge to edge."""
    lines = [rows.render_line(y) for y in range(len(rows.items))]
    inverted = [y for y, line in enumerate(lines) if any(part.style and part.style.reverse for part in line)]
    for y in inverted:
        assert all(part.style and part.style.reverse for part in lines[y]) and lines[y].cell_length == rows.size.width
    return inverted


@pytest.mark.slow
async def test_the_bar_covers_every_line_of_an_entry_and_stays_dim_without_the_focus() -> None:
    wrapped = Item("", lambda _: line("and goes on"), entry="two")
    async with Listed().run_test(size=(40, 8)) as pilot:
        rows = pilot.app.query_one(Rows)
        rows.show([text_item("", "Heading"), text_item("one", "1"), text_item("two", "2"), wrapped, wrapped])
        rows.focus()
        await pilot.pause()
        assert barred(rows) == [1]
        await pilot.press("down")
        assert (rows.key, barred(rows)) == ("two", [2, 3, 4])
        await pilot.press("down")
        assert rows.key == "two", "lines of an entry are no entries"
        pilot.app.query_one(Input).focus()
        await pilot.pause()
        assert barred(rows) == [2, 3, 4]
        assert all(segment.style and segment.style.dim for segment in rows.render_line(3))


def test_a_row_shows_a_hidden_character_of_a_name() -> None:
    assert line("gpt\u200b-4", ("o\u2060", "bold")).plain == "gpt‹U+200B›-4o‹U+2060›"
