"""A server on loopback that answers as it is told, byte for byte, and remembers what it was asked."""

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tests.doubles.silence import silence
from tests.providers.websocket_server import accepting
from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.providers import PROVIDERS
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.client.wire_log import WireLog
from tui.providers.events import Event, TextDelta
from tui.providers.origins import origin_of
from tui.providers.requests import Call, ChatRequest, Message
from tui.secret import Secret

KEY = "sk-proj-FAKE-0123456789-abcdefghij-3f2a"
QUICK = Limits(connect=5, notice_after=30, stream_timeout=60, response_timeout=60, backoff=0.001, max_backoff=0.002)
DEADLINE = 60
"""Seconds after which a test gives up waiting: only a broken one waits so long."""

HOLD = "hold"
"""Keep the connection open until the other side closes it."""
RECEIVE = "receive"
"""Wait until something more is said."""
RESET = "reset"
"""Close the connection with a RST."""


@dataclass(frozen=True)
class Again:
    """Write this every few milliseconds, until the other side is gone."""

    data: bytes


Answer = Sequence[bytes | str | Again | Callable[[str], bytes]]
"""What is written, in pieces; one that names an address of the server is made from its origin."""


@dataclass
class HttpRequest:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    """A running server: where it is, what it was asked, and every byte that reached it."""

    origin: str = ""
    port: int = 0
    requests: list[HttpRequest] = field(default_factory=list)
    bytes: bytearray = field(default_factory=bytearray)
    connections: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    holding: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def base_url(self) -> str:
        return f"{self.origin}/v1"


def http(body: bytes | str | Any, status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
    """A whole answer; what is neither bytes nor text goes as JSON."""
    content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    kind = {} if isinstance(body, bytes | str) else {"content-type": "application/json"}
    lines = {"content-length": str(len(content)), **kind, **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Word\r\n{head}\r\n".encode() + content


def streaming(*events: Any, end: bool = True) -> bytes:
    """The head of a stream that ends with the connection, and its first events."""
    data = "".join(f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n" for event in events)
    data += "data: [DONE]\n\n" if end else ""
    return b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + data.encode()


def text_chunk(text: str, reason: str | None = None) -> dict[str, Any]:
    """A chunk of a chat."""
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]}


@asynccontextmanager
async def serve(*answers: Answer, context: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server that gives one answer a request; the last one again when they are used up."""
    server = Server()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        try:
            while (requests := await read_request(reader, server)) is not None:
                answer = answers[min(len(server.requests), len(answers) - 1)]
                server.requests.append(requests)
                if not await give(server, answer, reader, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # The other side, or the test, is gone.
        finally:
            writer.close()
            server.closed.set()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context, limit=1 << 20)
    server.port = listening.sockets[0].getsockname()[1]
    server.origin = f"{'https' if context else 'http'}://localhost:{server.port}"
    try:
        yield server
    finally:
        listening.close()


async def read_request(reader: asyncio.StreamReader, server: Server) -> HttpRequest | None:
    """One request, its body to its end; None at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as cut:
        server.bytes += cut.partial
        return None
    server.bytes += head
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    server.bytes += body
    return HttpRequest(method, target, headers, body)


async def give(server: Server, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    last = b""
    answer = [item(server.origin) if callable(item) else item for item in answer]
    for item in answer:
        if isinstance(item, bytes):
            key = server.requests[-1].headers.get("sec-websocket-key") if server.requests else None
            writer.write(accepting(item, key) if key else item)
            await writer.drain()
            last = item
        elif isinstance(item, Again):
            with silence():
                while True:
                    writer.write(item.data)
                    await writer.drain()
                    await asyncio.sleep(0.001)
        elif item == RECEIVE:
            await reader.read(1 << 16)
        elif item == HOLD:
            server.holding.set()
            with silence():
                await reader.read()
            return False
        elif item == RESET:
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return False
    head = (answer[0] if isinstance(answer[0], bytes) else last).partition(b"\r\n\r\n")[0].lower()
    return b"content-length" in head and b"connection: close" not in head


CHAT = Model("openai", "gpt-4.1", ModelType.CHAT)


def access_to(base_url: str, provider: str = "openai", key: str = KEY, **more: Any) -> Access:
    """Access to a server with a key, its origin allowed."""
    secrets = {"api_key": Secret(key)} if key else {}
    origins = (origin_of(base_url),)
    return Access(PROVIDERS[provider], {"base_url": base_url}, origins, secrets=lambda: secrets, **more)


def chat_call(access: Access, stream: bool = True, model: Model = CHAT, **parameters: Any) -> Call:
    """A chat of one question."""
    assert access.provider.chat
    return access.provider.chat(access.fields, ChatRequest(model, (Message("user", "Hello?"),), parameters, stream))


async def run(
    wire: Client, access: Access, call: Call, wire_log: WireLog | None = None
) -> tuple[list[Event], Problem | None]:
    """Every event of a call, and the problem that it ended with."""
    events: list[Event] = []
    async with asyncio.timeout(DEADLINE):
        try:
            async for event in wire.stream(access, call, wire_log):
                events.append(event)
        except Problem as problem:
            return events, problem
    return events, None


async def ask(
    server: Server,
    limits: Limits = QUICK,
    environ: Mapping[str, str] | None = None,
    stream: bool = True,
    **more: Any,
) -> tuple[list[Event], Problem | None]:
    """A chat with a server, over a wire of its own."""
    wire = Client(environ or {}, limits=limits)
    try:
        access = access_to(server.base_url, **more)
        return await run(wire, replace(access, model=CHAT.id), chat_call(access, stream))
    finally:
        await wire.aclose()


def text_of(events: Sequence[Event]) -> str:
    """The text of an answer."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))
