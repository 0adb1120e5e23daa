"""File locations: the three root folders, from the environment."""

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tui.errors import Problem


@dataclass(frozen=True)
class Paths:
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
    home = Path(environ.get("HOME", ""))
    if not home.is_absolute():
        home = _home_of_user()

    def root(variable: str, fallback: str) -> Path:
        value = Path(environ.get(variable, ""))
        return (value if value.is_absolute() else home / fallback) / "modeldeck"

    state = root("XDG_STATE_HOME", ".local/state")
    return Paths(
        data=_override(environ, "MODELDECK_DATA_DIR", root("XDG_DATA_HOME", ".local/share")),
        config=_override(environ, "MODELDECK_CONFIG_DIR", root("XDG_CONFIG_HOME", ".config")),
        keys=_override(environ, "MODELDECK_KEY_DIR", state / "keys"),
        log=state / "log",
        home=home,
    )


def _home_of_user() -> Path:
    try:
        home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        home = Path()
    if not home.is_absolute():
        raise Problem("You have no home folder.", "Set HOME to an absolute path.")
    return home


def _override(environ: Mapping[str, str], variable: str, otherwise: Path) -> Path:
    value = environ.get(variable)
    return Path(value).absolute() if value else otherwise
