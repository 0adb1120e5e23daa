"""A WebSocket server on loopback that says what it is told, and remembers what it heard. Spoken by wsproto."""

import asyncio
import json
import re
import socket
import ssl
import struct
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)

from tests.doubles.silence import silence

HOLD, CUT, RESET = "hold", "cut", "reset"


SWITCHED = b"HTTP/1.1 101 Word\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n"
"""A handshake that is accepted, once `accepting` has filled it in."""

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accepting(answer: bytes, key: str) -> bytes:
    """Fill into an answer what accepts a handshake with this key (RFC 6455, 4.2.2)."""
    accept = b64encode(sha1(f"{key}{_GUID}".encode()).digest())
    return answer.replace(b"{accept}", accept)


@dataclass(frozen=True)
class Await:
    """Wait until that many messages came."""

    count: int = 1


@dataclass(frozen=True)
class Reject:
    """The handshake is answered with a status and a body."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


Item = Event | bytes | str | Await | Reject


def text(data: Any) -> TextMessage:
    """A message as text; what is no text goes as JSON."""
    return TextMessage(data if isinstance(data, str) else json.dumps(data))


@dataclass
class Line:
    """A running server: where it is, and what was asked of it and said to it."""

    port: int = 0
    scheme: str = "ws"
    targets: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    received: list[Any] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    closes: list[int | None] = field(default_factory=list)
    pongs: int = 0
    holding: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}/v1/chat"

    @property
    def base_url(self) -> str:
        return f"{'https' if self.scheme == 'wss' else 'http'}://localhost:{self.port}/v1"


@asynccontextmanager
async def listen(*scripts: list[Item], context: ssl.SSLContext | None = None) -> AsyncIterator[Line]:
    """A server that plays one script a connection, the last one again when they are used up."""
    line = Line(scheme="wss" if context else "ws")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = scripts[min(len(line.targets), len(scripts) - 1)]
        try:
            await _play(line, script, reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # The other side, or the test, is gone.
        finally:
            writer.close()
            line.closed.set()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    line.port = listening.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        listening.close()


async def _play(line: Line, script: list[Item], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    spoken = WSConnection(ConnectionType.SERVER)
    arrived = asyncio.Event()
    count, request, key = 0, b"", ""

    async def receive_frames() -> None:
        nonlocal count, request, key
        while data := await reader.read(1 << 16):
            if not key:
                request += data
                (key,) = re.findall("(?i)sec-websocket-key: (.*)\r\n", request.decode("latin-1")) or ("",)
            spoken.receive_data(data)
            for event in spoken.events():
                match event:
                    case Request():
                        line.targets.append(event.target)
                        pairs = [(b"host", event.host.encode()), *event.extra_headers]
                        line.headers.append({name.decode().lower(): value.decode() for name, value in pairs})
                        arrived.set()
                    case TextMessage() | BytesMessage():
                        line.received.append(json.loads(event.data))
                        line.times.append(asyncio.get_running_loop().time())
                        count += 1
                    case Ping():
                        writer.write(spoken.send(event.response()))
                    case Pong():
                        line.pongs += 1
                    case CloseConnection():
                        line.closes.append(event.code)
                        with suppress(Exception):
                            writer.write(spoken.send(event.response()))
                arrived.set()
        line.closed.set()

    listener = asyncio.create_task(receive_frames())
    try:
        await arrived.wait()
        if not script or not isinstance(script[0], Reject | bytes):
            writer.write(spoken.send(AcceptConnection()))
        for item in script:
            match item:
                case Reject():
                    head = [(b"connection", b"close"), *item.headers]
                    answer = RejectConnection(status_code=item.status, headers=head, has_body=True)
                    writer.write(spoken.send(answer) + spoken.send(RejectData(item.body)))
                    return
                case bytes():
                    writer.write(accepting(item, key))
                case Await():
                    while count < item.count:
                        arrived.clear()
                        await arrived.wait()
                case "hold":
                    line.holding.set()
                    with silence():
                        await listener
                case "cut":
                    return
                case "reset":
                    raw = writer.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    writer.transport.abort()
                    return
                case str():
                    raise ValueError(item)
                case _:
                    writer.write(spoken.send(item))
            await writer.drain()
        if not isinstance(script[-1] if script else None, Reject | bytes):
            with suppress(Exception):
                writer.write(spoken.send(CloseConnection(1000)))
        await listener
    finally:
        listener.cancel()
