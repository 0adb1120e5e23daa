"""The whole way by keys alone, on a real terminal of 80 by 24, against a real server on loopback."""

from pathlib import Path

import pytest

from tests.doubles.openai_server import OpenAIServer
from tests.journey.console import DOWN, ENTER, ask, first_answer, opened, quit_console, started
from tests.terminal import environ

pytestmark = pytest.mark.slow

KEY = "sk-proj-FAKE-journey-0123456789abcdef-3f2a"
ANSWER = "The sky is blue because of scattering."


def test_from_an_empty_home_to_a_streamed_answer_and_again_after_a_restart(tmp_path: Path) -> None:
    with OpenAIServer(KEY) as server:
        there = environ(tmp_path, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=server.url, USER="acme", LOGNAME="acme")
        with started(there) as terminal:
            assert first_answer(terminal, "Why is the sky blue?", ANSWER) <= 4
            terminal.until("9 in, 14 out")
            quit_console(terminal, with_chat=True)
        request = server.requests_to("/chat/completions")[0]
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.json["model"] == "gpt-4o" and request.json["messages"][-1]["content"] == "Why is the sky blue?"

        # Again, now without anything in the environment: all of it was kept.
        with opened(environ(tmp_path)) as terminal:
            terminal.until("Providers")
            while "▸ ● OpenAI-compatible" not in terminal.text:
                terminal.send(DOWN)
                terminal.settle()
            terminal.until("ends 3f2a")
            terminal.send("3")
            terminal.until("openai_compatible/gpt-4o")
            terminal.until("bedding-3-large")
            terminal.send("4")
            terminal.until("gpt-4o · your key")
            ask(terminal, "And at sunset?", ANSWER)
            quit_console(terminal, with_chat=True)
        assert server.requests_to("/chat/completions")[1].headers["authorization"] == f"Bearer {KEY}"


def test_a_server_of_ones_own_with_a_pasted_key_takes_four_decisions(tmp_path: Path) -> None:
    with OpenAIServer(KEY) as server, opened(environ(tmp_path, USER="acme", LOGNAME="acme")) as terminal:
        terminal.until("the list of providers")
        terminal.send(ENTER)  # 1: the tenant, and the list
        terminal.until("Model vendors")
        while "▸ ○ OpenAI-compatible" not in terminal.text:
            terminal.send(DOWN)
            terminal.settle()
        terminal.send(ENTER)  # 2: its form
        terminal.until("Base URL")
        terminal.until("▸ [ Look for servers on this machine ]")
        terminal.send("\t")
        terminal.settle()
        terminal.paste(server.url)
        terminal.until(server.url[:40])
        terminal.send(ENTER)
        terminal.settle()
        terminal.paste(KEY)
        terminal.until("•••")
        terminal.send(ENTER)
        terminal.until("▸ [ Verify and save ]")
        terminal.send(ENTER)  # 3: verify and save
        terminal.until("[ Accept and open the playground ]")
        terminal.send(ENTER)  # 4: the proposed defaults
        ask(terminal, "Why?", ANSWER)
        quit_console(terminal, with_chat=True)


def test_practice_answers_without_a_key_or_a_network_and_writes_nothing(tmp_path: Path) -> None:
    with opened(environ(tmp_path), "practice") as terminal:
        terminal.until("PRACTICE")
        terminal.send(ENTER)
        terminal.until("1 Providers")
        terminal.send("4")
        terminal.until("enter send")
        terminal.type("hello")
        terminal.send(ENTER)
        terminal.until("first token", seconds=60)
        terminal.until(lambda: "answering" not in terminal.text, seconds=30)
        quit_console(terminal, with_chat=True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
