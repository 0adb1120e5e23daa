"""Errors in answers: any shape is reported in the server's words, and the sentence says who must act."""

import gzip
import json
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from tests.providers.answer_kinds import WORDS
from tests.providers.fault_rows import NOW
from tests.providers.http_server import QUICK, Answer, http
from tests.providers.loopback import body, chat, embed, events, listing, transcribe, verify
from tui.errors import CredentialRejected, Problem
from tui.providers.events import Retrying

pytestmark = pytest.mark.slow

TEXT = 'data: {"choices": [{"index": 0, "delta": {"content": "Good"}, "finish_reason": null}]}\n\n'
END = 'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'

SHAPES: dict[str, Any] = {
    "an error within the error": {"error": {"error": {"message": WORDS}}},
    "an error under detail": {"detail": {"error": WORDS}},
    "a message under detail": {"detail": {"message": WORDS, "code": "x"}},
    "names in capitals": {"Error": {"Code": "Arrears", "Message": WORDS}},
    "a response with an error": {"Response": {"Error": {"Code": "Arrears", "Message": WORDS}, "RequestId": "1"}},
    "flat names in capitals": {"Code": "Arrears", "Message": WORDS, "RequestId": "1"},
    "a fault": {"fault": {"faultstring": WORDS, "detail": {"errorcode": "policies.ratelimit"}}},
    "fields with lists": {"title": "One or more errors occurred.", "errors": {"model": [WORDS]}},
    "true and a message": {"error": True, "message": WORDS},
    "a number and a msg": {"error": 1, "msg": WORDS},
    "errcode and errmsg": {"errcode": 40001, "errmsg": WORDS},
    "a code that is a text and a data of null": {"code": "1113", "data": None, "message": WORDS},
    "success as a text": {"success": "false", "message": WORDS},
    "ok is false": {"ok": False, "description": WORDS},
    "a status in words": {"status": "error", "reason": WORDS},
    "a status in numbers": {"status": 500, "error": "Internal Server Error", "message": WORDS},
    "a list of texts": {"errors": [WORDS, "Pay first"]},
    "a router's account of the model": {
        "error": {
            "code": 502,
            "message": "Provider returned error",
            "metadata": {"raw": json.dumps({"error": {"message": WORDS}})},
        }
    },
    "JSON within the message": {"error": {"message": json.dumps({"error": {"message": WORDS}})}},
    "an error within the message": {"message": {"error": {"message": WORDS}}},
    "ret as a list": {"ret": [f"FAIL_SYS::{WORDS}"], "data": {}},
    "resultCode and resultMsg": {"resultCode": "1001", "resultMsg": WORDS},
    "statusCode and statusMessage": {"statusCode": 402, "statusMessage": WORDS},
    "violations": {"violations": [{"field": "model", "message": WORDS}]},
    "non_field_errors": {"non_field_errors": [WORDS]},
    "a failure": {"failure": {"message": WORDS}},
    "error_info": {"error_info": {"code": 2, "message": WORDS}},
    "a status with a code": {"status": {"code": 3, "message": WORDS}},
    "isError": {"isError": True, "content": [{"type": "text", "text": WORDS}]},
    "an outcome": {"outcome": "failure", "reason": WORDS},
    "an empty message beside a code": {"error": {"message": "", "type": WORDS, "code": None}},
    "RFC 9457": {"type": "about:blank", "title": "Payment", "status": 402, "detail": WORDS},
}


@pytest.mark.parametrize("name", SHAPES)
async def test_an_error_in_any_shape_is_reported_in_the_servers_words(name: str, tmp_path: Path) -> None:
    silent = []
    for status in (200, 400):
        answer = body(SHAPES[name], status)
        for call in (chat, embed, listing, verify):
            result = await call(answer)
            silent += [(status, call.__name__, result.words)] if WORDS not in result.words else []
        result = await transcribe(answer, folder=tmp_path)
        silent += [(status, "transcribe", result.words)] if WORDS not in result.words else []
    assert silent == []


@pytest.mark.parametrize("provider", ["openai", "anthropic", "minimax", "chatglm", "wenxin", "tongyi"])
@pytest.mark.parametrize(
    "piece",
    [
        f"event: error\ndata: {WORDS}\n\n",
        f'event: error\ndata: {{"detail": "{WORDS}"}}\n\n',
        f'event: error\ndata: "{WORDS}"\n\n',
        f'data: {{"error": "{WORDS}"}}\n\n',
        f'data: {{"success": false, "msg": "{WORDS}"}}\n\n',
        f'{{"error": {{"message": "{WORDS}"}}}}',
    ],
    ids=["a named text", "a named detail", "a named JSON string", "a text", "no success", "glued"],
)
async def test_an_error_in_a_stream_is_reported(provider: str, piece: str) -> None:
    answers = [body({"data": [{"id": "some-model"}], "object": "list"})] if provider == "chatglm" else []
    result = await chat(*answers, events(piece), provider=provider)
    assert WORDS in result.words


@pytest.mark.parametrize(
    "piece",
    [
        f"data: {WORDS}\n\n",
        f"{WORDS}\n",
        f"upstream connect error: {WORDS}",
        f'data: {{"choices": []}}{{"error": {{"message": "{WORDS}"}}}}\n\n',
    ],
    ids=["as data", "as a line", "as the last line", "behind a document"],
)
async def test_words_that_are_no_json_are_shown_where_the_answer_is_incomplete(piece: str) -> None:
    result = await chat(events(TEXT, piece))
    assert result.text == "Good" and WORDS in result.words


async def test_an_error_in_a_form_or_a_header_is_reported_in_its_words() -> None:
    form = f"error=access_denied&error_description={WORDS.replace(' ', '+')}"
    challenge = {"www_authenticate": f'Bearer error="invalid_token", error_description="{WORDS}"'}
    for answer in (body(form, 400), body("", 401, **challenge), body("", 400, grpc_message=WORDS.replace(" ", "%20"))):
        assert WORDS in (await chat(answer)).words


@pytest.mark.parametrize("status", [200, 400, 503])
async def test_an_error_in_xml_is_reported_in_its_words_and_is_no_transcript(status: int, tmp_path: Path) -> None:
    for head in ("", '<?xml version="1.0"?>'):
        xml = body(f"{head}<Error><Code>X</Code><Message>{WORDS}</Message></Error>", status)
        for result in (await chat(*[xml] * 3), await transcribe(*[xml] * 3, folder=tmp_path)):
            assert WORDS in result.words and result.transcript is None


@pytest.mark.parametrize(
    "sent",
    [
        f'data: {{"error": {{"message": "{WORDS}"}}}}\n\n',
        f'event: error\ndata: {{"message": "{WORDS}"}}\n\ndata: [DONE]\n\n',
        f'{{"error": "{WORDS}"}}\n{{"error": "again"}}\n',
        f'{{"error": "{WORDS}"}}<!-- by a gateway -->',
    ],
    ids=["an event", "a named event", "lines", "a comment behind it"],
)
async def test_an_error_that_comes_as_events_has_its_words_alone(sent: str) -> None:
    result = await chat(body(sent, 400, content_encoding="br"))
    assert result.problem and result.problem.detail == WORDS


async def test_a_document_that_is_no_answer_is_shown() -> None:
    assert WORDS in (await chat(body({"odd": {"account": WORDS}}), stream=False)).words
    groq = f'data: {{"choices": [], "x_groq": {{"error": "{WORDS}"}}}}\n\n'
    result = await chat(events(TEXT, groq, "data: [DONE]\n\n"))
    assert WORDS in result.words and not result.complete, "Groq's reason for an early end"


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("transfer-encoding: gzip, chunked", "headers that are not valid HTTP"),
        ("x-word : 1", "headers that are not valid HTTP"),
        ("x-word: " + "y" * 200_000, "too many headers"),
    ],
    ids=["two encodings", "a blank before the colon", "too long"],
)
async def test_headers_that_cannot_be_read_are_no_wrong_port(head: str, words: str) -> None:
    result = await chat([f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n{{}}".encode()])
    assert words in result.words and "whoever runs the server" in result.words
    result = await chat([b"SSH-2.0-OpenSSH_9.2\r\n\r\n"])
    assert "its port" in result.words, "control: what is no HTTP at all"


async def test_control_words_after_a_whole_answer_are_passed_over() -> None:
    result = await chat(events(TEXT, END, f"{WORDS}\n"))
    assert (result.text, result.problem) == ("Good", None)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "gzip, identity", ""])
@pytest.mark.parametrize("status", [200, 400, 502])
async def test_a_packed_error_is_reported(encoding: str, status: int) -> None:
    import zlib

    data = json.dumps({"error": {"message": WORDS}}).encode()
    packed = zlib.compress(data) if encoding == "deflate" else gzip.compress(data)
    headers = {"content_encoding": encoding} if encoding else {}
    for call in (chat, embed, listing):
        assert WORDS in (await call(body(packed, status, **headers))).words


@pytest.mark.parametrize(
    ("code", "kind", "again"),
    [(401, CredentialRejected, False), (429, Problem, True), ("503", Problem, True), (404, Problem, False)],
)
async def test_a_status_in_the_body_of_a_success_is_the_status(code: Any, kind: type[Problem], again: bool) -> None:
    error = {"error": {"code": code, "message": WORDS}}
    for answer in (body(error), events(f"data: {json.dumps(error)}\n\n")):
        result = await chat(answer)
        assert isinstance(result.problem, kind) and WORDS in result.words
        assert len(result.requests) == (QUICK.retries + 1 if again else 1)


# --- how long to wait -------------------------------------------------------------------------------------------------


def busy(status: int, after: str) -> Answer:
    return [http({"error": {"message": WORDS}}, status, {"retry-after": after} if after else {})]


@pytest.mark.parametrize("status", [429, 503, 529])
@pytest.mark.parametrize(
    "after",
    ["", "0", "0.004", "-3", "nan", "inf", "soon", "1e-3", formatdate(NOW - 9000, usegmt=True), str(int(NOW) - 5)],
)
async def test_a_wait_that_is_short_or_no_time_is_waited_and_retried(status: int, after: str) -> None:
    result = await chat(busy(status, after))
    assert len(result.requests) == QUICK.retries + 1
    assert all(event.seconds < 1 for event in result.events if isinstance(event, Retrying))


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("3600", "60 min"),
        ("99999", "28 h"),
        (formatdate(NOW + 7200, usegmt=True), "2 h"),
        (str(int(NOW) + 7200), "2 h"),
        (str(int(NOW * 1000) + 7_200_000), "2 h"),
    ],
    ids=["seconds", "many seconds", "a date", "seconds since 1970", "milliseconds since 1970"],
)
async def test_a_long_wait_is_named_and_not_waited(after: str, expected: str) -> None:
    for status in (429, 503):
        result = await chat(busy(status, after))
        assert len(result.requests) == 1
        assert f"It asks to wait {expected}." in result.words


# --- whose fault it is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("location", ["/v1/chat/completions/", "{origin}/other", "./other"])
@pytest.mark.parametrize("status", [301, 307, 308])
async def test_a_redirect_to_the_same_server_names_the_path_and_is_not_followed(status: int, location: str) -> None:
    def answer(origin: str) -> bytes:
        return http("", status, {"location": location.format(origin=origin)})

    result = await chat([answer])
    assert len(result.requests) == 1
    assert "redirected this request" in result.words and "not followed" in result.words


async def test_blank_lines_are_no_sign_of_life() -> None:
    from tests.providers.http_server import Again

    limits = replace(QUICK, stream_timeout=0.3, response_timeout=0.3)
    for stream in (True, False):
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
        result = await chat([head, Again(b"\n")], stream=stream, limits=limits)
        assert "sent nothing of use" in result.words
        assert ("stream_timeout" if stream else "response_timeout") in result.words


@pytest.mark.parametrize("words", [WORDS, [WORDS], [[WORDS]], [WORDS, "Pay first."]])
@pytest.mark.parametrize("ask", [chat, embed, listing, verify])
async def test_a_body_of_words_alone_is_reported_as_an_error(ask: Any, words: Any) -> None:
    result = await ask(body(json.dumps(words).encode()))
    assert result.problem is not None and "stopped with an error" in result.words and WORDS in result.words
