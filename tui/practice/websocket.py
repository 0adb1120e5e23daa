"""A WebSocket connection in memory: reads messages, and streams answers with pauses."""

import asyncio
from collections.abc import AsyncIterator, Callable
from json import loads
from typing import Any

import httpcore
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import CloseConnection, TextMessage

from tui.practice import exchange
from tui.practice.exchange import Answer

OnMessage = Callable[[list[Any]], Answer | None]
"""(all messages so far) -> what is said to them: each piece is a message; None to wait for more."""


class PracticeSocket(httpcore.AsyncNetworkStream):
    """The other side of a connection that was accepted. It closes where the pieces of an answer end."""

    def __init__(self, on_message: OnMessage, pace: float) -> None:
        self._on_message = on_message
        self._pace = pace
        self._spoken = Connection(ConnectionType.SERVER)
        self._messages: list[Any] = []
        self._answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._frames = self._send()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Return the next bytes of the server, b"" at the end."""
        return await anext(self._frames, b"")

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Take the client's frames, and give the server each complete message."""
        self._spoken.receive_data(buffer)
        for event in self._spoken.events():
            if not isinstance(event, TextMessage):
                continue
            self._messages.append(loads(event.data))
            answer = None if self._answer.done() else self._on_message(self._messages)
            if answer is not None:
                self._answer.set_result(answer)

    async def aclose(self) -> None:
        """Stop the answer."""
        self._answer.cancel()

    async def _send(self) -> AsyncIterator[bytes]:
        answer = await self._answer
        await asyncio.sleep(answer.first * self._pace)
        for piece in answer.pieces:
            await asyncio.sleep(answer.pause * self._pace)
            yield self._spoken.send(TextMessage(piece.decode()))
        if answer.stall:
            await exchange.stall()
        if answer.cut:
            raise httpcore.ReadError("practice")
        if self._spoken.state is ConnectionState.OPEN:
            yield self._spoken.send(CloseConnection(1000))
