"""Files that hold a passphrase or a key: the operator's own, and what a service manager hands over."""

import os
import stat
from pathlib import Path
from typing import TextIO

from tui.errors import UsageError
from tui.sanitize import one_line
from tui.secret import Secret

_LONGEST = 64 * 1024


def private_file(path: str) -> TextIO:
    """A file of passphrases, one a line, opened. Usage unless it is a plain file that its owner alone can read."""
    where, shown = Path(path).expanduser(), one_line(path, 200)
    try:
        descriptor = os.open(where, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if where.is_symlink():
            raise UsageError(f"{shown} is a link.", "Name the file itself.") from None
        raise UsageError(f"{shown} cannot be read: {(error.strerror or 'no access').lower()}.") from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"{shown} is not a plain file.", "--passphrase-fd reads from anything else.")
        if found.st_uid != os.geteuid():
            raise UsageError(f"{shown} belongs to another user.", f"Make it yours:\nchown {os.geteuid()} {shown}")
        if found.st_mode & 0o077:
            raise UsageError(f"Other users of this machine can open {shown}.", f"Make it private:\nchmod 600 {shown}")
    except UsageError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, encoding="utf-8-sig")


def credential(folder: str, tenant_id: str) -> Secret | None:
    """What systemd hands over as `modeldeck-TENANT` (LoadCredential=, LoadCredentialEncrypted=); None if it does not.

    The service manager minds who can read it: it may belong to root.
    """
    name = f"modeldeck-{tenant_id}"
    path = Path(folder) / name
    try:
        path.stat()
    except FileNotFoundError:
        return None
    except OSError:
        pass  # What stands in the way is told as of any file.
    return secret_in(path, f"The credential {name}")


def secret_in(path: Path, shown: str) -> Secret:
    """The text of a small file without the line ends around it. Usage, in which `shown` names it, for any other."""
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
    except OSError as error:
        raise UsageError(f"{shown} cannot be read: {(error.strerror or 'no access').lower()}.") from None
    if len(content) > _LONGEST:
        raise UsageError(f"{shown} is larger than {_LONGEST // 1024} KiB.", "Was another file meant?")
    try:
        return Secret(content.decode("utf-8-sig").strip("\r\n"))
    except UnicodeDecodeError:
        raise UsageError(f"{shown} holds no text.") from None
