"""The list of models: what it shows, how it is filtered, and what its keys do."""

from asyncio import Event

import pytest
from textual.pilot import Pilot

from tests.console.pilot import rows, shown, until, until_shown, windows
from tests.console.sample_models import HOSTILE_ID, LONG, add_many, add_to_tenant, added_model, area, type_text, without
from tui.console.models.screen import Models
from tui.console.widgets.filter_bar import Filter
from tui.console.widgets.row_list import Rows
from tui.console.widgets.truncate import width
from tui.domain import ModelType
from tui.errors import NetworkError
from tui.tenancy import models
from tui.tenancy.session import Session
from tui.workspace.models import catalog


def listed_models(pilot: Pilot[str]) -> Rows:
    """The list on the screen."""
    return pilot.app.screen.query_one("#models", Rows)


async def to(pilot: Pilot[str], model_id: str) -> None:
    """Put the cursor on a model."""
    key = next(key for key in listed_models(pilot).keys if key.endswith(f"/{model_id}"))
    listed_models(pilot).select(key)
    await pilot.pause()


async def test_the_list_filtered_stands_as_it_was_drawn(session: Session) -> None:
    async with area(session, "models") as pilot:
        await pilot.press("slash")
        await type_text(pilot, "embed")
        await until_shown(pilot, "5 of 41")
        screen = rows(pilot)
        assert screen[1] == "── Models ─────────────────────────────────────────────────────────── 5 of 41 ──"
        assert screen[2] == " ▸ / [embed                                            ]   type: all"
        assert screen[3] == "   model                              provider           type            context"
        assert screen[4] == " ▸ ● text-embedding-3-large           OpenAI             embedding            8k"
        assert screen[7] == "   ▲ text-search-ada-doc-001          OpenAI             embedding"
        assert "imported on " in screen[21] and screen[21].endswith("Not a default.")
        assert screen[22] == "   3,072 dimensions, 8,192 tokens a text."
        assert screen[23] == " down to list  esc clear  f1 help"


async def test_the_list_opens_with_the_cursor_on_its_first_row_and_plain_keys_act(session: Session) -> None:
    async with area(session, "models") as pilot:
        assert "[2 Models]" in rows(pilot)[0]
        assert rows(pilot)[4].startswith(" ▸ ▲ gpt-4.1 ")
        assert rows(pilot)[-1] == " enter open  u use  a add  v verify  r refresh  / filter  t next type  ? help"


async def test_words_are_matched_in_any_order_and_in_every_column(session: Session) -> None:
    # OpenAI-compatible has openai in it as well.
    expected = {"openai embed": 5, "embed openai": 5, "gone": 1, "SPEECH": 5, "imported qwen": 1, "ready nomic": 1}
    async with area(session, "models") as pilot:
        await pilot.press("slash")
        for words, left in expected.items():
            pilot.app.screen.query_one("#filter", Filter).field.value = words
            await until_shown(pilot, f"{left} of 41")
            pilot.app.screen.query_one("#filter", Filter).clear()
            await until_shown(pilot, "── 41 ──")


async def test_the_filter_keeps_on_enter_and_goes_on_escape(session: Session) -> None:
    async with area(session, "models") as pilot:
        await pilot.press("slash")
        await type_text(pilot, "nomic")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.focused is listed_models(pilot))
        await until_shown(pilot, "1 of 41")
        assert "esc clear" in rows(pilot)[-1]
        await pilot.press("escape")
        await until_shown(pilot, "── 41 ──")
        await pilot.press("slash", "x", "escape")
        await until_shown(pilot, "── 41 ──")
        assert pilot.app.focused is listed_models(pilot)


async def test_plain_keys_type_in_the_filter(session: Session) -> None:
    async with area(session, "models") as pilot:
        await pilot.press("slash", *"uavdrt1?:q")
        assert rows(pilot)[2].startswith(" ▸ / [uavdrt1?:q ")
        assert isinstance(pilot.app.screen, Models)


async def test_nothing_that_matches_says_so(session: Session) -> None:
    async with area(session, "models") as pilot:
        await pilot.press("slash")
        await type_text(pilot, "embed azure")
        await until_shown(pilot, 'No model matches "embed azure".')
        await until_shown(pilot, "esc clears the filter.")
        await pilot.press("enter", "enter", "u", "v", "d", "e")
        assert isinstance(pilot.app.screen, Models)


async def test_no_models_at_all_says_where_they_come_from(session: Session) -> None:
    async with area(without(session, "models", "defaults"), "models") as pilot:
        await until_shown(pilot, "No models yet.")
        await until_shown(pilot, "1 sets up a provider; a adds a hosted model.")
        assert rows(pilot)[-1] == " a add  r refresh  ? help"


async def test_t_goes_through_the_types_and_back_to_all(session: Session) -> None:
    async with area(session, "models") as pilot:
        for words, count in (("chat", 31), ("embedding", 5), ("speech-to-text", 5)):
            await pilot.press("t")
            await until_shown(pilot, f"type: {words}")
            await until_shown(pilot, f"{count} of 41")
        await pilot.press("t")
        await until_shown(pilot, "type: all")
        await until_shown(pilot, "── 41 ──")


async def test_u_makes_the_model_the_default_and_says_what_it_was(session: Session) -> None:
    async with area(session, "models") as pilot:
        await to(pilot, "text-embedding-3-small")
        await pilot.press("u")
        await until(
            pilot,
            lambda: models.defaults(session.tenant("acme"))[ModelType.EMBEDDING].model == "text-embedding-3-small",
        )
        await until_shown(pilot, "The default embedding model.")
        assert "u use" not in rows(pilot)[-1]


async def test_u_on_a_model_that_was_removed_says_why_not_and_names_the_nearest(session: Session) -> None:
    async with area(session, "models") as pilot:
        await to(pilot, "text-search-ada-doc-001")
        assert "OpenAI no longer lists it since " in rows(pilot)[21]
        assert rows(pilot)[22] == "   Nearest: text-embedding-3-small."
        before = models.defaults(session.tenant("acme"))
        await pilot.press("u")
        await until_shown(pilot, "text-search-ada-doc-001 cannot be a default: gone since")
        assert models.defaults(session.tenant("acme")) == before


async def test_v_makes_one_call_and_says_that_it_is_charged(session: Session) -> None:
    async with area(session, "models") as pilot:
        await to(pilot, "text-embedding-3-large")
        await pilot.press("v")
        await until_shown(pilot, "A short test request, billed by OpenAI.")
        # A time of more digits takes one row more.
        assert "   text-embedding-3-large returned a vector of " in "\n".join(rows(pilot)[20:22])
        await pilot.press("down")
        await until_shown(pilot, "1,536 dimensions")


async def test_a_call_that_fails_is_shown_in_the_strip_and_changes_nothing(session: Session) -> None:
    add_to_tenant(session, [added_model("no-such-model", ModelType.CHAT)])
    async with area(session, "models") as pilot:
        await to(pilot, "no-such-model")
        await pilot.press("v")
        await until(pilot, lambda: "▲" in rows(pilot)[21])
        assert rows(pilot)[22].strip()
        assert len(catalog.listing(session.tenant("acme"))) == 42


async def test_escape_stops_a_call(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    started, never = Event(), Event()

    async def test(*_: object) -> str:
        started.set()
        await never.wait()
        return ""

    monkeypatch.setattr(catalog, "test", test)
    async with area(session, "models") as pilot:
        await pilot.press("v")
        await started.wait()
        await until_shown(pilot, "… calling gpt-4.1")
        assert "esc stop" in rows(pilot)[-1]
        await pilot.press("escape")
        await until_shown(pilot, "Stopped. The request may still be billed.")
        assert "calling" not in shown(pilot) and "esc stop" not in rows(pilot)[-1]


async def test_r_lists_anew_and_keeps_the_rows_meanwhile(session: Session) -> None:
    without(session, "defaults")
    with session.store("acme").transaction() as tables:
        tables.table("models").remove(lambda record: record["id"] == "gpt-6-sol")
    async with area(session, "models") as pilot:
        await pilot.press("r")
        await until_shown(pilot, "1 new, 0 gone.")
        assert "listing" not in rows(pilot)[1]
        assert any(key.endswith("gpt-6-sol") for key in listed_models(pilot).keys)


async def test_a_provider_that_cannot_be_reached_is_shown_and_the_rows_stay(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refresh(*_: object) -> None:
        raise NetworkError("Cannot find the host api.openai.com. The key was not sent.", "Check the network.")

    monkeypatch.setattr(catalog, "refresh", refresh)
    async with area(session, "models") as pilot:
        await pilot.press("r")
        await until_shown(pilot, "▲ Cannot find the host api.openai.com. The key was not sent.")
        assert rows(pilot)[22] == "   Check the network."
        await until_shown(pilot, "── 41 ──")


async def test_d_works_on_added_models_only_and_can_be_undone(session: Session) -> None:
    add_to_tenant(session, [added_model("bge-m3")])
    async with area(session, "models") as pilot:
        await pilot.press("d")
        await until_shown(pilot, "OpenAI lists this model, so it would come back.")
        await to(pilot, "bge-m3")
        assert "d remove" in rows(pilot)[-1]
        await pilot.press("d")
        await until_shown(pilot, "Removed bge-m3. U undoes it.")
        assert len(catalog.listing(session.tenant("acme"))) == 41
        assert "U undo" in rows(pilot)[-1]
        await pilot.press("U")
        await until_shown(pilot, "model removed, bge-m3")
        assert len(catalog.listing(session.tenant("acme"))) == 42


async def test_enter_shows_all_that_is_known_and_escape_goes_back(session: Session) -> None:
    async with area(session, "models") as pilot:
        await to(pilot, "gpt-6-sol")
        await pilot.press("enter")
        await until_shown(pilot, "── Models › gpt-6-sol ─")
        screen = shown(pilot)
        assert "   Reference      openai/gpt-6-sol" in screen
        assert "   Origin         imported on " in screen
        assert "   Used by        default for chat, set " in screen
        assert rows(pilot)[-1] == " v verify  esc back  ? help"
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.focused is listed_models(pilot))
        assert listed_models(pilot).key == "openai/chat/gpt-6-sol"


async def test_from_100_columns_the_details_stand_at_the_side_and_follow_the_cursor(session: Session) -> None:
    async with area(session, "models", (120, 40)) as pilot:
        assert rows(pilot)[2][60:].startswith("│ Model          gpt-4.1")
        await pilot.press("down")
        await until_shown(pilot, "│ Model          gpt-5")
        await pilot.press("right", "down", "escape")
        await until(pilot, lambda: pilot.app.focused is listed_models(pilot))
        assert all(width(row) <= 120 for row in rows(pilot))


async def test_a_resize_while_reading_keeps_the_model(session: Session) -> None:
    async with area(session, "models") as pilot:
        await to(pilot, "whisper-1")
        await pilot.press("enter")
        await pilot.resize_terminal(120, 40)
        await until_shown(pilot, "│ Model          whisper-1")
        await pilot.resize_terminal(40, 10)
        await until_shown(pilot, "whisper-1")
        await pilot.resize_terminal(80, 24)
        await until_shown(pilot, "── Models › whisper-1 ─")


async def test_hostile_and_long_names_stay_in_their_columns(session: Session) -> None:
    add_to_tenant(
        session, [added_model(HOSTILE_ID), added_model(LONG), added_model("模型" * 20), added_model("two\nlines")]
    )
    async with area(session, "models") as pilot:
        async for columns, _ in windows(pilot, (80, 24), (120, 40), (59, 14), (40, 10)):
            for name in ("evil", LONG, "模型" * 20):
                key = next(key for key in listed_models(pilot).keys if name in key)
                listed_models(pilot).select(key)
                await pilot.press("enter")
                await pilot.pause()
                assert all(width(row) <= columns for row in rows(pilot))
                await pilot.press("escape")
            text = shown(pilot)
            assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text
        assert pilot.app.is_running


async def test_a_name_that_is_clipped_stands_whole_in_the_strip(session: Session) -> None:
    name = "acme-research/bge-large-finetuned-v2"
    add_to_tenant(session, [added_model(name, dimensions=1024, context=1024)])
    async with area(session, "models") as pilot:
        await to(pilot, name)
        await until(
            pilot,
            lambda: " ▸ ● acme-research/bge-…finetuned-v2  OpenAI-compatible  embedding            1k" in rows(pilot),
        )
        assert rows(pilot)[20] == f"   {name}"
        assert rows(pilot)[21].startswith("   OpenAI-compatible, added by hand. Not a default.")


async def test_markup_in_a_name_is_text(session: Session) -> None:
    add_to_tenant(session, [added_model("[red]x[/red][/4]")])
    async with area(session, "models") as pilot:
        await to(pilot, "[red]x[/red][/4]")
        await until_shown(pilot, " ▸ ● [red]x[/red][/4] ")


async def test_what_another_process_wrote_is_shown(session: Session) -> None:
    async with area(session, "models") as pilot:
        add_to_tenant(session, [added_model("from-elsewhere")])
        assert isinstance(pilot.app.screen, Models)
        pilot.app.screen.changed_elsewhere()
        await until_shown(pilot, "── 42 ──")


async def test_twenty_thousand_models_open_and_answer_keys(session: Session) -> None:
    add_many(session, 20_000)
    async with area(session, "defaults") as pilot:
        await pilot.press("2")
        await until(pilot, lambda: isinstance(pilot.app.screen, Models) and len(listed_models(pilot).items) > 20_000)
        for key in ("G", "g", "down", "pagedown", "t", "t", "t", "t", "slash", *"19999"):
            await pilot.press(key)
        await until_shown(pilot, "1 of 20,041")
