"""What the playground does without the network: parameters, nearness, conversations, recordings, subtitles, times."""

import os
import random
import wave
from math import isclose
from pathlib import Path

import pytest

from tui.errors import UsageError
from tui.providers.events import Segment
from tui.providers.requests import Message
from tui.providers.spec import AudioLimits, Parameter, ParameterKind
from tui.tenancy.timestamps import short_time
from tui.workspace.playground.conversation import Answer, AnswerState, Conversation, Turn
from tui.workspace.playground.embedding.vectors import cosine, matrix, norm, pairs
from tui.workspace.playground.parameters import parse_parameter, span
from tui.workspace.playground.speech.audio import MEGABYTE, as_srt, as_vtt, audio_info, megabytes

HEAT = Parameter("temperature", "temperature", ParameterKind.NUMBER, 0, 2)
MAX_TOKENS = Parameter("max_tokens", "max tokens", ParameterKind.WHOLE, 1, 32_768)
SEED = Parameter("seed", "seed", ParameterKind.WHOLE)
STOP = Parameter("stop", "stop", ParameterKind.TEXTS)
EFFORT = Parameter("effort", "effort", ParameterKind.CHOICE, choices=("low", "high"))
FREE = Parameter("user", "user", ParameterKind.TEXT)


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (HEAT, "0.7", 0.7),
        (HEAT, "0,7", 0.7),
        (HEAT, " 2 ", 2.0),
        (HEAT, "", None),
        (MAX_TOKENS, "32768", 32_768),
        (SEED, "-7", -7),
        (STOP, "END, ###,", ["END", "###"]),
        (EFFORT, "low", "low"),
        (FREE, " me ", "me"),
    ],
)
def test_a_parameter_is_read_as_it_is_meant(parameter: Parameter, text: str, value: object) -> None:
    assert parse_parameter(parameter, text) == value


@pytest.mark.parametrize(
    ("parameter", "text", "says"),
    [
        (HEAT, "2.1", "temperature goes from 0 to 2."),
        (HEAT, "warm", "temperature is a number."),
        (HEAT, "nan", "temperature goes from 0 to 2."),
        (MAX_TOKENS, "0", "max_tokens goes from 1 to 32,768."),
        (MAX_TOKENS, "1.5", "max_tokens is a whole number."),
        (Parameter("x", "x", ParameterKind.NUMBER), "inf", "x is out of range."),
        (Parameter("x", "x", ParameterKind.WHOLE, low=1), "0", "x is out of range."),
        (STOP, "a,b,c,d,e", "stop takes up to 4 texts."),
        (EFFORT, "medium", "effort is one of low, high."),
    ],
)
def test_a_parameter_out_of_its_range_is_reported_in_words(parameter: Parameter, text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_parameter(parameter, text)
    assert caught.value.message == says


def test_ranges_are_written_as_people_read_them() -> None:
    assert [span(parameter) for parameter in (HEAT, MAX_TOKENS, SEED, STOP, EFFORT, FREE)] == [
        "0 – 2",
        "1 – 32,768",
        "whole number",
        "up to 4 texts",
        "low, high",
        "text",
    ]


def test_nearness_is_measured_as_geometry_says() -> None:
    assert norm((3.0, 4.0)) == 5.0
    assert cosine((1, 0), (0, 1)) == 0.0
    assert cosine((2, 2), (1, 1)) == pytest.approx(1.0)
    assert cosine((1, 0), (-3, 0)) == -1.0
    assert cosine((1, 0), (1, 0, 0)) is None and cosine((0, 0), (1, 0)) is None


def test_a_matrix_is_symmetric_and_agrees_with_every_pair() -> None:
    chance = random.Random(7)
    vectors = [[chance.gauss(0, 1) for _ in range(40)] for _ in range(6)]
    table = matrix(vectors)
    for i, one in enumerate(vectors):
        for j, other in enumerate(vectors):
            value = table[i][j]
            assert value is not None and value == table[j][i]
            assert isclose(value, cosine(one, other) or 0.0, abs_tol=1e-12)
    ranked = pairs(table)
    assert len(ranked) == 15 and ranked == sorted(ranked, key=lambda row: -row[2])


def test_a_vector_of_another_length_is_left_out_of_the_pairs() -> None:
    table = matrix([(1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0), (1.0, 1.0)])
    assert table[0][1] is None and table[2][2] is None and table[1][1] == 1.0
    assert [pair[:2] for pair in pairs(table)] == [(0, 3)]


def test_a_conversation_sends_what_was_answered_a_stopped_answer_too() -> None:
    talk = Conversation(system="Be terse.")
    assert talk.messages("Hi") == (Message("system", "Be terse."), Message("user", "Hi"))
    talk.turns.append(Turn("Hi", [Answer("Hel", "openai/x", AnswerState.STOPPED), Answer("Hello", "openai/x")]))
    talk.turns.append(Turn("Never answered"))
    talk.turns.append(Turn("Broken before a word", [Answer("", "openai/x", AnswerState.BROKEN)]))
    sent = [(message.role, message.text) for message in talk.messages("Next")]
    assert sent == [("system", "Be terse."), ("user", "Hi"), ("assistant", "Hello"), ("user", "Next")]
    talk.turns[0].shown = 0
    assert talk.messages()[-1].text == "Hel"


def test_a_saved_conversation_marks_what_is_incomplete() -> None:
    talk = Conversation(
        [
            Turn("Why?", [Answer("Because.", "openai/x", note="The answer reached its length limit.")]),
            Turn("And?", [Answer("Half", "openai/y", AnswerState.STOPPED)]),
        ],
        "Be terse.",
    )
    assert talk.as_markdown() == (
        "> System prompt: Be terse.\n\n## You\n\nWhy?\n\n## openai/x\n\nBecause.\n\n"
        "*The answer reached its length limit.*\n\n## You\n\nAnd?\n\n## openai/y\n\nHalf\n\n"
        "*Stopped; the answer is incomplete.*\n"
    )


def test_subtitles_are_as_their_formats_want_them() -> None:
    segments = (Segment(0, 4.2, " Good morning. "), Segment(3661.9996, 3670, "a < b\n\n--> c & d"))
    assert as_srt(segments) == (
        "1\n00:00:00,000 --> 00:00:04,200\nGood morning.\n\n2\n01:01:02,000 --> 01:01:10,000\na < b\n--> c & d\n"
    )
    assert as_vtt(segments) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:04.200\nGood morning.\n\n"
        "01:01:02.000 --> 01:01:10.000\na &lt; b\n--&gt; c &amp; d\n"
    )
    assert (as_srt(()), as_vtt(())) == ("", "WEBVTT\n\n")


LIMITS = AudioLimits(("wav", "mp3"), 25 * MEGABYTE)


def test_a_recording_is_described_without_reading_it_all(tmp_path: Path) -> None:
    path = tmp_path / "Talk.WAV"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8_000, 0, "NONE", ""))
        sound.writeframes(bytes(16_000))
    info = audio_info(path, LIMITS)
    assert (info.media, info.seconds) == ("audio/wav", 1.0) and info.size == path.stat().st_size
    (tmp_path / "a.mp3").write_bytes(b"x")
    assert audio_info(tmp_path / "a.mp3").seconds is None


def test_what_cannot_be_transcribed_is_reported_before_anything_is_sent(tmp_path: Path) -> None:
    large = tmp_path / "meeting.wav"
    with large.open("wb") as file:
        file.truncate(40 * MEGABYTE)
    (tmp_path / "note.txt").write_bytes(b"x")
    (tmp_path / "empty.mp3").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe.mp3")
    for path, says in (
        (large, "meeting.wav is 40 MB; whisper-1 takes 25 MB."),
        (tmp_path / "note.txt", "note.txt is not a format that whisper-1 accepts."),
        (tmp_path / "empty.mp3", "empty.mp3 is empty."),
        (tmp_path / "none.mp3", "There is no file "),
        (tmp_path, "is a folder."),
        (tmp_path / "pipe.mp3", "is not a regular file."),
        (tmp_path / "note.txt" / "x.mp3", "cannot be opened."),
        (Path("a\0b.mp3"), "cannot be opened."),
    ):
        with pytest.raises(UsageError) as caught:
            audio_info(path, LIMITS, "whisper-1")
        assert says in caught.value.message and caught.value.hint


def test_sizes_are_written_in_megabytes() -> None:
    sizes = (1, 43 * 1024, int(18.2 * MEGABYTE), 25 * MEGABYTE)
    assert [megabytes(size) for size in sizes] == ["1 kB", "43 kB", "18.2 MB", "25 MB"]


def test_times_are_clock_times_on_the_same_day_else_dates() -> None:
    now = "2026-11-22T14:05:00Z"
    assert short_time("2026-11-22T14:02:31Z", now) in {f"{hour:02}:02" for hour in range(24)} | {
        f"{hour:02}:32" for hour in range(24)
    }
    assert short_time("2026-10-03", now) == "3 Oct"
    assert short_time("2027-02-26", now) == "26 Feb 2027"
    assert short_time("", now) == short_time("nonsense", now) == ""
