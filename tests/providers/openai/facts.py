"""What OpenAI's API reference says, as plain checks: requests field by field, and how documented frames are read.

Every check takes a provider declaration, so that the test of the checks can hand in broken ones. Nothing here was
recorded from the adapter; the frames are our own composition of the documented shapes.
"""

import base64
import struct
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.providers import calls
from tests.providers.attached import DATA, IMAGE, MB, PAPER, PARTS, chat_with, figures
from tests.providers.facts import BARE_LIST, SCHEMA, Chat, Facts, Otherwise, Stream, proposed_are_known, read, sse
from tests.providers.facts import KEY as SOCKET_KEY
from tui.domain import Model, ModelType
from tui.errors import CredentialRejected, Problem, ScopeMissing
from tui.providers.events import (
    UNFINISHED,
    Accepted,
    Finish,
    ModelsListed,
    Notice,
    Segment,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    ToolCalls,
    Transcript,
    Usage,
    Vectors,
)
from tui.providers.requests import (
    ApiError,
    Call,
    ChatRequest,
    EmbeddingRequest,
    Frame,
    Framing,
    Message,
    TimestampGranularity,
    Tool,
    TranscriptionRequest,
)
from tui.providers.spec import Provider
from tui.secret import Secret

BASE = {"base_url": "https://api.openai.com/v1"}
KEY = Secret("sk-proj-FAKE-0123456789-abcdefghij-3f2a")
SOUND = Path("talk.m4a")


def _delta(text: str, reason: str | None = None) -> bytes:
    return sse({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]})


STREAM = Stream(
    _delta,
    closing=_delta("", "stop") + sse("[DONE]"),
    opening=sse({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]}),
    error=sse({"error": {"message": "Their words.", "type": "server_error", "param": None, "code": None}}),
    error_message="{label} stopped with an error.",
)
"""A stream on this wire, for every provider that speaks it."""


def whole(text: str) -> dict[str, Any]:
    """An answer in one piece on this wire."""
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}


FACTS = Facts(
    "openai",
    modules=(
        "dialects.openai.api",
        "dialects.openai.entries",
        "dialects.openai.models",
        "dialects.openai.chat",
        "dialects.openai.usage",
        "dialects.openai.parameters",
        "dialects.openai.embeddings",
        "dialects.openai.audio",
        "dialects.openai.errors",
        "dialects.tools",
    ),
    # `key_verification` is for other APIs (`test_presets.py`), `_label_in_sentence` words a label.
    prose=frozenset({"_within", "unsupported", "key_verification", "_label_in_sentence"}),
    otherwise=(
        BARE_LIST,
        Otherwise("verify */models", "status 40[45]", "good", "an empty request shows that the key is taken"),
        Otherwise("transcribe */transcriptions", "body ?text?, text for JSON", "good", "a text is read"),
    ),
    chats=(
        Chat(
            "openai",
            lambda origin: {"api_key": SOCKET_KEY, "base_url": f"{origin}/v1"},
            Model("openai", "gpt-4.1", ModelType.CHAT),
            STREAM,
            whole,
        ),
    ),
)
check = FACTS.check
UNLISTED = Notice("The server has no model list. Add models by name.")


def chat_model(name: str = "gpt-4.1", **more: Any) -> Model:
    return Model("openai", name, ModelType.CHAT, **more)


def chat(p: Provider, name: str = "gpt-4.1", stream: bool = True, parameters: Any = None, **more: Any) -> Call:
    assert p.chat
    messages = (Message("system", "Be brief."), Message("user", "Hello?"))
    return p.chat(BASE, ChatRequest(chat_model(name, **more), messages, parameters or {}, stream))


def chunk(delta: Any, reason: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-A1",
        "object": "chat.completion.chunk",
        "created": 1795300000,
        "model": "gpt-5.4-mini",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}],
        "usage": None,
        "obfuscation": "k3",
        **more,
    }


USED = {
    "prompt_tokens": 9,
    "completion_tokens": 14,
    "total_tokens": 23,
    "prompt_tokens_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 12},
}


# --- requests ---------------------------------------------------------------------------------------------------------


@check
def listing_is_a_get_of_models(p: Provider) -> None:
    for call in (p.verify(BASE), calls.list_models(p, BASE)):
        assert (call.method, call.url, call.query, call.json, call.upload) == (
            "GET",
            "https://api.openai.com/v1/models",
            {},
            None,
            None,
        )
        assert call.framing is Framing.JSON


@check
def the_key_is_a_bearer_and_the_choices_are_headers(p: Provider) -> None:
    fields = BASE | {"organization": "org-acme", "project": "proj_9"}
    signed = p.sign(p.verify(BASE), fields, {"api_key": KEY}, 0)
    assert signed.headers == {
        "authorization": Secret(f"Bearer {KEY.reveal()}"),
        "openai-organization": "org-acme",
        "openai-project": "proj_9",
    }
    assert isinstance(signed.headers["authorization"], Secret)


@check
def nothing_is_signed_that_is_not_set(p: Provider) -> None:
    assert p.sign(p.verify(BASE), BASE | {"organization": ""}, {}, 0).headers == {}


@check
def a_streamed_chat(p: Provider) -> None:
    call = chat(p, parameters={"temperature": 0.5, "stop": ["END"]})
    assert (call.method, call.url) == ("POST", "https://api.openai.com/v1/chat/completions")
    assert call.framing is Framing.SSE
    assert call.json == {
        "model": "gpt-4.1",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "stop": ["END"],
    }


@check
def a_chat_in_one_piece(p: Provider) -> None:
    call = chat(p, stream=False)
    assert call.framing is Framing.JSON
    assert call.json["stream"] is False
    assert "stream_options" not in call.json


@check
def the_bound_of_an_answer_has_its_new_name(p: Provider) -> None:
    body = chat(p, parameters={"max_tokens": 40}).json
    assert body["max_completion_tokens"] == 40
    assert "max_tokens" not in body


@check
def a_legacy_completion(p: Provider) -> None:
    call = chat(p, "davinci-002", completion=True)
    assert (call.method, call.url) == ("POST", "https://api.openai.com/v1/completions")
    assert "messages" not in call.json
    assert call.json["prompt"] == "Instructions: Be brief.\n\nUser: Hello?\n\nAssistant:"
    assert call.json["max_tokens"] > 16
    assert call.json["model"] == "davinci-002"
    assert call.json["stream"] is True
    alone = calls.chat(p, BASE, ChatRequest(chat_model("davinci-002", completion=True), (Message("user", "Once"),), {}))
    assert alone.json["prompt"] == "Once"
    again = (Message("user", "a"), Message("assistant", "b"), Message("user", "c"))
    prompt = calls.chat(p, BASE, ChatRequest(chat_model("davinci-002", completion=True), again, {"max_tokens": 9}))
    assert prompt.json["prompt"] == "User: a\n\nAssistant: b\n\nUser: c\n\nAssistant:"
    assert prompt.json["max_tokens"] == 9


@check
def embeddings(p: Provider) -> None:
    call = calls.embed(
        p, BASE, EmbeddingRequest(Model("openai", "text-embedding-3-small", ModelType.EMBEDDING), ("a", "b"))
    )
    assert (call.method, call.url) == ("POST", "https://api.openai.com/v1/embeddings")
    assert call.framing is Framing.JSON
    body = {"model": "text-embedding-3-small", "input": ["a", "b"], "encoding_format": "base64"}
    assert call.json == body
    shorter = calls.embed(
        p,
        BASE,
        EmbeddingRequest(Model("openai", "text-embedding-3-small", ModelType.EMBEDDING), ("a", "b"), False, 256),
    )
    assert shorter.json == body | {"dimensions": 256}


@check
def at_most_256_texts_a_request(p: Provider) -> None:
    texts = tuple(f"text {place}" for place in range(258))
    first = calls.embed(
        p, BASE, EmbeddingRequest(Model("openai", "text-embedding-3-small", ModelType.EMBEDDING), texts)
    )
    assert first.json["input"] == list(texts[:256])
    answered = read(first, vectors([[1.0, 2.0]] * 256, used=10))
    assert (answered[0].start, len(answered[0].vectors)) == (0, 256)
    second = answered[1]
    assert isinstance(second, Call)
    assert second.json["input"] == list(texts[256:])
    assert read(second, vectors([[3.0, 4.0]] * 2, used=5)) == [
        Vectors(256, ((3.0, 4.0), (3.0, 4.0))),
        Usage(input=15),
        Finish("stop"),
    ]


@check
def at_most_300_000_tokens_a_request(p: Provider) -> None:
    texts = ("x" * 200_000, "y" * 200_000, "z")
    first = calls.embed(p, BASE, EmbeddingRequest(Model("openai", "m", ModelType.EMBEDDING), texts))
    assert first.json["input"] == [texts[0]]
    second = read(first, vectors([[1.0]]))[1]
    assert second.json["input"] == [texts[1], "z"]


@check
def a_recording(p: Provider) -> None:
    ask = TranscriptionRequest(
        Model("openai", "gpt-4o-transcribe", ModelType.SPEECH2TEXT), SOUND, "audio/mp4", 700, "de"
    )
    call = calls.transcribe(p, BASE, ask)
    assert (call.method, call.url) == ("POST", "https://api.openai.com/v1/audio/transcriptions")
    assert call.json is None
    assert call.framing is Framing.JSON
    upload = call.upload
    assert upload
    assert (upload.name, upload.path, upload.media, upload.size) == ("file", SOUND, "audio/mp4", 700)
    assert upload.parts == (("model", "gpt-4o-transcribe"), ("response_format", "json"), ("language", "de"))


def parts(
    p: Provider, name: str, language: str = "", times: TimestampGranularity = TimestampGranularity.NONE
) -> dict[str, str]:
    ask = TranscriptionRequest(Model("openai", name, ModelType.SPEECH2TEXT), SOUND, "audio/mp4", 700, language, times)
    upload = calls.transcribe(p, BASE, ask).upload
    assert upload
    return dict(upload.parts)


@check
def the_form_of_a_transcript_is_by_model(p: Provider) -> None:
    assert parts(p, "whisper-1") == {"model": "whisper-1", "response_format": "json"}
    assert parts(p, "whisper-1", times=TimestampGranularity.SENTENCE) == {
        "model": "whisper-1",
        "response_format": "verbose_json",
        "timestamp_granularities[]": "segment",
    }
    assert parts(p, "whisper-1", times=TimestampGranularity.WORD)["timestamp_granularities[]"] == "word"
    # verbose_json is refused by the newer models.
    assert parts(p, "gpt-4o-transcribe", times=TimestampGranularity.WORD)["response_format"] == "json"
    assert parts(p, "gpt-transcribe", "de") == {
        "model": "gpt-transcribe",
        "response_format": "json",
        "languages[]": "de",
    }
    assert parts(p, "gpt-4o-transcribe-diarize", times=TimestampGranularity.SENTENCE) == {
        "model": "gpt-4o-transcribe-diarize",
        "response_format": "diarized_json",
        "chunking_strategy": "auto",
    }
    assert parts(p, "gpt-4o-transcribe-diarize")["response_format"] == "json"


@check
def sound_files_and_their_size(p: Provider) -> None:
    limits = calls.audio(p, Model("openai", "whisper-1", ModelType.SPEECH2TEXT))
    assert limits.endings == ("flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm")
    assert limits.size == 25 * 1024 * 1024
    assert limits.times == (TimestampGranularity.NONE, TimestampGranularity.SENTENCE, TimestampGranularity.WORD)
    assert calls.audio(p, Model("openai", "gpt-transcribe", ModelType.SPEECH2TEXT)).times == (
        TimestampGranularity.NONE,
    )
    diarize = calls.audio(p, Model("openai", "gpt-4o-transcribe-diarize", ModelType.SPEECH2TEXT))
    assert diarize.times == (TimestampGranularity.NONE, TimestampGranularity.SENTENCE)


@check
def a_schema_is_the_response_format_and_is_never_left_out(p: Provider) -> None:
    assert p.chat
    call = p.chat(BASE, ChatRequest(chat_model(), (Message("user", "Hello?"),), schema=SCHEMA))
    named = {"name": "answer", "schema": SCHEMA, "strict": True}
    assert call.json["response_format"] == {"type": "json_schema", "json_schema": named}
    refused = ApiError(400, code="unsupported_parameter", message="Not supported.", param="response_format")
    assert p.repair_request(call, refused) is None


# --- answers ----------------------------------------------------------------------------------------------------------


@check
def a_stream_as_documented(p: Provider) -> None:
    usage = {**chunk({}), "choices": [], "usage": USED}
    assert read(
        chat(p),
        chunk({"role": "assistant", "content": "", "refusal": None}),
        chunk({"content": "Good"}),
        chunk({"content": " day"}),
        chunk({}, "stop"),
        usage,
        "[DONE]",
        chunk({"content": "late"}),
        "[DONE]",
    ) == [TextDelta("Good"), TextDelta(" day"), Usage(9, 14, 12, cached=0), Finish("stop")]


@check
def a_whole_answer_as_documented(p: Provider) -> None:
    message = {"role": "assistant", "content": "Good day", "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    body = {"id": "chatcmpl-A1", "object": "chat.completion", "choices": [choice], "usage": USED}
    assert read(chat(p, stream=False), body) == [TextDelta("Good day"), Usage(9, 14, 12, cached=0), Finish("stop")]


@check
def what_servers_count_in_their_usage(p: Provider) -> None:
    def counted(**more: Any) -> Any:
        used = {"prompt_tokens": 9, "completion_tokens": 14}
        return read(chat(p, stream=False), whole("Hi") | {"usage": used | more})[1]

    # Chat completions have these in the details; DeepSeek, Moonshot and routers tell cached ones beside them.
    prompt = {"cached_tokens": 5, "cache_write_tokens": 3, "audio_tokens": 2, "image_tokens": 1}
    parts = {"reasoning_tokens": 12, "audio_tokens": 4}
    assert counted(prompt_tokens_details=prompt, completion_tokens_details=parts) == Usage(
        9, 14, 12, cached=5, cache_write=3, audio=2, image=1, audio_output=4
    )
    for name in ("prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens"):
        assert counted(**{name: 5}) == Usage(9, 14, cached=5)
    for name in ("cache_creation_input_tokens", "cache_creation_tokens"):
        assert counted(prompt_tokens_details={name: 3}) == Usage(9, 14, cache_write=3)
    # Responses and transcriptions call them input and output.
    for word in ("token", "tokens"):
        details = {f"input_{word}_details": {"cached_tokens": 5}, f"output_{word}_details": {"reasoning_tokens": 12}}
        assert counted(**details) == Usage(9, 14, 12, cached=5)
    # Thinking that is counted beside the answer is in the total alone.
    assert counted(total_tokens=30) == Usage(9, 21)
    # Moonshot counts in the last choice of a stream, Groq in a member of its own.
    used = {"prompt_tokens": 9, "completion_tokens": 14}
    choice = {"index": 0, "delta": {}, "finish_reason": "stop", "usage": used}
    for last in ({"choices": [choice]}, chunk({}, "stop") | {"x_groq": {"usage": used}}):
        assert read(chat(p), chunk({"content": "Hi"}), last, "[DONE]")[1] == Usage(9, 14)


@check
def a_completion_as_documented(p: Provider) -> None:
    body = {"object": "text_completion", "choices": [{"text": " there", "index": 0, "finish_reason": "length"}]}
    results = read(chat(p, "davinci-002", completion=True), body, "[DONE]")
    assert results == [TextDelta(" there"), Finish("length", False, "The answer reached its length limit.")]


@check
def thoughts_by_every_name(p: Provider) -> None:
    for name in ("reasoning_content", "reasoning", "thinking"):
        assert read(chat(p), chunk({name: "Hm"}), chunk({"content": "A"}, "stop"), "[DONE]")[:2] == [
            ThinkingDelta("Hm"),
            TextDelta("A"),
        ]
    both = read(chat(p), chunk({"reasoning": "Hm", "reasoning_content": "Hm"}), end=False)
    assert both == [ThinkingDelta("Hm")]


@check
def thoughts_among_the_parts(p: Provider) -> None:
    for kind, name in (("thinking", "thinking"), ("reasoning", "reasoning"), ("reasoning_content", "text")):
        for thought in ("Hm.", [{"type": "text", "text": "Hm."}]):
            parts = [{"type": kind, name: thought}, {"type": "text", "text": "Blue."}]
            assert read(chat(p), chunk({"content": parts}), end=False) == [ThinkingDelta("Hm."), TextDelta("Blue.")]


@check
def words_for_no_finish_reason(p: Provider) -> None:
    for word in ("null", "None", ""):
        assert read(chat(p), chunk({"content": "Hi"}, word)) == [TextDelta("Hi"), UNFINISHED]


@check
def text_in_parts(p: Provider) -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image_url"}, {"type": "text", "text": "b"}]
    assert read(chat(p), chunk({"content": parts}), end=False) == [TextDelta("ab")]


@check
def the_ends_of_an_answer(p: Provider) -> None:
    def end(*frames: Any) -> Finish:
        last: Finish = read(chat(p), *frames)[-1]
        return last

    hi = chunk({"content": "Hi"})
    assert end(hi, chunk({}, "length"), "[DONE]") == Finish("length", False, "The answer reached its length limit.")
    cut = Finish("content_filter", False, "The provider's content filter cut the answer.")
    assert end(hi, chunk({}, "content_filter"), "[DONE]") == cut
    tool = "The model asked for a tool, and none is offered here."
    assert end(hi, chunk({}, "tool_calls"), "[DONE]") == Finish("tool_calls", True, tool)
    assert end(hi, chunk({}, "function_call"), "[DONE]") == Finish("function_call", True, tool)
    # With a reason, the end mark may be missing; with the mark, the reason may.
    assert end(hi, chunk({}, "stop")) == Finish("stop")
    assert end(hi, "[DONE]") == Finish("stop")
    assert end(hi) == UNFINISHED
    assert end(chunk({}, "stop"), "[DONE]").note == "The answer is empty."
    spent = "The answer reached its length limit before its first word; thinking used it up."
    assert end(chunk({"reasoning_content": "Hm"}), chunk({}, "length"), "[DONE]").note == spent


@check
def a_model_that_declines(p: Provider) -> None:
    results = read(chat(p), chunk({"refusal": "I cannot do that."}), chunk({}, "stop"), "[DONE]")
    assert results == [TextDelta("I cannot do that."), Finish("stop", True, "The model declined to answer.")]


@check
def errors_inside_an_answer(p: Provider) -> None:
    error = {"message": "No.", "type": "server_error", "param": None, "code": "c1"}
    expected = ApiError(code="c1", kind="server_error", message="No.")
    assert read(chat(p), {"error": error}, chunk({"content": "late"}), "[DONE]") == [expected]
    assert read(chat(p), Frame(error, "error")) == [expected]
    assert read(chat(p), {"object": "error", **error}) == [expected]
    assert read(chat(p), Frame("Out of memory", "error"))[0].message == "Out of memory"
    assert read(chat(p), {**chunk({"content": "Hi"}), "error": None}, end=False) == [TextDelta("Hi")]


@check
def what_routers_say_of_the_server_behind_them(p: Provider) -> None:
    """OpenRouter, API errors: the choice of a failure has an `error`, its reason may be the native one alone."""
    choice = {"index": 0, "delta": {}, "finish_reason": "error", "error": {"code": 502, "message": "Timed out."}}
    assert read(chat(p), {"choices": [choice]}) == [ApiError(code="502", message="Timed out.")]
    native = {"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop", "native_finish_reason": "network_error"}
    assert read(chat(p), {"choices": [native]})[-1].reason == "network_error"
    for harmless in (native | {"native_finish_reason": "eos"}, native | {"finish_reason": None}):
        assert read(chat(p), {"choices": [harmless]})[-1] in (Finish("stop"), UNFINISHED)


@check
def thinking_in_other_members(p: Provider) -> None:
    for name in ("reasoning_content", "reasoning", "thinking", "reasoning_text"):
        assert read(chat(p), chunk({name: "Hm"}), end=False) == [ThinkingDelta("Hm")]
    for entry in ({"type": "reasoning.text", "text": "Hm"}, {"type": "reasoning.summary", "summary": "Hm"}):
        assert read(chat(p), chunk({"reasoning_details": [entry, 7]}), end=False) == [ThinkingDelta("Hm")]
    # Where several are there, the first of these is read.
    for first, second in pairwise(("reasoning_content", "reasoning", "thinking", "reasoning_text", "thoughts")):
        assert read(chat(p), chunk({second: "No", first: "Hm"}), end=False) == [ThinkingDelta("Hm")]
    for member in ("text", "content", "thinking", "reasoning", "summary"):
        assert read(chat(p), chunk({"thoughts": [{member: "Hm"}]}), end=False) == [ThinkingDelta("Hm")]
    inner = {"provider_specific_fields": {"thought_summary": "Hm"}}
    flags = ({"thought": True}, {"extra_content": {"google": {"thought": True}}})
    for delta in (inner, *({"content": "Hm", **flag} for flag in flags)):
        assert read(chat(p), chunk(delta), end=False) == [ThinkingDelta("Hm")]


@check
def the_reason_of_an_end_by_other_names(p: Provider) -> None:
    for name in ("finish_reason", "finishReason", "stop_reason", "stopReason"):
        frame = {"choices": [{"index": 0, "delta": {"content": "A"}, name: "length"}]}
        assert read(chat(p), frame, "[DONE]")[-1].reason == "length"


@check
def a_message_behind_deltas_repeats_them(p: Provider) -> None:
    whole = {"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
    assert read(chat(p), chunk({"content": "Hi"}), whole) == [TextDelta("Hi"), Finish("stop")]
    assert read(chat(p), chunk("Hi"), end=False) == [TextDelta("Hi")], "a delta that is a text"


@check
def an_error_of_groq_with_choices(p: Provider) -> None:
    failed = read(chat(p), chunk({"content": "Hi"}), {"choices": [], "x_groq": {"error": "Their words."}}, end=False)
    assert failed[0] == TextDelta("Hi") and failed[1].message == "Their words."
    assert read(chat(p), chunk({"content": "Hi"}) | {"x_groq": {"id": "1"}}, end=False) == [TextDelta("Hi")]


@check
def odd_chunks_are_passed_over(p: Provider) -> None:
    odd = [
        [],
        7,
        None,
        "keepalive",
        {},
        {"choices": None},
        {"choices": [None]},
        {"choices": [{}]},
        {"choices": [{"delta": None}]},
    ]
    second = {"choices": [{"index": 1, "delta": {"content": "other"}, "finish_reason": None}]}
    assert read(chat(p), *odd, chunk({"content": None, "tool_calls": []}), second, end=False) == []
    unreported = {"choices": [], "usage": {"prompt_tokens": "x", "completion_tokens": None}}
    assert not [result for result in read(chat(p), unreported, "[DONE]") if isinstance(result, Usage)]


def vectors(rows: list[list[float]], used: int = 3) -> dict[str, Any]:
    data = [{"object": "embedding", "index": place, "embedding": row} for place, row in enumerate(rows)]
    return {"object": "list", "model": "m", "data": data, "usage": {"prompt_tokens": used, "total_tokens": used}}


def embed(p: Provider, *texts: str) -> Call:
    return calls.embed(p, BASE, EmbeddingRequest(Model("openai", "text-embedding-3-small", ModelType.EMBEDDING), texts))


@check
def vectors_in_either_form_and_by_their_index(p: Provider) -> None:
    expected = [Vectors(0, ((1.0, -2.5), (0.5, 0.25))), Usage(input=3), Finish("stop")]
    body = vectors([[1.0, -2.5], [0.5, 0.25]])
    assert read(embed(p, "a", "b"), body) == expected
    assert read(embed(p, "a", "b"), {**body, "data": body["data"][::-1]}) == expected
    packed = [base64.b64encode(struct.pack("<2f", *entry["embedding"])).decode() for entry in body["data"]]
    data = [{**entry, "embedding": row} for entry, row in zip(body["data"], packed, strict=True)]
    assert read(embed(p, "a", "b"), {**body, "data": data}) == expected
    nested = [{**entry, "embedding": [entry["embedding"]]} for entry in body["data"]]
    assert read(embed(p, "a", "b"), {**body, "data": nested}) == expected
    texts = [{**entry, "index": str(entry["index"])} for entry in body["data"][::-1]]
    assert read(embed(p, "a", "b"), {**body, "data": texts}) == expected
    placed = [{"text_index": entry["index"], "embedding": entry["embedding"]} for entry in body["data"][::-1]]
    assert read(embed(p, "a", "b"), {"data": placed})[0] == expected[0]
    for name in ("data", "embeddings", "vectors", "output", "result", "float"):
        assert read(embed(p, "a"), {name: [[1.0]]})[0] == Vectors(0, ((1.0,),))
    for name in ("embedding", "vector", "values"):
        assert read(embed(p, "a"), {"data": [{name: [1.0]}]})[0] == Vectors(0, ((1.0,),))
    bare = [{"embedding": entry["embedding"]} for entry in body["data"]]
    assert read(embed(p, "a", "b"), {"data": bare})[0] == expected[0]


@check
def vectors_that_are_none(p: Provider) -> None:
    one = vectors([[1.0]])["data"]
    for data in ([], one, one * 2, one * 3, None, "x", [None, None], [*one, {"index": 1, "embedding": []}]):
        result = read(embed(p, "a", "b"), {"data": data})
        assert len(result) == 1
        assert isinstance(result[0], ApiError)
        assert result[0].code == "malformed"
    for bad in ("!!!", "YWJj", ["x"], [True], [float("nan")], None, base64.b64encode(b"\0\0\xc0\x7f").decode()):
        result = read(embed(p, "a"), {"data": [{"index": 0, "embedding": bad}]})
        assert [type(item) for item in result] == [ApiError]
    assert read(embed(p, "a"), {"error": {"message": "No.", "code": "c"}})[0].code == "c"


def transcribed(p: Provider, body: Any) -> list[Any]:
    ask = TranscriptionRequest(Model("openai", "whisper-1", ModelType.SPEECH2TEXT), SOUND, "audio/mp4", 7)
    return read(calls.transcribe(p, BASE, ask), body)


@check
def transcripts_as_text(p: Provider) -> None:
    assert transcribed(p, "Hello there") == [Transcript("Hello there"), Finish("stop")]
    cues = "1\n00:00:00,500 --> 00:00:02,000\nHello\n\n2\n00:00:02,000 --> 00:01:03,250\nthere\nagain\n"
    segments = (Segment(0.5, 2.0, "Hello"), Segment(2.0, 63.25, "there again"))
    assert transcribed(p, cues) == [Transcript("Hello there again", segments), Finish("stop")]
    assert transcribed(p, "WEBVTT\n\n" + cues.replace(",", ".")) == [
        Transcript("Hello there again", segments),
        Finish("stop"),
    ]


@check
def transcripts(p: Provider) -> None:
    tokens = {"type": "tokens", "input_tokens": 14, "output_tokens": 3, "total_tokens": 17}
    assert transcribed(p, {"text": "Hello there", "usage": tokens}) == [
        Transcript("Hello there"),
        Usage(14, 3),
        Finish("stop"),
    ]
    seconds = {"type": "duration", "seconds": 4.5}
    assert transcribed(p, {"text": "Hi", "usage": seconds}) == [Transcript("Hi"), Usage(seconds=4.5), Finish("stop")]
    verbose = {
        "task": "transcribe",
        "language": "english",
        "duration": 4.5,
        "text": "Hi. Bye.",
        "segments": [
            {"id": 0, "seek": 0, "start": 0.0, "end": 1.5, "text": " Hi.", "tokens": [1]},
            {"id": 1, "seek": 0, "start": 1.5, "end": 4.5, "text": " Bye.", "tokens": [2]},
        ],
    }
    both = (Segment(0, 1.5, "Hi."), Segment(1.5, 4.5, "Bye."))
    assert transcribed(p, verbose)[0] == Transcript("Hi. Bye.", both, "english", 4.5)
    spoken = {**verbose, "words": [{"word": "Hi", "start": 0.25, "end": 0.5}]}
    assert transcribed(p, spoken)[0].segments == (Segment(0.25, 0.5, "Hi"),)
    diarized = {"text": "Hi.", "segments": [{"type": "x", "start": 0, "end": 1, "text": "Hi.", "speaker": "A"}]}
    assert transcribed(p, diarized)[0].segments == (Segment(0, 1, "A: Hi."),)
    assert [type(message) for message in transcribed(p, {"words": []})] == [ApiError]
    assert transcribed(p, {"error": {"message": "No."}})[0].message == "No."
    assert transcribed(p, {"text": "", "segments": None, "duration": "x"})[0] == Transcript("")


CLASSES: dict[ModelType | str | None, str] = {
    ModelType.EMBEDDING: "text-embedding-3-small text-embedding-ada-002 acme-embedding-1 text-similarity-ada-001"
    " text-search-ada-doc-001 code-search-ada-code-001 TEXT-EMBEDDING-3-LARGE ft:text-embedding-3-small:acme::1",
    ModelType.SPEECH2TEXT: "whisper-1 gpt-transcribe gpt-4o-transcribe gpt-4o-mini-transcribe-2025-12-15"
    " gpt-4o-transcribe-diarize",
    ModelType.CHAT: "gpt-6-sol gpt-6.2-astra gpt-5.5-2026-04-23 gpt-4.1-mini gpt-4o o1 o3 o4-mini chatgpt-4o-latest"
    " gpt-3.5-turbo ft:gpt-4o-mini:acme:support:A1 gpt-5-chat-latest gpt-4o-search-preview",
    "completion": "gpt-3.5-turbo-instruct gpt-3.5-turbo-instruct-0914 davinci-002 babbage-002 text-davinci-003"
    " text-curie-001 text-babbage-001 text-ada-001 davinci curie babbage ada ft:davinci-002:acme::1",
    None: "tts-1 gpt-4o-mini-tts gpt-realtime gpt-realtime-transcribe gpt-live-1 gpt-live-transcribe gpt-image-2"
    " chatgpt-image-latest dall-e-3 sora-2 omni-moderation-latest computer-use-preview gpt-audio gpt-4o-audio-preview"
    " o1-pro o3-pro-2025-06-10 gpt-5-pro gpt-5.5-pro o3-deep-research o4-mini-deep-research gpt-5-codex"
    " gpt-5.1-codex-max gpt-5.6-cyber gpt-6-cyber gpt-daybreak-1 gpt-rosalind-research gpt-6-rosalind"
    " gpt-6.2-astra-law acme-7b",
}


@check
def what_a_model_is_for(p: Provider) -> None:
    entries = [{"id": name, "object": "model"} for names in CLASSES.values() for name in names.split()]
    models = {model.id: model for model in read(p.verify(BASE), {"object": "list", "data": entries})[0].models}
    for kind, names in CLASSES.items():
        for name in names.split():
            result = models.get(name)
            expected = ModelType.CHAT if kind == "completion" else kind
            assert (result.type if result else None) == expected, name
            assert not result or result.completion == (kind == "completion")
            assert p.infer_model_type(name, {}) == expected


@check
def what_is_known_without_asking(p: Provider) -> None:
    known = {model.id: model for model in p.catalogue}
    assert {name: model.dimensions for name, model in known.items() if model.dimensions} == {
        "text-embedding-ada-002": 1536,
        "text-embedding-3-small": 1536,
        "text-embedding-3-large": 3072,
    }
    assert p.proposed[ModelType.CHAT][0] == "gpt-6-sol"
    assert p.proposed[ModelType.EMBEDDING][0] == "text-embedding-3-small"
    assert p.proposed[ModelType.SPEECH2TEXT][0] == "gpt-transcribe"
    proposed_are_known(p)
    assert p.trial_calls == 500 and all(name in known for name in p.trial_models)


@check
def where_it_is(p: Provider) -> None:
    assert (p.id, p.label) == ("openai", "OpenAI")
    assert p.field("base_url").default == "https://api.openai.com/v1"
    assert p.origins({"base_url": "https://eu.api.openai.com/v1"}) == ("https://eu.api.openai.com",)
    assert p.verify({"base_url": "https://api.openai.com/v1/"}).url == "https://api.openai.com/v1/models"
    assert p.verify({"base_url": "https://localhost/box"}).url == "https://localhost/box/models"
    assert p.key_page == "https://platform.openai.com/api-keys"
    assert calls.describe(p, ApiError(429, final=True), "m").message == "Your OpenAI account has no credit left."


@check
def the_list_of_another_server_at_the_base_url(p: Provider) -> None:
    entries = {"data": [{"id": name} for name in ("qwen3-32b", "bge-m3", "gpt-6-sol", "dall-e-3")]}
    elsewhere = read(p.verify({"base_url": "https://gateway.example/v1"}), entries)[0].models
    assert {model.id: model.type for model in elsewhere} == {
        "qwen3-32b": ModelType.CHAT,
        "bge-m3": ModelType.EMBEDDING,
        "gpt-6-sol": ModelType.CHAT,
    }
    for url in ("https://api.openai.com/v1", "https://eu.api.openai.com/v1"):
        assert [model.id for model in read(p.verify({"base_url": url}), entries)[0].models] == ["gpt-6-sol"]


NEXT = ("next", "next_page", "next_page_token", "nextPageToken", "nextLink")


@check
def the_list_of_models(p: Provider) -> None:
    entries = [
        {"id": "whisper-1", "object": "model", "created": 1, "owned_by": "openai", "shutdown_date": "2027-03-01"},
        {"id": "gpt-6-sol", "object": "model", "created": 1, "owned_by": "openai", "shutdown_date": None},
        {"id": "text-embedding-3-large", "object": "model", "created": 1, "owned_by": "openai"},
        {"id": "dall-e-3", "object": "model"},
        {"object": "model"},
        "x",
    ]
    listed, notice, accepted = read(p.verify(BASE), {"object": "list", "data": entries})
    assert notice == Notice("1 model of the list has no name that can be used. It was left out.")
    assert accepted == Accepted()
    assert listed == ModelsListed(
        (
            Model("openai", "gpt-6-sol", ModelType.CHAT),
            Model("openai", "text-embedding-3-large", ModelType.EMBEDDING, context=8192, dimensions=3072),
            Model("openai", "whisper-1", ModelType.SPEECH2TEXT, ends="2027-03-01"),
        ),
        6,
    )
    assert read(p.verify(BASE), {"object": "list", "data": []}) == [ModelsListed((), 0), Accepted()]
    assert read(p.verify(BASE), {"object": "list", "data": None}) == [ModelsListed((), 0), Accepted()]
    assert read(p.verify(BASE), {"error": {"message": "No."}})[0].message == "No."
    assert len(read(p.verify(BASE), {"models": entries})[0].models) == 3
    assert len(read(p.verify(BASE), entries)[0].models) == 3
    for odd in ({"data": 7}, {}, 7):
        assert read(p.verify(BASE), odd)[0].code == "malformed"
    named = {
        "gpt-6-sol": [{"name": "gpt-6-sol"}, {"model": "gpt-6-sol"}, {"id": "gpt-6-sol", "name": "x"}, "gpt-6-sol"]
    }
    for name, shapes in named.items():
        for shape in shapes:
            for body in ({"data": [shape]}, {"models": [shape]}, {"data": {"data": [shape]}}, [shape]):
                assert [model.id for model in read(p.verify(BASE), body)[0].models] == [name]
    two = Notice("2 models of the list have no name that can be used. They were left out.")
    assert read(p.verify(BASE), {"data": [{}, 7, {"id": "whisper-1"}]})[1] == two
    for name in ("data", "models", "result", "results", "items", "list", "model_list", "available_models"):
        assert [model.id for model in read(p.verify(BASE), {name: ["gpt-6-sol"]})[0].models] == ["gpt-6-sol"]
    for name in ("model_id", "model_name", "modelId", "modelName", "slug"):
        assert [model.id for model in read(p.verify(BASE), [{name: "gpt-6-sol"}])[0].models] == ["gpt-6-sol"]
    inside: list[Any] = [[{"model": {"id": "gpt-6-sol"}}], {"gpt-6-sol": {"owned_by": "openai"}}]
    for data in inside:
        assert [model.id for model in read(p.verify(BASE), {"data": data})[0].models] == ["gpt-6-sol"]
    more = Notice("The server has more models than it listed. Add those that are missing by name.")
    for name, value in {"has_more": True, **dict.fromkeys(NEXT, "x")}.items():
        assert read(p.verify(BASE), {"data": ["gpt-6-sol"], name: value})[1:] == [more, Accepted()]
    for name in ("links", "_links", "pagination", "paging", "meta", "metadata", "page_info", "pageInfo"):
        for page in ({"next": "x"}, {"has_more": True}, {"total": 2}):
            assert read(p.verify(BASE), {"data": ["gpt-6-sol"], name: page})[1:] == [more, Accepted()]
    for name in ("total", "total_count", "totalCount", "total_items", "totalItems"):
        assert read(p.verify(BASE), {"data": ["gpt-6-sol"], name: 2})[1:] == [more, Accepted()]
        assert read(p.verify(BASE), {"data": ["gpt-6-sol"], name: 1})[1:] == [Accepted()]
    for name in ("object", "owned_by", "created", "context_length", "max_model_len", "mode"):
        assert [model.id for model in read(p.verify(BASE), {"gpt-6-sol": {name: "x"}})[0].models] == ["gpt-6-sol"]
    assert [model.id for model in read(p.verify(BASE), {"x": {"id": "gpt-6-sol"}})[0].models] == ["gpt-6-sol"]
    for name, value in {"has_more": False, "next": None, "next_page": 7}.items():
        assert read(p.verify(BASE), {"data": ["gpt-6-sol"], name: value})[1:] == [Accepted()]
    for nothing in ({"data": None}, {"models": None}, {"object": "list"}):
        assert read(p.verify(BASE), nothing) == [ModelsListed((), 0), Accepted()]


# --- refusals ---------------------------------------------------------------------------------------------------------


@check
def an_error_body(p: Provider) -> None:
    body = {"error": {"message": "M", "type": "T", "param": "P", "code": "C"}}
    headers = {"x-request-id": "req_1"}
    assert p.parse_error(400, headers, body) == ApiError(400, "C", "T", "M", "P", "req_1", headers)
    bare = p.parse_error(400, {}, {"error": {"message": "M", "type": "T", "param": None, "code": None}})
    assert (bare.code, bare.param, bare.final) == ("", "", False)
    assert p.parse_error(400, {}, {"error": "Words"}).message == "Words"
    assert p.parse_error(404, {}, {"message": "Words", "code": 404}).code == "404"
    assert p.parse_error(404, {}, {"detail": "Not Found"}).message == "Not Found"
    assert p.parse_error(422, {}, {"detail": [{"loc": ["body"], "msg": "a"}, {"msg": "b"}]}).message == "a; b"
    assert p.parse_error(500, {}, "plain").message == "plain"
    assert p.parse_error(500, {}, None).message == ""


@check
def no_credit_is_final(p: Provider) -> None:
    for code, kind in (("insufficient_quota", ""), ("credit_balance_exhausted", ""), ("", "insufficient_quota")):
        refused = p.parse_error(429, {}, {"error": {"message": "M", "type": kind, "code": code}})
        assert refused.final
        assert "no credit left" in calls.describe(p, refused, "m").message
    assert p.parse_error(429, {}, {"error": {"code": "billing_hard_limit_reached"}}).final
    busy = p.parse_error(
        429, {}, {"error": {"message": "M", "type": "rate_limit_error", "code": "rate_limit_exceeded"}}
    )
    assert not busy.final
    assert p.describe_error(busy, "m") is None


@check
def refusals_in_words(p: Provider) -> None:
    def words(status: int, message: str = "", code: str = "", model: str = "m") -> Problem | None:
        return p.describe_error(ApiError(status, code=code, message=message), model)

    def sentence(status: int, message: str = "", code: str = "") -> str:
        problem = words(status, message, code)
        assert problem
        return problem.message

    assert isinstance(words(401, "Missing scopes: api.model.read", model=""), ScopeMissing)
    assert isinstance(words(403, "You have insufficient permissions for this operation."), ScopeMissing)
    assert isinstance(words(401, "You must be a member of an organization"), CredentialRejected)
    for code in ("mismatched_organization", "mismatched_project"):
        assert isinstance(words(401, code=code), CredentialRejected)
    assert "region" in sentence(403, "Country, region, or territory not supported")
    assert "network" in sentence(401, "Your IP address is not authorized")
    assert words(401, code="invalid_api_key") is None
    for code in ("context_length_exceeded", "exceed_context_size_error"):
        assert sentence(400, code=code) == "This is longer than m can take."
    for code, text in (("model_not_found", ""), ("", "The model `m` does not exist"), ("", 'model "m" not found')):
        assert "does not know m" in sentence(404, text, code)
    for code in ("content_policy_violation", "content_filter"):
        assert "content rules" in sentence(400, code=code)
    for code in ("server_is_overloaded", "slow_down"):
        assert "too busy" in sentence(0, code=code)
    assert "cannot be read" in sentence(0, code="malformed")
    assert words(500, "server_error") is None


@check
def a_field_too_many_is_dropped(p: Provider) -> None:
    call = chat(p, "gpt-6-sol", parameters={"temperature": 0.5, "top_p": 0.5, "reasoning_effort": "max"})

    def repaired(param: str, code: str = "unsupported_parameter", message: str = "", status: int = 400) -> Any:
        return p.repair_request(call, ApiError(status, code=code, message=message, param=param))

    better, sentence = repaired("temperature")
    assert better.json == {key: value for key, value in call.json.items() if key != "temperature"}
    assert sentence == "gpt-6-sol takes no temperature. It was left out."
    # FastAPI and Mistral name it by its place; the code alone is enough.
    for code in ("extra_forbidden", "value_error.extra"):
        entry = {"type": code, "loc": ["body", "stream_options", "include_usage"], "msg": "?"}
        for body in ({"detail": [entry]}, {"object": "error", "message": {"detail": [entry]}, "code": None}):
            amended = p.repair_request(chat(p), p.parse_error(422, {}, body))
            assert amended and "stream_options" not in amended[0].json
    assert "reasoning_effort" not in repaired("reasoning_effort", "unsupported_value")[0].json
    assert "does not take this reasoning effort" in repaired("reasoning_effort", "unsupported_value")[1]
    assert "top_p" not in repaired("top_p", "unknown_parameter")[0].json
    assert "stream_options" not in repaired("stream_options.include_usage", "unknown_parameter")[0].json
    for param in ("messages", "messages[0].role", "model", "absent", ""):
        assert repaired(param) is None
    needed = ApiError(400, code="unsupported_value", message="unsupported", param="prompt")
    assert p.repair_request(chat(p, "davinci-002", completion=True), needed) is None
    assert p.repair_request(embed(p, "a"), replace(needed, param="input")) is None
    assert repaired("temperature", "invalid_value") is None
    assert repaired("temperature", status=401) is None
    assert repaired("temperature", status=422) is not None
    whole, sentence = repaired("stream", "unsupported_value")
    assert (whole.json["stream"], whole.framing) == (False, Framing.JSON)
    assert "stream_options" not in whole.json
    assert "one piece" in sentence
    assert p.repair_request(p.verify(BASE), ApiError(400, code="unsupported_parameter", param="x")) is None
    text, _ = repaired("", "", "Extra inputs are not permitted: top_p")
    assert "top_p" not in text.json
    for words in ("unsupported", "not supported", "unknown", "unrecognized", "unexpected", "does not support"):
        assert "top_p" not in repaired("", "", f"top_p: {words}")[0].json
    assert repaired("", "", "top_p must be below 1") is None


@check
def the_bound_of_an_answer_is_renamed(p: Provider) -> None:
    message = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    )
    call = replace(chat(p), json={"model": "m", "messages": [], "max_tokens": 9})
    for param in ("max_tokens", ""):
        better, sentence = calls.repaired(
            p, call, ApiError(400, code="unsupported_parameter", message=message, param=param)
        )
        assert better.json == {"model": "m", "messages": [], "max_completion_tokens": 9}
        assert sentence == "m takes max_completion_tokens in place of max_tokens. It was renamed."
    new = chat(p, parameters={"max_completion_tokens": 9})
    old, _ = calls.repaired(p, new, ApiError(422, message="max_completion_tokens: extra fields not permitted"))
    assert old.json["max_tokens"] == 9
    assert "max_completion_tokens" not in old.json


@check
def what_a_model_takes(p: Provider) -> None:
    names = [parameter.name for parameter in p.parameters(chat_model("gpt-6-sol"))]
    assert names == ["reasoning_effort", "max_completion_tokens"]
    for name in ("o1", "o3", "o4-mini", "gpt-5", "gpt-5.4-nano", "gpt-6.2-astra", "ft:gpt-5-mini:acme::1"):
        assert [parameter.name for parameter in p.parameters(chat_model(name))] == names
    sampling = {parameter.name: parameter for parameter in p.parameters(chat_model("gpt-5-chat-latest"))}
    assert list(sampling) == [
        "temperature",
        "top_p",
        "max_completion_tokens",
        "presence_penalty",
        "frequency_penalty",
        "seed",
        "stop",
    ]
    ranges = {name: (parameter.low, parameter.high) for name, parameter in sampling.items()}
    assert ranges["temperature"] == (0, 2)
    assert ranges["top_p"] == (0, 1)
    assert ranges["presence_penalty"] == ranges["frequency_penalty"] == (-2, 2)
    assert sampling["stop"].high == 4
    efforts = p.parameters(chat_model("gpt-6-sol"))[0].choices
    assert efforts == ("none", "minimal", "low", "medium", "high", "xhigh", "max")
    legacy = [parameter.name for parameter in p.parameters(chat_model("davinci-002", completion=True))]
    assert "max_tokens" in legacy
    assert "max_completion_tokens" not in legacy
    assert p.parameters(Model("openai", "whisper-1", ModelType.SPEECH2TEXT)) == ()
    for name, longest in (("text-embedding-3-small", 1536), ("text-embedding-3-large", 3072)):
        (dimensions,) = p.parameters(Model("openai", name, ModelType.EMBEDDING))
        assert (dimensions.name, dimensions.low, dimensions.high) == ("dimensions", 1, longest)
    assert p.parameters(Model("openai", "text-embedding-ada-002", ModelType.EMBEDDING)) == ()


@check
def a_server_without_a_list_is_verified_by_empty_requests(p: Provider) -> None:
    root = BASE["base_url"]
    for status in (404, 405, 501):
        (chats,) = read(p.verify(BASE), ApiError(status))
        assert (chats.method, chats.url, chats.json) == ("POST", f"{root}/chat/completions", {})
        (vectors,) = read(chats, ApiError(status))
        (transcripts,) = read(vectors, ApiError(status))
        assert [call.url for call in (vectors, transcripts)] == [f"{root}/embeddings", f"{root}/audio/transcriptions"]
        for refused in (400, 413, 415, 422):
            for call in (chats, vectors, transcripts):
                assert refused in call.accepted_statuses
                assert read(call, ApiError(refused)) == [UNLISTED, ModelsListed(()), Accepted()]
        named = ApiError(status, message="The model `` does not exist")
        assert read(chats, named)[-1] == Accepted()
        # An address that knows none of these is wrong.
        assert read(transcripts, ApiError(status)) == [ApiError(status)]
        assert not {401, 403} & chats.accepted_statuses


@check
def a_web_page_in_place_of_a_list_is_no_server_without_one(p: Provider) -> None:
    page = ApiError(404, page=True)
    assert p.list_models
    assert read(p.verify(BASE), page) == read(p.list_models(BASE), page) == [page]


@check
def a_refresh_at_a_server_without_a_list_says_so(p: Provider) -> None:
    assert p.list_models
    (refused,) = read(p.list_models(BASE), ApiError(404, message="Not Found"))
    assert (refused.status, refused.code) == (404, "no_model_list")
    problem = p.describe_error(refused, "")
    assert problem and problem.message.endswith("has no model list.") and problem.hint == "Add models by name."


# --- images -----------------------------------------------------------------------------------------------------------


@check
def images_and_documents(p: Provider) -> None:
    content = chat_with(p, BASE, "gpt-5.4-mini", IMAGE, PAPER)["messages"][1]["content"]
    paper = {"filename": "b.pdf", "file_data": f"data:application/pdf;base64,{DATA}"}
    assert content == [*PARTS, {"type": "file", "file": paper}]
    limits = {"documents": ("application/pdf",), "size": 50 * MB, "total": 50 * MB, "count": 500}
    assert figures(p, "gpt-4o-mini") == figures(p, "o3") == limits
    for model in ("gpt-3.5-turbo", "gpt-4", "o3-mini"):
        assert figures(p, model) is None


@check
def tools_and_their_results(p: Provider) -> None:
    """Guide, function calling; the thinking of DeepSeek goes back with its calls (its guide, thinking mode)."""
    weather = Tool("get_weather", "The weather.", {"type": "object"})
    used = ToolCall("call_1", "get_weather", '{"location": "Oslo"}')
    turns = (
        Message("user", "Coat?"),
        Message("assistant", "", tool_calls=ToolCalls((used,), ({"reasoning_content": "T"},))),
        Message("tool", "cold", call_id="call_1"),
        Message("assistant", "Hm.", tool_calls=ToolCalls((replace(used, arguments=""),))),
    )
    assert p.chat
    body = p.chat(BASE, ChatRequest(Model(p.id, "m", ModelType.CHAT), turns, tools=(weather,))).json
    function = {"name": "get_weather", "description": "The weather.", "parameters": {"type": "object"}}
    assert body["tools"] == [{"type": "function", "function": function}]
    sent = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": used.arguments}}
    bare = sent | {"function": {"name": "get_weather", "arguments": "{}"}}
    assert body["messages"][1:] == [
        {"role": "assistant", "content": None, "reasoning_content": "T", "tool_calls": [sent]},
        {"role": "tool", "tool_call_id": "call_1", "content": "cold"},
        {"role": "assistant", "content": "Hm.", "tool_calls": [bare]},
    ]


@check
def calls_of_tools_are_joined_by_index(p: Provider) -> None:
    """Guide, function calling: streaming. Some servers leave out the index, or repeat what the delta said."""

    def piece(index: int, arguments: str, **more: str) -> dict[str, Any]:
        function = {"arguments": arguments} | ({"name": more.pop("name")} if "name" in more else {})
        return {"tool_calls": [{"index": index, **more, "function": function}]}

    frames = [
        chunk({"role": "assistant", "content": None, "reasoning_content": "Where?"}),
        chunk({"content": None} | piece(0, "", id="call_a", name="get_weather")),
        chunk(piece(0, '{"loc')),
        chunk(piece(1, "{}", id="call_b", name="get_time")),
        chunk(piece(0, 'ation":"Paris"}')),
        {"choices": [{"index": 0, "message": piece(2, "{}", name="again"), "finish_reason": "tool_calls"}]},
    ]
    results = read(chat(p), *frames, "[DONE]")
    called = (ToolCall("call_a", "get_weather", '{"location":"Paris"}'), ToolCall("call_b", "get_time", "{}"))
    assert ToolCalls(called, ({"reasoning_content": "Where?"},)) in results
    assert results[-1].complete and "asked for a tool" in results[-1].note
    entry = {"id": "x", "function": {"name": "f", "arguments": "{}"}}
    whole = {"choices": [{"message": {"tool_calls": [entry]}, "finish_reason": "tool_calls"}]}
    assert ToolCalls((ToolCall("x", "f", "{}"),)) in read(chat(p, stream=False), whole)
