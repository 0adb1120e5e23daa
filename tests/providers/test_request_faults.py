"""Every fault at every step of every call of every provider, on real sockets.

The practice providers answer every step but one; that one meets the fault, each time that it is asked. Whatever
happens: it is over within the deadline, it is said in words that show no secret, no success is made of it, it is asked
again exactly where that may help, and nothing is sent to another host. What a step meets in a way of its own stands
with its reason in the facts of its provider.

Steps of one framing meet the same faults in the same code. So the gate tries every fault at the first step of each
framing and wherever a step has a way of its own, and a part of the others (`sampling.py`).
"""

import asyncio
import re
import wave
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.doubles.silence import separate_time
from tests.providers.facts import Chat, Facts, every
from tests.providers.fault_rows import JSON, NOW, ROWS, Row
from tests.providers.http_server import DEADLINE, HOLD, QUICK, Answer, http, run
from tests.providers.relay import SOMEWHERE, Loop, Relay, Step, relay
from tests.providers.requests import script
from tests.providers.sampling import is_sampled
from tests.providers.surfaces import access_of, calls_of, fill
from tui.domain import Model
from tui.errors import Problem
from tui.practice import transport
from tui.providers import PROVIDERS
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.events import Accepted, Event, Finish, ModelDetails, ModelsListed, Notice, Retrying, SearchResults
from tui.providers.origins import host_of
from tui.providers.requests import Call, Framing

pytestmark = pytest.mark.slow

CONCURRENCY = 24
IN_ONE_PIECE = (Framing.JSON, Framing.TEXT)
STOPPED: dict[str, Answer] = {
    "before the answer": [HOLD],
    "in the answer": [http("{", headers=JSON | {"content-length": "999"}), HOLD],
}


@dataclass(frozen=True)
class Cell:
    """One step of one call, of a provider that is set up in one way."""

    name: str
    access: Access
    call: Call
    step: Step
    first: bool
    chat: Chat | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.step[1]}"


@dataclass
class Outcome:
    """What a person sees, and what the servers were asked."""

    server: Relay
    events: list[Event] = field(default_factory=list)
    problem: Problem | None = None
    slow: bool = False

    @property
    def good(self) -> bool:
        """Whether a person would take it for a success."""
        last = self.events[-1] if self.events and not self.problem else None
        if isinstance(last, Finish):
            return last.complete
        return isinstance(last, Accepted | ModelDetails | ModelsListed | SearchResults)

    @property
    def words(self) -> str:
        entries = self.problem
        return f"{entries.message} {entries.hint} {entries.detail}" if entries else ""


@asynccontextmanager
async def there(
    call: Call,
    at: Step | None = None,
    fault: Answer = (),
    times: int = 0,
    limits: Limits = QUICK,
    chat: Chat | None = None,
) -> AsyncIterator[tuple[Client, Outcome]]:
    """A wire to the practice providers, or to a chat of the facts, with the fault in the way."""
    chat_script = script(chat, call.framing not in IN_ONE_PIECE or not chat.whole) if chat else None
    separate_time()
    async with relay(at, fault, times, chat_script) as server:
        loop = Loop(server.port)
        wire = Client({}, loop, limits, lambda: NOW)
        yield wire, Outcome(server)
        await wire.aclose()
        await loop.aclose()


async def ask(
    access: Access, call: Call, chat: Chat | None = None, at: Step | None = None, row: Row | None = None
) -> Outcome:
    """A call to its end, or to where it waits for something that only takes its time."""
    row = row or Row(())
    keys = " ".join(box.reveal() for box in access.secrets().values())
    fault = row.answer(keys) if callable(row.answer) else row.answer
    async with there(call, at, fault, row.times, row.limits, chat) as (wire, outcome):
        try:
            async with asyncio.timeout(DEADLINE), aclosing(wire.stream(access, call)) as events:
                async for event in events:
                    outcome.events.append(event)
                    if isinstance(event, Notice) and "is checked every" in event.text:
                        outcome.slow = True
                        break
        except Problem as problem:
            outcome.problem = problem
    return outcome


_cells: dict[str, list[Cell]] = {}


async def cells_of(facts: Facts, sound: Path) -> list[Cell]:
    """Every step of every call, as it is asked where nothing fails, found out once for each provider."""
    if facts.provider not in _cells:
        _cells[facts.provider] = await _cells_of(facts, sound)
    return _cells[facts.provider]


async def _cells_of(facts: Facts, sound: Path) -> list[Cell]:
    """Ask every call to its end. A token is exchanged by the first call only."""
    declared = PROVIDERS[facts.provider]
    cells: list[Cell] = []
    for method in ("", *facts.auth_methods):
        access = access_of(declared, fill(declared, method))
        exchange = declared.token(access.fields)
        calls = calls_of(declared, access.fields, sound, await _list(access))
        steps_run: set[Step] = set()
        for name, call in calls.items():
            if name == "token":
                continue
            outcome = await ask(access, call)
            title = "-".join(filter(None, (method, name)))
            assert outcome.good != (title in facts.unserved), (title, outcome.words)
            for step in dict.fromkeys(outcome.server.steps):
                if step not in steps_run or exchange is None or not exchange.url.endswith(step[1]):
                    cells.append(Cell(title, access, call, step, step not in steps_run))
            steps_run |= set(outcome.server.steps)
    for chat in facts.chats:
        access = chat.access(SOMEWHERE)
        steps_run = set()
        for stream in [True] * bool(chat.stream) + [False] * bool(chat.whole):
            outcome = await ask(access, call := chat.call(access, stream), chat)
            assert outcome.good, (str(chat), outcome.words)
            title = f"{chat.name or 'usual'} chat{'' if stream else ' in one piece'}"
            steps = dict.fromkeys(outcome.server.steps)
            cells += [Cell(title, access, call, step, step not in steps_run, chat) for step in steps]
            steps_run |= steps.keys()
    return cells


async def _list(access: Access) -> tuple[Model, ...]:
    if access.provider.list_models is None:
        return ()
    events, _ = await run(Client({}, transport(0)), access, access.provider.list_models(access.fields))
    return tuple(model for event in events if isinstance(event, ModelsListed) for model in event.models)


def rows_of(facts: Facts, cell: Cell) -> list[str]:
    """The faults that a step is to meet."""
    served = cell.name not in facts.unserved
    return [name for name, row in ROWS.items() if (cell.first or row.deep) and (served or not row.times)]


def wrong(facts: Facts, cell: Cell, name: str, outcome: Outcome) -> str:
    """What is not as it should be; '' for nothing."""
    row, problem, server = ROWS[name], outcome.problem, outcome.server
    hosts = {host_of(origin) for origin in cell.access.origins}
    odd_headers = {
        request.headers["host"]
        for request in server.requests
        if request.headers["host"] not in hosts
        and not request.headers["host"].endswith(
            tuple(f".{end}" for end in cell.access.provider.host_suffixes or ("-",))
        )
    }
    entries = outcome.words + repr(outcome.events)
    if odd_headers or any(box.reveal() in entries for box in cell.access.secrets().values()):
        return f"a secret or a call went astray: {odd_headers}"
    if problem and not (problem.message[-1] in ".?" and (problem.hint[-1:] == "." or "://" in problem.hint)):
        return f"no two sentences: {outcome.words}"
    if len(problem.detail if problem else "") > 300 or set("\x1b\u202e") & set(outcome.words):
        return "hostile words came through"
    if not server.met:
        return f"the fault was not met: {outcome.words}"
    # A throttled request did nothing, so that it may be sent again.
    first = row.answer[0] if isinstance(row.answer, list) else b""
    throttled = isinstance(first, bytes) and b" 429 " in first[:20]
    once = not cell.call.idempotent and cell.step == server.steps[0] and not throttled
    if becomes := otherwise(facts, cell, name):
        if becomes in ("good", "waits"):
            return "" if (outcome.good, outcome.slow) == (becomes == "good", becomes == "waits") else outcome.words
        return "" if problem and re.search(becomes, problem.message) else outcome.words
    if row.times and not once:
        return "" if outcome.good and _retries(outcome) == row.times else f"not mended: {outcome.words}"
    if outcome.good or outcome.slow:
        return f"taken for a success: {outcome.events[-1:]}"
    if not problem:
        return "" if row.quiet and isinstance(outcome.events[-1], Finish) else f"nothing is said: {outcome.events[-1:]}"
    if _retries(outcome) != (QUICK.retries if row.again and not once else 0) or (once and server.met > 1):
        return f"asked {server.met} times"
    hint = row.hint if any(cell.access.secrets()) else ""
    if not isinstance(problem, row.kind) or not re.search(row.says, problem.message) or hint not in problem.hint:
        return f"{type(problem).__name__}: {outcome.words}"
    if row.words not in outcome.words:
        return f"not in the server's words: {outcome.words}"
    return ""


def _retries(outcome: Outcome) -> int:
    return len([event for event in outcome.events if isinstance(event, Retrying)])


def otherwise(facts: Facts, cell: Cell, name: str) -> str:
    """What becomes of a fault that the step meets in its own way."""
    result = (item for item in facts.otherwise if _one_of(str(cell), item.step) and _one_of(name, item.faults))
    return next((candidate.becomes for candidate in result), "")


def _one_of(name: str, patterns: str) -> bool:
    return any(fnmatch(name, part.strip()) for part in patterns.split(","))


async def stop(cell: Cell, fault: Answer) -> None:
    """Stop a call at a step, and wait until the other side sees the connection closed."""
    async with there(cell.call, cell.step, fault, chat=cell.chat) as (wire, outcome):
        asking = asyncio.create_task(run(wire, cell.access, cell.call))
        pending = asyncio.create_task(outcome.server.holding.wait())
        await asyncio.wait([asking, pending], return_when=asyncio.FIRST_COMPLETED, timeout=DEADLINE)
        pending.cancel()
        outcome.server.closed.clear()
        if not asking.done():
            asking.cancel()
            await asyncio.wait_for(outcome.server.closed.wait(), DEADLINE)
        await asyncio.gather(asking, return_exceptions=True)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return silence(tmp_path_factory.mktemp("sound") / "talk.wav")


def silence(path: Path) -> Path:
    """A recording of a sixteenth of a second, in which nobody speaks."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(2_000))
    return path


@pytest.mark.parametrize("facts", every(), ids=lambda facts: facts.provider)
async def test_a_fault_at_a_step(facts: Facts, sound: Path) -> None:
    gate = asyncio.Semaphore(CONCURRENCY)

    async def meet(cell: Cell, name: str) -> str:
        async with gate:
            outcome = await ask(cell.access, cell.call, cell.chat, cell.step, ROWS[name])
        entries = wrong(facts, cell, name, outcome)
        return f"{cell}, {name}: {entries}" if entries else ""

    cells = await cells_of(facts, sound)
    every_pair = [(cell, name) for cell in cells for name in rows_of(facts, cell)]
    framings = {cell.call.framing: cell for cell in reversed(cells) if cell.first}
    met = [
        (cell, name)
        for cell, name in every_pair
        if cell is framings[cell.call.framing] or otherwise(facts, cell, name) or is_sampled(f"{cell} {name}", 16)
    ]
    entries = await asyncio.gather(*(meet(*item) for item in met))
    assert [entry for entry in entries if entry] == []
    alone = [replace(facts, otherwise=(item,)) for item in facts.otherwise]
    assert [item.otherwise for item in alone if not any(otherwise(item, *pair) for pair in every_pair)] == []


@pytest.mark.parametrize("facts", every(), ids=lambda facts: facts.provider)
async def test_stopping_at_a_step_closes_the_connection(facts: Facts, sound: Path) -> None:
    for cell in await cells_of(facts, sound):
        for fault in STOPPED.values():
            await stop(cell, fault)
