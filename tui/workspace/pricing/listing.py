"""The price in a provider's own list of models (OpenRouter, models: `pricing`, in USD a token)."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from tui.domain import Model
from tui.workspace.pricing.prices import MILLION, Price, Rates, is_amount

_NAMES = {
    "prompt": "input",
    "completion": "output",
    "input_cache_read": "cached",
    "input_cache_write": "cache_write",
    "internal_reasoning": "reasoning",
    "audio": "audio",
}


def listed_price(model: Model, hosts: Sequence[str]) -> Price | None:
    """Return the price that the provider listed with a model; None if it listed none, or one that varies."""
    rates: dict[str, Decimal] = {}
    for name, rate in _NAMES.items():
        try:
            amount = Decimal(model.price.get(name, ""))
        except InvalidOperation:
            continue
        if not is_amount(amount):  # -1: a router that chooses a model does not know
            return None
        rates[rate] = amount * MILLION
    day = model.price.get("listed", "")
    if "input" not in rates or not day:
        return None
    if not rates.get("reasoning"):
        rates.pop("reasoning", None)  # 0 says that thinking costs what the answer does
    source = f"https://{hosts[0]}, list of models"
    return Price(tuple(hosts), model.id, "USD", Rates(**rates), source, day, owner="listing")
