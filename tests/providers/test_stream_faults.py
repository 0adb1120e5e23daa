"""The faults within an answer that comes in pieces, for every provider that streams and every form of its stream.

Events, lines of JSON and messages of a WebSocket meet the same faults. Whatever happens, it is over within the
deadline, it is said in words that show no secret, and the text that had come is kept. A wire that meets a fault in its
own way names it in `Chat.own`.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from tests.doubles.silence import separate_time
from tests.providers import calls, requests
from tests.providers.facts import Chat, hung_up, spoken
from tests.providers.http_server import DEADLINE, HOLD, QUICK, RESET, Again, http, serve, text_of
from tests.providers.requests import CHATS, good, meet, of, streamed
from tui.errors import NetworkError
from tui.providers.client import connection
from tui.providers.client.client import Client
from tui.providers.error_messages import RESEND
from tui.providers.events import Finish, NoResponseYet
from tui.providers.origins import host_of

pytestmark = pytest.mark.slow

Fault = Callable[[Chat], Awaitable[None]]
FAULTS: dict[str, Fault] = {}
SHORT = replace(QUICK, notice_after=0.2, stream_timeout=2, response_timeout=2)


def fault(function: Fault) -> Fault:
    """One row of the matrix."""
    FAULTS[function.__name__] = function
    return function


@fault
async def no_fault_at_all(chat: Chat) -> None:
    outcome = await meet(chat, good(chat))
    assert (outcome.text, outcome.problem) == ("Good day", None)
    assert isinstance(outcome.events[-1], Finish)
    assert calls.finish(outcome.events).complete
    if chat.whole:
        for stream in (True, False):
            outcome = await meet(chat, [http(chat.whole("Good day"))], stream=stream)
            assert (outcome.text, outcome.problem) == ("Good day", None)


@fault
async def an_end_without_the_end_mark(chat: Chat) -> None:
    for rest in (b"", of(chat).text("never whole")[:-9]):
        outcome = await meet(chat, streamed(chat, of(chat).text("Half an"), rest))
        assert outcome.text == "Half an"
        assert outcome.incomplete
        assert len(outcome.server.requests) == 1


@fault
async def a_broken_connection(chat: Chat) -> None:
    part = of(chat).opening + of(chat).text("Half an")
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {of(chat).content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
    started = [head.encode() + b"%x\r\n%s\r\n" % (len(part), part)]
    for end in ([], [RESET]):
        outcome = await meet(chat, [*(streamed(chat, of(chat).text("Half an")) if of(chat).socket else started), *end])
        assert isinstance(outcome.problem, NetworkError)
        assert outcome.problem.hint == RESEND
        assert outcome.text == "Half an"
        assert len(outcome.server.requests) == 1


@fault
async def silence_in_the_answer(chat: Chat) -> None:
    outcome = await meet(chat, [*streamed(chat, of(chat).text("Half an")), HOLD], limits=SHORT)
    assert any(isinstance(event, NoResponseYet) for event in outcome.events)
    assert isinstance(outcome.problem, NetworkError)
    assert outcome.text == "Half an"


@fault
async def an_error_in_the_answer(chat: Chat) -> None:
    after = of(chat).text("late")
    outcome = await meet(chat, streamed(chat, of(chat).text("Half an"), of(chat).error, after))
    assert outcome.text == "Half an"
    assert outcome.problem
    place = {"label": host_of(outcome.call.url) if chat.declared.local_servers else chat.declared.label}
    assert outcome.problem.message == of(chat).error_message.format(**place)
    assert len(outcome.server.requests) == 1


@fault
async def an_error_in_place_of_the_answer(chat: Chat) -> None:
    outcome = await meet(chat, streamed(chat, of(chat).error, opening=False))
    assert outcome.problem
    assert outcome.text == ""
    assert len(outcome.server.requests) == (
        QUICK.retries + 1 if of(chat).error_retried and outcome.call.idempotent else 1
    )


def broken(chat: Chat) -> bytes:
    """A frame whose JSON is not whole."""
    if of(chat).broken:
        return of(chat).broken
    line = of(chat).text("never")
    return line.rstrip()[:-2] + line[len(line.rstrip()) :]


@fault
async def a_broken_piece(chat: Chat) -> None:
    stream = of(chat)
    outcome = await meet(chat, streamed(chat, stream.text("a"), broken(chat), stream.text("b"), stream.closing))
    assert outcome.text == "ab"
    assert outcome.problem
    assert outcome.problem.message == "1 piece of the answer could not be read. The answer is incomplete."


@fault
async def three_broken_pieces_in_a_row(chat: Chat) -> None:
    outcome = await meet(chat, streamed(chat, of(chat).text("a"), broken(chat) * 3, of(chat).closing))
    assert outcome.text == "a"
    assert outcome.problem
    assert "3 broken pieces in a row" in outcome.problem.message


@fault
async def odd_bytes_in_the_text(chat: Chat) -> None:
    text = of(chat).text("a\u2028b\u0085c\x0c星\x1b[2J\x9b\u202e\x00")
    outcome = await meet(chat, streamed(chat, text, of(chat).closing))
    assert outcome.text == "a\nb\nc星[2J"


@fault
async def bytes_that_are_no_text(chat: Chat) -> None:
    text = of(chat).text("aBY").replace(b"BY", b"\xff\xfe")
    outcome = await meet(chat, streamed(chat, of(chat).text("Half an "), text, of(chat).closing))
    if of(chat).socket:
        # They end a WebSocket (RFC 6455, 8.1).
        assert outcome.text == "Half an "
        assert outcome.problem and "a message that is not valid UTF-8" in outcome.problem.message
    else:
        assert outcome.text == "Half an a\ufffd\ufffd"


@fault
async def every_form_of_events(chat: Chat) -> None:
    if of(chat).socket or not of(chat).content_type.startswith("text/event-stream"):
        return
    body = b"".join((of(chat).opening, of(chat).text("Good"), of(chat).text(" day"), of(chat).closing))
    forms = [body.replace(b"\n", end) for end in (b"\r\n", b"\r")]
    # A blank that is text needs the one before it.
    forms += [b"\xef\xbb\xbf: hello\n\nid: 7\nretry: 9\n" + re.sub(b"data: (?! )", b"data:", body)]
    for form in forms:
        outcome = await meet(chat, streamed(chat, form, opening=False))
        assert (outcome.text, outcome.problem) == ("Good day", None)


@fault
async def one_byte_at_a_time(chat: Chat) -> None:
    body = b"".join((of(chat).opening, of(chat).text("Gut\u00e9"), of(chat).closing))
    outcome = await meet(chat, [*streamed(chat, opening=False), *(bytes([item]) for item in body)])
    assert (outcome.text, outcome.problem) == ("Guté", None)


@fault
async def pings_and_nothing_else(chat: Chat) -> None:
    ping = b": ping\n\n" if of(chat).content_type.startswith("text/event-stream") else b"\n"
    ping = spoken("", 9) if of(chat).socket else ping
    outcome = await meet(chat, [*streamed(chat, of(chat).text("Half an")), Again(ping)], limits=SHORT)
    assert isinstance(outcome.problem, NetworkError)
    assert outcome.text == "Half an"


@fault
async def what_follows_the_end_mark(chat: Chat) -> None:
    stream = of(chat)
    late = (stream.closing, stream.text(" more"), stream.error, stream.closing)
    outcome = await meet(chat, streamed(chat, stream.text("Good day"), *late))
    assert (outcome.text, outcome.problem) == ("Good day", None)
    assert [event for event in outcome.events if isinstance(event, Finish)] == [outcome.events[-1]]


@fault
async def a_line_without_end(chat: Chat) -> None:
    limits = replace(QUICK, line=100_000, event=100_000)
    started = spoken("x" * 900_000)[:10] if of(chat).socket else b"data: "
    outcome = await meet(chat, [*streamed(chat, of(chat).text("Half an"), started), *[b"x" * 5000] * 80], limits=limits)
    assert outcome.text == "Half an"
    assert outcome.problem
    assert re.search("the limit here|is larger than", outcome.problem.message)


@fault
async def an_answer_without_end(chat: Chat) -> None:
    limits = replace(QUICK, answer=300_000)
    outcome = await meet(chat, [*streamed(chat), *[of(chat).text("x" * 1000)] * 1000], limits=limits)
    assert outcome.problem
    assert "larger than 300000 bytes" in outcome.problem.message
    assert len(outcome.text) > 50_000


@fault
async def a_goodbye_with_a_code(chat: Chat) -> None:
    if not of(chat).socket:
        return
    for code, reason in ((1011, "model \x1b[31mfailed"), (1008, ""), (4001, "")):
        outcome = await meet(chat, streamed(chat, of(chat).text("Half an"), hung_up(code, reason)))
        assert outcome.text == "Half an"
        assert isinstance(outcome.problem, NetworkError)
        assert "closed the connection before the answer ended" in outcome.problem.message
        assert outcome.problem.detail.startswith(str(code))
        assert "\x1b" not in outcome.problem.detail
    outcome = await meet(chat, streamed(chat, of(chat).text("Half an"), hung_up(1000)))
    assert (outcome.text, outcome.incomplete) == ("Half an", True)


# --- the matrix -------------------------------------------------------------------------------------------------------

STREAMED = [chat for chat in CHATS if chat.stream]


@pytest.fixture(autouse=True)
def one_set_of_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "tls_context", lambda environ: requests.certificates())


@pytest.mark.parametrize("chat", STREAMED, ids=str)
async def test_faults_in_a_stream(chat: Chat) -> None:
    names = [name for name in FAULTS if name not in chat.own]
    entries = await asyncio.gather(*(FAULTS[name](chat) for name in names), return_exceptions=True)
    assert [(name, item) for name, item in zip(names, entries, strict=True) if item] == []


async def stop(chat: Chat) -> None:
    """Stop in mid-answer, and wait until the other side sees the connection closed."""
    separate_time()
    answers = ([*streamed(chat, of(chat).text("Half an")), HOLD], *([item] for item in chat.after))
    async with serve(*([item] for item in chat.before), *answers) as server:
        wire, access = Client({}, limits=QUICK), chat.access(server.origin)
        text = ""
        events = wire.stream(access, chat.call(access))
        async for event in events:
            text += text_of([event])
            if text == "Half an":
                break
        server.closed.clear()
        await events.aclose()
        await asyncio.wait_for(server.closed.wait(), DEADLINE)
        await wire.aclose()


@pytest.mark.parametrize("chat", STREAMED, ids=str)
async def test_stopping_a_stream_closes_its_connection(chat: Chat) -> None:
    await stop(chat)
