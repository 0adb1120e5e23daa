"""WebSocket answers (RFC 6455): JSON messages out, paced where a file is sent, while those that come are read.

handshake ── the transport of every call ──> 101 ──> pump, a task of its own ──inbox──> frames ──reader──> events
"""

import asyncio
import base64
import contextlib
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from itertools import count
from typing import Any

import httpcore
import httpx
from httpx_ws import AsyncWebSocketSession, WebSocketDisconnect, WebSocketNetworkError
from wsproto.events import BytesMessage, TextMessage
from wsproto.utilities import LocalProtocolError

from tui.errors import NetworkError, Problem, UsageError
from tui.providers.client.access import Limits
from tui.providers.client.request import stopped
from tui.providers.client.response import FrameDecoder, Result, SilenceMonitor
from tui.providers.client.transport_errors import read_problem
from tui.providers.client.upload import dumped, opened_file, size_of
from tui.providers.error_messages import AGAIN, ErrorContext, redact, too_large
from tui.providers.events import Event, Finish
from tui.providers.requests import AudioChunks, Call
from tui.sanitize import one_line

_SCHEMES = {"ws": "http", "wss": "https"}
_READ = 64 << 10
_PARTING = 0.2
_USUAL_ENDS = (1000, 1001, 1005)


def handshake(call: Call) -> Call:
    """The request that opens the connection; its address is that of the http twin, by which transports go."""
    scheme, _, rest = call.url.partition("://")
    upgrade = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-key": base64.b64encode(secrets.token_bytes(16)).decode(),
        "sec-websocket-version": "13",
    }
    return replace(call.with_headers(upgrade), url=f"{_SCHEMES.get(scheme, scheme)}://{rest}", json=None)


async def conversation(
    place: ErrorContext, response: httpx.Response, call: Call, limits: Limits, watch: SilenceMonitor
) -> AsyncGenerator[Result, None]:
    """The events of a connection that was accepted, to its end. Leaving it closes the connection."""
    read = call.reader()
    if not call.sends and call.chunks is None:
        for result in read(None):
            yield result
        return
    sent = _Sent(await asyncio.to_thread(size_of, call.chunks.path) if call.chunks else 0)
    stream = _Bounded(response.extensions["network_stream"], limits.line)
    inbox: asyncio.Queue[str] = asyncio.Queue(1)
    pump = asyncio.create_task(_pump(stream, call, sent, inbox))
    frames = FrameDecoder(place, call.framing, limits)
    try:
        async with aclosing(_received(place, inbox, pump, sent, limits, watch)) as received:
            async for item in received:
                if not isinstance(item, str):
                    yield item
                    continue
                for frame in frames.message(item):
                    for result in read(frame):
                        watch.heard()
                        if isinstance(result, Finish) and frames.skipped:
                            yield frames.notice
                        yield result
                        if isinstance(result, Finish):
                            return
        if frames.skipped:
            yield frames.notice
        for result in read(None):
            yield result
    finally:
        stream.parting = True
        await stopped(pump)


class _Sent:
    """How much of a file went out, of `size`."""

    def __init__(self, size: int) -> None:
        self.size, self.sent = size, 0


class _TooMuch(Exception):
    """A message is larger than any honest one."""


class _Bounded(httpcore.AsyncNetworkStream):
    """A connection that bounds what one message may bring, and how long a goodbye may take."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._came = 0
        self.parting = False

    def taken(self) -> None:
        """A message is complete; what comes belongs to the next one."""
        self._came = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        data = await self._stream.read(max_bytes, timeout)
        self._came += len(data)
        if self._came > self._limit + max_bytes:
            raise _TooMuch
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        try:
            await self._stream.write(buffer, _PARTING if self.parting else timeout)
        except httpcore.WriteTimeout as fault:
            raise httpcore.WriteError from fault

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _received(
    place: ErrorContext,
    inbox: "asyncio.Queue[str]",
    pump: "asyncio.Task[Exception | None]",
    sent: _Sent,
    limits: Limits,
    watch: SilenceMonitor,
) -> AsyncGenerator[str | Event, None]:
    """The messages as they come and what is to be told meanwhile, until the other side ends it in the usual way."""
    size = 0
    while True:
        pending = asyncio.ensure_future(_next(inbox, pump))
        try:
            while not pending.done():
                event = await watch.wait(pending, sent)
                if event:
                    yield event
        finally:
            await stopped(pending)
        item = pending.result()
        if item is None:
            break
        size += len(item)
        if size > limits.answer:
            raise too_large(place, limits.answer)
        yield item
    match pump.result():
        case None:
            return
        case WebSocketDisconnect(code=code, reason=reason):
            said = redact(f"{code} {reason}".strip())
            raise NetworkError(f"{place.label} closed the connection before the answer ended.", AGAIN, said)
        case Problem() as problem:
            raise problem.with_traceback(None)
        case _TooMuch():
            raise too_large(place, limits.line)
    raise read_problem(place)


async def _next(inbox: "asyncio.Queue[str]", pump: "asyncio.Task[Exception | None]") -> str | None:
    """The next message; None when there will be none."""
    getting = asyncio.ensure_future(inbox.get())
    try:
        await asyncio.wait([getting, pump], return_when=asyncio.FIRST_COMPLETED)
        if getting.done():
            return getting.result()
        return None if inbox.empty() else inbox.get_nowait()
    finally:
        await stopped(getting)


async def _pump(stream: _Bounded, call: Call, sent: _Sent, inbox: "asyncio.Queue[str]") -> Exception | None:
    """Sends, and passes on what comes, until it ends; None if the other side ended it in the usual way."""
    ended: list[Exception | None] = []
    try:
        # Silence is watched by what is of use; not every server answers a ping.
        async with AsyncWebSocketSession(
            stream, max_message_size_bytes=_READ, keepalive_ping_interval_seconds=None
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
                stream.parting = True
                await stopped(sending)
                await stopped(reading)
    except* _TooMuch:
        ended[:] = [_TooMuch()]
    except* Exception as group:
        ended += [group]
    return ended[0]


async def _read(session: AsyncWebSocketSession, stream: _Bounded, inbox: "asyncio.Queue[str]") -> Exception | None:
    while True:
        try:
            event = await session.receive()
        except WebSocketDisconnect as end:
            return None if end.code in _USUAL_ENDS else end
        stream.taken()
        if isinstance(event, TextMessage | BytesMessage):
            data = event.data
            await inbox.put(data if isinstance(data, str) else bytes(data).decode("utf-8", "replace"))


async def _send(session: AsyncWebSocketSession, call: Call, sent: _Sent) -> None:
    # A connection that is broken is told by what reads from it.
    with contextlib.suppress(WebSocketNetworkError, LocalProtocolError):
        for each in call.sends:
            await session.send_text(dumped(each).decode())
        if call.chunks:
            async for message in _messages(call.chunks, sent):
                await session.send_text(dumped(message).decode())


async def _messages(chunks: AudioChunks, sent: _Sent) -> AsyncIterator[Any]:
    """The messages of a file, at its pace."""
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
