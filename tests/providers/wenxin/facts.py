"""What Baidu's documents say of Wenxin (Qianfan API reference V2; Wenxin Workshop API, V1, for the older form).

Nothing here was recorded from the adapter; the frames are our own composition of the documented shapes.
"""

from typing import Any

from tests.providers.attached import MB, PARTS, chat_with, figures
from tests.providers.facts import (
    BARE_LIST,
    KEY,
    SCHEMA,
    Chat,
    Facts,
    Otherwise,
    Refusal,
    Stream,
    proposed_are_known,
    read,
    sse,
    types_by_names,
)
from tests.providers.http_server import http
from tui.domain import ImportMode, Model, ModelType, Supply
from tui.errors import CredentialRejected, Problem, ScopeMissing
from tui.providers.events import (
    UNFINISHED,
    Accepted,
    AccessToken,
    Finish,
    ModelsListed,
    Notice,
    TextDelta,
    ThinkingDelta,
    Usage,
    Vectors,
)
from tui.providers.requests import ApiError, Call, ChatRequest, EmbeddingRequest, Framing, Message
from tui.providers.spec import Provider, mask_secrets
from tui.secret import Secret

ROOT = "https://qianfan.baidubce.com/v2"
BASE = {"base_url": ROOT}
PAIR = mask_secrets(BASE, ("legacy_api_key", "legacy_secret_key"))
SHOP = "https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop"
SECRETS = {"legacy_api_key": Secret("FAKE-client-id"), "legacy_secret_key": Secret("FAKE-client-secret")}
MODEL = Model("wenxin", "ernie-4.5-turbo-32k", ModelType.CHAT)
OLDER = Model("wenxin", "ERNIE-Bot-4", ModelType.CHAT)


def delta(piece: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": "as-demo0001",
        "object": "chat.completion.chunk",
        "created": 1767600000,
        "model": "ernie-4.5-turbo-32k",
        "choices": [{"index": 0, "delta": piece, "flag": 0, **more}],
    }


def result(text: str, end: bool | None = False, **more: Any) -> dict[str, Any]:
    """A piece of the older service's stream; with `end` None a whole answer."""
    usage = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
    piece = {} if end is None else {"sentence_id": 0, "is_end": end}
    return {
        "id": "as-demo0002",
        "object": "chat.completion",
        "created": 1700000000,
        "is_truncated": False,
        "result": text,
        "need_clear_history": False,
        "usage": usage,
        **piece,
        **more,
    }


def error(code: str, message: str = "Their words.") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "type": "invalid_request_error"}, "id": "as-demo0003"}


def failed(code: int, message: str = "Their words.") -> dict[str, Any]:
    return {"error_code": code, "error_msg": message, "id": "as-demo0004"}


USED = {"prompt_tokens": 9, "completion_tokens": 4, "completion_tokens_details": {"reasoning_tokens": 2}}
EXCHANGED = {"access_token": "24.FAKE-token-of-nobody", "expires_in": 2592000, "refresh_token": "25.x", "scope": "x"}

FACTS = Facts(
    "wenxin",
    otherwise=(
        BARE_LIST,
        Otherwise("* /v2/models", "status 40[45], page 404", "good", "a chat of two tokens shows that it is taken"),
        Otherwise("older* */token", 'body "text"', "stopped with an error", "a text says what went wrong"),
        Otherwise("older* */token", "body *", "returned no access token", "an answer without a token is no exchange"),
    ),
    auth_methods={
        "older": {"legacy_api_key": "FAKE0application0key0000", "legacy_secret_key": "FAKE0secret0of0nobody"}
    },
    modules=(
        "dialects.messages",
        "wenxin.qianfan",
        "wenxin.qianfan_errors",
        "wenxin.workshop",
    ),
    numbers=True,
    prose=frozenset({"_PAIR_PAGE", "_BEARER", "_PAIR"}),
    chats=(
        Chat(
            "wenxin",
            lambda origin: {"api_key": KEY, "base_url": f"{origin}/v2"},
            MODEL,
            Stream(
                lambda text: sse(delta({"content": text})),
                closing=sse(delta({"content": ""}, finish_reason="stop")) + sse("[DONE]"),
                opening=sse(delta({"role": "assistant", "content": ""})),
                error=sse(error("internal_error")),
                error_message="{label} failed on its side (500).",
                error_retried=True,
            ),
            lambda text: {
                "id": "as-demo0001",
                "choices": [
                    {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop", "flag": 0}
                ],
            },
        ),
        Chat(
            "wenxin",
            lambda origin: {"legacy_api_key": KEY, "legacy_secret_key": f"{KEY}-secret", "base_url": origin},
            OLDER,
            Stream(
                lambda text: sse(result(text)),
                closing=sse(result("", end=True, finish_reason="normal")),
                error=sse(failed(336000)),
                error_message="{label} failed on its side (500).",
                error_retried=True,
            ),
            lambda text: result(text, end=None, finish_reason="normal"),
            before=(http(EXCHANGED),),
            name="older",
        ),
    ),
    refusals=(
        Refusal(401, error("invalid_iam_token"), "Wenxin rejected this API key.", CredentialRejected, "bce-v3/"),
        Refusal(401, error("invalid_iam_token"), "Wenxin rejected this API key.", CredentialRejected, call="verify"),
        Refusal(
            401,
            error("invalid_model", "no permission"),
            "Wenxin accepted the key, but ernie-4.5",
            ScopeMissing,
            "Enable",
        ),
        Refusal(
            403, error("invalid_model"), "Wenxin accepted the key, but ernie-4.5-turbo-32k is not enabled", ScopeMissing
        ),
        Refusal(
            401, error("no_parameter_permission"), "Wenxin accepted the key, but it may not use ernie", ScopeMissing
        ),
        Refusal(
            401, error("access_denied"), "Wenxin accepted the key, but it may not use the", ScopeMissing, call="verify"
        ),
        Refusal(
            401, error("invalid_appid"), "The application does not belong to this key.", CredentialRejected, "blank"
        ),
        Refusal(400, error("invalid_model"), "Wenxin does not know ernie-4.5-turbo-32k", Problem, "Refresh"),
        Refusal(404, error("invalid_model"), "Wenxin does not know ernie-4.5-turbo-32k"),
        Refusal(400, error("characters_too_long"), "This is longer than ernie-4.5-turbo-32k can take."),
        Refusal(400, error("tokens_too_long"), "This is longer than ernie-4.5-turbo-32k can take."),
        Refusal(400, error("invalid_messages"), "Wenxin rejected this request for ernie-4.5-turbo-32k (400)."),
        Refusal(400, error("content_filter"), "The safety check of Wenxin rejects this text", Problem, "Rephrase"),
        Refusal(
            403, error("denied", "The account is overdue."), "The Baidu account is overdue. The key", Problem, "Pay"
        ),
        Refusal(
            403,
            error("denied", "Real-name verification first."),
            "The Baidu account has no real-name verification",
            ScopeMissing,
        ),
        Refusal(
            429, error("rpm_rate_limit_exceeded"), "The requests of this minute are used up at Wenxin.", retried=True
        ),
        Refusal(429, error("tpm_rate_limit_exceeded"), "The tokens of this minute are used up", retried=True),
        Refusal(500, error("internal_error"), "Wenxin failed on its side (500).", retried=True),
        Refusal(
            401,
            {"error": "invalid_client", "error_description": "unknown client id"},
            "Wenxin found no",
            CredentialRejected,
        ),
        Refusal(
            401,
            {"error": "invalid_client", "error_description": "Client authentication failed"},
            "The secret key does not belong to this API key",
            CredentialRejected,
            "same application",
        ),
        # As a 200, and known only from the body.
        Refusal(200, error("invalid_iam_token"), "Wenxin rejected this API key.", CredentialRejected),
        Refusal(200, error("rpm_rate_limit_exceeded"), "The requests of this minute are used up", retried=True),
        Refusal(200, error("tpm_rate_limit_exceeded"), "The tokens of this minute are used up", retried=True),
        Refusal(200, error("internal_error"), "Wenxin failed on its side (500).", retried=True),
        Refusal(200, error("system_busy"), "Wenxin is too busy.", retried=True),
        Refusal(200, error("invalid_appid"), "The application does not belong to this key.", CredentialRejected),
        Refusal(
            200,
            {"error": "invalid_client", "error_description": "unknown client id"},
            "Wenxin found",
            CredentialRejected,
        ),
        Refusal(
            200, failed(3), "This address does not serve ernie-4.5-turbo-32k in the older form.", hint="2026-08-31"
        ),
        Refusal(200, failed(6), "Wenxin accepted the key, but ernie-4.5-turbo-32k is not enabled", ScopeMissing),
        Refusal(200, failed(13), "Wenxin rejected the token of this key pair.", CredentialRejected),
        Refusal(200, failed(15), "Wenxin did not find the application", CredentialRejected, retried=True),
        Refusal(200, failed(19), "The quota of ernie-4.5-turbo-32k is used up"),
        Refusal(200, failed(336000), "Wenxin failed on its side (500).", retried=True),
        Refusal(200, failed(336003), "Wenxin rejected this chat: the order", hint="new chat"),
    ),
)
check = FACTS.check


def chat(p: Provider, stream: bool = True, **parameters: Any) -> Call:
    assert p.chat
    messages = (Message("user", "Hello?"), Message("system", "Be brief."))
    return p.chat(BASE, ChatRequest(MODEL, messages, parameters, stream))


def older(p: Provider, *messages: Message, name: str = "ERNIE-Bot-4", stream: bool = True, **parameters: Any) -> Call:
    assert p.chat
    model = Model("wenxin", name, ModelType.CHAT)
    return p.chat(PAIR, ChatRequest(model, messages or (Message("user", "Hello?"),), parameters, stream))


# --- what it is -------------------------------------------------------------------------------------------------------


@check
def what_it_is(p: Provider) -> None:
    assert (p.id, p.label, p.supply, p.import_mode) == ("wenxin", "Wenxin", Supply.OWN, ImportMode.BOTH)
    assert [
        (form_field.name, form_field.required, form_field.secret, form_field.advanced) for form_field in p.fields
    ] == [
        ("api_key", True, True, False),
        ("legacy_api_key", True, True, False),
        ("legacy_secret_key", True, True, False),
        ("app_id", False, False, True),
        ("base_url", False, False, True),
    ]
    first, second, third, *rest = (form_field.auth_method for form_field in p.fields)
    assert p.exclusive_auth_methods and first != second == third and not any(rest)
    assert p.field("api_key").env == ("QIANFAN_API_KEY", "QIANFAN_BEARER_TOKEN")
    assert p.field("legacy_api_key").env == ("QIANFAN_AK", "ERNIE_CLIENT_ID")
    assert p.field("legacy_secret_key").env == ("QIANFAN_SK", "ERNIE_CLIENT_SECRET")
    assert p.field("base_url").env == ("QIANFAN_BASE_URL",)
    assert [prefix.value for prefix in p.field("api_key").prefixes] == ["bce-v3/"]
    assert p.key_page == "https://console.bce.baidu.com/iam/#/iam/apikey/list"
    assert p.types == (ModelType.CHAT, ModelType.EMBEDDING)


@check
def where_it_is(p: Provider) -> None:
    field = p.field("base_url")
    assert field.url and field.default == ROOT
    assert {"/chat/completions", "/rpc/2.0/ai_custom/v1/wenxinworkshop", "/oauth/2.0/token"} <= set(
        field.strip_suffixes
    )
    for base in (ROOT, f"{ROOT}/", "https://qianfan.baidubce.com"):
        assert p.origins({"base_url": base}) == ("https://qianfan.baidubce.com",)
        assert p.verify({"base_url": base}).url == f"{ROOT}/models"
    assert (
        p.verify({"base_url": "https://qianfan.bj.baidubce.com/v2"}).url == "https://qianfan.bj.baidubce.com/v2/models"
    )
    assert p.origins({"base_url": "https://gateway.test/v2"}) == ("https://gateway.test",)


@check
def the_key_is_a_bearer_and_the_application_a_header(p: Provider) -> None:
    fields = mask_secrets(BASE | {"app_id": "app-7"}, ("api_key",))
    for call in (p.verify(BASE), chat(p)):
        signed = p.sign(call, fields, {"api_key": Secret(KEY)}, 0)
        assert (signed.headers, signed.query) == ({"authorization": Secret(f"Bearer {KEY}"), "appid": "app-7"}, {})
    assert p.sign(chat(p), mask_secrets(BASE, ("api_key",)), {"api_key": Secret(KEY)}, 0).headers.keys() == {
        "authorization"
    }
    assert p.token(fields) is None
    # With both filled in, the current one counts.
    assert p.token(mask_secrets(PAIR, ("api_key",))) is None


# --- models -----------------------------------------------------------------------------------------------------------


@check
def the_list_of_models(p: Provider) -> None:
    assert p.list_models
    for call in (p.verify(BASE), p.list_models(BASE)):
        assert (call.method, call.url, call.query, call.json) == ("GET", f"{ROOT}/models", {}, None)
        assert call.framing is Framing.JSON
    entries = [{"id": item, "object": "model", "created": 0} for item in ("bge-large-zh", "ernie-5.1", "irag-1.0")]
    assert read(p.verify(BASE), {"object": "list", "data": entries}) == [
        ModelsListed(
            (
                Model("wenxin", "bge-large-zh", ModelType.EMBEDDING, context=512, dimensions=1024),
                Model("wenxin", "ernie-5.1", ModelType.CHAT),
            ),
            3,
        ),
        Accepted(),
    ]
    assert [event.status for event in read(p.verify(BASE), failed(110))] == [401]


@check
def models_by_their_names(p: Provider) -> None:
    kinds = {
        ModelType.CHAT: "ernie-5.0 ernie-4.5-turbo-vl ernie-x1.1-preview deepseek-v3.2 glm-4.6 qwen3-32b kimi-k2",
        ModelType.EMBEDDING: "embedding-v1 bge-large-zh bge-large-en tao-8k qwen3-embedding-0.6b qwen3-embedding-4b",
        None: "bce-reranker-base qwen3-reranker-4b bge-reranker-large irag-1.0 flux.1-schnell stable-diffusion-xl"
        " musesteamer-video qwen-image",
    }
    types_by_names(p, BASE, kinds)


@check
def an_address_without_a_list_is_sent_a_word(p: Provider) -> None:
    for status in (404, 405):
        probe, sentence = p.repair_request(p.verify(BASE), ApiError(status)) or (None, "")
        assert probe and "no models" in sentence
        assert (probe.method, probe.url, probe.framing) == ("POST", f"{ROOT}/chat/completions", Framing.JSON)
        assert probe.json == {
            "model": "ernie-4.5-turbo-32k",
            "messages": [{"role": "user", "content": "hi"}],
            "max_completion_tokens": 2,
            "stream": False,
        }
        assert read(probe, {"choices": []}) == [ModelsListed(p.catalogue, 0), Accepted()]
        assert read(probe, error("invalid_iam_token"))[0].status == 401
    assert p.repair_request(p.verify(BASE), ApiError(401)) is None
    less, _ = p.repair_request(chat(p, seed=7), ApiError(400, message="Unknown parameter: seed")) or (chat(p), "")
    assert "seed" not in less.json


@check
def what_is_known_without_asking(p: Provider) -> None:
    known = {model.id: model for model in p.catalogue}
    assert p.catalogue_as_of == "2026-11-22"
    assert {name: model.dimensions for name, model in known.items() if model.dimensions} == {
        "embedding-v1": 384,
        "bge-large-zh": 1024,
        "bge-large-en": 1024,
    }
    contexts = {
        128_000: "ernie-5.0 ernie-4.5-turbo-128k ernie-3.5-128k",
        64_000: "ernie-x1.1-preview",
        32_000: "ernie-4.5-turbo-32k ernie-x1-turbo-32k",
        8_000: "ernie-3.5-8k ernie-novel-8k",
        8192: "tao-8k qwen3-embedding-4b",
        512: "bge-large-zh bge-large-en",
        384: "embedding-v1",
        0: "ernie-5.1",
    }
    for size, names in contexts.items():
        assert {known[name].context for name in names.split()} == {size}
    assert {kind.value: names[0] for kind, names in p.proposed.items()} == {
        "chat": "ernie-5.0",
        "embedding": "bge-large-zh",
    }
    proposed_are_known(p)


# --- chats and vectors ------------------------------------------------------------------------------------------------


@check
def a_streamed_chat(p: Provider) -> None:
    call = chat(p, temperature=0.5, max_tokens=40)
    assert (call.method, call.url, call.query, call.framing) == ("POST", f"{ROOT}/chat/completions", {}, Framing.SSE)
    # The system's words come first.
    assert call.json == {
        "model": "ernie-4.5-turbo-32k",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "max_completion_tokens": 40,
    }
    whole = chat(p, stream=False)
    assert (whole.framing, whole.json["stream"]) == (Framing.JSON, False)
    assert p.chat
    several = (Message("system", "a"), Message("user", "b"), Message("system", " "), Message("system", "c"))
    message = p.chat(BASE, ChatRequest(MODEL, several)).json["messages"]
    assert message == [{"role": "system", "content": "a\n\nc"}, {"role": "user", "content": "b"}]
    plain = p.chat(BASE, ChatRequest(MODEL, several[1:2])).json["messages"]
    assert plain == [{"role": "user", "content": "b"}]


@check
def the_pieces_of_a_chat(p: Provider) -> None:
    frames = [
        delta({"role": "assistant", "reasoning_content": "Greet."}),
        delta({"content": "Hel"}),
        delta({"content": "lo."}, finish_reason="stop"),
        {**delta({}), "choices": [], "usage": USED},
        "[DONE]",
    ]
    entries = [ThinkingDelta("Greet."), TextDelta("Hel"), TextDelta("lo."), Usage(9, 4, 2), Finish("stop")]
    assert read(chat(p), *frames) == entries
    # The usage may come with the last choice, and the reason may be the older word, missing or empty.
    for reason in ("normal", "", None):
        last = {**delta({"content": "Hi"}, finish_reason=reason), "usage": USED}
        assert read(chat(p), last, "[DONE]") == [TextDelta("Hi"), Usage(9, 4, 2), Finish("stop")]
    message = {"role": "assistant", "content": "Hi"}
    whole = {"choices": [{"index": 0, "message": message, "finish_reason": "normal", "flag": 0}]}
    assert read(chat(p, stream=False), whole) == [TextDelta("Hi"), Finish("stop")]
    flagged = delta({"content": "Hi"}, flag=1)
    events = read(chat(p), flagged, flagged, "[DONE]")
    assert [type(item) for item in events] == [Notice, TextDelta, TextDelta, Finish]
    for odd in ({"choices": None}, {"choices": [7]}, 7, "x"):
        assert read(chat(p), odd, "[DONE]")[-1].note == "The answer is empty."


@check
def what_a_model_takes(p: Provider) -> None:
    def accepted(name: str) -> dict[str, tuple[float | None, float | None]]:
        return {
            parameter.name: (parameter.low, parameter.high)
            for parameter in p.parameters(Model("wenxin", name, ModelType.CHAT))
        }

    further = {"presence_penalty": (-2, 2), "frequency_penalty": (-2, 2), "seed": (None, None), "stop": (None, 4)}
    assert accepted("ernie-5.0") == {
        "temperature": (0.01, 1),
        "top_p": (0, 1),
        "max_tokens": (2, None),
        "penalty_score": (1, 2),
        **further,
    }
    assert accepted("qwen3-32b") == {
        "temperature": (0.01, 2),
        "top_p": (0, 1),
        "max_tokens": (2, None),
        "repetition_penalty": (0.01, None),
        **further,
    }
    for name in ("ERNIE-Bot", "BLOOMZ-7B"):
        assert accepted(name) == {
            "temperature": (0.01, 1),
            "top_p": (0, 1),
            "penalty_score": (1, 2),
            "max_tokens": (2, 2048),
            "stop": (None, 4),
        }
    assert p.parameters(Model("wenxin", "bge-large-zh", ModelType.EMBEDDING)) == ()


@check
def vectors_in_batches_by_model(p: Provider) -> None:
    assert p.embed
    texts = tuple(f"text {place}" for place in range(20))
    for name, part, most in (
        ("embedding-v1", "embedding-v1", 16),
        ("bge-large-zh", "bge_large_zh", 16),
        ("bge-large-en", "bge_large_en", 16),
        ("qwen3-embedding-4b", "qwen3-embedding-4b", 16),
        ("tao-8k", "tao_8k", 1),
    ):
        ask = EmbeddingRequest(Model("wenxin", name, ModelType.EMBEDDING), texts)
        current, former = p.embed(BASE, ask), p.embed(PAIR, ask)
        assert (current.method, current.url) == ("POST", f"{ROOT}/embeddings")
        assert current.json == {"model": name, "input": list(texts[:most]), "encoding_format": "float"}
        assert (former.method, former.url) == ("POST", f"{SHOP}/embeddings/{part}")
        assert former.json == {"input": list(texts[:most])}
        rows = [{"object": "embedding", "index": place, "embedding": [float(place)]} for place in range(most)]
        for call in (current, former):
            vectors, after = read(call, {"data": rows[::-1], "usage": {"prompt_tokens": 7}})
            assert vectors == Vectors(0, tuple((float(place),) for place in range(most)))
            assert (after.url, after.json) == (call.url, {**call.json, "input": list(texts[most : 2 * most])})
            assert [event.status for event in read(after, failed(18))] == [429]
    one = EmbeddingRequest(Model("wenxin", "bge-large-zh", ModelType.EMBEDDING), ("a",))
    body = {"data": [{"index": 0, "embedding": [1.0]}], "usage": {"prompt_tokens": 7}}
    for fields in (BASE, PAIR):
        assert read(p.embed(fields, one), body) == [Vectors(0, ((1.0,),)), Usage(input=7), Finish("stop")]


# --- the older form ---------------------------------------------------------------------------------------------------


@check
def a_key_pair_is_exchanged_for_a_token(p: Provider) -> None:
    call = p.token(PAIR)
    assert call
    assert (call.method, call.url) == ("POST", "https://aip.baidubce.com/oauth/2.0/token")
    signed = p.sign(call, PAIR, SECRETS, 0)
    assert signed.query == {
        "grant_type": "client_credentials",
        "client_id": Secret("FAKE-client-id"),
        "client_secret": Secret("FAKE-client-secret"),
    }
    assert (signed.headers, signed.json, signed.form) == ({"content-type": "application/json"}, None, None)
    assert read(call, EXCHANGED) == [AccessToken(Secret("24.FAKE-token-of-nobody"), 2592000)]
    assert read(call, {"access_token": "24.x", "expires_in": 60}) == [AccessToken(Secret("24.x"), 60)]
    assert read(call, {"access_token": "24.x"}) == [AccessToken(Secret("24.x"), 2592000)]
    odd: Any
    for odd in ({}, {"access_token": ""}, {"access_token": 7}, [], 7):
        assert read(call, odd) == []
    refused = read(call, {"error": "invalid_client", "error_description": "unknown client id"})
    assert [(item.status, item.code) for item in refused] == [(401, "invalid_client")]
    assert p.stale_token == {"110", "111"}


@check
def the_token_goes_along_in_the_query(p: Provider) -> None:
    for call in (older(p), p.verify(PAIR)):
        signed = p.sign(call, PAIR, {**SECRETS, "token": Secret("24.t")}, 0)
        assert (signed.query, signed.headers) == ({"access_token": Secret("24.t")}, {})
        assert p.sign(call, PAIR, SECRETS, 0).query == {}
    again = p.token(PAIR)
    assert again and "access_token" not in p.sign(again, PAIR, {**SECRETS, "token": Secret("24.t")}, 0).query


@check
def where_the_older_form_is(p: Provider) -> None:
    for base in (ROOT, "https://qianfan.gz.baidubce.com/v2", "https://aip.baidubce.com", SHOP):
        assert p.origins({**PAIR, "base_url": base}) == ("https://aip.baidubce.com",)
        assert p.verify({**PAIR, "base_url": base}).url == f"{SHOP}/chat/ernie_speed"
    path = "/rpc/2.0/ai_custom/v1/wenxinworkshop"
    for root in (
        "https://gateway.test/xx",
        "https://gateway.test/baidu",
        "https://qianfan.gateway.test",
        "https://my.baidubce.com",
    ):
        fields = {**PAIR, "base_url": f"{root}/"}
        exchange = p.token(fields)
        assert exchange and exchange.url == f"{root}/oauth/2.0/token"
        assert p.verify(fields).url == f"{root}{path}/chat/ernie_speed"
        assert p.origins(fields) == ("/".join(root.split("/")[:3]),)


@check
def the_older_form_is_verified_by_a_word(p: Provider) -> None:
    assert p.list_models
    for call in (p.verify(PAIR), p.list_models(PAIR)):
        assert (call.method, call.framing) == ("POST", Framing.JSON)
        assert call.json == {
            "messages": [{"role": "user", "content": "hi"}],
            "max_output_tokens": 2,
            "stream": False,
        }
        listed, accepted = read(call, result("Hi", end=None))
        assert accepted == Accepted()
        kinds = {model.id: model.type.value for model in listed.models}
        chats = (
            "ERNIE-Bot ERNIE-Bot-4 ERNIE-Bot-turbo ERNIE-Bot-8K ERNIE-Speed-8K ERNIE-Speed-128K ERNIE-Lite-8K"
            " ERNIE-Tiny-8K ERNIE-Char-8K ERNIE-4.0-Turbo-8K BLOOMZ-7B Llama-2-7B Llama-2-13B Llama-2-70B"
            " ChatGLM2-6B-32K AquilaChat-7B Yi-34B"
        )
        assert {name for name, kind in kinds.items() if kind == "chat"} == set(chats.split())
        embeddings = {name for name, kind in kinds.items() if kind == "embedding"}
        assert embeddings == {"embedding-v1", "bge-large-zh", "bge-large-en", "tao-8k"}
        assert [event.code for event in read(call, failed(3))] == ["3"]


@check
def every_model_has_a_path_of_its_own(p: Provider) -> None:
    for name, part in {
        "ERNIE-Bot": "completions",
        "ernie-3.5-8k": "completions",
        "ERNIE-Bot-4": "completions_pro",
        "ernie-4.0-8k": "completions_pro",
        "ERNIE-Bot-turbo": "eb-instant",
        "ERNIE-Lite-8K-0922": "eb-instant",
        "ERNIE-Bot-8K": "ernie_bot_8k",
        "ERNIE-Speed-8K": "ernie_speed",
        "ernie-speed-8k": "ernie_speed",
        "ERNIE-Speed-128K": "ernie-speed-128k",
        "ERNIE-Lite-8K": "ernie-lite-8k",
        "ERNIE-Tiny-8K": "ernie-tiny-8k",
        "ERNIE-Char-8K": "ernie-char-8k",
        "ERNIE-4.0-Turbo-8K": "ernie-4.0-turbo-8k",
        "BLOOMZ-7B": "bloomz_7b1",
        "Llama-2-7B": "llama_2_7b",
        "Llama-2-13B": "llama_2_13b",
        "Llama-2-70B": "llama_2_70b",
        "ChatGLM2-6B-32K": "chatglm2_6b_32k",
        "AquilaChat-7B": "aquilachat_7b",
        "Yi-34B": "yi_34b_chat",
        # One of a gateway's own, which leads to no other path.
        "My_Model": "my_model",
        "../x?y": "..%2Fx%3Fy",
    }.items():
        assert older(p, name=name).url == f"{SHOP}/chat/{part}", name


@check
def a_chat_in_the_older_form(p: Provider) -> None:
    call = older(
        p,
        Message("assistant", "Before."),
        Message("system", "Be brief."),
        Message("user", "One?"),
        Message("assistant", "  "),
        Message("user", "Two?"),
        Message("assistant", "Yes."),
        Message("system", "Be kind."),
        Message("user", "Three?"),
        Message("assistant", "After."),
        temperature=0.5,
        max_tokens=40,
        penalty_score=1.5,
        stop=["x"],
    )
    assert (call.method, call.framing) == ("POST", Framing.SSE)
    # An odd number of turns, a question first and last.
    assert call.json == {
        "messages": [
            {"role": "user", "content": "One?\n\nTwo?"},
            {"role": "assistant", "content": "Yes."},
            {"role": "user", "content": "Three?"},
        ],
        "system": "Be brief.\n\nBe kind.",
        "stream": True,
        "temperature": 0.5,
        "max_output_tokens": 40,
        "penalty_score": 1.5,
        "stop": ["x"],
    }
    whole = older(p, stream=False, max_completion_tokens=9)
    assert whole.framing is Framing.JSON
    assert whole.json == {
        "messages": [{"role": "user", "content": "Hello?"}],
        "stream": False,
        "max_output_tokens": 9,
    }


@check
def the_pieces_of_a_chat_in_the_older_form(p: Provider) -> None:
    used = Usage(2, 3)
    frames = [result("Hello"), result(".", end=True, finish_reason="normal"), result("late")]
    assert read(older(p), *frames) == [TextDelta("Hello"), TextDelta("."), used, Finish("stop")]
    assert read(older(p), result("Hi", end=None, finish_reason="normal"))[-1] == Finish("stop")
    # Open models give no reason.
    assert read(older(p), result("Hi", end=None)) == [TextDelta("Hi"), used, Finish("stop")]
    assert read(older(p), result("", end=True))[-1].note == "The answer is empty."
    cut = read(older(p), result("Hal"))[-1]
    assert cut == UNFINISHED
    for more, complete, note in (
        ({"is_truncated": True}, False, "The answer reached its length limit."),
        ({"finish_reason": "length"}, False, "The answer reached its length limit."),
        ({"finish_reason": "content_filter"}, False, "The provider's content filter cut the answer."),
        ({"finish_reason": "function_call"}, True, "The model asked for a tool, and none is offered here."),
        ({"finish_reason": "stop"}, True, ""),
        ({"finish_reason": ""}, True, ""),
    ):
        last = read(older(p), result("Hi", end=True, **more))[-1]
        assert (last.complete, last.note) == (complete, note), more
    marked = [result("x", need_clear_history=True, ban_round=-1)] * 2
    assert [type(event) for event in read(older(p), *marked)].count(Notice) == 1
    odd: Any
    for odd in ({}, {"result": 7}, [], "x"):
        assert [event.complete for event in read(older(p), odd)] == [False]
    assert read(older(p), result("Hal", is_truncated=True, is_end=True))[-1].reason == "length"


@check
def errors_within_an_answer(p: Provider) -> None:
    for call in (chat(p), older(p)):
        refused = read(call, failed(336501), end=False)
        assert refused == [ApiError(429, "336501", "", "Their words.", request_id="as-demo0004")]
    parted = read(older(p), result("Par"), failed(336000), end=False)
    assert [type(item) for item in parted] == [TextDelta, ApiError]
    assert read(chat(p), {**delta({"content": "Hi"}), "error_code": 0}, end=False) == [TextDelta("Hi")]
    assert [event.code for event in read(chat(p), error("internal_error"), end=False)] == ["internal_error"]


@check
def an_account_that_blocks_the_call(p: Provider) -> None:
    message = {
        "The account is overdue.": ("The Baidu account is overdue.", (401, 402, 403)),
        "Real-name verification first.": ("The Baidu account has no real-name verification.", (401, 403)),
    }
    for code, (label, statuses) in message.items():
        for status in statuses:
            problem = p.describe_error(ApiError(status, code="denied", message=code), "m")
            assert problem and problem.message.startswith(label), status


@check
def an_error_body(p: Provider) -> None:
    headers = {"x-request-id": "req_1"}
    nested = p.parse_error(401, headers, error("invalid_iam_token", "M"))
    assert nested == ApiError(401, "invalid_iam_token", "invalid_request_error", "M", "", "req_1", headers)
    assert p.parse_error(401, {}, error("invalid_iam_token")).request_id == "as-demo0003"
    assert p.parse_error(400, {}, {"id": 7, "message": "M"}).request_id == ""
    assert p.parse_error(502, {}, "plain").message == "plain"
    for code in (17, 19):
        assert p.parse_error(0, {}, failed(code)) == ApiError(
            402, str(code), "", "Their words.", request_id="as-demo0004", final=True
        )
    assert p.parse_error(403, {}, failed(6)).status == 403
    exchanged = p.parse_error(401, {}, {"error": "invalid_client", "error_description": "D"})
    assert (exchanged.code, exchanged.message) == ("invalid_client", "D")
    assert p.describe_error(ApiError(401), "m") is None
    unnamed = p.describe_error(ApiError(400, code="invalid_model"), "")
    assert unnamed and unnamed.message.startswith("Wenxin does not know the model")


@check
def a_schema_is_shown_to_a_json_mode_of_either_form(p: Provider) -> None:
    assert p.chat
    for fields, model, mode in ((BASE, MODEL, {"type": "json_object"}), (PAIR, OLDER, "json_object")):
        body = p.chat(fields, ChatRequest(model, (Message("user", "Hello?"),), schema=SCHEMA)).json
        assert body["response_format"] == mode
        system = body["system"] if fields is PAIR else body["messages"][0]["content"]
        assert "fits this JSON Schema" in system


# --- images -----------------------------------------------------------------------------------------------------------


@check
def images_and_documents(p: Provider) -> None:
    assert chat_with(p, BASE, "deepseek-vl2")["messages"][1]["content"] == PARTS
    assert figures(p, "ernie-4.5-turbo-vl-32k") == figures(p, "internvl3") == {"size": 10 * MB}
    assert figures(p, "ernie-9") == {"size": 10 * MB, "certain": False}
    for model in ("ernie-4.0-8k", "ernie-speed-8k", "ERNIE-Bot"):
        assert figures(p, model) is None
