"""Adding a provider is adding one file: a throw-away one is declared in a folder, set up, listed and asked."""

from pathlib import Path

import pytest

from tests.doubles.openai_server import OpenAIServer
from tests.providers.registry import replace_providers
from tests.test_readme import row
from tui import providers
from tui.domain import ModelType
from tui.providers.events import TextDelta
from tui.providers.requests import Message
from tui.secret import Secret
from tui.tenancy import models
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials import save, verify
from tui.workspace.models import catalog, defaults
from tui.workspace.playground import calls

KEY = "tw-FAKE-twelfth-0123456789-77c0"
FILE = """
from functools import partial

from tui.domain import ImportMode, Model, ModelType, Supply
from tui.providers.dialects.openai import api, chat, models
from tui.providers.origins import base_url_origin
from tui.providers.spec import Field, Provider

def classify(entry):
    return Model("twelfth", entry["id"], ModelType.CHAT)


FLAVOUR = api.Flavour(classify, max_tokens_field="max_tokens", vectors="float")

PROVIDER = Provider(
    id="twelfth",
    label="The Twelfth",
    supply=Supply.OWN,
    import_mode=ImportMode.IMPORTED,
    fields=(
        Field("api_key", "API key", "From its page.", secret=True, required=True, env=("TWELFTH_KEY",)),
        Field("base_url", "Base URL", "Where it answers.", required=True, url=True),
    ),
    sign=api.sign,
    origins=base_url_origin,
    verify=partial(models.listing, FLAVOUR),
    parse_error=api.parse_error,
    list_models=partial(models.listing, FLAVOUR),
    chat=partial(chat.chat, FLAVOUR),
)
"""


@pytest.fixture
def twelfth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry as it is when the file lies beside the others."""
    (tmp_path / "twelfth.py").write_text(FILE)
    assert len(providers.PROVIDERS) == 11, "read before the path is changed, so that it can be put back"
    monkeypatch.setattr(providers, "__path__", [*providers.__path__, str(tmp_path)])
    replace_providers(monkeypatch, providers._discover())


@pytest.mark.slow
async def test_one_file_is_a_provider(twelfth: None, disk_session: Session) -> None:
    from tui.providers.client.client import Client

    disk_session.client_factory = lambda: Client({})
    with OpenAIServer(KEY) as server:
        tenant = await tenants.create(disk_session, "acme")
        values: dict[str, str | Secret] = {"api_key": Secret(KEY), "base_url": server.url}
        verified = await verify.verify(disk_session.tenant(tenant.id), "twelfth", values)
        await save.save(disk_session.tenant(tenant.id), "twelfth", values, check=verified.check, listed=verified.listed)
        listed = catalog.listing(disk_session.tenant(tenant.id), ModelType.CHAT, "twelfth")
        assert "gpt-6-sol" in [model.id for model in listed]
        await defaults.set(disk_session.tenant(tenant.id), ModelType.CHAT, "twelfth/gpt-6-sol")
        model = models.find(disk_session.tenant(tenant.id), "twelfth/gpt-6-sol")
        events = calls.chat(disk_session.tenant(tenant.id), model, (Message("user", "Why?"),), {})
        answer = "".join([event.text async for event in events if isinstance(event, TextDelta)])
        assert answer == "The sky is blue because of scattering."
        assert server.requests_to("/chat/completions")[0].headers["authorization"] == f"Bearer {KEY}"
    await disk_session.aclose()
    assert row(providers.PROVIDERS["twelfth"]) == "| The Twelfth | the vendor's | imported | yes | – | – |"
