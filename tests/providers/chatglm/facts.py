"""What the sources of ChatGLM's servers say of their wires (api.py, openai_api.py, api_server.py, glm_server.py; vLLM).

Nothing here was recorded from the adapter; the frames are our own composition of what the scripts send. OpenAI's wire
itself is checked with OpenAI's facts.
"""

from typing import Any

from tests.providers.attached import PARTS, chat_with, figures
from tests.providers.facts import KEY, Chat, Facts, Otherwise, Refusal, Stream, read, sse, types_by_names
from tests.providers.http_server import http
from tui.domain import ImportMode, Model, ModelType, Supply
from tui.errors import CredentialRejected, Problem
from tui.providers.events import UNFINISHED, Accepted, Finish, ModelsListed, Notice, TextDelta, Usage, Vectors
from tui.providers.requests import ApiError, Call, ChatRequest, EmbeddingRequest, Framing, Message
from tui.providers.spec import FieldValues, Provider
from tui.secret import Secret

ADDRESS = "http://localhost:8000"
BASE = {"base_url": ADDRESS}
MODEL = Model("chatglm", "chatglm3-6b", ModelType.CHAT)
FLAVOURS = ["native", "openai-chatglm2", "openai-chatglm3", "openai-glm4", "vllm", "openai-other"]
SAMPLING: dict[str, Any] = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 40, "repetition_penalty": 1.1}
FURTHER: dict[str, Any] = {"presence_penalty": 1, "frequency_penalty": 1, "seed": 7, "stop": ["x"]}


def listed(name: str, owner: str = "owner", **more: Any) -> dict[str, Any]:
    entry = {"id": name, "object": "model", "created": 1718000000, "owned_by": owner, **more}
    return {"object": "list", "data": [entry]}


def described(*paths: str, method: str = "post") -> dict[str, Any]:
    """How a FastAPI application describes itself."""
    return {"openapi": "3.1.0", "info": {"title": "FastAPI"}, "paths": {path: {method: {}} for path in paths}}


def delta(piece: Any, reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"role": "assistant", **piece}, "finish_reason": reason}
    return {"model": "chatglm3-6b", "id": "", "object": "chat.completion.chunk", "choices": [choice]}


def whole(text: str) -> dict[str, Any]:
    """An answer in one piece as the scripts give it, without id and usage."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"model": "chatglm2-6b", "object": "chat.completion", "choices": [choice], "created": 1718000000}


def native_body(text: str) -> dict[str, Any]:
    """An answer of `api.py`."""
    return {"response": text, "history": [["Hello?", text]], "status": 200, "time": "2024-01-01 00:00:00"}


STREAM = Stream(
    lambda text: sse(delta({"content": text})),
    closing=sse(delta({"content": ""}, "stop")) + sse("[DONE]"),
    opening=sse(delta({"content": ""})),
    error=sse({"error": {"message": "CUDA out of memory.", "type": "InternalServerError", "code": 500}}),
    error_message="{label} stopped with an error.",
    error_retried=True,
)

PROBED = "what a server is shows by which of two addresses it has"

FACTS = Facts(
    "chatglm",
    auth_methods={
        "api": {"base_url": "http://localhost:8001"},
        "chatglm2": {"base_url": "http://localhost:8002"},
        "vllm": {"base_url": "http://localhost:8004", "api_key": KEY},
    },
    otherwise=(
        Otherwise(
            "chatglm2* */models, vllm* */models", "status 40[45], page 404", "does not have this endpoint", PROBED
        ),
        Otherwise("probed* */models", "status 40[45], page 404", "is not a ChatGLM server", PROBED),
        Otherwise("* */models", "body *", "is not a ChatGLM server", PROBED),
        Otherwise("* */models, * */openapi.json", "status 40[45], page 404", "good", PROBED),
        Otherwise("api* */openapi.json", "body *", "is not a ChatGLM server", PROBED),
        Otherwise("* */openapi.json", "body *", "good", "its list says already what it is"),
        Otherwise("verify */openapi.json, list */openapi.json", "words in a success", "good", "the same"),
    ),
    unserved=frozenset({"api-embed", "chatglm2-embed", "vllm-embed"}),
    modules=(
        "chatglm.api_script",
        "chatglm.probe",
        "chatglm.servers",
    ),
    numbers=True,
    prose=frozenset({"KINDS"}),
    chats=(
        Chat(
            "chatglm",
            lambda origin: {"api_key": KEY, "base_url": origin, "flavour": "openai-chatglm3"},
            MODEL,
            STREAM,
            whole,
        ),
        Chat(
            "chatglm",
            lambda origin: {"api_key": KEY, "base_url": f"{origin}/v1"},
            Model("chatglm", "THUDM/GLM-4-9B-0414", ModelType.CHAT),
            STREAM,
            whole,
            before=(http(listed("THUDM/GLM-4-9B-0414", "vllm")),),
            name="probed",
        ),
        Chat(
            "chatglm",
            lambda origin: {"api_key": KEY, "base_url": origin, "flavour": "native"},
            Model("chatglm", "chatglm2-6b", ModelType.CHAT),
            whole=native_body,
            name="api",
        ),
    ),
    refusals=(
        Refusal(401, {"error": "Unauthorized"}, "{host} rejected this key.", CredentialRejected),
        Refusal(401, {"error": "Unauthorized"}, "{host} rejected this key.", CredentialRejected, call="verify"),
        Refusal(400, {"detail": "Invalid request"}, "The server rejected the order of the messages.", hint="new"),
        Refusal(404, {"detail": "Not Found"}, "The server at this address does not have this endpoint.", call="verify"),
        Refusal(405, {"detail": "Method Not Allowed"}, "The server at this address does not have this endpoint."),
        Refusal(
            404,
            {
                "object": "error",
                "message": "The model `X` does not exist.",
                "type": "NotFoundError",
                "param": None,
                "code": 404,
            },
            "The server does not know chatglm3-6b",
            Problem,
            "Refresh",
        ),
        Refusal(404, {"error": {"message": "The model `X` does not exist."}}, "The server does not know chatglm3-6b"),
        Refusal(422, {"detail": [{"loc": ["body", "model"], "msg": "Field required"}]}, "{host} rejected this request"),
        Refusal(400, {"message": "maximum context length is 2048 tokens"}, "This is longer than chatglm3-6b can take."),
        Refusal(500, "Internal Server Error", "The server failed while answering", Problem, "log", retried=True),
        Refusal(502, "", "A proxy before the server got no answer from it in time (502).", retried=True),
        Refusal(504, "", "A proxy before the server got no answer from it in time (504).", retried=True),
        Refusal(503, "", "{host} is too busy.", retried=True),
        Refusal(200, {"state": "up"}, "The server at this address is not a ChatGLM server.", call="verify"),
    ),
)
check = FACTS.check


def chat(p: Provider, flavour: str, *messages: Message, stream: bool = True, **parameters: Any) -> Call:
    assert p.chat
    fields: FieldValues = {**BASE, "flavour": flavour} if flavour else BASE
    return p.chat(fields, ChatRequest(MODEL, messages or (Message("user", "Hello?"),), parameters, stream))


def get(call: Any) -> tuple[str, str]:
    assert isinstance(call, Call)
    assert (call.json, call.query, call.headers, call.framing) == (None, {}, {}, Framing.JSON)
    return call.method, call.url


# --- what it is -------------------------------------------------------------------------------------------------------


@check
def what_it_is(p: Provider) -> None:
    assert (p.id, p.label, p.supply, p.import_mode) == ("chatglm", "ChatGLM", Supply.OWN, ImportMode.BOTH)
    assert [
        (form_field.name, form_field.required, form_field.secret, form_field.advanced) for form_field in p.fields
    ] == [
        ("base_url", True, False, False),
        ("api_key", False, True, False),
        ("flavour", False, False, True),
    ]
    assert [choice.value for choice in p.field("flavour").choices] == FLAVOURS
    assert p.field("base_url").url
    assert p.field("api_key").env == ("VLLM_API_KEY",)
    assert p.types == (ModelType.CHAT, ModelType.EMBEDDING)
    assert [(server.base_url, server.label) for server in p.local_servers] == [(ADDRESS, "ChatGLM")]
    assert "by hand" in p.after_saving
    assert not p.catalogue


@check
def an_address_however_it_was_pasted(p: Provider) -> None:
    clears = {"/v1", "/v1/chat/completions", "/v1/models", "/v1/embeddings", "/openapi.json", "/docs"}
    assert clears <= set(p.field("base_url").strip_suffixes)
    assert p.chat and p.embed
    ask = ChatRequest(MODEL, (Message("user", "Hi"),))
    for base in (ADDRESS, f"{ADDRESS}/", f"{ADDRESS}/v1", f"{ADDRESS}/v1/"):
        fields = {"base_url": base}
        assert p.origins(fields) == (ADDRESS,)
        assert p.verify(fields).url == f"{ADDRESS}/v1/models"
        assert p.chat({**fields, "flavour": "vllm"}, ask).url == f"{ADDRESS}/v1/chat/completions"
        assert p.chat({**fields, "flavour": "native"}, ask).url == f"{ADDRESS}/"
        assert p.embed(fields, EmbeddingRequest(MODEL, ("a",))).url == f"{ADDRESS}/v1/embeddings"
    for root in ("https://gw.test/glm", "https://gw.test/xx"):
        assert p.verify({"base_url": f"{root}/v1"}).url == p.verify({"base_url": root}).url == f"{root}/v1/models"


@check
def a_key_is_a_bearer_where_there_is_one(p: Provider) -> None:
    for call in (p.verify(BASE), chat(p, "native")):
        assert p.sign(call, BASE, {}, 0).headers == {}
        assert p.sign(call, BASE, {"api_key": Secret("x")}, 0).headers == {"authorization": Secret("Bearer x")}


# --- telling servers apart --------------------------------------------------------------------------------------------


def refused(status: int, **headers: str) -> ApiError:
    return ApiError(status, message="Not Found", headers=headers)


def next_of(p: Provider, *answers: Any) -> Any:
    """What comes of a chat once its probes are answered so."""
    call: Any = chat(p, "")
    results: list[Any] = [call]
    for answer in answers:
        results = read(call, answer)
        call = results[-1]
    return results


@check
def servers_of_openais_wire_are_distinguished_by_their_lists(p: Provider) -> None:
    first = chat(p, "")
    assert get(first) == ("GET", f"{ADDRESS}/v1/models")
    assert first.accepted_statuses == {404, 405}
    assert first.framing is Framing.JSON
    for body, heeds in (
        (listed("gpt-3.5-turbo"), set()),
        (listed("chatglm3-6b"), {*SAMPLING}),
        (listed("glm-4"), {*SAMPLING}),
        (listed("THUDM/GLM-4-9B-0414", "vllm"), {*SAMPLING, *FURTHER}),
        (listed("chatglm3-6b", "vllm"), {*SAMPLING, *FURTHER}),
        (listed("gpt-3.5-turbo", "someone"), {*SAMPLING, *FURTHER}),
        (listed("qwen3:8b", "library"), {*SAMPLING, *FURTHER}),
        ({"object": "list", "data": []}, {*SAMPLING, *FURTHER}),
    ):
        call = read(chat(p, "", **SAMPLING, **FURTHER), body)[-1]
        assert (call.method, call.url) == ("POST", f"{ADDRESS}/v1/chat/completions")
        assert set(call.json) - {"model", "messages", "stream", "stream_options"} == heeds, body


@check
def the_native_one_is_known_by_its_path(p: Provider) -> None:
    second = next_of(p, refused(404))
    assert [get(call) for call in second] == [("GET", f"{ADDRESS}/openapi.json")]
    assert second[0].accepted_statuses == {404, 405}
    notice, call = next_of(p, refused(405), described("/"))
    assert isinstance(notice, Notice)
    assert "does not stream" in notice.text
    assert (call.method, call.url) == ("POST", f"{ADDRESS}/")
    third = next_of(p, refused(404), refused(404))
    assert [get(call) for call in third] == [("GET", f"{ADDRESS}/")]
    assert third[0].accepted_statuses == {405}
    for headers in ({"allow": "POST"}, {}):
        assert next_of(p, refused(404), refused(404), refused(405, **headers))[-1].url == f"{ADDRESS}/"
    # One that describes its chats, and lists no models.
    other = next_of(p, refused(404), described("/", "/v1/chat/completions"))
    assert [call.url for call in other] == [f"{ADDRESS}/v1/chat/completions"]


@check
def what_is_no_such_server_is_reported(p: Provider) -> None:
    odd: Any
    for odd in ({"state": "up"}, {"data": {}}, {"data": 7}, [], 7):
        assert [(result.status, result.code) for result in next_of(p, odd)] == [(404, "strange_server")]
    paths = next_of(p, refused(404), described("/sdapi/v1/txt2img", "/docs"))
    assert [path.message for path in paths] == ["It has /docs, /sdapi/v1/txt2img."]
    assert next_of(p, refused(404), described("/", method="get"))[0].message == "It has /."
    for odd in ({}, {"paths": 7}, {"paths": {"/x": 7}}, [], 7):
        assert next_of(p, refused(404), odd)[0].code == "strange_server"
    for odd in ({}, refused(405, allow="GET")):
        assert next_of(p, refused(404), refused(404), odd)[0].code == "strange_server"
    entries = p.describe_error(ApiError(404, code="strange_server"), "")
    assert entries and entries.message == "The server at this address is not a ChatGLM server."
    for odd in ({"error": {"message": "No."}}, {"detail": "No."}):
        assert [result.message for result in next_of(p, odd)] == ["No."]


# --- models -----------------------------------------------------------------------------------------------------------


@check
def what_is_listed(p: Provider) -> None:
    assert p.list_models
    for call in (p.verify(BASE), p.list_models(BASE)):
        assert get(call) == ("GET", f"{ADDRESS}/v1/models")
        body = listed("THUDM/GLM-4-9B-0414", "vllm", max_model_len=32768)
        model = Model("chatglm", "THUDM/GLM-4-9B-0414", ModelType.CHAT, context=32768)
        assert read(call, body) == [ModelsListed((model,), 1), Accepted()]
    kinds = {
        ModelType.EMBEDDING: "BAAI/bge-m3 moka-ai/m3e-base intfloat/e5-large nomic-embed-text thenlper/gte-base",
        ModelType.CHAT: "gpt-3.5-turbo glm-4 THUDM/glm-4-9b-chat",
        None: "BAAI/bge-reranker-v2-m3 openai/whisper-large-v3 kokoro-tts",
    }
    types_by_names(p, BASE, kinds)
    assert read(p.verify(BASE), {"data": [{"id": 7}, 7, {}]})[0] == ModelsListed((), 0)


@check
def the_vectors_of_chatglm3_are_detected_in_its_paths(p: Provider) -> None:
    (call,) = read(p.verify(BASE), listed("chatglm3-6b"))
    assert get(call) == ("GET", f"{ADDRESS}/openapi.json")
    vectors = Model("chatglm", "embeddings", ModelType.EMBEDDING)
    for answer, models in (
        (described("/v1/models", "/v1/embeddings"), (MODEL, vectors)),
        (described("/v1/models"), (MODEL,)),
        (refused(404), (MODEL,)),
    ):
        assert read(call, answer) == [ModelsListed(models, 1), Accepted()]
    assert call.accepted_statuses == {404, 405}


@check
def nothing_is_listed_by_the_native_one(p: Provider) -> None:
    (second,) = read(p.verify(BASE), refused(404))
    assert read(second, described("/")) == [ModelsListed((), 0), Accepted()]
    (third,) = read(second, refused(404))
    assert read(third, refused(405)) == [ModelsListed((), 0), Accepted()]


@check
def one_that_is_set_is_only_inspected(p: Provider) -> None:
    for flavour in FLAVOURS[1:]:
        call = p.verify({**BASE, "flavour": flavour})
        assert get(call) == ("GET", f"{ADDRESS}/v1/models")
        assert call.accepted_statuses == frozenset()
        result = read(call, listed("some-model"))
        assert (result[-1] == Accepted()) == (flavour != "openai-chatglm3")
    native = p.verify({**BASE, "flavour": "native"})
    assert get(native) == ("GET", f"{ADDRESS}/openapi.json")
    assert read(native, described("/")) == [ModelsListed((), 0), Accepted()]


# --- chats and vectors ------------------------------------------------------------------------------------------------


TURNS = (
    Message("system", "Be brief."),
    Message("assistant", "Before."),
    Message("user", "One?"),
    Message("assistant", "Yes."),
    Message("user", "Two?"),
    Message("user", "Now?"),
)


@check
def a_chat_with_the_native_one(p: Provider) -> None:
    call = chat(p, "native", *TURNS, temperature=0.5, top_p=0.9)
    assert (call.method, call.url, call.framing) == ("POST", f"{ADDRESS}/", Framing.JSON)
    # No role of the system, and the history in pairs.
    assert call.json == {
        "prompt": "Two?\n\nNow?",
        "history": [["Be brief.\n\nOne?", "Yes."]],
        "temperature": 0.5,
        "top_p": 0.9,
    }
    plain = chat(p, "native", stream=False)
    assert plain.json == {"prompt": "Hello?", "history": []}
    alone = chat(p, "native", TURNS[0], Message("user", "Hi"))
    assert alone.json == {"prompt": "Be brief.\n\nHi", "history": []}
    assert chat(p, "native", TURNS[0]).json == {"prompt": "", "history": []}
    # What is nothing would become the script's own default.
    none = chat(p, "native", temperature=0, top_p=0).json
    assert (none["temperature"], none["top_p"]) == (0.01, 0.01)


@check
def the_bound_of_the_native_one_counts_the_question_too(p: Provider) -> None:
    assert chat(p, "native", Message("user", "x" * 300), max_tokens=40).json["max_length"] == 148
    assert chat(p, "native", Message("user", "天空" * 50), max_tokens=40).json["max_length"] == 148
    assert "max_length" not in chat(p, "native", Message("user", "x" * 3000)).json
    assert chat(p, "native", Message("user", "x" * 3048)).json == {"prompt": "x" * 3048, "history": []}
    long = chat(p, "native", Message("user", "x" * 3051)).json
    assert long["max_length"] == 2049


@check
def the_answer_of_the_native_one(p: Provider) -> None:
    whole_one = chat(p, "native", stream=False)
    assert read(whole_one, native_body("Good day")) == [TextDelta("Good day"), Finish("stop")]
    notice, *rest = read(chat(p, "native"), native_body("Good day"))
    assert isinstance(notice, Notice)
    assert notice.text.endswith("does not stream. The answer comes in one piece.")
    assert rest == [TextDelta("Good day"), Finish("stop")]
    empty = read(whole_one, native_body(""))
    assert [type(event) for event in empty] == [Finish]
    assert empty[0].note.startswith("The answer is empty")
    odd: Any
    for odd in ({}, {"response": 7}, [], 7):
        assert [event.code for event in read(whole_one, odd)] == ["malformed"]
    assert [event.message for event in read(whole_one, {"error": "No."})] == ["No."]


@check
def a_chat_with_the_others(p: Provider) -> None:
    for flavour in FLAVOURS[1:]:
        call = chat(p, flavour, *TURNS)
        assert (call.method, call.url, call.framing) == ("POST", f"{ADDRESS}/v1/chat/completions", Framing.SSE)
        # ChatGLM2's server glues the system's words to the last question.
        gap = "\n\n" if flavour == "openai-chatglm2" else ""
        assert call.json == {
            "model": "chatglm3-6b",
            "messages": [
                {"role": "system", "content": f"Be brief.{gap}"},
                {"role": "user", "content": "One?"},
                {"role": "assistant", "content": "Yes."},
                {"role": "user", "content": "Two?\n\nNow?"},
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        plain = chat(p, flavour, stream=False)
        assert plain.framing is Framing.JSON
        assert plain.json["messages"] == [{"role": "user", "content": "Hello?"}]
        assert plain.accepted_statuses == frozenset()


@check
def what_a_server_does_not_heed_is_left_out_and_reported(p: Provider) -> None:
    supported = {
        "native": {"temperature", "top_p", "max_tokens"},
        "openai-chatglm2": set[str](),
        "openai-chatglm3": {*SAMPLING},
        "openai-glm4": {*SAMPLING},
        "vllm": {*SAMPLING, *FURTHER},
        "openai-other": {*SAMPLING, *FURTHER},
    }
    for flavour, names in supported.items():
        call = chat(p, flavour, stream=False, **SAMPLING, **FURTHER)
        left = sorted({*SAMPLING, *FURTHER} - names)
        answer = native_body("Hi") if flavour == "native" else whole("Hi")
        notices = [event.text for event in read(call, answer) if isinstance(event, Notice)]
        assert len(notices) == len(left)
        for name in left:
            assert any(f"ignores {name.replace('_', ' ')}." in notice for notice in notices)
            assert name not in call.json
        if flavour not in ("native", "openai-chatglm2"):
            assert {name: call.json[name] for name in names} == {
                name: value for name, value in {**SAMPLING, **FURTHER}.items() if name in names
            }


@check
def the_pieces_of_a_chat(p: Provider) -> None:
    frames = [
        delta({"content": ""}),
        delta({"content": "Good day to you."}),
        delta({"content": ""}, "stop"),
        "[DONE]",
    ]
    for flavour in FLAVOURS[1:]:
        assert read(chat(p, flavour), *frames) == [TextDelta("Good day to you."), Finish("stop")]
        body = {**whole("Hi"), "usage": {"prompt_tokens": 9, "completion_tokens": 4}}
        assert read(chat(p, flavour, stream=False), body) == [TextDelta("Hi"), Usage(9, 4), Finish("stop")]
    assert read(chat(p, "vllm"), "[DONE]")[-1].note == "The answer is empty."
    cut = read(chat(p, "vllm"), delta({"content": "Hal"}))
    assert cut[-1] == UNFINISHED
    failed = read(chat(p, "vllm"), {"error": {"message": "CUDA"}})
    assert failed == [ApiError(message="CUDA")]


@check
def a_stream_that_ends_before_it_began_is_requested_in_one_piece(p: Provider) -> None:
    call = chat(p, "openai-chatglm3", temperature=0.5)
    assert call.accepted_statuses == {0}
    for frames in ([], [delta({"content": ""})]):
        notice, again = read(call, *frames)
        assert isinstance(notice, Notice)
        assert "in one piece" in notice.text
        assert (again.method, again.url, again.framing) == (call.method, call.url, Framing.JSON)
        body = {name: value for name, value in call.json.items() if name != "stream_options"}
        assert again.json == body | {"stream": False}
        assert again.accepted_statuses == frozenset()
        assert read(again, whole("Hi")) == [TextDelta("Hi"), Finish("stop")]


@check
def vectors(p: Provider) -> None:
    assert p.embed
    model = Model("chatglm", "embeddings", ModelType.EMBEDDING)
    call = p.embed(BASE, EmbeddingRequest(model, ("a", "b")))
    assert (call.method, call.url, call.framing) == ("POST", f"{ADDRESS}/v1/embeddings", Framing.JSON)
    assert call.json == {"model": "embeddings", "input": ["a", "b"], "encoding_format": "float"}
    rows = [{"object": "embedding", "index": place, "embedding": [float(place)]} for place in range(2)]
    entries = read(call, {"data": rows, "object": "list", "usage": {"prompt_tokens": 3, "total_tokens": 3}})
    assert entries == [Vectors(0, ((0.0,), (1.0,))), Usage(input=3), Finish("stop")]


@check
def what_a_model_takes(p: Provider) -> None:
    def accepted(name: str) -> list[str]:
        return [parameter.name for parameter in p.parameters(Model("chatglm", name, ModelType.CHAT))]

    assert accepted("gpt-3.5-turbo") == []
    assert accepted("chatglm3-6b") == accepted("glm-4") == list(SAMPLING)
    assert accepted("chatglm2-6b") == accepted("THUDM/GLM-4-9B-0414") == [*SAMPLING, *FURTHER]
    assert p.parameters(Model("chatglm", "embeddings", ModelType.EMBEDDING)) == ()


@check
def an_error_body(p: Provider) -> None:
    detail = [
        {"loc": ["body", "messages", 0, "content"], "msg": "Input should be a string", "type": "string_type"},
        {"loc": "x", "msg": "odd"},
        7,
    ]
    assert p.parse_error(422, {}, {"detail": detail}).message == "messages.0.content: Input should be a string; : odd"
    assert p.parse_error(400, {}, {"detail": "Invalid request"}).message == "Invalid request"
    flat = p.parse_error(404, {}, {"object": "error", "message": "M", "type": "NotFoundError", "code": 404})
    assert (flat.code, flat.kind, flat.message) == ("404", "NotFoundError", "M")
    assert p.parse_error(500, {}, "Internal Server Error").message == "Internal Server Error"
    less, sentence = p.repair_request(
        chat(p, "vllm", seed=7), ApiError(400, message="seed: Extra inputs not permitted")
    ) or (
        None,
        "",
    )
    assert less and "seed" not in less.json and "seed" in sentence


# --- images -----------------------------------------------------------------------------------------------------------


@check
def images_and_documents(p: Provider) -> None:
    served = {"base_url": "http://localhost:8000", "flavour": "vllm"}
    assert chat_with(p, served, "glm-4v-9b")["messages"][1]["content"] == PARTS
    assert figures(p, "glm-4v-9b") == {} and figures(p, "glm-4-9b") == {"certain": False}
    assert figures(p, "chatglm3-6b") is None
