"""`modeldeck prompt`: saved, used by chat, and removed; what was saved wrongly is refused."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.doubles.openai_server import OpenAIServer


@pytest.mark.slow
def test_a_saved_prompt_is_listed_used_and_removed(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    schema = {"type": "object"}
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(schema))
    words = ("prompt", "save", "reviewer", "-s", "-", "-p", "temperature=0", "-m", "openai/gpt-4o")
    ran = ready(*words, stdin="Review this.\nBriefly.\n")
    assert (ran.code, ran.out) == (0, "Saved prompt reviewer.\n"), ran.err
    expected = {"name": "reviewer", "system": "Review this.\nBriefly.", "parameters": {"temperature": "0"}}
    assert json.loads(ready("prompt", "list", "--json").out) == [expected | {"schema": None}]
    assert ready("prompt", "show", "reviewer").out == "Review this.\nBriefly.\n-p temperature=0\n"

    assert ready("chat", "-m", "openai/gpt-4o", "--saved-prompt", "reviewer", "x = 1").code == 0
    body = server.requests_to("/chat/completions")[-1].json
    assert body["messages"][0] == {"role": "system", "content": "Review this.\nBriefly."} and body["temperature"] == 0
    ran = ready("chat", "--saved-prompt", "reviewer", "-s", "Mine.", "x = 1")
    body = server.requests_to("/chat/completions")[-1].json
    assert body["messages"][0]["content"] == "Mine." and "temperature" not in body
    assert "openai/gpt-5.4-mini does not take temperature of reviewer; it is left out." in ran.err

    replaced = json.loads(ready("prompt", "save", "reviewer", "--schema", str(path), "--json").out)
    assert replaced == {"name": "reviewer", "system": "", "parameters": {}, "schema": schema, "replaced": True}
    assert ready("prompt", "remove", "reviewer").code == 2 and ready("prompt", "remove", "reviewer", "--yes").code == 0
    ran = ready("chat", "--saved-prompt", "reviewer", "x")
    assert ran.code == 2 and "There is no saved prompt reviewer." in ran.err
    assert "prompt reviewer removed" in ready("audit", "show").out
    assert ready("undo").code == 0 and json.loads(ready("prompt", "show", "reviewer", "--json").out)["schema"] == schema


def test_what_cannot_be_saved_is_refused(ready: Run) -> None:
    for words, sentence in (
        (("a b", "-s", "x"), "a b cannot be the name of a saved prompt."),
        (("empty",), "There is nothing to save."),
        (("typo", "-p", "temprature=1"), "Unknown parameter temprature."),
        (("range", "-m", "openai/gpt-4o", "-p", "temperature=9"), "temperature goes from 0 to 2."),
    ):
        ran = ready("prompt", "save", *words)
        assert ran.code == 2 and sentence in ran.err, ran
    assert json.loads(ready("prompt", "list", "--json").out) == []
