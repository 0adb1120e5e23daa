"""`--print`: the request as a command that a shell runs, without a key in it, and nothing is sent."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run
from tests.doubles.openai_server import OpenAIServer


@pytest.mark.slow
def test_a_printed_chat_runs_in_a_shell_with_the_key_from_its_variable(ready: Run, server: OpenAIServer) -> None:
    printed = ready("chat", "-m", "openai/gpt-4o", "-s", "Be brief.", "It's $HOME?", "--print", "curl")
    assert (printed.code, printed.err, server.requests) == (0, "", [])
    assert KEY not in printed.out and "${OPENAI_API_KEY}" in printed.out
    environ = {"PATH": os.environ["PATH"], "NO_PROXY": "*", "OPENAI_API_KEY": KEY}
    done = subprocess.run(["sh", "-c", printed.out], env=environ, capture_output=True, text=True, timeout=60)
    assert "data: [DONE]" in done.stdout, done
    ready("chat", "-m", "openai/gpt-4o", "-s", "Be brief.", "It's $HOME?")
    by_shell, sent = server.requests_to("/chat/completions")
    assert by_shell.body == sent.body


def test_embed_and_transcribe_print_and_send_nothing(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    recording = tmp_path / "call.wav"
    recording.write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt ")
    assert "httpx.stream('POST'" in ready("embed", "a cat", "--print", "httpx").out
    assert "embeddings.create(model='text-embedding-3-small'" in ready("embed", "a cat", "--print", "python").out
    assert f'-F \'file=@"{recording}"' in ready("transcribe", str(recording), "--print", "curl").out
    assert ready("transcribe", str(recording), "--print", "python").code == 2
    assert ready("chat", "Why?", "--print", "perl").code == 2
    assert server.requests == []
