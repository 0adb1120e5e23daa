"""What Model Studio's reference says of Tongyi (OpenAI compatibility, text embedding, Qwen-ASR, error codes).

Nothing here was recorded from the adapter; the frames are our own composition of the documented shapes.
"""

from pathlib import Path
from typing import Any

from tests.providers.attached import MB, PARTS, chat_with, figures
from tests.providers.facts import (
    BARE_LIST,
    KEY,
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
from tui.domain import ImportMode, Model, ModelType, Supply
from tui.errors import CredentialRejected, Problem, ScopeMissing
from tui.providers.events import (
    UNFINISHED,
    Accepted,
    Finish,
    ModelsListed,
    Notice,
    TextDelta,
    ThinkingDelta,
    Transcript,
    Usage,
    Vectors,
)
from tui.providers.requests import (
    ApiError,
    Base64File,
    Call,
    ChatRequest,
    EmbeddingRequest,
    Framing,
    Message,
    TranscriptionRequest,
)
from tui.providers.spec import Provider
from tui.secret import Secret

ROOT = "https://dashscope.aliyuncs.com/compatible-mode/v1"
BASE = {"base_url": ROOT}
SOUND = Path("talk.wav")


def delta(piece: Any, reason: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": piece, "finish_reason": reason}
    return {
        "id": "chatcmpl-demo0001",
        "object": "chat.completion.chunk",
        "created": 1767600000,
        "model": "qwen-plus",
        "choices": [choice],
        "usage": None,
        **more,
    }


def error(code: str, message: str = "Their words.") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "type": code, "param": None}, "request_id": "demo-1"}


USED = {"prompt_tokens": 9, "completion_tokens": 4, "completion_tokens_details": {"reasoning_tokens": 2}}

FACTS = Facts(
    "tongyi",
    modules=("tongyi.dashscope",),
    numbers=True,
    otherwise=(
        BARE_LIST,
        Otherwise("* */models", "status 40[45], page 404", "good", "a chat of one token shows that it is taken"),
    ),
    chats=(
        Chat(
            "tongyi",
            lambda origin: {"api_key": KEY, "base_url": f"{origin}/compatible-mode/v1"},
            Model("tongyi", "qwen-plus", ModelType.CHAT),
            Stream(
                lambda text: sse(delta({"content": text})),
                closing=sse(delta({"content": ""}, "stop")) + sse(delta({}, choices=[], usage=USED)) + sse("[DONE]"),
                opening=sse(delta({"role": "assistant", "content": ""})),
                error=sse(error("InternalError")),
                error_message="{label} failed on its side (500).",
                error_retried=True,
            ),
            lambda text: {
                "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]
            },
        ),
    ),
    refusals=(
        Refusal(
            401, error("invalid_api_key"), "Tongyi rejected this key in this region.", CredentialRejected, "sk-sp-"
        ),
        Refusal(
            401,
            {"code": "InvalidApiKey", "message": "Invalid API-key provided.", "request_id": "demo-2"},
            "Tongyi rejected this key in this region.",
            CredentialRejected,
            call="verify",
        ),
        Refusal(400, error("Arrearage"), "The Alibaba Cloud account is overdue. The key is valid.", Problem, "Pay"),
        Refusal(
            403,
            error("AccessDenied.Unpurchased"),
            "Model Studio is not activated for this account in this region.",
            ScopeMissing,
            "Activate it",
            call="verify",
        ),
        Refusal(
            403, error("Model.AccessDenied"), "Tongyi knows this key, but its workspace has no permission", ScopeMissing
        ),
        Refusal(
            403,
            error("AccessDenied"),
            "Tongyi knows this key, but its workspace has no permission for qwen",
            ScopeMissing,
        ),
        Refusal(
            403, error("AllocationQuota.FreeTierOnly"), "The free quota of qwen-plus is used up", ScopeMissing, "off"
        ),
        Refusal(400, error("AllocationQuota.FreeTierOnly"), "The free quota of qwen-plus is used up", ScopeMissing),
        Refusal(404, error("ModelNotFound"), "Tongyi does not have qwen-plus in this region", Problem, "Refresh"),
        Refusal(404, error("Model.NotExist"), "Tongyi does not have qwen-plus in this region"),
        Refusal(404, error("model_not_found"), "Tongyi does not have qwen-plus in this region"),
        Refusal(400, error("DataInspectionFailed"), "The content check of Tongyi stopped", Problem, "Rephrase"),
        Refusal(400, error("data_inspection_failed"), "The content check of Tongyi stopped this text or its answer."),
        Refusal(400, error("InvalidParameter"), "Tongyi rejected this request for qwen-plus (400)."),
        Refusal(
            400,
            error("invalid_parameter_error", "Range of input length should be [1, 1000000]"),
            "This is longer than qwen-plus can take.",
        ),
        Refusal(429, error("Throttling.RateQuota"), "Tongyi is too busy.", retried=True),
        Refusal(429, error("limit_requests"), "Tongyi is too busy.", retried=True),
        Refusal(429, error("insufficient_quota"), "The tokens of this minute", Problem, "minute", retried=True),
        Refusal(429, error("Throttling.AllocationQuota"), "The tokens of this minute are used up", retried=True),
        Refusal(500, error("InternalError.Timeout"), "Tongyi failed on its side (500).", retried=True),
        # As a 200, and known only from the body.
        Refusal(200, error("invalid_api_key"), "Tongyi rejected this key in this region.", CredentialRejected),
        Refusal(200, {"code": "Throttling", "message": "Slow down."}, "Tongyi is too busy.", retried=True),
        Refusal(200, error("limit_requests"), "Tongyi is too busy.", retried=True),
        Refusal(200, error("insufficient_quota"), "The tokens of this minute are used up", retried=True),
        Refusal(200, error("RequestTimeOut"), "Tongyi failed on its side (500).", retried=True),
    ),
)
check = FACTS.check


def chat(p: Provider, name: str = "qwen-plus", stream: bool = True, **parameters: Any) -> Call:
    assert p.chat
    messages = (Message("system", "Be brief."), Message("user", "Hello?"))
    return p.chat(BASE, ChatRequest(Model("tongyi", name, ModelType.CHAT), messages, parameters, stream))


# --- what it is -------------------------------------------------------------------------------------------------------


@check
def what_it_is(p: Provider) -> None:
    assert (p.id, p.label, p.supply, p.import_mode) == ("tongyi", "Tongyi", Supply.OWN, ImportMode.BOTH)
    assert [
        (form_field.name, form_field.required, form_field.secret, form_field.advanced) for form_field in p.fields
    ] == [
        ("api_key", True, True, False),
        ("base_url", False, False, True),
        ("workspace_id", False, False, True),
    ]
    assert p.field("api_key").env[0] == "DASHSCOPE_API_KEY"
    assert p.field("workspace_id").env == ("DASHSCOPE_WORKSPACE", "DASHSCOPE_WORKSPACE_ID")
    assert {"DASHSCOPE_HTTP_BASE_URL", "DASHSCOPE_API_BASE"} < set(p.field("base_url").env)
    assert [prefix.value for prefix in p.field("api_key").prefixes] == ["sk-sp-", "sk-"]
    assert p.key_page == "https://bailian.console.aliyun.com/?apiKey=1#/api-key"


HOSTS = {
    "https://dashscope.aliyuncs.com": "Beijing",
    "https://dashscope-intl.aliyuncs.com": "Singapore",
    "https://dashscope-us.aliyuncs.com": "Virginia",
    "https://cn-hongkong.dashscope.aliyuncs.com": "Hong Kong",
}


@check
def where_it_is(p: Provider) -> None:
    field = p.field("base_url")
    assert field.url and field.default == ROOT
    assert [choice.value for choice in field.choices] == [f"{host}/compatible-mode/v1" for host in HOSTS]
    assert all(name in choice.label for choice, name in zip(field.choices, HOSTS.values(), strict=True))
    for host in HOSTS:
        assert p.origins({"base_url": f"{host}/compatible-mode/v1"}) == (host,)
    for root in ("https://dashscope.aliyuncs.com", f"{ROOT}/"):
        assert p.verify({"base_url": root}).url == f"{ROOT}/models"
    own = "https://llm-9.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1"
    assert p.verify({"base_url": own}).url == f"{own}/models"
    assert {"/api/v1", "/apps/anthropic", "/apps/anthropic/v1/messages", "/chat/completions"} <= set(
        field.strip_suffixes
    )


@check
def a_key_is_tried_in_the_other_regions(p: Provider) -> None:
    roots = [f"{host}/compatible-mode/v1" for host in HOSTS]
    for here in (ROOT, "https://dashscope.aliyuncs.com"):
        result = p.regions({"base_url": here, "workspace_id": "llm-9"})
        assert result == tuple({"base_url": root, "workspace_id": "llm-9"} for root in roots[1:])
    assert [region["base_url"] for region in p.regions({"base_url": roots[1]})] == [roots[0], *roots[2:]]
    for own in ("https://gateway.example.test/v1", "http://localhost:9", "https://llm-9.cn-beijing.maas.aliyuncs.com"):
        assert p.regions({"base_url": own}) == ()


@check
def the_key_is_a_bearer_and_the_workspace_a_header(p: Provider) -> None:
    for call in (p.verify(BASE), chat(p)):
        signed = p.sign(call, BASE | {"workspace_id": "llm-9"}, {"api_key": Secret(KEY)}, 0)
        assert signed.headers == {"authorization": Secret(f"Bearer {KEY}"), "x-dashscope-workspace": "llm-9"}
    assert p.sign(p.verify(BASE), BASE, {"api_key": Secret(KEY)}, 0).headers.keys() == {"authorization"}


# --- models -----------------------------------------------------------------------------------------------------------


@check
def the_list_of_models(p: Provider) -> None:
    assert p.list_models
    for call in (p.verify(BASE), p.list_models(BASE)):
        assert (call.method, call.url, call.query, call.json, call.framing) == (
            "GET",
            f"{ROOT}/models",
            {},
            None,
            Framing.JSON,
        )
    entries = [{"id": item, "object": "model"} for item in ("qwen-plus", "qwen3-asr-flash", "text-embedding-v4")]
    assert read(p.verify(BASE), {"object": "list", "data": entries}) == [
        ModelsListed(
            (
                Model("tongyi", "qwen-plus", ModelType.CHAT, context=1_000_000),
                Model("tongyi", "qwen3-asr-flash", ModelType.SPEECH2TEXT),
                Model("tongyi", "text-embedding-v4", ModelType.EMBEDDING, context=8192, dimensions=1024),
            ),
            3,
        ),
        Accepted(),
    ]


@check
def models_by_their_names(p: Provider) -> None:
    kinds = {
        ModelType.CHAT: "qwen3.8-max qwen3.6-flash qwen-long qwen3-32b deepseek-v4-pro glm-5.2 kimi-k2.5 MiniMax-M2.5"
        " qwen3.8-omni-flash qwen-vl-ocr acme-7b",
        ModelType.EMBEDDING: "text-embedding-v1 text-embedding-v4 qwen3.7-text-embedding text-embedding-v5",
        ModelType.SPEECH2TEXT: "qwen3-asr-flash qwen3-asr-flash-2025-09-08",
        None: "multimodal-embedding-v1 qwen3-asr-flash-filetrans qwen3-asr-flash-realtime paraformer-v2 fun-asr-flash"
        " paraformer-realtime-v2 qwen3-tts-flash cosyvoice-v3 wanx2.1-t2i wan2.5-t2v qwen-image-plus gte-rerank-v2"
        " qwen3-omni-flash-realtime qwen3-livetranslate-flash",
    }
    types_by_names(p, BASE, kinds)


@check
def an_address_without_a_list_is_sent_a_word(p: Provider) -> None:
    for status in (404, 405):
        probe, sentence = p.repair_request(p.verify(BASE), ApiError(status)) or (None, "")
        assert probe and "no models" in sentence
        assert (probe.method, probe.url, probe.framing) == ("POST", f"{ROOT}/chat/completions", Framing.JSON)
        assert probe.json == {
            "model": "qwen3.6-flash",
            "messages": [{"role": "user", "content": "hi"}],
            "max_tokens": 1,
            "enable_thinking": False,
            "stream": False,
        }
        assert read(probe, {"choices": []}) == [ModelsListed(p.catalogue, 0), Accepted()]
        assert read(probe, error("invalid_api_key"))[0].status == 401
    assert p.repair_request(p.verify(BASE), ApiError(401)) is None
    assert p.repair_request(chat(p), ApiError(404)) is None


@check
def what_is_known_without_asking(p: Provider) -> None:
    known = {model.id: model for model in p.catalogue}
    assert p.catalogue_as_of == "2026-11-22"
    assert {name: model.dimensions for name, model in known.items() if model.dimensions} == {
        "text-embedding-v1": 1536,
        "text-embedding-v2": 1536,
        "text-embedding-v3": 1024,
        "text-embedding-v4": 1024,
        "qwen3.7-text-embedding": 1024,
    }
    for name, context in {
        "qwen3.8-max": 1_000_000,
        "qwen-long": 10_000_000,
        "deepseek-v4-flash": 1_048_576,
        "kimi-k2.5": 262_144,
        "MiniMax-M2.5": 204_800,
        "glm-5": 202_752,
        "qwen3.7-text-embedding": 128_000,
        "text-embedding-v2": 2048,
    }.items():
        assert known[name].context == context
    # Retired on 2026-07-13.
    assert not {"qwen-max", "qwen-turbo", "qwen-vl-max", "qwen-vl-plus", "qwq-plus", "qvq-max"} & set(known)
    first = {kind.value: names[0] for kind, names in p.proposed.items()}
    assert first == {"chat": "qwen3.8-max", "embedding": "text-embedding-v4", "speech2text": "qwen3-asr-flash"}
    proposed_are_known(p)


# --- chats ------------------------------------------------------------------------------------------------------------


@check
def a_streamed_chat(p: Provider) -> None:
    call = chat(p, temperature=0.5, max_tokens=40)
    assert (call.method, call.url, call.framing) == ("POST", f"{ROOT}/chat/completions", Framing.SSE)
    assert call.json == {
        "model": "qwen-plus",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "max_tokens": 40,
    }


@check
def thinking_is_switched_in_the_words_of_the_model(p: Provider) -> None:
    for name in ("qwen-plus", "qwen-flash", "qwen3.6-plus", "qwen3.7-max", "qwen3-32b", "qwen3-30b-a3b"):
        assert "enable_thinking" not in chat(p, name).json
        assert chat(p, name, enable_thinking="on").json["enable_thinking"] is True
        off = chat(p, name, enable_thinking="off", thinking_budget=50).json
        assert off["enable_thinking"] is False
        assert "thinking_budget" not in off
        assert chat(p, name, enable_thinking="on", thinking_budget=50).json["thinking_budget"] == 50
        assert chat(p, name, stream=False).json["enable_thinking"] is False
    effort = chat(p, "qwen3.8-max", enable_thinking="off").json
    assert effort["reasoning_effort"] == "none"
    assert "enable_thinking" not in effort
    for stream, parameters in ((True, {}), (True, {"enable_thinking": "on"})):
        assert not {"reasoning_effort", "enable_thinking"} & set(
            chat(p, "qwen3.8-max", stream=stream, **parameters).json
        )
    assert chat(p, "qwen3.8-max", stream=False).json["reasoning_effort"] == "none"
    # Models without the switch refuse it.
    for name in ("deepseek-v4-pro", "glm-5.2", "kimi-k2.5", "qwen-long", "qwen3-235b-a22b-instruct-2507"):
        for stream in (True, False):
            assert "enable_thinking" not in chat(p, name, stream=stream, enable_thinking="off").json


@check
def what_answers_only_as_a_stream_is_streamed(p: Provider) -> None:
    whole = chat(p, stream=False)
    assert (whole.framing, whole.json["stream"]) == (Framing.JSON, False)
    assert "stream_options" not in whole.json
    for name in ("qwen3.8-omni-flash", "qwq-32b", "qvq-72b-preview", "qwen3-235b-a22b-thinking-2507"):
        assert (chat(p, name, stream=False).framing, chat(p, name, stream=False).json["stream"]) == (Framing.SSE, True)
    thinking = chat(p, stream=False, enable_thinking="on")
    assert (thinking.framing, thinking.json["enable_thinking"]) == (Framing.SSE, True)
    plain = chat(p, "glm-5.2", stream=False)
    for message in (
        "parameter.enable_thinking must be set to false for non-streaming calls",
        "This model only support stream mode",
    ):
        call, sentence = p.repair_request(plain, ApiError(400, code="invalid_parameter_error", message=message)) or (
            plain,
            "",
        )
        assert call.framing is Framing.SSE
        assert call.json == plain.json | {"stream": True, "stream_options": {"include_usage": True}}
        assert sentence.startswith("glm-5.2 answers this only as a stream,")
        assert p.repair_request(chat(p), ApiError(400, message=message)) is None
    less, _ = p.repair_request(chat(p, seed=7), ApiError(400, message="Unknown parameter: seed")) or (plain, "")
    assert "seed" not in less.json


@check
def the_pieces_of_a_chat(p: Provider) -> None:
    frames = [
        delta({"role": "assistant", "content": ""}),
        delta({"reasoning_content": "Greet.", "content": None}),
        delta({"content": "Hello."}),
        delta({"content": ""}, "stop"),
        delta({}, choices=[], usage=USED),
        "[DONE]",
    ]
    assert read(chat(p), *frames) == [ThinkingDelta("Greet."), TextDelta("Hello."), Usage(9, 4, 2), Finish("stop")]
    cut = read(chat(p), delta({"reasoning_content": "Hm", "content": None}, "length"), "[DONE]")[-1]
    assert (cut.complete, cut.reason) == (False, "length")
    assert "before its first word" in cut.note
    message = {"role": "assistant", "content": "Hello."}
    whole = {"choices": [{"finish_reason": "stop", "message": message}], "usage": USED}
    assert read(chat(p, stream=False), whole) == [TextDelta("Hello."), Usage(9, 4, 2), Finish("stop")]


@check
def what_a_model_takes(p: Provider) -> None:
    sampling = ["temperature", "top_p", "max_tokens", "presence_penalty", "seed", "stop"]
    parameters = {parameter.name: parameter for parameter in p.parameters(Model("tongyi", "qwen-plus", ModelType.CHAT))}
    assert list(parameters) == [*sampling, "enable_thinking", "thinking_budget"]
    assert parameters["enable_thinking"].choices == ("on", "off")
    # 2 and 0 themselves are refused.
    assert parameters["temperature"].low == 0 and 1.9 < (parameters["temperature"].high or 0) < 2
    assert 0 < (parameters["top_p"].low or 0) < 0.1 and parameters["top_p"].high == 1
    assert (parameters["presence_penalty"].low, parameters["presence_penalty"].high) == (-2, 2)
    for name in ("glm-5.2", "qwen-long", "qwen3.8-omni-flash"):
        assert [parameter.name for parameter in p.parameters(Model("tongyi", name, ModelType.CHAT))] == sampling
    assert p.parameters(Model("tongyi", "text-embedding-v4", ModelType.EMBEDDING)) == ()


# --- vectors and recordings -------------------------------------------------------------------------------------------


@check
def vectors_in_batches_by_model(p: Provider) -> None:
    assert p.embed
    batches = {
        "text-embedding-v1": 25,
        "text-embedding-v2": 25,
        "text-embedding-v3": 10,
        "text-embedding-v4": 10,
        "qwen3.7-text-embedding": 20,
        "text-embedding-v9": 10,
    }
    texts = tuple(f"text {place}" for place in range(30))
    for name, most in batches.items():
        call = p.embed(BASE, EmbeddingRequest(Model("tongyi", name, ModelType.EMBEDDING), texts))
        assert (call.method, call.url, call.framing) == ("POST", f"{ROOT}/embeddings", Framing.JSON)
        assert call.json == {"model": name, "input": list(texts[:most]), "encoding_format": "float"}
        rows = [{"index": place, "embedding": [float(place)]} for place in range(most)]
        body = {"data": rows[::-1], "usage": {"prompt_tokens": 7, "total_tokens": 7}}
        vectors, after = read(call, body)
        assert vectors == Vectors(0, tuple((float(place),) for place in range(most)))
        assert after.json["input"] == list(texts[most : 2 * most])
        assert read(after, error("Throttling"))[0].status == 429
    one = p.embed(BASE, EmbeddingRequest(Model("tongyi", "text-embedding-v4", ModelType.EMBEDDING), ("a",)))
    body = {"data": [{"index": 0, "embedding": [1.0]}], "usage": {"prompt_tokens": 7}}
    assert read(one, body) == [Vectors(0, ((1.0,),)), Usage(input=7), Finish("stop")]


def recorded(p: Provider, language: str = "") -> Call:
    assert p.transcribe
    model = Model("tongyi", "qwen3-asr-flash", ModelType.SPEECH2TEXT)
    return p.transcribe(BASE, TranscriptionRequest(model, SOUND, "audio/wav", 700, language))


@check
def a_recording_goes_along_in_base64(p: Provider) -> None:
    call = recorded(p, "zh")
    assert (call.method, call.url, call.framing) == ("POST", f"{ROOT}/chat/completions", Framing.JSON)
    assert call.upload is None
    sound = {"type": "input_audio", "input_audio": {"data": Base64File(SOUND, "data:audio/wav;base64,")}}
    assert call.json == {
        "model": "qwen3-asr-flash",
        "messages": [{"role": "user", "content": [sound]}],
        "asr_options": {"language": "zh", "enable_itn": False},
        "stream": False,
    }
    assert recorded(p).json["asr_options"] == {"enable_itn": False}
    assert p.audio
    limits = p.audio(Model("tongyi", "qwen3-asr-flash", ModelType.SPEECH2TEXT))
    assert limits.size == 7 * 1024 * 1024
    assert {"wav", "mp3", "m4a", "flac", "ogg", "opus", "aac", "webm"} <= set(limits.endings)
    assert {"mp4", "mpeg"} <= set(limits.endings)


@check
def transcripts(p: Provider) -> None:
    def transcribed(content: Any, **more: Any) -> list[Any]:
        message = {"role": "assistant", "content": content, **more}
        body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": USED}
        return read(recorded(p), body)

    entries = transcribed("你好", annotations=[{"type": "audio_info", "language": "zh", "emotion": "neutral"}])
    assert entries == [Transcript("你好", language="zh"), Usage(9, 4, 2), Finish("stop")]
    assert transcribed([{"text": "Good"}, {"text": " day"}])[0] == Transcript("Good day")
    assert (
        transcribed("Hi", annotations=None)[0]
        == transcribed("Hi", annotations=[7, {"language": 7}])[0]
        == Transcript("Hi")
    )
    assert [type(message) for message in transcribed("")] == [Notice, Transcript, Usage, Finish]
    # Sent as a stream though none was asked for.
    chunks = [{"choices": [{"index": 0, "delta": {"content": text}}]} for text in ("Good", " day")]
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    assert read(recorded(p), *chunks, last, "[DONE]") == [Transcript("Good day"), Finish("stop")]
    assert read(recorded(p), *chunks) == [Transcript("Good day"), UNFINISHED]
    assert read(recorded(p), {"choices": [{"message": {"content": "Hi"}}]}) == [Transcript("Hi"), Finish("stop")]
    cut = {"choices": [{"index": 0, "message": {"content": "Good"}, "finish_reason": "length"}]}
    assert not read(recorded(p), cut)[-1].complete
    odd: Any
    for odd in ({}, {"choices": []}, {"choices": [7]}, {"choices": [{"message": 7}]}, {"choices": None}, 7):
        assert [event.code for event in read(recorded(p), odd)] == ["malformed"]
    assert transcribed(None)[0].code == "malformed"
    assert read(recorded(p), error("invalid_api_key"))[0].status == 401


# --- refusals ---------------------------------------------------------------------------------------------------------


@check
def an_error_body(p: Provider) -> None:
    headers = {"x-request-id": "req_1"}
    flat = {"code": "InvalidApiKey", "message": "M", "request_id": "demo-2"}
    assert p.parse_error(401, {}, flat) == ApiError(401, "InvalidApiKey", "", "M", request_id="demo-2")
    nested = p.parse_error(400, headers, error("InvalidParameter", "M"))
    assert nested == ApiError(400, "InvalidParameter", "InvalidParameter", "M", "", "req_1", headers)
    assert p.parse_error(400, {}, error("Arrearage")).request_id == "demo-1"
    for code in ("Arrearage", "AllocationQuota.FreeTierOnly", "AccessDenied.Unpurchased"):
        assert p.parse_error(429, {}, error(code)).final
    # A quota of tokens a minute, and none of money.
    assert not p.parse_error(429, {}, error("insufficient_quota")).final
    assert p.parse_error(502, {}, "plain").message == "plain"
    assert p.parse_error(400, {}, {"request_id": 7, "message": "M"}).request_id == ""


@check
def errors_within_an_answer(p: Provider) -> None:
    for code, status in {
        "InvalidApiKey": 401,
        "Throttling.RateQuota": 429,
        "limit_requests": 429,
        "insufficient_quota": 429,
        "InternalError": 500,
        "internal_error": 500,
        "RequestTimeOut": 500,
        "DataInspectionFailed": 0,
    }.items():
        for body in (error(code), {"code": code, "message": "Their words.", "request_id": "demo-1"}):
            refused = read(chat(p), body, end=False)
            assert [(item.status, item.request_id) for item in refused] == [(status, "demo-1")]
    parted = read(chat(p), delta({"content": "Par"}), error("data_inspection_failed"), end=False)
    assert parted[0] == TextDelta("Par")
    message = p.describe_error(parted[1], "m")
    assert message and "content check" in message.message
    assert read(chat(p), delta({"content": "Hi"}, code="0"), end=False) == [TextDelta("Hi")]


@check
def codes_in_any_spelling(p: Provider) -> None:
    algo = ApiError(400, code="InternalError.Algo.DataInspectionFailed")
    assert "content check" in getattr(p.describe_error(algo, "m"), "message", "")
    numbered = ApiError(400, code="400", kind="Arrearage")
    assert "overdue" in getattr(p.describe_error(numbered, "m"), "message", "")
    assert p.describe_error(ApiError(401), "m") is None
    assert "address" in getattr(p.describe_error(ApiError(403, message="IP not allowed"), "m"), "message", "")
    assert "the model" in getattr(p.describe_error(ApiError(404, code="ModelNotFound"), ""), "message", "")


# --- images -----------------------------------------------------------------------------------------------------------


@check
def images_and_documents(p: Provider) -> None:
    assert chat_with(p, BASE, "qwen3-vl-plus")["messages"][1]["content"] == PARTS
    most = {"images": ("image/png", "image/jpeg", "image/webp"), "size": 7 * MB, "min_side": 11}
    for model in ("qwen3-vl-plus", "qvq-max", "qwen3.7-plus", "kimi-k2.5"):
        assert figures(p, model) == most
    assert figures(p, "qwen9") == most | {"certain": False}
    for model in ("qwen-plus", "qwen3.7-max", "deepseek-v4-pro"):
        assert figures(p, model) is None
