"""A whole address pasted into a form is taken apart: what belongs to other fields goes there, the rest to the model."""

import pytest
from textual.pilot import Pilot

from tests.console.pilot import app_of, console, rows, screen_of, shown, until, until_shown
from tests.console.provider_forms import focused_field, paste
from tui.console.models.add import AddModel
from tui.console.providers.setup.screen import Setup
from tui.tenancy import credentials
from tui.tenancy.session import Session

pytestmark = pytest.mark.all_providers
ENDPOINT = "https://acme-east.openai.azure.com"
TARGET = f"{ENDPOINT}/openai/deployments/gpt-east/chat/completions?api-version=2024-10-21"
KEY = "FAKE0example00key0of0nobody05d1e"


async def open_form(pilot: Pilot[str]) -> None:
    pilot.app.run_worker(app_of(pilot).navigator.set_up("azure_openai"), exit_on_error=False)
    await focused_field(pilot, "Endpoint")


async def test_a_target_address_fills_the_form_and_then_the_deployment(session: Session) -> None:
    async with console(session) as pilot:
        await open_form(pilot)
        await paste(pilot, TARGET)
        await until_shown(pilot, "Split up: deployment gpt-east and API version 2024-10-21")
        await until_shown(pilot, "will be used for the model.")
        assert f"   Endpoint         [{ENDPOINT}" in shown(pilot).replace("▸", " ")
        assert screen_of(pilot, Setup).form.values()["api_version"] == "2024-10-21"
        await until_shown(pilot, f"The key goes to {ENDPOINT} and nowhere else.")
        await pilot.press("enter")
        await focused_field(pilot, "API key")
        await paste(pilot, KEY)
        await pilot.press("enter")
        await focused_field(pilot, "Verify and save")
        await pilot.press("enter")
        await until_shown(pilot, "─ Azure OpenAI accepts this key ─")
        await until_shown(pilot, "No models yet.")
        await until_shown(pilot, "Azure can't list deployments.")
        await focused_field(pilot, "Add a deployment")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, AddModel))
        await until_shown(pilot, "Deployment       [gpt-east")
        stored = credentials.active(session.tenant("acme"), "azure_openai")
        assert stored and stored.clear == {"endpoint": ENDPOINT, "api_version": "2024-10-21"}


async def test_what_goes_where_follows_the_auth_method(session: Session) -> None:
    async with console(session, size=(80, 30)) as pilot:
        await open_form(pilot)
        await paste(pilot, f"{ENDPOINT}/openai/v1")
        await until_shown(pilot, f"The key goes to {ENDPOINT} and nowhere else.")
        await until_shown(pilot, "Removed: /openai/v1.")
        assert "Split up" not in shown(pilot)
        await pilot.press("tab")
        await until(pilot, lambda: any("(•) API key  ( ) Entra ID application" in row for row in rows(pilot)))
        await pilot.press("right", "tab", *"acme")
        await until_shown(pilot, "The key goes to acme-east.openai.azure.com and login.microsoftonline.com.")
