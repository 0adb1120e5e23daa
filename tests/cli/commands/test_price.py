"""`modeldeck price`, and the cost beside an answer: dated, labelled, and – where it is not known."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tui.cli.commands.price import handlers

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


ROWS = """
[[route]]
hosts = ["127.0.0.1"]
currency = "USD"
source = "https://prices.example"
looked_up = "2020-11-05"
rows = [
    { model = "gpt-4o", input = 2.5, cached = 1, output = 10, cache_write = 3, audio = 40, from = "2020-01-01",\
      above = [{ tokens = 128000, input = 5, output = 20 }, { tokens = 1000000 }] },
    { model = "whisper-1", minute = 0.006 },
    { model = "gpt-5.4-mini", output = 4, hours = ["00:00-12:00", "12:00-24:00"] },
]
"""


@pytest.mark.usefixtures("on_terminal")
def test_a_price_is_shown_with_its_unit_its_parts_and_its_source(ready: Run, home: Path) -> None:
    write_prices(home, ROWS)
    listed = ready("price", "show")
    heading, *rows = listed.out.splitlines()
    assert heading.split() == ["model", "in", "cached", "out", "looked", "up", "by"]
    assert [row.split() for row in rows] == [
        ["openai/gpt-4o", "2.5", "1", "10", "USD", "2020-11-05", "your", "prices.toml"],
        ["openai/gpt-5.4-mini", "–", "–", "4", "USD", "2020-11-05", "your", "prices.toml"],
        ["openai/whisper-1", "0.006", "USD", "a", "minute", "2020-11-05", "your", "prices.toml"],
    ]
    assert "a million tokens each" in listed.err and "a million tokens" not in listed.out
    assert ready("price", "show", "openai/gpt-4o").out.splitlines()[2:] == [
        "cache write: 3 USD",
        "audio: 40 USD",
        "above 128,000 tokens in the prompt: 5 in, – cached, 20 out",
        "above 1,000,000 tokens in the prompt: not known",
        "from 2020-01-01",
        "source: https://prices.example, looked up on 2020-11-05",
    ]
    hours = ready("price", "show", "openai/gpt-5.4-mini").out.splitlines()
    assert hours[2] == "at 00:00-12:00, 12:00-24:00 UTC"
    assert ready("price", "show", "openai/gpt-6-sol").out.splitlines()[1].endswith("no price is known")


def test_a_check_counts_prices_and_names_models_without_one_and_old_ones(ready: Run, home: Path) -> None:
    write_prices(home, ROWS)
    lines = ready("price", "check").out.splitlines()
    assert lines[0] == "prices.toml: 3 prices." and lines[1].startswith("3 of ") and "have a price" in lines[1]
    assert "openai/gpt-4o: looked up on 2020-11-05" in lines and "openai/gpt-6-sol: no price" in lines


def test_prices_that_cannot_be_stored_are_named(
    ready: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "api.json"
    other.write_text(json.dumps({"s": {"api": "http://127.0.0.1/v1", "models": {"m": {"cost": {"input": 1}}}}}))
    assert "Would import 1 price of 1 address into" in ready("price", "import", str(other), "--dry-run").out
    (home / ".config").mkdir(exist_ok=True)
    (home / ".config" / "modeldeck").touch()
    assert ready("price", "import", str(other)).code == 1
    (home / ".config" / "modeldeck").unlink()
    monkeypatch.setattr(handlers, "_MAX_SIZE", 10)
    ran = ready("price", "import", str(other))
    assert ran.code == 2 and "too large to be a table of prices" in ran.err
