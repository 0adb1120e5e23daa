"""Show long output in the program that PAGER names, if a person sees it."""

import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping

_FLAGS = "FRX"
"""Options of less where LESS is not set, as git has them: a text that fits is printed, colours and screen stay."""

_PRIVATE = ("MODELDECK_PASSPHRASE",)
"""Variables that a pager does not get."""


def shows(text: str, environ: Mapping[str, str]) -> bool:
    """Show a text that is longer than the terminal; return False if it is to be printed instead."""
    words = _command(environ)
    if not words or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    if text.count("\n") < shutil.get_terminal_size().lines:
        return False
    inherited = {name: value for name, value in environ.items() if name not in _PRIVATE}
    sys.stdout.flush()
    with _IgnoredInterrupts():
        try:
            subprocess.run(words, input=text.encode("utf-8", "replace"), env={"LESS": _FLAGS, **inherited}, check=False)
        except OSError:
            return False
    return True


def _command(environ: Mapping[str, str]) -> list[str]:
    """Return the words of PAGER; none without it, or if they are no command. No shell reads them."""
    try:
        words = shlex.split(environ.get("PAGER", ""))
    except ValueError:
        return []
    return [] if words == ["cat"] or not words or shutil.which(words[0], path=environ.get("PATH")) is None else words


class _IgnoredInterrupts:
    """Leaves ctrl+c to the pager for the time of a block."""

    def __enter__(self) -> None:
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._before = signal.signal(signal.SIGINT, lambda *_: None)

    def __exit__(self, *_: object) -> None:
        if self._main:
            signal.signal(signal.SIGINT, self._before)
