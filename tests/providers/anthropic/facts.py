"""What Anthropic's API reference says: requests field by field, documented frames and refusals, in our composition."""

import json
from dataclasses import replace
from typing import Any

from tests.providers import calls
from tests.providers.attached import DATA, IMAGE, MB, PAPER, chat_with, figures
from tests.providers.facts import BARE_LIST, SCHEMA, Chat, Facts, Otherwise, Refusal, Stream, read, sse
from tests.providers.facts import KEY as SOCKET_KEY
from tui.domain import ImportMode, Model, ModelType, Supply
from tui.errors import CredentialRejected, NetworkError, ScopeMissing
from tui.providers.events import (
    UNFINISHED,
    Accepted,
    Finish,
    ModelsListed,
    Notice,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    ToolCalls,
    Usage,
)
from tui.providers.requests import ApiError, Call, ChatRequest, Frame, Framing, Message, Tool
from tui.providers.spec import Provider
from tui.secret import Secret

BASE = {"base_url": "https://api.anthropic.com"}
KEY = Secret("sk-ant-api03-FAKE-0123456789-abcdefghij-3f2a")
CURRENT, OLDER = "2026-10-21", "2023-06-01"
USED = {"input_tokens": 12, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 5, "output_tokens": 1}


def named(data: dict[str, Any]) -> bytes:
    """An event: its `event:` line equals its type."""
    return sse(data, data["type"])


def start(**usage: Any) -> dict[str, Any]:
    message: dict[str, Any] = {
        "id": "msg_01Kx",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-5-5",
        "content": [],
    }
    message |= {"stop_reason": None, "stop_sequence": None, "usage": usage or USED}
    return {"type": "message_start", "message": message}


def block(kind: str = "text", index: int = 0, **more: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": {"type": kind, kind: "", **more}}


def delta(kind: str, index: int = 0, **more: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **more}}


def text(expected: str) -> dict[str, Any]:
    return delta("text_delta", text=expected)


def thought(expected: str) -> dict[str, Any]:
    return delta("thinking_delta", thinking=expected)


def closing(reason: str | None = "end_turn", usage: Any = None, **more: Any) -> dict[str, Any]:
    ended = {"stop_reason": reason, "stop_sequence": None, **more}
    return {"type": "message_delta", "delta": ended, "usage": usage or {"output_tokens": 6}}


STOPPED = {"type": "content_block_stop", "index": 0}
PING = {"type": "ping"}
END = {"type": "message_stop"}


def failure(kind: str, message: str = "Their words.", code: str | None = None) -> dict[str, Any]:
    """An error body, and an error event."""
    details = {"error_code": code} if code else None
    return {
        "type": "error",
        "error": {"type": kind, "message": message, "details": details},
        "request_id": "req_01Kz",
    }


def whole(expected: str) -> dict[str, Any]:
    message = {**start()["message"], "content": [{"type": "text", "text": expected}], "stop_reason": "end_turn"}
    return message | {"usage": USED | {"output_tokens": 6}}


STREAM = Stream(
    lambda spoken: named(text(spoken)),
    closing=named(STOPPED) + named(closing()) + named(END),
    opening=named(start()) + named(block()) + named(PING),
    error=named(failure("overloaded_error", "Overloaded")),
    error_message="Anthropic is too busy.",
    error_retried=True,
)

INVALID, LIMITED = "invalid_request_error", "rate_limit_error"
NO_CREDIT = "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."
UNSUPPORTED = "Anthropic rejected this request for claude-opus-5-5 (400)."

REFUSALS = (
    Refusal(401, failure("authentication_error", "invalid x-api-key"), "Anthropic rejected this key.",
         CredentialRejected,
         "https://platform.claude.com/settings/keys"),
    Refusal(401, failure("authentication_error", "invalid x-api-key"), "Anthropic rejected this key.",
         CredentialRejected,
         call="verify"),
    Refusal(401, failure("authentication_error", "OAuth authentication is currently not supported."),
         "This is a subscription's sign-in token", CredentialRejected, "Create an API key."),
    Refusal(400, failure(INVALID, NO_CREDIT), "Your Anthropic account has no credit left.", hint="Add credit",
         headers={"x-should-retry": "true"}),
    Refusal(402, failure("billing_error"), "Your Anthropic account has no credit left.", hint="billing page"),
    Refusal(400, failure(INVALID, "You have reached your specified workspace API usage limits: usage limit."),
         "A spending limit of your Anthropic organization or workspace is reached.", hint="Raise it"),
    Refusal(429, failure(LIMITED, code="enforced_spend_limit_reached"),
         "The monthly spending limit of your Anthropic account is reached.", hint="the 1st at 00:00 UTC"),
    Refusal(429, failure(LIMITED, code="contract_spend_limit_reached"),
         "The spending limit in your Anthropic contract is reached.", headers={"retry-after": "0"}),
    Refusal(403, failure("permission_error", code="linked_organization_past_due"),
         "The organization that pays for this Anthropic account has a billing problem."),
    Refusal(429, failure(LIMITED), "A cap of your Anthropic account is reached", hint="limits page"),
    Refusal(429, failure(LIMITED), "Anthropic is too busy.", headers={"retry-after": "0.01"}, retried=True),
    Refusal(429, failure(LIMITED, code="ramp_limit_exceeded"), "Anthropic is too busy.",
         headers={"retry-after": "0.01"}, retried=True),
    Refusal(403, failure("permission_error", "Your API key does not have permission to use the specified resource."),
         "Anthropic accepted this key, but it may not use claude-opus-5-5.", ScopeMissing, "Allow the model"),
    Refusal(403, failure("permission_error"), "Anthropic accepted this key, but it may not list models.", ScopeMissing,
         "Save and add models by hand", call="verify"),
    Refusal(403, failure("permission_error", code="organization_on_hold"),
         "Anthropic has put the organization of this key on hold.", ScopeMissing),
    Refusal(403, failure("permission_error", "This organization has been disabled."),
         "Anthropic has put the organization of this key on hold.", ScopeMissing),
    Refusal(403, {"error": {"message": "Access is not allowed from unsupported countries, regions, or territories."}},
         "Anthropic does not serve the country or region", NetworkError, "Use a network"),
    Refusal(403, failure("permission_error", "anthropic-workspace-id: does not match the workspace of this key."),
         "The workspace does not belong to this key.", CredentialRejected, "leave it blank", call="verify"),
    Refusal(404, failure("not_found_error", "model: claude-opus-5-5"), "Anthropic does not know claude-opus-5-5",
         hint="retired ones"),
    Refusal(404, failure("not_found_error", "Not Found"), "{host} returned 404: claude-opus-5-5 is unknown there"),
    Refusal(400, failure(INVALID, "prompt is too long: 1100000 tokens > 1000000 maximum"),
         "This is longer than claude-opus-5-5 can take.", hint="Shorten"),
    Refusal(413, failure("request_too_large"), "This is too large for Anthropic.", hint="Shorten"),
    Refusal(400, failure("request_too_large"), "This is too large for Anthropic.", hint="Shorten"),
    Refusal(400, failure(INVALID), UNSUPPORTED),
    Refusal(409, failure("conflict_error"), "Anthropic rejected this request", retried=True),
    Refusal(500, failure("api_error"), "Anthropic failed on its side (500).", hint="not checked", retried=True),
    Refusal(504, failure("timeout_error"), "Anthropic failed on its side (504).", retried=True),
    Refusal(529, failure("overloaded_error"), "Anthropic is too busy.", retried=True),
    Refusal(529, failure("overloaded_error"), "Anthropic is too busy.", retried=True, call="verify"),
    Refusal(529, failure("overloaded_error"), "Anthropic is too busy.", headers={"x-should-retry": "false"}),
)  # fmt: skip

FACTS = Facts(
    "anthropic",
    modules=(
        "anthropic.api",
        "anthropic.messages",
        "anthropic.errors",
    ),
    otherwise=(
        BARE_LIST,
        Otherwise("* */v1/models", "status 40[45]", "good", "an empty request is sent in place of the list"),
    ),
    chats=(
        Chat(
            "anthropic",
            lambda origin: {"api_key": SOCKET_KEY, "base_url": origin},
            Model("anthropic", "claude-opus-5-5", ModelType.CHAT),
            STREAM,
            whole,
        ),
    ),
    refusals=REFUSALS,
    prose=frozenset({"_CONSOLE", "_RETIRED_BY_DATE"}),
)
check = FACTS.check


def chat(
    p: Provider, *turns: tuple[str, str], model: str = "claude-opus-5-5", stream: bool = True, **parameters: Any
) -> Call:
    assert p.chat
    messages = tuple(Message(*turn) for turn in turns) or (Message("system", "Be brief."), Message("user", "Hello?"))
    return p.chat(BASE, ChatRequest(Model("anthropic", model, ModelType.CHAT), messages, parameters, stream))


def events(p: Provider, *data: dict[str, Any], end: bool = True) -> list[Any]:
    return read(chat(p), *(Frame(item, item["type"]) for item in data), end=end)


# --- requests ---------------------------------------------------------------------------------------------------------


@check
def the_list_is_one_get(p: Provider) -> None:
    assert p.list_models
    for call in (p.verify(BASE), p.list_models(BASE)):
        assert (call.method, call.url) == ("GET", "https://api.anthropic.com/v1/models")
        assert call.query == {"limit": "1000"}
        assert (call.json, call.upload, call.framing) == (None, None, Framing.JSON)
    assert p.verify({"base_url": "https://gateway.test/claude/"}).url == "https://gateway.test/claude/v1/models"


@check
def the_key_has_a_header_of_its_own(p: Provider) -> None:
    signed = p.sign(p.verify(BASE), BASE, {"api_key": KEY}, 0)
    assert signed.headers == {"x-api-key": KEY, "anthropic-version": CURRENT}
    within = p.sign(p.verify(BASE), BASE | {"workspace_id": "wrkspc_01"}, {"api_key": KEY}, 0)
    assert within.headers == {"x-api-key": KEY, "anthropic-version": CURRENT, "anthropic-workspace-id": "wrkspc_01"}
    assert p.sign(p.verify(BASE), BASE | {"workspace_id": ""}, {}, 0).headers == {"anthropic-version": CURRENT}
    older = p.sign(chat(p, temperature=0.5), BASE, {"api_key": KEY}, 0)
    assert older.headers == {"x-api-key": KEY, "anthropic-version": OLDER}


@check
def a_streamed_chat(p: Provider) -> None:
    call = chat(p)
    assert (call.method, call.url, call.query) == ("POST", "https://api.anthropic.com/v1/messages", {})
    assert call.framing is Framing.SSE
    assert call.headers == {"anthropic-version": CURRENT}
    assert call.json == {
        "model": "claude-opus-5-5",
        "max_tokens": 16384,
        "messages": [{"role": "user", "content": "Hello?"}],
        "system": "Be brief.",
        "stream": True,
    }


@check
def a_chat_in_one_piece(p: Provider) -> None:
    call = chat(p, ("user", "Hello?"), stream=False, max_tokens=40)
    assert call.framing is Framing.JSON
    assert call.json == {
        "model": "claude-opus-5-5",
        "max_tokens": 40,
        "messages": [{"role": "user", "content": "Hello?"}],
        "stream": False,
    }


@check
def the_turns_are_as_the_api_takes_them(p: Provider) -> None:
    turns = [("assistant", "trimmed"), ("user", "a"), ("assistant", " \n"), ("assistant", "b"), ("user", "c")]
    call = chat(p, ("system", "One."), ("system", "Two."), ("system", " "), *turns)
    assert call.json["system"] == "One.\n\nTwo."
    assert call.json["messages"] == [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]


@check
def sampling_asks_in_the_older_version(p: Provider) -> None:
    for name, value in (("temperature", 0.5), ("top_p", 0.9), ("top_k", 40)):
        parameters: Any = {name: value}
        call = chat(p, model="claude-opus-4-6", **parameters)
        assert call.headers == {"anthropic-version": OLDER}
        assert call.json[name] == value


@check
def parameters_have_the_words_of_the_wire(p: Provider) -> None:
    body = chat(p, stop=["END", " "], effort="low", thinking="adaptive").json
    assert body["stop_sequences"] == ["END"]
    assert body["output_config"] == {"effort": "low"}
    assert body["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert not {"stop", "effort"} & set(body)
    assert "stop_sequences" not in chat(p, stop=[" "]).json
    assert chat(p, thinking="disabled").json["thinking"] == {"type": "disabled"}
    budget = chat(p, model="claude-haiku-4-5", thinking_budget=20_000).json
    assert budget["thinking"] == {"type": "enabled", "budget_tokens": 20_000}
    assert budget["max_tokens"] == 36_384
    assert "thinking_budget" not in budget
    assert chat(p, thinking_budget=2000, max_tokens=4000).json["max_tokens"] == 4000


@check
def a_schema_is_the_format_of_the_output_and_is_never_left_out(p: Provider) -> None:
    assert p.chat
    model, messages = Model("anthropic", "claude-opus-5-5", ModelType.CHAT), (Message("user", "Hello?"),)
    only = p.chat(BASE, ChatRequest(model, messages, schema=SCHEMA))
    output = {"format": {"type": "json_schema", "schema": SCHEMA}}
    assert only.json["output_config"] == output
    both = p.chat(BASE, ChatRequest(model, messages, {"effort": "low"}, schema=SCHEMA))
    assert both.json["output_config"] == {"effort": "low", **output}
    message = "output_config.format: Extra inputs are not permitted"
    assert p.repair_request(only, ApiError(400, kind=INVALID, message=message)) is None
    message = "This model does not support the effort parameter."
    repaired = p.repair_request(both, ApiError(400, kind=INVALID, message=message))
    assert repaired and repaired[0].json == only.json
    assert repaired[1] == "claude-opus-5-5 takes no effort. It was left out."


# --- answers ----------------------------------------------------------------------------------------------------------


@check
def the_kind_of_an_event_is_its_type_or_its_name(p: Provider) -> None:
    frames = [start(), block(), text("Hi"), STOPPED, closing(), END]
    expected = read(chat(p), *(Frame(frame, frame["type"]) for frame in frames))
    assert TextDelta("Hi") in expected and isinstance(expected[-1], Finish)
    assert read(chat(p), *frames) == expected
    bare = [Frame({name: value for name, value in frame.items() if name != "type"}, frame["type"]) for frame in frames]
    assert read(chat(p), *bare) == expected


@check
def text_that_comes_with_the_start(p: Provider) -> None:
    first = start()
    first["message"]["content"] = [{"type": "text", "text": "Hi"}]
    assert TextDelta("Hi") in read(chat(p), first, closing(), END)


@check
def a_stream_as_documented(p: Provider) -> None:
    frames = (start(), block(), PING, text("Good"), text(" day"), STOPPED, closing(), END, text("late"), END)
    assert events(p, *frames) == [
        TextDelta("Good"),
        TextDelta(" day"),
        Usage(20, 6, cached=5, cache_write=3),
        Finish("end_turn"),
    ]


@check
def thoughts_come_before_the_text(p: Provider) -> None:
    used = {"output_tokens": 9, "input_tokens": None, "output_tokens_details": {"thinking_tokens": 4}}
    assert events(
        p,
        start(input_tokens=30, output_tokens=1),
        block("thinking", signature=""),
        thought("Compare the two."),
        delta("signature_delta", signature="c2ln"),
        STOPPED,
        block(index=1),
        text("The first"),
        closing("stop_sequence", {"output_tokens": 7}),
        closing(None, used),
        END,
    ) == [ThinkingDelta("Compare the two."), TextDelta("The first"), Usage(30, 9, 4), Finish("stop_sequence")]


@check
def what_is_written_to_the_cache_for_an_hour(p: Provider) -> None:
    # Guide, prompt caching: `cache_creation` parts what was written by how long it is kept.
    remaining = {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2}
    frames = (start(**USED, cache_creation=remaining), text("Hi"), closing(), END)
    assert events(p, *frames)[1] == Usage(20, 6, cached=5, cache_write=3, cache_write_1h=2)


@check
def a_whole_answer_as_documented(p: Provider) -> None:
    content = [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "text", "text": "Good"},
        {"type": "unheard_of", "text": "no"},
        {"type": "text", "text": " day"},
    ]
    body = {**whole(""), "content": content}
    for stream in (True, False):
        assert read(chat(p, stream=stream), body) == [
            ThinkingDelta("Hm."),
            TextDelta("Good"),
            TextDelta(" day"),
            Usage(20, 6, cached=5, cache_write=3),
            Finish("end_turn"),
        ]
    for odd in ({"type": "message"}, {"type": "message", "content": [7, None], "usage": 3}):
        assert read(chat(p), odd) == [UNFINISHED]


@check
def the_ends_of_an_answer(p: Provider) -> None:
    def end(reason: str, *pieces: dict[str, Any], **more: Any) -> Finish:
        finish = events(p, *(pieces or (text("Hi"),)), closing(reason, **more), END)[-1]
        assert isinstance(finish, Finish)
        return finish

    assert end("end_turn") == Finish("end_turn")
    assert end("stop_sequence") == Finish("stop_sequence")
    assert end("max_tokens") == Finish("max_tokens", False, "The answer reached its length limit.")
    spent = "The answer reached its length limit before its first word; thinking used it up."
    assert end("max_tokens", thought("Hm")) == Finish("max_tokens", False, spent)
    full = "The conversation has reached the model's context limit."
    assert end("model_context_window_exceeded") == Finish("model_context_window_exceeded", False, full)
    tool = "The model asked for a tool, and none is offered here."
    assert end("tool_use") == Finish("tool_use", True, tool)
    paused = "The model paused before the end of its answer."
    assert end("pause_turn") == Finish("pause_turn", False, paused)
    cut = "The provider's content filter cut the answer."
    assert end("refusal") == Finish("refusal", False, cut)
    why = {"type": "refusal", "category": "cyber", "explanation": "It is about an attack."}
    assert end("refusal", stop_details=why) == Finish("refusal", False, f"{cut} It is about an attack.")
    assert end("unheard_of") == Finish("unheard_of")
    for reason in ("end_turn", "stop_sequence"):
        assert end(reason, thought("Hm")).note == "The answer is empty."
    assert events(p, text("Hi"), END)[-1] == Finish("end_turn")


@check
def without_its_end_mark_an_answer_is_cut(p: Provider) -> None:
    cut = UNFINISHED
    assert events(p, start(), text("Hi")) == [TextDelta("Hi"), Usage(20, 1, cached=5, cache_write=3), cut]
    assert events(p) == [cut]
    # A stop reason is an end as well.
    assert events(p, text("Hi"), closing())[-1] == Finish("end_turn")


@check
def a_whole_message_of_a_gateway(p: Provider) -> None:
    for content in ("Hi", ["Hi"], [{"type": "text", "text": "Hi"}]):
        for kind in ({"type": "message"}, {}):
            message = {**kind, "role": "assistant", "content": content, "stop_reason": "end_turn"}
            assert read(chat(p), message) == [TextDelta("Hi"), Finish("end_turn")]


@check
def an_error_event_has_the_status_that_it_would_have_had(p: Provider) -> None:
    statuses = {
        "invalid_request_error": 400,
        "api_error": 500,
        "overloaded_error": 529,
        "unheard_of": 0,
    }
    for kind, status in statuses.items():
        before, refused = events(p, text("Hi"), failure(kind, code="c1"), text("late"), END)
        assert before == TextDelta("Hi")
        assert (refused.status, refused.kind, refused.code, refused.message) == (status, kind, "c1", "Their words.")
        assert refused.request_id == "req_01Kz"
    assert read(chat(p), failure("api_error"))[0].status == 500
    assert read(chat(p), Frame("No room", "error"))[0].message == "No room"
    assert read(chat(p), {"error": {"message": "A gateway's words."}})[0].message == "A gateway's words."
    assert read(chat(p), {"type": "error", "message": "Flat words."})[0].message == "Flat words."


@check
def odd_events_are_passed_over(p: Provider) -> None:
    odd: list[Any] = [[], 7, None, "keepalive", {}, {"type": "unheard_of"}, {"type": "content_block_delta"}]
    odd += [delta("text_delta"), delta("text_delta", text=None), delta("input_json_delta", partial_json="{"), PING]
    odd += [delta("citations_delta", citation={}), {"type": "message_start", "message": None}, block("tool_use")]
    assert read(chat(p), *odd, end=False) == []
    # A server may put words into the start of a block.
    assert read(chat(p), block(text="Hi"), block("thinking", thinking="Hm"), end=False) == [
        TextDelta("Hi"),
        ThinkingDelta("Hm"),
    ]
    counted = read(chat(p), start(input_tokens="x", output_tokens=None), END)
    assert counted[0] == Usage()


# --- models -----------------------------------------------------------------------------------------------------------


def entry(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "model", "id": name, "display_name": name.title(), "created_at": "2026-09-29T00:00:00Z", **more}


def page(*entries: Any, more: Any = False, last: Any = None) -> dict[str, Any]:
    return {"data": list(entries), "has_more": more, "first_id": None, "last_id": last}


@check
def the_list_is_read_page_by_page(p: Provider) -> None:
    newest = entry(
        "claude-opus-5-5", lifecycle="active", retires_at=None, max_input_tokens=1_000_000, max_tokens=128_000
    )
    older = entry("claude-sonnet-4-5", lifecycle="deprecated", retires_at="2026-12-01T00:00:00Z")
    first = read(p.verify(BASE), page(newest, entry("claude-2", lifecycle="retired"), more=True, last="claude-2"))
    assert first[0] == ModelsListed((Model("anthropic", "claude-opus-5-5", ModelType.CHAT, context=1_000_000),), 2)
    following = first[1]
    assert isinstance(following, Call)
    assert (following.method, following.url) == ("GET", "https://api.anthropic.com/v1/models")
    assert following.query == {"limit": "1000", "after_id": "claude-2"}
    assert read(following, page(older, {"type": "model"}, 7)) == [
        ModelsListed((Model("anthropic", "claude-sonnet-4-5", ModelType.CHAT, ends="2026-12-01"),), 3),
        Notice("2 models of the list have no name that can be used. They were left out."),
        Accepted(),
    ]
    # The same page again would never come to an end.
    assert read(following, page(newest, more=True, last="claude-2"))[1:] == [Accepted()]
    more = Notice("The server has more models than it listed. Add those that are missing by name.")
    assert read(p.verify(BASE), page(newest, more=True))[1:] == [more, Accepted()]


@check
def items_of_older_servers_have_a_name_and_little_else(p: Provider) -> None:
    names = ("claude-sonnet-4-5", "claude-opus-5", "Claude.Gateway")
    listed = read(p.verify(BASE), {"data": [{"id": name, "retires_at": 7, "max_input_tokens": "x"} for name in names]})
    ends = ("2026-11-30", "", "")
    models = tuple(Model("anthropic", name, ModelType.CHAT, ends=date) for name, date in zip(names, ends, strict=True))
    assert listed == [ModelsListed(models, 3), Accepted()]
    assert read(p.verify(BASE), page()) == [ModelsListed((), 0), Accepted()]
    for odd in ({"data": 7}, {}, 7):
        refused = read(p.verify(BASE), odd)[0]
        assert refused.code == "malformed"
        message = p.describe_error(refused, "")
        assert message and message.message == "The response of Anthropic cannot be read."
    assert read(p.verify(BASE), failure("api_error"))[0].message == "Their words."


@check
def what_is_known_without_asking(p: Provider) -> None:
    known = {model.id: model.ends for model in p.catalogue}
    assert p.catalogue_as_of == "2026-11-22"
    assert {name: ends for name, ends in known.items() if ends} == {
        "claude-sonnet-4-5": "2026-11-30",
        "claude-sonnet-4-5-20250929": "2026-11-30",
    }
    for name in ("claude-fable-5-2", "claude-opus-5-5", "claude-haiku-4-5-20251001", "claude-opus-4-8"):
        assert name in known
    assert "claude-mythos-preview" not in known
    assert p.trial_calls == 1_000 and all(name in known for name in p.trial_models)
    assert p.proposed == {
        ModelType.CHAT: (
            "claude-sonnet-5-5",
            "claude-opus-5-5",
            "claude-haiku-5-5",
            "claude-sonnet-5",
            "claude-opus-5",
        )
    }
    refusal = ApiError(404, kind="not_found_error", message="model: claude-2.1")
    message = p.describe_error(refusal, "claude-2.1")
    assert message and message.message == "Anthropic retired claude-2.1 on 2025-07-21."


@check
def what_a_model_takes(p: Provider) -> None:
    def names(model: str) -> list[str]:
        return [parameter.name for parameter in p.parameters(Model("anthropic", model, ModelType.CHAT))]

    sampling = ["temperature", "top_p", "top_k"]
    for model in (
        "claude-haiku-4-5",
        "claude-sonnet-4-5-20250929",
        "claude-3-7-sonnet-20250219",
        "claude-sonnet-4-20250514",
    ):
        assert names(model) == [*sampling, "max_tokens", "thinking_budget", "stop"], model
    for model in ("claude-opus-4-6", "claude-sonnet-4-6", "anthropic/claude-opus-4.6"):
        assert names(model) == [*sampling, "max_tokens", "thinking", "effort", "stop"], model
    for model in (
        "claude-opus-4-7",
        "claude-sonnet-5",
        "claude-haiku-5-5",
        "claude-fable-5-2",
        "claude-mythos-preview",
    ):
        assert names(model) == ["max_tokens", "thinking", "effort", "stop"], model
    parameters = {
        parameter.name: parameter for parameter in p.parameters(Model("anthropic", "claude-haiku-4-5", ModelType.CHAT))
    }
    assert (parameters["temperature"].low, parameters["temperature"].high) == (0, 1)
    assert parameters["thinking_budget"].low == 1024
    assert parameters["max_tokens"].unset == "16,384"
    choices = {
        parameter.name: parameter.choices
        for parameter in p.parameters(Model("anthropic", "claude-opus-5", ModelType.CHAT))
    }
    assert choices["thinking"] == ("adaptive", "disabled")
    assert choices["effort"] == ("low", "medium", "high", "xhigh", "max")
    assert p.parameters(Model("anthropic", "m", ModelType.EMBEDDING)) == ()


@check
def what_it_is(p: Provider) -> None:
    assert (p.id, p.label, p.supply, p.import_mode) == ("anthropic", "Anthropic", Supply.OWN, ImportMode.BOTH)
    assert p.types == (ModelType.CHAT,)
    assert [
        (form_field.name, form_field.secret, form_field.required, form_field.advanced) for form_field in p.fields
    ] == [
        ("api_key", True, True, False),
        ("base_url", False, False, True),
        ("workspace_id", False, False, True),
    ]
    assert p.field("base_url").default == "https://api.anthropic.com"
    assert p.field("api_key").env == ("ANTHROPIC_API_KEY",)
    assert p.field("base_url").env == ("ANTHROPIC_BASE_URL",)
    assert p.field("base_url").strip_suffixes == (
        "/v1/messages/count_tokens",
        "/v1/messages",
        "/v1/models",
        "/v1/complete",
        "/v1",
    )
    assert p.field("workspace_id").pattern == r"wrkspc_[A-Za-z0-9_-]+"
    assert [prefix.value for prefix in p.field("api_key").prefixes] == [
        "sk-ant-admin",
        "sk-ant-api",
        "sk-ant-oat",
        "sk-ant-",
    ]
    assert p.key_page == "https://platform.claude.com/settings/keys"
    assert p.origins({"base_url": "https://gateway.test:8443/claude"}) == ("https://gateway.test:8443",)


# --- refusals ---------------------------------------------------------------------------------------------------------


@check
def an_error_body(p: Provider) -> None:
    headers = {"request-id": "req_9"}
    body = failure("rate_limit_error", "M", "ramp_limit_exceeded")
    error = p.parse_error(429, headers | {"retry-after": "2"}, body)
    expected = ApiError(429, "ramp_limit_exceeded", "rate_limit_error", "M", "", "req_01Kz", error.headers)
    assert error == expected
    assert error.headers == headers | {"retry-after": "2"}
    bare = p.parse_error(400, headers, {"type": "error", "error": {"type": "invalid_request_error", "message": "M"}})
    assert (bare.code, bare.kind, bare.request_id, bare.final) == ("", "invalid_request_error", "req_9", False)
    nobody = {"type": "error", "error": {"type": "invalid_request_error"}, "request_id": None}
    assert p.parse_error(413, headers, nobody).request_id == "req_9"
    odd: Any
    for odd in (None, "plain", [], {"error": "Words"}, {"error": {"details": 7}}):
        assert not p.parse_error(500, {}, odd).final


@check
def what_no_waiting_mends_is_final(p: Provider) -> None:
    for code in ("enforced_spend_limit_reached", "contract_spend_limit_reached", "linked_organization_past_due"):
        assert p.parse_error(429, {"retry-after": "1"}, failure(LIMITED, code=code)).final
    assert p.parse_error(400, {}, failure(INVALID, NO_CREDIT)).final
    assert p.parse_error(402, {}, failure("billing_error")).final
    assert p.parse_error(429, {}, failure(LIMITED)).final
    assert not p.parse_error(429, {"retry-after": "1"}, failure(LIMITED)).final
    assert not p.parse_error(429, {}, {}).final
    assert not p.parse_error(529, {}, failure("overloaded_error")).final


@check
def sampling_that_is_not_accepted_is_left_out(p: Provider) -> None:
    call = chat(p, temperature=0.5, top_k=9)

    def repaired(message: str, request: Call = call, status: int = 400) -> Any:
        return p.repair_request(request, ApiError(status, kind=INVALID, message=message))

    for message in (
        "`temperature` is deprecated for this model.",
        "temperature: Extra inputs are not permitted",
        "temperature is not supported in this version",
        "temperature: only 1.0 is allowed for this model",
        "This model does not support temperature.",
    ):
        better, sentence = repaired(message)
        assert better.json == {name: value for name, value in call.json.items() if name != "temperature"}
        assert sentence == "claude-opus-5-5 takes no temperature. It was left out."
        # The other one still needs the older version; the last one does not.
        assert better.headers == {"anthropic-version": OLDER}
        last, _ = repaired("`top_k` was removed", better)
        assert last.headers == {"anthropic-version": CURRENT}
        assert not {"temperature", "top_k"} & set(last.json)
    both = chat(p, temperature=0.5, top_p=0.9)
    remaining, sentence = repaired("`temperature` and `top_p` cannot both be specified for this model.", both)
    assert remaining.json == {name: value for name, value in both.json.items() if name != "top_p"}
    assert sentence == "claude-opus-5-5 takes no top_p with temperature. It was left out."
    assert repaired("`temperature` is deprecated", status=422)
    for message, status in (
        ("temperature: must be below 1", 400),
        ("top_p is not supported", 400),
        ("temperature", 401),
    ):
        assert repaired(message, status=status) is None
    assert repaired("temperature is not supported", p.verify(BASE)) is None


@check
def other_fields_that_are_not_accepted_are_left_out(p: Provider) -> None:
    call = chat(p, thinking="adaptive", effort="max")

    def repaired(message: str) -> Any:
        return p.repair_request(call, ApiError(400, kind=INVALID, message=message))

    for message in (
        "This model does not support the effort parameter.",
        "output_config: Extra inputs are not permitted",
    ):
        better, sentence = repaired(message)
        assert better.json == {name: value for name, value in call.json.items() if name != "output_config"}
        assert sentence == "claude-opus-5-5 takes no effort. It was left out."
        assert better.headers == {"anthropic-version": CURRENT}
    better, sentence = repaired("adaptive thinking is not supported on this model")
    assert "thinking" not in better.json
    assert sentence == "claude-opus-5-5 takes no thinking. It was left out."
    shown, sentence = repaired("thinking.adaptive.display: Extra inputs are not permitted")
    assert shown.json["thinking"] == {"type": "adaptive"}
    assert sentence == "claude-opus-5-5 takes no display of its thinking. It was left out."
    assert calls.repaired(p, shown, ApiError(400, message="thinking.adaptive.display: not permitted"))[0].json == {
        name: value for name, value in shown.json.items() if name != "thinking"
    }


@check
def too_many_tokens_become_the_most_of_the_model(p: Provider) -> None:
    message = "max_tokens: 90000 > 64000, which is the maximum allowed number of output tokens for claude-haiku-4-5"
    call = chat(p, max_tokens=90_000)
    better, sentence = calls.repaired(p, call, ApiError(400, kind=INVALID, message=message))
    assert better.json == call.json | {"max_tokens": 64_000}
    assert sentence == "claude-opus-5-5 gives 64,000 tokens at most."


@check
def a_gateway_that_knows_the_older_version_alone(p: Provider) -> None:
    message = ApiError(400, kind=INVALID, message="anthropic-version: 2026-10-21 is not a valid version")
    for call in (p.verify(BASE), chat(p)):
        better, sentence = calls.repaired(p, call, message)
        assert better.headers == {"anthropic-version": OLDER}
        assert (better.url, better.json) == (call.url, call.json)
        assert sentence == "The server supports only the older version of the API, which was used."
        assert p.repair_request(better, message) is None


@check
def words_of_the_account(p: Provider) -> None:
    for message in ("spend limit", "spending limit", "usage limit"):
        problem = p.describe_error(ApiError(400, kind=INVALID, message=f"Your {message} is reached."), "m")
        assert problem and problem.message.startswith("A spending limit")
    assert p.describe_error(ApiError(400, kind=INVALID, message="The text is bad."), "m") is None
    assert p.describe_error(ApiError(401, kind="authentication_error", message="invalid x-api-key"), "m") is None
    assert p.describe_error(ApiError(529, kind="overloaded_error"), "m") is None
    for message in ("Country is not supported", "this region", "this territory"):
        assert isinstance(p.describe_error(ApiError(403, message=message), "m"), NetworkError)
    long = p.describe_error(ApiError(400, message="input exceeds the context limit"), "m")
    assert long and long.message == "This is longer than m can take."


@check
def frames_are_json(p: Provider) -> None:
    frame = json.loads(named(text("x")).decode().partition("data: ")[2])
    assert read(chat(p), frame, end=False) == [TextDelta("x")]


@check
def a_gateway_without_a_list_is_verified_by_an_empty_request(p: Provider) -> None:
    for status in (404, 405, 501):
        probe, notice = p.repair_request(p.verify(BASE), ApiError(status)) or (None, "")
        assert probe and (probe.method, probe.url, probe.json) == ("POST", f"{BASE['base_url']}/v1/messages", {})
        assert notice.startswith("This address lists no models.")
        assert probe.accepted_statuses == {400, 404, 422}
        for refused in (ApiError(400), ApiError(422), ApiError(404, message="model: Field required")):
            assert read(probe, refused) == [ModelsListed(p.catalogue), Accepted()]
        assert read(probe, ApiError(404)) == [ApiError(404)]
    assert p.repair_request(p.verify(BASE), ApiError(404, page=True)) is None
    assert p.repair_request(chat(p), ApiError(404)) is None


# --- images -----------------------------------------------------------------------------------------------------------


@check
def images_and_documents(p: Provider) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": DATA}
    blocks = [
        {"type": "image", "source": source},
        {"type": "document", "source": source | {"media_type": "application/pdf"}},
        {"type": "text", "text": "What is this?"},
    ]
    assert chat_with(p, BASE, "claude-opus-5-5", IMAGE, PAPER)["messages"][0] == {"role": "user", "content": blocks}
    documents = {"documents": ("application/pdf",)}
    most = {"size": 5 * MB * 3 // 4, "total": 32 * MB * 3 // 4, "count": 20, "side": 8000}
    assert figures(p, "claude-haiku-4-5") == documents | most
    assert figures(p, "claude-2.1") is None
    yes, no = {"supported": True}, {"supported": False}
    for capabilities, inputs in (
        ({"image_input": yes, "pdf_input": yes}, ("text", "image", "pdf")),
        ({"image_input": yes, "pdf_input": no}, ("text", "image")),
        ({"image_input": no}, ("text",)),
        ({"thinking": yes}, ()),
    ):
        listed = read(p.verify(BASE), {"data": [{"id": "claude-x", "capabilities": capabilities}]})[0].models
        assert listed[0].inputs == inputs
    assert figures(p, "claude-x", inputs=("text", "image", "pdf")) == documents | most
    assert figures(p, "claude-x", inputs=("text", "image")) == most


@check
def tools_and_their_results(p: Provider) -> None:
    """Guides: tool use, and extended thinking with tool use."""
    state = ({"type": "thinking", "thinking": "T", "signature": "S"},)
    weather = Tool("get_weather", "The weather.", {"properties": {"location": {"type": "string"}}})
    used = ToolCall("call_1", "get_weather", '{"location": "Oslo"}')
    turns = (
        Message("user", "Coat?"),
        Message("assistant", "Let me see.", tool_calls=ToolCalls((used, replace(used, arguments="[]")), state)),
        Message("tool", "", call_id="call_1"),
        Message("tool", "cold", call_id="call_2"),
    )
    assert p.chat
    body = p.chat(BASE, ChatRequest(Model(p.id, "m", ModelType.CHAT), turns, tools=(weather,))).json
    schema = {"type": "object", "properties": {"location": {"type": "string"}}}
    assert body["tools"] == [{"name": "get_weather", "description": "The weather.", "input_schema": schema}]
    block_sent = {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"location": "Oslo"}}
    words = {"type": "text", "text": "Let me see."}
    results = [
        {"type": "tool_result", "tool_use_id": "call_1", "content": ""},
        {"type": "tool_result", "tool_use_id": "call_2", "content": "cold"},
    ]
    assert body["messages"][1:] == [
        {"role": "assistant", "content": [*state, words, block_sent, block_sent | {"input": {}}]},
        {"role": "user", "content": results},
    ]


@check
def calls_of_tools_are_joined_and_signed_thinking_is_returned(p: Provider) -> None:
    """Guide, streaming messages: tool use and extended thinking."""
    frames = [
        block("thinking", signature=""),
        thought("Weather."),
        delta("signature_delta", signature="EqQB"),
        block("redacted_thinking", 1, data="En3K"),
        block("tool_use", 2, id="toolu_01", name="get_weather", input={}),
        delta("input_json_delta", 2, partial_json=""),
        delta("input_json_delta", 2, partial_json='{"location":'),
        delta("input_json_delta", 2, partial_json=' "Paris"}'),
    ]
    results = events(p, *frames, closing("tool_use"), END)
    signed = {"type": "thinking", "thinking": "Weather.", "signature": "EqQB"}
    assert [event for event in results if isinstance(event, ToolCalls)] == [
        ToolCalls(
            (ToolCall("toolu_01", "get_weather", '{"location": "Paris"}'),),
            (signed, {"type": "redacted_thinking", "data": "En3K"}),
        )
    ]
    finish = results[-1]
    assert finish.complete and "asked for a tool" in finish.note
    content = [signed, {"type": "tool_use", "id": "toolu_01", "name": "f", "input": {"a": 1}}]
    whole = {"type": "message", "role": "assistant", "content": content, "stop_reason": "tool_use"}
    assert ToolCalls((ToolCall("toolu_01", "f", '{"a": 1}'),), (signed,)) in read(chat(p), whole)
