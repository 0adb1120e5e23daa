"""OpenAI in practice: its hosts, a made-up account, and its models as `models.json` lists them."""

from tui.practice.exchange import Answer, ReceivedRequest
from tui.practice.openai_server import Server
from tui.practice.transport import fixture

ORIGINS = ("https://api.openai.com", "https://us.api.openai.com", "https://eu.api.openai.com")
FIELDS = {"api_key": "sk-proj-FAKE-example0-key-of-nobody-3f2a", "base_url": "https://api.openai.com/v1"}

_SIZES = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}


def answer(request: ReceivedRequest) -> Answer | None:
    """Return the answer to one request."""
    return Server(fixture("openai", "models.json"), _SIZES, _reasons).answer(request)


def _reasons(model: str) -> bool:
    return model.startswith(("gpt-5", "gpt-6", "o3"))
