"""compare: several models answer one prompt, each behind its letter, and a table follows."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run
from tests.doubles.openai_server import Chat, OpenAIServer, Response

TWO = ("-m", "openai/gpt-4o", "-m", "openai/gpt-5.4-mini")


@pytest.mark.slow
def test_every_line_stands_behind_the_letter_of_its_model(ready: Run, server: OpenAIServer) -> None:
    server.chat = Chat(pieces=("one\nt", "wo"))
    ran = ready("compare", *TWO, "Why?")
    lines = ran.out.splitlines()
    assert ran.code == 0
    assert sorted(lines[:4]) == ["A | one", "A | two", "B | one", "B | two"]
    assert [line.split()[:2] for line in lines[5:]] == [["A", "openai/gpt-4o"], ["B", "openai/gpt-5.4-mini"]]


@pytest.mark.slow
def test_json_holds_every_answer_with_its_figures_and_the_medians_of_repeats(ready: Run, server: OpenAIServer) -> None:
    server.chat = Chat(thinking=("Let me see.",), pause=0.01)
    shape = json.loads(ready("compare", *TWO, "-r", "3", "--json", "Why?").out)
    assert shape["prompt"] == "Why?" and shape["repeat"] == 3
    for entry in shape["models"]:
        assert len(entry["answers"]) == 3
        answer = entry["answers"][0]
        assert answer["text"] == "The sky is blue because of scattering." and answer["finish"] == "stop"
        assert answer["usage"]["reasoning"] == 12
        assert answer["answer_tokens"] == {"count": 2, "reported": True}
        assert answer["timings"]["first_token"] < answer["timings"]["first_answer_token"]
        middle = entry["summary"]["first_token"]
        assert middle["count"] == 3 and middle["low"] <= middle["median"] <= middle["high"]
        # The second request of a model finds the connection of its first.
        assert [answer["fresh_connection"] for answer in entry["answers"]] == [True, False, False]


@pytest.mark.slow
def test_the_requests_of_all_answers_are_saved_without_keys(ready: Run, tmp_path: Path) -> None:
    path, schema = tmp_path / "trace.json", tmp_path / "schema.json"
    schema.write_text("{}")
    ran = ready("compare", *TWO, "-r", "2", "--trace", str(path), "Why?")
    assert ran.code == 0 and f"Saved the requests and responses in {path}." in ran.err
    answers = json.loads(path.read_text())["answers"]
    places = [(entry["model"], entry["answer"]) for entry in answers]
    assert places == [(model, number) for model in TWO[1::2] for number in (1, 2)]
    exchange = answers[0]["exchanges"][0]
    assert exchange["request"]["body"]["messages"][-1]["content"] == "Why?" and exchange["response"]["frames"]
    assert KEY not in path.read_text()
    assert ready("compare", *TWO, "--trace", str(path), "Why?").code == 2
    words = ("chat", "--schema", str(schema), "--repeat", "2", "--trace", str(path), "--force", "Why?")
    ready(*words)
    assert len(json.loads(path.read_text())["answers"]) == 2


@pytest.mark.slow
def test_a_model_that_fails_stops_no_other(ready: Run, server: OpenAIServer) -> None:
    ran = ready("compare", *TWO, "-m", "openai/gpt-6-sol", "--json", "Why?")
    assert ran.code == 0
    server.models = tuple(model for model in server.models if model[0] != "gpt-4o")
    ran = ready("compare", *TWO, "Why?")
    assert ran.code == 1 and "B | The sky is blue" in ran.out and "A | " not in ran.out
    assert "A |" in ran.err and "gpt-4o" in ran.err
    failed = json.loads(ready("compare", *TWO, "--json", "Why?").out)["models"]
    assert [entry["answers"][0]["problem"] is None for entry in failed] == [False, True]


@pytest.mark.slow
def test_an_answer_that_reached_its_length_limit_is_an_answer_as_in_chat(ready: Run, server: OpenAIServer) -> None:
    server.chat = Chat(pieces=("Half an",), finish="length")
    alone, compared = ready("chat", "-m", "openai/gpt-4o", "Why?"), ready("compare", *TWO, "Why?")
    assert alone.code == compared.code == 0
    assert "The answer reached its length limit." in alone.err
    assert compared.err.count("The answer reached its length limit.") == 2


@pytest.mark.slow
def test_if_all_fail_the_exit_code_is_that_of_the_first(ready: Run, server: OpenAIServer) -> None:
    server.next("/chat/completions", *[Response(401, {"error": {"message": "no"}})] * 2)
    assert ready("compare", *TWO, "Why?").code == 3


@pytest.mark.slow
def test_a_cut_answer_is_kept(ready: Run, server: OpenAIServer) -> None:
    server.chat = Chat(break_after=2)
    ran = ready("compare", *TWO, "Why?")
    assert ran.code == 4 and "A | The sky is blue" in ran.out and "failed" in ran.out


@pytest.mark.slow
def test_it_is_saved_as_markdown_or_json_and_overwrites_nothing(ready: Run, tmp_path: Path) -> None:
    page, data = tmp_path / "board.md", tmp_path / "board.json"
    assert ready("compare", *TWO, "-o", str(page), "Why?").code == 0
    text = page.read_text()
    assert "> Why?" in text and "## openai/gpt-4o" in text and "| openai/gpt-5.4-mini |" in text
    assert "## Differences" in text
    assert ready("compare", *TWO, "-o", str(data), "Why?").code == 0
    assert len(json.loads(data.read_text())["models"]) == 2
    assert ready("compare", *TWO, "-o", str(data), "Why?").code == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("-m", "openai/gpt-4o", "Why?"),
        ("-m", "openai/gpt-4o", "-m", "openai/gpt-4o", "Why?"),
        (*TWO, "-r", "0", "Why?"),
        (*TWO, "-p", "temprature=1", "Why?"),
        (*TWO, " "),
    ],
)
def test_models_that_cannot_be_compared_are_refused_before_anything_is_sent(
    ready: Run, server: OpenAIServer, words: tuple[str, ...]
) -> None:
    assert ready("compare", *words).code == 2
    assert not server.requests_to("/chat/completions")


def test_a_parameter_goes_to_the_models_that_take_it(ready: Run, server: OpenAIServer) -> None:
    ran = ready("compare", *TWO, "-p", "temperature=0.5", "-s", "Be brief.", "Why?")
    sent = {request.json["model"]: request.json for request in server.requests_to("/chat/completions")}
    assert sent["gpt-4o"]["temperature"] == 0.5 and "temperature" not in sent["gpt-5.4-mini"]
    assert "openai/gpt-5.4-mini takes no temperature" in ran.err
    assert sent["gpt-4o"]["messages"][0] == {"role": "system", "content": "Be brief."}
