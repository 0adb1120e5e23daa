"""chat, embed and transcribe: what goes to stdout, and what beside it."""

import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import ROOT, Run, environ, run_process
from tests.doubles.openai_server import Chat, OpenAIServer
from tui.errors import NetworkError
from tui.providers.events import Event, TextDelta
from tui.workspace.playground import calls


@pytest.mark.slow
def test_the_question_comes_from_the_command_line_or_from_stdin(ready: Run, server: OpenAIServer) -> None:
    ready("chat", "from the line", stdin="not this")
    ready("chat", stdin="from\nstdin\n")
    ready("chat", "--", "-5 is a question too")
    requests = [request.json["messages"][-1]["content"] for request in server.requests_to("/chat/completions")]
    assert requests == ["from the line", "from\nstdin", "-5 is a question too"]
    assert ready("chat", stdin=" \n").code == 2


@pytest.mark.slow
def test_a_question_in_another_encoding_is_refused_and_not_sent(home: Path, server: OpenAIServer) -> None:
    server.key = None
    assert run_process(home, "provider", "set", "openai_compatible", f"base_url={server.url}").code == 0
    question = f"printf 'caf\\351?' | {sys.executable} -m tui chat -m openai_compatible/gpt-4o"
    ran = subprocess.run(["bash", "-c", question], cwd=ROOT, env=environ(home), capture_output=True, text=True)
    assert (ran.returncode, server.requests_to("/chat/completions")) == (2, [])
    assert "The input is not UTF-8 text." in ran.stderr and "iconv" in ran.stderr


@pytest.mark.slow
def test_parameters_are_those_that_the_model_takes(ready: Run, server: OpenAIServer) -> None:
    words = ("chat", "-m", "openai/gpt-4o", "-s", "Be brief.", "Why?")
    assert ready(*words, "-p", "temperature=0.5", "--parameter=top_p=1").code == 0
    sent = server.requests_to("/chat/completions")[0].json
    assert (sent["temperature"], sent["top_p"]) == (0.5, 1)
    assert sent["messages"][0]["content"] == "Be brief."
    for wrong in ("temperature=hot", "temperature=9", "colour=blue", "temperature"):
        ran = ready(*words, "-p", wrong)
        assert ran.code == 2 and ran.err, wrong
    assert len(server.requests_to("/chat/completions")) == 1


@pytest.mark.slow
def test_reasoning_goes_to_stderr_and_only_on_request(ready: Run, server: OpenAIServer) -> None:
    server.chat = Chat(thinking=("Let me ", "see."))
    plain = ready("chat", "Why?")
    assert (plain.out, plain.err) == ("The sky is blue because of scattering.\n", "")
    shown = ready("chat", "Why?", "--thinking")
    assert shown.out == plain.out and shown.err.strip() == "Let me see."


@pytest.mark.slow
def test_figures_go_to_stderr_on_request(ready: Run) -> None:
    ran = ready("chat", "Why?", "-v")
    assert ran.out == "The sky is blue because of scattering.\n"
    assert "first token" in ran.err and "9 tokens in · 14 out · 12 of them reasoning" in ran.err


@pytest.mark.slow
def test_an_answer_in_one_piece(ready: Run, server: OpenAIServer) -> None:
    assert ready("chat", "Why?", "--no-stream").out == "The sky is blue because of scattering.\n"
    assert not server.requests_to("/chat/completions")[0].json.get("stream")


@pytest.mark.slow
def test_what_a_model_says_cannot_drive_the_terminal(ready: Run, server: OpenAIServer) -> None:
    server.chat = Chat(pieces=("\x1b]52;c;eA==\x07red\x1b[31m", "\x9b2J", "\u202eoverridden", " [/bold] 星"))
    ran = ready("chat", "Why?", "--thinking", "-v")
    assert not set(ran.out + ran.err) & set("\x1b\x07\x9b\u202e")
    assert "[/bold] 星" in ran.out


def test_a_line_is_ended_once(ready: Run, server: OpenAIServer) -> None:
    server.chat = Chat(pieces=("one\n", "two\n"))
    assert ready("chat", "Why?").out == "one\ntwo\n"


@pytest.mark.slow
def test_texts_to_embed_from_the_line_or_one_a_line(ready: Run, server: OpenAIServer) -> None:
    assert len(ready("embed", "a cat", "two\nlines").out.splitlines()) == 2
    assert len(ready("embed", stdin="a\nb\nc").out.splitlines()) == 3
    sent = [request.json["input"] for request in server.requests_to("/embeddings")]
    assert sent == [["a cat", "two\nlines"], ["a", "b", "c"]]
    ran = ready("embed", stdin="a\n\nc\n")
    assert (ran.code, ran.out) == (2, "") and "Text 2" in ran.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "first"), [("text", "This is a recording."), ("srt", "1"), ("vtt", "WEBVTT"), ("json", "{")]
)
def test_a_recording_in_every_format(ready: Run, tmp_path: Path, form: str, first: str) -> None:
    path = tmp_path / "call.mp3"
    path.write_bytes(b"ID3 not really")
    ran = ready("transcribe", str(path), "--format", form)
    assert (ran.code, ran.err) == (0, "") and ran.out.startswith(first)


@pytest.mark.slow
def test_subtitles_from_a_model_without_times_are_refused_before_anything_is_sent(
    ready: Run, tmp_path: Path, server: OpenAIServer
) -> None:
    path = tmp_path / "call.mp3"
    path.write_bytes(b"ID3 not really")
    ran = ready("transcribe", "-m", "openai/gpt-transcribe", str(path), "--format", "srt")
    assert ran.code == 2 and "no times" in ran.err and server.requests == []
    assert ready("transcribe", "-m", "openai/gpt-transcribe", str(path), "--format", "json").code == 0


@pytest.mark.slow
def test_a_transcript_that_breaks_off_is_written_as_far_as_it_came(
    ready: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> AsyncGenerator[Event]:
        yield TextDelta("Half an")
        raise NetworkError("The connection ended.", "Try again.")

    monkeypatch.setattr(calls, "send", broken)
    path = tmp_path / "call.mp3"
    path.write_bytes(b"ID3 not really")
    ran = ready("transcribe", str(path))
    assert (ran.code, ran.out) == (4, "Half an\n") and ran.err.startswith("The connection ended.")
    shape = json.loads(ready("transcribe", str(path), "--format", "json").out)
    assert (shape["text"], shape["complete"]) == ("Half an", False)


@pytest.mark.slow
def test_a_recording_that_is_too_large_is_not_sent(ready: Run, tmp_path: Path, server: OpenAIServer) -> None:
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.truncate(40 * 1024 * 1024)
    ran = ready("transcribe", str(path))
    assert ran.code == 2 and "40 MB" in ran.err and server.requests == []
