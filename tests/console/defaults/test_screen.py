"""The defaults: how each stands, and what its keys do."""

import pytest
from textual.pilot import Pilot

from tests.console.pilot import console, rows, shown, until, until_shown, windows
from tests.console.sample_models import (
    HOSTILE_ID,
    LONG,
    add_many,
    add_to_tenant,
    added_model,
    area,
    choose,
    type_text,
    without,
)
from tui.console.defaults.screen import Defaults
from tui.console.models.picker import PickModel
from tui.console.widgets.row_list import Rows
from tui.console.widgets.truncate import width
from tui.domain import ModelType
from tui.errors import Problem
from tui.practice.tenants import LONG_NAME
from tui.tenancy import models
from tui.tenancy.session import Session
from tui.workspace.models import defaults


def default(session: Session, kind: ModelType) -> str:
    """The reference of a default, '' for none."""
    current = models.defaults(session.tenant("acme")).get(kind)
    return current.ref if current else ""


def cursor(pilot: Pilot[str]) -> str:
    """The type under the cursor."""
    return pilot.app.screen.query_one("#defaults", Rows).key


@pytest.mark.slow
async def test_the_defaults_stand_as_they_were_drawn_with_the_cursor_on_the_broken_one(session: Session) -> None:
    async with area(session, "defaults") as pilot:
        screen = rows(pilot)
        assert screen[1] == "── Defaults of acme ──────────────────────────────────────────── 1 of 3 ready ──"
        assert screen[3].startswith("   chat                 ● openai/gpt-6-sol                       set ")
        assert screen[4].startswith("                          your key, verified ")
        assert screen[6].startswith(" ▸ embedding            ▲ openai/text-search-ada-doc-001         set ")
        assert screen[7].startswith("                          no longer listed by OpenAI since ")
        assert screen[8] == "                          nearest: openai/text-embedding-3-small"
        assert screen[10] == "   speech-to-text       ○ none"
        assert screen[11] == "                          suggested: openai/gpt-transcribe"
        assert screen[21] == "   The default embedding model no longer exists; requests to it fail."
        assert screen[22] == "   u uses the nearest, enter shows all. Then re-embed stored texts."
        assert screen[23] == " enter choose  u use  x clear  : commands  ? help"


@pytest.mark.slow
async def test_the_cursor_goes_from_type_to_type(session: Session) -> None:
    async with area(session, "defaults") as pilot:
        assert cursor(pilot) == "embedding"
        await pilot.press("down")
        assert cursor(pilot) == "speech2text"
        assert rows(pilot)[-1] == " enter choose  u use  : commands  ? help"
        await pilot.press("down", "up", "up")
        assert cursor(pilot) == "chat"
        assert rows(pilot)[-1] == " enter choose  x clear  f fallback  : commands  ? help"


@pytest.mark.slow
async def test_u_uses_the_nearest_and_what_is_proposed_only_where_the_row_shows_one(session: Session) -> None:
    async with area(session, "defaults") as pilot:
        await pilot.press("u")
        await until(pilot, lambda: default(session, ModelType.EMBEDDING) == "openai/text-embedding-3-small")
        await until_shown(pilot, "▸ embedding            ● openai/text-embedding-3-small")
        await pilot.press("down", "u")
        await until(pilot, lambda: default(session, ModelType.SPEECH2TEXT) == "openai/gpt-transcribe")
        await until_shown(pilot, "3 of 3 ready")
        before = models.defaults(session.tenant("acme"))
        await pilot.press("u")
        await until_shown(pilot, "There is no other model to suggest; enter shows all.")
        assert models.defaults(session.tenant("acme")) == before


@pytest.mark.slow
async def test_x_clears_and_says_what_it_was(session: Session) -> None:
    async with area(session, "defaults") as pilot:
        await pilot.press("x")
        await until_shown(pilot, "Cleared the default embedding model. It was text-search-ada-doc-001.")
        assert default(session, ModelType.EMBEDDING) == ""
        await until_shown(pilot, "▸ embedding            ○ none")
        await pilot.press("x")
        await until_shown(pilot, "There is no default to clear.")
        assert isinstance(pilot.app.screen, Defaults)


@pytest.mark.slow
async def test_enter_opens_the_picker_and_its_choice_is_set(session: Session) -> None:
    async with area(session, "defaults") as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickModel))
        await until_shown(pilot, "── Defaults › embedding ─")
        await pilot.press("enter")
        await until(pilot, lambda: default(session, ModelType.EMBEDDING) == "openai/text-embedding-3-small")
        await until_shown(pilot, "▸ embedding            ● openai/text-embedding-3-small")


@pytest.mark.slow
async def test_leaving_the_picker_changes_nothing(session: Session) -> None:
    async with area(session, "defaults") as pilot:
        before = models.defaults(session.tenant("acme"))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickModel))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Defaults))
        assert models.defaults(session.tenant("acme")) == before


@pytest.mark.slow
async def test_f8_in_the_picker_clears_the_default(session: Session) -> None:
    async with area(session, "defaults") as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickModel))
        await pilot.press("f8")
        await until_shown(pilot, "▸ embedding            ○ none")
        assert default(session, ModelType.EMBEDDING) == ""


@pytest.mark.slow
async def test_a_default_that_is_in_no_list_any_more_says_that_it_was_removed(session: Session) -> None:
    choose(session, ModelType.CHAT, "openai", "gpt-forgotten")
    async with area(session, "defaults") as pilot:
        assert cursor(pilot) == "chat"
        await until_shown(pilot, "▸ chat                 ▲ openai/gpt-forgotten")
        await until_shown(pilot, "no longer listed by OpenAI")
        await pilot.press("enter")
        await until_shown(pilot, "   ▲ gpt-forgotten")
        await until_shown(pilot, "   Nearest")


@pytest.mark.slow
async def test_a_provider_that_is_not_set_up_any_more_is_named(session: Session) -> None:
    async with area(without(session, "credentials"), "defaults") as pilot:
        assert "OpenAI is no longer set up" in rows(pilot)[4]
        assert rows(pilot)[21] == "   OpenAI is no longer set up. Requests to it fail; nothing is switched for you."
        assert "0 of 3 ready" in rows(pilot)[1]


@pytest.mark.slow
async def test_a_provider_that_this_version_does_not_know_breaks_nothing(session: Session) -> None:
    choose(session, ModelType.CHAT, "unheard_of", "model")
    async with area(session, "defaults") as pilot:
        await until_shown(pilot, "unheard_of is no longer set up")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickModel))
        await pilot.press("escape", "x")
        await until(pilot, lambda: default(session, ModelType.CHAT) == "")


@pytest.mark.slow
async def test_a_refused_key_is_shown_where_its_model_is_the_default(session: Session) -> None:
    async with console(session, LONG_NAME) as pilot:
        await pilot.press("3")
        await until_shown(pilot, "rejected its key")
        assert rows(pilot)[21] == "   OpenAI rejected the key. Requests to it fail; nothing is switched for you."
        assert "1 opens it to replace it" in rows(pilot)[22]
        assert all(width(row) <= 80 for row in rows(pilot))


async def test_without_any_model_nothing_is_proposed_and_nothing_nags(session: Session) -> None:
    async with area(without(session, "models", "defaults", "credentials"), "defaults") as pilot:
        assert shown(pilot).count("nothing to suggest yet") == 3
        assert rows(pilot)[21] == "   No chat model is ready yet."
        assert rows(pilot)[-1] == " enter choose  : commands  ? help"


@pytest.mark.slow
async def test_what_cannot_be_saved_is_shown_in_the_strip(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> None:
        raise Problem("The disk is full.", "Make room and press u again.")

    monkeypatch.setattr(defaults, "set", full)
    async with area(session, "defaults") as pilot:
        await pilot.press("u")
        await until_shown(pilot, "▲ The disk is full.")
        assert rows(pilot)[22] == "   Make room and press u again."


@pytest.mark.slow
async def test_hostile_and_long_names_stay_in_their_row(session: Session) -> None:
    add_to_tenant(
        session,
        [added_model(HOSTILE_ID, ModelType.CHAT), added_model(LONG), added_model("模型" * 20, ModelType.SPEECH2TEXT)],
    )
    choose(session, ModelType.CHAT, "openai_compatible", HOSTILE_ID)
    choose(session, ModelType.EMBEDDING, "openai_compatible", LONG)
    choose(session, ModelType.SPEECH2TEXT, "openai_compatible", "模型" * 20)
    async with area(session, "defaults") as pilot:
        async for columns, _ in windows(pilot, (120, 40), (80, 24), (40, 10)):
            for key in ("g", "down", "down"):
                await pilot.press(key)
                assert all(width(row) <= columns for row in rows(pilot))
            text = shown(pilot)
            assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text
        await pilot.press("g", "x")
        await until(pilot, lambda: default(session, ModelType.CHAT) == "")


@pytest.mark.slow
async def test_the_picker_answers_for_twenty_thousand_models(session: Session) -> None:
    add_many(session, 20_000)
    async with area(session, "defaults") as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickModel))
        await until_shown(pilot, "── 6,671 ready ──")
        await type_text(pilot, "19999")
        await pilot.press("enter")
        await until(pilot, lambda: default(session, ModelType.EMBEDDING) == "openai_compatible/lab-17/model-19999")
