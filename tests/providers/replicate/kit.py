"""What the facts of Replicate share: its predictions, schemas and refusals, and calls that ask it.

Replicate HTTP API reference. All of it is our own composition of the documented shapes.
"""

import json
from pathlib import Path
from typing import Any

from tests.providers.facts import KEY, Chat, Facts, Otherwise, Refusal, Stream, read
from tests.providers.http_server import http
from tui.domain import Model, ModelType
from tui.errors import CredentialRejected, ScopeMissing
from tui.providers.requests import Call, ChatRequest, Frame, Framing, Message
from tui.providers.spec import Provider

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
FOLLOWED = "closed, reset, cut*, another *, two lengths, silence, status 40[4589], status 410, status 429"
POLLED = "the stream is one way to the output; the prediction is asked in its place"

FACTS = Facts(
    "replicate",
    modules=(
        "replicate.predictions",
        "replicate.references",
        "replicate.inputs",
        "replicate.schema",
        "replicate.chat",
        "replicate.embeddings",
        "replicate.audio",
        "replicate.files",
        "replicate.models",
        "replicate.errors",
    ),
    otherwise=(
        Otherwise("chat */files/*, stream */stream", FOLLOWED, "good", POLLED),
        Otherwise("chat */files/*, stream */stream", "status 5[02]?, busy *, page 404, page 502", "good", POLLED),
        Otherwise("chat */files/*, stream */stream", "status 204, empty, * success, text *, body *", "good", POLLED),
        Otherwise("chat */files/*, stream */stream", "* in the body", "good", POLLED),
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
        Refusal(
            401,
            UNAUTHENTICATED,
            "Replicate rejected this key.",
            CredentialRejected,
            "https://replicate.com/account/api-tokens",
            call="verify",
        ),
        Refusal(401, UNAUTHENTICATED, "Replicate rejected this key.", CredentialRejected),
        Refusal(402, {"detail": "Payment required"}, "Your Replicate account has no credit", hint="/account/billing"),
        Refusal(403, {"detail": "Forbidden", "status": 403},
             f"Replicate accepted this token, but it may not use {LLAMA}.", ScopeMissing, "the model belongs to"),
        Refusal(403, {"detail": "Forbidden"}, "Replicate accepted this token, but it may not do this.", ScopeMissing,
             call="verify"),
        Refusal(404, MISSING, f"Replicate does not have {LLAMA}, or it is private.", hint="owner/name"),
        Refusal(422, NO_VERSION, f"Replicate does not run {LLAMA} like this: a community model needs a version",
             hint="Add the model again without a version"),
        Refusal(422, {"detail": "- input: prompt is required", "status": 422},
             f"The inputs do not match those of {LLAMA}.", hint="parameters"),
        Refusal(429, THROTTLED, "Replicate accepts no more requests", hint="It asks to wait 9 s. With little",
             retried=True),
        Refusal(429, THROTTLED | {"retry_after": None}, "Replicate accepts no more requests", hint="to wait 9 s.",
             retried=True),
        Refusal(429, {"detail": "Request was throttled.", "retry_after": 7}, "Replicate accepts no more requests",
             hint="to wait 7 s.", retried=True),
        Refusal(429, {"detail": "Request was throttled.", "status": 429}, "Replicate accepts no more requests",
             hint="Wait a moment. With", retried=True),
        Refusal(500, {"detail": "Internal server error"}, "Replicate failed on its side (500).", retried=True),
    ),
)  # fmt: skip
check = FACTS.check


PLACE = f"{ROOT}/predictions/gm3qorzdhgbfurvjtvhg6dckhu"
PIECES = {"type": "array", "items": {"type": "string"}, "x-cog-array-type": "iterator"}
URI = {"type": "string", "format": "uri"}
NUMBERS = {"type": "array", "items": {"type": "number"}}
TEXT = {"text": {"type": "string"}}
LISTED = {"texts": {"type": "array", "items": {"type": "string"}}}
FILE = {"audio": URI}
DEPLOYED = (
    "https://replicate.com/deployments/acme/fast-llama",
    "https://api.replicate.com/v1/deployments/acme/fast-llama",
    "deployments/acme/fast-llama",
)


def schema(values: dict[str, Any], gives: Any, required: tuple[str, ...] = (), **named: Any) -> dict[str, Any]:
    """A version with its schema, as cog writes it."""
    required_entry = {"required": list(required)} if required else {}
    schemas = {
        "Input": {"type": "object", "title": "Input", "properties": values, **required_entry},
        "Output": gives,
        **named,
    }
    return {
        "id": HASH,
        "created_at": "2026-05-01T00:00:00Z",
        "cog_version": "0.14.0",
        "openapi_schema": {"openapi": "3.0.2", "components": {"schemas": schemas}},
    }


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
STORED_INPUTS = (
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


def chat(p: Provider, name: str = LLAMA, stream: bool = True, inputs: str = "", **fields: str) -> Call:
    assert p.chat
    fields = fields | ({"inputs": inputs} if inputs else {})
    model = Model("replicate", name, CHAT, fields=fields)
    return p.chat(BASE, ChatRequest(model, (Message("user", "Hello?"),), {}, stream))


def stored_fields(gives: str, *takes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"inputs": json.dumps({"takes": takes, "gives": gives, **more})}


def cancel_call(results: list[Any]) -> Call:
    """What cancels a prediction, which is told before anything else."""
    cancel = results[0].cancel
    assert (cancel.method, cancel.url, cancel.json, cancel.idempotent) == ("POST", f"{PLACE}/cancel", None, False)
    assert read(cancel, prediction("canceled")) == []
    assert isinstance(cancel, Call)
    return cancel


def is_poll(call: Any) -> bool:
    asks = (call.method, call.url, call.framing, call.json) == ("GET", PLACE, Framing.JSON, None)
    return asks and call.idempotent


def entry(version: Any = None, official: bool | None = None, **more: Any) -> dict[str, Any]:
    """A model (models.get)."""
    entries = {} if official is None else {"is_official": official}
    owner, name = LLAMA.split("/")
    place = f"https://replicate.com/{LLAMA}"
    return {"url": place, "owner": owner, "name": name, "run_count": 1, "latest_version": version} | entries | more


def checked(p: Provider, name: str = LLAMA, kind: ModelType = CHAT, **fields: str) -> Call:
    assert p.inspect_model
    return p.inspect_model(BASE, Model("replicate", name, kind, fields=fields))
