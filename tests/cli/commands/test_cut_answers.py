"""An incomplete answer is a failure for every command; the text that came is kept. Each beside a whole one."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.doubles.openai_server import OpenAIServer, Response

EVENTS = {"content-type": "text/event-stream"}
WHOLE_END = 'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'


def pieces(*texts: str) -> str:
    """Events of a chat without an end."""
    chunks = ({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]} for text in texts)
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)


@pytest.mark.slow
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (pieces("Half", " an"), 4),
        (pieces("Half", " an") + WHOLE_END.replace('"stop"', '"null"').replace("data: [DONE]\n\n", ""), 4),
        (pieces("Half") + "data: {broken\n\n" + pieces(" an") + WHOLE_END, 1),
        (pieces("Half", " an") + '{"error": {"message": "No room."}}\n\n', 1),
    ],
    ids=["no end", "the word null", "a lost piece", "an error without its field"],
)
def test_a_cut_chat_fails_and_keeps_its_text(
    ready: Run, server: OpenAIServer, body: str, code: int, as_json: bool
) -> None:
    server.next("/chat/completions", Response(body=body, headers=EVENTS))
    ran = ready("chat", "Hello?", *(["--json"] if as_json else []))
    assert ran.code == code
    assert "The answer is incomplete" in ran.err
    if as_json:
        answer = json.loads(ran.out)
        assert (answer["text"], answer["complete"]) == ("Half an", False)
    else:
        assert ran.out == "Half an\n"


def test_control_a_whole_chat_succeeds(ready: Run, server: OpenAIServer) -> None:
    server.next("/chat/completions", Response(body=pieces("Half", " an") + WHOLE_END, headers=EVENTS))
    ran = ready("chat", "Hello?", "--json")
    assert ran.code == 0 and json.loads(ran.out)["complete"] is True


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/chat/completions", "/embeddings", "/audio/transcriptions"])
@pytest.mark.parametrize("reply", [Response(204, ""), Response(200, ""), Response(200, '{"data"', cut=True)])
def test_no_answer_is_no_success(ready: Run, server: OpenAIServer, tmp_path: Path, path: str, reply: Response) -> None:
    (tmp_path / "talk.mp3").write_bytes(b"ID3")
    words = {
        "/chat/completions": ("chat", "Hello?"),
        "/embeddings": ("embed", "Hello?"),
        "/audio/transcriptions": ("transcribe", str(tmp_path / "talk.mp3")),
    }
    server.next(path, reply, reply, reply)
    ran = ready(*words[path])
    assert ran.code in (1, 4) and ran.out == "" and len(ran.err.splitlines()) >= 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "code"), [("", 4), ('data: {"type": "transcript.text.done"}\n\n', 0)], ids=["cut", "whole"]
)
def test_a_cut_transcript_fails_and_keeps_its_text(
    ready: Run, server: OpenAIServer, tmp_path: Path, end: str, code: int
) -> None:
    (tmp_path / "talk.mp3").write_bytes(b"ID3")
    piece = 'data: {"type": "transcript.text.delta", "delta": "Half an"}\n\n'
    server.next("/audio/transcriptions", Response(body=piece + end, headers=EVENTS))
    ran = ready("transcribe", str(tmp_path / "talk.mp3"))
    assert (ran.code, ran.out) == (code, "Half an\n")
    server.next("/audio/transcriptions", Response(body=piece + end, headers=EVENTS))
    shape = json.loads(ready("transcribe", str(tmp_path / "talk.mp3"), "--json").out)
    assert (shape["text"], shape["complete"]) == ("Half an", not code)
