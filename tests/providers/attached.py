"""What the fact tables say of images and documents: how a chat with one looks, and the limits that are declared."""

import base64
from collections.abc import Mapping
from typing import Any

from tui.domain import Model, ModelType
from tui.providers.requests import Attachment, Base64File, ChatRequest, Message
from tui.providers.spec import AttachmentLimits, Provider

IMAGE = Attachment("a.png", "image/png", b"picture", 30, 20)
PAPER = Attachment("b.pdf", "application/pdf", b"picture")
DATA = base64.b64encode(b"picture").decode()
URL = f"data:image/png;base64,{DATA}"
PARTS = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": URL}}]
"""OpenAI's content (API reference, chat completions)."""
ALL = ("image/png", "image/jpeg", "image/gif", "image/webp")
MB = 1024 * 1024


def chat_with(p: Provider, clear: Mapping[str, str], model: str, *files: Attachment, **added: Any) -> Any:
    """Return the JSON of a chat with these files, or with an image: its body, or its one message."""
    assert p.chat
    messages = (Message("system", "Be brief."), Message("user", "What is this?", files or (IMAGE,)))
    call = p.chat(clear, ChatRequest(Model(p.id, model, ModelType.CHAT, **added), messages, {}, False))
    return whole_answer(call.sends[0] if call.sends else call.json)


def whole_answer(data: Any) -> Any:
    """Return JSON with its files in it."""
    if isinstance(data, Base64File):
        assert data.content is not None
        return data.prefix + base64.b64encode(data.content).decode()
    if isinstance(data, Mapping):
        return {name: whole_answer(value) for name, value in data.items()}
    return [whole_answer(value) for value in data] if isinstance(data, list | tuple) else data


def limits(p: Provider, model: str, **added: Any) -> AttachmentLimits | None:
    """Return the limits of a chat model."""
    return p.attachments(Model(p.id, model, ModelType.CHAT, **added))


def figures(p: Provider, model: str, **added: Any) -> Mapping[str, Any] | None:
    """Return the limits of a chat model that are not the usual ones; None if it takes nothing."""
    entry = limits(p, model, **added)
    defaults = vars(AttachmentLimits(source="", images=ALL))
    if entry is None:
        return None
    return {name: value for name, value in vars(entry).items() if value != defaults[name] and name != "source"}
