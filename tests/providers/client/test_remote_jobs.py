"""What the provider has begun and would go on with: stopped there when the answer is given up, left alone otherwise."""

import asyncio
from collections.abc import Iterable
from contextlib import aclosing

import pytest

from tests.providers.http_server import DEADLINE, HOLD, QUICK, Server, access_to, http, serve
from tui.errors import Problem
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.events import Finish, TextDelta
from tui.providers.requests import Call, Frame, Framing, RemoteJob, Result

EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
CREATED = http({"id": "p1"}, 201)


def creating(server: Server) -> Call:
    """Creates a prediction, then streams its output."""
    cancel = Call("POST", f"{server.base_url}/p1/cancel", lambda: lambda frame: [TextDelta("never told")])

    def read(frame: Frame | None) -> Iterable[Result]:
        if frame is None:
            return []
        return [TextDelta(frame.data)] if frame.data != "[DONE]" else [Finish("done")]

    streaming = Call("GET", f"{server.base_url}/p1/stream", lambda: read, Framing.SSE, plain=True)
    return Call(
        "POST",
        f"{server.base_url}/predictions",
        lambda: lambda frame: [RemoteJob(cancel), streaming] if frame else [],
        json={},
        idempotent=False,
    )


@pytest.mark.parametrize("cancelled", [True, False])
async def test_an_answer_that_is_abandoned_is_stopped_at_the_provider(cancelled: bool) -> None:
    async with serve([CREATED], [EVENTS + b"data: Hel\n\n", HOLD], [http({"status": "canceled"})]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        events = []
        arrived = asyncio.Event()

        async def read() -> None:
            async with aclosing(wire.stream(access, creating(server))) as stream:
                async for event in stream:
                    events.append(event)
                    arrived.set()
                    if not cancelled:
                        return

        reading = asyncio.create_task(read())
        await asyncio.wait_for(arrived.wait(), DEADLINE)
        if cancelled:
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        else:
            await reading
        await wire.aclose()
    assert events == [TextDelta("Hel")]
    assert (server.requests[-1].method, server.requests[-1].target) == ("POST", "/v1/p1/cancel")
    assert server.requests[-1].headers["authorization"].startswith("Bearer sk-")


async def test_an_answer_that_came_to_its_end_is_left_alone() -> None:
    async with serve([CREATED], [EVENTS + b"data: Hello\n\ndata: [DONE]\n\n"]) as server:
        wire = Client({}, limits=QUICK)
        events = [event async for event in wire.stream(access_to(server.base_url), creating(server))]
        await wire.aclose()
    assert events == [TextDelta("Hello"), Finish("done")]
    assert len(server.requests) == 2


@pytest.mark.slow
async def test_a_silent_answer_is_stopped_at_the_provider_too() -> None:
    async with serve([CREATED], [EVENTS, HOLD], [http({}, 500)]) as server:
        wire = Client({}, limits=Limits(notice_after=0.2, stream_timeout=2))
        with pytest.raises(Problem, match="sent nothing of use"):
            [event async for event in wire.stream(access_to(server.base_url), creating(server))]
        await wire.aclose()
    # It is tried once, and what comes of it is told to nobody.
    assert [request.target for request in server.requests] == ["/v1/predictions", "/v1/p1/stream", "/v1/p1/cancel"]


@pytest.mark.slow
async def test_closing_the_client_awaits_it_but_not_long() -> None:
    async with serve([CREATED], [EVENTS + b"data: Hel\n\n", HOLD], [HOLD]) as server:
        wire = Client({}, limits=Limits(cancel_timeout=0.5))
        async with aclosing(wire.stream(access_to(server.base_url), creating(server))) as stream:
            assert await anext(stream) == TextDelta("Hel")
        async with asyncio.timeout(DEADLINE):
            await wire.aclose()
        assert len(server.requests) == 3
