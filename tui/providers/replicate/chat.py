"""Chat with Replicate models: a conversation as inputs, an output as an answer (topics, streaming).

Most models take one text. The conversation goes into it, unless the model takes messages as such.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tui.domain import Model
from tui.errors import UsageError
from tui.providers.dialects.attachments import IMAGES, images_of
from tui.providers.dialects.attachments import unsupported as no_attachments
from tui.providers.dialects.openai import chat as openai_chat
from tui.providers.dialects.openai.api import endpoint, malformed
from tui.providers.dialects.structured_output import unsupported
from tui.providers.events import Event, Finish, TextDelta
from tui.providers.replicate import inputs as model_inputs
from tui.providers.replicate import predictions
from tui.providers.replicate.files import MAX_INLINE_SIZE, read_upload
from tui.providers.replicate.inputs import Inputs, ModelInput
from tui.providers.requests import ApiError, Attachment, Base64File, Call, ChatRequest, Message, Upload
from tui.providers.spec import AttachmentLimits, FieldValues

_UNKNOWN = Inputs((ModelInput("prompt", required=True),))
"""What is assumed of a model whose inputs are not known: nearly every one takes this."""


def chat(fields: FieldValues, request: ChatRequest) -> Call:
    """Return the call that begins to answer a chat."""
    if request.schema is not None:
        # Some models have an input for one, each under a name of its own.
        raise unsupported(request.model.ref)
    inputs = model_inputs.decode(request.model) or _UNKNOWN
    files = images_of(request.messages)
    if not files:
        return _predict(fields, request, inputs, {})
    take = inputs.image
    if take is None:
        raise no_attachments(request.model.ref)
    if len(files) > 1 and take.type:
        raise UsageError(f"{request.model.ref} takes one image.", "Attach one; begin a new chat for the next.")
    return _with_images(fields, request, inputs, take, files, ())


def attachment_limits(model: Model) -> AttachmentLimits | None:
    """Return the images that a model takes: those whose schema has an input for one."""
    inputs = model_inputs.decode(model)
    take = inputs.image if inputs else None
    return replace(_LIMITS, count=1 if take.type else 0) if take else None


_LIMITS = AttachmentLimits(
    source="https://replicate.com/docs/topics/predictions/input-files", images=IMAGES, size=100_000_000
)


def _predict(fields: FieldValues, request: ChatRequest, inputs: Inputs, images: Mapping[str, Any]) -> Call:
    values = {**model_inputs.values(inputs, request.parameters), **_prompt(inputs, request.messages), **images}
    return predictions.create(
        fields, request.model, values, predictions.PredictionFollower(fields, _answer, request.stream)
    )


def _with_images(
    fields: FieldValues,
    request: ChatRequest,
    inputs: Inputs,
    take: ModelInput,
    files: tuple[Attachment, ...],
    placed: tuple[Base64File | str, ...],
) -> Call:
    """Return the next call: the upload of a large image, else the prediction. `placed` are the images before it."""
    if len(placed) == len(files):
        return _predict(fields, request, inputs, {take.name: placed[0] if take.type else list(placed)})

    def then(place: Base64File | str) -> Call:
        return _with_images(fields, request, inputs, take, files, (*placed, place))

    file = files[len(placed)]
    if len(file.content) <= MAX_INLINE_SIZE:
        return then(file.as_data_url())
    upload = Upload((), file.path, file.media, len(file.content), "content", False, file.name, file.content)
    reader = partial(read_upload, fields, then)
    return Call("POST", endpoint(fields, "/files"), lambda: reader, upload=upload)


def _prompt(inputs: Inputs, messages: tuple[Message, ...]) -> dict[str, Any]:
    system = "\n\n".join(message.text for message in messages if message.role == "system")
    turns = tuple(message for message in messages if message.role != "system")
    values: dict[str, Any] = {inputs.system.name: system} if system and inputs.system else {}
    rest = turns if values else messages
    if whole := inputs.messages:
        text = [{"role": message.role, "content": message.text} for message in rest]
        return values | {whole.name: json.dumps(text, ensure_ascii=False) if whole.type == "string" else text}
    name = (inputs.prompt or _UNKNOWN.takes[0]).name
    if system and not values and len(turns) == 1:
        return {name: f"{system}\n\n{turns[0].text}"}
    return values | {name: openai_chat.prompt(rest)}


def _answer(output: Any, prediction: Mapping[str, Any]) -> Iterator[Event | ApiError]:
    """Yield a whole answer, of which nothing was shown yet."""
    text = "" if output is None else predictions.output_text(output)
    if text is None:
        yield malformed("It holds no text.")
        return
    if text:
        yield TextDelta(text)
    yield from predictions.read_usage(prediction)
    reason = "It was deleted at Replicate before it was read." if prediction.get("data_removed") else ""
    yield Finish("succeeded", note="" if text else reason or "The answer is empty.")
