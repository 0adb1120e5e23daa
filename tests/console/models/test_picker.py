"""The picker of a model: its sections, its filter, and what it answers."""

from collections.abc import Callable

from textual.pilot import Pilot

from tests.console.pilot import console, rows, shown, until, until_shown, windows
from tests.console.sample_models import HOSTILE_ID, LONG, add_to_tenant, added_model, area, type_text, without
from tui.console.models.picker import PickModel
from tui.console.widgets.row_list import Rows
from tui.console.widgets.truncate import width
from tui.domain import Model, ModelType
from tui.practice.tenants import LONG_NAME
from tui.tenancy import models
from tui.tenancy.session import Session

LARGE = "text-embedding-3-large"


async def pick(
    pilot: Pilot[str], now: Model | None = None, kind: ModelType = ModelType.EMBEDDING, *, clears: bool = False
) -> Callable[[], list[Model | None]]:
    """Open the picker; what comes back tells what it answered."""
    answers: list[Model | None] = []
    pilot.app.push_screen(PickModel(kind, now, clears=clears), answers.append)
    await until(pilot, lambda: isinstance(pilot.app.screen, PickModel) and pilot.app.screen.query("#models"))
    await pilot.pause()
    return lambda: answers


def listed_models(pilot: Pilot[str]) -> Rows:
    """The list on the screen."""
    return pilot.app.screen.query_one("#models", Rows)


async def test_the_picker_stands_as_it_was_drawn_on_the_nearest(session: Session) -> None:
    async with area(session, "defaults") as pilot:
        await pilot.press("enter")
        await until_shown(pilot, "── Defaults › embedding ─")
        screen = rows(pilot)
        assert screen[1] == "── Defaults › embedding ───────────────────────────────────────────── 4 ready ──"
        assert screen[2] == "   / [                                                 ]"
        assert screen[3] == "   Now"
        assert screen[4].startswith("   ▲ text-search-ada-doc-001          OpenAI             gone since ")
        assert screen[5] == "   Nearest"
        assert screen[6] == " ▸ ● text-embedding-3-small           OpenAI             1,536 dims         8k"
        assert screen[7] == "   All embedding models ready to use"
        assert screen[8] == "   ● text-embedding-3-large           OpenAI             3,072 dims         8k"
        assert screen[21] == "   Same provider and type, nearest to the one now set."
        assert screen[22] == "   Embeddings of different models can't be compared; re-embed stored texts."
        assert screen[23] == " enter choose  up down move  f8 clear default  esc back  f1 help"


async def test_enter_answers_with_the_model_under_the_cursor(session: Session) -> None:
    now = models.find(session.tenant("acme"), f"openai/{LARGE}")
    async with area(session, "defaults") as pilot:
        answers = await pick(pilot, now)
        assert listed_models(pilot).key == f"openai/embedding/{LARGE}"
        assert rows(pilot)[3] == "   Now" and "Nearest" not in shown(pilot)
        await pilot.press("down")
        assert "It has different dimensions; re-embed stored texts." in rows(pilot)[22]
        await pilot.press("enter")
        await until(pilot, answers)
        assert [row.id for row in answers() if row] == ["text-embedding-3-small"]


async def test_without_a_model_now_it_opens_on_the_first_and_has_nothing_to_clear(session: Session) -> None:
    async with area(session, "defaults") as pilot:
        answers = await pick(pilot, kind=ModelType.CHAT)
        assert rows(pilot)[3] == "   All chat models ready to use"
        assert rows(pilot)[4].startswith(" ▸ ▲ gpt-4.1 ") and "ends 2027-01-14" in rows(pilot)[4]
        assert rows(pilot)[-1] == " enter choose  up down move  esc back  f1 help"
        await pilot.press("f8", "escape")
        await until(pilot, answers)
        assert answers() == [None]


async def test_nothing_is_cleared_when_it_was_not_opened_for_a_default(session: Session) -> None:
    now = models.find(session.tenant("acme"), f"openai/{LARGE}")
    async with area(session, "defaults") as pilot:
        answers = await pick(pilot, now)
        assert "clear" not in rows(pilot)[-1]
        before = models.defaults(session.tenant("acme"))
        await pilot.press("f8")
        await pilot.pause()
        assert answers() == [] and models.defaults(session.tenant("acme")) == before


async def test_what_is_typed_filters_and_one_enter_chooses_the_first_match(session: Session) -> None:
    async with area(session, "defaults") as pilot:
        answers = await pick(pilot)
        await type_text(pilot, "3-large")
        await until(pilot, lambda: list(listed_models(pilot).keys) == [f"openai/embedding/{LARGE}"])
        assert rows(pilot)[1].endswith(" 1 of 4 ready ──")
        assert rows(pilot)[-1] == " enter choose  up down move  esc clear  f1 help"
        await pilot.press("enter")
        await until(pilot, answers)
        assert [row.id for row in answers() if row] == [LARGE]


async def test_the_cursor_goes_to_the_first_match_and_the_arrows_move_it_from_the_field(session: Session) -> None:
    async with area(session, "defaults") as pilot:
        await pick(pilot)
        await pilot.press("end", "down", "down", "pagedown")
        await type_text(pilot, "text-embedding")
        await until(pilot, lambda: listed_models(pilot).key == f"openai/embedding/{LARGE}")
        await pilot.press("down")
        assert listed_models(pilot).key == "openai/embedding/text-embedding-3-small"
        await pilot.press("up")
        assert listed_models(pilot).key == f"openai/embedding/{LARGE}"


async def test_no_letter_in_the_picker_does_anything_but_filter(session: Session) -> None:
    async with area(session, "defaults") as pilot:
        before = models.defaults(session.tenant("acme"))
        await pilot.press("enter")
        await until_shown(pilot, "── Defaults › embedding ─")
        letters = "abcdefghijklmnopqrstuvwxyzGLV?/:0123456789"
        await type_text(pilot, letters)
        await until_shown(pilot, f"/ [{letters}")
        assert models.defaults(session.tenant("acme")) == before


async def test_escape_clears_the_filter_before_it_leaves(session: Session) -> None:
    async with area(session, "defaults") as pilot:
        answers = await pick(pilot)
        await type_text(pilot, "nomic")
        await until(pilot, lambda: len(listed_models(pilot).keys) == 1)
        await pilot.press("escape")
        await until(pilot, lambda: len(listed_models(pilot).keys) == 5)
        assert answers() == []
        await pilot.press("escape")
        await until(pilot, answers)
        assert answers() == [None]


async def test_no_match_and_no_model_at_all_say_what_to_do(session: Session) -> None:
    async with area(session, "defaults") as pilot:
        await pick(pilot)
        await type_text(pilot, "xyzzy")
        await pilot.press("enter")
        await until_shown(pilot, 'No embedding model matches "xyzzy".')
        assert isinstance(pilot.app.screen, PickModel)
    async with area(without(session, "models"), "defaults") as pilot:
        await pick(pilot)
        await until_shown(pilot, "No embedding model is ready yet.")
        await until_shown(pilot, "esc then 1 sets up a provider, esc then 2 and a adds a hosted model.")
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, PickModel)


async def test_what_needs_attention_can_be_viewed_but_not_chosen(session: Session) -> None:
    async with console(session, LONG_NAME) as pilot:
        answers = await pick(pilot, kind=ModelType.SPEECH2TEXT)
        await until_shown(pilot, "   Needs attention")
        assert rows(pilot)[3] == "   Needs attention"
        assert "OpenAI             key refused" in rows(pilot)[4]
        await pilot.press("enter")
        await until_shown(pilot, "▲ gpt-transcribe cannot be used: OpenAI, key refused.")
        assert rows(pilot)[22] == "   esc then 1 opens it to replace the key."
        assert answers() == []


async def test_choosing_the_one_that_was_removed_says_so(session: Session) -> None:
    async with area(session, "defaults") as pilot:
        await pilot.press("enter")
        await until_shown(pilot, "Nearest")
        await pilot.press("up", "enter")
        await until_shown(pilot, "▲ OpenAI no longer offers text-search-ada-doc-001.")
        assert isinstance(pilot.app.screen, PickModel)


async def test_a_paste_into_the_filter_chooses_nothing(session: Session) -> None:
    from textual.events import Paste

    async with area(session, "defaults") as pilot:
        answers = await pick(pilot)
        pilot.app.screen.post_message(Paste("nomic\nenter\n"))
        await until_shown(pilot, "/ [nomic enter")
        assert answers() == []


async def test_hostile_and_long_names_stay_in_their_columns(session: Session) -> None:
    add_to_tenant(session, [added_model(HOSTILE_ID), added_model(LONG, dimensions=1024), added_model("模型" * 20)])
    async with area(session, "defaults") as pilot:
        answers = await pick(pilot)
        async for columns, _ in windows(pilot, (120, 40), (80, 24), (40, 10)):
            for key in listed_models(pilot).keys:
                listed_models(pilot).select(key)
                await pilot.pause()
                assert all(width(row) <= columns for row in rows(pilot))
            text = shown(pilot)
            assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text
        await pilot.press("up", "enter")
        await until(pilot, answers)
        assert [row.id for row in answers() if row] == ["模型" * 20]
