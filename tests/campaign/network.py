"""Calls that are led astray and calls that are given up: where keys go, and what is left open."""

import asyncio
import os
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from unittest.mock import patch

import httpx

from tests.campaign.figures import Result
from tests.providers.facts import Chat, every
from tests.providers.http_server import HOLD, QUICK, Answer, Server, http, run, serve
from tui.errors import Problem
from tui.providers.client import connection
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.requests import Call

STATUSES = (301, 302, 303, 307, 308)
MAX_SECONDS = 0.2
"""Seconds that giving up may take, for 99 of 100."""
LET_GO = 60.0
"""Seconds after which whatever is open counts as left open."""

Target = Callable[[Server], str]
TARGETS: dict[str, Target] = {
    "another port": lambda other: f"{other.origin}/v1/chat/completions",
    "another host": lambda other: f"http://127.0.0.1:{other.port}/v1",
    "no scheme": lambda other: f"//localhost:{other.port}/v1",
    "a user name that looks like a host": lambda other: f"http://api.example@localhost:{other.port}/",
}
PAGE = '<html><head><meta http-equiv="refresh" content="0; url={url}"><title>Moved</title></head></html>'


# --- redirects --------------------------------------------------------------------------------------------------------


def redirects(count: int, seed: int) -> Result:
    """Every wire and call of every provider meets `count` redirects, the wires in turn all of them.

    The second server must hear nothing.
    """
    context = connection.tls_context({})
    # Reading the system's certificates for each wire anew takes longer than all the rest.
    with patch.object(connection, "tls_context", lambda environ: context):
        return asyncio.run(_redirects(count, seed))


async def _redirects(count: int, seed: int) -> Result:
    bad: list[str] = []
    tried = 0
    async with serve([http({})]) as other:
        redirects = list(_leading_astray(other))
        for number, chat in enumerate(_chats()):
            first = seed + number * count
            for name, answer in (redirects[(first + n) % len(redirects)] for n in range(min(count, len(redirects)))):
                for kind in ("chat", "verify", "list"):
                    tried += await _lead(chat, kind, answer)
                    if other.bytes or other.connections:
                        bad.append(f"{chat} {kind}: {name}")
                        other.bytes.clear()
                        other.connections = 0
        leaked = await _is_followed(other)
    words = f"{len(_chats())} wires of all providers × {min(count, len(redirects))} of {len(redirects)} redirects"
    details = "".join(f"; {problem}" for problem in bad)
    control = f"httpx following redirects takes the key along {leaked} of {len(STATUSES)} times"
    return Result(tried, len(bad), f"{words}: {len(bad)} reached the second server{details}", control, leaked > 0)


def _chats() -> list[Chat]:
    return [chat for facts in every() for chat in facts.chats]


def _leading_astray(other: Server) -> Iterator[tuple[str, bytes]]:
    for name, target in TARGETS.items():
        for status in STATUSES:
            yield f"{status} to {name}", http("", status, {"location": target(other)})
    url = TARGETS["another port"](other)
    yield "a page that refreshes", http(PAGE.format(url=url), headers={"content-type": "text/html"})
    yield "a header that refreshes", http("", headers={"refresh": f"0; url={url}"})
    yield "200 with a location", http({}, headers={"location": url, "content-location": url})
    yield "401 that names another realm", http("", 401, {"www-authenticate": f'Bearer realm="{url}"'})
    yield "a link", http({}, headers={"link": f'<{url}>; rel="next"'})
    yield "another service", http("", 421, {"alt-svc": f'h2="localhost:{other.port}"; ma=86400'})


async def _lead(chat: Chat, kind: str, answer: bytes) -> int:
    """One call of a wire to a server that answers so; 1 if there is such a call."""
    async with serve(*([answer] for answer in chat.before), [answer]) as server:
        access = chat.access(server.origin)
        call = _call(chat, access, kind)
        if call is None:
            return 0
        wire = Client({}, limits=QUICK)
        await run(wire, access, call)
        await wire.aclose()
        return 1


def _call(chat: Chat, access: Access, kind: str) -> Call | None:
    if kind == "chat":
        return chat.call(access)
    if kind == "verify":
        return chat.declared.verify(access.fields)
    return chat.declared.list_models(access.fields) if chat.declared.list_models else None


async def _is_followed(other: Server) -> int:
    """How often a key reaches the second server by a client that follows redirects."""
    leaked = 0
    for status in STATUSES:
        async with serve([http("", status, {"location": other.origin})]) as server:
            other.bytes.clear()
            async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as client:
                await client.post(server.origin, headers={"x-api-key": "FAKE-canary"}, json={})
            leaked += b"FAKE-canary" in other.bytes
    return leaked


# --- giving up --------------------------------------------------------------------------------------------------------


def cancels(count: int, seed: int) -> Result:
    """That many calls over all wires given up at a random moment; then nothing of them is left."""
    return asyncio.run(_cancels(count, random.Random(seed)))


async def _cancels(count: int, chance: random.Random) -> Result:
    chats = _chats()
    await _stop(chats[0], 1, chance)  # what is loaded at a first call stays
    before = _open()
    times: list[float] = []
    for n, chat in enumerate(chats):
        times += await _stop(chat, len(range(n, count, len(chats))), chance)
    left = await _left(before)
    slow = statistics.quantiles(times, n=100)[98]
    control = await _left_by_a_thread(chance)
    words = f"{len(chats)} wires: {left[0]} sockets, {left[1]} tasks, {left[2]} threads left; p99 {slow * 1000:.0f} ms"
    return Result(
        len(times),
        sum(left) + (slow > MAX_SECONDS),
        words,
        f"a blocking client in a thread leaves {control} sockets open",
        control > 0,
    )


async def _stop(chat: Chat, count: int, chance: random.Random) -> list[float]:
    """Seconds that each took from being given up to its end."""
    times = []
    answers: Sequence[Answer] = [*([answer] for answer in chat.before), _half(chat)]
    async with serve(*answers) as server:
        access = chat.access(server.origin)
        wire = Client({}, limits=replace(QUICK, cancel_timeout=0.05))
        for _ in range(count):
            calling = asyncio.create_task(run(wire, access, chat.call(access)))
            await asyncio.sleep(chance.random() ** 2 * 0.03)
            started = time.perf_counter()
            calling.cancel()
            with suppress(asyncio.CancelledError, Problem):
                await calling
            times.append(time.perf_counter() - started)
        await wire.aclose()
    return times


def _half(chat: Chat) -> list[bytes | str]:
    """An answer that begins and then holds."""
    if chat.stream is None:
        return [b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{", HOLD]
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {chat.stream.content_type}\r\n\r\n".encode()
    return [head + chat.stream.opening + chat.stream.text("Good"), HOLD]


def _open() -> tuple[int, int, int]:
    """Descriptors, tasks and threads of this process; those of the pool in which the store works are its own."""
    threads = [thread for thread in threading.enumerate() if not thread.name.startswith("asyncio_")]
    return len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks()), len(threads)


async def _left(before: tuple[int, int, int]) -> tuple[int, int, int]:
    """What is open beyond what was open before, once there was time to let go of it."""
    deadline = time.monotonic() + LET_GO
    while True:
        left = tuple(max(now - then, 0) for now, then in zip(_open(), before, strict=True))
        if not any(left) or time.monotonic() > deadline:
            return left[0], left[1], left[2]
        await asyncio.sleep(0.01)


async def _left_by_a_thread(chance: random.Random) -> int:
    """Connections still open after calls of a blocking client in threads were cancelled."""
    async with serve([b"HTTP/1.1 200 OK\r\n\r\n{", HOLD]) as server:
        with httpx.Client(trust_env=False, timeout=2) as client:
            for _ in range(3):
                calling = asyncio.create_task(asyncio.to_thread(client.get, server.origin))
                await asyncio.sleep(0.02)
                calling.cancel()
                with suppress(asyncio.CancelledError):
                    await calling
            return server.connections - server.closed.is_set()
