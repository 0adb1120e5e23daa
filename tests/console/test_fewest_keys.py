"""The fewest keys from nothing to an answer, pressed exactly as they are promised."""

import pytest
from textual import events
from textual.pilot import Pilot

from tests.console.empty_session import empty_session
from tests.console.pilot import console, shown, until, until_shown
from tests.doubles.practice import practice_session
from tui.practice.tenants import PASSPHRASE
from tui.tenancy.session import Session

KEY = "sk-proj-FAKE-fewest-keys-0123456789abcdef-3f2a"
PASTE = f"paste {KEY}"

Steps = tuple[tuple[str, str], ...]
"""What is pressed, and what stands on the screen before it."""

ACCEPT_AND_SEND: Steps = (
    ("enter", "[ Accept and open the playground ]"),
    ("hello", "enter send"),
    ("enter", " > hello"),
)


async def walk(pilot: Pilot[str], steps: Steps) -> None:
    """Press each key once its screen is there."""
    for key, before in steps:
        await until_shown(pilot, before)
        if key.startswith("paste "):
            pilot.app.post_message(events.Paste(key.removeprefix("paste ")))
        else:
            await pilot.press(*([key] if key in ("enter", "down") else key))
    await until_shown(pilot, "first token")
    await until(pilot, lambda: "answering" not in shown(pilot))


NEW: dict[str, tuple[dict[str, str], Steps]] = {
    "the key is in the environment": (
        {"OPENAI_API_KEY": KEY},
        (("enter", "with OPENAI_API_KEY from the environment"), ("enter", "▸ [ Use OPENAI_API_KEY"), *ACCEPT_AND_SEND),
    ),
    "the key is in hand": (
        {},
        (
            ("enter", "(•) the list of providers"),
            ("enter", "▸ ○ OpenAI "),
            (PASTE, "▸ API key"),
            ("enter", "••••••"),
            ("enter", "▸ [ Verify and save ]"),
            *ACCEPT_AND_SEND,
        ),
    ),
    "a model server runs on this machine": (
        {},
        (
            ("down", "(•) the list of providers"),
            ("enter", "(•) a model server on this machine"),
            ("enter", "▸ [ Use http://localhost:11434/v1"),
            *ACCEPT_AND_SEND,
        ),
    ),
}


@pytest.mark.all_providers
@pytest.mark.parametrize("who", NEW)
async def test_someone_new_reaches_an_answer(who: str) -> None:
    environ, steps = NEW[who]
    async with console(empty_session(environ), tenant=None) as pilot:
        await walk(pilot, steps)


def alone(session: Session, tenant_id: str) -> Session:
    """The session with that tenant only."""
    for other in set(session.tenants.folders()) - {tenant_id}:
        session.tenants.folder(other).destroy()
    return session


async def test_who_returns_with_one_tenant_presses_4() -> None:
    async with console(alone(practice_session(pace=0), "acme"), tenant=None) as pilot:
        await walk(pilot, (("4", "[1 Providers]"), ("hello", "enter send"), ("enter", " > hello")))


async def test_the_passphrase_prompt_follows_the_question() -> None:
    async with console(alone(practice_session(pace=0), "north-lab"), tenant=None) as pilot:
        steps = (
            ("4", "[1 Providers]"),
            ("hello", "enter send"),
            ("enter", " > hello"),
            (PASSPHRASE, "Next: send your question"),
            ("enter", "••••••••"),
        )
        await walk(pilot, steps)


async def test_who_returns_with_several_tenants_finds_the_last_one_under_the_cursor() -> None:
    async with console(practice_session(pace=0), tenant=None) as pilot:
        await walk(
            pilot, (("enter", "▸ ▪ acme"), ("4", "[1 Providers]"), ("hello", "enter send"), ("enter", " > hello"))
        )


async def test_the_playground_can_be_where_one_starts() -> None:
    session = alone(practice_session(pace=0), "acme")
    session.config = type(session.config)(start="playground")
    async with console(session, tenant=None) as pilot:
        await walk(pilot, (("hello", "enter send"), ("enter", " > hello")))
