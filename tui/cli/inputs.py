"""Read standard input and numeric arguments."""

import contextlib
import io
import signal
import sys
from collections.abc import Iterator

from tui.cli.output import is_terminal
from tui.errors import UsageError


def read_text(invitation: str) -> str:
    """Read standard input to its end as text; on a terminal, say first what is awaited."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    with _awaited(invitation):
        return sys.stdin.read()


def read_bytes(invitation: str, limit: int) -> bytes:
    """Read at most `limit` bytes of standard input; on a terminal, say first what is awaited."""
    with _awaited(invitation):
        return sys.stdin.buffer.read(limit)


@contextlib.contextmanager
def _awaited(invitation: str) -> Iterator[None]:
    if is_terminal(sys.stdin):
        sys.stderr.write(f"{invitation}, then press ctrl+d:\n")
        sys.stderr.flush()
    with interruptible():
        yield


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let ctrl+c end a wait for input at once, also under an event loop, which would only note it for later."""
    try:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
    except ValueError:  # not the main thread: no signal arrives here
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def whole_number(name: str, text: str, least: int = 0, largest: int = 10**9) -> int:
    """Return the whole number in the text.

    Raises:
        UsageError: naming the option, if the text is anything else or out of range.
    """
    if not text.isdecimal() or len(text) > 12 or not least <= int(text) <= largest:
        raise UsageError(f"{name} needs a whole number from {least} to {largest:,}.")
    return int(text)
