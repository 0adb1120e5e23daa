"""Pastes into the set-up form: cleaned with a notice, refused with a sentence, carried on, and never sent."""

import pytest
from textual.pilot import Pilot

from tests.console.pilot import console, rows, screen_of, shown, until, until_shown
from tests.console.provider_forms import KEY, OTHER_KEY, focused_field, forget, paste
from tui.console.providers.setup.screen import Setup
from tui.console.widgets.input import SecretField
from tui.providers import PROVIDERS
from tui.providers.spec import Provider
from tui.tenancy import credentials
from tui.tenancy.session import Session


def typed(pilot: Pilot[str]) -> str:
    return pilot.app.screen.query(SecretField).first().value


@pytest.fixture
async def bare(session: Session) -> Session:
    return await forget(session, "openai")


async def test_what_surrounds_a_key_is_cut_and_shown(bare: Session) -> None:
    async with console(bare) as pilot:
        await pilot.press("enter")
        await focused_field(pilot, "API key")
        await paste(pilot, f'export OPENAI_API_KEY="{KEY}"\n')
        await until_shown(pilot, "Removed: ")
        assert typed(pilot) == KEY
        for name in ("export OPENAI_API_KEY=", "quotes", "a line break"):
            await until_shown(pilot, name)
        await focused_field(pilot, "API key")


async def test_a_clean_key_says_what_it_looks_like_and_never_itself(bare: Session) -> None:
    async with console(bare) as pilot:
        await pilot.press("enter")
        await paste(pilot, KEY)
        await until_shown(pilot, "Ends 5d1e, has the shape of an OpenAI key.")
        await until_shown(pilot, f"[{'•' * len(KEY)}")
        assert KEY[:12] not in shown(pilot)
        assert rows(pilot)[23] == " enter next  ctrl+u clear  tab next  esc back  f1 help"


@pytest.mark.parametrize("text", ["a\nb\nc", "sk-one\nsk-two\nsk-three\n", f"{KEY}\n"])
async def test_lines_pasted_into_any_part_send_and_save_nothing(bare: Session, text: str) -> None:
    async with console(bare) as pilot:
        await pilot.press("enter")
        await focused_field(pilot, "API key")
        for _ in range(4):
            await paste(pilot, text)
            assert not screen_of(pilot, Setup).asking
            await pilot.press("tab")
        assert credentials.active(bare.tenant("acme"), "openai") is None


async def test_a_character_that_no_key_has_is_named_by_its_place(bare: Session) -> None:
    async with console(bare) as pilot:
        await pilot.press("enter")
        await paste(pilot, KEY)
        await pilot.press("ctrl+u")
        await paste(pilot, "sk-12345’6789")
        await until_shown(pilot, "▲ The 9th character is a curved quote; a key has none.")
        assert typed(pilot) == ""
        await pilot.press("enter", "enter")
        await focused_field(pilot, "API key")
        assert credentials.active(bare.tenant("acme"), "openai") is None


async def test_a_refused_paste_does_not_let_the_stored_key_pass_for_it(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("enter", "enter")
        await focused_field(pilot, "API key")
        await paste(pilot, "sk-12345\u4e006789")
        await pilot.press("enter")
        await focused_field(pilot, "Verify and save")
        await pilot.press("enter")
        await focused_field(pilot, "API key")
        await until_shown(pilot, "▲ The 9th character is")


async def test_a_megabyte_is_refused_with_a_sentence_and_nothing_is_lost(bare: Session) -> None:
    async with console(bare) as pilot:
        await pilot.press("enter")
        await paste(pilot, KEY)
        await paste(pilot, "x" * 1_000_000)
        await until_shown(pilot, "▲ The paste has 1,000,000 characters, too many.")
        assert typed(pilot) == KEY


async def test_a_paste_on_a_button_goes_to_the_first_empty_secret_field(bare: Session) -> None:
    async with console(bare) as pilot:
        await pilot.press("enter", "enter")
        await focused_field(pilot, "Verify and save")
        await paste(pilot, f"{KEY}\n")
        await focused_field(pilot, "API key")
        await until(pilot, lambda: typed(pilot) == KEY)
        await pilot.press("enter")
        await paste(pilot, "again")
        await until_shown(pilot, "Nothing was pasted: no field has the cursor.")
        assert typed(pilot) == KEY


async def test_a_key_of_another_provider_is_carried_there_without_a_second_paste(
    bare: Session, invented_provider: Provider
) -> None:
    async with console(bare) as pilot:
        await pilot.press("enter")
        await focused_field(pilot, "API key")
        await paste(pilot, f"'{OTHER_KEY}'")
        await until_shown(pilot, "Up (mk-live-).")
        screen = shown(pilot)
        assert "Removed: quotes." in screen and "▲ This looks like a key of Made [/x]" in screen
        assert "It was not sent anywhere." in screen and "[ Keep it here ]" in screen
        assert "enter goes to the first choice under the field." in screen
        await pilot.press("enter", "enter")
        await until_shown(pilot, "Providers › Made [/x]")
        await until(pilot, lambda: typed(pilot) == OTHER_KEY)
        await focused_field(pilot, "APIPassword")
        await until_shown(pilot, "Ends 77aa, has the shape of a live key.")
        await pilot.press("escape")
        await until_shown(pilot, "What you typed will be lost.")


async def test_it_can_be_kept_here_and_the_choice_goes_with_the_text(
    bare: Session, invented_provider: Provider
) -> None:
    async with console(bare) as pilot:
        await pilot.press("enter")
        await paste(pilot, OTHER_KEY)
        await pilot.press("enter", "tab")
        await focused_field(pilot, "Keep it here")
        await pilot.press("enter")
        await focused_field(pilot, "Verify and save")
        assert "This looks like" not in shown(pilot) and "with this key" not in shown(pilot)
        await pilot.press("shift+tab", "shift+tab", "ctrl+u")
        await paste(pilot, OTHER_KEY)
        await until_shown(pilot, "[ Keep it here ]")
        await pilot.press("ctrl+u")
        await until(pilot, lambda: "with this key" not in shown(pilot))


async def test_a_pasted_address_is_split(session: Session) -> None:
    async with console(await forget(session, "openai_compatible")) as pilot:
        await pilot.press("j", "enter", "tab")
        await focused_field(pilot, "Base URL")
        await paste(pilot, "http://localhost:8080/v1/chat/completions\n")
        await until_shown(pilot, "Removed: a line break, /chat/completions.")
        await until_shown(pilot, "[http://localhost:8080/v1 ")


async def test_a_hostile_paste_reaches_the_screen_as_plain_characters(session: Session) -> None:
    async with console(await forget(session, "openai_compatible")) as pilot:
        await pilot.press("j", "enter", "tab")
        await paste(pilot, "https://[/x]\x1b]52;c;aGk=\x07\u202e.example/v1")
        await pilot.pause()
        assert not set("\x1b\x07\u202e") & set(shown(pilot)) and pilot.app.is_running
        await pilot.press("enter", "enter", "enter")
        await focused_field(pilot, "Base URL")


async def test_what_is_typed_on_a_button_goes_into_the_first_empty_field(session: Session) -> None:
    await forget(session, "openai_compatible")
    async with console(session) as pilot:
        pilot.app.push_screen(Setup(PROVIDERS["openai_compatible"]))
        await until_shown(pilot, "▸ [ Look for servers on this machine ]")
        await pilot.press(*"127", "enter", *"sk")
        await until_shown(pilot, "Base URL         [127 ")
        assert typed(pilot) == "sk"
