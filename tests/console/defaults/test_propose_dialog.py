"""The dialog that proposes defaults: nothing is set without a press."""

import pytest
from textual.pilot import Pilot

from tests.console.pilot import rows, shown, until, until_shown, windows
from tests.console.sample_models import HOSTILE_ID, LONG, add_to_tenant, added_model, area, without
from tui.console.defaults.propose_dialog import Propose
from tui.console.models.picker import PickModel
from tui.console.widgets.row_list import Rows
from tui.console.widgets.truncate import width
from tui.domain import ModelType
from tui.errors import Problem
from tui.tenancy import models
from tui.tenancy.session import Session
from tui.workspace.models import defaults
from tui.workspace.models.proposals import proposed_defaults

PROPOSED = "Imported 41 models in 1.2 s."


@pytest.fixture
def bare(session: Session) -> Session:
    """acme without any default."""
    return without(session, "defaults")


async def propose(pilot: Pilot[str]) -> list[str | None]:
    """Open the dialog; what comes back holds its answer in the end."""
    answers: list[str | None] = []
    pilot.app.push_screen(Propose(PROPOSED, "OpenAI is set up"), answers.append)
    await until_shown(pilot, "╭─ OpenAI is set up ─")
    return answers


def chosen(session: Session) -> dict[str, str]:
    """The defaults of acme by type."""
    return {str(kind): default.model for kind, default in models.defaults(session.tenant("acme")).items()}


async def test_the_dialog_stands_as_it_was_drawn(bare: Session) -> None:
    async with area(bare, "defaults") as pilot:
        await propose(pilot)
        screen = rows(pilot)
        assert screen[0] == " ▪ acme  PRACTICE"
        assert screen[1].startswith("── Defaults of acme ─")
        assert screen[4] == "  │ Imported 41 models in 1.2 s. No default models yet.                      │"
        assert screen[5] == "  │ Suggested:                                                               │"
        assert screen[7] == "  │   [x] chat                gpt-6-sol                                      │"
        assert screen[8] == "  │   [x] embedding           text-embedding-3-small                         │"
        assert screen[9] == "  │   [x] speech-to-text      gpt-transcribe                                 │"
        assert screen[11] == "  │ ▸ [ Accept and open the playground ]                                     │"
        assert screen[12] == "  │   [ Accept ]                                                             │"
        assert screen[13] == "  │   [ Not now ]                                                            │"
        assert screen[15] == "  │ You can change or clear them at any time in Defaults (3).                │"
        assert screen[-1] == " enter press  up down move  esc back  ? help"


async def test_enter_accepts_all_and_asks_for_the_playground(bare: Session) -> None:
    async with area(bare, "defaults") as pilot:
        answers = await propose(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: answers)
        assert answers == ["playground"]
        assert chosen(bare) == {
            "chat": "gpt-6-sol",
            "embedding": "text-embedding-3-small",
            "speech2text": "gpt-transcribe",
        }


async def test_accept_alone_stays(bare: Session) -> None:
    async with area(bare, "defaults") as pilot:
        answers = await propose(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: answers)
        assert answers == [""] and len(chosen(bare)) == 3


@pytest.mark.parametrize("keys", [("escape",), ("down", "down", "enter")])
async def test_not_now_and_escape_set_nothing(bare: Session, keys: tuple[str, ...]) -> None:
    async with area(bare, "defaults") as pilot:
        answers = await propose(pilot)
        await pilot.press(*keys)
        await until(pilot, lambda: answers)
        assert answers == [""] and chosen(bare) == {}


async def test_space_leaves_a_line_out(bare: Session) -> None:
    async with area(bare, "defaults") as pilot:
        answers = await propose(pilot)
        await pilot.press("up", "space")
        await until_shown(pilot, " ▸ [ ] speech-to-text      gpt-transcribe")
        assert rows(pilot)[-1] == " enter choose  up down move  space on/off  esc back  ? help"
        await pilot.press("up", "up", "space", "space", "down", "down", "down", "down", "enter")
        await until(pilot, lambda: answers)
        assert sorted(chosen(bare)) == ["chat", "embedding"]


async def test_enter_on_a_line_opens_its_picker(bare: Session) -> None:
    async with area(bare, "defaults") as pilot:
        answers = await propose(pilot)
        await pilot.press("up", "up", "space", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickModel))
        await until_shown(pilot, "── Defaults › embedding ─")
        assert pilot.app.screen.query_one("#models", Rows).key == "openai/embedding/text-embedding-3-small"
        await pilot.press("down", "enter")
        await until_shown(pilot, "[x] embedding           text-embedding-3-large")
        assert chosen(bare) == {}
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickModel))
        await pilot.press("escape")
        await until_shown(pilot, "[x] embedding           text-embedding-3-large")
        await pilot.press("down", "down", "down", "enter")
        await until(pilot, lambda: answers)
        assert chosen(bare)["embedding"] == "text-embedding-3-large"


async def test_only_types_without_a_default_are_proposed(session: Session) -> None:
    assert {str(kind): proposal.id for kind, proposal in proposed_defaults(session.tenant("acme")).items()} == {
        "speech2text": "gpt-transcribe"
    }
    async with area(session, "defaults") as pilot:
        await propose(pilot)
        await until_shown(pilot, "No default model yet for speech-to-text.")
        await until_shown(pilot, "Suggested:")
        assert "[x] embedding" not in shown(pilot)


async def test_with_nothing_to_propose_a_toast_says_what_was_done(session: Session) -> None:
    add_to_tenant(session, [])
    async with area(session, "defaults") as pilot:
        await pilot.press("down", "u")
        await until_shown(pilot, "▸ speech-to-text       ● openai/gpt-transcribe")
        assert await pilot.app.navigator.propose_defaults(PROPOSED) == ""  # type: ignore[attr-defined]
        await until_shown(pilot, PROPOSED)


async def test_what_cannot_be_saved_is_shown_in_the_dialog_and_kept(
    bare: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise Problem("The disk is full.", "Make room and press it again.")

    monkeypatch.setattr(defaults, "set", full)
    async with area(bare, "defaults") as pilot:
        answers = await propose(pilot)
        await pilot.press("enter")
        await until_shown(pilot, "▲ The disk is full.")
        await until_shown(pilot, "Make room and press it again.")
        assert answers == [] and isinstance(pilot.app.screen, Propose)


async def test_hostile_and_long_names_stay_in_the_box(session: Session) -> None:
    without(session, "defaults", "models")
    add_to_tenant(
        session,
        [added_model(HOSTILE_ID, ModelType.CHAT), added_model(LONG), added_model("模型" * 30, ModelType.SPEECH2TEXT)],
    )
    async with area(session, "defaults") as pilot:
        answers: list[str | None] = []
        pilot.app.push_screen(Propose(PROPOSED), answers.append)
        await until(pilot, lambda: isinstance(pilot.app.screen, Propose))
        async for columns, _height in windows(pilot, (120, 40), (80, 24), (40, 10)):
            for _ in range(6):
                await pilot.press("down")
                assert all(width(row) <= columns for row in rows(pilot))
            text = shown(pilot)
            assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text
        pilot.app.screen.query_one("#accept").focus()
        await pilot.press("enter")
        await until(pilot, lambda: answers)
        assert len(chosen(session)) == 3
