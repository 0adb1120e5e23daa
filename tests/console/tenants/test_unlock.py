"""The passphrase asked when a key must be opened, and what goes on afterwards."""

import pytest
from textual.pilot import Pilot

from tests.console.empty_session import empty_session
from tests.console.pilot import app_of, console, rows, shown, until, until_shown
from tests.doubles.practice import practice_session
from tui.console.tenants import unlock
from tui.errors import Locked
from tui.practice.tenants import PASSPHRASE
from tui.secret import Secret
from tui.tenancy import keyring
from tui.workspace import tenants

NEXT_STEP = "send your question to openai/gpt-6-sol"

DRAWN = """── north-lab › unlock ──────────────────────────────────────────────────────────

   This tenant is locked with a passphrase.

 ▸ Passphrase       [                                                    ]
                    Input is hidden. The passphrase of north-lab is practice.

   [ Unlock ]




   Next: send your question to openai/gpt-6-sol, as soon as you unlock.






────────────────────────────────────────────────────────────────────────────────
   You can still browse providers, models and defaults.
   Locks again after 15 minutes without a key press.
 enter unlock  esc back  f1 help"""


async def prompts(pilot: Pilot[str]) -> list[bool]:
    """Ask for the passphrase as a screen does; the answer lands in the list."""
    answers: list[bool] = []

    async def ask() -> None:
        answers.append(await pilot.app.dialogs.ensure_unlocked(NEXT_STEP))  # type: ignore[attr-defined]

    pilot.app.run_worker(ask())
    await until_shown(pilot, "› unlock ──")
    return answers


async def test_it_is_drawn_as_designed() -> None:
    async with console(practice_session(), "north-lab") as pilot:
        await prompts(pilot)
        await until_shown(pilot, "esc back  f1 help")
        assert "\n".join(rows(pilot)[1:]) == DRAWN


async def test_enter_unlocks_and_what_was_pending_goes_on() -> None:
    session = practice_session()
    async with console(session, "north-lab") as pilot:
        answers = await prompts(pilot)
        await pilot.press(*PASSPHRASE)
        await until_shown(pilot, "••••••••  ")
        assert f"[{PASSPHRASE}" not in shown(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: answers == [True])
        await until_shown(pilot, "[1 Providers]")
        assert keyring.is_open(session.tenant("north-lab"))


async def test_a_wrong_passphrase_is_shown_under_the_field_which_keeps_the_focus() -> None:
    async with console(practice_session(), "north-lab") as pilot:
        answers = await prompts(pilot)
        await pilot.press(*"wrong", "enter")
        await until_shown(pilot, "▲ Wrong passphrase.")
        await until_shown(pilot, "Try again; nothing was changed.")
        await until_shown(pilot, " ▸ Passphrase       [      ")
        assert not answers
        await pilot.press("x")
        assert "Wrong passphrase." not in shown(pilot)


async def test_after_three_misses_a_second_is_waited_and_shown() -> None:
    async with console(practice_session(), "north-lab") as pilot:
        answers = await prompts(pilot)
        for _ in range(3):
            await pilot.press("x", "enter")
            await until_shown(pilot, "Wrong passphrase.")
        await pilot.press(*PASSPHRASE, "enter")
        await until_shown(pilot, "… unlocking, after a one-second wait")
        assert not answers and rows(pilot)[-1] == " esc stop  f1 help"
        await until(pilot, lambda: answers == [True])


async def test_escape_answers_no_and_an_empty_field_tries_nothing() -> None:
    async with console(practice_session(), "north-lab") as pilot:
        answers = await prompts(pilot)
        await pilot.press("enter", "tab", "enter")
        assert "▲" not in shown(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: answers == [False])
        await until_shown(pilot, "[1 Providers]")


async def test_escape_stops_the_opening_and_keeps_what_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unlock, "_FREE_TRIES", 0)
    monkeypatch.setattr(unlock, "_RETRY_DELAY", 3600.0)
    async with console(practice_session(), "north-lab") as pilot:
        answers = await prompts(pilot)
        await pilot.press("x", "enter")
        await until_shown(pilot, "… unlocking")
        assert not app_of(pilot).actions, "the next key has to wait"
        await pilot.press("escape")
        await until_shown(pilot, "[ Unlock ]")
        await until_shown(pilot, "[•   ")
        assert not answers


async def test_a_key_file_that_is_missing_is_shown_at_once() -> None:
    session = empty_session()
    tenant = await tenants.create(session, "acme", Secret("secret"))
    keyring.lock(session.tenant(tenant.id))
    session.keys.folder(tenant.id).remove(f"{tenant.key_id}.pem")
    async with console(session, "acme") as pilot:
        await prompts(pilot)
        await until_shown(pilot, "▲ The private key file of acme is missing.")
        await until_shown(pilot, "This tenant's keys can't be decrypted.")
        await until(pilot, lambda: "start over" in " ".join(shown(pilot).split()))


async def test_a_key_file_of_another_tenant_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    session = empty_session()
    one = await tenants.create(session, "acme", Secret("secret"))
    other = await tenants.create(session, "other", Secret("secret"))
    keyring.lock(session.tenant(one.id))
    pem = session.keys.folder(other.id).read(f"{other.key_id}.pem") or b""
    session.keys.folder(one.id).write(f"{one.key_id}.pem", pem)
    with pytest.raises(Locked):
        await keyring.unlock(session.tenant(one.id), Secret("secret"))
    async with console(session, "acme") as pilot:
        await prompts(pilot)
        await pilot.press(*"secret", "enter")
        await until_shown(pilot, "▲ The private key file does not match the settings")


async def test_the_lock_time_follows_the_preferences() -> None:
    from dataclasses import replace

    session = practice_session()
    session.config = replace(session.config, auto_lock=0)
    async with console(session, "north-lab") as pilot:
        await prompts(pilot)
        await until_shown(pilot, "L locks it again.")


async def test_the_lock_key_unlocks_a_locked_tenant_and_locks_it_again() -> None:
    session = practice_session()
    async with console(session, "north-lab") as pilot:
        await until_shown(pilot, "[1 Providers]")
        await pilot.press("L")
        await until_shown(pilot, "› unlock ──")
        await pilot.press(*PASSPHRASE, "enter")
        await until(pilot, lambda: keyring.is_open(session.tenant("north-lab")))
        await until_shown(pilot, "[1 Providers]")
        await pilot.press("L")
        await until(pilot, lambda: not keyring.is_open(session.tenant("north-lab")))
        await until_shown(pilot, "Locked north-lab.")


async def test_the_palette_unlocks_a_locked_tenant() -> None:
    session = practice_session()
    async with console(session, "north-lab") as pilot:
        await until_shown(pilot, "[1 Providers]")
        await pilot.press(":", *"unlock")
        await until_shown(pilot, "Ask for the passphrase of the tenant now.")
        await pilot.press("enter")
        await until_shown(pilot, "› unlock ──")


async def test_a_tenant_without_a_passphrase_says_that_it_cannot_be_locked() -> None:
    async with console(practice_session(), "acme") as pilot:
        await until_shown(pilot, "[1 Providers]")
        await pilot.press("L")
        await until_shown(pilot, "no passphrase")
        assert "› unlock ──" not in shown(pilot)


async def test_opening_a_locked_tenant_from_the_list_offers_to_unlock_it() -> None:
    async with console(practice_session(), "acme") as pilot:
        await pilot.press("0")
        await until_shown(pilot, "north-lab")
        await pilot.press("slash", *"north-lab", "enter", "enter")
        await until_shown(pilot, "── north-lab › unlock ──")
        await pilot.press("escape")
        await until_shown(pilot, "[1 Providers]")
        assert not keyring.is_open(app_of(pilot).session.tenant("north-lab")), "it is browsed without the passphrase"
