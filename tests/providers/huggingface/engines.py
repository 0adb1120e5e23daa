"""What the engines of Hugging Face take and send: TGI, TEI, the default toolkit, and servers of OpenAI's wire.

text-generation-inference, text-embeddings-inference and huggingface-inference-toolkit. The frames are our own
composition of the documented shapes.
"""

from dataclasses import replace
from typing import Any

from tests.providers.facts import read
from tests.providers.huggingface.kit import (
    HOST,
    LAST,
    SPEECH,
    TEXT2TEXT,
    VECTORS,
    WAIT_HEADERS,
    chat,
    check,
    embed,
    endpoint,
    hosted_model,
    line,
    transcribe,
)
from tui import errors
from tui.domain import Model
from tui.providers.client.response import sanitize
from tui.providers.events import (
    UNFINISHED,
    Finish,
    Segment,
    TextDelta,
    Transcript,
    Usage,
    Vectors,
)
from tui.providers.requests import ApiError, Call, Framing, TimestampGranularity
from tui.providers.spec import Provider

# --- what the engines send --------------------------------------------------------------------------------------------


def native(p: Provider, stream: bool = True, **more: Any) -> Call:
    return chat(p, endpoint("any", TEXT2TEXT, engine="tgi", **more), stream)


@check
def a_stream_of_tgi_as_documented(p: Provider) -> None:
    def token(text: str, special: bool = False, **more: Any) -> dict[str, Any]:
        return {"token": {"id": 1, "text": text, "special": special}, "generated_text": None, "details": None, **more}

    assert read(native(p), token("Good"), token(" day"), LAST, token("late")) == [
        TextDelta("Good"),
        TextDelta(" day"),
        Usage(5, 3),
        Finish("eos_token"),
    ]
    cut = LAST | {"details": {"finish_reason": "length"}}
    assert read(native(p), token("Go"), cut)[-1] == Finish("length", False, "The answer reached its length limit.")
    bare = token("!", generated_text="Good!")
    assert read(native(p), token("Good"), bare) == [TextDelta("Good"), TextDelta("!"), Finish("stop")]
    assert read(native(p), token("Half")) == [
        TextDelta("Half"),
        UNFINISHED,
    ]
    assert read(native(p), {"token": {"text": "Good"}})[0] == TextDelta("Good")
    assert read(native(p), LAST)[-1] == Finish("eos_token", note="The answer is empty.")


@check
def text_in_one_piece_in_every_form(p: Provider) -> None:
    answered = {"generated_text": "Good day"}
    for body in (answered, [answered], [[answered]]):
        assert read(native(p, False), body) == [TextDelta("Good day"), Finish("stop")]
    # The toolkit repeats the prompt where it does not know how to leave it out.
    toolkit = chat(p, endpoint("any", engine="toolkit"), question="Once")
    assert read(toolkit, [{"generated_text": "Once upon"}])[0] == TextDelta(" upon")
    assert read(native(p, False), {"generated_text": "Hello? Yes"})[0] == TextDelta("Hello? Yes")


@check
def an_error_in_a_stream_of_200(p: Provider) -> None:
    kinds = {
        "validation": 422,
        "generation": 424,
        "overloaded": 429,
        "incomplete_generation": 500,
        "": 0,
    }
    for kind, status in kinds.items():
        message = {"error": "Input validation error: `temperature` must be strictly positive", "error_type": kind}
        expected = ApiError(status, kind=kind, message=message["error"])
        assert read(native(p), message, LAST) == [expected]
        assert read(embed(p, endpoint("m", VECTORS, engine="tei"), "x"), message) == [expected]
        assert read(transcribe(p, endpoint("m", SPEECH)), message) == [expected]
    assert read(native(p), {"error": "x"})[0] == ApiError(message="x")


@check
def the_answer_of_another_task_is_named(p: Provider) -> None:
    def other(call: Call, body: Any) -> str:
        refused = read(call, body)[0]
        problem = p.describe_error(refused, "m")
        assert (refused.status, refused.code) == (400, "other_task") and problem
        assert problem.message.startswith("m does not serve the task that was chosen.")
        return problem.message.partition("chosen.")[2].strip()

    text, vectors = native(p, False), embed(p, endpoint("m", VECTORS, engine="toolkit"), "x")
    speech = transcribe(p, endpoint("m", SPEECH))
    assert other(text, [[[0.1, 0.2]]]) == "It is for embedding."
    assert other(text, {"embeddings": [[0.1]]}) == "It is for embedding."
    assert other(text, {"text": "Good morning"}) == "It is for speech-to-text."
    assert other(text, [{"label": "good", "score": 0.9}]) == ""
    assert other(vectors, [{"generated_text": "x"}]) == "It is for text generation."
    assert other(vectors, {"text": "x"}) == "It is for speech-to-text."
    assert other(vectors, [[{"label": "good"}]]) == other(vectors, [{"score": 1}]) == ""
    assert other(speech, [{"generated_text": "x"}]) == ""
    for call in (vectors, speech):
        assert read(call, {"odd": 1})[0].code == "malformed"
    # In a stream it says nothing.
    assert read(text, {"odd": 1}) == [UNFINISHED]


@check
def vectors_in_every_shape(p: Provider) -> None:
    def vectors(count: int, body: Any) -> Any:
        return read(embed(p, endpoint("m", VECTORS, engine="toolkit"), *["x"] * count), body)[0]

    one, two = Vectors(0, ((1.0, 2.0),)), Vectors(0, ((1.0, 2.0), (3.0, 4.0)))
    body: Any
    for body in ([1, 2], [[1, 2]], [[[0, 1], [2, 3]]], [[0, 1], [2, 3]], {"embeddings": [1.0, 2.0]}, [[[[1, 2]]]]):
        assert vectors(1, body) == one, body
    ragged = [[[[0, 1], [2, 3]]], [[[3, 4]]]]
    for body in ([[1, 2], [3, 4]], {"embeddings": [[1, 2], [3, 4]]}, [[[1, 2]], [[2, 3], [4, 5]]], ragged):
        assert vectors(2, body) == two, body
    for body in ([], [[]], [[1, 2]], [1, 2], "x", None, [[1, 2], [3]], [["a"], ["b"]], [[1, float("nan")], [1, 2]]):
        assert vectors(2, body).code == "malformed", body
    assert vectors(2, [[[[1, 2]], [[1, 2]]], [[[1, 2]]]]).code == "malformed"
    assert vectors(2, [[[1, 2], [3]], [[1, 2]]]).code == "malformed"


@check
def at_most_32_texts_at_once(p: Provider) -> None:
    texts = tuple(f"text {place}" for place in range(33))
    first = embed(p, endpoint("m", VECTORS, engine="tei"), *texts)
    assert first.json["inputs"] == list(texts[:32])
    answered = read(first, [[1.0]] * 32)
    assert (answered[0].start, len(answered[0].vectors)) == (0, 32)
    second = answered[1]
    assert (line(second), second.headers, second.json["inputs"]) == (line(first), WAIT_HEADERS, ["text 32"])
    assert read(second, [[2.0]]) == [Vectors(32, ((2.0,),)), Finish("stop")]
    text = "batch size 32 > maximum allowed batch size 8"
    better = p.repair_request(first, ApiError(422, kind="Validation", message=text))
    assert better and better[0].json["inputs"] == list(texts[:8])
    assert better[0].json["truncate"] is True and better[0].headers == WAIT_HEADERS
    assert read(better[0], [[1.0]] * 8)[1].json["inputs"] == list(texts[8:16])
    for message in ("too long", "batch size 40 > maximum allowed batch size 40"):
        assert p.repair_request(first, ApiError(422, message=message)) is None


@check
def a_transcript_as_documented(p: Provider) -> None:
    call = transcribe(p, hosted_model("m", SPEECH), times=TimestampGranularity.SENTENCE)
    chunks = [
        {"timestamp": [0.0, 4.2], "text": " Good morning."},
        {"timestamp": [4.2, None], "text": " Let us begin."},
        {"timestamp": None, "text": "?"},
        "odd",
    ]
    results = read(call, {"text": " Good morning. Let us begin.", "chunks": chunks})
    assert [sanitize(result) for result in results] == [
        Transcript(
            "Good morning. Let us begin.",
            (Segment(0.0, 4.2, "Good morning."), Segment(4.2, 4.2, "Let us begin."), Segment(4.2, 4.2, "?")),
            duration=4.2,
        ),
        Finish("stop"),
    ]
    assert read(call, {"text": "Hi"}) == [Transcript("Hi"), Finish("stop")]
    assert read(call, "Hi") == [Transcript("Hi"), Finish("stop")]
    assert p.audio and p.audio(hosted_model("m", SPEECH)).endings == ("flac", "mp3", "wav", "ogg", "webm", "m4a")
    assert p.audio(hosted_model("m", SPEECH)).times == (TimestampGranularity.NONE, TimestampGranularity.SENTENCE)


# --- endpoint calls ---------------------------------------------------------------------------------------------------


@check
def a_chat_with_an_endpoint_is_openais_where_it_can_be(p: Provider) -> None:
    for model in (endpoint("any"), endpoint("any", engine="openai"), endpoint("any", engine="tgi")):
        call = chat(p, model)
        assert line(call) == ("POST", f"{HOST}/v1/chat/completions")
        assert (call.json["model"], call.headers) == ("any", WAIT_HEADERS)
    assert chat(p, endpoint("any", engine="openai", served_as="/repository")).json["model"] == "/repository"
    # TGI refuses the bounds themselves.
    bounds = chat(p, endpoint("any", engine="tgi"), temperature=0, top_p=1.0, seed=0).json
    assert {"temperature", "top_p"} & set(bounds) == set() and bounds["seed"] == 0
    within = chat(p, endpoint("any", engine="tgi"), temperature=0.1, top_p=0.9).json
    assert (within["temperature"], within["top_p"]) == (0.1, 0.9)
    assert chat(p, endpoint("any", engine="openai"), temperature=0).json["temperature"] == 0


@check
def the_endings_of_a_pasted_address_are_cut(p: Provider) -> None:
    for ending in (
        *("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1", "/v1/", "/generate", "/generate_stream"),
        *("/embed", "/predict", "/info", "/health", "/", ""),
    ):
        assert line(chat(p, endpoint("any", url=HOST + ending))) == ("POST", f"{HOST}/v1/chat/completions"), ending
    try:
        chat(p, endpoint("any", url=""))
    except errors.UsageError as problem:
        assert problem.message == "Endpoint URL is missing."
    else:
        raise AssertionError


@check
def text_with_tgi_itself(p: Provider) -> None:
    call = native(p)
    assert (line(call), call.framing, call.headers) == (("POST", f"{HOST}/generate_stream"), Framing.SSE, WAIT_HEADERS)
    assert call.json == {"inputs": "Hello?", "parameters": {"max_new_tokens": 512, "details": True}}
    once = native(p, stream=False)
    assert (line(once), once.framing) == (("POST", f"{HOST}/generate"), Framing.JSON)


@check
def text_with_the_toolkit(p: Provider) -> None:
    for model, full in (
        (endpoint("any", engine="toolkit"), {"return_full_text": False}),
        (endpoint("any", TEXT2TEXT), {}),
    ):
        call = chat(p, model)
        assert (line(call), call.framing, call.headers) == (("POST", HOST), Framing.JSON, WAIT_HEADERS)
        assert call.json == {"inputs": "Hello?", "parameters": {"max_new_tokens": 512, **full}}


@check
def sampling_within_the_bounds(p: Provider) -> None:
    def sent(**values: Any) -> dict[str, Any]:
        parameters: dict[str, Any] = chat(p, endpoint("any", TEXT2TEXT), **values).json["parameters"]
        return {name: value for name, value in parameters.items() if name != "max_new_tokens"}

    assert sent(temperature=0, top_p=1.0, top_k=0) == {"do_sample": False}
    assert sent(temperature=0.7) == {"temperature": 0.7, "do_sample": True}
    assert sent(top_p=0.9, top_k=40) == {"top_p": 0.9, "top_k": 40, "do_sample": True}
    assert sent(top_p=0) == {}
    assert sent(top_p=0.9) == {"top_p": 0.9, "do_sample": True}
    assert sent(top_k=5) == {"top_k": 5, "do_sample": True}
    assert sent(repetition_penalty=1.1, stop=["x"]) == {"repetition_penalty": 1.1, "stop": ["x"]}


@check
def vectors_of_an_endpoint(p: Provider) -> None:
    tei = embed(p, endpoint("m", VECTORS, engine="tei"), "x")
    assert (line(tei), tei.headers) == (("POST", f"{HOST}/embed"), WAIT_HEADERS)
    assert tei.json == {"inputs": ["x"], "normalize": True, "truncate": True}
    for engine in ({}, {"engine": "toolkit"}):
        call = embed(p, endpoint("m", VECTORS, **engine), "x")
        assert (line(call), call.headers, call.json) == (("POST", HOST), WAIT_HEADERS, {"inputs": ["x"]})
    vllm = embed(p, endpoint("m", VECTORS, engine="openai"), "x")
    assert (line(vllm), vllm.headers) == (("POST", f"{HOST}/v1/embeddings"), WAIT_HEADERS)


@check
def speech_with_an_endpoint(p: Provider) -> None:
    call = transcribe(p, endpoint("m", SPEECH))
    assert (line(call), call.headers) == (("POST", HOST), WAIT_HEADERS)
    assert call.upload and call.upload.raw
    vllm = transcribe(p, endpoint("m", SPEECH, engine="openai"))
    assert (line(vllm), vllm.headers) == (("POST", f"{HOST}/v1/audio/transcriptions"), WAIT_HEADERS)


@check
def what_a_model_takes(p: Provider) -> None:
    def names(model: Model) -> list[str]:
        return [parameter.name for parameter in p.parameters(model)]

    chats = ["temperature", "top_p", "max_tokens", "presence_penalty", "frequency_penalty", "seed", "stop"]
    texts = ["temperature", "top_p", "top_k", "repetition_penalty", "max_new_tokens", "seed", "stop"]
    for model in (
        hosted_model("m"),
        endpoint("m", engine="tgi"),
        endpoint("m", url=""),
        hosted_model("m", engine="together"),
    ):
        assert names(model) == chats
    for model in (
        hosted_model("m", TEXT2TEXT),
        endpoint("m", engine="toolkit"),
        endpoint("m", TEXT2TEXT, engine="tgi"),
    ):
        assert names(model) == texts
    assert names(hosted_model("m", VECTORS)) == names(hosted_model("m", SPEECH)) == []
    assert p.parameters(replace(endpoint("m", engine="tgi"), context=4096))[2].high == 4096
    assert p.parameters(hosted_model("m", TEXT2TEXT))[4].unset == "512"
