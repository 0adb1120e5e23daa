"""The practice transport: find the provider, and stream its answer with pauses."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.resources import files
from json import loads
from pkgutil import iter_modules
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl

import httpx
from wsproto.utilities import generate_accept_token

from tui.practice import exchange
from tui.practice.exchange import Answer, ReceivedRequest, WebsocketTalk
from tui.practice.websocket import PracticeSocket
from tui.providers.origins import origin_of


@cache
def fixture(provider: str, name: str) -> bytes:
    """Read a file from a provider's folder."""
    return files(f"tui.practice.{provider}").joinpath(name).read_bytes()


@cache
def folders() -> Mapping[str, ModuleType]:
    """Return the `answers` module of each provider's folder, by provider ID."""
    package = import_module("tui.practice")
    names = [iter_module.name for iter_module in iter_modules(package.__path__) if iter_module.ispkg]
    return {name: import_module(f"tui.practice.{name}.server") for name in names}


class Practice(httpx.AsyncBaseTransport):
    """The transport. It opens no socket."""

    def __init__(self, pace: float = 1.0) -> None:
        self._pace = pace
        self._counts: dict[tuple[str, str], int] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request from the folder of the provider that its origin belongs to."""
        body = await request.aread()
        origin = origin_of(str(request.url))
        received = ReceivedRequest(
            request.method,
            request.url.path,
            origin,
            _key(request.headers),
            data := _data(request.headers.get("content-type", ""), body),
            self._count(str(request.url), data),
            request.headers,
            dict(request.url.params),
        )
        answers = next((folder for folder in folders().values() if origin in folder.ORIGINS), None)
        if answers is None or "nowhere" in received.key:
            raise httpx.ConnectError("practice") from socket.gaierror(socket.EAI_NONAME, "practice")
        respond: Callable[[ReceivedRequest], Answer | WebsocketTalk | None] = answers.answer
        answer = respond(received)
        if answer is None:
            raise httpx.ConnectError("practice") from ConnectionRefusedError(111, "practice")
        if isinstance(answer, WebsocketTalk):
            accepted = {
                "upgrade": "websocket",
                "connection": "Upgrade",
                "sec-websocket-accept": generate_accept_token(request.headers["sec-websocket-key"].encode()).decode(),
            }
            line = self._line(received, answer)
            return httpx.Response(101, headers=accepted, extensions={"network_stream": line})
        await asyncio.sleep(answer.first * self._pace)
        stream = _Pieces(answer, self._pace)
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=stream, request=None)

    def _line(self, request: ReceivedRequest, talk: WebsocketTalk) -> PracticeSocket:
        def on_message(messages: list[Any]) -> Answer | None:
            times = self._counts.get(key := (request.origin + request.path, repr(messages)), 0)
            answer = talk.on_message(replace(request, data=messages, times=times))
            if answer is not None:
                self._counts[key] = times + 1
            return answer

        return PracticeSocket(on_message, self._pace)

    def _count(self, url: str, data: Any) -> int:
        # The same question, whatever parameters were left out meanwhile.
        key = (url, repr(data.get("messages")) if isinstance(data, dict) else "")
        times = self._counts.get(key, 0)
        self._counts[key] = times + 1
        return times


class _Pieces(httpx.AsyncByteStream):
    def __init__(self, answer: Answer, pace: float) -> None:
        self._answer = answer
        self._pace = pace

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._answer.pieces:
            await asyncio.sleep(self._answer.pause * self._pace)
            yield piece
        if self._answer.stall:
            await exchange.stall()
        if self._answer.cut:
            # The words of h11, by which a connection that ended is told from bytes that are not HTTP.
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


def _key(headers: Mapping[str, str]) -> str:
    named = headers.get("authorization", "").partition(" ")[2]
    return named or headers.get("api-key", "") or headers.get("x-api-key", "")


def _data(content_type: str, body: bytes) -> Any:
    if content_type.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode()))
    if not content_type.startswith("multipart/form-data"):
        return (loads(body) if content_type.startswith("application/json") else body) if body else None
    boundary = content_type.partition("boundary=")[2].encode()
    return dict(_parts(body.split(b"--" + boundary)))


def _parts(pieces: list[bytes]) -> Iterator[tuple[str, Any]]:
    for piece in pieces:
        head, _, value = piece.partition(b"\r\n\r\n")
        name = head.partition(b'name="')[2].partition(b'"')[0].decode()
        if name:
            value = value.removesuffix(b"\r\n")
            yield name, value if b"filename=" in head else value.decode()
