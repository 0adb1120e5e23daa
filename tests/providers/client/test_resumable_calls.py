"""Calls whose answer can be had in another way: what ends a stream too early is told to the reader, and to nobody else.

And frames that hold text as it is, whatever it looks like.
"""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from tests.providers.http_server import HOLD, QUICK, RESET, access_to, http, run, serve, text_of
from tui.errors import IncompleteAnswer
from tui.providers.client.client import Client
from tui.providers.events import Event, Finish, TextDelta
from tui.providers.requests import ApiError, Call, Frame, Framing, Reader, RemoteJob

EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
WHOLE = http({"text": "in another way"})


def streaming(url: str, other: str = "", patience: float = 60) -> Call:
    """A stream of plain text, and a second way to the same."""

    def whole(frame: Frame | None) -> Iterator[Event]:
        if frame is not None:
            yield TextDelta(frame.data["text"])
            yield Finish("stop")

    def read(frame: Frame | None) -> Iterator[Event | Call]:
        if frame is not None and isinstance(frame.data, str):
            yield TextDelta(f"[{frame.event}|{frame.data}]")
        if frame is None or frame.event == "done":
            yield Call("GET", other or f"{url}/whole", lambda: whole)

    return Call("GET", f"{url}/stream", lambda: read, Framing.SSE, plain=True, idle_timeout=patience)


@pytest.mark.slow
@pytest.mark.parametrize(("end", "patience"), [([], 60), ([RESET], 60), ([HOLD], 1)], ids=["end", "break", "silence"])
async def test_a_stream_that_ends_too_early_goes_on_by_other_means(end: list[str], patience: float) -> None:
    async with serve([EVENTS + b"data: a\n\ndata: cut", *end], [WHOLE]) as server:
        wire = Client({}, limits=QUICK)
        events, problem = await run(wire, access_to(server.base_url), streaming(server.base_url, patience=patience))
        await wire.aclose()
    assert problem is None
    assert events == [TextDelta("[|a]"), TextDelta("in another way"), Finish("stop")]
    assert [request.target for request in server.requests] == ["/v1/stream", "/v1/whole"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "patience"),
    [([HOLD], 1), ([RESET], 60), ([EVENTS, HOLD], 1)],
    ids=["silence", "break", "no frame"],
)
async def test_so_does_one_that_never_begins(answer: list[bytes | str], patience: float) -> None:
    async with serve(answer, [WHOLE]) as server:
        wire = Client({}, limits=QUICK)
        events, problem = await run(wire, access_to(server.base_url), streaming(server.base_url, patience=patience))
        await wire.aclose()
    assert (events, problem) == ([TextDelta("in another way"), Finish("stop")], None)
    assert len(server.requests) == 2


async def test_and_one_where_nothing_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        removed = f"http://localhost:{closed.getsockname()[1]}"
        async with serve([WHOLE]) as server:
            wire, access = Client({}, limits=QUICK), access_to(server.base_url)
            access = type(access)(access.provider, access.fields, (*access.origins, removed), secrets=access.secrets)
            events, problem = await run(wire, access, streaming(removed, f"{server.base_url}/whole"))
            await wire.aclose()
    assert (events, problem) == ([TextDelta("in another way"), Finish("stop")], None)


async def test_without_patience_it_is_a_problem_as_ever() -> None:
    async with serve([EVENTS + b"data: a\n\n", RESET], [WHOLE]) as server:
        wire = Client({}, limits=QUICK)
        events, problem = await run(wire, access_to(server.base_url), streaming(server.base_url, patience=0))
        await wire.aclose()
    assert (events, type(problem), len(server.requests)) == ([TextDelta("[|a]")], IncompleteAnswer, 1)


async def test_the_next_step_does_not_wait_for_the_end_of_a_stream() -> None:
    async with serve([EVENTS + b"event: done\ndata: {}\n\ndata: late\n\n", HOLD], [WHOLE]) as server:
        wire = Client({}, limits=QUICK)
        call = streaming(server.base_url, patience=0)
        events, problem = await run(wire, access_to(server.base_url), call)
        await wire.aclose()
    assert problem is None
    assert events == [TextDelta("[done|{}]"), TextDelta("in another way"), Finish("stop")]


async def test_plain_frames_keep_blanks_line_ends_and_what_looks_like_json() -> None:
    pieces = [b"data:  world", b"data:\ndata:", b"data: 42", b"data: null", b'data: {"a', b"data: {}", b"data:"]
    async with serve([EVENTS + b"".join(piece + b"\n\n" for piece in pieces)], [WHOLE]) as server:
        wire = Client({}, limits=QUICK)
        events, problem = await run(wire, access_to(server.base_url), streaming(server.base_url))
        await wire.aclose()
    assert problem is None
    # The step that follows brings "in another way".
    assert text_of(events).startswith('[| world][|\n][|42][|null][|{"a][|{}][|]')


async def test_what_came_to_its_end_at_the_provider_is_not_stopped_there() -> None:
    def creating(url: str) -> Call:
        cancel = Call("POST", f"{url}/cancel", reader)
        return Call("POST", f"{url}/p", lambda: lambda frame: over(cancel) if frame else (), idempotent=False)

    def over(cancel: Call) -> list[RemoteJob | ApiError]:
        return [RemoteJob(cancel), RemoteJob(None), ApiError(code="failed", message="It failed.")]

    def reader() -> Reader:
        return lambda frame: ()

    async with serve([http({})]) as server:
        wire = Client({}, limits=QUICK)
        _, problem = await run(wire, access_to(server.base_url), creating(server.base_url))
        await wire.aclose()
    await asyncio.sleep(0)
    assert problem and len(server.requests) == 1
