"""What is told about a tenant beside the list."""

from tui.console.tenants.about import details
from tui.console.widgets.static_text import line
from tui.tenancy.session import Session
from tui.workspace import tenants


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


def test_a_locked_tenant_and_a_damaged_one_have_details_too(session: Session) -> None:
    assert "State          locked" in text_of(session, "north-lab")
    store = session.store("acme")
    store.folder.write(store.name, (store.folder.read(store.name) or b"")[:-40])
    assert text_of(session, "acme").startswith("acme\n")
