"""Where a search goes on: down, up, and round the end."""

from tui.console.widgets.find_bar import nearest

LINES = (3, 7, 9)


def test_a_search_starts_at_the_place_and_continues_around_it() -> None:
    assert [nearest(LINES, 7, step) for step in (0, 1, -1)] == [1, 2, 0]
    assert [nearest(LINES, 8, step) for step in (0, 1, -1)] == [2, 2, 1]


def test_a_search_wraps_around_the_end() -> None:
    assert (nearest(LINES, 9, 1), nearest(LINES, 3, -1), nearest(LINES, -1, -1)) == (0, 2, 2)
    assert nearest((), 0, 1) is None
