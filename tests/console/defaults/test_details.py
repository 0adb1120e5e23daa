"""What is told about a default model beside the list."""

from tui.console.defaults.details import details
from tui.console.widgets.static_text import line
from tui.tenancy.session import Session
from tui.workspace.models import defaults


def test_it_tells_the_model_its_state_and_what_uses_it(session: Session) -> None:
    acme = session.tenant("acme")
    chat, embedding, speech = (
        "\n".join(line(words).plain for words in details(acme, row)) for row in defaults.rows(acme)
    )
    assert "Model          gpt-6-sol" in chat and "State          ● ready" in chat
    assert "modeldeck chat" in chat and "Playground › Chat" in chat
    assert "State          ▲ gone" in embedding and "modeldeck embed" in embedding
    assert "This month     no requests" in chat and "Last request   never" in chat
    assert "Suggested      gpt-transcribe" in speech and "State" not in speech
