"""The practice providers on a real socket of this machine, with a fault in the way of one step of a call.

Wire ── Loop: https://any.host ──> http://127.0.0.1:port ──> Relay ──> practice answers, or the fault
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpcore
import httpx

from tests.providers.http_server import Answer, HttpRequest, Server, give, read_request
from tui.practice import transport
from tui.practice.transport import Practice, folders

SOMEWHERE = "https://server.example.test"
"""Where a server that answers from a script is for those who ask it."""

Step = tuple[str, str]
"""What a request is for: its method and its path."""


@dataclass
class Relay(Server):
    """A running relay: `steps` are the requests as they came; `fault` answers those of the step `at`.

    With `times` it does so only so many times.
    """

    at: Step | None = None
    fault: Answer = ()
    times: int = 0
    steps: list[Step] = field(default_factory=list)

    @property
    def met(self) -> int:
        """How often the fault was met."""
        return self.steps.count(self.at) if self.at else 0


_CONTEXT = ssl.create_default_context()  # It takes long to make, and nothing here speaks TLS.


class Loop(httpx.AsyncBaseTransport):
    """Every host is at one port of this machine; what is sent is otherwise what would be sent there."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._within = httpx.AsyncHTTPTransport(verify=_CONTEXT, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        there = httpx.Request(
            request.method, url, headers=request.headers.raw, stream=request.stream, extensions=request.extensions
        )
        return await self._within.handle_async_request(there)

    async def aclose(self) -> None:
        await self._within.aclose()


@asynccontextmanager
async def relay(
    at: Step | None = None, fault: Answer = (), times: int = 0, script: Callable[[HttpRequest], Answer] | None = None
) -> AsyncIterator[Relay]:
    """The practice providers at a port of their own, or in their place one that answers from a script."""
    server, practice = Relay(at=at, fault=fault, times=times), transport(0)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        try:
            while (requests := await read_request(reader, server)) is not None:
                server.requests.append(requests)
                server.steps.append(step := _step(requests))
                answer = script(requests) if script else ()
                if step == server.at and server.fault and (not times or server.met <= times):
                    if not await give(server, server.fault, reader, writer):
                        return
                elif answer:
                    if not await give(server, answer, reader, writer):
                        return
                elif not await _pass_on(practice, requests, reader, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, httpx.ConnectError):
            pass  # The other side, or the test, is gone; or practice has nobody there.
        finally:
            writer.close()
            server.closed.set()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0, limit=1 << 22)
    server.port = listening.sockets[0].getsockname()[1]
    server.origin = SOMEWHERE
    try:
        yield server
    finally:
        listening.close()


def _step(request: HttpRequest) -> Step:
    """What a request is for; a number that differs from run to run is no part of it."""
    return request.method, re.sub(r"\d{9,}", "#", request.target.partition("?")[0])


async def _pass_on(
    practice: Practice, received: HttpRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    """One answer of practice; whether the connection can serve again."""
    host = received.headers["host"]
    known = {origin for folder in folders().values() for origin in folder.ORIGINS}
    origin = next(item for item in (f"https://{host}", f"http://{host}") if item in known)
    request = httpx.Request(received.method, origin + received.target, headers=received.headers, content=received.body)
    response = await practice.handle_async_request(request)
    head = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
    if response.status_code == 101:
        writer.write(f"HTTP/1.1 101 Word\r\n{head}\r\n".encode())
        await _in_both_directions(response.extensions["network_stream"], reader, writer)
        return False
    body = b"".join([chunk async for chunk in response.stream])  # type: ignore[union-attr]
    writer.write(f"HTTP/1.1 {response.status_code} Word\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()
    return True


async def _in_both_directions(
    line: httpcore.AsyncNetworkStream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    async def receive() -> None:
        while data := await reader.read(1 << 16):
            await line.write(data)
        await line.aclose()

    listener = asyncio.create_task(receive())
    try:
        while data := await line.read(1 << 16):
            writer.write(data)
            await writer.drain()
        await asyncio.wait([listener], timeout=1)
    finally:
        listener.cancel()
