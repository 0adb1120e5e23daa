"""Answers over a real socket: whole, streamed, cut, silent, broken, too large."""

import asyncio
import gc
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest

from tests.doubles.silence import silence
from tests.providers.http_server import (
    DEADLINE,
    HOLD,
    QUICK,
    RESET,
    Answer,
    access_to,
    ask,
    chat_call,
    http,
    run,
    serve,
    streaming,
    text_chunk,
    text_of,
)
from tui.errors import NetworkError, Problem
from tui.providers.client.client import Client
from tui.providers.events import Finish, NoResponseYet, TextDelta

DONE = text_chunk("", "stop")
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(data: object) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


async def test_a_streamed_answer() -> None:
    async with serve([streaming(text_chunk("Good"), text_chunk(" d"), text_chunk("ay"), DONE)]) as server:
        events, problem = await ask(server)
    assert problem is None
    # The first piece comes at once; of the rest, what arrives together is one.
    assert events == [TextDelta("Good"), TextDelta(" day"), Finish("stop")]


async def test_a_whole_answer() -> None:
    message = {"choices": [{"index": 0, "message": {"content": "Good day"}, "finish_reason": "stop"}]}
    async with serve([http(message)]) as server:
        events, problem = await ask(server, stream=False)
    assert (text_of(events), events[-1], problem) == ("Good day", Finish("stop"), None)


async def test_a_server_that_does_not_stream_is_understood() -> None:
    message = {"choices": [{"index": 0, "message": {"content": "Good day"}, "finish_reason": "stop"}]}
    async with serve([http(message)]) as server:
        events, _ = await ask(server, stream=True)
    assert (text_of(events), events[-1]) == ("Good day", Finish("stop"))


async def test_the_connection_serves_the_next_question() -> None:
    body = chunked(event(text_chunk("Hi", "stop")) + b"data: [DONE]\n\n") + b"0\r\n\r\n"
    head = HEAD.replace(b"\r\n\r\n", b"\r\nx-content-length: 0\r\n\r\n")
    async with serve([head + body]) as server:
        wire = Client({}, limits=QUICK)
        access = access_to(server.base_url)
        for _ in range(3):
            events, problem = await run(wire, access, chat_call(access))
            assert (text_of(events), problem) == ("Hi", None)
        await wire.aclose()
    assert (len(server.requests), server.connections) == (3, 1)


async def test_what_follows_the_end_mark_is_left_alone() -> None:
    async with serve(
        [streaming(text_chunk("Hi", "stop"), "[DONE]", text_chunk(" more"), {"error": {"message": "late"}})]
    ) as server:
        events, problem = await ask(server)
    assert (events, problem) == ([TextDelta("Hi"), Finish("stop")], None)


async def test_an_end_without_mark_or_reason_is_a_failure_that_keeps_the_text() -> None:
    async with serve([streaming(text_chunk("Half an"), end=False)]) as server:
        events, problem = await ask(server)
    assert text_of(events) == "Half an"
    assert isinstance(problem, NetworkError)
    assert problem.message == "The answer from OpenAI stopped before its end. It is incomplete."
    assert not [event for event in events if isinstance(event, Finish)]


async def test_an_end_in_the_middle_of_an_event_keeps_what_came() -> None:
    async with serve([streaming(text_chunk("Half an"), end=False) + b'data: {"choices": [{"delta": {"con']) as server:
        events, problem = await ask(server)
    assert text_of(events) == "Half an"
    assert isinstance(problem, NetworkError) and "stopped before its end" in problem.message


@pytest.mark.parametrize("end", [[], [RESET]], ids=["closed", "reset"])
async def test_a_broken_connection_keeps_what_came_and_is_not_repeated(end: list[str]) -> None:
    async with serve([HEAD + chunked(event(text_chunk("Half an"))), *end]) as server:
        events, problem = await ask(server)
    assert isinstance(problem, NetworkError)
    assert problem.message == "The connection to OpenAI ended before the answer did."
    assert problem.hint == "Sending it again makes a new request. Nothing is retried automatically."
    assert text_of(events) == "Half an"
    assert len(server.requests) == 1


async def test_a_body_that_is_no_http_is_no_lost_connection() -> None:
    async with serve([HEAD + chunked(event(text_chunk("Half an"))) + b"zz\r\n"]) as server:
        events, problem = await ask(server)
    assert text_of(events) == "Half an"
    assert problem and "continues with invalid HTTP" in problem.message


async def test_an_error_in_mid_stream() -> None:
    error = {"error": {"message": "The server had an error.", "type": "server_error", "param": None, "code": None}}
    async with serve([streaming(text_chunk("Par"), error)]) as server:
        events, problem = await ask(server)
    assert text_of(events) == "Par"
    assert problem and problem.message == "OpenAI stopped with an error."
    assert problem.detail == "The server had an error."


async def test_an_event_named_error() -> None:
    late = b'event: error\ndata: {"message": "No room.", "code": "server_is_overloaded"}\n\n'
    async with serve([streaming(text_chunk("Par"), end=False) + late]) as server:
        events, problem = await ask(server)
    assert text_of(events) == "Par"
    assert problem and problem.message == "OpenAI is too busy."


async def test_an_answer_with_a_broken_event_in_it_is_incomplete() -> None:
    body = event(text_chunk("a")) + b'data: {"choices": [\n\n' + b"data: {\n\n" + event(text_chunk("b", "stop"))
    async with serve([streaming(end=False) + body + b"data: [DONE]\n\n"]) as server:
        events, problem = await ask(server)
    assert text_of(events) == "ab"
    assert problem and problem.message == "2 pieces of the answer could not be read. The answer is incomplete."


async def test_three_broken_events_in_a_row_end_it() -> None:
    async with serve([streaming(text_chunk("a"), end=False) + b"data: {\n\n" * 3]) as server:
        events, problem = await ask(server)
    assert text_of(events) == "a"
    assert problem and "3 broken pieces in a row" in problem.message


async def test_separators_of_lines_and_odd_bytes_inside_the_text_are_kept() -> None:
    text = "a\u2028b\u0085c\x0c星"
    raw = json.dumps(text_chunk(text, "stop"), ensure_ascii=False).encode() + b" "
    async with serve([streaming(end=False) + b"\xef\xbb\xbf: hi\r\rdata:" + raw + b"\r\rdata: [DONE]\r\r"]) as server:
        events, problem = await ask(server)
    assert problem is None
    # What moves a cursor is gone; the line separators have become line ends.
    assert text_of(events) == "a\nb\nc星"


async def test_invalid_bytes_become_replacement_characters() -> None:
    raw = b'data: {"choices": [{"delta": {"content": "a\xffb"}, "finish_reason": "stop"}]}\n\n'
    async with serve([streaming(end=False) + raw]) as server:
        events, _ = await ask(server)
    assert text_of(events) == "a�b"


async def test_no_control_character_comes_through() -> None:
    async with serve([streaming(text_chunk("\x1b[2J\x9b2J‮x\x00\x07", "stop"))]) as server:
        events, _ = await ask(server)
    assert text_of(events) == "[2J2Jx"


async def test_an_empty_answer_is_no_success() -> None:
    async with serve([http(b"", headers={"content-type": "application/json"})]) as server:
        _, problem = await ask(server, stream=False)
    assert problem and "sent an empty answer" in problem.message


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_without_choices_is_no_success(stream: bool) -> None:
    async with serve([http({"choices": []})]) as server:
        events, problem = await ask(server, stream=stream)
    assert problem and "an answer without text" in problem.message
    assert events == []


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/plain", "application/json"])
async def test_a_web_page_with_status_200(kind: str, stream: bool) -> None:
    page = "\n<!DOCTYPE html><html><head><title>Sign in\nto Wi-Fi \x1b[31m</title></head></html>"
    async with serve([http(page, headers={"content-type": kind})]) as server:
        _, problem = await ask(server, stream=stream)
    assert isinstance(problem, NetworkError)
    assert problem.message == f"localhost:{server.port} returned a web page, not an API response (200)."
    assert problem.detail == "Sign in to Wi-Fi [31m"


async def test_text_that_is_not_json() -> None:
    async with serve([http("fine, thanks", headers={"content-type": "text/plain"})]) as server:
        _, problem = await ask(server, stream=False)
    assert problem and "text that is not JSON" in problem.message


async def test_json_too_deep_to_parse_is_a_problem_too() -> None:
    async with serve([http("[" * 200_000)]) as server:
        _, problem = await ask(server, stream=False)
    assert problem and "JSON that is nested too deeply" in problem.message


@pytest.mark.slow
async def test_a_compressed_answer_is_stopped_at_the_limit_of_what_it_unpacks_to() -> None:
    for begin, words in ((b'["', "larger than 40 MiB"), (b"data: ", "a line of more than 8 MiB")):
        bomb = gzip.compress(begin + b"0" * 50_000_000)
        headers = {"content-encoding": "gzip", "content-type": "application/json"}
        async with serve([http(bomb, headers=headers)]) as server:
            _, problem = await ask(server)
            assert server.requests[0].headers["accept-encoding"] == "identity"
        assert problem and words in problem.message


async def test_an_endless_answer_is_stopped_at_its_limit() -> None:
    limits = replace(QUICK, answer=200_000)
    async with serve([streaming(end=False), *[event(text_chunk("x" * 1000))] * 1000]) as server:
        events, problem = await ask(server, limits)
    assert problem and "larger than 200000 bytes" in problem.message
    assert len(text_of(events)) > 100_000


async def test_a_body_over_the_limit_is_not_parsed() -> None:
    async with serve([http({"choices": ["x" * 300_000]})]) as server:
        _, problem = await ask(server, replace(QUICK, answer=200_000), stream=False)
    assert problem and "larger than" in problem.message


@pytest.mark.slow
async def test_a_long_error_message_is_cut() -> None:
    hostile = ("*" * 100_000, "a" * 200_000, "model " * 40_000, "<title>" * 30_000, "max_tokens " * 20_000)
    for words in hostile:
        for answer in (http({"error": {"message": words, "code": words}}, 400), http(f"<html>{words}", 404)):
            async with serve([answer]) as server:
                _, problem = await ask(server)
                assert problem and len(problem.detail) <= 300


@pytest.mark.slow
async def test_silence_is_reported_and_times_out() -> None:
    limits = replace(QUICK, notice_after=0.5, stream_timeout=1.9)
    async with serve([streaming(text_chunk("Half"), end=False), HOLD]) as server:
        events, problem = await ask(server, limits)
        await asyncio.wait_for(server.closed.wait(), DEADLINE)
    silent = [event for event in events if isinstance(event, NoResponseYet)]
    assert 1 <= len(silent) <= 3
    assert silent[0].limit == limits.stream_timeout
    assert isinstance(problem, NetworkError)
    assert "sent nothing of use" in problem.message
    assert text_of(events) == "Half"


@pytest.mark.slow
async def test_silence_before_the_first_byte() -> None:
    limits = replace(QUICK, notice_after=0.2, stream_timeout=2)
    async with serve([HOLD]) as server:
        events, problem = await ask(server, limits)
    assert any(isinstance(event, NoResponseYet) for event in events)
    assert isinstance(problem, NetworkError)
    assert len(server.requests) == 1


@pytest.mark.slow
async def test_a_listing_is_not_waited_for_as_long_as_an_answer_in_one_piece() -> None:
    limits = replace(QUICK, notice_after=0.2, stream_timeout=2, response_timeout=60)
    async with serve([HOLD]) as server:
        wire, access = Client({}, limits=limits), access_to(server.base_url)
        _, problem = await run(wire, access, access.provider.verify(access.fields))
        await wire.aclose()
    assert isinstance(problem, NetworkError)
    assert "sent nothing of use" in problem.message


@pytest.mark.slow
async def test_a_comment_every_moment_is_still_silence() -> None:
    limits = replace(QUICK, notice_after=0.2, stream_timeout=2)

    async with _pinging() as (origin, _):
        access = access_to(f"{origin}/v1")
        events, problem = await run(wire := Client({}, limits=limits), access, chat_call(access))
        await wire.aclose()
    assert any(isinstance(event, NoResponseYet) for event in events)
    assert isinstance(problem, NetworkError)


def _pinging() -> AbstractAsyncContextManager[tuple[str, Any]]:
    """A server that sends comments for as long as anyone listens."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def serving() -> AsyncIterator[tuple[str, Any]]:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(streaming(end=False))
                with silence():
                    while True:
                        writer.write(b": ping\n\n")
                        await writer.drain()
                        await asyncio.sleep(0.001)
            except ConnectionError:
                writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        yield f"http://localhost:{server.sockets[0].getsockname()[1]}", server
        server.close()

    return serving()


async def test_cancelling_closes_the_socket() -> None:
    async with serve([streaming(text_chunk("Half"), end=False), HOLD]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        arrived = asyncio.Event()

        async def read() -> None:
            async for event in wire.stream(access, chat_call(access)):
                assert isinstance(event, TextDelta)
                arrived.set()

        reading = asyncio.create_task(read())
        await asyncio.wait_for(arrived.wait(), DEADLINE)
        reading.cancel()
        await asyncio.wait_for(server.closed.wait(), DEADLINE)
        with pytest.raises(asyncio.CancelledError):
            await reading
        await wire.aclose()


async def test_cancelling_before_the_answer_closes_the_socket_at_once() -> None:
    async with serve([HOLD]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        reading = asyncio.create_task(run(wire, access, chat_call(access)))
        await asyncio.wait_for(server.holding.wait(), DEADLINE)
        reading.cancel()
        await asyncio.wait_for(server.closed.wait(), DEADLINE)
        with pytest.raises(asyncio.CancelledError):
            await reading
        await wire.aclose()


async def test_cancelling_after_the_last_word_is_a_cancellation() -> None:
    async with serve([streaming(text_chunk("Hi", "stop")), HOLD]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        ended = asyncio.Event()

        async def read() -> None:
            async for event in wire.stream(access, chat_call(access)):
                if isinstance(event, Finish):
                    asyncio.get_running_loop().call_later(0.01, ended.set)

        reading = asyncio.create_task(read())
        await asyncio.wait_for(ended.wait(), DEADLINE)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await wire.aclose()


async def test_closing_the_iterator_closes_the_socket() -> None:
    async with serve([streaming(text_chunk("Half"), end=False), HOLD]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        events = wire.stream(access, chat_call(access))
        assert await anext(events) == TextDelta("Half")
        await events.aclose()
        await asyncio.wait_for(server.closed.wait(), DEADLINE)
        await wire.aclose()


@pytest.mark.slow
async def test_closing_the_iterator_in_a_silence_closes_the_socket(caplog: pytest.LogCaptureFixture) -> None:
    limits = replace(QUICK, notice_after=0.2)
    answers: tuple[Answer, ...] = ([HOLD], [streaming(text_chunk("Half"), end=False), HOLD])
    for answer in answers:
        async with serve(answer) as server:
            wire, access = Client({}, limits=limits), access_to(server.base_url)
            events = wire.stream(access, chat_call(access))
            async for event in events:
                if isinstance(event, NoResponseYet):
                    break
            await events.aclose()
            await asyncio.wait_for(server.closed.wait(), DEADLINE)
            await wire.aclose()
    gc.collect()
    assert "never retrieved" not in caplog.text


def test_a_wire_serves_one_loop_after_another() -> None:
    async def once(wire: Client) -> str:
        async with serve([streaming(text_chunk("Hi", "stop"))]) as server:
            access = access_to(server.base_url)
            events, _ = await run(wire, access, chat_call(access))
            return text_of(events)

    wire = Client({}, limits=QUICK)
    assert [asyncio.run(once(wire)) for _ in range(2)] == ["Hi", "Hi"]


async def test_a_problem_carries_no_trace_of_the_request() -> None:
    async with serve([http({"error": {"message": "no"}}, 400)]) as server:
        _, problem = await ask(server)
    assert isinstance(problem, Problem)
    assert problem.__cause__ is None
    assert problem.__context__ is None
