"""Embedding requests: TEI, hf-inference, and the default toolkit of an endpoint.

text-embeddings-inference, router/src/http; transformers, feature-extraction pipeline. What comes back differs by
server: one vector, one a text, or one a token, which are averaged.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tui.providers.dialects.openai.api import malformed
from tui.providers.events import Event, Finish, Vectors
from tui.providers.huggingface.tgi import OTHER_TASK, error_in
from tui.providers.requests import ApiError, Call, EmbeddingRequest, Frame, Reader

MAX_TEXTS = 32
"""What TEI takes at once unless it was set up otherwise."""

_BATCH_ERROR = r"batch size \d+ > maximum allowed batch size (\d+)"


def embed(
    url: str,
    request: EmbeddingRequest,
    options: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Call:
    """Return the call that turns texts into vectors; its reader answers with the call for the next ones."""
    return Batch(url, request, options or {}, headers or {}).call()


@dataclass(frozen=True)
class Batch:
    """The texts of one request, from `start` on. It creates the reader, and can ask for fewer at once."""

    url: str
    request: EmbeddingRequest
    options: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    size: int = MAX_TEXTS
    start: int = 0

    @property
    def texts(self) -> Sequence[str]:
        """Return the texts of this batch."""
        return self.request.texts[self.start : self.start + self.size]

    def call(self) -> Call:
        """Return the request for this batch."""
        return Call("POST", self.url, self, headers=self.headers, json={"inputs": list(self.texts), **self.options})

    def __call__(self) -> Reader:
        """Return the reader of the response."""
        return self.read

    def read(self, frame: Frame | None) -> Iterator[Event | ApiError | Call]:
        """Yield the vectors of the response, then the request for the next batch."""
        if frame is None:
            return
        if refused := error_in(frame.data):
            yield refused
            return
        vectors = vectors_of(frame.data, len(self.texts))
        if vectors is None:
            yield _wrong_task(frame.data) or malformed(f"It holds no {len(self.texts)} vectors.")
            return
        yield Vectors(self.start, vectors)
        start = self.start + len(vectors)
        if start < len(self.request.texts):
            yield replace(self, start=start).call()
        else:
            yield Finish("stop")

    def smaller(self, refused: ApiError) -> Call | None:
        """Return the call with as many texts as the server says that it takes; None if that is not what it says."""
        match = re.search(_BATCH_ERROR, refused.message)
        limit = int(match[1][:9]) if match else 0
        return replace(self, size=limit).call() if 0 < limit < len(self.texts) else None


def vectors_of(data: Any, count: int) -> tuple[tuple[float, ...], ...] | None:
    """Read one vector per text; None if there is not one for each."""
    if isinstance(data, dict):
        data = data.get("embeddings")
    depth = _depth(data)
    if depth == 1 or (depth == 2 and count == 1 and len(data) > 1):
        data, depth = [data], depth + 1
    if depth == 4:
        if not all(isinstance(vector, list) and len(vector) == 1 for vector in data):
            return None
        data, depth = [vector[0] for vector in data], 3
    if depth not in (2, 3) or len(data) != count:
        return None
    rows = [_row(vector) if depth == 2 else _mean(vector) for vector in data]
    return tuple(rows) if all(rows) and len({len(row) for row in rows}) == 1 else None


def _depth(data: Any) -> int:
    depth = 0
    while isinstance(data, list) and data:
        data, depth = data[0], depth + 1
    return depth if isinstance(data, int | float) else 0


def _row(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list) or not set(map(type, value)) <= {int, float}:
        return ()
    try:
        row = tuple(map(float, value))
    except OverflowError:
        return ()  # a whole number that no float holds
    return row if all(map(math.isfinite, row)) else ()


def _mean(tokens: Any) -> tuple[float, ...]:
    """Return the mean of the vectors of tokens; they are as many as the text has, so each text has its own."""
    rows = [_row(token) for token in tokens] if isinstance(tokens, list) else []
    if not rows or not rows[0] or len({len(row) for row in rows}) != 1:
        return ()
    return tuple(sum(column) / len(rows) for column in zip(*rows, strict=True))


def _wrong_task(data: Any) -> ApiError | None:
    """Return the answer of a task that gives no vectors."""
    while isinstance(data, list) and data:
        data = data[0]
    known = {"generated_text": "text-generation", "text": "automatic-speech-recognition", "label": "", "score": ""}
    name = next((name for name in known if isinstance(data, dict) and name in data), None)
    return None if name is None else ApiError(400, code=OTHER_TASK, param=known[name])
