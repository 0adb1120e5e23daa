"""Edit a text in the program that $VISUAL or $EDITOR names.

The text is in a file that only this user can read, in a folder of its own that is removed afterwards, with whatever the
editor left beside it. If this process is killed, the next one removes it.
"""

import asyncio
import os
import shlex
import signal
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from tui.errors import Problem
from tui.paths import open_file
from tui.sanitize import one_line, printable
from tui.storage.temporary import temporary_folder

_MAX_SIZE = 4 * 1024 * 1024
"""Bytes of a file that is read back; no field takes as much."""


def edit_on_terminal(app: App[Any], text: str, environ: Mapping[str, str]) -> str | Problem:
    """Give the app's terminal to the editor. Return the edited text, or what went wrong."""
    loop = asyncio.get_running_loop()
    try:
        with app.suspend():
            # Ctrl+c in the editor is the editor's; the terminal sends it to both.
            loop.remove_signal_handler(signal.SIGINT)
            signal.signal(signal.SIGINT, lambda *_: None)
            return edit_or_problem(text, environ)
    except SuspendNotSupported:
        return Problem("An editor cannot run on this terminal.")
    finally:
        loop.add_signal_handler(signal.SIGINT, app.exit, None, 128 + signal.SIGINT)


def edit_or_problem(text: str, environ: Mapping[str, str]) -> str | Problem:
    """Return the edited text, or what went wrong: Textual does not take the terminal back after an exception."""
    try:
        return edit(text, environ)
    except Problem as problem:
        return problem


def edit(text: str, environ: Mapping[str, str]) -> str:
    """Return the text as it is after the editor has ended.

    Raises:
        Problem: No editor is set, it cannot be started or fails, or what it saved is not a text.
    """
    command = _command(environ)
    with temporary_folder(_private_folder(environ)) as folder:
        path = folder / "text.md"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        _run([*command, str(path)], environ)
        return _read_saved(path)


def _command(environ: Mapping[str, str]) -> list[str]:
    name = next((name for name in ("VISUAL", "EDITOR") if environ.get(name, "").strip()), "")
    if not name:
        raise Problem("No editor is set.", "Set VISUAL or EDITOR before you start Modeldeck: export EDITOR=nano")
    try:
        return shlex.split(environ[name])
    except ValueError:
        raise Problem(
            f"{name} is not a command: a quote is missing.", f"Set {name} to the command of an editor."
        ) from None


def _private_folder(environ: Mapping[str, str]) -> str | None:
    """Return the folder of this user's session, which is in memory, if only this user can read it; else None."""
    folder = environ.get("XDG_RUNTIME_DIR", "")
    try:
        status = os.stat(folder)
    except OSError:
        return None
    private = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
    return folder if private and os.access(folder, os.W_OK) else None


def _run(command: list[str], environ: Mapping[str, str]) -> None:
    name = one_line(os.path.basename(command[0]), 40)
    try:
        code = subprocess.run(command, env=dict(environ), check=False).returncode
    except OSError as error:
        reason = one_line(error.strerror or "").lower()
        raise Problem(
            f"The editor {name} cannot be started: {reason}.", "Set VISUAL or EDITOR to another one."
        ) from None
    if code:
        raise Problem(f"The editor {name} ended with exit code {code}.", "Your text is unchanged.")


def _read_saved(path: Path) -> str:
    try:
        with open_file(path) as file:
            content = file.read(_MAX_SIZE + 1)
        if len(content) > _MAX_SIZE:
            raise Problem("The file is larger than 4 MiB.", "Your text is unchanged.")
        text = content.decode()
    except OSError:
        raise Problem("The editor left no file.", "Your text is unchanged.") from None
    except UnicodeDecodeError:
        raise Problem("What the editor saved is not UTF-8 text.", "Your text is unchanged.") from None
    # Most editors end the last line.
    return printable(text.replace("\r\n", "\n").removesuffix("\n"))
