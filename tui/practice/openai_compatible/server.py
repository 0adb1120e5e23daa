"""Model servers on this machine in practice: Ollama and llama.cpp answer, the other usual ports do not."""

from tui.practice.exchange import Answer, ReceivedRequest
from tui.practice.openai_server import Server
from tui.practice.transport import fixture

_FILES = {"http://localhost:11434": "ollama.json", "http://localhost:8080": "llama_cpp.json"}

ORIGINS = (*_FILES, "http://localhost:8000", "http://localhost:1234")
FIELDS = {"base_url": "http://localhost:11434/v1"}


def answer(request: ReceivedRequest) -> Answer | None:
    """Return the answer to one request; None where no server listens."""
    if request.origin not in _FILES:
        return None
    return Server(fixture("openai_compatible", _FILES[request.origin])).answer(request)
