"""The exact cost of documented usage frames, worked out by hand from the table of prices."""

from decimal import Decimal
from typing import Any

import pytest

from tui.providers.anthropic.messages import answer_reader
from tui.providers.dialects.openai.usage import read_usage
from tui.providers.events import Usage
from tui.providers.requests import Frame
from tui.workspace.pricing.cost import cost_of, money, prompt_tokens
from tui.workspace.pricing.prices import Price, Rates
from tui.workspace.pricing.table import shipped_prices

NOON = "2026-11-30T12:00:00Z"
PEAK = "2026-11-30T02:30:00Z"  # a Monday


def price_at(host: str, model: str, moment: str = NOON) -> Price:
    prices = [price for price in shipped_prices()[host, model] if price.holds_at(moment)]
    return max(prices, key=lambda price: (price.start, bool(price.hours)))


def anthropic(**used: Any) -> Usage:
    message = {"type": "message", "content": [], "stop_reason": "end_turn", "usage": used}
    usage = next(iter(answer_reader()(Frame(message))))
    assert isinstance(usage, Usage)
    return usage


def openai(**used: Any) -> Usage:
    usage = read_usage(used)
    assert usage is not None
    return usage


def details(prompt: int, completion: int, **parts: Any) -> Usage:
    return openai(prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion, **parts)


CACHED = {"prompt_tokens_details": {"cached_tokens": 1920, "cache_write_tokens": 40}}
THOUGHT = {"completion_tokens_details": {"reasoning_tokens": 128}}

# Each row: host, model, moment, usage as the provider documents it, and the amount. In the comments, tokens x price a
# million.
ROWS = (
    # (2006 - 1920 - 40) x 2 + 1920 x 0.2 + 40 x 2.5 + 300 x 10 = 92 + 384 + 100 + 3000
    ("api.openai.com", "gpt-6-sol", NOON, details(2006, 300, **CACHED, **THOUGHT), "0.003576"),
    # above 272,000 tokens the whole request is dearer: 300,000 x 4 + 1,000 x 15
    ("api.openai.com", "gpt-6-sol", NOON, details(300_000, 1_000), "1.215"),
    # exactly 272,000 is not above: 272,000 x 2 + 1,000 x 10
    ("api.openai.com", "gpt-6-sol", NOON, details(272_000, 1_000), "0.554"),
    # 50 x 2 + 400 x 2.5 + 100 x 4 + 10,000 x 0.1 + 503 x 10
    (
        "api.anthropic.com",
        "claude-sonnet-5-5",
        NOON,
        anthropic(
            input_tokens=50,
            cache_creation_input_tokens=500,
            cache_read_input_tokens=10_000,
            cache_creation={"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 100},
            output_tokens=503,
            output_tokens_details={"thinking_tokens": 200},
        ),
        "0.00753",
    ),
    # before 2026-10-07 its cache reads cost twice as much: 50 x 2 + 10,000 x 0.2 + 3 x 10
    (
        "api.anthropic.com",
        "claude-sonnet-5-5",
        "2026-10-06T23:59:59Z",
        anthropic(input_tokens=50, cache_read_input_tokens=10_000, output_tokens=3),
        "0.00213",
    ),
    # the prompt counts with its cache reads: 150,000 > 100,000; 50,000 x 0.5 + 100,000 x 0.05 + 10 x 2.5
    (
        "api.anthropic.com",
        "claude-haiku-5-5",
        NOON,
        anthropic(input_tokens=50_000, cache_read_input_tokens=100_000, output_tokens=10),
        "0.030025",
    ),
    # 36 x 0.66 + 64 x 0.022 + 50 x 1.98 = 23.76 + 1.408 + 99
    (
        "api.deepseek.com",
        "deepseek-v4-pro",
        NOON,
        details(100, 50, prompt_cache_hit_tokens=64, prompt_cache_miss_tokens=36, **THOUGHT),
        "0.000124168",
    ),
    # twice that in the peak hours
    (
        "api.deepseek.com",
        "deepseek-v4-pro",
        PEAK,
        details(100, 50, prompt_cache_hit_tokens=64, prompt_cache_miss_tokens=36),
        "0.000248336",
    ),
    # thinking counted beside the completion: 26 x 0.3 + 6 x 0.06 + (9 + 94) x 1.2 = 7.8 + 0.36 + 123.6
    (
        "api.minimax.io",
        "MiniMax-M3",
        NOON,
        openai(
            prompt_tokens=32,
            completion_tokens=9,
            total_tokens=135,
            prompt_tokens_details={"cached_tokens": 6},
            completion_tokens_details={"reasoning_tokens": 94},
        ),
        "0.00013176",
    ),
    # CNY stays CNY: 40 x 2.1 + 6 x 8.4 = 84 + 50.4
    (
        "api.minimaxi.com",
        "MiniMax-M2.5",
        NOON,
        details(40, 6, **{"completion_tokens_details": {"reasoning_tokens": 3}}),
        "0.0001344",
    ),
    # thinking beside the completion again: 26 x 1.25 + 6 x 0.2 + (9 + 94) x 2.5 = 32.5 + 1.2 + 257.5
    (
        "api.x.ai",
        "grok-4.3",
        NOON,
        openai(
            prompt_tokens=32,
            completion_tokens=9,
            total_tokens=135,
            prompt_tokens_details={"cached_tokens": 6},
            completion_tokens_details={"reasoning_tokens": 94},
        ),
        "0.0002912",
    ),
    # thinking is in the total only: 20 x 0.3 + (553 - 20) x 2.5 = 6 + 1332.5
    (
        "generativelanguage.googleapis.com",
        "gemini-2.5-flash",
        NOON,
        openai(prompt_tokens=20, completion_tokens=151, total_tokens=553),
        "0.0013385",
    ),
    # cached in usage itself: 9 x 0.95 + 10 x 0.16 + 21 x 4 = 8.55 + 1.6 + 84
    ("api.moonshot.ai", "kimi-k2.6", NOON, details(19, 21, cached_tokens=10), "0.00009415"),
    # (2006 - 1920) x 0.15 + 1920 x 0.075 + 300 x 0.6 = 12.9 + 144 + 180
    (
        "api.groq.com",
        "openai/gpt-oss-120b",
        NOON,
        details(2006, 300, prompt_tokens_details={"cached_tokens": 1920}, **THOUGHT),
        "0.0003369",
    ),
    # (1200 - 800) x 0.6 + 800 x 0.11 + 300 x 2.2 = 240 + 88 + 660
    ("api.z.ai", "glm-4.6", NOON, details(1200, 300, prompt_tokens_details={"cached_tokens": 800}), "0.000988"),
    # above 32,000 tokens, in CNY: 40,000 x 4 + 100 x 16
    ("dashscope.aliyuncs.com", "qwen3-max", NOON, details(40_000, 100), "0.1616"),
    # (100 - 40) x 0.8 + 40 x 0.2 + 20 x 3.2 = 48 + 8 + 64
    (
        "qianfan.baidubce.com",
        "ernie-4.5-turbo-128k",
        NOON,
        details(100, 20, prompt_tokens_details={"cached_tokens": 40}),
        "0.00012",
    ),
    # 9 x 0.4 + 4 x 1.2
    ("dashscope-intl.aliyuncs.com", "qwen-plus", NOON, details(9, 4), "0.0000084"),
    # audio tokens: 14 x 2.5 + 3 x 10
    (
        "api.openai.com",
        "gpt-4o-transcribe",
        NOON,
        openai(input_tokens=14, output_tokens=3, input_token_details={"audio_tokens": 14}),
        "0.000065",
    ),
    # 90 s of audio at 0.0045 a minute
    ("api.openai.com", "gpt-transcribe", NOON, openai(type="duration", seconds=90), "0.00675"),
    # embeddings report no output: 8 x 0.02
    ("api.openai.com", "text-embedding-3-small", NOON, Usage(input=8), "0.00000016"),
)


@pytest.mark.parametrize(
    ("host", "model", "moment", "usage", "amount"), ROWS, ids=[f"{row[1]}-{row[4]}" for row in ROWS]
)
def test_documented_usage_has_the_amount_worked_out_by_hand(
    host: str, model: str, moment: str, usage: Usage, amount: str
) -> None:
    cost = cost_of(price_at(host, model, moment), usage)
    assert cost is not None
    assert cost.amount == Decimal(amount)
    assert cost.amount == sum(part.count * part.rate for part in cost.parts) / 10**6 or usage.seconds


FLAT = Price(("h",), "m", "USD", Rates(input=Decimal(2), output=Decimal(10)), "page", "2026-11-30")


@pytest.mark.parametrize(
    "usage",
    (
        None,
        Usage(),
        Usage(input=5),  # the answer is not counted
        Usage(output=5),
        Usage(10, 5, cached=4),  # no figure for cached tokens
        Usage(10, 5, cached=20),  # a part larger than the whole
        Usage(10, 5, audio=1),
        Usage(10, 5, cache_write=1),
        Usage(seconds=3.0),
    ),
)
def test_a_cost_that_is_not_known_is_none_and_never_0(usage: Usage | None) -> None:
    assert cost_of(FLAT, usage) is None


def test_without_a_price_there_is_no_cost() -> None:
    assert cost_of(None, Usage(1, 1)) is None


def test_a_tier_without_figures_makes_long_prompts_unknown() -> None:
    price = price_at("api.openai.com", "gpt-6.2-sol")
    assert cost_of(price, Usage(272_000, 1)) is not None
    assert cost_of(price, Usage(272_001, 1)) is None


def test_amounts_are_shown_with_the_digits_that_count_and_never_without_a_date() -> None:
    shown = [money(Decimal(text), "USD") for text in ("0.000124168", "0.0199", "0.996", "12.345", "1234.5", "0")]
    assert shown == ["0.00012 USD", "0.020 USD", "1.00 USD", "12.34 USD", "1,234.50 USD", "0 USD"]
    cost = cost_of(FLAT, Usage(100, 10))
    assert cost is not None
    assert cost.words == "≈ 0.00030 USD (price of 2026-11-30)"
    assert cost.as_json()["amount"] == "0.0003"


def test_a_prompt_is_about_a_token_for_four_letters_or_one_wide_character() -> None:
    assert [prompt_tokens(text) for text in ("", "abcd", "abcde", "星河科技")] == [0, 1, 2, 4]
