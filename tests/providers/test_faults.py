"""The fault matrix: every fault that a provider's server or the way to it can have, for every provider, on loopback.

Each chat of `facts.every()` meets each fault. Whatever happens, it is over within the deadline, it is said in words
that show no secret, and what had come is kept. A wire that meets a fault in its own way names it in `Chat.own`.
"""

import asyncio
import functools
import gzip
import re
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any

import pytest

from tests.providers.double import DEADLINE, HOLD, QUICK, RESET, Answer, Server, http, run, serve, text_of
from tests.providers.facts import Chat, Facts, Said, Stream, every
from tui.errors import Problem, Refused, Unreachable, Usage
from tui.providers import PROVIDERS, wire_routes
from tui.providers.calls import Call
from tui.providers.events import Event, Finish, Notice, Retrying, Silence
from tui.providers.faults import AGAIN
from tui.providers.origins import host_of
from tui.providers.wire import Access, Limits, Wire

Fault = Callable[[Chat], Awaitable[None]]
FAULTS: dict[str, Fault] = {}
IN_STREAM: set[str] = set()
SOON = replace(QUICK, silence=0.02, give_up=0.06, give_up_whole=0.06)
NOW = 1_795_300_000.0


def fault(function: Fault) -> Fault:
    """One row of the matrix."""
    FAULTS[function.__name__] = function
    return function


def in_stream(function: Fault) -> Fault:
    """A row for wires that stream."""
    IN_STREAM.add(function.__name__)
    return fault(function)


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
    async with serve(*([each] for each in chat.before), *answers, *([each] for each in chat.after)) as server:
        outcome = await ask(chat, server, server.origin, limits, stream, **more)
        asked = server.asked[len(chat.before) :]
        server.asked = [each for each in asked if not chat.aside or not each.target.endswith(chat.aside)]
        return outcome


async def ask(
    chat: Chat, server: Server, origin: str, limits: Limits = QUICK, stream: bool = True, **more: Any
) -> Outcome:
    access = chat.access(origin, **more)
    call = chat.call(access, stream)
    wire = Wire({}, limits=limits, clock=lambda: NOW)
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


def streamed(chat: Chat, *parts: bytes, opening: bool = True) -> list[bytes | str]:
    """The head of a stream that ends with the connection, and its first parts."""
    stream = of(chat)
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {stream.content_type}\r\nconnection: close\r\n\r\n".encode()
    return [head + (stream.opening if opening else b"") + b"".join(parts)]


def of(chat: Chat) -> Stream:
    assert chat.stream
    return chat.stream


def good(chat: Chat) -> Answer:
    """A good answer, in the form that the call asks for."""
    if chat.stream:
        return streamed(chat, chat.stream.text("Good"), chat.stream.text(" day"), chat.stream.closing)
    assert chat.whole
    return [http(chat.whole("Good day"))]


def times(outcome: Outcome, retried: bool) -> int:
    """How often a call is made in all that fails in a passing way, or in a lasting one."""
    return QUICK.retries + 1 if retried and outcome.call.repeatable else 1


# --- before and at the answer -----------------------------------------------------------------------------------------


@fault
async def nothing_listens(chat: Chat) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        outcome = await ask(chat, Server(), f"http://localhost:{closed.getsockname()[1]}")
    assert isinstance(outcome.problem, Unreachable)
    assert "Nothing listens at localhost:" in outcome.problem.message
    assert "was sent" in outcome.problem.message or "was not sent" in outcome.problem.message


@fault
async def the_host_is_not_found(chat: Chat) -> None:
    outcome = await ask(chat, Server(), "http://nowhere.localhost:9", replace(QUICK, retries=0))
    assert isinstance(outcome.problem, Unreachable)


@fault
async def the_connection_ends_before_the_answer(chat: Chat) -> None:
    outcome = await meet(chat, [RESET])
    assert isinstance(outcome.problem, Unreachable)
    assert "ended before the answer began" in outcome.problem.message
    assert len(outcome.server.asked) == times(outcome, retried=True)


@fault
async def the_port_speaks_no_tls(chat: Chat) -> None:
    came = bytearray()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.extend(await reader.read(1 << 16))
        writer.write(b"HTTP/1.1 400 Plain\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    outcome = await ask(chat, Server(), f"https://localhost:{listening.sockets[0].getsockname()[1]}")
    listening.close()
    assert isinstance(outcome.problem, Unreachable)
    assert "TLS" in outcome.problem.message
    for box in outcome.access.secrets().values():
        assert box.reveal().encode() not in came


@fault
async def silence_before_the_answer(chat: Chat) -> None:
    outcome = await meet(chat, [HOLD], limits=SOON)
    assert any(isinstance(each, Silence) for each in outcome.events)
    assert isinstance(outcome.problem, Unreachable)
    assert "sent nothing of use" in outcome.problem.message
    assert len(outcome.server.asked) == 1


def lasting(status: int) -> None:
    async def refused(chat: Chat) -> None:
        outcome = await meet(chat, [http({}, status)])
        assert outcome.problem
        assert outcome.events == []
        assert len(outcome.server.asked) == 1

    refused.__name__ = f"status_{status}"
    fault(refused)


def passing(status: int) -> None:
    async def busy(chat: Chat) -> None:
        outcome = await meet(chat, [http({}, status)])
        assert outcome.problem
        assert len(outcome.server.asked) == times(outcome, retried=True)
        assert len([each for each in outcome.events if isinstance(each, Retrying)]) == len(outcome.server.asked) - 1
        again = await meet(chat, [http({}, status)], good(chat))
        assert again.text == ("Good day" if times(again, retried=True) > 1 else "")

    busy.__name__ = f"status_{status}"
    fault(busy)


for _status in (400, 402, 403, 404, 405, 413, 422):
    lasting(_status)
for _status in (408, 409, 429, 500, 502, 503, 504, 529):
    passing(_status)


@fault
async def the_key_is_refused_and_repeated(chat: Chat) -> None:
    keys = " ".join(box.reveal() for box in chat.access("http://localhost").secrets().values())
    outcome = await meet(chat, [http({"error": {"message": f"Bad {keys}"}, "message": f"Bad {keys}"}, 401)])
    assert isinstance(outcome.problem, Refused)
    assert len(outcome.server.asked) == 1


@fault
async def a_clock_that_is_wrong(chat: Chat) -> None:
    outcome = await meet(chat, [http({}, 401, {"date": formatdate(NOW - 420, usegmt=True)})])
    assert outcome.problem
    assert "This machine's clock is 7 min ahead" in outcome.words


@fault
async def a_wait_that_is_asked_for(chat: Chat) -> None:
    outcome = await meet(chat, [http({}, 429, {"retry-after": "0.02"})], good(chat))
    if outcome.call.repeatable:
        assert [each.seconds for each in outcome.events if isinstance(each, Retrying)] == [0.02]
        assert outcome.text == "Good day"


@fault
async def a_wait_until_a_date_too_far(chat: Chat) -> None:
    outcome = await meet(chat, [http({}, 429, {"retry-after": formatdate(NOW + 3600, usegmt=True)})])
    assert outcome.problem
    assert len(outcome.server.asked) == 1


@fault
async def a_sign_in_page_in_place_of_an_answer(chat: Chat) -> None:
    page = "<!DOCTYPE html><html><head><title>Sign in to \x1b[31mWi-Fi</title></head></html>"
    for status in (200, 403):
        outcome = await meet(chat, [http(page, status, {"content-type": "text/html"})])
        assert isinstance(outcome.problem, Unreachable)
        assert "sent a web page" in outcome.problem.message
        assert outcome.problem.detail == "Sign in to [31mWi-Fi"


@fault
async def a_gateway_that_fails_with_a_page(chat: Chat) -> None:
    outcome = await meet(chat, [http("<html><title>Bad gateway</title></html>", 502, {"content-type": "text/html"})])
    assert outcome.problem
    assert "502" in outcome.problem.message
    assert len(outcome.server.asked) == times(outcome, retried=True)


@fault
async def an_empty_answer(chat: Chat) -> None:
    for body in (b"", b"{}"):
        outcome = await meet(chat, [http(body, headers={"content-type": "application/json"})], stream=False)
        assert outcome.incomplete
        assert outcome.text == ""


@fault
async def an_answer_that_is_not_json(chat: Chat) -> None:
    for body in ("fine, thanks", "[" * 100_000):
        outcome = await meet(chat, [http(body, headers={"content-type": "application/json"})], stream=False)
        assert outcome.problem
        assert "text that is not JSON" in outcome.problem.message


@fault
async def a_redirect(chat: Chat) -> None:
    async with serve(good(chat)) as other:
        for status, target in ((301, f"{other.origin}/v1"), (307, f"//localhost:{other.port}/v1"), (308, "/login")):
            outcome = await meet(chat, [http("", status, {"location": target})])
            assert outcome.problem
            assert "It was not followed." in outcome.problem.message
        assert (bytes(other.bytes), other.connections) == (b"", 0)


@fault
async def a_packed_answer(chat: Chat) -> None:
    bomb = gzip.compress(b"0" * 1_000_000)
    outcome = await meet(chat, [http(bomb, headers={"content-encoding": "gzip", "content-type": "application/json"})])
    assert outcome.problem
    assert "packed as gzip" in outcome.problem.message
    assert outcome.server.asked[0].headers["accept-encoding"] == "identity"


@fault
async def hostile_words_of_refusal(chat: Chat) -> None:
    words = "\x1b[2J‮" + "* a" * 60_000
    outcome = await meet(chat, [http({"error": {"message": words, "code": words}, "message": words}, 400)])
    assert outcome.problem
    assert not set("\x1b‮") & set(outcome.words)


@fault
async def an_address_that_was_not_allowed(chat: Chat) -> None:
    async with serve(good(chat)) as server:
        access = replace(chat.access(server.origin), origins=("https://elsewhere.test",))
        _, problem = await run(Wire({}), access, chat.call(access))
    assert isinstance(problem, Usage)
    assert server.connections == 0


@fault
async def plain_http_that_was_not_allowed(chat: Chat) -> None:
    access = chat.access("http://models.example.test")
    _, problem = await run(Wire({}), access, chat.call(access))
    assert isinstance(problem, Usage)
    assert "plain http" in problem.message


@fault
async def a_stop_before_the_answer(chat: Chat) -> None:
    async with serve(*([each] for each in chat.before), [HOLD]) as server:
        wire, access = Wire({}, limits=QUICK), chat.access(server.origin)
        asking = asyncio.create_task(run(wire, access, chat.call(access)))
        await asyncio.wait_for(server.held.wait(), DEADLINE)
        asking.cancel()
        await asyncio.wait_for(server.closed.wait(), DEADLINE)
        with pytest.raises(asyncio.CancelledError):
            await asking
        await wire.aclose()


# --- inside a stream --------------------------------------------------------------------------------------------------


@in_stream
async def no_fault_at_all(chat: Chat) -> None:
    outcome = await meet(chat, good(chat))
    assert (outcome.text, outcome.problem) == ("Good day", None)
    assert isinstance(outcome.events[-1], Finish)
    assert outcome.events[-1].complete
    if chat.whole:
        for stream in (True, False):
            outcome = await meet(chat, [http(chat.whole("Good day"))], stream=stream)
            assert (outcome.text, outcome.problem) == ("Good day", None)


@in_stream
async def an_end_without_the_end_mark(chat: Chat) -> None:
    for rest in (b"", of(chat).text("never whole")[:-9]):
        outcome = await meet(chat, streamed(chat, of(chat).text("Half an"), rest))
        assert outcome.text == "Half an"
        assert outcome.incomplete
        assert len(outcome.server.asked) == 1


@in_stream
async def a_broken_connection(chat: Chat) -> None:
    for end in ([], [RESET]):
        part = of(chat).opening + of(chat).text("Half an")
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {of(chat).content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
        outcome = await meet(chat, [head.encode() + b"%x\r\n%s\r\n" % (len(part), part), *end])
        assert isinstance(outcome.problem, Unreachable)
        assert outcome.problem.hint == AGAIN
        assert outcome.text == "Half an"
        assert len(outcome.server.asked) == 1


@in_stream
async def silence_in_the_answer(chat: Chat) -> None:
    outcome = await meet(chat, [*streamed(chat, of(chat).text("Half an")), HOLD], limits=SOON)
    assert any(isinstance(each, Silence) for each in outcome.events)
    assert isinstance(outcome.problem, Unreachable)
    assert outcome.text == "Half an"


@in_stream
async def an_error_in_the_answer(chat: Chat) -> None:
    after = of(chat).text("late")
    outcome = await meet(chat, streamed(chat, of(chat).text("Half an"), of(chat).error, after))
    assert outcome.text == "Half an"
    assert outcome.problem
    place = {"label": host_of(outcome.call.url) if chat.declared.local_servers else chat.declared.label}
    assert outcome.problem.message == of(chat).error_message.format(**place)
    assert len(outcome.server.asked) == 1


@in_stream
async def an_error_in_place_of_the_answer(chat: Chat) -> None:
    outcome = await meet(chat, streamed(chat, of(chat).error, opening=False))
    assert outcome.problem
    assert outcome.text == ""
    assert len(outcome.server.asked) == times(outcome, of(chat).error_retried)


def broken(chat: Chat) -> bytes:
    """A frame whose JSON is not whole."""
    line = of(chat).text("never")
    return line.rstrip()[:-2] + line[len(line.rstrip()) :]


@in_stream
async def a_broken_piece(chat: Chat) -> None:
    stream = of(chat)
    outcome = await meet(chat, streamed(chat, stream.text("a"), broken(chat), stream.text("b"), stream.closing))
    assert (outcome.text, outcome.problem) == ("ab", None)
    assert Notice("1 piece of the answer could not be read.") in outcome.events


@in_stream
async def three_broken_pieces_in_a_row(chat: Chat) -> None:
    outcome = await meet(chat, streamed(chat, of(chat).text("a"), broken(chat) * 3, of(chat).closing))
    assert outcome.text == "a"
    assert outcome.problem
    assert "3 broken pieces in a row" in outcome.problem.message


@in_stream
async def odd_bytes_in_the_text(chat: Chat) -> None:
    text = of(chat).text("a\u2028b\u0085c\x0c星\x1b[2J\x9b‮\x00BYTE")
    outcome = await meet(chat, streamed(chat, text.replace(b"BYTE", b"\xff\xfe"), of(chat).closing))
    assert outcome.text == "a\nb\nc星[2J\ufffd\ufffd"


@in_stream
async def every_way_to_write_events(chat: Chat) -> None:
    if not of(chat).content_type.startswith("text/event-stream"):
        return
    body = b"".join((of(chat).opening, of(chat).text("Good"), of(chat).text(" day"), of(chat).closing))
    forms = [body.replace(b"\n", end) for end in (b"\r\n", b"\r")]
    # A blank that is text needs the one before it.
    forms += [b"\xef\xbb\xbf: hello\n\nid: 7\nretry: 9\n" + re.sub(b"data: (?! )", b"data:", body)]
    for form in forms:
        outcome = await meet(chat, streamed(chat, form, opening=False))
        assert (outcome.text, outcome.problem) == ("Good day", None)


@in_stream
async def one_byte_at_a_time(chat: Chat) -> None:
    body = b"".join((of(chat).opening, of(chat).text("Gut\u00e9"), of(chat).closing))
    outcome = await meet(chat, [*streamed(chat, opening=False), *(bytes([each]) for each in body)])
    assert (outcome.text, outcome.problem) == ("Guté", None)


@in_stream
async def pings_and_nothing_else(chat: Chat) -> None:
    ping = b": ping\n\n" if of(chat).content_type.startswith("text/event-stream") else b"\n"
    limits = replace(SOON, give_up=0.05)
    async with serve() as server:
        head = b"".join(each for each in streamed(chat, of(chat).text("Half an")) if isinstance(each, bytes))
        pinging = await asyncio.start_server(functools.partial(_ping, chat, head, ping), "127.0.0.1", 0)
        origin = f"http://localhost:{pinging.sockets[0].getsockname()[1]}"
        outcome = await ask(chat, server, origin, limits)
        pinging.close()
    assert isinstance(outcome.problem, Unreachable)
    assert outcome.text == "Half an"


async def _ping(
    chat: Chat, head: bytes, ping: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        for answer in (*chat.before, head):
            asked = await reader.readuntil(b"\r\n\r\n")
            length = asked.lower().partition(b"content-length:")[2].partition(b"\r\n")[0].strip()
            await reader.readexactly(int(length or 0))
            origin = f"http://localhost:{writer.get_extra_info('sockname')[1]}"
            answer = answer(origin) if callable(answer) else answer
            writer.write(answer if isinstance(answer, bytes) else answer.encode())
        while True:
            writer.write(ping)
            await writer.drain()
            await asyncio.sleep(0.005)
    except (ConnectionError, asyncio.IncompleteReadError):
        writer.close()


@in_stream
async def what_follows_the_end_mark(chat: Chat) -> None:
    stream = of(chat)
    late = (stream.closing, stream.text(" more"), stream.error, stream.closing)
    outcome = await meet(chat, streamed(chat, stream.text("Good day"), *late))
    assert (outcome.text, outcome.problem) == ("Good day", None)
    assert [each for each in outcome.events if isinstance(each, Finish)] == [outcome.events[-1]]


@in_stream
async def a_line_without_end(chat: Chat) -> None:
    limits = replace(QUICK, line=10_000, event=10_000)
    outcome = await meet(chat, [*streamed(chat, b"data: "), *[b"x" * 5000] * 10], limits=limits)
    assert outcome.problem
    assert "which no honest answer does" in outcome.problem.message


@in_stream
async def an_answer_without_end(chat: Chat) -> None:
    limits = replace(QUICK, answer=300_000)
    outcome = await meet(chat, [*streamed(chat), *[of(chat).text("x" * 1000)] * 1000], limits=limits)
    assert outcome.problem
    assert "larger than 300000 bytes" in outcome.problem.message
    assert len(outcome.text) > 50_000


@in_stream
async def a_stop_in_the_answer(chat: Chat) -> None:
    answers = ([*streamed(chat, of(chat).text("Half an")), HOLD], *([each] for each in chat.after))
    async with serve(*([each] for each in chat.before), *answers) as server:
        wire, access = Wire({}, limits=QUICK), chat.access(server.origin)
        came = ""
        events = wire.stream(access, chat.call(access))
        async for each in events:
            came += text_of([each])
            if came == "Half an":
                break
        await events.aclose()
        await asyncio.wait_for(server.closed.wait(), DEADLINE)
        await wire.aclose()


# --- the matrix -------------------------------------------------------------------------------------------------------

CHATS = [chat for facts in every() for chat in facts.chats]
PAIRS = [
    (chat, name)
    for chat in CHATS
    for name in FAULTS
    if name not in chat.own and (chat.stream is not None if name in IN_STREAM else not chat.only_stream)
]


@pytest.fixture(autouse=True)
def one_set_of_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the system's certificates takes longer than a fault."""
    monkeypatch.setattr(wire_routes, "tls_context", lambda environ: _certificates())


@functools.cache
def _certificates() -> Any:
    import ssl

    return ssl.create_default_context()


@pytest.mark.parametrize(("chat", "name"), PAIRS, ids=[f"{chat}-{name}" for chat, name in PAIRS])
async def test_a_fault(chat: Chat, name: str) -> None:
    await FAULTS[name](chat)


REFUSALS = [(facts, said) for facts in every() for said in facts.refusals]


@pytest.mark.parametrize(
    ("facts", "said"), REFUSALS, ids=[f"{facts.provider}-{said.status}-{said.message}" for facts, said in REFUSALS]
)
async def test_a_refusal_in_words(facts: Facts, said: Said) -> None:
    chat = facts.chats[0]
    answer = http(said.body, said.status, said.headers)
    async with serve(*([each] for each in chat.before), [answer]) as server:
        access = chat.access(server.origin)
        verifying = said.call == "verify"
        call = chat.declared.verify(access.fields) if verifying else chat.call(access)
        wire = Wire({}, limits=QUICK, clock=lambda: NOW)
        events, problem = await run(wire, replace(access, model="") if verifying else access, call)
        await wire.aclose()
    assert problem
    assert type(problem) is said.kind
    assert problem.message.startswith(said.message.format(host=f"localhost:{server.port}"))
    assert said.hint in problem.hint
    assert (problem.hint[-1:] == ".") or "://" in problem.hint
    expected = QUICK.retries + 1 if said.retried and call.repeatable else 1
    assert len(server.asked) - len(chat.before) == expected
    assert len([each for each in events if isinstance(each, Retrying)]) == expected - 1
    for box in access.secrets().values():
        assert box.reveal() not in f"{problem.message} {problem.hint} {problem.detail}"


def test_no_provider_and_no_fault_is_left_out() -> None:
    assert {chat.provider for chat in CHATS} == set(PROVIDERS)
    for chat in CHATS:
        assert set(chat.own) <= set(FAULTS)
        assert all(chat.own.values())
        assert chat.stream or chat.whole
        met = [name for each, name in PAIRS if each is chat]
        least = len(IN_STREAM) if chat.only_stream else len(FAULTS) - len(IN_STREAM)
        assert len(met) + len(chat.own) >= least
    assert {chat.provider for chat in CHATS if not chat.only_stream} == set(PROVIDERS)
