"""Read files that hold a passphrase or an API key: the user's, and the service manager's."""

import os
import stat
from pathlib import Path
from typing import TextIO

from tui.errors import UsageError
from tui.paths import open_file
from tui.sanitize import one_line
from tui.secret import Secret
from tui.storage.user_file import local_path

_MAX_SIZE = 64 * 1024
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
"""The byte order marks of UTF-16."""


def private_file(path: str) -> TextIO:
    """Open a file of passphrases, one per line.

    Raises:
        UsageError: unless it is a regular file that only its owner can read.
    """
    where, shown = local_path(path), one_line(path, 200)
    try:
        descriptor = os.open(where, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if where.is_symlink():
            raise UsageError(f"{shown} is a symbolic link.", "Name the file itself.") from None
        raise UsageError(f"{shown} cannot be read: {(error.strerror or 'no access').lower()}.") from None
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise UsageError(f"{shown} is not a regular file.", "Use --passphrase-fd to read from anything else.")
        if info.st_uid != os.geteuid():
            raise UsageError(f"{shown} belongs to another user.", f"Take ownership:\nchown {os.geteuid()} {shown}")
        if info.st_mode & 0o077:
            raise UsageError(f"Other users of this machine can open {shown}.", f"Make it private:\nchmod 600 {shown}")
    except UsageError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, encoding="utf-8", newline="\n")


def credential(folder: str, tenant_id: str) -> Secret | None:
    """Read the systemd credential `modeldeck-TENANT` (LoadCredential=, LoadCredentialEncrypted=), or return None.

    The service manager controls who can read it: it may belong to root.
    """
    name = f"modeldeck-{tenant_id}"
    path = Path(folder) / name
    try:
        path.stat()
    except FileNotFoundError:
        return None
    except OSError:
        pass  # secret_in reports it, as for any file
    return Secret(first_line(_read(path, f"The credential {name}")))


def first_line(text: str) -> str:
    """Return the first line of a text, without its end and a byte order mark: a passphrase, whatever it comes from.

    Lines end with LF or CR LF; a CR elsewhere belongs to the passphrase.
    """
    return text.removeprefix("\ufeff").partition("\n")[0].removesuffix("\r")


def secret_in(path: Path, shown: str) -> Secret:
    """Return the text of a small file without the line ends around it.

    Raises:
        UsageError: naming the file as `shown`, if it is large, unreadable or no text.
    """
    text = _read(path, shown).removeprefix("\ufeff").strip("\r\n")
    if "\0" in text:
        # UTF-16 without its mark has a zero byte beside each letter.
        raise UsageError(f"{shown} is not UTF-8 text; it looks like UTF-16.", "Save it as UTF-8.")
    return Secret(text)


def _read(path: Path, shown: str) -> str:
    try:
        with open_file(path) as file:
            content = file.read(_MAX_SIZE + 1)
    except OSError as error:
        raise UsageError(f"{shown} cannot be read: {(error.strerror or 'no access').lower()}.") from None
    if len(content) > _MAX_SIZE:
        raise UsageError(f"{shown} is larger than {_MAX_SIZE // 1024} KiB.", "Check that it is the right file.")
    # Notepad saves UTF-16 as "Unicode", with a mark.
    encoding = "utf-16" if content.startswith(_UTF16) else "utf-8"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise UsageError(f"{shown} is not UTF-8 text.", "Save it as UTF-8.") from None
