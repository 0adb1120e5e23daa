"""What a request costs: its usage times the figures of the price that held when it was made."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from tui.providers.events import Usage
from tui.workspace.pricing.prices import MILLION, Price, Rates

UNKNOWN = "–"
"""The text for an amount that is not known; never 0."""

_FIRST_DENSE_SCRIPT = 0x2E80
"""From this code point on, scripts are written whose characters are about a token each."""


@dataclass(frozen=True)
class CostPart:
    """One kind of tokens (or seconds) of a request: how many, at which figure, and the amount."""

    name: str
    count: Decimal
    rate: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Cost:
    """An estimated amount, its parts, and the price that it is by."""

    parts: tuple[CostPart, ...]
    price: Price

    @property
    def amount(self) -> Decimal:
        """The sum of the parts, not rounded."""
        return sum((part.amount for part in self.parts), Decimal(0))

    @property
    def words(self) -> str:
        """The amount with the day on which its price was looked up, such as `≈ 0.0012 USD (price of 2026-11-30)`."""
        return f"≈ {money(self.amount, self.price.currency)} (price of {self.price.as_of})"

    @property
    def short(self) -> str:
        """The same in fewer cells: `≈ 0.0012 USD (2026-11-30)`."""
        return f"≈ {money(self.amount, self.price.currency)} ({self.price.as_of})"

    def as_json(self) -> dict[str, object]:
        """Return the estimate as commands print it; the amount is a text, so that no digit is lost."""
        return {
            "estimate": True,
            "amount": plain(self.amount),
            "currency": self.price.currency,
            "price_date": self.price.as_of,
            "price_source": self.price.source,
        }


def cost_of(price: Price | None, usage: Usage | None) -> Cost | None:
    """Return what a request cost.

    None is an unknown amount: there is no price, a figure for one of its kinds of tokens is missing, usage is
    not reported, or a part of it is larger than the whole.
    """
    if price is None or usage is None:
        return None
    if usage.input is None and usage.output is None:
        minute = price.rates.minute
        if minute is None or not usage.seconds:
            return None
        seconds = Decimal(str(usage.seconds))
        return Cost((CostPart("audio seconds", seconds, minute / 60, seconds * minute / 60),), price)
    rates = price.rates_for(usage.input or 0)
    counts = _counts(usage, rates)
    if counts is None:
        return None
    parts = []
    for name, count, rate in counts:
        if count < 0 or (count and rate is None):
            return None
        if count and rate is not None:
            parts.append(CostPart(name, Decimal(count), rate, count * rate / MILLION))
    return Cost(tuple(parts), price)


def _counts(usage: Usage, rates: Rates) -> list[tuple[str, int, Decimal | None]] | None:
    """Return name, count and figure of each kind of tokens; None if a total with a figure is not reported."""
    if usage.input is None or (usage.output is None and rates.output):
        return None
    write_1h = usage.cache_write_1h or 0
    write = (usage.cache_write or 0) - write_1h
    cached, audio = usage.cached or 0, usage.audio or 0
    thinking = (usage.reasoning or 0) if rates.reasoning is not None else 0
    spoken = usage.audio_output or 0
    return [
        ("input", usage.input - cached - write - write_1h - audio, rates.input),
        ("cached input", cached, rates.cached),
        ("cache write", write, rates.cache_write),
        ("cache write, 1 hour", write_1h, rates.cache_write_1h),
        ("audio input", audio, rates.audio),
        ("output", (usage.output or 0) - thinking - spoken, rates.output or (None if usage.output else Decimal(0))),
        ("reasoning", thinking, rates.reasoning),
        ("audio output", spoken, rates.audio_output),
    ]


def sum_words(costs: Sequence[Cost | None]) -> tuple[str, str]:
    """Return the sum of several costs, and the dates of their prices; unknown ones are counted, not taken for 0."""
    priced = [cost for cost in costs if cost is not None]
    amounts: dict[str, Decimal] = {}
    for cost in priced:
        amounts[cost.price.currency] = amounts.get(cost.price.currency, Decimal(0)) + cost.amount
    if not amounts:
        return UNKNOWN, ""
    dates = sorted({cost.price.as_of for cost in priced})
    rest = len(costs) - len(priced)
    words = "≈ " + " + ".join(money(amount, currency) for currency, amount in amounts.items())
    return words + (f", {rest} unknown" if rest else ""), dates[0] if len(dates) == 1 else f"{dates[0]} on"


def prompt_tokens(text: str) -> int:
    """Estimate the tokens of a text before it is sent: about four letters each, or one character of a wide script."""
    wide = sum(ord(character) >= _FIRST_DENSE_SCRIPT for character in text)
    return wide + -(-(len(text) - wide) // 4)


def prompt_cost(price: Price, prompt: str) -> str:
    """Return about what a prompt costs before there is an answer, such as `≈ 0.0001 USD`; '' if it is unknown."""
    tokens = prompt_tokens(prompt)
    rate = price.rates_for(tokens).input
    return f"≈ {money(tokens * rate / MILLION, price.currency)}" if tokens and rate is not None else ""


def plain(amount: Decimal) -> str:
    """Return an amount with all its digits and without an exponent."""
    return f"{amount.normalize():f}" if amount else "0"


def money(amount: Decimal, currency: str) -> str:
    """Return an amount for people: to the cent from 1 on, else with two digits that count."""
    if amount >= 1:
        return f"{amount:,.2f} {currency}"
    if not amount:
        return f"0 {currency}"
    step = Decimal(1).scaleb(amount.adjusted() - 1)
    return f"{amount.quantize(step, ROUND_HALF_EVEN):f} {currency}"


def rate_words(price: Price | None) -> str:
    """Return the figures of a price as a list shows them, with their date; `–` for none."""
    if price is None:
        return UNKNOWN
    rates = price.rates
    if rates.minute is not None:
        return f"{plain(rates.minute)} {price.currency} a minute ({price.as_of})"
    both = f"{_figure(rates.input)} in, {_figure(rates.output)} out" if rates.output else f"{_figure(rates.input)} in"
    return f"{both} {price.currency} a million ({price.as_of})"


def _figure(rate: Decimal | None) -> str:
    return UNKNOWN if rate is None else plain(rate)
