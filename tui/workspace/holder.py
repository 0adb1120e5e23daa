"""Who holds a reservation: this process, known by its number and the time that it began.

A number is given again when its process has ended; number and begin together are not, before the machine restarts.
Where the begin cannot be known, or the process is one of another machine, a time limit is what is left.
"""

import os
import platform
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

LONGEST = 6 * 3600.0
"""Seconds after which nobody waits for a call any more."""


def mark(now: float) -> dict[str, Any]:
    """What a record says of this process."""
    return {"host": _host(), "pid": os.getpid(), "begun": _begun(os.getpid()), "at": now}


def alive(record: Mapping[str, Any], now: float) -> bool:
    """Whether the process that a record names still runs and may still be at it."""
    pid, at = record.get("pid"), record.get("at")
    if not isinstance(pid, int) or not isinstance(at, int | float) or abs(now - at) > LONGEST:
        return False
    if record.get("host") != _host():
        return True
    begun = _begun(pid)
    return begun == record.get("begun") and (bool(begun) or _there(pid))


@cache
def _host() -> str:
    return platform.node()


def _begun(pid: int) -> str:
    """When a process began, in the kernel's own count; '' if it has ended or that cannot be known."""
    try:
        # After the name, which may hold anything: state, then 18 numbers, then the time of its start (proc(5)).
        state, *numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return numbers[18] if state not in "ZX" else ""


def _there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
