"""What Replicate's HTTP API reference and its topics say: requests field by field, documented events and refusals.

Nothing here was recorded from the adapter; predictions, schemas and events are our own composition of their shapes.
"""

import json
from pathlib import Path
from typing import Any

from tests.providers.double import http
from tests.providers.facts import KEY, Chat, Facts, Said, Stream, read
from tui.domain import Intake, Model, ModelType, Supply
from tui.errors import Problem, Refused, Restricted, Usage
from tui.providers.calls import (
    Begun,
    Call,
    ChatAsk,
    EmbedAsk,
    Frame,
    Framing,
    Message,
    Recording,
    Refusal,
    Times,
    TranscribeAsk,
    Upload,
)
from tui.providers.events import (
    Accepted,
    Finish,
    Found,
    Hit,
    Learned,
    Notice,
    Segment,
    TextDelta,
    Transcript,
    Vectors,
)
from tui.providers.events import Usage as Used
from tui.providers.spec import ParameterKind, Provider
from tui.secret import Secret

ROOT = "https://api.replicate.com/v1"
BASE = {"base_url": ROOT}
LLAMA = "meta/meta-llama-3-8b-instruct"
HASH, OLDER = "5c7d5dc6" * 8, "a1b2c3d4" * 8
STREAM = "https://stream.replicate.com/v1/files/bcwr-demo"
SOUND = Path("talk.wav")
CHAT, EMBEDDING, SPEECH = ModelType.CHAT, ModelType.EMBEDDING, ModelType.SPEECH2TEXT


def prediction(status: str = "starting", output: Any = None, stream: str = "", **more: Any) -> dict[str, Any]:
    """A prediction as it is sent (predictions.create, predictions.get)."""
    place = f"{ROOT}/predictions/gm3qorzdhgbfurvjtvhg6dckhu"
    urls = {"get": place, "cancel": f"{place}/cancel", "web": "https://replicate.com/p/gm3q"}
    return {
        "id": "gm3qorzdhgbfurvjtvhg6dckhu",
        "model": LLAMA,
        "version": "hidden",
        "input": {"prompt": "Hello?"},
        "output": output,
        "logs": "",
        "error": None,
        "status": status,
        "created_at": "2026-11-22T04:10:00.000Z",
        "data_removed": False,
        "metrics": {},
        "urls": urls | ({"stream": stream} if stream else {}),
        **more,
    }


def event(name: str, data: str) -> Frame:
    return Frame(data, name)


def sent(name: str, text: str) -> bytes:
    """A server-sent event: a line of data for each line of the text."""
    lines = "".join(f"data: {line}\n" for line in text.split("\n"))
    return f"event: {name}\nid: 1716400000000:0\n{lines}\n".encode()


THROTTLED = {
    "title": "Too many requests",
    "detail": "Request was throttled. Your rate limit resets in ~9s.",
    "status": 429,
    "retry_after": 9,
}
UNAUTHENTICATED = {
    "title": "Unauthenticated",
    "detail": "You did not pass a valid authentication token",
    "status": 401,
}
NO_VERSION = {
    "title": "Invalid version or not permitted",
    "detail": "The specified version does not exist (or perhaps you don't have permission to use it?)",
    "status": 422,
}
MISSING = {"detail": "The requested resource could not be found.", "status": 404}
POLLED = "the stream is one way to the output; the prediction is asked in its place"

FACTS = Facts(
    "replicate",
    dialects=(
        "replicate",
        "replicate_names",
        "replicate_inputs",
        "replicate_schema",
        "replicate_chat",
        "replicate_vectors",
        "replicate_speech",
        "replicate_models",
        "replicate_words",
    ),
    chats=(
        Chat(
            "replicate",
            lambda origin: {"api_token": KEY, "base_url": f"{origin}/v1"},
            Model("replicate", LLAMA, CHAT),
            whole=lambda text: prediction("succeeded", [text[:2], text[2:]]),
            aside="/cancel",
        ),
        Chat(
            "replicate",
            lambda origin: {"api_token": KEY, "base_url": f"{origin}/v1"},
            Model("replicate", LLAMA, CHAT),
            Stream(
                lambda text: sent("output", text),
                closing=sent("done", "{}"),
                error=sent("error", '{"detail": "Something went wrong"}'),
                error_message=f"{LLAMA} failed at {{label}}.",
            ),
            name="stream",
            before=(lambda origin: http(prediction(stream=f"{origin}/stream"), 201),),
            after=(http(prediction("succeeded", data_removed=True)),),
            aside="/cancel",
            only_stream=True,
            own={
                "an_end_without_the_end_mark": POLLED,
                "a_broken_connection": POLLED,
                "silence_in_the_answer": POLLED,
                "pings_and_nothing_else": POLLED,
                "a_broken_piece": "its pieces are plain text, of which none can be broken",
                "three_broken_pieces_in_a_row": "its pieces are plain text, of which none can be broken",
            },
        ),
    ),
    refusals=(
        Said(
            401,
            UNAUTHENTICATED,
            "Replicate does not know this key.",
            Refused,
            "https://replicate.com/account/api-tokens",
            call="verify",
        ),
        Said(401, UNAUTHENTICATED, "Replicate does not know this key.", Refused),
        Said(402, {"detail": "Payment required"}, "Your Replicate account has no credit", hint="/account/billing"),
        Said(403, {"detail": "Forbidden", "status": 403}, f"Replicate knows this token, but it may not use {LLAMA}.",
             Restricted, "the model belongs to"),
        Said(403, {"detail": "Forbidden"}, "Replicate knows this token, but it may not do this.", Restricted,
             call="verify"),
        Said(404, MISSING, f"Replicate does not have {LLAMA}, or it is private to somebody else.", hint="owner/name"),
        Said(422, NO_VERSION, f"Replicate does not run {LLAMA} like this: a community model needs a version",
             hint="Add the model anew without a version"),
        Said(422, {"detail": "- input: prompt is required", "status": 422},
             f"The inputs do not fit what {LLAMA} takes.", hint="parameters"),
        Said(429, THROTTLED, "Replicate takes no more calls from this account", hint="It asks to wait 9 s. With little",
             retried=True),
        Said(429, THROTTLED | {"retry_after": None}, "Replicate takes no more calls", hint="to wait 9 s.",
             retried=True),
        Said(429, {"detail": "Request was throttled.", "retry_after": 7}, "Replicate takes no more calls",
             hint="to wait 7 s.", retried=True),
        Said(429, {"detail": "Request was throttled.", "status": 429}, "Replicate takes no more calls",
             hint="Wait a little. With", retried=True),
        Said(500, {"detail": "Internal server error"}, "Replicate failed on its side (500).", retried=True),
    ),
)  # fmt: skip
check = FACTS.check


# --- what it is -------------------------------------------------------------------------------------------------------


@check
def what_it_is(p: Provider) -> None:
    assert (p.id, p.label, p.supply, p.intake) == ("replicate", "Replicate", Supply.HOSTING, Intake.ADDED)
    assert p.types == (CHAT, EMBEDDING, SPEECH)
    assert [(each.name, each.required, each.secret, each.more) for each in p.fields] == [
        ("api_token", True, True, False),
        ("base_url", False, False, True),
    ]
    assert [(each.name, each.required) for each in p.model_fields] == [("version", False), ("deployment", False)]
    assert p.field("api_token").env == ("REPLICATE_API_TOKEN",)
    assert p.field("base_url").env == ("REPLICATE_BASE_URL", "REPLICATE_API_BASE_URL")
    assert [each.value for each in p.field("api_token").prefixes] == ["r8_"]
    assert p.field("base_url").default == ROOT
    assert p.key_page == "https://replicate.com/account/api-tokens"
    assert p.catalogue == () and p.list_models is None


@check
def where_the_token_goes(p: Provider) -> None:
    assert p.origins(BASE) == ("https://api.replicate.com",)
    assert p.host_suffixes == ("replicate.com", "replicate.net", "replicate.delivery")
    call = p.verify(BASE)
    signed = p.sign(call, BASE, {"api_token": Secret("r8_FAKE0000")}, 0)
    token = signed.headers["authorization"]
    assert isinstance(token, Secret) and token.reveal() == "Bearer r8_FAKE0000"
    assert p.sign(call, BASE, {}, 0) == call


@check
def verifying_asks_whose_the_token_is(p: Provider) -> None:
    for root in (ROOT, "https://api.replicate.com", f"{ROOT}/"):
        call = p.verify({"base_url": root})
        assert (call.method, call.url, call.json, call.query) == ("GET", f"{ROOT}/account", None, {})
        assert call.repeatable
    account = {"type": "organization", "username": "acme", "name": "Acme Corp", "github_url": "https://github.com/acme"}
    assert read(call, account) == [Accepted()]
    assert read(call, {"detail": "hm"})[0].code == "malformed"
    assert read(call, [])[0].code == "malformed"


# --- names ------------------------------------------------------------------------------------------------------------

PASTED = {
    LLAMA: (LLAMA, ""),
    "xai/x": ("xai/x", ""),
    f"{LLAMA}:{HASH}": (LLAMA, HASH),
    f"https://replicate.com/{LLAMA}": (LLAMA, ""),
    f"replicate.com/{LLAMA}/": (LLAMA, ""),
    f"https://www.replicate.com/{LLAMA}/api/schema?tab=http#y": (LLAMA, ""),
    f"https://replicate.com/{LLAMA}/versions/{HASH}": (LLAMA, HASH),
    f"https://api.replicate.com/v1/models/{LLAMA}": (LLAMA, ""),
    f"https://api.replicate.com/v1/models/{LLAMA}/versions/{HASH}": (LLAMA, HASH),
    f"r8.im/{LLAMA}@sha256:{HASH}": (LLAMA, HASH),
}
DEPLOYED = (
    "https://replicate.com/deployments/acme/fast-llama",
    "https://api.replicate.com/v1/deployments/acme/fast-llama",
    "deployments/acme/fast-llama",
)


def chat(p: Provider, name: str = LLAMA, stream: bool = True, inputs: str = "", **fields: str) -> Call:
    assert p.chat
    fields = fields | ({"inputs": inputs} if inputs else {})
    model = Model("replicate", name, CHAT, fields=fields)
    return p.chat(BASE, ChatAsk(model, (Message("user", "Hello?"),), {}, stream))


@check
def a_pasted_address_is_taken_apart(p: Provider) -> None:
    taken_apart = p.model_id.takes_apart
    assert taken_apart
    for pasted, (model, version) in PASTED.items():
        call = chat(p, pasted)
        assert call.url == f"{ROOT}/predictions"
        assert call.json["version"] == (f"{model}:{version}" if version else model)
        assert taken_apart(pasted) == {"model": model} | ({"version": version} if version else {})
    for pasted in DEPLOYED:
        assert chat(p, pasted).url == f"{ROOT}/deployments/acme/fast-llama/predictions"
        assert taken_apart(pasted)["deployment"] == "acme/fast-llama"
    for pasted in (*DEPLOYED, "acme/fast-llama"):
        assert chat(p, deployment=pasted).url == f"{ROOT}/deployments/acme/fast-llama/predictions"
    assert taken_apart("llama") == {"model": "llama"}
    for wrong in ("llama", "https://replicate.com/explore", f"{LLAMA}:latest", "a b/c", "https://example.test/a/b"):
        try:
            chat(p, wrong)
        except Usage as problem:
            assert "names no model of Replicate" in problem.message
        else:
            raise AssertionError(wrong)


# --- creating and following -------------------------------------------------------------------------------------------

PLACE = f"{ROOT}/predictions/gm3qorzdhgbfurvjtvhg6dckhu"


def begun(results: list[Any]) -> Call:
    """What cancels a prediction, which is told before anything else."""
    cancel = results[0].cancel
    assert (cancel.method, cancel.url, cancel.json, cancel.repeatable) == ("POST", f"{PLACE}/cancel", None, False)
    assert read(cancel, prediction("canceled")) == []
    assert isinstance(cancel, Call)
    return cancel


def is_poll(call: Any) -> bool:
    asks = (call.method, call.url, call.framing, call.json) == ("GET", PLACE, Framing.JSON, None)
    return asks and call.repeatable


@check
def creating_is_billed_and_made_once(p: Provider) -> None:
    for stream in (True, False):
        call = chat(p, stream=stream)
        assert (call.method, call.url, call.framing) == ("POST", f"{ROOT}/predictions", Framing.JSON)
        assert not call.repeatable
        body = {"version": LLAMA, "input": {"prompt": "Hello?"}}
        assert call.json == body | ({"stream": True} if stream else {})
    assert chat(p, version=HASH).json["version"] == f"{LLAMA}:{HASH}"
    deployed = chat(p, deployment="acme/fast-llama", version=HASH, stream=False)
    assert deployed.url == f"{ROOT}/deployments/acme/fast-llama/predictions"
    assert deployed.json == {"input": {"prompt": "Hello?"}}
    assert not deployed.repeatable
    gateway = p.chat and p.chat(
        {"base_url": "https://gateway.example.test"}, ChatAsk(Model("replicate", LLAMA, CHAT), (), {}, False)
    )
    assert gateway and gateway.url == "https://gateway.example.test/v1/predictions"


def opened(p: Provider, url: str = STREAM) -> Call:
    """The stream of a chat that was created."""
    results = read(chat(p), prediction(stream=url))
    begun(results)
    assert len(results) == 2
    stream = results[1]
    assert isinstance(stream, Call)
    return stream


@check
def the_stream_is_at_another_host(p: Provider) -> None:
    call = opened(p)
    assert (call.method, call.url, call.framing, call.json) == ("GET", STREAM, Framing.SSE, None)
    assert call.headers == {"accept": "text/event-stream", "cache-control": "no-store"}
    assert call.plain and call.patience > 0 and {404, 408, 500, 503} <= call.takes
    assert 401 not in call.takes
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
    *told, get = read(call, *frames, event("logs", "loading"), event("done", "{}"))
    assert told == [TextDelta(each.data) for each in frames]
    assert is_poll(get) and get.wait == 0
    whole = "Hello,\nworld\n it is4null{"
    metrics = {"predict_time": 1.5, "input_token_count": 9, "output_token_count": 7}
    over = prediction("succeeded", [whole[:7], whole[7:]], metrics=metrics)
    assert read(get, over) == [Begun(None), Used(9, 7), Finish("succeeded")]
    # What comes after the end is passed over.
    assert read(opened(p), event("done", "{}"), event("output", "late"), event("error", "late"))[1:] == []


def after(p: Provider, *texts: str, end: str = "{}") -> Call:
    """The question for the prediction after a stream of these."""
    get = read(opened(p), *(event("output", each) for each in texts), event("done", end))[-1]
    assert isinstance(get, Call)
    return get


@check
def what_replicate_keeps_is_the_truth(p: Provider) -> None:
    assert read(after(p, "Hello"), prediction("succeeded", ["Hello", " there"])) == [
        TextDelta(" there"),
        Begun(None),
        Finish("succeeded"),
    ]
    for kept in (None, [], "Hello\r\n", ["Hello\n"]):
        assert read(after(p, "Hello\n"), prediction("succeeded", kept))[-1] == Finish("succeeded")
    lost = read(after(p, "lo there"), prediction("succeeded", "Hello there"))[-1]
    assert lost == Finish("succeeded", False, "A part of this answer was lost on its way.")
    assert read(after(p), prediction("succeeded", "Hello")) == [TextDelta("Hello"), Begun(None), Finish("succeeded")]
    nothing = read(after(p), prediction("succeeded", None))[-1]
    assert nothing == Finish("succeeded", note="The answer is empty.")
    gone = read(after(p), prediction("succeeded", None, data_removed=True))[-1]
    assert gone.note == "It was deleted at Replicate before it was read."
    assert is_poll(read(after(p, "Hel"), prediction("processing", ["Hel"]))[-1])


@check
def a_stream_that_says_no(p: Provider) -> None:
    """Streaming: an `error` event, a `done` with a reason, and the time-out of the stream itself."""
    for data in ('{"detail": "Something went wrong"}', "Something went wrong"):
        over, refused = read(opened(p), event("error", data), event("done", '{"reason": "error"}'))
        assert (over, refused) == (Begun(None), Refusal(code="failed", message="Something went wrong"))
    failed = prediction("failed", error="Something went wrong")
    assert read(after(p, end='{"reason": "error"}'), failed)[-1] == Refusal(
        code="failed", message="Something went wrong"
    )
    for status in ("canceled", "aborted"):
        assert read(after(p, "Hal", end='{"reason": "canceled"}'), prediction(status)) == [
            Begun(None),
            Finish(status, False, "The prediction was cancelled at Replicate."),
        ]
        assert read(after(p), prediction(status))[-1] == Refusal(code="canceled")
    for timed_out in (
        Frame("408: 408 Request Timeout"),
        event("error", "408: 408 Request Timeout"),
        event("output", "Hel"),
        Frame(Refusal(404)),
        Frame({"detail": "hm"}),
    ):
        *told, get = read(opened(p), timed_out)
        assert is_poll(get)
        assert told == ([TextDelta("Hel")] if timed_out.event == "output" else [])


@check
def a_prediction_is_asked_until_it_is_over(p: Provider) -> None:
    call = read(chat(p), prediction())[1]
    waits = [call.wait]
    for _ in range(30):
        call = next(each for each in read(call, prediction()) if isinstance(each, Call))
        waits.append(call.wait)
    assert waits[0] <= 0.2 and waits[-1] == 2 and waits == sorted(waits)
    pieces = []
    for output in (None, ["Hel"], ["Hel", "lo"], ["Hel", "lo", "."]):
        *told, call = read(call, prediction("processing", output))
        assert is_poll(call)
        pieces += [each.text for each in told if isinstance(each, TextDelta)]
    assert pieces == ["Hel", "lo", "."]
    done = prediction("succeeded", ["Hel", "lo", ".", "!"])
    assert read(call, done) == [TextDelta("!"), Begun(None), Finish("succeeded")]
    # A word that is not known yet is no end, unless the time of the end stands there.
    call = read(chat(p), prediction())[1]
    assert is_poll(read(call, prediction("queued"))[-1])
    assert read(call, prediction("expired", error="Too late", completed_at="2026-11-22T04:20:00Z"))[-1] == Refusal(
        code="failed", message="Too late"
    )
    assert read(call, prediction("done", "Hello", completed_at="2026-11-22T04:20:00Z"))[-1].complete
    assert read(call, {})[0].code == read(call, "hm")[0].code == "malformed"


@check
def a_cold_start_is_told_once(p: Provider) -> None:
    """Lifecycle: `starting` for more than a few seconds means that a worker boots."""
    call, told = read(chat(p), prediction())[1], []
    for status in ("starting",) * 20 + ("processing",) * 3:
        results = read(call, prediction(status))
        told += [(status, each.text) for each in results if isinstance(each, Notice)]
        call = results[-1]
    assert [status for status, _ in told] == ["starting", "processing"]
    assert "cold boot" in told[0][1] and "has started" in told[1][1]
    # A stream that stayed silent was one already.
    quiet = read(opened(p))[0]
    assert isinstance(read(quiet, prediction())[0], Notice)
    talking = read(opened(p), event("output", "Hel"))[-1]
    assert not any(isinstance(each, Notice) for each in read(talking, prediction()))


@check
def an_answer_in_one_piece(p: Provider) -> None:
    over = prediction("succeeded", ["Hel", "lo"], metrics={"input_token_count": 2, "output_token_count": 1})
    assert read(chat(p, stream=False), over) == [Begun(None), TextDelta("Hello"), Used(2, 1), Finish("succeeded")]
    plain = prediction("succeeded", "Hello")
    assert read(chat(p, stream=False), plain)[1:] == [TextDelta("Hello"), Finish("succeeded")]
    assert read(chat(p), prediction("succeeded", "Hello"))[0] == TextDelta("Hello")
    assert read(chat(p, stream=False), prediction("succeeded", {"a": 1}))[-1].code == "malformed"
    for broken in ({}, [], {"id": 7}, {"id": ""}, "hm"):
        assert read(chat(p), broken)[0].code == "malformed"


# --- schemas ----------------------------------------------------------------------------------------------------------


def schema(given: dict[str, Any], gives: Any, required: tuple[str, ...] = (), **named: Any) -> dict[str, Any]:
    """A version with its schema, as cog writes it."""
    wanted = {"required": list(required)} if required else {}
    schemas = {"Input": {"type": "object", "title": "Input", "properties": given, **wanted}, "Output": gives, **named}
    return {
        "id": HASH,
        "created_at": "2026-05-01T00:00:00Z",
        "cog_version": "0.14.0",
        "openapi_schema": {"openapi": "3.0.2", "components": {"schemas": schemas}},
    }


PIECES = {"type": "array", "items": {"type": "string"}, "x-cog-array-type": "iterator"}
URI = {"type": "string", "format": "uri"}
NUMBERS = {"type": "array", "items": {"type": "number"}}
TALK = schema(
    {
        "odd \u202ename": {"type": "string", "x-order": 3},
        "top_k": {"type": "integer", "default": 0, "minimum": 0, "x-order": 4, "description": "Likeliest words."},
        "prompt": {"type": "string", "title": "Prompt", "x-order": 0, "description": "What to say."},
        "system_prompt": {"type": "string", "default": "You help.", "x-order": 1},
        "temperature": {"type": "number", "default": 0.75, "minimum": 0.01, "maximum": 5, "x-order": 2},
        "stop_sequences": {"type": "string", "x-order": 5},
        "tone": {"allOf": [{"$ref": "#/components/schemas/tone"}], "default": "plain", "x-order": 6},
        "seed": {"anyOf": [{"type": "null"}, {"type": "integer"}], "x-order": 7},
        "debug": {"oneOf": [{"type": "boolean"}], "default": True, "x-order": 8},
        "size": {"type": "integer", "enum": [1, 2], "x-order": 9},
        "words": {"type": "array", "items": {"type": "string"}, "x-order": 10},
        "image": {**URI, "x-order": 11},
        "images": {"type": "array", "items": URI, "x-order": 12},
    },
    PIECES,
    ("prompt",),
    tone={"type": "string", "enum": ["plain", "formal"], "title": "tone"},
)
KEPT = (
    '{"takes":[{"name":"prompt","type":"string","required":true,"help":"What to say."},'
    '{"name":"system_prompt","type":"string","unset":"You help."},'
    '{"name":"temperature","type":"number","low":0.01,"high":5,"unset":"0.75"},'
    '{"name":"top_k","type":"integer","low":0,"unset":"0","help":"Likeliest words."},'
    '{"name":"stop_sequences","type":"string"},'
    '{"name":"tone","type":"string","unset":"plain","choices":["plain","formal"]},'
    '{"name":"seed","type":"integer"},'
    '{"name":"debug","type":"boolean","unset":"true"},'
    '{"name":"size","type":"integer","choices":[1,2]},'
    '{"name":"words","type":"texts"},'
    '{"name":"image","type":"string","file":true},'
    '{"name":"images","file":true}],"gives":"text"}'
)


def entry(version: Any = None, official: bool | None = None, **more: Any) -> dict[str, Any]:
    """A model (models.get)."""
    told = {} if official is None else {"is_official": official}
    owner, name = LLAMA.split("/")
    place = f"https://replicate.com/{LLAMA}"
    return {"url": place, "owner": owner, "name": name, "run_count": 1, "latest_version": version} | told | more


def checked(p: Provider, name: str = LLAMA, kind: ModelType = CHAT, **fields: str) -> Call:
    assert p.check_model
    return p.check_model(BASE, Model("replicate", name, kind, fields=fields))


@check
def what_is_kept_of_a_schema(p: Provider) -> None:
    call = checked(p)
    assert (call.method, call.url, call.json, call.query) == ("GET", f"{ROOT}/models/{LLAMA}", None, {})
    (learned,) = read(call, entry(TALK, official=True))
    assert learned == Learned(Model("replicate", LLAMA, CHAT, fields={"inputs": KEPT}), "")


@check
def a_community_model_gets_a_version(p: Provider) -> None:
    (learned,) = read(checked(p, f"https://replicate.com/{LLAMA}"), entry(TALK, official=False))
    assert (learned.model.id, dict(learned.model.fields)) == (LLAMA, {"version": HASH, "inputs": KEPT})
    assert learned.note.startswith(f"Of this community model the newest version was taken, {HASH[:8]}. It may take")
    # Older answers do not tell; then its newest version is as good a guess.
    assert read(checked(p), entry(TALK))[0].model.fields["version"] == HASH
    (same,) = read(checked(p, version=HASH), entry(TALK, official=False))
    assert same.model.fields["version"] == HASH and same.note.startswith("It may take minutes")
    (other,) = read(checked(p, f"{LLAMA}:{OLDER}"), entry(TALK, official=False))
    assert (other.method, other.url) == ("GET", f"{ROOT}/models/{LLAMA}/versions/{OLDER}")
    assert other.takes == {404}
    (learned,) = read(other, TALK | {"id": OLDER})
    assert dict(learned.model.fields) == {"version": OLDER, "inputs": KEPT}
    assert read(other, Refusal(404, message="not found")) == [Refusal(code="no_version", param=LLAMA)]
    assert read(other, [])[0].code == "malformed"
    assert read(checked(p), entry(official=False)) == [Refusal(code="nothing_pushed", param=LLAMA)]


@check
def an_official_model_is_run_without_one(p: Provider) -> None:
    (learned,) = read(checked(p, version=OLDER), entry(TALK, official=True))
    assert dict(learned.model.fields) == {"inputs": KEPT}
    assert "the version was left out" in learned.note
    for told in (True, None):
        (learned,) = read(checked(p), entry(None, official=told))
        assert dict(learned.model.fields) == {}
        assert "is not told" in learned.note
    assert read(checked(p), {"detail": "hm"})[0].code == read(checked(p), [])[0].code == "malformed"


@check
def a_deployment_runs_a_version_of_a_model(p: Provider) -> None:
    release = {"owner": "acme", "name": "fast-llama", "current_release": {"number": 1, "model": LLAMA, "version": HASH}}
    for call in (checked(p, deployment="acme/fast-llama"), checked(p, DEPLOYED[0])):
        assert (call.method, call.url) == ("GET", f"{ROOT}/deployments/acme/fast-llama")
        (get,) = read(call, release)
        assert get.url == f"{ROOT}/models/{LLAMA}"
        (learned,) = read(get, entry(TALK, official=False))
        assert learned.model.id == LLAMA
        assert dict(learned.model.fields) == {"deployment": "acme/fast-llama", "inputs": KEPT}
        (older,) = read(get, entry(TALK | {"id": OLDER}, official=False))
        assert older.url == f"{ROOT}/models/{LLAMA}/versions/{HASH}"
    other = checked(p, "acme/other", deployment="acme/fast-llama")
    assert read(other, release) == [Refusal(code="other_model", param=LLAMA)]
    for nothing in ({"current_release": None}, {"current_release": {"model": LLAMA}}, []):
        assert read(other, nothing) == [Refusal(code="nothing_pushed", param="acme/fast-llama")]


TEXT = {"text": {"type": "string"}}
LISTED = {"texts": {"type": "array", "items": {"type": "string"}}}
FILE = {"audio": URI}
USABLE = [
    (CHAT, {"prompt": {"type": "string"}}, PIECES),
    (CHAT, {"prompt": {"type": "string"}}, {"type": "string"}),
    (CHAT, {"input": {"type": "string"}}, {}),
    (CHAT, {"message": {"type": "string"}}, {"type": "string"}),
    (CHAT, TEXT, {"type": "string"}),
    (CHAT, {"messages": {"type": "array", "items": {"type": "object"}}}, PIECES),
    (EMBEDDING, TEXT, {"type": "array", "items": {"$ref": "#/components/schemas/One"}}),
    (EMBEDDING, LISTED, {"type": "array", "items": NUMBERS}),
    (EMBEDDING, {"texts": {"type": "string"}}, NUMBERS),
    (EMBEDDING, {"query_texts": {"type": "string"}}, {"type": "object", "properties": {"embeddings": {}}}),
    (EMBEDDING, {"inputs": {"type": "string"}}, {"type": "object", "properties": {"vectors": {}}}),
    (EMBEDDING, {"input": {"type": "string"}}, {"type": "object", "properties": {"vector": {}}}),
    (EMBEDDING, {"sentences": {"type": "string"}}, {"type": "array", "items": {"type": "integer"}}),
    (EMBEDDING, LISTED, {"anyOf": [URI, {"type": "array", "items": NUMBERS}]}),
    (EMBEDDING, LISTED, {"oneOf": [URI, {"type": "array", "items": NUMBERS}]}),
    (EMBEDDING, {**TEXT, "output_format": {"type": "string"}}, {"type": "string"}),
    (SPEECH, FILE, {"type": "string"}),
    *[
        (SPEECH, {name: URI}, {"type": "object", "properties": {said: {"type": "string"}, "srt_file": URI}})
        for name, said in (
            ("audio_file", "transcription"),
            ("audio_path", "text"),
            ("audio_url", "translation"),
            ("file", "segments"),
            ("sound", "chunks"),
            ("audio", "transcript"),
            ("audio", "txt_file"),
        )
    ],
]


@check
def models_of_every_type_by_what_they_take_and_give(p: Provider) -> None:
    one = {"type": "object", "properties": {"embedding": NUMBERS}}
    for kind, given, gives in USABLE:
        (learned,) = read(checked(p, kind=kind), entry(schema(given, gives, One=one), official=True))
        assert isinstance(learned, Learned), (kind, given, gives)
        assert learned.model.type is kind
    pair = {"type": "object", "properties": {"audio": URI, "cover": URI}}
    for files in (
        {"anyOf": [URI, {"type": "null"}]},
        URI,
        {"type": "array", "items": URI},
        {"$ref": "#/components/schemas/File"},
        pair,
    ):
        picture = schema({"prompt": {"type": "string"}}, files, File=URI)
        assert read(checked(p), entry(picture, official=True)) == [Refusal(code="files", param=LLAMA)]
    vectors = schema(TEXT, {"type": "array", "items": NUMBERS})
    assert read(checked(p), entry(vectors, official=True)) == [
        Refusal(code="other_type", kind="embedding", param="chat")
    ]
    assert read(checked(p, kind=EMBEDDING), entry(TALK, official=True)) == [
        Refusal(code="other_type", kind="chat", param="embedding")
    ]
    sound = schema(FILE, {"type": "string"})
    assert read(checked(p), entry(sound, official=True))[0].kind == "speech2text"
    picture = schema({"image": URI, "mask": URI}, {"type": "string"})
    assert read(checked(p, kind=SPEECH), entry(picture, official=True)) == [
        Refusal(code="other_type", kind="", param="speech2text")
    ]
    for gives in ({"type": "object", "properties": {"score": {"type": "number"}}}, {"type": "number"}):
        (refused,) = read(checked(p), entry(schema({"prompt": {"type": "string"}}, gives), official=True))
        assert refused == Refusal(code="other_type", kind="", param="chat")
    several = schema({"input": {"type": "array", "items": {"type": "string"}}}, PIECES)
    assert read(checked(p), entry(several, official=True))[0].code == "other_type"
    more = schema({"prompt": {"type": "string"}, "image": URI, "mask": URI}, PIECES, ("image", "mask", "prompt"))
    assert read(checked(p), entry(more, official=True)) == [Refusal(code="needs", param="image, mask")]
    lists = schema(LISTED, {"type": "array", "items": {"type": "array"}})
    (learned,) = read(checked(p, kind=EMBEDDING), entry(lists, official=True))
    assert learned.model.fields["inputs"] == '{"takes":[{"name":"texts","type":"texts"}],"gives":"vectors"}'


@check
def what_was_found_in_words(p: Provider) -> None:
    for refused, message, hint in (
        (Refusal(code="files"), "gives files, such as images or sound", "text, vectors or a transcript"),
        (Refusal(code="no_version", param=LLAMA), f"{LLAMA} has no such version.", "under Versions"),
        (Refusal(code="nothing_pushed", param=LLAMA), f"{LLAMA} has no version that can be run", "push"),
        (Refusal(code="other_model", param="a/b"), "The deployment runs a/b, and not", "Add a/b"),
        (
            Refusal(code="other_type", kind="embedding", param="chat"),
            "is for embedding, not for system reasoning.",
            "as embedding.",
        ),
        (Refusal(code="other_type", param="chat"), "is not for system reasoning", "another model"),
        (Refusal(code="needs", param="image"), "more than text or a recording: image.", "another"),
    ):
        problem = p.explain(refused, LLAMA)
        assert problem and type(problem) is Problem
        assert message in problem.message, problem.message
        assert hint in problem.hint, problem.hint
        assert refused.code == "needs" or LLAMA in problem.message
    assert p.explain(Refusal(500), LLAMA) is None
    unpaid = p.explain(Refusal(402), LLAMA)
    assert unpaid and unpaid.hint == "Add one at https://replicate.com/account/billing"


@check
def how_a_prediction_ended_in_words(p: Provider) -> None:
    for error, message, hint in (
        ("CUDA out of memory.", f"The machine that runs {LLAMA} has not enough memory for this.", "Send less"),
        ("NSFW content detected", f"The content check of {LLAMA} stopped this text or its answer.", "other words"),
        ("list index out of range", f"{LLAMA} failed at Replicate.", "a new prediction"),
        (None, f"{LLAMA} failed at Replicate.", "a new prediction"),
    ):
        (over, refused) = read(chat(p), prediction("failed", error=error))
        assert over == Begun(None) and refused == Refusal(code="failed", message=error or "")
        problem = p.explain(refused, LLAMA)
        assert problem and problem.message == message and hint in problem.hint
    for status in ("canceled", "aborted"):
        problem = p.explain(read(chat(p), prediction(status))[1], LLAMA)
        assert problem and problem.message == "The prediction was cancelled at Replicate."
    problem = p.explain(read(chat(p), {"hello": "world"})[0], LLAMA)
    assert problem and problem.message == "The answer of Replicate cannot be used."


# --- parameters and chats by schema -----------------------------------------------------------------------------------


@check
def parameters_are_those_of_the_schema(p: Provider) -> None:
    model = Model("replicate", LLAMA, CHAT, fields={"inputs": KEPT})
    taken = {each.name: each for each in p.parameters(model)}
    assert list(taken) == ["temperature", "top_k", "stop_sequences", "tone", "seed", "debug", "size", "words"]
    warm, top = taken["temperature"], taken["top_k"]
    assert (warm.kind, warm.low, warm.high, warm.unset) == (ParameterKind.NUMBER, 0.01, 5, "0.75")
    assert (top.kind, top.low, top.high, top.help, top.label) == (
        ParameterKind.WHOLE,
        0,
        None,
        "Likeliest words.",
        "top k",
    )
    assert (taken["tone"].kind, taken["tone"].choices) == (ParameterKind.CHOICE, ("plain", "formal"))
    assert (taken["debug"].choices, taken["size"].choices) == (("true", "false"), ("1", "2"))
    assert taken["stop_sequences"].kind is taken["words"].kind is ParameterKind.TEXTS
    for name in ("stop", "stop_words"):
        other = kept("text", {"name": name, "type": "string"})
        assert p.parameters(Model("replicate", LLAMA, CHAT, fields=other))[0].kind is ParameterKind.TEXTS
    talk = kept("text", *({"name": name, "type": "string", "required": True} for name in ("prompt", "messages")))
    assert p.parameters(Model("replicate", LLAMA, CHAT, fields=talk)) == ()
    assert p.parameters(Model("replicate", LLAMA, CHAT)) == ()
    assert p.parameters(Model("replicate", LLAMA, CHAT, fields={"inputs": "{"})) == ()
    assert p.parameters(Model("replicate", LLAMA, EMBEDDING, fields={"inputs": KEPT})) == ()


@check
def only_what_the_schema_has_is_sent(p: Provider) -> None:
    assert p.chat
    asked = {
        "temperature": 9.5,
        "top_k": -3,
        "stop_sequences": ["a", "b"],
        "words": ["a", "b"],
        "tone": "formal",
        "size": "2",
        "debug": "false",
        "max_tokens": 5,
    }
    messages = (Message("system", "Be brief."), Message("user", "Hello?"))
    model = Model("replicate", LLAMA, CHAT, fields={"inputs": KEPT})
    assert p.chat(BASE, ChatAsk(model, messages, asked, False)).json["input"] == {
        "temperature": 5,
        "top_k": 0,
        "stop_sequences": "a,b",
        "words": ["a", "b"],
        "tone": "formal",
        "size": 2,
        "debug": False,
        "prompt": "Hello?",
        "system_prompt": "Be brief.",
    }
    assert p.chat(BASE, ChatAsk(model, messages, {"debug": "true"}, False)).json["input"]["debug"] is True


def said(p: Provider, *messages: Message, **types: str) -> dict[str, Any]:
    """The input that becomes of a conversation with a model that takes these."""
    assert p.chat
    takes = [
        {"name": name, "type": kind.removesuffix("!"), "required": kind.endswith("!")} for name, kind in types.items()
    ]
    fields = {"inputs": json.dumps({"takes": takes, "gives": "text"})} if takes else {}
    model = Model("replicate", LLAMA, CHAT, fields=fields)
    given: dict[str, Any] = p.chat(BASE, ChatAsk(model, messages)).json["input"]
    return given


@check
def a_conversation_becomes_an_input(p: Provider) -> None:
    system, one, two, three = (
        Message("system", "Be brief."),
        Message("user", "Hello?"),
        Message("assistant", "Hi."),
        Message("user", "Why?"),
    )
    for name in ("prompt", "text", "input", "message"):
        assert said(p, one, **{name: "string"}) == {name: "Hello?"}
    for name in ("system_prompt", "system_instruction", "system"):
        assert said(p, system, one, prompt="string", **{name: "string"}) == {"prompt": "Hello?", name: "Be brief."}
    assert said(p, system, one) == said(p, system, one, prompt="string") == {"prompt": "Be brief.\n\nHello?"}
    talk = "User: Hello?\n\nAssistant: Hi.\n\nUser: Why?\n\nAssistant:"
    assert said(p, one, two, three) == {"prompt": talk}
    assert said(p, system, one, two, three) == {"prompt": f"Instructions: Be brief.\n\n{talk}"}
    assert said(p, system, one, two, three, prompt="string", system="string") == {"prompt": talk, "system": "Be brief."}
    turns = [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hi."}]
    assert said(p, one, two, messages="") == {"messages": turns}
    assert said(p, one, two, messages="", prompt="string") == {"messages": turns}
    assert said(p, one, messages="", prompt="string!") == {"prompt": "Hello?"}
    assert said(p, system, one, two, messages="")["messages"][0] == {"role": "system", "content": "Be brief."}
    assert json.loads(said(p, one, two, messages="string")["messages"]) == turns


@check
def a_version_that_is_not_wanted_is_left_out(p: Provider) -> None:
    refused = p.refusal(422, {}, NO_VERSION)
    assert refused.code == "Invalid version or not permitted"
    call, sentence = p.amend(chat(p, version=HASH), refused) or (chat(p), "")
    assert call.json["version"] == LLAMA and sentence == f"{LLAMA} was asked for without its version."
    assert not call.repeatable
    assert p.amend(chat(p), refused) is None
    assert p.amend(chat(p, version=HASH), Refusal(422, message="input: prompt is required")) is None
    assert p.amend(chat(p, version=HASH), Refusal(500, message="Invalid version")) is None
    assert p.amend(p.verify(BASE), refused) is None
    assert p.amend(chat(p, deployment="a/b"), refused) is None


# --- search -----------------------------------------------------------------------------------------------------------


@check
def models_are_found_by_words(p: Provider) -> None:
    assert p.search
    call = p.search(BASE, " llama ", CHAT)
    assert (call.method, call.url, call.query) == ("GET", f"{ROOT}/search", {"query": "llama", "limit": "20"})
    wanted = {CHAT: "language model", EMBEDDING: "text embedding", SPEECH: "speech to text"}
    for kind, text in wanted.items():
        assert p.search(BASE, "", kind).query["query"] == text
    picture = schema({"prompt": {"type": "string"}}, URI)
    vectors = schema(TEXT, {"type": "array", "items": NUMBERS})
    odd = schema({"n": {"type": "number"}}, {"type": "number"})
    found = [
        entry(picture, owner="a", name="pictures", run_count=2_000_000, description="Makes images."),
        entry(vectors, owner="b", name="vectors", run_count=0),
        entry(odd, owner="c", name="odd", run_count=None),
        entry(TALK, True, run_count=1_200, description="Talks."),
        entry(None, False, owner="d", name="unknown"),
    ]
    results = {
        "query": "llama",
        "models": [*({"model": each, "metadata": {"score": 0.5}} for each in found), {"model": {}}, {"model": None}, 7],
        "collections": [],
        "pages": [],
    }
    assert read(call, results) == [
        Found(
            (
                Hit(LLAMA, "official · 1.2k runs · Talks."),
                Hit("d/unknown", "community · 1 run"),
                Hit("a/pictures", "community · makes files · 2M runs · Makes images.", usable=False),
                Hit("b/vectors", "community · embedding", usable=False),
                Hit("c/odd", "community · of another kind", usable=False),
            )
        )
    ]
    assert read(call, {"models": None})[0].code == read(call, [])[0].code == "malformed"


# --- vectors and recordings -------------------------------------------------------------------------------------------


def kept(gives: str, *takes: dict[str, Any], **more: Any) -> dict[str, str]:
    return {"inputs": json.dumps({"takes": takes, "gives": gives, **more})}


def embedding(p: Provider, texts: tuple[str, ...], *takes: dict[str, Any]) -> Call:
    assert p.embed
    fields = kept("vectors", *takes) if takes else {}
    return p.embed(BASE, EmbedAsk(Model("replicate", LLAMA, EMBEDDING, fields=fields), texts))


@check
def texts_go_as_the_model_takes_them(p: Provider) -> None:
    one = embedding(p, ("a", "b"))
    assert (one.method, one.url, one.repeatable) == ("POST", f"{ROOT}/predictions", False)
    assert one.json == {"version": LLAMA, "input": {"text": "a"}}
    for name in ("text", "inputs", "input"):
        assert embedding(p, ("a", "b"), {"name": name, "type": "string"}).json["input"] == {name: "a"}
    for name in ("texts", "query_texts", "sentences"):
        assert embedding(p, ("a", "ü"), {"name": name, "type": "string"}).json["input"] == {name: '["a", "ü"]'}
        assert embedding(p, ("a", "b"), {"name": name, "type": "texts"}).json["input"] == {name: ["a", "b"]}
    assert embedding(p, ("a", "b"), {"name": "text", "type": "texts"}).json["input"] == {"text": ["a", "b"]}
    wanted = ({"name": "texts", "type": "string"}, {"name": "query_texts", "type": "string", "required": True})
    assert embedding(p, ("a",), *wanted).json["input"] == {"query_texts": '["a"]'}
    numbers = (
        {"name": "texts", "type": "texts"},
        {"name": "convert_to_numpy", "type": "boolean"},
        {"name": "output_format", "type": "string", "choices": ["base64", "array"]},
    )
    assert embedding(p, ("a",), *numbers).json["input"] == {
        "texts": ["a"],
        "convert_to_numpy": False,
        "output_format": "array",
    }
    packed = ({"name": "text", "type": "string"}, {"name": "output_format", "type": "string", "choices": ["base64"]})
    assert embedding(p, ("a",), *packed).json["input"] == {"text": "a"}


@check
def vectors_of_every_shape(p: Provider) -> None:
    several = {"name": "texts", "type": "texts"}
    for output in (
        [[1, 2.0], [3, 4]],
        [{"embedding": [1, 2]}, {"embedding": [3, 4]}],
        [{"vector": [1, 2]}, {"vector": [3, 4]}],
        {"embeddings": [[1, 2], [3, 4]], "metrics": "fast"},
        {"vectors": [[1, 2], [3, 4]]},
        "[[1, 2], [3, 4]]",
        '{"embeddings": [[1, 2], [3, 4]]}',
    ):
        results = read(embedding(p, ("a", "b"), several), prediction("succeeded", output))
        assert results[1:] == [Vectors(0, ((1.0, 2.0), (3.0, 4.0))), Finish("succeeded")], output
    for output in ([1, 2], [[1, 2]], [{"embedding": [1, 2]}], {"embedding": [1, 2]}, "AACAPwAAAEA="):
        results = read(embedding(p, ("a",)), prediction("succeeded", output))
        assert results[1:] == [Vectors(0, ((1.0, 2.0),)), Finish("succeeded")], output
    file = read(embedding(p, ("a",)), prediction("succeeded", "https://replicate.delivery/x/out.npy"))[-1]
    assert file == Refusal(code="files", param="embedding")
    for broken in (None, [], [[1], [2]], "hm", {"x": 1}, [{"x": 1}]):
        assert read(embedding(p, ("a",)), prediction("succeeded", broken))[-1].code == "malformed"


@check
def the_next_texts_are_another_prediction(p: Provider) -> None:
    texts = tuple(f"text {place}" for place in range(40))
    call = embedding(p, texts, {"name": "texts", "type": "texts"})
    assert call.json["input"] == {"texts": list(texts[:32])}
    results = read(call, prediction())
    begun(results)
    over = prediction("succeeded", [[float(place)] for place in range(32)], metrics={"input_token_count": 99})
    done, vectors, counted, following = read(results[1], over)
    assert (done, counted) == (Begun(None), Used(99))
    assert vectors == Vectors(0, tuple((float(place),) for place in range(32)))
    assert following.json["input"] == {"texts": list(texts[32:])} and not following.repeatable
    last = read(following, prediction("succeeded", [[0.0]] * 8))
    assert last[1:] == [Vectors(32, ((0.0,),) * 8), Finish("succeeded")]
    assert read(embedding(p, ("a", "b")), prediction("succeeded", [1]))[2].json["input"] == {"text": "b"}


def recorded(p: Provider, size: int = 700, language: str = "", times: Times = Times.NONE, **fields: str) -> Call:
    assert p.transcribe
    model = Model("replicate", "openai/whisper", SPEECH, fields={"version": HASH, **fields})
    return p.transcribe(BASE, TranscribeAsk(model, SOUND, "audio/wav", size, language, times))


@check
def a_recording_goes_along_or_is_uploaded(p: Provider) -> None:
    call = recorded(p)
    assert (call.method, call.url, call.repeatable, call.upload) == ("POST", f"{ROOT}/predictions", False, None)
    sound = Recording(SOUND, "data:audio/wav;base64,")
    assert call.json == {"version": f"openai/whisper:{HASH}", "input": {"audio": sound}}
    # A data URL may be 256 kB long.
    assert recorded(p, 190_000).upload is None and 190_000 * 4 / 3 < 256_000
    upload = recorded(p, 190_001)
    assert (upload.method, upload.url, upload.json) == ("POST", f"{ROOT}/files", None)
    assert upload.upload == Upload((), SOUND, "audio/wav", 190_001, "content")
    place = f"{ROOT}/files/demo"
    (create,) = read(upload, {"id": "demo", "name": "talk.wav", "size": 190_001, "urls": {"get": place}})
    assert create.json["input"] == {"audio": place} and not create.repeatable
    for broken in ({}, {"urls": None}, {"urls": {"get": ""}}, []):
        assert read(upload, broken)[0].code == "malformed"


@check
def the_inputs_of_a_recording(p: Provider) -> None:
    cover, other = {"name": "cover_image", "type": "string", "file": True}, {"name": "voice", "file": True}
    for name in ("audio", "audio_file", "audio_path", "audio_url", "file"):
        taken = kept("text", cover, other, {"name": name, "type": "string", "file": True})
        assert list(recorded(p, **taken).json["input"]) == [name]
    assert list(recorded(p, **kept("text", cover, other)).json["input"]) == ["voice"]
    sound, spoken = {"name": "audio", "type": "string", "file": True}, {"name": "language", "type": "string"}
    assert recorded(p, language="de", **kept("text", sound, spoken)).json["input"]["language"] == "de"
    assert "language" not in recorded(p, language="de", **kept("text", sound)).json["input"]
    assert "language" not in recorded(p, **kept("text", sound, spoken)).json["input"]
    for choices, goes in ((["de", "en"], True), (["German"], False)):
        taken = kept("text", sound, {**spoken, "choices": choices})
        assert ("language" in recorded(p, language="de", **taken).json["input"]) is goes
    assert p.audio
    plain, timed = (Model("replicate", "a/b", SPEECH, fields=kept("transcript", sound, times=t)) for t in (False, True))
    assert p.audio(plain).times == (Times.NONE,) and p.audio(timed).times == (Times.NONE, Times.SENTENCE)
    assert p.audio(plain).size == 100_000_000
    known = ["aac", "flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "opus", "wav", "webm"]
    assert sorted(p.audio(plain).endings) == known
    for timed_by in ("segments", "chunks"):
        told = schema(FILE, {"type": "object", "properties": {"text": {}, timed_by: {}}})
        (learned,) = read(checked(p, kind=SPEECH), entry(told, official=True))
        assert p.audio(learned.model).times[-1] is Times.SENTENCE
    assert learned.model.fields["inputs"] == (
        '{"takes":[{"name":"audio","type":"string","file":true}],"gives":"transcript","times":true}'
    )


def heard(p: Provider, output: Any, times: Times = Times.NONE) -> list[Any]:
    return read(recorded(p, times=times), prediction("succeeded", output))[1:]


@check
def transcripts_of_every_shape(p: Provider) -> None:
    for output in (
        " Good morning.",
        ["Good ", "morning."],
        [{"text": "Good morning."}],
        {"transcription": "Good morning."},
        {"transcript": "Good morning."},
        {"transcription": None, "translation": "Good morning."},
        {"segments": [{"start": 0, "end": 1, "text": " Good"}, {"start": 1, "end": 2, "text": " morning."}]},
    ):
        assert heard(p, output) == [Transcript("Good morning."), Finish("succeeded")], output
    whole = {
        "text": "Good morning.",
        "detected_language": "english",
        "segments": [{"id": 0, "start": 0.5, "end": 2, "text": " Good morning."}, {"text": None}, 7],
    }
    assert heard(p, whole)[0] == Transcript("Good morning.", (), "english")
    told = (Segment(0.5, 2.0, "Good morning."),)
    assert heard(p, whole, Times.SENTENCE)[0] == Transcript("Good morning.", told, "english")
    chunks = {"text": "Good.", "language": "en", "chunks": [{"timestamp": [1, None], "text": " Good."}]}
    assert heard(p, chunks, Times.SENTENCE)[0] == Transcript("Good.", (Segment(1.0, 1.0, "Good."),), "en")
    (file,) = heard(p, {"txt_file": "https://replicate.delivery/pbxt/a.txt"})
    assert (file.method, file.url, file.framing) == ("GET", "https://replicate.delivery/pbxt/a.txt", Framing.TEXT)
    assert read(file, " Good morning.\n") == [Transcript("Good morning."), Finish("succeeded")]
    for broken in (None, 7, {}, {"txt_file": "https://example.test/a.txt"}, [{"score": 1}]):
        assert heard(p, broken)[-1].code == "malformed"
