"""Chat with Replicate models: a conversation as inputs, an output as an answer (topics, streaming).

Most models take one text. The conversation goes into it, unless the model takes messages as such.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tui.providers.dialects.openai import chat as openai_chat
from tui.providers.dialects.openai.api import malformed
from tui.providers.dialects.structured_output import unsupported
from tui.providers.events import Event, Finish, TextDelta
from tui.providers.replicate import inputs as model_inputs
from tui.providers.replicate import predictions
from tui.providers.replicate.inputs import Inputs, Take
from tui.providers.requests import ApiError, Call, ChatRequest, Message
from tui.providers.spec import FieldValues

_UNKNOWN = Inputs((Take("prompt", required=True),))
"""What is assumed of a model whose inputs are not known: nearly every one takes this."""


def chat(fields: FieldValues, request: ChatRequest) -> Call:
    """Return the call that begins to answer a chat."""
    if request.schema is not None:
        # Some models have an input for one, each under a name of its own.
        raise unsupported(request.model.ref)
    inputs = model_inputs.of(request.model) or _UNKNOWN
    values = {**model_inputs.values(inputs, request.parameters), **_prompt(inputs, request.messages)}
    return predictions.create(fields, request.model, values, predictions.Following(fields, _answer, request.stream))


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
    text = "" if output is None else predictions.joined(output)
    if text is None:
        yield malformed("It holds no text.")
        return
    if text:
        yield TextDelta(text)
    yield from predictions.used(prediction)
    reason = "It was deleted at Replicate before it was read." if prediction.get("data_removed") else ""
    yield Finish("succeeded", note="" if text else reason or "The answer is empty.")
