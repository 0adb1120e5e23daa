"""Spend: one record a request without texts and secrets, sums of them, and a budget that only warns."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from tui.practice.tenants import practice_session
from tui.providers.events import Usage
from tui.providers.requests import Message
from tui.tenancy import models
from tui.tenancy.session import TenantSession
from tui.workspace.playground import calls
from tui.workspace.pricing import spend

NOW = "2026-11-30T12:00:00Z"


@pytest.fixture(scope="module")
def acme() -> TenantSession:
    session = practice_session(pace=0.0, clock=lambda: 1_796_040_000.0)  # 2026-11-30 12:00 UTC
    session.environ = {}
    return session.tenant("acme")


@pytest.mark.slow
async def test_a_request_leaves_one_record_without_text_or_secret(acme: TenantSession) -> None:
    model = models.find(acme, "openai/gpt-6-sol")
    question = "Wherefore zyzzyva"
    async for _ in calls.chat(acme, model, [Message("user", question)]):
        pass
    (line,) = [line for line in acme.store.folder.lines(spend.FILE) if line]
    record = json.loads(line)
    assert set(record) == {"at", "provider", "model", "credential", "key", "usage", "cost", "currency", "price_date"}
    assert (record["model"], record["credential"], record["key"]) == ("gpt-6-sol", "default", "own")
    assert "zyzzyva" not in line.decode() and "sk-" not in line.decode()
    usage = record["usage"]
    cached = usage.get("cached") or 0
    worth = (usage["input"] - cached) * 2 + cached * Decimal("0.2") + usage["output"] * 10
    assert Decimal(record["cost"]) == worth / 10**6
    (total,) = spend.sums(spend.records(acme), "model")
    assert (total.name, total.requests, total.unpriced) == ("openai/gpt-6-sol", 1, 0)
    assert total.words.startswith("≈ ") and total.words.endswith(" USD")


@pytest.mark.slow
def test_a_torn_line_and_foreign_lines_damage_no_other(acme: TenantSession) -> None:
    model = models.find(acme, "openai/gpt-6-sol")
    before = len(list(spend.records(acme)))
    for fragment in (b'\n{"at": "2026-11-30T12', b"\nnull\n", b'\n{"at": 3}\n', b"\n[[[\n"):
        acme.store.folder.append(spend.FILE, fragment)
        spend.record(acme, model, "second", "own", Usage(10, 10), NOW)
    assert len(list(spend.records(acme))) == before + 4
    by_credential = {entry.name: entry.requests for entry in spend.sums(spend.records(acme), "credential")}
    assert by_credential["openai second"] == 4


def test_amounts_that_cannot_be_summed_are_skipped(acme: TenantSession) -> None:
    before = len(list(spend.records(acme)))
    texts = {"at": NOW, "provider": "p", "model": "m", "credential": "c", "key": "own", "currency": "USD"}
    for cost in ("9e999999", "1e-999999", "1e12"):
        line = json.dumps({**texts, "usage": {}, "cost": cost}).encode()
        acme.store.folder.append(spend.FILE, b"\n" + line + b"\n" + line + b"\n")
    assert len(list(spend.records(acme))) == before
    assert spend.budget_warning(acme) == ""


def test_a_removed_tenant_does_not_come_back_with_a_record(acme: TenantSession) -> None:
    nobody = acme.process.tenant("removed")
    spend.record(nobody, models.find(acme, "openai/gpt-6-sol"), "c", "own", Usage(1, 1), NOW)
    assert nobody.store.folder.names() == []


def test_what_has_no_price_counts_as_unpriced_and_not_as_0(acme: TenantSession) -> None:
    star = acme.process.tenant("tenant-2")
    model = replace(models.find(acme, "openai/gpt-6-sol"), id="nobody-knows")
    entry = spend.record(star, model, "c", "own", Usage(10, 10), NOW)
    assert entry.amount is None
    spend.record(star, model, "c", "trial", None, NOW)
    (total,) = spend.sums(spend.records(star))
    assert (total.requests, total.unpriced, total.amounts, total.words) == (2, 2, {}, "–")
    assert total.as_json()["cost"] == {}


def test_only_requests_from_a_moment_on_are_summed(acme: TenantSession) -> None:
    long = acme.process.tenant("north-lab")
    model = models.find(acme, "openai/gpt-6-sol")
    for moment in ("2026-10-31T23:59:59Z", "2026-11-01T00:00:00Z", NOW):
        spend.record(long, model, "c", "own", Usage(1_000_000, 100_000), moment)
    assert [entry.name for entry in spend.sums(spend.records(long), "month")] == ["2026-10", "2026-11"]
    assert spend.this_month(long).amounts == {"USD": 2 * (Decimal(4) + Decimal("1.5"))}


@pytest.mark.parametrize(
    ("budget", "words"),
    (
        ("", ""),
        ("100 USD", ""),
        ("13 USD", "is near the budget: 11.00 USD of 13.00 USD"),
        ("11 USD", "is over the budget: 11.00 USD of 11.00 USD"),
        ("1 CNY", ""),
    ),
)
def test_a_budget_warns_and_stops_nothing(acme: TenantSession, budget: str, words: str) -> None:
    lab = acme.process.tenant("north-lab")
    acme.process.config = replace(acme.process.config, budget=budget)
    warning = spend.budget_warning(lab)
    assert words in warning and bool(words) == bool(warning)
