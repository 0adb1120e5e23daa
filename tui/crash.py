"""The note of a crash: where it happened, never what was in hand.

Neither locals nor messages of exceptions are written, as both may quote a secret.
"""

import contextlib
import os
import time
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

from tui.paths import paths


def crash_note(error: BaseException, environ: Mapping[str, str]) -> Path | None:
    """Write the note below the log folder and return its path, or None where it cannot be written."""
    folder = paths(environ).log
    name = folder / f"crash-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}.txt"
    with contextlib.suppress(OSError):
        for each in (folder.parent, folder):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(_lines(error))
        return name
    return None


def crash_place(error: BaseException) -> str:
    """The kind of error and the place in the program where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}tui{os.sep}" in frame.filename] or list(frames)
    if not ours:
        return type(error).__name__
    return f"{type(error).__name__} at {Path(ours[-1].filename).name}, line {ours[-1].lineno}"


def _lines(error: BaseException) -> Iterator[str]:
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield f"{type(each).__name__}\n"
        for frame in traceback.extract_tb(each.__traceback__):
            yield f"  {frame.filename}:{frame.lineno} in {frame.name}\n    {frame.line}\n"
        each = each.__cause__ or each.__context__
