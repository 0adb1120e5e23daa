"""The decoder of server-sent events, against the standard's own algorithm written down plainly."""

import json
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.errors import Problem
from tui.providers.sse import Events, Lines

TEXTS = [
    b"",
    b"\n",
    b"data",
    b"data: a",
    b"data: a\n",
    b"data: a\n\n",
    b"data: a\r\r",
    b"data: a\r\n\r\n",
    b"data: a\r\n\n",
    b"data: a\n\r\n",
    b"data: a\r\n\r",
    b"data: a\n\r",
    b"data:a\n\n",
    b"data:  a\n\n",
    b"data:\ta\n\n",
    b"data :a\n\n",
    b" data: a\n\n",
    b"Data: a\n\n",
    b"data: a \n\n",
    b"data\n\n",
    b"data:\n\n",
    b"data: \n\n",
    b"data\ndata\n\n",
    b"data:\ndata:\n\n",
    b"data: a\ndata: b\n\n",
    b"data: a\r\ndata: b\r\n\r\n",
    b"data: a\rdata: b\r\r",
    b"data: a\n\ndata: b\n\n",
    b"data: a\n\n\n\ndata: b\n\n",
    b"data: a\r\n\r\n\r\ndata: b\r\n\r\n",
    b": comment\n\n",
    b":\n\ndata: a\n\n",
    b": data: x\ndata: a\n\n",
    b"data: a\n: between\ndata: b\n\n",
    b":ping\r\n\r\n:ping\r\n\r\ndata: a\r\n\r\n",
    b"event: x\ndata: a\n\n",
    b"event:x\ndata: a\n\n",
    b"event: x\n\ndata: a\n\n",
    b"event\ndata: a\n\n",
    b"event: x\nevent\ndata: a\n\n",
    b"event: x\nevent: y\ndata: a\n\n",
    b"data: a\nevent: x\n\ndata: b\n\n",
    b"event: error\r\ndata: {}\r\n\r\n",
    b"id: 7\ndata: a\n\n",
    b"id: \x00\ndata: a\n\n",
    b"retry: 100\ndata: a\n\n",
    b"retry\ndata: a\n\n",
    b"unknown: z\ndata: a\n\n",
    b"datax: z\ndata: a\n\n",
    b"dat: z\ndata: a\n\n",
    b"eventx: z\ndata: a\n\n",
    b"data: a: b: c\n\n",
    b"data:: a\n\n",
    b"data: data: a\n\n",
    b"\xef\xbb\xbfdata: a\n\n",
    b"\xef\xbb\xbf\ndata: a\n\n",
    b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n",
    b"\xef\xbb\xbf: comment\ndata: a\n\n",
    b"\n\xef\xbb\xbfdata: a\n\ndata: b\n\n",
    b"data: \xef\xbb\xbfa\n\n",
    b"data: a\xe2\x80\xa8b\n\n",
    b"data: a\xe2\x80\xa9b\n\n",
    b"data: a\xc2\x85b\n\n",
    b"data: a\x0bb\x0cc\x1cd\x1de\x1ef\n\n",
    b"data: a\x00b\n\n",
    b"data: \xf0\x9f\x8c\x88\n\n",
    b"data: \xe6\x98\x9f\xe6\xb2\xb3\n\n",
    b"data: \xff\n\n",
    b"data: \xe6\x98\n\n",
    b"data: \xe6\x98\ndata: \x9f\n\n",
    b"data: \xf0\x9f\x8c\r\rdata: a\n\n",
    b"data: \xed\xa0\x80\n\n",
    b"data: \xc0\xaf\n\n",
    b"event: \xff\ndata: a\n\n",
    b'data: {"a": "b"}\n\ndata: [DONE]\n\n',
    b'data: {"a":\ndata: "b"}\n\n',
    b"data: [DONE]\n\ndata: [DONE]\n\ndata: more\n\n",
    b"data: [DONE]\n",
    b"data: a\n\ndata: cut off in the mid",
    b"data: a\n\nevent: x\n\n\ndata: b\n\nevent: y",
    b"\r\n\r\n\r\ndata: a\r\n\r\n",
    b"\r\rdata: a\r\r\r\n\n",
    b"data: a\r\n\rdata: b\n\r\n",
    b"data: a\r\rdata: b\r\n\r\n\ndata: c\n\n",
    b"data\r\r\ndata\r\n\r\n",
    b":\r:\n:\r\ndata:\r\n:\r\n\r\n",
    b"data: %s\n\n" % (b"long " * 40),
]


def oracle(stream: bytes) -> list[tuple[str, str]]:
    """HTML standard, 9.2.6, step by step over the whole stream."""
    text = stream.decode("utf-8", "replace")
    text = text[1:] if stream.startswith(b"\xef\xbb\xbf") else text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    events = []
    data = name = ""
    # What follows the last line end is no line.
    for line in text.split("\n")[:-1]:
        if line == "":
            if data != "":
                events.append((data.removesuffix("\n"), name))
            data = name = ""
            continue
        if line.startswith(":"):
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data += value + "\n"
    return events


def decoded(*chunks: bytes) -> list[tuple[str, str]]:
    events = Events()
    return [event for chunk in chunks for event in events.feed(chunk)]


def test_there_are_cases_enough():
    assert len(set(TEXTS)) >= 80


@pytest.mark.parametrize("stream", TEXTS)
def test_every_case_at_every_split(stream):
    expected = oracle(stream)
    assert decoded(stream) == expected
    assert decoded(*(stream[place : place + 1] for place in range(len(stream)))) == expected
    for place in range(len(stream) + 1):
        assert decoded(stream[:place], b"", stream[place:]) == expected
    for size in (2, 3, 5, 7):
        assert decoded(*(stream[place : place + size] for place in range(0, len(stream), size))) == expected


_PIECES = (
    *(b"data", b"data:", b"data: ", b"event: e", b"id: 1", b":", b" ", b"x", b'{"a": 1}', b"[DONE]"),
    *(b"\r", b"\n", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xff", b"\xe6", b"\x00"),
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(_PIECES) | st.binary(max_size=3), max_size=24).map(b"".join), st.data())
def test_any_bytes_at_any_split(stream, data):
    places = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    cuts = [0, *places, len(stream)]
    assert decoded(*(stream[a:b] for a, b in pairwise(cuts))) == oracle(stream)


def test_the_oracle_differs_from_a_decoder_that_cuts_text():
    """A control: cutting decoded text with splitlines, as is often done, fails the cases above."""
    wrong = [each for each in TEXTS if len(each.decode("utf-8", "replace").splitlines()) != len(each.splitlines())]
    assert len(wrong) >= 4


def test_a_line_without_end_is_refused_and_does_not_grow():
    events = Events(line_limit=1000)
    with pytest.raises(Problem, match="1000 bytes"):
        for _ in range(100):
            events.feed(b"x" * 64)


def test_a_whole_line_over_the_limit_is_refused():
    with pytest.raises(Problem):
        Events(line_limit=1000).feed(b"data: " + b"x" * 1000 + b"\n\n")
    assert Events(line_limit=1000).feed(b"data: " + b"x" * 994 + b"\n\n")


def test_an_event_of_many_lines_is_limited():
    events = Events(line_limit=1000, event_limit=5000)
    with pytest.raises(Problem, match="piece"):
        for _ in range(100):
            events.feed(b"data: " + b"x" * 100 + b"\n")
    events = Events(line_limit=1000, event_limit=5000)
    for _ in range(100):
        assert events.feed(b"data: " + b"x" * 100 + b"\n\n")


def test_the_usual_limits_are_one_and_eight_mebibytes():
    Events().feed(b"data: " + b"x" * ((1 << 20) - 6) + b"\n")
    with pytest.raises(Problem, match="1 MiB"):
        Events().feed(b"data: " + b"x" * ((1 << 20) - 5) + b"\n")
    events = Events()
    with pytest.raises(Problem, match="8 MiB"):
        for _ in range(9):
            events.feed(b"data: " + b"x" * ((1 << 20) - 6) + b"\n")


def test_byte_by_byte_costs_as_much_as_its_bytes():
    """Twice the bytes of one line take about twice the time: nothing is joined or scanned anew at each chunk."""

    def seconds(size: int) -> float:
        lines = Lines(1 << 22)
        began = time.perf_counter()
        for _ in range(size):
            lines.feed(b"x")
        return time.perf_counter() - began

    seconds(1000)
    assert min(seconds(200_000) for _ in range(3)) < 8 * min(seconds(50_000) for _ in range(3))


def test_events_are_decoded_faster_than_their_json():
    chunk = {
        "id": "chatcmpl-A1",
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"content": "x"}}],
    }
    stream = b"".join(b"data: %s\n\n" % json.dumps(chunk).encode() for _ in range(5000))
    began = time.perf_counter()
    events = [event for place in range(0, len(stream), 4096) for event in (_one.feed(stream[place : place + 4096]))]
    decoding = time.perf_counter() - began
    assert len(events) == 5000
    assert decoding < 0.25


_one = Events()


def test_lines_of_json_and_the_rest():
    lines = Lines(100)
    assert lines.feed(b'{"a": 1}\r\n{"b"') == [b'{"a": 1}']
    assert lines.feed(b": 2}") == []
    assert lines.rest() == b'{"b": 2}'
    assert lines.rest() == b""
