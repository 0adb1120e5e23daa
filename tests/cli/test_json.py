"""What `--json` prints; that its keys are those of the schema is checked wherever a test runs a command."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run
from tests.doubles.openai_server import Chat, OpenAIServer
from tui.cli.registry import COMMANDS


def test_every_command_with_a_shape_takes_json() -> None:
    for command in COMMANDS:
        assert bool(command.shape) == any(option.key == "json" for option in command.options), command.words


@pytest.mark.slow
def test_what_is_listed_and_shown(ready: Run) -> None:
    for *words, arguments in (
        ("paths", ()),
        ("tenant", "list", ()),
        ("provider", "list", ()),
        ("provider", "show", ("openai",)),
        ("provider", "verify", ("openai",)),
        ("credential", "list", ("openai",)),
        ("model", "list", ()),
        ("model", "refresh", ("openai",)),
        ("model", "test", ("openai", "gpt-4o")),
        ("default", "show", ()),
    ):
        ran = ready(*words, *arguments, "--json")
        assert (ran.code, ran.err) == (0, ""), words
        assert json.loads(ran.out) != [], words


def test_what_is_set_and_added(modeldeck: Run, server: OpenAIServer) -> None:
    words = ("provider", "set")
    ran = modeldeck(*words, "openai", f"base_url={server.url}", "api_key=-", "--json", stdin=KEY + "\n")
    printed = json.loads(ran.out)
    assert printed["models"] == 7
    assert printed["proposed"][0] == {"type": "chat", "model": "openai/gpt-6-sol"}
    added = modeldeck("model", "add", "openai", "ft:x", "--type", "chat", "--no-verify", "--json")
    assert json.loads(added.out)["id"] == "ft:x"


@pytest.mark.slow
def test_an_answer_is_one_object(ready: Run, server: OpenAIServer) -> None:
    server.chat = Chat(thinking=("Let me ", "see."), finish="length")
    ran = ready("chat", "Why?", "--json")
    answer = json.loads(ran.out)
    assert answer["model"] == "openai/gpt-5.4-mini"
    assert (answer["finish"], answer["complete"]) == ("length", False)
    assert 0 < answer["timings"]["first_token"] <= answer["timings"]["total"]
    assert ran.err.strip() != "", "an answer that was cut says so"


@pytest.mark.slow
def test_vectors_are_one_object_a_line(ready: Run) -> None:
    ran = ready("embed", "--json", stdin="a cat\na dog\r\n")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [(line["index"], line["text"]) for line in lines] == [(0, "a cat"), (1, "a dog")]
    assert {len(line["vector"]) for line in lines} == {8}


@pytest.mark.slow
@pytest.mark.parametrize("method", [("--json",), ("--format", "json")])
def test_a_transcript_is_one_object(ready: Run, tmp_path: Path, method: tuple[str, ...]) -> None:
    path = tmp_path / "call.mp3"
    path.write_bytes(b"ID3 not really")
    printed = json.loads(ready("transcribe", str(path), *method).out)
    assert [segment["start"] for segment in printed["segments"]] == [0.0, 1.5]


@pytest.mark.slow
def test_what_no_terminal_should_get_is_written_as_an_escape(ready: Run) -> None:
    ran = ready("embed", "--json", "tab\tbell\x07 csi\x9b bidi\u202e 星")
    assert "\x9b" not in ran.out and "\u202e" not in ran.out and "星" in ran.out
    assert json.loads(ran.out)["text"] == "tab\tbell\x07 csi\x9b bidi\u202e 星"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("provider", "show", "opnai", "--json"), 2, "Unknown provider opnai."),
        (("model", "list", "--jsn", "--json"), 2, "Unknown option --jsn."),
        (("chat", "Why?", "-m", "openai/x", "--json"), 2, "There is no chat model x of OpenAI."),
    ],
)
def test_an_error_is_json_on_stderr_too(modeldeck: Run, words: tuple[str, ...], code: int, says: str) -> None:
    ran = modeldeck(*words)
    error = json.loads(ran.err.splitlines()[-1])["error"]
    assert (ran.code, ran.out, error["exit"], error["message"]) == (code, "", code, says)
    assert set(error) == {"message", "hint", "detail", "exit"}
    sentence = modeldeck(*(word for word in words if word != "--json"))
    assert says in sentence.err and "{" not in sentence.err


def test_words_behind_two_dashes_do_not_make_errors_json(modeldeck: Run) -> None:
    assert modeldeck("embed", "-m", "openai/x", "--", "--json").err.startswith("There is no")
