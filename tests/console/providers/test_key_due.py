"""An API key that expires soon: named once at unlock, in the details of its provider, and set on a page."""

from datetime import UTC, datetime, timedelta

from tests.console.pilot import console, rows, shown, until_shown
from tui.tenancy import credentials
from tui.tenancy.session import Session
from tui.workspace.credentials import lifetime
from tui.workspace.credentials.lifetime import Lifetime


async def test_it_is_named_at_unlock_and_in_the_details(session: Session) -> None:
    async with console(session) as pilot:
        acme = pilot.app.navigator.tenant_session  # type: ignore[attr-defined]
        soon = datetime.now(UTC).date() + timedelta(days=7)
        await lifetime.set_lifetime(acme, "openai", "default", Lifetime(soon.isoformat()))
        await pilot.press("v")
        await until_shown(pilot, f"API keys to replace: OpenAI default ({soon.day} {soon:%b}")
        await pilot.press("enter")
        await until_shown(pilot, "── Providers › OpenAI ──")
        assert any(row.startswith("   Expires ") and row.endswith("▲ replace it") for row in rows(pilot)), shown(pilot)
        await pilot.press("e")
        await until_shown(pilot, "› expiry ")
        await until_shown(pilot, f"[{soon}")
        await pilot.press("enter", *"90", "enter", "enter")
        await until_shown(pilot, "90 is not a period")
        await pilot.press("d", "enter", "enter")
        await until_shown(pilot, "U undoes it.")
        stored = credentials.find(acme, "openai", "default")
        assert stored and lifetime.lifetime(acme, stored) == Lifetime(soon.isoformat(), 90)
        await pilot.press("e")
        await until_shown(pilot, "[90d")
        await pilot.press("ctrl+u", "enter", "ctrl+u", "enter", "enter")
        await until_shown(pilot, "is never due")
        assert lifetime.lifetime(acme, stored) == Lifetime()
