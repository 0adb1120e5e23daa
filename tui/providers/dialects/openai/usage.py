"""The usage of an OpenAI-like answer, with the details that the servers of that wire add."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui.providers.dialects.values import seconds, token_count
from tui.providers.events import Usage

_CACHED_WITHOUT_DETAILS = ("prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens")
"""Where DeepSeek, Moonshot and some routers count tokens read from a cache: in `usage` itself."""


def usage_of(data: Mapping[str, Any]) -> Usage | None:
    """Read the token usage of a response or chunk; null in most chunks, and its details optional.

    Groq's streams have it in `x_groq` (Groq API reference, chat).
    """
    usage = data.get("usage")
    if not usage and isinstance(groq := data.get("x_groq"), dict):
        usage = groq.get("usage")
    return read_usage(usage) if isinstance(usage, dict) else None


def read_usage(usage: Mapping[str, Any]) -> Usage | None:
    """Read a `usage` object; None if it counts nothing.

    OpenAI API reference, chat/completions: `prompt_tokens_details` and `completion_tokens_details`; transcriptions and
    Responses say input and output instead. Model Studio adds `image_tokens` and `cache_creation_input_tokens`.
    """
    inputs, outputs = _details(usage, "prompt", "input"), _details(usage, "completion", "output")
    cached = _first(inputs, "cached_tokens")
    used = Usage(
        input=_first(usage, "prompt_tokens", "input_tokens"),
        output=_first(usage, "completion_tokens", "output_tokens"),
        reasoning=_first(outputs, "reasoning_tokens"),
        cached=_first(usage, *_CACHED_WITHOUT_DETAILS) if cached is None else cached,
        cache_write=_first(inputs, "cache_write_tokens", "cache_creation_input_tokens", "cache_creation_tokens"),
        audio=_first(inputs, "audio_tokens"),
        image=_first(inputs, "image_tokens"),
        audio_output=_first(outputs, "audio_tokens"),
        seconds=(seconds(usage.get("seconds")) or 0.0) if usage.get("type") == "duration" else 0.0,
    )
    used = _add_thinking(used, token_count(usage.get("total_tokens")))
    return used if used != Usage() else None


def _add_thinking(used: Usage, total: int | None) -> Usage:
    """Return the usage with the thinking inside the output.

    xAI counts it beside `completion_tokens` (docs.x.ai, consumption and rate limits), and so does Gemini, which does
    not say how much it is. The total has it in both.
    """
    if total is None or used.input is None or used.output is None:
        return used
    rest = total - used.input - used.output
    if rest > 0 and used.reasoning in (None, rest):
        return replace(used, output=used.output + rest)
    return used


def _details(usage: Mapping[str, Any], *kinds: str) -> Mapping[str, Any]:
    """Return the details of the prompt or of the completion; OpenAI's transcriptions say `input_token_details`."""
    for kind in kinds:
        for name in (f"{kind}_tokens_details", f"{kind}_token_details"):
            if isinstance(details := usage.get(name), dict):
                return details
    return {}


def _first(counts: Mapping[str, Any], *names: str) -> int | None:
    return next((count for name in names if (count := token_count(counts.get(name))) is not None), None)
