"""The entry of the program: its exit codes, and standard streams that are closed, full or cut."""

import errno
import io
import os
import sys
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Run
from tui import __version__, cli
from tui.cli import output, runner
from tui.diagnostics import crash_report


class Broken(io.StringIO):
    """A stream that cannot be written, or whose writes cannot be flushed."""

    def __init__(self, number: int, *, at_flush: bool = False) -> None:
        super().__init__()
        self._error, self._at_flush = OSError(number, os.strerror(number)), at_flush
        self._written = self.discarded = False

    def write(self, text: str) -> int:
        self._written = True
        if not self._at_flush:
            raise self._error
        return len(text)

    def flush(self) -> None:
        if self._at_flush and self._written and not self.discarded:
            raise self._error


@pytest.fixture
def discarded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note which descriptors would be sent to /dev/null."""
    numbers: list[int] = []

    def discard(descriptor: int) -> None:
        numbers.append(descriptor)
        if isinstance(sys.stdout, Broken):
            sys.stdout.discarded = True

    monkeypatch.setattr(runner, "discard", discard)
    monkeypatch.setattr(output, "discard", discard)
    return numbers


@pytest.mark.parametrize("words", [["--version"], ["--help"]])
@pytest.mark.parametrize("at_flush", [False, True])
@pytest.mark.parametrize(
    ("number", "code", "says"),
    [
        (errno.EPIPE, 141, ""),
        (errno.ENOSPC, 1, "Standard output cannot be written: no space left on device."),
        (errno.EBADF, 1, "Standard output cannot be written: it is closed."),
    ],
)
def test_an_answer_that_cannot_be_written_has_its_exit_code_and_reason(
    monkeypatch: pytest.MonkeyPatch,
    discarded: list[int],
    words: list[str],
    at_flush: bool,
    number: int,
    code: int,
    says: str,
) -> None:
    errors = io.StringIO()
    monkeypatch.setattr(sys, "stdout", Broken(number, at_flush=at_flush))
    monkeypatch.setattr(sys, "stderr", errors)
    assert cli.main(words) == code
    assert errors.getvalue().split("\n")[0] == says and 1 in discarded


def test_without_a_standard_output_the_version_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, discarded: list[int]
) -> None:
    errors, opened = io.StringIO(), list[str]()
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", errors)
    monkeypatch.setattr(os, "open", lambda path, flags: opened.append(path))
    assert cli.main(["--version"]) == 1
    assert errors.getvalue().startswith("Standard output cannot be written: it is closed.")
    assert opened == [os.devnull], "no file that is opened later gets its number"


def test_a_closed_standard_error_changes_no_exit_code(
    modeldeck: Run, monkeypatch: pytest.MonkeyPatch, discarded: list[int]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EBADF, "")

    monkeypatch.setattr(runner, "print_problem", refuse)
    ran = modeldeck("provider", "show", "nobody")
    assert (ran.code, ran.out, ran.err) == (2, "", "") and discarded == [1, 2]


def test_a_terminal_that_hangs_up_at_the_end_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, discarded: list[int]
) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(errno.EIO, at_flush=True))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert cli.main(["--help"]) == 0 and discarded == [1]


def test_a_closed_standard_error_does_not_stop_the_command(
    monkeypatch: pytest.MonkeyPatch, discarded: list[int]
) -> None:
    monkeypatch.setattr(sys, "stderr", Broken(errno.EPIPE))
    output.Output().note("A remark.")
    assert discarded == [2]


def test_a_stream_is_sent_to_dev_null_and_a_closed_one_has_no_person(tmp_path: object) -> None:
    reading, writing = os.pipe()
    output.discard(writing)
    os.write(writing, b"lost")
    os.close(writing)
    assert os.read(reading, 10) == b"", "nothing reached the pipe, and nobody can write to it"
    os.close(reading)
    closed = io.StringIO()
    closed.close()
    assert not output.is_terminal(closed) and not output.is_terminal(None)


def test_progress_is_one_line_that_is_erased_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", screen)
    out = output.Output()
    out.progress("Reading 寬 10")
    out.progress("Reading 9")
    out.note("Done.")
    assert screen.getvalue() == "\rReading 寬 10\rReading 9    \r         \rDone.\n"
    quiet = output.Output(quiet=True)
    quiet.progress("Reading")
    quiet.note("Done.")
    assert screen.getvalue().endswith("Done.\n")
    assert [output.cells(text) for text in ("\U0001f3fb", "\u1161a", "e\u0301")] == [2, 1, 1]


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Note the exit code in place of ending this process."""
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    monkeypatch.setitem(sys.modules, "httpx._main", None)
    monkeypatch.setattr(crash_report, "guard", lambda environ: None)
    yield codes


def test_the_program_ends_its_process_with_the_code_of_the_command(
    monkeypatch: pytest.MonkeyPatch, ended: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["modeldeck", "--version"])
    assert cli.main() == 0 and ended == [0]
    assert capsys.readouterr().out == f"modeldeck {__version__}\n"
    monkeypatch.setattr(sys, "argv", ["modeldeck", "no-such-command"])
    assert cli.main() == 2 and ended == [0, 2]
    monkeypatch.setattr(sys, "stdout", Broken(errno.EPIPE, at_flush=True))
    sys.stdout.write("x")
    cli._end(0)
    assert ended == [0, 2], "the interpreter ends it, after a flush that fails"


def test_ctrl_c_is_130_wherever_it_comes(monkeypatch: pytest.MonkeyPatch, modeldeck: Run) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(runner, "_call", interrupt)
        assert modeldeck("provider", "list").code == 130
    with monkeypatch.context() as patched:
        patched.setattr(runner, "run", interrupt)
        assert modeldeck("provider", "list").code == 130
