"""Who acts, as the system and the environment say. Informative only: a user can change it."""

import contextlib
import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from tui.process import identity

_NO_LOGIN_UID = 2**32 - 1


def who(environ: Mapping[str, str]) -> dict[str, str]:
    """Return who acts, for the audit log.

    Keys: `user` (of this process), and where known `login` (before sudo), `from` (address of the SSH client),
    `terminal`, and `inside`: tmux or screen, where the address is that of the client that started the shell.
    """
    user = _name(os.geteuid())
    login = _login() or environ.get("SUDO_USER", "")
    address = (environ.get("SSH_CONNECTION") or environ.get("SSH_CLIENT") or "").split(" ")[0]
    inside = "tmux" if environ.get("TMUX") else "screen" if environ.get("STY") else ""
    described = {
        "user": user,
        "login": login if login != user else "",
        "from": address,
        "terminal": identity.terminal(),
        "inside": inside,
    }
    return {name: text for name, text in described.items() if text}


def _login() -> str:
    """Return the user who logged in, which the kernel keeps through sudo and su, or ''."""
    with contextlib.suppress(OSError, ValueError):
        number = int(Path("/proc/self/loginuid").read_text())
        return _name(number) if number != _NO_LOGIN_UID else ""
    return ""


def _name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
