"""One question to a chat of the facts, over a socket: what is answered as documented, and what a person sees of it."""

import functools
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.doubles.silence import separate_time
from tests.providers.facts import Chat, Stream, every
from tests.providers.fault_rows import NOW
from tests.providers.http_server import QUICK, RECEIVE, Answer, HttpRequest, Server, http, run, serve, text_of
from tests.providers.websocket_server import SWITCHED
from tui.errors import Problem
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.events import Event
from tui.providers.requests import Call

CHATS = [chat for facts in every() for chat in facts.chats]
"""Every documented way to chat."""


@dataclass
class Outcome:
    """What a person sees: the events, the problem, and the server that was asked."""

    events: list[Event]
    problem: Problem | None
    server: Server
    access: Access
    call: Call

    @property
    def text(self) -> str:
        return text_of(self.events)

    @property
    def words(self) -> str:
        problem = self.problem
        return f"{problem.message} {problem.hint} {problem.detail}" if problem else ""

    @property
    def incomplete(self) -> bool:
        return self.problem is not None or not getattr(self.events[-1], "complete", False)


async def meet(chat: Chat, *answers: Answer, limits: Limits = QUICK, stream: bool = True, **more: Any) -> Outcome:
    """One question to a server that answers like this, once the steps before it are done."""
    separate_time()
    async with serve(*([item] for item in chat.before), *answers, *([item] for item in chat.after)) as server:
        outcome = await ask(chat, server, server.origin, limits, stream, **more)
        requests = server.requests[len(chat.before) :]
        server.requests = [request for request in requests if not chat.aside or not request.target.endswith(chat.aside)]
        return outcome


async def ask(
    chat: Chat,
    server: Server,
    origin: str,
    limits: Limits = QUICK,
    stream: bool = True,
    environ: Mapping[str, str] | None = None,
    **more: Any,
) -> Outcome:
    """One question to whatever is at the origin; what is said of a failure is two sentences that show no secret."""
    access = chat.access(origin, **more)
    call = chat.call(access, stream)
    wire = Client(environ or {}, limits=limits, clock=lambda: NOW)
    try:
        events, problem = await run(wire, access, call)
    finally:
        await wire.aclose()
    outcome = Outcome(events, problem, server, access, call)
    assert events or problem
    if problem:
        assert problem.message[-1] in ".?"
        assert problem.hint[-1:] == "." or "://" in problem.hint
        assert len(problem.detail) <= 300
    for box in access.secrets().values():
        assert box.reveal() not in outcome.words + repr(events)
    return outcome


def streamed(chat: Chat, *parts: bytes, opening: bool = True) -> list[Any]:
    """The head of a stream that ends with the connection, and its first parts."""
    stream = of(chat)
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {stream.content_type}\r\nconnection: close\r\n\r\n".encode()
    message = (stream.opening if opening else b"") + b"".join(parts)
    return [SWITCHED, RECEIVE, message] if stream.socket else [head + message]


def of(chat: Chat) -> Stream:
    """The stream of a chat that streams."""
    assert chat.stream
    return chat.stream


def good(chat: Chat) -> Answer:
    """A good answer, in the form that the call asks for."""
    if chat.stream:
        return streamed(chat, chat.stream.text("Good"), chat.stream.text(" day"), chat.stream.closing)
    return [http(of_whole(chat)("Good day"))]


def script(chat: Chat, stream: bool) -> Callable[[HttpRequest], Answer]:
    """A server that answers each step of a chat as documented, however often it is asked."""
    answer = good(chat) if stream else [http(of_whole(chat)("Good day"))]
    answers = iter((*([item] for item in chat.before), answer, *([item] for item in chat.after)))
    known: dict[str, Answer] = {}

    def answered(request: HttpRequest) -> Answer:
        path = request.target.partition("?")[0]
        if chat.aside and path.endswith(chat.aside):
            return [http({})]
        if path not in known:
            known[path] = next(answers)
        return known[path]

    return answered


def of_whole(chat: Chat) -> Callable[[str], Any]:
    """How a chat answers in one piece."""
    assert chat.whole
    return chat.whole


@functools.cache
def certificates() -> ssl.SSLContext:
    """The system's certificates, whose reading takes longer than a fault."""
    return ssl.create_default_context()
