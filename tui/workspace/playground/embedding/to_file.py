"""Embed many texts into a file: batch by batch, in order, continued after a failure."""

import asyncio
import json
from array import array
from collections.abc import Callable, Sequence
from contextlib import aclosing

from tui.domain import Model
from tui.errors import Problem
from tui.providers.events import Event, Vectors
from tui.sanitize import escaped_json
from tui.tenancy.session import TenantSession
from tui.workspace.playground import calls
from tui.workspace.playground.embedding.vectors_file import VectorsFile

_ATTEMPTS = 5
_BACKOFF, _MAX_BACKOFF = 1.0, 60.0

OnRetry = Callable[[Problem, float], object]
"""Called with the problem of a request, and the seconds after which it is sent again."""


async def embed_rest(
    session: TenantSession,
    model: Model,
    texts: Sequence[str],
    file: VectorsFile,
    *,
    query: bool = False,
    dimensions: int = 0,
    on_event: Callable[[Event], object] = lambda event: None,
    on_retry: OnRetry = lambda problem, seconds: None,
) -> None:
    """Embed the texts that have no vector in the file yet. Cancelling keeps every vector received.

    A failure that may pass is retried.

    Args:
        session: The tenant.
        model: The embedding model.
        texts: All texts.
        file: Where vectors are appended.
        query: Whether the texts are search queries.
        dimensions: The length of the vectors where the model takes one, 0 for its own.
        on_event: Called for each event, once its vectors are in the file.
        on_retry: Called before a request is sent again.

    Raises:
        Problem: A failure that does not pass, or does not pass soon.
    """
    attempt = 0
    while file.done < len(texts):
        before = file.done
        try:
            events = calls.embed(session, model, texts[before:], query, dimensions=dimensions)
            async with aclosing(events) as running:
                async for event in running:
                    if isinstance(event, Vectors):
                        # Vectors come in the order of the texts, a batch at a time.
                        file.append(event.vectors)
                    on_event(event)
        except Problem as problem:
            attempt = 1 if file.done > before else attempt + 1
            if not problem.transient or attempt >= _ATTEMPTS:
                raise
            seconds = problem.retry_after or min(_MAX_BACKOFF, _BACKOFF * 2**attempt)
            on_retry(problem, seconds)
            await asyncio.sleep(seconds)


def about(model: Model, *, query: bool, dimensions: int) -> str:
    """Return what the vectors of a file are of, which has to be the same when it is continued."""
    return f"{model.ref} {dimensions or ''}{' query' if query else ''}".strip()


def vector_line(model: Model, texts: Sequence[str], index: int, vector: Sequence[float]) -> str:
    """Return the JSON of a text with its vector, in one line."""
    head = {"index": index, "text": texts[index], "model": model.ref, "vector": None}
    text = escaped_json(json.dumps(head, ensure_ascii=False))
    return text.removesuffix("null}") + vector_text(vector) + "}"


def vector_text(vector: Sequence[float]) -> str:
    """Return a vector as a JSON list; 32-bit floats, as most are, with the nine digits that hold them exactly."""
    try:
        singles = array("f", vector)
    except OverflowError:
        singles = array("f")
    if singles.tolist() != list(vector):
        return json.dumps(list(vector))
    return f"[{', '.join(['%.9g'] * len(singles)) % tuple(singles)}]"
