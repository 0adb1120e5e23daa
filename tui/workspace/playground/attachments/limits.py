"""Check what goes with a chat against the limits of its provider, before anything is sent."""

from collections.abc import Sequence
from dataclasses import replace

from tui.domain import Model, ModelType
from tui.errors import UsageError
from tui.providers import PROVIDERS
from tui.providers.requests import Attachment, Message
from tui.providers.spec import AttachmentLimits, Provider
from tui.workspace.playground.speech.audio import megabytes

_NAMED = 3
"""Models that are named as an example."""


def check(provider: Provider, model: Model, messages: Sequence[Message]) -> tuple[tuple[Message, ...], list[str]]:
    """Return the messages to send, and sentences about what is uncertain or cannot be sent any more.

    Raises:
        UsageError: The provider would reject an attachment by its documents.
    """
    files = [file for message in messages for file in message.attachments]
    if not files:
        return tuple(messages), []
    lost = [file.name for file in files if not file.content]
    sentences = [f"{', '.join(lost)} was not kept with the chat. The question is sent without it."] if lost else []
    sendable = [file for message in messages for file in _sendable(message)]
    if lost:
        messages = [replace(entry, attachments=_sendable(entry)) for entry in messages]
    limits = _accepted_limits(provider, model, sendable)
    if limits is not None:
        _check_sizes(model, sendable, limits)
        if not limits.certain and any(file.is_image for file in sendable):
            sentences.append(f"It is not known whether {model.ref} takes images. It was tried.")
    return tuple(messages), sentences


def _sendable(message: Message) -> tuple[Attachment, ...]:
    return tuple(file for file in message.attachments if file.content)


def _accepted_limits(provider: Provider, model: Model, files: Sequence[Attachment]) -> AttachmentLimits | None:
    if not files:
        return None
    limits = provider.attachments(model)
    documents, images = (limits.documents, limits.images) if limits else ((), ())
    for file in files:
        if not file.is_image and file.media not in documents:
            raise UsageError(f"{model.ref} takes no PDFs here.", f"PDFs are sent to {_with_documents()}.")
        if file.is_image and not images:
            named = ", ".join(_with_images(provider))
            hint = f"{provider.label} has {named}." if named else "Choose another model."
            raise UsageError(f"{model.ref} takes no images.", hint)
        if file.is_image and file.media not in images:
            names = " ".join(media.removeprefix("image/") for media in images)
            raise UsageError(f"{file.name} is {file.media}, which {model.ref} does not take.", f"It takes {names}.")
    return limits


def _check_sizes(model: Model, files: Sequence[Attachment], limits: AttachmentLimits) -> None:
    for file in files:
        size, sides = len(file.content), (file.width, file.height)
        if limits.size and size > limits.size:
            raise UsageError(
                f"{file.name} is {megabytes(size)}; {model.ref} takes {megabytes(limits.size)}.", "Make it smaller."
            )
        if limits.side and max(sides) > limits.side:
            raise UsageError(
                f"{file.name} has {file.width} × {file.height} pixels; {model.ref} takes {limits.side:,} a side.",
                "Make it smaller.",
            )
        if limits.min_side and file.is_image and min(sides) < limits.min_side:
            raise UsageError(
                f"{file.name} has {file.width} × {file.height} pixels; {model.ref} needs {limits.min_side} a side.",
                "Send a larger image.",
            )
    if limits.count and len(files) > limits.count:
        raise UsageError(
            f"The chat has {len(files)} files; {model.ref} takes {limits.count} in a request.",
            "Begin a new chat, or attach fewer.",
        )
    total = sum(len(file.content) for file in files)
    if limits.total and total > limits.total:
        raise UsageError(
            f"The files of the chat have {megabytes(total)}; a request of {model.ref} takes {megabytes(limits.total)}.",
            "Begin a new chat, or attach fewer.",
        )


def _with_documents() -> str:
    """Return the providers that take PDFs by their documents."""
    labels = []
    for provider in PROVIDERS.values():
        limits = (provider.attachments(model) for model in provider.catalogue if model.type is ModelType.CHAT)
        if any(entry.documents for entry in limits if entry):
            labels.append(provider.label)
    return " and ".join(labels)


def _with_images(provider: Provider) -> list[str]:
    """Return a few of the provider's models that take images."""
    models = (model for model in provider.catalogue if model.type is ModelType.CHAT)
    return [model.id for model in models if (limits := provider.attachments(model)) and limits.certain][:_NAMED]
