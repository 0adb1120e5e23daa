"""A screen that is closed as soon as it was opened, by keys that were typed ahead or by leaving; its timers."""

import asyncio
from itertools import count
from types import SimpleNamespace

import pytest
from textual.css.query import NoMatches

from tests.console.pilot import console, shown, until, until_shown
from tui.console.frame.screen import problem_text
from tui.console.pages.ask import Ask
from tui.errors import Problem


class Lost(Ask):
    """A question that asks for a widget that it does not have."""

    def on_mount(self) -> None:
        self.query_one("#nowhere")


async def test_a_screen_that_closes_before_it_has_its_widgets_is_no_crash() -> None:
    async with console() as pilot:
        beneath = pilot.app.screen
        pilot.app.push_screen(Ask("Leave?", ["You typed something."], {"stay": "Stay"}))
        await pilot.app.pop_screen()
        await pilot.pause()
        assert pilot.app.screen is beneath


async def test_leaving_while_a_screen_opens_is_no_crash() -> None:
    async with console() as pilot:
        pilot.app.push_screen(Lost("Leave?", [], {"stay": "Stay"}))


async def test_leaving_with_the_cursor_in_a_parameter_field_is_no_crash() -> None:
    async with console(size=(120, 40)) as pilot:
        await pilot.press("4", "escape", "p")
        await until_shown(pilot, "system prompt: instructions")


async def test_a_widget_that_is_missing_on_an_open_screen_is_one() -> None:
    with pytest.raises(NoMatches):
        async with console() as pilot:
            pilot.app.push_screen(Lost("Leave?", [], {"stay": "Stay"}))
            await pilot.pause()


async def test_a_timer_calls_back_on_a_machine_that_stalls_as_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count()
    async with console() as pilot:
        calls: list[str] = []
        pilot.app.screen.set_timer(0.5, lambda: calls.append("called"))
        # Each look at the clock takes a second.
        monkeypatch.setattr("textual.timer._time", SimpleNamespace(get_time=lambda: float(next(seconds))))
        await until(pilot, lambda: calls)


async def test_a_bug_in_a_worker_is_shown_with_its_place_and_not_its_words() -> None:
    async def broken() -> None:
        raise KeyError("sk-FAKE-9Zq4")

    async with console(size=(120, 40)) as pilot:
        pilot.app.screen.run_worker(broken(), group="details", exit_on_error=False)
        await until_shown(pilot, "this is a bug (KeyError at ")
        assert "sk-FAKE" not in shown(pilot)


async def test_a_worker_that_is_stopped_is_no_bug() -> None:
    began = asyncio.Event()

    async def endless() -> None:
        began.set()
        await asyncio.Event().wait()

    async with console(size=(120, 40)) as pilot:
        stopped = pilot.app.screen.run_worker(endless(), group="spend of a test", exit_on_error=False)
        await began.wait()
        stopped.cancel()
        await until(pilot, lambda: stopped.is_finished)
        await pilot.pause()
        assert "this is a bug" not in shown(pilot)


def test_every_row_of_a_long_problem_stands_in_the_margin() -> None:
    drawn = problem_text(Problem("No answer.", "Try again.", f"the server says {'Z' * 200}")).plain.split("\n")
    assert len(drawn) > 4 and all(row.startswith("   ") and len(row) <= 71 for row in drawn)
