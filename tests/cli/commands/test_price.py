"""`modeldeck price`, and the cost beside an answer: dated, labelled, and – where it is not known."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

PRICES = """
[[route]]
hosts = ["127.0.0.1"]
currency = "USD"
source = "https://prices.example"
looked_up = "2026-11-05"
rows = [{ model = "gpt-4o", input = 2, cached = 1, output = 10 }]
"""


def write_prices(home: Path, text: str = PRICES) -> Path:
    file = home / ".config" / "modeldeck" / "prices.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.mark.slow
def test_an_answer_costs_what_your_own_table_says(ready: Run, home: Path) -> None:
    unknown = json.loads(ready("chat", "-m", "openai/gpt-4o", "Why?", "--json").out)
    assert unknown["cost"] is None
    write_prices(home)
    cost = json.loads(ready("chat", "-m", "openai/gpt-4o", "Why?", "--json").out)["cost"]
    # 9 x 2 + 14 x 10 a million
    assert (cost["amount"], cost["currency"], cost["price_date"], cost["estimate"]) == (
        "0.000158",
        "USD",
        "2026-11-05",
        True,
    )
    assert "≈ 0.00016 USD (price of 2026-11-05)" in ready("chat", "-m", "openai/gpt-4o", "Why?", "-v").err


def test_prices_are_shown_checked_and_imported(ready: Run, home: Path) -> None:
    write_prices(home)
    (shown,) = json.loads(ready("price", "show", "openai/gpt-4o", "--json").out)
    assert (shown["price"]["input"], shown["price"]["audio"], shown["price"]["owner"]) == ("2", None, "yours")
    assert "looked up on 2026-11-05" in ready("price", "show", "openai/gpt-4o").out
    checked = json.loads(ready("price", "check", "--json").out)
    assert checked["priced"] == 1 and "openai/gpt-4o" not in checked["unpriced"]

    other = home / "api.json"
    other.write_text(
        json.dumps({"s": {"api": "http://127.0.0.1/v1", "models": {"gpt-5.4-mini": {"cost": {"input": 1}}}}})
    )
    assert ready("price", "import", str(other)).code == 0
    assert ready("price", "show").out.count("127") == 0
    assert json.loads(ready("price", "check", "--json").out)["priced"] == 2

    write_prices(home, PRICES.replace("input = 2", "input = -2"))
    broken = ready("price", "check")
    assert broken.code == 1 and "prices.toml: the price of gpt-4o cannot be read" in broken.err
    assert ready("price", "import", str(home / "none.json")).code == 2
