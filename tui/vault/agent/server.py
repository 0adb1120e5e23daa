"""The agent's process: accept connections of the same user, answer one request each, end in time."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tui.process import local_socket
from tui.vault.agent import protocol
from tui.vault.agent.keys import AgentKeys
from tui.vault.agent.protocol import INVALID

MAX_WAITING = 16
"""Connections whose request is not here yet; more close the oldest."""

TIMEOUT = 5.0
"""Seconds for a request and its answer."""

_TICK = 5.0
"""Seconds between looks at what has expired; while the machine sleeps no timer runs."""


class AgentServer:
    """Answers requests until it is stopped.

    Attributes:
        keys: The opened keys.
        about: What the status says of the process.
        refused: How many connections of other users were closed.
    """

    def __init__(self, keys: AgentKeys, about: dict[str, Any]) -> None:
        self.keys, self.about, self.refused = keys, about, 0
        self._waiting: dict[asyncio.Task[Any], None] = {}
        self._changed = asyncio.Event()

    async def run(self, listener: socket.socket, ready: Callable[[], None] = lambda: None) -> None:
        """Answer requests on a listening socket; call `ready` once that works."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop)
        server = await asyncio.start_unix_server(self._serve_connection, sock=listener)
        ready()
        try:
            while not self.keys.stopped:
                self._changed.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), _TICK)
                self.keys.expire()
        finally:
            server.close()

    def _stop(self) -> None:
        self.keys.stopped = True
        self._changed.set()

    async def _serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._waiting[task] = None
        if len(self._waiting) > MAX_WAITING:
            next(iter(self._waiting)).cancel()
        try:
            async with asyncio.timeout(TIMEOUT):
                if not self._is_same_user(writer):
                    self.refused += 1
                    return
                request = await _read_request(reader)
                self._waiting.pop(task, None)
                writer.write(protocol.encode(self._answer(request)))
                await writer.drain()
        except (TimeoutError, ValueError, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return  # nobody who keeps to the protocol is at the other end, or it has closed
        finally:
            self._waiting.pop(task, None)
            writer.close()
            if self.keys.stopped:
                self._changed.set()

    def _is_same_user(self, writer: asyncio.StreamWriter) -> bool:
        return local_socket.peer(writer.get_extra_info("socket"))[1] == os.geteuid()

    def _answer(self, request: dict[str, Any] | None) -> dict[str, Any]:
        if request is None:
            return {"error": INVALID}
        answer = self.keys.answer(request)
        if request.get("do") == "status" and "ok" in answer:
            answer["ok"] |= self.about | {"refused": self.refused}
        return answer


async def _read_request(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """Return the request of a connection, None for one that is not one."""
    try:
        body = await reader.readexactly(protocol.length(await reader.readexactly(protocol.PREFIX)))
        return protocol.decode(body)
    except ValueError:
        return None


def preload() -> None:
    """Import what the first request needs; nothing that is loaded later lies in memory that is not locked."""
    from Crypto.Cipher import AES, PKCS1_OAEP  # noqa: F401 - see above
    from Crypto.Hash import SHA256  # noqa: F401 - see above
    from Crypto.PublicKey import RSA  # noqa: F401 - see above

    gc.freeze()
