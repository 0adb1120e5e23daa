"""`modeldeck chat --schema`: sent, checked here, and told by sentence, exit code and JSON."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.doubles.openai_server import Chat, OpenAIServer, Response, error_body

SCHEMA = {
    "type": "object",
    "properties": {"born": {"type": "integer"}},
    "required": ["born"],
    "additionalProperties": False,
}


@pytest.fixture
def schema(tmp_path: Path) -> str:
    path = tmp_path / "author.json"
    path.write_text(json.dumps(SCHEMA))
    return str(path)


@pytest.mark.slow
def test_an_answer_that_fits_is_printed(ready: Run, server: OpenAIServer, schema: str) -> None:
    server.chat = Chat(pieces=('{"born"', ": 1749}"))
    ran = ready("chat", "--schema", schema, "When?")
    assert (ran.code, ran.out, ran.err) == (0, '{"born": 1749}\n', "")
    (request,) = server.requests_to("/chat/completions")
    assert request.json["response_format"]["json_schema"] == {"name": "answer", "schema": SCHEMA, "strict": True}
    ran = ready("chat", "--schema", schema, "When?", "--json")
    assert json.loads(ran.out)["schema"] == {"valid": True, "path": "", "message": ""}
    assert json.loads(ready("chat", "When?", "--json").out)["schema"] is None


@pytest.mark.slow
def test_one_that_does_not_fit_is_printed_and_fails(ready: Run, server: OpenAIServer, schema: str) -> None:
    server.chat = Chat(pieces=('{"born"', ': "1749"}'))
    ran = ready("chat", "--schema", schema, "When?")
    assert (ran.code, ran.out) == (1, '{"born": "1749"}\n')
    assert "The answer does not fit the schema at $.born: '1749' is not of type 'integer'." in ran.err
    ran = ready("chat", "--schema", schema, "When?", "--json")
    assert (ran.code, json.loads(ran.out)["schema"]["path"]) == (1, "$.born")
    server.chat = Chat()
    ran = ready("chat", "--schema", schema, "When?")
    assert ran.code == 1 and "at $: it is not JSON" in ran.err
    assert ready("chat", "When?").code == 0


@pytest.mark.slow
def test_a_server_that_refuses_it_is_quoted(ready: Run, server: OpenAIServer, schema: str) -> None:
    message = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
    body = error_body(message, "invalid_request_error", "unsupported_parameter", "response_format")
    server.next("/chat/completions", Response(400, body))
    ran = ready("chat", "--schema", schema, "When?")
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert len(server.requests_to("/chat/completions")) == 1


def test_a_bad_schema_sends_nothing(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"type": "text"}')
    ran = ready("chat", "--schema", str(path), "When?")
    assert ran.code == 2 and "bad.json is no valid JSON Schema: $.type" in ran.err
    assert server.requests == []


@pytest.mark.slow
def test_print_and_trace_show_it(ready: Run, server: OpenAIServer, schema: str, tmp_path: Path) -> None:
    assert '"json_schema"' in ready("chat", "--schema", schema, "When?", "--print", "curl").out
    server.chat = Chat(pieces=('{"born": 1749}',))
    trace = tmp_path / "trace.json"
    assert ready("chat", "--schema", schema, "When?", "--trace", str(trace)).code == 0
    assert "json_schema" in trace.read_text()


@pytest.mark.slow
def test_repeats_give_a_pass_rate(ready: Run, server: OpenAIServer, schema: str, tmp_path: Path) -> None:
    server.chat = Chat(pieces=('{"born"', ": 1749}"))
    ran = ready("chat", "--schema", schema, "--repeat", "3", "When?", "--json")
    assert ran.code == 0 and json.loads(ran.out)["models"][0]["schema_fits"] == {"valid": 3, "of": 3}
    server.chat = Chat(pieces=('{"born"', ": null}"))
    two = ("-m", "openai/gpt-4o", "-m", "openai/gpt-5.4-mini")
    ran = ready("compare", *two, "--schema", schema, "When?")
    assert ran.code == 1 and "does not fit" in ran.out
    assert "A | The answer does not fit the schema at $.born: None is not of type 'integer'." in ran.err
    assert ready("chat", "--repeat", "2", "When?").code == 2
    prompts, out = tmp_path / "prompts.txt", tmp_path / "out.jsonl"
    prompts.write_text("one\ntwo\n")
    ran = ready("batch", str(prompts), "-m", "openai/gpt-4o", "-o", str(out), "--schema", schema, "--json")
    assert ran.code == 0 and json.loads(ran.out)["models"][0]["schema_fits"] == {"valid": 0, "of": 2}
    assert json.loads(out.read_text().splitlines()[0])["schema"]["path"] == "$.born"
    ran = ready("batch", str(prompts), "-m", "openai/gpt-4o", "-o", str(out))
    assert "answered already" not in ran.err, "another schema makes other rows"
