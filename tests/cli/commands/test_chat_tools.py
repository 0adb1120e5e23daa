"""`modeldeck chat --tools`: calls are printed and checked, results sent on, and nothing is executed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.doubles.openai_server import OpenAIServer, Response


def tool_response(arguments: str, name: str = "weather") -> Response:
    function = {"name": name, "arguments": arguments}
    message = {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
    body: dict[str, Any] = {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    return Response(200, body)


@pytest.mark.slow
def test_calls_are_printed_and_results_sent_on(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    tools, result = tmp_path / "tools.json", tmp_path / "oslo.json"
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    tools.write_text(json.dumps([{"name": "weather", "description": "The weather.", "parameters": schema}]))
    result.write_text('{"degrees": -3}\n')
    words = ("chat", "--no-stream", "--tools", str(tools))
    server.next("/chat/completions", tool_response('{"city": 7}'))
    ran = ready(*words, "Coat?")
    assert (ran.code, ran.out) == (0, 'weather {"city": 7}\n')
    assert "do not fit at $.city" in ran.err and "--tool-result weather=FILE" in ran.err

    ready("history", "on")
    server.next("/chat/completions", tool_response('{"city": "Oslo"}'))
    ran = ready(*words, "--tool-result", f"weather={result}", "--json", "Coat?")
    printed = json.loads(ran.out)
    assert ran.code == 0 and printed["text"] == "The sky is blue because of scattering."
    (call,) = printed["tool_calls"]
    assert (call["name"], call["result"], call["schema"]["valid"]) == ("weather", '{"degrees": -3}', True)
    body = server.requests_to("/chat/completions")[-1].json
    assert body["tools"][0]["function"]["parameters"] == schema
    assert body["messages"][-1] == {"role": "tool", "tool_call_id": "call_1", "content": '{"degrees": -3}'}

    assert ready("chat", "--no-stream", "--resume", "last", "And tomorrow?").code == 0
    again = server.requests_to("/chat/completions")[-1].json
    roles = ["user", "assistant", "tool", "assistant", "user"]
    assert again["tools"] == body["tools"] and [message["role"] for message in again["messages"]] == roles
    (turn, _) = json.loads(ready("history", "show", "last", "--json").out)["turns"]
    assert turn["tool_calls"] == [{**{name: call[name] for name in ("id", "name", "arguments", "result")}}]

    assert ready(*words, "--tool-result", f"rain={result}", "Coat?").code == 2
    tools.write_text('[{"description": "No name."}]')
    ran = ready(*words, "Coat?")
    assert ran.code == 2 and "Tool 1 of tools.json has no name." in ran.err


def test_the_command_that_goes_on_names_only_tools_that_are_offered(
    ready: Run, server: OpenAIServer, tmp_path: Path
) -> None:
    tools = tmp_path / "tools.json"
    tools.write_text(json.dumps([{"name": "my weather"}]))
    for name, ending in (
        ("x=/dev/null; rm -rf ~; echo", "Nothing was executed.\n"),
        ("my weather", "Nothing was executed; ask again with --tool-result 'my weather=FILE'\n"),  # the control
    ):
        server.next("/chat/completions", tool_response("{}", name))
        ran = ready("chat", "--no-stream", "--tools", str(tools), "Coat?")
        assert ran.code == 0 and ran.err.endswith(ending), ran.err
