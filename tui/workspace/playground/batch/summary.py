"""The figures of a batch's rows, by model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite
from typing import Any

from tui.sanitize import one_line
from tui.workspace.pricing.cost import UNKNOWN, money, plain
from tui.workspace.pricing.prices import is_amount

HEADINGS = ("model", "answered", "failed", "left", "in", "out", "cost", "p50", "p95")


@dataclass
class ModelSummary:
    """The rows of a model."""

    ref: str
    total: int = 0
    answered: int = 0
    failed: int = 0
    input: int = 0
    output: int = 0
    unpriced: int = 0
    checked: int = 0
    fit: int = 0
    cost: dict[str, Decimal] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row."""
        if not is_answered(row):
            self.failed += 1
            return
        self.answered += 1
        if (fit := row.get("schema")) is not None:
            self.checked += 1
            self.fit += isinstance(fit, dict) and fit.get("valid") is True
        usage, timings = _object(row, "usage"), _object(row, "timings")
        self.input += _count(usage.get("input"))
        self.output += _count(usage.get("output"))
        if isinstance(total := timings.get("total"), int | float) and isfinite(total):
            self.seconds.append(total)
        cost = cost_in(row)
        if cost is None:
            self.unpriced += 1
        else:
            self.cost[cost[1]] = self.cost.get(cost[1], Decimal(0)) + cost[0]

    def percentile(self, share: float) -> float | None:
        """Return the seconds within which that share of the answers arrived."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None

    @property
    def cost_words(self) -> str:
        """The estimated cost, `–` if no price is known."""
        amounts = " + ".join(money(amount, currency) for currency, amount in self.cost.items())
        return f"≈ {amounts}{f' + {self.unpriced} unpriced' if self.unpriced else ''}" if amounts else UNKNOWN

    def row(self) -> tuple[str, ...]:
        """Return the figures under `HEADINGS`."""
        counts = (self.answered, self.failed, self.total - self.answered - self.failed, self.input, self.output)
        times = (self.percentile(0.5), self.percentile(0.95))
        words = (UNKNOWN if value is None else f"{value:.2f} s" for value in times)
        return (self.ref, *(f"{count:,}" for count in counts), self.cost_words, *words)

    def as_json(self) -> dict[str, Any]:
        """Return the figures as `--json` prints them."""
        return {
            "model": self.ref,
            "total": self.total,
            "answered": self.answered,
            "failed": self.failed,
            "left": self.total - self.answered - self.failed,
            "usage": {"input": self.input, "output": self.output},
            "cost": {currency: plain(amount) for currency, amount in self.cost.items()} or None,
            "unpriced": self.unpriced,
            "schema_fits": {"valid": self.fit, "of": self.checked} if self.checked else None,
            "seconds": {"p50": self.percentile(0.5), "p95": self.percentile(0.95)},
        }


def is_answered(row: Mapping[str, Any]) -> bool:
    """Return True if a row holds an answer; the task of another is sent again by the next run."""
    return row.get("problem") is None


def cost_in(row: Mapping[str, Any]) -> tuple[Decimal, str] | None:
    """Return the amount and the currency in a row."""
    cost = _object(row, "cost")
    try:
        amount, currency = Decimal(cost["amount"]), one_line(cost["currency"], 3)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
        return None
    return (amount, currency) if is_amount(amount) else None


def _object(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object of a row; whatever else stands there, nothing: anybody may have edited the file."""
    return value if isinstance(value := row.get(name), dict) else {}


def _count(value: object) -> int:
    return value if type(value) is int and value >= 0 else 0


def summaries(totals: Mapping[str, int], rows: Iterable[Mapping[str, Any]]) -> list[ModelSummary]:
    """Return the figures of each model; `totals` are its tasks by ref. Of rows of one id, the last counts."""
    result = {ref: ModelSummary(ref, total) for ref, total in totals.items()}
    last = {row["id"]: row for row in rows}
    for row in last.values():
        if isinstance(ref := row.get("model"), str) and ref in result:
            result[ref].add(row)
    return list(result.values())
