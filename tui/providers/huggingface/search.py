"""Search the Hub for models (hub-docs, inference-providers/hub-api; huggingface_hub, hf_api.py)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tui.domain import ModelType
from tui.providers.dialects.openai.api import malformed, number
from tui.providers.events import Event, SearchResult, SearchResults
from tui.providers.huggingface.hub import (
    ENDPOINT,
    EXPANDED,
    SIMILARITY,
    SPEECH,
    TEXT,
    TEXT2TEXT,
    VECTORS,
    dicts,
    models_at,
    serving_providers,
)
from tui.providers.requests import ApiError, Call, Frame
from tui.providers.spec import FieldValues

_SEARCHES: Mapping[ModelType, tuple[tuple[str, Mapping[str, str]], ...]] = {
    # text2text-generation is no pipeline any more, only a tag.
    ModelType.CHAT: (
        (TEXT, {"pipeline_tag": TEXT}),
        (TEXT, {"pipeline_tag": "image-text-to-text"}),
        (TEXT2TEXT, {"filter": TEXT2TEXT}),
    ),
    ModelType.EMBEDDING: ((VECTORS, {"pipeline_tag": VECTORS}), (VECTORS, {"pipeline_tag": SIMILARITY})),
    ModelType.SPEECH2TEXT: ((SPEECH, {"pipeline_tag": SPEECH}),),
}


def search(fields: FieldValues, text: str, kind: ModelType) -> Call:
    """Return the call that finds models whose name holds a text, those that are served first."""
    return _Search(fields, text, kind).call()


@dataclass(frozen=True)
class _Search:
    fields: FieldValues
    text: str
    kind: ModelType
    place: int = 0
    hits: tuple[tuple[int, SearchResult], ...] = ()

    def call(self) -> Call:
        query = {"search": self.text, **_SEARCHES[self.kind][self.place][1], "sort": "downloads", "limit": "20"}
        return Call("GET", models_at(self.fields), lambda: self.read, query={**query, "expand": EXPANDED})

    def read(self, frame: Frame | None) -> Iterator[Event | ApiError | Call]:
        if frame is None:
            return
        if not isinstance(frame.data, list):
            yield malformed("It holds no list of models.")
            return
        task = _SEARCHES[self.kind][self.place][0]
        known = {hit.id for _, hit in self.hits}
        fresh = [entry for entry in dicts(frame.data) if isinstance(entry.get("id"), str) and entry["id"] not in known]
        hits = (*self.hits, *((number(entry.get("downloads")), _hit(entry, task)) for entry in fresh))
        if self.place + 1 < len(_SEARCHES[self.kind]):
            yield replace(self, place=self.place + 1, hits=hits).call()
            return
        yield SearchResults(
            tuple(hit for _, hit in sorted(hits, key=lambda ranked: (not ranked[1].usable, -ranked[0])))
        )


def _hit(entry: Mapping[str, Any], task: str) -> SearchResult:
    by = serving_providers(entry, task)
    words = ["served" if by and by.well else "served, degraded" if by else "not served"]
    words += [f"{_short_count(count)} downloads"] if (count := number(entry.get("downloads"))) else []
    words += ["licence to accept"] if entry.get("gated") else []
    # One that is not served can run on an endpoint.
    fields = {"task": task} if by else {"task": task, "endpoint_type": ENDPOINT}
    return SearchResult(entry["id"], " · ".join(words), usable=by is not None, fields=fields)


def _short_count(count: int) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + letter
    return str(count)
