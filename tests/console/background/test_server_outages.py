"""A server that stops or is killed while an answer comes: the answer goes on, and a trial is counted once."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.console.background.test_shared_store import on_loop, session_on
from tests.console.pilot import console, shown, until, until_shown
from tests.console.provider_forms import KEY
from tests.doubles.postgres_server import OPERATORS, Server, require
from tests.storage.postgres.test_outages import root_at
from tui.domain import ModelType
from tui.practice.transport import _Pieces
from tui.secret import Secret
from tui.storage.memory_folder import MemoryFolder
from tui.storage.postgres.address import parse
from tui.storage.postgres.schema import initialize
from tui.tenancy.session import Session
from tui.tenancy.trials import used_by
from tui.workspace import tenants, trials
from tui.workspace.credentials import save
from tui.workspace.models import catalog, defaults

pytestmark = pytest.mark.slow
__all__ = ["on_loop"]

MODEL = "gpt-5.4-mini"
END = "for a piece of"
"""The end of an answer."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of this test alone."""
    require()
    started = Server()
    initialize(parse(started.address("postgres", "postgres"), {}), OPERATORS)
    yield started
    started.remove()


class Answer:
    """An answer that waits in its middle, or before it begins: `reached` is set there, and the `rest` may come."""

    def __init__(self) -> None:
        self.reached, self.rest = asyncio.Event(), asyncio.Event()
        self.begins = True

    def hold(self, *, begins: bool) -> None:
        """Let the next answer wait, after it began or before."""
        self.begins = begins
        self.reached.clear()
        self.rest.clear()


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    created = Answer()

    async def pieces(self: _Pieces) -> AsyncIterator[bytes]:
        place = len(self._answer.pieces) // 2 if created.begins else 0
        for number, piece in enumerate(self._answer.pieces):
            if number == place:
                created.reached.set()
                await created.rest.wait()
            yield piece

    monkeypatch.setattr(_Pieces, "__aiter__", pieces)
    return created


def stop(server: Server) -> list[int]:
    """Stop the server and all of its processes, as a machine does that is suspended; return their numbers."""
    with server.administrator("postgres") as connection:
        rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()").fetchall()
    processes = [server.process.pid, *(row[0] for row in rows)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    return processes


@pytest.mark.parametrize("is_trial", [False, True], ids=["own key", "trial"])
async def test_an_answer_goes_on_while_the_server_is_stopped_or_killed(
    server: Server, session: Session, on_loop: list[str], answer: Answer, is_trial: bool
) -> None:
    address = server.address("postgres", "ada")
    keys = MemoryFolder()
    elsewhere = session_on(root_at(address), session, keys)
    await tenants.create(elsewhere, "acme")
    acme = elsewhere.tenant("acme")
    answer.rest.set()
    if is_trial:
        await trials.set_trial(elsewhere, "openai", {"api_key": Secret(KEY)}, (MODEL,), 10, verify=False)
    else:
        await save.save(acme, "openai", {"api_key": Secret(KEY)})
        await catalog.add(acme, "openai", MODEL, ModelType.CHAT, {}, verify=False)
    await defaults.set(acme, ModelType.CHAT, f"openai/{MODEL}")
    here = session_on(root_at(address, deadline=0.5), session, keys)
    assert here.watch.state.delay == 0

    def is_away() -> bool:
        return bool(here.watch.state.unreachable_since)

    async with console(here, "acme") as pilot:
        await pilot.press("4")
        await until_shown(pilot, "enter send")

        answer.hold(begins=True)
        await pilot.press("h", "i", "enter")
        await until(pilot, answer.reached.is_set)
        processes = stop(server)
        here.watch.retry()
        await until(pilot, is_away)
        on_loop.clear()
        answer.rest.set()
        await until_shown(pilot, END)
        assert on_loop == [], "a key and an answer wait for no server"
        if is_trial:
            await pilot.press("h", "i", "enter")
            await until_shown(pilot, "The store has been out of reach since")
        for process in processes:
            os.kill(process, signal.SIGCONT)
        here.watch.retry()
        await until(pilot, lambda: not is_away())
        assert used_by(elsewhere, "openai") == ({"acme": 1} if is_trial else {})

        answer.hold(begins=False)
        await pilot.press("ctrl+u", "h", "i", "enter")
        await until(pilot, answer.reached.is_set)
        server.kill()
        here.watch.retry()
        await until(pilot, is_away)
        server.start()
        here.watch.retry()
        await until(pilot, lambda: not is_away())
        answer.rest.set()
        await until(pilot, lambda: shown(pilot).count(END) == 2)
        await until(pilot, lambda: used_by(elsewhere, "openai") == ({"acme": 2} if is_trial else {}))
    await elsewhere.aclose()
