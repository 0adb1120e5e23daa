"""Secrets on their way in: never by the command line, which the list of processes shows.

A passphrase comes from what the command names (--passphrase-fd, --passphrase-file), else from the service manager
($CREDENTIALS_DIRECTORY/modeldeck-TENANT), else from MODELDECK_PASSPHRASE, else from a hidden prompt. A secret field
comes from a hidden prompt, a line of standard input or a file.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import TextIO

from tui.cli.output import is_terminal
from tui.cli.secret_files import credential, private_file, secret_in
from tui.errors import UsageError
from tui.secret import Secret

VARIABLE = "MODELDECK_PASSPHRASE"
_READABLE = (
    f"{VARIABLE} was read: root and this user's other programs can see a variable. "
    "--passphrase-fd and --passphrase-file show it to nobody.\n"
)
_LONGEST = 64 * 1024
_ENDS = (b"\r", b"\n")
_END_OF_INPUT, _ERASE, _EMPTY = b"\x04", (b"\x7f", b"\x08"), b"\x15"


class SecretInput:
    """Where one command takes secrets from; lines of a stream are taken one after the other.

    MODELDECK_PASSPHRASE is taken out of the environment at once: no child and nothing that runs later sees it.
    """

    def __init__(self, descriptor: str = "", file: str = "", environ: MutableMapping[str, str] | None = None) -> None:
        if descriptor and file:
            raise UsageError("--passphrase-fd and --passphrase-file are two sources.", "One is enough.")
        environ = {} if environ is None else environ
        self._descriptor, self._file = descriptor, file
        self._credentials = environ.get("CREDENTIALS_DIRECTORY", "")
        self._variable = Secret(environ.pop(VARIABLE, ""))
        self._lines: TextIO | None = None
        self._warned = False

    @property
    def named(self) -> bool:
        """Whether the command names where passphrases are read from."""
        return bool(self._descriptor or self._file)

    def passphrase(self, tenant_id: str, prompt: str) -> Secret | None:
        """The passphrase of a tenant; None where it was handed over nowhere and nobody can be asked."""
        return self.handed(tenant_id) or ask(prompt)

    def handed(self, tenant_id: str) -> Secret | None:
        """The passphrase of a tenant, if it comes without asking."""
        if self.named:
            return self._line(self._stream(), "a passphrase")
        if self._credentials and tenant_id and (found := credential(self._credentials, tenant_id)):
            return found
        if self._variable:
            if not self._warned:
                self._warned = True
                sys.stderr.write(_READABLE)
            return self._variable
        return None

    def has_own(self, tenant_id: str) -> bool:
        """Whether the service manager hands over a passphrase of this very tenant."""
        return bool(self._credentials) and credential(self._credentials, tenant_id) is not None

    def other(self, prompt: str) -> Secret | None:
        """A passphrase that is not a tenant's: the next line of what the command names, else what is typed."""
        return self._line(self._stream(), "a passphrase") if self.named else ask(prompt)

    def chosen(self, prompt: str) -> Secret | None:
        """A passphrase to be set, typed twice at a prompt; None where nobody can be asked."""
        new = self.other(prompt)
        if new and not self.named and self.other("The same again: ") != new:
            raise UsageError("The two passphrases differ; nothing was changed.")
        return new

    def field(self, name: str, label: str, value: str) -> Secret:
        """A secret field from `-` or `@FILE`; anything else would stand in the list of processes and is refused."""
        if value == "-":
            typed = ask(f"{label}: ") if is_terminal(sys.stdin) else None
            return self._line(sys.stdin, name) if typed is None else typed
        if value.startswith("@"):
            return secret_in(Path(value[1:]).expanduser(), f"The file for {name}")
        raise UsageError(
            f"{name} is secret and does not go on the command line, where the list of processes shows it.",
            f"{name}=- asks for it or reads a line of standard input, {name}=@FILE reads a file.",
        )

    def _stream(self) -> TextIO:
        if self._lines is None:
            if self._file:
                self._lines = private_file(self._file)
                return self._lines
            if not self._descriptor.isdecimal():
                raise UsageError("--passphrase-fd wants the number of an open file descriptor.")
            if int(self._descriptor) == 0:
                return sys.stdin
            try:
                self._lines = os.fdopen(int(self._descriptor), encoding="utf-8")
            except OSError:
                raise UsageError(
                    f"File descriptor {int(self._descriptor)} is not open.",
                    "For example: --passphrase-fd 3 3<FILE",
                ) from None
        return self._lines

    def close(self) -> None:
        """Close what passphrases were read from: nothing that is started later inherits it."""
        if self._lines is not None:
            self._lines.close()

    def _line(self, stream: TextIO, what: str) -> Secret:
        try:
            with interruptible():
                line = stream.readline(_LONGEST + 1)
        except (UnicodeDecodeError, OSError, ValueError):
            raise UsageError(f"The line for {what} cannot be read as text.") from None
        if not line:
            raise UsageError(f"There is no line for {what}: the input is at its end.")
        if len(line) > _LONGEST:
            raise UsageError(f"The line for {what} is longer than {_LONGEST // 1024} KiB.", "Was another file meant?")
        return Secret(line.removesuffix("\n").removesuffix("\r"))


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
                raise UsageError("What was typed is not UTF-8 text.") from None
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
