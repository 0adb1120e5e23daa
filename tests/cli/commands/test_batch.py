"""batch: a file of prompts becomes a file of rows; the same command continues."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.doubles.openai_server import OpenAIServer, Response


@pytest.mark.slow
def test_a_batch_goes_on_where_it_stopped(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    prompts, out = tmp_path / "prompts.txt", tmp_path / "out.jsonl"
    prompts.write_text("one\ntwo\nthree\n")
    words = ("batch", str(prompts), "-m", "openai/gpt-4o", "-o", str(out), "-c", "2", "--json")
    server.next("/chat/completions", *[Response(400, {"error": {"message": "Not this one."}})] * 1)
    first = ready(*words)
    shape = json.loads(first.out)
    assert first.code == 1 and (shape["answered"], shape["failed"], shape["left"]) == (2, 1, 0)
    assert shape["max_in_flight"] <= 2 and out.stat().st_mode & 0o777 == 0o600
    second = ready(*words)
    assert second.code == 0 and json.loads(second.out)["answered"] == 3
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["prompt"] for row in rows] == ["one", "two", "three"]
    assert all(row["text"] == "The sky is blue because of scattering." for row in rows)
    assert len(server.requests_to("/chat/completions")) == 4
    table = ready(*words[:-1])
    assert table.code == 0 and table.out.split()[:4] == ["openai/gpt-4o", "3", "0", "0"]
    assert "3 of 3 are answered already" in table.err and "\r" not in table.err


def test_a_cost_limit_needs_a_known_price(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("one\n")
    words = ("batch", str(prompts), "-m", "openai/gpt-4o", "-o", str(tmp_path / "out.jsonl"), "--max-cost")
    assert ready(*words, "1").code == 2  # the price of a server of one's own is not known
    assert ready(*words, "-1").code == ready(*words, "much").code == 2
    assert not server.requests_to("/chat/completions")
