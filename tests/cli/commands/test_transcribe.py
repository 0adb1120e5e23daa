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
