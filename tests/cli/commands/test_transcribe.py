"""`transcribe` of voice notes: sent under an ending that the server takes."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.doubles.openai_server import OpenAIServer, Response


@pytest.mark.parametrize("name", ["note.oga", "note.opus"])
def test_a_voice_note_is_transcribed(ready: Run, server: OpenAIServer, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"OggS" * 10)
    ran = ready("transcribe", str(tmp_path / name))
    assert ran.code == 0, ran.err
    (request,) = server.requests_to("/audio/transcriptions")
    assert b'filename="note.ogg"' in request.body


@pytest.mark.slow
@pytest.mark.parametrize(("content", "sent"), [(b"ID3 a song", b'filename="stdin.mp3"'), (b"no recording", b"")])
def test_a_piped_recording_is_sent_by_the_format_that_it_begins_like(
    ready: Run, server: OpenAIServer, content: bytes, sent: bytes
) -> None:
    ran = ready("transcribe", "-", stdin=content.decode())
    bodies = [request.body for request in server.requests_to("/audio/transcriptions")]
    if sent:
        assert ran.code == 0 and sent in bodies[0] and content in bodies[0], ran.err
    else:
        assert (ran.code, bodies) == (2, []) and "known format" in ran.err


@pytest.mark.slow
def test_two_models_are_compared_against_a_reference(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    (tmp_path / "note.mp3").write_bytes(b"ID3" + bytes(2000))
    (tmp_path / "note.txt").write_text("This is a recording. It was made for the test.")
    two = ("-m", "openai/whisper-1", "-m", "openai/gpt-transcribe")
    words = ("transcribe", str(tmp_path / "note.mp3"), *two, "--reference", str(tmp_path / "note.txt"))
    shape = json.loads(ready(*words, "--json").out)
    assert [entry["model"] for entry in shape["models"]] == ["openai/whisper-1", "openai/gpt-transcribe"]
    assert all(entry["error_rates"]["wer"] == 0.1 and entry["real_time_factor"] for entry in shape["models"])
    assert "10.0%" in ready(*words).out
    # A folder goes through batch, with the reference that lies in it.
    out = tmp_path / "out.jsonl"
    assert ready("batch", str(tmp_path), *two, "-o", str(out)).code == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["error_rates"]["wer"] for row in rows] == [0.1, 0.1] and rows[0]["prompt"] == "note.mp3"


def test_a_duration_that_nobody_reported_is_null(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    (tmp_path / "talk.mp3").write_bytes(b"ID3")
    server.next("/audio/transcriptions", Response(body={"text": "Good day"}))
    assert json.loads(ready("transcribe", str(tmp_path / "talk.mp3"), "--json").out)["duration"] is None
