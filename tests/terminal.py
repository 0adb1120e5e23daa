"""A real pseudo-terminal with a program in it, and an emulator that shows what a person would see."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Self

import pyte

from tests.doubles import command_server

REPLIES = {
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[c": b"\x1b[?62;c",
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    b"\x1b[5n": b"\x1b[0n",
}
"""What a terminal answers when it is asked who it is."""


class Screen(pyte.Screen):
    """The emulator's screen; sequences that pyte does not know must not end up as text."""

    @property
    def display(self) -> list[str]:
        # pyte's own fails where half of a wide character was overwritten.
        return ["".join(self.buffer[y][x].data for x in range(self.columns)) for y in range(self.lines)]

    def report_device_status(self, *_: object, **__: object) -> None:
        """Answered by `Terminal`."""

    def set_margins(self, top: int | None = None, bottom: int | None = None, **_: object) -> None:
        super().set_margins(top, bottom)

    def scroll_up(self, count: int = 1) -> None:
        """The rows of the scroll region move up, and the cursor does not."""
        self._scrolled(count, self.index, (self.margins or (0, self.lines - 1))[1])

    def scroll_down(self, count: int = 1) -> None:
        """The rows of the scroll region move down, and the cursor does not."""
        self._scrolled(count, self.reverse_index, (self.margins or (0, 0))[0])

    def _scrolled(self, count: int, step: Callable[[], None], edge: int) -> None:
        y, self.cursor.y = self.cursor.y, edge
        for _ in range(count or 1):
            step()
        self.cursor.y = y


class Stream(pyte.ByteStream):
    """What tmux sends to move rows is known, too."""

    csi = {**pyte.ByteStream.csi, "S": "scroll_up", "T": "scroll_down"}  # noqa: RUF012 - pyte declares it for the instance
    events: frozenset[str] = pyte.ByteStream.events | {"scroll_up", "scroll_down"}


class Loaded(tuple[str, ...]):
    """Words of `modeldeck` that run in a fork of a process which has the console loaded: loading takes longest."""


class Terminal:
    """Run `command` on a terminal of `columns` and `rows`. Use it as a context manager: it ends what it started.

    A function in place of a command runs in a fork, with all that is imported here; it answers its exit code.
    """

    portion = 1 << 16
    """Bytes that are taken at once at most."""

    def __init__(
        self,
        command: Sequence[str] | Callable[[], int],
        environ: Mapping[str, str],
        columns: int = 80,
        rows: int = 24,
        cwd: str | None = None,
    ) -> None:
        self.raw = bytearray()
        self._screen = Screen(columns, rows)
        self._stream = Stream(self._screen)
        self._unread = bytearray()
        self._text: str | None = None
        self.exit_code: int | None = None
        if isinstance(command, Loaded):
            self.fd, end = pty.openpty()
            self.resize(columns, rows)
            self.pid = command_server.start(command, environ, Path(cwd or os.curdir).resolve(), end)
            os.close(end)
            return
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                if cwd:
                    os.chdir(cwd)
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
                    signal.signal(number, signal.SIG_DFL)  # a run in the background has them ignored
                if callable(command):
                    os.environ.clear()
                    os.environ.update(environ)
                    sys.stdin = sys.__stdin__ = os.fdopen(0, closefd=False)  # type: ignore[misc]
                    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", closefd=False)  # type: ignore[misc]
                    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", 1, closefd=False)  # type: ignore[misc]
                    code = command()
                    sys.stdout.flush()
                    os._exit(code)
                os.execvpe(command[0], list(command), dict(environ))
            finally:
                os._exit(127)
        self.resize(columns, rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.exit_code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def resize(self, columns: int, rows: int) -> None:
        """The window gets another size."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def send(self, keys: str) -> None:
        """Type keys, as one write."""
        os.write(self.fd, keys.encode())

    def type(self, text: str) -> None:
        """Type a text as a person does: one key, one write, and it is on the screen before the next."""
        for character in text:
            self.send(character)
            # Read together with the next, it would be a paste.
            self.pump(1.0)
            self.settle(0.01)

    def paste(self, text: str) -> None:
        """Paste as a terminal does that brackets pastes."""
        self.send(f"\x1b[200~{text}\x1b[201~")

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    @property
    def screen(self) -> Screen:
        """What a person would see now. It is drawn when it is asked for, as drawing costs more than all the rest."""
        self._text = None
        if self._unread:
            self._stream.feed(bytes(self._unread))
            self._unread.clear()
        return self._screen

    @property
    def rows(self) -> list[str]:
        return self.text.split("\n")

    @property
    def text(self) -> str:
        if self._text is None or self._unread:
            self._text = "\n".join(row.rstrip() for row in self.screen.display)
        return self._text

    def pump(self, seconds: float) -> bool:
        """Take what the program wrote within the time; False when nothing came or it has ended."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.fd, self.portion)
        except OSError:
            return False
        self.raw += data
        self._unread += data
        for question, answer in REPLIES.items():
            if answers := answer * data.count(question):
                os.write(self.fd, answers)
        return bool(data)

    def settle(self, quiet: float = 0.15, most: float = 5.0) -> None:
        """Until the program has written nothing for a moment."""
        deadline = monotonic() + most
        while self.pump(quiet) and monotonic() < deadline:
            pass

    def until(self, condition: Callable[[], object] | str, seconds: float = 60.0) -> None:
        """Until a text stands on the screen or a condition holds; else fail with the screen."""
        holds = (lambda: condition in self.text) if isinstance(condition, str) else condition
        deadline = monotonic() + seconds
        while not holds():
            self.pump(0.02)
            if monotonic() > deadline:
                raise AssertionError(f"not reached: {condition!r}; the screen:\n{self.text}")

    def wait(self, seconds: float = 60.0) -> int:
        """Until the program ends; its exit code, or minus the signal that ended it."""
        deadline = monotonic() + seconds
        while self.exit_code is None:
            self.pump(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.settle(1.0)  # until the line is closed, or quiet where another process has it as well
                self.exit_code = os.waitstatus_to_exitcode(status)
            elif monotonic() > deadline:
                raise AssertionError(f"still running; the screen:\n{self.text}")
        return self.exit_code


class SlowTerminal(Terminal):
    """A terminal at the end of a line that takes `bits` a second, ten for a byte, and answers when it has them.

    With 0 bits it takes all at once.
    """

    bits = 0
    _paid = 0.0
    _since = 0.0
    _queries = b""

    def pump(self, seconds: float) -> bool:
        if not self.bits:
            return super().pump(seconds)
        end = monotonic() + seconds
        while True:
            now = monotonic()
            # A line that was idle carries no more than others.
            self._paid = min(self._paid + (now - self._since) * self.bits / 10, self.bits / 100)
            self._since = now
            if self._paid >= 1 and select.select([self.fd], [], [], max(0.0, min(0.01, end - now)))[0]:
                return self._take(int(self._paid))
            if now >= end:
                return False
            sleep(0.002)

    def _take(self, most: int) -> bool:
        try:
            data = os.read(self.fd, most)
        except OSError:
            return False
        self._paid -= len(data)
        self.raw += data
        self._queries += data
        for question, answer in REPLIES.items():
            os.write(self.fd, answer * self._queries.count(question))
            self._queries = self._queries.replace(question, b"")
        # A question may come in two reads.
        self._queries = self._queries[-16:]
        self._unread += data
        return bool(data)


def environ(home: os.PathLike[str] | str, **more: str) -> dict[str, str]:
    """A clean environment with a home folder of its own."""
    return {
        "HOME": os.fspath(home),
        "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)]),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
        **more,
    }
