"""What people mix up at a provider is called by its name on the form where it was typed, and nothing typed is lost."""

import pytest
from textual.pilot import Pilot

from tests.console.pilot import app_of, console, shown, until, until_shown
from tests.console.provider_forms import focused_field, forget, paste
from tests.console.sample_models import add_to_tenant, type_text
from tui.console.models.add import AddModel
from tui.console.widgets.form import Button
from tui.domain import Model, ModelType, Origin
from tui.tenancy import credentials
from tui.tenancy.session import Session

pytestmark = pytest.mark.all_providers
KEY, SECRET = "fa4e0000example00key0of0nobody00", "FAKE0example00secret0of0nobody00"
OF_VECTORS = "https://x7k2m9.eu-west-1.aws.endpoints.huggingface.cloud"
WIDE = (120, 40)


def strip_text(pilot: Pilot[str]) -> str:
    """The screen as one line."""
    return " ".join(shown(pilot).split())


async def test_spark_key_and_secret_swapped(session: Session) -> None:
    async with console(await forget(session, "spark"), size=WIDE) as pilot:
        pilot.app.run_worker(app_of(pilot).navigator.set_up("spark"), exit_on_error=False)
        await focused_field(pilot, "APIPassword")
        await pilot.press("up", "right", "tab")
        for label, value in (("APPID", "fa4e0000"), ("APIKey", SECRET), ("APISecret", KEY)):
            await focused_field(pilot, label)
            await paste(pilot, value)
            await pilot.press("enter")
        await focused_field(pilot, "Verify and save")
        await pilot.press("enter")
        await until(pilot, lambda: "found no application with this APIKey." in strip_text(pilot))
        assert "Check whether APIKey and APISecret are swapped" in strip_text(pilot)
        assert SECRET not in shown(pilot) and KEY not in shown(pilot)
        assert credentials.active(session.tenant("acme"), "spark") is None
        assert strip_text(pilot).count("•" * 8) >= 2


async def test_a_models_name_in_place_of_an_azure_deployment(session: Session) -> None:
    async with console(session, size=WIDE) as pilot:
        pilot.app.run_worker(app_of(pilot).navigator.set_up("azure_openai"), exit_on_error=False)
        await focused_field(pilot, "Endpoint")
        await paste(pilot, "https://acme-east.openai.azure.com")
        await pilot.press("enter")
        await focused_field(pilot, "API key")
        await paste(pilot, "FAKE0example00key0of0nobody05d1e")
        await pilot.press("enter", "enter")
        await focused_field(pilot, "Add a deployment")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, AddModel))
        await paste(pilot, "gpt-4.1")
        await pilot.press("enter")
        await focused_field(pilot, "Base model")
        await paste(pilot, "gpt-4.1")
        await pilot.press("enter", "enter")
        await focused_field(pilot, "Verify and add")
        await pilot.press("enter")
        await until(
            pilot, lambda: "gpt-4.1 is the name of a model, and this resource has no deployment" in strip_text(pilot)
        )
        assert "Deployment [gpt-4.1" in strip_text(pilot)


ADDED = {
    "huggingface/house": (
        ModelType.CHAT,
        {"endpoint_type": "inference_endpoints", "task": "text-generation", "endpoint_url": OF_VECTORS},
        "house does not serve the task that was chosen. It is for embedding.",
    ),
    "replicate/nateraw/bge-large-en-v1.5": (
        ModelType.EMBEDDING,
        {"version": "0" * 64},
        "nateraw/bge-large-en-v1.5 has no such version.",
    ),
}


@pytest.mark.parametrize("name", ADDED)
async def test_a_model_that_is_something_else(session: Session, name: str) -> None:
    kind, fields, says = ADDED[name]
    provider, _, model_id = name.partition("/")
    model = Model(provider, model_id, kind, Origin.ADDED, fields=fields)
    async with console(add_to_tenant(session, [model]), size=WIDE) as pilot:
        pilot.app.run_worker(app_of(pilot).navigator.add_model(provider, model), exit_on_error=False)
        await until(pilot, lambda: isinstance(pilot.app.screen, AddModel))
        await until_shown(pilot, model_id)
        button = next(widget for widget in pilot.app.screen.query(Button) if widget.label.startswith("Verify"))
        button.focus()
        await until(pilot, lambda: button.has_focus)
        await pilot.press("enter")
        if url := fields.get("endpoint_url"):
            # An address that stands in a form already is sent nothing until a person enters it.
            await until_shown(pilot, "was not entered by")
            await type_text(pilot, url)
            button.focus()
            await until(pilot, lambda: button.has_focus)
            await pilot.press("enter")
        await until(pilot, lambda: says in strip_text(pilot))
