"""The end of an answer: an incomplete one is a failure, a complete one is not, as servers and gateways end them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.providers.http_server import HOLD, QUICK, RESET, Answer, http
from tests.providers.loopback import HEAD, body, chat, embed, events, listing, transcribe
from tui.errors import NetworkError

TEXT = 'data: {"choices": [{"index": 0, "delta": {"content": "Good day"}, "finish_reason": null}]}\n\n'
WHOLE = json.dumps({"choices": [{"index": 0, "message": {"content": "Good day"}, "finish_reason": "stop"}]})
ANTHROPIC = {"type": "message", "content": [{"type": "text", "text": "Good day"}], "stop_reason": "end_turn"}
PIECE = 'data: {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Good day"}}\n\n'
REASON = 'data: {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}\n\n'
SHORT = replace(QUICK, end_timeout=0.1)
LONG = {"content-length": "9999"}


def ended(reason: str, **more: object) -> str:
    """The last event of a chat, with a finish reason."""
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': {}, 'finish_reason': reason, **more}]})}\n\n"


COMPLETE: dict[str, Answer] = {
    "a reason and no mark": events(TEXT, ended("stop")),
    "a mark and no reason": events(TEXT, "data: [DONE]\n\n"),
    "a mark as a JSON string": events(TEXT, 'data: "[DONE]"\n\n'),
    **{
        f"the mark {mark.strip()}": events(TEXT, f"{mark}\n\n")
        for mark in ("data: [done]", "data: DONE", "data: '[DONE]'", "data: [ DONE ]", "[DONE]", "data: [END]")
    },
    "an event named done": events(TEXT, "event: done\ndata: {}\n\n"),
    "a reason, then what is no JSON": events(TEXT, ended("stop"), "data: bye\n\n", 'data: {"usage": {"pro\n\n'),
    "a reason, then broken pieces": events(TEXT, ended("stop"), 'data: {"x\n\n' * 5),
    "a reason, then a page": events(TEXT, ended("stop"), "<html>oops</html>"),
    "a reason, then a reset": [HEAD + (TEXT + ended("stop")).encode(), RESET],
    "a mark, then a reset": [HEAD + (TEXT + "data: [DONE]\n\n").encode(), RESET],
    "a reason, then an open connection": [HEAD + (TEXT + ended("eos")).encode(), HOLD],
    "a reason in the last piece of text": events(TEXT.replace("null", '"stop"')),
    "an empty reason before the last one": events(TEXT.replace("null", '""'), ended("stop")),
    "a whole answer, the length too large": [http(WHOLE, headers=LONG | {"connection": "close"})],
    "a whole answer, then a reset": [http(WHOLE, headers=LONG), RESET],
    "a whole answer, then an open connection": [http(WHOLE, headers=LONG), HOLD],
    "a whole answer in one chunk that is not the last": [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(WHOLE), WHOLE.encode()),
        HOLD,
    ],
    **{
        f"the reason as {name}": events(TEXT, ended("").replace('"finish_reason": ""', f'"{name}": "stop"'))
        for name in ("finishReason", "stop_reason", "stopReason")
    },
    **{
        f"the end in {frame}": [HEAD + f"{TEXT}data: {frame}\n\n".encode(), HOLD]
        for frame in (
            '{"done": true}',
            '{"choices": [], "is_end": true}',
            '{"type": "message_stop"}',
            '{"data": "[DONE]"}',
        )
    },
    "an event named done, and nothing in it": events(TEXT, "event: done\n\n"),
    "true as the reason": events(TEXT.replace("null", "true")),
    "an object as the reason": events(TEXT.replace("null", '{"type": "stop", "matched": 2}')),
    "a whole answer without a reason": body(WHOLE.replace('"stop"', "null")),
}

INCOMPLETE: dict[str, Answer] = {
    "an end told before the last text": events(TEXT, 'data: {"done": true}\n\n', TEXT),
    "false as the reason": events(TEXT.replace("null", "false")),
    **{
        f"the reason {reason}": events(TEXT, ended(reason), "data: [DONE]\n\n")
        for reason in ("error", "network_error", "network-error", "insufficient_system_resource", "abort", "ERROR")
    },
    "the reason of the model behind a router": events(
        TEXT, ended("stop", native_finish_reason="network_error"), "data: [DONE]\n\n"
    ),
    "an error beside the reason": events(
        TEXT, ended("error", error={"code": 504, "message": "Upstream timed out"}), "data: [DONE]\n\n"
    ),
    "a text among the pieces": events(TEXT, 'data: "and more"\n\n', ended("stop")),
    "an empty reason": events(TEXT, ended("")),
    **{
        f"the word {word}": events(TEXT, ended(word))
        for word in [
            "None",
            "nil",
            "N/A",
            "unknown",
            "unset",
            "FINISH_REASON_UNSPECIFIED",
            "false",
            "in_progress",
            "RUNNING",
            "pending",
        ]
    },
    "a usage frame and no reason": events(TEXT, 'data: {"choices": [], "usage": {"prompt_tokens": 1}}\n\n'),
    "a named end that says nothing": events(TEXT, "event: close\ndata: \n\n"),
    "half a document": [http(WHOLE[:-9], headers={"connection": "close"})],
    "half a document, then a reset": [http(WHOLE[:-9], headers=LONG), RESET],
    "JSON lines without a reason": events('{"choices": [{"index": 0, "delta": {"content": "Good day"}}]}\n' * 2),
}


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("name", COMPLETE)
async def test_a_complete_answer_is_no_failure(name: str, stream: bool) -> None:
    result = await chat(COMPLETE[name], stream=stream, limits=SHORT)
    assert (result.text, result.problem) == ("Good day", None)
    assert result.complete


@pytest.mark.parametrize("name", INCOMPLETE)
async def test_an_incomplete_answer_is_no_success(name: str) -> None:
    result = await chat(INCOMPLETE[name])
    assert result.problem is not None and not result.complete
    assert result.problem.message[-1] in ".?"


async def test_the_reason_of_a_failed_end_is_named() -> None:
    result = await chat(events(TEXT, ended("network_error")))
    assert result.problem
    assert "(network_error)" in result.problem.message and result.text == "Good day"
    result = await chat(INCOMPLETE["an error beside the reason"])
    assert "Upstream timed out" in result.words


@pytest.mark.parametrize("provider", ["openai_compatible", "anthropic"])
async def test_an_end_mark_is_an_end_in_every_dialect(provider: str) -> None:
    result = await chat(events(PIECE if provider == "anthropic" else TEXT, "data: [DONE]\n\n"), provider=provider)
    assert (result.text, result.problem) == ("Good day", None) and result.complete


async def test_an_empty_answer_that_failed_is_no_empty_answer() -> None:
    result = await chat(events(ended("error"), "data: [DONE]\n\n"))
    assert result.problem is not None and result.finish is None


@pytest.mark.parametrize("rest", [[], [RESET], [HOLD]], ids=["closed", "reset", "open"])
async def test_a_stop_reason_of_anthropic_is_an_end(rest: list[str]) -> None:
    result = await chat([HEAD + (PIECE + REASON).encode(), *rest], provider="anthropic", limits=SHORT)
    assert (result.text, result.problem) == ("Good day", None)
    assert result.complete and result.finish and result.finish.reason == "end_turn"


@pytest.mark.slow
async def test_a_whole_message_of_anthropic_is_an_end_while_the_connection_stays_open() -> None:
    for stream in (True, False):
        result = await chat([http(ANTHROPIC, headers=LONG), HOLD], provider="anthropic", stream=stream, limits=SHORT)
        assert (result.text, result.problem) == ("Good day", None)


async def test_control_anthropic_without_a_reason_is_incomplete() -> None:
    result = await chat(events(PIECE), provider="anthropic")
    assert isinstance(result.problem, NetworkError) and result.text == "Good day"


async def test_lines_of_json_that_pause_are_read_to_their_end() -> None:
    first, last = (text.removeprefix("data: ").encode() for text in (TEXT, ended("stop")))
    result = await chat([HEAD + first[:-1], last], limits=SHORT)
    assert (result.text, result.problem) == ("Good day", None)


@pytest.mark.slow
@pytest.mark.parametrize("rest", [[HOLD], [RESET], []], ids=["open", "reset", "closed"])
async def test_every_call_takes_a_whole_document_for_its_end(tmp_path: Path, rest: list[str]) -> None:
    vectors = {"data": [{"embedding": [1, 2]}, {"embedding": [3, 4]}]}
    headers = LONG if rest else LONG | {"connection": "close"}
    assert (await embed([http(vectors, headers=headers), *rest], limits=SHORT)).vectors == [(1, 2), (3, 4)]
    listed = await listing([http({"data": [{"id": "llama"}]}, headers=headers), *rest], limits=SHORT)
    assert listed.models == ["llama"]
    spoken = await transcribe([http({"text": "Good day"}, headers=headers), *rest], folder=tmp_path, limits=SHORT)
    assert spoken.transcript and spoken.transcript.text == "Good day"
    cut = await embed([http(json.dumps(vectors)[:-3], headers=headers), *rest], limits=SHORT)
    assert cut.problem is not None and not cut.vectors


async def test_pages_of_a_list_that_lead_in_a_circle_end() -> None:
    pages = [body({"data": [{"id": name}], "has_more": True, "last_id": name}) for name in ("a", "b")]
    result = await listing(*(pages * 20), provider="anthropic")
    assert len(result.requests) <= 4
    assert result.models[:2] == ["a", "b"]


@pytest.mark.parametrize(("streamed", "lost"), [("lo there", True), ("Hel there", True), ("Hello", False)])
async def test_a_piece_that_is_missing_in_the_stream_of_a_prediction_fails(streamed: str, lost: bool) -> None:
    def created(origin: str) -> bytes:
        return http({"id": "p1", "status": "starting", "urls": {"stream": f"{origin}/stream"}}, 201)

    stream = events(f"event: output\ndata: {streamed}\n\n", "event: done\ndata: {}\n\n")
    over = body({"id": "p1", "status": "succeeded", "output": ["Hello", " there"]})
    result = await chat([created], stream, over, provider="replicate", name="acme/llm")
    assert result.complete is not lost
    if lost:
        assert "Part of this answer was lost" in result.words and result.text == streamed
    else:
        assert result.text == "Hello there"
