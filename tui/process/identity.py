"""Identity of a process: its ID, its start time and its machine.

A number is given again when its process has ended; number and begin together are not, before the machine restarts.
Where the begin cannot be known, or the process is one of another machine, a time limit is what is left.
"""

import contextlib
import os
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tui.sanitize import one_line

MAX_SECONDS = 6 * 3600.0
"""Seconds after which nobody waits for a call any more."""


def process_record(now: float) -> dict[str, Any]:
    """Return the record that names this process in a lock or an audit log entry, as JSON values."""
    return {
        "host": host(),
        "boot": _boot_id(),
        "pid": os.getpid(),
        "begun": _start_time(os.getpid()),
        "at": now,
        "uptime": time.monotonic(),
    }


def session() -> dict[str, Any]:
    """Return what people know this process by: its process ID and its terminal."""
    return {"pid": os.getpid(), "terminal": terminal()}


def terminal() -> str:
    """Return the terminal of this process, for example `pts/3`, or '' without one."""
    for descriptor in (0, 1, 2):
        with contextlib.suppress(OSError):
            return os.ttyname(descriptor).removeprefix("/dev/")
    return ""


def is_alive(record: Mapping[str, Any], now: float) -> bool:
    """Return True if the process that a record names may still run."""
    at = _seconds(record.get("at"))
    if _pid(record) is None or at is None:
        return False
    return abs(_age(record, now - at)) <= MAX_SECONDS and not has_ended(record)


def _pid(record: Mapping[str, Any]) -> int | None:
    """Return the process ID of a record, which anybody may have written; None for what is none."""
    pid = record.get("pid")
    return pid if type(pid) is int and 0 < pid < 2**31 else None


def _seconds(value: Any) -> float | None:
    """Return a time of a record; None for what is none."""
    return value if type(value) in (int, float) and abs(value) < 2**53 else None


def _age(record: Mapping[str, Any], by_clock: float) -> float:
    """Return the age of a record in seconds: since the same start of this machine, a changed clock says nothing."""
    uptime = _seconds(record.get("uptime"))
    if uptime is not None and _boot_id() and (record.get("host"), record.get("boot")) == (host(), _boot_id()):
        return time.monotonic() - uptime
    return by_clock


def has_ended(record: Mapping[str, Any]) -> bool:
    """Return True if the process that a record names has certainly ended; False for another machine's."""
    pid = _pid(record)
    if pid is None or record.get("host") != host():
        return False
    if record.get("boot", _boot_id()) != _boot_id():
        return True
    started = _start_time(pid)
    return started != record.get("begun") or not (started or _exists(pid))


def describe(record: Mapping[str, Any]) -> str:
    """Return `process 4127 on pts/3`, with the machine if it is another one; '' if nothing is known."""
    if _pid(record) is None:
        return ""
    where_at, machine = record.get("terminal"), record.get("host", host())
    on = f" on {one_line(where_at, 40)}" if where_at and isinstance(where_at, str) else ""
    where = f" of {one_line(str(machine), 60)}" if machine != host() else ""
    return f"process {record['pid']}{on}{where}"


@cache
def host() -> str:
    """Return the name of this machine."""
    return os.uname().nodename


@cache
def _boot_id() -> str:
    """Return the kernel's ID of the present boot, or '' if there is none."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


def _start_time(pid: int) -> str:
    """Return the start time of a process in kernel ticks; '' if it has ended or is unknown."""
    try:
        # After the name, which may hold anything: state, then 18 numbers, then the time of its start (proc(5)).
        state, *numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return numbers[18] if state not in "ZX" else ""


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
