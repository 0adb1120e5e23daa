"""Where a connection has its password from: a file that libpq reads, which takes the line of the host and the login.

libpq passes over a file that others can read with a warning on the terminal, and over a pipe without a word. Here the
first is refused, and the second is copied into memory, as is a credential of systemd, whose mode names its group.
"""

import os
import re
import stat
from collections.abc import Mapping
from functools import cache

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tui.errors import UsageError
from tui.paths import is_nameless
from tui.sanitize import one_line
from tui.storage.postgres.address import service_file

CREDENTIAL = "modeldeck-pgpass"
"""The credential that systemd hands to a service (`LoadCredential=modeldeck-pgpass:…`)."""

_MAX_SIZE = 64 * 1024
_PASSWORD = re.compile(r"^\s*password\s*=", re.MULTILINE)


def with_password_file(conninfo: str, environ: Mapping[str, str]) -> str:
    """Return a connection string that names the password file, if there is one.

    It is the one that the string names, else the credential of systemd, else PGPASSFILE or ~/.pgpass.

    Raises:
        UsageError: Others can read the file, or a service file with a password; or a file that is named is missing.
    """
    _check_service_file(environ)
    named = str(conninfo_to_dict(conninfo).get("passfile") or "")
    credential = os.path.join(environ.get("CREDENTIALS_DIRECTORY", "/nowhere"), CREDENTIAL)
    home = os.path.join(environ["HOME"], ".pgpass") if environ.get("HOME") else ""
    if not named and os.path.exists(credential):
        return make_conninfo(conninfo, passfile=_copied(credential))
    path = named or environ.get("PGPASSFILE", "") or home
    if path and is_nameless(path):
        return make_conninfo(conninfo, passfile=_copied(path))
    try:
        mode = os.stat(path).st_mode
    except OSError:
        if named:
            raise UsageError(f"There is no password file {one_line(named, 200)}.", "Correct its path.") from None
        return conninfo
    if stat.S_ISREG(mode) and mode & 0o077:
        raise UsageError(
            f"The password file {one_line(path, 200)} can be read by others.",
            "Make it private: chmod 600.",
        )
    return make_conninfo(conninfo, passfile=path)


def _check_service_file(environ: Mapping[str, str]) -> None:
    """Raise UsageError if others can read a service file that has a password."""
    path = service_file(environ)
    try:
        exposed = path.stat().st_mode & 0o077 and _PASSWORD.search(path.read_text(errors="replace"))
    except OSError:
        return
    if exposed:
        raise UsageError(
            f"The service file {one_line(str(path), 200)} has a password, and can be read by others.",
            "Move the password to a password file, or make the file private: chmod 600.",
        )


@cache
def _copied(path: str) -> str:
    """Return a path to a copy in memory of a file that can be read once, or that libpq would pass over."""
    try:
        with open(path, "rb") as source:
            content = source.read(_MAX_SIZE)
    except OSError as error:
        raise UsageError(f"The password file {one_line(path, 200)} cannot be read: {error.strerror}.") from None
    if not hasattr(os, "memfd_create"):
        return path
    descriptor = os.memfd_create("pgpass")
    os.fchmod(descriptor, 0o600)
    os.write(descriptor, content)
    return f"/proc/self/fd/{descriptor}"
