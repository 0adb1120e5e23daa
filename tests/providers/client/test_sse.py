"""The limits and the pace of the decoder of lines and server-sent events; what it decodes is in the campaign (G14)."""

import json
import time

import pytest

from tui.errors import Problem
from tui.providers.client.sse import MAX_LINES, Events, Lines


def test_a_line_without_end_is_refused_and_does_not_grow() -> None:
    events = Events(line_limit=1000)
    with pytest.raises(Problem, match="1000 bytes"):
        for _ in range(100):
            events.feed(b"x" * 64)


def test_a_whole_line_over_the_limit_is_refused() -> None:
    with pytest.raises(Problem):
        Events(line_limit=1000).feed(b"data: " + b"x" * 1000 + b"\n\n")
    assert Events(line_limit=1000).feed(b"data: " + b"x" * 994 + b"\n\n")


def test_an_event_of_many_lines_is_limited() -> None:
    events = Events(line_limit=1000, event_limit=5000)
    with pytest.raises(Problem, match="an event"):
        for _ in range(100):
            events.feed(b"data: " + b"x" * 100 + b"\n")
    events = Events(line_limit=1000, event_limit=5000)
    for _ in range(100):
        assert events.feed(b"data: " + b"x" * 100 + b"\n\n")


@pytest.mark.slow
def test_the_usual_limit_of_lines_and_events_is_eight_mebibytes() -> None:
    Events().feed(b"data: " + b"x" * ((8 << 20) - 6) + b"\n")
    with pytest.raises(Problem, match="8 MiB"):
        Events().feed(b"data: " + b"x" * ((8 << 20) - 5) + b"\n")
    events = Events()
    with pytest.raises(Problem, match="8 MiB"):
        for _ in range(9):
            events.feed(b"data: " + b"x" * ((1 << 20) - 6) + b"\n")


@pytest.mark.slow
def test_byte_by_byte_costs_as_much_as_its_bytes() -> None:
    """Twice the bytes of one line take about twice the time: nothing is joined or scanned anew at each chunk."""

    def seconds(size: int) -> float:
        lines = Lines(1 << 22)
        began = time.process_time()
        for _ in range(size):
            lines.feed(b"x")
        return time.process_time() - began

    seconds(1000)
    assert min(seconds(200_000) for _ in range(3)) < 8 * min(seconds(50_000) for _ in range(3))


def test_events_cut_anywhere_are_all_decoded() -> None:
    chunk = {
        "id": "chatcmpl-A1",
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"content": "x"}}],
    }
    stream = b"".join(b"data: %s\n\n" % json.dumps(chunk).encode() for _ in range(5000))
    events = [event for place in range(0, len(stream), 4096) for event in (_one.feed(stream[place : place + 4096]))]
    assert len(events) == 5000


_one = Events()


def test_lines_of_json_and_the_rest() -> None:
    lines = Lines(100)
    assert lines.feed(b'{"a": 1}\r\n{"b"') == [b'{"a": 1}']
    assert lines.feed(b": 2}") == []
    assert lines.rest() == b'{"b": 2}'
    assert lines.rest() == b""


@pytest.mark.parametrize("line", [b"data: x\n", b"data: {x}\n", b"{x}\n", b"{\n}x\n", b'{"a": "}"\n'])
def test_text_that_never_becomes_json_is_parsed_a_few_times_only(line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def loads(text: str) -> object:
        parsed.append(text)
        raise ValueError

    monkeypatch.setattr("tui.providers.client.sse.json.loads", loads)
    events = Events()
    events.feed(line * 10_000)
    assert len(parsed) <= 10


def test_json_over_several_lines_is_an_event_whatever_its_strings_hold() -> None:
    text = '{\n "error": {\n  "message": "a } and a {"\n }\n}'
    for prefix in ("", "data: "):
        sent = "".join(f"{prefix}{line}\n" for line in text.splitlines())
        events = Events()
        assert [*events.feed(sent.encode()), *events.feed(b"event: next\n"), *events.rest()] == [(text, "")]


@pytest.mark.slow
@pytest.mark.parametrize("line", [b"data: x\n", b"{x}\n"])
def test_the_lines_of_an_event_are_limited(line: bytes) -> None:
    events = Events()
    events.feed(line * MAX_LINES)
    with pytest.raises(Problem, match="an event of more than 100,000 lines"):
        events.feed(line)


def test_events_before_one_that_is_too_long_are_returned() -> None:
    for part in (b"data: " + b"x" * 1000, b"data: " + b"x" * 1000 + b"\n\n", b"data: x\n" * 1000):
        events = Events(line_limit=500, event_limit=500)
        assert events.feed(b"data: first\n\n" + part) == [("first", "")]
        assert events.failure is not None
