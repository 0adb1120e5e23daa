"""Usage frames as each provider documents them, read into the one convention of `Usage`."""

from typing import Any

import pytest

from tui.providers.dialects.openai.usage import read_usage
from tui.providers.events import USAGE_COUNTS, Usage

OPENAI = {
    "prompt_tokens": 2006,
    "completion_tokens": 300,
    "total_tokens": 2306,
    "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0, "cache_write_tokens": 40},
    "completion_tokens_details": {"reasoning_tokens": 128, "audio_tokens": 10},
}
DEEPSEEK = {
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "total_tokens": 150,
    "prompt_cache_hit_tokens": 64,
    "prompt_cache_miss_tokens": 36,
    "completion_tokens_details": {"reasoning_tokens": 20},
}
XAI = {
    "prompt_tokens": 32,
    "completion_tokens": 9,
    "total_tokens": 135,
    "prompt_tokens_details": {"text_tokens": 32, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 6},
    "completion_tokens_details": {"reasoning_tokens": 94, "audio_tokens": 0},
}
GEMINI = {"prompt_tokens": 20, "completion_tokens": 151, "total_tokens": 553}
MOONSHOT = {"prompt_tokens": 19, "completion_tokens": 21, "total_tokens": 40, "cached_tokens": 10}
MODEL_STUDIO = {
    "prompt_tokens": 1292,
    "completion_tokens": 87,
    "total_tokens": 1379,
    "prompt_tokens_details": {"text_tokens": 50, "image_tokens": 1242, "cache_creation_input_tokens": 7},
}
TRANSCRIPTION = {
    "type": "tokens",
    "input_tokens": 14,
    "output_tokens": 3,
    "total_tokens": 17,
    "input_token_details": {"text_tokens": 0, "audio_tokens": 14},
}


@pytest.mark.parametrize(
    ("frame", "expected"),
    (
        (OPENAI, Usage(2006, 300, 128, cached=1920, cache_write=40, audio=0, audio_output=10)),
        (DEEPSEEK, Usage(100, 50, 20, cached=64)),
        (XAI, Usage(32, 103, 94, cached=6, audio=0, image=0, audio_output=0)),
        (GEMINI, Usage(20, 533)),
        (MOONSHOT, Usage(19, 21, cached=10)),
        (MODEL_STUDIO, Usage(1292, 87, cache_write=7, image=1242)),
        (TRANSCRIPTION, Usage(14, 3, audio=14)),
        ({"type": "duration", "seconds": 4.5}, Usage(seconds=4.5)),
        ({"prompt_tokens": None}, None),
    ),
    ids=("openai", "deepseek", "xai", "gemini", "moonshot", "model studio", "transcription", "duration", "empty"),
)
def test_counts_of_all_servers_are_parts_of_input_and_output(frame: dict[str, Any], expected: Usage) -> None:
    assert read_usage(frame) == expected


def test_a_total_that_does_not_match_changes_nothing() -> None:
    odd = {**XAI, "total_tokens": 1000}
    assert read_usage(odd) == Usage(32, 9, 94, cached=6, audio=0, image=0, audio_output=0)
    assert read_usage({**GEMINI, "total_tokens": 5}) == Usage(20, 151)


def test_cached_tokens_of_anthropic_are_added_to_the_input() -> None:
    from tui.providers.anthropic.messages import answer_reader
    from tui.providers.requests import Frame

    used = {
        "input_tokens": 50,
        "cache_creation_input_tokens": 500,
        "cache_read_input_tokens": 10_000,
        "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 100},
        "output_tokens": 503,
    }
    message = {"type": "message", "content": [], "stop_reason": "end_turn", "usage": used}
    usage = next(iter(answer_reader()(Frame(message))))
    assert usage == Usage(10_550, 503, cached=10_000, cache_write=500, cache_write_1h=100)


def test_json_has_every_count() -> None:
    assert Usage(3, 2).as_json() == {**dict.fromkeys(USAGE_COUNTS), "input": 3, "output": 2}
