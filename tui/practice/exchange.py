"""Requests that a practice provider receives, and its answers."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from json import dumps
from typing import Any


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as an answer needs it: `data` is the JSON body, the parts of a form, or the bytes of a plain file.

    `key` is the key in the header `authorization`, `api-key` or `x-api-key`; `headers` have lower-case names. `times`
    counts how often the same question came before, so that an answer can be busy first.
    """

    method: str
    path: str
    origin: str
    key: str
    data: Any
    times: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """An answer in pieces. `pause` is in seconds before each piece, `first` before the first one.

    `cut` ends the connection where the pieces end, `stall` keeps it open without another byte.
    """

    status: int = 200
    pieces: tuple[bytes, ...] = ()
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    first: float = 0.25
    pause: float = 0.0
    cut: bool = False
    stall: bool = False


async def stall() -> None:
    """Send nothing until the other side gives up."""
    await asyncio.Event().wait()


def json_answer(data: Any, status: int = 200, headers: Mapping[str, str] | None = None, first: float = 0.25) -> Answer:
    """Return a JSON answer, not streamed."""
    kind = {"content-type": "application/json"}
    return Answer(status, (dumps(data).encode(),), kind | dict(headers or {}), first)


@dataclass(frozen=True)
class WebsocketTalk:
    """An accepted WebSocket. `on_message` is called at every message, with all messages so far as `data`.

    Each piece of its answer is sent as a message, and the connection ends; None waits for more messages.
    """

    on_message: Callable[[ReceivedRequest], Answer | None]
