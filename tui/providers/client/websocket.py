"""WebSocket connections (RFC 6455): send JSON messages, paced for a file, and receive.

handshake ── the transport of every call ──> 101 ──> pump, a task of its own ──inbox──> frames ──reader──> events
"""

import asyncio
import base64
import contextlib
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import httpcore
import httpx
from httpx_ws import AsyncWebSocketSession, WebSocketDisconnect, WebSocketNetworkError
from wsproto.connection import ConnectionState
from wsproto.events import BytesMessage, TextMessage
from wsproto.utilities import LocalProtocolError, generate_accept_token

from tui.errors import IncompleteAnswer, NetworkError, Problem, UsageError
from tui.providers.client.body import FrameDecoder
from tui.providers.client.limits import WEBSOCKET_CLOSE_TIMEOUT, WEBSOCKET_READ, Limits, format_size
from tui.providers.client.read_ahead import Inbox
from tui.providers.client.request import cancel
from tui.providers.client.silence import UploadProgress
from tui.providers.client.sse import TooLong
from tui.providers.client.transport_errors import read_problem
from tui.providers.client.upload import opened_file, size_of, to_json, with_files
from tui.providers.error_messages import RESEND, ErrorContext, redact, unusable_response
from tui.providers.requests import AudioChunks, Call, Frame
from tui.sanitize import one_line

_SCHEMES = {"ws": "http", "wss": "https"}
_NORMAL_CLOSURES = (1000, 1001, 1005)
_INVALID_DATA = 1007
"""The close code for a text message that is not UTF-8 (RFC 6455, 7.4.1)."""


def handshake(call: Call) -> Call:
    """Return the HTTP request that opens the connection; its URL is http(s), as transports expect."""
    scheme, _, rest = call.url.partition("://")
    upgrade = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-key": base64.b64encode(secrets.token_bytes(16)).decode(),
        "sec-websocket-version": "13",
    }
    return replace(call.with_headers(upgrade), url=f"{_SCHEMES.get(scheme, scheme)}://{rest}", json=None)


def check_handshake(context: ErrorContext, request: Call, response: httpx.Response) -> None:
    """Raise a Problem unless a server that speaks WebSocket answered this very request (RFC 6455, 4.1)."""
    headers, key = response.headers, str(request.headers["sec-websocket-key"])
    connection = [option.strip().lower() for option in headers.get("connection", "").split(",")]
    if (
        headers.get("upgrade", "").lower() != "websocket"
        or "upgrade" not in connection
        or headers.get("sec-websocket-accept", "") != generate_accept_token(key.encode()).decode()
        # Nothing of the kind was offered, so that frames would be read in another way than they are sent.
        or not headers.keys().isdisjoint(("sec-websocket-extensions", "sec-websocket-protocol"))
    ):
        raise unusable_response(context, "an answer that is not that of a WebSocket server")


@contextlib.asynccontextmanager
async def websocket_inbox(
    context: ErrorContext, response: httpx.Response, call: Call, limits: Limits
) -> AsyncIterator[tuple[Inbox[str], "UploadProgress | None"]]:
    """Yield the messages of an open connection, and the upload's progress. Leaving the block closes it.

    A call that sends nothing is complete once the connection is accepted.
    """
    inbox: Inbox[str] = Inbox()
    sent = _SentRequest(await asyncio.to_thread(size_of, call.chunks.path) if call.chunks else 0)
    stream = _BoundedStream(response.extensions["network_stream"], limits.line)

    async def run() -> None:
        if call.sends or call.chunks is not None:
            inbox.failure = _problem(context, await _pump(stream, call, sent, inbox), limits)

    task = asyncio.create_task(run())
    inbox.fill(task)
    try:
        yield inbox, sent
    finally:
        stream.closing = True
        await cancel(task)


class MessageDecoder:
    """Frames out of WebSocket messages; one that is no JSON is counted in `skipped`."""

    streamed = True
    whole = False

    def __init__(self, context: ErrorContext, call: Call, limits: Limits) -> None:
        self._frames = FrameDecoder(context, call.framing, limits)

    @property
    def skipped_frames(self) -> int:
        """Return how many messages could not be read."""
        return self._frames.skipped

    def feed(self, message: str) -> Iterator[Frame]:
        """Yield the frame of a message."""
        return self._frames.message(message)

    @property
    def unparsed_text(self) -> str:
        """Return text among the messages that was no part of the answer."""
        return self._frames.unparsed_text

    def document(self) -> None:
        """Return None: messages are frames."""

    async def complete(self) -> list[Frame]:
        """Return nothing: messages are whole."""
        return []

    async def finish(self) -> list[Frame]:
        """Return nothing: messages are whole."""
        return []


class _SentRequest:
    """How much of a file went out, of `size`."""

    def __init__(self, size: int) -> None:
        self.size, self.sent = size, 0


class _FrameTooLarge(Exception):
    """A message is larger than its limit."""


class _NotText(Exception):
    """A text message is not valid UTF-8."""


class _NotFrame(Exception):
    """What came is no frame of a WebSocket: masked, with a bit of an extension, of an unknown kind."""


class _BoundedStream(httpcore.AsyncNetworkStream):
    """A connection that bounds what one message may bring, and how long a goodbye may take."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._received = 0
        self.closing = False

    def message_complete(self) -> None:
        """Reset the size limit for the next message."""
        self._received = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        data = await self._stream.read(max_bytes, timeout)
        self._received += len(data)
        if self._received > self._limit + max_bytes:
            raise _FrameTooLarge
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        try:
            await self._stream.write(buffer, WEBSOCKET_CLOSE_TIMEOUT if self.closing else timeout)
        except httpcore.WriteTimeout as fault:
            raise httpcore.WriteError from fault

    async def aclose(self) -> None:
        await self._stream.aclose()


def _problem(context: ErrorContext, end: Exception | None, limits: Limits) -> Problem | None:
    """Return why a connection ended; None if the other side closed it in the usual way."""
    match end:
        case None:
            return None
        case WebSocketDisconnect(code=code, reason=reason):
            words = redact(context, f"{code} {reason}".strip())
            return IncompleteAnswer(f"{context.label} closed the connection before the answer ended.", RESEND, words)
        case Problem() as problem:
            return problem.with_traceback(None)
        case _FrameTooLarge():
            return TooLong("a message", format_size(limits.line))
        case _NotText():
            return unusable_response(context, "a message that is not valid UTF-8")
        case _NotFrame():
            return NetworkError(f"{context.host} sent an invalid WebSocket frame.", RESEND)
    return read_problem(context)


async def _pump(stream: _BoundedStream, call: Call, sent: _SentRequest, inbox: Inbox[str]) -> Exception | None:
    """Send, and receive until the end; return the error, or None if the server closed normally."""
    ended: list[Exception | None] = []
    try:
        # Silence is watched by what is of use; not every server answers a ping.
        async with AsyncWebSocketSession(
            stream, max_message_size_bytes=WEBSOCKET_READ, keepalive_ping_interval_seconds=None
        ) as session:
            # None is sent, so every pong is unasked, and it must be passed over (RFC 6455, 5.5.3).
            session._ping_manager.ack = lambda ping_id: None  # type: ignore[method-assign]
            reading = asyncio.create_task(_read(session, stream, inbox))
            sending = asyncio.create_task(_send(session, call, sent))
            try:
                await asyncio.wait([reading, sending], return_when=asyncio.FIRST_COMPLETED)
                if sending.done() and (fault := sending.exception()) and isinstance(fault, Problem):
                    return fault
                await asyncio.wait([reading])
                ended.append(reading.result())
            finally:
                stream.closing = True
                await cancel(sending)
                await cancel(reading)
    except* _FrameTooLarge:
        ended[:] = [_FrameTooLarge()]
    except* Exception as group:
        ended += [group]
    return ended[0]


async def _read(session: AsyncWebSocketSession, stream: _BoundedStream, inbox: Inbox[str]) -> Exception | None:
    while True:
        try:
            event = await session.receive()
        except WebSocketDisconnect as end:
            # Where the other side has not closed, the code is wsproto's own.
            if session.connection.state is ConnectionState.OPEN:
                return _NotText() if end.code == _INVALID_DATA else _NotFrame()
            return None if end.code in _NORMAL_CLOSURES else end
        stream.message_complete()
        if isinstance(event, TextMessage | BytesMessage):
            data = event.data
            await inbox.put(data if isinstance(data, str) else bytes(data).decode("utf-8", "replace"))


async def _send(session: AsyncWebSocketSession, call: Call, sent: _SentRequest) -> None:
    # Reading from a broken connection reports it.
    with contextlib.suppress(WebSocketNetworkError, LocalProtocolError):
        for send in call.sends:
            await session.send_text(to_json(await with_files(send)).decode())
        if call.chunks:
            async for message in _messages(call.chunks, sent):
                await session.send_text(to_json(message).decode())


async def _messages(chunks: AudioChunks, sent: _SentRequest) -> AsyncIterator[Any]:
    """Yield the messages of a file, at the pace that the server wants."""
    file = await asyncio.to_thread(opened_file, chunks.path)
    try:
        for number in count():
            part = await asyncio.to_thread(file.read, chunks.size)
            if len(part) < min(chunks.size, sent.size - sent.sent):
                raise UsageError(f"{one_line(chunks.path.name, 80)} changed while it was sent.", "Send it again.")
            last = sent.sent + len(part) >= sent.size
            yield chunks.message(number, base64.b64encode(part).decode(), last)
            sent.sent += len(part)
            if last:
                return
            await asyncio.sleep(chunks.interval)
    finally:
        file.close()
