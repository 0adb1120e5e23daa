"""Requests and responses as plain values: the request, the call that sends it, its frames.

Nothing here does I/O: `Client` runs every call.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from tui.domain import Model
from tui.providers.events import Event
from tui.secret import Secret


@dataclass(frozen=True)
class Message:
    """One turn of a chat; `role` is `system`, `user` or `assistant`."""

    role: str
    text: str


@dataclass(frozen=True)
class ChatRequest:
    """A chat request. `parameters` holds only those that are set, by the names of the model's `Parameter`s."""

    model: Model
    messages: tuple[Message, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    stream: bool = True


@dataclass(frozen=True)
class EmbeddingRequest:
    """Texts to embed, none of them blank.

    `query` says that they are what is searched with, not what is to be found: some models tell the two apart.
    `dimensions` is the length of the vectors, 0 for the model's own.
    """

    model: Model
    texts: tuple[str, ...]
    query: bool = False
    dimensions: int = 0


class TimestampGranularity(StrEnum):
    """The timestamps of a transcript."""

    NONE = ""
    SENTENCE = "segment"
    WORD = "word"


@dataclass(frozen=True)
class TranscriptionRequest:
    """A recording on this machine; `media` is its content type, `size` in bytes, `language` an ISO 639-1 code or ''.

    `name` is the file name to send, '' for that of the path.
    """

    model: Model
    path: Path
    media: str
    size: int
    language: str = ""
    times: TimestampGranularity = TimestampGranularity.NONE
    name: str = ""


class Framing(StrEnum):
    """How to split a response into frames: `TEXT` is the whole body as text, `JSON` parsed."""

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
    """A multipart body: plain parts in order, and one file streamed from disk; or, `raw`, the file and nothing else.

    `filename` is the file name to send, '' for that of the path.
    """

    parts: tuple[tuple[str, str], ...]
    path: Path
    media: str
    size: int
    name: str = "file"
    raw: bool = False
    filename: str = ""


@dataclass(frozen=True)
class Base64File:
    """A placeholder for a file in a JSON body: its base64, after `prefix` (`data:audio/wav;base64,`)."""

    path: Path
    prefix: str = ""


@dataclass(frozen=True)
class AudioChunks:
    """A file sent over a WebSocket piece by piece: `size` bytes every `interval` seconds.

    `message` makes the JSON message of one piece from its number (from 0), its base64 and whether it is the last.
    """

    path: Path
    size: int
    interval: float
    message: Callable[[int, str, bool], Any]


@dataclass(frozen=True)
class Call:
    """One request and how its answer is read. It holds no secret until `sign` has run.

    `url` carries no query; `query`, `form` and `headers` may hold a `Secret` after signing. The body is `json`, `form`
    (form fields) or `upload`. `reader` makes a fresh reader for the answer. `wait` is how many seconds to wait before
    sending (polling). `repeatable` says that sending it twice does no harm, so that it may be retried before the first
    byte; a chat is: nothing was delivered. `sends` are the JSON messages for a WebSocket, followed by `chunks`; one
    that sends nothing has its end once the connection is accepted. Messages that come over it are read as frames.
    A name of the query with a tuple comes once for each. A refusal with one of the statuses `takes` is an answer too:
    the reader finds the `ApiError` as the data of a frame, and gives it back where it does not know better. A 0 among
    them stands for an answer that breaks off before its first byte, which is read as one without a word. `plain` says
    that frames hold their data as text in every case, blanks and all. With `patience`, what is asked for goes on
    without this connection: where it cannot be had, breaks, or brings nothing of use for so many seconds, the reader is
    told of an end, and answers with another way to come by the rest.
    """

    method: str
    url: str
    reader: "Callable[[], Reader]"
    framing: Framing = Framing.JSON
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    query: Mapping[str, str | Secret | tuple[str, ...]] = field(default_factory=dict)
    json: Any = None
    upload: Upload | None = None
    form: Mapping[str, str | Secret] | None = None
    sends: tuple[Any, ...] = ()
    chunks: AudioChunks | None = None
    wait: float = 0.0
    idempotent: bool = True
    accepted_statuses: frozenset[int] = frozenset()
    plain: bool = False
    accepts_text: bool = False
    idle_timeout: float = 0.0

    def with_headers(self, headers: Mapping[str, str | Secret]) -> "Call":
        """Return the call with more headers."""
        return replace(self, headers={**self.headers, **headers})


@dataclass(frozen=True)
class ApiError:
    """An error in the provider's words, from an HTTP error, a 200, or the middle of a stream.

    `status` is the HTTP status (0 in mid-stream), `code` and `kind` the provider's words for machines, `message` its
    words for people, `param` the field it names, `headers` with lower-case names. `final` says that asking again does
    not help, such as for an account without credit. `page` says that a web page came, perhaps from somebody on the way.
    A reader that finds one in a 200 may give it the status that it amounts to (401, 429), by which it is explained and,
    before anything else came, asked again.
    """

    status: int = 0
    code: str = ""
    kind: str = ""
    message: str = ""
    param: str = ""
    request_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    final: bool = False
    page: bool = False


MALFORMED = "malformed"
"""The code of an `ApiError` for an answer of success that a reader can make nothing of."""


@dataclass(frozen=True)
class RemoteJob:
    """A job that goes on at the provider; `cancel` stops it when the answer is abandoned.

    None says that it has come to its end there. With `anyway` it is to be taken away there however the answer ends,
    beside what else was begun: such as a file that was uploaded for it.
    """

    cancel: Call | None
    anyway: bool = False


@dataclass(frozen=True)
class EndSeen:
    """The finish reason has arrived: only usage and an end mark may follow, and nobody waits for them."""


Result = Event | ApiError | Call | RemoteJob | EndSeen
"""What a reader makes of a frame: events, errors, and what is about the call itself."""

Reader = Callable[[Frame | None], Iterable[Result]]
"""Reads one frame, or None at the end of the answer. A `Call` among its results is the next step of the same wire."""
