"""OpenAI and servers of its wire against the documented facts, and the proof that each fact can fail."""

import json

import pytest

from tests.providers.mutations import mutants, outcome
from tests.providers.wire_facts import BASE, CHECKS, CLASSES, chat_model
from tui.domain import Model, ModelType, Supply
from tui.errors import Refused
from tui.practice.transport import fixture
from tui.providers import PROVIDERS
from tui.providers.calls import ChatAsk, EmbedAsk, Frame, Message, Refusal
from tui.providers.dialects.openai_models import classify, reasons
from tui.providers.events import Finish, Listed, TextDelta, Usage
from tui.providers.sse import Events
from tui.secret import Secret

OPENAI = PROVIDERS["openai"]
ANY = PROVIDERS["openai_compatible"]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_documented_wire(check):
    check(OPENAI)


@pytest.mark.parametrize("mutant", mutants(), ids=str)
def test_a_changed_word_of_the_wire_turns_a_check_red(mutant):
    assert outcome(mutant), f"no check noticed: {mutant}"


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in CLASSES.items() for name in names.split()])
def test_what_a_model_is_for(kind, name):
    expected = None if kind is None else (ModelType.CHAT, True) if kind == "completion" else (kind, False)
    assert classify(name) == expected


def documented(name):
    """What a chat's reader makes of a stream as the documentation shows it."""
    read = OPENAI.chat(BASE, ChatAsk(chat_model("gpt-5.4-mini"), (Message("user", "Hi"),))).reader()
    events = Events().feed(fixture("openai", name))
    frames = [Frame(data if data == "[DONE]" else json.loads(data), event) for data, event in events]
    return [each for frame in [*frames, None] for each in read(frame)]


def test_the_documented_streams():
    assert documented("chat.sse") == [TextDelta("Good"), TextDelta(" day"), Usage(9, 14, 12), Finish("stop")]
    said = "The server had an error while processing the request."
    assert documented("chat_error.sse") == [TextDelta("Par"), Refusal(kind="server_error", message=said)]


def test_which_models_think():
    for name in ["o1", "o3", "o3-mini", "o4-mini", "gpt-5", "gpt-5.4-mini", "gpt-6-sol", "gpt-10"]:
        assert reasons(name), name
    for name in ["gpt-4.1", "gpt-4o", "gpt-5-chat-latest", "gpt-5.3-chat-latest", "chatgpt-4o-latest", "gpt-3.5-turbo"]:
        assert not reasons(name), name


def test_the_known_models_are_usable_and_dated():
    known = {each.id: each for each in OPENAI.catalogue}
    assert OPENAI.catalogue_as_of == "2026-11-22"
    assert known["whisper-1"].ends == "2027-02-26"
    assert known["gpt-5-mini"].ends == "2026-12-11"
    assert known["gpt-6-sol"].ends == ""
    assert known["text-embedding-3-large"].dimensions == 3072
    assert all(each.ends == "" or each.ends > OPENAI.catalogue_as_of for each in known.values())
    for kind, first in {
        "chat": "gpt-6-sol",
        "embedding": "text-embedding-3-small",
        "speech2text": "gpt-transcribe",
    }.items():
        assert OPENAI.proposed[ModelType(kind)][0] == first
        assert all(known[name].type == kind for name in OPENAI.proposed[ModelType(kind)])


def test_the_form_of_openai():
    assert OPENAI.supply is Supply.OWN
    names = [each.name for each in OPENAI.fields]
    assert names == ["api_key", "organization", "project", "base_url"]
    assert [each.name for each in OPENAI.fields if each.required] == ["api_key"]
    assert [each.name for each in OPENAI.fields if each.secret] == ["api_key"]
    assert [each.name for each in OPENAI.fields if each.more] == names[1:]
    assert OPENAI.field("base_url").default == "https://api.openai.com/v1"
    assert OPENAI.field("api_key").env == ("OPENAI_API_KEY",)
    assert OPENAI.field("organization").env[0] == "OPENAI_ORG_ID"
    assert OPENAI.field("project").env[0] == "OPENAI_PROJECT_ID"
    assert OPENAI.field("base_url").env[0] == "OPENAI_BASE_URL"
    assert OPENAI.key_page == "https://platform.openai.com/api-keys"
    assert OPENAI.origins(BASE) == ("https://api.openai.com",)


def test_the_form_of_a_server():
    assert [(each.name, each.required, each.secret) for each in ANY.fields] == [
        ("base_url", True, False),
        ("api_key", False, True),
    ]
    assert [each.base_url for each in ANY.local_servers] == [
        "http://localhost:11434/v1",
        "http://localhost:8080/v1",
        "http://localhost:8000/v1",
        "http://localhost:1234/v1",
    ]
    assert ANY.origins({"base_url": "http://localhost:11434/v1"}) == ("http://localhost:11434",)


def listed(*entries):
    body = {"object": "list", "data": [{"object": "model", **each} for each in entries]}
    reader = ANY.verify({"base_url": "http://localhost:8000/v1"}).reader()
    return next(each for each in reader(Frame(body)) if isinstance(each, Listed)).models


def test_models_of_a_server_by_their_names():
    kinds = {
        ModelType.EMBEDDING: "nomic-embed-text BAAI/bge-m3 intfloat/e5-large-v2 thenlper/gte-base all-minilm:33m",
        ModelType.SPEECH2TEXT: "Systran/faster-whisper-large-v3 openai/whisper-large gpt-4o-transcribe qwen3-asr",
        ModelType.CHAT: "qwen3:32b gemma3:12b meta-llama/Llama-4-Scout acme-large deepseek-r1",
    }
    for kind, names in kinds.items():
        for name in names.split():
            assert [each.type for each in listed({"id": name})] == [kind], name
    assert listed({"id": "BAAI/bge-reranker-v2"}, {"id": "kokoro-tts"}) == ()
    assert listed({"id": "text-davinci-003"})[0].completion


def test_the_context_of_a_model_where_a_listing_has_it():
    for name in ("max_model_len", "context_length", "context_window", "max_context_length"):
        assert listed({"id": "m", name: 32768})[0].context == 32768
    assert listed({"id": "m", "meta": {"n_ctx_train": 40960}})[0].context == 40960
    assert listed({"id": "m", "meta": None, "context_length": "x"})[0].context == 0


def test_a_server_is_asked_in_the_older_words():
    fields = {"base_url": "http://localhost:8000/v1/"}
    call = ANY.chat(fields, ChatAsk(chat_model("m"), (Message("user", "Hi"),), {"max_tokens": 9}))
    assert call.url == "http://localhost:8000/v1/chat/completions"
    assert call.json["max_tokens"] == 9
    vectors = ANY.embed(fields, EmbedAsk(Model("openai_compatible", "m", ModelType.EMBEDDING), ("a",)))
    assert vectors.json["encoding_format"] == "float"
    assert ANY.sign(call, fields, {}, 0).headers == {}
    assert ANY.sign(call, fields, {"api_key": Secret("x")}, 0).headers["authorization"] == Secret("Bearer x")


def test_what_a_server_takes():
    names = [each.name for each in ANY.parameters(Model("openai_compatible", "m", ModelType.CHAT, context=32768))]
    assert names == [
        "temperature",
        "top_p",
        "max_tokens",
        "presence_penalty",
        "frequency_penalty",
        "seed",
        "stop",
    ]
    most = ANY.parameters(Model("openai_compatible", "m", ModelType.CHAT, context=32768))[2]
    assert (most.low, most.high) == (1, 32768)
    assert ANY.parameters(Model("openai_compatible", "m", ModelType.CHAT))[2].high is None
    assert ANY.parameters(Model("openai_compatible", "m", ModelType.EMBEDDING)) == ()


def test_a_server_explains_in_the_same_words():
    said = Refusal(401, message="You must be a member of an organization")
    assert isinstance(ANY.explain(said, "m"), Refused)
    assert ANY.explain(Refusal(404, code="model_not_found"), "m").message.startswith("The server does not know m")
