"""Prices as plain values, read from TOML. All figures are decimal: no sum is off by a rounded binary fraction."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from tui.errors import Problem
from tui.sanitize import one_line

MILLION = Decimal(1_000_000)
"""The unit of every price but that of a minute of audio."""

_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]|24):[0-5]\d")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class Rates:
    """The figures of a price, a million tokens each, `minute` a minute of audio. None is an unknown figure.

    `cached` to `audio` are for parts of the input. `reasoning` is None where thinking costs as much as the answer.
    """

    input: Decimal | None = None
    output: Decimal | None = None
    cached: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    audio: Decimal | None = None
    reasoning: Decimal | None = None
    audio_output: Decimal | None = None
    minute: Decimal | None = None


RATES = tuple(rate.name for rate in fields(Rates))


@dataclass(frozen=True)
class Price:
    """The price of one model at one address.

    Attributes:
        hosts: The addresses that it holds for.
        rates: The figures, for prompts of any length or up to the first tier.
        tiers: Token counts, ascending, each with the figures of a request whose prompt has more tokens than that.
        start: The first day, or moment in UTC, for which it holds (ISO 8601); '' as far back as is known.
        hours: The hours in UTC for which it holds, such as `01:00-04:00`; none for all. `weekdays`: Monday to Friday.
        source: The page that the figures are from, and `as_of` the day on which it was read.
        owner: Who says so: the table of Modeldeck, a file of the person, or the provider's list.
    """

    hosts: tuple[str, ...]
    model: str
    currency: str
    rates: Rates
    source: str
    as_of: str
    tiers: tuple[tuple[int, Rates], ...] = ()
    start: str = ""
    hours: tuple[str, ...] = ()
    weekdays: bool = False
    owner: str = "table"

    def as_json(self) -> dict[str, object]:
        """Return the price as commands print it; figures are texts, and null is a figure that is not known."""
        tiers = [{"above": above, **_texts(rates)} for above, rates in self.tiers]
        return {
            "currency": self.currency,
            "unit": "1M tokens" if self.rates.minute is None else "minute",
            **_texts(self.rates),
            "tiers": tiers,
            "from": self.start or None,
            "hours": list(self.hours),
            "weekdays": self.weekdays,
            "source": self.source,
            "looked_up": self.as_of,
            "owner": self.owner,
        }

    def rates_for(self, prompt_tokens: int) -> Rates:
        """Return the figures of a request; a tier is for the whole request, and never for a sum of several."""
        return next((rates for above, rates in reversed(self.tiers) if prompt_tokens > above), self.rates)

    def holds_at(self, moment: str) -> bool:
        """Return True if the price holds at a moment (ISO 8601, UTC)."""
        if moment < self.start:
            return False
        when = datetime.fromisoformat(moment).astimezone(UTC)
        if self.weekdays and when.weekday() > 4:
            return False
        clock, spans = f"{when:%H:%M}", [span.split("-") for span in self.hours]
        return not spans or any(begin <= clock < end for begin, end in spans)


def _texts(rates: Rates) -> dict[str, str | None]:
    return {name: None if (rate := getattr(rates, name)) is None else f"{rate:f}" for name in RATES}


def parse(text: str, name: str, owner: str) -> tuple[Price, ...]:
    """Read a table of prices.

    Args:
        text: TOML, in the form that `prices.toml` beside this module describes.
        name: The file's name, for the error.
        owner: The owner of its prices.

    Raises:
        Problem: The file is not TOML, or a row is not a price; the message names the row.
    """
    try:
        content = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is a ValueError of its own
        raise Problem(f"{name} is not TOML: {one_line(str(error))}.", "Fix that line.") from None
    prices: list[Price] = []
    for route in _tables(content, "route"):
        for row in _tables(route, "rows"):
            try:
                prices.append(_price({**{key: value for key, value in route.items() if key != "rows"}, **row}, owner))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                model = one_line(str(row.get("model", "?") if isinstance(row, Mapping) else row), 80)
                reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else one_line(str(error), 120)
                raise Problem(f"{name}: the price of {model} cannot be read: {reason}.", "Fix that row.") from None
    return tuple(prices)


def _tables(content: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the tables of an array, without what else is in its place: unknown entries are left out."""
    entries = content.get(name)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _price(row: Mapping[str, Any], owner: str) -> Price:
    hours = tuple(row.get("hours", ()))
    if not all(_HOURS.fullmatch(span) for span in hours):
        raise ValueError("hours are written 01:00-04:00")
    if not _CURRENCY.fullmatch(row["currency"]):
        raise ValueError("currency is three letters, such as USD")
    tiers = sorted((int(tier["tokens"]), _rates(tier)) for tier in row.get("above", ()))
    rates = _rates(row)
    if rates == Rates():
        raise ValueError("it has no figure")
    return Price(
        hosts=tuple(map(str, row["hosts"])),
        model=str(row["model"]),
        currency=row["currency"],
        rates=rates,
        source=one_line(str(row["source"]), 200),
        as_of=_day(row["looked_up"]),
        tiers=tuple(tiers),
        start=_normalize_date(row.get("from", "")),
        hours=hours,
        weekdays=bool(row.get("weekdays", False)),
        owner=owner,
    )


def _rates(row: Mapping[str, Any]) -> Rates:
    return Rates(**dict(_figures(row)))


def is_amount(number: Decimal) -> bool:
    """Return True if a number can be what something costs: with 1e999999 any sum overflows or has a million digits."""
    return number.is_finite() and (not number or 9 >= number.adjusted() >= -12) and 0 <= number <= 10**9


def _figures(row: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    for name in RATES:
        value = row.get(name)
        if value is None:
            continue
        number = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else Decimal("NaN")
        if not is_amount(number):
            raise ValueError(f"{name} is not a number from 0 to 1,000,000,000")
        yield name, number


def _day(value: object) -> str:
    return date.fromisoformat(value.isoformat() if isinstance(value, date) else str(value)).isoformat()


def _normalize_date(value: object) -> str:
    """Return a day as it is, and a moment in UTC to the second."""
    if isinstance(value, str) and not value:
        return ""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    when = datetime.fromisoformat(text)
    if when.tzinfo is None and when.time() == time():
        return when.date().isoformat()
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
