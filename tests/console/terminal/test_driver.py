"""What arrives from the terminal: escapes, sequences and pastes, however the line cuts them."""

import asyncio
import errno
import os
import signal
import tty
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import StringIO
from queue import Queue
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest
from textual.events import Key, Paste

from tui.console.terminal.driver import Escape, InputSplitter, Keys, Output, Pasted, TerminalDriver, split_alt_key
from tui.console.terminal.flow_control import ANSWER


def feed(*reads: str) -> list[Keys | Pasted | Escape]:
    splitter = InputSplitter()
    return [piece for read in reads for piece in splitter.feed(read)] + list(splitter.flush())


@pytest.mark.parametrize("key", ["j", "1", "q", "\r", "Z", "é"])
def test_escape_and_a_key_in_one_read_are_escape_then_that_key(key: str) -> None:
    assert feed("\x1b" + key) == [Escape(), Keys(key)]


def test_escape_alone_is_escape() -> None:
    assert feed("\x1b") == [Escape()]
    assert feed("\x1b\x1b") == [Escape(), Escape()]


@pytest.mark.parametrize(
    "sequence", ["\x1b[A", "\x1bOP", "\x1b[15~", "\x1b[1;5C", "\x1b[<0;10;5M", "\x1b[106;3u", "\x1b[?2026;2$y"]
)
def test_a_sequence_stays_whole_wherever_the_line_cuts_it(sequence: str) -> None:
    for cut in range(len(sequence) + 1):
        assert feed(sequence[:cut], sequence[cut:]) == [Keys(sequence)]


def test_a_line_end_within_text_is_a_paste() -> None:
    assert feed("one\r\ntwo\nthree") == [Pasted("one\ntwo\nthree")]
    assert feed("one\rtwo\r") == [Pasted("one\ntwo\n")]
    assert feed("one\r\n") == [Pasted("one\n")]


def test_a_few_letters_and_enter_in_one_read_were_typed_ahead() -> None:
    assert feed("hello\r") == [Keys("hello\r")]
    assert feed("hel", "lo\r") == [Keys("hel"), Keys("lo\r")]


def test_what_waited_from_before_the_start_was_typed_and_its_line_ends_are_the_enter_key() -> None:
    assert list(InputSplitter(starting=True).feed("\n4hello\n")) == [Keys("\r4hello\r")]
    assert list(InputSplitter(starting=True).feed("x" * 1000)) == [Pasted("x" * 1000)]


def test_an_api_key_and_a_line_end_in_one_read_are_a_paste_where_pastes_are_not_marked() -> None:
    assert feed("sk-FAKE-0123456789\r") == [Pasted("sk-FAKE-0123456789\n")]


VERSION = "\x1bP>|tmux 3.3a\x1b\\"


@pytest.mark.parametrize("known", ["\x1b[?2004;1$y", "\x1b[?2004;2$y", "\x1b[200~a paste\x1b[201~", VERSION])
def test_where_the_terminal_marks_pastes_all_else_was_typed(known: str) -> None:
    typed = ["one\rtwo\r", "a question that is longer than sixty-four characters, typed ahead on a slow line\r"]
    for text in typed:
        assert feed(known, text)[-1] == Keys(text)


@pytest.mark.parametrize("answer", ["\x1b[?2004;0$y", ""])
def test_a_terminal_that_does_not_know_the_mode_or_does_not_answer_marks_nothing(answer: str) -> None:
    assert feed(answer, "one\rtwo\r") == [Pasted("one\ntwo\n")]


@pytest.mark.parametrize("answer", ["\x1b[?2004;1$y", VERSION])
def test_the_answer_about_pastes_is_no_key_wherever_the_line_cuts_it(answer: str) -> None:
    whole = f"a{answer}b\r"
    for cut in range(len(whole) + 1):
        pieces = feed(whole[:cut], whole[cut:])
        assert "".join(piece.text for piece in pieces if isinstance(piece, Keys)) == "ab\r"
        assert all(isinstance(piece, Keys) for piece in pieces)


def test_a_line_end_alone_is_the_enter_key() -> None:
    assert feed("\r") == [Keys("\r")]
    assert feed("h", "\r") == [Keys("h"), Keys("\r")]


def test_a_bracketed_paste_is_one_piece_wherever_the_line_cuts_it() -> None:
    whole = "a\x1b[200~sk-FAKE\x1b[31m\r\nkey\x1b[201~\x1b[A"
    for cut in range(len(whole) + 1):
        pieces = feed(whole[:cut], whole[cut:])
        assert [piece for piece in pieces if isinstance(piece, Pasted)] == [Pasted("sk-FAKE\x1b[31m\nkey")]
        assert pieces[0] == Keys("a") and pieces[-1] == Keys("\x1b[A")


def test_long_text_without_brackets_is_a_paste() -> None:
    assert feed("x" * 1000) == [Pasted("x" * 1000)]


def test_alt_and_a_key_are_escape_and_that_key() -> None:
    assert [key.key for key in split_alt_key(Key("alt+j", None))] == ["escape", "j"]
    assert [key.character for key in split_alt_key(Key("alt+j", None))] == ["\x1b", "j"]


def test_alt_enter_is_enter() -> None:
    assert [key.key for key in split_alt_key(Key("alt+enter", None))] == ["enter"]


def test_other_keys_pass() -> None:
    assert [key.key for key in split_alt_key(Key("ctrl+j", None))] == ["ctrl+j"]


def test_what_the_terminal_answers_stands_apart_from_keys_of_the_same_read() -> None:
    assert list(InputSplitter().feed(f"a{ANSWER}\x1b{ANSWER}b")) == [
        Keys("a"),
        Keys(ANSWER),
        Escape(),
        Keys(ANSWER),
        Keys("b"),
    ]


@pytest.fixture
def near() -> Iterator[tuple[int, int]]:
    """Both ends of a terminal that hands over each byte: the far one types and reads what is shown."""
    far, near = os.openpty()
    tty.setraw(near)
    yield far, near
    for descriptor in (far, near):
        with suppress(OSError):
            os.close(descriptor)


class Started:
    """A driver at the near end of a terminal, and what it hands to the app."""

    def __init__(self, near: int) -> None:
        self.events: Queue[Any] = Queue()
        self.posted: list[Any] = []
        self.driver = TerminalDriver(SimpleNamespace(post_message=self.posted.append), size=(80, 24))
        self.driver.fileno = near
        self.driver.process_message = self.events.put  # type: ignore[assignment, method-assign]
        self.thread = Thread(target=self.driver.run_input_thread)
        self.thread.start()

    def stop(self) -> None:
        self.driver.exit_event.set()
        self.thread.join(60)

    def next(self) -> Any:
        return self.events.get(timeout=60)


async def test_what_is_typed_at_a_terminal_becomes_keys_and_pastes_one_by_one(near: tuple[int, int]) -> None:
    far, end = near
    started = Started(end)
    try:
        os.write(far, b"a")
        assert started.next().key == "a"
        os.write(far, b"\x1b[A")
        assert started.next().key == "up"
        os.write(far, b"\x1b[200~two\rlines\x1b[201~")
        pasted = started.next()
        assert isinstance(pasted, Paste) and pasted.text == "two\nlines"
        os.write(far, b"\x1b")
        assert started.next().key == "escape", "once nothing follows it"
        os.write(far, b"\x1bj\xc3")
        assert [started.next().key for _ in range(2)] == ["escape", "j"]
        os.write(far, b"\xa9")
        assert started.next().character == "é", "a letter that the line cut in two"
    finally:
        started.stop()
    assert started.events.empty()


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until a condition holds, for a minute at most."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what the driver posts has no event
            await asyncio.sleep(0.001)


async def test_an_answer_of_the_terminal_is_no_key_and_tells_the_pace(near: tuple[int, int]) -> None:
    far, end = near
    started = Started(end)
    answered = Event()
    started.driver.pace.then = answered.set
    try:
        assert started.driver._accepts_input(), "an empty terminal takes more"
        started.driver.pace.count_sent(0, 0.0)
        os.write(far, ANSWER.encode() + b"b")
        assert started.next().key == "b"
        await until(answered.is_set)
        assert started.driver.pace.bytes_in_flight == 0
        started.driver._on_resize()
        await until(lambda: len(started.posted) == 1)
        started.driver._sigcont_application()
        await until(lambda: len(started.posted) == 2)
        assert [type(message).__name__ for message in started.posted] == ["Resize", "SignalResume"]
    finally:
        started.stop()


async def test_a_terminal_that_goes_away_ends_the_process_as_its_kernel_would(
    near: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    far, end = near
    signals: Queue[tuple[int, int]] = Queue()
    monkeypatch.setattr(os, "kill", lambda *signal: signals.put(signal))
    started = Started(end)
    os.close(far)
    assert signals.get(timeout=60) == (os.getpid(), signal.SIGHUP)
    started.stop()


def test_text_for_a_terminal_that_hung_up_is_lost_and_other_faults_are_raised() -> None:
    class File(StringIO):
        number = 0

        def flush(self) -> None:
            if self.number:
                raise OSError(self.number, "")

    file = File()
    out = Output(file)
    out.write("shown")
    file.number = errno.EIO
    out.flush()
    file.number = errno.ENOSPC
    with pytest.raises(OSError, match=r"\[Errno 28\]"):
        out.flush()
    assert file.getvalue() == "shown"
