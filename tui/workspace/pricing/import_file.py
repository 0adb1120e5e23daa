"""Read prices from a file that a person downloaded: of models.dev (`api.json`) or of genai-prices (`data.json`).

Both are MIT. Nothing is fetched. Rows are taken for the addresses that the table of this version knows, and for the
base URLs that models.dev has; a model is matched by its whole name.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from tui.errors import Problem
from tui.sanitize import one_line, printable
from tui.workspace.pricing.prices import Price, Rates, is_amount

_MODELS_DEV = {
    "openai": "api.openai.com",
    "anthropic": "api.anthropic.com",
    "google": "generativelanguage.googleapis.com",
    "mistral": "api.mistral.ai",
    "groq": "api.groq.com",
    "xai": "api.x.ai",
    "togetherai": "api.together.ai",
    "minimax": "api.minimax.io",
    "alibaba": "dashscope-intl.aliyuncs.com",
}
"""Hosts of the providers for which models.dev names a library and no address."""

_CONVERTED = frozenset({"alibaba-cn", "minimax-cn", "moonshotai-cn", "siliconflow-cn", "zhipuai"})
"""Providers whose list is in CNY; models.dev converts it at a rate of some day."""

_DEV_RATES = {
    "input": "input",
    "output": "output",
    "cache_read": "cached",
    "cache_write": "cache_write",
    "reasoning": "reasoning",
    "input_audio": "audio",
    "output_audio": "audio_output",
}
_GENAI_RATES = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cached",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "audio",
    "output_audio_mtok": "audio_output",
}


_QUANTIFIER, _REPEATED_GROUP = re.compile(r"[*+{]|(?<!\()\?"), re.compile(r"\)[*+{]")
_MAX_QUANTIFIERS = 6


def read_prices(text: str, day: str, hosts: Iterable[str]) -> tuple[Price, ...]:
    """Return the prices of a downloaded file.

    Args:
        text: The file.
        day: The date of the file, for prices that have no date.
        hosts: The addresses that prices are wanted for.

    Raises:
        Problem: It is neither file.
    """
    try:
        content = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError):
        raise _other() from None
    prices: list[Price] = []
    try:
        if isinstance(content, dict):
            prices = [*_models_dev(content, day)]
        elif isinstance(content, list):
            prices = [*_genai((entry for entry in content if isinstance(entry, dict)), day, tuple(hosts))]
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise _other() from None
    prices = [price for price in prices if _is_sound(price)]
    if not prices:
        raise _other()
    return tuple(prices)


def _is_sound(price: Price) -> bool:
    """Return True if a price can be written and read again: its texts are printable, its figures amounts."""
    texts = (*price.hosts, price.model, price.source)
    figures = [rate for rates in (price.rates, *(rates for _, rates in price.tiers)) for rate in vars(rates).values()]
    return all(printable(text) == text for text in texts) and all(rate is None or is_amount(rate) for rate in figures)


def _other() -> Problem:
    return Problem(
        "The file contains no readable prices.",
        "Download https://models.dev/api.json, or prices/data.json from github.com/pydantic/genai-prices.",
    )


def _models_dev(content: Mapping[str, Any], day: str) -> Iterator[Price]:
    for provider_id, provider in content.items():
        models = provider.get("models") if isinstance(provider, dict) else None
        api = provider.get("api") if isinstance(provider, dict) else None
        host = _MODELS_DEV.get(provider_id) or (urlsplit(api).hostname if isinstance(api, str) else None)
        if not host or not isinstance(models, dict) or provider_id in _CONVERTED:
            continue
        for model_id, model in models.items():
            cost = model.get("cost") if isinstance(model, dict) else None
            rates = _rates(cost, _DEV_RATES)
            if not isinstance(cost, dict) or rates is None or not (rates.input or rates.output):
                continue  # 0 stands for plans and for prices that nobody entered
            tiers = [_dev_tier(tier) for tier in cost.get("tiers") or () if isinstance(tier, dict)]
            long = cost.get("context_over_200k")
            if not tiers and isinstance(long, dict):
                tiers = [(200_000, _rates(long, _DEV_RATES) or Rates())]
            source = f"https://models.dev, {one_line(provider_id, 40)}"
            ordered = tuple(sorted(tiers, key=lambda tier: tier[0]))
            yield Price((host,), model_id, "USD", rates, source, day, ordered, owner="imported")


def _dev_tier(tier: Mapping[str, Any]) -> tuple[int, Rates]:
    size = tier.get("tier")
    above = size.get("size") if isinstance(size, dict) else tier.get("size")
    return _tokens(above) if isinstance(above, Decimal) else 0, _rates(tier, _DEV_RATES) or Rates()


def _genai(content: Iterable[Any], day: str, hosts: tuple[str, ...]) -> Iterator[Price]:
    for provider in content:
        pattern, models = provider.get("api_pattern"), provider.get("models")
        if not isinstance(pattern, str) or not isinstance(models, list) or not _is_cheap(pattern):
            continue
        try:
            named = tuple(host for host in hosts if re.match(pattern, f"https://{host}/"))
        except re.error:
            continue
        pages = provider.get("pricing_urls")
        source = (
            one_line(str(pages[0]), 200)
            if isinstance(pages, list) and pages
            else "https://github.com/pydantic/genai-prices"
        )
        for model in models if named else ():
            rates_of = model.get("prices") if isinstance(model, dict) else None
            if not isinstance(rates_of, dict):
                continue  # a list of prices under conditions: by date or hour
            tiers: dict[int, dict[str, Decimal]] = {}
            rates = _genai_rates(rates_of, tiers)
            if rates is None:
                continue
            checked = model.get("prices_checked")
            for name in dict.fromkeys(_names(model.get("match"))):
                yield Price(
                    named,
                    name,
                    "USD",
                    rates,
                    source,
                    checked if isinstance(checked, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", checked) else day,
                    tuple((start, Rates(**figures)) for start, figures in sorted(tiers.items())),
                    owner="imported",
                )


def _is_cheap(pattern: str) -> bool:
    """Return True if matching a host is quick, whoever wrote the pattern: few quantifiers, none of a group."""
    return len(_QUANTIFIER.findall(pattern)) <= _MAX_QUANTIFIERS and not _REPEATED_GROUP.search(pattern)


def _genai_rates(prices: Mapping[str, Any], tiers: dict[int, dict[str, Decimal]]) -> Rates | None:
    """Return the figures below all tiers, and put those of the tiers into `tiers`."""
    figures: dict[str, Decimal] = {}
    for name, rate in _GENAI_RATES.items():
        value = prices.get(name)
        if isinstance(value, dict):
            for tier in value.get("tiers", ()):
                tiers.setdefault(_tokens(tier["start"]), {})[rate] = Decimal(tier["price"])
            value = value.get("base")
        if isinstance(value, Decimal) and value >= 0:
            figures[rate] = value
    return Rates(**figures) if figures.get("input") or figures.get("output") else None


def _tokens(number: Decimal) -> int:
    """Return a number of tokens; raise ValueError for one that no prompt has."""
    if not 0 <= number <= 10**12:
        raise ValueError
    return int(number)


def _names(match: Any) -> Iterator[str]:
    """Yield the whole names in a rule; what only begins or contains a text is not taken for a model."""
    if isinstance(match, dict):
        if isinstance(match.get("equals"), str):
            yield match["equals"]
        for rule in match.get("or") or ():
            yield from _names(rule)


def _rates(cost: Any, names: Mapping[str, str]) -> Rates | None:
    named = [(rate, cost.get(name)) for name, rate in names.items()] if isinstance(cost, dict) else []
    figures = {rate: value for rate, value in named if isinstance(value, Decimal) and value >= 0}
    return Rates(**figures) if figures else None


def as_toml(prices: Iterable[Price]) -> str:
    """Return prices as a file in the form of `prices.toml`, one route for each price."""
    lines = ["# Imported from a downloaded file; the next import replaces it."]
    for price in prices:
        about = {"hosts": price.hosts, "currency": price.currency, "source": price.source, "looked_up": price.as_of}
        lines += ["", "[[route]]", *(f"{name} = {_toml_text(value)}" for name, value in about.items())]
        row = [f"model = {_toml_text(price.model)}", *_toml_rates(price.rates)]
        tiers = [f"{{ {', '.join([f'tokens = {above}', *_toml_rates(rates)])} }}" for above, rates in price.tiers]
        row += [f"above = [{', '.join(tiers)}]"] if tiers else []
        lines.append(f"rows = [{{ {', '.join(row)} }}]")
    return "\n".join(lines) + "\n"


def _toml_text(value: object) -> str:
    # TOML has the escapes of JSON but for halves of a pair, so that characters beyond ASCII stay as they are.
    return json.dumps(value, ensure_ascii=False)


def _toml_rates(rates: Rates) -> Iterator[str]:
    for name, value in vars(rates).items():
        if value is not None:
            yield f"{name} = {value:f}"
