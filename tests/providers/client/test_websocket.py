"""WebSocket answers on real loopback sockets: the signed handshake, messages both ways, and every way of ending."""

import asyncio
import json
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from tests.doubles.authority import Authority
from tests.doubles.http_proxy import proxy
from tests.providers import calls
from tests.providers.http_server import DEADLINE, KEY, QUICK, access_to, http, run, serve, text_of
from tests.providers.websocket_server import (
    CUT,
    HOLD,
    RESET,
    SWITCHED,
    Await,
    Item,
    Line,
    Reject,
    accepting,
    listen,
    text,
)
from tui.errors import CredentialRejected, NetworkError, Problem, UsageError
from tui.providers import PROVIDERS
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.events import Accepted, Finish, NoResponseYet, Retrying, TextDelta, UploadStarted
from tui.providers.requests import ApiError, AudioChunks, Call, Frame, Framing, Reader, Result
from tui.providers.spec import FieldValues
from tui.secret import Secret

QUESTION = {"header": {"app_id": "demo"}, "payload": "星\u2028"}


def sign(call: Call, fields: FieldValues, secrets: Mapping[str, Secret], now: float) -> Call:
    return replace(call, query={**call.query, "authorization": Secret("c2lnbmVk+/="), "date": f"{now:.0f}"})


def refusal(status: int, headers: Mapping[str, str], body: Any) -> ApiError:
    return ApiError(status, message=body.get("message", "") if isinstance(body, dict) else str(body))


def spark() -> Reader:
    """A reader of frames as Spark sends them: pieces of text, an end, or a code."""

    def read(frame: Frame | None) -> Iterable[Result]:
        if frame is None:
            yield Finish("", complete=False)
        elif frame.data.get("code"):
            yield ApiError(frame.data.get("status", 0), str(frame.data["code"]), message="said by them")
        else:
            if frame.data.get("text"):
                yield TextDelta(frame.data["text"])
            if frame.data.get("status") == 2:
                yield Finish("stop")

    return read


def access(line: Line, **more: Any) -> Access:
    provider = replace(PROVIDERS["openai"], sign=sign, parse_error=refusal, describe_error=lambda refusal, model: None)
    return replace(access_to(line.base_url), provider=provider, **more)


def asking(line: Line, **more: Any) -> Call:
    values: dict[str, Any] = {"sends": (QUESTION,), "query": {"host": "a b"}} | more
    return Call("GET", line.url, **{"reader": spark, "framing": Framing.WEBSOCKET, **values})


async def talk(
    line: Line, call: Call | None = None, limits: Limits = QUICK, environ: Mapping[str, str] | None = None
) -> calls.Outcome:
    wire = Client(environ or {}, limits=limits)
    try:
        return await run(wire, access(line), call or asking(line))
    finally:
        await wire.aclose()


SCRIPT: list[Item] = [Await(), text({"text": "Hel"}), text({"text": "lo 星", "status": 2})]


async def test_a_signed_handshake_and_messages_in_both_directions() -> None:
    async with listen(SCRIPT) as line:
        events, problem = await talk(line)
        await asyncio.wait_for(line.closed.wait(), DEADLINE)
    assert problem is None
    assert (text_of(events), events[-1]) == ("Hello 星", Finish("stop"))
    target, _, query = line.targets[0].partition("?")
    assert target == "/v1/chat"
    assert query.startswith("host=a+b&authorization=c2lnbmVk%2B%2F%3D&date=1")
    assert line.received == [QUESTION]
    assert line.headers[0]["host"] == f"localhost:{line.port}"
    assert line.headers[0]["user-agent"].startswith("modeldeck/")
    assert line.closes == [1000]


async def test_all_messages_go_out_before_the_pieces_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(bytes(range(250)) * 10)
    chunks = AudioChunks(path, 1280, 0.0, lambda number, data, last: {"status": number, "audio": data, "last": last})
    async with listen([Await(4), text({"text": "Heard", "status": 2})]) as line:
        events, problem = await talk(line, asking(line, sends=(QUESTION, {"more": 1}), chunks=chunks))
    assert problem is None
    assert line.received[:2] == [QUESTION, {"more": 1}]
    assert [(frame["status"], frame["last"]) for frame in line.received[2:]] == [(0, False), (1, True)]
    assert b"".join(b64decode(frame["audio"]) for frame in line.received[2:]) == path.read_bytes()
    assert UploadStarted(2500, 2500) in events
    assert text_of(events) == "Heard"


@pytest.mark.slow
async def test_pieces_are_paced_while_the_answer_is_read(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"x" * 500)
    chunks = AudioChunks(path, 100, 0.02, lambda number, data, last: {"n": number})
    script: list[Item] = [
        Await(1),
        text({"text": "one "}),
        Await(3),
        text({"text": "two "}),
        Await(5),
        text({"text": "", "status": 2}),
    ]
    async with listen(script) as line:
        events, problem = await talk(line, asking(line, sends=(), chunks=chunks))
    assert problem is None
    assert text_of(events) == "one two "
    assert line.received == [{"n": number} for number in range(5)]
    assert line.times[-1] - line.times[0] >= 0.07


@pytest.mark.parametrize("size", [0, 1])
async def test_the_last_piece_of_a_small_file(tmp_path: Path, size: int) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"x" * size)
    chunks = AudioChunks(path, 100, 1, lambda number, data, last: [number, data, last])
    async with listen([Await(), text({"status": 2})]) as line:
        await talk(line, asking(line, sends=(), chunks=chunks))
    assert line.received == [[0, "eA==" if size else "", True]]


async def test_a_file_that_changed_or_was_removed(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"

    def message(number: int, data: str, last: bool) -> list[int]:
        path.write_bytes(b"x")
        return [number]

    async with listen([HOLD]) as line:
        call = asking(line, sends=(), chunks=AudioChunks(path, 100_000, 0.0, message))
        _, problem = await talk(line, call)
        assert isinstance(problem, UsageError) and problem.message == "talk.wav cannot be read."
        path.write_bytes(b"x" * 300_000)
        _, problem = await talk(line, call)
    assert isinstance(problem, UsageError) and problem.message == "talk.wav changed while it was sent."


async def test_one_that_sends_nothing_ends_with_its_handshake() -> None:
    async with listen([HOLD]) as line:
        call = asking(line, sends=(), reader=lambda: lambda frame: [Accepted()] if frame is None else [])
        events, problem = await talk(line, call)
        await asyncio.wait_for(line.closed.wait(), DEADLINE)
    assert (events, problem) == ([Accepted()], None)
    assert len(line.targets) == 1


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (401, CredentialRejected, "OpenAI rejected this key."),
        (403, Problem, "OpenAI does not allow this key to do this."),
        (404, Problem, "returned 404"),
    ],
)
async def test_a_refused_handshake(status: int, kind: type[Problem], message: str) -> None:
    body = json.dumps({"message": f"HMAC signature does not match {KEY}"}).encode()
    async with listen([Reject(status, body, ((b"content-length", str(len(body)).encode()),))]) as line:
        _, problem = await talk(line)
    assert isinstance(problem, kind)
    assert message in problem.message
    assert problem.detail.startswith("HMAC signature does not match")
    assert KEY not in problem.detail
    assert line.received == []


async def test_a_clock_that_is_wrong_is_named_at_a_handshake() -> None:
    late = (b"date", b"Mon, 05 Jan 2026 08:00:00 GMT")
    async with listen([Reject(403, b"{}", ((b"content-length", b"2"), late))]) as line:
        wire = Client({}, limits=QUICK, clock=lambda: 1767600000 + 7 * 60)
        _, problem = await run(wire, access(line), asking(line))
        await wire.aclose()
    assert problem and "7 min ahead of the server's" in problem.hint


async def test_a_busy_handshake_is_tried_again() -> None:
    busy: list[Item] = [Reject(503, b"{}", ((b"content-length", b"2"),))]
    async with listen(busy, SCRIPT) as line:
        events, problem = await talk(line)
    assert problem is None
    assert isinstance(events[0], Retrying)
    assert text_of(events) == "Hello 星"


async def test_an_ordinary_answer_is_no_connection() -> None:
    async with serve([http({"text": "Hi"})]) as server:
        call = Call("GET", f"{server.base_url.replace('http', 'ws')}/x", spark, Framing.WEBSOCKET, sends=(QUESTION,))
        wire = Client({}, limits=QUICK)
        _, problem = await run(wire, access_to(server.base_url), call)
        await wire.aclose()
    assert problem and "opened no WebSocket connection" in problem.message


FRAMES = bytes([0x81, 27]) + b'{"text": "Hi", "status": 2}'


@pytest.mark.parametrize(
    "change",
    [
        (b"{accept}", b"c2FtcGxlIG9mIGFub3RoZXIga2V5"),
        (b"sec-websocket-accept: {accept}\r\n", b""),
        (b"upgrade: websocket\r\n", b""),
        (b"upgrade: websocket", b"upgrade: h2c"),
        (b"connection: upgrade\r\n", b""),
        (b"{accept}", b"{accept}\r\nsec-websocket-extensions: permessage-deflate"),
        (b"{accept}", b"{accept}\r\nsec-websocket-protocol: chat"),
    ],
)
async def test_a_handshake_that_no_websocket_server_answered_opens_nothing(change: tuple[bytes, bytes]) -> None:
    async with listen([SWITCHED.replace(*change) + FRAMES, HOLD]) as line:
        events, problem = await talk(line)
        assert not line.received, "no message goes out before the handshake is right"
    assert problem and "not that of a WebSocket server" in problem.message and text_of(events) == ""


async def test_control_the_same_server_is_read_once_it_accepts_the_key() -> None:
    async with listen([SWITCHED + FRAMES, HOLD]) as line:
        events, problem = await talk(line)
    assert problem is None and text_of(events) == "Hi"
    # The example of RFC 6455, 1.3.
    assert accepting(b"{accept}", "dGhlIHNhbXBsZSBub25jZQ==") == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize("end", [CUT, RESET])
async def test_a_connection_that_is_cut_keeps_what_came(end: str) -> None:
    async with listen([Await(), text({"text": "Hel"}), end]) as line:
        events, problem = await talk(line)
    assert events == [TextDelta("Hel")]
    assert isinstance(problem, NetworkError)
    assert problem.message == "The connection to OpenAI ended before the answer did."


@pytest.mark.parametrize("code", [1000, 1001])
async def test_a_usual_close_without_an_end_is_incomplete(code: int) -> None:
    async with listen([Await(), text({"text": "Hel"}), CloseConnection(code)]) as line:
        events, problem = await talk(line)
    assert isinstance(problem, NetworkError) and "stopped before its end" in problem.message
    assert events == [TextDelta("Hel")]


@pytest.mark.parametrize(("code", "reason"), [(1011, "model \x1b[31mfailed"), (1008, ""), (4001, KEY)])
async def test_a_close_with_a_code_is_reported(code: int, reason: str) -> None:
    async with listen([Await(), text({"text": "Hel"}), CloseConnection(code, reason)]) as line:
        events, problem = await talk(line)
    assert events == [TextDelta("Hel")]
    assert isinstance(problem, NetworkError)
    assert problem.message == "OpenAI closed the connection before the answer ended."
    assert problem.detail.startswith(str(code))
    assert "\x1b" not in problem.detail and KEY not in problem.detail


async def test_a_refusal_within_the_answer() -> None:
    async with listen([Await(), text({"code": 11200})]) as line:
        events, problem = await talk(line)
        await asyncio.wait_for(line.closed.wait(), DEADLINE)
    assert events == []
    assert problem and "said by them" in problem.detail
    assert len(line.targets) == 1


@pytest.mark.parametrize(("before", "times"), [([], 2), ([text({"text": "Hel"})], 1)])
async def test_a_busy_refusal_is_tried_again_where_nothing_came_yet(before: list[TextMessage], times: int) -> None:
    busy: list[Item] = [Await(), *before, text({"code": 11202, "status": 429})]
    async with listen(busy, [Await(), Await(), *SCRIPT[1:]]) as line:
        _, problem = await talk(line)
    assert len(line.targets) == times
    assert (problem is None) == (times == 2)


async def test_messages_in_pieces_bytes_pings_and_pongs_that_nobody_requested() -> None:
    whole = json.dumps({"text": "Hello 星"}, ensure_ascii=False)
    script: list[Item] = [
        Await(),
        Ping(b"?"),
        TextMessage(whole[:9], message_finished=False),
        Ping(b"!"),
        Pong(b"unasked"),
        TextMessage(whole[9:]),
        BytesMessage(json.dumps({"text": " there"}).encode()),
        text({"status": 2}),
    ]
    async with listen(script) as line:
        events, problem = await talk(line)
        await asyncio.wait_for(line.closed.wait(), DEADLINE)
    assert problem is None
    assert text_of(events) == "Hello 星 there"
    assert line.pongs == 2


async def test_an_answer_with_broken_json_in_it_is_incomplete() -> None:
    async with listen([Await(), text('{"text": '), text({"text": "Hi"}), text("{"), text({"status": 2})]) as line:
        events, problem = await talk(line)
    assert text_of(events) == "Hi"
    assert problem and problem.message.startswith("2 pieces of the answer could not be read.")
    async with listen([Await(), *[text("{")] * 3, HOLD]) as line:
        _, problem = await talk(line)
    assert problem and "3 broken pieces in a row" in problem.message


@pytest.mark.slow
@pytest.mark.parametrize("pieces", [1, 40])
async def test_a_message_that_is_too_large(pieces: int) -> None:
    parts = [TextMessage("x" * ((12 << 20) // pieces), message_finished=index == pieces - 1) for index in range(pieces)]
    async with listen([Await(), text({"text": "Hel"}), *parts, HOLD]) as line:
        events, problem = await talk(line)
        await asyncio.wait_for(line.closed.wait(), DEADLINE)
    assert events == [TextDelta("Hel")]
    assert problem and problem.message == "The answer holds a message of more than 8 MiB, the limit here."


async def test_an_answer_without_end_is_stopped_at_its_limit() -> None:
    async with listen([Await(), *[text({"text": "x" * 1000})] * 100, HOLD]) as line:
        events, problem = await talk(line, limits=replace(QUICK, answer=20_000))
    assert problem and "larger than 20000 bytes" in problem.message
    assert 15_000 < len(text_of(events)) < 20_000


@pytest.mark.parametrize(
    "broken",
    [
        SWITCHED + b"\xff\xff\xff\xff\xff\xff\xff",
        SWITCHED + b"\x81\x82abcd\x00\x00",
        SWITCHED + b"\xc1\x02{}",
        SWITCHED + b"\x83\x01x",
        SWITCHED + b"\x88\x01x",
        SWITCHED + b"\x88\x02\x03\xe7",
    ],
    ids=["noise", "masked", "a bit of an extension", "an unknown kind", "half a close code", "the close code 999"],
)
async def test_what_is_no_websocket_frame(broken: bytes) -> None:
    async with listen([broken, HOLD]) as line:
        _, problem = await talk(line)
    assert isinstance(problem, NetworkError)
    assert "an invalid WebSocket frame" in problem.message and problem.detail == ""


@pytest.mark.slow
async def test_silence_is_reported_and_ends() -> None:
    async with listen([Await(), text({"text": "Hel"}), HOLD]) as line:
        events, problem = await talk(line, limits=Limits(notice_after=0.2, stream_timeout=2))
        await asyncio.wait_for(line.closed.wait(), DEADLINE)
    assert isinstance(problem, NetworkError) and "sent nothing of use" in problem.message
    assert [type(event) for event in events][:2] == [TextDelta, NoResponseYet]


@pytest.mark.slow
async def test_pings_alone_are_silence() -> None:
    async with listen([Await(), *[Ping(b"?")] * 50, HOLD]) as line:
        _, problem = await talk(line, limits=Limits(notice_after=0.2, stream_timeout=2))
    assert isinstance(problem, NetworkError) and "sent nothing of use" in problem.message


@pytest.mark.parametrize("cancelled", [True, False])
async def test_stopping_closes_the_connection_at_once(tmp_path: Path, cancelled: bool) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"x" * 1000)
    chunks = AudioChunks(path, 10, 0.01, lambda number, data, last: [number])
    async with listen([Await(), text({"text": "Hel"}), HOLD]) as line:
        wire = Client({}, limits=QUICK)

        async def read() -> None:
            async with aclosing(wire.stream(access(line), asking(line, chunks=chunks))) as stream:
                async for event in stream:
                    if isinstance(event, TextDelta) and not cancelled:
                        return

        reading = asyncio.create_task(read())
        await asyncio.wait_for(line.holding.wait(), DEADLINE)
        if cancelled:
            reading.cancel()
        await asyncio.wait([reading], timeout=DEADLINE)
        await asyncio.wait_for(line.closed.wait(), DEADLINE)
        await wire.aclose()
    assert reading.cancelled() == cancelled
    assert line.closes == [1000]


async def test_a_server_that_does_not_read_cannot_hold_up_a_goodbye() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        (key,) = re.findall("(?i)sec-websocket-key: (.*)\r", head)
        writer.write(accepting(SWITCHED, key))
        await writer.drain()
        started.set()
        await asyncio.Event().wait()

    started = asyncio.Event()
    server = await asyncio.start_server(deaf, "127.0.0.1", 0, limit=1 << 12)
    line = Line(port=server.sockets[0].getsockname()[1])
    wire = Client({}, limits=QUICK)
    call = asking(line, sends=tuple({"x": "y" * 1_000_000} for _ in range(30)))
    reading = asyncio.create_task(run(wire, access(line), call))
    await asyncio.wait_for(started.wait(), DEADLINE)
    reading.cancel()
    ended, _ = await asyncio.wait([reading], timeout=DEADLINE)
    await wire.aclose()
    server.close()
    assert ended


async def test_a_handshake_keeps_to_the_origins() -> None:
    async with listen(SCRIPT) as line:
        wire = Client({}, limits=QUICK)
        elsewhere = replace(access(line), origins=("https://api.example.test",))
        _, problem = await run(wire, elsewhere, asking(line))
    assert problem and "is not among the addresses" in problem.message
    assert line.targets == []


async def test_through_tls_and_a_tunnel(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = authority.context("api.openai.com")
    environ = {"SSL_CERT_FILE": str(authority.file)}
    async with listen(SCRIPT, context=context) as line, proxy(target=line.port) as (address, heads):
        call = replace(asking(line), url="wss://api.openai.com/v1/chat")
        may = replace(access(line), origins=("https://api.openai.com",))
        wire = Client({**environ, "HTTPS_PROXY": f"http://{address}"}, limits=QUICK)
        events, problem = await run(wire, may, call)
        assert (text_of(events), problem) == ("Hello 星", None)
        wrong = replace(call, url="wss://eu.openai.com/v1/chat")
        _, problem = await run(wire, replace(may, origins=("https://eu.openai.com",)), wrong)
        await wire.aclose()
    assert problem and "is for another host" in problem.message
    assert heads[0].startswith(b"CONNECT api.openai.com:443 ")


@pytest.mark.slow
async def test_many_at_once_leave_no_connection() -> None:
    async with listen(SCRIPT) as line:
        wire = Client({}, limits=QUICK)
        results = await asyncio.gather(*(run(wire, access(line), asking(line)) for _ in range(40)))
        await wire.aclose()
    assert all((text_of(events), problem) == ("Hello 星", None) for events, problem in results)
