"""Process hardening: no core dumps, no access by the user's other programs, umask 077, no swapping."""

import contextlib
import ctypes
import os
import resource
from collections.abc import MutableMapping

_PR_SET_DUMPABLE = 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_CAP_IPC_LOCK = 14

_DISPLAY_VARIABLES = frozenset(
    f"TEXTUAL_{name}"
    for name in ("DISABLE_KITTY_KEY", "COLOR_SYSTEM", "FPS", "SMOOTH_SCROLL", "DIM_FACTOR", "FILTERS", "SPEEDUPS")
)
"""How Textual draws and which keys it asks the terminal for."""

inherited_umask = -1
"""The umask of before `harden`, for a program that this process becomes; -1 before it."""

_LEAKING = frozenset(("PYTHONASYNCIODEBUG", "SSLKEYLOGFILE"))


def harden(environ: MutableMapping[str, str] = os.environ) -> None:
    """Call it first. Each step is done where the system has it; none is worth ending the program for.

    Not dumpable: no core file, and /proc/PID/mem and environ are closed to the same user's other processes. Of
    Textual's variables only the harmless stay: others make it listen to a debugger, or write keys and screens to files.
    Python's variable that puts the arguments of calls into messages goes, and the one by which OpenSSL writes the
    session keys of every connection to a file.
    """
    global inherited_umask
    before = os.umask(0o077)
    inherited_umask = before if inherited_umask < 0 else inherited_umask
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    for name in [
        name for name in environ if name in _LEAKING or (name.startswith("TEXTUAL") and name not in _DISPLAY_VARIABLES)
    ]:
        del environ[name]


def lock_memory() -> bool:
    """Lock all memory of this process against swapping; return True if the system allows it.

    It is locked only without a memory limit: with one, later allocations could fail (mlockall(2)).
    """
    limits = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if limits[1] == resource.RLIM_INFINITY:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (limits[1], limits[1]))
    elif not _can_lock_memory():
        return False
    with contextlib.suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None).mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0)
    return False


def _can_lock_memory() -> bool:
    """Return True if this process may lock memory beyond its limit (capabilities(7), CAP_IPC_LOCK)."""
    with contextlib.suppress(OSError, ValueError), open("/proc/self/status", "rb") as file:
        effective = next((line for line in file if line.startswith(b"CapEff:")), b"CapEff: 0")
        return bool(int(effective.split()[1], 16) >> _CAP_IPC_LOCK & 1)
    return False
