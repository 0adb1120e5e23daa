"""What iFLYTEK's documents say of Spark (xfyun.cn/doc/spark: HTTP, Web, general URL authentication, Embedding; IAT).

Nothing here was recorded from the adapter; the frames are our own composition of the documented shapes. The worked
signatures were computed apart from it, with made-up keys.
"""

import base64
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tests.providers.attached import DATA, IMAGE, MB, chat_with, figures
from tests.providers.facts import KEY, Chat, Facts, Otherwise, Refusal, Stream, read, spoken, sse
from tui.domain import ImportMode, Model, ModelType, Supply
from tui.errors import CredentialRejected, Problem, ScopeMissing, UsageError
from tui.practice.spark.server import FIELDS as PRACTICE
from tui.providers.events import UNFINISHED, Accepted, Finish, TextDelta, ThinkingDelta, Transcript, Usage, Vectors
from tui.providers.origins import clean_url
from tui.providers.requests import ApiError, Call, ChatRequest, EmbeddingRequest, Framing, Message, TranscriptionRequest
from tui.providers.spec import Provider, mask_secrets
from tui.secret import Secret

ROOT = "https://spark-api-open.xf-yun.com"
BASE = {"base_url": ROOT}
BY_HTTP = mask_secrets(BASE, ("api_password",))
SIGNED = mask_secrets({**BASE, "app_id": "a1b2c3d4"}, ("api_key", "api_secret"))
BOTH = mask_secrets(SIGNED, ("api_password",))
OWN = "http://localhost:9"
MODEL = Model("spark", "generalv3.5", ModelType.CHAT)
VECTORS = Model("spark", "spark-embedding", ModelType.EMBEDDING)
SPEECH = Model("spark", "iat", ModelType.SPEECH2TEXT)

# The worked examples.
SECRETS = {
    "api_key": Secret("0123456789abcdef0123456789abcdef"),
    "api_secret": Secret("ZmFrZS1zZWNyZXQtZm9yLWRvY3MtMDAx"),
}
NOW = 1_767_600_000.0
DATE = "Mon, 05 Jan 2026 08:00:00 GMT"
SIGNATURES = {
    "chat": "I5dTdAJfGCz9niDNIMDfUIRJrKAkeTNOUeBRBj+KZQc=",
    "embed": "RW4j7pnXdFyau9iirb7S2MxpX/d5FNzZkUjoox0J2uU=",
    "speech": "fAE2lZx6W4/Dg0pgA2lN1nVi2d5RZtXbVBa3cy2XN1M=",
}
AUTHORIZATION = (
    "YXBpX2tleT0iMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYiLCBhbGdvcml0aG09ImhtYWMtc2hhMjU2IiwgaGVhZGVycz0iaG9zdCBk"
    "YXRlIHJlcXVlc3QtbGluZSIsIHNpZ25hdHVyZT0iSTVkVGRBSmZHQ3o5bmlETklNRGZVSVJKcktBa2VUTk9VZUJSQmorS1pRYz0i"
)


def delta(piece: Any, **more: Any) -> dict[str, Any]:
    sid = "cha0000demo@dx01"
    choices = [{"delta": piece, "index": 0}]
    return {"code": 0, "message": "Success", "sid": sid, "id": sid, "created": 1767600000, "choices": choices, **more}


def whole(text: str) -> dict[str, Any]:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    choices = [{"index": 0, "message": {"role": "assistant", "content": text}}]
    return {"code": 0, "message": "Success", "sid": "cha0000demo@dx01", "choices": choices, "usage": usage}


def chunk(status: int, text: str, used: bool = False, **more: Any) -> dict[str, Any]:
    """A frame of a chat over a WebSocket."""
    item = {"role": "assistant", "index": 0, "content": text, **more}
    payload: dict[str, Any] = {"choices": {"status": status, "seq": status, "text": [item]}}
    if used:
        tokens = {"question_tokens": 2, "prompt_tokens": 6, "completion_tokens": 3, "total_tokens": 9}
        payload["usage"] = {"text": tokens}
    header = {"code": 0, "message": "Success", "sid": "cht0000demo@dx01", "status": status}
    return {"header": header, "payload": payload}


def error(code: Any, message: str = "Their words.") -> dict[str, Any]:
    return {"error": {"message": message, "type": "api_error", "param": None, "code": code}}


def failed(code: int, message: str = "Their words.") -> dict[str, Any]:
    return {"code": code, "message": message, "sid": "cha0000demo@dx01"}


def dictated(place: int, *words: str, status: int = 1, **more: Any) -> dict[str, Any]:
    """A frame of voice dictation."""
    ws = [{"bg": 0, "cw": [{"sc": 0, "w": word}]} for word in words]
    result = {"sn": place, "ls": status == 2, "ws": ws, **more}
    return {"code": 0, "message": "success", "sid": "iat0000demo@dx01", "data": {"status": status, "result": result}}


FAILED = "iFLYTEK Spark failed on its side."
BUSY = "iFLYTEK Spark is too busy."
FORM = "iFLYTEK Spark rejected this request for generalv3.5."
NO_MODEL = "iFLYTEK Spark does not know generalv3.5 at this address."
RUNNING = "Another request of this account is still running at iFLYTEK Spark."
CODES = {
    # code: the HTTP status that it amounts to, whether it is tried again, our sentence
    10003: (400, False, NO_MODEL),
    10005: (
        400,
        False,
        "iFLYTEK Spark rejected a value of this request for generalv3.5, usually the APPID",
    ),
    10006: (429, True, RUNNING),
    10008: (503, True, BUSY),
    10012: (500, True, FAILED),
    10013: (400, False, "The safety check of iFLYTEK Spark rejects this text."),
    11201: (429, False, "The requests of this day are used up for generalv3.5."),
    11202: (429, True, "The requests of this second are used up at iFLYTEK Spark."),
}
CLOSED = "iFLYTEK Spark accepted the key, but generalv3.5 is not enabled for its application"
UNKNOWN = "HMAC signature cannot be verified: fail to retrieve credential"
HOSTLESS = "HMAC signature cannot be verified, enforced header 'host' not used for HMAC Authentication"
STALE = "HMAC signature cannot be verified, a valid date or x-date header is required for HMAC Authentication"

FACTS = Facts(
    "spark",
    auth_methods={"signed": {name: value for name, value in PRACTICE.items() if name != "api_password"}},
    otherwise=(
        Otherwise("verify */completions", 'body {"choices*', "good", "even an odd answer shows that the key is taken"),
    ),
    modules=(
        "spark.api",
        "spark.websocket",
        "spark.embeddings",
        "spark.audio",
        "spark.errors",
    ),
    prose=frozenset({"_PASSWORD", "_TRIPLE", "_PROBED", "_SENTENCE"}),
    chats=(
        Chat(
            "spark",
            lambda origin: {"api_password": KEY, "base_url": origin},
            MODEL,
            Stream(
                lambda text: sse(delta({"role": "assistant", "content": text})),
                closing=sse(delta({"role": "assistant", "content": ""})) + sse("[DONE]"),
                error=sse(failed(10012)),
                error_message="{label} failed on its side.",
                error_retried=True,
            ),
            whole,
        ),
        Chat(
            "spark",
            lambda origin: {"app_id": "fa4e0000", "api_key": KEY, "api_secret": f"{KEY}-secret", "base_url": origin},
            MODEL,
            Stream(
                lambda text: spoken(chunk(1, text)),
                closing=spoken(chunk(2, "", used=True)),
                error=spoken({"header": failed(10012)}),
                error_message="{label} failed on its side.",
                error_retried=True,
                socket=True,
                broken=spoken('{"header": {"code": 0'),
            ),
            name="socket",
        ),
    ),
    refusals=(
        *(Refusal(200, failed(code), sentence, retried=again) for code, (_, again, sentence) in CODES.items()),
        *(Refusal(400, error(str(code)), sentence) for code, (_, _, sentence) in CODES.items()),
        Refusal(200, failed(11200), CLOSED, ScopeMissing, "Each version has its own quota"),
        # However it comes, it is not asked again.
        Refusal(500, error("11200", "licc failed"), CLOSED, ScopeMissing, "Each version has its own quota"),
        Refusal(
            403,
            error("11200"),
            "iFLYTEK Spark accepted the key, but Spark Lite is not enabled",
            ScopeMissing,
            call="verify",
        ),
        Refusal(
            403,
            error("11200", "AppIdNoAuthError: tokens.total"),
            "iFLYTEK Spark accepted the key; the tokens of generalv3.5 are used up, or were not claimed.",
            ScopeMissing,
            "claim or buy",
        ),
        Refusal(
            200,
            failed(11200, "licc limit: domain.generalv2"),
            "iFLYTEK Spark accepted the key, but generalv3.5 is not served at this address",
            ScopeMissing,
            "base URL",
        ),
        Refusal(401, error(None, "bad"), "iFLYTEK Spark rejected this APIPassword", CredentialRejected, "HTTP box"),
        Refusal(
            401,
            error(None),
            "iFLYTEK Spark rejected this APIPassword",
            CredentialRejected,
            "HTTP box",
            call="verify",
        ),
        Refusal(
            401,
            {"message": UNKNOWN},
            "iFLYTEK Spark found no application with this APIKey.",
            CredentialRejected,
            "swapped",
        ),
        Refusal(
            401,
            {"message": "HMAC signature does not match"},
            "The signature does not match:",
            CredentialRejected,
            "same app",
        ),
        Refusal(
            401,
            {"message": "HMAC signature cannot be verified"},
            "The signature does not match:",
            CredentialRejected,
            "clock",
        ),
        Refusal(
            401,
            {"message": HOSTLESS},
            "iFLYTEK Spark got an APIPassword instead of a signature",
            CredentialRejected,
            "base",
        ),
        Refusal(
            401,
            {"message": STALE},
            "iFLYTEK Spark rejected the time of this request",
            CredentialRejected,
            "Set the clock.",
        ),
        Refusal(
            403,
            {"message": STALE},
            "iFLYTEK Spark rejected the time of this request",
            CredentialRejected,
            "Set the clock.",
        ),
        Refusal(403, {}, "iFLYTEK Spark rejected this request", Problem, "clock is more than 5 minutes off"),
        Refusal(500, {"message": "x"}, "iFLYTEK Spark failed on its side (500).", retried=True),
    ),
)
check = FACTS.check


def chat(p: Provider, fields: Any = BY_HTTP, name: str = MODEL.id, stream: bool = True, **parameters: Any) -> Call:
    assert p.chat
    messages = (Message("user", "Say hello"), Message("system", "Be brief."))
    return p.chat(fields, ChatRequest(replace(MODEL, id=name), messages, parameters, stream))


def embed(p: Provider, *texts: str, query: bool = False) -> Call:
    assert p.embed
    return p.embed(SIGNED, EmbeddingRequest(VECTORS, texts, query))


def dictate(p: Provider, name: str = "talk.wav", language: str = "") -> Call:
    assert p.transcribe
    return p.transcribe(SIGNED, TranscriptionRequest(SPEECH, Path(name), "audio/wav", 4000, language))


# --- what it is -------------------------------------------------------------------------------------------------------


@check
def what_it_is(p: Provider) -> None:
    assert (p.id, p.label, p.supply, p.import_mode) == ("spark", "iFLYTEK Spark", Supply.OWN, ImportMode.BOTH)
    assert [
        (form_field.name, form_field.required, form_field.secret, form_field.advanced) for form_field in p.fields
    ] == [
        ("api_password", True, True, False),
        ("app_id", True, False, False),
        ("api_key", True, True, False),
        ("api_secret", True, True, False),
        ("base_url", False, False, True),
    ]
    assert [form_field.auth_method for form_field in p.fields] == [
        "APIPassword",
        *["APPID, APIKey and APISecret"] * 3,
        "",
    ]
    assert not p.exclusive_auth_methods
    names = {form_field.name: form_field.env for form_field in p.fields}
    assert "SPARK_API_PASSWORD" in names["api_password"]
    for field, variable in (("app_id", "APP_ID"), ("api_key", "API_KEY"), ("api_secret", "API_SECRET")):
        assert names[field][:3] == (f"IFLYTEK_SPARK_{variable}", f"SPARK_{variable}", f"SPARKAI_{variable}")
    assert names["base_url"] == ("IFLYTEK_API_BASE",)
    assert p.key_page == "https://console.xfyun.cn/services/cbm"
    assert p.types == (ModelType.CHAT, ModelType.EMBEDDING, ModelType.SPEECH2TEXT)
    # Nothing lists models.
    assert p.list_models is None


@check
def where_it_is(p: Provider) -> None:
    field = p.field("base_url")
    assert field.url and field.default == ROOT
    for path in ("", "/v1", "/v2", "/x2", "/agent/v1", "/v1/chat/completions", "/agent/v1/chat/completions", "/x2/"):
        assert clean_url(ROOT + path, field.strip_suffixes) == ROOT, path
    signed = ("https://spark-api.xf-yun.com", "https://emb-cn-huabei-1.xf-yun.com", "https://iat-api.xfyun.cn")
    assert p.origins(BASE) == p.origins(BY_HTTP) == (ROOT,)
    assert p.origins(SIGNED) == signed
    assert p.origins(BOTH) == (ROOT, *signed)
    # A gateway serves every call.
    for fields in (BY_HTTP, SIGNED, BOTH):
        assert p.origins({**fields, "base_url": "https://gateway.test/spark"}) == ("https://gateway.test",)
    assert p.verify({**SIGNED, "base_url": f"{OWN}/"}).url == "ws://localhost:9/v1.1/chat"
    assert chat(p, {**SIGNED, "base_url": "https://gateway.test/s"}).url == "wss://gateway.test/s/v3.5/chat"
    assert chat(p, {**BY_HTTP, "base_url": f"{OWN}/box/"}).url == f"{OWN}/box/v1/chat/completions"
    assert chat(p, {**BY_HTTP, "base_url": OWN}).url == f"{OWN}/v1/chat/completions"
    assert p.embed and p.embed({**SIGNED, "base_url": OWN}, EmbeddingRequest(VECTORS, ("a",))).url == f"{OWN}/"


@check
def a_chat_by_http_carries_a_bearer(p: Provider) -> None:
    for call in (chat(p), chat(p, BOTH), p.verify(BY_HTTP)):
        signed = p.sign(call, BOTH, {**SECRETS, "api_password": Secret(KEY)}, NOW)
        assert (signed.headers, signed.query) == ({"authorization": Secret(f"Bearer {KEY}")}, {})
    assert p.sign(chat(p), BY_HTTP, {}, NOW).headers == {}


@check
def signatures_are_those_of_the_worked_examples(p: Provider) -> None:
    calls = {"chat": chat(p, SIGNED, "4.0Ultra"), "embed": embed(p, "hello"), "speech": dictate(p)}
    for name, call in calls.items():
        signed = p.sign(call, SIGNED, SECRETS, NOW)
        assert list(signed.query) == ["authorization", "date", "host"]
        assert (signed.query["date"], signed.query["host"]) == (DATE, call.url.split("/")[2])
        packed = signed.query["authorization"]
        assert isinstance(packed, Secret)
        assert base64.b64decode(packed.reveal()).decode() == (
            'api_key="0123456789abcdef0123456789abcdef", algorithm="hmac-sha256", headers="host date request-line", '
            f'signature="{SIGNATURES[name]}"'
        )
        assert "authorization" not in signed.headers
        for missing in SECRETS:
            assert p.sign(call, SIGNED, {**SECRETS, missing: Secret("")}, NOW) == call
    assert p.sign(calls["chat"], SIGNED, SECRETS, NOW).query["authorization"] == Secret(AUTHORIZATION)
    # The host is signed as the header has it.
    local = p.sign(p.verify({**SIGNED, "base_url": OWN}), SIGNED, SECRETS, NOW)
    assert local.query["host"] == "localhost:9"


# --- verification -----------------------------------------------------------------------------------------------------


@check
def an_api_password_is_verified_by_one_token(p: Provider) -> None:
    call = p.verify(BY_HTTP)
    assert (call.method, call.url, call.framing) == ("POST", f"{ROOT}/v1/chat/completions", Framing.JSON)
    assert call.json == {
        "model": "lite",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 1,
        "stream": False,
    }
    assert read(call, whole("Hi")) == [Accepted()]
    assert read(call, {**whole("Hi"), "code": "0"}) == [Accepted()]
    for body in (failed(11200), error("11200")):
        assert [(event.status, event.code, event.final) for event in read(call, body)] == [(403, "11200", True)]


@check
def the_three_parts_are_verified_by_a_handshake(p: Provider) -> None:
    call = p.verify(SIGNED)
    assert (call.method, call.url) == ("GET", "wss://spark-api.xf-yun.com/v1.1/chat")
    assert (call.framing, call.sends, call.chunks, call.json) == (Framing.WEBSOCKET, (), None, None)
    assert read(call) == [Accepted()]
    # Where both are filled in, the one that costs nothing comes first.
    both = p.verify(BOTH)
    assert both.url == call.url
    [probe] = read(both)
    assert (probe.url, probe.json) == (p.verify(BY_HTTP).url, p.verify(BY_HTTP).json)
    assert read(probe, whole("Hi")) == [Accepted()]


# --- models -----------------------------------------------------------------------------------------------------------

VERSIONS = {
    # id: path and model by HTTP, path and domain by WebSocket, context, most tokens of an answer
    "lite": ("/v1", "lite", "/v1.1/chat", "lite", 8_000, 4096),
    "generalv3": ("/v1", "generalv3", "/v3.1/chat", "generalv3", 8_000, 8192),
    "pro-128k": ("/v1", "pro-128k", "/chat/pro-128k", "pro-128k", 128_000, 4096),
    "generalv3.5": ("/v1", "generalv3.5", "/v3.5/chat", "generalv3.5", 8_000, 8192),
    "max-32k": ("/v1", "max-32k", "/chat/max-32k", "max-32k", 32_000, 8192),
    "4.0Ultra": ("/v1", "4.0Ultra", "/v4.0/chat", "4.0Ultra", 8_000, 8192),
    "spark-x1.5": ("/v2", "spark-x", "/v1/x1", "spark-x", 64_000, 65_535),
    "spark-x2": ("/x2", "spark-x", "", "", 0, 65_535),
    "spark-x2-flash": ("/agent/v1", "spark-x", "", "", 256_000, 65_535),
}


@check
def versions_by_path_and_name(p: Provider) -> None:
    for name, (path, model, socket, domain, _, most) in VERSIONS.items():
        by_http = chat(p, BOTH, name)
        assert (by_http.url, by_http.json["model"]) == (f"{ROOT}{path}/chat/completions", model)
        ranges = {
            parameter.name: (parameter.low, parameter.high) for parameter in p.parameters(replace(MODEL, id=name))
        }
        more = {"top_p": (0, 1), "presence_penalty": (-2, 2), "frequency_penalty": (-2, 2)}
        defaults = {"temperature": (0.01, 1), "top_k": (1, 6), "max_tokens": (1, most)}
        assert ranges == ({"temperature": (0, 2), "max_tokens": (1, most), **more} if "-x" in name else defaults), name
        if socket:
            call = chat(p, SIGNED, name)
            assert call.url == f"wss://spark-api.xf-yun.com{socket}"
            assert call.sends[0]["parameter"]["chat"]["domain"] == domain
        else:
            assert "HTTP only" in refused(lambda name=name: chat(p, SIGNED, name))
    # Names of before, and one that is not known here.
    for name, expected in (("spark", "lite"), ("general", "lite"), ("x1", "spark-x"), ("mine", "mine")):
        assert chat(p, BY_HTTP, name).json["model"] == expected
        assert chat(p, SIGNED, name).sends[0]["parameter"]["chat"]["domain"] == expected
    assert chat(p, BY_HTTP, "mine").url == f"{ROOT}/v1/chat/completions"
    assert chat(p, SIGNED, "mine").url == "wss://spark-api.xf-yun.com/v1.1/chat"
    assert chat(p, BY_HTTP, "x1").url == f"{ROOT}/v2/chat/completions"
    assert p.parameters(VECTORS) == p.parameters(SPEECH) == ()


def refused(created: Any) -> str:
    """The words of a call that cannot be meant."""
    try:
        created()
    except UsageError as problem:
        return f"{problem.message} {problem.hint}"
    return ""


@check
def what_is_known_without_asking(p: Provider) -> None:
    assert p.catalogue_as_of == "2026-11-22"
    assert p.catalogue == (
        *(Model("spark", name, ModelType.CHAT, context=size) for name, (*_, size, _) in VERSIONS.items()),
        Model("spark", "spark-embedding", ModelType.EMBEDDING, context=2_000, dimensions=2560),
        Model("spark", "iat", ModelType.SPEECH2TEXT),
    )
    assert {kind.value: names for kind, names in p.proposed.items()} == {
        "chat": ("4.0Ultra", "spark-x1.5", "lite"),
        "embedding": ("spark-embedding",),
        "speech2text": ("iat",),
    }


# --- chats by HTTP ----------------------------------------------------------------------------------------------------


@check
def a_chat_by_http(p: Provider) -> None:
    call = chat(p, temperature=0.5, top_k=4, max_tokens=2048)
    assert (call.method, call.framing, call.query) == ("POST", Framing.SSE, {})
    assert call.json == {
        "model": "generalv3.5",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello"}],
        "stream": True,
        "temperature": 0.5,
        "top_k": 4,
        "max_tokens": 2048,
    }
    assert (chat(p, stream=False).framing, chat(p, stream=False).json["stream"]) == (Framing.JSON, False)


@check
def the_pieces_of_a_chat_by_http(p: Provider) -> None:
    used = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    frames = [
        delta({"role": "assistant", "content": "", "reasoning_content": "Greet."}),
        delta({"role": "assistant", "content": "Hel"}),
        delta({"role": "assistant", "content": "lo."}, usage=used),
        "[DONE]",
    ]
    entries = [ThinkingDelta("Greet."), TextDelta("Hel"), TextDelta("lo."), Usage(3, 2), Finish("stop")]
    assert read(chat(p), *frames) == entries
    assert read(chat(p), *frames[:2])[-1] == UNFINISHED
    assert read(chat(p, stream=False), whole("Hello.")) == [TextDelta("Hello."), Usage(3, 2), Finish("stop")]
    for odd in ({"choices": None}, {"choices": [7]}, 7, "x"):
        assert read(chat(p), odd, "[DONE]")[-1].note == "The answer is empty."
    parted = read(chat(p), delta({"content": "Par"}), failed(10012), end=False)
    assert parted == [TextDelta("Par"), ApiError(500, "10012", "", "Their words.", request_id="cha0000demo@dx01")]


# --- chats over a WebSocket -------------------------------------------------------------------------------------------


@check
def a_chat_over_a_websocket(p: Provider) -> None:
    for stream in (True, False):
        call = chat(p, SIGNED, "4.0Ultra", stream, temperature=0.5, max_tokens=2048, top_k=4)
        assert (call.method, call.url) == ("GET", "wss://spark-api.xf-yun.com/v4.0/chat")
        assert (call.framing, call.json, call.chunks) == (Framing.WEBSOCKET, None, None)
        text = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello"}]
        assert call.sends == (
            {
                "header": {"app_id": "a1b2c3d4"},
                "parameter": {"chat": {"domain": "4.0Ultra", "temperature": 0.5, "max_tokens": 2048, "top_k": 4}},
                "payload": {"message": {"text": text}},
            },
        )


@check
def the_frames_of_a_chat_over_a_websocket(p: Provider) -> None:
    call = chat(p, SIGNED)
    frames = [chunk(0, "", reasoning_content="Greet."), chunk(1, "Hel"), chunk(2, "lo.", used=True)]
    entries = [ThinkingDelta("Greet."), TextDelta("Hel"), TextDelta("lo."), Usage(6, 3), Finish("stop")]
    assert read(call, *frames, end=False) == entries
    assert read(call, chunk(2, "Hi"), end=False) == [TextDelta("Hi"), Finish("stop")]
    assert read(call, chunk(2, ""), end=False)[-1].note == "The answer is empty."
    # The last one is told by either status.
    for part in ("header", "payload"):
        last = chunk(1, "Hi")
        (last["header"] if part == "header" else last["payload"]["choices"])["status"] = 2
        assert read(call, last, end=False)[-1] == Finish("stop")
    cut = read(call, chunk(0, "Hal"))[-1]
    assert cut == UNFINISHED
    bad = {"header": {"code": 10012, "message": "M", "sid": "cht0000demo@dx01", "status": 2}}
    entries = [TextDelta("Par"), ApiError(500, "10012", "", "M", request_id="cht0000demo@dx01")]
    assert read(call, chunk(0, "Par"), bad, end=False) == entries
    odd: Any
    for odd in ({}, [], 7, "x", {"payload": {"choices": {"text": [7, {"content": 7}]}}}, {"payload": {"choices": 7}}):
        assert read(call, odd, end=False) == []


# --- vectors ----------------------------------------------------------------------------------------------------------


@check
def one_text_a_call(p: Provider) -> None:
    call = embed(p, "hello", "星")
    assert (call.method, call.url, call.framing) == ("POST", "https://emb-cn-huabei-1.xf-yun.com/", Framing.JSON)
    assert call.json == {
        "header": {"app_id": "a1b2c3d4", "status": 3},
        "parameter": {"emb": {"domain": "para", "feature": {"encoding": "utf8"}}},
        "payload": {"messages": {"text": "eyJtZXNzYWdlcyI6IFt7ImNvbnRlbnQiOiAiaGVsbG8iLCAicm9sZSI6ICJ1c2VyIn1dfQ=="}},
    }
    half = base64.b64decode(embed(p, "\ud83d").json["payload"]["messages"]["text"])
    assert json.loads(half)["messages"][0]["content"] == "?"
    assert embed(p, "hello", query=True).json["parameter"]["emb"]["domain"] == "query"
    body = {
        "header": {"code": 0, "message": "success", "sid": "x"},
        "payload": {"feature": {"text": "AAAAPwAAgL8AAIA+"}},
    }
    first, after = read(call, body)
    assert first == Vectors(0, ((0.5, -1.0, 0.25),))
    assert after.url == call.url
    assert json.loads(base64.b64decode(after.json["payload"]["messages"]["text"])) == {
        "messages": [{"content": "星", "role": "user"}]
    }
    assert read(after, body) == [Vectors(1, ((0.5, -1.0, 0.25),)), Finish("stop")]
    assert [event.status for event in read(after, {"header": {"code": 11202, "message": "M"}})] == [429]
    odd: Any
    for odd in ("AAAA", "AAAAPw", "!", "", 7, "AACAfw=="):
        bad = read(call, {"header": {"code": 0}, "payload": {"feature": {"text": odd}}})
        assert [item.code for item in bad] == ["malformed"]
    assert [event.code for event in read(call, {})] == ["malformed"]


# --- speech to text ---------------------------------------------------------------------------------------------------


@check
def a_recording_goes_in_pieces(p: Provider) -> None:
    call = dictate(p)
    assert (call.method, call.url) == ("GET", "wss://iat-api.xfyun.cn/v2/iat")
    assert (call.framing, call.sends, call.upload) == (Framing.WEBSOCKET, (), None)
    chunks = call.chunks
    assert chunks and (chunks.path, chunks.size, chunks.interval) == (Path("talk.wav"), 1280, 0.04)
    sound = {"format": "audio/L16;rate=16000", "encoding": "raw", "audio": "QQ=="}
    business = {"language": "zh_cn", "domain": "iat", "accent": "mandarin", "vad_eos": 10_000}
    assert chunks.message(0, "QQ==", False) == {
        "common": {"app_id": "a1b2c3d4"},
        "business": business,
        "data": {"status": 0, **sound},
    }
    assert chunks.message(1, "QQ==", False) == {"data": {"status": 1, **sound}}
    assert chunks.message(7, "QQ==", True) == {"data": {"status": 2, **sound}}
    for name, language, expected in (
        ("a.MP3", "en", ("lame", "en_us")),
        ("a.mpeg", "en", ("lame", "en_us")),
        ("a.mpga", "en", ("lame", "en_us")),
        ("a.pcm", "zh", ("raw", "zh_cn")),
    ):
        other = dictate(p, name, language).chunks
        assert other
        first = other.message(0, "", False)
        assert (first["data"]["encoding"], first["business"]["language"]) == expected
    assert "de" in refused(lambda: dictate(p, language="de"))
    assert p.audio
    limits = p.audio(SPEECH)
    assert (set(limits.endings), [time.value for time in limits.times]) == ({"wav", "pcm", "mp3"}, [""])
    assert 60 * 32_000 <= limits.size < 61 * 32_000


@check
def what_was_transcribed(p: Provider) -> None:
    call = dictate(p)
    frames = [dictated(1, "Good"), dictated(2, " day", "."), dictated(3, status=2), dictated(4, "late")]
    entries = [TextDelta("Good"), TextDelta(" day."), Transcript("Good day."), Finish("stop")]
    assert read(call, *frames[:3], end=False) == entries
    assert read(call, frames[1], frames[0], frames[2], end=False)[2] == Transcript("Good day.")
    # With corrections on, a piece may take the place of others.
    corrected = [
        dictated(1, "Goo", pgs="apd"),
        dictated(2, "d ya", pgs="apd"),
        dictated(3, "Good day", pgs="rpl", rg=[1, 2]),
    ]
    pieces = [TextDelta("Goo"), TextDelta("d ya"), TextDelta(".")]
    *entries, text, _ = read(call, *corrected, dictated(4, ".", status=2, pgs="apd"), end=False)
    assert (entries, text) == (pieces, Transcript("Good day."))
    _, text, cut = read(call, frames[0])
    assert (text, cut) == (Transcript("Good"), UNFINISHED)
    assert [event.code for event in read(call, failed(10163), end=False)] == ["10163"]
    odd: Any
    for odd in ({}, {"data": None}, {"data": {"result": {"ws": [7, {"cw": [7]}, {"cw": [{"w": 7}]}]}}}, 7):
        assert read(call, odd, end=False) == []


@check
def what_a_credential_cannot_do(p: Provider) -> None:
    embedding, transcribing = p.embed, p.transcribe
    assert embedding and transcribing
    texts, recording = EmbeddingRequest(VECTORS, ("a",)), TranscriptionRequest(SPEECH, Path("a.wav"), "audio/wav", 1)
    incomplete: Any
    for incomplete in (BY_HTTP, {**SIGNED, "app_id": ""}, {**SIGNED, "api_secret": ""}):
        words = refused(partial(embedding, incomplete, texts))
        assert words.startswith("Embeddings of iFLYTEK Spark need APPID, APIKey and APISecret")
        assert refused(partial(transcribing, incomplete, recording)).startswith("Transcripts of")
    assert refused(lambda: chat(p, {**SIGNED, "app_id": ""})).startswith("Chats over a WebSocket of")


# --- refusals ---------------------------------------------------------------------------------------------------------


@check
def what_codes_amount_to(p: Provider) -> None:
    for code, (status, again, _) in CODES.items():
        for body in (failed(code), error(str(code)), {"header": failed(code)}):
            [result] = read(chat(p), body, end=False)
            assert (result.status, result.code, result.final) == (status, str(code), not again), code
        assert p.parse_error(500, {}, error(str(code))).final is not again
    api_error = p.parse_error(401, {"x-request-id": "req_1"}, failed(11200, "M"))
    assert (api_error.status, api_error.message, api_error.request_id) == (401, "M", "req_1")
    assert p.parse_error(400, {"a": "b"}, {"message": "M", "sid": 7}) == ApiError(400, message="M", headers={"a": "b"})
    assert p.parse_error(502, {}, "plain").message == "plain"
    assert p.describe_error(ApiError(400), "m") is None
    less, _ = p.repair_request(chat(p, top_k=3), ApiError(400, message="Unknown parameter: top_k")) or (chat(p), "")
    assert "top_k" not in less.json
    assert isinstance(p.describe_error(ApiError(429, code="11202"), ""), Problem)


# --- images -----------------------------------------------------------------------------------------------------------


@check
def images_and_documents(p: Provider) -> None:
    signed = {"app_id": "a", "api_key": "•", "api_secret": "•"}
    assert p.chat
    for model, domain in (("imagev3", "imagev3"), ("image", "general")):
        message = chat_with(p, signed, model)
        assert message["parameter"]["chat"]["domain"] == domain
        image = {"role": "user", "content": DATA, "content_type": "image"}
        text = {"role": "user", "content": "What is this?", "content_type": "text"}
        assert message["payload"]["message"]["text"] == [image, text]
        ask = ChatRequest(Model("spark", model, ModelType.CHAT), (Message("user", "What?", (IMAGE,)),))
        assert p.chat(signed, ask).url == "wss://spark-api.cn-huabei-1.xf-yun.com/v2.1/image"
        here = p.model_origins(signed, ask.model)
        assert here == ("https://spark-api.cn-huabei-1.xf-yun.com",)
        assert figures(p, model) == {"images": ("image/png", "image/jpeg"), "size": 4 * MB, "count": 1}
    lite = Model("spark", "lite", ModelType.CHAT)
    assert p.attachments(lite) is None and p.model_origins(signed, lite) == ()
