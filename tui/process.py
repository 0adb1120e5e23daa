"""What this process denies to its neighbours: core files, other programs of the same user, loose file modes."""

import contextlib
import ctypes
import os
import resource
from collections.abc import MutableMapping

_PR_SET_DUMPABLE = 4


def harden(environ: MutableMapping[str, str] = os.environ) -> None:
    """Call it first. Each step is done where the system has it; none is worth ending the program for.

    Not dumpable: no core file, and /proc/PID/mem and environ are closed to the same user's other processes.
    The variables that make Textual listen to a debugger or write screenshots and logs are dropped.
    """
    os.umask(0o077)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    for name in [each for each in environ if each.startswith("TEXTUAL")]:
        del environ[name]
