"""What Replicate's documents say of predictions: created once, followed by a stream or by asking, cancelled.

Replicate HTTP API reference, predictions; topics, prediction lifecycle and streaming.
"""

from dataclasses import replace
from typing import Any

from tests.providers import calls
from tests.providers.facts import read
from tests.providers.replicate.kit import (
    CHAT,
    HASH,
    LLAMA,
    ROOT,
    STREAM,
    cancel_call,
    chat,
    check,
    event,
    is_poll,
    prediction,
)
from tui.domain import Model
from tui.providers.events import (
    Finish,
    Notice,
    TextDelta,
)
from tui.providers.events import Usage as Used
from tui.providers.requests import ApiError, Call, ChatRequest, Frame, Framing, RemoteJob
from tui.providers.spec import Provider

# --- creating and following -------------------------------------------------------------------------------------------


@check
def creating_is_billed_and_sent_once(p: Provider) -> None:
    for stream in (True, False):
        call = chat(p, stream=stream)
        assert (call.method, call.url, call.framing) == ("POST", f"{ROOT}/predictions", Framing.JSON)
        assert not call.idempotent
        body = {"version": LLAMA, "input": {"prompt": "Hello?"}}
        assert call.json == body | ({"stream": True} if stream else {})
    assert chat(p, version=HASH).json["version"] == f"{LLAMA}:{HASH}"
    deployed = chat(p, deployment="acme/fast-llama", version=HASH, stream=False)
    assert deployed.url == f"{ROOT}/deployments/acme/fast-llama/predictions"
    assert deployed.json == {"input": {"prompt": "Hello?"}}
    assert not deployed.idempotent
    gateway = p.chat and p.chat(
        {"base_url": "https://gateway.example.test"}, ChatRequest(Model("replicate", LLAMA, CHAT), (), {}, False)
    )
    assert gateway and gateway.url == "https://gateway.example.test/v1/predictions"


def opened(p: Provider, url: str = STREAM) -> Call:
    """The stream of a chat that was created."""
    results = read(chat(p), prediction(stream=url))
    cancel_call(results)
    assert len(results) == 2
    stream = results[1]
    assert isinstance(stream, Call)
    return stream


@check
def the_stream_is_at_another_host(p: Provider) -> None:
    call = opened(p)
    assert (call.method, call.url, call.framing, call.json) == ("GET", STREAM, Framing.SSE, None)
    assert call.headers == {"accept": "text/event-stream", "cache-control": "no-store"}
    assert call.plain and call.idle_timeout > 0 and {404, 408, 500, 503} <= call.accepted_statuses
    assert 401 not in call.accepted_statuses
    queried = opened(p, f"{STREAM}?token=abc&x=1")
    assert (queried.url, queried.query) == (STREAM, {"token": "abc", "x": "1"})
    for url in ("https://streaming-api.svc.us.c.replicate.net/v1/p", f"{ROOT}/stream/1"):
        assert opened(p, url).url == url
    for url in ("https://replicate.com.evil.test/p", "http://stream.replicate.com/p", "https://example.test", "::"):
        results = read(chat(p), prediction(stream=url))
        assert len(results) == 2 and is_poll(results[1])
    # Without a stream, or where none is wanted, it is asked again and again.
    assert is_poll(read(chat(p), prediction())[1])
    assert is_poll(read(chat(p, stream=False), prediction(stream=STREAM))[1])


@check
def the_events_of_a_stream(p: Provider) -> None:
    """Streaming, receiving output: plain text, of which every blank and line end counts."""
    call = opened(p)
    frames = [event("output", text) for text in ("Hel", "lo,\nworld", "\n", " it is", "4", "null", "{", "")]
    *entries, get = read(call, *frames, event("logs", "loading"), event("done", "{}"))
    assert entries == [TextDelta(frame.data) for frame in frames]
    assert is_poll(get) and get.wait == 0
    whole = "Hello,\nworld\n it is4null{"
    metrics = {"predict_time": 1.5, "input_token_count": 9, "output_token_count": 7}
    over = prediction("succeeded", [whole[:7], whole[7:]], metrics=metrics)
    assert read(get, over) == [RemoteJob(None), Used(9, 7), Finish("succeeded")]
    # What comes after the end is passed over.
    assert read(opened(p), event("done", "{}"), event("output", "late"), event("error", "late"))[1:] == []


def after(p: Provider, *texts: str, end: str = "{}") -> Call:
    """The question for the prediction after a stream of these."""
    get = read(opened(p), *(event("output", text) for text in texts), event("done", end))[-1]
    assert isinstance(get, Call)
    return get


@check
def what_replicate_keeps_is_the_truth(p: Provider) -> None:
    assert read(after(p, "Hello"), prediction("succeeded", ["Hello", " there"])) == [
        TextDelta(" there"),
        RemoteJob(None),
        Finish("succeeded"),
    ]
    for output in (None, [], "Hello\r\n", ["Hello\n"]):
        assert read(after(p, "Hello\n"), prediction("succeeded", output))[-1] == Finish("succeeded")
    lost = read(after(p, "lo there"), prediction("succeeded", "Hello there"))[-1]
    assert lost == ApiError(code="lost")
    problem = calls.describe(p, lost, LLAMA)
    assert problem.message == "Part of this answer was lost on the way from Replicate. It is incomplete."
    assert read(after(p), prediction("succeeded", "Hello")) == [
        TextDelta("Hello"),
        RemoteJob(None),
        Finish("succeeded"),
    ]
    nothing = read(after(p), prediction("succeeded", None))[-1]
    assert nothing == Finish("succeeded", note="The answer is empty.")
    end = read(after(p), prediction("succeeded", None, data_removed=True))[-1]
    assert end.note == "It was deleted at Replicate before it was read."
    assert is_poll(read(after(p, "Hel"), prediction("processing", ["Hel"]))[-1])


@check
def a_stream_that_says_no(p: Provider) -> None:
    """Streaming: an `error` event, a `done` with a reason, and the time-out of the stream itself."""
    for data in ('{"detail": "Something went wrong"}', "Something went wrong"):
        over, refused = read(opened(p), event("error", data), event("done", '{"reason": "error"}'))
        assert (over, refused) == (RemoteJob(None), ApiError(code="failed", message="Something went wrong"))
    failed = prediction("failed", error="Something went wrong")
    assert read(after(p, end='{"reason": "error"}'), failed)[-1] == ApiError(
        code="failed", message="Something went wrong"
    )
    for status in ("canceled", "aborted"):
        assert read(after(p, "Hal", end='{"reason": "canceled"}'), prediction(status)) == [
            RemoteJob(None),
            ApiError(code="canceled"),
        ]
        assert read(after(p), prediction(status))[-1] == ApiError(code="canceled")
    for timed_out in (
        Frame("408: 408 Request Timeout"),
        event("error", "408: 408 Request Timeout"),
        event("output", "Hel"),
        Frame(ApiError(404)),
        Frame({"detail": "hm"}),
    ):
        *entries, get = read(opened(p), timed_out)
        assert is_poll(get)
        assert entries == ([TextDelta("Hel")] if timed_out.event == "output" else [])


@check
def a_prediction_is_polled_until_it_is_over(p: Provider) -> None:
    call = read(chat(p), prediction())[1]
    delays = [call.wait]
    for _ in range(30):
        call = next(item for item in read(call, prediction()) if isinstance(item, Call))
        delays.append(call.wait)
    assert delays[0] <= 0.2 and delays[-1] == 2 and delays == sorted(delays)
    pieces = []
    for output in (None, ["Hel"], ["Hel", "lo"], ["Hel", "lo", "."]):
        *entries, call = read(call, prediction("processing", output))
        assert is_poll(call)
        pieces += [entry.text for entry in entries if isinstance(entry, TextDelta)]
    assert pieces == ["Hel", "lo", "."]
    done = prediction("succeeded", ["Hel", "lo", ".", "!"])
    assert read(call, done) == [TextDelta("!"), RemoteJob(None), Finish("succeeded")]
    # A word that is not known yet is no end, unless the time of the end stands there.
    call = read(chat(p), prediction())[1]
    assert is_poll(read(call, prediction("queued"))[-1])
    assert read(call, prediction("expired", error="Too late", completed_at="2026-11-22T04:20:00Z"))[-1] == ApiError(
        code="failed", message="Too late"
    )
    assert read(call, prediction("done", "Hello", completed_at="2026-11-22T04:20:00Z"))[-1].complete
    assert read(call, {})[0].code == read(call, "hm")[0].code == "malformed"


@check
def a_prediction_that_was_removed(p: Provider) -> None:
    """Data retention: predictions of the API are removed after an hour."""
    for status in (404, 410):
        call = read(chat(p), prediction())[1]
        assert isinstance(call, Call) and status in call.accepted_statuses
        message = ApiError(status, message="The requested resource could not be found.")
        assert read(call, replace(message, message="")) == [RemoteJob(None), replace(message, message="")]
        over, refused = read(call, message)
        assert (over, refused) == (RemoteJob(None), replace(message, code="gone"))
        problem = p.describe_error(refused, LLAMA)
        assert problem and problem.message == "Replicate no longer has this prediction."


@check
def a_cold_start_is_reported_once(p: Provider) -> None:
    """Lifecycle: `starting` for more than a few seconds means that a worker boots."""
    call, entries = read(chat(p), prediction())[1], []
    for status in ("starting",) * 20 + ("processing",) * 3:
        results = read(call, prediction(status))
        entries += [(status, result.text) for result in results if isinstance(result, Notice)]
        call = results[-1]
    assert [status for status, _ in entries] == ["starting", "processing"]
    assert "cold boot" in entries[0][1] and "has started" in entries[1][1]
    # A stream that stayed silent was one already.
    quiet = read(opened(p))[0]
    assert isinstance(read(quiet, prediction())[0], Notice)
    for received in (event("output", "Hel"), Frame(ApiError(404))):
        running = read(opened(p), received)[-1]
        assert not any(isinstance(item, Notice) for item in read(running, prediction()))


@check
def an_answer_in_one_piece(p: Provider) -> None:
    over = prediction("succeeded", ["Hel", "lo"], metrics={"input_token_count": 2, "output_token_count": 1})
    assert read(chat(p, stream=False), over) == [RemoteJob(None), TextDelta("Hello"), Used(2, 1), Finish("succeeded")]
    plain = prediction("succeeded", "Hello")
    assert read(chat(p, stream=False), plain)[1:] == [TextDelta("Hello"), Finish("succeeded")]
    assert read(chat(p), prediction("succeeded", "Hello"))[0] == TextDelta("Hello")
    assert read(chat(p, stream=False), prediction("succeeded", {"a": 1}))[-1].code == "malformed"
    assert read(chat(p), {"id": "gm3q", "completed_at": "2026-11-22T04:20:00Z"})[-1].complete
    broken: Any
    for broken in ({}, [], {"id": 7}, {"id": ""}, "hm"):
        assert read(chat(p), broken)[0].code == "malformed"


@check
def how_a_prediction_ended_in_words(p: Provider) -> None:
    for error, message, hint in (
        ("CUDA out of memory.", f"The machine that runs {LLAMA} does not have enough memory for this.", "Send less"),
        ("NSFW content detected", f"The content check of {LLAMA} stopped this text or its answer.", "Rephrase"),
        ("list index out of range", f"{LLAMA} failed at Replicate.", "a new prediction"),
        (None, f"{LLAMA} failed at Replicate.", "a new prediction"),
    ):
        (over, refused) = read(chat(p), prediction("failed", error=error))
        assert over == RemoteJob(None) and refused == ApiError(code="failed", message=error or "")
        problem = p.describe_error(refused, LLAMA)
        assert problem and problem.message == message and hint in problem.hint
    for status in ("canceled", "aborted"):
        problem = p.describe_error(read(chat(p), prediction(status))[1], LLAMA)
        assert problem and problem.message == "The prediction was cancelled at Replicate."
    problem = p.describe_error(read(chat(p), {"hello": "world"})[0], LLAMA)
    assert problem and problem.message == "The response of Replicate cannot be read."
