"""`modeldeck embed`: print one vector a line, batch by batch."""

import sys
from collections.abc import Coroutine, Sequence
from contextlib import aclosing
from typing import Any

from tui.cli.commands.embed import analysis
from tui.cli.commands.embed.to_file import embed_to_file
from tui.cli.context import CommandContext
from tui.cli.inputs import read_text, whole_number
from tui.cli.model_call import answering_model, print_progress, print_request, trace_option, unlock_for_call
from tui.domain import Model, ModelType
from tui.errors import UsageError
from tui.providers.events import Vectors
from tui.storage.user_file import local_path
from tui.tenancy import models
from tui.workspace.playground import calls
from tui.workspace.playground.embedding.to_file import vector_text

_MAX_MODELS = 2


def embed(call: CommandContext) -> Coroutine[Any, Any, None]:
    """Read the texts, then embed them, from the one that --from names on."""
    chosen = _models(call)
    model = chosen[0]
    words = call.args.many("TEXT")
    texts = _lines() if words in ((), ("-",)) else list(words)
    if not texts:
        raise UsageError("There is no text to embed.", "For example: modeldeck embed 'a cat' 'a dog'")
    for number, text in enumerate(texts, start=1):
        if not text.strip():
            raise UsageError(f"Text {number} is blank; providers reject those.", "Remove blank lines.")
    dimensions = whole_number("--dimensions", call.args.one("dimensions", "0"), 0, 100_000)
    kinds = [name for name in ("nearest", "scatter", "output") if call.args.has(name)] + ["models"] * (len(chosen) > 1)
    if len(kinds) > 1:
        raise UsageError("--nearest, --scatter, -o and a second model exclude one another.")
    if kinds and call.args.has("trace"):
        raise UsageError("--trace saves the requests of one run that prints vectors.", "Leave --trace out.")
    if kinds == ["models"]:
        return analysis.agreement(call, chosen, texts)
    if kinds == ["nearest"]:
        return analysis.nearest(call, model, texts, dimensions)
    if kinds == ["scatter"]:
        return analysis.scatter(call, model, texts, dimensions)
    if kinds == ["output"]:
        return embed_to_file(call, model, texts, dimensions, local_path(call.args.one("output")))
    first = whole_number("--from", call.args.one("from", "1"), 1, len(texts))
    return _embed(call, model, texts, first - 1, dimensions)


def _models(call: CommandContext) -> list[Model]:
    """Return the model of -m, the two that are compared, or the default model."""
    named = list(dict.fromkeys(call.args.many("model")))
    if len(named) > _MAX_MODELS:
        raise UsageError(f"Up to {_MAX_MODELS} embedding models are compared.")
    if len(named) < _MAX_MODELS:
        return [answering_model(call, ModelType.EMBEDDING)]
    return [models.find(call.tenant_session, ref, ModelType.EMBEDDING) for ref in named]


def _lines() -> list[str]:
    text = read_text("Type one text per line")
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


async def _embed(call: CommandContext, model: Model, texts: list[str], done: int, dimensions: int) -> None:
    """Print the vectors of the texts behind the first `done`; after a failure, say how to go on."""
    if call.args.has("print"):
        route, request = calls.embed_call(
            call.tenant_session, model, texts[done:], call.args.has("query"), None, dimensions
        )
        print_request(call, route, request)
        return
    await unlock_for_call(call, model)
    first, of = done, len(texts)
    try:
        query = call.args.has("query")
        with trace_option(call) as log:
            rest = texts[first:]
            prepared = calls.embed_call(call.tenant_session, model, rest, query, dimensions=dimensions)
            events = calls.send(call.tenant_session, model, *prepared, log)
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, Vectors):
                        _print(call, model, texts, first + event.start, event.vectors)
                        done = first + event.start + len(event.vectors)
                        if of > len(event.vectors):
                            call.out.progress(f"Embedded {done:,} of {of:,} texts")
                    else:
                        print_progress(call.out, event)
    except BrokenPipeError:
        first = done  # its reader has what it wants
        raise
    finally:
        if first < done < of:
            call.out.note(f"{done - first:,} vectors were printed, up to text {done:,} of {of:,}.")
            call.out.note(f"To continue, run the same command with --from {done + 1}.")
        call.out.end_progress()


def _print(
    call: CommandContext, model: Model, texts: Sequence[str], first: int, vectors: Sequence[Sequence[float]]
) -> None:
    call.out.end_progress()
    for index, vector in enumerate(vectors, start=first):
        row = _line(call, model, texts, index, vector) if call.out.as_json else vector_text(vector)
        sys.stdout.write(row + "\n")
    sys.stdout.flush()


def _line(call: CommandContext, model: Model, texts: Sequence[str], index: int, vector: Sequence[float]) -> str:
    """Return the JSON of a text with its vector, in one line."""
    about = {"index": index, "text": texts[index], "model": model.ref, "vector": None}
    return call.out.json_text(about, indent=None).removesuffix("null}") + vector_text(vector) + "}"
