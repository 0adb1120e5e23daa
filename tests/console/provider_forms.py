"""What the tests of providers and their forms share: a made-up provider, a network that answers as told, pastes."""

from collections.abc import Callable
from dataclasses import replace

import httpx
from textual import events
from textual.pilot import Pilot
from textual.widget import Widget

from tests.console.pilot import until
from tests.doubles.practice import practice_session
from tui.console.widgets.form import Button
from tui.domain import ImportMode, Supply
from tui.providers import PROVIDERS
from tui.providers.client.client import Client
from tui.providers.spec import Choice, Field
from tui.tenancy.session import Session
from tui.workspace.credentials import status

KEY = "sk-example0-0000-a-new-made-up-key-5d1e"
OTHER_KEY = "mk-live-0000-a-key-of-somebody-else-77aa"

INVENTED = replace(
    PROVIDERS["openai"],
    id="made_up",
    label="Made [/x] \x1b[31mUp",
    supply=Supply.HOSTING,
    import_mode=ImportMode.ADDED,
    sort_order=1,
    key_page="https://made-up.example/keys",
    after_saving="It does not list its models. Add each one with a.",
    origins=lambda fields: ("https://made-up.example", "https://emb.made-up.example"),
    list_models=None,
    local_servers=(),
    fields=(
        Field("api_password", "APIPassword", "From the page.", secret=True, required=True, auth_method="APIPassword",
              env=("MADE_UP_KEY",), prefixes=(Choice("mk-live-", "live key"),)),
        Field("app_id", "APPID", required=True, auth_method="APPID, APIKey and APISecret"),
        Field("api_key", "APIKey", secret=True, required=True, auth_method="APPID, APIKey and APISecret"),
        Field("api_secret", "APISecret", "It stands below APIKey.", secret=True, required=True,
              auth_method="APPID, APIKey and APISecret"),
        Field("version", "Check with", "The check is one call.", default="lite",
              choices=(Choice("lite", "Lite"), Choice("max", "Max"))),
        Field("base_url", "Base URL", default="https://made-up.example/v1", url=True, advanced=True),
    ),
)  # fmt: skip
"""A provider as none is yet: two ways of signing in, a choice, no listing, and a name that would like to be markup."""


def session_answering(answer: Callable[[httpx.Request], httpx.Response]) -> Session:
    """The practice tenants on a network that answers like this."""
    session = practice_session(pace=0.0)
    session.client_factory = lambda: Client({}, transport=httpx.MockTransport(answer))
    return session


async def forget(session: Session, *provider_ids: str, tenant: str = "acme") -> Session:
    """The session with those providers not set up."""
    for provider_id in provider_ids:
        await status.remove_provider(session.tenant(tenant), provider_id)
    return session


async def paste(pilot: Pilot[str], text: str) -> None:
    """A bracketed paste."""
    pilot.app.post_message(events.Paste(text))
    await pilot.pause()


async def focused_field(pilot: Pilot[str], label: str) -> None:
    """Wait until a button with that label, or a field of a row with it, has the focus."""

    def here() -> bool:
        widget: Widget | None = pilot.app.focused
        if isinstance(widget, Button):
            return widget.label == label
        return any(getattr(ancestor, "label", None) == label for ancestor in (widget.ancestors if widget else ()))

    await until(pilot, here)
