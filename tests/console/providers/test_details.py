"""The details of a provider: its fields and credentials, what goes with them, and the way back."""

from dataclasses import replace

import httpx

from tests.console.pilot import app_of, console, rows, screen_of, shown, until, until_shown, windows
from tests.console.provider_forms import KEY, focused_field, paste, session_answering
from tui.console.providers.details import ProviderDetails, _name_list
from tui.console.providers.screen import Providers
from tui.practice.tenants import LONG_NAME
from tui.providers.spec import Provider
from tui.secret import Secret
from tui.tenancy import credentials
from tui.tenancy.session import Session
from tui.workspace.credentials import save, status
from tui.workspace.models import catalog, defaults


async def test_they_stand_as_drawn(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("enter")
        await until_shown(pilot, "── Providers › OpenAI ──")
        screen = rows(pilot)
        assert screen[1].endswith(" ● ready ──")
        assert screen[2].startswith("   Credential     default, in use             verified ")
        assert screen[3].startswith(" ▸ API key        ••••••••3f2a                fingerprint ")
        assert screen[4:7] == [
            "   Organization   –",
            "   Project        –",
            "   Base URL       https://api.openai.com/v1",
        ]
        assert screen[7:9] == ["   Source         your key", "   Get a key      https://platform.openai.com/api-keys"]
        assert screen[10] == "   Other credentials"
        assert screen[11].startswith("   batch-jobs     ••••••••77c0                verified ")
        assert screen[13] == "   Models         29 chat  3 embedding  5 speech-to-text"
        assert screen[14] == "   Defaults       chat              gpt-6-sol"
        assert screen[15].endswith("▲ gone")
        assert screen[21].startswith("   Set up ")
        assert screen[22] == "   enter changes the fields. The key is replaced, never shown."
        assert screen[23] == " enter change  v verify  n new  d remove  D doctor  e expiry  esc back  ? help"


async def test_fields_of_a_sign_in_method_that_is_not_used_are_left_out(
    session: Session, invented_provider: Provider
) -> None:
    def fields() -> list[str]:
        items = ProviderDetails(acme, status.row(acme, invented_provider.id), 76).items(compact=False)
        return [item.key.removeprefix("field:") for item in items if item.key.startswith("field:")]

    acme = session.tenant("acme")
    # Before one is used, all are shown.
    assert fields() == ["api_password", "app_id", "api_key", "api_secret", "version", "base_url"]
    await save.save(acme, invented_provider.id, {"api_password": Secret("mk-live-0000-0000")})
    assert fields() == ["api_password", "version", "base_url"]


async def test_escape_goes_back_to_the_list_where_it_was(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("j", "enter")
        await until_shown(pilot, "Providers › OpenAI-compatible")
        await pilot.press("escape")
        await until_shown(pilot, " ▸ ● OpenAI-compatible")


async def test_enter_opens_the_form_at_that_field(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("enter", "j", "enter")
        await focused_field(pilot, "Organization")
        await until_shown(pilot, "Only for a region, such as")
        await pilot.press("escape")
        await until_shown(pilot, " ▸ Organization   –")


async def test_enter_on_another_credential_opens_its_fields(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("enter", "G", "enter")
        await until_shown(pilot, "Providers › OpenAI › batch-jobs")
        await until_shown(pilot, "Leave blank to keep the stored key ending 77c0.")


async def test_u_uses_the_other_credential_and_upper_case_u_undoes_it(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("enter", "u")
        await until_shown(pilot, "default is in use.")
        await pilot.press("G", "u")
        await until_shown(pilot, "Credential     batch-jobs, in use")
        await until_shown(pilot, "U undoes it.")
        await pilot.press("U")
        await until_shown(pilot, "Credential     default, in use")
        await pilot.press("U")
        await until_shown(pilot, "Credential     batch-jobs, in use")
        active = credentials.active(session.tenant("acme"), "openai")
        assert active is not None and active.name == "batch-jobs"
        await pilot.press("k", "k", "enter")
        await until_shown(pilot, "Leave blank to keep the stored key ending 77c0.")


async def test_d_on_another_credential_removes_that_one_only(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("enter", "G", "d")
        await until_shown(pilot, "─ Remove batch-jobs of OpenAI ─")
        await pilot.press("down", "enter")
        await until(pilot, lambda: "Other credentials" not in shown(pilot))
        assert [credential.name for credential in credentials.listing(session.tenant("acme"), "openai")] == ["default"]


async def test_d_on_a_field_lists_what_goes_and_keeps_it_by_default(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("enter", "d")
        await until_shown(pilot, "─ Remove OpenAI ─")
        screen = shown(pilot)
        assert "2 credentials  default, batch-jobs" in screen and "37 models" in screen
        assert "2 defaults     chat, embedding; cleared" in screen
        await focused_field(pilot, "Keep")
        await pilot.press("enter")
        await until_shown(pilot, " ▸ API key")
        await pilot.press("d")
        await until_shown(pilot, "y yes  n no  ")
        await pilot.press("n")
        await until_shown(pilot, " ▸ API key")
        await pilot.press("d")
        await until_shown(pilot, "─ Remove OpenAI ─")
        await pilot.press("y")
        await until_shown(pilot, "○ OpenAI               not set up")
        assert all(
            row.default is None or row.default.provider != "openai" for row in defaults.rows(session.tenant("acme"))
        )


async def test_a_new_credential_is_named_and_does_not_take_over(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("enter", "n")
        await focused_field(pilot, "Name")
        await pilot.press(*"batch-jobs", "enter")
        await focused_field(pilot, "API key")
        await paste(pilot, KEY)
        await pilot.press("enter", "enter")
        await until_shown(pilot, "A credential of that name already exists.")
        await pilot.press("ctrl+u", *"night", "enter", "enter")
        assert "that name already" not in shown(pilot)
        await focused_field(pilot, "Verify and save")
        await pilot.press("enter")
        await until_shown(pilot, "night          ••••••••5d1e")
        active = credentials.active(session.tenant("acme"), "openai")
        assert active is not None and active.name == "default"


async def test_v_says_what_was_refused_in_the_strip(session: Session) -> None:
    async with console(session, LONG_NAME) as pilot:
        await pilot.press("enter", "v")
        await until(pilot, lambda: not screen_of(pilot, Providers).checks)
        assert rows(pilot)[1].endswith("▲ key refused ──")
        # The message of the provider says the same, and is not repeated.
        assert rows(pilot)[21].startswith("   OpenAI rejected the key ending 9b1c at ")
        assert rows(pilot)[22] == "   Press enter to replace it, v to retry."


async def test_a_credential_in_use_brings_its_own_models(session: Session) -> None:
    async with console(session_answering(_two_servers)) as pilot:
        acme = app_of(pilot).session.tenant("acme")
        before = [model.id for model in catalog.listing(acme, provider="openai_compatible")]
        await pilot.press("j", "enter")
        await until_shown(pilot, "── Providers › OpenAI-compatible ──")
        await pilot.press("n")
        await focused_field(pilot, "Name")
        await until_shown(pilot, "Or type its address:")
        screen = rows(pilot)
        # The name is for the servers that are found as well, so the address follows the words that announce it.
        assert screen[screen.index("   Or type its address:") + 1].startswith("   Base URL")
        await pilot.press(*"second", "enter")
        await focused_field(pilot, "Base URL")
        await pilot.press("ctrl+u", *"http://127.0.0.1:9/v1", "enter", "enter", "enter")
        await until_shown(pilot, "Other credentials")
        assert [model.id for model in catalog.listing(acme, provider="openai_compatible")] == before
        await pilot.press("G", "u")
        await until(pilot, lambda: status.row(acme, "openai_compatible").models == 1)
        assert [model.id for model in catalog.listing(acme, provider="openai_compatible")] == ["of-the-second"]


def _two_servers(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"object": "list", "data": [{"id": "of-the-second", "object": "model"}]})


async def test_long_and_odd_values_are_clipped_and_harmless(session: Session) -> None:
    with session.store("acme").transaction() as tables:
        record = tables.table("credentials").all()[0]
        odd = {**record["clear"], "organization": "org-" + "[/x]\u202e\x1b]0;x\x07星河" * 20}
        tables.table("credentials").update({"clear": odd}, doc_ids=[record.doc_id])
    async with console(session) as pilot:
        await pilot.press("enter")
        await until_shown(pilot, "org-[/x]")
        async for _ in windows(pilot, (80, 24), (60, 12), (40, 10)):
            await until_shown(pilot, "org-[/x]")
            assert not set("\x1b\x07\u202e") & set(shown(pilot))
            assert "…" in next(row for row in rows(pilot) if "Organization" in row)


async def test_a_narrow_window_widened_shows_both(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("enter")
        await until_shown(pilot, "── Providers › OpenAI ──")
        await pilot.resize_terminal(120, 40)
        await until_shown(pilot, "│▸API key")
        await pilot.resize_terminal(80, 24)
        await until_shown(pilot, " ▸ API key")


def test_an_address_is_never_cut(session: Session) -> None:
    row = status.row(session.tenant("acme"), "openai")
    page = row.provider.key_page
    assert len(page) > 30
    for room in (30, 45, 200):
        drawn = [item.draw(room).plain for item in ProviderDetails(session.tenant("acme"), row, room).items(room < 60)]
        start = next(at for at, words in enumerate(drawn) if words.startswith("Get a key"))
        count = -(-len(page) // (room - 15))
        assert "".join(words[15:].rstrip() for words in drawn[start : start + count]) == page


def test_a_long_label_takes_more_rows_and_is_never_cut(session: Session) -> None:
    row = status.row(session.tenant("acme"), "openai")
    long = replace(row.provider.fields[0], label="Secret key of the application")
    row = replace(row, provider=replace(row.provider, fields=(long,)))
    drawn = [item.draw(45).plain for item in ProviderDetails(session.tenant("acme"), row, 45).items(compact=True)]
    at = drawn.index("Secret key of")
    assert drawn[at + 1] == "the" and drawn[at + 2].startswith("application    ••••")


def test_names_of_models_are_whole_as_long_as_one_fits() -> None:
    names = ["claude-fable-5-2", "claude-mythos-5-2", "claude-saga-5-2", "claude-lore-5-2"]
    assert _name_list(names)(70).plain == "  claude-fable-5-2  claude-mythos-5-2  claude-saga-5-2  and 1 more"
    assert _name_list(names)(56).plain == "  claude-fable-5-2  claude-mythos-5-2  and 2 more"
    assert "…" in _name_list(names)(24).plain
