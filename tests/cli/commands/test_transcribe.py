"""`transcribe` of voice notes: sent under an ending that the server takes."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.doubles.openai_server import OpenAIServer


@pytest.mark.parametrize("name", ["note.oga", "note.opus"])
def test_a_voice_note_is_transcribed(ready: Run, server: OpenAIServer, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"OggS" * 10)
    ran = ready("transcribe", str(tmp_path / name))
    assert ran.code == 0, ran.err
    (request,) = server.requests_to("/audio/transcriptions")
    assert b'filename="note.ogg"' in request.body


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
