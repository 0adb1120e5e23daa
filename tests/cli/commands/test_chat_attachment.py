"""`chat -a FILE`: an image goes with the question, and what is printed or saved names the file alone."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import KEY, Run
from tests.doubles import images
from tests.doubles.openai_server import OpenAIServer
from tui.cli.commands.chat import attach
from tui.storage.folder import DiskFolder
from tui.workspace.playground.attachments import inbox
from tui.workspace.playground.attachments.inbox import WaitingFile

ASK = ("chat", "-m", "openai/gpt-4o", "What is this?")


def content(server: OpenAIServer) -> list[Any]:
    parts: list[Any] = json.loads(server.requests_to("/chat/completions")[-1].body)["messages"][-1]["content"]
    return parts


@pytest.mark.slow
def test_an_image_and_a_text_go_with_the_question(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    picture, notes = tmp_path / "a.jpg", tmp_path / "notes.txt"
    picture.write_bytes(images.jpeg())
    notes.write_text("Ask about the roof.")
    ran = ready(*ASK, "-a", str(picture), "-a", str(notes), "--json")
    assert ran.code == 0 and "a.jpg: metadata removed" in ran.err
    text, image = content(server)
    assert "notes.txt:\n\n```txt\nAsk about the roof.\n```" in text["text"]
    sent = base64.b64decode(image["image_url"]["url"].removeprefix("data:image/jpeg;base64,"))
    assert sent == images.jpeg(metadata=False)
    attached = json.loads(ran.out)["attachments"]
    assert [(file["name"], file["kind"], file["width"]) for file in attached] == [
        ("a.jpg", "JPEG", 3),
        ("notes.txt", "text", None),
    ]
    ready("history", "on")
    ready(*ASK, "-a", str(picture), "--keep-metadata")
    assert base64.b64encode(images.jpeg()).decode() in content(server)[1]["image_url"]["url"]
    picture.unlink()
    ready("chat", "--resume", "last", "And now?")
    first, *_, last = json.loads(server.requests_to("/chat/completions")[-1].body)["messages"]
    assert base64.b64encode(images.jpeg()).decode() in first["content"][1]["image_url"]["url"]
    assert last["content"] == "And now?"


def test_nothing_is_sent_of_what_the_model_does_not_take(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0")
    ran = ready(*ASK, "-a", str(picture))
    assert ran.code == 2 and "is a HEIC image" in ran.err
    assert ready(*ASK, "-a", str(tmp_path / "none.png")).code == 2
    both = ready("chat", "-m", "openai/gpt-4o", "-a", "-", stdin="x")
    assert both.code == 2 and "Standard input is the attachment" in both.err
    assert server.requests_to("/chat/completions") == []


@pytest.mark.slow
@pytest.mark.parametrize("turn", [1, 6])
def test_a_printed_request_names_the_file_and_sends_the_same_bytes(
    ready: Run, server: OpenAIServer, tmp_path: Path, turn: int
) -> None:
    picture = tmp_path / "it's a %s.jpg"
    picture.write_bytes(images.jpeg(turn=turn))
    ready(*ASK, "-a", str(picture), "--no-stream")
    for form, program in (("curl", ["sh", "-c"]), ("httpx", [sys.executable, "-c"])):
        printed = ready(*ASK, "-a", str(picture), "--no-stream", "--print", form)
        assert printed.code == 0 and len(printed.out) < 2000 and KEY not in printed.out
        environ = {"PATH": os.environ["PATH"], "NO_PROXY": "*", "OPENAI_API_KEY": KEY}
        subprocess.run([*program, printed.out], env=environ, check=True, capture_output=True, timeout=60)
    sent, *printed_ones = server.requests_to("/chat/completions")
    assert len(printed_ones) == 2 and all(request.body == sent.body for request in printed_ones)
    library = ready(*ASK, "-a", str(picture), "--print", "python").out
    compile(library, "printed", "exec")
    assert "base64.b64encode(" in library


@pytest.mark.slow
def test_the_trace_of_a_request_names_the_file(ready: Run, tmp_path: Path) -> None:
    picture, trace = tmp_path / "a.png", tmp_path / "trace.json"
    picture.write_bytes(images.png())
    assert ready(*ASK, "-a", str(picture), "--trace", str(trace)).code == 0
    assert "(base64 of a.png, " in trace.read_text()


@pytest.mark.slow
def test_attach_hands_a_file_to_an_open_console_or_says_that_there_is_none(
    ready: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(images.png())
    put, received = inbox.put, []

    def console_takes_it(folder: DiskFolder, file: WaitingFile) -> str:
        key = put(folder, file)
        received.extend(inbox.collect(folder))
        return key

    monkeypatch.setattr(inbox, "put", console_takes_it)
    ran = ready("attach", str(picture), "--json")
    assert ran.code == 0 and json.loads(ran.out)["file"]["kind"] == "PNG"
    assert received == [WaitingFile("a.png", images.png(), picture)]
    monkeypatch.setattr(inbox, "put", put)
    monkeypatch.setattr(attach, "_TIMEOUT", 0.0)
    alone = ready("attach", str(picture))
    assert alone.code == 1 and "No open console of" in alone.err
    assert not list(tmp_path.rglob("*.file"))
    assert ready("attach", str(tmp_path / "none.png")).code == 2
