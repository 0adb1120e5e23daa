"""Statuses, redirects, retries, and what a key may be sent to."""

import asyncio
import logging
import threading
import traceback
from dataclasses import replace
from email.utils import formatdate
from types import TracebackType
from typing import Any

import httpx
import pytest

from tests.providers.http_server import (
    KEY,
    QUICK,
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
from tui.errors import CredentialRejected, NetworkError, Problem, ScopeMissing, UsageError
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.error_messages import ErrorContext, retry_after
from tui.providers.events import Notice, Retrying
from tui.providers.requests import Call
from tui.secret import MASK, Secret

NOW = 1_795_300_000.0


def error(
    message: str = "Their words.",
    kind: str = "invalid_request_error",
    code: str | None = None,
    param: str | None = None,
) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


SCOPES = "You have insufficient permissions for this operation. Missing scopes: model.request"
LONG = "This model's maximum context length is 8192 tokens."

STATUSES = [
    (400, error(), Problem, "OpenAI rejected this request for gpt-4.1 (400)."),
    (422, error(), Problem, "OpenAI rejected this request for gpt-4.1 (422)."),
    (400, error(code="context_length_exceeded"), Problem, "This is longer than gpt-4.1 can take."),
    (400, error(LONG), Problem, "This is longer than gpt-4.1 can take."),
    (400, error(code="content_policy_violation"), Problem, "The content rules of OpenAI reject this text."),
    (401, error(code="invalid_api_key"), CredentialRejected, "OpenAI rejected this key."),
    (401, error(SCOPES), ScopeMissing, "OpenAI accepted this key, but it may not use gpt-4.1."),
    (403, error(SCOPES), ScopeMissing, "OpenAI accepted this key, but it may not use gpt-4.1."),
    (401, error(code="mismatched_organization"), CredentialRejected, "The organization does not belong to this key."),
    (401, error(code="mismatched_project"), CredentialRejected, "The project does not belong to this key."),
    (
        401,
        error("You must be a member of an organization to use the API."),
        CredentialRejected,
        "The account of this key belongs to no organization of OpenAI.",
    ),
    (
        401,
        error("Your IP is not authorized."),
        ScopeMissing,
        "OpenAI rejects requests with this key from this network's address.",
    ),
    (
        403,
        error("Country, region, or territory not supported."),
        NetworkError,
        "OpenAI does not serve the country or region that this request comes from.",
    ),
    (403, error(), ScopeMissing, "OpenAI does not allow this key to use gpt-4.1."),
    (402, error(), Problem, "Your OpenAI account has no credit left."),
    (404, error(code="model_not_found"), Problem, "OpenAI does not know gpt-4.1, or the key may not use it."),
    (404, error("Unknown URL."), Problem, "{host} returned 404: gpt-4.1 is unknown there, or the address is wrong."),
    (405, error("Unknown URL."), Problem, "{host} returned 405: gpt-4.1 is unknown there, or the address is wrong."),
    (410, error("Unknown URL."), Problem, "{host} returned 410: gpt-4.1 is unknown there, or the address is wrong."),
    (407, error(), NetworkError, "The proxy on the way requires a user name and password."),
    (413, error(), Problem, "This is too large for OpenAI."),
    (418, error(), Problem, "OpenAI rejected this request for gpt-4.1 (418)."),
    (501, error(), Problem, "OpenAI does not support this request (501)."),
    (505, error(), Problem, "OpenAI does not support this request (505)."),
    (429, error(code="insufficient_quota"), Problem, "Your OpenAI account has no credit left."),
    (429, error(kind="insufficient_quota"), Problem, "Your OpenAI account has no credit left."),
    (429, error(code="credit_balance_exhausted"), Problem, "Your OpenAI account has no credit left."),
]
RETRIED = [
    (408, error(), Problem, "OpenAI timed out waiting for the request."),
    (409, error(), Problem, "OpenAI rejected this request for gpt-4.1 (409)."),
    (429, error(code="rate_limit_exceeded"), Problem, "OpenAI is too busy."),
    (500, error(kind="server_error"), Problem, "OpenAI failed on its side (500)."),
    (502, "<html><head><title>Bad gateway</title></head></html>", Problem, "OpenAI failed on its side (502)."),
    (503, error(code="server_is_overloaded"), Problem, "OpenAI is too busy."),
    (529, error(), Problem, "OpenAI is too busy."),
]


@pytest.mark.parametrize(("status", "body", "kind", "message"), STATUSES)
async def test_a_status_in_words(
    status: int,
    body: dict[str, Any],
    kind: type[Problem],
    message: str,
) -> None:
    async with serve([http(body, status)]) as server:
        events, problem = await ask(server)
    assert type(problem) is kind
    assert problem.message == message.format(host=f"localhost:{server.port}")
    assert problem.hint.endswith(".") or "https://" in problem.hint
    if isinstance(body, dict):
        assert body["error"]["message"] in problem.detail
    assert (events, len(server.requests)) == ([], 1)


@pytest.mark.parametrize(("status", "body", "kind", "message"), RETRIED)
async def test_a_passing_failure_is_tried_three_times(
    status: int, body: dict[str, Any] | str, kind: type[Problem], message: str
) -> None:
    async with serve([http(body, status)]) as server:
        events, problem = await ask(server)
    assert type(problem) is kind
    assert problem.message == message
    assert [(event.attempt, event.of) for event in events if isinstance(event, Retrying)] == [(1, 2), (2, 2)]
    assert len(server.requests) == 3


async def test_the_answer_after_a_retry_counts() -> None:
    async with serve([http(error(), 503)], [streaming(text_chunk("Hi", "stop"))]) as server:
        events, problem = await ask(server)
    assert isinstance(events[0], Retrying)
    assert (text_of(events), problem) == ("Hi", None)


async def test_a_refused_key_is_named_by_its_end_and_linked_to_its_page() -> None:
    repeated = error(f"Incorrect API key provided: {KEY}. You can find your key at sk-proj***3f2a.")
    async with serve([http(repeated, 401, {"x-request-id": "req_7"})]) as server:
        _, stored = await ask(server, key_hint="3f2a")
        _, pasted = await ask(server)
    assert isinstance(stored, CredentialRejected)
    assert stored.message == "OpenAI rejected the key ending 3f2a."
    assert pasted and pasted.message == "OpenAI rejected this key."
    assert pasted.hint == "Check that you copied all of it, or create a new one at https://platform.openai.com/api-keys"
    for part in (KEY, "sk-proj***", "3f2a"):
        assert part not in stored.detail
    assert "(request req_7)" in stored.detail
    assert MASK in stored.detail


async def test_a_key_that_may_not_list_models_is_a_genuine_one() -> None:
    async with serve([http(error(SCOPES), 403)]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        _, problem = await run(wire, access, access.provider.verify(access.fields))
        await wire.aclose()
    assert isinstance(problem, ScopeMissing)
    assert problem.message == "OpenAI accepted this key, but it may not list models."
    assert problem.hint == "Save and add models by hand, or allow Models: read on the key page."


async def test_a_server_that_wants_a_key() -> None:
    async with serve([http(error(), 401)]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url, "openai_compatible", key="")
        _, problem = await run(wire, access, access.provider.verify(access.fields))
        await wire.aclose()
    assert isinstance(problem, CredentialRejected)
    assert problem.message == f"localhost:{server.port} requires an API key."


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_web_page_in_place_of_a_refusal(status: int) -> None:
    page = "<!doctype html><title>Blocked by Proxy</title>"
    async with serve([http(page, status, {"content-type": "text/html"})]) as server:
        _, problem = await ask(server)
    assert isinstance(problem, NetworkError)
    assert f"returned a web page, not an API response ({status})" in problem.message
    assert problem.detail == "Blocked by Proxy"
    assert ("the key" in problem.hint) == (status == 401)


async def test_a_network_that_wants_a_sign_in_first() -> None:
    async with serve([http("<html><title>Hotel</title>", 511, {"content-type": "text/html"})]) as server:
        events, problem = await ask(server)
    assert isinstance(problem, NetworkError)
    assert problem.message.startswith("This network requires a sign-in before requests reach")
    assert (events, len(server.requests)) == ([], 1)


async def test_a_redirect_may_be_a_sign_in_page() -> None:
    for target in ("https://portal.example.test/login", "/login"):
        async with serve([http("", 302, {"location": target})]) as server:
            _, problem = await ask(server)
        assert problem and "sign-in page of this network" in problem.hint


async def test_the_hint_for_a_server_of_ones_own_that_allows_nothing_is_where_it_runs() -> None:
    async with serve([http(error(), 403)]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url, "openai_compatible")
        _, problem = await run(wire, access, access.provider.verify(access.fields))
        await wire.aclose()
    assert isinstance(problem, ScopeMissing)
    assert problem.hint == "Ask whoever runs the server what the key is allowed to do."


async def test_a_refusal_without_words_or_end() -> None:
    async with serve(
        [http("", 500)], [b"HTTP/1.1 400 No\r\ncontent-length: 99\r\nconnection: close\r\n\r\n{"]
    ) as server:
        _, problem = await ask(server)
    assert problem and problem.message == "OpenAI rejected this request for gpt-4.1 (400)."


async def test_a_missing_path_says_what_base_urls_look_like() -> None:
    async with serve([http("404 page not found", 404)]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.origin, "openai_compatible")
        _, problem = await run(wire, access, access.provider.verify(access.fields))
        await wire.aclose()
    assert (
        problem
        and problem.hint == f"Check the URL {server.origin}/audio/transcriptions; a base URL usually ends in /v1."
    )


async def test_where_they_look_otherwise_it_says_nothing_of_it() -> None:
    async with serve([http("404 page not found", 404)]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.origin, "chatglm")
        _, problem = await run(wire, access, Call("GET", f"{server.origin}/models", lambda: lambda frame: ()))
        await wire.aclose()
    assert problem and problem.hint == f"Check the URL {server.origin}/models."


# --- how long to wait -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e999"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30),
        ({"retry-after": formatdate(NOW - 30, usegmt=True)}, None),
        ({"retry-after": "Sun, 99 Foo 2026 00:00:00 GMT"}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "9"}, 9),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


async def test_the_wait_that_is_requested_is_kept() -> None:
    async with serve([http(error(), 429, {"retry-after-ms": "30"})], [streaming(text_chunk("Hi", "stop"))]) as server:
        events, _ = await ask(server)
    assert events[0] == Retrying("busy", 0.03, 1, 2)


@pytest.mark.parametrize("headers", [{"retry-after": "61"}, {"x-should-retry": "false"}])
async def test_no_retry_when_it_would_take_too_long_or_is_not_wanted(headers: dict[str, str]) -> None:
    async with serve([http(error(), 429, headers)]) as server:
        events, problem = await ask(server)
    assert (events, len(server.requests)) == ([], 1)
    if "retry-after" in headers:
        assert problem and problem.hint == "It asks to wait 61 s."


async def test_a_requested_retry_is_sent() -> None:
    async with serve([http(error(), 400, {"x-should-retry": "true"})], [streaming(text_chunk("Hi", "stop"))]) as server:
        events, _ = await ask(server)
    assert text_of(events) == "Hi"


async def test_an_empty_account_is_never_called_twice_even_when_requested() -> None:
    refused = http(error(code="insufficient_quota"), 429, {"x-should-retry": "true", "retry-after": "0"})
    async with serve([refused]) as server:
        await ask(server)
    assert len(server.requests) == 1


async def test_what_must_not_be_repeated_is_not() -> None:
    async with serve([http(error(), 503)]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        _, problem = await run(wire, access, replace(chat_call(access), idempotent=False))
        await wire.aclose()
    assert problem
    assert len(server.requests) == 1


async def test_a_throttled_request_is_retried_though_it_must_not_be_done_twice() -> None:
    async with serve([http(error(), 429)], [http(error(), 503)]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        _, problem = await run(wire, access, replace(chat_call(access), idempotent=False))
        await wire.aclose()
    assert problem
    assert len(server.requests) == 2


async def test_delays_grow_with_jitter_up_to_their_limit() -> None:
    delays = []
    limits = replace(QUICK, backoff=0.01, max_backoff=0.02, retries=3)
    async with serve([http(error(), 500)]) as server:
        events, _ = await ask(server, limits)
    delays = [event.seconds for event in events if isinstance(event, Retrying)]
    assert 0.0075 <= delays[0] <= 0.01
    assert 0.015 <= delays[1] <= 0.02
    assert 0.015 <= delays[2] <= 0.02


async def test_a_clock_that_is_wrong_is_named() -> None:
    async with serve([http(error(), 401, {"date": formatdate(NOW - 420, usegmt=True)})]) as server:
        wire, access = Client({}, limits=QUICK, clock=lambda: NOW), access_to(server.base_url)
        _, problem = await run(wire, access, chat_call(access))
        await wire.aclose()
    assert problem and problem.hint.startswith("This machine's clock is 7 min ahead of the server's.")


# --- amended calls ----------------------------------------------------------------------------------------------------


async def test_a_parameter_that_is_not_accepted_is_left_out_once() -> None:
    refused = error("Unsupported parameter.", code="unsupported_parameter", param="temperature")
    async with serve([http(refused, 400)], [streaming(text_chunk("Hi", "stop"))]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        events, problem = await run(wire, access, chat_call(access, temperature=0.5, top_p=0.9))
        await wire.aclose()
    assert problem is None
    assert events[0] == Notice("gpt-4.1 takes no temperature. It was left out.", (("temperature", ""),))
    assert "temperature" in server.requests[0].json
    assert "temperature" not in server.requests[1].json
    assert server.requests[1].json["top_p"] == 0.9


@pytest.mark.parametrize(
    ("message", "remembered"),
    [
        ("Unsupported parameter: temperature is not supported by this model.", (("temperature", ""),)),
        ("temperature and top_p cannot both be specified.", ()),
        ("temperature: only 1.0 is allowed.", ()),
        ("temperature must be between 0 and 1.", ()),
    ],
)
async def test_a_field_refused_for_its_value_or_company_is_not_remembered(
    message: str, remembered: tuple[tuple[str, str], ...]
) -> None:
    refused = error(message, code="unsupported_parameter", param="temperature")
    async with serve([http(refused, 400)], [streaming(text_chunk("Hi", "stop"))]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        events, problem = await run(wire, access, chat_call(access, temperature=0.5, top_p=0.9))
        await wire.aclose()
    assert problem is None
    assert isinstance(events[0], Notice) and events[0].refused == remembered


async def test_a_refusal_that_does_not_change_ends_the_call() -> None:
    refused = error("Unsupported parameter.", code="unsupported_parameter", param="temperature")
    async with serve([http(refused, 400)]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        _, problem = await run(wire, access, chat_call(access, temperature=0.5))
        await wire.aclose()
    assert problem
    assert len(server.requests) == 2


# --- where a key goes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("form", ["other port", "other host", "same host", "no scheme"])
async def test_a_redirect_is_not_followed(status: int, form: str) -> None:
    async with serve([streaming(text_chunk("stolen", "stop"))]) as other:
        targets = {
            "other port": f"{other.origin}/v1/chat/completions",
            "other host": f"http://127.0.0.1:{other.port}/v1",
            "same host": "/login",
            "no scheme": f"//localhost:{other.port}/v1",
        }
        async with serve([http("", status, {"location": targets[form]})]) as server:
            events, problem = await ask(server)
        assert (bytes(other.bytes), other.connections) == (b"", 0)
    assert events == []
    assert problem and f"localhost:{server.port} redirected this request to" in problem.message
    if form != "same host":
        assert str(other.port) in problem.message
    assert "The redirect was not followed." in problem.message
    assert KEY not in str(problem.message + problem.hint + problem.detail)


async def test_an_origin_that_is_not_allowed_is_not_called() -> None:
    async with serve([streaming(text_chunk("Hi", "stop"))]) as server:
        wire = Client({}, limits=QUICK)
        access = replace(access_to(server.base_url), origins=("https://api.openai.com",))
        _, problem = await run(wire, access, chat_call(access))
        await wire.aclose()
    assert isinstance(problem, UsageError)
    assert "is not among the addresses" in problem.message
    assert server.connections == 0


async def test_plain_http_beyond_this_machine_must_be_allowed() -> None:
    opened = []
    base = access_to("http://models.example.test/v1", key="")

    def secrets() -> dict[str, Secret]:
        opened.append(1)
        return {}

    access = replace(base, secrets=secrets)
    _, problem = await run(Client({}), access, chat_call(access))
    assert isinstance(problem, UsageError)
    assert "unencrypted http" in problem.message
    assert opened == []
    assert "Nothing was sent" in problem.message


async def test_plain_http_that_is_allowed_is_called() -> None:
    requests = []

    class ChatSession(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            requests.append(str(request.url))
            return httpx.Response(200, json={"choices": []})

    access = replace(access_to("http://models.example.test/v1"), plain_http=("http://models.example.test",))
    await run(Client({}, ChatSession()), access, chat_call(access))
    assert requests == ["http://models.example.test/v1/chat/completions"]


async def test_a_signature_cannot_lead_elsewhere() -> None:
    access = access_to("https://api.openai.com/v1")
    moved = replace(access.provider, sign=lambda call, *_: replace(call, url="https://evil.example.test/v1"))
    _, problem = await run(Client({}), replace(access, provider=moved), chat_call(access))
    assert isinstance(problem, UsageError)
    assert "evil.example.test" in problem.message


@pytest.mark.parametrize("key", ["sk-FAKE\n", "sk-FAKE-“x”", "sk-FAKE-\u200b", " sk", "sk-FAKE\x00", "密钥"])
async def test_a_key_that_no_header_can_carry_is_refused_before_any_library_sees_it(key: str) -> None:
    async with serve([streaming()]) as server:
        _, problem = await ask(server, key=key)
    assert isinstance(problem, UsageError) or key == " sk"
    if problem:
        assert "holds characters that cannot be sent" in problem.message
        assert "The key was not sent." in problem.message
        assert "FAKE" not in repr(problem)
        assert server.connections == 0


def _below(problem: Problem) -> TracebackType | None:
    """The frames of the program, without those of the test itself."""
    assert problem.__traceback__
    return problem.__traceback__.tb_next


async def test_no_log_record_and_no_local_shows_the_key(caplog: pytest.LogCaptureFixture) -> None:
    """Even the frames of the libraries below, with the locals that a debugger would show, hold no key of ours."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    async with serve(
        [http(error(), 500)], [b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\nconnection: close\r\n\r\n{"]
    ) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        shown = []
        events = wire.stream(access, chat_call(access))
        try:
            async for event in events:
                shown.append(repr(event))
        except Problem as problem:
            trace = traceback.TracebackException(Problem, problem, _below(problem), capture_locals=True)
            shown += list(trace.format())
        await wire.aclose()
    assert f"Bearer {KEY}" in server.bytes.decode()
    assert any("The connection to OpenAI ended" in text for text in shown)
    assert KEY not in "".join(shown)
    assert KEY not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith(("httpx", "httpcore"))]


def test_a_place_names_a_server_by_its_host_and_a_company_by_its_name() -> None:
    access = access_to("http://localhost:11434/v1", "openai_compatible")
    assert ErrorContext(access.provider, "http://localhost:11434/v1/models").label == "localhost:11434"
    assert ErrorContext(access_to("https://api.openai.com/v1").provider, "https://api.openai.com/v1").label == "OpenAI"


async def test_secrets_are_opened_off_the_event_loop_and_late() -> None:

    requests = []

    def secrets() -> dict[str, Secret]:
        requests.append(threading.current_thread() is threading.main_thread())
        return {"api_key": Secret(KEY)}

    async with serve([streaming(text_chunk("Hi", "stop"))]) as server:
        base = access_to(server.base_url)
        access = Access(base.provider, base.fields, base.origins, secrets=secrets)
        wire = Client({}, limits=QUICK)
        events = wire.stream(access, chat_call(access))
        await asyncio.sleep(0)
        assert requests == []
        await anext(events)
        await events.aclose()
        await wire.aclose()
    assert requests == [False]
