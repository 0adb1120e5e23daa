"""What MiniMax's API reference says (OpenAI API, chatcompletion v2, embeddings, models, error codes).

Nothing here was recorded from the adapter; the frames are our own composition of the documented shapes.
"""

from typing import Any

from tests.providers.attached import PARTS, chat_with, figures
from tests.providers.facts import BARE_LIST, KEY, SCHEMA, Chat, Facts, Refusal, Stream, read, sse
from tui.domain import ImportMode, Model, ModelType, Supply
from tui.errors import CredentialRejected, Problem, ScopeMissing, UsageError
from tui.providers.events import Accepted, Finish, ModelsListed, Notice, TextDelta, ThinkingDelta, Usage, Vectors
from tui.providers.requests import ApiError, Call, ChatRequest, EmbeddingRequest, Framing, Message
from tui.providers.spec import Provider
from tui.secret import Secret

MAINLAND, INTERNATIONAL = "https://api.minimaxi.com/v1", "https://api.minimax.io/v1"
BASE = {"base_url": MAINLAND}
GROUP = BASE | {"group_id": "1700000000000000000"}
EMBO = Model("minimax", "embo-01", ModelType.EMBEDDING)
LONG_KEY = f"eyJFAKE{'0' * 3900}.FAKE.FAKE3f2a"
USED = {"prompt_tokens": 40, "completion_tokens": 6, "completion_tokens_details": {"reasoning_tokens": 3}}


def delta(piece: Any, reason: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": piece, **({"finish_reason": reason} if reason else {})}
    return {
        "id": "demo0001",
        "object": "chat.completion.chunk",
        "created": 1767600000,
        "model": "MiniMax-M2.5",
        "choices": [choice],
        **more,
    }


def whole(text: str, **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text, **more}
    return {
        "id": "demo0002",
        "object": "chat.completion",
        "created": 1767600000,
        "model": "MiniMax-M2.5",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": USED,
        "base_resp": {"status_code": 0, "status_msg": ""},
    }


def no(number: int, message: str = "Their words.") -> dict[str, Any]:
    """The failure in the body of a 200."""
    return {"id": "demo-3", "choices": None, "base_resp": {"status_code": number, "status_msg": message}}


def error(kind: str, message: str) -> dict[str, Any]:
    """The failure with a status of its own."""
    return {"type": "error", "error": {"type": kind, "message": message, "http_code": "0"}, "request_id": "demo-4"}


def talk(name: str, model: str, stream: Stream) -> Chat:
    return Chat(
        "minimax",
        lambda origin: {"api_key": KEY, "base_url": f"{origin}/v1"},
        Model("minimax", model, ModelType.CHAT),
        stream,
        whole,
        name=name,
    )


CURRENT = Stream(
    lambda text: sse(delta({"role": "assistant", "content": text})),
    closing=sse(delta({}, "stop", usage=USED)) + sse("[DONE]"),
    opening=sse(delta({"role": "assistant", "content": ""})),
    error=sse(no(1013)),
    error_message="{label} failed on its side (500).",
    error_retried=True,
)
OLDER = Stream(
    CURRENT.text,
    closing=sse(delta({"role": "assistant", "content": ""}, "stop")) + sse(whole("Good day")),
    error=sse(no(1002)),
    error_message="{label} is too busy.",
    error_retried=True,
)
NOT_KNOWN = "MiniMax rejected this key at this address."
NO_BALANCE = "Your MiniMax account has no balance left. The key is valid."

FACTS = Facts(
    "minimax",
    otherwise=(BARE_LIST,),
    modules=("minimax.api",),
    numbers=True,
    chats=(
        talk("", "MiniMax-M2.5", CURRENT),
        talk("v2", "MiniMax-Text-01", OLDER),
    ),
    refusals=(
        Refusal(
            401, error("authorized_error", "invalid api key (2049)"), NOT_KNOWN, CredentialRejected, "api.minimax.io"
        ),
        Refusal(
            401,
            error("authorized_error", "login fail: please carry the key (1004)"),
            NOT_KNOWN,
            CredentialRejected,
            "sk-cp-",
        ),
        Refusal(401, error("authentication_error", "cookie is missing, log in again"), NOT_KNOWN, CredentialRejected),
        Refusal(401, error("authorized_error", "no"), NOT_KNOWN, CredentialRejected, call="verify"),
        Refusal(200, no(1004, "login fail"), NOT_KNOWN, CredentialRejected, "group ID", call="verify"),
        Refusal(200, no(2049, "invalid api key"), NOT_KNOWN, CredentialRejected, call="verify"),
        Refusal(200, no(1004), NOT_KNOWN, CredentialRejected),
        Refusal(429, error("insufficient_balance_error", "insufficient balance (1008)"), NO_BALANCE, Problem, "credit"),
        Refusal(500, error("api_error", "insufficient balance (1008)"), NO_BALANCE),
        Refusal(429, error("insufficient_balance_error", "no number"), NO_BALANCE),
        Refusal(200, no(1008, "insufficient balance"), NO_BALANCE),
        Refusal(
            429, error("rate_limit_error", "usage limit exceeded (2056)"), "The quota of your MiniMax plan is used up"
        ),
        Refusal(200, no(2056), "The quota of your MiniMax plan is used up for now.", Problem, "Wait some hours"),
        Refusal(429, error("rate_limit_error", "rate limit (1002)"), "MiniMax is too busy.", retried=True),
        Refusal(200, no(1002, "rate limit"), "MiniMax is too busy.", retried=True),
        Refusal(200, no(1039), "The tokens of this minute are used up at MiniMax.", Problem, "a minute", retried=True),
        Refusal(200, no(1000), "MiniMax failed on its side (500).", retried=True),
        Refusal(500, error("api_error", "unknown error (1000)"), "MiniMax failed on its side (500).", retried=True),
        Refusal(200, no(1026), "The content rules of MiniMax reject this text.", Problem, "Rephrase"),
        Refusal(200, no(1027), "The content rules of MiniMax stopped its own answer.", Problem, "Rephrase"),
        Refusal(200, no(1042), "Too much of this text is invisible characters."),
        Refusal(400, error("bad_request_error", "unknown model 'x' (2013)"), "MiniMax does not know MiniMax-M2.5, or"),
        Refusal(
            200, no(2013, "unknown model"), "MiniMax does not know MiniMax-M2.5, or no longer serves", hint="Refresh"
        ),
        Refusal(200, no(2061, "your plan does not support model"), "MiniMax does not know MiniMax-M2.5, or no longer"),
        Refusal(200, no(2013, "context window exceeds limit"), "This is longer than MiniMax-M2.5 can take."),
        Refusal(200, no(2013, "invalid params"), "MiniMax rejected this request for MiniMax-M2.5 (400)."),
        Refusal(200, error("api_error", "failed (1000)"), "MiniMax failed on its side (500).", retried=True),
    ),
)
check = FACTS.check


def chat(p: Provider, name: str = "MiniMax-M2.5", stream: bool = True, **parameters: Any) -> Call:
    assert p.chat
    messages = (Message("system", "Be brief."), Message("user", "Hello?"))
    return p.chat(BASE, ChatRequest(Model("minimax", name, ModelType.CHAT), messages, parameters, stream))


def embed(p: Provider, *texts: str, fields: Any = BASE, query: bool = False) -> Call:
    assert p.embed
    return p.embed(fields, EmbeddingRequest(EMBO, texts, query))


# --- what it is -------------------------------------------------------------------------------------------------------


@check
def what_it_is(p: Provider) -> None:
    assert (p.id, p.label, p.supply, p.import_mode) == ("minimax", "MiniMax", Supply.OWN, ImportMode.BOTH)
    assert p.types == (ModelType.CHAT, ModelType.EMBEDDING) and p.distinguishes_queries
    assert [
        (form_field.name, form_field.required, form_field.secret, form_field.advanced) for form_field in p.fields
    ] == [
        ("api_key", True, True, False),
        ("group_id", False, False, True),
        ("base_url", False, False, True),
    ]
    assert p.field("api_key").env == ("MINIMAX_API_KEY",)
    assert p.field("group_id").env == ("MINIMAX_GROUP_ID",)
    assert set(p.field("base_url").env) == {"MINIMAX_API_BASE", "MINIMAX_API_HOST"}
    assert [prefix.value for prefix in p.field("api_key").prefixes] == ["sk-api-", "sk-cp-", "eyJ"]
    assert p.key_page == "https://platform.minimaxi.com/user-center/basic-information/interface-key"


@check
def where_it_is(p: Provider) -> None:
    field = p.field("base_url")
    assert field.url and field.default == MAINLAND
    assert [choice.value for choice in field.choices] == [MAINLAND, INTERNATIONAL]
    assert p.origins(BASE) == ("https://api.minimaxi.com",)
    for pasted in ("https://api.minimaxi.com", "https://api.minimaxi.com/", f"{MAINLAND}/"):
        assert p.verify({"base_url": pasted}).url == f"{MAINLAND}/models"
    endings = {"/text/chatcompletion_v2", "/text/chatcompletion_pro", "/chat/completions", "/embeddings"}
    assert endings | {"/anthropic", "/anthropic/v1", "/anthropic/v1/messages"} <= set(field.strip_suffixes)


@check
def a_key_is_tried_on_the_other_platform(p: Provider) -> None:
    for here in (MAINLAND, "https://api.minimaxi.com"):
        assert p.regions(GROUP | {"base_url": here}) == (GROUP | {"base_url": INTERNATIONAL},)
    assert p.regions({"base_url": INTERNATIONAL}) == (BASE,)
    for own in ("https://api.minimax.chat/v1", "http://localhost:9", "https://gateway.example.test/v1"):
        assert p.regions({"base_url": own}) == ()


@check
def the_key_is_a_bearer_however_long(p: Provider) -> None:
    for call in (p.verify(BASE), chat(p), embed(p, "a")):
        signed = p.sign(call, BASE, {"api_key": Secret(LONG_KEY)}, 0)
        assert signed.headers == {"authorization": Secret(f"Bearer {LONG_KEY}")}


# --- models -----------------------------------------------------------------------------------------------------------


@check
def the_list_of_models(p: Provider) -> None:
    assert p.list_models
    for call in (p.verify(BASE), p.list_models(GROUP)):
        assert (call.method, call.url, call.query, call.json, call.framing) == (
            "GET",
            f"{MAINLAND}/models",
            {},
            None,
            Framing.JSON,
        )
    names = ("MiniMax-M2.5", "speech-2.8-hd", "MiniMax-Hailuo-2.3", "image-01", "music-2.0", "video-01", "voice-2")
    entries = [{"id": name, "object": "model", "owned_by": "minimax"} for name in names]
    known = Model("minimax", "embo-01", ModelType.EMBEDDING, context=4096, dimensions=1536)
    new = Model("minimax", "MiniMax-M2.5", ModelType.CHAT, context=204_800)
    assert read(p.verify(BASE), {"object": "list", "data": entries}) == [ModelsListed((new, known), 7), Accepted()]
    both = [{"id": "embo-01"}, {"id": "MiniMax-M9"}]
    assert read(p.verify(BASE), {"data": both})[0].models == (Model("minimax", "MiniMax-M9", ModelType.CHAT), known)
    assert [event.status for event in read(p.verify(BASE), no(2049))] == [401]


@check
def what_is_known_without_asking(p: Provider) -> None:
    assert {model.id: (model.type, model.context, model.dimensions) for model in p.catalogue} == {
        "MiniMax-M3": (ModelType.CHAT, 1_000_000, 0),
        "MiniMax-M1": (ModelType.CHAT, 1_000_000, 0),
        "MiniMax-Text-01": (ModelType.CHAT, 1_000_192, 0),
        **{
            name: (ModelType.CHAT, 204_800, 0)
            for item in ("MiniMax-M2.7", "MiniMax-M2.5", "MiniMax-M2.1")
            for name in (item, f"{item}-highspeed")
        },
        "MiniMax-M2": (ModelType.CHAT, 204_800, 0),
        "embo-01": (ModelType.EMBEDDING, 4096, 1536),
    }
    assert p.catalogue_as_of == "2026-11-22"
    assert p.proposed == {
        ModelType.CHAT: ("MiniMax-M3", "MiniMax-M2.7", "MiniMax-M2.5"),
        ModelType.EMBEDDING: ("embo-01",),
    }


# --- chats ------------------------------------------------------------------------------------------------------------


@check
def a_streamed_chat(p: Provider) -> None:
    call = chat(p, temperature=0.5, max_completion_tokens=40)
    assert (call.method, call.url, call.query, call.framing) == (
        "POST",
        f"{MAINLAND}/chat/completions",
        {},
        Framing.SSE,
    )
    assert call.json == {
        "model": "MiniMax-M2.5",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "reasoning_split": True,
        "temperature": 0.5,
        "max_completion_tokens": 40,
    }
    assert chat(p, max_tokens=9).json["max_completion_tokens"] == 9


@check
def a_chat_in_one_piece(p: Provider) -> None:
    call = chat(p, "MiniMax-M3", stream=False, thinking="disabled")
    assert (call.framing, call.json["stream"], call.json["thinking"]) == (Framing.JSON, False, {"type": "disabled"})
    assert call.json["reasoning_split"] is True
    assert "stream_options" not in call.json
    assert "thinking" not in chat(p, "MiniMax-M3").json


@check
def older_models_are_on_their_own_route(p: Provider) -> None:
    for name in ("MiniMax-Text-01", "MiniMax-M1", "abab6.5s-chat"):
        call = chat(p, name, max_tokens=9)
        assert (call.method, call.url) == ("POST", f"{MAINLAND}/text/chatcompletion_v2")
        assert call.json["max_tokens"] == 9
        assert not {"reasoning_split", "max_completion_tokens"} & set(call.json)
    for name in ("MiniMax-M3", "MiniMax-M2", "minimax-m2.7-highspeed"):
        assert chat(p, name).url == f"{MAINLAND}/chat/completions"


@check
def one_message_of_the_system_and_it_is_the_first(p: Provider) -> None:
    assert p.chat
    roles = (("user", "Hi"), ("system", "Be brief."), ("assistant", "Hm"), ("system", "Be kind."), ("user", "So?"))
    ask = ChatRequest(Model("minimax", "MiniMax-M2.5", ModelType.CHAT), tuple(Message(*turn) for turn in roles))
    assert p.chat(BASE, ask).json["messages"] == [
        {"role": "system", "content": "Be brief.\n\nBe kind."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hm"},
        {"role": "user", "content": "So?"},
    ]
    alone = ChatRequest(ask.model, (Message("user", "Hi"),))
    assert p.chat(BASE, alone).json["messages"] == [{"role": "user", "content": "Hi"}]


@check
def the_pieces_of_a_chat(p: Provider) -> None:
    both = {"reasoning_content": "Greet.", "reasoning_details": [{"text": "Greet."}]}
    expected = [ThinkingDelta("Greet."), TextDelta("Hello."), Usage(40, 6, 3), Finish("stop")]
    for thought in (
        both,
        {"reasoning_content": "Greet."},
        {"reasoning_details": [{"text": "Gre"}, 7, {"text": "et."}]},
    ):
        frames = [
            delta({"role": "assistant", "content": "", **thought}),
            delta({"role": "assistant", "content": "Hello."}),
            delta({}, "stop", usage=USED),
        ]
        assert read(chat(p), *frames, "[DONE]") == expected
        # Without the end mark, and with the usage in one more chunk.
        assert read(chat(p), *frames[:2], delta({}, "stop"), {"choices": [], "usage": USED}) == expected
    # The plain form counts where both are there.
    other = delta({"reasoning_content": "Greet.", "reasoning_details": [{"text": "Other."}]})
    assert read(chat(p), other, delta({"content": "Hi"}, "stop"))[0] == ThinkingDelta("Greet.")


@check
def the_whole_message_at_the_end_repeats_nothing(p: Provider) -> None:
    pieces = (delta({"role": "assistant", "content": "Hel"}), delta({"role": "assistant", "content": "lo."}, "stop"))
    for name in ("MiniMax-Text-01", "MiniMax-M2.5"):
        for end in ((), ("[DONE]",)):
            events = read(chat(p, name), *pieces, whole("Hello."), *end)
            assert events == [TextDelta("Hel"), TextDelta("lo."), Usage(40, 6, 3), Finish("stop")]
    # It ends the answer, with or without a mark.
    assert read(chat(p), whole("Hello."), delta({"content": " late"})) == [
        TextDelta("Hello."),
        Usage(40, 6, 3),
        Finish("stop"),
    ]
    # What has not come yet is taken from it.
    thought = delta({"role": "assistant", "reasoning_content": "Greet."})
    expected = [ThinkingDelta("Greet."), TextDelta("Hello."), Usage(40, 6, 3), Finish("stop")]
    assert read(chat(p), thought, whole("Hello.", reasoning_content="Greet.")) == expected
    # Alone it is the answer, streamed or not.
    for stream in (True, False):
        assert read(chat(p, stream=stream), whole("Hello.", reasoning_content="Greet.")) == expected
        assert read(chat(p, stream=stream), whole("Hello.", reasoning_details=[{"text": "Greet."}])) == expected
    for odd in ({}, {"delta": "x"}, {"message": 7}, {"message": {"reasoning_details": [7]}}):
        choice = {"index": 0, "finish_reason": "stop", **odd}
        assert read(chat(p), {**whole(""), "choices": [choice, 7]})[-1].reason == "stop"


@check
def an_answer_that_is_cut(p: Provider) -> None:
    filtered = read(chat(p), delta({"content": "Par"}), delta({}, "content_filter"), "[DONE]")[-1]
    assert (filtered.complete, filtered.reason) == (False, "content_filter")
    parted = read(chat(p), delta({"content": "Par"}), no(1027), end=False)
    assert parted[0] == TextDelta("Par")
    assert (parted[1].code, parted[1].final) == ("1027", True)


@check
def a_flagged_answer_says_so_once(p: Provider) -> None:
    message = Notice("The safety check of the service flagged this chat. A new one may work.")
    for name in ("input_sensitive", "output_sensitive"):
        piece, last = delta({"content": "Hi"}) | {name: True}, delta({}, "stop") | {name: True}
        assert read(chat(p), piece, last, "[DONE]") == [message, TextDelta("Hi"), Finish("stop")]
        assert message not in read(chat(p), delta({"content": "Hi"}) | {name: False}, "[DONE]")


@check
def what_a_model_takes(p: Provider) -> None:
    def accepted(name: str) -> dict[str, Any]:
        return {parameter.name: parameter for parameter in p.parameters(Model("minimax", name, ModelType.CHAT))}

    newest = accepted("MiniMax-M3")
    assert list(newest) == ["temperature", "top_p", "max_completion_tokens", "thinking"]
    assert (newest["temperature"].low, newest["temperature"].high) == (0, 2)
    assert newest["max_completion_tokens"].high == 524_288
    assert newest["thinking"].choices == ("adaptive", "disabled")
    # 0 itself is refused, and there is no switch of thinking.
    for name in ("MiniMax-M2.7", "MiniMax-M2"):
        assert list(accepted(name)) == ["temperature", "top_p", "max_completion_tokens"]
        assert 0 < accepted(name)["temperature"].low < 0.1 and accepted(name)["temperature"].high == 1
        assert 0 < accepted(name)["top_p"].low < 0.1 and accepted(name)["top_p"].high == 1
    assert list(accepted("MiniMax-Text-01")) == ["temperature", "top_p", "max_tokens"]
    assert p.parameters(EMBO) == ()


@check
def one_model_takes_a_schema(p: Provider) -> None:
    assert p.chat
    for name, takes in (("MiniMax-Text-01", True), ("MiniMax-M2.5", False), ("MiniMax-M1", False)):
        request = ChatRequest(Model("minimax", name, ModelType.CHAT), (Message("user", "Hello?"),), schema=SCHEMA)
        try:
            body = p.chat(BASE, request).json
        except UsageError:
            assert not takes
        else:
            assert takes and body["response_format"]["json_schema"]["schema"] == SCHEMA


# --- vectors ----------------------------------------------------------------------------------------------------------


@check
def stored_texts_and_questions(p: Provider) -> None:
    call = embed(p, "a", "b", fields=GROUP)
    assert (call.method, call.url, call.framing) == ("POST", f"{MAINLAND}/embeddings", Framing.JSON)
    assert call.query == {"GroupId": "1700000000000000000"}
    assert call.json == {"model": "embo-01", "texts": ["a", "b"], "type": "db"}
    assert embed(p, "a", query=True).json == {"model": "embo-01", "texts": ["a"], "type": "query"}
    assert embed(p, "a").query == embed(p, "a", fields=BASE | {"group_id": ""}).query == {}


@check
def vectors(p: Provider) -> None:
    body = {
        "vectors": [[1.0, 2.0], [3, 4]],
        "total_tokens": 4,
        "base_resp": {"status_code": 0, "status_msg": "success"},
    }
    expected = [Vectors(0, ((1.0, 2.0), (3.0, 4.0))), Usage(input=4), Finish("stop")]
    assert read(embed(p, "a", "b"), body) == expected
    for odd in (None, [], [[1.0]], [[1.0]] * 3, [[1.0], []], "x", [[1.0], ["x"]]):
        assert [event.code for event in read(embed(p, "a", "b"), {**body, "vectors": odd})] == ["malformed"]
    assert read(embed(p, "a"), 7)[0].code == "malformed"
    limited = {"vectors": None, "total_tokens": 0, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}
    assert [(event.code, event.status, event.final) for event in read(embed(p, "a"), limited)] == [("1002", 429, False)]


@check
def small_batches(p: Provider) -> None:
    texts = tuple(f"text {place}" for place in range(40))
    first = embed(p, *texts, fields=GROUP, query=True)
    assert first.json["texts"] == list(texts[:32])
    answered = read(first, {"vectors": [[1.0]] * 32, "total_tokens": 10})
    second = answered[1]
    assert (second.json["texts"], second.json["type"]) == (list(texts[32:]), "query")
    assert second.query == first.query
    assert read(second, {"vectors": [[2.0]] * 8, "total_tokens": 5}) == [
        Vectors(32, ((2.0,),) * 8),
        Usage(input=15),
        Finish("stop"),
    ]
    assert read(second, no(1008))[0].code == "1008"
    # About 3,500 tokens in one request; a longer text goes alone.
    assert embed(p, "x" * 2000, "y" * 1500, "z").json["texts"] == ["x" * 2000, "y" * 1500]
    assert embed(p, "x" * 9000, "y").json["texts"] == ["x" * 9000]


# --- refusals ---------------------------------------------------------------------------------------------------------


@check
def an_error_body(p: Provider) -> None:
    headers = {"trace-id": "trace-1"}
    refused = p.parse_error(401, headers, error("authorized_error", "invalid api key (2049)"))
    assert (refused.status, refused.code, refused.kind) == (401, "2049", "authorized_error")
    assert (refused.request_id, refused.headers) == ("trace-1", headers)
    assert p.parse_error(401, {}, error("authorized_error", "no")).code == "1004"
    assert p.parse_error(401, {}, error("authentication_error", "no")).code == "1004"
    assert p.parse_error(500, {}, error("insufficient_balance_error", "no")).code == "1008"
    assert p.parse_error(400, {}, error("bad_request_error", "no")).request_id == "demo-4"
    within = p.parse_error(0, {}, no(1008, "insufficient balance"))
    assert within == ApiError(402, "1008", "", "insufficient balance", request_id="demo-3", final=True)
    assert p.parse_error(502, {}, "plain").message == "plain"
    assert p.parse_error(500, {}, None).message == ""
    assert p.parse_error(400, {}, {"message": "No.", "id": 7}).request_id == ""


@check
def what_waiting_does_not_help(p: Provider) -> None:
    for number, status, final in ((1002, 429, False), (2056, 429, True), (1008, 402, True), (1000, 500, False)):
        refused = p.parse_error(0, {}, no(number))
        assert (refused.status, refused.final) == (status, final), number
    assert p.parse_error(0, {}, no(9999)).status == 0


@check
def refusals_in_words(p: Provider) -> None:
    def words(number: str, message: str = "", model: str = "m") -> Problem | None:
        return p.describe_error(ApiError(400, code=number, message=message), model)

    for number in ("2013", "2061"):
        closed = words(number, model="embo-01")
        assert isinstance(closed, ScopeMissing) and "does not offer embo-01 to this account" in closed.message
        for text in ("unknown model 'm'", "model m not found", "model m does not exist", "not support current model"):
            assert "does not know m," in getattr(words(number, text), "message", "")
        assert words(number, "invalid params") is None
    assert "does not know the model," in getattr(words("2013", "unknown model", ""), "message", "")
    assert words("", "no") is None
    less = p.repair_request(chat(p, top_p=0.5), ApiError(400, code="2013", message="unknown parameter: top_p"))
    assert less and "top_p" not in less[0].json


# --- images -----------------------------------------------------------------------------------------------------------


@check
def images_and_documents(p: Provider) -> None:
    assert chat_with(p, BASE, "MiniMax-M3")["messages"][1]["content"] == PARTS
    assert figures(p, "MiniMax-M3") == {"images": ("image/png", "image/jpeg", "image/webp", "image/gif")}
    assert figures(p, "MiniMax-M2.5") is None
