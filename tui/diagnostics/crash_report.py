"""Crash reports: where a crash happened, without locals or exception messages.

Neither locals nor messages of exceptions are written, as both may quote a secret.
"""

import itertools
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tui.errors import Problem
from tui.paths import paths
from tui.storage.folder import DiskFolder

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

_MAX_REPORTS = 20
_numbers = itertools.count(1)


def crash_note(error: BaseException, environ: Mapping[str, str]) -> Path | None:
    """Write the note below the log folder and return its path, or None where it cannot be written."""
    folder = DiskFolder(paths(environ).log)
    when = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    name = f"crash-{when}-{os.getpid()}-{next(_numbers)}.txt"
    try:
        folder.write(name, "".join(_lines(error)).encode("utf-8", "replace"))
        for entry in [name for name in folder.names() if name.startswith("crash-")][:-_MAX_REPORTS]:
            folder.remove(entry)
    except Problem:
        return None
    return folder.path / name


def crash_place(error: BaseException) -> str:
    """Return the error's type and the module and line that raised it, without its message."""
    frames = traceback.extract_tb(error.__traceback__)
    own_frames = [frame for frame in frames if f"{os.sep}tui{os.sep}" in frame.filename] or list(frames)
    if not own_frames:
        return type(error).__name__
    return f"{type(error).__name__} at {Path(own_frames[-1].filename).name}, line {own_frames[-1].lineno}"


def crash_words(error: BaseException, environ: Mapping[str, str]) -> Problem:
    """Return the problem to show once the crash report is written."""
    note = crash_note(error, environ)
    hint = f"Details (no keys): {note}" if note else ""
    return Problem(f"Modeldeck crashed; this is a bug ({crash_place(error)}).", hint)


def guard(environ: Mapping[str, str]) -> None:
    """Write a crash report for what nobody catches in this process.

    Print one sentence if it ends the program.
    """

    def report(_: object, error: BaseException, __: object) -> None:
        words = crash_words(error, environ)
        print(words.message, words.hint, sep="\n", file=sys.stderr)

    def noted(error: BaseException | None) -> None:
        if error is not None:
            crash_note(error, environ)

    sys.excepthook = report
    sys.unraisablehook = lambda lost: noted(lost.exc_value)
    threading.excepthook = lambda lost: noted(lost.exc_value)


def guard_loop(loop: "AbstractEventLoop", environ: Mapping[str, str]) -> None:
    """Write a crash report for what a callback or a forgotten task of the event loop raises.

    The debug mode of the loop stays as it is.
    """
    loop.set_debug(False)

    def noted(_: "AbstractEventLoop", context: Mapping[str, object]) -> None:
        if isinstance(error := context.get("exception"), Exception):
            crash_note(error, environ)

    loop.set_exception_handler(noted)


def guard_threads(failed: Callable[[BaseException], None]) -> None:
    """Hand on what a thread ended with, such as the one that reads the keys: nothing works without it."""
    threading.excepthook = lambda lost: failed(lost.exc_value) if lost.exc_value else None


def _lines(error: BaseException) -> Iterator[str]:
    visited: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in visited:
        visited.add(id(cause))
        yield f"{type(cause).__name__}\n"
        for frame in traceback.extract_tb(cause.__traceback__):
            yield f"  {frame.filename}:{frame.lineno} in {frame.name}\n    {frame.line}\n"
        cause = cause.__cause__ or cause.__context__
