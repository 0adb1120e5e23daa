"""Values in answers: nothing is changed, dropped or invented silently; numbers and orders are checked."""

import base64
import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.providers.loopback import body, chat, embed, events, listing, transcribe, verify
from tui.providers.dialects.openai.api import number
from tui.providers.dialects.think_tags import TAGS
from tui.providers.events import MAX_LISTED
from tui.workspace.playground.speech.audio import as_srt, as_vtt

pytestmark = pytest.mark.slow


def chunk(delta: Any, reason: Any = None, index: Any = 0, **more: Any) -> str:
    return f"data: {json.dumps({'choices': [{'index': index, 'delta': delta, 'finish_reason': reason}], **more})}\n\n"


STOP = chunk({}, "stop")

# --- texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pieces",
    [
        ["\ud83d", "\ude00"],
        ["a \ud83d", "\ude00 b"],
        ["\ud83d\ude00"],
    ],
    ids=["alone", "within a text", "in one piece"],
)
async def test_a_character_that_is_cut_in_two_is_put_together(pieces: list[str]) -> None:
    result = await chat(events(*(chunk({"content": piece}) for piece in pieces), STOP))
    assert "\U0001f600" in result.text and result.complete


async def test_half_of_a_character_is_shown_as_one_that_cannot_be_read() -> None:
    result = await chat(
        events(chunk({"content": "a \ud83d"}), chunk({"content": "b"}), chunk({"content": "\ude00"}), STOP)
    )
    assert result.text == "a \ufffdb\ufffd"
    result = await chat(events(chunk({"content": "a \ud83d"}), STOP))
    assert result.text == "a \ufffd"


@pytest.mark.parametrize("charset", ["gbk", "GB18030", "big5", "iso-8859-1", "utf-8", "unheard-of", "rot13"])
@pytest.mark.parametrize("form", ["data: {}\n\n", "{}"], ids=["event", "document"])
async def test_letters_are_read_in_the_charset_of_the_label_where_they_are_not_utf_8(charset: str, form: str) -> None:
    known = charset not in ("unheard-of", "rot13")
    text = "\u00e9" if charset == "iso-8859-1" else "\u6211\u5011" if charset == "big5" else "\u661f\u6cb3"
    choice = {"index": 0, "message": {"content": text}, "finish_reason": "stop"}
    sent = form.format(json.dumps({"choices": [choice]}, ensure_ascii=False))
    for encoding in {charset if known else "utf-8", "utf-8"}:
        result = await chat(body(sent.encode(encoding), content_type=f"text/event-stream; charset={charset}"))
        assert (result.text, result.problem) == (text, None)


@pytest.mark.parametrize("index", [0, 1, "0", None, 7])
async def test_the_only_choice_is_read_whatever_its_number(index: Any) -> None:
    result = await chat(events(chunk({"content": "Good day"}, index=index), chunk({}, "stop", index)))
    assert (result.text, result.problem) == ("Good day", None)


async def test_of_several_choices_one_is_read() -> None:
    result = await chat(
        events(chunk({"content": "Good"}), chunk({"content": "Bad"}, index=1), chunk({"content": " day"}), STOP)
    )
    assert result.text == "Good day"


async def test_a_last_message_that_repeats_the_text_adds_nothing() -> None:
    whole = {"choices": [{"index": 0, "message": {"content": "Good day"}, "finish_reason": "stop"}]}
    result = await chat(events(chunk({"content": "Good day"}), f"data: {json.dumps(whole)}\n\n"))
    assert (result.text, result.problem) == ("Good day", None)


@pytest.mark.parametrize(
    "message",
    [
        {"content": ["Good ", "day"]},
        {"content": [{"type": "text", "text": "Good day"}]},
        {"content": [{"type": "output_text", "text": "Good "}, {"type": "text", "text": "day"}]},
        {"content": {"text": "Good day"}},
        {"content": None, "refusal": "Good day"},
        {"content": [None, {"type": "image"}, {"type": "text", "text": "Good day"}]},
    ],
)
async def test_the_parts_of_a_message_are_read(message: Any) -> None:
    answer = body({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
    for stream in (True, False):
        assert (await chat(answer, stream=stream)).text == "Good day"


@pytest.mark.parametrize(
    "choices", [{"delta": {"content": "Good day"}}, [{"delta": "Good day"}], [{"message": "Good day"}]]
)
async def test_a_choice_or_a_message_in_a_form_of_its_own_is_read(choices: Any) -> None:
    result = await chat(events(f"data: {json.dumps({'choices': choices})}\n\n", STOP))
    assert (result.text, result.problem) == ("Good day", None)


@pytest.mark.parametrize("content", ["Good day", ["Good day"], [{"type": "text", "text": "Good day"}]])
async def test_the_content_of_a_message_of_anthropic_is_read(content: Any) -> None:
    for kind in ({"type": "message"}, {}):
        answer = body({**kind, "role": "assistant", "content": content, "stop_reason": "end_turn"})
        result = await chat(answer, provider="anthropic")
        assert (result.text, result.problem) == ("Good day", None)


@pytest.mark.parametrize("delta", [{"tool_calls": [{"function": {"name": "f"}}]}, {"function_call": {"name": "f"}}])
async def test_an_answer_of_a_tool_call_alone_says_so(delta: Any) -> None:
    result = await chat(events(chunk({"content": None, **delta}), chunk({}, "tool_calls")))
    assert result.problem is None and result.finish and "asked for a tool" in result.finish.note


@pytest.mark.parametrize("form", ["[{}]", '{{"content": {}}}', '{{"embedding": {}}}'])
async def test_json_that_is_nested_too_deeply_is_no_fault_of_ours(form: str, tmp_path: Path) -> None:
    deep = "1"
    for _ in range(900):
        deep = form.format(deep)
    sent = f'{{"choices": [{{"index": 0, "delta": {{"content": {deep}}}}}], "data": {deep}, "text": {deep}}}'
    for call in (chat, embed, listing, verify):
        await call(body(sent.encode()))
    await transcribe(body(sent.encode()), folder=tmp_path)
    result = await chat(events(chunk({"content": "Good day"}), f"data: {sent}\n\n", STOP))
    assert result.text == "Good day"


async def test_a_filter_that_stops_an_answer_before_its_first_word_is_named() -> None:
    result = await chat(events(chunk({}, "content_filter")))
    assert result.problem is None and result.finish and "content filter" in result.finish.note
    assert not result.finish.complete


# --- thinking ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("opening", "close"), TAGS)
@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_thinking_in_tags_is_separated(opening: str, close: str, size: int) -> None:
    text = f"{opening}Hm, 1 < 2.{close}\n\nGood day"
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    result = await chat(events(*(chunk({"content": piece}) for piece in pieces), STOP))
    assert (result.thinking.strip(), result.text.strip()) == ("Hm, 1 < 2.", "Good day")


@pytest.mark.parametrize(("opening", "close"), TAGS)
async def test_thinking_without_an_opening_tag_ends_at_the_closing_one(opening: str, close: str) -> None:
    whole = {"choices": [{"index": 0, "message": {"content": f"Hm.{close}Good day"}, "finish_reason": "stop"}]}
    result = await chat(body(whole), stream=False)
    assert (result.thinking, result.text) == ("Hm.", "Good day")


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm."},
        {"thinking": "Hm."},
        {"reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm."}]},
        {"reasoning": "Hm.", "reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]},
        {"reasoning": {"text": "Hm."}},
        {"reasoning_text": "Hm."},
        {"reasoningContent": "Hm."},
        {"thinking": {"content": "Hm."}},
        {"thinking_blocks": [{"type": "thinking", "thinking": "Hm.", "signature": "x"}]},
        {"thoughts": "Hm."},
        {"reasoning_summary": [{"text": "Hm."}], "reasoning_signature": "x"},
        {"provider_specific_fields": {"thinking_content": "Hm."}},
        {"content": "Hm.", "thought": True},
        {"content": "Hm.", "extra_content": {"google": {"thought": True}}},
    ],
)
async def test_thinking_in_its_own_member_is_separated(delta: Any) -> None:
    result = await chat(events(chunk(delta), chunk({"content": "Good day"}), STOP))
    assert (result.thinking, result.text) == ("Hm.", "Good day")


@pytest.mark.parametrize("text", ["<b>Good</b> day", "<thin>", "a <think> b", "1 < 2", "`</think>` ends it"])
async def test_control_other_tags_are_text(text: str) -> None:
    result = await chat(events(chunk({"content": text}), STOP))
    assert (result.thinking, result.text) == ("", text)


# --- usage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usage", "known"),
    [
        (None, None),
        ({}, None),
        ([], None),
        ("none", None),
        ({"prompt_tokens": None, "completion_tokens": None}, None),
        ({"prompt_tokens": -1, "completion_tokens": -7}, None),
        ({"prompt_tokens": 3.0, "completion_tokens": 4.0}, (3, 4)),
        ({"prompt_tokens": 3.5, "completion_tokens": 4}, (None, 4)),
        ({"prompt_tokens": "3", "completion_tokens": "many"}, (3, None)),
        ({"prompt_tokens": True, "completion_tokens": 4}, (None, 4)),
        ({"prompt_tokens": 10**40, "completion_tokens": 4}, (None, 4)),
        ({"prompt_tokens": 3}, (3, None)),
    ],
)
async def test_usage_is_what_was_reported_or_unknown(usage: Any, known: Any) -> None:
    result = await chat(events(chunk({"content": "Good day"}), chunk({}, "stop", usage=usage)))
    assert result.text == "Good day" and result.complete
    assert ((result.usage.input, result.usage.output) if result.usage else None) == known


async def test_usage_that_is_reported_twice_counts_once() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    last = f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n"
    result = await chat(events(chunk({"content": "Good day"}), chunk({}, "stop", usage=usage), last, last))
    assert [event for event in result.events if event == result.usage] == [result.usage]


@pytest.mark.parametrize(("sent", "seconds"), [(3599, 3599), ("3599", 3599), (3599.0, 3599), ("soon", 0), (-1, 0)])
def test_the_lifetime_of_a_token_is_read_as_a_number_or_a_text(sent: Any, seconds: int) -> None:
    assert number(sent) == seconds


# --- vectors ----------------------------------------------------------------------------------------------------------


def packed(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


@pytest.mark.parametrize(
    "data",
    [
        [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": [1, 2]}],
        [{"embedding": [1, 2]}, {"embedding": [3, 4]}],
        [{"index": None, "embedding": [1, 2]}, {"index": None, "embedding": [3, 4]}],
        [{"embedding": [1, 2]}, {"index": 1, "embedding": [3, 4]}],
        [{"index": 1, "embedding": [3, 4]}, {"embedding": [1, 2]}],
        [{"index": 0, "embedding": packed(1, 2)}, {"index": 1, "embedding": packed(3, 4)}],
        [{"index": 0, "embedding": [1, 2]}, {"index": 1, "embedding": packed(3, 4)}],
        [{"index": 0, "embedding": [[1, 2]]}, {"index": 1, "embedding": [[3, 4]]}],
    ],
    ids=[
        "out of order",
        "no index",
        "an index of null",
        "no index of 0",
        "no index of 0, out of order",
        "base64",
        "a list and base64",
        "a list in a list",
    ],
)
async def test_vectors_are_read_in_the_order_of_the_texts(data: Any) -> None:
    assert (await embed(body({"data": data}))).vectors == [(1, 2), (3, 4)]


@pytest.mark.parametrize(
    "data",
    [
        {"data": [{"index": 2, "embedding": [3, 4]}, {"index": 1, "embedding": [1, 2]}]},
        {"data": [{"index": 1.0, "embedding": [3, 4]}, {"index": 0.0, "embedding": [1, 2]}]},
        {"data": [[1, 2], [3, 4]]},
        [[1, 2], [3, 4]],
        {"embeddings": [[1, 2], [3, 4]]},
        {"embeddings": {"float": [[1, 2], [3, 4]]}},
        {"embeddings": [{"values": [1, 2]}, {"values": [3, 4]}]},
        {"output": {"embeddings": [{"text_index": 1, "embedding": [3, 4]}, {"text_index": 0, "embedding": [1, 2]}]}},
        {"code": 0, "data": {"data": [{"embedding": [1, 2]}, {"embedding": [3, 4]}]}},
        {"success": True, "result": {"shape": [2, 2], "data": [[1, 2], [3, 4]]}},
    ],
)
async def test_vectors_of_other_servers_are_read(data: Any) -> None:
    result = await embed(body(data))
    assert result.vectors == [(1, 2), (3, 4)] and result.complete


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        [{"index": 0, "embedding": [1, 2]}],
        [{"index": 0, "embedding": [1, 2]}] * 3,
        [{"index": 0, "embedding": [1, 2]}] * 2,
        [{"index": 0, "embedding": [1, 2]}, {"index": 2, "embedding": [1, 2]}],
        [{"index": -1, "embedding": [1, 2]}, {"index": 0, "embedding": [1, 2]}],
        [{"index": 0.5, "embedding": [1, 2]}, {"index": 1, "embedding": [1, 2]}],
        [{"index": True, "embedding": [1, 2]}, {"index": 0, "embedding": [1, 2]}],
        [{"embedding": [1, 2]}, {"embedding": [1, 2, 3]}],
        [{"embedding": [1, math.nan]}, {"embedding": [1, 2]}],
        [{"embedding": [1, 10**400]}, {"embedding": [1, 2]}],
        [{"embedding": [1, 1e300]}, {"embedding": [1, 2]}],
        [{"embedding": [1, "2"]}, {"embedding": [1, 2]}],
        [{"embedding": [1, None]}, {"embedding": [1, 2]}],
        [{"embedding": []}, {"embedding": []}],
        [{"embedding": None}, {"embedding": [1, 2]}],
        [{"embedding": "AAA"}, {"embedding": "AAAA"}],
        [{"embedding": packed(1, math.nan)}, {"embedding": packed(1, 2)}],
        [{"embedding": {"0": 1}}, {"embedding": [1]}],
        ["a", "b"],
    ],
)
async def test_vectors_that_cannot_be_those_of_the_texts_are_refused(data: Any) -> None:
    result = await embed(body({"data": data}))
    assert result.problem is not None and result.vectors == []


async def test_vectors_of_one_size_are_wanted_of_all_requests_together() -> None:
    one = body({"data": [{"embedding": [1, 2]}] * 256})
    result = await embed(one, body({"data": [{"embedding": [1, 2, 3]}] * 4}), texts=260)
    assert "different sizes" in result.words
    result = await embed(one, body({"data": [{"embedding": [1, 2]}] * 4}), texts=260)
    assert result.problem is None and len(result.vectors) == 260


# --- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        {"data": [{"id": "llama"}, {"id": "llama"}]},
        {"models": [{"id": "llama"}]},
        {"models": [{"name": "llama", "model": "llama"}]},
        {"data": ["llama"]},
        {"object": "list", "data": {"data": [{"id": "llama"}]}},
        [{"id": "llama"}],
        ["llama"],
        {"data": [{"id": "llama"}], "has_more": True, "last_id": "llama"},
        {"data": None, "models": [{"id": "llama"}]},
        {"models": {"llama": {"context": 8192}}},
        {"code": 0, "data": {"models": [{"id": "llama"}]}},
        {"model_list": [{"model_name": "llama"}]},
        {"list": [{"modelId": "llama"}]},
        {"data": [{"model": {"id": "llama"}}]},
        {"statusCode": 200, "body": json.dumps({"data": [{"id": "llama"}]})},
        {"llama": {"object": "model", "owned_by": "me"}},
        {"data": {"models": {"llama": {}}}},
        b'{"id": "llama"}\n{"id": "llama"}\n',
        b'{"data": [{"id": "llama"}]}\n{"data": [{"id": "llama"}]}\n',
        b'data: {"id": "llama"}\n\ndata: {"id": "llama"}\n\ndata: [DONE]\n\n',
    ],
)
async def test_a_list_in_any_shape_is_read(data: Any) -> None:
    assert (await listing(body(data))).models == ["llama"]


@pytest.mark.parametrize(
    "more",
    [
        *({"has_more": True}, {"hasNextPage": True}, {"pagination": {"next": "x"}}, {"links": {"next": {"href": "x"}}}),
        *({"@odata.nextLink": "x"}, {"meta": {"total": 3}}, {"total_count": 3}, {"next_cursor": "x"}),
    ],
)
async def test_a_page_of_a_longer_list_says_so(more: Any) -> None:
    for data, notice in (({"data": ["llama"], **more}, "more models than it listed"), ({"data": ["llama"]}, "")):
        result = await listing(body(data))
        assert result.models == ["llama"] and notice in result.notices and bool(notice) == bool(result.notices)


@pytest.mark.parametrize("wrapped", [True, False], ids=["in an object", "bare"])
async def test_a_list_is_read_up_to_its_limit(wrapped: bool) -> None:
    names = [f"llama-{number:05}" for number in range(MAX_LISTED + 2)]
    for size, notice in ((MAX_LISTED, ""), (MAX_LISTED + 2, "The list has more than 50,000 models.")):
        result = await listing(body({"data": names[:size]} if wrapped else names[:size]))
        assert result.models == names[:MAX_LISTED] and notice in result.notices
        assert bool(notice) == bool(result.notices)


@pytest.mark.parametrize(
    "data", [{"data": None}, {"data": []}, {"object": "list", "data": None}, {"models": None}, {"object": "list"}, []]
)
async def test_a_list_of_nothing_is_an_empty_one(data: Any) -> None:
    for call in (listing, verify):
        result = await call(body(data))
        assert result.problem is None and result.models == []


@pytest.mark.parametrize(
    "data",
    [{}, {"data": "llama"}, {"data": 7}, "llama", 7, None, {"data": {}}, {"status": {"name": "up"}}, [["llama"]]],
)
async def test_what_is_no_list_is_refused(data: Any) -> None:
    assert (await listing(body(data))).problem is not None


@pytest.mark.parametrize("provider", ["openai_compatible", "openai", "anthropic", "minimax", "wenxin", "tongyi"])
@pytest.mark.parametrize(
    "odd", ["gpt-4 ", " gpt-4", "gpt\r\n4", "gpt\x1b[31m4", "gpt\u200b\u202e4", "", None, 7, "gpt  4"]
)
async def test_an_entry_that_cannot_be_used_is_left_out_with_a_notice(provider: str, odd: Any) -> None:
    result = await listing(body({"data": [{"id": "gpt-4.1"}, {"id": odd}]}), provider=provider)
    assert "gpt-4.1" in result.models and odd not in result.models
    assert "1 model of the list has no name that can be used" in result.notices
    result = await listing(body({"data": [{"id": "gpt-4.1"}]}), provider=provider)
    assert result.notices == ""


# --- transcripts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "segments",
    [
        None,
        {},
        [{"start": None, "end": None, "text": "Good day"}],
        [{"start": 5, "end": 1, "text": "Good day"}],
        [{"start": -1, "end": -2, "text": "Good day"}],
        [{"start": "0.5", "end": "1.5", "text": "Good day"}],
        [{"start": math.inf, "end": math.nan, "text": "Good day"}],
        [{"start": 10**400, "end": 10**401, "text": "Good day"}],
        [{"start": 1e300, "end": 1e301, "text": "Good day"}],
        [{"start": 0, "end": 1, "text": None}, {"start": 1, "end": 2, "text": 7}, {"start": 1}],
        [None, "x", {"text": "Good day"}],
    ],
)
async def test_invalid_times_become_valid_ones(segments: Any, tmp_path: Path) -> None:
    sent = json.dumps({"text": "Good day", "segments": segments, "duration": "2.5"})
    result = await transcribe(body(sent), folder=tmp_path)
    assert result.problem is None and result.transcript and result.transcript.text == "Good day"
    assert all(0 <= segment.start <= segment.end < 1e7 for segment in result.segments)
    assert not any("None" in segment.text for segment in result.segments)
    assert len(as_srt(result.segments) + as_vtt(result.segments)) < 500
    json.dumps([(segment.start, segment.end) for segment in result.segments], allow_nan=False)


@pytest.mark.parametrize("text", [None, 7, ["Good day"]])
async def test_segments_without_a_text_are_the_text(text: Any, tmp_path: Path) -> None:
    segments = [{"start": 0, "end": 1, "text": " Good"}, {"start": 1, "end": 2, "text": " day"}]
    result = await transcribe(body({"text": text, "segments": segments}), folder=tmp_path)
    assert result.transcript and result.transcript.text == "Good day"
    assert (await transcribe(body({"text": text}), folder=tmp_path)).problem is not None


async def test_a_cue_with_a_time_without_end_is_text(tmp_path: Path) -> None:
    sent = "9" * 5000 + ":00:00,000 --> 00:00:01,000\nGood day"
    result = await transcribe(body(sent, content_type="text/plain"), folder=tmp_path)
    assert result.problem is None and result.transcript and "Good day" in result.transcript.text
