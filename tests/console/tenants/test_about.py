"""What is told about a tenant beside the list."""

from tui.console.tenants.about import details
from tui.console.widgets.static_text import line
from tui.domain import Model, ModelType
from tui.providers.events import Usage
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.pricing import spend


def text_of(session: Session, tenant_id: str) -> str:
    """The lines as text."""
    tenant = session.tenant(tenant_id)
    return "\n".join(line(words).plain for words in details(tenant, tenants.row(tenant), session.now()))


def test_it_tells_what_is_set_up_and_what_is_wrong(session: Session) -> None:
    text = text_of(session, "acme")
    assert "▪ acme" in text and "Passphrase     none" in text
    assert "● OpenAI                ready" in text
    assert "▲ embedding             openai/text-search-ada-doc-001" in text
    assert "no longer listed by OpenAI" in text
    assert "○ speech-to-text        none" in text


def test_it_tells_this_months_spend_and_the_last_request(session: Session) -> None:
    acme = session.tenant("acme")
    assert "This month     no requests" in text_of(session, "acme")
    assert "Last request   never" in text_of(session, "acme")
    chat, now = Model("openai", "gpt-4o", ModelType.CHAT), session.now()
    spend.record(acme, chat, "default", "own", Usage(1_000_000, 0), now)
    spend.record(acme, chat, "default", "own", Usage(1_000_000, 0), "2020-01-01T00:00:00Z")
    spend.record(acme, Model("anthropic", "claude", ModelType.CHAT), "default", "trial", None, now)
    text = text_of(session, "acme")
    assert "This month     ≈ 2.50 USD in 1 request\n" in text
    assert f"Last request   {now[11:16]}, anthropic/claude" in text


def test_a_locked_tenant_and_a_damaged_one_have_details_too(session: Session) -> None:
    assert "State          locked" in text_of(session, "north-lab")
    store = session.store("acme")
    store.folder.write(store.name, (store.folder.read(store.name) or b"")[:-40])
    assert text_of(session, "acme").startswith("acme\n")
