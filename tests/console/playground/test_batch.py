"""The batch page: prompts of a file for the models of Compare, watched, stopped, continued and read."""

import json
from pathlib import Path

from textual.widgets import Input

from tests.console.pilot import console, screen_of, until, until_shown
from tests.console.playground.test_compare import open_compare
from tui.console.playground.compare.batch import BatchPage


async def test_a_batch_is_started_stopped_continued_and_read(tmp_path: Path) -> None:
    prompts, out = tmp_path / "prompts.txt", tmp_path / "prompts.answers.jsonl"
    prompts.write_text("".join(f"question {number}\n" for number in range(40)))
    async with console() as pilot:
        tab = await open_compare(pilot, "openai/gpt-5.4-mini")
        await pilot.press("escape", "B")
        await until_shown(pilot, "Playground › batch")
        page = screen_of(pilot, BatchPage)
        await until_shown(pilot, "openai/gpt-6-sol, openai/gpt-5.4-mini")
        page._path.field.value = str(prompts)
        await until_shown(pilot, "40 prompts.")
        await until(pilot, lambda: page._output.value == str(out))
        page._in_flight.field.value = "0"
        page._start.focus()
        await pilot.press("enter")
        await until_shown(pilot, '"In flight" is a whole number from 1 to 64.')
        page._in_flight.field.value = "2"
        await pilot.press("enter")
        await until(pilot, lambda: page.job is not None and page.job.progress.answered >= 3)
        await until_shown(pilot, "in flight")
        await pilot.press("escape")
        await until_shown(pilot, "Stopped; finished answers are in the file.")
        stored = len(out.read_text().splitlines())
        assert 3 <= stored < 80 and pilot.app.screen is page
        await until(pilot, lambda: page._continue.has_focus)
        page._in_flight.field.value = "40"
        await pilot.press("enter")
        await until_shown(pilot, "80 of 80 requests have their row")
        await until_shown(pilot, "answered  failed")
        assert page.job is not None and page.job.progress.skipped >= stored
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        assert [row["prompt"] for row in rows[:3]] == ["question 0", "question 0", "question 1"] and len(rows) == 80
        await until(pilot, lambda: page._read.has_focus)
        await pilot.press("enter")
        await until_shown(pilot, "1 question 0")
        await until_shown(pilot, "Playground › batch › answers")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: tab.screen is pilot.app.screen)


async def test_the_form_of_a_batch_names_what_is_missing_or_wrong(tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text('{"text": 1}\n')
    async with console() as pilot:
        await open_compare(pilot)
        await pilot.press("escape", "B")
        await until_shown(pilot, "Playground › batch")
        page = screen_of(pilot, BatchPage)
        page._start.focus()
        await pilot.press("enter")
        await until_shown(pilot, "Which file of prompts?")
        page._path.field.value = str(prompts)
        await until_shown(pilot, "Line 1 has no prompt.")
        page._output.field.value = ""
        await pilot.press("enter")
        await until_shown(pilot, "Which file are the answers written to?")
        page._path.field.focus()
        for row in (page._output, page._in_flight, page._repeat, page._cost):
            await pilot.press("enter")
            await until(pilot, lambda row=row: row.field.has_focus)  # type: ignore[misc]
        await pilot.press("enter")
        await until(pilot, lambda: page._start.has_focus)
        page.query_one("#row-output").query_one(Input).value = str(prompts)
        page._cost.field.value = "none"
        await pilot.press("enter")
        await until_shown(pilot, "The cost limit is an amount above 0, or blank.")
