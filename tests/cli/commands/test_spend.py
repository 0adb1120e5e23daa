"""`modeldeck spend`: sums of requests, labelled as estimates; the budget is a remark before the answer."""

import json
from pathlib import Path

from tests.cli.commands.test_price import write_prices
from tests.cli.conftest import Run


def test_spend_by_model_since_and_near_the_budget(ready: Run, home: Path) -> None:
    assert json.loads(ready("spend", "--json").out) == []
    ready("chat", "-m", "openai/gpt-4o", "Why?")
    write_prices(home)
    ready("chat", "-m", "openai/gpt-4o", "Why?")
    (row,) = json.loads(ready("spend", "--by", "model", "--since", "1h", "--json").out)
    assert (row["name"], row["requests"], row["unpriced"]) == ("openai/gpt-4o", 2, 1)
    assert row["cost"] == {"USD": "0.000158"} and row["estimate"] is True
    assert row["usage"]["input"] == 18
    assert ready("spend", "--by", "tenant").out.split()[:3] == ["acme", "2", "1"]
    assert json.loads(ready("spend", "--since", "2100-01-01", "--json").out) == []

    (home / ".config" / "modeldeck" / "config.toml").write_text('budget = "0.0001 USD"\n')
    ran = ready("chat", "-m", "openai/gpt-4o", "Why?")
    assert ran.code == 0 and "is over the budget: 0.00016 USD of 0.00010 USD." in ran.err
    (home / "prompts.txt").write_text("Why?\n")
    two = ("-m", "openai/gpt-4o", "-m", "openai/gpt-5.4-mini")
    batch = ("batch", str(home / "prompts.txt"), *two, "-o", str(home / "out.jsonl"))
    for words in (("compare", *two, "Why?"), batch):
        assert ready(*words).err.count("is over the budget") == 1, words
