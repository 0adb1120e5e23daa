"""Whose price counts: the person's file, the provider's list, then the newer of two tables; never a similar name."""

import json
import os
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.providers import PROVIDERS
from tui.providers.openai_compatible import PROVIDER as COMPATIBLE
from tui.providers.openai_compatible import _classify
from tui.tenancy.model_sync import merge_listing
from tui.workspace.pricing import table
from tui.workspace.pricing.import_file import as_toml, read_prices
from tui.workspace.pricing.listing import listed_price
from tui.workspace.pricing.prices import RATES, Price, parse
from tui.workspace.pricing.table import shipped_prices

ROW = '[[route]]\nhosts = ["h"]\ncurrency = "USD"\nsource = "page"\nlooked_up = "2026-11-01"\nrows = [{ %s }]\n'


def one(row: str) -> Price:
    return parse(ROW % row, "prices.toml", "yours")[0]


def test_every_shipped_row_has_currency_source_and_date_and_no_two_hold_at_once() -> None:
    for (host, model), prices in shipped_prices().items():
        assert len({(price.start, price.hours) for price in prices}) == len(prices), (host, model)
        for price in prices:
            assert price.currency in ("USD", "CNY") and price.source.startswith("https://"), price
            assert date.fromisoformat(price.as_of) <= date(2026, 11, 30)


def test_prices_of_the_proposed_models_of_openai_and_anthropic_are_known() -> None:
    hosts = {"openai": "api.openai.com", "anthropic": "api.anthropic.com"}
    for provider_id, host in hosts.items():
        for names in PROVIDERS[provider_id].proposed.values():
            assert (host, names[0]) in shipped_prices(), names[0]


def test_a_row_that_is_no_price_is_named() -> None:
    for row in (
        'model = "m", input = -1',
        'model = "m", input = true',
        'model = "m", input = "2"',
        'model = "m"',
        'model = "m", input = 1, from = "soon"',
        'model = "m", input = 1, hours = ["9-5"]',
        'model = "m", input = 1, currency = "dollars"',
        'model = "m", input = nan',
    ):
        with pytest.raises(Problem, match=r"prices.toml: the price of m cannot be read"):
            one(row)
    with pytest.raises(Problem, match="is not TOML"):
        parse("[[route]", "prices.toml", "yours")


def test_the_moment_of_the_request_decides_which_row_counts() -> None:
    prices = parse(
        ROW % 'model = "m", input = 1 }, { model = "m", from = 2026-10-07, input = 2 }, '
        '{ model = "m", from = 2026-11-01T16:00:00Z, hours = ["01:00-04:00"], weekdays = true, input = 3',
        "prices.toml",
        "yours",
    )
    rows = {("h", "m"): prices}

    def at(moment: str) -> Decimal | None:
        price = table.at(rows, ("h",), "m", moment)
        return price.rates.input if price else None

    assert at("2026-10-06T23:59:59Z") == 1
    assert at("2026-10-07T00:00:00Z") == 2
    assert at("2026-11-30T02:00:00Z") == 3  # a Monday
    assert at("2026-11-29T02:00:00Z") == 2  # a Sunday
    assert at("2026-11-30T04:00:00Z") == 2


def test_figures_are_exact() -> None:
    assert one('model = "m", input = 0.1').rates.input == Decimal("0.1")


LISTED = {
    "id": "vendor/m",
    "pricing": {"prompt": "0.0000025", "completion": "0.00001", "input_cache_read": "0.00000125", "request": "0"},
}


def test_the_list_of_a_provider_has_prices_of_its_route() -> None:
    model = _classify(LISTED)
    assert model is not None
    (stored, *_), _ = merge_listing([], [model], "2026-11-20")
    price = listed_price(stored, ("openrouter.ai",))
    assert price is not None
    assert (price.rates.input, price.rates.output, price.rates.cached) == (Decimal("2.5"), Decimal(10), Decimal("1.25"))
    assert (price.as_of, price.owner) == ("2026-11-20", "listing")


def test_a_price_that_varies_or_is_missing_is_none() -> None:
    odd: tuple[Any, ...] = ({"prompt": "-1", "completion": "-1"}, {}, {"prompt": "free"}, {"completion": "1"}, [], None)
    for pricing in odd:
        model = _classify({"id": "vendor/m", "pricing": pricing})
        assert model is not None
        assert listed_price(replace(model, price={**model.price, "listed": "2026-11-20"}), ("h",)) is None


MODELS_DEV = {
    "openai": {
        "models": {
            "gpt-x": {
                "cost": {
                    "input": 5,
                    "output": 30,
                    "cache_read": 0.5,
                    "tiers": [{"tier": {"size": 272000}, "input": 10, "output": 45}],
                }
            },
            "gpt-plan": {"cost": {"input": 0, "output": 0}},
            "gpt-unpriced": {},
        }
    },
    "alibaba-cn": {"api": "https://dashscope.aliyuncs.com/compatible-mode/v1", "models": {"q": {"cost": {"input": 1}}}},
    "gateway": {"api": "https://gateway.example/v1", "models": {"m": {"cost": {"input": 0.1, "output": 0.2}}}},
}
GENAI = [
    {
        "id": "anthropic",
        "api_pattern": "https://api\\.anthropic\\.com",
        "pricing_urls": ["https://www.anthropic.com/pricing"],
        "models": [
            {
                "id": "c",
                "match": {"or": [{"equals": "claude-x"}, {"starts_with": "claude-x-"}]},
                "prices": {"input_mtok": {"base": 3, "tiers": [{"start": 200000, "price": 6}]}, "output_mtok": 15},
                "prices_checked": "2026-07-29",
            },
            {"id": "d", "match": {"equals": "dated"}, "prices": [{"prices": {"input_mtok": 1}}]},
        ],
    },
    {"id": "other", "api_pattern": "https://elsewhere", "models": []},
]


def test_a_file_of_models_dev_is_read_without_what_it_converts_or_does_not_know() -> None:
    prices = read_prices(json.dumps(MODELS_DEV), "2026-11-02", ())
    assert [(price.hosts, price.model) for price in prices] == [
        (("api.openai.com",), "gpt-x"),
        (("gateway.example",), "m"),
    ]
    assert prices[0].rates_for(300_000).input == 10
    assert prices[0].as_of == "2026-11-02"
    assert parse(as_toml(prices), "f", "imported") == prices


def test_a_file_of_genai_prices_is_read_by_whole_names_with_its_own_dates() -> None:
    (price,) = read_prices(json.dumps(GENAI), "2026-11-02", ("api.anthropic.com",))
    assert (price.model, price.as_of, price.source) == (
        "claude-x",
        "2026-07-29",
        "https://www.anthropic.com/pricing",
    )
    assert price.rates_for(200_001).input == 6


@pytest.mark.parametrize(
    "text",
    (
        '{"a": {"api": "https://[", "models": {"m": {"cost": {"input": 1}}}}}',
        '{"openai": {"models": {"m": {"cost": {"input": 1e999999}}}}}',
        '{"openai": {"models": {"m": {"cost": {"input": 1, "tiers": 5}}}}}',
        '{"openai": {"models": {"m": {"cost": {"input": 1, "tiers": [{"size": 1e99999}]}}}}}',
        '{"openai": {"models": {"m\\u007f": {"cost": {"input": 1}}}}}',
        '[5, {"api_pattern": "(.?.?.?)*!", "models": [{"match": {"equals": "m"}, "prices": {"input_mtok": 1}}]}]',
        '[{"api_pattern": "(.+)+!", "models": [{"match": {"equals": "m"}, "prices": {"input_mtok": 1}}]}]',
        '[{"api_pattern": "h", "models": [{"prices": {"input_mtok": {"tiers": [5]}}}]}]',
        "",
        "[]",
        "{}",
        "[" * 10_000,
        '{"a": {"models": []}}',
        "null",
        '[{"api_pattern": 3}]',
    ),
)
def test_another_file_is_refused_with_where_to_get_one(text: str) -> None:
    with pytest.raises(Problem, match="contains no readable prices"):
        read_prices(text, "2026-11-02", ("h",))


def test_a_model_beyond_ascii_can_be_read_again() -> None:
    content = {"openai": {"models": {"m\U0001f600": {"cost": {"input": 1, "output": 2}}}}}
    prices = read_prices(json.dumps(content), "2026-11-02", ())
    assert parse(as_toml(prices), "f", "imported") == prices


@pytest.mark.parametrize("text", ["route = 5", "[route]", "route = [5]", "[[route]]\nrows = 5"])
def test_a_table_of_another_shape_has_no_prices(text: str) -> None:
    assert parse(text, "f", "yours") == ()


@pytest.mark.parametrize("text", ["a = " + "[" * 50_000, "a = " + "9" * 5000])
def test_a_hostile_table_is_a_sentence(text: str) -> None:
    with pytest.raises(Problem, match="is not TOML"):
        parse(text, "f", "yours")


@pytest.mark.parametrize("amount", ["9e999999", "1e-999999", "1e10"])
def test_a_figure_that_no_model_costs_is_no_price(amount: str) -> None:
    with pytest.raises(Problem, match="input is not a number"):
        one(f'model = "m", input = {amount}' if "e10" not in amount else 'model = "m", input = 10000000000.0')


def test_a_server_lists_no_price_that_overflows() -> None:
    price = {"prompt": "9e999999", "completion": "1", "listed": "2026-11-02"}
    assert listed_price(Model("a", "m", ModelType.CHAT, price=price), ("h",)) is None


def test_a_pipe_in_place_of_a_table_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "prices.toml")
    with pytest.raises(Problem, match="cannot be read"):
        table.own_prices({"HOME": str(tmp_path), "MODELDECK_CONFIG_DIR": str(tmp_path)})


def test_only_the_whole_name_of_a_model_has_its_price() -> None:
    assert table.at(shipped_prices(), ("api.openai.com",), "gpt-6-sol-2026-12-01", "2026-11-30T00:00:00Z") is None
    assert table.at(shipped_prices(), ("gateway.example",), "gpt-6-sol", "2026-11-30T00:00:00Z") is None


def test_the_names_of_figures_are_those_of_the_file() -> None:
    text = " ".join(f"{name} = 1," for name in RATES).rstrip(",")
    assert set(vars(one(f'model = "m", {text}').rates).values()) == {Decimal(1)}


def test_models_of_a_plain_server_have_no_listed_price() -> None:
    assert COMPATIBLE.infer_model_type("m", {}) is ModelType.CHAT
    assert Model("openai_compatible", "m", ModelType.CHAT).price == {}
