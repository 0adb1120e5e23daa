"""What has not changed is not drawn. That all of it is as Textual would draw it is seen on every screen."""

from textwrap import wrap

import pytest
from textual._compositor import ChopsUpdate
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tests.console.pilot import console, until_shown
from tui.console.widgets.static_text import Plain


async def test_a_part_of_a_screen_leaves_the_other_parts_open() -> None:
    async with console() as pilot:
        composing = pilot.app.screen._compositor
        composing._dirty_regions.add(Region(0, 2, 10, 2))
        update = composing.render_partial_update()
        assert isinstance(update, ChopsUpdate)
        assert [y for y, row in enumerate(update.chops) if any(row.values())] == [2, 3]
        assert [list(row) for row in update.chops] == [cuts[:-1] for cuts in composing.cuts]


async def test_a_typed_character_costs_the_rows_of_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    layouts: list[int] = []
    render_lines = Widget.render_lines

    def counted(widget: Widget, crop: Region) -> list[Strip]:
        layouts.append(crop.height)
        return render_lines(widget, crop)

    async with console(frames=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "Ask ")
        await pilot.press("a")
        await pilot.pause()
        monkeypatch.setattr(Widget, "render_lines", counted)
        await pilot.press("b")
        await pilot.pause()
        assert 0 < sum(layouts) <= 24
        monkeypatch.undo()
        await until_shown(pilot, "> ab")


@pytest.mark.parametrize(
    ("after", "laid_out"),
    [
        ("four words of text", 0),
        ("five words of this text", 0),
        ("two\nlines", 1),
        ("words " * 20, 1),
    ],
    ids=["as wide", "wider", "higher", "wrapped"],
)
async def test_only_words_that_need_other_room_lay_the_screen_out_anew(
    after: str, laid_out: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Words(App[None]):
        CSS = "Plain { width: 40; }"

        def compose(self) -> ComposeResult:
            yield Plain("some words of text")

    app, layouts = Words(), list[bool]()
    async with app.run_test() as pilot:
        plain = app.query_one(Plain)
        refresh = Widget.refresh

        def counted(widget: Widget, *regions: Region, layout: bool = False, **more: bool) -> Widget:
            layouts.append(layout)
            return refresh(widget, *regions, layout=layout, **more)

        monkeypatch.setattr(Widget, "refresh", counted)
        plain.show(after)
        monkeypatch.undo()
        await pilot.pause()

        assert sum(layouts) == laid_out
        drawn = [strip.text.rstrip() for strip in plain.render_lines(Region(0, 0, *plain.size))]
        assert drawn == [line.rstrip() for text in after.split("\n") for line in wrap(text, 40)]
