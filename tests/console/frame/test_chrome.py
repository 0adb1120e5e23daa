"""The strip below the content grows with its words, and the notices stand above it."""

from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen

from tests.console.pilot import console, until
from tui.console.frame.chrome import Header, HeaderState, HintBar, Rule
from tui.console.frame.screen import FramedScreen
from tui.console.widgets.form import Form

SENTENCE = "Anthropic was added while north-lab was locked, or by something else than Modeldeck. "


class Strip(App[str]):
    """The strip alone."""

    def compose(self) -> ComposeResult:
        yield HintBar()


@pytest.mark.parametrize("colored", [True, False])
async def test_without_colors_the_chips_of_the_header_do_not_run_together(colored: bool) -> None:
    async with Strip().run_test(size=(60, 12)) as pilot:
        pilot.app.no_color = not colored
        header = Header()
        await pilot.app.mount(header)
        header.show(HeaderState("acme", state="PRACTICE"))
        row = header.draw(60)[0]
        gap = row.plain.index("acme") + len("acme")
        assert row.plain[gap : gap + 2] == "  "
        assert any(span.start <= gap < span.end and span.style for span in row.spans) is colored


async def test_the_strip_takes_two_rows_and_up_to_four_and_cuts_only_what_is_longer() -> None:
    async with Strip().run_test(size=(60, 12)) as pilot:
        strip = pilot.app.query_one(HintBar)
        for times, rows in ((0, 2), (1, 3), (2, 4), (9, 4), (0, 2)):
            strip.show(SENTENCE * times, "enter shows it." if times else "")
            await pilot.pause()
            drawn = [row.plain for row in strip.draw(60)]
            assert strip.size.height == rows and len(drawn) <= rows
            assert any(row.endswith("…") for row in drawn) is (times == 9)
        strip.show(SENTENCE, "enter shows it.")
        await pilot.resize_terminal(120, 12)
        await until(pilot, lambda: strip.size.height == 2)


async def test_a_notice_stands_on_the_rule_above_the_strip_however_high_that_is() -> None:
    async with console() as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, FramedScreen)
        pilot.app.notify("Created Acme.", timeout=60)
        await until(pilot, lambda: screen.query("Toast"))
        for sentences in (1, 3):
            screen.query_one(HintBar).show(SENTENCE * sentences)
            await pilot.pause()
            screen.place_notices()
            rule = screen.lowest_rule
            await until(pilot, lambda: screen.query_one("Toast").region.bottom == screen.lowest_rule.region.bottom)
            assert rule.region.bottom == 24 - 1 - screen.query_one(HintBar).size.height


def _notices(screen: Screen[Any]) -> list[Region]:
    return [notice.region for notice in screen.query("Toast")]


async def test_a_notice_of_two_rows_hides_no_focused_button_and_gives_its_row_back() -> None:
    async with console(size=(80, 14)) as pilot:
        screen = pilot.app.screen
        await pilot.press("n")
        await until(pilot, lambda: pilot.app.screen is not screen and pilot.app.focused is not None)
        page, form = pilot.app.screen, pilot.app.screen.query_one(Form)
        rows = form.size.height
        for back in range(3):
            await pilot.press("shift+tab")
            pilot.app.notify(SENTENCE + str(back), timeout=60)
            await until(pilot, lambda: page.query("Toast") and form.size.height < rows)
            await until(
                pilot, lambda: page.focused is not None and not any(map(page.focused.region.overlaps, _notices(page)))
            )
            pilot.app.clear_notifications()
            await until(pilot, lambda: form.size.height == rows)


async def test_a_long_name_at_the_right_end_of_a_rule_leaves_the_title_whole() -> None:
    async with Strip().run_test(size=(60, 12)) as pilot:
        rule = Rule()
        await pilot.app.mount(rule)
        rule.show("Speech-to-text › compare", "a recording with a very long name that goes on and on.wav")
        drawn = rule.draw(60)[0].plain
        assert drawn.startswith("── Speech-to-text › compare ─") and drawn.endswith("… ──") and len(drawn) == 60
        rule.show("a title as long as half of the rule, and longer than that", "openai/gpt-6-sol · your key")
        assert rule.draw(60)[0].plain.endswith(" openai/gpt-6-sol · … ──")
