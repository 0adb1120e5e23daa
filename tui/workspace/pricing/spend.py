r"""What requests cost, as records of each tenant, and sums of them. All amounts are estimates.

$DATA/tenants/<id>/spend.jsonl    one line a request: time, credential, model, usage, cost; no text and no secret

A record is written once, when its request ends, and never changed: later prices do not touch it. It begins with a line
end, so that a line that a killed process left incomplete damages no other.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from tui.domain import Model
from tui.errors import Problem
from tui.providers.events import USAGE_COUNTS, Usage
from tui.sanitize import one_line
from tui.tenancy.session import TenantSession
from tui.workspace.pricing.cost import money, plain
from tui.workspace.pricing.prices import is_amount

FILE = "spend.jsonl"
GROUPS = ("model", "provider", "credential", "key", "day", "month")
"""Groups for sums; `key` is whose API key paid, `own` or `trial`."""

_BUDGET = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) ([A-Z]{3})")
_WARNING_FRACTION = Decimal("0.8")
"""Fraction of a budget at which a warning begins."""


@dataclass(frozen=True)
class SpendRecord:
    """One request: when, with which credential and model, what it used, and what it cost ('' unknown)."""

    at: str
    provider: str
    model: str
    credential: str
    key: str
    usage: Mapping[str, int]
    amount: Decimal | None = None
    currency: str = ""
    price_date: str = ""


@dataclass
class SpendSum:
    """The sum of some records: how many requests, of those without a known cost, tokens, and amounts by currency."""

    name: str
    requests: int = 0
    unpriced: int = 0
    usage: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, Decimal] = field(default_factory=dict)

    def add(self, record: SpendRecord) -> None:
        """Add a record."""
        self.requests += 1
        for name, count in record.usage.items():
            self.usage[name] = self.usage.get(name, 0) + count
        if record.amount is None:
            self.unpriced += 1
        else:
            self.amounts[record.currency] = self.amounts.get(record.currency, Decimal(0)) + record.amount

    @property
    def words(self) -> str:
        """The amounts for people, such as `≈ 1.20 USD + 0.35 CNY`; `–` if none is known."""
        return "≈ " + " + ".join(money(amount, name) for name, amount in self.amounts.items()) if self.amounts else "–"

    def as_json(self) -> dict[str, Any]:
        """Return the sum as commands print it; amounts are texts."""
        return {
            "requests": self.requests,
            "unpriced": self.unpriced,
            "usage": self.usage,
            "cost": {currency: plain(amount) for currency, amount in self.amounts.items()},
            "estimate": True,
        }


def record(
    session: TenantSession, model: Model, credential: str, key: str, usage: Usage | None, moment: str
) -> SpendRecord:
    """Append the record of a request that was made at `moment`, with its cost by the price of then.

    Raises:
        Problem: It cannot be written, or a price file cannot be read.
    """
    # imported only now, so that no answer waits for the price table
    from tui.workspace.pricing.cost import cost_of
    from tui.workspace.pricing.table import price_of

    try:
        cost = cost_of(price_of(session, model, moment), usage)
    except Problem:
        cost = None
    counts = {name: count for name in USAGE_COUNTS if usage and (count := getattr(usage, name)) is not None}
    line = {"at": moment, "provider": model.provider, "model": model.id, "credential": credential, "key": key}
    entry: dict[str, Any] = {**line, "usage": counts}
    if usage and usage.seconds:
        entry["seconds"] = usage.seconds
    if cost is not None:
        price = cost.price
        entry |= {"cost": plain(cost.amount), "currency": price.currency, "price_date": price.as_of}
    if session.store.exists():  # a tenant that was removed meanwhile does not come back
        session.store.folder.append(FILE, b"\n" + json.dumps(entry, ensure_ascii=False).encode() + b"\n")
    amount, currency = (cost.amount, cost.price.currency) if cost else (None, "")
    return SpendRecord(**line, usage=counts, amount=amount, currency=currency)


def records(session: TenantSession, since: str = "") -> Iterator[SpendRecord]:
    """Yield the records from an ISO time on, oldest first; lines that are no records are skipped."""
    for line in session.store.folder.lines(FILE):
        if line and (entry := _parse(line)) and entry.at >= since:
            yield entry


def _parse(line: bytes) -> SpendRecord | None:
    try:
        entry = json.loads(line)
        texts = {name: one_line(entry[name], 200) for name in ("at", "provider", "model", "credential", "key")}
        usage = {name: count for name in USAGE_COUNTS if type(count := entry["usage"].get(name)) is int and count >= 0}
        amount = Decimal(entry["cost"]) if "cost" in entry else None
        if amount is not None and not is_amount(amount):
            return None
        currency, day = one_line(entry.get("currency", ""), 3), one_line(entry.get("price_date", ""), 10)
        return SpendRecord(**texts, usage=usage, amount=amount, currency=currency, price_date=day)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation, RecursionError):
        return None


def sums(entries: Iterator[SpendRecord] | Sequence[SpendRecord], by: str = "") -> list[SpendSum]:
    """Return the sum of records for each value of a group, in the order of their values; one sum without a group."""
    group = _grouping(by)
    totals: dict[str, SpendSum] = {}
    for entry in entries:
        name = group(entry)
        totals.setdefault(name, SpendSum(name)).add(entry)
    return [totals[name] for name in sorted(totals)]


def _grouping(by: str) -> Callable[[SpendRecord], str]:
    match by:
        case "":
            return lambda entry: ""
        case "model":
            return lambda entry: f"{entry.provider}/{entry.model}"
        case "credential":
            return lambda entry: f"{entry.provider} {entry.credential}".rstrip()
        case "day":
            return lambda entry: entry.at[:10]
        case "month":
            return lambda entry: entry.at[:7]
    return lambda entry: str(getattr(entry, by))


def this_month(session: TenantSession) -> SpendSum:
    """Return what the tenant's own keys spent in this month, in UTC."""
    return month_and_last(session)[0]


def month_and_last(session: TenantSession, ref: str = "") -> tuple[SpendSum, SpendRecord | None]:
    """Return what the tenant's own keys spent in this month, in UTC, and the last request, on a trial too.

    Args:
        session: The tenant.
        ref: Count only the requests of this `provider/model`.
    """
    start, month, last = session.today()[:8] + "01", SpendSum(""), None
    for entry in records(session):
        if ref in ("", f"{entry.provider}/{entry.model}"):
            last = entry
            if entry.key == "own" and entry.at >= start:
                month.add(entry)
    return month, last


def month_words(month: SpendSum) -> str:
    """Return the spend of a month for people: `≈ 1.20 USD in 12 requests`."""
    count = f"{month.requests:,} request{'s' if month.requests != 1 else ''}"
    return f"{month.words} in {count}" if month.requests else "no requests"


def parse_budget(text: str) -> tuple[Decimal, str] | None:
    """Return amount and currency of a budget such as `20 USD`; None if it is none."""
    parts = _BUDGET.fullmatch(text)
    return (Decimal(parts[1]), parts[2]) if parts else None


def budget_warning(session: TenantSession) -> str:
    """Return a sentence if this month's spend is near the budget of `config.toml`, or over it; else ''.

    It stops nothing. Amounts in other currencies than the budget's do not count.
    """
    budget = parse_budget(session.config.budget)
    if budget is None:
        return ""
    limit, currency = budget
    spent = this_month(session).amounts.get(currency, Decimal(0))
    if spent < limit * _WARNING_FRACTION:
        return ""
    state = "is over" if spent >= limit else "is near"
    return (
        f"The estimated spend of this month {state} the budget: {money(spent, currency)} of {money(limit, currency)}."
    )
