"""Ctrl+c ends a command with 130; what was received stays, and is said to be incomplete."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.doubles.openai_server import Chat, OpenAIServer

pytestmark = pytest.mark.slow

TWO = ("-m", "openai/gpt-4o", "-m", "openai/gpt-5.4-mini")


class Hold(threading.Event):
    """Keeps the server waiting until it is set, and interrupts this process once the server waits."""

    def __init__(self) -> None:
        super().__init__()
        self._interrupted = False

    def wait(self, timeout: float | None = None) -> bool:
        if not self._interrupted:
            self._interrupted = True
            os.kill(os.getpid(), signal.SIGINT)
        return super().wait(timeout)


@pytest.fixture
def hold(server: OpenAIServer) -> Iterator[Hold]:
    """Interrupt the next command while the server answers it."""
    gate = Hold()
    server.chat = Chat(hold=gate)
    yield gate
    gate.set()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("chat", "Why?"), "■ Stopped; the answer is incomplete."),
        (("compare", *TWO, "Why?"), "■ Stopped; partial answers are kept."),
    ],
    ids=["chat", "compare"],
)
def test_an_answer_that_is_interrupted_is_incomplete(ready: Run, hold: Hold, words: tuple[str, ...], says: str) -> None:
    ran = ready(*words)
    assert ran.code == 130 and says in ran.err


def test_an_interrupted_answer_in_json_is_whole_json(ready: Run, hold: Hold) -> None:
    ran = ready("chat", "--json", "Why?")
    shape = json.loads(ran.out)
    assert (ran.code, shape["finish"], shape["complete"]) == (130, "stopped", False)
    assert "The sky is blue because of scattering.".startswith(shape["text"])


def test_an_interrupted_batch_says_that_the_same_command_continues(
    ready: Run, hold: Hold, server: OpenAIServer, tmp_path: Path
) -> None:
    (tmp_path / "prompts.txt").write_text("one\ntwo\n")
    words = ("batch", str(tmp_path / "prompts.txt"), "-o", str(tmp_path / "out.jsonl"), "-m", "openai/gpt-4o")
    ran = ready(*words)
    assert ran.code == 130 and "The same command continues." in ran.err
    server.chat = Chat()
    assert ready(*words).code == 0
    assert [json.loads(line)["prompt"] for line in (tmp_path / "out.jsonl").open()] == ["one", "two"]


def test_an_interrupted_comparison_of_transcripts_prints_what_came(
    ready: Run, server: OpenAIServer, tmp_path: Path
) -> None:
    (tmp_path / "call.mp3").write_bytes(b"ID3" + bytes(64 << 10))
    server.upload_gate = gate = Hold()
    two = ("-m", "openai/whisper-1", "-m", "openai/gpt-transcribe")
    ran = ready("transcribe", *two, str(tmp_path / "call.mp3"))
    gate.set()
    assert ran.code == 130 and "■ Stopped; the text received so far is above." in ran.err
