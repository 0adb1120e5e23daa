"""The wire log of a call: its requests and responses, every frame with its time. It holds no key.

A secret of a request is masked when the request is recorded. What a server repeats of it is redacted when the call is
over, across frames, since a server may send a key back in pieces. The answer to the exchange for an access token is
not recorded at all. Frames are kept as text, which takes a fraction of the memory of what is parsed from it.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import Any

from tui.providers.client.limits import MIB
from tui.providers.requests import Base64File, Call, Frame, Reader, Result
from tui.secret import MASK, Secret
from tui.secret.redaction import Redactor

FRAMES_SIZE = MIB
"""About how many characters of frames are kept for one call, unless the log has a size of its own."""

_EXCHANGE = "The answer holds an access token and is not recorded."


@dataclass(slots=True)
class WireFrame:
    """A frame of an answer; `at` in seconds from the beginning of the call, `event` the SSE event name."""

    at: float
    event: str
    json: str

    @property
    def data(self) -> Any:
        """The data of the frame, parsed."""
        return json.loads(self.json)


@dataclass
class WireExchange:
    """One request and its response. Times are seconds from the beginning of the call.

    Attributes:
        at: When the request was sent.
        url: The URL with its query.
        body: The JSON, the form fields, or a description of a file; None without one.
        status: The HTTP status, 0 without a response.
        responded: When the head of the response came.
        opened: Whether a connection was opened for it.
        response_headers: Names in lower case.
        frames: What came, in order.
        omitted: How many frames were not kept.
        note: Why there are no frames, '' if there is no reason.
    """

    at: float
    method: str
    url: str
    headers: dict[str, str]
    body: Any
    status: int = 0
    responded: float = 0.0
    opened: bool = False
    response_headers: dict[str, str] = field(default_factory=dict)
    frames: list[WireFrame] = field(default_factory=list)
    omitted: int = 0
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the exchange as it is saved."""
        return {
            "request": {
                "at": round(self.at, 4),
                "method": self.method,
                "url": self.url,
                "headers": self.headers,
                "body": self.body,
            },
            "response": {
                "at": round(self.responded, 4),
                "status": self.status,
                "connection_opened": self.opened,
                "headers": self.response_headers,
                "frames": [{"at": round(part.at, 4), "event": part.event, "data": part.data} for part in self.frames],
                "omitted_frames": self.omitted,
            }
            if self.status
            else None,
            "note": self.note,
        }


class WireLog:
    """Records one call. Give it to `Client.stream`, and read it when the call is over.

    Attributes:
        call: The first request, not signed.
        exchanges: Its requests and responses in order.
        opened: Whether a connection was opened for the first request; None before its response.
        muted: Whether nothing is kept but `opened`.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, frames: bool = True, size: int = FRAMES_SIZE
    ) -> None:
        """Start the clock; `size` is about how many characters of frames to keep."""
        self._clock, self._began, self.muted = clock, clock(), not frames
        self._limit = size
        self._size = self._redacted = 0
        self.call: Call | None = None
        self.exchanges: list[WireExchange] = []
        self.opened: bool | None = None

    @classmethod
    def off(cls) -> "WireLog":
        """Return a log that keeps nothing but `opened`."""
        return cls(frames=False)

    def mute(self) -> None:
        """Keep nothing from now on, as for a request whose account is somebody else's."""
        self.muted = True

    def request(self, call: Call, signed: Call, *, exchange: bool = False) -> Call:
        """Record a signed request. Return it with a reader that records frames, unless it is an `exchange`."""
        if self.muted:
            return signed
        note = _EXCHANGE if exchange else ""
        self.call = self.call or call
        headers, body = _mask_values(signed.headers), _body(signed)
        entry = WireExchange(self._now(), signed.method, _url(signed), headers, body, note=note)
        self.exchanges.append(entry)
        return signed if note else replace(signed, reader=lambda: self._recording(signed.reader(), entry))

    def response(self, status: int, headers: Mapping[str, str], opened: bool) -> None:
        """Record the head of a response."""
        self.opened = opened if self.opened is None else self.opened
        if self.exchanges:
            exchange = self.exchanges[-1]
            exchange.status, exchange.responded, exchange.opened = status, self._now(), opened
            cookies = {name: MASK for name in headers if name == "set-cookie"}
            exchange.response_headers = {**headers, **cookies}

    def error_body(self, body: Any) -> None:
        """Record the body of an error."""
        if self.exchanges:
            self._add(self.exchanges[-1], Frame(body))

    def redact(self, redactor: Redactor) -> None:
        """Remove what was made of the secrets of the requests recorded last."""
        _redact(self.exchanges[self._redacted :], redactor)
        self._redacted = len(self.exchanges)

    def end(self, redactor: Redactor) -> None:
        """Remove what was made of the secrets of the call, once it is over."""
        _redact(self.exchanges, redactor)

    def as_json(self) -> dict[str, Any]:
        """Return the log as it is saved."""
        return {"version": 1, "exchanges": [exchange.as_json() for exchange in self.exchanges]}

    def _now(self) -> float:
        return self._clock() - self._began

    def _recording(self, read: Reader, exchange: WireExchange) -> Reader:
        def reader(frame: Frame | None) -> Iterable[Result]:
            if frame is not None:
                self._add(exchange, frame)
            return read(frame)

        return reader

    def _add(self, exchange: WireExchange, frame: Frame) -> None:
        text = frame.json or json.dumps(frame.data, ensure_ascii=False)
        self._size += len(text)
        if self._size > self._limit:
            exchange.omitted += 1
        else:
            exchange.frames.append(WireFrame(self._now(), frame.event, text))


def _mask_values(values: Mapping[str, str | Secret | tuple[str, ...]]) -> dict[str, str]:
    shown: dict[str, str] = {}
    for name, value in values.items():
        shown[name] = MASK if isinstance(value, Secret) else ", ".join(value) if isinstance(value, tuple) else value
    return shown


def _url(call: Call) -> str:
    query = "&".join(f"{name}={value}" for name, value in _mask_values(call.query).items())
    return f"{call.url}?{query}" if query else call.url


def _body(call: Call) -> Any:
    if call.form is not None:
        return _mask_values(call.form)
    if call.upload is not None:
        upload = call.upload
        file = f"{upload.filename or upload.path.name}, {upload.media}, {upload.size:,} bytes"
        return {**dict(upload.parts), upload.name: file}
    return _to_plain(list(call.sends) if call.sends else call.json)


def _to_plain(value: Any) -> Any:
    """Return JSON with files described and secrets masked."""
    if isinstance(value, Base64File):
        size = "" if value.content is None else f", {len(value.content):,} bytes"
        return f"{value.prefix}(base64 of {value.path.name or 'what was piped'}{size})"
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, Mapping):
        return {name: _to_plain(entry) for name, entry in value.items()}
    return [_to_plain(entry) for entry in value] if isinstance(value, list | tuple) else value


def _redact(exchanges: Sequence[WireExchange], redactor: Redactor) -> None:
    """Remove what was made of secrets, also what only adds up to one over several frames, such as deltas."""
    for exchange in exchanges:
        exchange.url, exchange.body = redactor.text(exchange.url), redactor.json(exchange.body)
        exchange.headers = redactor.json(exchange.headers)
        exchange.response_headers = redactor.json(exchange.response_headers)
    try:
        _redact_frames([frame for exchange in exchanges for frame in exchange.frames], redactor)
    except RecursionError:
        # What is nested so deeply can neither be searched nor shown.
        for exchange in exchanges:
            exchange.omitted += len(exchange.frames)
            exchange.frames.clear()


def _redact_frames(frames: Sequence[WireFrame], redactor: Redactor) -> None:
    places: defaultdict[str, StringIO] = defaultdict(StringIO)
    for frame in frames:
        content = {"event": frame.event, "data": frame.data}
        _visit(content, "", lambda place, container, key: places[place].write(container[key]))
    # Most answers repeat no secret: one look at the texts of each place is less than one at every text.
    if all(redactor.text(text) == text for text in (*places, *(texts.getvalue() for texts in places.values()))):
        return
    contents = [{"event": redactor.text(frame.event), "data": redactor.json(frame.data)} for frame in frames]
    pieces: defaultdict[str, list[tuple[Any, Any]]] = defaultdict(list)
    for content in contents:
        _visit(content, "", lambda place, container, key: pieces[place].append((container, key)))
    for texts in pieces.values():
        spans, at = redactor.spans("".join([container[key] for container, key in texts])), 0
        for container, key in texts if spans else ():
            first, at = at, at + len(container[key])
            if any(start < at and first < end for start, end in spans):
                container[key] = MASK
    for frame, content in zip(frames, contents, strict=True):
        frame.event, frame.json = content["event"], json.dumps(content["data"], ensure_ascii=False)


def _visit(value: Any, place: str, visit: Callable[[str, Any, Any], Any]) -> None:
    """Call `visit` for each text in a value: with its place, the container, and the name or index in it."""
    named = isinstance(value, dict)
    for key, entry in value.items() if named else enumerate(value):
        # Entries of a list count as one place: the deltas of a stream are in lists of one.
        below = f"{place}/{key}" if named else place
        if isinstance(entry, str):
            visit(below, value, key)
        elif isinstance(entry, dict | list):
            _visit(entry, below, visit)
