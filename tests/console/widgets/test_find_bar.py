"""Where a search goes on: down, up, and round the end; and that nothing covers its field."""

from textual.app import App, ComposeResult

from tui.console.widgets.find_bar import Find, nearest

LINES = (3, 7, 9)


class _Page(App[None]):
    def compose(self) -> ComposeResult:
        yield Find("chat.find")


async def test_notices_do_not_cover_the_field_when_it_opens() -> None:
    app = _Page()
    async with app.run_test() as pilot:
        app.notify("Sent to your terminal's clipboard.", timeout=60)
        await pilot.pause()
        app.query_one(Find).open()
        await pilot.pause()
        assert list(app._notifications) == []
        assert app.query_one(Find).has_class("-open")


def test_a_search_starts_at_the_place_and_continues_around_it() -> None:
    assert [nearest(LINES, 7, step) for step in (0, 1, -1)] == [1, 2, 0]
    assert [nearest(LINES, 8, step) for step in (0, 1, -1)] == [2, 2, 1]


def test_a_search_wraps_around_the_end() -> None:
    assert (nearest(LINES, 9, 1), nearest(LINES, 3, -1), nearest(LINES, -1, -1)) == (0, 2, 2)
    assert nearest((), 0, 1) is None
