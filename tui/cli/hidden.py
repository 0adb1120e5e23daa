"""Secrets on their way in: a hidden prompt, a line of standard input, a file, a descriptor. Never the command line."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from tui.cli.output import is_terminal
from tui.errors import Usage
from tui.secret import Secret

_LONGEST = 64 * 1024
_ENDS = (b"\r", b"\n")
_END_OF_INPUT, _ERASE, _EMPTY = b"\x04", (b"\x7f", b"\x08"), b"\x15"


class Hidden:
    """Where one command takes secrets from; lines of a stream are taken one after the other."""

    def __init__(self, descriptor: str = "") -> None:
        self._descriptor = descriptor
        self._lines: TextIO | None = None

    @property
    def from_descriptor(self) -> bool:
        return bool(self._descriptor)

    def passphrase(self, prompt: str) -> Secret | None:
        """The next line of --passphrase-fd, else what is typed at a hidden prompt; None where there is neither."""
        if self.from_descriptor:
            return self._line(self._stream(), "a passphrase")
        return ask(prompt)

    def field(self, name: str, label: str, value: str) -> Secret:
        """A secret field from `-` or `@FILE`; anything else would stand in the list of processes and is refused."""
        if value == "-":
            typed = ask(f"{label}: ") if is_terminal(sys.stdin) else None
            return self._line(sys.stdin, name) if typed is None else typed
        if value.startswith("@"):
            return _file(name, value[1:])
        raise Usage(
            f"{name} is secret and does not go on the command line, where the list of processes shows it.",
            f"{name}=- asks for it or reads a line of standard input, {name}=@FILE reads a file.",
        )

    def _stream(self) -> TextIO:
        if self._lines is None:
            if not self._descriptor.isdecimal():
                raise Usage("--passphrase-fd wants the number of an open file descriptor.")
            if int(self._descriptor) == 0:
                return sys.stdin
            try:
                self._lines = os.fdopen(int(self._descriptor), encoding="utf-8", closefd=False)
            except OSError:
                raise Usage(
                    f"File descriptor {int(self._descriptor)} is not open.",
                    "For example: --passphrase-fd 3 3<FILE",
                ) from None
        return self._lines

    def _line(self, stream: TextIO, what: str) -> Secret:
        try:
            with interruptible():
                line = stream.readline(_LONGEST + 1)
        except (UnicodeDecodeError, OSError, ValueError):
            raise Usage(f"The line for {what} cannot be read as text.") from None
        if not line:
            raise Usage(f"There is no line for {what}: the input is at its end.")
        if len(line) > _LONGEST:
            raise Usage(f"The line for {what} is longer than {_LONGEST // 1024} KiB.", "Was another file meant?")
        return Secret(line.removesuffix("\n").removesuffix("\r"))


def _file(name: str, path: str) -> Secret:
    try:
        with Path(path).expanduser().open("rb") as file:
            content = file.read(_LONGEST + 1)
    except OSError as error:
        raise Usage(f"The file for {name} cannot be read: {(error.strerror or 'no access').lower()}.") from None
    if len(content) > _LONGEST:
        raise Usage(f"The file for {name} is larger than {_LONGEST // 1024} KiB.", "Was another file meant?")
    try:
        return Secret(content.decode("utf-8-sig").strip("\r\n"))
    except UnicodeDecodeError:
        raise Usage(f"The file for {name} holds no text.") from None


def ask(prompt: str) -> Secret | None:
    """What is typed at a prompt on the terminal, unseen; None without a terminal. The prompt is erased afterwards.

    The terminal hands over characters rather than lines, as its own line editor cuts a line at 4,096 of them.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return None
    try:
        with interruptible(), _unseen(terminal):
            os.write(terminal, prompt.encode())
            try:
                return Secret(_typed(terminal).decode("utf-8"))
            except UnicodeDecodeError:
                raise Usage("What was typed is not UTF-8 text.") from None
            finally:
                os.write(terminal, b"\n" if os.environ.get("TERM", "") in ("", "dumb") else b"\r\x1b[K")
    finally:
        os.close(terminal)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """ctrl+c ends a wait for input at once, also under an event loop, which would only note it for later."""
    try:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
    except ValueError:  # not the main thread: no signal arrives here
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _unseen(terminal: int) -> Iterator[None]:
    """No echo and no line editor; what was pasted after the line is thrown away, lest the shell run it."""
    import termios

    before = termios.tcgetattr(terminal)
    quiet = termios.tcgetattr(terminal)
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(terminal, termios.TCSAFLUSH, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


def _typed(terminal: int) -> bytes:
    typed = b""
    while len(typed) < _LONGEST:
        byte = os.read(terminal, 1)
        if byte in _ENDS or not byte or (byte == _END_OF_INPUT and not typed):
            break
        if byte in _ERASE:
            typed = typed.decode("utf-8", "ignore")[:-1].encode()
        elif byte == _EMPTY:
            typed = b""
        else:
            typed += byte
    return typed
