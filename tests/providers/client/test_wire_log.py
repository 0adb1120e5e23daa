"""The wire log: what was sent and what came, with times, and nothing of a key."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from tests.providers import calls
from tests.providers.client.test_redaction import REPEATED, WORDS, parts
from tests.providers.http_server import KEY, QUICK, access_to, chat_call, http, run, serve, streaming, text_chunk
from tests.providers.wenxin.facts import EXCHANGED, OLDER, PAIR, SECRETS
from tui.providers import PROVIDERS
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.client.wire_log import FRAMES_SIZE, WireLog
from tui.providers.origins import origin_of
from tui.providers.requests import ChatRequest, Message
from tui.secret import MASK


def ticking() -> Callable[[], float]:
    """A clock that goes on by a second each time it is read."""
    return map(float, count()).__next__


async def logged(*answers: bytes, stream: bool = True, size: int = FRAMES_SIZE) -> tuple[WireLog, Any]:
    """The log of a chat, and its JSON."""
    log = WireLog(ticking(), size=size)
    async with serve(*([answer] for answer in answers)) as server:
        client, access = Client({}, limits=replace(QUICK, retries=0)), access_to(server.base_url)
        await run(client, access, chat_call(access, stream), log)
        await client.aclose()
    return log, log.as_json()


async def test_a_stream_is_logged_with_its_request_headers_and_the_time_of_every_frame() -> None:
    head = {"x-request-id": "req_1", "x-ratelimit-remaining-requests": "59", "set-cookie": "session=1"}
    body = streaming(text_chunk("Hel"), text_chunk("lo", "stop")).partition(b"\r\n\r\n")[2]
    _, log = await logged(http(body, headers={**head, "content-type": "text/event-stream"}))
    [exchange] = log["exchanges"]
    request, response = exchange["request"], exchange["response"]
    assert request["method"] == "POST" and request["url"].endswith("/v1/chat/completions")
    assert request["headers"]["authorization"] == MASK and request["body"]["messages"][-1]["content"] == "Hello?"
    assert response["status"] == 200 and response["connection_opened"]
    assert {**head, "set-cookie": MASK}.items() <= response["headers"].items()
    frames = response["frames"]
    assert [frame["data"] for frame in frames] == [text_chunk("Hel"), text_chunk("lo", "stop"), "[DONE]"]
    times = [request["at"], response["at"], *(frame["at"] for frame in frames)]
    assert times == sorted(times) and len(set(times)) == len(times)


async def test_frames_are_kept_as_the_text_that_came_and_parsed_when_they_are_read() -> None:
    chunk = text_chunk("Hi", "stop")
    log, _ = await logged(streaming(chunk, "[DONE]"))
    [event, end] = log.exchanges[0].frames
    assert json.dumps(chunk) == event.json and event.data == chunk
    assert end.json == '"[DONE]"' and end.data == "[DONE]"


async def test_an_answer_in_one_piece_is_one_frame() -> None:
    answer = {"choices": [{"message": {"content": "Hello."}, "finish_reason": "stop"}]}
    _, log = await logged(http(answer), stream=False)
    assert [frame["data"] for frame in log["exchanges"][0]["response"]["frames"]] == [answer]


async def test_the_body_of_an_error_is_logged() -> None:
    refused = {"error": {"message": "No such model.", "code": "model_not_found"}}
    _, log = await logged(http(refused, 404))
    response = log["exchanges"][0]["response"]
    assert response["status"] == 404 and response["frames"][0]["data"] == refused


async def test_every_request_of_a_call_that_is_retried_is_logged() -> None:
    log = WireLog()
    busy = http({"error": {"message": "Slow down."}}, 429, {"retry-after": "0"})
    async with serve([busy], [streaming(text_chunk("Hi", "stop"))]) as server:
        client, access = Client({}, limits=QUICK), access_to(server.base_url)
        await run(client, access, chat_call(access), log)
        await client.aclose()
    assert [exchange.status for exchange in log.exchanges] == [429, 200] and log.opened


@pytest.mark.parametrize("answer", REPEATED.values(), ids=REPEATED)
async def test_nothing_of_a_key_that_a_server_repeats_is_logged(answer: Callable[[str], bytes]) -> None:
    _, log = await logged(answer(KEY))
    text = json.dumps(log)
    assert not {part for part in parts(KEY) if part in text}


async def test_a_key_that_a_server_repeats_in_a_header_of_its_response_is_masked() -> None:
    headers = {"x-debug": f"authorization was Bearer {KEY}", "content-type": "text/event-stream"}
    body = streaming(text_chunk("Hi", "stop"), "[DONE]").partition(b"\r\n\r\n")[2]
    _, log = await logged(http(body, headers=headers))
    response = log["exchanges"][0]["response"]
    assert MASK in response["headers"]["x-debug"] and response["headers"]["content-type"] == "text/event-stream"
    assert not {part for part in parts(KEY) if part in json.dumps(log)}


async def test_a_key_that_is_repeated_in_pieces_is_masked_in_every_piece() -> None:
    _, log = await logged(streaming(*map(text_chunk, ("It is ", KEY[:7], KEY[7:14], KEY[14:21], ".")), "[DONE]"))
    frames = log["exchanges"][0]["response"]["frames"]
    words = [frame["data"]["choices"][0]["delta"]["content"] for frame in frames[:5]]
    assert words == ["It is ", MASK, MASK, MASK, "."]


async def test_control_other_words_in_pieces_stay_as_they_were() -> None:
    _, log = await logged(REPEATED["an answer in pieces"](WORDS))
    frames = log["exchanges"][0]["response"]["frames"]
    letters = [frame["data"]["choices"][0]["delta"]["content"] for frame in frames[:-1]]
    assert "".join(letters) == f"It is {WORDS}."


async def test_the_answer_to_the_exchange_for_a_token_is_not_logged() -> None:
    answer = {"result": "Hello.", "is_end": True}
    async with serve([http(EXCHANGED)], [http(answer)]) as server:
        fields = {**PAIR, "base_url": server.origin}
        provider, log = PROVIDERS["wenxin"], WireLog()
        access = Access(provider, fields, (origin_of(server.origin),), secrets=lambda: SECRETS)
        client = Client({}, limits=replace(QUICK, retries=0))
        question = ChatRequest(OLDER, (Message("user", "Hello?"),), {}, False)
        await run(client, access, calls.chat(provider, fields, question), log)
        await client.aclose()
    text = json.dumps(log.as_json())
    assert len(log.exchanges) == 2 and log.exchanges[0].note and not log.exchanges[0].frames
    for secret in ("FAKE-client", str(EXCHANGED["access_token"]), str(EXCHANGED["refresh_token"])):
        assert secret not in text


async def test_a_long_answer_is_logged_up_to_a_limit() -> None:
    _, log = await logged(streaming(*[text_chunk("word " * 10)] * 20, text_chunk("", "stop")), size=500)
    response = log["exchanges"][0]["response"]
    assert 0 < len(response["frames"]) < 20
    assert response["omitted_frames"] == 22 - len(response["frames"])


async def test_a_log_that_is_off_keeps_nothing_but_how_the_connection_came_about() -> None:
    log = WireLog.off()
    async with serve([streaming(text_chunk("Hi", "stop"))]) as server:
        client, access = Client({}, limits=QUICK), access_to(server.base_url)
        await run(client, access, chat_call(access), log)
        await client.aclose()
    assert log.opened is True and not log.exchanges and log.call is None
