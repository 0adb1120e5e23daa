"""The vocabulary of a provider file.

A provider is a declaration (`Provider`); a dialect is a few pure functions that turn an ask into a `Call` and read the
frames of its answer into events. Nothing here or in a dialect does I/O: `wire.py` runs every call.

    ask ──dialect──> Call ──wire: sign, send, frame──> Frame ──Call.reader──> Event | Call (a next step)
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from tui.domain import Intake, Model, ModelType, Supply
from tui.errors import Problem
from tui.secret import Secret

Fields = Mapping[str, str]
"""The clear fields of a credential by name, defaults filled in; a field left empty is absent or ''."""


@dataclass(frozen=True)
class Choice:
    """One value of a field or parameter that offers a fixed set."""

    value: str
    label: str


@dataclass(frozen=True)
class Field:
    """One field of a credential form or of an added model.

    `pattern` is a regular expression that the whole value must match, `pattern_help` the sentence shown when it does
    not. `env` names the variables that usually hold the value. `prefixes` are the beginnings that keys of this
    provider have, longest first, each with what such a key is called; a hint only. `more` folds the field away.
    `way` names the sign-in alternative that the field belongs to, `url` marks an address whose origin the key may go
    to. `clears` are endings cut from a pasted address (such as /chat/completions).
    """

    name: str
    label: str
    help: str = ""
    secret: bool = False
    required: bool = False
    default: str = ""
    choices: tuple[Choice, ...] = ()
    pattern: str = ""
    pattern_help: str = ""
    env: tuple[str, ...] = ()
    prefixes: tuple[Choice, ...] = ()
    more: bool = False
    way: str = ""
    url: bool = False
    clears: tuple[str, ...] = ()


@dataclass(frozen=True)
class LocalServer:
    """A model server that may answer on this machine: its usual base URL and what it is called.

    `variable` names the one of the environment that holds its host and port, wherever it runs.
    """

    base_url: str
    label: str
    variable: str = ""


class ParameterKind(StrEnum):
    NUMBER = "number"
    WHOLE = "whole"
    TEXT = "text"
    TEXTS = "texts"
    CHOICE = "choice"


@dataclass(frozen=True)
class Parameter:
    """A parameter that a model takes: its range (inclusive), what the provider does without it, and what it means."""

    name: str
    label: str
    kind: ParameterKind
    low: float | None = None
    high: float | None = None
    unset: str = "–"
    help: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """One turn of a chat; `role` is `system`, `user` or `assistant`."""

    role: str
    text: str


@dataclass(frozen=True)
class ChatAsk:
    """A chat to be answered. `parameters` are by the names of the model's `Parameter`s, only those that were set."""

    model: Model
    messages: tuple[Message, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    stream: bool = True


@dataclass(frozen=True)
class EmbedAsk:
    """Texts to be turned into vectors, none of them empty."""

    model: Model
    texts: tuple[str, ...]


class Times(StrEnum):
    """Which times a transcript carries."""

    NONE = ""
    SENTENCE = "segment"
    WORD = "word"


@dataclass(frozen=True)
class TranscribeAsk:
    """A recording on this machine; `media` is its content type, `size` in bytes, `language` an ISO 639-1 code or ''."""

    model: Model
    path: Path
    media: str
    size: int
    language: str = ""
    times: Times = Times.NONE


@dataclass(frozen=True)
class AudioLimits:
    """What a speech-to-text model takes and gives: file name endings, size in bytes, kinds of times."""

    endings: tuple[str, ...]
    size: int
    times: tuple[Times, ...] = (Times.NONE,)


class Framing(StrEnum):
    """How an answer is cut into frames. `TEXT` is one frame with the whole body as text, `JSON` one with it parsed."""

    JSON = "json"
    TEXT = "text"
    SSE = "sse"
    NDJSON = "ndjson"
    WEBSOCKET = "websocket"


@dataclass(frozen=True)
class Frame:
    """One frame of an answer: parsed JSON, or text where it is not JSON (`[DONE]`); `event` is the SSE event name."""

    data: Any
    event: str = ""


@dataclass(frozen=True)
class Upload:
    """A multipart body: plain parts in order, and one file streamed from disk."""

    parts: tuple[tuple[str, str], ...]
    path: Path
    media: str
    size: int
    name: str = "file"


@dataclass(frozen=True)
class Call:
    """One request and how its answer is read. It holds no secret until `sign` has run.

    `url` carries no query; `query` and `headers` may hold a `Secret` after signing. `json` is the body, or `upload`.
    `reader` makes a fresh reader for the answer. `wait` is how many seconds to wait before sending (polling).
    `repeatable` says that sending it twice does no harm, so that it may be retried before the first byte; a chat is:
    nothing was delivered. `sends` are the JSON messages for a WebSocket.
    """

    method: str
    url: str
    reader: "Callable[[], Reader]"
    framing: Framing = Framing.JSON
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    query: Mapping[str, str | Secret] = field(default_factory=dict)
    json: Any = None
    upload: Upload | None = None
    sends: tuple[Any, ...] = ()
    wait: float = 0.0
    repeatable: bool = True

    def with_headers(self, headers: Mapping[str, str | Secret]) -> "Call":
        return replace(self, headers={**self.headers, **headers})


@dataclass(frozen=True)
class TextDelta:
    text: str


@dataclass(frozen=True)
class ThinkingDelta:
    text: str


@dataclass(frozen=True)
class Usage:
    """What a call used, in tokens; `seconds` of audio where a provider counts those."""

    input: int = 0
    output: int = 0
    reasoning: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Finish:
    """The end of an answer. `reason` is the provider's word; `complete` is false where the answer was cut.

    `note` is a sentence for people when the reason needs one, such as "The answer reached its length limit."
    """

    reason: str
    complete: bool = True
    note: str = ""


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


@dataclass(frozen=True)
class Listed:
    """Models as the provider lists them (imported, usable ones only), and how many entries it sent in all."""

    models: tuple[Model, ...]
    seen: int = 0


@dataclass(frozen=True)
class Accepted:
    """The provider accepts the credential."""


@dataclass(frozen=True)
class Notice:
    """A sentence about a call under way, such as a parameter that was left out."""

    text: str


@dataclass(frozen=True)
class Retrying:
    """The provider is busy or was not reached: again in `seconds`, attempt `attempt` of `of`."""

    reason: str
    seconds: float
    attempt: int
    of: int


@dataclass(frozen=True)
class Silence:
    """Nothing of use has come for `seconds`; the call is given up at `limit`."""

    seconds: float
    limit: float


@dataclass(frozen=True)
class Uploading:
    """Bytes of the file sent so far, of all."""

    sent: int
    size: int


@dataclass(frozen=True)
class Refusal:
    """The provider's own account of a failure, in an HTTP error, in a 200, or in the middle of a stream.

    `status` is the HTTP status (0 in mid-stream), `code` and `kind` the provider's words for machines, `message` its
    words for people, `param` the field it names, `headers` with lower-case names. `final` says that asking again does
    not help, such as for an account without credit.
    """

    status: int = 0
    code: str = ""
    kind: str = ""
    message: str = ""
    param: str = ""
    request_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    final: bool = False


Event = (
    TextDelta
    | ThinkingDelta
    | Usage
    | Finish
    | Vectors
    | Transcript
    | Listed
    | Accepted
    | Notice
    | Retrying
    | Silence
    | Uploading
)

Reader = Callable[[Frame | None], Iterable[Event | Refusal | Call]]
"""Reads one frame, or None at the end of the answer. A `Call` among its results is the next step of the same wire."""

Sign = Callable[[Call, Fields, Mapping[str, Secret], float], Call]
"""(call, clear fields, opened secrets by field name, now in seconds since the epoch) -> the call with its auth."""


@dataclass(frozen=True)
class Provider:
    """A company or server that serves models, declared.

    The presence of `chat`, `embed` and `transcribe` is the capability. `catalogue` is the fallback list, true on the
    date `catalogue_as_of`. `proposed` lists, best first, the ids to propose as a type's default. `origins` gives the
    origins (`https://host[:port]`) that the credential's secrets may be sent to. `refusal` parses an error body
    (status, lower-case headers, parsed JSON or text); `explain` puts it into words, or leaves it to the general rules
    of `wire.py` by answering None. `amend` may answer a refusal with a corrected call, sent once, and the notice that
    tells of it. `after_saving` is what to do next where models are not listed. `place` orders lists, lower first.
    """

    id: str
    label: str
    supply: Supply
    intake: Intake
    fields: tuple[Field, ...]
    sign: Sign
    origins: Callable[[Fields], tuple[str, ...]]
    verify: Callable[[Fields], Call]
    refusal: Callable[[int, Mapping[str, str], Any], Refusal]
    key_page: str = ""
    docs: tuple[str, ...] = ()
    model_fields: tuple[Field, ...] = ()
    list_models: Callable[[Fields], Call] | None = None
    chat: Callable[[Fields, ChatAsk], Call] | None = None
    embed: Callable[[Fields, EmbedAsk], Call] | None = None
    transcribe: Callable[[Fields, TranscribeAsk], Call] | None = None
    explain: Callable[[Refusal, str], Problem | None] = lambda refusal, model: None
    amend: Callable[[Call, Refusal], tuple[Call, str] | None] = lambda call, refusal: None
    parameters: Callable[[Model], tuple[Parameter, ...]] = lambda model: ()
    audio: Callable[[Model], AudioLimits] | None = None
    catalogue: tuple[Model, ...] = ()
    catalogue_as_of: str = ""
    proposed: Mapping[ModelType, Sequence[str]] = field(default_factory=dict)
    local_servers: tuple[LocalServer, ...] = ()
    after_saving: str = ""
    place: int = 100

    @property
    def types(self) -> tuple[ModelType, ...]:
        """The model types that this provider serves."""
        served = {ModelType.CHAT: self.chat, ModelType.EMBEDDING: self.embed, ModelType.SPEECH2TEXT: self.transcribe}
        return tuple(kind for kind, call in served.items() if call is not None)

    def field(self, name: str) -> Field:
        """The credential field of that name; KeyError if there is none."""
        return {each.name: each for each in self.fields}[name]
