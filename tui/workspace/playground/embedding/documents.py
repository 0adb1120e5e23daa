"""Embed texts in batches, and read the lines of a file."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path

from tui.domain import Model
from tui.errors import UsageError
from tui.providers.client.wire_log import WireLog
from tui.providers.events import Event, Vectors
from tui.storage.user_file import read
from tui.tenancy.session import TenantSession
from tui.workspace.playground import calls
from tui.workspace.playground.embedding.vectors import Vector

_MAX_SIZE = 64 << 20
"""Bytes of a file of lines."""


async def embed_all(
    session: TenantSession,
    model: Model,
    texts: Sequence[str],
    *,
    query: bool = False,
    dimensions: int = 0,
    wire_log: WireLog | None = None,
    on_event: Callable[[Event], object] = lambda event: None,
) -> list[Vector]:
    """Return the vector of each text; an empty one for a text that got none. `on_event` is called for each event."""
    vectors: dict[int, Vector] = {}
    route, call = calls.embed_call(session, model, texts, query, dimensions=dimensions)
    async with aclosing(calls.send(session, model, route, call, wire_log)) as events:
        async for event in events:
            if isinstance(event, Vectors):
                vectors |= dict(enumerate(event.vectors, event.start))
            on_event(event)
    return [vectors.get(index, ()) for index in range(len(texts))]


def read_lines(path: Path) -> list[tuple[int, str]]:
    """Return the lines of a file that hold something, each with its number from 1.

    Raises:
        UsageError: The file cannot be read, holds no text, or is too large.
    """
    content = read(path, _MAX_SIZE)
    if len(content) > _MAX_SIZE:
        raise UsageError(f"The file is larger than {_MAX_SIZE >> 20} MiB.", "Split it.")
    text = content.decode("utf-8", "replace")
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise UsageError("The file contains no text.", "Choose a file with one text per line.")
    return lines
