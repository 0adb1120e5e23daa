"""The compare tab: columns that stream beside each other, stop together, and are compared by word."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.console.pilot import app_of, console, rows, shown, until, until_shown
from tests.doubles.practice import practice_session
from tui.console.playground.compare.column import figures
from tui.console.playground.compare.columns import per_row
from tui.console.playground.compare.tab import CompareTab
from tui.console.widgets.text_area import LinesField
from tui.domain import ModelType
from tui.secret import Secret
from tui.tenancy import models
from tui.workspace import tenants
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


async def test_columns_are_added_replaced_and_removed_by_what_they_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(size=WIDE) as pilot:
        tab = await open_compare(pilot, "openai/gpt-5.4-mini")
        navigator = app_of(pilot).navigator
        chat = [model for model in models.all_models(navigator.tenant_session) if model.type is ModelType.CHAT]
        others = [model for model in chat if model.ref not in ("openai/gpt-6-sol", "openai/gpt-5.4-mini")]
        await pilot.press("escape", "=", "c", "s", "r", "f11")
        await until_shown(pilot, "No last answer was checked against a schema, or all fit it.")
        tab.set_model(models.find(navigator.tenant_session, "openai/gpt-5.4-mini", ModelType.CHAT))
        await until_shown(pilot, "openai/gpt-5.4-mini is compared already.")
        # a model that is picked takes the place of that of the column with the cursor
        await pilot.press("right")
        assert tab.columns.current is tab.columns.all[1]
        tab.set_model(others[0])
        await until(pilot, lambda: tab.columns.all[1].model is others[0] and tab.columns.all[1].transcript.has_focus)
        await until_shown(pilot, f"B {others[0].id}")
        # a picked one is added while the prompt is typed
        picked = iter((others[1], None))

        async def pick(*_: object) -> object:
            return next(picked)

        monkeypatch.setattr(navigator, "pick_model", pick)
        await pilot.press("a")
        await until(pilot, lambda: len(tab.columns) == 3 and tab.typing)
        tab.set_model(others[2])
        await until(pilot, lambda: len(tab.columns) == 4)
        tab.set_model(others[3])
        await until_shown(pilot, "Up to 4 models are compared; d removes the one of a column.")
        await pilot.press("escape")
        tab.action_add()
        await until_shown(pilot, "Up to 4 models are compared.")
        await pilot.press("d")
        await until(pilot, lambda: len(tab.columns) == 3 and tab.typing)
        tab.action_winner()
        await until_shown(pilot, "Choose a column first: left and right move between them.")
        assert [column.letter for column in tab.columns] == ["A", "B", "C"]


async def test_while_models_answer_nothing_is_changed_and_a_lock_hides_what_came() -> None:
    session = practice_session(pace=1.0)
    await tenants.unlock(session.tenant("north-lab"), Secret("practice"))
    async with console(session, "north-lab", size=WIDE) as pilot:
        tab = await open_compare(pilot)
        navigator = app_of(pilot).navigator
        for model in [m for m in models.all_models(navigator.tenant_session) if m.type is ModelType.CHAT][:3]:
            if all(column.model.ref != model.ref for column in tab.columns) and len(tab.columns) < 2:
                tab.set_model(model)
                await pilot.pause()
        tab.question.text = "please stall"
        tab.query_one(LinesField).focus()
        await pilot.press("enter")
        await until(
            pilot, lambda: all(column.entry.answers and column.entry.answers[0].first for column in tab.columns)
        )
        acts: tuple[Callable[[], object], ...] = (
            lambda: tab.set_model(tab.columns.all[0].model),
            tab.action_remove,
            lambda: tab.action_repeat(1),
            tab.action_correct,
            tab.action_save,
            tab.action_batch,
        )
        for act in acts:
            tab.show_sentence("")
            act()
            await until_shown(pilot, "Answers are running; ctrl+c stops them.")
        tab.question.text = "And then?"
        await pilot.press("enter")
        assert tab.question.text == "And then?" and len(tab.columns) == 2 and tab.running
        await pilot.press("pagedown", "escape", "escape")
        await until(pilot, lambda: not tab.running)
        tab.action_copy()
        text = tab.columns.all[0].text.split("\n")[0][:20]
        navigator.lock("north-lab")
        await until(pilot, lambda: shown(pilot).count("north-lab is locked; the answers are hidden.") == 2)
        assert text not in shown(pilot) and tab.raw_request is None
        await tenants.unlock(navigator.tenant_session, Secret("practice"))
        tab.on_tab_shown()
        await until(pilot, lambda: "the answers are hidden" not in shown(pilot))
        assert tab.raw_request is not None
