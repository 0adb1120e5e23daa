"""Answers that are too large: what they cost in memory, and how long they keep the event loop busy at a time.

Server and client are processes of their own, so that neither counts for the other.
"""

import asyncio
import os
import re
import signal
import socket
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path

import httpx

from tests.campaign.figures import Result
from tests.campaign.kills import fork_children
from tests.providers.facts import sse
from tests.providers.http_server import access_to, chat_call, text_chunk
from tests.providers.websocket_server import SWITCHED, accepting
from tui.errors import Problem, UsageError
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.requests import Call, Framing

MEMORY = 64
"""MiB that a call may take."""
BLOCKED = 0.15
"""Seconds of work that may pass before other work has its turn. They are of this process, with all its threads (one
that holds the interpreter keeps the loop as well); on a busy machine the same work counts two or three times."""
HUNDRED = 100 << 20
MEBIBYTE = b"x" * (1 << 20)


def head(kind: str, status: int = 200, more: str = "") -> bytes:
    """The head of an answer that ends with its connection."""
    return f"HTTP/1.1 {status} Word\r\nconnection: close\r\ncontent-type: {kind}\r\n{more}\r\n".encode()


def forever(*pieces: bytes) -> Iterator[bytes]:
    """The pieces again and again."""
    while True:
        yield from pieces


def bomb(mebibytes: int) -> bytes:
    """So many mebibytes of zeros, packed a thousandfold; each is a block of its own, so that one is packed for all."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff" + block * mebibytes


PACKED = "content-encoding: gzip\r\n"
TOKENS = sse(text_chunk("x" * 1000)) * 60
MESSAGE = bytes([0x81, 126]) + (4000).to_bytes(2, "big") + b'"' + b"x" * 3998 + b'"'


@dataclass(frozen=True)
class Flood:
    """What a server sends: how it begins and what comes then; and how it is asked."""

    begin: bytes
    then: Callable[[], Iterator[bytes]]
    stream: bool = True
    socket: bool = False


FLOODS = {
    "a packed stream": Flood(head("text/event-stream", more=PACKED), lambda: iter([bomb(500)])),
    "a packed body": Flood(head("application/json", more=PACKED), lambda: iter([bomb(500)]), stream=False),
    "a packed refusal": Flood(head("application/json", 400, PACKED), lambda: iter([bomb(500)])),
    "a line of 100 MB": Flood(head("text/event-stream") + b"data: ", lambda: iter([MEBIBYTE] * 100)),
    "a body of 100 MB": Flood(head("application/json") + b'{"data": ["', lambda: iter([MEBIBYTE] * 100), stream=False),
    "a refusal of 100 MB": Flood(head("application/json", 500) + b'{"error": "', lambda: iter([MEBIBYTE] * 100)),
    "a head of 100 MB": Flood(b"HTTP/1.1 200 OK\r\nx: ", lambda: iter([MEBIBYTE] * 100)),
    "heads without end": Flood(b"HTTP/1.1 200 OK\r\n", lambda: forever(b"x-more: x\r\n" * 1000)),
    "tokens without end": Flood(head("text/event-stream"), lambda: forever(TOKENS)),
    "comments without end": Flood(head("text/event-stream"), lambda: forever(b": ping\n\n" * 1000)),
    "one event without end": Flood(head("text/event-stream"), lambda: forever(b"data: x\n" * 1000)),
    "events that are almost JSON without end": Flood(head("text/event-stream"), lambda: forever(b"data: {x}\n" * 1000)),
    "lines that are almost JSON without end": Flood(head("text/event-stream"), lambda: forever(b"{\n}\n{x}\n" * 1000)),
    "line ends without end": Flood(head("text/event-stream"), lambda: forever(b"\n" * 10_000)),
    "small chunks without end": Flood(
        head("text/event-stream", more="transfer-encoding: chunked\r\n"),
        lambda: forever((b"40\r\n" + b"x" * 64 + b"\r\n") * 1000),
    ),
    "a message of 100 MB": Flood(
        SWITCHED + bytes([0x81, 127]) + HUNDRED.to_bytes(8, "big"), lambda: iter([MEBIBYTE] * 100), socket=True
    ),
    "a message without end": Flood(
        SWITCHED + bytes([0x01, 1]) + b"x", lambda: forever((bytes([0x00, 100]) + b"x" * 100) * 600), socket=True
    ),
    "messages without end": Flood(SWITCHED, lambda: forever(MESSAGE * 16), socket=True),
}
"""Name -> what the server does."""


@dataclass(frozen=True)
class Cost:
    """MiB above what was held before, and the longest time for which nothing else could run, in seconds."""

    memory: float
    blocked: float


def floods(count: int, seed: int) -> Result:
    """Every flood against the wire, which reads answers up to `count` MiB; the control is httpx with a packed one."""
    limits = Limits(answer=count << 20, retries=0)
    asyncio.run(_warm_up(limits))
    costs = {name: _measure_alone(flood, partial(_read_by_modeldeck, limits)) for name, flood in FLOODS.items()}
    bad = {name: cost for name, cost in costs.items() if cost.memory > MEMORY or cost.blocked > BLOCKED}
    control = _measure_alone(FLOODS["a packed body"], _plain)
    most = max(cost.memory for cost in costs.values())
    longest = max(cost.blocked for cost in costs.values())
    words = f"{len(FLOODS)} floods: at most {most:.0f} MiB, the loop kept for at most {longest * 1000:.0f} ms"
    details = "".join(f"; {name}: {cost.memory:.0f} MiB, {cost.blocked * 1000:.0f} ms" for name, cost in bad.items())
    control_words = f"httpx as it comes takes {control.memory:.0f} MiB"
    return Result(len(costs), len(bad), words + details, control_words, control.memory > MEMORY)


async def _warm_up(limits: Limits) -> None:
    """What is loaded at a first call is not part of what a flood costs."""
    import_module("tui.providers.client.websocket")
    await _read_by_modeldeck(limits, FLOODS["a packed stream"], port=9)


Caller = Callable[[Flood, int], Awaitable[None]]


def _measure_alone(flood: Flood, client: Caller) -> Cost:
    """What a client in a process of its own spends on a flood."""
    with _serving(flood) as port:
        reading, writing = os.pipe()
        with fork_children(lambda: _measure(flood, port, client, writing)), os.fdopen(reading) as received:
            os.close(writing)
            memory, blocked = received.read().split()
    return Cost(float(memory), float(blocked))


def _measure(flood: Flood, port: int, client: Caller, writing: int) -> None:
    memory, blocked = asyncio.run(_measure_all(flood, port, client))
    os.write(writing, f"{memory} {blocked}".encode())


async def _measure_all(flood: Flood, port: int, client: Caller) -> tuple[float, float]:
    blocked, most, before = 0.0, 0.0, _resident_memory()

    async def tick() -> None:
        nonlocal blocked, most
        while True:
            started = time.process_time()
            await asyncio.sleep(0)
            blocked = max(blocked, time.process_time() - started)
            most = max(most, _resident_memory())

    ticking = asyncio.create_task(tick())
    async with asyncio.timeout(60):
        await client(flood, port)
    ticking.cancel()
    return most - before, blocked


def _resident_memory() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


async def _read_by_modeldeck(limits: Limits, flood: Flood, port: int) -> None:
    access = access_to(f"http://localhost:{port}/v1")
    call = chat_call(access, flood.stream)
    if flood.socket:
        call = Call("GET", f"ws://localhost:{port}/v1", call.reader, Framing.WEBSOCKET, sends=("x",))
    wire = Client({}, limits=limits)
    try:
        async for _ in wire.stream(access, call):
            pass
    except UsageError:
        raise
    except Problem:
        return
    finally:
        await wire.aclose()
    raise AssertionError("a flood came to a good end")


async def _plain(flood: Flood, port: int) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        with suppress(httpx.HTTPError):
            await client.get(f"http://localhost:{port}/v1")


@contextmanager
def _serving(flood: Flood) -> Iterator[int]:
    """The port of a process that sends the flood to whoever asks."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                connection, _ = listening.accept()
                with connection, suppress(OSError):
                    request = connection.recv(1 << 16).decode("latin-1")
                    key = re.search("(?i)sec-websocket-key: (.*)\r", request)
                    connection.sendall(accepting(flood.begin, key[1] if key else ""))
                    for piece in flood.then():
                        connection.sendall(piece)

        with fork_children(serve) as server:
            try:
                yield listening.getsockname()[1]
            finally:
                os.kill(server, signal.SIGKILL)
