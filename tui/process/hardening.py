"""What this process denies to its neighbours: core files, other programs of the same user, loose file modes."""

import contextlib
import ctypes
import gc
import os
import resource
from collections.abc import MutableMapping

_PR_SET_DUMPABLE = 4

_HARMLESS = frozenset(
    f"TEXTUAL_{each}"
    for each in ("DISABLE_KITTY_KEY", "COLOR_SYSTEM", "FPS", "SMOOTH_SCROLL", "DIM_FACTOR", "FILTERS", "SPEEDUPS")
)
"""How Textual draws and which keys it asks the terminal for."""


def harden(environ: MutableMapping[str, str] = os.environ) -> None:
    """Call it first. Each step is done where the system has it; none is worth ending the program for.

    Not dumpable: no core file, and /proc/PID/mem and environ are closed to the same user's other processes. Of
    Textual's variables only the harmless stay: others make it listen to a debugger, or write keys and screens to files.
    Of Python's goes the one that puts the arguments of calls into messages.
    """
    os.umask(0o077)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    loose = [each for each in environ if each.startswith("TEXTUAL") and each not in _HARMLESS]
    for name in [*loose, *(each for each in environ if each == "PYTHONASYNCIODEBUG")]:
        del environ[name]


def give_back() -> None:
    """Hand memory that is free again back to the system, where its C library can."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def collect_seldom() -> None:
    """Look for garbage among new objects only: a look at all of a large store would hold the screen up.

    `gc.collect()` looks at the rest; call it when nobody waits.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 1_000_000)
