"""The way to a host: names, ports, proxies and certificates, with real sockets and an authority of our own."""

import asyncio
import datetime
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.authority import DAY, NOW, Authority
from tests.doubles.closed_port import closed_port
from tests.doubles.http_proxy import pass_on, proxy
from tests.providers import calls
from tests.providers.http_server import (
    DEADLINE,
    HOLD,
    KEY,
    QUICK,
    RESET,
    access_to,
    ask,
    chat_call,
    run,
    serve,
    streaming,
    text_chunk,
    text_of,
)
from tui.errors import NetworkError
from tui.providers.client import connection
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.events import Retrying

HELLO = streaming(text_chunk("Hi", "stop"))


async def try_url(
    url: str, environ: Mapping[str, str] | None = None, limits: Limits = QUICK, allow_http: bool = True
) -> calls.Outcome:
    """A chat with a server at a URL, its address allowed."""
    wire = Client(environ or {}, limits=limits)
    access = access_to(url)
    if allow_http:
        access = replace(access, plain_http=access.origins)
    try:
        return await run(wire, access, chat_call(access))
    finally:
        await wire.aclose()


# --- names and ports --------------------------------------------------------------------------------------------------


async def test_a_host_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_args: object, **_more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "secret words of a library")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    events, problem = await try_url("https://api.openai.com/v1")
    assert isinstance(problem, NetworkError)
    assert problem.message == "Cannot find the host api.openai.com. The key was not sent."
    assert problem.hint == "Check the network or the proxy."
    assert [event.reason for event in events if isinstance(event, Retrying)] == ["not reached"] * 2


async def test_a_port_where_nothing_listens() -> None:
    port = closed_port()
    _, problem = await try_url(f"http://localhost:{port}/v1")
    assert isinstance(problem, NetworkError)
    assert problem.message == f"Nothing listens at localhost:{port}. The key was not sent."


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (101, "no route"),
        (113, "no route"),
        (110, "no answer"),
        (104, "it closed the connection"),
        (1, "the connection failed"),
    ],
)
async def test_other_reasons_by_their_number(monkeypatch: pytest.MonkeyPatch, error: int, why: str) -> None:
    async def failing(*_args: object, **_more: object) -> None:
        raise OSError(error, "secret words of a library")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", failing)
    _, problem = await try_url("https://127.0.0.1:9/v1")
    assert problem and problem.message == f"Cannot reach 127.0.0.1:9: {why}. The key was not sent."


@pytest.mark.slow
async def test_a_host_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_args: object, **_more: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", never)
    _, problem = await try_url("https://127.0.0.1:9/v1", limits=replace(QUICK, connect=0.05))
    assert problem and problem.message == "Cannot reach 127.0.0.1:9: no answer. The key was not sent."


@pytest.mark.parametrize("end", [[], [RESET]], ids=["closed", "reset"])
async def test_a_connection_that_ends_before_the_answer_is_tried_again(end: list[str]) -> None:
    async with serve([b"", *end], [b"", *end], [HELLO]) as server:
        events, problem = await ask(server)
    assert [event.reason for event in events if isinstance(event, Retrying)] == ["connection lost"] * 2
    assert (text_of(events), problem) == ("Hi", None)


async def test_a_server_that_speaks_another_protocol() -> None:
    async with serve([b"SSH-2.0-OpenSSH_9.2\r\n"]) as server:
        _, problem = await ask(server)
    assert isinstance(problem, NetworkError)
    assert problem.message == "The connection to OpenAI ended before the answer began."


async def test_too_many_answers_at_once() -> None:
    async with serve([HOLD]) as server:
        wire, access = Client({}, limits=replace(QUICK, max_connections=1, connect=0.05)), access_to(server.base_url)
        first = asyncio.create_task(run(wire, access, chat_call(access)))
        await asyncio.wait_for(server.holding.wait(), DEADLINE)
        _, problem = await run(wire, access, chat_call(access))
        assert problem and problem.message == "Too many requests are running."
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await wire.aclose()


# --- proxies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "url", "proxy"),
    [
        ({}, "https://a.test", ""),
        ({"HTTPS_PROXY": "http://p:1"}, "https://a.test", "http://p:1"),
        ({"https_proxy": "http://q:1", "HTTPS_PROXY": "http://p:1"}, "https://a.test", "http://q:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "http://a.test", ""),
        ({"HTTP_PROXY": "http://p:1"}, "http://a.test", "http://p:1"),
        ({"ALL_PROXY": "socks5://p:1"}, "https://a.test", "socks5://p:1"),
        ({"ALL_PROXY": "socks://p:1"}, "https://a.test", "socks5://p:1"),
        ({"ALL_PROXY": "socks5h://p:1", "HTTPS_PROXY": "http://q:1"}, "https://a.test", "http://q:1"),
        ({"HTTPS_PROXY": "p:3128"}, "https://a.test", "http://p:3128"),
        ({"HTTPS_PROXY": "http://me:word@p:1"}, "https://a.test", "http://p:1"),
        ({"HTTPS_PROXY": " "}, "https://a.test", ""),
        *(
            ({"ALL_PROXY": "http://p:1"}, url, "")
            for url in ("http://localhost:8", "http://127.0.0.2", "http://[::1]:1")
        ),
        *(
            ({"ALL_PROXY": "http://p:1", "NO_PROXY": entry}, "https://api.a.test:8443", "")
            for entry in ("*", "a.test", ".a.test", "*.a.test", "x,api.a.test", "x a.test", "A.TEST", "a.test:8443")
        ),
        *(
            ({"ALL_PROXY": "http://p:1", "no_proxy": entry}, "https://api.a.test:8443", "http://p:1")
            for entry in ("", ",", "b.test", "pi.a.test", "a.test:443", "test.a", "10.0.0.0/8")
        ),
        *(
            ({"ALL_PROXY": "http://p:1", "NO_PROXY": entry}, "https://10.1.2.3", "")
            for entry in ("10.1.2.3", "10.0.0.0/8", "10.1.2.3:443")
        ),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/24"}, "https://10.1.2.3", "http://p:1"),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "fd00::/8"}, "https://[fd00::1]", ""),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "[fd00::1]:443"}, "https://[fd00::1]", ""),
    ],
)
def test_which_proxy(environ: dict[str, str], url: str, proxy: str) -> None:
    assert Client(environ).proxy_for(url) == proxy


def test_only_the_environment_that_was_passed_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://p:1")
    assert Client({}).proxy_for("https://a.test") == ""


@pytest.mark.parametrize("value", ["ftp://p:1", "http://", "http://p:0", "http://p:99999", "socks4://p:1"])
async def test_a_proxy_that_cannot_be_used(value: str) -> None:
    _, problem = await try_url("https://a.test/v1", {"HTTPS_PROXY": value})
    assert isinstance(problem, NetworkError)
    assert problem.message == "HTTPS_PROXY is not a usable proxy. Nothing was sent."


@pytest.mark.parametrize("password", ["12/34", "12?34", "12#34", "12/34@x"])
async def test_a_password_that_ends_the_host_is_neither_shown_nor_resolved(password: str) -> None:
    _, problem = await try_url("https://a.test/v1", {"HTTPS_PROXY": f"http://user:{password}@proxy.test:3128"})
    assert isinstance(problem, NetworkError)
    assert "12" not in problem.message + problem.hint + problem.detail and "user" not in problem.message
    assert "/ is written as %2F, # as %23 and ? as %3F" in problem.hint


def test_control_an_encoded_password_and_a_last_slash_are_accepted() -> None:
    assert Client({"HTTPS_PROXY": "http://user:12%2F34@p:3128/"}).proxy_for("https://a.test") == "http://p:3128"


async def test_a_call_in_plain_http_goes_through_its_proxy() -> None:
    async with serve([HELLO]) as server, proxy(target=server.port) as (address, heads):
        environ = {"HTTP_PROXY": f"http://me:word@{address}"}
        events, problem = await try_url("http://models.example.test/v1", environ)
    assert (text_of(events), problem) == ("Hi", None)
    assert heads[0].startswith(b"POST http://models.example.test/v1/chat/completions HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6d29yZA==" in heads[0]


async def test_a_proxy_that_wants_a_password() -> None:
    async with proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as (address, heads):
        _, problem = await try_url("https://api.openai.com/v1", {"HTTPS_PROXY": f"http://me:word@{address}"})
    assert isinstance(problem, NetworkError)
    assert f"The proxy http://{address} requires a user name and password" in problem.message
    assert "The key was not sent." in problem.message
    assert "word" not in problem.message.replace("password", "")
    assert KEY.encode() not in b"".join(heads)
    assert len(heads) == 1


async def test_a_proxy_that_does_not_pass_on() -> None:
    async with proxy(b"HTTP/1.1 403 Forbidden\r\n\r\n") as (address, _):
        _, problem = await try_url("https://api.openai.com/v1", {"HTTPS_PROXY": f"http://{address}"})
    refused = f"The proxy http://{address} answered 403 and does not pass on requests to api.openai.com."
    text = f"{refused} The key was not sent."
    assert problem and problem.message == text


@pytest.mark.slow
async def test_a_proxy_that_is_not_there() -> None:
    port = closed_port()
    for scheme in ("http", "socks5"):
        _, problem = await try_url("https://api.openai.com/v1", {"ALL_PROXY": f"{scheme}://127.0.0.1:{port}"})
        assert problem and problem.message == f"Nothing listens at the proxy 127.0.0.1:{port}. The key was not sent."
        assert "NO_PROXY" in problem.hint


async def test_nothing_on_this_machine_goes_through_a_proxy() -> None:
    async with serve([HELLO]) as server, proxy() as (address, heads):
        events, _ = await ask(server, environ={"ALL_PROXY": f"http://{address}", "HTTP_PROXY": f"http://{address}"})
    assert text_of(events) == "Hi"
    assert heads == []


@asynccontextmanager
async def socks(target: int, reply: int = 0) -> AsyncIterator[tuple[str, list[tuple[str, int]]]]:
    """A SOCKS5 proxy (RFC 1928) that remembers the names asked for and passes on to a port here."""
    names: list[tuple[str, int]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        await reader.readexactly(count)
        writer.write(b"\x05\x00")
        *_, kind = await reader.readexactly(4)
        length = (await reader.readexactly(1))[0] if kind == 3 else 4
        host = await reader.readexactly(length)
        port = int.from_bytes(await reader.readexactly(2), "big")
        names.append((host.decode(), port))
        writer.write(bytes([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]))
        if reply:
            writer.close()
            return
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(pass_on(reader, to_writer), pass_on(to_reader, writer))

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", names
    server.close()


async def test_a_call_goes_through_a_socks_proxy_which_looks_up_the_name() -> None:
    async with serve([HELLO]) as server, socks(server.port) as (address, names):
        events, problem = await try_url("http://models.example.test/v1", {"ALL_PROXY": f"socks5h://{address}"})
    assert (text_of(events), problem) == ("Hi", None)
    assert names == [("models.example.test", 80)]


async def test_a_socks_proxy_that_cannot_connect() -> None:
    async with socks(0, reply=4) as (address, _):
        _, problem = await try_url("https://api.openai.com/v1", {"ALL_PROXY": f"socks5://{address}"})
    assert problem and problem.message == (
        f"The proxy socks5://{address} could not connect to api.openai.com. The key was not sent."
    )


# --- certificates -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_an_authority_that_the_environment_names_is_trusted(
    authority: Authority, variable: str, tmp_path: Path
) -> None:
    value = authority.file
    if variable == "SSL_CERT_DIR":
        value = tmp_path
        pem = authority.file.read_bytes()
        # OpenSSL looks for the hash of the subject's name.
        (tmp_path / f"{_subject_hash(pem)}.0").write_bytes(pem)
    async with serve([HELLO], context=authority.context()) as server:
        events, problem = await ask(server, environ={variable: str(value)})
    assert (text_of(events), problem) == ("Hi", None)


def _subject_hash(pem: bytes) -> str:
    """X509_NAME_hash: SHA-1 of the name in canonical form, its first four bytes backwards."""
    import hashlib

    name = b"test authority"
    value = b"\x0c" + bytes([len(name)]) + name
    pair = b"\x06\x03\x55\x04\x03" + value
    entry = b"\x31" + bytes([len(pair) + 2]) + b"\x30" + bytes([len(pair)]) + pair
    return hashlib.sha1(entry).digest()[:4][::-1].hex()


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown": ({}, "is from an unknown certificate authority"),
    "expired": ({"ends": NOW - datetime.timedelta(hours=1)}, "has expired"),
    "early": ({"begins": NOW + DAY / 2}, "is not valid yet"),
    "host": ({"host": "elsewhere.example.test"}, "is for another host"),
    "alone": ({"alone": True}, "is self-signed"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_certificate_that_is_not_accepted(authority: Authority, name: str) -> None:
    how, words = FAULTS[name]
    environ = {} if name == "unknown" else {"SSL_CERT_FILE": str(authority.file)}
    async with serve([HELLO], context=authority.context(**how)) as server:
        events, problem = await ask(server, environ=environ)
    assert isinstance(problem, NetworkError)
    assert problem.message == f"The certificate of localhost:{server.port} {words}. The key was not sent."
    assert events == []
    assert bytes(server.bytes) == b""


async def test_an_address_that_the_certificate_does_not_name(authority: Authority) -> None:
    async with serve([HELLO], context=authority.context("127.0.0.9")) as server:
        environ = {"SSL_CERT_FILE": str(authority.file)}
        _, problem = await try_url(f"https://127.0.0.1:{server.port}/v1", environ)
    assert problem and "is for another host" in problem.message


async def test_a_tunnel_checks_the_certificate_of_the_host_behind_it(authority: Authority) -> None:
    context = authority.context("api.openai.com")
    async with serve([HELLO], context=context) as server, proxy(target=server.port) as (address, heads):
        environ = {"HTTPS_PROXY": f"http://{address}", "SSL_CERT_FILE": str(authority.file)}
        events, problem = await try_url("https://api.openai.com/v1", environ)
        assert (text_of(events), problem) == ("Hi", None)
        _, wrong = await try_url("https://eu.api.openai.com/v1", environ)
    assert wrong and wrong.message.startswith("The certificate of eu.api.openai.com is for another host.")
    assert heads[0].startswith(b"CONNECT api.openai.com:443 ")
    assert KEY.encode() not in b"".join(heads)


@pytest.mark.slow
async def test_a_certificate_of_a_proxy_is_named_as_the_proxy_s(authority: Authority) -> None:
    async with serve([HELLO], context=authority.context(alone=True)) as server:
        environ = {"HTTPS_PROXY": f"https://localhost:{server.port}"}
        _, problem = await try_url("https://api.openai.com/v1", environ)
    words = f"The certificate of the proxy localhost:{server.port} is self-signed. The key was not sent."
    assert problem and problem.message == words


async def test_a_port_that_speaks_no_tls() -> None:
    received = bytearray()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.extend(await reader.read(65536))
        writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, problem = await try_url(f"https://localhost:{port}/v1")
    server.close()
    assert problem and problem.message == f"localhost:{port} does not speak TLS on this port. The key was not sent."
    assert "http://" in problem.hint
    assert KEY.encode() not in received


async def test_tls_that_is_too_old(authority: Authority) -> None:
    context = authority.context()
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with serve([HELLO], context=context) as server:
        _, problem = await ask(server, environ={"SSL_CERT_FILE": str(authority.file)})
    assert problem and "TLS" in problem.message


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE"])
async def test_a_certificate_file_that_cannot_be_read(variable: str, tmp_path: Path) -> None:
    for path in (tmp_path / "absent.pem", tmp_path / "empty.pem"):
        if path.name == "empty.pem":
            path.write_text("nothing")
        _, problem = await try_url("https://127.0.0.1:9/v1", {variable: str(path)})
        assert isinstance(problem, NetworkError)
        assert "cannot be read as certificates" in problem.message


@pytest.mark.slow
def test_the_system_store_is_used_or_certifi_where_it_is_empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert connection.tls_context({}).verify_mode is ssl.CERT_REQUIRED
    assert connection.tls_context({}).check_hostname
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    paths = ssl.DefaultVerifyPaths("", str(tmp_path), "SSL_CERT_FILE", "", "SSL_CERT_DIR", "")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    assert connection.tls_context({}).cert_store_stats()["x509_ca"] > 50


def test_no_source_turns_verification_off() -> None:
    folder = Path(connection.__file__).parent
    for file in folder.rglob("*.py"):
        source = file.read_text("utf-8")
        for word in ("verify=False", "CERT_NONE", "check_hostname = False", "_create_unverified"):
            assert word not in source, file.name
