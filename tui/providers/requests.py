"""Requests and responses as plain values: the request, the call that sends it, its frames.

Nothing here does I/O: `Client` runs every call.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from tui.domain import Model
from tui.providers.events import Event, ToolCalls
from tui.secret import Secret


@dataclass(frozen=True)
class Base64File:
    """A placeholder for a file in a JSON body: its base64, after `prefix` (`data:audio/wav;base64,`).

    Attributes:
        path: The file; `Path()` for what was piped.
        prefix: What is sent before the base64.
        content: What is sent; None for the file as it is at that time.
        pieces: What the content is made of, if it is not the whole file: bytes, and ranges (start, end) of the file.
    """

    path: Path
    prefix: str = ""
    content: bytes | None = field(default=None, repr=False)
    pieces: tuple[bytes | tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Attachment:
    """An image or a document that goes with a message.

    Attributes:
        name: The file name.
        media: The content type, by the bytes of the file.
        content: What is sent; b"" if only the name is known, as in a saved chat.
        width: In pixels, 0 for a document.
        height: In pixels, 0 for a document.
        path: The file; `Path()` for what was piped.
        pieces: As for a `Base64File`.
    """

    name: str
    media: str
    content: bytes = field(default=b"", repr=False)
    width: int = 0
    height: int = 0
    path: Path = Path()
    pieces: tuple[bytes | tuple[int, int], ...] = ()

    @property
    def is_image(self) -> bool:
        """Whether it is an image."""
        return self.media.startswith("image/")

    def as_base64(self, prefix: str = "") -> Base64File:
        """Return the placeholder for its base64."""
        return Base64File(self.path, prefix, self.content, self.pieces)

    def as_data_url(self) -> Base64File:
        """Return the placeholder for its data URL."""
        return self.as_base64(f"data:{self.media};base64,")

    def as_json(self) -> dict[str, Any]:
        """Return what a saved chat holds of it: facts of the file, not its bytes."""
        size = {"width": self.width, "height": self.height} if self.width else {}
        return {"name": self.name, "media": self.media, "bytes": len(self.content), **size}


@dataclass(frozen=True)
class Message:
    """One turn of a chat; `role` is `system`, `user`, `assistant` or `tool`.

    Attributes:
        role: Who says it.
        text: The text of the message; of a `tool`, its result.
        attachments: What goes with it.
        tool_calls: The tools that an assistant asked for; a message with the result of each follows.
        call_id: Of a `tool`, the ID of the call.
    """

    role: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    tool_calls: ToolCalls | None = None
    call_id: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the message as it is saved: attachments by name, without their bytes."""
        files = {"attachments": [entry.as_json() for entry in self.attachments]} if self.attachments else {}
        return {"role": self.role, "text": self.text, **files}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Message":
        """Return a saved message; its attachments have no content."""
        files = tuple(
            Attachment(entry["name"], entry["media"], width=entry.get("width", 0), height=entry.get("height", 0))
            for entry in data.get("attachments", ())
        )
        return cls(data["role"], data["text"], files)


@dataclass(frozen=True)
class Tool:
    """A tool that a model may ask for; `parameters` is the JSON Schema of its arguments, an object."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ChatRequest:
    """A chat request.

    `parameters` holds only those that are set, by the names of the model's `Parameter`s. `schema` is the JSON Schema
    that the answer must fit, None for an answer of any form. `tools` are those that the model may ask for.
    """

    model: Model
    messages: tuple[Message, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    stream: bool = True
    schema: Mapping[str, Any] | None = None
    tools: tuple[Tool, ...] = ()


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
    """One frame of an answer: parsed JSON, or text where it is not JSON (`[DONE]`); `event` is the SSE event name.

    `json` is the text that was parsed, '' where the data was not parsed from a text of its own.
    """

    data: Any
    event: str = ""
    json: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True)
class Upload:
    """A multipart body: plain parts in order, and one file streamed from disk; or, `raw`, the file and nothing else.

    `filename` is the file name to send, '' for that of the path. `content` is what is sent, None for the file itself.
    """

    parts: tuple[tuple[str, str], ...]
    path: Path
    media: str
    size: int
    name: str = "file"
    raw: bool = False
    filename: str = ""
    content: bytes | None = field(default=None, repr=False)


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
    """One request and how its response is read. It holds no secret until `sign` has run.

    Attributes:
        method: The HTTP method.
        url: The address, without a query.
        reader: Makes a new reader for the response.
        framing: How the response is split into frames. Messages of a WebSocket are frames.
        headers: HTTP headers; a value may be a `Secret` after signing, in `query` and `form` as well.
        query: The query by name; a tuple repeats the name, once for each of its values.
        json: The body as JSON. A call has one body at most: `json`, `form` or `upload`.
        upload: The body as a file.
        form: The body as form fields.
        sends: The JSON messages for a WebSocket. Without any, the call ends once the connection is accepted.
        chunks: Audio that is sent after them.
        wait: Seconds to wait before sending, for polling.
        idempotent: Whether it may be retried before the first byte of the response. A chat may: nothing was delivered.
        accepted_statuses: Error statuses that are a response too. The reader gets the `ApiError` as the data of a
            frame, and returns it if it cannot read it. 0 stands for a response that ends before its first byte; it is
            read as one without a frame.
        plain: Whether frames are text, never JSON.
        accepts_text: Whether a response that is not JSON is read too.
        idle_timeout: If more than 0, the provider works on without this connection. If the connection fails or brings
            nothing of use for so many seconds, the reader is told of an end, and returns the call that gets the rest.
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

    Attributes:
        status: The HTTP status, 0 in the middle of a stream. For an error in a 200, a reader may give the status that
            it amounts to (401, 429): the error is explained by it, and retried if nothing came before.
        code: The provider's code.
        kind: The provider's type of error.
        message: The provider's sentence for people.
        param: The field that it names.
        request_id: The ID of the request at the provider.
        headers: The headers of the response, with lower-case names.
        final: Whether a retry is useless, as for an account without credit.
        page: Whether the body is a web page, perhaps from a proxy.
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
"""The code of an `ApiError` for a successful response that cannot be read."""


@dataclass(frozen=True)
class RemoteJob:
    """A job that runs at the provider.

    Attributes:
        cancel: The call that stops it if the answer is abandoned; None once the job has ended.
        anyway: Whether that call is sent however the answer ends, as for a file that was uploaded for the answer.
    """

    cancel: Call | None
    anyway: bool = False


@dataclass(frozen=True)
class EndFrame:
    """The finish reason has arrived. Usage and an end mark may follow; the client does not wait long for them."""


Result = Event | ApiError | Call | RemoteJob | EndFrame
"""What a reader returns for a frame: events, errors, and what concerns the call itself."""

Reader = Callable[[Frame | None], Iterable[Result]]
"""Reads one frame, or None at the end of the answer. A `Call` among its results is sent next."""
