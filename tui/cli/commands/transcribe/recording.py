"""The recording that a command names, or that is piped to it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui.cli.inputs import interruptible
from tui.cli.output import is_terminal
from tui.errors import UsageError
from tui.storage.temporary import temporary_folder
from tui.storage.user_file import local_path
from tui.workspace.playground.speech.audio import ending_of

_CHUNK = 64 * 1024
_MAX_SIZE = 2**30
"""Bytes that are copied of standard input where the model has no limit of its own."""


@contextmanager
def recording(name: str, limit: int | None) -> Iterator[Path]:
    """Yield the path of a recording: the one that is named, or for - a private copy of standard input.

    No more than a byte beyond `limit` is copied. The copy is deleted at the end.

    Raises:
        UsageError: Standard input is a terminal, is empty, or has no known audio format.
    """
    if name != "-":
        yield local_path(name)
        return
    if is_terminal(sys.stdin):
        raise UsageError("A recording cannot be typed.", "Pipe one: modeldeck transcribe - <call.mp3")
    with temporary_folder() as folder:
        remaining = limit + 1 if limit is not None else _MAX_SIZE
        with interruptible():
            content = sys.stdin.buffer.read(_CHUNK)
            if not content:
                raise UsageError("Standard input is empty.", "Check what is piped.")
            path = folder / f"stdin.{ending_of(content)}"
            with path.open("wb") as copy:
                while content and remaining > 0:
                    copy.write(content[:remaining])
                    remaining -= len(content)
                    content = sys.stdin.buffer.read(_CHUNK)
        yield path
