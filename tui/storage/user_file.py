"""Files that a user chooses, outside Modeldeck's folders."""

import os
from pathlib import Path

from tui.errors import Problem, UsageError
from tui.sanitize import one_line


def local_path(text: str) -> Path:
    """Return the path that a person typed, `~` and `~user` resolved.

    Raises:
        UsageError: if there is no user of that name.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UsageError(
            f"Unknown user in {one_line(text, 200)}.", "Write ./~ for a name that begins with a tilde."
        ) from None


def write(path: Path, text: str) -> None:
    """Write a text for its owner alone (mode 0600), whole or not at all.

    A symbolic link is replaced itself, not its target.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        opened = os.open(path=part, flags=os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode=0o600)
        try:
            with open(opened, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise unwritable(path, error) from None


def read(path: Path, largest: int) -> bytes:
    """Read a file, up to one byte more than `largest`.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(largest + 1)
    except OSError as error:
        reason = (error.strerror or "no access").lower()
        raise UsageError(f"The file cannot be read: {reason}.", "Choose another file.") from None


def unwritable(path: Path, error: OSError) -> Problem:
    """Return why a file cannot be written there."""
    reason = error.strerror or str(error)
    return Problem(f"{one_line(str(path))} could not be written: {reason}.", "Choose another place.")
