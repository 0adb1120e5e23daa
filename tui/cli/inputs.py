"""Read standard input, numeric arguments and the names of new files."""

import codecs
import contextlib
import io
import os
import re
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tui.cli.output import is_terminal
from tui.errors import UsageError
from tui.storage.user_file import check_regular, local_path

_asking = True


def allow_questions(allowed: bool) -> None:
    """Set whether this process may ask a person; without, what would ask fails at once."""
    global _asking
    _asking = allowed


def is_interactive() -> bool:
    """Return True if this process may ask a person."""
    return _asking


def read_text(invitation: str) -> str:
    """Read standard input to its end as text; on a terminal, say first what is awaited.

    Raises:
        UsageError: It is not text in UTF-8 or the locale's encoding, or in UTF-16 with a byte order mark.
    """
    with _invite(invitation):
        if not isinstance(sys.stdin, io.TextIOWrapper):
            return sys.stdin.read()
        content = sys.stdin.buffer.read()
    text = _decode(content, sys.stdin.encoding)
    if text is None:
        raise UsageError("The input is not UTF-8 text.", "Convert it first: iconv -f ENCODING -t UTF-8 FILE")
    if "\0" in text:
        raise UsageError("The input contains NUL bytes: it looks like UTF-16 or a binary file.", "Save it as UTF-8.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode(content: bytes, locale: str) -> str | None:
    """Decode by the byte order mark, else as UTF-8 or in the locale's encoding; None if it is neither."""
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    for name in (encoding, locale):
        with contextlib.suppress(UnicodeDecodeError, LookupError):
            return content.decode(name)
    return None


def read_bytes(invitation: str, limit: int) -> bytes:
    """Read at most `limit` bytes of standard input; on a terminal, say first what is awaited."""
    with _invite(invitation):
        return sys.stdin.buffer.read(limit)


@contextlib.contextmanager
def _invite(invitation: str) -> Iterator[None]:
    with interruptible():  # before the invitation, which ctrl+c may follow at once
        if is_terminal(sys.stdin):
            if not is_interactive():
                raise UsageError("The input is missing: standard input is a terminal.", "Give it, or drop --no-input.")
            sys.stderr.write(f"{invitation}, then press ctrl+d:\n")
            sys.stderr.flush()
        yield


_INTERRUPT_INTERVAL = 0.25
"""Seconds after which ctrl+c is noticed that came in the moment before a read began to wait."""


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let ctrl+c end a wait for input at once, also under an event loop, which would only note it for later.

    A signal that comes just before the system call does not interrupt it; the timer's next one does.
    """
    try:
        wakeup = signal.set_wakeup_fd(-1)
    except ValueError:  # not the main thread: no signal arrives here
        yield
        return
    interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
    alarm = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, _INTERRUPT_INTERVAL, _INTERRUPT_INTERVAL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
        signal.signal(signal.SIGINT, interrupt)
        signal.set_wakeup_fd(wakeup)


def whole_number(name: str, text: str, minimum: int = 0, maximum: int = 10**9) -> int:
    """Return the whole number in the text.

    Raises:
        UsageError: naming the option, if the text is anything else or out of range.
    """
    if not text.isdecimal() or len(text) > 12 or not minimum <= int(text) <= maximum:
        raise UsageError(f"{name} needs a whole number from {minimum} to {maximum:,}.")
    return int(text)


_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def since_time(text: str) -> str:
    """Return an ISO time in UTC from a local date or time, or from an age."""
    ago = re.fullmatch(r"(\d{1,6})([mhdw])", text)
    try:
        if not text:
            return ""
        if ago:
            then = datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        else:
            then = datetime.fromisoformat(text).astimezone(UTC)
        return f"{then:%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            "--since needs a date, a time or an age.", "For example 2026-11-22, 2026-11-22T14:00, 30m, 12h, 7d or 2w."
        ) from None


def new_file(where: str, force: bool) -> Path:
    """Return the path of a file that will be written.

    Args:
        where: The path as a person typed it.
        force: True if an existing file may be overwritten.

    Raises:
        UsageError: It exists, or leads to something that is not a file.
    """
    path = local_path(where)
    if os.path.lexists(path) and not force:
        raise UsageError(f"{where} already exists.", "Use --force to overwrite it.")
    check_regular(path)
    return path
