"""Images and documents of a message, as the wires take them. Pure functions.

OpenAI API reference, chat completions, `messages`; guides, images and vision, PDF files.
"""

import re
from typing import Any

from tui.domain import Model
from tui.errors import UsageError
from tui.providers.requests import Attachment, Message
from tui.providers.spec import AttachmentLimits

PNG, JPEG, GIF, WEBP, PDF = "image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"
IMAGES = (PNG, JPEG, GIF, WEBP)

MEGABYTE = 1024 * 1024

_VISION = (
    r"(?i)(^|[/_.:-])(\d*vl|vlm?|vision|visual|llava|bakllava|pixtral|moondream|minicpm-v|internvl\d*|gemma-?[34]|gemini"
    r"|llama-?4|llama-3\.2-(11|90)b|glm-\d[\d.]*v|qvq|omni|claude|gpt-4o|gpt-4\.1|gpt-[5-9])([/_.:-]|\d|$)"
)
"""Parts of the names of models that take images, whoever serves them."""


def content(message: Message) -> Any:
    """Return OpenAI's `content`: the text alone, or parts."""
    if not message.attachments:
        return message.text
    return [{"type": "text", "text": message.text}, *map(_part, message.attachments)]


def _part(file: Attachment) -> dict[str, Any]:
    if file.is_image:
        return {"type": "image_url", "image_url": {"url": file.as_data_url()}}
    return {"type": "file", "file": {"filename": file.name, "file_data": file.as_data_url()}}


def images_of(messages: tuple[Message, ...]) -> tuple[Attachment, ...]:
    """Return the images of all messages in order."""
    return tuple(file for message in messages for file in message.attachments if file.is_image)


def has_files(messages: tuple[Message, ...]) -> bool:
    """Return True if anything goes with one of the messages."""
    return any(message.attachments for message in messages)


def vision_by_name(model_id: str) -> bool | None:
    """Return True if a name is one of models that take images, None if it does not tell."""
    return True if re.search(_VISION, model_id) else None


def limits_of(model: Model, limits: AttachmentLimits, takes_images: bool | None) -> AttachmentLimits | None:
    """Return the limits of a model, None if it takes no images.

    Args:
        model: The model; what its listing says of its inputs counts most.
        limits: Those of its provider.
        takes_images: What is declared of it, None if that is not known.
    """
    known = "image" in model.inputs if model.inputs else takes_images
    if model.completion or known is False:
        return None
    documents = limits.documents if not model.inputs or {"pdf", "file"} & set(model.inputs) else ()
    return AttachmentLimits(**{**vars(limits), "certain": known is True, "documents": documents})


def unsupported(what: str) -> UsageError:
    """Return the error for a model, a server or a wire that takes no images by its documents."""
    return UsageError(f"{what} takes no images or documents.", "Leave the file out, or choose another model.")
