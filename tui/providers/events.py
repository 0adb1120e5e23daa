"""Events of a running call: pieces of the answer, usage, notices, progress."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tui.domain import Model
from tui.secret import Secret


@dataclass(frozen=True)
class TextDelta:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True)
class ThinkingDelta:
    """A piece of the model's thinking."""

    text: str


@dataclass(frozen=True)
class ToolCall:
    """A tool that the model asks for: an ID, which its result names, the tool's name, and arguments as JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class ToolCalls:
    """The tools that an answer asks for.

    `state` is what the provider wants back with the results, in its own form, such as signed thinking.
    """

    calls: tuple[ToolCall, ...]
    state: tuple[Mapping[str, Any], ...] = ()


DELTAS = (TextDelta, ThinkingDelta)
"""The kinds of pieces of an answer, for `isinstance`."""


@dataclass(frozen=True)
class Usage:
    """The usage of a request in tokens, or `seconds` of audio; None if it is not reported.

    One convention for all providers: `input` and `output` are totals, and every other count is a part of one of them.
    Dialects convert what is reported in another way: Anthropic counts cached tokens beside `input_tokens`, xAI counts
    thinking beside `completion_tokens`.

    Attributes:
        input: Tokens of the prompt, with those that were read from a cache or written to it.
        output: Tokens of the answer, with the thinking.
        reasoning: The part of `output` that is thinking.
        cached: The part of `input` that was read from a cache.
        cache_write: The part of `input` that was written to a cache.
        cache_write_1h: The part of `cache_write` that is kept for an hour, which Anthropic charges more for.
        audio: The part of `input` that is audio.
        image: The part of `input` that is images.
        audio_output: The part of `output` that is audio.
    """

    input: int | None = None
    output: int | None = None
    reasoning: int | None = None
    seconds: float = 0.0
    cached: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None
    audio: int | None = None
    image: int | None = None
    audio_output: int | None = None

    def as_json(self) -> dict[str, int | None]:
        """Return the token counts as commands print them; null is a count that the provider does not report."""
        return {name: getattr(self, name) for name in USAGE_COUNTS}


USAGE_COUNTS = tuple(name for name in Usage.__dataclass_fields__ if name != "seconds")
"""The names of the counts of `Usage`, in the order in which they are printed."""


@dataclass(frozen=True)
class Finish:
    """The end of an answer. `reason` is the provider's word; `complete` is False if the provider cut it.

    `note` is a sentence for people when the reason needs one, such as "The answer reached its length limit." Of an
    `UNFINISHED` answer the client decides whether it is complete (`client.response.Answer`); it never yields one.
    """

    reason: str
    complete: bool = True
    note: str = ""


UNFINISHED = Finish("", complete=False)
"""What a reader yields at the end of an answer in which it saw neither a finish reason nor an end mark."""


@dataclass(frozen=True)
class Vectors:
    """Vectors of the texts from index `start` on, one each, in order."""

    start: int
    vectors: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Segment:
    """A stretch of a transcript; times in seconds from the start."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Transcript:
    """The text of a recording, `duration` in seconds where the provider tells it."""

    text: str
    segments: tuple[Segment, ...] = ()
    language: str = ""
    duration: float = 0.0


MAX_LISTED = 50_000
"""Models that are read of a list, as many as an exported file may hold: a server decides how long its list is."""


@dataclass(frozen=True)
class ModelsListed:
    """Models as the provider lists them (imported, usable ones only), and how many entries it sent in all."""

    models: tuple[Model, ...]
    count: int = 0


@dataclass(frozen=True)
class Accepted:
    """The provider accepts the credential; `expires` is the date (YYYY-MM-DD) until which, '' if it does not say."""

    expires: str = ""


@dataclass(frozen=True)
class Notice:
    """A sentence about a running request, for example about a parameter that was left out.

    `refused` are fields of the request that the server refused by name, each with what took its place, or ''.
    """

    text: str
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Retrying:
    """The request failed and is sent again in `seconds`: attempt `attempt` of `of`."""

    reason: str
    seconds: float
    attempt: int
    of: int


@dataclass(frozen=True)
class NoResponseYet:
    """Nothing useful has arrived for `seconds`; the request is stopped at `limit`."""

    seconds: float
    limit: float


@dataclass(frozen=True)
class UploadStarted:
    """The bytes of the file sent so far, and its size."""

    sent: int
    size: int


@dataclass(frozen=True)
class SearchResult:
    """A model to add, or a value of a field. `usable` is False if it cannot be used as it is.

    `note` says in a few words what it is; `label` stands for the id where that is not what people know it by. `fields`
    are further fields that choosing it fills in, `model` being the id of the model. For one that cannot be used as it
    is they may hold another choice with which it can; that is offered and not done.
    """

    id: str
    note: str = ""
    usable: bool = True
    fields: Mapping[str, str] = field(default_factory=dict)
    label: str = ""


@dataclass(frozen=True)
class SearchResults:
    """The results of a search or suggestion, best first."""

    hits: tuple[SearchResult, ...]


@dataclass(frozen=True)
class ModelDetails:
    """The provider's answer about a model to add: its completed fields, and a sentence."""

    model: Model
    note: str = ""


@dataclass(frozen=True)
class AccessToken:
    """An access token, valid for `seconds` from now. Only the client uses it."""

    secret: Secret
    seconds: float


Event = (
    TextDelta
    | ThinkingDelta
    | ToolCalls
    | Usage
    | Finish
    | Vectors
    | Transcript
    | ModelsListed
    | Accepted
    | Notice
    | Retrying
    | NoResponseYet
    | UploadStarted
    | SearchResults
    | ModelDetails
    | AccessToken
)
