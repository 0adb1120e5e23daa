"""The faults on the way to a host, for every chat of every provider: names, ports, certificates, proxies, redirects.

Each chat meets each fault on real sockets, with an authority of our own. Whatever happens, it is said whose side it is
and that the key was not sent; and not a byte of it was.
"""

import asyncio
import datetime
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.doubles.authority import DAY, Authority
from tests.doubles.authority import NOW as TODAY
from tests.doubles.closed_port import closed_port
from tests.doubles.http_proxy import proxy
from tests.providers import requests
from tests.providers.client.test_connection import socks
from tests.providers.facts import Chat
from tests.providers.http_server import DEADLINE, HOLD, QUICK, Server, http, run, serve
from tests.providers.requests import CHATS, Outcome, ask, good
from tui.errors import NetworkError, Problem, UsageError
from tui.providers.client import connection
from tui.providers.client.client import Client
from tui.providers.client.silence import Clock, SilenceMonitor

pytestmark = pytest.mark.slow

ONCE = replace(QUICK, retries=0)
UNKNOWN_HOST = "https://models.example.test"
HOUR = datetime.timedelta(hours=1)
UNSENT = ("The key was not sent.", "Nothing was sent.")
CallRoute = Callable[[Chat], Awaitable[None]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def one_set_of_certificates(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """Reading the system's certificates takes longer than a fault."""
    own = ssl.create_default_context(cafile=str(authority.file))
    monkeypatch.setattr(connection, "tls_context", lambda environ: own if environ else requests.certificates())


async def all_chats(method: CallRoute) -> None:
    """Every chat goes that way, all of them at once."""
    entries = await asyncio.gather(*(method(chat) for chat in CHATS), return_exceptions=True)
    assert [(str(chat), item) for chat, item in zip(CHATS, entries, strict=True) if item] == []


def is_unsent(outcome: Outcome, says: str, received: bytes = b"") -> None:
    """It is the network's side, and the key stayed here."""
    assert isinstance(outcome.problem, NetworkError)
    assert says in outcome.problem.message
    assert outcome.problem.message.endswith(UNSENT)
    assert not any(box.reveal().encode() in received for box in outcome.access.secrets().values())


# --- names and ports --------------------------------------------------------------------------------------------------


async def test_a_host_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "words of a library")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)

    async def attempt(chat: Chat) -> None:
        is_unsent(await ask(chat, Server(), UNKNOWN_HOST), "Cannot find the host models.example.test.")

    await all_chats(attempt)


async def test_a_port_where_nothing_listens() -> None:
    async def attempt(chat: Chat) -> None:
        port = closed_port()
        is_unsent(await ask(chat, Server(), f"http://localhost:{port}"), f"Nothing listens at localhost:{port}.")

    await all_chats(attempt)


async def test_a_host_that_cannot_be_reached_or_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(*_: Any, **__: Any) -> Any:
        raise OSError(113, "words of a library")

    async def never(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    for connecting, says in ((failing, "no route."), (never, "no answer.")):
        monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", connecting)

        async def attempt(chat: Chat, says: str = says) -> None:
            outcome = await ask(chat, Server(), "https://127.0.0.1:9", replace(ONCE, connect=0.1))
            is_unsent(outcome, f"Cannot reach 127.0.0.1:9: {says}")

        await all_chats(attempt)


async def test_one_broken_family_of_addresses_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    real = loop.create_connection

    async def both(host: Any, port: Any, **_: Any) -> list[Any]:
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("100::1", port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        ]

    async def connecting(factory: Any, host: str, *args: Any, **more: Any) -> Any:
        if ":" in host:
            await asyncio.Event().wait()
        return await real(factory, host, *args, **more)

    monkeypatch.setattr(loop, "getaddrinfo", both)
    monkeypatch.setattr(loop, "create_connection", connecting)

    async def attempt(chat: Chat) -> None:
        async with _answering(chat) as server:
            outcome = await ask(chat, server, server.origin)
        assert (outcome.text, outcome.problem) == ("Good day", None)

    await all_chats(attempt)


async def test_too_many_answers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SilenceMonitor, "clock", Clock())  # Nothing here ends by silence.

    async def attempt(chat: Chat) -> None:
        async with serve(*([item] for item in chat.before), [HOLD]) as server:
            limits = replace(QUICK, max_connections=1, connect=0.3, cancel_timeout=0.3)
            wire, access = Client({}, limits=limits), chat.access(server.origin)
            first = asyncio.create_task(run(wire, access, chat.call(access)))
            await asyncio.wait_for(server.holding.wait(), DEADLINE)
            _, problem = await run(wire, access, chat.call(access))
            assert problem and problem.message == "Too many requests are running."
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            await wire.aclose()

    await all_chats(attempt)


@asynccontextmanager
async def _answering(chat: Chat, context: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server that answers one question as documented."""
    steps = (*([item] for item in chat.before), good(chat), *([item] for item in chat.after))
    async with serve(*steps, context=context) as server:
        yield server


# --- certificates -----------------------------------------------------------------------------------------------------

CERTIFICATES: dict[str, dict[str, Any]] = {
    "has expired": {"ends": TODAY - HOUR},
    "is not valid yet": {"begins": TODAY + DAY / 2},
    "is for another host": {"host": "elsewhere.example.test"},
    "is self-signed": {"alone": True},
    "is from an unknown certificate authority": {},
}


@pytest.mark.parametrize("says", CERTIFICATES)
async def test_a_certificate_that_is_not_accepted(authority: Authority, says: str) -> None:
    context = authority.context(**CERTIFICATES[says])
    environ = {"SSL_CERT_FILE": "own"} if CERTIFICATES[says] else {}

    async def attempt(chat: Chat) -> None:
        async with _answering(chat, context) as server:
            outcome = await ask(chat, server, server.origin, environ=environ)
        is_unsent(outcome, f"The certificate of localhost:{server.port} {says}.")
        assert (bytes(server.bytes), outcome.events) == (b"", [])

    await all_chats(attempt)


async def test_a_certificate_that_is_accepted(authority: Authority) -> None:
    context = authority.context()

    async def attempt(chat: Chat) -> None:
        async with _answering(chat, context) as server:
            outcome = await ask(chat, server, server.origin, environ={"SSL_CERT_FILE": "own"})
        assert (outcome.text, outcome.problem) == ("Good day", None)

    await all_chats(attempt)


# RFC 8446, 6: alert records of a server that knows old versions only, that shares no cipher, and that broke inside.
OLD = "supports no secure version of TLS"
HANDSHAKES = {
    b"HTTP/1.1 400 Plain\r\ncontent-length: 0\r\n\r\n": "does not speak TLS on this port",
    b"\x15\x03\x01\x00\x02\x02\x46": OLD,
    b"\x15\x03\x01\x00\x02\x02\x28": OLD,
    b"\x15\x03\x03\x00\x02\x02\x50": "aborted the TLS handshake",
    b"": "aborted the TLS handshake",
}


@pytest.mark.parametrize("reply", HANDSHAKES)
async def test_a_handshake_that_fails(reply: bytes) -> None:
    async def attempt(chat: Chat) -> None:
        received = bytearray()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            received.extend(await reader.read(1 << 16))
            writer.write(reply)
            writer.close()

        listening = await asyncio.start_server(talk, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        outcome = await ask(chat, Server(), f"https://localhost:{port}")
        listening.close()
        is_unsent(outcome, f"localhost:{port} {HANDSHAKES[reply]}.", bytes(received))

    await all_chats(attempt)


# --- proxies ----------------------------------------------------------------------------------------------------------

REPLIES = {
    b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n": "requires a user name and password",
    b"HTTP/1.1 403 Forbidden\r\n\r\n": "answered 403 and does not pass on requests to models.example.test",
    b"HTTP/1.1 502 Bad Gateway\r\n\r\n": "answered 502 and does not pass on requests to models.example.test",
}


@pytest.mark.parametrize("reply", REPLIES, ids=REPLIES.values())
async def test_a_proxy_that_refuses(reply: bytes) -> None:
    async def attempt(chat: Chat) -> None:
        async with proxy(reply) as (address, heads):
            environ = {"HTTPS_PROXY": f"http://me:FAKE-word@{address}"}
            outcome = await ask(chat, Server(), UNKNOWN_HOST, environ=environ)
        is_unsent(outcome, f"The proxy http://{address} {REPLIES[reply]}", b"".join(heads))
        assert "FAKE-word" not in outcome.words
        assert len(heads) == 1

    await all_chats(attempt)


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
async def test_a_proxy_that_is_not_there(scheme: str) -> None:
    async def attempt(chat: Chat) -> None:
        port = closed_port()
        outcome = await ask(chat, Server(), UNKNOWN_HOST, ONCE, environ={"ALL_PROXY": f"{scheme}://127.0.0.1:{port}"})
        is_unsent(outcome, f"Nothing listens at the proxy 127.0.0.1:{port}.")
        assert outcome.problem and "NO_PROXY" in outcome.problem.hint

    await all_chats(attempt)


@pytest.mark.parametrize("code", [1, 2, 4, 5])
async def test_a_socks_proxy_that_does_not_connect(code: int) -> None:
    async def attempt(chat: Chat) -> None:
        async with socks(0, reply=code) as (address, _):
            outcome = await ask(chat, Server(), UNKNOWN_HOST, environ={"ALL_PROXY": f"socks5://{address}"})
        is_unsent(outcome, f"The proxy socks5://{address} could not connect to models.example.test.")

    await all_chats(attempt)


async def test_a_proxy_sees_no_key_of_a_call_that_it_passes_on(authority: Authority) -> None:
    context = authority.context("models.example.test")

    async def attempt(chat: Chat) -> None:
        async with _answering(chat, context) as server, proxy(target=server.port) as (address, heads):
            environ = {"HTTPS_PROXY": f"http://{address}", "SSL_CERT_FILE": "own"}
            outcome = await ask(chat, server, UNKNOWN_HOST, environ=environ)
        if chat.before and callable(chat.before[0]):
            return  # Its answers name the server by an address that the proxy does not know.
        assert (outcome.text, outcome.problem) == ("Good day", None)
        assert all(head.startswith(b"CONNECT models.example.test:443 ") for head in heads)
        assert not any(box.reveal().encode() in b"".join(heads) for box in outcome.access.secrets().values())

    await all_chats(attempt)


# --- other places -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_brings_nothing_to_another_port(status: int) -> None:
    async def attempt(chat: Chat) -> None:
        async with serve(good(chat)) as other:
            moved = [http("", status, {"location": f"{other.origin}/v1"})]
            async with serve(*([item] for item in chat.before), moved) as server:
                outcome = await ask(chat, server, server.origin)
            assert (bytes(other.bytes), other.connections) == (b"", 0)
        assert outcome.problem
        assert f"to localhost:{other.port} by plain http. The redirect was not followed." in outcome.problem.message
        assert f"The key went to localhost:{server.port} only." in outcome.problem.message

    await all_chats(attempt)


async def test_an_address_that_was_not_allowed() -> None:
    async def attempt(chat: Chat) -> None:
        async with serve(good(chat)) as server:
            access = replace(chat.access(server.origin), origins=("https://elsewhere.test",))
            _, problem = await run(Client({}), access, chat.call(access))
        assert isinstance(problem, UsageError)
        assert server.connections == 0

    await all_chats(attempt)


async def test_plain_http_that_was_not_allowed() -> None:
    async def attempt(chat: Chat) -> None:
        access = chat.access("http://models.example.test")
        _, problem = await run(Client({}), access, chat.call(access))
        assert isinstance(problem, Problem)
        assert "uses unencrypted http" in problem.message

    await all_chats(attempt)
