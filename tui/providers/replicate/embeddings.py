"""Embeddings by Replicate models, each with its own inputs and vector format."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from tui.domain import ModelType
from tui.providers.dialects.openai.api import malformed
from tui.providers.dialects.openai.embeddings import vectors_of
from tui.providers.events import Event, Finish, Vectors
from tui.providers.replicate import inputs as model_inputs
from tui.providers.replicate import predictions
from tui.providers.replicate.inputs import FILES, Inputs, ModelInput
from tui.providers.requests import ApiError, Call, EmbeddingRequest
from tui.providers.spec import FieldValues

BATCH = 32

_UNKNOWN = Inputs((ModelInput("text"),))
# Inputs of this type hold JSON where their name is that of several texts.
_SEVERAL = frozenset(["texts", "query_texts", "sentences"])
_VECTOR_FIELDS = ("embeddings", "embedding", "vectors", "vector")


def embed(fields: FieldValues, request: EmbeddingRequest) -> Call:
    """Return the call that begins to turn texts into vectors; when one prediction is over, the next texts follow."""
    return _Batch(fields, request, model_inputs.decode(request.model) or _UNKNOWN).call()


@dataclass(frozen=True)
class _Batch:
    fields: FieldValues
    request: EmbeddingRequest
    inputs: Inputs
    start: int = 0

    @property
    def input(self) -> ModelInput:
        return self.inputs.texts or _UNKNOWN.takes[0]

    @property
    def texts(self) -> tuple[str, ...]:
        several = self.input.type == "texts" or self.input.name in _SEVERAL
        return self.request.texts[self.start : self.start + (BATCH if several else 1)]

    def call(self) -> Call:
        take, texts = self.input, list(self.texts)
        value: Any = texts if take.type == "texts" else texts[0]
        if take.type != "texts" and take.name in _SEVERAL:
            value = json.dumps(texts, ensure_ascii=False)
        following = predictions.PredictionFollower(self.fields, self.read)
        return predictions.create(self.fields, self.request.model, {take.name: value, **self.form}, following)

    @property
    def form(self) -> dict[str, Any]:
        """Inputs that ask for numbers instead of a file or packed numbers."""
        numpy, form = self.inputs.by_name("convert_to_numpy"), self.inputs.by_name("output_format")
        inputs: dict[str, Any] = {numpy.name: False} if numpy else {}
        return inputs | ({form.name: "array"} if form and "array" in form.choices else {})

    def read(self, output: Any, prediction: Mapping[str, Any]) -> Iterator[Event | ApiError | Call]:
        if isinstance(output, str) and output.startswith("https://"):
            yield ApiError(code=FILES, param=ModelType.EMBEDDING)
            return
        entries = [{"embedding": vector} for vector in _vectors(output)]
        vectors = vectors_of({"data": entries}, len(self.texts))
        if vectors is None:
            yield malformed(f"It holds no {len(self.texts)} vectors.")
            return
        yield Vectors(self.start, vectors)
        yield from predictions.read_usage(prediction)
        start = self.start + len(vectors)
        if start < len(self.request.texts):
            yield replace(self, start=start).call()
        else:
            yield Finish("succeeded")


def _vectors(output: Any) -> list[Any]:
    """Read the vectors of an output: numbers, lists, objects that hold them; text may be JSON or packed."""
    if isinstance(output, str) and output.lstrip()[:1] in ("[", "{"):
        with suppress(ValueError, RecursionError):
            output = json.loads(output)
    if isinstance(output, dict):
        content = next((output[name] for name in _VECTOR_FIELDS if name in output), None)
        return _vectors(content)
    if isinstance(output, str):
        return [output]
    if not isinstance(output, list):
        return []
    if output and isinstance(output[0], int | float):
        return [output]
    return [_vectors(part)[0] if isinstance(part, dict) and _vectors(part) else part for part in output]
