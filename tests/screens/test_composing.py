"""What has not changed is not drawn. That all of it is as Textual would draw it is seen on every screen."""

import pytest
from textual._compositor import ChopsUpdate
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tests.screens.showing import console, shown, until_shown


async def test_a_part_of_a_screen_leaves_the_other_parts_open() -> None:
    async with console() as pilot:
        composing = pilot.app.screen._compositor
        composing._dirty_regions.add(Region(0, 2, 10, 2))
        update = composing.render_partial_update()
        assert isinstance(update, ChopsUpdate)
        assert [y for y, row in enumerate(update.chops) if any(row.values())] == [2, 3]
        assert [list(row) for row in update.chops] == [cuts[:-1] for cuts in composing.cuts]


async def test_a_typed_character_costs_the_rows_of_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    render_lines = Widget.render_lines

    def counted(widget: Widget, crop: Region) -> list[Strip]:
        asked.append(crop.height)
        return render_lines(widget, crop)

    async with console() as pilot:
        await pilot.press("4")
        await until_shown(pilot, "Ask ")
        await pilot.press("a")
        await pilot.pause()
        monkeypatch.setattr(Widget, "render_lines", counted)
        await pilot.press("b")
        await pilot.pause()
        assert 0 < sum(asked) <= 24
        monkeypatch.undo()
        assert "> ab" in shown(pilot)
