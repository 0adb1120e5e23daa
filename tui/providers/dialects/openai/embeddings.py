"""Embedding requests (OpenAI API reference, embeddings)."""

import base64
import binascii
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tui.providers.dialects.openai.api import Flavour, endpoint, error_in, malformed
from tui.providers.dialects.values import order, token_count, total
from tui.providers.events import Event, Finish, Usage, Vectors
from tui.providers.requests import ApiError, Call, EmbeddingRequest, Frame
from tui.providers.spec import FieldValues

MAX_CHARACTERS = 300_000
"""One request takes 300,000 tokens in all; a token is most often longer than a character, and seldom shorter."""


_LISTS = ("data", "embeddings", "vectors", "output", "result", "float")
_VECTORS = ("embedding", "vector", "values")
_MAX_WRAPPERS = 3


def embed(flavour: Flavour, fields: FieldValues, request: EmbeddingRequest) -> Call:
    """Return the embedding request; its reader yields the request for the next batch of texts."""
    return _Batch(flavour, fields, request).call()


def texts_that_fit(texts: Sequence[str], characters: int) -> Sequence[str]:
    """Return the first texts that together have at most so many characters; the first one in any case."""
    size = 0
    for count, text in enumerate(texts):
        size += len(text)
        if count and size > characters:
            return texts[:count]
    return texts


@dataclass(frozen=True)
class _Batch:
    """Some of the texts of a request, and how they are sent."""

    flavour: Flavour
    fields: FieldValues
    request: EmbeddingRequest
    start: int = 0
    used: int | None = None

    @property
    def texts(self) -> Sequence[str]:
        batch = self.flavour.batch(self.request.model)
        return texts_that_fit(self.request.texts[self.start : self.start + batch], MAX_CHARACTERS)

    def call(self) -> Call:
        body: dict[str, Any] = {
            "model": self.request.model.id,
            "input": list(self.texts),
            "encoding_format": self.flavour.vectors,
        }
        if self.request.dimensions:
            body["dimensions"] = self.request.dimensions
        return Call("POST", endpoint(self.fields, "/embeddings"), lambda: self.read, json=body)

    def read(self, frame: Frame | None) -> Iterator[Event | ApiError | Call]:
        if frame is None:
            return
        data = frame.data
        if refused := error_in(data):
            yield refused
            return
        vectors = vectors_of(data, len(self.texts))
        if vectors is None:
            yield malformed(f"It holds no {len(self.texts)} vectors.")
            return
        yield Vectors(self.start, vectors)
        usage = data.get("usage") if isinstance(data, dict) else None
        used = total(self.used, token_count(usage.get("prompt_tokens")) if isinstance(usage, dict) else None)
        start = self.start + len(vectors)
        if start < len(self.request.texts):
            yield _Batch(self.flavour, self.fields, self.request, start, used).call()
            return
        if used is not None:
            yield Usage(input=used)
        yield Finish("stop")


def vectors_of(data: Any, count: int) -> tuple[tuple[float, ...], ...] | None:
    """Read the vectors in the order of the texts; None unless there is one for each."""
    entries = _entries(data)
    if not isinstance(entries, list) or not all(isinstance(entry, dict | list) for entry in entries):
        return None
    indexed = any(isinstance(entry, dict) and "index" in entry for entry in entries)
    positions = order(entries, "index" if indexed else "text_index")
    if positions is None or len(entries) != count:
        return None
    by_position = {position: _vector(_numbers(entry)) for position, entry in zip(positions, entries, strict=True)}
    vectors = [by_position[position] for position in range(count)]
    return tuple(vectors) if all(vectors) and len({len(vector) for vector in vectors}) == 1 else None


def _entries(data: Any) -> Any:
    """Return the list of vectors, under whatever name servers send it: of OpenAI, Ollama, TEI, Cohere, gateways."""
    for _ in range(_MAX_WRAPPERS):
        if not isinstance(data, dict):
            break
        data = next((data[name] for name in _LISTS if isinstance(data.get(name), dict | list)), None)
    return data


def _numbers(entry: Any) -> Any:
    return entry if isinstance(entry, list) else next((entry[name] for name in _VECTORS if name in entry), None)


def _vector(value: Any) -> tuple[float, ...]:
    if isinstance(value, str):
        # Packed little-endian float32, as the vendor's own client asks for.
        try:
            packed = base64.b64decode(value, validate=True)
            return _check_finite(struct.unpack(f"<{len(packed) // 4}f", packed))
        except (binascii.Error, struct.error, ValueError):
            return ()
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        value = value[0]
    if isinstance(value, list) and set(map(type, value)) <= {float, int}:
        try:
            return _check_finite(tuple(map(float, value)))
        except OverflowError:
            return ()  # a whole number that no float holds
    return ()


def _check_finite(vector: tuple[float, ...]) -> tuple[float, ...]:
    return vector if all(map(math.isfinite, vector)) else ()
