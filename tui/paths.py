"""File locations: the three root folders, from the environment; and files that were put there, opened for reading."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Paths(NamedTuple):
    """The roots of one OS user's Modeldeck. `modeldeck paths` prints them."""

    data: Path
    config: Path
    keys: Path
    log: Path
    home: Path

    def short(self, path: Path) -> str:
        """Return a path as people read it, with `~` for the home folder."""
        return f"~/{path.relative_to(self.home)}" if path.is_relative_to(self.home) else str(path)


def paths(environ: Mapping[str, str]) -> Paths:
    """Return the roots by the XDG rules (relative values are ignored), each overridden by its own variable.

    A home folder that is blank or relative is that of the system's list of users: nothing depends on where you are.

    Raises:
        Problem: That list has none either.
    """
    from pathlib import Path

    home = _home(environ)
    state = _root(environ, home, "XDG_STATE_HOME", ".local/state")
    return Paths(
        data=Path(data_folder(environ)),
        config=Path(_override(environ, "MODELDECK_CONFIG_DIR", _root(environ, home, "XDG_CONFIG_HOME", ".config"))),
        keys=Path(_override(environ, "MODELDECK_KEY_DIR", os.path.join(state, "keys"))),
        log=Path(state, "log"),
        home=Path(home),
    )


def data_folder(environ: Mapping[str, str]) -> str:
    """Return the root of the settings. Shell completion asks for it alone, as pathlib takes long to import."""
    return _override(environ, "MODELDECK_DATA_DIR", _root(environ, _home(environ), "XDG_DATA_HOME", ".local/share"))


def open_file(path: str | Path) -> BinaryIO:
    """Open a regular file for reading, or a pipe that a shell made, as in `<(command)`.

    Anything else is refused before a byte is read: a named pipe would be waited for, a device may never end.

    Raises:
        OSError: It cannot be opened, or is something else; `strerror` says so.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) and not (stat.S_ISFIFO(mode) and is_nameless(path)):
            kind = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
            raise OSError(kind, os.strerror(kind) if stat.S_ISDIR(mode) else "Not a regular file")
        os.set_blocking(descriptor, True)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_file(path: str | Path, max_size: int) -> bytes:
    """Read a file that `open_file` opens, whole.

    Raises:
        OSError: It cannot be read, or has more than `largest` bytes.
    """
    with open_file(path) as file:
        content = file.read(max_size + 1)
    if len(content) > max_size:
        raise OSError(errno.EFBIG, f"Larger than {max_size // 2**20} MiB")
    return content


def is_nameless(path: str | Path) -> bool:
    """Return True if a path leads to a descriptor of this process, not to an entry of a folder."""
    return os.path.realpath(path).startswith(("/dev/fd/", "/proc/"))


def _override(environ: Mapping[str, str], variable: str, otherwise: str) -> str:
    """Return the absolute path in a variable, in which nothing but a shell may have resolved a tilde."""
    value = environ.get(variable)
    if not value:
        return otherwise
    if value == "~" or value.startswith("~/"):
        return _home(environ) + value[1:]
    path = os.path.expanduser(value)
    if path.startswith("~"):
        raise _refused(f"Unknown user in {variable}.", "Write ./~ for a name that begins with a tilde.")
    try:
        return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)
    except FileNotFoundError:
        what = f"{variable} is a relative path, and the current folder was removed."
        raise _refused(what, "Set it to an absolute path.") from None


def _refused(message: str, hint: str) -> Exception:
    """Return a usage error; shell completion, which hardly sees one, starts without its module."""
    from tui.errors import UsageError

    return UsageError(message, hint)


def _root(environ: Mapping[str, str], home: str, variable: str, fallback: str) -> str:
    value = environ.get(variable, "")
    return os.path.join(value if os.path.isabs(value) else os.path.join(home, fallback), "modeldeck")


def _home(environ: Mapping[str, str]) -> str:
    home = environ.get("HOME", "")
    if os.path.isabs(home):
        return home
    import pwd

    from tui.errors import Problem

    try:
        home = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        home = ""
    if not os.path.isabs(home):
        raise Problem("You have no home folder.", "Set HOME to an absolute path.")
    return home
