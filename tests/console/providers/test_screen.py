"""The list of providers: rows as drawn, what the strip says, and the keys."""

from dataclasses import replace

import httpx
import pytest

from tests.console.pilot import console, rows, screen_of, shown, until, until_shown, windows
from tests.console.provider_forms import focused_field, forget, session_answering
from tests.doubles.practice import practice_session
from tui.console.models.actions import listed_notice
from tui.console.providers.rows import model_count
from tui.console.providers.screen import Providers
from tui.console.widgets.input import SecretField
from tui.domain import ProviderState
from tui.practice.tenants import LONG_NAME
from tui.providers import PROVIDERS
from tui.providers.spec import Provider
from tui.tenancy.model_sync import SyncResult
from tui.tenancy.session import Session
from tui.workspace.credentials.status import ProviderRow


@pytest.mark.slow
async def test_the_list_stands_as_drawn(session: Session) -> None:
    async with console(session) as pilot:
        screen = rows(pilot)
        assert screen[1].startswith("── Providers ──") and screen[1].endswith(" 2 of 2 ready ──")
        assert screen[2] == "   Model vendors"
        assert screen[3] == " ▸ ● OpenAI               ready                     your key     37 models"
        assert screen[4] == "   ● OpenAI-compatible    ready                     no key        3 models"
        assert screen[21].startswith("   OpenAI: your key, ends 3f2a, verified ")
        assert screen[22].startswith("   Models are listed from the provider, last on ")
        assert screen[23] == " enter open  v verify  V verify all  a add  r refresh  / filter  ? help"


def test_large_counts_of_models_are_written_in_groups_of_three_digits() -> None:
    row = ProviderRow(PROVIDERS["openai"], None, ProviderState.READY, "ready", models=20_002)
    assert model_count(row) == "20,002 models"
    assert model_count(replace(row, models=0, added=1_000)) == "1,000 added"
    listed = SyncResult(tuple(map(str, range(20_000))), ("an-old-model",) * 1_000, 20_002)
    assert listed_notice([listed]) == "20,002 models listed: 20,000 new, 1,000 gone."


async def test_a_row_without_room_for_all_leaves_the_number_of_models_out(session: Session) -> None:
    async with console(session, size=(60, 16)) as pilot:
        assert rows(pilot)[3] == " ▸ ● OpenAI               ready                     your key"
        assert rows(pilot)[4] == "   ● OpenAI-compatible    ready                     no key"


@pytest.mark.slow
async def test_it_opens_on_the_row_that_needs_something(session: Session) -> None:
    async with console(session, LONG_NAME) as pilot:
        screen = rows(pilot)
        assert screen[3].startswith(" ▸ ▲ OpenAI               key refused               your key")
        assert screen[21].startswith("   OpenAI rejected the key ending 9b1c at ")
        assert screen[21].count("reject") == 1, "the strip says once what happened"
        assert screen[22] == "   Press enter to replace it, v to retry."


@pytest.mark.slow
async def test_a_key_detected_in_the_environment_is_named_and_not_used() -> None:
    session = await forget(
        practice_session({"OPENAI_API_KEY": "sk-example0-found-in-the-environment-1234"}, 0.0), "openai"
    )
    session.practice = False
    async with console(session) as pilot:
        assert rows(pilot)[3] == " ▸ ○ OpenAI               not set up, OPENAI_API_KEY found"
        assert (
            not session.store("acme").read().table("credentials").search(lambda record: record["provider"] == "openai")
        )


@pytest.mark.slow
async def test_with_nothing_set_up_the_strip_says_how_to_begin(session: Session) -> None:
    async with console(await forget(session, "openai", "openai_compatible")) as pilot:
        assert rows(pilot)[21] == "   No provider is set up yet."
        assert rows(pilot)[22] == "   enter sets up the one under the cursor."
        await pilot.press("v")
        await until_shown(pilot, "There is no key to verify yet.")


@pytest.mark.slow
async def test_v_asks_and_stores_the_result(session: Session) -> None:
    async with console(session, LONG_NAME) as pilot:
        await pilot.press("j", "v")
        await until(pilot, lambda: not screen_of(pilot, Providers).checks)
        await until_shown(pilot, "● OpenAI-compatible    ready")
        await pilot.press("k", "v")
        await until(pilot, lambda: not screen_of(pilot, Providers).checks)
        await until_shown(pilot, "▲ OpenAI               key refused")


@pytest.mark.slow
async def test_a_check_shows_that_it_runs_and_escape_stops_it() -> None:
    async with console(practice_session(pace=50.0)) as pilot:
        await pilot.press("v")
        await until_shown(pilot, "… OpenAI               checking")
        assert "esc stop" in rows(pilot)[23]
        await pilot.press("escape")
        await until_shown(pilot, "● OpenAI               ready")
        assert "esc stop" not in rows(pilot)[23]


@pytest.mark.slow
async def test_all_are_verified_with_progress_in_the_title() -> None:
    async with console(practice_session(pace=50.0)) as pilot:
        await pilot.press("V")
        await until_shown(pilot, "… 0 of 2 checked ──")
        await pilot.press("escape")
        await until_shown(pilot, "2 of 2 ready")


@pytest.mark.slow
async def test_verifying_all_says_at_the_end_how_many_are_ready() -> None:
    async with console(practice_session(pace=0.0)) as pilot:
        await pilot.press("V")
        await until_shown(pilot, "2 verified: 2 ready")


@pytest.mark.slow
async def test_without_a_network_the_rows_keep_their_state_and_the_strip_says_why() -> None:
    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno -2] Name or service not known")

    async with console(session_answering(unreachable)) as pilot:
        await pilot.press("v")
        await until_shown(pilot, "api.openai.com")
        assert "▲ Cannot" in rows(pilot)[21] and rows(pilot)[3].startswith(" ▸ ● OpenAI               ready")


@pytest.mark.slow
async def test_what_a_provider_says_never_reaches_the_terminal_as_codes_or_markup() -> None:
    def hostile(request: httpx.Request) -> httpx.Response:
        text = "[/x] [@click=app.quit]\x1b]52;c;aGk=\x07 \u202egnihton\u202c \x9b31m"
        return httpx.Response(401, json={"error": {"message": text, "type": "[red]", "code": "\x1b[2J"}})

    async with console(session_answering(hostile)) as pilot:
        await pilot.press("v")
        await until_shown(pilot, "key refused")
        await pilot.press("enter", "enter")
        await focused_field(pilot, "API key")
        await pilot.press("enter", "enter")
        await until_shown(pilot, "Verify again")
        assert not set("\x1b\x9b\x07\u202e\u202c") & set(shown(pilot))


@pytest.mark.slow
async def test_a_locked_tenant_can_be_read_and_v_asks_for_the_passphrase(session: Session) -> None:
    async with console(session, "north-lab") as pilot:
        assert rows(pilot)[21].startswith("   OpenAI: your key, ends 77c0, verified ")
        assert rows(pilot)[22] == "   L unlocks the tenant; v asks for the passphrase first."
        await pilot.press("v")
        await until_shown(pilot, "Next: verify OpenAI, as soon as you unlock.")
        await pilot.press(*"practice", "enter")
        await until_shown(pilot, "1 of 2 ready")
        await until(pilot, lambda: not screen_of(pilot, Providers).checks)
        assert "asks for the passphrase" not in shown(pilot)


@pytest.mark.slow
async def test_a_credential_that_cannot_be_opened_is_one_row_and_can_be_forgotten(session: Session) -> None:
    with session.store("acme").transaction() as tables:
        tables.table("credentials").update({"key_id": "deadbeef"}, lambda record: record["provider"] == "openai")
    async with console(session) as pilot:
        assert rows(pilot)[3] == " ▸ ✕ OpenAI               cannot be opened          your key     37 models"
        assert rows(pilot)[22] == "   Press enter to replace it, d to forget it."
        await pilot.press("enter")
        await until_shown(pilot, "API key        ✕ cannot be opened")
        assert rows(pilot)[23].startswith(" enter replace") and "d forget" in rows(pilot)[23]
        await pilot.press("d")
        await until_shown(pilot, "─ Forget OpenAI ─")
        await focused_field(pilot, "Keep")
        await pilot.press("down", "enter")
        await until_shown(pilot, "○ OpenAI               not set up")


@pytest.mark.slow
async def test_r_brings_the_models_up_to_date(session: Session) -> None:
    with session.store("acme").transaction() as tables:
        tables.table("models").remove(lambda record: record["id"] == "gpt-6-sol")
    async with console(session) as pilot:
        assert "your key     36 models" in rows(pilot)[3]
        await pilot.press("r")
        await until_shown(pilot, "your key     37 models")
        await until_shown(pilot, "1 new")


@pytest.mark.slow
async def test_the_filter_matches_words_in_any_order_and_escape_empties_it(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("slash", *"compatible ready")
        await until(pilot, lambda: "● OpenAI  " not in shown(pilot))
        assert rows(pilot)[0].endswith("f5 Playground") and rows(pilot)[23] == " down to list  esc clear  f1 help"
        await pilot.press("enter")
        await until_shown(pilot, " ▸ ● OpenAI-compatible")
        assert "esc clear" in rows(pilot)[23]
        await pilot.press("slash", *"xyz")
        await until_shown(pilot, "esc clears the filter.")
        await pilot.press("escape")
        await until_shown(pilot, "● OpenAI     ")
        assert "/ [" not in shown(pilot)


@pytest.mark.slow
async def test_escape_five_times_neither_leaves_nor_quits(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press(*["escape"] * 5)
        await until_shown(pilot, "[1 Providers]")
        assert pilot.app.is_running


@pytest.mark.slow
async def test_a_provider_with_a_hostile_name_fits_every_window(session: Session, invented_provider: Provider) -> None:
    sizes = (40, 10), (60, 16), (80, 24), (100, 30), (120, 40)
    async with console(session) as pilot:
        await pilot.press("G")
        async for columns, _ in windows(pilot, *sizes):
            assert all(len(row) <= columns for row in rows(pilot))
            await until_shown(pilot, "Made [/x]")
            assert "\x1b" not in shown(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.focused, SecretField))
        async for columns, _ in windows(pilot, *sizes):
            assert all(len(row) <= columns for row in rows(pilot))


@pytest.mark.slow
async def test_hosting_providers_stand_in_a_group_of_their_own(session: Session, invented_provider: Provider) -> None:
    async with console(session) as pilot:
        assert rows(pilot)[5] == "   Model hosts"
        assert rows(pilot)[6].endswith("not set up")


@pytest.mark.slow
async def test_wide_windows_show_the_details_next_to_the_list_once_the_cursor_rests(session: Session) -> None:
    async with console(session, size=(120, 40)) as pilot:
        await until_shown(pilot, "│ OpenAI  ")
        screen = rows(pilot)
        assert screen[2].startswith("   Model vendors" + " " * 44 + "│ OpenAI ") and screen[2].endswith("● ready")
        assert screen[3].startswith(" ▸ ● OpenAI               ready                  37 models  │")
        assert screen[5].endswith("│ API key        ••••••••3f2a")
        assert screen[39] == (
            " enter change  v verify  V verify all  a add  r refresh  n new  d remove  / filter  H health"
            "  : commands  ? help"
        )
        await pilot.press("j")
        await until_shown(pilot, "│ OpenAI  ")
        await until_shown(pilot, "│ OpenAI-compatible")
        await pilot.press("right")
        await until_shown(pilot, "│▸Base URL")
        await pilot.press("left", "enter")
        await until_shown(pilot, "── Providers › OpenAI-compatible › set up ──")
