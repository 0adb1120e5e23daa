"""The console ends in the middle of an answer: what its provider has begun is stopped there."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

from tests.console.pilot import until_shown
from tests.providers.client.test_remote_jobs import CREATED, EVENTS, creating
from tests.providers.http_server import DEADLINE, QUICK, access_to, serve
from tui.console.app import Modeldeck
from tui.providers.client.client import Client
from tui.tenancy.session import Session


async def test_leaving_stops_what_goes_on_at_a_provider(session: Session) -> None:
    async with serve([CREATED], [EVENTS + b"data: Hel\n\n", "hold"], [b"HTTP/1.1 200 OK\r\n\r\n"]) as server:
        wire = Client({}, limits=QUICK)
        app = Modeldeck(replace(session, client_factory=lambda: wire), "acme")
        assert app.session.client is wire
        arrived = asyncio.Event()

        async def answer() -> None:
            async with aclosing(wire.stream(access_to(server.base_url), creating(server))) as events:
                async for _ in events:
                    arrived.set()

        async with app.run_test() as pilot:
            await until_shown(pilot, "[1 Providers]")
            app.run_worker(answer(), exit_on_error=False)
            await asyncio.wait_for(arrived.wait(), DEADLINE)
        assert [request.target for request in server.requests][-1] == "/v1/p1/cancel"
        assert not app.session.open_keys
