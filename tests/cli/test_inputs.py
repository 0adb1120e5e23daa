"""Reading standard input: what is awaited is said, and ctrl+c ends every wait."""

import _thread
import io
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, environ
from tests.terminal import Loaded, Terminal
from tui.cli import inputs
from tui.cli.inputs import interruptible, read_text
from tui.errors import UsageError


def reads(thread_id: int, descriptor: int) -> bool:
    """Return True if the thread waits in a system call for the descriptor."""
    call = Path(f"/proc/self/task/{thread_id}/syscall").read_text().split()
    return call[1:2] == [hex(descriptor)]


@pytest.mark.slow
def test_an_interrupt_that_came_just_before_the_wait_ends_it() -> None:
    reading, writing = os.pipe()
    ended, main = threading.Event(), threading.get_native_id()
    waited: list[bool] = []

    def interrupt() -> None:
        while not reads(main, reading):
            pass
        _thread.interrupt_main()  # as the system does in that moment: noted, and no system call is interrupted
        if not ended.wait(60):
            waited.append(True)
            os.write(writing, b"x")

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGALRM)]
    thread = threading.Thread(target=interrupt)
    try:
        with pytest.raises(KeyboardInterrupt), interruptible():
            thread.start()
            os.read(reading, 1)
    finally:
        ended.set()
        thread.join()
        os.close(reading)
        os.close(writing)
    assert not waited
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGALRM)] == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "awaited"),
    [
        ("import -", "Paste the file, then press ctrl+d:"),
        ("import - --passphrase-fd 0", "Paste the file, then press ctrl+d:"),
        ("tenant create other", "New passphrase (blank for none):"),
        ("provider set openai api_key=-", "API key of OpenAI for acme:"),
    ],
)
def test_a_prompt_names_its_input_and_ctrl_c_ends_it(home: Path, words: str, awaited: str) -> None:
    with Terminal(Loaded(words.split()), environ(home) | {"TERM": "xterm"}, cwd=str(ROOT)) as terminal:
        terminal.until(awaited)
        terminal.send("\x03")
        assert terminal.wait(60) == 130


TEXT = "Zürich, 北京"


@pytest.mark.parametrize("content", [TEXT.encode(), TEXT.encode("utf-8-sig"), TEXT.encode("utf-16")])
def test_a_piped_text_is_decoded_by_its_mark(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
    assert read_text("Type") == TEXT


def test_a_piped_text_in_the_locale_s_encoding_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("北京\r\n".encode("gb18030")), encoding="gb18030"))
    assert read_text("Type") == "北京\n"


@pytest.mark.parametrize("content", ["Zürich".encode("latin-1"), "hi".encode("utf-16-le"), b"\xff\xfeh"])
def test_a_piped_text_that_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
    with pytest.raises(UsageError, match=r"not UTF-8|NUL bytes"):
        read_text("Type")


def test_the_invitation_is_printed_on_a_terminal_unless_questions_are_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = io.StringIO("one\ntwo\n")
    monkeypatch.setattr(typed, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", typed)
    inputs.allow_questions(True)
    assert read_text("Type your question") == "one\ntwo\n"
    assert capsys.readouterr().err == "Type your question, then press ctrl+d:\n"
    inputs.allow_questions(False)
    with pytest.raises(UsageError, match="standard input is a terminal"):
        read_text("Type your question")
    inputs.allow_questions(True)


def test_a_thread_reads_without_taking_the_signals_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("one"))
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(read_text, "Type").result() == "one"
