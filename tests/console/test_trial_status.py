"""Trials on the screens: what is left, whose key pays, and what is said at the end."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.console.pilot import app_of, console, rows, shown, until, until_shown
from tests.console.sample_models import area
from tests.doubles.practice import practice_session
from tui.console.playground.chat.tab import ChatTab
from tui.console.playground.compare.batch import BatchModel, BatchPage
from tui.console.playground.screen import Playground
from tui.domain import KeySource, ModelType
from tui.providers.events import Usage
from tui.secret import Secret
from tui.tenancy import models
from tui.tenancy import trials as trial_store
from tui.tenancy.session import Session
from tui.workspace import trials
from tui.workspace.models import defaults
from tui.workspace.playground import key_source
from tui.workspace.playground.metering import TrialMeter
from tui.workspace.playground.saved_prompts import SavedPrompt
from tui.workspace.pricing import spend

MODEL = "openai/gpt-5.4-mini"
KEY = {"api_key": Secret("sk-FAKE-lent-0000000000000000-8d21")}


def with_trial(calls: int, used: int = 0, source: KeySource | None = None, tenant: str = "acme") -> Session:
    """The practice session with a trial of the first provider, of which a tenant has used some calls."""
    session = practice_session(pace=0.0)

    async def lend() -> None:
        await trials.set_trial(session, "openai", KEY, calls=calls, verify=False)
        if source is not None:
            await key_source.choose(session.tenant(tenant), "openai", source)

    asyncio.run(lend())
    for _ in range(used):
        meter = TrialMeter(session.tenant(tenant), "openai")
        meter.reserve()
        meter.settle()
    return session


async def test_a_trial_that_is_not_in_use_stands_next_to_the_own_key_and_o_switches() -> None:
    async with area(await asyncio.to_thread(with_trial, 500, 2), "providers") as pilot:
        await pilot.press("home")
        await until_shown(pilot, "OpenAI               ready                     your key")
        await until_shown(pilot, "Trial 498 of 500 left.")
        assert "o your key/trial" in rows(pilot)[-1]
        await pilot.press("o")
        await until_shown(pilot, "◐ OpenAI               trial 498 of 500 left     trial")
        await until_shown(pilot, "OpenAI: trial, 498 of 500 requests left, on the operator's key.")
        await until_shown(pilot, "o switches to your key ending 3f2a, billed to you.")
        await pilot.press("U")
        await until_shown(pilot, "OpenAI               ready                     your key")
        await pilot.press("U")  # what was undone is a change as well
        await until_shown(pilot, "◐ OpenAI               trial 498 of 500 left     trial")
        await pilot.press("o")
        await until_shown(pilot, "● OpenAI               ready")
        await pilot.press("enter")
        await until_shown(pilot, "Source         your key   (trial 498 of 500 left, not in use)")
        assert "o your key/trial" in rows(pilot)[-1]


async def test_without_a_trial_o_says_that_there_is_no_choice() -> None:
    async with area(practice_session(), "providers") as pilot:
        assert "key/trial" not in shown(pilot)
        await pilot.press("o")
        await until_shown(pilot, "There is nothing to switch to: that takes your key and a trial.")


async def test_a_trial_alone_can_be_used_and_its_form_says_so() -> None:
    async with console(await asyncio.to_thread(with_trial, 100, 0, None), "tenant-2") as pilot:
        await until_shown(pilot, "◐ OpenAI               trial 100 of 100 left     trial")
        await pilot.press("home", "o")
        await until_shown(pilot, "has no API key for OpenAI.")
        await pilot.press("enter")
        await until_shown(pilot, "Providers › OpenAI › set up")
        assert "◐ trial 100 of 100 left ──" in rows(pilot)[1]
        await pilot.press("tab", "tab")
        await until_shown(pilot, "Source   trial 100 of 100 left. Your own key replaces the trial.")


async def test_the_details_next_to_the_list_show_the_trial() -> None:
    async with area(await asyncio.to_thread(with_trial, 1_000, 901, KeySource.TRIAL), "providers", (120, 40)) as pilot:
        await pilot.press("home")
        await until_shown(pilot, "▲ OpenAI               99 of 1,000 left       37 models")
        await until_shown(pilot, "Source         trial, 99 of 1,000 left")


async def test_the_last_calls_are_reported_and_the_end_offers_alternatives() -> None:
    session = await asyncio.to_thread(with_trial, 20, 18, KeySource.TRIAL)
    await defaults.set(session.tenant("acme"), ModelType.CHAT, "openai/gpt-5.4-mini")
    async with area(session, "playground") as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, Playground)
        tab = screen.tab
        assert isinstance(tab, ChatTab)
        assert rows(pilot)[1].endswith(" gpt-5.4-mini · ▲ trial 2 left ──")

        async def ask(text: str) -> None:
            tab.question.set_text(text)
            await pilot.press("enter")
            await pilot.pause()
            await until(pilot, lambda: not tab.busy)
            await pilot.pause()

        await ask("Why is the sky blue?")
        await until_shown(pilot, "One trial request of OpenAI is left. Set up your own key in Providers.")
        await ask("And at night?")
        await ask("And at sunset?")
        screen_rows = shown(pilot)
        assert rows(pilot)[1].endswith(" gpt-5.4-mini · trial 0 left ──")
        for name in (
            " ▲ The trial of OpenAI is used up: 20 of 20 requests.",
            "   Nothing was sent. Your question is kept below.",
            "   esc o   use your key ending 3f2a; requests are billed to you",
            "   f2      set up another key",
            "   esc m   another model",
            " > And at sunset?",
        ):
            assert name in screen_rows, screen_rows
        assert tab.question.has_focus and tab.chrome().foot == "not sent"
        await pilot.press("escape", "o")
        await until_shown(pilot, " gpt-5.4-mini · your key ──")
        assert tab.question.text == "And at sunset?" and tab.session.running is None
        await pilot.press("i", "enter")
        await until(pilot, lambda: not tab.busy and tab.question.text == "")
        remaining = trial_store.left(session.tenant("acme"), "openai")
        assert remaining and remaining.left == 0


async def test_the_tenants_show_what_is_left_where_there_is_a_trial() -> None:
    async with console(await asyncio.to_thread(with_trial, 500, 470), None) as pilot:
        await until_shown(pilot, "trial left")
        assert "▲ 30" in next(row for row in rows(pilot) if " acme " in row)
        assert "500 of 500" in next(row for row in rows(pilot) if " north-lab " in row)
        assert len(rows(pilot)[2]) == 79 and rows(pilot)[2].endswith("  last used")


@pytest.mark.parametrize("tab", (ModelType.EMBEDDING, ModelType.SPEECH2TEXT))
async def test_o_is_offered_in_the_other_tabs(tab: ModelType) -> None:
    session = await asyncio.to_thread(with_trial, 50)
    model = {"embedding": "text-embedding-3-small", "speech2text": "whisper-1"}[tab]
    await defaults.set(session.tenant("acme"), tab, f"openai/{model}")
    async with area(session, "playground") as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, Playground)
        await screen.show_type(tab)
        await pilot.press("escape", "o")
        await until_shown(pilot, "· trial 50 left ──")


async def test_a_near_limit_is_shown_before_and_after_a_batch(tmp_path: Path) -> None:
    session = await asyncio.to_thread(with_trial, 20, 18, KeySource.TRIAL)
    session.config = replace(session.config, budget="0.0001 USD", start="playground")
    spend.record(
        session.tenant("acme"), models.find(session.tenant("acme"), MODEL), "c", "own", Usage(10**6, 0), session.now()
    )
    (tmp_path / "prompts.txt").write_text("Why?\n")
    async with area(session, "playground") as pilot:
        app = app_of(pilot)
        acme = app.navigator.tenant_session
        page = BatchPage([BatchModel(models.find(acme, MODEL), {})], SavedPrompt(""), tmp_path)
        app.push_screen(page)
        await until_shown(pilot, "Playground › batch")
        page._path.field.value = str(tmp_path / "prompts.txt")
        await until(pilot, lambda: bool(page._output.value))
        page._start.focus()
        await pilot.press("enter")
        await until_shown(pilot, "is over the budget")
        await until_shown(pilot, "One trial request of OpenAI is left. Set up your own key in Providers.")
