"""Rotating a key in the console: from the set-up form, back again, and done with the old one, all in the details."""

from textual.pilot import Pilot

from tests.console.pilot import console, shown, until, until_shown
from tests.console.provider_forms import KEY, focused_field, paste
from tui.tenancy import credentials
from tui.tenancy.session import Session

ROTATE = "Rotate: verify and save, keep the old key"


def stored(session: Session) -> list[tuple[str, bool, str]]:
    listed = credentials.listing(session.tenant("acme"), "openai")
    return [(credential.name, credential.active, credential.hints["api_key"]) for credential in listed]


async def rotate(pilot: Pilot[str], key: str) -> None:
    """From the details of OpenAI: its form, a new key, and the button that rotates."""
    await pilot.press("enter")
    await focused_field(pilot, "API key")
    await paste(pilot, key)
    await pilot.press("enter", "tab")
    await focused_field(pilot, ROTATE)
    await pilot.press("enter")


async def test_the_old_key_is_kept_restored_and_forgotten_by_plain_keys(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("enter")
        await rotate(pilot, KEY)
        await until_shown(pilot, "OpenAI now uses the new key. The old one is kept in its details.")
        await until_shown(pilot, "   default.kept   ••••••••3f2a                previous key")
        await until_shown(pilot, "▸ API key        ••••••••5d1e")
        assert stored(session) == [
            ("default", True, "5d1e"),
            ("batch-jobs", False, "77c0"),
            ("default.kept", False, "3f2a"),
        ]

        await pilot.press("G")
        await until_shown(pilot, "default.kept, the key ending 3f2a, kept since default was rotated.")
        await until_shown(pilot, "u goes back to it; d forgets it once default works.")
        await pilot.press("enter")
        await until_shown(pilot, "You cannot change a previous key.")
        await pilot.press("u")
        await until_shown(pilot, "OpenAI now uses default, the key ending 3f2a.")
        assert stored(session)[0] == ("default", True, "3f2a")
        await until_shown(pilot, "▸ default.kept   ••••••••5d1e")

        await pilot.press("d")
        await until_shown(pilot, "Removes the credential default.kept, the key ending 5d1e.")
        await pilot.press("down", "enter")
        await until(pilot, lambda: stored(session) == [("default", True, "3f2a"), ("batch-jobs", False, "77c0")])


async def test_a_refused_key_and_the_same_key_change_nothing_and_are_not_saved_anyway(session: Session) -> None:
    before = stored(session)
    async with console(session) as pilot:
        await pilot.press("enter")
        await rotate(pilot, "sk-example0-refused-00000000000")
        await until_shown(pilot, "The stored key ending 3f2a stays in use until a new one is verified.")
        assert "Save anyway" not in shown(pilot)
        await focused_field(pilot, "API key")
        await pilot.press("ctrl+u", "enter", "tab", "enter")
        await until_shown(pilot, "▲ A new API key is missing.")
        assert stored(session) == before
