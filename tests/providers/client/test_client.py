"""Calls of several steps, other framings, and many calls at once, for any provider."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable

import httpx
import pytest

from tests.providers import calls
from tests.providers.http_server import QUICK, Server, access_to, chat_call, http, run, serve, text_chunk, text_of
from tui.errors import Problem, UsageError
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.events import Finish, TextDelta, Vectors
from tui.providers.requests import Call, Frame, Framing, Reader, Result


def reading(frames: list[Frame]) -> Callable[[], Reader]:
    """A reader that keeps its frames and ends the answer with the last."""

    def read(frame: Frame | None) -> Iterable[Result]:
        if frame is None:
            yield Finish("stop")
        else:
            frames.append(frame)
            yield TextDelta(str(frame.data))

    return lambda: read


async def collect(server: Server, call: Call, limits: Limits = QUICK) -> calls.Outcome:
    wire = Client({}, limits=limits)
    try:
        return await run(wire, access_to(server.base_url), call)
    finally:
        await wire.aclose()


async def test_every_line_of_json_is_a_frame() -> None:
    frames: list[Frame] = []
    body = b'{"a": 1}\r\n\n{"a": \n{"a": "\xe2\x80\xa8"}\n{"a": 3}'
    async with serve([http(body, headers={"content-type": "application/x-ndjson"})]) as server:
        call = Call("GET", f"{server.base_url}/x", reading(frames), Framing.NDJSON)
        _, problem = await collect(server, call)
    assert problem and problem.message.startswith("1 piece of the answer could not be read.")
    assert [frame.data for frame in frames] == [{"a": 1}, {"a": "\u2028"}, {"a": 3}]


async def test_a_text_answer_is_one_frame() -> None:
    frames: list[Frame] = []
    async with serve([http("1\n00:00 --> 00:01\nHi\n", headers={"content-type": "text/plain"})]) as server:
        call = Call("GET", f"{server.base_url}/x", reading(frames), Framing.TEXT)
        events, _ = await collect(server, call)
    assert frames == [Frame("1\n00:00 --> 00:01\nHi\n")]
    assert events[-1] == Finish("stop")


async def test_named_events_and_text_that_is_no_json() -> None:
    frames: list[Frame] = []
    body = b"event: output\ndata: Hello there\n\nevent: done\ndata: {}\n\n"
    async with serve([http(body, headers={"content-type": "text/event-stream"})]) as server:
        await collect(server, Call("GET", f"{server.base_url}/x", reading(frames), Framing.SSE))
    assert frames == [Frame("Hello there", "output"), Frame("[DONE]", "done")]


async def test_a_json_string_is_a_frame_unless_it_holds_json_or_a_mark() -> None:
    frames: list[Frame] = []
    body = b'data: "Hello there"\n\ndata: " "\n\ndata: "ping"\n\ndata: "{\\"a\\": 1}"\n\ndata: "[DONE]"\n\n'
    async with serve([http(body, headers={"content-type": "text/event-stream"})]) as server:
        await collect(server, Call("GET", f"{server.base_url}/x", reading(frames), Framing.SSE))
    assert [frame.data for frame in frames] == ["Hello there", " ", {"a": 1}, "[DONE]"]


async def test_a_reader_may_answer_with_the_next_call() -> None:
    async with serve([http({"token": "t1"})], [http({"status": "running"})], [http({"status": "done"})]) as server:

        def last(frame: Frame | None) -> Iterable[Result]:
            if frame is None:
                return []
            if frame.data["status"] != "done":
                return [Call("GET", f"{server.base_url}/job", lambda: last, wait=0.001)]
            return [TextDelta("done"), Finish("stop")]

        def first(frame: Frame | None) -> Iterable[Result]:
            token = frame.data["token"] if frame else ""
            return [Call("POST", f"{server.base_url}/job", lambda: last, json={"token": token})] if frame else []

        events, problem = await collect(server, Call("POST", f"{server.base_url}/token", lambda: first))
    assert problem is None
    assert events == [TextDelta("done"), Finish("stop")]
    assert [(request.method, request.target) for request in server.requests] == [
        ("POST", "/v1/token"),
        ("POST", "/v1/job"),
        ("GET", "/v1/job"),
    ]
    assert server.requests[1].json == {"token": "t1"}
    # Every step is signed.
    assert all(request.headers["authorization"].startswith("Bearer sk-") for request in server.requests)


async def test_a_call_without_end_is_stopped() -> None:
    async with serve([http({})]) as server:

        def again(frame: Frame | None) -> Iterable[Result]:
            return [Call("GET", f"{server.base_url}/job", lambda: again)] if frame else []

        _, problem = await collect(server, Call("GET", f"{server.base_url}/job", lambda: again), Limits(max_steps=5))
    assert problem and "did not finish within 5 requests" in problem.message
    assert len(server.requests) == 5


async def test_a_call_per_text_may_return_one_vector() -> None:
    async with serve([http({})]) as server:

        def text(place: int) -> Call:
            def read(frame: Frame | None) -> Iterable[Result]:
                after = [text(place + 1)] if place < 11 else []
                return [Vectors(place, ((1.0,),)), *after] if frame else []

            return Call("GET", f"{server.base_url}/job", lambda: read)

        events, problem = await collect(server, text(0), Limits(max_steps=5))
    assert problem is None and [event.start for event in events if isinstance(event, Vectors)] == list(range(12))


async def test_a_later_step_keeps_to_the_origins() -> None:
    async with serve([http({})]) as server:
        elsewhere = Call("GET", "https://elsewhere.example.test/x", lambda: lambda frame: [])
        call = Call("GET", f"{server.base_url}/job", lambda: lambda frame: [elsewhere] if frame else [])
        _, problem = await collect(server, call)
    assert problem and "elsewhere.example.test is not among the addresses" in problem.message


async def test_query_and_headers_go_as_they_are() -> None:
    async with serve([http({})]) as server:
        call = Call("GET", f"{server.base_url}/x", reading([]), query={"q": "a b&c=d"}, headers={"x-one": "1"})
        await collect(server, call)
    request = server.requests[0]
    assert request.target == "/v1/x?q=a+b%26c%3Dd"
    assert request.headers["x-one"] == "1"
    assert request.headers["accept"] == "application/json"
    assert request.headers["user-agent"].startswith("modeldeck/")
    assert "cookie" not in request.headers
    assert "content-type" not in request.headers


async def test_no_cookie_is_kept() -> None:
    async with serve([http({}, headers={"set-cookie": "a=b"})]) as server:
        wire = Client({}, limits=QUICK)
        access = access_to(server.base_url)
        for _ in range(2):
            await run(wire, access, Call("GET", f"{server.base_url}/x", reading([])))
        await wire.aclose()
    assert all("cookie" not in request.headers for request in server.requests)


async def test_a_body_is_json_in_utf8() -> None:
    async with serve([http({})]) as server:
        call = Call("POST", f"{server.base_url}/x", reading([]), json={"text": "星河 \u2028"})
        _, problem = await collect(server, call)
    assert problem is None
    request = server.requests[0]
    assert request.headers["content-type"] == "application/json"
    assert "星河".encode() in request.body
    assert json.loads(request.body)["text"].startswith("星河")


async def test_text_that_no_encoding_can_carry_is_refused_and_not_changed() -> None:
    async with serve([http({})]) as server:
        call = Call("POST", f"{server.base_url}/x", reading([]), json={"text": "half of a pair \ud800"})
        _, problem = await collect(server, call)
    assert isinstance(problem, UsageError) and "not valid Unicode" in problem.message
    assert server.requests == []


class _Stream(httpx.AsyncByteStream):
    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


class _Answers(httpx.AsyncBaseTransport):
    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=_Stream(self._pieces))


@pytest.mark.slow
@pytest.mark.parametrize("together", [1, 50])
async def test_every_delta_comes_through(together: int) -> None:
    event = f"data: {json.dumps(text_chunk('word '))}\n\n".encode()
    pieces = [event * together] * (5000 // together) + [b"data: [DONE]\n\n"]
    access = access_to("https://api.openai.com/v1")
    events, problem = await run(Client({}, _Answers(pieces)), access, chat_call(access))
    assert problem is None
    assert text_of(events) == "word " * 5000


@pytest.mark.slow
async def test_many_calls_run_at_once() -> None:
    async with serve([http({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]})]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        results = await asyncio.gather(*(run(wire, access, chat_call(access, stream=False)) for _ in range(30)))
        await wire.aclose()
    assert all((text_of(events), problem) == ("Hi", None) for events, problem in results)


async def test_a_repeated_key_is_removed_wherever_it_stands() -> None:
    key = "FAKE-key-0123456789"
    page = f"<html><title>Bad key {key}</title>"
    for answer in (http({"error": {"message": f"Bad {key}"}}), http(page), http({"error": {"message": key}}, 400)):
        async with serve([answer]) as server:
            wire, access = Client({}, limits=QUICK), access_to(server.base_url, key=key)
            _, problem = await run(wire, access, chat_call(access))
            await wire.aclose()
        assert isinstance(problem, Problem)
        assert key not in problem.message + problem.hint + problem.detail
        assert "••••" in problem.detail
