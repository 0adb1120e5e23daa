"""What servers of OpenAI's wire say of themselves (Ollama, llama.cpp, vLLM, LM Studio), where it is not OpenAI's own.

The wire itself is checked with OpenAI's facts.
"""

from typing import Any

from tests.providers.attached import PARTS, chat_with, figures
from tests.providers.facts import BARE_LIST, Chat, Facts, Otherwise, Refusal, read
from tests.providers.facts import KEY as SOCKET_KEY
from tests.providers.openai.facts import STREAM, whole
from tui.domain import Model, ModelType, Supply
from tui.errors import CredentialRejected, Problem
from tui.providers.events import Accepted, ModelsListed
from tui.providers.requests import ApiError, ChatRequest, EmbeddingRequest, Frame, Message
from tui.providers.spec import Provider
from tui.secret import Secret

BASE = {"base_url": "http://localhost:8000/v1"}
REQUEST = Model("openai_compatible", "qwen3:32b", ModelType.CHAT)

FACTS = Facts(
    "openai_compatible",
    otherwise=(
        BARE_LIST,
        Otherwise("verify */models", "status 40[45]", "good", "an empty request shows that the key is taken"),
        Otherwise("transcribe */transcriptions", "body ?text?, text for JSON", "good", "a text is read"),
    ),
    unserved=frozenset({"transcribe"}),
    chats=(
        Chat(
            "openai_compatible",
            lambda origin: {"api_key": SOCKET_KEY, "base_url": f"{origin}/v1"},
            REQUEST,
            STREAM,
            whole,
        ),
    ),
    refusals=(
        Refusal(401, {"error": "Unauthorized"}, "{host} rejected this key.", CredentialRejected),
        Refusal(
            404, {"error": 'model "qwen3:32b" not found'}, "The server does not know qwen3:32b", Problem, "Refresh"
        ),
        Refusal(400, {"error": "exceed_context_size_error"}, "This is longer than qwen3:32b can take."),
    ),
)


def chat(name: str, **parameters: Any) -> ChatRequest:
    return ChatRequest(Model("openai_compatible", name, ModelType.CHAT), (Message("user", "Hi"),), parameters)


def listed(p: Provider, *entries: Any) -> tuple[Model, ...]:
    body = {"object": "list", "data": [{"object": "model", **entry} for entry in entries]}
    result = next(event for event in read(p.verify(BASE), body) if isinstance(event, ModelsListed)).models
    assert p.list_models and read(p.list_models(BASE), body)[0] == ModelsListed(result, len(entries))
    return result


@FACTS.check
def what_it_is(p: Provider) -> None:
    assert (p.id, p.label, p.supply) == ("openai_compatible", "OpenAI-compatible", Supply.OWN)
    assert [(form_field.name, form_field.required, form_field.secret) for form_field in p.fields] == [
        ("base_url", True, False),
        ("api_key", False, True),
    ]
    assert [(server.base_url, server.label, server.variable) for server in p.local_servers] == [
        ("http://localhost:11434/v1", "Ollama", "OLLAMA_HOST"),
        ("http://localhost:8080/v1", "llama.cpp", ""),
        ("http://localhost:8000/v1", "vLLM", "OPENAI_BASE_URL"),
        ("http://localhost:1234/v1", "LM Studio", ""),
    ]
    assert p.origins({"base_url": "http://localhost:11434/v1"}) == ("http://localhost:11434",)


@FACTS.check
def models_by_their_names(p: Provider) -> None:
    kinds = {
        ModelType.EMBEDDING: "nomic-embed-text BAAI/bge-m3 intfloat/e5-large-v2 thenlper/gte-base all-minilm:33m",
        ModelType.SPEECH2TEXT: "Systran/faster-whisper-large-v3 openai/whisper-large gpt-4o-transcribe qwen3-asr",
        ModelType.CHAT: "qwen3:32b gemma3:12b meta-llama/Llama-4-Scout acme-large deepseek-r1",
    }
    for kind, names in kinds.items():
        for name in names.split():
            assert listed(p, {"id": name}) == (Model("openai_compatible", name, kind),), name
        assert {p.infer_model_type(name, {}) for name in names.split()} == {kind}
    assert listed(p, {"id": "BAAI/bge-reranker-v2"}, {"id": "kokoro-tts"}) == ()
    assert listed(p, {"id": "text-davinci-003"})[0].completion


@FACTS.check
def the_context_of_a_model_where_a_listing_has_it(p: Provider) -> None:
    for name in ("max_model_len", "context_length", "context_window", "max_context_length"):
        assert listed(p, {"id": "m", name: 32768})[0].context == 32768
    assert listed(p, {"id": "m", "meta": {"n_ctx_train": 40960}})[0].context == 40960
    assert listed(p, {"id": "m", "meta": None, "context_length": "x"})[0].context == 0


@FACTS.check
def the_price_of_a_model_where_a_listing_has_it(p: Provider) -> None:
    # OpenRouter's figures are texts, in USD a token (API reference, models).
    price = {
        "prompt": "0.000003",
        "completion": "0.000015",
        "input_cache_read": "0.0000003",
        "input_cache_write": "0.00000375",
        "internal_reasoning": "0.000015",
        "audio": "0.0000007",
    }
    assert listed(p, {"id": "m", "pricing": price | {"request": "0", "image": "0.004"}})[0].price == price
    for odd in (None, "0.1", {"prompt": 3e-6}, {"prompt": "1" * 40}):
        assert listed(p, {"id": "m", "pricing": odd})[0].price == {}


@FACTS.check
def a_server_is_called_in_the_older_words(p: Provider) -> None:
    fields = {"base_url": "http://localhost:8000/v1/"}
    assert p.chat and p.embed
    call = p.chat(fields, chat("m", max_tokens=9))
    assert (call.method, call.url) == ("POST", "http://localhost:8000/v1/chat/completions")
    assert call.json["max_tokens"] == 9
    vectors = p.embed(fields, EmbeddingRequest(Model("openai_compatible", "m", ModelType.EMBEDDING), ("a",)))
    assert vectors.json["encoding_format"] == "float"
    assert p.sign(call, fields, {}, 0).headers == {}
    assert p.sign(call, fields, {"api_key": Secret("x")}, 0).headers == {"authorization": Secret("Bearer x")}


@FACTS.check
def what_a_server_takes(p: Provider) -> None:
    parameters = {
        parameter.name: parameter
        for parameter in p.parameters(Model("openai_compatible", "m", ModelType.CHAT, context=32768))
    }
    assert list(parameters) == [
        "temperature",
        "top_p",
        "max_tokens",
        "presence_penalty",
        "frequency_penalty",
        "seed",
        "stop",
    ]
    assert (parameters["max_tokens"].low, parameters["max_tokens"].high) == (1, 32768)
    assert p.parameters(Model("openai_compatible", "m", ModelType.CHAT))[2].high is None
    assert p.parameters(Model("openai_compatible", "m", ModelType.EMBEDDING)) == ()


@FACTS.check
def a_server_explains_in_the_same_words(p: Provider) -> None:
    assert isinstance(
        p.describe_error(ApiError(401, message="You must be a member of an organization"), "m"), CredentialRejected
    )
    unknown = p.describe_error(ApiError(404, code="model_not_found"), "m")
    assert unknown and unknown.message.startswith("The server does not know m")


@FACTS.check
def a_listing_is_read_as_a_frame(p: Provider) -> None:
    assert read(p.verify(BASE), Frame({"error": {"message": "No."}}))[0] == ApiError(message="No.")


@FACTS.check
def a_server_without_a_list_can_be_set_up(p: Provider) -> None:
    (probe,) = read(p.verify(BASE), ApiError(404))
    assert probe.url == "http://localhost:8000/v1/chat/completions"
    assert read(probe, ApiError(422))[-1] == Accepted()
    assert p.list_models
    (refused,) = read(p.list_models(BASE), ApiError(404))
    problem = p.describe_error(refused, "")
    assert problem and problem.message == "The server has no model list."


# --- images -----------------------------------------------------------------------------------------------------------


@FACTS.check
def images_and_documents(p: Provider) -> None:
    assert chat_with(p, BASE, "llava")["messages"][1]["content"] == PARTS
    assert figures(p, "llava") == {} and figures(p, "llama3") == {"certain": False}
    for entry, inputs in (
        ({"architecture": {"input_modalities": ["text", "image", 7]}}, ("text", "image")),
        ({"capabilities": {"vision": True}}, ("text", "image")),
        ({"capabilities": {"vision": False}}, ("text",)),
        ({"capabilities": []}, ()),
    ):
        assert p.list_models
        assert read(p.list_models(BASE), {"data": [{"id": "m", **entry}]})[0].models[0].inputs == inputs
    assert figures(p, "m", inputs=("text", "image")) == {} and figures(p, "llava", inputs=("text",)) is None
