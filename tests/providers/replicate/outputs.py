"""What Replicate's documents and model pages say of inputs and outputs: chats, vectors, recordings.

Replicate HTTP API reference, predictions and files; pages of models.
"""

import json
from math import isnan
from typing import Any

from tests.providers.facts import read
from tests.providers.replicate.kit import (
    BASE,
    CHAT,
    EMBEDDING,
    FILE,
    HASH,
    LLAMA,
    NO_VERSION,
    ROOT,
    SOUND,
    SPEECH,
    STORED_INPUTS,
    cancel_call,
    chat,
    check,
    checked,
    entry,
    prediction,
    schema,
    stored_fields,
)
from tui.domain import Model
from tui.providers.events import (
    Finish,
    Segment,
    TextDelta,
    Transcript,
    Vectors,
)
from tui.providers.events import Usage as Used
from tui.providers.requests import (
    ApiError,
    Base64File,
    Call,
    ChatRequest,
    EmbeddingRequest,
    Framing,
    Message,
    RemoteJob,
    TimestampGranularity,
    TranscriptionRequest,
    Upload,
)
from tui.providers.spec import ParameterKind, Provider

# --- parameters and chats by schema -----------------------------------------------------------------------------------


@check
def parameters_are_those_of_the_schema(p: Provider) -> None:
    model = Model("replicate", LLAMA, CHAT, fields={"inputs": STORED_INPUTS})
    parameters = {parameter.name: parameter for parameter in p.parameters(model)}
    assert list(parameters) == ["temperature", "top_k", "stop_sequences", "tone", "seed", "debug", "size", "words"]
    warm, top = parameters["temperature"], parameters["top_k"]
    assert (warm.kind, warm.low, warm.high, warm.unset) == (ParameterKind.NUMBER, 0.01, 5, "0.75")
    assert (top.kind, top.low, top.high, top.help, top.label) == (
        ParameterKind.WHOLE,
        0,
        None,
        "Likeliest words.",
        "top k",
    )
    assert (parameters["tone"].kind, parameters["tone"].choices) == (ParameterKind.CHOICE, ("plain", "formal"))
    assert (parameters["debug"].choices, parameters["size"].choices) == (("true", "false"), ("1", "2"))
    assert parameters["stop_sequences"].kind is parameters["words"].kind is ParameterKind.TEXTS
    for name in ("stop", "stop_words"):
        other = stored_fields("text", {"name": name, "type": "string"})
        assert p.parameters(Model("replicate", LLAMA, CHAT, fields=other))[0].kind is ParameterKind.TEXTS
    talk = stored_fields(
        "text", *({"name": name, "type": "string", "required": True} for name in ("prompt", "messages"))
    )
    assert p.parameters(Model("replicate", LLAMA, CHAT, fields=talk)) == ()
    assert p.parameters(Model("replicate", LLAMA, CHAT)) == ()
    assert p.parameters(Model("replicate", LLAMA, CHAT, fields={"inputs": "{"})) == ()
    assert p.parameters(Model("replicate", LLAMA, EMBEDDING, fields={"inputs": STORED_INPUTS})) == ()


@check
def only_what_the_schema_has_is_sent(p: Provider) -> None:
    assert p.chat
    parameters = {
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
    model = Model("replicate", LLAMA, CHAT, fields={"inputs": STORED_INPUTS})
    assert p.chat(BASE, ChatRequest(model, messages, parameters, False)).json["input"] == {
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
    assert p.chat(BASE, ChatRequest(model, messages, {"debug": "true"}, False)).json["input"]["debug"] is True


def inputs_of(p: Provider, *messages: Message, **types: str) -> dict[str, Any]:
    """The input that becomes of a conversation with a model that takes these."""
    assert p.chat
    takes = [
        {"name": name, "type": kind.removesuffix("!"), "required": kind.endswith("!")} for name, kind in types.items()
    ]
    fields = {"inputs": json.dumps({"takes": takes, "gives": "text"})} if takes else {}
    model = Model("replicate", LLAMA, CHAT, fields=fields)
    values: dict[str, Any] = p.chat(BASE, ChatRequest(model, messages)).json["input"]
    return values


@check
def a_conversation_becomes_an_input(p: Provider) -> None:
    system, one, two, three = (
        Message("system", "Be brief."),
        Message("user", "Hello?"),
        Message("assistant", "Hi."),
        Message("user", "Why?"),
    )
    for name in ("prompt", "text", "input", "message"):
        assert inputs_of(p, one, **{name: "string"}) == {name: "Hello?"}
    for name in ("system_prompt", "system_instruction", "system"):
        assert inputs_of(p, system, one, prompt="string", **{name: "string"}) == {"prompt": "Hello?", name: "Be brief."}
    assert inputs_of(p, system, one) == inputs_of(p, system, one, prompt="string") == {"prompt": "Be brief.\n\nHello?"}
    talk = "User: Hello?\n\nAssistant: Hi.\n\nUser: Why?\n\nAssistant:"
    assert inputs_of(p, one, two, three) == {"prompt": talk}
    assert inputs_of(p, system, one, two, three) == {"prompt": f"Instructions: Be brief.\n\n{talk}"}
    assert inputs_of(p, system, one, two, three, prompt="string", system="string") == {
        "prompt": talk,
        "system": "Be brief.",
    }
    turns = [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hi."}]
    assert inputs_of(p, one, two, messages="") == {"messages": turns}
    assert inputs_of(p, one, two, messages="", prompt="string") == {"messages": turns}
    assert inputs_of(p, one, messages="", prompt="string!") == {"prompt": "Hello?"}
    assert inputs_of(p, system, one, two, messages="")["messages"][0] == {"role": "system", "content": "Be brief."}
    assert json.loads(inputs_of(p, one, two, messages="string")["messages"]) == turns


@check
def a_version_that_is_not_wanted_is_left_out(p: Provider) -> None:
    refused = p.parse_error(422, {}, NO_VERSION)
    assert refused.code == "Invalid version or not permitted"
    call, sentence = p.repair_request(chat(p, version=HASH), refused) or (chat(p), "")
    assert call.json["version"] == LLAMA and sentence == f"{LLAMA} was requested without its version."
    assert not call.idempotent
    assert p.repair_request(chat(p), refused) is None
    assert p.repair_request(chat(p, version=HASH), ApiError(422, message="input: prompt is required")) is None
    assert p.repair_request(chat(p, version=HASH), ApiError(500, message="Invalid version")) is None
    assert p.repair_request(p.verify(BASE), refused) is None
    assert p.repair_request(chat(p, deployment="a/b"), refused) is None


# --- vectors and recordings -------------------------------------------------------------------------------------------


def embedding(p: Provider, texts: tuple[str, ...], *takes: dict[str, Any]) -> Call:
    assert p.embed
    fields = stored_fields("vectors", *takes) if takes else {}
    return p.embed(BASE, EmbeddingRequest(Model("replicate", LLAMA, EMBEDDING, fields=fields), texts))


@check
def texts_go_as_the_model_takes_them(p: Provider) -> None:
    one = embedding(p, ("a", "b"))
    assert (one.method, one.url, one.idempotent) == ("POST", f"{ROOT}/predictions", False)
    assert one.json == {"version": LLAMA, "input": {"text": "a"}}
    for name in ("text", "inputs", "input"):
        assert embedding(p, ("a", "b"), {"name": name, "type": "string"}).json["input"] == {name: "a"}
    for name in ("texts", "query_texts", "sentences"):
        assert embedding(p, ("a", "ü"), {"name": name, "type": "string"}).json["input"] == {name: '["a", "ü"]'}
        assert embedding(p, ("a", "b"), {"name": name, "type": "texts"}).json["input"] == {name: ["a", "b"]}
    assert embedding(p, ("a", "b"), {"name": "text", "type": "texts"}).json["input"] == {"text": ["a", "b"]}
    inputs = ({"name": "texts", "type": "string"}, {"name": "query_texts", "type": "string", "required": True})
    assert embedding(p, ("a",), *inputs).json["input"] == {"query_texts": '["a"]'}
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
    output: Any
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
    assert file == ApiError(code="files", param="embedding")
    for broken in (None, [], [[1], [2]], "hm", {"x": 1}, [{"x": 1}]):
        assert read(embedding(p, ("a",)), prediction("succeeded", broken))[-1].code == "malformed"


@check
def the_next_texts_are_another_prediction(p: Provider) -> None:
    texts = tuple(f"text {place}" for place in range(40))
    call = embedding(p, texts, {"name": "texts", "type": "texts"})
    assert call.json["input"] == {"texts": list(texts[:32])}
    results = read(call, prediction())
    cancel_call(results)
    over = prediction("succeeded", [[float(place)] for place in range(32)], metrics={"input_token_count": 99})
    done, vectors, counted, following = read(results[1], over)
    assert (done, counted) == (RemoteJob(None), Used(99))
    assert vectors == Vectors(0, tuple((float(place),) for place in range(32)))
    assert following.json["input"] == {"texts": list(texts[32:])} and not following.idempotent
    last = read(following, prediction("succeeded", [[0.0]] * 8))
    assert last[1:] == [Vectors(32, ((0.0,),) * 8), Finish("succeeded")]
    assert read(embedding(p, ("a", "b")), prediction("succeeded", [1]))[2].json["input"] == {"text": "b"}


def recorded(
    p: Provider,
    size: int = 700,
    language: str = "",
    times: TimestampGranularity = TimestampGranularity.NONE,
    **fields: str,
) -> Call:
    assert p.transcribe
    model = Model("replicate", "openai/whisper", SPEECH, fields={"version": HASH, **fields})
    return p.transcribe(BASE, TranscriptionRequest(model, SOUND, "audio/wav", size, language, times))


@check
def a_recording_goes_along_or_is_uploaded(p: Provider) -> None:
    call = recorded(p)
    assert (call.method, call.url, call.idempotent, call.upload) == ("POST", f"{ROOT}/predictions", False, None)
    sound = Base64File(SOUND, "data:audio/wav;base64,")
    assert call.json == {"version": f"openai/whisper:{HASH}", "input": {"audio": sound}}
    # A data URL may be 256 kB long.
    assert recorded(p, 190_000).upload is None and 190_000 * 4 / 3 < 256_000
    upload = recorded(p, 190_001)
    assert (upload.method, upload.url, upload.json) == ("POST", f"{ROOT}/files", None)
    assert upload.upload == Upload((), SOUND, "audio/wav", 190_001, "content")
    place = f"{ROOT}/files/demo"
    laid, create = read(upload, {"id": "demo", "name": "talk.wav", "size": 190_001, "urls": {"get": place}})
    assert laid.anyway and (laid.cancel.method, laid.cancel.url) == ("DELETE", place)
    assert create.json["input"] == {"audio": place} and not create.idempotent
    broken: Any
    for broken in ({}, {"urls": None}, {"urls": {"get": ""}}, []):
        assert read(upload, broken)[0].code == "malformed"


@check
def the_inputs_of_a_recording(p: Provider) -> None:
    cover, other = {"name": "cover_image", "type": "string", "file": True}, {"name": "voice", "file": True}
    for name in ("audio", "audio_file", "audio_path", "audio_url", "file"):
        fields = stored_fields("text", cover, other, {"name": name, "type": "string", "file": True})
        assert list(recorded(p, **fields).json["input"]) == [name]
    assert list(recorded(p, **stored_fields("text", cover, other)).json["input"]) == ["voice"]
    sound, spoken = {"name": "audio", "type": "string", "file": True}, {"name": "language", "type": "string"}
    assert recorded(p, language="de", **stored_fields("text", sound, spoken)).json["input"]["language"] == "de"
    assert "language" not in recorded(p, language="de", **stored_fields("text", sound)).json["input"]
    assert "language" not in recorded(p, **stored_fields("text", sound, spoken)).json["input"]
    for choices, is_sent in ((["de", "en"], True), (["German"], False)):
        fields = stored_fields("text", sound, {**spoken, "choices": choices})
        assert ("language" in recorded(p, language="de", **fields).json["input"]) is is_sent
    assert p.audio
    plain, timed = (
        Model("replicate", "a/b", SPEECH, fields=stored_fields("transcript", sound, times=t)) for t in (False, True)
    )
    assert p.audio(plain).times == (TimestampGranularity.NONE,) and p.audio(timed).times == (
        TimestampGranularity.NONE,
        TimestampGranularity.SENTENCE,
    )
    assert p.audio(plain).size == 100_000_000
    known = ["aac", "flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "opus", "wav", "webm"]
    assert sorted(p.audio(plain).endings) == known
    for timed_by in ("segments", "chunks"):
        entries = schema(FILE, {"type": "object", "properties": {"text": {}, timed_by: {}}})
        (learned,) = read(checked(p, kind=SPEECH), entry(entries, official=True))
        assert p.audio(learned.model).times[-1] is TimestampGranularity.SENTENCE
    assert learned.model.fields["inputs"] == (
        '{"takes":[{"name":"audio","type":"string","file":true}],"gives":"transcript","times":true}'
    )


def transcribed(p: Provider, output: Any, times: TimestampGranularity = TimestampGranularity.NONE) -> list[Any]:
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
        assert transcribed(p, output) == [Transcript("Good morning."), Finish("succeeded")], output
    whole = {
        "text": "Good morning.",
        "detected_language": "english",
        "segments": [{"id": 0, "start": 0.5, "end": 2, "text": " Good morning."}, {"text": None}, 7],
    }
    assert transcribed(p, whole)[0] == Transcript("Good morning.", (), "english")
    entries = (Segment(0.5, 2.0, "Good morning."),)
    assert transcribed(p, whole, TimestampGranularity.SENTENCE)[0] == Transcript("Good morning.", entries, "english")
    chunks = {"text": "Good.", "language": "en", "chunks": [{"timestamp": [1, None], "text": " Good."}]}
    timed = transcribed(p, chunks, TimestampGranularity.SENTENCE)[0]
    assert (timed.text, timed.language, [segment.start for segment in timed.segments]) == ("Good.", "en", [1.0])
    assert isnan(timed.segments[0].end)  # The client puts what is no time in order.
    (file,) = transcribed(p, {"txt_file": "https://replicate.delivery/pbxt/a.txt"})
    assert (file.method, file.url, file.framing) == ("GET", "https://replicate.delivery/pbxt/a.txt", Framing.TEXT)
    assert read(file, " Good morning.\n") == [Transcript("Good morning."), Finish("succeeded")]
    for broken in (None, 7, {}, {"txt_file": "https://example.test/a.txt"}, [{"score": 1}]):
        assert transcribed(p, broken)[-1].code == "malformed"


@check
def the_text_of_an_answer_may_stand_in_an_object(p: Provider) -> None:
    output: Any
    for output in (
        {"text": "Good day"},
        {"content": "Good day"},
        {"output": ["Good", " day"]},
        {"response": "Good day"},
    ):
        events = read(chat(p, stream=False), prediction("succeeded", output))
        assert [event.text for event in events if isinstance(event, TextDelta)] == ["Good day"], output
    for output in ({"image": "Good day"}, {"text": {"a": "b"}}):
        assert read(chat(p, stream=False), prediction("succeeded", output))[-1].code == "malformed"
