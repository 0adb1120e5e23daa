"""The bytes of an answer decide how it is read: bodies as servers and gateways send them, for every call."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.providers.answer_kinds import LABELS
from tests.providers.http_server import Answer, http
from tests.providers.loopback import HEAD, body, chat, embed, events, listing, transcribe, verify

pytestmark = pytest.mark.slow

CHUNK = json.dumps({"choices": [{"index": 0, "delta": {"content": "Good day"}, "finish_reason": None}]})
STOP = json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
WHOLE = json.dumps({"choices": [{"index": 0, "message": {"content": "Good day"}, "finish_reason": "stop"}]})
VECTORS = {"data": [{"index": 0, "embedding": [1, 2]}, {"index": 1, "embedding": [3, 4]}]}
RAW_DEFLATE = zlib.compressobj(9, zlib.DEFLATED, -15)
DEFLATED = RAW_DEFLATE.compress(WHOLE.encode()) + RAW_DEFLATE.flush()
TWO_MEMBERS = gzip.compress(f"data: {CHUNK}\n\n".encode()) + gzip.compress(f"data: {STOP}\n\n".encode())

GOOD: dict[str, Answer] = {
    "JSON lines in place of events": events(f"{CHUNK}\n{STOP}\n"),
    "documents without anything between them": events(CHUNK, STOP),
    "a byte order mark before a document": events("\ufeff", WHOLE),
    "a byte order mark and a comment before the events": events("\ufeff: hello\n\n", f"data: {WHOLE}\n\n"),
    "blank lines before the events": events("\n\r\n\n", f"data: {CHUNK}\n\ndata: {STOP}\n\n"),
    "events without a space or a blank line": events(f"data:{CHUNK}\ndata:{STOP}\n"),
    "events that end with CR": events(f"data: {CHUNK}\r\rdata: {STOP}\r\r"),
    "the field's name twice": events(f"data: data: {CHUNK}\n\n", f"data: data: {STOP}\n\ndata: data: [DONE]\n\n"),
    "events glued to one another": events(f"data: {CHUNK}data: {STOP}\n\n"),
    "two documents in one event": events(f"data: {CHUNK}{STOP}\n\n"),
    "a document on several data lines": events(
        "data: " + json.dumps(json.loads(WHOLE), indent=1).replace("\n", "\ndata: ")
    ),
    "an indented document": events(json.dumps(json.loads(WHOLE), indent=2)),
    "one event with a whole answer": events(f"event: message\ndata: {WHOLE}\n\n"),
    "no line end after the last event": events(f"data: {CHUNK}\n\ndata: {STOP}"),
    "UTF-16 with its mark": body(WHOLE.encode("utf-16"), content_type="application/json"),
    "deflate without its header": body(DEFLATED, content_encoding="deflate"),
    "deflate": body(zlib.compress(WHOLE.encode()), content_encoding="deflate"),
    "gzip without a word": body(gzip.compress(WHOLE.encode())),
    "gzip named twice": body(gzip.compress(WHOLE.encode()), content_encoding="gzip, identity"),
    "gzip that is none": body(WHOLE, content_encoding="gzip"),
    "gzip in two members": [HEAD + TWO_MEMBERS],
    "gzip whose first byte comes alone": [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\x1f",
        gzip.compress(WHOLE.encode())[1:],
    ],
    "early hints before it": [b"HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n" + http(WHOLE)],
    "a pending answer before it": [b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + http(WHOLE)],
    "chunk extensions and trailers": [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n"
        + b"%x;name=value\r\n%s\r\n0\r\nx-sum: 1\r\n\r\n" % (len(WHOLE), WHOLE.encode())
    ],
    "fields that are indented": events(f" data: {CHUNK}\n\n\tdata: {STOP}\n\n"),
    "fields in capitals": events(f"Data: {CHUNK}\n\nDATA: {STOP}\n\n"),
    "blanks before the colon": events(f"data : {CHUNK}\n\ndata : {STOP}\n\n"),
    "a byte order mark before each event": events(f"\ufeffdata: {CHUNK}\n\n\ufeffdata: {STOP}\n\n"),
    "events that are JSON strings": events(f"data: {json.dumps(CHUNK)}\n\ndata: {json.dumps(STOP)}\n\n"),
    "a document that is a JSON string": body(json.dumps(WHOLE)),
    "a heartbeat that is a JSON string": events(f'data: "ping"\n\ndata: {CHUNK}\n\ndata: {STOP}\n\n'),
    "UTF-16 without its mark": body(WHOLE.encode("utf-16-le")),
    "UTF-32": body(WHOLE.encode("utf-32")),
    "events in UTF-16 with its mark": events(f"data: {CHUNK}\n\ndata: {STOP}\n\n".encode("utf-16")),
    "events in UTF-16 without its mark": events(f": hi\n\ndata: {CHUNK}\n\ndata: {STOP}\n\n".encode("utf-16-le")),
    "UTF-16 called gzip": body(WHOLE.encode("utf-16"), content_encoding="gzip"),
    "a list that is a JSON string": body(json.dumps(f"[{WHOLE}]")),
    "events called a page, in UTF-32": body(
        f"data: {CHUNK}\n\ndata: {STOP}\n\n".encode("utf-32"), content_type="text/html"
    ),
    "a byte order mark whose bytes come one by one": [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        + b"".join(b"1\r\n%c\r\n" % byte for byte in b"\xef\xbb\xbf" + WHOLE.encode())
        + b"0\r\n\r\n"
    ],
    "gzip twice, named twice": body(gzip.compress(gzip.compress(WHOLE.encode())), content_encoding="gzip, gzip"),
    "gzip twice, named once": body(gzip.compress(gzip.compress(WHOLE.encode())), content_encoding="gzip"),
    "gzip without its last bytes": body(gzip.compress(WHOLE.encode())[:-6], content_encoding="gzip"),
    "a status of 201": body(WHOLE, 201),
    "a list of chunks in place of events": body(f"[{CHUNK},\n{STOP}]"),
    "a list of one answer": body(f"[{WHOLE}]"),
    "records with separators": events(f"\x1e{CHUNK}\n\x1e{STOP}\n"),
    "zeros behind a document": body(f"{WHOLE}\0\0"),
    "a gateway's data": body(f'{{"code": 0, "msg": "ok", "data": {WHOLE}}}'),
    "a gateway's result": body(f'{{"success": true, "errors": [], "result": {WHOLE}}}'),
    "a gateway's body as a text": body(json.dumps({"statusCode": 200, "body": WHOLE})),
    "a gateway's data in every event": events(f'data: {{"code": 0, "data": {CHUNK}}}\n\ndata: {{"data": {STOP}}}\n\n'),
    "HTTP/1.0": [b"HTTP/1.0 200 OK\r\n\r\n" + WHOLE.encode()],
}


@pytest.mark.parametrize("name", GOOD)
async def test_a_good_answer_is_read_in_whatever_form_it_comes(name: str) -> None:
    result = await chat(GOOD[name])
    assert (result.text, result.problem) == ("Good day", None)
    assert result.complete


@pytest.mark.parametrize("label", LABELS)
async def test_vectors_lists_and_transcripts_are_read_whatever_their_label_says(label: str, tmp_path: Path) -> None:
    def answer(data: Any) -> Answer:
        return [http(json.dumps(data), headers={"content-type": label} if label else {})]

    assert (await embed(answer(VECTORS))).vectors == [(1, 2), (3, 4)]
    assert (await listing(answer({"data": [{"id": "llama"}]}))).models == ["llama"]
    assert (await verify(answer({"data": [{"id": "llama"}]}))).problem is None
    result = await transcribe(answer({"text": "Good day"}), folder=tmp_path)
    assert result.transcript and result.transcript.text == "Good day"


@pytest.mark.parametrize("call", [embed, listing, verify])
async def test_one_event_is_read_where_a_document_was_requested(call: Any) -> None:
    data = json.dumps(VECTORS | {"data": [{"id": "llama", **entry} for entry in VECTORS["data"]]})
    result = await call(events(f"data: {data}\n\ndata: [DONE]\n\n"))
    assert result.problem is None
    assert result.vectors or result.models == ["llama"]


@pytest.mark.parametrize(
    ("sent", "segments"),
    [
        ("1\n00:00:00,000 --> 00:00:01,500\nGood\n\n2\n00:00:01,500 --> 00:00:02,000\nday\n", 2),
        ("WEBVTT - talk\n\nNOTE by hand\n\nintro\n00:01.500 --> 00:02.000 align:start\n<v Ann>Good day\n", 1),
        ("Good day\n", 0),
        ('"Good day"', 0),
        ("\ufeffGood day", 0),
    ],
    ids=["srt", "vtt", "plain", "a JSON string", "a byte order mark"],
)
@pytest.mark.parametrize("label", ["text/plain", "text/vtt", "text/html", "application/json", ""])
async def test_a_transcript_in_text_form(sent: str, segments: int, label: str, tmp_path: Path) -> None:
    headers = {"content-type": label} if label else {}
    result = await transcribe([http(sent, headers=headers)], folder=tmp_path)
    assert result.transcript and result.transcript.text == "Good day"
    assert len(result.segments) == segments


EVENTS: dict[str, tuple[Answer, bool]] = {
    "OpenAI's events": (
        events(
            'data: {"type": "transcript.text.delta", "delta": "Good"}\n\n',
            'data: {"type": "transcript.text.done", "text": "Good day"}\n\n',
        ),
        True,
    ),
    "chunks as of a chat": (
        events('data: {"choices": [{"delta": {"content": "Good day"}}]}\n\n', "data: [DONE]\n\n"),
        True,
    ),
    "a document for each segment": (
        events('data: {"text": "Good"}\n\ndata: {"text": "day"}\n\ndata: [DONE]\n\n'),
        True,
    ),
    "one document in an event": (events('data: {"text": "Good day"}\n\n'), True),
    "a JSON string in an event": (events('data: "Good day"\n\ndata: [DONE]\n\n'), True),
    "events without their end": (events('data: {"type": "transcript.text.delta", "delta": "Good day"}\n\n'), False),
    "segments without an end mark": (events('data: {"text": "Good"}\n\ndata: {"text": "day"}\n\n'), False),
}


@pytest.mark.parametrize("provider", ["openai_compatible", "huggingface"])
@pytest.mark.parametrize("name", EVENTS)
async def test_a_transcript_in_events_that_were_not_requested(name: str, provider: str, tmp_path: Path) -> None:
    answer, whole = EVENTS[name]
    result = await transcribe(answer, folder=tmp_path, provider=provider)
    assert result.transcript and result.transcript.text == "Good day"
    assert result.complete is whole


@pytest.mark.parametrize("text", ["Done.", "End.", "done", "ping"])
async def test_a_transcript_keeps_words_that_are_an_end_mark_elsewhere(text: str, tmp_path: Path) -> None:
    for answer in (
        events(f'data: "{text}"\n\ndata: [DONE]\n\n'),
        events(f'data: "{text}"\n\ndata: "[DONE]"\n\n'),
        body(f'"{text}"'),
        body(text),
    ):
        result = await transcribe(answer, folder=tmp_path)
        assert result.transcript and result.transcript.text == text and result.complete
    result = await chat(events(f'data: {CHUNK}\n\ndata: "done"\n\n'))
    assert result.complete, "control: in a chat no string is text, so it is the mark"


async def test_a_compressed_text_that_is_cut_is_no_transcript(tmp_path: Path) -> None:
    packed = gzip.compress(b"Good day to you")
    result = await transcribe(body(packed, content_encoding="gzip"), folder=tmp_path)
    assert result.transcript and result.transcript.text == "Good day to you"
    result = await transcribe(body(packed[:-12], content_encoding="gzip"), folder=tmp_path)
    assert result.transcript is None and "a compressed answer that ends too early" in result.words


@pytest.mark.parametrize("call", [chat, embed, listing, verify])
async def test_control_a_web_page_is_still_named_as_one(call: Any, tmp_path: Path) -> None:
    for page in ("<!DOCTYPE html><title>Sign in</title>", "<html><body>Welcome", "\n <HTML>x"):
        for label in ("text/html", "application/json", "text/event-stream", ""):
            result = await call([http(page, headers={"content-type": label})])
            assert "returned a web page" in result.words
    result = await transcribe([http("<p>Sorry", headers={"content-type": "text/html"})], folder=tmp_path)
    assert "returned a web page" in result.words


DEEP = b'{"data":' * 100_000 + b"1" + b"}" * 100_000
DIGITS = b'{"data":[{"index":' + b"9" * 5_000 + b"}]}"
HOSTILE: dict[str, tuple[bytes, str]] = {
    "JSON without a bottom": (b"[" * 500_000, "JSON that is nested too deeply"),
    "deep JSON": (DEEP, "JSON that is nested too deeply"),
    "a number without end": (DIGITS, "JSON with a number too long"),
    "empty members without end": (gzip.compress(b"") * 20_000, "in more than 10,000 parts"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_body_is_stopped_with_its_reason(name: str, tmp_path: Path) -> None:
    content, words = HOSTILE[name]
    answer = body(content, content_type="application/json")
    for got in (
        await chat(answer),
        await chat(answer, stream=False),
        await embed(answer),
        await listing(answer),
        await verify(answer),
        await transcribe(answer, folder=tmp_path),
    ):
        assert got.problem and words in got.problem.message, got.words
        assert not got.text and got.transcript is None


@pytest.mark.parametrize("depth", [100, 400, 900, 100_000])
async def test_an_error_in_deep_json_shows_its_status(depth: int, tmp_path: Path) -> None:
    answer = body(b'{"error":' * depth + b"1" + b"}" * depth, 400)
    for got in (await chat(answer), await embed(answer), await listing(answer), await verify(answer)):
        assert got.problem and "(400)" in got.problem.message


async def test_vectors_that_come_in_broken_pieces_are_missed() -> None:
    got = await embed(events("data: {broken\n\n"))
    assert got.problem and "sent pieces that cannot be read" in got.problem.message


async def test_an_error_without_words_has_a_hint_of_its_own() -> None:
    got = await chat(body(b"", 400))
    assert got.problem and got.problem.hint == "It does not say why."


async def test_events_that_unpack_to_a_thousand_times_their_size_are_stopped() -> None:
    packed = gzip.compress(b": c\n" * (4 << 20))
    got = await chat(body(packed, content_type="text/event-stream", content_encoding="gzip"))
    assert got.problem and "unpacks to over 100 times its size" in got.problem.message


@pytest.mark.parametrize("content", ["data: [DONE]\n\n", ": nothing\n\n", "[DONE]", "event: ping\n\n"])
async def test_an_answer_without_content_is_a_problem_where_no_text_is_due(content: str, tmp_path: Path) -> None:
    answer = events(content)
    for got in (
        await embed(answer),
        await listing(answer),
        await verify(answer),
        await transcribe(answer, folder=tmp_path),
    ):
        assert got.problem is not None


@pytest.mark.parametrize("content", ["{broken", "data: 7\n\n", '{"a": 1} {"b"'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_broken_json_and_events_are_no_transcript(content: str, encoding: str, tmp_path: Path) -> None:
    got = await transcribe(body(content.encode(encoding)), folder=tmp_path)
    assert got.problem is not None and got.transcript is None
