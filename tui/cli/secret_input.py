"""Read secrets, never from the command line, which the process list shows.

A passphrase comes from what the command names (--passphrase-fd, --passphrase-file), else from the service manager
($CREDENTIALS_DIRECTORY/modeldeck-TENANT), else from MODELDECK_PASSPHRASE, else from a hidden prompt. A secret field
comes from a hidden prompt, a line of standard input, a file or a variable.
"""

import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, TextIO

from tui.cli.inputs import interruptible, is_interactive, whole_number
from tui.cli.output import is_terminal
from tui.cli.secret_files import credential, first_line, private_file, secret_in
from tui.errors import UsageError
from tui.secret import Secret
from tui.storage.user_file import local_path

if TYPE_CHECKING:
    from tui.providers.spec import Field

VARIABLE = "MODELDECK_PASSPHRASE"
_VARIABLE_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]{0,63}")
_READABLE = (
    f"Warning: root and your other programs can read {VARIABLE}. Use --passphrase-fd or --passphrase-file instead.\n"
)
_MAX_SIZE = 64 * 1024
_LINE_ENDINGS = (b"\r", b"\n")
_STDERR = 2
_END_OF_INPUT, _ERASE, _EMPTY = b"\x04", (b"\x7f", b"\x08"), b"\x15"


class SecretInput:
    """The sources of one command's secrets; lines of a stream are read one after the other.

    MODELDECK_PASSPHRASE is removed from the environment at once: no child and nothing that runs later sees it.
    """

    def __init__(self, descriptor: str = "", file: str = "", environ: MutableMapping[str, str] | None = None) -> None:
        if descriptor and file:
            raise UsageError("--passphrase-fd and --passphrase-file exclude each other.", "Use one of them.")
        self._environ = environ = {} if environ is None else environ
        self._descriptor, self._file = descriptor, file
        self._credentials = environ.get("CREDENTIALS_DIRECTORY", "")
        self._variable = Secret(first_line(environ.pop(VARIABLE, "")))
        self._lines: TextIO | None = None
        self._warned = False

    @property
    def has_source(self) -> bool:
        """Whether the command names where passphrases are read from."""
        return bool(self._descriptor or self._file)

    def passphrase(self, tenant_id: str, prompt: str) -> Secret | None:
        """Return the passphrase of a tenant; None if no source has it and there is no terminal to ask on."""
        return self.passphrase_without_prompt(tenant_id) or ask(prompt)

    def passphrase_without_prompt(self, tenant_id: str) -> Secret | None:
        """Return the passphrase of a tenant if it can be had without asking, else None."""
        if self.has_source:
            return self._line(self._stream(), "a passphrase")
        if self._credentials and tenant_id and (passphrase := credential(self._credentials, tenant_id)):
            return passphrase
        if self._variable:
            if not self._warned:
                self._warned = True
                sys.stderr.write(_READABLE)
            try:
                self._variable.reveal().encode()
            except UnicodeEncodeError:
                raise UsageError(f"{VARIABLE} is not UTF-8 text.") from None
            return self._variable
        return None

    def has_service_passphrase(self, tenant_id: str) -> bool:
        """Return True if the service manager has a passphrase of this very tenant."""
        return bool(self._credentials) and credential(self._credentials, tenant_id) is not None

    def another_passphrase(self, prompt: str) -> Secret | None:
        """Read another passphrase than a tenant's: the next line of the named source, else from a prompt."""
        return self._line(self._stream(), "a passphrase") if self.has_source else ask(prompt)

    def new_passphrase(self, prompt: str) -> Secret | None:
        """Read a new passphrase, typed twice at a prompt; None without a terminal."""
        from tui.vault.key_derivation import check_new_passphrase

        new = self.another_passphrase(prompt)
        if new:
            check_new_passphrase(new)
        if new and not self.has_source and self.another_passphrase("Repeat it: ") != new:
            raise UsageError("The passphrases don't match. Nothing was changed.")
        return new

    def field(self, field: "Field", label: str, value: str) -> Secret:
        """Read a secret field from `-`, `@FILE` or `env:NAME`.

        Raises:
            UsageError: for anything else, which the list of processes would show.
        """
        name = field.name
        if value == "-":
            typed = ask(f"{label}: ") if is_terminal(sys.stdin) else None
            return self._line(_stdin(), name) if typed is None else typed
        if value.startswith("@"):
            return secret_in(local_path(value[1:]), f"The file for {name}")
        if value.startswith("env:"):
            return self._variable_value(name, value[4:])
        raise UsageError(
            f"{name} is secret; on the command line the process list would show it.", secret_sources(field)
        )

    def _variable_value(self, name: str, variable: str) -> Secret:
        if not _VARIABLE_NAME.fullmatch(variable):
            raise UsageError(f"{name}=env: needs the name of a variable.", f"For example: {name}=env:OPENAI_API_KEY")
        if not self._environ.get(variable):
            raise UsageError(f"The variable {variable} is not set, or blank.", f"Use {name}=- to type the value.")
        return Secret(self._environ[variable])

    def _stream(self) -> TextIO:
        if self._lines is None:
            if self._file:
                self._lines = private_file(self._file)
                return self._lines
            descriptor = whole_number("--passphrase-fd", self._descriptor, maximum=2**31 - 1)
            if descriptor == 0:
                return _stdin()
            try:
                self._lines = os.fdopen(descriptor, encoding="utf-8", newline="\n")
            except OSError:
                raise UsageError(
                    f"File descriptor {descriptor} is not open.", "For example: --passphrase-fd 3 3<FILE"
                ) from None
        return self._lines

    def close(self) -> None:
        """Close the source of passphrases, read or not, so that nothing that starts later inherits it."""
        if self._lines is not None:
            self._lines.close()
        elif self._descriptor.isdecimal():
            # ValueError: of more than 4,300 digits Python makes no number.
            with contextlib.suppress(OSError, OverflowError, ValueError):
                if (descriptor := int(self._descriptor)) > _STDERR:
                    os.close(descriptor)
        self._descriptor = ""

    def _line(self, stream: TextIO, what: str) -> Secret:
        try:
            with interruptible():
                line = stream.readline(_MAX_SIZE + 1)
        except (UnicodeDecodeError, OSError, ValueError):
            raise UsageError(f"The line for {what} is not text.") from None
        if not line:
            raise UsageError(f"Missing line for {what}: the input has ended.")
        if len(line) > _MAX_SIZE:
            raise UsageError(
                f"The line for {what} is longer than {_MAX_SIZE // 1024} KiB.", "Check that it is the right file."
            )
        return Secret(first_line(line))


def _stdin() -> TextIO:
    """Return standard input, read like a file of passphrases whatever the locale says."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        with contextlib.suppress(io.UnsupportedOperation):  # it has been read already, so this was done
            sys.stdin.reconfigure(encoding="utf-8", errors="strict", newline="\n")
    return sys.stdin


def secret_sources(field: "Field") -> str:
    """Return how to give a secret field, as a sentence."""
    variable = f", {field.name}=env:{field.env[0]} to use that variable" if field.env else ""
    return f"Use {field.name}=- for a hidden prompt or a line of stdin, {field.name}=@FILE for a file{variable}."


def ask(prompt: str) -> Secret | None:
    """Read what is typed at a hidden prompt, erased afterwards; None without a terminal or with --no-input.

    The terminal hands over characters rather than lines, as its own line editor cuts a line at 4,096 of them.
    """
    if not is_interactive():
        return None
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return None
    try:
        with interruptible(), _without_echo(terminal):
            os.write(terminal, prompt.encode())
            try:
                return Secret(_read_line(terminal).decode("utf-8"))
            except UnicodeDecodeError:
                raise UsageError("Your input is not UTF-8 text.") from None
            finally:
                os.write(terminal, b"\n" if os.environ.get("TERM", "") in ("", "dumb") else b"\r\x1b[K")
    finally:
        os.close(terminal)


@contextlib.contextmanager
def _without_echo(terminal: int) -> Iterator[None]:
    """Turn off echo and line editor; discard what was pasted after the line, so that the shell does not run it."""
    import termios

    before = termios.tcgetattr(terminal)
    quiet = termios.tcgetattr(terminal)
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(terminal, termios.TCSAFLUSH, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


def _read_line(terminal: int) -> bytes:
    typed = b""
    while len(typed) < _MAX_SIZE:
        byte = os.read(terminal, 1)
        if byte in _LINE_ENDINGS or not byte or (byte == _END_OF_INPUT and not typed):
            break
        if byte in _ERASE:
            typed = typed.decode("utf-8", "ignore")[:-1].encode()
        elif byte == _EMPTY:
            typed = b""
        else:
            typed += byte
    return typed
