"""The compare tab: columns that stream beside each other, stop together, and are compared by word."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.console.pilot import app_of, console, rows, shown, until, until_shown
from tui.console.playground.compare.column import figures
from tui.console.playground.compare.columns import per_row
from tui.console.playground.compare.tab import CompareTab
from tui.console.widgets.text_area import LinesField
from tui.domain import ModelType
from tui.tenancy import models
from tui.workspace.playground.compare import report
from tui.workspace.playground.saved_prompts import SavedPrompt

WIDE = (120, 40)


async def open_compare(pilot: Pilot[str], *refs: str) -> CompareTab:
    """The tab with these models."""
    app = app_of(pilot)
    await app.navigator.open_playground("compare")
    await pilot.pause()
    tab = app.screen.query_one(CompareTab)
    for ref in refs:
        tab.set_model(models.find(app.navigator.tenant_session, ref, ModelType.CHAT))
        await pilot.pause()
    return tab


async def compare(pilot: Pilot[str], tab: CompareTab, prompt: str) -> None:
    """Send a prompt and wait for every answer."""
    tab.question.text = prompt
    await pilot.press("enter")
    await until(pilot, lambda: tab.comparison is not None and not tab.running)
    await pilot.pause()


def test_columns_have_40_cells_at_least_and_are_stacked_below_100() -> None:
    assert [per_row(80, count) for count in (1, 2, 4)] == [1, 1, 1]
    assert [per_row(100, count) for count in (2, 3, 4)] == [2, 2, 2]
    assert [per_row(120, count) for count in (2, 3, 4)] == [2, 3, 2]
    assert per_row(160, 4) == 4


async def test_models_answer_side_by_side_and_the_winner_becomes_the_default(tmp_path: Path) -> None:
    async with console(size=WIDE) as pilot:
        tab = await open_compare(pilot, "openai/gpt-5.4-mini")
        assert [column.model.ref for column in tab.columns] == ["openai/gpt-6-sol", "openai/gpt-5.4-mini"]
        await compare(pilot, tab, "hello")
        lines = rows(pilot)
        heads = next(row for row in lines if "A gpt-6-sol" in row)
        assert "B gpt-5.4-mini" in heads and heads.count("stop") == 2
        assert sum("tokens/s" in row for row in lines) == 1 and shown(pilot).count("Hello!") == 2
        assert "▌" not in shown(pilot), "no model is named in the column, as its head does"
        # the focus goes to the columns, and on to the second
        await pilot.press("escape", "right")
        assert tab.columns.current is tab.columns.all[1]
        await pilot.press("w")
        await until_shown(pilot, "gpt-5.4-mini is now the default chat model.")
        chosen = models.defaults(app_of(pilot).navigator.tenant_session)[ModelType.CHAT]
        assert chosen.ref == "openai/gpt-5.4-mini"
        # the raw request is that of the column
        await pilot.press("v")
        await until_shown(pilot, '"model": "gpt-5.4-mini"')
        await pilot.press("escape", "=")
        await until_shown(pilot, "of the words in common")
        assert all(row.startswith("   ") for row in rows(pilot)[2:6] if row)
        await pilot.press("escape", "r")
        await until(pilot, lambda: len(tab.columns.all[0].entry.answers) == 2 and not tab.running)
        await until_shown(pilot, "median of 2 answers each")
        await until_shown(pilot, "2 of 2")
        assert tab.unsaved()
        await pilot.press("s")
        await until_shown(pilot, "Save to a file")
        field = next(iter(pilot.app.screen.query("Input")))
        field.value = str(tmp_path / "board.md")  # type: ignore[attr-defined]
        await pilot.press("enter", "right", "enter", "enter")
        await until(pilot, lambda: (tmp_path / "board.json").exists())
        assert len(json.loads((tmp_path / "board.json").read_text())["models"][1]["answers"]) == 2


async def test_escape_stops_every_answer_and_keeps_what_came() -> None:
    async with console() as pilot:
        tab = await open_compare(pilot)
        tab.question.text = "please wait"
        await pilot.press("enter")
        await until_shown(pilot, "Compare takes two models at least")
        await open_compare(pilot, "openai/gpt-5.4-mini")
        tab.question.text = "Why is the sky blue?"
        tab.query_one(LinesField).focus()
        await pilot.press("enter")
        await until(
            pilot, lambda: all(column.entry.answers and column.entry.answers[0].first for column in tab.columns)
        )
        await pilot.press("escape")
        await until(pilot, lambda: not tab.typing)
        assert tab.running, "the first escape leaves typing"
        await pilot.press("escape")
        await until(pilot, lambda: not tab.running)
        await pilot.pause()
        assert shown(pilot).count("stopped by you") == 2
        answers = [column.entry.answers[0] for column in tab.columns]
        assert [str(answer.state) for answer in answers] == ["stopped", "stopped"]
        assert all(answer.text or answer.thinking for answer in answers)


async def test_answers_that_do_not_fit_are_sent_back_to_their_models() -> None:
    async with console(size=WIDE) as pilot:
        tab = await open_compare(pilot, "openai/gpt-5.4-mini")
        tab.use_prompt(SavedPrompt("", schema={"type": "object", "required": ["born"]}))
        await compare(pilot, tab, "Who wrote Faust?")
        await until_shown(pilot, "does not fit the schema at $")
        await until_shown(pilot, "f11 send back")
        await pilot.press("f11")
        await until(pilot, lambda: all(len(column.entry.answers) == 2 for column in tab.columns) and not tab.running)
        entry = tab.columns.all[0].entry
        assert entry.answers[1].correction and entry.fits == (0, 1), "the rate is of the answers to the prompt"
        sent = json.dumps(entry.answers[1].wire_log.as_json())
        assert "Your answer does not fit the JSON Schema at $" in sent and "Who wrote Faust?" in sent
        await until_shown(pilot, "one answer each")
        assert tab.comparison is not None and tab.comparison.repeat == 1


def test_figures_take_as_many_rows_as_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    words = (
        "m",
        "0.36 s (0.35 s–0.41 s)",
        "0.36 s (0.35 s–0.41 s)",
        "61 (57–63)",
        "5",
        "0",
        "148",
        "2.9 s",
        "",
        "≈ 1 USD",
    )
    monkeypatch.setattr(report, "row", lambda entry: words)
    entry: Any = SimpleNamespace(answers=[1])
    whole = "first 0.36 s (0.35 s–0.41 s) · 61 (57–63) tokens/s · 2.9 s · 5 in · 148 out · ≈ 1 USD"
    assert figures(entry, 100) == [whole]
    for cells in (40, 60):
        shown_rows = figures(entry, cells)
        assert " · ".join(shown_rows) == whole and max(map(len, shown_rows)) <= cells
    assert figures(entry, 60)[-1] == "5 in · 148 out · ≈ 1 USD"
