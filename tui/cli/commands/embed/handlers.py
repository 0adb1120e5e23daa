"""`modeldeck embed`: one vector a line of input."""

import json
from collections.abc import Coroutine
from typing import Any

from tui.cli.context import CommandContext
from tui.cli.inputs import read_text
from tui.cli.model_call import answering_model, begin, closing, print_progress
from tui.domain import Model, ModelType
from tui.errors import UsageError
from tui.providers.events import Vectors
from tui.workspace.playground import calls


def embed(call: CommandContext) -> Coroutine[Any, Any, None]:
    """Read the texts, then have them embedded."""
    model = answering_model(call, ModelType.EMBEDDING)
    words = call.args.many("TEXT")
    texts = _lines() if words in ((), ("-",)) else list(words)
    if not texts:
        raise UsageError("There is no text to embed.", "For example: modeldeck embed 'a cat' 'a dog'")
    for number, text in enumerate(texts, start=1):
        if not text.strip():
            raise UsageError(f"Text {number} is blank; providers reject those.", "Remove blank lines.")
    return _vectors(call, model, texts)


def _lines() -> list[str]:
    text = read_text("Type one text per line")
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


async def _vectors(call: CommandContext, model: Model, texts: list[str]) -> None:
    await begin(call, model)
    async with closing(calls.embed(call.tenant_session, model, texts, call.args.has("query"))) as events:
        async for event in events:
            if isinstance(event, Vectors):
                _print(call, model, texts, event)
            else:
                print_progress(call.out, event)


def _print(call: CommandContext, model: Model, texts: list[str], batch: Vectors) -> None:
    for index, vector in enumerate(batch.vectors, start=batch.start):
        if call.out.as_json:
            shape = {"index": index, "text": texts[index], "model": model.ref, "vector": list(vector)}
            call.out.json(shape, indent=None)
        else:
            call.out.line(json.dumps(list(vector)))
