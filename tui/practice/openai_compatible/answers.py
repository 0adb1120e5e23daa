"""Model servers on this machine in practice: Ollama and llama.cpp answer, the other usual ports do not."""

import json

from tui.practice.openai_wire import answering, embeddings
from tui.practice.transport import Answer, Asked, fixture

_FILES = {"http://localhost:11434": "ollama.json", "http://localhost:8080": "llama_cpp.json"}

ORIGINS = (*_FILES, "http://localhost:8000", "http://localhost:1234")
FIELDS = {"base_url": "http://localhost:11434/v1"}


def answer(asked: Asked) -> Answer | None:
    """The answer to one request; None where no server listens."""
    if asked.origin not in _FILES:
        return None
    listing = fixture("openai_compatible", _FILES[asked.origin])
    if asked.path.endswith("/embeddings") and "embed" in asked.data["model"]:
        return embeddings(asked, {})
    known = {each["id"] for each in json.loads(listing)["data"]}
    return answering(asked, lambda: Answer(pieces=(listing,)), known.__contains__, lambda model: False)
