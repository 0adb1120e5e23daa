"""A line of few bits a second: keys are answered while an answer streams, escape stops it, and nothing is lost."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.doubles.openai_server import Chat, OpenAIServer
from tests.journey.console import ENTER, MODELDECK, first_answer
from tests.journey.test_ssh import MISSING, sshd
from tests.terminal import SlowTerminal, environ

pytestmark = pytest.mark.slow

KEY = "sk-proj-FAKE-slow-line-0123456789abcdef-77c0"
LAST = 48
PARAGRAPH = (
    "A paragraph that is long enough to be wrapped over two rows, or even three, on a **terminal** of `80` cells. "
)
ANSWER = tuple(f"{word} " for number in range(LAST + 1) for word in (PARAGRAPH + f"Number {number}.\n\n").split(" "))


@pytest.mark.parametrize(("bits", "far"), [(9600, False), (115_200, True)])
def test_keys_are_answered_while_an_answer_streams_over_a_slow_line(tmp_path: Path, bits: int, far: bool) -> None:
    if far and MISSING and not os.environ.get("MODELDECK_WHOLE_GATE"):
        pytest.skip(f"not on this machine: {', '.join(MISSING)}")
    home, keys = tmp_path / "home", tmp_path / "ssh"
    home.mkdir()
    keys.mkdir(mode=0o700)
    with ExitStack() as stack:
        server = stack.enter_context(OpenAIServer(KEY))
        there = environ(home, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=server.url, USER="acme", LOGNAME="acme")
        command = list(MODELDECK)
        if far:
            exports = " ".join(f"{name}='{value}'" for name, value in there.items())
            command = [*stack.enter_context(sshd(keys)), f"env -i {exports} {' '.join(MODELDECK)}"]
        terminal = stack.enter_context(SlowTerminal(command, there))
        first_answer(terminal, "Why?", "The sky is blue because of scattering.")
        terminal.bits = bits
        server.chat = Chat(pieces=ANSWER, pause=0.005)
        terminal.send("hello")
        terminal.until("> hello")
        terminal.send(ENTER)
        terminal.until("A paragraph that is long")
        # Each is there before the next is typed, and all of them before the answer is whole. Seconds are the bench's.
        for count, key in enumerate("abcdefgh", 1):
            terminal.send(key)
            terminal.until(f"> {'abcdefgh'[:count]}")
        terminal.until("ctrl+c stop")
        terminal.until(f"Number {LAST}.")
        terminal.until(lambda: "ctrl+c stop" not in terminal.text)
        terminal.send(ENTER)
        terminal.until("ctrl+c stop")
        terminal.send("\x03")
        terminal.until("stopped by you")
        # What is on the screen now is what a new picture of it holds.
        terminal.settle(1.0, 30)
        before, sent = terminal.rows, len(terminal.raw)
        terminal.send("\x0c")
        terminal.until(lambda: len(terminal.raw) > sent)
        terminal.settle(1.0, 30)
        terminal.until(lambda: terminal.rows == before)
