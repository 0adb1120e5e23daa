"""The transcript: what is in sight, following the end, moving, finding, selecting, and what a long chat costs."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import process_time

from textual import events
from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection

from tests.console.pilot import rows, until
from tui.console.playground.chat.blocks import AnswerBlock, QuestionBlock
from tui.console.widgets.static_text import line
from tui.console.widgets.transcript import Transcript


class Lines:
    """A block of numbered rows that counts how often it was asked for them."""

    def __init__(self, name: str, count: int) -> None:
        self.name, self.count, self.renders = name, count, 0

    def rows(self, cells: int) -> Sequence[Content]:
        self.renders += 1
        return [line(f"{self.name} {n}"[:cells]) for n in range(self.count)]

    def contains(self, pattern: re.Pattern[str]) -> bool:
        return bool(pattern.search(" ".join(f"{self.name} {n}" for n in range(self.count))))


class Reading(App[str]):
    def compose(self) -> ComposeResult:
        yield Transcript()


@asynccontextmanager
async def reading(
    *blocks: Lines | QuestionBlock | AnswerBlock, size: tuple[int, int] = (40, 10)
) -> AsyncIterator[Pilot[str]]:
    async with Reading().run_test(size=size) as pilot:
        pilot.app.query_one(Transcript).show(blocks)
        await pilot.pause()
        yield pilot


def transcript(pilot: Pilot[str]) -> Transcript:
    return pilot.app.query_one(Transcript)


async def test_the_end_is_in_sight_and_blocks_are_kept_apart_by_a_blank_row() -> None:
    async with reading(Lines("a", 6), Lines("b", 5)) as pilot:
        assert rows(pilot) == [" a 2", " a 3", " a 4", " a 5", "", " b 0", " b 1", " b 2", " b 3", "▸b 4"]


async def test_only_visible_blocks_render_rows_and_only_once() -> None:
    blocks = [Lines(str(n), 5) for n in range(1000)]
    async with reading(*blocks) as pilot:
        assert sum(block.renders for block in blocks) <= 4
        for _ in range(3):
            await pilot.press("pageup")
        await pilot.pause()
        assert rows(pilot)[0].strip() == rows(pilot)[0][1:]
        assert sum(block.renders for block in blocks) <= 12
        assert max(block.renders for block in blocks) == 1


async def test_it_follows_its_end_until_it_is_scrolled_up_and_again_from_the_end() -> None:
    growing = Lines("a", 20)
    async with reading(growing) as pilot:
        shown = transcript(pilot)
        growing.count = 25
        shown.refresh_block(growing)
        await pilot.pause()
        assert rows(pilot)[-1][1:] == "a 24"
        await pilot.press("pageup")
        growing.count = 30
        shown.refresh_block(growing)
        await pilot.pause()
        assert rows(pilot)[0][1:] == "a 6"
        assert shown.rows_below == 14
        await pilot.press("G")
        growing.count = 31
        shown.refresh_block(growing)
        await pilot.pause()
        assert rows(pilot)[-1][1:] == "a 30"


async def test_reaching_the_end_by_pages_follows_again() -> None:
    async with reading(Lines("a", 30)) as pilot:
        await pilot.press("pageup", "pageup")
        assert not transcript(pilot).following
        await pilot.press("pagedown", "pagedown")
        assert transcript(pilot).following


async def test_a_block_that_grows_is_drawn_from_its_first_changed_row_only() -> None:
    growing = Lines("a", 3)
    async with reading(growing) as pilot:
        shown, drawn = transcript(pilot), []
        render = shown.render_line
        shown.render_line = lambda y: drawn.append(y) or render(y)  # type: ignore[method-assign, func-returns-value]
        growing.count = 5
        shown.refresh_block(growing)
        await pilot.pause()
        assert rows(pilot)[:5] == [" a 0", " a 1", " a 2", " a 3", " a 4"] or rows(pilot)[4][1:] == "a 4"
        assert 0 not in drawn and {3, 4} <= set(drawn)


async def test_the_cursor_moves_by_rows_and_takes_the_view_along() -> None:
    async with reading(Lines("a", 30)) as pilot:
        await pilot.press("k")
        assert rows(pilot)[8] == "▸a 28"
        await pilot.press("g")
        assert rows(pilot)[0] == "▸a 0"
        await pilot.press("j")
        assert rows(pilot)[:2] == [" a 0", "▸a 1"]
        await pilot.press("G")
        assert rows(pilot)[9] == "▸a 29"


async def test_text_is_wrapped_anew_when_the_window_changes_and_the_end_stays_in_sight() -> None:
    reply = AnswerBlock("m", "word " * 60)
    async with reading(Lines("a", 10), reply) as pilot:
        assert all(len(row) <= 40 for row in rows(pilot))
        await pilot.resize_terminal(100, 10)
        await pilot.pause()
        widest = max(len(row.rstrip("▸ ")) for row in rows(pilot))
        assert 60 < widest <= 82
        assert rows(pilot)[-1].strip("▸ ").endswith("word")
        await pilot.resize_terminal(20, 8)
        await pilot.pause()
        assert all(len(row) <= 20 for row in rows(pilot))
        assert rows(pilot)[-1].strip("▸ ").endswith("word")


async def test_finding_goes_up_from_the_end_and_round() -> None:
    async with reading(Lines("a", 30), Lines("b", 3)) as pilot:
        shown = transcript(pilot)
        assert shown.find("A 1") == (11, 11)
        await pilot.pause()
        await until(pilot, lambda: "▸a 19" in rows(pilot))
        assert shown.find("a 1", -1)
        await pilot.pause()
        await until(pilot, lambda: "▸a 18" in rows(pilot))
        assert [shown.find("a 1", step) for step in (1, 1, -1)] == [(11, 11), (1, 11), (11, 11)]
        assert shown.find("b 0", -1) == (1, 1)
        assert not shown.find("nowhere")
        assert not shown.find("")


async def test_a_selection_gives_the_text_without_the_margin() -> None:
    async with reading(Lines("a", 3), Lines("b", 2)) as pilot:
        shown = transcript(pilot)
        assert shown.get_selection(Selection(Offset(0, 1), Offset(4, 4))) == ("a 1\na 2\n\nb 0", "\n")
        assert shown.get_selection(Selection(None, None)) == ("a 0\na 1\na 2\n\nb 0\nb 1", "\n")
        assert shown.get_selection(Selection(Offset(3, 0), Offset(4, 0))) == ("0", "\n")


async def test_dragging_the_mouse_selects_text() -> None:
    async with reading(Lines("a", 3), Lines("b", 2)) as pilot:
        await pilot.mouse_down(offset=(1, 1))
        await pilot.hover(offset=(4, 2))
        await pilot.mouse_up(offset=(4, 2))
        await pilot.pause()
        assert pilot.app.screen.get_selected_text() == "a 1\na 2"


async def test_the_wheel_scrolls() -> None:
    async with reading(Lines("a", 30)) as pilot:
        await pilot._post_mouse_events([events.MouseScrollUp], offset=(2, 2), button=0)
        await until(pilot, lambda: rows(pilot)[0][1:] == "a 17")


async def test_an_answer_of_twenty_thousand_tokens_and_a_huge_line_stay_quick() -> None:
    reply = AnswerBlock("m")
    reply.begin()
    async with reading(reply, size=(80, 24)) as pilot:
        shown, worst, began = transcript(pilot), 0.0, process_time()
        for n in range(20_000):
            reply.add("word " if n % 50 else "\n\n- item **b**\n" if n % 100 else "\x1b[31m[/x] ")
            if n % 100 == 0:
                reply.gather()
                at = process_time()
                shown.refresh_block(reply)
                worst = max(worst, process_time() - at)
        for _ in range(20):
            reply.add("x" * 20_000)
            shown.refresh_block(reply)
        assert process_time() - began < 10
        assert worst < 1
        reply.end()
        shown.refresh_block(reply)
        await pilot.pause()
        assert "\x1b" not in "\n".join(rows(pilot))


async def test_a_long_question_is_shown_by_its_beginning() -> None:
    drawn = [row.plain for row in QuestionBlock("x" * 10_000).rows(50)]
    assert drawn[0] == "▌ you"
    assert drawn[-1] == "▌ … and 6,000 characters more"
    assert len(drawn) == 86


async def test_another_theme_draws_what_was_drawn_again() -> None:
    async with reading(Lines("a", 3)) as pilot:
        shown = transcript(pilot)
        pilot.app.theme = "textual-dark"
        await pilot.pause()
        before = shown.render_line(0)
        pilot.app.theme = "textual-light"
        await until(pilot, lambda: [part.style for part in shown.render_line(0)] != [part.style for part in before])
