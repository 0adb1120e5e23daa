"""`--trace FILE`: what was sent and what came, saved without keys however the request ends."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import KEY, Run
from tests.doubles.openai_server import OpenAIServer, Response, error_body
from tui.cli import model_call
from tui.errors import Problem


def saved(path: Path) -> Any:
    """The log in a file, which is the owner's alone and holds no key."""
    text = path.read_text(encoding="utf-8")
    assert KEY not in text and os.stat(path).st_mode & 0o777 == 0o600
    return json.loads(text)


@pytest.mark.slow
def test_a_chat_is_saved_with_its_request_and_every_frame(ready: Run, tmp_path: Path) -> None:
    file = tmp_path / "chat.json"
    ran = ready("chat", "Why?", "--trace", str(file))
    assert ran.code == 0 and f"Saved the requests and responses in {file}." in ran.err
    [exchange] = saved(file)["exchanges"]
    assert exchange["request"]["body"]["messages"] == [{"role": "user", "content": "Why?"}]
    assert exchange["response"]["frames"][-1]["data"] == "[DONE]"
    assert "Saved" not in ran.out


@pytest.mark.slow
def test_a_request_that_fails_is_saved_too(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    file = tmp_path / "chat.json"
    server.next("/chat/completions", Response(400, error_body("Too long.", "context_length_exceeded")))
    assert ready("chat", "Why?", "--trace", str(file)).code != 0
    [exchange] = saved(file)["exchanges"]
    assert exchange["response"]["status"] == 400
    assert exchange["response"]["frames"][0]["data"]["error"]["message"] == "Too long."


@pytest.mark.slow
def test_embed_and_transcribe_are_saved(ready: Run, tmp_path: Path) -> None:
    recording, file = tmp_path / "call.wav", tmp_path / "log.json"
    recording.write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt ")
    assert ready("embed", "a cat", "--trace", str(file)).code == 0
    assert saved(file)["exchanges"][0]["request"]["body"]["input"] == ["a cat"]
    assert ready("transcribe", str(recording), "--trace", str(file), "--force").code == 0
    assert saved(file)["exchanges"][0]["request"]["body"]["file"] == "call.wav, audio/wav, 16 bytes"


def test_a_file_that_cannot_be_written_is_named_before_anything_is_sent(
    ready: Run, server: OpenAIServer, tmp_path: Path
) -> None:
    ran = ready("chat", "Why?", "--trace", str(tmp_path / "none" / "chat.json"))
    assert ran.code != 0 and "none" in ran.err and server.requests == []


@pytest.mark.slow
def test_a_request_that_is_only_printed_takes_no_trace(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    file = tmp_path / "log.json"
    for words in (("chat", "Why?"), ("embed", "a cat")):
        ran = ready(*words, "--print", "curl", "--trace", str(file))
        assert (ran.code, ran.out) == (2, "") and "--print sends nothing" in ran.err
    assert server.requests == [] and not file.exists()


@pytest.mark.slow
def test_what_makes_several_runs_takes_no_trace(ready: Run, tmp_path: Path) -> None:
    file = str(tmp_path / "log.json")
    assert ready("embed", "a cat", "--scatter", "--trace", file).code == 2
    assert (
        ready("transcribe", "a.wav", "-m", "openai/whisper-1", "-m", "openai/gpt-4o-transcribe", "--trace", file).code
        == 2
    )


@pytest.mark.slow
def test_only_force_overwrites_a_file_and_nothing_overwrites_a_device(
    ready: Run, server: OpenAIServer, tmp_path: Path
) -> None:
    file, pipe = tmp_path / "log.json", tmp_path / "pipe"
    file.write_text("mine")
    os.mkfifo(pipe)
    for place, force, says in (
        (file, (), "Use --force"),
        (pipe, ("--force",), "is not a regular file"),
        (tmp_path, ("--force",), "is a folder"),
        ("-", (), "not stdout"),
    ):
        ran = ready("chat", "Why?", "--trace", str(place), *force)
        assert ran.code == 2 and says in ran.err
    assert server.requests == [] and file.read_text() == "mine" and pipe.is_fifo()
    assert ready("chat", "Why?", "--trace", str(file), "--force").code == 0
    assert saved(file)["exchanges"]


def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every file of a trace meet a full disk."""

    def fail(path: Path, text: str) -> None:
        raise Problem(f"{path} could not be written: No space left on device.")

    monkeypatch.setattr(model_call, "write", fail)


def test_a_trace_that_cannot_be_saved_costs_no_answer(
    ready: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_disk(monkeypatch)
    trace = ("--trace", str(tmp_path / "trace.json"))
    ran = ready("chat", "Why?", "--json", *trace)
    assert ran.code == 1 and "No space left" in ran.err and "incomplete" not in ran.err
    assert json.loads(ran.out)["complete"] is True
    (tmp_path / "talk.mp3").write_bytes(b"ID3")
    ran = ready("transcribe", str(tmp_path / "talk.mp3"), "--json", *trace)
    assert ran.code == 1 and "recording" in json.loads(ran.out)["text"]


def test_the_trace_of_a_chat_with_tools_holds_every_request(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    tools, result, trace = (tmp_path / name for name in ("tools.json", "oslo.json", "trace.json"))
    tools.write_text('[{"name": "weather"}]')
    result.write_text("-3")
    function = {"name": "weather", "arguments": "{}"}
    message = {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    server.next("/chat/completions", Response(body={"choices": [choice]}))
    words = ("--tools", str(tools), "--tool-result", f"weather={result}", "--trace", str(trace))
    ran = ready("chat", "Coat?", *words)
    assert ran.code == 0, ran.err
    assert len(json.loads(trace.read_text())["exchanges"]) == 2
